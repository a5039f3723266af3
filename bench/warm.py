"""CPU of a warm request, against the same calls to AWS and Monoova with no framework around.

    python -m bench.warm [rounds] [--package DIR]

Two processes do the same work in turn, round by round, so that a busy machine slows both: the app's
handler, called as Lambda calls it, and plain boto3 and requests with the very calls that the app
was recorded to make. What is measured is the CPU of each process alone: AWS and Monoova are others.
"""

import argparse
import statistics
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.children import Side, app_side, bare_side
from bench.flow_driver import FlowDriver
from bench.flows import Events, Flow, Recorded
from bench.recording import recorded
from bench.setting import ROOT, Setting, running
from proof.lambda_events import load_app

_ROUNDS: Final = 300
_WARM_UP_ROUNDS: Final = 10
# How fast a process is depends a little on how its memory happens to lie.
_PROCESSES: Final = 5


@dataclass(frozen=True, slots=True)
class Spread:
    """The quartiles of many."""

    q1: float
    median: float
    q3: float

    @staticmethod
    def of(values: Sequence[float]) -> "Spread":
        """Of two or more."""
        return Spread(*statistics.quantiles(values, n=4, method="inclusive"))


@dataclass(frozen=True, slots=True)
class Row:
    """One flow. Microseconds of CPU; `ratio` is that of each round."""

    flow: Flow
    calls: tuple[str, ...]
    app_us: Spread
    bare_us: Spread
    ratio: Spread


@dataclass(frozen=True, slots=True)
class _Round:
    """CPU microseconds of each flow on each side."""

    app_us: Mapping[Flow, float]
    bare_us: Mapping[Flow, float]


def measured(rounds: int = _ROUNDS, package: Path = ROOT) -> tuple[Row, ...]:
    """Measures the app in `package`.

    Raises:
        DevstackError, SideError, UnequalError
    """
    with running() as setting:
        calls = recorded(setting, package)
        return compared(setting, package, calls, max(1, rounds // _PROCESSES))


def compared(
    setting: Setting,
    package: Path,
    calls: Mapping[Flow, Recorded],
    rounds: int,
    *,
    processes: int = _PROCESSES,
    warm_up_rounds: int = _WARM_UP_ROUNDS,
) -> tuple[Row, ...]:
    """Has both sides work in turn, for so many rounds in each of so many pairs of processes.

    `calls` are what the app makes.

    Raises:
        SideError
    """
    seen: list[_Round] = []
    environment = setting.environment()
    for _ in range(processes):
        with app_side(package, environment) as app, bare_side(environment) as bare:
            pair = _Pair(
                FlowDriver(app, Events(load_app(), setting.operator_token), setting), bare, calls
            )
            for _ in range(warm_up_rounds):
                pair.round(app_first=True)
            seen += [pair.round(app_first=number % 2 == 0) for number in range(rounds)]
    return tuple(_row(flow, calls[flow], seen) for flow in Flow)


def _row(flow: Flow, of_app: Recorded, seen: Sequence[_Round]) -> Row:
    app_us = [each.app_us[flow] for each in seen]
    bare_us = [each.bare_us[flow] for each in seen]
    ratios = [app / bare for app, bare in zip(app_us, bare_us, strict=True)]
    names = tuple(call.name for call in of_app.calls)
    return Row(flow, names, Spread.of(app_us), Spread.of(bare_us), Spread.of(ratios))


class _Pair:
    """The app and the bare calls, side by side."""

    def __init__(self, driver: FlowDriver, bare: Side, calls: Mapping[Flow, Recorded]) -> None:
        self._driver = driver
        self._bare = bare
        self._calls = calls

    def round(self, *, app_first: bool) -> _Round:
        """One payout through all flows on each side, which take turns after each flow."""
        transaction_id = str(uuid.uuid4())
        app_us: dict[Flow, float] = {}
        bare_us: dict[Flow, float] = {}
        for flow in Flow:
            if app_first:
                app_us[flow] = self._driver.turn(flow).cpu_us[0]
            bare_us[flow] = self._bare.do([self._calls[flow].of(transaction_id)]).cpu_us[0]
            if not app_first:
                app_us[flow] = self._driver.turn(flow).cpu_us[0]
        return _Round(app_us, bare_us)


def lines(rows: Sequence[Row]) -> list[str]:
    """The table as printed."""
    table = [f"{'CPU of a warm request, µs':<40} {'app':>20} {'bare calls':>20} {'ratio':>18}"]
    for row in rows:
        app, bare = (
            f"{each.median:,.0f} ({each.q1:,.0f}-{each.q3:,.0f})"
            for each in (row.app_us, row.bare_us)
        )
        ratio = f"{row.ratio.median:.2f} ({row.ratio.q1:.2f}-{row.ratio.q3:.2f})"
        table.append(f"{row.flow:<40} {app:>20} {bare:>20} {ratio:>18}")
    table.append("Medians, in brackets the quartiles. The calls that both make:")
    table += [f"  {row.flow}: {', '.join(row.calls)}" for row in rows]
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.warm", description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=_ROUNDS)
    parser.add_argument("--package", type=Path, default=ROOT, help="where app.py lies")
    options = parser.parse_args(arguments)
    for line in lines(measured(options.rounds, options.package.resolve())):
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
