"""Monoova's webhooks: which event a body is, and what it says of one payout.

Two forms exist: the official one (PascalCase, no event name; Monoova Payments OpenAPI v5.29) and
one in camelCase with `eventName` and a textual `transactionId`. Both are read; unknown fields are
ignored, since Monoova adds fields without notice.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from chalicelib.core.redaction import redact
from chalicelib.monoova.event_names import (
    CREDITED,
    DISHONOUR,
    KNOWN_EVENTS,
    PAYMENT_STATUS,
    RECEIVED,
    RETURN,
)
from chalicelib.payouts.rules.news import Notice, NoticeKind

if TYPE_CHECKING:
    from chalicelib.webhooks.inbound_credits import Credits

UNKNOWN: Final = "Unknown"

_STATUSES: Final = {
    "payment successful": NoticeKind.PAID,
    "rejected": NoticeKind.REJECTED,
}
_PAYEE_FIELDS: Final = ("accountname", "accountnumber", "bsb", "payid")
_OF_A_RETURN: Final = ("returntransactionid", "returndate", "returnreason")
_MOST_DIGITS: Final = 15
_EXACT_DIGITS: Final = 28
_REFERENCE: Final = re.compile(r"[!-~]{1,200}")
_DIGITS: Final = re.compile(r"[0-9A-Za-z]{1,40}")
_NO_DIGITS: Final = re.compile(r"[^0-9]")
_DATE_DIGITS: Final = 8
# The longest that Monoova's subscription API takes. Letters only: the name is logged.
_EVENT_NAME: Final = re.compile(r"[A-Za-z]{1,50}")

Body = Mapping[str, object]


class MalformedEventError(ValueError):
    """The body is not an event of the kind it was sent as. The message quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Event:
    """One webhook. `notice` is there for the kinds that change payouts, `credits` for the two that
    tell of money coming in.

    `name` is Monoova's, also where we do not know it; `UNKNOWN` where there is none to speak of.
    """

    name: str
    notice: Notice | None = None
    credits: "Credits | None" = None


def event_of(raw: bytes, path_name: str | None) -> Event:
    """The event in a webhook's body; `path_name` is the event that the path names, if it does.

    Raises:
        MalformedEventError
    """
    try:
        document = json.loads(raw, parse_float=Decimal)
    # ArithmeticError: an exponent that no Decimal can hold.
    except (ValueError, ArithmeticError, RecursionError):
        raise MalformedEventError("The body is not JSON.") from None
    # Rejections of inbound credits come as an array; they concern no payout.
    body = _folded(document) if isinstance(document, dict) else {}
    name = _name_of(body, path_name)
    if name == PAYMENT_STATUS:
        kind = _STATUSES.get((_text(body, "status") or "").casefold())
        reason = _text(body, "rejectionreasondescription")
        # A status that Monoova does not document is no evidence: the status API will tell.
        return Event(name, _notice(body, kind, reason) if kind else None)
    if name == RETURN:
        # The path is not signed: what is signed has to say that it is a return.
        is_return = any(body.get(each) for each in _OF_A_RETURN)
        reason = _text(body, "returnreason")
        return Event(name, _notice(body, NoticeKind.RETURNED, reason) if is_return else None)
    if name == DISHONOUR:
        return Event(name, _dishonour(body))
    if name in (RECEIVED, CREDITED):
        return Event(name, credits=_credits(body, name))
    return Event(name)


def _folded(document: Mapping[str, object]) -> Body:
    return {name.casefold(): value for name, value in document.items()}


def _name_of(body: Body, path_name: str | None) -> str:
    """The path decides, else the event's own name, unless its shape is another event's of payouts:
    news of money must not be lost to a wrong address.
    """
    named = path_name or _text(body, "eventname")
    shape = _shape_of(body)
    if named and not _outweighs(shape, body):
        other = named if _EVENT_NAME.fullmatch(named) else UNKNOWN
        return KNOWN_EVENTS.get(named.casefold(), other)
    return shape


def _outweighs(shape: str, body: Body) -> bool:
    if shape != PAYMENT_STATUS:
        return shape in (RETURN, DISHONOUR)
    # Other events have a status too.
    return (_text(body, "status") or "").casefold() in _STATUSES


def _shape_of(body: Body) -> str:
    if body.get("returntransactionid"):
        return RETURN
    if body.get("originaltransactionid") and body.get("transactionreference"):
        return DISHONOUR
    has_status = body.get("status") is not None and body.get("uniquereference") is not None
    if has_status and body.get("returndate") is None:
        return PAYMENT_STATUS
    if body.get("directcreditdetails") is not None:
        return CREDITED
    # The text that came with a payment, and no reference of ours.
    is_received = "paymentdescription" in body and "uniquereference" not in body
    return RECEIVED if is_received else UNKNOWN


def _credits(body: Body, name: str) -> "Credits":
    # Money comes in seldom; what does not need it does not load it.
    from chalicelib.reports.rules.funding import CreditKind
    from chalicelib.webhooks.inbound_credits import Credits, credit_of

    parts: list[object] = [body]
    kind = CreditKind.NPP
    if name == CREDITED:
        details, kind = body.get("directcreditdetails"), CreditKind.DIRECT_CREDIT
        # Without its list, it announced something that cannot be read.
        parts = details if isinstance(details, list) else [None]
    folded = [_folded(part) if isinstance(part, dict) else {} for part in parts]
    found = [
        credit_of(
            kind,
            _transaction_id(each.get("transactionid")),
            _cents(each.get("amount")),
            each.get("datetime"),
        )
        for each in folded
    ]
    read = tuple(credit for credit in found if credit is not None)
    return Credits(read, len(found) - len(read))


def _dishonour(body: Body) -> Notice | None:
    """A Direct Entry payout that came back. Of type Debit it is a direct debit, which we have none
    of.
    """
    if (_text(body, "type") or "").casefold() != "credit":
        return None
    details = body.get("bankdetails")
    as_return = {
        **(_folded(details) if isinstance(details, dict) else {}),
        "uniquereference": body.get("transactionreference"),
        "amount": body.get("amount"),
        "transactionid": body.get("originaltransactionid"),
        # It has no number of its own: Monoova tells two apart by their date.
        "returntransactionid": _NO_DIGITS.sub("", _text(body, "returndate") or "")[:_DATE_DIGITS],
    }
    return _notice(as_return, NoticeKind.RETURNED, _text(body, "returnreason"))


def _notice(body: Body, kind: NoticeKind, reason: str | None) -> Notice:
    reference = _text(body, "uniquereference") or _text(body, "calleruniquereference") or ""
    if not _REFERENCE.fullmatch(reference):
        raise MalformedEventError("There is no uniqueReference.")
    payee = [str(body[name]) for name in _PAYEE_FIELDS if body.get(name)]
    return Notice(
        kind=kind,
        reference=reference,
        amount_cents=_cents(body.get("amount")),
        monoova_transaction_id=_transaction_id(body.get("transactionid")),
        reason=redact(reason, payee) if reason else None,
        return_id=_transaction_id(body.get("returntransactionid")),
    )


def _text(body: Body, name: str) -> str | None:
    value = body.get(name)
    return value.strip() if isinstance(value, str) and value.strip() else None


def _transaction_id(value: object) -> str | None:
    is_id = isinstance(value, (int, str)) and not isinstance(value, bool)
    text = str(value).strip() if is_id and not _is_huge(value) else ""
    return text if _DIGITS.fullmatch(text) and text != "0" else None


def _is_huge(value: object) -> bool:
    """Numbers past what Monoova can mean, which would be slow to print."""
    return isinstance(value, int) and abs(value) >= 10**40


def _cents(value: object) -> int | None:
    """Whole cents of an amount that may be a text and carry four decimals; None if it is none."""
    is_amount = isinstance(value, (int, str, Decimal)) and not isinstance(value, bool)
    try:
        number = Decimal(str(value)) if is_amount and not _is_huge(value) else None
    except InvalidOperation:
        return None
    if number is None or not number.is_finite() or number.adjusted() > _MOST_DIGITS:
        return None
    if len(number.as_tuple().digits) > _EXACT_DIGITS:
        # What Decimal would round: an amount of so many digits is none.
        return None
    cents = number.scaleb(2)
    return int(cents) if cents == cents.to_integral_value() else None
