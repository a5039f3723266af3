"""Commits new payouts, each counted against the limits of its day where there are any."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from chalicelib.control.rules.limits import Count, LimitKind, Limits
from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.core.errors import ErrorCode, UnprocessableError
from chalicelib.core.money import decimal_from
from chalicelib.payouts.rules.payout import Payout
from chalicelib.payouts.store.payouts import Payouts

if TYPE_CHECKING:
    from chalicelib.payouts.store.counted_payouts import Companion, CountedPayouts

# The total is one item that all requests and all batches write: each try is over in some ten
# milliseconds, and a row of a batch gives way to others for as long as it may.
_PATIENCE_SECONDS: Final = 3.0
_FIRST_WAIT_SECONDS: Final = 0.05
_LONGEST_WAIT_SECONDS: Final = 0.3

_OF: Final = {
    LimitKind.CUSTOMER: "for one customer",
    LimitKind.DESTINATION: "for one destination",
    LimitKind.TOTAL: "in total",
}


class StillBusyError(StorageUnavailableError):
    """Others wrote the same sums all the while; nothing was written."""

    def __init__(self) -> None:
        super().__init__("TransactionConflict", may_be_done=False)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The one place that puts a new payout into the table.

    What writes more than the payout is loaded only when it is called (`counted`): where nothing
    is limited, hardly ever.
    """

    payouts: Payouts
    counted: "Callable[[], CountedPayouts]"
    limits: Limits
    clock: Clock
    jitter: Callable[[], float]

    def create(
        self,
        payout: Payout,
        patience: float = _PATIENCE_SECONDS,
        companions: "Sequence[Companion]" = (),
    ) -> Payout | None:
        """Stores a new payout if limits allow it; answers with one that has its `transaction_id`
        already, or None. It counts on the day of its request, whatever becomes of it.

        `patience` is for how many seconds it may give way to other writers of the same items.
        `companions` are written in the same transaction: all, or nothing.

        Raises:
            UnprocessableError: a limit would be exceeded; nothing was written.
            StillBusyError, StorageUnavailableError
            Exception: what a companion refuses with; nothing was written.
        """
        if not self.limits.are_set and not companions:
            # One plain write: a transaction costs twice as much.
            return self.payouts.create(payout)
        counts = self.limits.counts(
            payout.customer_id, payout.destination_id, payout.amount_cents, payout.created_at
        )
        return self._written(payout, counts, companions, patience)

    def check(self, customer_id: str, destination_id: str, amount_cents: int) -> None:
        """Raises UnprocessableError if such a payout would now exceed a limit; writes nothing."""
        now = self.clock.now()
        self._check(self.limits.counts(customer_id, destination_id, amount_cents, now))

    def check_total(self, amount_cents: int) -> None:
        """Raises UnprocessableError if payouts of this total would now exceed a limit."""
        counts = self.limits.counts("", "", amount_cents, self.clock.now())
        self._check(tuple(count for count in counts if count.kind is LimitKind.TOTAL))

    def _check(self, counts: tuple[Count, ...]) -> None:
        if not counts:
            return
        known = zip(counts, self.counted().sums(counts), strict=True)
        reached = [(c, max(0, c.limit_cents - sum_)) for c, sum_ in known if sum_ > c.room_cents]
        if reached:
            raise _refusal(reached)

    def _written(
        self,
        payout: Payout,
        counts: tuple[Count, ...],
        companions: "Sequence[Companion]",
        patience: float,
    ) -> Payout | None:
        from chalicelib.payouts.store.counted_payouts import CountsBusyError, LimitReachedError

        counted = self.counted()
        ends_at = self.clock.now() + timedelta(seconds=patience)
        wait = _FIRST_WAIT_SECONDS
        while True:
            try:
                return counted.create(payout, counts, companions)
            except LimitReachedError as error:
                raise _refusal(error.reached) from None
            except CountsBusyError:
                if self.clock.now() >= ends_at:
                    raise StillBusyError from None
            self.clock.sleep(wait * (0.5 + self.jitter()))
            wait = min(2 * wait, _LONGEST_WAIT_SECONDS)


def _refusal(reached: Sequence[tuple[Count, int]]) -> UnprocessableError:
    words = " ".join(
        f"More than the limit of A${decimal_from(count.limit_cents)} a day {_OF[count.kind]}:"
        f" A${decimal_from(left)} is left until midnight in Sydney."
        for count, left in reached
    )
    return UnprocessableError(words, ErrorCode.LIMIT_EXCEEDED)
