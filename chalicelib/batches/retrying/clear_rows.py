"""Clears the old payout of a row that is paid again, right before its new one is made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chalicelib.batches.rules.batch import RowProblem
from chalicelib.core import observability
from chalicelib.core.clock import Clock
from chalicelib.core.errors import ConflictError, ErrorCode, TryAgainError
from chalicelib.payouts.request_payout import retry_id_of
from chalicelib.payouts.rules.decisions import ForbiddenTransitionError, Note, change_for
from chalicelib.payouts.rules.payout import NO_CHANGE, Change, Event, Payout, ReviewReason, State
from chalicelib.payouts.sending.record_event import Recorder
from chalicelib.payouts.store.payouts import Payouts

if TYPE_CHECKING:
    from chalicelib.payouts.second_payment import Clearance, SecondPayments

# A question to Monoova, and the writes that follow from its answer.
SECONDS_TO_CLEAR: Final = 12.0
# What no time changes; a row waits after any other refusal.
_PROBLEMS: Final = {
    ErrorCode.PAYOUT_MAY_BE_PAID: RowProblem.MAY_BE_PAID,
    ErrorCode.PAYOUT_NOT_RETRYABLE: RowProblem.NOT_RETRYABLE,
}


class NotClearYetError(Exception):
    """Nothing is known of the old payout yet: the row waits, and nothing was changed."""


@dataclass(frozen=True, slots=True)
class RowClearing:
    """Asks about old payouts. `second_payments` is loaded only when it is called."""

    payouts: Payouts
    second_payments: "Callable[[], SecondPayments]"
    recorder: Recorder
    clock: Clock

    def cleared(
        self, old_id: str, new_id: str, by: str, seconds: float
    ) -> "Clearance | RowProblem":
        """What lets the row's payout be made, or why it never becomes one.

        Raises:
            NotClearYetError
            StorageUnavailableError
        """
        old = self.payouts.get(old_id)
        if old is None or old.state is State.COMPLETED:
            # A part that came back is no row: it is paid again by itself.
            return RowProblem.NOT_RETRYABLE
        if old.succeeded_by not in (None, new_id) or self._was_retried_unclaimed(old):
            return RowProblem.ALREADY_RETRIED
        try:
            cleared = self.second_payments().cleared(old, by, seconds)
        except ConflictError as error:
            problem = _PROBLEMS.get(error.code)
            if problem is None:
                raise NotClearYetError from None
            return problem
        except TryAgainError:
            raise NotClearYetError from None
        return RowProblem.SETTLED_BY_HAND if cleared.is_settled_by_hand else cleared

    def _was_retried_unclaimed(self, old: Payout) -> bool:
        """Whether it has a successor that was stored before successors were."""
        return old.succeeded_by is None and self.payouts.get(retry_id_of(old)) is not None

    def give_up(self, old_id: str, by: str) -> RowProblem:
        """Monoova has not answered in a day: the old payout needs review by a person."""
        note = Note(self.clock.now(), by)

        def flagged(payout: Payout) -> Change:
            if payout.needs_review:
                return NO_CHANGE
            reason = ReviewReason.RETRY_UNCLEAR
            return change_for(payout, Event.RETRY_UNCLEAR, note, review_reason=reason)

        old = self.payouts.get(old_id)
        try:
            if old is not None:
                self.recorder.record(old, flagged)
        except ForbiddenTransitionError as error:
            # It was settled meanwhile, which says itself why nothing is paid again.
            observability.note_error(error)
        return RowProblem.RETRY_UNCLEAR
