"""The sums that a payout is counted in, and the day on which it counts."""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from chalicelib.control.rules.limits import (
    Book,
    Count,
    LimitKind,
    Limits,
    Subject,
    day_of_sum,
    ids_of,
)
from chalicelib.core.sydney import sydney_day

NOON: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DAY: Final = date(2026, 3, 2)
SUBJECT: Final = Subject("c", "a", "m")


def test_only_what_has_a_limit_is_counted() -> None:
    assert Limits().counts(SUBJECT, 500, NOON) == ()
    assert not Limits().are_set
    assert Limits(in_total_cents=9).are_set
    assert Limits(in_total_cents=9).counts(SUBJECT, 5, NOON) == (
        Count(LimitKind.TOTAL, DAY, None, 5, 9),
    )
    assert Limits(7, 8, 9, 10).counts(SUBJECT, 5, NOON) == (
        Count(LimitKind.CUSTOMER, DAY, "c", 5, 7),
        Count(LimitKind.ACCOUNT, DAY, "a", 5, 8),
        Count(LimitKind.MAKER, DAY, "m", 5, 10),
        Count(LimitKind.TOTAL, DAY, None, 5, 9),
    )


def test_the_room_is_what_the_sum_may_be_before() -> None:
    count = Count(LimitKind.TOTAL, DAY, None, 5, 9)
    assert count.room_cents == 4
    assert [count.left_cents(cents) for cents in (0, 8, 9, 10)] == [9, 1, 0, 0]


def test_a_sum_is_named_by_book_day_kind_and_whose_it_is() -> None:
    total = Count(LimitKind.TOTAL, DAY, None, 5, 9)
    maker = Count(LimitKind.MAKER, DAY, "arn:x#y", 5, 9, Book.THRESHOLD)
    # Those of the limits are in the tables of today.
    assert ids_of((total, maker)) == (
        "asked#2026-03-02#Total",
        "threshold#2026-03-02#Maker#arn:x#y",
    )
    assert {day_of_sum(name) for name in ids_of((total, maker))} == {DAY}


@pytest.mark.parametrize("year", [2024, 2026, 2027, 2033])
def test_the_day_is_sydneys_in_summer_in_winter_and_where_the_clocks_change(year: int) -> None:
    sydney = ZoneInfo("Australia/Sydney")
    moment = datetime(year, 1, 1, tzinfo=UTC)
    while moment.year == year:
        for second in (0, 1, 3599):
            at = moment + timedelta(seconds=second)
            assert sydney_day(at) == at.astimezone(sydney).date()
        moment += timedelta(hours=1)
