"""`python -m proof.days 1-50`: simulated days by their seeds, each judged by the checker.

A seed always makes one and the same history; the digest shows it.
"""

import argparse
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from proof.checker.reading import read_run
from proof.checker.verdict import violations_in
from proof.fault_types import FAULT_TYPES
from proof.result import Result
from proof.simulation import Run, Size, simulate

BUILD: Final = Path(__file__).parent.parent / "build" / "days"
# Seeds of days that broke a promise, to be run ever after. On 16 an unsigned success was believed
# after an unsigned rejection, on 77 a function that still had an old key spent the last probe, on
# 347 the second half of a return was not awaited. On 5107 it was the proof that erred, and ended
# the day before a row's own time was over: it was released on the next day of Sydney.
FAILED_ONCE: Final[tuple[int, ...]] = (16, 77, 347, 5107)


@dataclass(frozen=True)
class Day:
    """One seed and its verdict."""

    run: Run
    violations: tuple[str, ...]

    def __str__(self) -> str:
        run = self.run
        verdict = f"{len(self.violations)} violations" if self.violations else "held"
        return (
            f"seed {run.seed:6} {run.digest} {run.payouts:5} payouts {run.bookings:5} booked"
            f" {run.calls:7} calls {run.faults:5} faults: {verdict}; {run.conditions or 'ordinary'}"
        )


def judged(seed: int, size: Size, keep: bool = False, into: Path = BUILD) -> Day:
    """Runs one day and has it judged. Its history stays where a promise was broken."""
    folder = into / str(seed)
    run = simulate(seed, folder, size)
    violations = tuple(violations_in(read_run(folder)))
    if not violations and not keep:
        shutil.rmtree(folder)
    return Day(run, violations)


def days(seeds: Iterable[int], size: Size, keep: bool = False) -> Iterable[Day]:
    """The days, on all processors, in the order of the seeds."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(partial(judged, size=size, keep=keep), seeds, chunksize=1)


def seeds_in(texts: Sequence[str]) -> list[int]:
    """`7`, `1-50` or `failed`, as often as wanted."""
    seeds: list[int] = []
    for text in texts:
        if text == "failed":
            seeds += FAILED_ONCE
            continue
        first, _, last = text.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    return seeds


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m proof.days", description=__doc__)
    parser.add_argument("seeds", nargs="+", help="7, 1-50 or failed")
    parser.add_argument("--payouts", type=int, default=Size.payouts)
    parser.add_argument("--hours", type=float, default=Size.hours)
    parser.add_argument("--every-fault", action="store_true", help="each type, booking twice")
    parser.add_argument("--keep", action="store_true", help="keep every history in build/days")
    given = parser.parse_args(arguments)
    size = Size(payouts=given.payouts, hours=given.hours, is_of_every_fault=given.every_fault)
    count = payouts = violations = 0
    had: Counter[str] = Counter()
    met: Counter[str] = Counter()
    for day in days(seeds_in(given.seeds), size, given.keep):
        print(day, flush=True)
        for violation in day.violations:
            print(f"    {violation}")
        count, payouts = count + 1, payouts + day.run.payouts
        violations += len(day.violations)
        had.update(f"days_{what}" for what, times in day.run.counts.items() if times)
        met.update({f"met_{name}": times for name, times in day.run.fault_types.items()})
    print(f"{count} days, {payouts} payouts, {violations} violations")
    print("days with " + ", ".join(f"{what[5:]}: {days}" for what, days in sorted(had.items())))
    if given.every_fault:
        print("met " + ", ".join(f"{each.name}: {met[f'met_{each.name}']}" for each in FAULT_TYPES))
        met["met"] = met.total()
    Result(seeds=count, simulated_payouts=payouts, violations=violations, **had, **met).write()
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
