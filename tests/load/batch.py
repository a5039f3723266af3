"""`python -m tests.load.batch [ROWS]`: a file of 20,000 payouts, from upload to completion.

With `payoutctl` and the deployed stack: an operator uploads and confirms it, an approver approves
it; when it is finished, the same file is uploaded once more. Monoova's book is the judge.
Exit code 1 if anything is not as it must be.
"""

import csv
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

from tests.load.one_size import in_memory
from tests.load.outside import Outside
from tests.load.promises import Booked
from tools.devstack import profile
from tools.devstack.errors import DevstackError
from tools.devstack.processes import bare_environment
from tools.devstack.settings import Ports
from tools.devstack.stack import ROOT, Stack

ROWS: Final = 20_000
_CUSTOMERS: Final = 200
# From ten dollars on amounts trigger no faults at the simulated Monoova.
_CENTS: Final = 1_025
_SECONDS_A_ROW: Final = 0.2
_SECONDS_TO_START: Final = 300
_SPEED: Final = 60.0
# How the emulator names the process of a copy of a function.
_COPY: Final = "ministack-lambda"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `payoutctl` printed, and how long each step took."""

    batch: Mapping[str, Any]
    again: Mapping[str, Any]
    uploaded_seconds: float
    paid_seconds: float
    peak_early_mb: float
    peak_mb: float


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when each row was paid once."""
    given = sys.argv[1:] if arguments is None else arguments
    rows = int(given[0]) if given else ROWS
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(int(rows * _SECONDS_A_ROW) + _SECONDS_TO_START)
    try:
        with (
            in_memory(),
            tempfile.TemporaryDirectory(prefix="monoova-batch-") as name,
            Stack(Ports.any_free(), speed=_SPEED, say=_say) as stack,
        ):
            return _run(stack, Path(name), rows)
    finally:
        signal.alarm(0)


def _run(stack: Stack, scratch: Path, rows: int) -> int:
    outside = Outside(stack)
    _say(f"Registering {_CUSTOMERS} customers")
    customers = outside.register(_CUSTOMERS)
    file = scratch / "payouts.csv"
    total = _write(file, customers, rows)
    payoutctl = _Payoutctl(stack, scratch)
    outcome = _pay(payoutctl, file, total, rows)
    problems = list(_problems(outcome, outside, rows))
    for line in _lines(outcome, rows):
        _say(line)
    for problem in problems:
        sys.stderr.write(f" - {problem}\n")
    return 1 if problems else 0


def _write(file: Path, customers: Sequence[str], rows: int) -> Decimal:
    """Writes the file; returns its total."""
    total = 0
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(("customer_id", "amount", "reference"))
        for number in range(rows):
            cents = _CENTS + number // len(customers)
            total += cents
            amount = Decimal(cents).scaleb(-2)
            writer.writerow((customers[number % len(customers)], amount, f"Refund {number}"))
    return Decimal(total).scaleb(-2)


class _Payoutctl:
    """Runs `payoutctl` as a user of the stack."""

    def __init__(self, stack: Stack, scratch: Path) -> None:
        folder = scratch / "payoutctl"
        folder.mkdir()
        self._file = folder / "here.toml"
        self._file.write_text(profile.text(stack))
        self._file.chmod(0o600)
        self._environment = bare_environment() | {
            "XDG_CONFIG_HOME": str(scratch),
            "XDG_STATE_HOME": str(scratch),
        }

    def run(self, *words: str, group: str = "operators") -> Any:
        """The document that a command prints.

        Raises:
            DevstackError: it failed; with what it said.
        """
        command = (sys.executable, "-m", "payoutctl", "--profile", "here", "--as", group)
        done = subprocess.run(  # noqa: S603 - our own program
            (*command, *words, "--json"),
            env=self._environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DevstackError(f"payoutctl {' '.join(words)}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout, parse_float=Decimal)


def _pay(payoutctl: _Payoutctl, file: Path, total: Decimal, rows: int) -> Outcome:
    began = time.monotonic()
    uploaded = payoutctl.run("batch", "upload", str(file), "--total", str(total))
    name = str(uploaded["batch_id"])
    uploaded_seconds = time.monotonic() - began
    _say(f"Uploaded, checked and confirmed after {uploaded_seconds:.0f} s: {total} in all")
    began = time.monotonic()
    payoutctl.run("batch", "approve", name, "--yes", group="approvers")
    early = 0.0
    while True:
        batch = payoutctl.run("batch", "status", name)
        ended = int(batch["progress"]["completed"])
        # A copy that has done a tenth of the work has in memory all that it ever needs.
        if not early and ended * 10 >= rows:
            early = _peak_mb()
        if batch["status"] == "Finished":
            break
        _say(f"  {ended} completed after {time.monotonic() - began:.0f} s")
        time.sleep(10)
    paid_seconds = time.monotonic() - began
    again = payoutctl.run("batch", "upload", str(file), "--total", str(total))
    return Outcome(batch, again, uploaded_seconds, paid_seconds, early, _peak_mb())


def _problems(outcome: Outcome, outside: Outside, rows: int) -> Iterator[str]:
    if int(outcome.batch["progress"]["completed"]) != rows:
        yield f"The batch says {outcome.batch['progress']}."
    if outcome.again["batch_id"] != outcome.batch["batch_id"]:
        yield "The same file became another batch."
    outside.settle(60, 10)
    shown = Counter(payout.status for payout in outside.shown())
    if shown != {"Completed": rows}:
        yield f"The payouts are {dict(shown)}."
    book = outside.book()
    times = Counter(len(booked.debits_cents) for booked in book.values())
    if times != {1: rows}:
        yield f"References that are in Monoova's book so often: {dict(times)}."
    if _held(book) != int(Decimal(outcome.batch["total"]).scaleb(2)):
        yield f"Monoova has paid out {_held(book)} cents."


def _held(book: Mapping[str, Booked]) -> int:
    return sum(booked.held_cents for booked in book.values())


def _lines(outcome: Outcome, rows: int) -> Iterator[str]:
    completed = outcome.batch["progress"]["completed"]
    yield f"{rows} rows: {outcome.batch['status']}, {completed} completed"
    yield f"upload, check and confirmation {outcome.uploaded_seconds:.0f} s"
    rate = rows / outcome.paid_seconds
    yield f"from approval to the last completion {outcome.paid_seconds:.0f} s, {rate:.1f} a second"
    yield f"largest copy of a function {outcome.peak_early_mb:.0f} MB after a tenth of them"
    yield f"and {outcome.peak_mb:.0f} MB at the end"


def _peak_mb() -> float:
    """The peak memory of all running copies of functions, in MB: the largest."""
    return max(map(_peak_of, Path("/proc").glob("[0-9]*")), default=0.0)


def _peak_of(process: Path) -> float:
    try:
        if _COPY not in (process / "cmdline").read_text():
            return 0.0
        status = (process / "status").read_text()
    except OSError:  # it has ended
        return 0.0
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return int(lines.get("VmHWM", "0 kB").split()[0]) / 1024


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _too_long(number: int, frame: FrameType | None) -> NoReturn:
    raise DevstackError("The batch did not come to its end in time.")


if __name__ == "__main__":
    sys.exit(main())
