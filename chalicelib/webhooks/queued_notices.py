"""Notices on the webhook queue: what they look like, and the seal that says how far to believe one.

Any sender to the queue could otherwise settle payouts: a notice is believed as far as its seal
says, and one without a valid seal only makes us ask Monoova.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from typing import Final

from chalicelib.core.secrets import Secret
from chalicelib.payouts.rules.news import Notice, NoticeKind, Trust
from chalicelib.webhooks.events import MalformedEventError

_SEAL: Final = "seal"
# A key for each purpose: what one seals opens nothing of another.
_PURPOSE: Final = b"monoova-payouts webhook queue 1"


class QueuedNotices:
    """Makes messages of notices, and notices of messages.

    `api_key` is Monoova's, which only our functions can read; the seal's key is derived from it.
    What was sealed under a key that was rotated meanwhile is a hint.
    """

    def __init__(self, api_key: Callable[[], Secret]) -> None:
        self._api_key = api_key

    def message_of(self, notice: Notice) -> dict[str, object]:
        """The notice as a queue message: ids, codes, an amount, a redacted reason, and the seal.

        Raises:
            SecretUnavailableError
        """
        message = _message_of(notice)
        return message | {_SEAL: self._seal_of(message)}

    def notice_of(self, message: Mapping[str, object]) -> Notice:
        """The notice in a queue message, believed no further than its seal allows.

        Raises:
            MalformedEventError: it is none.
            SecretUnavailableError
        """
        fields = {name: value for name, value in message.items() if name != _SEAL}
        seal = message.get(_SEAL)
        is_sealed = isinstance(seal, str) and hmac.compare_digest(
            seal.encode(errors="replace"), self._seal_of(fields).encode()
        )
        return _notice_of(fields, is_sealed=is_sealed)

    def _seal_of(self, fields: Mapping[str, object]) -> str:
        key = hmac.digest(self._api_key().reveal().encode(), _PURPOSE, "sha256")
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
        return hmac.digest(key, text.encode(), "sha256").hex()


def unsealed_message_of(notice: Notice) -> dict[str, object]:
    """The notice as a message that is a hint: for when there is no key to seal it with."""
    return _message_of(notice)


def _message_of(notice: Notice) -> dict[str, object]:
    return {
        "kind": notice.kind.value,
        "reference": notice.reference,
        "amount_cents": notice.amount_cents,
        "monoova_transaction_id": notice.monoova_transaction_id,
        "reason": notice.reason,
        "return_id": notice.return_id,
        "trust": notice.trust.value,
    }


def _notice_of(message: Mapping[str, object], *, is_sealed: bool) -> Notice:
    reference, cents = message.get("reference"), message.get("amount_cents")
    if not isinstance(reference, str) or not isinstance(cents, (int, type(None))):
        raise MalformedEventError("Not an event of the webhook queue.")
    try:
        kind = NoticeKind(str(message.get("kind")))
        trust = Trust(str(message.get("trust"))) if is_sealed else Trust.HINT
    except ValueError:
        raise MalformedEventError("Not a kind of event that changes payouts.") from None
    return Notice(
        kind=kind,
        reference=reference,
        amount_cents=cents,
        monoova_transaction_id=_text(message, "monoova_transaction_id"),
        reason=_text(message, "reason"),
        return_id=_text(message, "return_id"),
        trust=trust,
    )


def _text(message: Mapping[str, object], name: str) -> str | None:
    value = message.get(name)
    return value if isinstance(value, str) else None
