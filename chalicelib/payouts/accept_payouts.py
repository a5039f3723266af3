"""Commits new and approved payouts, each counted against the limits of its day, if any are set."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from chalicelib.control.rules.approval import ApprovalReason, ApprovalRules
from chalicelib.control.rules.limits import Book, Count, LimitKind, Limits, Subject, ids_of
from chalicelib.core.actor import subject_of
from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.core.errors import ErrorCode, UnprocessableError
from chalicelib.core.money import decimal_from
from chalicelib.payouts.rules.integrity import impossibility
from chalicelib.payouts.rules.payout import Change, Fields, Payout, State
from chalicelib.payouts.rules.seal import SealKind
from chalicelib.payouts.seal_payouts import PayoutSeals
from chalicelib.payouts.store.payouts import Payouts

if TYPE_CHECKING:
    from chalicelib.payouts.store.counted_payouts import Companion, CountedPayouts

T = TypeVar("T")

# The total is one item that all requests and all batches write: each try is over in some ten
# milliseconds, and a row of a batch gives way to others for as long as it may.
_PATIENCE_SECONDS: Final = 3.0
_FIRST_WAIT_SECONDS: Final = 0.05
_LONGEST_WAIT_SECONDS: Final = 0.3

_OF: Final = {
    LimitKind.CUSTOMER: "for one customer",
    LimitKind.ACCOUNT: "for one account",
    LimitKind.MAKER: "for what one person or service asks for",
    LimitKind.TOTAL: "in total",
}


class StillBusyError(StorageUnavailableError):
    """Others wrote the same sums all the while; nothing was written."""

    def __init__(self) -> None:
        super().__init__("TransactionConflict", may_be_done=False)


class NotBelievedError(Exception):
    """What waits for its release is not what was asked for; nothing was written."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


class NeedsApprovalError(Exception):
    """With what was asked for today, the payout needs approval; nothing was written."""

    def __init__(self, reason: ApprovalReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Counted:
    """What a new payout is counted under beside its customer and its maker.

    `account` is the fingerprint of where it goes; the destination's id stands in for one that is
    not known. `cap_cents` is what its destination is open for in a day, None without a cap.
    """

    account: str | None = None
    cap_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The one place that puts a new payout into the table, and lets one go that was approved: it
    seals both.

    What writes more than the payout is loaded only when it is called (`counted`): where nothing
    is limited, hardly ever.
    """

    payouts: Payouts
    counted: "Callable[[], CountedPayouts]"
    limits: Limits
    approval: ApprovalRules
    clock: Clock
    jitter: Callable[[], float]
    seals: PayoutSeals

    @property
    def threshold_needs_account(self) -> bool:
        """Whether a payout that no approver sees is counted under the account it goes to."""
        return self.approval.threshold_cents is not None

    @property
    def limits_need_account(self) -> bool:
        """Whether every payout that may be sent is counted under the account it goes to."""
        return self.limits.per_account_cents is not None

    def create(
        self,
        payout: Payout,
        patience: float = _PATIENCE_SECONDS,
        companions: "Sequence[Companion]" = (),
        counted: Counted = Counted(),
    ) -> Payout | None:
        """Stores a new payout if limits allow it; answers with one that has its `transaction_id`
        already, or None.

        One that may be sent counts against the limits of the day, and against the threshold if no
        approver has seen it. One that waits for approval counts when it is approved.

        `patience` is for how many seconds it may give way to other writers of the same items.
        `companions` are written in the same transaction: all, or nothing.

        Raises:
            UnprocessableError: a limit would be exceeded; nothing was written.
            NeedsApprovalError, StillBusyError, StorageUnavailableError
            Exception: what a companion refuses with; nothing was written.
        """
        counts = self._counts_of_new(payout, counted)
        payout = self._as_stored(payout, counts)
        if not counts and not companions:
            # One plain write: a transaction costs twice as much.
            return self.payouts.create(payout)
        store = self.counted()
        return self._tried(lambda: store.create(payout, counts, companions), patience)

    def as_stored(self, payout: Payout, counted: Counted) -> Payout:
        """A new payout as `create` stores it: sealed, and it remembers what it is counted on."""
        return self._as_stored(payout, self._counts_of_new(payout, counted))

    def _as_stored(self, payout: Payout, counts: tuple[Count, ...]) -> Payout:
        return replace(self.seals.sealed(payout), counted_on=ids_of(counts))

    def release(self, payout: Payout, change: Change, at: datetime, account: str | None) -> Payout:
        """Writes the `change` that lets a payout go, if limits allow it; it counts on this day.

        Raises:
            UnprocessableError: a limit would be exceeded; nothing was written.
            NotBelievedError: it is not what was asked for.
            PayoutChangedError, StillBusyError, StorageUnavailableError
        """
        fault = self.seals.fault(payout, SealKind.ASKED) or impossibility(payout)
        if fault is not None:
            raise NotBelievedError(fault)
        change = self.seals.released(payout, change)
        subject = _subject(payout, account)
        counts = self.limits.counts(subject, payout.amount_cents, at)
        if not counts:
            return self.payouts.commit(payout, change, at)
        on = Fields(counted_on=(*payout.counted_on, *ids_of(counts)))
        change = replace(change, fields=change.fields | on)
        counted = self.counted()
        return self._tried(lambda: counted.commit(payout, change, at, counts), _PATIENCE_SECONDS)

    def check(self, subject: Subject, amount_cents: int) -> None:
        """Raises UnprocessableError if such a payout would now exceed a limit; writes nothing."""
        self._check(self.limits.counts(subject, amount_cents, self.clock.now()))

    def reason_of_the_day(
        self, subject: Subject, amount_cents: int, cap_cents: int | None
    ) -> ApprovalReason | None:
        """Why such a payout would now need approval for what was asked for today, if it would."""
        now = self.clock.now()
        counts = self.approval.counts(subject, amount_cents, now)
        caps = self.approval.counts_of_cap(subject.account, amount_cents, cap_cents, now)
        reached = [count for count, _ in self._reached((*counts, *caps))]
        return _reason_in(reached)

    def check_total(self, amount_cents: int) -> None:
        """Raises UnprocessableError if payouts of this total would now exceed a limit."""
        counts = self.limits.counts(Subject("", "", ""), amount_cents, self.clock.now())
        self._check(tuple(count for count in counts if count.kind is LimitKind.TOTAL))

    def _check(self, counts: tuple[Count, ...]) -> None:
        reached = self._reached(counts)
        if reached:
            raise _refusal(reached)

    def _reached(self, counts: tuple[Count, ...]) -> list[tuple[Count, int]]:
        if not counts:
            return []
        known = zip(counts, self.counted().sums(counts), strict=True)
        return [
            (count, count.left_cents(cents)) for count, cents in known if cents > count.room_cents
        ]

    def _counts_of_new(self, payout: Payout, counted: Counted) -> tuple[Count, ...]:
        subject, at = _subject(payout, counted.account), payout.created_at
        if payout.state is State.AWAITING_APPROVAL:
            return ()
        limits = self.limits.counts(subject, payout.amount_cents, at)
        # A row of a file was approved with the file.
        if payout.approved_at is not None:
            return limits
        amount_cents, cap_cents = payout.amount_cents, counted.cap_cents
        return (
            *limits,
            *self.approval.counts(subject, amount_cents, at),
            *self.approval.counts_of_cap(subject.account, amount_cents, cap_cents, at),
        )

    def _tried(self, write: Callable[[], T], patience: float) -> T:
        from chalicelib.payouts.store.counted_payouts import CountsBusyError, LimitReachedError

        ends_at = self.clock.now() + timedelta(seconds=patience)
        wait = _FIRST_WAIT_SECONDS
        while True:
            try:
                return write()
            except LimitReachedError as error:
                reason = _reason_in([count for count, _ in error.reached])
                if reason is not None:
                    # Then it waits, and the limits are those of the day of its approval.
                    raise NeedsApprovalError(reason) from None
                raise _refusal(error.reached) from None
            except CountsBusyError:
                if self.clock.now() >= ends_at:
                    raise StillBusyError from None
            self.clock.sleep(wait * (0.5 + self.jitter()))
            wait = min(2 * wait, _LONGEST_WAIT_SECONDS)


def _reason_in(reached: Sequence[Count]) -> ApprovalReason | None:
    """Why a payout that goes beyond these sums needs approval; None if it does not for that."""
    books = {count.book for count in reached}
    if Book.THRESHOLD in books:
        return ApprovalReason.ABOVE_THRESHOLD
    return ApprovalReason.ABOVE_CAP if Book.CAP in books else None


def _subject(payout: Payout, account: str | None) -> Subject:
    maker = subject_of(payout.created_by)
    return Subject(payout.customer_id, account or payout.destination_id, maker)


def _refusal(reached: Sequence[tuple[Count, int]]) -> UnprocessableError:
    words = " ".join(
        f"More than the limit of A${decimal_from(count.limit_cents)} a day {_OF[count.kind]}:"
        f" A${decimal_from(left)} is left until midnight in Sydney."
        for count, left in reached
    )
    return UnprocessableError(words, ErrorCode.LIMIT_EXCEEDED)
