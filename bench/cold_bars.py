"""Holds the instructions of a cold start to their bars, for every function and path.

    python -m bench.cold_bars

Prints the table; ends with 1 where a path is over a bar. Without valgrind it says so and ends well,
unless REQUIRE_VALGRIND=1. What the bare handler takes is kept in build/ while Python, valgrind and
the requirements stay as they are.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import cold
from bench.cold import ROOT

_KEPT: Final = ROOT / "build" / "cold-start-bare.json"


@dataclass(frozen=True, slots=True)
class Bare:
    """Instructions of the bare handler: in an ordinary package, and in one with bytecode."""

    ordinary: int
    compiled: int


@dataclass(frozen=True, slots=True)
class Bars:
    """The most that a path may take, in parts of the bare handler's instructions."""

    of_ordinary: float
    of_compiled: float


WITHOUT_ENCRYPTION: Final = Bars(0.5, 1.15)
WITH_ENCRYPTION: Final = Bars(0.5, 1.5)


@dataclass(frozen=True, slots=True)
class Row:
    """One path beside its bars."""

    path: str
    instructions: int
    bare: Bare

    @property
    def bars(self) -> Bars:
        return WITH_ENCRYPTION if "(encryption)" in self.path else WITHOUT_ENCRYPTION

    @property
    def of_ordinary(self) -> float:
        return self.instructions / self.bare.ordinary

    @property
    def of_compiled(self) -> float:
        return self.instructions / self.bare.compiled

    @property
    def is_over(self) -> bool:
        return self.of_ordinary > self.bars.of_ordinary or self.of_compiled > self.bars.of_compiled


def counted() -> list[Row]:
    """Builds the package and counts every path of it."""
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory)
        made_by = _made_by()
        bare = kept(_KEPT, made_by) or _count_bare(scratch, made_by)
        counts = cold.instructions(cold.app_cases(scratch), scratch)
    return [Row(path, count, bare) for path, count in counts.items()]


def _count_bare(scratch: Path, made_by: str) -> Bare:
    ordinary, compiled = cold.instructions(cold.bare_cases(scratch), scratch).values()
    bare = Bare(ordinary, compiled)
    keep(_KEPT, made_by, bare)
    return bare


def keep(file: Path, made_by: str, bare: Bare) -> None:
    """For the next time; `made_by` stands for all that decides about it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = {"made_by": made_by, "ordinary": bare.ordinary, "compiled": bare.compiled}
    file.write_text(json.dumps(kept), encoding="utf-8")


def kept(file: Path, made_by: str) -> Bare | None:
    """What was counted before; None if anything that decides about it has changed."""
    if not file.exists():
        return None
    found = json.loads(file.read_text(encoding="utf-8"))
    if found["made_by"] != made_by:
        return None
    return Bare(found["ordinary"], found["compiled"])


def _made_by() -> str:
    command = [shutil.which("valgrind") or "valgrind", "--version"]
    valgrind = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    deciding = (
        (ROOT / "requirements.txt").read_text(encoding="utf-8"),
        Path(cold.__file__).read_text(encoding="utf-8"),
        f"{sys.version} {os.path.realpath(sys.executable)} {platform.machine()} {valgrind}",
    )
    return hashlib.sha256("\n".join(deciding).encode()).hexdigest()


def lines(rows: Sequence[Row]) -> list[str]:
    """The table as printed."""
    table = [
        f"{'Instructions of a cold start':<32}{'10^9':>7}{'of ordinary':>20}{'of compiled':>20}"
    ]
    for row in rows:
        ordinary = f"{row.of_ordinary:.2f} (most {row.bars.of_ordinary:.2f})"
        compiled = f"{row.of_compiled:.2f} (most {row.bars.of_compiled:.2f})"
        table.append(
            f"{row.path:<32}{row.instructions / 1e9:>7.2f}{ordinary:>20}{compiled:>20}"
            + ("  TOO MANY" if row.is_over else "")
        )
    return table


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Prints the table; 1 where a path is over a bar, or valgrind is required and missing."""
    if shutil.which("valgrind", path=environment.get("PATH")) is None:
        sys.stdout.write("No valgrind here: the instructions of a cold start are not counted.\n")
        return int(environment.get("REQUIRE_VALGRIND") == "1")
    rows = counted()
    sys.stdout.writelines(f"{line}\n" for line in lines(rows))
    return int(any(row.is_over for row in rows))


if __name__ == "__main__":
    sys.exit(main())
