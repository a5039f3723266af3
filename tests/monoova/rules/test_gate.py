"""The circuit breaker and the pause switch, as one record whose meaning depends on the time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from chalicelib.monoova.rules.gate import (
    WINDOW_SECONDS,
    Gate,
    OpenReason,
    Passage,
    Switch,
    Tally,
    closed,
    opened,
    paused,
    probing,
    resumed,
    switched,
    watching,
)

NOW: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def passages(gate: Gate, at: datetime) -> tuple[Passage, Passage]:
    """Whether a call that sends, and one that only reads, may be made."""
    return gate.passage(at), gate.passage_for_questions(at)


def test_a_new_gate_lets_everything_through() -> None:
    gate = Gate()
    assert passages(gate, NOW) == (Passage.CLEAR, Passage.CLEAR)
    assert (gate.is_open, gate.is_paused, gate.is_watching(NOW)) == (False, False, False)


@pytest.mark.parametrize(
    ("reason", "seconds"),
    [
        (OpenReason.TOO_MANY_FAILURES, 600),
        (OpenReason.NOT_AUTHENTICATED, 600),
        (OpenReason.LOCKED_OUT, 3600),
    ],
)
def test_an_open_circuit_stops_every_call_until_its_probe_is_due(
    reason: OpenReason, seconds: int
) -> None:
    gate = opened(Gate(), reason, NOW)
    assert (gate.open_reason, gate.opened_at, gate.is_open) == (reason, NOW, True)
    assert passages(gate, after(seconds - 1)) == (Passage.CIRCUIT_OPEN,) * 2
    assert passages(gate, after(seconds)) == (Passage.PROBE,) * 2


def test_only_one_probe_at_a_time_until_its_minute_is_over() -> None:
    gate = probing(opened(Gate(), OpenReason.TOO_MANY_FAILURES, NOW), after(600))
    assert passages(gate, after(659)) == (Passage.CIRCUIT_OPEN,) * 2
    assert passages(gate, after(660)) == (Passage.PROBE,) * 2


def test_a_circuit_that_opens_again_keeps_the_time_when_it_first_opened() -> None:
    first = opened(Gate(), OpenReason.TOO_MANY_FAILURES, NOW)
    again = opened(first, OpenReason.LOCKED_OUT, after(600))
    assert (again.opened_at, again.probe_at) == (NOW, after(4200))
    assert again.open_reason is OpenReason.LOCKED_OUT


def test_closing_removes_the_reason_for_opening() -> None:
    gate = opened(Gate(version=4), OpenReason.LOCKED_OUT, NOW, "key-1")
    assert closed(gate) == Gate(version=4)


def test_after_three_refused_logins_it_tries_no_further_one_automatically() -> None:
    gate = Gate()
    for failures in (1, 2, 3):
        gate = opened(gate, OpenReason.NOT_AUTHENTICATED, NOW, "key-1")
        assert (gate.login_failures, gate.probe_at is None) == (failures, failures == 3)
    assert passages(gate, after(10**6)) == (Passage.CIRCUIT_OPEN,) * 2


def test_failures_of_another_kind_count_towards_no_lock_out() -> None:
    gate = opened(Gate(), OpenReason.NOT_AUTHENTICATED, NOW, "key-1")
    for _ in range(9):
        gate = opened(gate, OpenReason.TOO_MANY_FAILURES, NOW)
    assert (gate.login_failures, gate.refused_key) == (1, "key-1")
    assert gate.probe_at == after(600)


@pytest.mark.parametrize(
    ("key", "expected"),
    [("key-1", Passage.CIRCUIT_OPEN), ("key-2", Passage.PROBE), (None, Passage.CIRCUIT_OPEN)],
)
def test_a_new_key_may_be_tried_at_once_and_the_refused_one_may_not(
    key: str | None, expected: Passage
) -> None:
    gate = opened(Gate(), OpenReason.NOT_AUTHENTICATED, NOW, "key-1")
    assert gate.passage(NOW, key) is expected
    assert gate.passage_for_questions(NOW, key) is expected


def test_a_new_key_is_tried_by_one_call_at_a_time() -> None:
    gate = probing(opened(Gate(), OpenReason.NOT_AUTHENTICATED, NOW, "key-1"), NOW)
    assert gate.passage(after(59), "key-2") is Passage.CIRCUIT_OPEN
    assert gate.passage(after(60), "key-2") is Passage.PROBE


def test_a_circuit_that_is_open_for_other_reasons_asks_for_no_key() -> None:
    gate = opened(Gate(), OpenReason.TOO_MANY_FAILURES, NOW, "key-1")
    assert gate.refused_key is None
    assert gate.passage(NOW, "key-2") is Passage.CIRCUIT_OPEN


def test_an_open_circuit_without_a_time_to_probe_stays_open() -> None:
    gate = replace(opened(Gate(), OpenReason.TOO_MANY_FAILURES, NOW), probe_at=None)
    assert gate.passage_for_questions(after(10**6)) is Passage.CIRCUIT_OPEN


def test_a_pause_stops_sending_but_not_reading() -> None:
    gate = paused(Gate(), "ops", "rehearsal", NOW)
    assert passages(gate, after(10**6)) == (Passage.PAUSED, Passage.CLEAR)
    assert (gate.paused_by, gate.paused_at, gate.pause_reason) == ("ops", NOW, "rehearsal")
    assert resumed(gate) == Gate()


def test_a_pause_and_an_open_circuit_are_independent() -> None:
    both = paused(opened(Gate(), OpenReason.TOO_MANY_FAILURES, NOW), "ops", "why", NOW)
    assert passages(both, after(600)) == (Passage.PAUSED, Passage.PROBE)
    assert passages(closed(both), NOW) == (Passage.PAUSED, Passage.CLEAR)
    assert passages(resumed(both), NOW) == (Passage.CIRCUIT_OPEN,) * 2


def test_after_a_failure_every_instance_reports_for_five_minutes() -> None:
    gate = watching(Gate(), NOW)
    assert gate.is_watching(after(WINDOW_SECONDS - 1))
    assert not gate.is_watching(after(WINDOW_SECONDS))
    assert passages(gate, NOW) == (Passage.CLEAR, Passage.CLEAR)
    assert opened(gate, OpenReason.TOO_MANY_FAILURES, NOW).watching_until is None


@pytest.mark.parametrize(
    ("calls", "failures", "expected"),
    [
        (0, 0, False),
        (9, 9, False),
        (10, 5, False),
        (10, 6, True),
        (11, 6, True),
        (12, 6, False),
        (13, 7, True),
        (200, 100, False),
        (200, 101, True),
    ],
)
def test_too_much_is_more_than_half_of_at_least_ten(
    calls: int, failures: int, expected: bool
) -> None:
    assert Tally(calls, failures).is_too_much is expected


def test_a_first_record_is_version_0_and_calls_are_counted_for_five_minutes() -> None:
    assert Gate().version == 0
    assert WINDOW_SECONDS == 300
    assert watching(Gate(), NOW).watching_until == after(300)


def test_a_circuit_that_closes_ends_the_watch() -> None:
    assert closed(watching(Gate(), NOW)).watching_until is None


def test_the_last_action_by_hand_is_kept_until_the_next() -> None:
    gate = switched(paused(Gate(version=3), "ops", "a drill", NOW), Switch.PAUSED, "ops", NOW)
    assert (gate.switched, gate.switched_by, gate.switched_at) == (Switch.PAUSED, "ops", NOW)
    assert (gate.version, gate.paused_by) == (3, "ops")
    later = opened(gate, OpenReason.TOO_MANY_FAILURES, after(5))
    assert closed(later) == gate
    assert switched(gate, Switch.RESUMED, "other", after(9)).switched_by == "other"


def test_what_a_person_may_do_has_these_names_in_the_record_and_a_new_gate_none_of_them() -> None:
    assert [what.value for what in Switch] == ["Paused", "Resumed", "Reset"]
    gate = Gate()
    assert (gate.switched, gate.switched_by, gate.switched_at) == (None, None, None)
