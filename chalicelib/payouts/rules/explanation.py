"""A payout in plain words, for the people who run the business: its status, and what to do now.

All of it stands in the tables below; docs/api.md has the same, written by `python -m
tools.docs.explanation_table`. Nothing here is decided: it tells what the life-cycle table does.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from chalicelib.control.rules.approval import ApprovalReason
from chalicelib.payouts.rules.payout import (
    Event,
    FailureCode,
    Kind,
    Payout,
    QueueReason,
    ReviewReason,
    State,
    effect_of,
)
from chalicelib.payouts.rules.second_payment import may_be_succeeded


class Explanation(NamedTuple):
    """A payout's status in words, and what to do.

    `next` is what happens automatically, and `next_at` when; None once nothing does any more.
    """

    summary: str
    next: str
    next_at: datetime | None
    what_to_do: str


class Words(NamedTuple):
    """What is said of one situation."""

    summary: str
    next: str
    what_to_do: str


_FINISHED: Final = "Nothing more: this payment is finished."
_NOTHING_TO_DO: Final = "Nothing."
_RETRY: Final = "retry the payment: that makes a new one, and this one stays as it is."
# A retry pays to the same account details; where these are wrong it takes a new payment.
_ANEW: Final = "add them to the customer, and make a new payment."
_BY_HAND: Final = ApprovalReason.SETTLED_BY_HAND
_SETTLED_BY_HAND: Final = (
    "It is to be paid in place of an earlier one, which was not paid by a person's word, not by"
    " Monoova's: find out whether it was."
)
_LISTENING: Final = "We keep asking Monoova, and nothing is sent again."

STATES: Final[Mapping[State, Words]] = {
    State.AWAITING_APPROVAL: Words(
        "This payment is awaiting approval by another person. Nothing has been sent.",
        "Without an approval within 30 days it is cancelled.",
        "Ask an approver who did not request it to approve or reject it.",
    ),
    State.QUEUED: Words(
        "This payment is accepted and queued. Nothing has been sent yet.",
        "It is sent automatically, usually within a minute or two; if payments are paused or"
        " Monoova can't be reached, once sending resumes. If that takes too long (usually 24"
        " hours), it is cancelled.",
        "Nothing, or cancel it if it should not be paid. If it waits for long, check whether"
        " payments are paused.",
    ),
    State.SENDING: Words(
        "This payment is being sent to Monoova right now.",
        "Monoova's answer is due within seconds. If none comes, we ask Monoova what became of it.",
        "Wait a minute and look again. Do not pay by other means.",
    ),
    State.ACCEPTED: Words(
        "Monoova has taken this payment and is paying it out. The payee usually has the money"
        " within a minute.",
        "Monoova tells us the outcome, or we ask for it.",
        "Wait. If it stays like this for more than an hour, ask Monoova and give them the"
        " reference. Do not pay by other means.",
    ),
    State.UNRESOLVED: Words(
        "This payment was sent, but there was no clear answer: it is not known yet whether the"
        " money has moved.",
        "We ask Monoova what became of it. If Monoova does not know it, it is sent again under"
        " the same reference, or a person is asked to decide.",
        "Wait, and above all do not pay by other means: the payee could be paid twice.",
    ),
    State.COMPLETED: Words("The payee has the money.", _FINISHED, _NOTHING_TO_DO),
    State.FAILED: Words(
        "This payment failed. The payee was not paid.", _FINISHED, f"Find the cause, then {_RETRY}"
    ),
    State.RETURNED: Words(
        "The money arrived and was returned by the payee's bank.",
        _FINISHED,
        f"Ask the payee for other account details, {_ANEW}",
    ),
    State.CANCELLED: Words(
        "This payment was cancelled. Nothing was sent.",
        _FINISHED,
        f"If it should be paid after all, {_RETRY}",
    ),
}

# In place of the state's own words, while it is queued.
WAITS: Final[Mapping[QueueReason, Words]] = {
    QueueReason.NO_FUNDS: Words(
        "This payment is accepted and queued. Nothing has moved: your account at Monoova does not"
        " hold enough for it.",
        "It is sent automatically once money came in, the oldest first. If that takes too long"
        " (usually 24 hours), it is cancelled; a row of a file is given to a person instead.",
        "Top up your account at Monoova, or cancel the payment if it should not be paid.",
    ),
    QueueReason.DESTINATION_APPROVAL: Words(
        "This payment is accepted and queued. Nothing has moved: no person other than who added its"
        " destination has approved that.",
        "It is sent automatically once the destination is approved. If that takes too long (usually"
        " 24 hours), it is cancelled; a row of a file is given to a person instead.",
        "Have an approver look at the destination and approve it, or cancel the payment.",
    ),
}

FAILURES: Final[Mapping[FailureCode, Words]] = {
    FailureCode.MONOOVA_REFUSED: Words(
        "Monoova did not take this payment. No money has moved.",
        _FINISHED,
        f"Correct what the reason names, then {_RETRY} If the same happens to every payment, the"
        " cause is your own account or settings: ask your technical contact.",
    ),
    FailureCode.BANK_REJECTED: Words(
        "The payee's bank refused this payment. The payee was not paid.",
        _FINISHED,
        f"Ask the payee for the right account details, {_ANEW} If the details are right after all,"
        f" {_RETRY}",
    ),
    FailureCode.DISHONOURED: Words(
        "Monoova reports this payment as dishonoured. The payee was not paid.",
        _FINISHED,
        f"Check the account details with the payee, and your balance at Monoova, then {_RETRY}",
    ),
    FailureCode.RETURNED: STATES[State.RETURNED],
    FailureCode.RESOLVED_BY_HAND: Words(
        "An administrator resolved this payment: the payee was not paid.",
        _FINISHED,
        f"The history says who did it and why. If it should be paid after all, {_RETRY}",
    ),
    FailureCode.CANCELLED_BY_ADMIN: Words(
        "An administrator cancelled this payment before it was sent.",
        _FINISHED,
        f"If it should be paid after all, {_RETRY}",
    ),
    FailureCode.APPROVAL_DENIED: Words(
        "An approver rejected this payment. Nothing was sent.",
        _FINISHED,
        "The reason is in the history. Agree on it with the approver, then request a new payment.",
    ),
    FailureCode.APPROVAL_EXPIRED: Words(
        "This payment was not approved within 30 days, so it was cancelled. Nothing was sent.",
        _FINISHED,
        f"If it should be paid after all, {_RETRY}",
    ),
    FailureCode.QUEUE_EXPIRED: Words(
        "This payment could not be sent in time and was cancelled. Nothing was sent.",
        _FINISHED,
        f"Check that payments are being sent again, then {_RETRY}",
    ),
    FailureCode.DESTINATION_GONE: Words(
        "The account details were removed before this payment was sent. Nothing was sent.",
        _FINISHED,
        f"Ask the payee for account details, {_ANEW}",
    ),
}

# What is said beside the state's own summary; how to resolve it follows each advice.
REVIEWS: Final[Mapping[ReviewReason, Words]] = {
    ReviewReason.OUTCOME_UNKNOWN: Words(
        "Monoova does not know this payment, though we may have sent it: a person has to decide.",
        _LISTENING,
        "Look for the reference in Monoova's portal or on their statement.",
    ),
    ReviewReason.ACCEPTED_BUT_UNKNOWN: Words(
        "Monoova took this payment, but no longer knows it: a person has to decide.",
        _LISTENING,
        "Ask Monoova what became of the reference.",
    ),
    ReviewReason.STILL_PENDING: Words(
        "This payment has been open for a day, and Monoova does not say how it ended.",
        _LISTENING,
        "Ask Monoova what became of the reference; the payee's bank may be holding it.",
    ),
    ReviewReason.DESTINATION_GONE: Words(
        "It is not known whether this payment was paid, and its account details were removed, so it"
        " can't be sent again.",
        _LISTENING,
        "Look for the reference in Monoova's portal or on their statement.",
    ),
    ReviewReason.ROW_EXPIRED: Words(
        "It is a row of a file and could not be sent in time: a person has to decide.",
        "Nothing is sent automatically any more.",
        "Find out why it was not sent. Cancelling the file ends all of its rows that were not"
        " sent.",
    ),
    ReviewReason.EARLIER_SETTLED: Words(
        "This payment was to replace an earlier one that may have been paid after all, so it was"
        " not sent.",
        "Nothing is sent until a person has decided.",
        "Open the earlier payment and find out at Monoova whether it was paid. Retry it again, once"
        " it is certain that it was not.",
    ),
    ReviewReason.INTEGRITY_FAILED: Words(
        "What stands in this payment's record is not what was decided, so it was not sent.",
        "Nothing is sent until a person has decided.",
        "Tell your technical contact at once: the record was changed outside of the app, or is of"
        " before there were seals. If it is to be paid, ask for it anew.",
    ),
    ReviewReason.DESTINATION_NOT_APPROVED: Words(
        "This payment may have been sent, and what stands in its destination says that no person"
        " other than who added it has approved it.",
        "Nothing more is sent. If Monoova reports the outcome, it is recorded.",
        "Ask Monoova about this payment, and find out who let it go to this destination.",
    ),
    ReviewReason.RETRY_UNCLEAR: Words(
        "A file was to pay this again, and Monoova did not say for a day whether it was paid: a"
        " person has to decide.",
        "Nothing is paid again automatically.",
        "Look for the reference in Monoova's portal or on their statement.",
    ),
    ReviewReason.CONTRADICTION: Words(
        "Monoova also sent a report that contradicts this: a person has to decide.",
        "Nothing changes automatically. What Monoova reported is in the history.",
        "Look for the reference in Monoova's portal or on their statement, which decides.",
    ),
    ReviewReason.PART_RETURNED: Words(
        "The payee's bank returned a part of the money; the payee has the rest.",
        "Should the rest come back as well, it is recorded.",
        "Ask the payee why. What came back can be paid again, once the account shows it.",
    ),
    ReviewReason.RETURN_NOT_SEEN: Words(
        "Monoova reported a return ten banking days ago, and your account still does not show the"
        " money.",
        "Nothing changes automatically.",
        "Ask Monoova where the money is. Do not pay it again before the account shows it.",
    ),
}
# Said beside the state's own summary while a credit is awaited.
_AWAITED: Final = "Monoova reported a return, and your account does not show the money yet."
_LOOKING: Final = "We look for it in your account at Monoova, each morning at last."

# In Monoova's and the banks' words, which are not documented: what can't be meant otherwise.
REASONS: Final[Mapping[str, str]] = {
    "insufficient": f"Your account at Monoova does not hold enough: top it up, then {_RETRY}",
    "limit": "The amount is above a limit at Monoova: ask them to raise it, or pay in parts.",
    "closed": f"The payee's account is closed: ask the payee for other account details, {_ANEW}",
    "deceased": "The bank says that the account holder has died: do not retry; contact the estate.",
    "maccount": "Monoova does not take the account that you pay from: ask your technical contact.",
    "payid": "The PayID is not right, or no longer registered: ask the payee for other account"
    f" details, {_ANEW}",
}
_WITH_REASON: Final = frozenset(
    {
        FailureCode.MONOOVA_REFUSED,
        FailureCode.BANK_REJECTED,
        FailureCode.DISHONOURED,
        FailureCode.RETURNED,
    }
)
_SETTLED_BY: Final[Mapping[Event, str]] = {
    Event.RESOLVED_COMPLETED: "Completed",
    Event.RESOLVED_FAILED: "Failed",
    Event.RESOLVED_RETURNED: "Returned",
    Event.RESOLVED_CANCELLED: "Cancelled",
}


def explained(payout: Payout) -> Explanation:
    """What to tell an administrator of a payout as it stands."""
    code = payout.failure_code
    summary, following, advice = _words_of(payout)
    if payout.failure_reason:
        summary = f"{summary} The reason given: “{payout.failure_reason}”."
        advice = _advice(payout.failure_reason) or advice if code in _WITH_REASON else advice
    if payout.succeeded_by:
        advice = f"It was retried already, as the payment {payout.succeeded_by}: see there."
        if may_be_succeeded(payout):
            advice = f"{advice} What came back since can be retried as well."
    if payout.state is State.AWAITING_APPROVAL and _BY_HAND in payout.approval_reasons:
        summary = f"{summary} {_SETTLED_BY_HAND}"
    if _awaits_credit(payout):
        summary, following = f"{summary} {_AWAITED}", _LOOKING
    if payout.needs_review:
        review = REVIEWS[payout.review_reason or ReviewReason.CONTRADICTION]
        summary = f"{summary} {review.summary}"
        following = review.next
        advice = f"{review.what_to_do} {settling(payout.state)}"
    return Explanation(summary, following, _next_at(payout), advice)


def _words_of(payout: Payout) -> Words:
    if payout.state.is_final and payout.failure_code:
        return FAILURES[payout.failure_code]
    if payout.state is State.QUEUED and payout.waits_for:
        return WAITS[payout.waits_for]
    return STATES[payout.state]


def _awaits_credit(payout: Payout) -> bool:
    is_reported = payout.return_reported_at is not None and payout.return_seen_at is None
    return is_reported and payout.state.is_final and payout.due_at is not None


def _next_at(payout: Payout) -> datetime | None:
    """When something happens automatically; what is due already waits for no time."""
    is_due = payout.due_at is not None and payout.due_at <= payout.updated_at
    return None if payout.state is State.QUEUED and is_due else payout.due_at


def settling(state: State) -> str:
    """How a person resolves a payout that needs review, as far as its state allows."""
    kinds = {Kind.MOVE, Kind.ACKNOWLEDGE}
    choices = [word for event, word in _SETTLED_BY.items() if effect_of(state, event).kind in kinds]
    if not choices:
        return "It is being sent at this moment: look again in two minutes."
    warning = " Never choose Failed for what Monoova has booked." if "Failed" in choices else ""
    return f"Then resolve it as {' or '.join(choices)}, with your reason.{warning}"


def _advice(reason: str) -> str | None:
    letters = "".join(character for character in reason.lower() if character.isalpha())
    return next((advice for word, advice in REASONS.items() if word in letters), None)
