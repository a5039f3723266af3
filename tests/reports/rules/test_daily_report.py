"""What a report on a day says of itself, and of the mAccount."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from chalicelib.reports.rules.comparison import DIFFERENCES, Kind
from chalicelib.reports.rules.daily_report import AccountDay, DailyReport, Incomplete, Line
from chalicelib.reports.rules.day_statistics import DayStatistics


def report(
    counts: dict[Kind, int] | None = None, incomplete_because: Incomplete | None = None
) -> DailyReport:
    return DailyReport(
        day=date(2026, 11, 24),
        made_at=datetime(2026, 11, 25, tzinfo=UTC),
        made_by="schedule",
        statistics=DayStatistics(),
        incomplete_because=incomplete_because,
        counts={kind.value: count for kind, count in (counts or {}).items()},
    )


def account(opening: str, closing: str, debits: str, credits_: str) -> AccountDay:
    return AccountDay(Decimal(opening), Decimal(closing), Decimal(debits), Decimal(credits_))


@pytest.mark.parametrize(
    ("day", "adds_up"),
    [
        (account("100.0000", "80.5000", "30.0000", "10.5000"), True),
        (account("0", "0", "0", "0"), True),
        (account("100", "100.0001", "0", "0"), False),
        (account("100", "120", "20", "0"), False),
    ],
)
def test_an_account_adds_up_to_the_last_hundredth_of_a_cent(day: AccountDay, adds_up: bool) -> None:
    assert day.adds_up is adds_up


def test_only_differences_are_counted_as_such() -> None:
    assert report(dict.fromkeys(Kind, 2)).difference_count == 2 * len(DIFFERENCES)
    assert report({Kind.MATCHED: 5}).difference_count == 0


@pytest.mark.parametrize(
    ("counts", "incomplete_because", "is_complete", "is_settled"),
    [
        ({Kind.MATCHED: 1}, None, True, True),
        ({Kind.NOT_FINAL_HERE: 1}, None, True, False),
        ({Kind.NOT_FINAL_HERE: 0}, None, True, True),
        ({Kind.MATCHED: 1}, Incomplete.TIME_WAS_UP, False, False),
    ],
)
def test_a_report_is_settled_when_it_is_whole_and_every_payout_ended(
    counts: dict[Kind, int],
    incomplete_because: Incomplete | None,
    is_complete: bool,
    is_settled: bool,
) -> None:
    found = report(counts, incomplete_because)
    assert (found.is_complete, found.is_settled) == (is_complete, is_settled)
    assert found.revision == 0


def test_figures_that_were_not_counted_are_zero() -> None:
    found = DailyReport(
        date(2026, 11, 24), datetime(2026, 11, 25, tzinfo=UTC), "x", DayStatistics()
    )
    assert (found.incomplete_because, found.counts) == (None, {})
    assert (found.not_ours, found.differences) == (0, ())
    assert (found.account, found.missed_webhooks) == (None, None)
    line = Line(Kind.MISSING_HERE, "a-reference")
    assert line.in_statement is False
    assert line.in_transactions is False
    known = (line.monoova_transaction_id, line.status, line.amount_cents, line.amount_there)
    assert (*known, line.monoova_says) == (None,) * 5
