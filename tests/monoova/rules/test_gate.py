"""The two circuit breakers, the pause switch and the pace, as one record."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from chalicelib.monoova.rules.circuit import (
    COOL_DOWN_SECONDS,
    PROBE_SECONDS,
    WINDOW_SECONDS,
    Circuit,
    OpenReason,
    Tally,
)
from chalicelib.monoova.rules.gate import (
    Calls,
    Gate,
    Passage,
    Switch,
    asked_too_often,
    closed,
    login_refused,
    opened,
    paused,
    probe_failed,
    probing,
    reset,
    resumed,
    slowed,
    switched,
    watching,
)
from chalicelib.monoova.rules.pace import Pace
from chalicelib.monoova.rules.shut_time import ShutTime

NOW: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SENDING, QUESTIONS = Calls.SENDING, Calls.QUESTIONS
KINDS: Final = pytest.mark.parametrize(
    ("calls", "other"), [(SENDING, QUESTIONS), (QUESTIONS, SENDING)]
)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def passages(gate: Gate, at: datetime, key: str | None = None) -> tuple[Passage, Passage]:
    """Whether a call that sends, and one that only reads, may be made."""
    return gate.passage(at, key), gate.passage_for_questions(at, key)


def passage(gate: Gate, calls: Calls, at: datetime) -> Passage:
    return passages(gate, at)[calls is QUESTIONS]


def refused(
    gate: Gate,
    at: datetime = NOW,
    key: str | None = "key-1",
    *,
    was_probe: bool = False,
    reason: OpenReason = OpenReason.NOT_AUTHENTICATED,
) -> Gate:
    return login_refused(gate, reason, at, key, was_probe=was_probe)


def test_a_new_gate_lets_everything_through() -> None:
    gate = Gate()
    assert passages(gate, NOW) == (Passage.CLEAR, Passage.CLEAR)
    assert (gate.is_open, gate.is_paused, gate.version) == (False, False, 0)
    assert not gate.sending.is_watching(NOW)


def test_a_new_breaker_is_closed_and_has_no_times() -> None:
    assert Gate().sending == Gate().questions == Circuit(None, None, None, None)


def test_a_new_gate_knows_of_no_second_booking_and_of_no_contract_run() -> None:
    gate = Gate()
    assert gate.booked_twice_at is None
    assert (gate.contract_run_at, gate.contract_run_on, gate.contract_showed) == (None, None, None)


def test_a_call_may_be_made_on_a_clear_passage_and_as_the_probe() -> None:
    assert [each for each in Passage if each.is_through] == [Passage.CLEAR, Passage.PROBE]


# --- too many failures


@KINDS
def test_a_breaker_that_opens_stops_its_own_calls_until_its_probe_is_due(
    calls: Calls, other: Calls
) -> None:
    gate = opened(Gate(), calls, NOW)
    assert gate.circuit(calls) == Circuit(OpenReason.TOO_MANY_FAILURES, NOW, after(600))
    assert gate.circuit(other) == Circuit()
    assert gate.is_open is (calls is SENDING)
    assert passage(gate, calls, after(599)) is Passage.CIRCUIT_OPEN
    assert passage(gate, calls, after(600)) is Passage.PROBE
    assert passage(gate, other, NOW) is Passage.CLEAR


@KINDS
def test_of_one_kind_a_probe_does_not_concern_the_other(calls: Calls, other: Calls) -> None:
    both = opened(opened(Gate(), calls, NOW), other, NOW)
    gate = probing(both, calls, after(600))
    assert passage(gate, calls, after(659)) is Passage.CIRCUIT_OPEN
    assert passage(gate, calls, after(660)) is Passage.PROBE
    assert passage(gate, other, after(600)) is Passage.PROBE
    assert closed(gate, calls, after(601)).circuit(other) == gate.circuit(other)


@KINDS
def test_the_probe_of_one_that_too_many_failures_opened_spares_one_that_a_refused_login_did(
    calls: Calls, other: Calls
) -> None:
    by_failures = Circuit(OpenReason.TOO_MANY_FAILURES, NOW, after(600))
    by_login = Circuit(OpenReason.NOT_AUTHENTICATED, NOW, after(600))
    of = {calls: by_failures, other: by_login}
    gate = Gate(sending=of[SENDING], questions=of[QUESTIONS])
    for probed, spared in ((calls, other), (other, calls)):
        for changed, probe_at in (
            (probing(gate, probed, after(600)), after(660)),
            (probe_failed(gate, probed, after(600)), after(1200)),
        ):
            assert changed.circuit(probed) == replace(of[probed], probe_at=probe_at)
            assert changed.circuit(spared) == of[spared]


@KINDS
def test_a_breaker_that_is_open_is_not_opened_again_by_what_began_before(
    calls: Calls, other: Calls
) -> None:
    gate = opened(Gate(), calls, NOW)
    assert opened(gate, calls, after(60)) == gate
    assert opened(gate, other, after(60)).circuit(other).opened_at == after(60)


@KINDS
def test_a_probe_that_fails_leaves_it_open_for_as_long_again(calls: Calls, other: Calls) -> None:
    gate = probe_failed(opened(Gate(), calls, NOW), calls, after(605))
    assert gate.circuit(calls) == Circuit(OpenReason.TOO_MANY_FAILURES, NOW, after(1205))
    assert gate.circuit(other) == Circuit()


def test_an_open_circuit_without_a_time_to_probe_stays_open() -> None:
    circuit = replace(opened(Gate(), SENDING, NOW).sending, probe_at=None)
    assert Gate(sending=circuit).passage(after(10**6)) is Passage.CIRCUIT_OPEN


def test_a_time_to_probe_of_a_closed_circuit_means_nothing() -> None:
    assert not Circuit(probe_at=NOW).is_probe_due(after(1))
    assert not Circuit(OpenReason.LOCKED_OUT).is_probe_due(after(1))


@KINDS
def test_after_a_failure_every_instance_reports_for_five_minutes(
    calls: Calls, other: Calls
) -> None:
    gate = watching(Gate(), calls, NOW)
    assert gate.circuit(calls).watching_until == after(300)
    assert gate.circuit(calls).is_watching(after(WINDOW_SECONDS - 1))
    assert not gate.circuit(calls).is_watching(after(WINDOW_SECONDS))
    assert not gate.circuit(other).is_watching(NOW)
    assert passages(gate, NOW) == (Passage.CLEAR, Passage.CLEAR)
    assert opened(gate, calls, NOW).circuit(calls).watching_until is None
    assert closed(gate, calls, NOW).circuit(calls).watching_until is None


@KINDS
def test_a_failure_of_one_kind_is_watched_while_the_other_is_stopped(
    calls: Calls, other: Calls
) -> None:
    stopped = opened(Gate(), other, NOW)
    gate = watching(stopped, calls, after(5))
    assert gate.circuit(calls) == Circuit(watching_until=after(305))
    assert gate.circuit(other) == stopped.circuit(other)


def test_the_times_are_the_documented_ones() -> None:
    assert (WINDOW_SECONDS, COOL_DOWN_SECONDS, PROBE_SECONDS) == (300, 600, 60)


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


# --- logins


@pytest.mark.parametrize(
    ("reason", "seconds"), [(OpenReason.NOT_AUTHENTICATED, 600), (OpenReason.LOCKED_OUT, 3600)]
)
def test_a_refused_login_stops_calls_of_both_kinds(reason: OpenReason, seconds: int) -> None:
    gate = refused(Gate(), reason=reason)
    assert gate.sending == gate.questions == Circuit(reason, NOW, after(seconds))
    assert (gate.login_failures, gate.refused_key) == (1, "key-1")
    assert passages(gate, after(seconds - 1)) == (Passage.CIRCUIT_OPEN,) * 2
    assert passages(gate, after(seconds)) == (Passage.PROBE,) * 2


@pytest.mark.parametrize("key", ["key-1", "key-2", None])
def test_logins_refused_in_one_instant_are_one_refusal(key: str | None) -> None:
    gate = refused(Gate())
    assert refused(refused(gate, after(1), key), after(2), key) == gate


def test_a_refused_login_in_an_opening_by_failures_counts_and_keeps_its_time() -> None:
    gate = refused(opened(Gate(), SENDING, NOW), after(5))
    assert gate.sending == Circuit(OpenReason.NOT_AUTHENTICATED, NOW, after(605))
    assert gate.questions == Circuit(OpenReason.NOT_AUTHENTICATED, after(5), after(605))
    assert gate.login_failures == 1


def test_that_the_account_is_locked_is_heeded_without_counting_again() -> None:
    gate = refused(refused(Gate()), after(1), reason=OpenReason.LOCKED_OUT)
    assert gate.sending == Circuit(OpenReason.LOCKED_OUT, NOW, after(3601))
    assert gate.questions == gate.sending
    assert gate.login_failures == 1
    assert refused(gate, after(2), reason=OpenReason.LOCKED_OUT) == gate
    assert refused(gate, after(2)) == gate


def test_a_key_that_was_refused_before_the_account_was_locked_is_no_new_one() -> None:
    gate = refused(refused(Gate()), after(1), "key-2", reason=OpenReason.LOCKED_OUT)
    assert (gate.refused_key, gate.refused_before) == ("key-2", ("key-1",))
    for key in ("key-1", "key-2"):
        assert passages(gate, after(1), key) == (Passage.CIRCUIT_OPEN,) * 2


def test_after_three_probes_that_were_refused_it_tries_no_further_one_automatically() -> None:
    gate = refused(Gate())
    for failures in (2, 3):
        gate = refused(probing(gate, SENDING, after(600)), after(600), was_probe=True)
        assert (gate.login_failures, gate.refused_key) == (failures, "key-1")
        assert (gate.sending.probe_at is None) is (failures == 3)
        assert gate.questions.probe_at == gate.sending.probe_at
    assert passages(gate, after(10**6), "key-1") == (Passage.CIRCUIT_OPEN,) * 2
    assert passages(gate, NOW, "key-2") == (Passage.PROBE,) * 2


@KINDS
def test_where_a_login_was_refused_there_is_one_probe_for_both(calls: Calls, other: Calls) -> None:
    gate = probing(refused(Gate()), calls, after(600))
    assert passages(gate, after(659), "key-2") == (Passage.CIRCUIT_OPEN,) * 2
    assert passages(gate, after(660)) == (Passage.PROBE,) * 2
    failed = probe_failed(gate, calls, after(610))
    assert failed.circuit(calls).probe_at == failed.circuit(other).probe_at == after(1210)
    assert failed.login_failures == 1


def test_a_new_key_that_is_not_answered_is_tried_again() -> None:
    shut = replace(refused(Gate()), login_failures=3)
    gate = probe_failed(probing(shut, SENDING, after(50)), SENDING, after(60))
    assert gate.passage(after(660)) is Passage.PROBE


@pytest.mark.parametrize(
    ("key", "expected"),
    [("key-1", Passage.CIRCUIT_OPEN), ("key-2", Passage.PROBE), (None, Passage.CIRCUIT_OPEN)],
)
def test_a_new_key_may_be_tried_at_once_and_the_refused_one_may_not(
    key: str | None, expected: Passage
) -> None:
    assert passages(refused(Gate()), NOW, key) == (expected, expected)


def test_a_key_that_was_refused_before_is_no_new_one() -> None:
    with_new = probing(refused(Gate()), SENDING, NOW)
    assert (with_new.refused_key, with_new.refused_before) == (None, ("key-1",))
    again = refused(with_new, NOW, "key-2", was_probe=True)
    assert (again.refused_key, again.refused_before) == ("key-2", ("key-1",))
    # A function that has not yet read the new one.
    for key, expected in (("key-1", Passage.CIRCUIT_OPEN), ("key-3", Passage.PROBE)):
        assert passages(again, NOW, key) == (expected, expected)
    twice = refused(probing(again, SENDING, NOW), NOW, "key-1", was_probe=True)
    assert twice.refused_before == ("key-1", "key-2")
    assert closed(again, SENDING, NOW).refused_before == ()
    assert reset(again, NOW).refused_before == ()


def test_an_opening_for_other_reasons_asks_for_no_key() -> None:
    gate = opened(Gate(), SENDING, NOW)
    assert gate.refused_key is None
    assert gate.passage(NOW, "key-2") is Passage.CIRCUIT_OPEN


# --- how it closes


def test_a_payout_that_is_answered_closes_its_own_breaker_and_proves_the_login() -> None:
    assert closed(refused(Gate(version=4)), SENDING, NOW) == Gate(version=4, shut=_shut(NOW, NOW))
    both = opened(opened(Gate(), SENDING, NOW), QUESTIONS, NOW)
    gate = closed(both, SENDING, after(60))
    assert (gate.is_open, gate.questions) == (False, both.questions)


def test_a_question_that_is_answered_lets_a_payout_probe_and_closes_nothing_of_sending() -> None:
    gate = closed(refused(Gate()), QUESTIONS, after(600))
    assert (gate.questions, gate.login_failures, gate.refused_key) == (Circuit(), 0, None)
    assert gate.sending == Circuit(OpenReason.NOT_AUTHENTICATED, NOW, after(600))
    assert passages(gate, after(600)) == (Passage.PROBE, Passage.CLEAR)
    both = opened(opened(Gate(), SENDING, NOW), QUESTIONS, NOW)
    assert closed(both, QUESTIONS, after(60)).sending == both.sending


def test_a_question_that_is_answered_with_a_new_key_lets_a_payout_probe_from_then_on() -> None:
    gate = closed(refused(Gate()), QUESTIONS, after(60))
    assert gate.sending == Circuit(OpenReason.NOT_AUTHENTICATED, NOW, after(60))
    assert passages(gate, after(60)) == (Passage.PROBE, Passage.CLEAR)


def test_a_login_that_is_refused_after_a_question_was_answered_stops_both_again() -> None:
    gate = refused(closed(refused(Gate()), QUESTIONS, after(600)), after(601))
    assert (gate.login_failures, gate.questions.is_open) == (1, True)
    assert gate.sending.probe_at == gate.questions.probe_at == after(1201)


def test_a_person_opens_everything_that_no_person_has_shut() -> None:
    shut = refused(opened(Gate(version=3), SENDING, NOW))
    shut = replace(shut, pace=Pace(7, NOW), questions_not_before=after(60))
    assert reset(shut, after(60)) == Gate(version=3, shut=_shut(NOW, after(60)))
    assert reset(paused(shut, "ops", "why", NOW), after(60)).is_paused


# --- the pause switch


def test_a_pause_stops_sending_but_not_reading() -> None:
    gate = paused(Gate(), "ops", "rehearsal", NOW)
    assert passages(gate, after(10**6)) == (Passage.PAUSED, Passage.CLEAR)
    assert (gate.paused_by, gate.paused_at, gate.pause_reason) == ("ops", NOW, "rehearsal")
    assert resumed(gate, after(60)) == Gate(shut=_shut(NOW, after(60)))


def test_a_pause_and_an_open_circuit_are_independent() -> None:
    both = paused(opened(Gate(), SENDING, NOW), "ops", "why", NOW)
    assert passages(both, after(600)) == (Passage.PAUSED, Passage.CLEAR)
    assert passages(closed(both, SENDING, NOW), NOW) == (Passage.PAUSED, Passage.CLEAR)
    assert passages(resumed(both, NOW), NOW) == (Passage.CIRCUIT_OPEN, Passage.CLEAR)


# --- the time over which sending is shut


def _shut(since: datetime, until: datetime) -> ShutTime:
    return ShutTime(None, ((since, until),))


def test_a_pause_and_an_opening_that_overlap_are_one_time() -> None:
    gate = paused(opened(Gate(), SENDING, NOW), "ops", "why", after(60))
    gate = closed(gate, SENDING, after(120))
    assert gate.shut == ShutTime(NOW)
    assert resumed(gate, after(180)).shut == _shut(NOW, after(180))


def test_that_questions_are_stopped_is_no_time_for_payouts() -> None:
    gate = opened(Gate(), QUESTIONS, NOW)
    assert gate.shut == ShutTime()
    assert closed(gate, QUESTIONS, after(60)).shut == ShutTime()


def test_a_refused_login_begins_it_and_a_reset_ends_it() -> None:
    gate = refused(Gate())
    assert gate.shut == ShutTime(NOW)
    assert reset(gate, after(60)).shut == _shut(NOW, after(60))


def test_an_open_circuit_counts_until_its_probe_is_due_and_a_pause_for_as_long_as_it_lasts() -> (
    None
):
    gate = opened(Gate(), SENDING, NOW)
    assert gate.shut_within(NOW, after(599)) == timedelta(seconds=599)
    assert gate.shut_within(NOW, after(10**6)) == timedelta(seconds=600)
    assert gate.shut_within(after(700), after(800)) == timedelta()
    both = paused(gate, "ops", "why", after(60))
    assert both.shut_within(NOW, after(10**6)) == timedelta(seconds=10**6)
    for_a_person = replace(refused(Gate()), login_failures=2)
    for_a_person = refused(for_a_person, after(600), was_probe=True)
    assert for_a_person.shut_within(NOW, after(10**6)) == timedelta(seconds=10**6)


# --- the pace


def test_the_first_429_sets_a_pace_and_nothing_is_sent_before_its_time() -> None:
    gate = slowed(Gate(), NOW, after(20), None)
    assert gate.pace == gate.active_pace(NOW) == Pace(30, after(20))
    assert passages(gate, after(19)) == (Passage.PACED, Passage.CLEAR)
    assert passages(gate, after(20)) == (Passage.CLEAR, Passage.CLEAR)


def test_each_429_under_a_pace_halves_it() -> None:
    first = slowed(Gate(), NOW, after(60), None)
    second = slowed(first, after(70), after(130), first.pace)
    assert second.pace == Pace(15, after(130))
    assert slowed(second, after(140), after(200), second.pace).pace == Pace(7, after(200))


def test_of_many_429_in_one_instant_one_halves_it() -> None:
    first = slowed(Gate(), NOW, after(60), None)
    assert slowed(first, after(1), after(61), None).pace == Pace(30, after(61))
    other = Pace(7, NOW)
    second = slowed(first, after(70), after(130), first.pace)
    assert slowed(second, after(71), after(131), first.pace).pace == Pace(15, after(131))
    assert slowed(second, after(71), after(100), other).pace == Pace(15, after(130))


def test_a_429_after_a_pace_has_ended_begins_another() -> None:
    old = Pace(30, NOW)
    gate = Gate(pace=old)
    assert gate.active_pace(after(299)) == old
    assert gate.active_pace(after(300)) is None
    assert gate.passage(after(300)) is Passage.CLEAR
    assert slowed(gate, after(300), after(360), None).pace == Pace(30, after(360))
    assert slowed(gate, after(300), after(360), old).pace == Pace(30, after(360))


def test_a_pause_and_an_open_circuit_stand_before_the_pace_and_the_pace_before_the_probe() -> None:
    gate = slowed(opened(Gate(), SENDING, NOW), NOW, after(900), None)
    assert gate.passage(NOW) is Passage.CIRCUIT_OPEN
    assert gate.passage(after(600)) is Passage.PACED
    assert gate.passage(after(900)) is Passage.PROBE
    assert paused(gate, "ops", "why", NOW).passage(after(600)) is Passage.PAUSED


def test_questions_that_were_too_many_wait_and_payouts_go_on() -> None:
    gate = asked_too_often(Gate(), after(60))
    assert passages(gate, after(59)) == (Passage.CLEAR, Passage.PACED)
    assert passages(gate, after(60)) == (Passage.CLEAR, Passage.CLEAR)
    assert asked_too_often(gate, after(30)) == gate
    assert asked_too_often(gate, after(90)).questions_not_before == after(90)


# --- what a person did


def test_the_last_action_by_hand_is_kept_until_the_next() -> None:
    gate = switched(paused(Gate(version=3), "ops", "a drill", NOW), Switch.PAUSED, "ops", NOW)
    assert (gate.switched, gate.switched_by, gate.switched_at) == (Switch.PAUSED, "ops", NOW)
    assert (gate.version, gate.paused_by) == (3, "ops")
    later = opened(gate, SENDING, after(5))
    assert closed(later, SENDING, after(6)) == gate
    assert switched(gate, Switch.RESUMED, "other", after(9)).switched_by == "other"


def test_what_a_person_may_do_has_these_names_in_the_record_and_a_new_gate_none_of_them() -> None:
    assert [what.value for what in Switch] == ["Paused", "Resumed", "Reset"]
    gate = Gate()
    assert (gate.switched, gate.switched_by, gate.switched_at) == (None, None, None)


# --- a pace, which slows sending down


def _slowed(gate: Gate, at: datetime) -> Gate:
    return slowed(gate, at, at, gate.pace)


def test_the_time_of_a_pace_is_summed_up_as_that_over_which_sending_is_shut() -> None:
    gate = _slowed(Gate(), NOW)
    assert gate.pace == Pace(30, NOW)
    assert gate.shut_within(NOW, after(120)) == timedelta(seconds=120)
    assert gate.shut_within(NOW, after(10**6)) == timedelta(seconds=300)
    # Halved again while it is on, it is one span.
    again = _slowed(gate, after(120))
    assert (again.pace, again.shut) == (Pace(15, after(120)), ShutTime(NOW))
    assert again.shut_within(NOW, after(10**6)) == timedelta(seconds=720)
    assert reset(again, after(180)).shut == _shut(NOW, after(180))


def test_a_pace_that_is_over_ends_its_span_when_it_ended() -> None:
    gate = _slowed(Gate(), NOW)
    for changed in (
        paused(gate, "ops", "why", after(900)),
        opened(gate, SENDING, after(900)),
        _slowed(gate, after(900)),
    ):
        assert changed.shut == ShutTime(after(900), ((NOW, after(300)),))
    assert resumed(gate, after(900)).shut == _shut(NOW, after(300))
    assert watching(gate, SENDING, after(900)).shut == _shut(NOW, after(300))
    # At the very moment of its end it is over.
    at_its_end = paused(gate, "ops", "why", after(300))
    assert at_its_end.shut == ShutTime(after(300), ((NOW, after(300)),))


def test_a_pause_during_a_pace_is_one_time_with_it() -> None:
    gate = paused(_slowed(Gate(), NOW), "ops", "why", after(60))
    assert gate.shut_within(NOW, after(10**6)) == timedelta(seconds=10**6)
    on = resumed(gate, after(120))
    assert (on.shut, on.shut_until) == (ShutTime(NOW), after(300))
    over = resumed(gate, after(900))
    assert over.shut == _shut(NOW, after(900))


def test_an_open_circuit_and_a_pace_count_until_the_later_end() -> None:
    gate = opened(_slowed(Gate(), NOW), SENDING, after(60))
    assert gate.shut_until == after(660)
    long = slowed(gate, after(60), after(3600), gate.pace)
    assert long.shut_until == after(3600 + 600)
    for_a_person = replace(long, sending=replace(long.sending, probe_at=None))
    assert for_a_person.shut_until is None
    assert Gate().shut_until is None
    # An open circuit has its own end, though the pace is over.
    assert closed(gate, SENDING, after(900)).shut == _shut(NOW, after(900))


def test_one_that_began_before_the_pace_was_known_puts_it_off_and_counts() -> None:
    gate = _slowed(Gate(), NOW)
    later = slowed(gate, after(5), after(65), None)
    assert (later.pace, later.shut) == (Pace(30, after(65)), ShutTime(NOW))
    assert later.shut_until == after(365)
