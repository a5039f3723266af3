"""When an open payout is looked at next."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from chalicelib.monoova.rules.circuit import Circuit, OpenReason
from chalicelib.monoova.rules.duplicates import Duplicates
from chalicelib.monoova.rules.gate import Calls, Gate, opened, paused
from chalicelib.monoova.rules.pace import Pace
from chalicelib.monoova.rules.shut_time import ShutTime
from chalicelib.payouts.rules.schedule import (
    Policy,
    is_expired,
    is_overdue,
    is_past_grace,
    lease_until,
    next_look_at,
    when_to_send,
    when_to_send_again,
)

NOW: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)


def test_the_usual_times_are_the_documented_ones() -> None:
    assert Policy() == Policy(
        first_look_seconds=60,
        lease_seconds=90,
        grace_seconds=900,
        queue_look_seconds=60,
        expiry_hours=24,
        max_resends=3,
        review_after_hours=24,
        duplicates=Duplicates.ASKED,
    )


def test_a_gap_never_exceeds_an_hour_however_often_it_was_looked() -> None:
    for looks in (6, 12, 13, 10_000):
        assert next_look_at(NOW, looks, Policy()) == NOW + timedelta(hours=1)


def test_short_first_gaps_still_grow_to_an_hour() -> None:
    policy = Policy(first_look_seconds=1)
    gaps = [(next_look_at(NOW, looks, policy) - NOW).total_seconds() for looks in (0, 1, 11, 12)]
    assert gaps == [1, 2, 2048, 3600]


def test_a_lease_runs_for_its_seconds() -> None:
    assert lease_until(NOW, Policy(lease_seconds=7)) == NOW + timedelta(seconds=7)


def test_the_grace_is_over_only_after_its_last_second() -> None:
    limit = NOW + timedelta(seconds=900)
    assert not is_past_grace(NOW, limit, Policy())
    assert is_past_grace(NOW, limit + SECOND, Policy())
    assert not is_past_grace(None, limit + SECOND, Policy())


def test_a_queued_payout_is_too_old_only_after_its_last_second() -> None:
    limit = NOW + timedelta(hours=24)
    assert not is_expired(NOW, limit, Policy(), Gate())
    assert is_expired(NOW, limit + SECOND, Policy(), Gate())


def test_a_payout_goes_to_review_only_after_the_last_second_of_waiting() -> None:
    policy = Policy(expiry_hours=1, review_after_hours=2)
    limit = NOW + timedelta(hours=2)
    assert not is_overdue(NOW, limit, policy)
    assert is_overdue(NOW, limit + SECOND, policy)


MINUTE_LATER: Final = NOW + timedelta(minutes=1)
FIVE_MINUTES_LATER: Final = NOW + timedelta(minutes=5)
OPEN: Final = opened(Gate(), Calls.SENDING, NOW)
LOCKED: Final = Gate(sending=Circuit(OpenReason.LOCKED_OUT, NOW))
PACED: Final = Gate(pace=Pace(7, NOW + timedelta(seconds=20)))


def test_what_sending_was_shut_makes_no_queued_payout_too_old() -> None:
    shut = ShutTime(NOW - timedelta(hours=1)).noted(NOW + timedelta(hours=30), is_shut=False)
    limit = NOW + timedelta(hours=54)
    assert not is_expired(NOW, limit, Policy(), Gate(shut=shut))
    assert is_expired(NOW, limit + SECOND, Policy(), Gate(shut=shut))
    for pace in (Pace(30, NOW), Pace(16, NOW - timedelta(minutes=5))):
        slow = Gate(shut=ShutTime(NOW), pace=pace)
        limit = NOW + timedelta(hours=24, minutes=5)
        assert not is_expired(NOW, limit, Policy(), slow)
        assert is_expired(NOW, limit + SECOND, Policy(), slow)
    present = paused(Gate(), "ops", "why", NOW + SECOND)
    assert not is_expired(NOW, NOW + timedelta(days=90), Policy(), present)


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        (Gate(), NOW),
        (OPEN, NOW),
        (LOCKED, NOW),
        (paused(Gate(), "ops", "why", NOW), NOW),
        (PACED, NOW + timedelta(seconds=20)),
        (replace(PACED, pace=Pace(7, NOW)), MINUTE_LATER),
        (replace(PACED, pace=Pace(60, NOW)), NOW),
        (paused(PACED, "ops", "why", NOW), NOW),
        (opened(PACED, Calls.SENDING, NOW), NOW),
    ],
)
def test_a_queued_payout_is_due_at_once_or_in_its_turn(gate: Gate, expected: datetime) -> None:
    assert when_to_send(gate, NOW) == expected


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        (Gate(), MINUTE_LATER),
        # A time to probe that a closed circuit still carries means nothing.
        (Gate(sending=Circuit(probe_at=NOW + timedelta(hours=1))), MINUTE_LATER),
        (paused(Gate(), "ops", "why", NOW), FIVE_MINUTES_LATER),
        (LOCKED, FIVE_MINUTES_LATER),
        (OPEN, FIVE_MINUTES_LATER),
        (opened(Gate(), Calls.SENDING, NOW - timedelta(minutes=7)), NOW + timedelta(minutes=3)),
        (paused(OPEN, "ops", "why", NOW), FIVE_MINUTES_LATER),
    ],
)
def test_one_in_doubt_is_looked_at_again_when_the_gate_may_let_it_through(
    gate: Gate, expected: datetime
) -> None:
    assert when_to_send_again(gate, NOW, Policy()) == expected


def test_a_probe_that_is_due_already_is_not_tried_sooner_than_usual() -> None:
    later = NOW + timedelta(minutes=30)
    policy = Policy(queue_look_seconds=7)
    assert when_to_send_again(OPEN, later, policy) == later + timedelta(seconds=7)
