"""What an answer looks like: plain JSON values, amounts as numbers with two decimals."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from chalicelib.control.rules.approval import ApprovalReason
from chalicelib.core.actor import Actor, Role
from chalicelib.core.dynamodb.items import Page, cursor_of, text_of
from chalicelib.core.errors import ErrorCode, UnprocessableError
from chalicelib.core.money import decimal_from
from chalicelib.core.observability import note
from chalicelib.monoova.rules.gate import Gate, Passage
from chalicelib.payouts.rules.payout import HistoryEntry, Payout, State
from chalicelib.web.http import Reply

if TYPE_CHECKING:
    from chalicelib.customers.manage_customers import Customer
    from chalicelib.customers.store import SealedDestination
    from chalicelib.monoova.client import Account
    from chalicelib.payouts.list_payouts import Listing
    from chalicelib.payouts.request_payout import Requested
    from chalicelib.payouts.sending.reconcile_due import Findings
    from chalicelib.payouts.validate_payout import Validated
    from chalicelib.webhooks.manage_dead_letters import DeadLetter, DeadLetters

Json = dict[str, Any]

_WAITING: Final[Mapping[Passage | ApprovalReason, str]] = {
    Passage.PAUSED: "Payouts are paused by an operator. This one is queued and will be sent by"
    " itself once they are resumed.",
    Passage.CIRCUIT_OPEN: "Monoova cannot be reached reliably at the moment. This payout is queued"
    " and will be sent by itself once Monoova is back.",
    ApprovalReason.ABOVE_THRESHOLD: "More than one person alone may pay: it waits until somebody"
    " else approves it, 30 days at most.",
    ApprovalReason.NEW_DESTINATION: "No approver has approved a payout to this destination yet: it"
    " waits until somebody else approves it, 30 days at most.",
}


def _time(time: datetime | None) -> str | None:
    return text_of(time) if time else None


def me(shown: Actor) -> Json:
    """Whoever asks, with every role they have."""
    return {"name": shown.name, "roles": [role.value for role in Role if shown.may(role)]}


def destination(shown: "SealedDestination") -> Json:
    """A destination, masked."""
    return {
        "destination_id": shown.destination_id,
        "type": shown.type,
        "pay_id_type": shown.pay_id_type,
        "masked": shown.masked,
        "created_at": _time(shown.created_at),
        "bsb_checked_at": _time(shown.bsb_checked_at),
        "verification": {
            "status": shown.verification.status.value,
            "owner_name_matches": shown.verification.owner_name_matches,
            "at": _time(shown.verification.at),
        },
    }


def customer(shown: "Customer") -> Json:
    """A customer with masked destinations."""
    return {
        "customer_id": shown.customer_id,
        "external_id": shown.external_id,
        "name": shown.name,
        "email": shown.email,
        "destinations": [destination(d) for d in shown.destinations],
        "created_at": _time(shown.created_at),
        "updated_at": _time(shown.updated_at),
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
        "failure_code": shown.failure_code,
        "failure_reason": shown.failure_reason,
        "monoova_transaction_id": shown.monoova_transaction_id,
        "description": shown.description,
        "lodgement_reference": shown.lodgement_reference,
        "retry_of": shown.retry_of,
        "batch_id": shown.batch_id,
        "created_by": shown.created_by,
        "created_at": _time(shown.created_at),
        "updated_at": _time(shown.updated_at),
        "completed_at": _time(shown.completed_at),
        "next_look_at": _time(shown.due_at),
    }


def payout_with_history(shown: Payout) -> Json:
    """A payout and its story, oldest first, and what it means."""
    history = [_entry(entry) for entry in shown.history]
    return payout(shown) | {"history": history, "explanation": _explanation(shown)}


def _explanation(shown: Payout) -> Json:
    # Here, because a webhook, a queue's message and a list have nothing to explain.
    from chalicelib.payouts.rules.explanation import explained

    found = explained(shown)
    return {
        "summary": found.summary,
        "next": found.next,
        "next_at": _time(found.next_at),
        "what_to_do": found.what_to_do,
    }


def _entry(entry: HistoryEntry) -> Json:
    state = entry.state
    return {
        "at": _time(entry.at),
        "event": entry.event,
        "status": state.status.value,
        "submission": state.submission.value if state.submission else None,
        "by": entry.by,
        "detail": entry.detail,
    }


def accepted(shown: "Requested") -> Reply:
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


def _why(reasons: Sequence[Passage | ApprovalReason]) -> str:
    return " ".join(_WAITING[reason] for reason in reasons)


def payouts(shown: "Listing") -> Json:
    """A page of payouts."""
    return page_of([payout(item) for item in shown.items], shown.next_cursor)


def customers(shown: "Page[Customer]") -> Json:
    """A page of customers."""
    return page_of([customer(item) for item in shown.items], cursor_of(shown.next_key))


def page_of(items: Sequence[Json], next_cursor: str | None) -> Json:
    return {"items": list(items), "next_cursor": next_cursor}


def validated(shown: "Validated") -> Json:
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


def account(shown: "Account") -> Json:
    """The mAccount's money in AUD, with Monoova's own decimals."""

    def dollars(amount: Decimal | None) -> Decimal | None:
        return amount if amount is None else amount.quantize(Decimal("0.0001"))

    return {
        "currency": "AUD",
        "actual_balance": dollars(shown.actual_balance),
        "available_to_debit": dollars(shown.available_to_debit),
        "npp_balance": dollars(shown.npp_balance),
        "npp_payout_limit": dollars(shown.npp_payout_limit),
    }


def sending(shown: Gate) -> Json:
    """Whether anything is sent. A pause stands before an open circuit: it ends only by hand."""
    status = "CircuitOpen" if shown.is_open else "Open"
    changed = {"what": shown.switched, "by": shown.switched_by, "at": _time(shown.switched_at)}
    return {
        "status": "Paused" if shown.is_paused else status,
        "paused_by": shown.paused_by,
        "paused_at": _time(shown.paused_at),
        "pause_reason": shown.pause_reason,
        "open_reason": shown.open_reason,
        "opened_at": _time(shown.opened_at),
        "next_probe_at": _time(shown.probe_at),
        "last_switch": changed if shown.switched else None,
    }


def dead_letters(shown: "DeadLetters") -> Json:
    """What rests, the oldest first."""
    return {
        "items": [dead_letter(letter) for letter in shown.items],
        "is_complete": shown.is_complete,
        "approximate_count": shown.approximate_count,
    }


def dead_letter(shown: "DeadLetter") -> Json:
    """A message that failed five times, without its text."""
    cents = shown.amount_cents
    return {
        "message_id": shown.message_id,
        "kind": shown.kind,
        "event": shown.event,
        "transaction_id": shown.transaction_id,
        "batch_id": shown.batch_id,
        "amount": decimal_from(cents) if cents is not None else None,
        "monoova_transaction_id": shown.monoova_transaction_id,
        "sent_at": _time(shown.sent_at),
        "received": shown.received,
    }


def findings(shown: "Findings") -> Json:
    """What a reconciliation found."""
    return {
        "looked_at": shown.looked_at,
        "questions_to_monoova": shown.questions,
        "moved_to": shown.moved,
        "is_finished": shown.is_finished,
        "circuit": shown.circuit,
    }
