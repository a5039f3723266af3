"""`python -m proof.interleavings`: every execution of every scenario, on all processors."""

import gc
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from proof.interleavings.explorer import Scenario, Stats, explore
from proof.interleavings.scenarios import (
    ASKED,
    NEEDLESSLY_CAREFUL,
    USUAL,
    WITHOUT_DEDUPLICATION,
    WRONG_SETTING,
)
from proof.result import Result

_ALL = (*USUAL, *WITHOUT_DEDUPLICATION, *ASKED, *NEEDLESSLY_CAREFUL)


def _explored(number: int) -> Stats:
    # The garbage of one execution is small and short-lived.
    gc.freeze()
    gc.set_threshold(100_000)
    return explore(_ALL[number])


def enumerated() -> list[tuple[Scenario, Stats]]:
    """Every scenario with its statistics."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(zip(_ALL, pool.map(_explored, range(len(_ALL))), strict=True))


def _printed(rows: Sequence[tuple[Scenario, Stats]], seconds: float) -> Stats:
    whole = Stats()
    for scenario, stats in rows:
        whole.add(stats)
        print(
            f"{stats.executions:8,} executions {stats.states:7,} states {stats.ends:5,} ends"
            f" {len(stats.violations):3} violations  {scenario.name}"
        )
    print(
        f"{whole.executions:8,} executions in {seconds:.1f} s, each another sequence of choices;"
        f" {whole.pruned:,} of them pruned at a state that was explored before"
    )
    for violation in whole.violations[:10]:
        print(violation)
    return whole


def main() -> int:
    started_at = time.monotonic()
    whole = _printed(enumerated(), time.monotonic() - started_at)
    wrong = explore(WRONG_SETTING[0], stop_at=1)
    print(
        "With MONOOVA_DUPLICATES=refused and a Monoova that pays duplicates, the first double"
        f" payment is execution {wrong.executions:,}:\n  {wrong.violations[0]}"
    )
    Result(executions=whole.executions, violations=len(whole.violations)).write()
    return 1 if whole.violations else 0


if __name__ == "__main__":
    sys.exit(main())
