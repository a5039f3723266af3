"""The controls table in memory, and the one read over all three tables."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

from chalicelib.core.clock import Clock
from chalicelib.monoova.gate_store import Controls, GateChangedError
from chalicelib.monoova.rules.circuit import WINDOW_SECONDS, Tally
from chalicelib.monoova.rules.gate import Calls, Gate
from chalicelib.monoova.rules.pace import Pace
from chalicelib.payouts.store.situation import ReadTogether, Situation
from chalicelib.webhooks.signed_events import SignedEvents
from proof.memory.tables import Tables, TableSeam
from proof.seam import Seam

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TABLE: Final = "controls"
_MINUTES: Final = WINDOW_SECONDS // 60


class MemoryControls(Controls):
    """`Controls` in memory; its methods and their errors, without its DynamoDB client."""

    def __init__(self, tables: Tables, seam: Seam) -> None:
        self.table = _TABLE
        self._tables = tables
        self._seam = TableSeam(tables, seam)

    def gate(self) -> Gate:
        return self._seam.cross("GetItem", lambda: self._tables.gate or Gate())

    def save_gate(self, gate: Gate) -> Gate:
        after = replace(gate, version=gate.version + 1)

        def put() -> Gate:
            current = self._tables.gate
            if current is not None and current.version != gate.version:
                raise GateChangedError
            self._tables.gate = after
            return after

        return self._seam.cross("PutItem", put)

    def add_calls(self, kind: Calls, at: datetime, calls: int, failures: int) -> None:
        def add() -> None:
            before = self._tables.calls.get(_minute(kind, at), (0, 0))
            self._tables.calls[_minute(kind, at)] = (before[0] + calls, before[1] + failures)

        self._seam.cross("UpdateItem", add)

    def tally(self, kind: Calls, now: datetime) -> Tally:
        def found() -> Tally:
            minutes = [_minute(kind, now - timedelta(minutes=back)) for back in range(_MINUTES)]
            counted = [self._tables.calls[m] for m in minutes if m in self._tables.calls]
            return Tally(sum(calls for calls, _ in counted), sum(failed for _, failed in counted))

        return self._seam.cross("BatchGetItem", found)

    def take_turn(self, pace: Pace, now: datetime) -> bool:
        def take() -> bool:
            window = pace.window_at(now)
            taken = self._tables.turns.get(window, 0)
            if taken >= pace.allowed(now):
                return False
            self._tables.turns[window] = taken + 1
            return True

        return self._seam.cross("UpdateItem", take)

    def claim(self, name: str, by: str, until: datetime) -> str:
        return self._seam.cross("PutItem", lambda: self._tables.claims.setdefault(name, by))


def _minute(kind: Calls, at: datetime) -> str:
    return f"{kind}#{at:%Y-%m-%dT%H:%M}"


class MemoryTogether(ReadTogether):
    """`ReadTogether` in memory; its methods and their errors, without its DynamoDB client."""

    def __init__(self, tables: Tables, seam: Seam) -> None:
        self._tables = tables
        self._seam = TableSeam(tables, seam)

    def standing(self, customer_id: str, transaction_id: str | None = None) -> Situation:
        def found() -> Situation:
            return Situation(
                self._tables.customers.get(customer_id),
                self._tables.gate or Gate(),
                self._tables.payouts.get(transaction_id) if transaction_id else None,
            )

        return self._seam.cross("BatchGetItem", found)


class MemorySignedEvents(SignedEvents):
    """`SignedEvents` in memory."""

    def __init__(self, tables: Tables, seam: Seam, clock: Clock) -> None:
        super().__init__(cast("DynamoDBClient", None), "controls", clock)
        self._tables = tables
        self._seam = TableSeam(tables, seam)

    def _stored(self) -> frozenset[str]:
        return self._seam.cross("GetItem", lambda: frozenset(self._tables.signed_events))

    def _store(self, name: str) -> None:
        self._seam.cross("UpdateItem", lambda: self._tables.signed_events.add(name))
