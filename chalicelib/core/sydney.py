"""Sydney's days and clock: Monoova dates everything by them, and writes no offset.

Lambda promises no time zone data, and a package of the whole world's is a lot for one city whose
rule has been the same since 2008 (Standard Time Act 1987 (NSW)): ten hours ahead of UTC, eleven
from the first Sunday of October to the first Sunday of April, changed at 16:00 UTC of the Saturday
before.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

_STANDARD: Final = timedelta(hours=10)
_SUMMER: Final = timedelta(hours=11)
_APRIL: Final = 4
_OCTOBER: Final = 10
_SUNDAY: Final = 6


def sydney_day(at: datetime) -> date:
    """The date in Sydney at a moment."""
    return (at.astimezone(UTC) + _offset(at)).date()


def bounds_of(day: date) -> tuple[datetime, datetime]:
    """When the day begins in Sydney, and when the next one does; 23 to 25 hours lie between."""
    return utc_of(datetime.combine(day, time())), utc_of(
        datetime.combine(day + timedelta(days=1), time())
    )


def utc_of(local: datetime) -> datetime:
    """The moment of a local time without offset.

    Of the hour that comes twice in autumn, the first; the hour that spring leaves out is taken as
    standard time.
    """
    in_summer = local.replace(tzinfo=UTC) - _SUMMER
    return in_summer if _offset(in_summer) == _SUMMER else local.replace(tzinfo=UTC) - _STANDARD


def utc_days_of(day: date) -> Iterator[date]:
    """The UTC days that a day of Sydney lies in."""
    begins, ends = bounds_of(day)
    first, last = begins.date(), (ends - timedelta(microseconds=1)).date()
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _offset(at: datetime) -> timedelta:
    moment = at.astimezone(UTC)
    is_winter = _change(moment.year, _APRIL) <= moment < _change(moment.year, _OCTOBER)
    return _STANDARD if is_winter else _SUMMER


def _change(year: int, month: int) -> datetime:
    first = date(year, month, 1)
    sunday = first + timedelta(days=(_SUNDAY - first.weekday()) % 7)
    return datetime.combine(sunday - timedelta(days=1), time(16), UTC)
