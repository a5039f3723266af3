"""What the answers about days and funds look like. Days are Sydney's, times are UTC."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chalicelib.core.dynamodb.items import Page, cursor_of, text_of
from chalicelib.core.money import decimal_from
from chalicelib.web.replies import Json, page_of

if TYPE_CHECKING:
    from chalicelib.reports.count_days import DayFigures
    from chalicelib.reports.rules.daily_report import AccountDay, DailyReport, Line
    from chalicelib.reports.rules.day_statistics import DayStatistics, Sum
    from chalicelib.reports.rules.funding import Credit


def report(shown: "DailyReport") -> Json:
    """A report with its differences."""
    return _summary(shown) | {"differences": [_line(line) for line in shown.differences]}


def reports(shown: "Page[DailyReport]") -> Json:
    """A page of reports without their differences."""
    items = [_summary(each) for each in shown.items]
    return page_of(items, cursor_of(shown.next_key), shown.unreadable)


def made(shown: "Sequence[DailyReport]") -> Json:
    """What the morning's run did. Lambda's own JSON knows no Decimal: no amount is in it."""
    told = ("date", "is_complete", "incomplete_because", "counts", "missed_webhooks")
    return {"reports": [{name: _summary(each)[name] for name in told} for each in shown]}


def _summary(shown: "DailyReport") -> Json:
    webhooks = shown.missed_webhooks
    return {
        "date": shown.day.isoformat(),
        "revision": shown.revision,
        "made_at": text_of(shown.made_at),
        "made_by": shown.made_by,
        "is_complete": shown.is_complete,
        "incomplete_because": shown.incomplete_because,
        "counts": dict(shown.counts),
        "difference_count": shown.difference_count,
        "not_ours": shown.not_ours,
        "account": _account(shown.account) if shown.account else None,
        "missed_webhooks": {"found": webhooks.found, "sent_again": webhooks.sent_again}
        if webhooks
        else None,
        "statistics": _figures(shown.statistics),
    }


def _account(shown: "AccountDay") -> Json:
    return {
        "opening_balance": shown.opening_balance,
        "closing_balance": shown.closing_balance,
        "total_debits": shown.total_debits,
        "total_credits": shown.total_credits,
        "adds_up": shown.adds_up,
    }


def _line(shown: "Line") -> Json:
    cents = shown.amount_cents
    return {
        "kind": shown.kind.value,
        "transaction_id": shown.reference,
        "monoova_transaction_id": shown.monoova_transaction_id,
        "status": shown.status,
        "amount": None if cents is None else decimal_from(cents),
        "amount_there": shown.amount_there,
        "in_statement": shown.in_statement,
        "in_transactions": shown.in_transactions,
        "monoova_says": shown.monoova_says,
        "flaw": shown.flaw,
    }


def statistics(shown: "Sequence[DayFigures]") -> Json:
    """The figures of days, newest first."""
    return {
        "items": [
            {"day": each.day.isoformat(), "partial": each.is_partial, **_figures(each.statistics)}
            for each in shown
        ]
    }


def _figures(shown: "DayStatistics") -> Json:
    return {
        **_sum(shown.total),
        "completed": shown.completed,
        "failed": shown.failed,
        "returned": shown.returned,
        "cancelled": shown.cancelled,
        "open": shown.open,
        "success_rate": shown.success_rate,
        "median_seconds_to_complete": shown.median_seconds,
        "p95_seconds_to_complete": shown.p95_seconds,
        "by_method": {method: _sum(each) for method, each in shown.by_method.items()},
    }


def _sum(shown: "Sum") -> Json:
    return {"count": shown.count, "value": decimal_from(shown.value_cents)}


def funds(shown: "Page[Credit]") -> Json:
    """A page of money that came in."""
    return page_of(
        [
            {
                "at": text_of(each.at),
                "amount": decimal_from(each.amount_cents),
                "kind": each.kind.value,
                "monoova_transaction_id": each.monoova_transaction_id,
            }
            for each in shown.items
        ],
        cursor_of(shown.next_key),
        shown.unreadable,
    )
