"""Every order, every fault: the short scenarios, and that the explorer misses nothing."""

from collections.abc import Iterator

import pytest

from chalicelib.payouts.rules.payout import State
from proof.interleavings.actors import PAYOUT, payout, set_up
from proof.interleavings.choices import Choices
from proof.interleavings.explorer import Actor, Budget, Scenario, Scheduler, Stats, explore
from proof.interleavings.provider import Fault
from proof.interleavings.scenarios import ASKED, USUAL, WITHOUT_DEDUPLICATION, WRONG_SETTING
from proof.memory.payouts import MemoryPayouts
from proof.seam import Call

_SHORT = (
    "cancelled meanwhile",
    "erased meanwhile",
    "in doubt, booked",
    "in doubt, crash",
    "lease expired",
    "resolved as Completed, and rejected",
    "resolved as Failed, and paid",
    "retried, and paid after all",
    "two retries",
    "two requests under one key",
    "webhooks that contradict",
    "in doubt, booked; duplicates are paid",
    "lease expired; duplicates are paid",
    "doubt, then something definite, asked; duplicates are paid",
    "lease expired, asked; duplicates are paid",
    "in doubt, crash, asked; duplicates are paid",
)


@pytest.mark.parametrize(
    "scenario",
    [s for s in (*USUAL, *WITHOUT_DEDUPLICATION, *ASKED) if s.name in _SHORT],
    ids=lambda scenario: scenario.name,
)
def test_no_order_and_no_fault_breaks_a_promise(scenario: Scenario) -> None:
    stats = explore(scenario)
    assert stats.violations == []
    assert stats.executions > 50


def test_a_monoova_that_pays_duplicates_needs_the_other_setting() -> None:
    stats = explore(WRONG_SETTING[0], stop_at=1)
    assert "P1: paid 2 times" in stats.violations[0]


def test_choices_are_enumerated_each_once() -> None:
    choices, seen = Choices(), []
    while True:
        choices.restart()
        first = choices.choose(2)
        seen.append((first, choices.choose(3) if first else choices.choose(2)))
        if not choices.advance():
            break
    assert seen == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]


def _racing(actors: int, budget: Budget) -> Scenario:
    """Each actor adds one to a number, by reading it and writing it back."""
    number = [0]

    def add(scheduler: Scheduler) -> None:
        found = scheduler.cross(Call("number", "Read"), lambda: number[0])
        scheduler.cross(Call("number", "Write"), lambda: number.__setitem__(0, found + 1))

    def prepare(scheduler: Scheduler) -> None:
        set_up(scheduler, payout(State.QUEUED))
        number[0] = 0
        scheduler.actors = [Actor(f"adder {n}", lambda: add(scheduler)) for n in range(actors)]
        # What is shared has to be part of the state that is compared.
        scheduler.tables.calls = _Shown(number)

    def judge(scheduler: Scheduler) -> Iterator[str]:
        if number[0] != actors:
            yield f"{number[0]} of {actors}"

    return Scenario("a race", budget, prepare, judge)


class _Shown(dict[str, tuple[int, int]]):
    def __init__(self, number: list[int]) -> None:
        super().__init__()
        self._number = number

    def items(self) -> "list[tuple[str, tuple[int, int]]]":  # type: ignore[override]
        return [("number", (self._number[0], 0))]


def _ends(stats: Stats) -> set[str]:
    return {text.partition("\n")[0].partition(": ")[2] for text in stats.violations}


def test_the_explorer_finds_a_race_that_one_order_in_many_shows() -> None:
    assert explore(_racing(1, Budget())).violations == []
    assert _ends(explore(_racing(3, Budget()))) == {"1 of 3", "2 of 3"}


def test_a_crash_comes_at_every_call_on_either_side() -> None:
    stats = explore(_racing(1, Budget(crashes=1)))
    # Without a crash, and killed before or after each of two calls: only a finished write counts.
    assert stats.executions == 5
    assert _ends(stats) == {"0 of 1"}


def test_every_fault_of_the_network_is_tried() -> None:
    faults = [fault.name for fault in Fault if fault is not Fault.NONE]
    scenario = next(s for s in USUAL if s.name == "two requests under one key, network")
    scheduler, seen = Scheduler(), set()
    while True:
        scheduler.choices.restart()
        scheduler.reset(scenario.budget)
        scenario.prepare(scheduler)
        scheduler.actors = scheduler.actors[:1]
        scheduler.play(set())
        seen |= {line.rpartition(" ")[2] for line in scheduler.trace if "Execute" in line}
        if not scheduler.choices.advance():
            break
    assert seen >= set(faults)
    assert PAYOUT in scheduler.tables.payouts
    assert MemoryPayouts(scheduler.tables, scheduler).get(PAYOUT) is not None
