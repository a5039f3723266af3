"""How long functions work: measured, dated, kept in a small file that the documentation uses.

A bench run may leave `build/bench.json`:

    {"measured_on": "2026-11-25", "machine": "2 cores, x86_64",
     "cpu_ms": {"api_handler: POST /payouts": 5.4},
     "cold_start_ms": {"api_handler": 610.0}}

`cpu_ms` is the CPU of one warm invocation on one whole core, by `function: entry point` as
`python -m bench.calls` prints it; `cold_start_ms` is the wall time of a function's start.
What it leaves out is taken from the file here.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from bench import cold
from bench.durations import cpu_milliseconds

MEASURED: Final = Path(__file__).parent / "measured.toml"
BENCH: Final = Path(__file__).parent.parent.parent / "build" / "bench.json"
_ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds: CPU of each entry point, and the start of each function."""

    measured_on: date
    machine: str
    cpu_ms: Mapping[str, float]
    cold_start_ms: Mapping[str, float]


def committed(path: Path = MEASURED) -> Measured:
    """What the file has."""
    content = tomllib.loads(path.read_text())
    return Measured(
        measured_on=content["measured_on"],
        machine=content["machine"],
        cpu_ms=content["cpu_ms"],
        cold_start_ms=content["cold_start_ms"],
    )


def newest(bench: Path = BENCH, path: Path = MEASURED) -> Measured:
    """What a bench run left, over what the file has."""
    known = committed(path)
    if not bench.exists():
        return known
    found: dict[str, Any] = json.loads(bench.read_text())
    return replace(
        known,
        measured_on=date.fromisoformat(found["measured_on"]),
        machine=found["machine"],
        cpu_ms={**known.cpu_ms, **found.get("cpu_ms", {})},
        cold_start_ms={**known.cold_start_ms, **found.get("cold_start_ms", {})},
    )


def live(machine: str) -> Measured:
    """Measured now, in half a minute; `machine` says in a few words where."""
    taken = {start.name: start.median for start in cold.measure(_ROUNDS, counts=False)}
    return Measured(
        measured_on=datetime.now(UTC).date(),
        machine=machine,
        cpu_ms=cpu_milliseconds(),
        cold_start_ms={name: round(taken[case]) for name, case in cold.STARTS.items()},
    )


def written(measured: Measured) -> str:
    """The file's text for it."""
    lines = [
        "# Written by `python -m tools.cost --measure`. Milliseconds.",
        f"measured_on = {measured.measured_on.isoformat()}",
        f'machine = "{measured.machine}"',
        "",
        "# CPU of one warm invocation on one whole core.",
        "[cpu_ms]",
        *(f'"{entry_point}" = {value}' for entry_point, value in sorted(measured.cpu_ms.items())),
        "",
        "# From starting the process to the first request.",
        "[cold_start_ms]",
        *(f"{name} = {value}" for name, value in sorted(measured.cold_start_ms.items())),
    ]
    return "\n".join(lines) + "\n"
