"""One size of load: its own stack, the load, the settling after it, the promises, the figures."""

import contextlib
import math
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tests.load import bare, figures, promises, records
from tests.load.figures import Carried, Row, Spread
from tests.load.outside import Outside
from tests.load.plan import Operation, Plan
from tests.load.records import Seen
from tools.devstack.errors import DevstackError
from tools.devstack.processes import bare_environment
from tools.devstack.settings import Ports
from tools.devstack.stack import ROOT, Stack

# Webhooks half a second to two seconds after a payout, returns after five.
SPEED: Final = 60.0
_LAST_NEWS_SECONDS: Final = (120 + 300 + 120) / SPEED
# The day is compressed, and so are the times that a payout may wait in it.
# One user pays the same again and again, and no one approves.
_SETTINGS: Final = {
    "FirstLookSeconds": "10",
    "GraceSeconds": "20",
    "ApprovalThresholdAud": "",
    "DuplicateWindowHours": "0",
}
_CUSTOMERS: Final = 20
_QUIET_BOUND_SECONDS: Final = 90.0
# After its last act locust waits for what is under way: a request and its tries.
_LAST_ANSWERS_SECONDS: Final = 60.0
_STARTED_SECONDS: Final = 40.0
_LOCUST: Final = ROOT / ".venv-load" / "bin" / "python"
# Each copy of a function at work unpacks 60 MB: where there is room in memory, there.
_MEMORY: Final = Path("/dev/shm")
_ROOM_BYTES: Final = 4 * 1024**3

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """One load: its description, and the plan.

    `copies` of the function run before it begins; `bare_seconds` are for each measurement of the
    emulator alone.
    """

    words: str
    payouts: int
    seconds: float
    users: int
    bound_seconds: float
    copies: int
    bare_seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one size.

    `load_before`: the machine's load average before the stack was started.
    """

    words: str
    load_before: float
    carried: Carried
    rows: list[Row]
    in_flight: float
    functions: dict[str, Spread]
    bare_threads: int
    bare: dict[str, Spread]
    health: Spread
    settled_seconds: float
    still_open: int
    by_status: dict[str, int]
    violations: list[str]


def run(size: Size, say: Say) -> Outcome:
    """From the first process to the end of the last.

    Raises:
        DevstackError: the stack or the load cannot be started.
    """
    load_before = os.getloadavg()[0]
    with in_memory(), tempfile.TemporaryDirectory(prefix="monoova-load-") as name:
        scratch = Path(name)
        with Stack(Ports.any_free(), speed=SPEED, settings=_SETTINGS) as stack:
            return _run(size, Outside(stack), scratch, load_before, say)


def _run(size: Size, outside: Outside, scratch: Path, load_before: float, say: Say) -> Outcome:
    plan = Plan(
        payouts=size.payouts,
        seconds=size.seconds,
        users=size.users,
        bound_seconds=size.bound_seconds,
        run=uuid.uuid4().hex[:8],
        customers=outside.register(_CUSTOMERS),
    )
    say(f"Starting {size.copies} copies of the function")
    _warm(outside, plan, size.copies, scratch)
    say(f"Offering {plan.payouts} payouts in {plan.seconds:.0f} s")
    seen = _offer(outside, plan, scratch)
    say("Waiting until it is quiet")
    settled_seconds, still_open = outside.settle(_QUIET_BOUND_SECONDS, _LAST_NEWS_SECONDS)
    say("Comparing every payout with Monoova's book")
    shown = outside.shown()
    broken = promises.violations(seen, shown, outside.book())
    functions = {name: Spread.of(took) for name, took in outside.durations_ms().items()}
    in_flight = figures.in_flight(seen)
    threads = max(1, math.ceil(in_flight))
    say(f"Measuring the emulator without the app, {threads} at once")
    like = shown[0].transaction_id
    bare_calls = bare.measure(
        outside.stack, plan.customers[0], like, threads=threads, seconds=size.bare_seconds
    )
    # More than there is time for: each asks again as soon as it is answered.
    health = _only(Operation.HEALTH, outside, plan, 100_000, threads, size.bare_seconds, scratch)
    return Outcome(
        words=size.words,
        load_before=load_before,
        carried=Carried.of(plan, seen),
        rows=figures.rows(seen, figures.lasted(seen)),
        in_flight=in_flight,
        functions=functions,
        bare_threads=threads,
        bare=bare_calls,
        health=Spread.of(each.took_ms for each in health if each.is_good),
        settled_seconds=settled_seconds,
        still_open=still_open,
        by_status=_by_status(shown),
        violations=broken,
    )


def _warm(outside: Outside, plan: Plan, copies: int, scratch: Path) -> None:
    """Let so many copies of the function start, and import what paying needs.

    Otherwise the first seconds would show how fast two processors unpack and import them all.
    Checking a payout takes the same paths as making one, and leaves nothing behind.
    """
    _only(Operation.VALIDATE, outside, plan, copies, copies, _STARTED_SECONDS, scratch)


def _only(
    operation: Operation,
    outside: Outside,
    plan: Plan,
    times: int,
    users: int,
    seconds: float,
    scratch: Path,
) -> list[Seen]:
    """One operation so often, as fast as so many users get their answers."""
    asked = replace(
        plan, only=operation, payouts=times, seconds=0.001, users=users, bound_seconds=seconds
    )
    return _offer(outside, asked, scratch)


def _offer(outside: Outside, plan: Plan, scratch: Path) -> list[Seen]:
    """Let locust carry out the plan; returns the requests and answers that it recorded."""
    if not _LOCUST.exists():
        raise DevstackError("Locust is not installed: make .venv-load/.stamp")
    written, seen = scratch / "plan.json", scratch / "seen.jsonl"
    written.write_text(plan.to_json(), encoding="utf-8")
    arguments = ["--locustfile", str(ROOT / "tests" / "load" / "locustfile.py")]
    arguments += ["--headless", "--only-summary", "--loglevel", "WARNING"]
    arguments += ["--users", str(plan.users), "--spawn-rate", str(plan.users)]
    # The emulated API Gateway itself: the stable address in front of it is no part of AWS.
    arguments += ["--host", outside.stack.gateway_url]
    arguments += ["--stop-timeout", f"{_LAST_ANSWERS_SECONDS:.0f}"]
    environment = bare_environment() | {
        "LOAD_PLAN": str(written),
        "LOAD_SEEN": str(seen),
        "LOAD_TOKEN": outside.token,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [str(_LOCUST), "-m", "locust", *arguments],
            env=environment,
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=plan.bound_seconds + 2 * _LAST_ANSWERS_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise DevstackError(f"The load did not end: {error.stderr!r}") from error
    found = records.read(seen) if seen.exists() else []
    if not found:
        raise DevstackError(f"The load saw nothing:\n{done.stdout}{done.stderr}")
    return found


def _by_status(shown: Sequence[promises.Shown]) -> dict[str, int]:
    statuses = [f"{each.status}{', under review' if each.needs_review else ''}" for each in shown]
    return {status: statuses.count(status) for status in sorted(set(statuses))}


@contextlib.contextmanager
def in_memory() -> Iterator[None]:
    """While the block runs, temporary files are made in memory if there is room for them."""
    before = tempfile.tempdir
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES:
        tempfile.tempdir = str(_MEMORY)
    try:
        yield
    finally:
        tempfile.tempdir = before
