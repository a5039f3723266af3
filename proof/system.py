"""The whole product in simulated time: the real app's functions over memory and the simulator."""

import io
import json
import random
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from types import ModuleType
from typing import Final
from urllib.parse import quote

import requests

from chalicelib.container import Container, wired
from chalicelib.core.stage_class import HOSTS
from chalicelib.payouts.rules.payout import Payout
from proof.conditions import ORDINARY_START
from proof.contract_run import GATE
from proof.fault_injection import FaultInjector, FaultRates, Network
from proof.functions import Functions
from proof.history import History
from proof.kernel import Kernel
from proof.lambda_events import user
from proof.memory.container import (
    ENVIRONMENT,
    WEBHOOK_SECRET,
    Aws,
    MemoryContainer,
)
from proof.memory.services import MemorySecrets, MemorySqs
from proof.memory.tables import Tables
from simulator.monoova import API_KEY, Monoova
from simulator.testing import shared_signing_key

OURS: Final = "https://app.example"
_HANDLERS: Final = {"payouts": "send_queued_payouts", "webhooks": "take_up_webhook_events"}
_VISIBILITY_SECONDS: Final = 360.0
_MOST_RECEIVES: Final = 5
# How often Monoova looks at what it is to do, where a call may have given it more.
_PUMP_SECONDS: Final = 5.0
_QUIET_PUMP_SECONDS: Final = 60.0

_MEASURED: Final = re.compile(r', "MonoovaMilliseconds": (\[[^\]]*\]|[0-9.e+-]+)')

# Loading the app takes longer than a small run: copies are used by one run after the other.
_LOADED: Final[list[ModuleType]] = []


class _LogCapture(io.TextIOBase):
    """Records what the functions print, as CloudWatch would."""

    def __init__(self, history: History) -> None:
        self._history = history

    def write(self, text: str) -> int:
        for line in text.splitlines():
            # Measured with a real clock, and so no part of a repeatable history.
            text_line = _MEASURED.sub("", line)
            self._history.add("written", to="log", text=text_line)
        return len(text)


@dataclass
class System:
    """One simulated system, repeatable by its seed.

    `settings` are environment variables beside the usual ones.
    """

    seed: int
    fault_rates: FaultRates = field(default_factory=FaultRates)
    settings: Mapping[str, str] = field(default_factory=dict)
    opening_balance: Decimal = Decimal("1000000.00")
    new_fault_injector: Callable[[Kernel, FaultRates, random.Random], FaultInjector] = FaultInjector
    start: datetime = ORDINARY_START

    def __post_init__(self) -> None:
        self.randomness = random.Random(self.seed)
        self.kernel = Kernel(self.start, random.Random(self.seed + 1))
        self.history = History(self.kernel.now)
        self.fault_injector = self.new_fault_injector(
            self.kernel, self.fault_rates, random.Random(self.seed + 2)
        )
        self.tables = Tables(
            lags=lambda: self.fault_injector.happens(self.fault_injector.fault_rates.index_lag_rate)
        )
        self.tables.gate = GATE
        self.secrets = MemorySecrets(self.fault_injector)
        self.store_secret(API_KEY)
        queues = MemorySqs(self.take_message, self.fault_injector)
        self.aws = Aws(self.tables, queues, self.secrets, self.fault_injector)
        self.monoova = Monoova(
            self.kernel.now,
            self._deliver,
            opening_balance=self.opening_balance,
            seed=self.seed,
            signing_key=shared_signing_key(),
            dispatch=lambda run: self._spawned("monoova", run),
        )
        self.monoova.subscribe(f"{OURS}/webhooks/monoova", WEBHOOK_SECRET)
        self.http = requests.Session()
        self.network = Network(
            self.monoova, self.kernel, self.fault_injector, random.Random(self.seed + 3)
        )
        self.http.mount("https://", self.network)
        self.ids = random.Random(self.seed + 4)
        self.functions = Functions(self.kernel, self.new_container, _LOADED)
        self.waiting_messages = 0
        self._pump_seconds = _PUMP_SECONDS

    @classmethod
    @contextmanager
    def prerequisites(cls) -> Iterator[None]:
        """What has to be set up around the system's making and running."""
        yield

    def new_container(self) -> Container:
        """The container of a new function instance."""
        return MemoryContainer(
            self.aws, self.kernel, self.http, self.ids, {**ENVIRONMENT, **self.settings}
        )

    def store_secret(self, api_key: str) -> None:
        """Stores the key that Secrets Manager answers with from now on."""
        self.secrets.store(
            {"apiKey": api_key, "environment": "sandbox", "baseUrl": HOSTS["sandbox"]}
        )

    @contextmanager
    def open(self) -> Iterator["System"]:
        """Runs Monoova's clock and records what is printed, while the block runs."""
        before, sys.stdout = sys.stdout, _LogCapture(self.history)
        self._spawned("monoova's clock", self._monoovas_clock)
        try:
            yield self
        finally:
            sys.stdout = before
            wired.put(None)

    # --- the schedule, the queues, and Monoova's clock

    def _spawned(self, name: str, run: Callable[[], object]) -> None:
        self.kernel.spawn(name, run)

    def _monoovas_clock(self) -> None:
        while True:
            self.monoova.run_due()
            due = self.monoova.next_due()
            seconds = (due - self.kernel.now()).total_seconds() if due else self._pump_seconds
            self.kernel.sleep(min(max(seconds, 0.001), self._pump_seconds))

    def schedule(self) -> None:
        """One tick of the schedule, which may be missed or doubled."""
        if self.fault_injector.happens(self.fault_injector.fault_rates.schedule_missed_rate):
            return
        self.functions.reconcile()
        if self.fault_injector.happens(self.fault_injector.fault_rates.schedule_doubled_rate):
            self.functions.reconcile()

    def take_message(self, url: str, body: str, delay_seconds: int) -> None:
        """Takes a message that was put on a queue: it may be lost, doubled or delayed."""
        self.history.add("written", to="queue", text=body)
        fault_rates = self.fault_injector.fault_rates
        # Webhook events are sent once only, and SQS loses none: neither does this queue.
        if url.endswith("/payouts") and self.fault_injector.happens(fault_rates.message_lost_rate):
            return
        times = 2 if self.fault_injector.happens(fault_rates.message_doubled_rate) else 1
        for _ in range(times):
            late = self.randomness.uniform(0, fault_rates.message_delay_seconds + 0.1)
            self._later(url, body, delay_seconds + late, 1)

    def _later(self, url: str, body: str, seconds: float, receives: int) -> None:
        self.waiting_messages += 1
        self.kernel.spawn(
            "queue", lambda: self._receive(url, body, receives), after_seconds=seconds
        )

    def _receive(self, url: str, body: str, receives: int) -> None:
        handler = _HANDLERS[url.rpartition("/")[2]]
        failed = self.functions.sqs(handler, [body])
        self.waiting_messages -= 1
        if failed == []:
            return
        if receives < _MOST_RECEIVES:
            self._later(url, body, _VISIBILITY_SECONDS, receives + 1)

    def _deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """One of Monoova's own webhooks, through the app's endpoint."""
        return self.webhook(url.removeprefix(OURS), headers, body, is_genuine=True)

    def webhook(
        self, path: str, headers: Mapping[str, str], body: bytes, *, is_genuine: bool
    ) -> int:
        """A webhook, genuine or forged; returns its status, 0 without an answer."""
        answer = self.functions.http("POST", path, body, headers)
        status = answer.status if answer else None
        self.history.add(
            "webhook",
            path=path,
            genuine=is_genuine,
            status=status,
            **_content_of(body),
        )
        return status or 0

    # --- what is judged

    def rows(self) -> list[Payout]:
        """Every payout as it is stored."""
        return list(self.tables.payouts.values())

    def open_payouts(self) -> list[Payout]:
        """The payouts that are neither final nor in review."""
        return [p for p in self.rows() if not p.state.is_final and not p.needs_review]

    def converge(self, hours: float) -> None:
        """The quiet phase: no more faults, and time passes until every payout is settled.

        It lasts for `hours`, and for as long after the release of each that is still open: a row
        of a file for which a day's limit had no room is released on the next day, and its own time
        begins then.
        """
        self.fault_injector.stop()
        self.network.stop()
        self._pump_seconds = _QUIET_PUMP_SECONDS
        self.history.add("quiet")
        began = self.kernel.now()
        self._settle(began, hours)
        self.kernel.sleep(3600)
        self.kernel.wait_for(self.functions.reconcile())
        # A file may have released some of its rows in that last hour.
        self._settle(began, hours)

    def _settle(self, began: datetime, hours: float) -> None:
        while True:
            still_open = self.open_payouts()
            if not still_open and not self.waiting_messages:
                break
            since = max((p.released_at for p in still_open), default=began)
            ends_at = max(began, since) + timedelta(hours=hours)
            if self.kernel.now() >= ends_at:
                break
            soon = self.kernel.now() + timedelta(minutes=1)
            due = min((p.due_at for p in still_open if p.due_at), default=soon)
            pause = (min(due, ends_at) - self.kernel.now()).total_seconds()
            # The schedule runs every minute; the runs at which nothing is due are skipped.
            self.kernel.sleep(60.0 * max(1, -(-pause // 60)))
            self.kernel.wait_for(self.functions.reconcile())

    def record_every_payout(self) -> None:
        """Records every payout as the API shows it, for the checker."""
        names = [payout.transaction_id for payout in self.rows()]
        for name in names:
            self.read_payout(name)
        for batch_id in self.tables.batches:
            self._read_rows(batch_id)
        self.history.add("listing", transaction_ids=names)
        self.history.add("end", unreachable=[])

    def read_payout(self, transaction_id: str) -> None:
        """An administrator reads one payout."""
        answer = self.functions.http("GET", f"/payouts/{transaction_id}", who=user("reader"))
        if answer is not None and answer.status == 200:
            shown = json.loads(answer.text)
            self.history.add("seen", transaction_id=transaction_id, payout=shown)

    def _read_rows(self, batch_id: str) -> None:
        """An administrator reads all rows of a batch; nothing is recorded of what is not shown."""
        rows: list[object] = []
        cursor: str | None = ""
        while cursor is not None:
            path = f"/batches/{batch_id}/rows" + (f"?cursor={quote(cursor)}" if cursor else "")
            answer = self.functions.http("GET", path, who=user("reader"))
            if answer is None or answer.status != 200:
                return
            rows += answer.json["items"]
            cursor = answer.json["next_cursor"]
        self.history.add("rows", batch_id=batch_id, rows=rows)


def _content_of(body: bytes) -> dict[str, str | None]:
    """Reference and amount of a webhook in either of Monoova's two forms."""
    event = {name.lower(): value for name, value in json.loads(body, parse_float=str).items()}
    amount = event.get("amount")
    return {
        "reference": event.get("uniquereference"),
        "amount": None if amount is None else str(amount),
    }
