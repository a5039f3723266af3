"""A batch: many payouts in one file, that one person uploads, confirms, and another approves.

A batch is worked on in chunks of rows, independent of one another. What was done with a chunk is
its mark; the batch moves on when the marks of all chunks say so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from chalicelib.core.marks import NOT_PERSONAL, PERSONAL, REQUESTED, requested_as
from chalicelib.payouts.rules.payout import FINAL, Status

MOST_ROWS: Final = 20_000
# What a worker does within its 60 s with much to spare: a row takes one or two calls of the
# database, of 10 to 30 ms each on a function of 256 MB.
CHUNK_ROWS: Final = 250
# So many duplicates are listed; all are counted.
MOST_DUPLICATES: Final = 100
_FINAL: Final = frozenset(state.status for state in FINAL)


class BatchStatus(StrEnum):
    """How far a batch is."""

    CHECKING = "Checking"
    AWAITING_CONFIRMATION = "AwaitingConfirmation"
    AWAITING_APPROVAL = "AwaitingApproval"
    RELEASING = "Releasing"
    RELEASED = "Released"
    FINISHED = "Finished"
    CANCELLED = "Cancelled"


class BatchEvent(StrEnum):
    """What can happen to a batch after it was uploaded."""

    CHECKED = "Checked"
    CONFIRMED = "Confirmed"
    APPROVED = "Approved"
    REJECTED = "Rejected"
    CANCELLED = "CancelledByAdmin"
    EXPIRED = "Expired"
    RELEASED = "Released"
    FINISHED = "Finished"


UPLOADED: Final = "Uploaded"

_S = BatchStatus
_WAITING: Final = (_S.CHECKING, _S.AWAITING_CONFIRMATION, _S.AWAITING_APPROVAL)
# For each event: the statuses in which it may happen, and the one it leads to.
TABLE: Final[Mapping[BatchEvent, tuple[tuple[BatchStatus, ...], BatchStatus]]] = {
    BatchEvent.CHECKED: ((_S.CHECKING,), _S.AWAITING_CONFIRMATION),
    BatchEvent.CONFIRMED: ((_S.AWAITING_CONFIRMATION,), _S.AWAITING_APPROVAL),
    BatchEvent.APPROVED: ((_S.AWAITING_APPROVAL,), _S.RELEASING),
    BatchEvent.REJECTED: ((_S.AWAITING_APPROVAL,), _S.CANCELLED),
    # What was sent goes on; what was not is never sent.
    BatchEvent.CANCELLED: ((*_WAITING, _S.RELEASING, _S.RELEASED), _S.CANCELLED),
    BatchEvent.EXPIRED: (_WAITING, _S.CANCELLED),
    BatchEvent.RELEASED: ((_S.RELEASING,), _S.RELEASED),
    BatchEvent.FINISHED: ((_S.RELEASED,), _S.FINISHED),
}


class ChunkState(StrEnum):
    """What was done with a chunk of rows."""

    STORED = "Stored"
    CHECKED = "Checked"
    RELEASING = "Releasing"
    RELEASED = "Released"
    CANCELLING = "Cancelling"
    CANCELLED = "Cancelled"
    # Never stored: what is stored cannot be read, and nothing is done with it until it is mended.
    UNREADABLE = "Unreadable"


class Task(StrEnum):
    """What a worker is to do with a chunk."""

    CHECK = "check"
    RELEASE = "release"
    CANCEL = "cancel"


class RowProblem(StrEnum):
    """Why a row of an approved batch became no payout."""

    CUSTOMER_NOT_FOUND = "CustomerNotFound"
    DESTINATION_NOT_FOUND = "DestinationNotFound"
    DESTINATION_NOT_VERIFIED = "DestinationNotVerified"
    LIMIT_EXCEEDED = "LimitExceeded"
    MAY_BE_PAID = "MayBePaid"
    NOT_RETRYABLE = "NotRetryable"
    ALREADY_RETRIED = "AlreadyRetried"
    SETTLED_BY_HAND = "SettledByHand"
    RETRY_UNCLEAR = "RetryUnclear"
    ROWS_ALTERED = "RowsAltered"


class LeftOut(StrEnum):
    """Why a row of a batch is not in the batch that retries it."""

    PAID = "Paid"
    OPEN = "Open"
    NEEDS_REVIEW = "NeedsReview"
    RETRIED = "Retried"
    RETURN_NOT_SEEN = "ReturnNotSeen"
    SETTLED_BY_HAND = "SettledByHand"
    DESTINATION_GONE = "DestinationGone"
    WITHOUT_PAYOUT = "WithoutPayout"


class RowStatus(StrEnum):
    """What a row is that has no payout; one that has is what its payout is."""

    WAITING = "Waiting"
    NOT_RELEASED = "NotReleased"
    CANCELLED = "Cancelled"
    # What is stored of it, or of its part of the file, cannot be read.
    UNREADABLE = "Unreadable"


class WrongStatusError(Exception):
    """The batch is not where this may happen to it."""

    def __init__(self, status: BatchStatus, event: BatchEvent) -> None:
        super().__init__(f"{event} does not apply to a batch that is {status}")
        self.status = status
        self.event = event


@dataclass(frozen=True, slots=True)
class Row:
    """One payment of a batch. `line` is where it stands in the file, as an editor counts.

    `same_as_line` is an earlier row that pays the same customer, or the same account, the same
    amount; `is_first` says that no earlier row pays this customer. `same_account_as_line` is an
    earlier row that pays the same account under another customer. `retry_of` is the
    payout that it pays again.
    """

    line: int
    customer_id: str = field(metadata=NOT_PERSONAL | REQUESTED)
    amount_cents: int = field(metadata=REQUESTED)
    destination_id: str = field(metadata=NOT_PERSONAL | REQUESTED)
    external_id: str | None = field(default=None, metadata=PERSONAL)
    reference: str | None = field(
        default=None, metadata=PERSONAL | requested_as("lodgement_reference")
    )
    description: str | None = field(default=None, metadata=PERSONAL | REQUESTED)
    same_as_line: int | None = None
    is_first: bool = True
    retry_of: str | None = field(default=None, metadata=NOT_PERSONAL)
    same_account_as_line: int | None = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row that may pay once more what was paid already: by a payout, or by an earlier row."""

    line: int
    customer_id: str
    amount_cents: int
    transaction_id: str | None = None
    created_at: datetime | None = None
    same_as_line: int | None = None


@dataclass(frozen=True, slots=True)
class SharedAccount:
    """A row to an account that an earlier row pays under another customer."""

    line: int
    customer_id: str
    same_account_as_line: int


@dataclass(frozen=True, slots=True)
class Warnings:
    """What a person should know before they confirm: of one chunk, or of all.

    Of all alone: which other batches pay the same customers or accounts the same, and which single
    payouts have done so since it was checked, and by how many rows. `unapproved_lines` are rows to
    destinations that no other person has approved: each becomes a payout that waits for that.
    """

    duplicates: tuple[Duplicate, ...] = ()
    duplicate_count: int = 0
    first_time_count: int = 0
    also_in_batches: tuple[str, ...] = ()
    also_in_count: int = 0
    shared_accounts: tuple[SharedAccount, ...] = ()
    shared_account_count: int = 0
    paid_since: tuple[str, ...] = ()
    paid_since_count: int = 0
    unapproved_lines: tuple[int, ...] = ()
    unapproved_count: int = 0

    def may_all_be_duplicates(self, row_count: int) -> bool:
        """Whether there may be no row that was not paid before, or is paid by another file."""
        found = self.duplicate_count + self.also_in_count + self.paid_since_count
        return found >= row_count


@dataclass(frozen=True, slots=True)
class CountsRead:
    """The counts of rows that an approver has read in the summary; None for one they left out."""

    unapproved: int | None = None
    duplicates: int | None = None
    shared_accounts: int | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many payouts of a chunk had which status at a moment; rows without one are in none."""

    at: datetime
    counts: Mapping[str, int]
    needs_review: int = 0

    def is_final(self) -> bool:
        return all(status in _FINAL for status, count in self.counts.items() if count)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a chunk is. `version` 0 is one that nothing was done with yet.

    `lease_until` is how long a worker may be busy releasing the chunk. `not_before` is when rows of
    it that had to wait are looked at again. `problems` has the lines that became no payout.
    """

    number: int
    row_count: int
    state: ChunkState = ChunkState.STORED
    version: int = 0
    lease_until: datetime | None = None
    warnings: Warnings = Warnings()
    problems: Mapping[int, str] = field(default_factory=dict)
    tally: Tally | None = None
    not_before: datetime | None = None

    @property
    def is_settled(self) -> bool:
        """Whether all payouts of it are final, as far as was looked."""
        is_done = self.state in (ChunkState.RELEASED, ChunkState.CANCELLED)
        return is_done and self.tally is not None and self.tally.is_final()


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """One entry of a batch's history."""

    at: datetime
    event: str = field(metadata=NOT_PERSONAL)
    by: str = field(metadata=NOT_PERSONAL)
    detail: str | None = field(default=None, metadata=NOT_PERSONAL)


@dataclass(frozen=True, slots=True)
class EarlierBatch:
    """A batch that another one is about, as it stood when that one was made."""

    batch_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BatchRetry:
    """The batch whose unpaid rows another one has, and how many of its rows are not among them."""

    batch_id: str
    created_at: datetime
    left_out: Mapping[LeftOut, int]


@dataclass(frozen=True, slots=True)
class FundsSeen:
    """What could be paid out at a moment."""

    available_cents: int
    at: datetime

    def short_by_cents(self, total_cents: int) -> int:
        """How much of a total they do not reach."""
        return max(0, total_cents - self.available_cents)


@dataclass(frozen=True, slots=True)
class Batch:
    """A file of payouts. `upload_id` is where its rows stand; another upload has others.

    `not_released` counts the rows that became no payout, once it is released. `repeats` is the
    batch whose rows it has once more, on purpose; `retry_of` the one whose unpaid rows it has.
    `title`, like what people said of it, was redacted before it was stored. `digests` has one for
    the rows of each chunk, as they were uploaded, and `release_digest` is that of the approval over
    them.
    """

    batch_id: str = field(metadata=NOT_PERSONAL)
    upload_id: str = field(metadata=NOT_PERSONAL)
    status: BatchStatus
    version: int
    row_count: int
    total_cents: int
    largest_cents: int
    created_by: str = field(metadata=NOT_PERSONAL)
    created_at: datetime
    updated_at: datetime
    confirmed_by: str | None = field(default=None, metadata=NOT_PERSONAL)
    approved_by: str | None = field(default=None, metadata=NOT_PERSONAL)
    approved_at: datetime | None = None
    warnings: Warnings | None = None
    history: tuple[BatchEntry, ...] = ()
    not_released: int = 0
    title: str | None = field(default=None, metadata=NOT_PERSONAL)
    repeats: EarlierBatch | None = None
    retry_of: BatchRetry | None = None
    funds: FundsSeen | None = None
    digests: tuple[str, ...] = field(default=(), metadata=NOT_PERSONAL)
    release_digest: str | None = field(default=None, metadata=NOT_PERSONAL)

    @property
    def chunk_count(self) -> int:
        return -(-self.row_count // CHUNK_ROWS)

    @property
    def task(self) -> Task | None:
        """What is to be done with its chunks as it stands."""
        return _TASKS.get(self.status)

    @property
    def is_undecided(self) -> bool:
        """Whether people may still let it go or not."""
        return self.status in _WAITING

    @property
    def is_open(self) -> bool:
        """Whether it may still change automatically."""
        return self.status is not BatchStatus.FINISHED


_TASKS: Final = {
    BatchStatus.CHECKING: Task.CHECK,
    BatchStatus.RELEASING: Task.RELEASE,
    BatchStatus.CANCELLED: Task.CANCEL,
}
_DONE: Final = {
    Task.CHECK: frozenset(ChunkState) - {ChunkState.STORED, ChunkState.UNREADABLE},
    Task.RELEASE: frozenset({ChunkState.RELEASED, ChunkState.CANCELLING, ChunkState.CANCELLED}),
    Task.CANCEL: frozenset({ChunkState.CANCELLED}),
}


def moved(
    batch: Batch,
    event: BatchEvent,
    at: datetime,
    by: str,
    detail: str | None = None,
    **fields: Any,
) -> Batch:
    """The batch after `event`, not yet stored.

    Raises:
        WrongStatusError: it does not apply.
    """
    allowed, to = TABLE[event]
    if batch.status not in allowed:
        raise WrongStatusError(batch.status, event)
    entry = BatchEntry(at, event, by, detail)
    return replace(batch, status=to, updated_at=at, history=(*batch.history, entry), **fields)


def is_done(mark: Mark, task: Task) -> bool:
    """Whether nothing is left to do of `task` with a chunk."""
    return mark.state in _DONE[task]


def size_of(batch: Batch, number: int) -> int:
    """How many rows the chunk with this number has; the first is number 1."""
    return min(CHUNK_ROWS, batch.row_count - (number - 1) * CHUNK_ROWS)


def all_marks(batch: Batch, stored: Iterable[Mark]) -> tuple[Mark, ...]:
    """A mark for every chunk of the batch, in order: those that are stored, and fresh ones.

    How many rows one has that cannot be read, the batch knows.
    """
    known = {mark.number: mark for mark in stored}
    fresh = (Mark(number, size_of(batch, number)) for number in range(1, batch.chunk_count + 1))
    marks = (known.get(mark.number, mark) for mark in fresh)
    return tuple(
        replace(mark, row_count=size_of(batch, mark.number))
        if mark.state is ChunkState.UNREADABLE
        else mark
        for mark in marks
    )


def is_news(before: Warnings, after: Warnings) -> bool:
    """Whether something pays the same that was not there when the summary was read."""
    other_files = set(after.also_in_batches) - set(before.also_in_batches)
    payouts = set(after.paid_since) - set(before.paid_since)
    return bool(other_files or payouts) or after.paid_since_count > before.paid_since_count


def together(warnings: Sequence[Warnings]) -> Warnings:
    """What is known of all chunks."""
    listed = (duplicate for each in warnings for duplicate in each.duplicates)
    ordered = sorted(listed, key=lambda duplicate: duplicate.line)
    return Warnings(
        tuple(ordered[:MOST_DUPLICATES]),
        sum(each.duplicate_count for each in warnings),
        sum(each.first_time_count for each in warnings),
        shared_accounts=tuple(
            sorted(
                (shared for each in warnings for shared in each.shared_accounts),
                key=lambda shared: shared.line,
            )[:MOST_DUPLICATES]
        ),
        shared_account_count=sum(each.shared_account_count for each in warnings),
        unapproved_lines=tuple(
            sorted(line for each in warnings for line in each.unapproved_lines)[:MOST_DUPLICATES]
        ),
        unapproved_count=sum(each.unapproved_count for each in warnings),
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of the rows of a batch. `as_of` is when the oldest part of it was counted."""

    counts: Mapping[str, int]
    needs_review: int
    as_of: datetime | None


def progress_of(marks: Iterable[Mark]) -> Progress:
    """All chunks together; a row without a payout is waiting, cancelled, or was not released."""
    counts: dict[str, int] = dict.fromkeys([*RowStatus, *Status], 0)
    needs_review = 0
    times = []
    for mark in marks:
        payouts = 0
        if mark.tally:
            times.append(mark.tally.at)
            needs_review += mark.tally.needs_review
            for status, count in mark.tally.counts.items():
                counts[status] += count
                payouts += count
        counts[status_without_payout(mark)] += mark.row_count - payouts
    return Progress(counts, needs_review, min(times, default=None))


def status_without_payout(mark: Mark) -> RowStatus:
    """What a row of this chunk is that has no payout."""
    if mark.state is ChunkState.CANCELLED:
        return RowStatus.CANCELLED
    if mark.state is ChunkState.UNREADABLE:
        return RowStatus.UNREADABLE
    return RowStatus.NOT_RELEASED if mark.state is ChunkState.RELEASED else RowStatus.WAITING
