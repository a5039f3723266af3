"""A warm request's instructions against those of its bare calls, the same on a busy machine.

    python -m bench.instructions [--package DIR]

Counted by valgrind, hence without the kernel's, and without what a cache that is cold costs. What
a process needs to read what it is to do, and to tell of it, is in them on both sides (under 1 %).
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.children import Side, SideError, app_side, bare_side
from bench.flow_driver import FlowDriver
from bench.flows import Events, Flow, Recorded
from bench.recording import recorded
from bench.setting import ROOT, Setting, running
from proof.lambda_events import load_app

_OF_EACH: Final = 5
_WARM_UP: Final = 3
_TOTAL: Final = re.compile(r"^totals: (\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Count:
    """Instructions of one request of a flow."""

    flow: Flow
    app: int
    bare: int

    @property
    def ratio(self) -> float:
        return self.app / self.bare


def counted(package: Path = ROOT) -> tuple[Count, ...]:
    """Counts the instructions of the app in `package`. Takes half a minute.

    Raises:
        FileNotFoundError: there is no valgrind.
        DevstackError, SideError, UnequalError
    """
    if shutil.which("valgrind") is None:
        raise FileNotFoundError("valgrind is not installed.")
    with running() as setting:
        calls = recorded(setting, package)
        with _pair(setting, package) as (app, bare):
            driver = FlowDriver(app.side, Events(load_app(), setting.operator_token), setting)
            return _counts(app, bare, driver, calls)


class _Counter:
    """Valgrind around one side."""

    def __init__(self, side: Side, dumps: Path) -> None:
        self.side = side
        self._dumps = dumps

    def begin(self) -> None:
        """Count from now on; until then it runs much faster."""
        self._control("--instr=on")

    def taken(self) -> int:
        """The instructions since the last time."""
        self._control("--dump")
        total = 0
        for dump in self._dumps.parent.glob(f"{self._dumps.name}.*"):
            found = _TOTAL.search(dump.read_text(encoding="utf-8"))
            total += int(found[1]) if found else 0
            dump.unlink()
        return total

    def _control(self, what: str) -> None:
        command = ["callgrind_control", what, str(self.side.pid)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SideError(f"callgrind_control {what}: {done.stderr}")


@contextmanager
def _pair(setting: Setting, package: Path) -> Iterator[tuple[_Counter, _Counter]]:
    # Where strings lie in dictionaries is drawn anew for each process unless it is said.
    environment = setting.environment() | {"PYTHONHASHSEED": "0"}
    with tempfile.TemporaryDirectory() as scratch:
        of_app, of_bare = Path(scratch) / "app", Path(scratch) / "bare"
        with (
            app_side(package, environment, under=_valgrind(of_app)) as app,
            bare_side(environment, under=_valgrind(of_bare)) as bare,
        ):
            yield _Counter(app, of_app), _Counter(bare, of_bare)


def _valgrind(dumps: Path) -> list[str]:
    options = ["--tool=callgrind", "--quiet", "--instr-atstart=no"]
    return ["valgrind", *options, f"--callgrind-out-file={dumps}"]


def _counts(
    app: _Counter, bare: _Counter, driver: FlowDriver, calls: Mapping[Flow, Recorded]
) -> tuple[Count, ...]:
    for transaction_id in (str(uuid.uuid4()) for _ in range(_WARM_UP)):
        for flow in Flow:
            driver.turn(flow)
            bare.side.do([calls[flow].of(transaction_id)])
    app.begin()
    bare.begin()
    ids = [str(uuid.uuid4()) for _ in range(_OF_EACH)]
    counts = []
    for flow in Flow:
        app.taken()
        driver.turn(flow, _OF_EACH)
        of_app = app.taken()
        bare.taken()
        bare.side.do([calls[flow].of(each) for each in ids])
        counts.append(Count(flow, of_app // _OF_EACH, bare.taken() // _OF_EACH))
    return tuple(counts)


def lines(counts: Sequence[Count]) -> list[str]:
    """The table as printed."""
    table = [f"{'Instructions of a warm request':<40} {'app':>12} {'bare calls':>12} {'ratio':>6}"]
    for each in counts:
        table.append(f"{each.flow:<40} {each.app:>12,} {each.bare:>12,} {each.ratio:>6.2f}")
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.instructions", description=__doc__)
    parser.add_argument("--package", type=Path, default=ROOT, help="where app.py lies")
    options = parser.parse_args(arguments)
    for line in lines(counted(options.package.resolve())):
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
