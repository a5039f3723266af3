"""Which rows of a batch are taken into a new one: those that ended unpaid, and nothing in doubt."""

from datetime import datetime, timedelta
from typing import Final, Protocol

from chalicelib.batches.rules.batch import LeftOut
from chalicelib.payouts.rules.payout import FINAL, FailureCode, Status

# An answer of Monoova is waited for this long; then a person has to look.
CLEARED_WITHIN: Final = timedelta(hours=24)
_FINAL: Final = frozenset(state.status for state in FINAL)


class Ended(Protocol):
    """What is read of a payout that may be retried."""

    @property
    def status(self) -> str: ...
    @property
    def needs_review(self) -> bool: ...
    @property
    def failure_code(self) -> str | None: ...
    @property
    def succeeded_by(self) -> str | None: ...
    @property
    def return_seen_at(self) -> str | None: ...


def left_out_for(payout: Ended | None) -> LeftOut | None:
    """Why a row is not retried, or None if it is; what the old payout says is asked again later."""
    if payout is None:
        return LeftOut.WITHOUT_PAYOUT
    if payout.status == Status.COMPLETED:
        return LeftOut.PAID
    if payout.status not in _FINAL:
        return LeftOut.OPEN
    return _doubt(payout)


def _doubt(payout: Ended) -> LeftOut | None:
    if payout.needs_review:
        return LeftOut.NEEDS_REVIEW
    if payout.succeeded_by is not None:
        return LeftOut.RETRIED
    # A person's word takes another person's look at that very payout: it is retried by itself.
    if payout.failure_code == FailureCode.RESOLVED_BY_HAND:
        return LeftOut.SETTLED_BY_HAND
    if payout.status == Status.RETURNED and payout.return_seen_at is None:
        return LeftOut.RETURN_NOT_SEEN
    return None


def is_given_up(approved_at: datetime, now: datetime) -> bool:
    """Whether a row has waited so long for Monoova's answer that a person has to look."""
    return now - approved_at >= CLEARED_WITHIN
