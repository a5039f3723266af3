"""The controls table in memory, and the one read over all three tables."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

from chalicelib.core.clock import Clock
from chalicelib.monoova.gate_store import Controls, GateChangedError
from chalicelib.monoova.rules.gate import WINDOW_SECONDS, Gate, Tally
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

    def add_calls(self, at: datetime, calls: int, failures: int) -> None:
        def add() -> None:
            before = self._tables.calls.get(_minute(at), (0, 0))
            self._tables.calls[_minute(at)] = (before[0] + calls, before[1] + failures)

        self._seam.cross("UpdateItem", add)

    def tally(self, now: datetime) -> Tally:
        def found() -> Tally:
            minutes = [_minute(now - timedelta(minutes=back)) for back in range(_MINUTES)]
            counted = [self._tables.calls[m] for m in minutes if m in self._tables.calls]
            return Tally(sum(calls for calls, _ in counted), sum(failed for _, failed in counted))

        return self._seam.cross("BatchGetItem", found)


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M}"


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
