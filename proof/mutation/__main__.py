"""Runs the mutants, prints the score and every survivor.

Exit code 1 where a survivor has no explanation, or where the score of all rules is below 99 %.
"""

import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Final

from proof.mutation.mutants import Mutant, mutants_of
from proof.mutation.survivors import known_survivors
from proof.mutation.trial import RULES, BrokenTestsError, Verdict, prepare, try_each
from proof.result import Result

_LEAST_SCORE: Final = 0.99
_HASH_SEED: Final = "PYTHONHASHSEED"


def main() -> int:
    parser = ArgumentParser(prog="python -m proof.mutation", description=__doc__)
    names = sorted(RULES)
    parser.add_argument("modules", nargs="*", metavar="module", help="of the rules; all if none")
    parser.add_argument("--sample", type=int, metavar="N", help="only N mutants, always the same")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    wanted = parser.parse_args()
    unknown = set(wanted.modules) - set(names)
    if unknown:
        parser.error(f"no such module: {', '.join(sorted(unknown))}")
    known = known_survivors()
    mutants = [m for name in wanted.modules or names for m in mutants_of(RULES[name], name)]
    if wanted.sample:
        mutants = _sample(mutants, known, wanted.sample)
    start = time.monotonic()
    try:
        prepare(is_checked=not wanted.sample)
        survivors = _survivors(mutants, known, wanted.processes)
    except BrokenTestsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    score = 1 - len(survivors) / len(mutants)
    sys.stdout.write(
        f"{len(mutants) - len(survivors)} of {len(mutants)} mutants killed: {score:.1%}"
        f" in {time.monotonic() - start:.0f} s\n"
    )
    if not wanted.sample:
        Result(rules_mutants=len(mutants), rules_killed=len(mutants) - len(survivors)).write()
        _print_outdated(mutants, survivors, known)
    unexplained = [mutant for mutant in survivors if mutant.name not in known]
    is_whole = not wanted.sample and not wanted.modules
    return int(bool(unexplained) or (is_whole and score < _LEAST_SCORE))


def _sample(mutants: Sequence[Mutant], known: dict[str, str], size: int) -> list[Mutant]:
    """Spread over the rules by a hash of what is changed: the same until that code changes."""
    return sorted((m for m in mutants if m.name not in known), key=lambda m: m.rank)[:size]


def _survivors(mutants: Sequence[Mutant], known: dict[str, str], processes: int) -> list[Mutant]:
    survivors: list[Mutant] = []

    def notice(mutant: Mutant | None, verdict: Verdict) -> None:
        if mutant and verdict is Verdict.SURVIVED:
            survivors.append(mutant)
            sys.stdout.write(f"{known.get(mutant.name, 'NEW'):<12} {mutant.name}\n")
            sys.stdout.flush()

    try_each(mutants, processes, notice)
    return survivors


def _print_outdated(
    mutants: Sequence[Mutant], survivors: Sequence[Mutant], known: dict[str, str]
) -> None:
    tried = {mutant.module for mutant in mutants}
    alive = {mutant.name for mutant in survivors}
    for name in sorted(known.keys() - alive):
        if name.partition(".")[0] in tried:
            sys.stdout.write(f"listed as a survivor, but is none: {name}\n")


if __name__ == "__main__":
    if os.environ.get(_HASH_SEED) != "0":
        # The order of a set decides whether some mutants are noticed: it is the same in every run.
        command = [sys.executable, "-m", "proof.mutation", *sys.argv[1:]]
        os.execve(sys.executable, command, {**os.environ, _HASH_SEED: "0"})  # noqa: S606
    sys.exit(main())
