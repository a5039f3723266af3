"""For how long sending was shut, which makes no payout too old."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from chalicelib.monoova.rules.shut_time import MOST_SPANS, ShutTime

NOW: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def spans(*minutes: tuple[float, float]) -> ShutTime:
    return ShutTime(None, tuple((after(since), after(until)) for since, until in minutes))


def test_a_span_begins_once_and_ends_once() -> None:
    open_ = ShutTime()
    assert open_.noted(NOW, is_shut=False) == open_
    shut = open_.noted(NOW, is_shut=True)
    assert shut == ShutTime(NOW)
    assert shut.noted(after(5), is_shut=True) == shut
    assert shut.noted(after(9), is_shut=False) == spans((0, 9))


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        (-10, 100, 30),
        (0, 10, 10),
        (5, 45, 10),
        (10, 40, 0),
        (12, 13, 0),
        (45, 100, 15),
        (70, 100, 0),
    ],
)
def test_what_lies_within_is_summed_up(start: int, end: int, minutes: int) -> None:
    shut = spans((0, 10), (40, 60))
    assert shut.within(after(start), after(end)) == timedelta(minutes=minutes)


def test_the_present_span_counts_up_to_now() -> None:
    shut = ShutTime(after(20), spans((0, 10)).spans)
    assert shut.within(after(5), after(50)) == timedelta(minutes=35)
    assert shut.within(after(30), after(50)) == timedelta(minutes=20)


def test_the_present_span_may_have_its_end() -> None:
    shut = ShutTime(after(20))
    assert shut.within(after(0), after(50), after(25)) == timedelta(minutes=5)
    assert shut.within(after(0), after(50), after(60)) == timedelta(minutes=30)
    assert shut.within(after(0), after(50), after(10)) == timedelta()


def test_of_too_many_the_two_that_lie_closest_together_become_one() -> None:
    assert MOST_SPANS == 10
    kept = spans(*((number * 10, number * 10 + 1) for number in range(9)), (84, 86))
    full = ShutTime(after(200), kept.spans).noted(after(201), is_shut=False)
    expected = spans(*((number * 10, number * 10 + 1) for number in range(8)), (80, 86), (200, 201))
    assert full == expected
    assert len(full.spans) == MOST_SPANS


def test_how_close_two_are_is_the_time_between_them_however_long_they_last() -> None:
    kept = spans(*((number * 10, number * 10 + 1) for number in range(4)))
    later = spans(*((number * 10, number * 10 + 1) for number in range(6, 10)))
    ten = (*kept.spans, *spans((40, 41), (42, 55)).spans, *later.spans)
    full = ShutTime(after(200), ten).noted(after(201), is_shut=False)
    assert full.spans == (
        *kept.spans,
        (after(40), after(55)),
        *later.spans,
        (after(200), after(201)),
    )


def test_as_many_as_are_kept_stay_as_they_are() -> None:
    nine = spans(*((number * 10, number * 10 + 1) for number in range(9)))
    ten = ShutTime(after(95), nine.spans).noted(after(96), is_shut=False)
    assert ten.spans == (*nine.spans, (after(95), after(96)))


def test_the_last_two_may_be_the_closest() -> None:
    ten = spans(*((number * 10, number * 10 + 1) for number in range(10)))
    full = ShutTime(after(92), ten.spans).noted(after(93), is_shut=False)
    assert full.spans == (*ten.spans[:-1], (after(90), after(93)))
