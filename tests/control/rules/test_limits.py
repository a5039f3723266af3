"""The sums that a payout is counted in, and the day on which it counts."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chalicelib.control.rules.limits import Count, LimitKind, Limits
from chalicelib.core.sydney import sydney_day

NOON = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DAY = date(2026, 3, 2)


def test_only_what_has_a_limit_is_counted() -> None:
    assert Limits().counts("c", "d", 500, NOON) == ()
    assert not Limits().are_set
    assert Limits(in_total_cents=9).are_set
    assert Limits(in_total_cents=9).counts("c", "d", 5, NOON) == (
        Count(LimitKind.TOTAL, DAY, None, 5, 9),
    )
    assert Limits(7, 8, 9).counts("c", "d", 5, NOON) == (
        Count(LimitKind.CUSTOMER, DAY, "c", 5, 7),
        Count(LimitKind.DESTINATION, DAY, "d", 5, 8),
        Count(LimitKind.TOTAL, DAY, None, 5, 9),
    )


def test_the_room_is_what_the_sum_may_be_before() -> None:
    assert Count(LimitKind.TOTAL, DAY, None, 5, 9).room_cents == 4


@pytest.mark.parametrize("year", [2024, 2026, 2027, 2033])
def test_the_day_is_sydneys_in_summer_in_winter_and_where_the_clocks_change(year: int) -> None:
    sydney = ZoneInfo("Australia/Sydney")
    moment = datetime(year, 1, 1, tzinfo=UTC)
    while moment.year == year:
        for second in (0, 1, 3599):
            at = moment + timedelta(seconds=second)
            assert sydney_day(at) == at.astimezone(sydney).date()
        moment += timedelta(hours=1)
