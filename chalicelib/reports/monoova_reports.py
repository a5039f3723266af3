"""Monoova's reports: the statement, the mAccount's movements, the webhooks that did not arrive.

None of them names a payee to us: of every line only ids and amounts are read.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from chalicelib.monoova.client import MonoovaClient, number_of
from chalicelib.monoova.rules.outcome import Answer, Silence, is_evidence
from chalicelib.reports.rules.comparison import Movement, StatementLine
from chalicelib.reports.rules.daily_report import AccountDay

# Of the webhook report, in one answer.
NOTIFICATIONS_AT_ONCE: Final = 1000
_FAILED: Final = "error"
_MOST_OF_A_PART: Final = 40

Heard = Answer | Silence


@dataclass(frozen=True, slots=True)
class Account:
    """One day of the mAccount."""

    totals: AccountDay
    movements: tuple[Movement, ...]


@dataclass(frozen=True, slots=True)
class Notification:
    """A webhook as Monoova's report has it: it says which event, never of which payment."""

    webhook_id: str
    event_name: str
    has_failed: bool


class MonoovaReports:
    """One method per report. What Monoova did not say is None; the answer says how the call went.

    Dates are Sydney's. A day of 20,000 payouts has 20 MB of movements, which may take `seconds`.
    """

    def __init__(self, client: MonoovaClient) -> None:
        self._client = client

    def statement(
        self, day: date, seconds: float
    ) -> tuple[tuple[StatementLine, ...] | None, Heard]:
        """`GET /reports/v1/statement/{date}`: what was carried out successfully that day."""
        path = f"/reports/v1/statement/{day.isoformat()}"
        document, answer = self._client.ask("statement", "GET", path, seconds=seconds)
        lines = _list(document, "transactions")
        return None if lines is None else tuple(_stated(lines)), answer

    def account_day(self, account: str, day: date, seconds: float) -> tuple[Account | None, Heard]:
        """`POST /mAccount/v1/transactions` of one day: each movement of money."""
        body = _custom(account, day, day)
        document, answer = self._client.ask(
            "transactions",
            "POST",
            "/mAccount/v1/transactions",
            json.dumps(body).encode(),
            seconds,
        )
        lines = _list(document, "items")
        totals = _totals(document)
        if lines is None or totals is None:
            return None, answer
        return Account(totals, tuple(_movements(lines))), answer

    def movements(
        self,
        account: str,
        first: date,
        last: date,
        is_wanted: Callable[[str, str], bool],
        seconds: float,
    ) -> tuple[tuple[Movement, ...], bool, Heard]:
        """`POST /mAccount/v1/transactions` of many days: the lines wanted, by their references and
        Monoova's numbers, and whether Monoova answered in full.

        What came before an answer broke off is true all the same. The lines are read as they come:
        weeks of a busy account are more than a function can hold.
        """
        from chalicelib.monoova.line_stream import LineStream

        found: list[Movement] = []

        def take(line: Mapping[str, Any]) -> None:
            text, number = line.get("uniqueReference"), number_of(line.get("transactionId"))
            reference = text if isinstance(text, str) else ""
            if is_wanted(reference, number or ""):
                found.append(_movement(line, reference))

        body = json.dumps(_custom(account, first, last)).encode()
        lines = LineStream("items", take)
        path = "/mAccount/v1/transactions"
        answer = self._client.stream("credits", path, body, seconds, lines)
        return tuple(found), isinstance(answer, Answer) and is_evidence(answer), answer

    def notifications(self, day: date, skip: int) -> tuple[tuple[Notification, ...] | None, Heard]:
        """`GET /subscriptions/v1/report/{date}`: one page, from `skip` on."""
        path = notifications_path(day, skip)
        document, answer = self._client.ask("webhook_report", "GET", path)
        lines = _list(document, "notifications")
        return None if lines is None else tuple(_notifications(lines)), answer

    def send_again(self, webhook_id: str) -> tuple[bool, Heard]:
        """`POST /subscriptions/v2/resend/{WebhookId}`: whether Monoova will."""
        path = send_again_path(webhook_id)
        document, answer = self._client.ask("resend", "POST", path, b"")
        return document is not None, answer


def _custom(account: str, first: date, last: date) -> dict[str, object]:
    return {
        "accountNumber": account,
        "frequency": "Custom",
        "startDate": f"{first.isoformat()}T00:00:00",
        "endDate": f"{last.isoformat()}T23:59:59",
        "descending": False,
        # Without it, Monoova ignores the times.
        "useTime": True,
    }


def notifications_path(day: date, skip: int) -> str:
    """Where a page of a day's webhook report is."""
    return f"/subscriptions/v1/report/{day.isoformat()}?skip={skip}&take={NOTIFICATIONS_AT_ONCE}"


def send_again_path(webhook_id: str) -> str:
    """Where a webhook is asked for again."""
    return f"/subscriptions/v2/resend/{quote(webhook_id, safe='')}"


def _list(document: object, name: str) -> list[Mapping[str, Any]] | None:
    items = document.get(name) if isinstance(document, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else None


def _stated(lines: list[Mapping[str, Any]]) -> Iterator[StatementLine]:
    for line in lines:
        # Monoova's own spelling of the reference's name.
        reference, amount = line.get("uniqueReferenced"), _dollars(line.get("totalAmount"))
        if isinstance(reference, str) and reference and amount is not None:
            fee = _dollars(line.get("feeAmountIncludingGst")) or Decimal(0)
            yield StatementLine(reference, number_of(line.get("transactionId")) or "", amount, fee)


def _movements(lines: list[Mapping[str, Any]]) -> Iterator[Movement]:
    for line in lines:
        reference = line.get("uniqueReference")
        if isinstance(reference, str) and reference:
            yield _movement(line, reference)


def _movement(line: Mapping[str, Any], reference: str) -> Movement:
    return Movement(
        reference,
        number_of(line.get("transactionId")) or "",
        # Which sign a debit has is not documented.
        abs(_dollars(line.get("debit")) or Decimal(0)),
        abs(_dollars(line.get("credit")) or Decimal(0)),
        _line_of(line) if line.get("credit") else "",
    )


def _line_of(line: Mapping[str, Any]) -> str:
    """Which line it is: Monoova's own id of it, or else all that tells it from another."""
    number = number_of(line.get("mPaymentsId"))
    parts = (line.get("dateTime"), number_of(line.get("transactionId")))
    return number or "/".join(str(part)[:_MOST_OF_A_PART] for part in parts)


def _totals(document: object) -> AccountDay | None:
    names = ("openingBalance", "closingBalance", "totalDebits", "totalCredits")
    found = [_dollars(document.get(name)) for name in names] if isinstance(document, dict) else []
    known = [amount for amount in found if amount is not None]
    return AccountDay(*known) if len(known) == len(names) else None


def _notifications(lines: list[Mapping[str, Any]]) -> Iterator[Notification]:
    for line in lines:
        webhook_id, name = number_of(line.get("webhookId")), line.get("eventName")
        if webhook_id and isinstance(name, str):
            has_failed = str(line.get("status")).casefold() == _FAILED
            yield Notification(webhook_id, name, has_failed)


def _dollars(value: object) -> Decimal | None:
    is_number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    return Decimal(str(value)) if is_number else None
