"""What a reply about a payout looks like."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from chalicelib.control.rules.approval import ApprovalReason
from chalicelib.core.errors import ErrorCode, UnprocessableError
from chalicelib.core.money import decimal_from
from chalicelib.core.observability import note
from chalicelib.customers.replies import destination
from chalicelib.monoova.rules.gate import Passage
from chalicelib.payouts.rules.payout import HistoryEntry, Payout, QueueReason, State
from chalicelib.web.http import Reply
from chalicelib.web.replies import Json, page_of, time_of

if TYPE_CHECKING:
    from chalicelib.payouts.administer_payout import Asked
    from chalicelib.payouts.list_payouts import PayoutPage
    from chalicelib.payouts.request_payout import RequestResult
    from chalicelib.payouts.sending.reconcile_due import Findings
    from chalicelib.payouts.validate_payout import ValidationResult

_WAITING: Final[Mapping[Passage | ApprovalReason | QueueReason, str]] = {
    Passage.PAUSED: "Payouts are paused by an operator. This one is queued and will be sent"
    " automatically once they are resumed.",
    Passage.CIRCUIT_OPEN: "Monoova cannot be reached reliably at the moment. This payout is queued"
    " and will be sent automatically once Monoova can be reached.",
    QueueReason.NO_FUNDS: "Your account at Monoova does not hold enough for this payout. It is"
    " queued and will be sent automatically once money came in.",
    QueueReason.DESTINATION_APPROVAL: "No person other than its author has approved this payout's"
    " destination. It is queued and will be sent automatically once one has.",
    Passage.PACED: "Monoova takes only so many payouts a minute at the moment. This one is queued"
    " and will be sent automatically in its turn.",
    ApprovalReason.ABOVE_THRESHOLD: "The amount needs a second person: this payout waits for"
    " approval by another person, 30 days at most.",
    ApprovalReason.ABOVE_CAP: "With what it was paid today, this is more than its destination is"
    " approved for: this payout waits for approval by another person, 30 days at most.",
    ApprovalReason.NEW_DESTINATION: "No person other than its author has approved this destination"
    " yet: this payout waits for approval by another person, 30 days at most.",
    ApprovalReason.SETTLED_BY_HAND: "That the earlier payout was not paid is a person's word, not"
    " Monoova's: this payout waits for approval by another person, 30 days at most.",
}


def payout(shown: Payout) -> Json:
    """A payout without its history."""
    state = shown.state
    return {
        "transaction_id": shown.transaction_id,
        "unique_reference": shown.unique_reference,
        "customer_id": shown.customer_id,
        "destination_id": shown.destination_id,
        "destination": shown.destination_masked,
        "payout_method": shown.payout_method,
        "amount": decimal_from(shown.amount_cents),
        "currency": "AUD",
        "status": state.status.value,
        "submission": state.submission.value if state.submission else None,
        "needs_review": shown.needs_review,
        "review_reason": shown.review_reason,
        "waits_for": shown.waits_for if state is State.QUEUED else None,
        "failure_code": shown.failure_code,
        "failure_reason": shown.failure_reason,
        "monoova_transaction_id": shown.monoova_transaction_id,
        "description": shown.description,
        "lodgement_reference": shown.lodgement_reference,
        "retry_of": shown.retry_of,
        "succeeded_by": shown.succeeded_by,
        "approval_reasons": [reason.value for reason in shown.approval_reasons],
        "batch_id": shown.batch_id,
        "attempts": shown.attempts,
        "doubt_since": time_of(shown.doubt_since),
        "created_by": shown.created_by,
        "created_at": time_of(shown.created_at),
        "updated_at": time_of(shown.updated_at),
        "completed_at": time_of(shown.completed_at),
        "returned_amount": decimal_from(shown.returned_cents) if shown.returned_cents else None,
        "return_reported_at": time_of(shown.return_reported_at),
        "return_seen_at": time_of(shown.return_seen_at),
        "next_look_at": time_of(shown.due_at),
    }


def payout_with_history(shown: Payout) -> Json:
    """A payout with its history, oldest first, and an explanation."""
    history = [_entry(entry) for entry in shown.history]
    return payout(shown) | {"history": history, "explanation": _explanation(shown)}


def asked(shown: "Asked") -> Json:
    """A payout with its history, and what Monoova said of it when it was asked for this."""
    return payout_with_history(shown.payout) | {"monoova_says": shown.standing}


def _explanation(shown: Payout) -> Json:
    # Here, because a webhook, a queue's message and a list have nothing to explain.
    from chalicelib.payouts.rules.explanation import explained

    found = explained(shown)
    return {
        "summary": found.summary,
        "next": found.next,
        "next_at": time_of(found.next_at),
        "what_to_do": found.what_to_do,
    }


def _entry(entry: HistoryEntry) -> Json:
    state = entry.state
    return {
        "at": time_of(entry.at),
        "event": entry.event,
        "status": state.status.value,
        "submission": state.submission.value if state.submission else None,
        "by": entry.by,
        "detail": entry.detail,
    }


def accepted(shown: "RequestResult") -> Reply:
    """The answer to a payout that was asked for; says in words why it waits, if it does.

    Raises:
        UnprocessableError: Monoova refused it while the caller waited.
    """
    payout = shown.payout
    if payout.state is State.FAILED and not shown.is_replay:
        raise UnprocessableError(
            f"Monoova refused the payout: {payout.failure_reason}",
            ErrorCode.MONOOVA_REFUSED,
            transaction_id=payout.transaction_id,
        )
    note(transaction_id=payout.transaction_id)
    message = _why(shown.waits_for)
    body = payout_with_history(payout) | ({"message": message} if message else {})
    headers = {"Idempotent-Replayed": "true"} if shown.is_replay else {}
    return Reply(body, 202, headers)


def _why(reasons: Sequence[Passage | ApprovalReason | QueueReason]) -> str:
    return " ".join(_WAITING[reason] for reason in reasons)


def payouts(shown: "PayoutPage") -> Json:
    """A page of payouts."""
    return page_of([payout(item) for item in shown.items], shown.next_cursor, shown.unreadable)


def validated(shown: "ValidationResult") -> Json:
    """Whether a payout would go through, and what was checked."""
    return {
        "is_valid": shown.is_valid,
        "needs_approval": bool(shown.waits_for),
        "message": _why(shown.waits_for) or None,
        "destination": destination(shown.destination),
        "checks": [
            {"name": check.name, "is_ok": check.is_ok, "detail": check.detail}
            for check in shown.checks
        ],
    }


def findings(shown: "Findings") -> Json:
    """What a reconciliation found."""
    return {
        "looked_at": shown.looked_at,
        "questions_to_monoova": shown.questions,
        "moved_to": shown.moved,
        "is_finished": shown.is_finished,
        "circuit": shown.circuit,
        "questions_circuit": shown.questions_circuit,
        "put_off": list(shown.put_off),
    }
