"""Whether what one payout was to pay may be paid by another: never on our own word alone.

A payout that ended here without being paid may have been paid all the same: a webhook lies, a
person is wrong, an answer came from another system. So Monoova is asked about its reference first,
and this is what follows from the answer.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from chalicelib.monoova.rules.outcome import Standing, is_known_refusal
from chalicelib.payouts.rules.decisions import REFUSED
from chalicelib.payouts.rules.payout import (
    Event,
    FailureCode,
    Fields,
    Kind,
    Payout,
    State,
    effect_of,
)
from chalicelib.payouts.rules.returns import payable_again_cents
from chalicelib.payouts.rules.schedule import Policy

_BY_HAND: Final = frozenset(
    {
        Event.RESOLVED_COMPLETED,
        Event.RESOLVED_FAILED,
        Event.RESOLVED_RETURNED,
        Event.RESOLVED_CANCELLED,
    }
)


class Verdict(StrEnum):
    """What Monoova's answer on an ended payout means for another in its place."""

    GO = "Go"
    MAY_BE_PAID = "MayBePaid"
    TOO_EARLY = "TooEarly"
    UNCLEAR = "Unclear"


def may_be_succeeded(payout: Payout) -> bool:
    """Whether the payout ended, without doubt on our side, and money of it can be paid again.

    What came back is there when the mAccount shows it, or when a person has said so; of a payout
    that stays paid, only the part that the mAccount shows.
    """
    return is_unpaid(payout) and succession_cents(payout) > 0


def is_unpaid(payout: Payout) -> bool:
    """Whether it ended, without doubt on our side, so that what is made in its place may pay."""
    has_ended = effect_of(payout.state, Event.RETRIED).kind is Kind.NOTE
    return has_ended and not payout.needs_review and _unpaid_cents(payout) > 0


def succession_cents(payout: Payout) -> int:
    """How much another payout in its place may pay: of what may be paid again, what no other is to.

    What comes back in parts can be paid in parts.
    """
    if payout.succeeded_by and not payout.succeeded_cents:
        return 0
    return max(0, _unpaid_cents(payout) - payout.succeeded_cents)


def succeeded(old: Payout, by: Payout) -> Fields:
    """What is written to a payout in whose place `by` is made."""
    before = (old.succeeded_by,) if old.succeeded_by else ()
    fields = Fields(
        succeeded_by=by.transaction_id, succeeded_cents=old.succeeded_cents + by.amount_cents
    )
    if before:
        fields |= Fields(also_succeeded_by=(*old.also_succeeded_by, *before))
    return fields


def is_successor(later: Payout, earlier: Payout) -> bool:
    """Whether `later` is what was made in place of `earlier`, or of a part of it."""
    named = (earlier.succeeded_by, *earlier.also_succeeded_by)
    return earlier.succeeded_by is None or later.transaction_id in named


def _unpaid_cents(payout: Payout) -> int:
    """How much of it the payee does not have: all of it, or the part that came back."""
    back = payable_again_cents(payout)
    match payout.state:
        case State.COMPLETED:
            return back if back < payout.amount_cents else 0
        case State.RETURNED if back < payout.amount_cents and not _is_said_to_be_back(payout):
            return 0
        case _:
            return payout.amount_cents


def was_sent(payout: Payout) -> bool:
    """Whether Monoova may ever have heard of the payout."""
    return payout.last_sent_at is not None or payout.monoova_transaction_id is not None


def needs_answer(payout: Payout) -> bool:
    """Whether Monoova has to be asked about an ended payout before another is made in its place.

    Of one whose money came back the status API says `Complete` for ever: it shows no returns.
    """
    return was_sent(payout) and payout.state not in (State.RETURNED, State.COMPLETED)


def verdict(payout: Payout, standing: Standing, now: datetime, policy: Policy) -> Verdict:
    """What Monoova's word on a payout that `needs_answer` means."""
    match standing:
        case Standing.COMPLETE | Standing.PENDING:
            return Verdict.MAY_BE_PAID
        case Standing.REJECTED | Standing.DISHONOURED:
            return Verdict.GO
        case Standing.UNKNOWN_REFERENCE if now >= unknown_is_believed_at(payout, policy):
            return Verdict.GO
        case Standing.UNKNOWN_REFERENCE:
            return Verdict.TOO_EARLY
        case _:
            return Verdict.UNCLEAR


def unknown_is_believed_at(payout: Payout, policy: Policy) -> datetime:
    """From when on Monoova's "unknown reference" shows that the payout was not paid.

    At once after a refusal by a name that we know; after anything else past the grace, since
    Monoova does not say how soon a payout that it booked can be seen.
    """
    sent_at = payout.last_sent_at or payout.updated_at
    if _was_refused_by_a_known_name(payout):
        return sent_at
    return sent_at + timedelta(seconds=policy.grace_seconds)


def _was_refused_by_a_known_name(payout: Payout) -> bool:
    if payout.failure_code is not FailureCode.MONOOVA_REFUSED or payout.ambiguous:
        return False
    refusals = [entry.evidence for entry in payout.history if entry.event == Event.SEND_REFUSED]
    last = refusals[-1] if refusals else None
    if last is None or not last.startswith(REFUSED):
        return False
    return is_known_refusal(last.removeprefix(REFUSED))


def is_settled_by_hand(payout: Payout) -> bool:
    """Whether a person has said how the payout ended, or that nothing is wrong about its end."""
    is_said = any(entry.event in _BY_HAND for entry in payout.history)
    return (
        is_said
        or payout.failure_code is FailureCode.RESOLVED_BY_HAND
        or _was_not_looked_for(payout)
    )


def _is_said_to_be_back(payout: Payout) -> bool:
    """Whether a person has said that its money came back.

    What else was said of it proves no credit: that it was paid, before its return was reported.
    """
    is_said = any(entry.event == Event.RESOLVED_RETURNED for entry in payout.history)
    return is_said or _was_not_looked_for(payout)


def _was_not_looked_for(payout: Payout) -> bool:
    """Whether it came back before returns were looked for in the mAccount: a person knows."""
    is_unknown = payout.return_reported_at is None and payout.return_seen_cents == 0
    return payout.state is State.RETURNED and is_unknown
