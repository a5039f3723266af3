"""Fixtures of the contract suite: which Monoova it runs against, stated before and after.

In a run of all tests pytest asks only its outermost folders for a header: there the summary at
the end says it alone.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Final

import pytest

from tests.contract import run_record
from tests.contract.targets import Simulated, Target, is_sandbox_wanted, sandbox

_NO_KEY: Final = "MONOOVA_SANDBOX_API_KEY is not set"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "assumption(id, ...): which assumptions about Monoova the test settles"
    )
    if is_sandbox_wanted():
        _sandbox()


def pytest_report_header() -> str:
    if not is_sandbox_wanted():
        return f"contract suite: the simulator only ({_NO_KEY})"
    return f"contract suite: the simulator, and the sandbox at {_sandbox().access.url}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Which Monoovas were really called, which may be fewer than the header says."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if report.when == "call" and "contract/test_" in report.nodeid
    ]
    ran = [report.nodeid for report in reports]
    if not ran:
        return
    asked = sum("[sandbox" in test for test in ran)
    where = f"at {_sandbox().access.url}" if is_sandbox_wanted() else f"({_NO_KEY})"
    terminalreporter.section("contract with Monoova")
    terminalreporter.write_line(f"simulator: {len(ran) - asked} tests")
    terminalreporter.write_line(f"sandbox {where}: {asked or 'no'} tests")
    if asked:
        of_sandbox = [report for report in reports if "[sandbox" in report.nodeid]
        record = run_record.record_of(of_sandbox, _sandbox().access.url, datetime.now(UTC))
        run_record.write(record, run_record.place())
        terminalreporter.write_line(
            f"duplicates: {record[run_record.DUPLICATES]} ({run_record.place().name})"
        )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test that takes any Monoova runs against all of them."""
    if "monoova" in metafunc.fixturenames:
        # There, waiting takes its time: a payout may stay unknown for all of the grace.
        slow = pytest.param("sandbox", marks=pytest.mark.timeout(1200))
        names = ["simulator", slow] if is_sandbox_wanted() else ["simulator"]
        metafunc.parametrize("monoova", names, indirect=True)


@cache
def _sandbox() -> Target:
    try:
        return sandbox()
    except ValueError as problem:
        raise pytest.UsageError(str(problem)) from None


@pytest.fixture(scope="session")
def sandbox_proper() -> Iterator[Target]:
    """The sandbox, once it has said that it is one."""
    target = _sandbox()
    with target.session:
        target.assert_is_sandbox()
        yield target


@pytest.fixture
def monoova(request: pytest.FixtureRequest) -> Iterator[Target]:
    """Any Monoova: only what every one of them lets be asked."""
    if request.param == "simulator":
        yield Simulated()
    else:
        yield request.getfixturevalue("sandbox_proper")


@pytest.fixture
def simulated() -> Simulated:
    """The simulator, for what cannot or must not be done to the real one."""
    return Simulated()
