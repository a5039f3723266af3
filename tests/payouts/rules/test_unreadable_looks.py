"""When an item is tried again that cannot be read or written: later the longer it has been so."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.payouts.rules.schedule import look_at_unreadable

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age_minutes", "gap_minutes"),
    [(0, 10), (39, 10), (40, 10), (44, 11), (120, 30), (240, 60), (244, 60), (100_000, 60)],
)
def test_the_gap_is_a_quarter_of_the_age_within_bounds(age_minutes: int, gap_minutes: int) -> None:
    until = look_at_unreadable(NOW, NOW - timedelta(minutes=age_minutes))
    assert until - NOW == timedelta(minutes=gap_minutes)


def test_without_a_time_it_is_ten_minutes() -> None:
    assert look_at_unreadable(NOW, None) - NOW == timedelta(minutes=10)
