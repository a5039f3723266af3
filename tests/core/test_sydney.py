"""Sydney's days, without a table of time zones."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chalicelib.core.sydney import bounds_of, sydney_day, utc_days_of, utc_of

ZONE = ZoneInfo("Australia/Sydney")


@pytest.mark.parametrize("year", [2025, 2026, 2027, 2032])
def test_every_hour_of_a_year_has_the_date_that_the_time_zone_database_gives_it(year: int) -> None:
    at = datetime(year, 1, 1, tzinfo=UTC)
    while at.year == year:
        assert sydney_day(at) == at.astimezone(ZONE).date()
        at += timedelta(hours=1)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-04-05", 25), ("2026-10-04", 23), ("2026-11-24", 24)]
)
def test_a_day_has_the_hours_that_the_change_of_clocks_leaves_it(day: str, hours: int) -> None:
    begins, ends = bounds_of(date.fromisoformat(day))
    assert ends - begins == timedelta(hours=hours)
    assert sydney_day(begins) == sydney_day(ends - timedelta(seconds=1)) == date.fromisoformat(day)


def test_of_the_hour_that_comes_twice_in_autumn_the_first_is_meant() -> None:
    assert utc_of(datetime(2026, 4, 5, 2, 30)) == datetime(2026, 4, 4, 15, 30, tzinfo=UTC)  # noqa: DTZ001
    assert utc_of(datetime(2026, 4, 5, 3, 0)) == datetime(2026, 4, 4, 17, 0, tzinfo=UTC)  # noqa: DTZ001


def test_a_day_of_sydney_lies_in_two_days_of_utc() -> None:
    assert list(utc_days_of(date(2026, 11, 24))) == [date(2026, 11, 23), date(2026, 11, 24)]
