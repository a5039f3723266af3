"""The contract suite itself: every assumption has a test, run on the sandbox where possible."""

import inspect
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Final, Literal

import pytest

from simulator.clock import utc_now
from simulator.monoova import M_ACCOUNT, Monoova
from simulator.server import SimulatorServer
from simulator.testing import shared_signing_key
from tests.contract.assumptions import ASSUMPTIONS, BY_ID, Settled, sandbox_table
from tests.contract.run_record import DUPLICATES, record_of
from tests.contract.targets import SANDBOX_URL, access_from, sandbox
from tests.contract.test_duplicates import cost_of_sending_twice

ROOT: Final = Path(__file__).parent.parent.parent
_KEY: Final = "sandbox-key-91c4"
_SETTINGS: Final = {
    "MONOOVA_SANDBOX_API_KEY": _KEY,
    "MONOOVA_SANDBOX_MACCOUNT_TOKEN": M_ACCOUNT,
}
Test = Callable[..., None]


def naming_tests() -> dict[str, list[Test]]:
    """The tests that name each assumption, on themselves or on one of their parameters."""
    found: dict[str, list[Test]] = defaultdict(list)
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        module = import_module(f"tests.contract.{path.stem}")
        for name, test in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("test_"):
                for mark in marks_on(test):
                    for id_ in mark.args:
                        found[id_].append(test)
    return found


def marks_on(test: Test) -> Iterator[pytest.Mark]:
    for mark in getattr(test, "pytestmark", ()):
        if mark.name == "assumption":
            yield mark
        elif mark.name == "parametrize":
            for parameter in mark.args[1]:
                inner = getattr(parameter, "marks", ())
                yield from (found.mark for found in inner if found.mark.name == "assumption")


def test_every_assumption_has_a_test_and_every_test_names_one_that_is_stated() -> None:
    assert set(naming_tests()) == set(BY_ID)
    assert len(BY_ID) == len(ASSUMPTIONS)


def test_every_test_of_monoova_names_an_assumption() -> None:
    named = {test for tests in naming_tests().values() for test in tests}
    for path in Path(__file__).parent.glob("test_*.py"):
        module = import_module(f"tests.contract.{path.stem}")
        if module.__name__ == __name__:
            continue
        for name, test in inspect.getmembers(module, inspect.isfunction):
            assert not name.startswith("test_") or test in named, name


@pytest.mark.parametrize("id_", sorted(BY_ID))
def test_the_sandbox_is_tested_unless_the_table_says_why_not(id_: str) -> None:
    asks_any = [
        test for test in naming_tests()[id_] if "monoova" in inspect.signature(test).parameters
    ]
    assert bool(asks_any) is not bool(BY_ID[id_].simulator_only)


def test_the_table_for_the_docs_has_each_row_that_only_the_sandbox_can_settle() -> None:
    head, rule, *rows = sandbox_table()
    unsettled = [row for row in ASSUMPTIONS if row.settled_by is Settled.SANDBOX]
    assert len(rows) == len(unsettled)
    assert {row.count("|") for row in (head, rule, *rows)} == {head.count("|")}


@pytest.mark.parametrize(
    "url",
    [
        "https://api.mpay.com.au",
        "https://api.m-pay.com.au.example.com",
        "http://api.m-pay.com.au",
        "http://192.168.0.1:8001",
        "https://127.0.0.1@api.mpay.com.au",
    ],
)
def test_nothing_but_the_sandbox_and_this_machine_is_ever_called(url: str) -> None:
    with pytest.raises(ValueError, match="MONOOVA_SANDBOX_URL"):
        access_from({"MONOOVA_SANDBOX_URL": url})
    assert access_from({}).url == SANDBOX_URL


@pytest.mark.parametrize("name", ["MONOOVA_SANDBOX_API_KEY", "MONOOVA_SANDBOX_MACCOUNT_TOKEN"])
def test_a_setting_that_the_sandbox_needs_is_named_when_it_is_missing(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        sandbox({key: value for key, value in _SETTINGS.items() if key != name})


def run_against_the_sandbox(url: str, record: Path) -> subprocess.CompletedProcess[str]:
    """What of this suite is for the sandbox, in a process of its own."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("MONOOVA_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "[sandbox"]
    return subprocess.run(  # noqa: S603 - our own suite
        [*command, str(Path(__file__).parent)],
        cwd=ROOT,
        env=plain | _SETTINGS | {"MONOOVA_SANDBOX_URL": url, "CONTRACT_RUN": str(record)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_run_against_the_sandbox_tests_everything_and_says_so(tmp_path: Path) -> None:
    monoova = Monoova(utc_now, api_key=_KEY, signing_key=shared_signing_key(), speed=1000)
    with SimulatorServer(monoova) as server:
        done = run_against_the_sandbox(server.url, tmp_path / "run.json")
    assert done.returncode == 0, done.stdout + done.stderr
    header, _, rest = done.stdout.partition("collected")
    assert f"contract suite: the simulator, and the sandbox at {server.url}" in header
    assert re.search(rf"sandbox at {server.url}: [0-9]+ tests", rest)
    assert _KEY not in done.stdout + done.stderr
    asked = {call.path.rpartition("/")[0] for call in monoova.calls}
    assert {
        "/financial/v2/transaction",
        "/financial/v2/status",
        "/mAccount/v1/financials",
        "/public/v1",
        "/public/v1/certificate",
    } <= asked
    assert monoova.book.double_bookings() == {}
    assert monoova.login.locked_until is None
    record = json.loads((tmp_path / "run.json").read_text())
    assert (record["duplicates"], record["failed"]) == ("refused", [])
    # This machine's simulator is no sandbox of Monoova's, and its record is not taken.
    assert record["environment"] == "simulator"


def of_duplicates(outcome: Literal["passed", "failed"], noted: str | None) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid="tests/contract/test_duplicates.py::test_it[sandbox]",
        location=("", 0, ""),
        keywords={},
        outcome=outcome,
        longrepr=None,
        when="call",
        user_properties=[(DUPLICATES, noted)] if noted else [],
    )


@pytest.mark.parametrize(
    ("reports", "shown"),
    [
        ([of_duplicates("passed", "refused"), of_duplicates("passed", None)], "refused"),
        ([of_duplicates("passed", "refused"), of_duplicates("failed", None)], "unclear"),
        ([of_duplicates("failed", "booked"), of_duplicates("passed", None)], "booked"),
        ([of_duplicates("failed", None)], "unclear"),
        ([], "unclear"),
    ],
)
def test_only_a_run_in_which_all_tests_of_duplicates_passed_has_shown_their_refusal(
    reports: list[pytest.TestReport], shown: str
) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    record = record_of(reports, SANDBOX_URL, now)
    assert (record["duplicates"], record["environment"]) == (shown, "sandbox")
    assert record["run_at"] == "2026-03-02T00:00:00+00:00"


def test_a_sandbox_that_pays_twice_is_detected_over_the_network() -> None:
    monoova = Monoova(utc_now, api_key=_KEY, signing_key=shared_signing_key())
    monoova.behave(duplicate="booked_again")
    with SimulatorServer(monoova) as server:
        target = sandbox(_SETTINGS | {"MONOOVA_SANDBOX_URL": server.url})
        with target.session:
            target.assert_is_sandbox()
            assert cost_of_sending_twice(target, target.order("6.00")) >= 12
