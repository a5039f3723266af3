"""One trial: the tests of a module against one mutant of it, in a process of its own.

The parent has loaded what the tests need from outside of this repository, and nothing of the
rules. It starts one session of pytest and forks it, once a mutant, just before the tests are
collected: pytest itself is set up once. Each child finds the mutant where it looks for the module,
so no file is ever changed.
"""

import gc
import importlib
import os
import resource
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
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
_MODULES: Final = (
    *(path for path in sorted(_APP.glob("*/rules/*.py")) if path.stem != "__init__"),
    *(_APP / "core" / f"{name}.py" for name in _PURE_CORE),
)
_TIMES: Final = Counter(path.stem for path in _MODULES)
# Every module of rules, and what is pure of core: each file by its module's name, with that of its
# capability where two have the same.
RULES: Final = {
    path.stem if _TIMES[path.stem] == 1 else f"{path.parts[-3]}/{path.stem}": path
    for path in _MODULES
}
_TEST_FILES: Final = ROOT / "tests"
_BUILD: Final = ROOT / "build" / "mutation"
# What tests a module; first those most likely to kill its mutants, since what they kill never comes
# to the next. Nothing else judges it: a test of another module that happens to fail would prove
# nothing of this one's own.
TESTS: Final = {
    "actor": ("actor",),
    "approval": ("approval", "life_cycle"),
    "attempts": ("attempts", "schedule"),
    "batch": ("batch", "marks"),
    "branch": ("verification",),
    "circuit": ("gate", "unreadable_gate"),
    "comparison": ("comparison",),
    "control/duplicates": ("control/duplicates",),
    "daily_report": ("daily_report",),
    "day_statistics": ("comparison",),
    "decisions": ("decisions", "life_cycle", "attempts"),
    "destination": ("destination",),
    "explanation": ("explanation",),
    "funding": ("vocabulary",),
    "gate": ("gate", "unreadable_gate"),
    "integrity": ("integrity",),
    "limits": ("limits",),
    "live": ("live",),
    "marks": ("marks",),
    "money": ("money",),
    "monoova/duplicates": ("monoova/duplicates",),
    "news": ("news",),
    "outcome": ("outcome",),
    "owner_name": ("owner_name",),
    "pace": ("pace",),
    "payout": ("life_cycle", "decisions", "marks"),
    "provenance": ("provenance",),
    "redaction": ("redaction",),
    "resolution": ("second_payment",),
    "retry": ("retry",),
    "returns": ("returns",),
    "schedule": ("schedule", "decisions", "unreadable_looks"),
    "seal": ("seal",),
    "second_payment": ("second_payment",),
    "shut_time": ("shut_time", "schedule"),
    "sydney": ("sydney",),
    "verification": ("verification",),
    "verification_answer": ("verification",),
}
# The closed lists of words, of all modules: the last that is run, since it loads them all.
_WORDS: Final = "vocabulary"
_ALL_TESTS: Final = tuple(dict.fromkeys(name for names in TESTS.values() for name in names))
# A file of tests takes a second of a processor and 200 MB. A mutant that loops or swells is found
# out.
_MOST_CPU_SECONDS: Final = 10
_MOST_BYTES: Final = 2 * 2**30
# The tests' own conftest is for those that need an AWS, which takes seconds to load. What pytest
# would tell of a failure is read by no person: it is neither captured nor laid out.
_OPTIONS: Final = (
    *("-x", "-qq", "-s", "--assert=plain", "--tb=native", "--noconftest"),
    *("-p", "pytest_timeout", "-p", "_hypothesis_pytestplugin"),
    *(f"-pno:{name}" for name in ("cacheprovider", "doctest", "faulthandler", "junitxml")),
    *(f"-pno:{name}" for name in ("logging", "pastebin", "stepwise", "unittest")),
)
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


def prepare(*, is_checked: bool) -> None:
    """Loads what every child needs; the same tests then take the same course in each of them.

    `is_checked`: first the tests have to pass without any mutant. A sample is tried beside them.

    Raises:
        BrokenTestsError: the tests fail as it is.
    """
    os.chdir(ROOT)
    sys.pycache_prefix = str(_BUILD / "bytecode")
    sys.dont_write_bytecode = False
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)  # may speak of plugins that are not loaded here
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(_BUILD / "hypothesis")
    for name in _WARM:
        importlib.import_module(name)
    from hypothesis import Phase, settings

    # A failing example is proof enough: it is not read, so it is not made small.
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile(
        "mutation", derandomize=True, database=None, deadline=None, phases=phases
    )
    settings.load_profile("mutation")
    if not is_checked:
        return
    found: list[Verdict] = []
    try_each([None], 1, lambda _, verdict: found.append(verdict))
    if found != [Verdict.SURVIVED]:
        raise BrokenTestsError("the tests of the rules fail without any mutant")


def try_each(
    mutants: Iterable[Mutant | None],
    processes: int,
    notice: Callable[[Mutant | None, Verdict], None],
) -> None:
    """Tries each mutant, so many at a time, and tells each verdict as soon as it is known.

    None in place of a mutant is the rules as they are, against the tests of all modules.

    Raises:
        BrokenTestsError: pytest did not get as far as running tests.
    """
    parent, trials = os.getpid(), _Trials(mutants, processes, notice)
    code = int(pytest.ExitCode.INTERNAL_ERROR)
    try:
        code = int(pytest.main([*_OPTIONS, str(_TEST_FILES)], plugins=[trials]))
    finally:
        if os.getpid() != parent:
            os._exit(code)
    if code != pytest.ExitCode.NO_TESTS_COLLECTED:
        raise BrokenTestsError(f"pytest could not be set up: {pytest.ExitCode(code)!r}")
    if trials.broken is not None:
        raise BrokenTestsError(f"pytest ended with {trials.broken!r}")


@dataclass(frozen=True, slots=True)
class _Trial:
    """A mutant, and the files of tests that it has yet to survive; the first of them is run."""

    mutant: Mutant | None
    files: tuple[str, ...]


class _Trials:
    """A plugin of pytest: forks the session in place of collecting tests, which its children do."""

    def __init__(
        self,
        mutants: Iterable[Mutant | None],
        processes: int,
        notice: Callable[[Mutant | None, Verdict], None],
    ) -> None:
        self.broken: pytest.ExitCode | None = None
        self._waiting = deque(_Trial(mutant, _files_for(mutant)) for mutant in mutants)
        self._processes = processes
        self._notice = notice
        self._running: dict[int, _Trial] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool | None:
        """Has every mutant tried. True ends the parent's session; None lets a child's go on."""
        gc.freeze()
        while self._waiting or self._running:
            if not self._waiting or len(self._running) == self._processes:
                self._wait_for_one()
                continue
            trial = self._waiting.popleft()
            child = os.fork()
            if child == 0:
                _become(trial, session)
                return None
            self._running[child] = trial
        return True

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """The quick ones first: some tests have five hundred cases, hypothesis takes a hundred."""
        cases = Counter(_function_of(item) for item in items)
        items.sort(key=lambda item: ("hypothesis" in item.keywords, cases[_function_of(item)]))

    def _wait_for_one(self) -> None:
        child, status = os.wait()
        trial = self._running.pop(child)
        code = os.waitstatus_to_exitcode(status)
        if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
            self.broken = pytest.ExitCode(code)
        if code != pytest.ExitCode.OK:
            self._notice(trial.mutant, Verdict.KILLED)
        elif trial.files[1:]:
            self._waiting.append(_Trial(trial.mutant, trial.files[1:]))
        else:
            self._notice(trial.mutant, Verdict.SURVIVED)


def _function_of(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def _files_for(mutant: Mutant | None) -> tuple[str, ...]:
    names = TESTS[mutant.module] if mutant else _ALL_TESTS
    return tuple(str(_test_file(name)) for name in dict.fromkeys([*names, _WORDS]))


def _become(trial: _Trial, session: pytest.Session) -> None:
    """Makes this process the one that tries a mutant: its session will run that file."""
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_CPU_SECONDS, _MOST_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    # Most live for a tenth of a second: the collector would look at everything for nothing.
    gc.set_threshold(50_000, 20, 20)
    if trial.mutant:
        sys.meta_path.insert(0, _MutantLoader(trial.mutant))
    session.config.args[:] = trial.files[:1]


def _test_file(name: str) -> Path:
    """The tests of a module, beside those of its capability or, for `core`, in its folder."""
    capability, _, module = name.rpartition("/")
    (found,) = [
        path
        for folder in (f"{capability or '*'}/rules", "core")
        for path in _TEST_FILES.glob(f"{folder}/test_{module}.py")
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
