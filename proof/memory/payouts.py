"""The transactions table in memory."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from chalicelib.core.dynamodb.items import Page, text_of
from chalicelib.core.dynamodb.readable import UnreadableItemError
from chalicelib.core.marks import erased
from chalicelib.payouts.rules.decisions import OpenFacts
from chalicelib.payouts.rules.payout import (
    PENDING,
    Change,
    Fields,
    HistoryEntry,
    Payout,
    State,
    applied,
    erased_fields,
    sums_given_back,
)
from chalicelib.payouts.rules.schedule import look_at_unreadable
from chalicelib.payouts.store.items import (
    APPROVAL_BUCKET,
    DUE_SHARDS,
    PAYOUT,
    RETURNS_SHARD,
    REVIEW_BUCKET,
    bucket_of,
    shard_of,
)
from chalicelib.payouts.store.payouts import PayoutChangedError, Payouts
from proof.memory.tables import Tables, TableSeam
from proof.seam import Seam

Key = Mapping[str, str]
_TABLE: Final = "transactions"


class MemoryPayouts(Payouts):
    """`Payouts` in memory; its methods and their errors, without its DynamoDB client."""

    def __init__(self, tables: Tables, seam: Seam) -> None:
        self.table = _TABLE
        self._tables = tables
        self._seam = TableSeam(tables, seam)

    def create(self, payout: Payout) -> Payout | None:
        def put() -> Payout | None:
            existing = self._tables.payouts.get(payout.transaction_id)
            if existing is None:
                self._tables.write(payout)
            return None if existing is None or existing == payout else existing

        return self._seam.cross("PutItem", put)

    def get(self, transaction_id: str) -> Payout | None:
        def found() -> Payout | None:
            if transaction_id in self._tables.malformed_payouts:
                raise UnreadableItemError(PAYOUT, transaction_id)
            return self._tables.payouts.get(transaction_id)

        return self._seam.cross("GetItem", found)

    def put_off_unread(self, transaction_id: str, now: datetime) -> None:
        def put_off() -> None:
            malformed = self._tables.malformed_payouts
            if malformed[transaction_id] <= now:
                malformed[transaction_id] = look_at_unreadable(now, None)

        self._seam.cross("GetItem", lambda: None)
        self._seam.cross("UpdateItem", put_off)

    def find_by_reference(self, unique_reference: str) -> str | None:
        def found() -> str | None:
            rows = self._tables.payouts.values()
            ids = (p.transaction_id for p in rows if p.unique_reference == unique_reference)
            return next(ids, None)

        return self._seam.cross("Query", found)

    def commit(self, payout: Payout, change: Change, at: datetime) -> Payout:
        def update() -> Payout:
            current = self._tables.payouts.get(payout.transaction_id)
            if current is None or current.version != payout.version:
                if current is not None and current == applied(payout, given_back, at):
                    return current
                raise PayoutChangedError(current)
            for name in sums:
                self._tables.sums[name] -= payout.amount_cents
            return self._written(current, given_back, at)

        sums = sums_given_back(payout, change)
        left = Fields(counted_on=()) if sums else Fields()
        given_back = replace(change, fields=change.fields | left)
        return self._seam.cross("TransactWriteItems" if sums else "UpdateItem", update)

    def erase(self, payout: Payout, at: datetime) -> Payout:
        def update() -> Payout:
            current = self._tables.payouts.get(payout.transaction_id)
            if current is None or current.version != payout.version:
                raise PayoutChangedError(current)
            left: Any = erased(HistoryEntry)
            history = tuple(replace(entry, **left) for entry in current.history)
            bare = replace(current, history=history)
            return self._written(bare, Change(erased_fields()), at)

        return self._seam.cross("UpdateItem", update)

    def commit_open(
        self, transaction_id: str, facts: OpenFacts, change: Change, at: datetime
    ) -> Payout:
        def update() -> Payout:
            current = self._tables.payouts.get(transaction_id)
            if current is None or not _holds(current, facts, change):
                raise PayoutChangedError(current)
            return self._written(current, change, at)

        return self._seam.cross("UpdateItem", update)

    def _written(self, current: Payout, change: Change, at: datetime) -> Payout:
        after = applied(current, change, at)
        self._tables.write(after)
        return after

    def of_customer(self, customer_id: str, limit: int, start: Key | None = None) -> Page[Payout]:
        return self._newest(
            lambda p: p.customer_id == customer_id, {"customer_id": customer_id}, limit, start
        )

    def of_day(self, day: date, limit: int, start: Key | None = None) -> Page[Payout]:
        return self._newest(
            lambda p: p.created_at.date() == day, {"created_day": day.isoformat()}, limit, start
        )

    def in_review(self, limit: int, start: Key | None = None) -> Page[Payout]:
        return self._newest(
            lambda p: p.needs_review, {"review_bucket": REVIEW_BUCKET}, limit, start
        )

    def awaiting_approval(self, limit: int, start: Key | None = None) -> Page[Payout]:
        return self._newest(
            lambda p: bucket_of(p.state, needs_review=p.needs_review) == APPROVAL_BUCKET,
            {"review_bucket": APPROVAL_BUCKET},
            limit,
            start,
        )

    def count_in_review(self) -> int:
        return self._seam.cross("Query", lambda: sum(p.needs_review for p in self._rows()))

    def due(self, shard: str, now: datetime, limit: int, start: Key | None = None) -> Page[Payout]:
        return self._due(shard, now, limit, start)

    def awaiting_credit(self, now: datetime, limit: int, start: Key | None = None) -> Page[Payout]:
        return self._due(RETURNS_SHARD, now, limit, start)

    def _due(self, shard: str, now: datetime, limit: int, start: Key | None) -> Page[Payout]:
        def position(payout: Payout) -> tuple[str, str]:
            return text_of(payout.due_at or now), payout.transaction_id

        def found() -> Page[Payout]:
            unreadable = () if start else self._malformed(shard, now)
            after = (start["due_at"], start["transaction_id"]) if start else ("", "")
            rows = sorted(
                (
                    payout
                    for payout in self._rows()
                    if payout.due_at is not None
                    and payout.due_at <= now
                    and shard_of(payout.transaction_id, payout.state, payout.due_at) == shard
                    and position(payout) > after
                ),
                key=position,
            )
            page = rows[:limit]
            if len(rows) <= limit:
                return Page(tuple(page), None, unreadable)
            due_at, last = position(page[-1])
            key = {"due_at": due_at, "transaction_id": last, "due_shard": shard}
            return Page(tuple(page), key, unreadable)

        return self._seam.cross("Query", found)

    def _malformed(self, shard: str, now: datetime) -> tuple[str, ...]:
        """What is due in a shard, and cannot be read."""
        return tuple(
            name
            for name, due_at in self._tables.malformed_payouts.items()
            if due_at <= now and str(uuid.UUID(name).int % DUE_SHARDS) == shard
        )

    def _rows(self) -> Iterable[Payout]:
        return self._tables.indexed()

    def _newest(
        self,
        belongs: Callable[[Payout], bool],
        part: Key,
        limit: int,
        start: Key | None,
    ) -> Page[Payout]:
        def position(payout: Payout) -> tuple[str, str]:
            return text_of(payout.created_at), payout.transaction_id

        def found() -> Page[Payout]:
            rows = sorted((p for p in self._rows() if belongs(p)), key=position, reverse=True)
            if start:
                before = (start["created_at"], start["transaction_id"])
                rows = [payout for payout in rows if position(payout) < before]
            page = rows[:limit]
            if len(rows) <= limit:
                return Page(tuple(page), None)
            created_at, last = position(page[-1])
            return Page(tuple(page), {"created_at": created_at, "transaction_id": last, **part})

        return self._seam.cross("Query", found)


def _holds(current: Payout, facts: OpenFacts, change: Change) -> bool:
    """The condition under which a webhook settles a payout in one write."""
    reported = change.fields.get("monoova_transaction_id")
    return (
        current.state in PENDING
        and current.amount_cents == facts.amount_cents
        and not current.needs_review
        and current.return_reported_at is None
        and current.disputed_at is None
        and (current.state is State.ACCEPTED or not facts.is_accepted)
        and current.monoova_transaction_id in (None, reported)
    )
