"""Everything that a function calls, for thousands of payouts: tables, queue, secret, Monoova.

The tables are those of the proof, in memory, with an index of what is due where theirs is
searched through: neither moto nor they can say how a query grows.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from chalicelib.core.dynamodb.items import Page, text_of
from chalicelib.payouts.rules.payout import Payout
from chalicelib.payouts.store.items import shard_of
from proof.memory.batches import (
    MemoryBatches,
    MemoryOpenBatches,
    MemoryOutlines,
    MemoryPayees,
)
from proof.memory.controls import MemoryControls, MemoryTogether
from proof.memory.payouts import MemoryPayouts
from proof.memory.services import MemorySecrets, MemorySqs
from proof.memory.tables import Tables
from proof.seam import Call
from simulator.clock import ManualClock
from simulator.monoova import API_KEY, Monoova
from simulator.testing import shared_signing_key

T = TypeVar("T")

# What a function of 256 MB has of a processor: a whole one comes with 1,769 MB.
SHARE_OF_CPU: Final = 256 / 1769
# Assumed, and the only times here. A call of AWS is 5 ms on the wire, and 1.5 ms of the SDK's CPU
# (measured for platform.md H) on that share of a processor.
AWS_MILLISECONDS: Final = 15
MONOOVA_MILLISECONDS: Final = 300
# SQS delivers at least once: one message in so many comes twice here.
_TWICE: Final = 100


@dataclass
class CountingSeam:
    """Counts every call, and moves the clock by its latency."""

    clock: ManualClock
    counted: Counter[str] = field(default_factory=Counter)

    def cross(self, call: Call, effect: Callable[[], T]) -> T:
        self.counted[str(call)] += 1
        self.clock.advance(AWS_MILLISECONDS / 1000)
        return effect()


@dataclass
class IndexedTables(Tables):
    """The tables, with the index of what is due. What a payout was before is not kept."""

    due: defaultdict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))

    def write(self, payout: Payout) -> None:
        before = self.payouts.get(payout.transaction_id)
        if before is not None and before.due_at is not None:
            shard = self.due[_shard_of(before)]
            del shard[bisect_left(shard, (text_of(before.due_at), before.transaction_id))]
        if payout.due_at is not None:
            insort(self.due[_shard_of(payout)], (text_of(payout.due_at), payout.transaction_id))
        self.payouts[payout.transaction_id] = payout


def _shard_of(payout: Payout) -> str:
    return shard_of(payout.transaction_id, payout.state, payout.due_at) or ""


class IndexedPayouts(MemoryPayouts):
    """The transactions, with an index of those that are due."""

    def __init__(self, tables: IndexedTables, seam: CountingSeam) -> None:
        super().__init__(tables, seam)
        self._index = tables.due

    def due(
        self, shard: str, now: datetime, limit: int, start: Mapping[str, str] | None = None
    ) -> Page[Payout]:
        def found() -> Page[Payout]:
            keys = self._index[shard]
            after = (start["due_at"], start["transaction_id"]) if start else ("", "")
            first, end = bisect_right(keys, after), bisect_right(keys, (text_of(now), "~"))
            page = keys[first : min(first + limit, end)]
            rows = tuple(self._tables.payouts[transaction_id] for _, transaction_id in page)
            if end - first <= limit:
                return Page(rows, None)
            due_at, last = page[-1]
            return Page(rows, {"due_at": due_at, "transaction_id": last, "due_shard": shard})

        return self._seam.cross("Query", found)


class Counterparts:
    """Everything that the function calls. `serve` carries out a call."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.seam = CountingSeam(self.clock)
        self.tables = IndexedTables()
        self.monoova = Monoova(self.clock, signing_key=shared_signing_key())
        self.messages: deque[str] = deque()
        self.received = 0
        self.delivered_twice = 0
        secrets = MemorySecrets(self.seam)
        secrets.store(
            {"apiKey": API_KEY, "environment": "sandbox", "baseUrl": "https://api.m-pay.com.au"}
        )
        self._parts: dict[str, Any] = {
            "payouts": IndexedPayouts(self.tables, self.seam),
            "controls": MemoryControls(self.tables, self.seam),
            "together": MemoryTogether(self.tables, self.seam),
            "batches": MemoryBatches(self.tables, self.seam),
            "open_batches": MemoryOpenBatches(self.tables, self.seam),
            "payees": MemoryPayees(self.tables, self.seam),
            "outlines": MemoryOutlines(self.tables, self.seam),
            "sqs": MemorySqs(lambda _url, body, _delay: self.messages.append(body), self.seam),
            "secretsmanager": secrets,
            "monoova": self.monoova,
            "world": self,
        }

    def serve(self, part: str, method: str, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        return getattr(self._parts[part], method)(*given, **named)

    def calls(self, service: str) -> dict[str, int]:
        """How often the function called each operation of `service`."""
        of_it = ((name.partition(":"), times) for name, times in self.seam.counted.items())
        return {name[2]: times for name, times in of_it if name[0] == service}

    # --- the part "world": time, calls answered by the function itself, and the queue

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.monoova.run_due()

    def called(self, service: str, operation: str) -> None:
        """A call that the function answers itself."""
        self.seam.cross(Call(service, operation), lambda: None)

    def receive(self, most: int) -> list[str]:
        """The next messages of the payout queue."""
        taken = [self.messages.popleft() for _ in range(min(most, len(self.messages)))]
        for body in taken:
            self.received += 1
            if self.received % _TWICE == 0:
                self.messages.append(body)
                self.delivered_twice += 1
        return taken
