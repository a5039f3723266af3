"""Sydney's days, without a table of time zones."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chalicelib.core.sydney import bounds_of, sydney_day, utc_days_of, utc_of

ZONE = ZoneInfo("Australia/Sydney")


@pytest.fixture
def far_from_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process's own zone is that of New York."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


# In October 2028 and April 2029 the first of the month is the Sunday itself.
@pytest.mark.parametrize("year", [2025, 2026, 2027, 2028, 2029, 2032])
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


@pytest.mark.usefixtures("far_from_utc")
def test_the_zone_of_the_machine_does_not_matter() -> None:
    assert sydney_day(datetime(2026, 11, 24, 14, tzinfo=UTC)) == date(2026, 11, 25)
    assert sydney_day(datetime(2026, 6, 24, 13, tzinfo=UTC)) == date(2026, 6, 24)


def test_summer_time_begins_with_the_hour_that_spring_leaves_out() -> None:
    assert utc_of(datetime(2026, 10, 4, 3, 0)) == datetime(2026, 10, 3, 16, 0, tzinfo=UTC)  # noqa: DTZ001
    assert utc_of(datetime(2026, 10, 4, 2, 30)) == datetime(2026, 10, 3, 16, 30, tzinfo=UTC)  # noqa: DTZ001
