"""Simulated days: eight seeds, and each that ever broke a promise."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from proof.checker.reading import read_run
from proof.checker.verdict import violations_in
from proof.days import FAILED_ONCE, days, seeds_in
from proof.simulation import Size, simulate

ROOT = Path(__file__).parent.parent.parent


def test_eight_days_and_those_that_failed_once_keep_the_promises() -> None:
    seeds = [*range(1, 9), *FAILED_ONCE]
    ran = list(days(seeds, Size()))
    assert [day.run.seed for day in ran] == seeds
    assert [(day.run.seed, found) for day in ran for found in day.violations] == []
    # Days without faults or without payments would prove nothing.
    assert sum(day.run.bookings for day in ran) > 300
    assert sum(day.run.faults for day in ran) > 1000
    # Each of these is on some of them.
    had = Counter(what for day in ran for what, times in day.run.counts.items() if times)
    # Few days in a hundred have a batch checked while the balance cannot be asked.
    assert set(had) >= set(ran[0].run.counts) - {"balance_fails"}, had


def test_a_seed_is_the_same_day_in_any_process(tmp_path: Path) -> None:
    expected = simulate(7, tmp_path, Size(payouts=15)).digest
    command = [sys.executable, "-m", "proof.days", "7", "--payouts", "15"]
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    done = subprocess.run(  # noqa: S603 - our own program
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert expected in done.stdout


def test_a_history_with_a_lost_payout_is_not_passed(tmp_path: Path) -> None:
    simulate(7, tmp_path, Size(payouts=15))
    history = tmp_path / "history.jsonl"
    lines = history.read_text().splitlines()
    ended = '"status": "Completed"'
    seen = [n for n, line in enumerate(lines) if '"kind": "seen"' in line and ended in line][-1]
    lines[seen] = lines[seen].replace(ended, '"status": "Queued"')
    history.write_text("\n".join(lines) + "\n")
    assert violations_in(read_run(tmp_path))


@pytest.mark.parametrize(
    ("texts", "seeds"), [(["7"], [7]), (["3-5", "9"], [3, 4, 5, 9]), (["failed"], [*FAILED_ONCE])]
)
def test_seeds_are_named_singly_in_ranges_or_as_those_that_failed(
    texts: list[str], seeds: list[int]
) -> None:
    assert seeds_in(texts) == seeds
