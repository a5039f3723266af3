"""One instance of a function, alone in a process of its own, as it is on AWS.

What it calls is in the process that started it, behind a pipe: so its memory and its CPU are its
own. To count calls only, the function runs in the counting process.
"""

import io
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar, cast

import requests

from bench.counterparts import Counterparts
from chalicelib.batches.store.batches import Batches
from chalicelib.batches.store.open_batches import OpenBatches
from chalicelib.container import Container, wired
from chalicelib.control.stored_key import StoredKey
from chalicelib.core.encryption import Vault
from chalicelib.customers.payee_store import Payees
from chalicelib.monoova.gate_store import Controls
from chalicelib.payouts.store.outlines import Outlines
from chalicelib.payouts.store.payouts import Payouts
from chalicelib.payouts.store.situation import ReadTogether
from proof.functions import LambdaContext
from proof.lambda_events import (
    HttpAnswer,
    failed_in,
    http_event,
    load_app,
    schedule_event,
    sqs_event,
    user,
)
from proof.memory.container import ENVIRONMENT
from proof.memory.counted import MemoryKey
from proof.memory.services import MemoryVault
from proof.seam import Call
from proof.user_pool import key_set
from simulator.adapter import SimulatorAdapter
from simulator.monoova import Monoova

T = TypeVar("T")
_TIMEOUT: Final = timedelta(seconds=60)
_CLIENTS: Final = ("dynamodb", "kms", "secretsmanager", "sqs")


class Transport(Protocol):
    """Passes calls to the counterparts. Returns the answer of a call, and the time."""

    def ask(self, part: str, method: str, given: Any, named: Any) -> tuple[Any, datetime]: ...


@dataclass(frozen=True)
class InProcess:
    """Counterparts in this process."""

    counterparts: Counterparts

    def ask(self, part: str, method: str, given: Any, named: Any) -> tuple[Any, datetime]:
        return self.counterparts.serve(part, method, given, named), self.counterparts.clock()


@dataclass(frozen=True)
class _Pipe:
    """Counterparts in the process that started this one."""

    connection: Connection

    def ask(self, part: str, method: str, given: Any, named: Any) -> tuple[Any, datetime]:
        self.connection.send((part, method, given, named))
        answer: tuple[Any, datetime] = self.connection.recv()
        return answer


class _Caller:
    """The function's clock and seam: the time is that of the last call's answer."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._now = transport.ask("world", "pass_time", (0,), {})[1]

    def call(self, part: str, method: str, *given: Any, **named: Any) -> Any:
        answer, self._now = self._transport.ask(part, method, given, named)
        return answer

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.call("world", "pass_time", seconds)

    def cross(self, call: Call, effect: Callable[[], T]) -> T:
        self.call("world", "called", call.service, call.operation)
        return effect()


@dataclass(frozen=True)
class _Part:
    """A part of the counterparts, whose every method is a call."""

    caller: _Caller
    name: str

    def __getattr__(self, method: str) -> Callable[..., Any]:
        return partial(self.caller.call, self.name, method)


class _Container(Container):
    """The app's container, with the counterparts in place of AWS's clients."""

    def __init__(self, caller: _Caller) -> None:
        http = requests.Session()
        monoova = cast(Monoova, _Part(caller, "monoova"))
        http.mount("https://", SimulatorAdapter(monoova, advance=caller.sleep))
        super().__init__(environment=ENVIRONMENT, clock=caller, http=http, fetch=key_set)
        self._caller = caller

    def _stored_key(self, _key_id: str) -> StoredKey:
        return MemoryKey()  # warm: decrypted long ago

    def _client(self, service: str) -> Any:
        return _Part(self._caller, service)

    @cached_property
    def payouts_table(self) -> Payouts:
        return cast(Payouts, _Part(self._caller, "payouts"))

    @cached_property
    def controls_table(self) -> Controls:
        return cast(Controls, _Part(self._caller, "controls"))

    @cached_property
    def together(self) -> ReadTogether:
        return cast(ReadTogether, _Part(self._caller, "together"))

    @cached_property
    def batches_table(self) -> Batches:
        return cast(Batches, _Part(self._caller, "batches"))

    @cached_property
    def open_batches(self) -> OpenBatches:
        return cast(OpenBatches, _Part(self._caller, "open_batches"))

    @cached_property
    def payees(self) -> Payees:
        return cast(Payees, _Part(self._caller, "payees"))

    @cached_property
    def outlines(self) -> Outlines:
        return cast(Outlines, _Part(self._caller, "outlines"))

    @cached_property
    def vault(self) -> Vault:
        return MemoryVault(self._caller)


class Function:
    """The deployed app in one instance, warm from its second event on."""

    def __init__(self, transport: Transport) -> None:
        self._caller = _Caller(transport)
        self._app = load_app()
        self._container = _Container(self._caller)

    def reconcile(self) -> dict[str, Any]:
        """One run of the schedule; returns its result."""
        wired.put(self._container)
        found: dict[str, Any] = self._app.reconcile(schedule_event(), self._context())
        return found

    def ask(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        *,
        who: str = "operator",
        groups: str = "operators",
        media_type: str = "application/json",
    ) -> HttpAnswer:
        """One request of an administrator."""
        wired.put(self._container)
        headers = {"Content-Type": media_type}
        event = http_event(self._app, method, path, content, headers, user(who, groups))
        return HttpAnswer.of(self._app.app(event, self._context()))

    def send_queued(self, bodies: list[str]) -> list[str]:
        """One batch of the queue; returns the ids of the messages to be redelivered."""
        wired.put(self._container)
        return failed_in(self._app.send_queued_payouts(sqs_event(bodies), self._context()))

    def receive(self, most: int) -> list[str]:
        """What Lambda would read from the queue for it."""
        bodies: list[str] = self._caller.call("world", "receive", most)
        return bodies

    def pass_seconds(self, seconds: float) -> None:
        """Lets so much time pass without an event."""
        self._caller.sleep(seconds)

    def wait_until(self, time: datetime) -> None:
        """Lets the time pass until then without an event."""
        self._caller.sleep(max((time - self.now()).total_seconds(), 0))

    def now(self) -> datetime:
        return self._caller.now()

    def _context(self) -> LambdaContext:
        ends_at = self.now() + _TIMEOUT
        return LambdaContext(lambda: (ends_at - self.now()).total_seconds() * 1000)


@dataclass(frozen=True, slots=True)
class Usage:
    """What the process used. Peaks are of the whole process, its start with AWS's SDK included."""

    cpu_seconds: float
    peak_before_mb: float
    peak_mb: float


def peak_mb() -> float:
    """The most memory this process has held so far."""
    # getrusage would give, of a process just started, the peak of its parent.
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = [text for text in status.read_text().splitlines() if text.startswith("VmHWM")]
        return int(line.split()[1]) / 1024
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


@dataclass(frozen=True)
class _Done(Generic[T]):
    result: T
    usage: Usage


def in_this_process(counterparts: Counterparts, work: Callable[[Function], T]) -> T:
    """Does `work` with a function in this process."""
    try:
        with redirect_stdout(_Discarded()):
            return work(Function(InProcess(counterparts)))
    finally:
        wired.put(None)


def in_own_process(counterparts: Counterparts, work: Callable[[Function], T]) -> tuple[T, Usage]:
    """Does `work` with a function in a process of its own, and serves its calls from this one."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_child, args=(theirs, work))
    process.start()
    theirs.close()
    try:
        while not isinstance(asked := ours.recv(), _Done):
            part, method, given, named = asked
            ours.send((counterparts.serve(part, method, given, named), counterparts.clock()))
    finally:
        ours.close()
        process.join()
    return asked.result, asked.usage


def _child(connection: Connection, work: Callable[[Function], T]) -> None:
    _load_sdk()
    function = Function(_Pipe(connection))
    before, started = peak_mb(), time.process_time()
    with redirect_stdout(_Discarded()):
        result = work(function)
    cpu_seconds = time.process_time() - started
    connection.send(_Done(result, Usage(cpu_seconds, before, peak_mb())))


def _load_sdk() -> None:
    """Loads what a function on AWS has in memory besides: the clients, and the Encryption SDK."""
    import aws_encryption_sdk
    from botocore.session import Session

    session = Session()
    session.set_credentials("none", "none")
    for service in _CLIENTS:
        session.create_client(service, region_name="ap-southeast-2")
    aws_encryption_sdk.EncryptionSDKClient()


class _Discarded(io.TextIOBase):
    """Discards the lines that CloudWatch would keep."""

    def write(self, text: str) -> int:
        return len(text)
