"""Batches in memory, and the batch reads of customers and payouts that they need."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.batches.rules.batch import Batch, Mark, Row
from chalicelib.batches.store.batches import (
    LISTING_PART,
    BatchChangedError,
    Batches,
    RowsMissingError,
)
from chalicelib.batches.store.open_batches import OpenBatches
from chalicelib.core.dynamodb.items import Page, text_of
from chalicelib.core.dynamodb.many_items import MOST_AT_ONCE
from chalicelib.core.dynamodb.readable import UnreadableItemError
from chalicelib.customers.payee_store import Payee, Payees, Place
from chalicelib.payouts.rules.payout import State
from chalicelib.payouts.store.outlines import Outline, Outlines
from proof.memory.tables import Tables, TableSeam
from proof.seam import Seam

_TABLE = "records"


class MemoryBatches(Batches):
    """`Batches` in memory; its methods and their errors, without its DynamoDB client."""

    def __init__(self, tables: Tables, seam: Seam) -> None:
        self.table = _TABLE
        self._tables = tables
        self._seam = TableSeam(tables, seam)

    def get(self, batch_id: str) -> Batch | None:
        def found() -> Batch | None:
            if batch_id in self._tables.malformed_batches:
                raise UnreadableItemError("batch", batch_id)
            return self._tables.batches.get(batch_id)

        return self._seam.cross("GetItem", found)

    def create(self, batch: Batch) -> Batch | None:
        def put() -> Batch | None:
            standing = self._tables.batches.setdefault(batch.batch_id, batch)
            if standing == batch:
                self._tables.open_batches.add(batch.batch_id)
            return None if standing == batch else standing

        return self._seam.cross("TransactWriteItems", put)

    def save(self, batch: Batch) -> Batch:
        after = replace(batch, version=batch.version + 1)

        def put() -> Batch:
            current = self._tables.batches.get(batch.batch_id)
            if current is None or (current.version != batch.version and current != after):
                raise BatchChangedError
            self._tables.batches[batch.batch_id] = after
            return after

        return self._seam.cross("PutItem", put)

    def newest(self, limit: int, start: Mapping[str, str] | None = None) -> Page[Batch]:
        def name(batch: Batch) -> str:
            return f"{text_of(batch.created_at)}#{batch.batch_id}"

        def found() -> Page[Batch]:
            batches = sorted(self._tables.batches.values(), key=name, reverse=True)
            if start:
                batches = [batch for batch in batches if name(batch) < start["item"]]
            page = tuple(batches[:limit])
            is_end = len(batches) <= limit
            return Page(page, None if is_end else {**LISTING_PART, "item": name(page[-1])})

        return self._seam.cross("Query", found)

    def store_rows(self, upload_id: str, number: int, rows: Sequence[Row], at: datetime) -> None:
        def put() -> None:
            self._tables.batch_rows[upload_id, number] = tuple(rows)

        self._seam.cross("PutItem", put)

    def store_pairs(self, upload_id: str, pairs: bytes, at: datetime) -> None:
        def put() -> None:
            self._tables.batch_pairs[upload_id] = pairs

        self._seam.cross("PutItem", put)

    def pairs(self, upload_id: str) -> bytes:
        return self._seam.cross("GetItem", lambda: self._tables.batch_pairs.get(upload_id, b""))

    def keep_rows(self, upload_id: str, number: int, rows: Sequence[Row], at: datetime) -> None:
        self.store_rows(upload_id, number, rows, at)

    def rows(self, upload_id: str, number: int) -> tuple[Row, ...]:
        def found() -> tuple[Row, ...]:
            if (upload_id, number) not in self._tables.batch_rows:
                raise RowsMissingError
            return self._tables.batch_rows[upload_id, number]

        return self._seam.cross("GetItem", found)

    def mark(self, upload_id: str, number: int) -> Mark | None:
        return self._seam.cross(
            "GetItem", lambda: self._tables.batch_marks.get((upload_id, number))
        )

    def marks(self, upload_id: str) -> tuple[Mark, ...]:
        def found() -> tuple[Mark, ...]:
            marks = self._tables.batch_marks
            return tuple(marks[key] for key in sorted(marks) if key[0] == upload_id)

        return self._seam.cross("Query", found)

    def save_mark(self, upload_id: str, mark: Mark, at: datetime) -> Mark:
        after = replace(mark, version=mark.version + 1)

        def put() -> Mark:
            current = self._tables.batch_marks.get((upload_id, mark.number))
            version = current.version if current else 0
            if version != mark.version and current != after:
                raise BatchChangedError
            self._tables.batch_marks[upload_id, mark.number] = after
            return after

        return self._seam.cross("PutItem", put)


class MemoryOpenBatches(OpenBatches):
    """`OpenBatches` in memory."""

    def __init__(self, tables: Tables, seam: Seam) -> None:
        self.table = _TABLE
        self._tables = tables
        self._seam = TableSeam(tables, seam)

    def ids(self) -> tuple[str, ...]:
        return self._seam.cross("Query", lambda: tuple(sorted(self._tables.open_batches)))

    def recent(self) -> tuple[str, ...]:
        def found() -> tuple[str, ...]:
            return tuple(sorted(self._tables.open_batches | self._tables.closed_batches))

        return self._seam.cross("Query", found)

    def stop(self, batch_id: str, by: str, at: datetime) -> None:
        def put() -> None:
            self._tables.stopped_batches[batch_id] = by

        self._seam.cross("PutItem", put)

    def stopped_by(self, batch_id: str) -> str | None:
        return self._seam.cross("GetItem", lambda: self._tables.stopped_batches.get(batch_id))

    def close(self, batch_id: str, at: datetime) -> None:
        def put() -> None:
            self._tables.open_batches.discard(batch_id)
            self._tables.closed_batches.add(batch_id)

        self._seam.cross("PutItem", put)


class MemoryPayees(Payees):
    """`Payees` in memory, with as many calls."""

    def __init__(self, tables: Tables, seam: Seam) -> None:
        self._tables = tables
        self._seam = TableSeam(tables, seam)

    def of(self, customer_ids: Sequence[str]) -> dict[str, Payee]:
        return {
            customer_id: payee
            for customer_id in self._read(customer_ids)
            if (payee := self._payee(customer_id))
        }

    def named(self, external_ids: Sequence[str]) -> dict[str, str]:
        wanted = set(self._read(external_ids))
        return {
            each.external_id: each.customer_id
            for each in self._tables.customers.values()
            if each.external_id in wanted
        }

    def _read(self, keys: Sequence[str]) -> list[str]:
        return _read(self._seam, keys)

    def _payee(self, customer_id: str) -> Payee | None:
        customer = self._tables.customers.get(customer_id)
        if customer is None:
            return None
        places = [
            Place(
                d.destination_id,
                d.type,
                d.masked,
                d.approved_at is not None,
                d.verification,
                d.account,
            )
            for d in customer.destinations
        ]
        return Payee(customer_id, tuple(places), customer.external_id)


class MemoryOutlines(Outlines):
    """`Outlines` in memory, with as many calls."""

    def __init__(self, tables: Tables, seam: Seam) -> None:
        self._tables = tables
        self._seam = TableSeam(tables, seam)

    def of(self, transaction_ids: Sequence[str]) -> dict[str, Outline]:
        wanted = _read(self._seam, transaction_ids)
        found = (self._tables.payouts.get(transaction_id) for transaction_id in wanted)
        return {
            payout.transaction_id: Outline(
                transaction_id=payout.transaction_id,
                status=payout.state.status.value,
                needs_review=payout.needs_review,
                failure_code=payout.failure_code,
                failure_reason=payout.failure_reason,
                lodgement_reference=payout.lodgement_reference,
                waits_for=payout.waits_for if payout.state is State.QUEUED else None,
                description=payout.description,
                succeeded_by=payout.succeeded_by,
                return_seen_at=text_of(payout.return_seen_at) if payout.return_seen_at else None,
            )
            for payout in found
            if payout is not None
        }


def _read(seam: TableSeam, keys: Sequence[str]) -> list[str]:
    """The keys without duplicates, after as many calls as reading them takes."""
    once = list(dict.fromkeys(keys))
    for _ in range(0, len(once), MOST_AT_ONCE):
        seam.cross("BatchGetItem", lambda: None)
    return once
