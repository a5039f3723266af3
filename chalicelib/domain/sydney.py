"""The business's day: Sydney's.

Lambda promises no time zone data, and a package of the whole world's is a lot for one city whose
rule has been the same since 2008 (Standard Time Act 1987 (NSW)): ten hours ahead of UTC, eleven
from the first Sunday of October to the first Sunday of April, changed at 16:00 UTC of the Saturday
before.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final

_STANDARD: Final = timedelta(hours=10)
_SUMMER: Final = timedelta(hours=11)
_SUNDAY: Final = 6
_STARTS_AND_ENDS_AT: Final = timedelta(hours=16)


def sydney_day(at: datetime) -> date:
    """The date in Sydney at a moment."""
    at = at.astimezone(UTC)
    is_summer = not _change(at.year, 4) <= at < _change(at.year, 10)
    return (at + (_SUMMER if is_summer else _STANDARD)).date()


def _change(year: int, month: int) -> datetime:
    """When the clocks change in the night to the month's first Sunday."""
    first = datetime(year, month, 1, tzinfo=UTC)
    sunday = first + timedelta(days=_SUNDAY - first.weekday())
    return sunday - timedelta(days=1) + _STARTS_AND_ENDS_AT
