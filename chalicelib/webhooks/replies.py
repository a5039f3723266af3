"""What a reply about dead letters looks like."""

from typing import TYPE_CHECKING

from chalicelib.core.money import decimal_from
from chalicelib.web.replies import Json, time_of

if TYPE_CHECKING:
    from chalicelib.webhooks.manage_dead_letters import DeadLetter, DeadLetters


def dead_letters(shown: "DeadLetters") -> Json:
    """A list of dead letters, the oldest first."""
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
        "sent_at": time_of(shown.sent_at),
        "received": shown.received,
    }
