"""How many payouts a minute are sent, after Monoova said that there were too many."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from chalicelib.monoova.rules.pace import FULL_PER_MINUTE, Pace, heeded_until

NOW: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [(None, 60), (0, 1), (1, 1), (2, 2), (59, 59), (3600, 3600), (3601, 3600), (10**9, 3600)],
)
def test_what_a_429_asks_for_is_heeded_up_to_an_hour(retry_after: int | None, seconds: int) -> None:
    assert heeded_until(NOW, retry_after) == after(seconds)


@pytest.mark.parametrize(
    ("seconds", "allowed"),
    [(-300, 7), (0, 7), (299, 7), (300, 14), (599, 14), (600, 28), (900, 56), (1200, 112)],
)
def test_every_five_quiet_minutes_it_doubles(seconds: int, allowed: int) -> None:
    assert Pace(7, NOW).allowed(after(seconds)) == allowed


@pytest.mark.parametrize(
    ("per_minute", "minutes"),
    [(1, 30), (7, 20), (15, 10), (16, 10), (29, 10), (30, 5), (59, 5), (60, 0), (61, 0)],
)
def test_when_it_is_over_is_known(per_minute: int, minutes: int) -> None:
    pace = Pace(per_minute, NOW)
    assert pace.ends_at == after(60 * minutes)
    assert not pace.is_on(pace.ends_at)
    assert minutes == 0 or pace.is_on(after(60 * minutes - 1))


def test_it_is_over_once_it_is_as_fast_as_none() -> None:
    assert FULL_PER_MINUTE == 60
    assert Pace(30, NOW).is_on(after(299))
    assert not Pace(30, NOW).is_on(after(300))
    assert Pace(59, NOW).is_on(NOW)
    assert not Pace(60, NOW).is_on(NOW)


def test_after_years_it_is_over_still() -> None:
    assert not Pace(1, NOW).is_on(NOW + timedelta(days=3650))


@pytest.mark.parametrize(
    ("seconds", "window", "following"),
    [(-5, 0, 0), (0, 0, 60), (59, 0, 60), (60, 60, 120), (125, 120, 180)],
)
def test_turns_are_counted_by_minutes_from_its_begin(
    seconds: int, window: int, following: int
) -> None:
    pace = Pace(7, NOW)
    assert pace.window_at(after(seconds)) == after(window)
    assert pace.next_turn_at(after(seconds)) == after(following)


@pytest.mark.parametrize(
    ("per_minute", "at", "half"),
    [(60, 0, 30), (30, 0, 15), (15, 0, 7), (15, 300, 15), (2, 0, 1), (1, 0, 1), (40, 600, 30)],
)
def test_a_429_halves_what_held_and_leaves_one_a_minute(
    per_minute: int, at: int, half: int
) -> None:
    until = after(at + 60)
    assert Pace(per_minute, NOW).halved(after(at), until) == Pace(half, until)


def test_an_earlier_end_does_not_shorten_the_wait() -> None:
    assert Pace(8, after(60)).halved(NOW, after(30)) == Pace(4, after(60))
    assert Pace(8, after(60)).heeding(after(30)) == Pace(8, after(60))
    assert Pace(8, after(60)).heeding(after(90)) == Pace(8, after(90))
