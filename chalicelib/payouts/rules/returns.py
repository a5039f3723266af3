"""Money that came back: when Monoova's books are asked for it, for how long, and what it allows.

The status API never shows a return. The movements of the mAccount do, some time after Monoova
reported it; until they have shown the credit, a return is a claim.
"""

from datetime import date, datetime, time, timedelta
from typing import Final, Protocol

_FIRST_QUESTIONS: Final = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4))
# Sydney's time: before the people who act on it begin their day.
_MORNING: Final = time(6)
_DAY: Final = timedelta(days=1)
_MOST_BANKING_DAYS: Final = 10
_SATURDAY: Final = 5


class _Returned(Protocol):
    @property
    def amount_cents(self) -> int: ...
    @property
    def return_seen_cents(self) -> int: ...


def payable_again_cents(payout: _Returned) -> int:
    """How much of a payout may be paid again without a further look: what the books show is back.

    Never more than the payout's own amount, whatever the books say.
    """
    return max(0, min(payout.amount_cents, payout.return_seen_cents))


def next_question_at(reported_at: datetime, now: datetime) -> datetime:
    """When the books are asked next: 15 minutes, 1 hour and 4 hours after the report, then each
    morning."""
    after = (reported_at + wait for wait in _FIRST_QUESTIONS)
    return next((at for at in after if at > now), _next_morning(now))


def _next_morning(now: datetime) -> datetime:
    # Here and below: hardly any payout comes back, and every function loads this module.
    from chalicelib.core.sydney import sydney_day, utc_of

    day = sydney_day(now)
    this = utc_of(datetime.combine(day, _MORNING))
    return this if this > now else utc_of(datetime.combine(day + _DAY, _MORNING))


def is_past_waiting(reported_at: datetime, now: datetime) -> bool:
    """Whether it is the tenth banking day after the report, or later.

    Weekends are no banking days; public holidays are counted, so a person may look a day early.
    """
    from chalicelib.core.sydney import sydney_day

    day, last, passed = sydney_day(reported_at), sydney_day(now), 0
    while day < last:
        day += _DAY
        passed += _is_banking_day(day)
    return passed >= _MOST_BANKING_DAYS


def _is_banking_day(day: date) -> bool:
    return day.weekday() < _SATURDAY
