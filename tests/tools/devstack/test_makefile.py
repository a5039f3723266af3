"""What the targets of the Makefile need to have installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tools.deploy.conftest import ROOT
from tools.devstack.install import pinned


def would_install(target: str, clone: Path) -> list[str]:
    """The files of requirements that make would install for a target, in order."""
    copied = ("Makefile", "pyproject.toml", *(f"requirements{x}.txt" for x in ("", "-run", "-dev")))
    for name in copied:
        shutil.copy(ROOT / name, clone)
    (clone / "tools" / "devstack").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "devstack" / "requirements.txt", clone / "tools" / "devstack")
    done = subprocess.run(  # noqa: S603
        ["make", "--dry-run", target],  # noqa: S607 - the machine's own
        cwd=clone,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [
        line.split() for line in done.stdout.splitlines() if "tools/devstack/install.py" in line
    ]
    return [words[4] for words in lines]


@pytest.mark.parametrize("target", ["run", "demo"])
def test_the_stack_needs_nothing_of_what_only_tests_need(target: str, tmp_path: Path) -> None:
    installed = would_install(target, tmp_path)
    assert installed == ["requirements-run.txt", "tools/devstack/requirements.txt"]


def test_tests_need_all_of_it(tmp_path: Path) -> None:
    installed = would_install("test", tmp_path)
    assert installed == [
        "requirements-run.txt",
        "requirements-dev.txt",
        "tools/devstack/requirements.txt",
    ]


def test_what_runs_is_pinned_once() -> None:
    development = [*pinned(ROOT / "requirements-dev.txt")]
    assert len(development) == len(set(development))
    assert {*pinned(ROOT / "requirements-run.txt")} < {*development}
