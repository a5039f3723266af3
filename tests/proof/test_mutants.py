"""Named mutants: each fault that is put into the app is caught by the proof."""

import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from proof.mutants import MUTANTS

ROOT: Final = Path(__file__).parents[2]


def test_every_mutant_is_caught_by_its_witness() -> None:
    command = [sys.executable, "-m", "proof.catching", "--witnesses"]
    done = subprocess.run(  # noqa: S603 - our own program
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(MUTANTS) >= 12
    tried = len(MUTANTS)
    assert f"{tried} of {tried} mutants caught" in done.stdout


def test_a_mutant_is_removed_after_it_was_tried() -> None:
    for mutant in MUTANTS:
        before = [_standing(owner, name) for owner, name, _ in mutant.patches]
        with mutant.applied():
            during = [_standing(owner, name) for owner, name, _ in mutant.patches]
            assert during == [new for _, _, new in mutant.patches]
        assert [_standing(owner, name) for owner, name, _ in mutant.patches] == before


def _standing(owner: Any, name: Any) -> object:
    return owner[name] if isinstance(owner, dict) else vars(owner)[name]
