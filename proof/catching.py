"""`python -m proof.catching`: which part of the proof catches each mutant, and how soon."""

import argparse
import multiprocessing
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from proof import cases, days
from proof.cases import CASES
from proof.crash_points import Flow, crash_points, judged
from proof.interleavings.explorer import Scenario, explore
from proof.interleavings.scenarios import USUAL
from proof.mutants import MUTANTS, Mutant
from proof.result import Result
from proof.simulation import Size

BUILD: Final = Path(__file__).parent.parent / "build" / "catching"
# Seeds that `make prove` does not run as days, so that mutants are tried on other days.
_FIRST_SEED: Final = 5_000
# One mutant shows itself on one day of fifty only.
_DAYS: Final = 80


@dataclass(frozen=True)
class Catch:
    """After how many executions a part saw the first violation, and which; None: it did not."""

    part: str
    executions: int
    violation: str | None


def _crash_points() -> Iterator[tuple[int, str | None]]:
    folder = BUILD / str(os.getpid())
    for number, point in enumerate(crash_points(), start=1):
        found = judged(point, folder)
        yield number, f"{point}: {found[0]}" if found else None
    shutil.rmtree(folder, ignore_errors=True)


def _cases(tried: Sequence[Flow] = CASES) -> Iterator[tuple[int, str | None]]:
    folder = BUILD / str(os.getpid())
    for number, case in enumerate(tried, start=1):
        found = cases.judged(case, folder)
        yield number, f"{case.name}: {found[0]}" if found else None
    shutil.rmtree(folder, ignore_errors=True)


def _interleavings(scenarios: Sequence[Scenario] = USUAL) -> Iterator[tuple[int, str | None]]:
    executions = 0
    for scenario in scenarios:
        stats = explore(scenario, stop_at=1)
        executions += stats.executions
        found = stats.violations
        yield executions, found[0].partition("\n")[0] if found else None


def _days(
    seeds: Sequence[int] = range(_FIRST_SEED, _FIRST_SEED + _DAYS),
) -> Iterator[tuple[int, str | None]]:
    for number, seed in enumerate(seeds, start=1):
        day = days.judged(seed, Size(), into=BUILD / str(os.getpid()))
        yield number, f"seed {day.run.seed}: {day.violations[0]}" if day.violations else None


_PARTS: Final[dict[str, Callable[[], Iterator[tuple[int, str | None]]]]] = {
    "cases": _cases,
    "days": _days,
    "crash points": _crash_points,
    "interleavings": _interleavings,
}
# The scenario of the interleavings in which a mutant shows itself; those that stand in no list
# show themselves in the first.
_WITNESS_SCENARIOS: Final = {
    "retry without asking": "retried, and paid after all",
    "retry without claim": "retried by itself and by its file",
    "seal not checked": "a forged row is delivered",
    "resend without seal": "a forged row is in doubt",
}
# The case that was made for a mutant.
WITNESS_CASES: Final = {
    "reason not redacted": "a reason that names the payee",
    "unsigned bad news is final": "an unsigned rejection",
    "returned without its credit": "a return without its credit",
    "limit by destination": "an account that stands in two destinations",
    "one breaker for all": "only questions fail",
    "context not checked": "details copied into another record",
}
# A day on which a mutant shows itself, as `python -m proof.catching` finds one.
_WITNESS_SEEDS: Final = {
    "send before commit": 5000,
    "final overwritten": 5002,
    "lease without expiry": 5000,
    "webhook without authentication": 5000,
    "signature over the parsed body": 5001,
    "batch item dropped": 5036,
    "queued and forgotten": 5004,
    "idempotency key ignored": 5000,
    "amount not compared": 5001,
    "429 is success": 5004,
    "failed file is final": 5001,
    "bad row stops the run": 5001,
}


def caught(mutant: Mutant, part: str) -> Catch:
    """Runs one part against one mutant until it sees something, or is through."""
    return _caught(mutant, part, _PARTS[part])


def witnessed(mutant: Mutant) -> Catch:
    """Runs the one case, day or scenario that is known to show the mutant."""
    if mutant.name in WITNESS_CASES:
        made_for_it = [case for case in CASES if case.name == WITNESS_CASES[mutant.name]]
        return _caught(mutant, "cases", partial(_cases, made_for_it))
    seed = _WITNESS_SEEDS.get(mutant.name)
    if seed is None:
        name = _WITNESS_SCENARIOS.get(mutant.name, USUAL[0].name)
        scenarios = [scenario for scenario in USUAL if scenario.name == name]
        return _caught(mutant, "interleavings", partial(_interleavings, scenarios))
    return _caught(mutant, "days", partial(_days, [seed]))


def _caught(
    mutant: Mutant, part: str, run: Callable[[], Iterator[tuple[int, str | None]]]
) -> Catch:
    executions = 0
    with mutant.applied():
        for executions, violation in run():
            if violation:
                return Catch(part, executions, violation)
    return Catch(part, executions, None)


def first_catch(number: int, parts: Sequence[str]) -> tuple[Catch, ...]:
    """The parts in turn, up to the first that catches the mutant."""
    tried: list[Catch] = []
    for part in parts:
        tried.append(caught(MUTANTS[number], part))
        if tried[-1].violation:
            break
    return tuple(tried)


def all_catches(number: int, parts: Sequence[str]) -> tuple[Catch, ...]:
    """Every part, whatever the others saw."""
    return tuple(caught(MUTANTS[number], part) for part in parts)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m proof.catching", description=__doc__)
    parser.add_argument("--all", action="store_true", help="ask every part about every mutant")
    parser.add_argument("--witnesses", action="store_true", help="only what is known to show each")
    given = parser.parse_args(arguments)
    if given.witnesses:
        return _try_witnesses()
    how = partial(all_catches if given.all else first_catch, parts=tuple(_PARTS))
    survivors = 0
    # A process for each: what a mutant leaves behind ends with it.
    with ProcessPoolExecutor(os.cpu_count(), max_tasks_per_child=1) as pool:
        for mutant, catches in zip(MUTANTS, pool.map(how, range(len(MUTANTS))), strict=True):
            survivors += not any(catch.violation for catch in catches)
            _print_catches(mutant, catches)
    print(f"{len(MUTANTS) - survivors} of {len(MUTANTS)} mutants caught")
    Result(mutants=len(MUTANTS), mutants_caught=len(MUTANTS) - survivors).write()
    return 1 if survivors else 0


def _try_witnesses() -> int:
    """A forked process for each mutant, so that what it leaves behind ends there."""
    forking = multiprocessing.get_context("fork")
    tries = [forking.Process(target=_try_witness, args=(mutant,)) for mutant in MUTANTS]
    for each in tries:
        each.start()
    for each in tries:
        each.join()
    missed = [mutant.name for mutant, each in zip(MUTANTS, tries, strict=True) if each.exitcode]
    print(f"{len(MUTANTS) - len(missed)} of {len(MUTANTS)} mutants caught by their witnesses")
    for name in missed:
        print(f"not caught: {name}; python -m proof.catching finds another witness")
    return 1 if missed else 0


def _try_witness(mutant: Mutant) -> None:
    sys.exit(0 if witnessed(mutant).violation else 1)


def _print_catches(mutant: Mutant, catches: tuple[Catch, ...]) -> None:
    print(f"{mutant.name}: {mutant.what}")
    for catch in catches:
        what = f"caught after {catch.executions:,}: {catch.violation}"
        print(f"    {catch.part:14}{what if catch.violation else f'not in {catch.executions:,}'}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
