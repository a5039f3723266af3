"""When the books are asked for money that came back, for how long, and what may be paid again."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from chalicelib.payouts.rules.returns import (
    is_past_waiting,
    next_question_at,
    payable_again_cents,
)

# A Monday in Sydney, half past two in the afternoon.
REPORTED: Final = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
MOMENT: Final = timedelta(microseconds=1)


@dataclass
class Back:
    amount_cents: int
    return_seen_cents: int


@pytest.mark.parametrize(
    ("seen", "payable"), [(0, 0), (1, 1), (45000, 45000), (90000, 90000), (90001, 90000), (-1, 0)]
)
def test_what_the_books_show_is_back_can_be_paid_again_and_not_a_cent_more(
    seen: int, payable: int
) -> None:
    assert payable_again_cents(Back(90000, seen)) == payable


@pytest.mark.parametrize(
    ("since", "at"),
    [
        (timedelta(0), timedelta(minutes=15)),
        (timedelta(minutes=15) - MOMENT, timedelta(minutes=15)),
        (timedelta(minutes=15), timedelta(hours=1)),
        (timedelta(hours=1) - MOMENT, timedelta(hours=1)),
        (timedelta(hours=1), timedelta(hours=4)),
        (timedelta(hours=4) - MOMENT, timedelta(hours=4)),
    ],
)
def test_the_books_are_asked_after_15_minutes_1_hour_and_4_hours(
    since: timedelta, at: timedelta
) -> None:
    assert next_question_at(REPORTED, REPORTED + since) == REPORTED + at


@pytest.mark.parametrize(
    ("now", "at"),
    [
        # The same Sydney day's afternoon: tomorrow at six.
        (REPORTED + timedelta(hours=4), datetime(2026, 3, 2, 19, tzinfo=UTC)),
        (datetime(2026, 3, 2, 19, tzinfo=UTC) - MOMENT, datetime(2026, 3, 2, 19, tzinfo=UTC)),
        (datetime(2026, 3, 2, 19, tzinfo=UTC), datetime(2026, 3, 3, 19, tzinfo=UTC)),
        # After summer time has ended, Sydney's six o'clock is an hour later in UTC.
        (datetime(2026, 4, 4, 19, tzinfo=UTC), datetime(2026, 4, 4, 20, tzinfo=UTC)),
    ],
)
def test_after_that_the_books_are_asked_each_morning_of_sydney(now: datetime, at: datetime) -> None:
    assert next_question_at(REPORTED, now) == at


@pytest.mark.parametrize(
    ("day", "hour", "is_past"),
    [
        (2, 13, False),
        (13, 13, False),
        # The last moment of Sunday, and the first of the tenth banking day.
        (15, 12, False),
        (15, 13, True),
        (16, 13, True),
    ],
)
def test_the_wait_ends_on_the_tenth_banking_day(day: int, hour: int, is_past: bool) -> None:
    now = datetime(2026, 3, day, hour, 59, tzinfo=UTC)
    assert is_past_waiting(REPORTED, now) is is_past


def test_a_report_on_a_weekend_waits_from_monday_on() -> None:
    saturday = datetime(2026, 3, 7, 1, tzinfo=UTC)
    assert not is_past_waiting(saturday, datetime(2026, 3, 19, 12, tzinfo=UTC))
    assert is_past_waiting(saturday, datetime(2026, 3, 20, 1, tzinfo=UTC))


def test_however_long_ago_the_report_is_the_wait_stays_over() -> None:
    assert is_past_waiting(REPORTED, REPORTED + timedelta(days=4000))
