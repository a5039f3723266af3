"""What a person may say of a payout under review, beside what Monoova says of it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from chalicelib.monoova.rules.outcome import Standing
from chalicelib.payouts.rules.payout import Event, Payout
from chalicelib.payouts.rules.second_payment import was_sent


class Judgement(StrEnum):
    """Whether a person's word on a payout is taken."""

    ALLOWED = "Allowed"
    NEEDS_APPROVER = "NeedsApprover"
    CONTRADICTED = "Contradicted"


_PAID: Final = frozenset({Event.RESOLVED_COMPLETED})
_NOT_PAID: Final = frozenset({Event.RESOLVED_FAILED, Event.RESOLVED_CANCELLED})
# What each answer says too, and what it denies. That money came back, the status API never shows:
# no answer confirms that, and none denies it but one that the payout is not through yet.
_CONFIRMS: Final[Mapping[Standing, frozenset[Event]]] = {
    Standing.COMPLETE: _PAID,
    Standing.REJECTED: _NOT_PAID,
    Standing.DISHONOURED: _NOT_PAID,
}
_DENIES: Final[Mapping[Standing, frozenset[Event]]] = {
    Standing.COMPLETE: _NOT_PAID,
    Standing.REJECTED: _PAID,
    Standing.DISHONOURED: _PAID,
}


def judged(payout: Payout, event: Event, standing: Standing | None) -> Judgement:
    """Whether a person may say `event` of the payout; `standing` is Monoova's word, None: it could
    not be asked.

    What is pending ends by itself, so nothing is said of it. A payout that is final stays as it is:
    where Monoova denies its end, an approver may close the review, which changes nothing else.
    """
    if standing is Standing.PENDING:
        return Judgement.CONTRADICTED
    if standing is not None and event in _CONFIRMS.get(standing, ()):
        return Judgement.ALLOWED
    if standing is not None and event in _DENIES.get(standing, ()):
        return Judgement.NEEDS_APPROVER if payout.state.is_final else Judgement.CONTRADICTED
    if _is_of_no_consequence(payout, event, standing):
        return Judgement.ALLOWED
    return Judgement.NEEDS_APPROVER


def _is_of_no_consequence(payout: Payout, event: Event, standing: Standing | None) -> bool:
    """Whether what never left here is taken back, and Monoova does not know it either."""
    is_unknown = standing is Standing.UNKNOWN_REFERENCE
    return event is Event.RESOLVED_CANCELLED and is_unknown and not was_sent(payout)
