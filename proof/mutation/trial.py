"""One trial: the tests against one mutant, in a process of its own.

The parent has loaded what the tests need from outside of this repository, and nothing of the
domain. Each child finds the mutant where it looks for the module, so no file is ever changed.
"""

import gc
import importlib
import os
import resource
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from typing import Final

import pytest

from proof.mutation.mutants import Mutant

ROOT: Final = Path(__file__).resolve().parents[2]
_APP: Final = ROOT / "chalicelib"
_PURE_CORE: Final = ("actor", "marks", "money", "redaction", "sydney")
# Every module of rules, and what is pure of core: each file by its module's name.
RULES: Final = {
    path.stem: path
    for path in (
        *sorted(_APP.glob("*/rules/*.py")),
        *(_APP / "core" / f"{name}.py" for name in _PURE_CORE),
    )
    if path.stem != "__init__"
}
_TEST_FILES: Final = ROOT / "tests"
_BUILD: Final = ROOT / "build" / "mutation"
# What tests a module; the first ones that are run are those most likely to kill its mutants.
_TESTS: Final = {
    "actor": ("actor",),
    "approval": ("approval", "life_cycle"),
    "batch": ("batch", "marks"),
    "branch": ("verification",),
    "comparison": ("comparison",),
    "daily_report": ("daily_report",),
    "day_statistics": ("comparison",),
    "decisions": ("decisions", "life_cycle"),
    "destination": ("destination",),
    "explanation": ("explanation",),
    "funding": ("vocabulary",),
    "gate": ("gate",),
    "limits": ("limits",),
    "marks": ("marks",),
    "money": ("money",),
    "outcome": ("outcome",),
    "owner_name": ("owner_name",),
    "payout": ("life_cycle", "vocabulary", "decisions", "marks"),
    "redaction": ("redaction",),
    "schedule": ("schedule", "decisions"),
    "sydney": ("sydney",),
    "verification": ("verification",),
    "verification_answer": ("verification",),
}
_ALL_TESTS: Final = tuple(dict.fromkeys(name for names in _TESTS.values() for name in names))
# The tests take two seconds of a processor and 200 MB. A mutant that loops or swells is found out.
_MOST_CPU_SECONDS: Final = 30
_MOST_BYTES: Final = 2 * 2**30
_WARM: Final = (
    "hypothesis",
    "phonenumbers",
    "phonenumbers.data.region_AU",
    "simplejson",
    "stdnum.au.abn",
    "stdnum.au.acn",
)


class Verdict(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"


class BrokenTestsError(Exception):
    """The tests could not be run, or fail without any mutant: nothing can be said of mutants."""


def prepare() -> None:
    """Loads what every child needs; the same tests then take the same course in each of them.

    Raises:
        BrokenTestsError: the tests fail as it is.
    """
    os.chdir(ROOT)
    sys.pycache_prefix = str(_BUILD / "bytecode")
    sys.dont_write_bytecode = False
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(_BUILD / "hypothesis")
    for name in _WARM:
        importlib.import_module(name)
    from hypothesis import Phase, settings

    # A failing example is proof enough: nobody reads it, so it is not made small.
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile(
        "mutation", derandomize=True, database=None, deadline=None, phases=phases
    )
    settings.load_profile("mutation")
    gc.freeze()
    if [verdict for _, verdict in verdicts([None], 1)] != [Verdict.SURVIVED]:
        raise BrokenTestsError("the tests of the domain fail without any mutant")


def verdicts(
    mutants: Iterable[Mutant | None], processes: int
) -> Iterator[tuple[Mutant | None, Verdict]]:
    """Tries each mutant, so many at a time, and yields them in the order in which they end.

    Raises:
        BrokenTestsError: pytest did not get as far as running tests.
    """
    running: dict[int, Mutant | None] = {}
    for mutant in mutants:
        if len(running) == processes:
            yield _next_ended(running)
        child = os.fork()
        if child == 0:
            _be_tried(mutant)
        running[child] = mutant
    while running:
        yield _next_ended(running)


def _next_ended(running: dict[int, Mutant | None]) -> tuple[Mutant | None, Verdict]:
    child, status = os.wait()
    mutant = running.pop(child)
    code = os.waitstatus_to_exitcode(status)
    if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise BrokenTestsError(f"pytest ended with {pytest.ExitCode(code)!r}")
    return mutant, Verdict.SURVIVED if code == pytest.ExitCode.OK else Verdict.KILLED


def _be_tried(mutant: Mutant | None) -> None:
    """Runs the tests in this process, and ends it."""
    code = int(pytest.ExitCode.INTERNAL_ERROR)
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (_MOST_CPU_SECONDS, _MOST_CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        if mutant:
            sys.meta_path.insert(0, _MutantLoader(mutant))
        first = _TESTS[mutant.module] if mutant else ()
        rest = [name for name in _ALL_TESTS if name not in first]
        code = _run_tests(first) or _run_tests(rest)
    finally:
        os._exit(code)


def _run_tests(names: Iterable[str]) -> int:
    files = [str(_test_file(name)) for name in names]
    if not files:
        return 0
    plugins = ("-p", "pytest_timeout", "-p", "_hypothesis_pytestplugin", "-p", "no:cacheprovider")
    # The tests' own conftest is for those that need an AWS, which takes seconds to load.
    options = ("-x", "-q", "--assert=plain", "--noconftest", *plugins)
    return int(pytest.main([*options, *files]))


def _test_file(name: str) -> Path:
    """The tests of a module, beside those of its capability or, for `core`, in its folder."""
    (found,) = [
        path
        for folder in ("*/rules", "core")
        for path in _TEST_FILES.glob(f"{folder}/test_{name}.py")
    ]
    return found


class _MutantLoader(InspectLoader):
    """Is asked for every module, and has one: the mutant."""

    def __init__(self, mutant: Mutant) -> None:
        path = RULES[mutant.module].relative_to(ROOT).with_suffix("")
        self._name = ".".join(path.parts)
        self._source = mutant.source

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        return spec_from_loader(name, self) if name == self._name else None

    def get_source(self, fullname: str) -> str | None:
        return self._source if fullname == self._name else None
