"""Which calls of a simulated run fail, and how often; all of it follows from the seed."""

import io
import json
import random
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3

from proof.fault_types import FAULT_TYPES, Booked, FaultType, Wire
from proof.kernel import Kernel
from proof.seam import AnswerLostError, Call, Killed, NotDoneError
from simulator.adapter import SimulatorAdapter
from simulator.monoova import Monoova

T = TypeVar("T")

_MILLISECOND: Final = 0.001
_READ_TIMEOUT_SECONDS: Final = 10.0
_CONNECT_TIMEOUT_SECONDS: Final = 3.0
_HALF: Final = 0.5


@dataclass(frozen=True)
class FaultRates:
    """Each `…_rate` is a probability per call or per message."""

    not_done_rate: float = 0.0
    answer_lost_rate: float = 0.0
    repeated_rate: float = 0.0
    kill_rate: float = 0.0
    slow_rate: float = 0.0
    lost_before_rate: float = 0.0
    lost_after_rate: float = 0.0
    late_rate: float = 0.0
    late_seconds: float = 2400.0
    message_doubled_rate: float = 0.0
    message_lost_rate: float = 0.0
    message_delay_seconds: float = 0.0
    index_lag_rate: float = 0.0
    schedule_missed_rate: float = 0.0
    schedule_doubled_rate: float = 0.0
    fault_type_rate: float = 0.0
    """Of a call of `execute`: one of `FAULT_TYPES`, each as likely."""

    @classmethod
    def of(cls, randomness: random.Random) -> "FaultRates":
        """Rates drawn at random: many of them zero, so that days differ."""

        def some(*rates: float) -> float:
            return randomness.choice(rates)

        return cls(
            not_done_rate=some(0, 0, 0.01, 0.05),
            answer_lost_rate=some(0, 0, 0.01, 0.04),
            repeated_rate=some(0, 0.01, 0.05),
            kill_rate=some(0, 0, 0.005, 0.02),
            slow_rate=some(0, 0.01, 0.05),
            lost_before_rate=some(0, 0, 0.03, 0.15),
            lost_after_rate=some(0, 0, 0.03, 0.15),
            late_rate=some(0, 0.02, 0.1),
            message_doubled_rate=some(0, 0.1, 0.3),
            message_lost_rate=some(0, 0, 0.1, 0.3),
            message_delay_seconds=some(0, 5, 300),
            index_lag_rate=some(0, 0.1, 0.4),
            schedule_missed_rate=some(0, 0.1, 0.5),
            schedule_doubled_rate=some(0, 0.1, 0.5),
        )


class FaultInjector:
    """The seam of a simulated run: every call takes time, and some go wrong."""

    def __init__(self, kernel: Kernel, fault_rates: FaultRates, randomness: random.Random) -> None:
        self.fault_rates = fault_rates
        self.calls = 0
        self.faults = 0
        self.is_storage_down = False
        self._kernel = kernel
        self._randomness = randomness

    def stop(self) -> None:
        """Injects no more faults."""
        self.fault_rates = FaultRates()
        self.is_storage_down = False

    def happens(self, rate: float) -> bool:
        hit = rate > 0 and self._randomness.random() < rate
        self.faults += hit
        return hit

    def cross(self, call: Call, effect: Callable[[], T]) -> T:
        """A call to AWS."""
        self.before_call(call)
        fault_rates = self.fault_rates
        if self.is_storage_down and call.service == "dynamodb":
            raise NotDoneError
        if self.happens(fault_rates.not_done_rate):
            raise NotDoneError
        if self.happens(fault_rates.repeated_rate):
            self._repeated(effect)
        answer = self._answer(effect)
        self.after_call()
        return answer

    def _answer(self, effect: Callable[[], T]) -> T:
        answer = effect()
        if self.happens(self.fault_rates.answer_lost_rate):
            raise AnswerLostError
        return answer

    def _repeated(self, effect: Callable[[], T]) -> None:
        """Makes a call whose answer is lost, so that the SDK repeats it."""
        try:
            effect()
        except Exception:  # noqa: BLE001 - an answer that was lost
            self.faults += 1
        self._kernel.sleep(self._latency())
        self._maybe_kill()

    def before_call(self, _call: Call) -> None:
        """Takes the time of the request; the function may be killed meanwhile."""
        self.calls += 1
        self._kernel.sleep(self._latency())
        self._maybe_kill()

    def after_call(self) -> None:
        """Takes the time of the answer; the function may be killed meanwhile."""
        self._kernel.sleep(self._latency())
        self._maybe_kill()

    def _maybe_kill(self) -> None:
        task = self._kernel.current
        if task is not None and task.is_function and self.happens(self.fault_rates.kill_rate):
            task.is_killed = True
            raise Killed

    def _latency(self) -> float:
        if self.happens(self.fault_rates.slow_rate):
            return self._randomness.uniform(0.2, 4.0)
        return self._randomness.uniform(1, 20) * _MILLISECOND


class Network(SimulatorAdapter):
    """The network to Monoova, which loses requests and answers, and delivers some much later."""

    def __init__(
        self,
        monoova: Monoova,
        kernel: Kernel,
        fault_injector: FaultInjector,
        randomness: random.Random,
    ) -> None:
        super().__init__(monoova, advance=kernel.sleep)
        self._kernel = kernel
        self._fault_injector = fault_injector
        self._randomness = randomness
        self.failing: frozenset[str] = frozenset()
        """Which of Monoova's endpoints fail: of "execute", "status", "financials"."""
        self.failed: Counter[str] = Counter()
        self.false_status: str | None = None
        """The word that the next answer about a payment has in place of the true one."""
        self.has_lied_about: list[str] = []
        self.most_per_minute: int | None = None
        """How many payouts are taken in a minute; the others are answered with 429."""
        self.too_many = 0
        self.drawn_from: Sequence[FaultType] = FAULT_TYPES
        self.fault_types: Counter[str] = Counter()
        """How often each type of fault was met, by its name."""
        self._minute = kernel.now()
        self._in_minute = 0

    def stop(self) -> None:
        """Every endpoint works, and says what is true."""
        self.failing, self.false_status, self.most_per_minute = frozenset(), None, None

    def send(
        self, request: requests.PreparedRequest, *args: object, **options: object
    ) -> requests.Response:
        # `…/transaction/execute`, `…/status/{uniqueReference}`
        path = urlsplit(request.url or "").path.split("/")
        endpoint = path[-2 if request.method == "GET" else -1]
        self._fault_injector.before_call(Call("monoova", endpoint))
        fault_rates = self._fault_injector.fault_rates
        # `…/status/{startDate}/{endDate}` is a question of status, too.
        failing = "status" if "status" in path[:4] else endpoint
        if failing in self.failing:
            self.failed[failing] += 1
            return self._response(request, 500, b"{}")
        if endpoint == "execute" and self._is_one_too_many():
            self.too_many += 1
            return self._response(request, 429, b"{}")
        if endpoint == "execute" and self._fault_injector.happens(fault_rates.fault_type_rate):
            return self._spoilt(self._randomness.choice(self.drawn_from), request)
        if self._fault_injector.happens(fault_rates.lost_before_rate):
            raise self._lost(request)
        if self._fault_injector.happens(fault_rates.late_rate):
            self._delay(request)
            self._kernel.sleep(_READ_TIMEOUT_SECONDS)
            raise requests.ReadTimeout(request=request)
        response = super().send(request, *args, **options)  # type: ignore[arg-type]
        if endpoint == "status" and self.false_status:
            response = self._with_a_lie(request, response, path[-1])
        if self._fault_injector.happens(fault_rates.lost_after_rate):
            raise self._lost(request)
        self._fault_injector.after_call()
        return response

    def _is_one_too_many(self) -> bool:
        minute = self._kernel.now().replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute, self._in_minute = minute, 0
        self._in_minute += 1
        return self.most_per_minute is not None and self._in_minute > self.most_per_minute

    def _with_a_lie(
        self, request: requests.PreparedRequest, response: requests.Response, reference: str
    ) -> requests.Response:
        """The answer with one wrong word, if it is about a payment that has another status."""
        content = response.content
        told = json.loads(content)
        if told.get("transactionStatus") in (None, self.false_status):
            return self._response(request, response.status_code, content)
        told["transactionStatus"], self.false_status = self.false_status, None
        self.has_lied_about.append(reference)
        return self._response(request, response.status_code, json.dumps(told).encode())

    def _spoilt(
        self, fault_type: FaultType, request: requests.PreparedRequest
    ) -> requests.Response:
        """One call that goes wrong, in one of the forms that its type has."""
        self.fault_types[fault_type.name] += 1
        is_booked = fault_type.booked is Booked.BEFORE or (
            fault_type.booked is Booked.EITHER and self._randomness.random() < _HALF
        )
        if is_booked:
            self._arrive_unheard(request)
        elif fault_type.booked is Booked.LATER:
            self._delay(request)
        form = self._randomness.choice(fault_type.forms)
        if isinstance(form, Wire):
            raise self._broken(form, request)
        self._fault_injector.after_call()
        return self._response(
            request, form.status, form.content, form.content_type, is_cut_off=form.is_cut_off
        )

    def _response(
        self,
        request: requests.PreparedRequest,
        status: int,
        content: bytes,
        content_type: str = "application/json",
        *,
        is_cut_off: bool = False,
    ) -> requests.Response:
        """An answer as it comes over the line."""
        headers = {"Content-Type": content_type, "Content-Length": str(len(content))}
        arrives = content[: len(content) // 2] if is_cut_off else content
        raw = urllib3.HTTPResponse(
            body=io.BytesIO(arrives),
            status=status,
            headers=headers,
            preload_content=False,
            enforce_content_length=True,
        )
        return self._builder.build_response(request, raw)

    def _delay(self, request: requests.PreparedRequest) -> None:
        """The client has a timeout; the request arrives later."""
        seconds = self._randomness.uniform(1, self._fault_injector.fault_rates.late_seconds)
        self._kernel.spawn(
            "late request", lambda: self._arrive_unheard(request), after_seconds=seconds
        )

    def _arrive_unheard(self, request: requests.PreparedRequest) -> None:
        """Delivers the request; its answer is lost."""
        with suppress(requests.RequestException):
            super().send(request)

    def _lost(self, request: requests.PreparedRequest) -> requests.RequestException:
        is_timeout = self._randomness.random() < _HALF
        return self._broken(Wire.READ_TIMEOUT if is_timeout else Wire.RESET, request)

    def _broken(self, wire: Wire, request: requests.PreparedRequest) -> requests.RequestException:
        """What a client of requests meets, after the time for which it would have waited."""
        pool = urllib3.HTTPSConnectionPool("api.mpay.com.au")
        connection = urllib3.connection.HTTPSConnection("api.mpay.com.au")
        match wire:
            case Wire.READ_TIMEOUT:
                self._kernel.sleep(_READ_TIMEOUT_SECONDS)
                return requests.ReadTimeout(request=request)
            case Wire.NO_CONNECTION:
                self._kernel.sleep(_CONNECT_TIMEOUT_SECONDS)
                return requests.ConnectTimeout(request=request)
            case Wire.RESET:
                aborted = urllib3.exceptions.ProtocolError(
                    "Connection aborted.", ConnectionResetError()
                )
                return requests.ConnectionError(aborted, request=request)
            case Wire.TLS:
                error: Exception = urllib3.exceptions.SSLError("certificate verify failed")
            case Wire.NO_NAME:
                error = urllib3.exceptions.NameResolutionError(
                    "api.mpay.com.au", connection, socket.gaierror(-2, "Name or service not known")
                )
            case Wire.REFUSED:
                error = urllib3.exceptions.NewConnectionError(
                    connection, "[Errno 111] Connection refused"
                )
        failed = urllib3.exceptions.MaxRetryError(pool, request.path_url, error)
        kind = requests.exceptions.SSLError if wire is Wire.TLS else requests.ConnectionError
        return kind(failed, request=request)
