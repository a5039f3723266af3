"""Makes the rows of an approved batch payouts that wait to be sent."""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from chalicelib.batches.retrying.clear_rows import (
    SECONDS_TO_CLEAR,
    NotClearYetError,
    RowClearing,
)
from chalicelib.batches.rules.batch import Batch, Row, RowProblem
from chalicelib.batches.rules.retry import is_given_up
from chalicelib.control.rules.approval import ApprovalReason, ApprovalRules
from chalicelib.core import observability
from chalicelib.core.clock import Clock
from chalicelib.core.deadline import TimeLeft
from chalicelib.core.dynamodb.items import ItemRefusedError
from chalicelib.core.dynamodb.readable import UnreadableItemError
from chalicelib.core.errors import UnprocessableError
from chalicelib.core.marks import erased, requested
from chalicelib.core.observability import Metric
from chalicelib.core.queues import Queue, QueueUnavailableError
from chalicelib.core.sydney import bounds_of, sydney_day
from chalicelib.customers.payee_store import Payee, Payees, Place
from chalicelib.customers.rules.verification import is_payable
from chalicelib.customers.store import CUSTOMER
from chalicelib.payouts.accept_payouts import Acceptance, Counted, StillBusyError
from chalicelib.payouts.request_payout import (
    PayoutRequest,
    before_approvers,
    requested_payout,
    words_of_waiting,
)
from chalicelib.payouts.rules.payout import FIRST_EVENT, Event, HistoryEntry, Payout, State, Status
from chalicelib.payouts.store.outlines import Outlines
from chalicelib.payouts.store.payouts import PayoutChangedError

if TYPE_CHECKING:
    from chalicelib.payouts.second_payment import Clearance

# A name of our own for ids that follow from a batch and a line of it (RFC 9562, version 5).
_BY_LINE: Final = uuid.UUID("9a3d1f52-2f37-4a0e-8d25-3c1f6b7e4a90")
# When the schedule looks for a payout that no message brought: after 20,000 of them at 25 a second
# were sent. Sooner, it would put on the queue what is on it already.
_FIRST_LOOK: Final = timedelta(minutes=15)
# What Monoova did not say of the payouts that rows pay again is asked for anew after this.
_ASKED_AGAIN: Final = timedelta(minutes=5)
# A row that no day in this time had room for is above the limit by itself.
_ROOM_WITHIN: Final = timedelta(days=7)
# Of the time that there is, what the messages and the marks of a chunk take after its rows.
_SECONDS_AFTER_ROWS: Final = 4.0


@dataclass(frozen=True, slots=True)
class ReleaseResult:
    """How many rows of a chunk are payouts now, by status, and why the others are not, by line.

    `is_whole` is false where the time was up before the last of them. `again_at` is when rows that
    have to wait are worth another look; None if there are none.
    """

    counts: Mapping[str, int]
    problems: Mapping[int, str]
    is_whole: bool
    again_at: datetime | None = None


class _TimeIsUpError(Exception):
    """The row has to wait for the next run."""


class _LaterError(Exception):
    """The row has to wait until a time."""

    def __init__(self, until: datetime) -> None:
        super().__init__("later")
        self.until = until


@dataclass(frozen=True, slots=True)
class RowReleaser:
    """Releases rows: a conditional write for each payout, and a message for each, ten at a time."""

    acceptance: Acceptance
    payees: Payees
    outlines: Outlines
    queue: Queue
    clock: Clock
    approval: ApprovalRules
    requires_verified: bool
    clearing: RowClearing

    def release(
        self,
        batch: Batch,
        rows: Sequence[Row],
        problems: Mapping[int, str],
        time_left: TimeLeft,
        *,
        was_begun: bool,
    ) -> ReleaseResult:
        """Payouts for all rows but those with `problems`, found when it was begun before.

        May raise `StorageUnavailableError`: the next worker continues.
        """
        found = dict(problems)
        ids = [transaction_id_of(batch, row) for row in rows]
        standing = self.outlines.of(ids) if was_begun else {}
        payees = self.payees.of([row.customer_id for row in rows])
        counts, again, waiting, is_whole = Counter[str](), list[datetime](), [], True
        for row, transaction_id in zip(rows, ids, strict=True):
            if row.line in found:
                continue
            stands = standing.get(transaction_id)
            status = stands.status if stands else Status.QUEUED.value
            if stands is None:
                seconds = time_left.seconds - _SECONDS_AFTER_ROWS
                try:
                    made = self._made(batch, row, payees, transaction_id, seconds)
                except (_TimeIsUpError, StillBusyError):
                    is_whole = False
                    break
                except (_LaterError, UnreadableItemError, ItemRefusedError) as error:
                    # One bad item harms its own row alone: the others go on.
                    later = self.clock.now() + _ASKED_AGAIN
                    again.append(error.until if isinstance(error, _LaterError) else later)
                    continue
                if isinstance(made, RowProblem):
                    found[row.line] = made.value
                    continue
                status = made.state.status.value
            counts[status] += 1
            if status == Status.QUEUED:
                waiting.append({"transaction_id": transaction_id, "customer_id": row.customer_id})
        self._announce(waiting)
        return ReleaseResult(counts, found, is_whole, min(again, default=None))

    def problems_of_altered(
        self, batch: Batch, rows: Sequence[Row], problems: Mapping[int, str]
    ) -> Mapping[int, str]:
        """The `problems` of rows that are not as they were approved: none becomes a payout more."""
        ids = [transaction_id_of(batch, row) for row in rows]
        standing = self.outlines.of(ids)
        altered = {
            row.line: RowProblem.ROWS_ALTERED.value
            for row, transaction_id in zip(rows, ids, strict=True)
            if transaction_id not in standing
        }
        return altered | dict(problems)

    def _made(
        self,
        batch: Batch,
        row: Row,
        payees: Mapping[str, Payee],
        transaction_id: str,
        seconds: float,
    ) -> Payout | RowProblem:
        """Makes a row's payout, or says why there is none."""
        if seconds <= 0:
            raise _TimeIsUpError
        place = _place_of(row, payees)
        if isinstance(place, RowProblem):
            return place
        if not is_payable(place.verification, requires_verified=self.requires_verified):
            return RowProblem.DESTINATION_NOT_VERIFIED
        payout = _payout_of(batch, row, place, transaction_id, self.clock)
        if self.approval.new_destinations and not place.is_known:
            payout = _before_approver(payout)
        return self._created(batch, row, payout, place.account, seconds) or payout

    def _created(
        self, batch: Batch, row: Row, payout: Payout, account: str | None, seconds: float
    ) -> RowProblem | None:
        """Stores the payout of a row, with the claim of the one that it is made in place of."""
        cleared = self._cleared(batch, row, payout.transaction_id, seconds)
        if isinstance(cleared, RowProblem):
            return cleared
        claims = [cleared.claim(payout)] if cleared else []
        now = self.clock.now()
        try:
            standing = self.acceptance.create(payout, seconds, claims, Counted(account))
        except PayoutChangedError:
            # The old one has changed since it was cleared.
            raise _LaterError(now + _ASKED_AGAIN) from None
        except UnprocessableError:
            if batch.approved_at and now - batch.approved_at < _ROOM_WITHIN:
                raise _LaterError(bounds_of(sydney_day(now))[1]) from None
            return RowProblem.LIMIT_EXCEEDED
        # One that stands already was made by the worker that had this chunk before.
        if standing is None:
            observability.count(Metric.PAYOUTS_REQUESTED)
        return None

    def _cleared(
        self, batch: Batch, row: Row, transaction_id: str, seconds: float
    ) -> "Clearance | RowProblem | None":
        """What lets a row pay again what was not paid; None for a row that pays for the first time.

        Where Monoova does not say, it is asked again later, for a day.
        """
        if row.retry_of is None:
            return None
        if seconds < SECONDS_TO_CLEAR:
            raise _TimeIsUpError
        by = batch.approved_by or batch.created_by
        try:
            return self.clearing.cleared(row.retry_of, transaction_id, by, seconds)
        except NotClearYetError:
            now = self.clock.now()
            if batch.approved_at and is_given_up(batch.approved_at, now):
                return self.clearing.give_up(row.retry_of, by)
            raise _LaterError(now + _ASKED_AGAIN) from None

    def _announce(self, waiting: Sequence[Mapping[str, str]]) -> None:
        try:
            self.queue.put_all(waiting)
        except QueueUnavailableError as error:
            # Their rows say when they are due: the schedule finds them without messages.
            observability.note_error(error)


def transaction_id_of(batch: Batch, row: Row) -> str:
    """The id of a row's payout: the same for every worker and every try."""
    return str(uuid.uuid5(_BY_LINE, f"{batch.batch_id}\n{row.line}"))


def without_texts(rows: Sequence[Row]) -> list[Row]:
    """The rows without what an erasure takes: it empties payouts, and looks into no batch.

    Their words stand in their payouts now, the business's name for the customer with the customer.
    """
    bare: Any = erased(Row)
    return [replace(row, **bare) for row in rows]


def _place_of(row: Row, payees: Mapping[str, Payee]) -> Place | RowProblem:
    payee = payees.get(row.customer_id)
    if payee is None:
        return RowProblem.CUSTOMER_NOT_FOUND
    if not payee.is_readable:
        raise UnreadableItemError(CUSTOMER, row.customer_id)
    return payee.place(row.destination_id) or RowProblem.DESTINATION_NOT_FOUND


def _payout_of(batch: Batch, row: Row, place: Place, transaction_id: str, clock: Clock) -> Payout:
    now = clock.now()
    ask = PayoutRequest(**requested(row))
    history = tuple(_history_of(batch, row))
    return replace(
        requested_payout(ask, place, transaction_id, batch.created_by, now, row.retry_of),
        due_at=now + _FIRST_LOOK,
        batch_id=batch.batch_id,
        approved_at=now,
        approved_by=batch.approved_by,
        history=history,
        history_size=len(history),
    )


def _before_approver(payout: Payout) -> Payout:
    """A row to a destination that waits for an approver: who approved the file has not seen it."""
    requested, _approved = payout.history
    reasons = (ApprovalReason.NEW_DESTINATION,)
    detail = f"{requested.detail}; {words_of_waiting(reasons)}"
    return replace(
        before_approvers(payout, reasons),
        approved_at=None,
        approved_by=None,
        history=(replace(requested, detail=detail),),
        history_size=1,
    )


def _history_of(batch: Batch, row: Row) -> Iterator[HistoryEntry]:
    assert batch.approved_at is not None  # it is released
    assert batch.approved_by is not None
    again = f", in place of payout {row.retry_of}" if row.retry_of else ""
    detail = f"line {row.line} of batch {batch.batch_id}{again}"
    yield HistoryEntry(
        batch.created_at, FIRST_EVENT, State.AWAITING_APPROVAL, batch.created_by, detail
    )
    yield HistoryEntry(batch.approved_at, Event.APPROVED, State.QUEUED, batch.approved_by)
