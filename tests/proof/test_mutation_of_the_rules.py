"""The tests of the rules notice when they are changed: a fixed sample of all small changes."""

import subprocess
import sys
from pathlib import Path

from proof.mutation.trial import RULES, TESTS

ROOT = Path(__file__).parent.parent.parent


def test_a_sample_of_changed_rules_is_noticed_by_the_tests() -> None:
    modules = ("approval", "limits", "marks", "money", "schedule", "sydney")
    command = [sys.executable, "-m", "proof.mutation", *modules, "--sample", "10"]
    done = subprocess.run(  # noqa: S603 - our own program
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 of 10 mutants killed" in done.stdout


def test_every_module_of_rules_has_tests_that_its_mutants_meet() -> None:
    assert TESTS.keys() == RULES.keys()
