"""Which second calls are made under a reference that may be booked, and what forbids them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from chalicelib.monoova.rules.duplicates import (
    ContractRun,
    Duplicates,
    SecondCalls,
    Shown,
    booked_twice,
    is_refusal_shown,
    second_calls,
    with_contract_run,
)
from chalicelib.monoova.rules.gate import Calls, Gate, closed, opened, paused, reset, resumed

NOW: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)
REFUSAL: Final = ContractRun(NOW, "sandbox", Shown.REFUSED)
SHOWN: Final = with_contract_run(Gate(), REFUSAL)
LATCHED: Final = booked_twice(SHOWN, NOW + SECOND)

NONE: Final = SecondCalls(at_once=False, asks_first=False, later=False)
ASKING_ALONE: Final = SecondCalls(at_once=True, asks_first=True, later=False)
ASKING: Final = SecondCalls(at_once=True, asks_first=True, later=True)
UNASKED: Final = SecondCalls(at_once=True, asks_first=False, later=True)


@pytest.mark.parametrize(
    ("setting", "gate", "is_live", "made"),
    [
        (Duplicates.ASKED, Gate(), False, ASKING),
        (Duplicates.ASKED, Gate(), True, ASKING_ALONE),
        (Duplicates.ASKED, SHOWN, True, ASKING),
        (Duplicates.REFUSED, Gate(), False, UNASKED),
        (Duplicates.REFUSED, Gate(), True, ASKING_ALONE),
        (Duplicates.REFUSED, SHOWN, True, UNASKED),
        (Duplicates.BOOKED, Gate(), False, NONE),
        (Duplicates.BOOKED, SHOWN, False, NONE),
        (Duplicates.BOOKED, SHOWN, True, NONE),
        (Duplicates.ASKED, LATCHED, False, NONE),
        (Duplicates.REFUSED, LATCHED, False, NONE),
        (Duplicates.REFUSED, LATCHED, True, NONE),
    ],
)
def test_which_second_calls_are_made(
    setting: Duplicates, gate: Gate, is_live: bool, made: SecondCalls
) -> None:
    assert second_calls(setting, gate, is_live=is_live) == made


@pytest.mark.parametrize(
    ("environment", "showed", "is_shown"),
    [
        ("sandbox", Shown.REFUSED, True),
        ("sandbox", Shown.BOOKED, False),
        ("simulator", Shown.REFUSED, False),
    ],
)
def test_only_a_refusal_by_the_sandbox_counts(
    environment: str, showed: Shown, is_shown: bool
) -> None:
    gate = with_contract_run(Gate(), ContractRun(NOW, environment, showed))
    assert is_refusal_shown(gate) is is_shown
    assert (gate.contract_run_at, gate.contract_run_on) == (NOW, environment)
    assert gate.contract_showed == showed


def test_no_record_shows_nothing() -> None:
    assert is_refusal_shown(Gate()) is False


def test_a_reference_that_was_booked_twice_is_known_by_when_it_was_last() -> None:
    assert booked_twice(Gate(), NOW).booked_twice_at == NOW
    assert LATCHED.booked_twice_at == NOW + SECOND
    assert booked_twice(LATCHED, NOW + 2 * SECOND).booked_twice_at == NOW + 2 * SECOND
    assert booked_twice(LATCHED, NOW + SECOND) is LATCHED


@pytest.mark.parametrize("at", [NOW, NOW - SECOND])
def test_what_happened_before_the_last_contract_run_changes_nothing(at: datetime) -> None:
    assert booked_twice(SHOWN, at) is SHOWN


@pytest.mark.parametrize(
    ("run", "is_cleared"),
    [
        (replace(REFUSAL, run_at=NOW + 2 * SECOND), True),
        (replace(REFUSAL, run_at=NOW + SECOND), False),
        (REFUSAL, False),
        (replace(REFUSAL, run_at=NOW + 2 * SECOND, showed=Shown.BOOKED), False),
        (replace(REFUSAL, run_at=NOW + 2 * SECOND, environment="simulator"), False),
    ],
)
def test_the_latch_is_cleared_by_a_newer_run_that_shows_the_refusal_alone(
    run: ContractRun, is_cleared: bool
) -> None:
    gate = with_contract_run(LATCHED, run)
    assert (gate.booked_twice_at is None) is is_cleared
    assert gate.contract_run_at == run.run_at


def test_neither_the_circuit_nor_a_pause_takes_the_latch_away() -> None:
    gate = opened(LATCHED, Calls.SENDING, NOW)
    gate = reset(closed(gate, Calls.SENDING, NOW), NOW)
    gate = resumed(paused(gate, "operator", "a check", NOW), NOW)
    assert (gate.booked_twice_at, gate.contract_run_at) == (NOW + SECOND, NOW)
