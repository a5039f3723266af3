"""Every measurement of docs/performance.md, one after the other: `make bench`.

    python -m bench [--rounds 15] [--no-instructions]

What the cost model takes from it is left in build/bench.json (see tools/cost/measured.py).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench import calls, cold, instructions, shares, warm
from bench.cold import STARTS
from bench.durations import cpu_milliseconds

_ROOT: Final = Path(__file__).resolve().parent.parent
_LEFT: Final = _ROOT / "build" / "bench.json"


def main() -> int:
    """Prints all tables; 1 where a payout was lost or doubled on the way."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="of cold starts")
    parser.add_argument("--no-instructions", action="store_true")
    given = parser.parse_args()
    counts = _counts(is_declined=given.no_instructions)
    calls.prepare()
    parts: dict[str, Callable[[], int]] = {
        "Cold start": lambda: _cold(given.rounds, counts=counts),
        "Warm requests": lambda: _warm(counts=counts),
        "Calls of each flow": lambda: _of_its_own("bench.calls"),
        "Reconciliation": lambda: _of_its_own("bench.reconciliation"),
        "A burst through the queue": lambda: _of_its_own("bench.burst"),
    }
    results: list[int] = []
    for title, part in parts.items():
        print(f"\n## {title}\n", flush=True)
        results.append(part())
    return max(results)


def _counts(*, is_declined: bool) -> bool:
    if is_declined or shutil.which("valgrind"):
        return not is_declined
    print("valgrind is not installed: instructions are not counted.")
    return False


def _cold(rounds: int, *, counts: bool) -> int:
    starts = cold.measure(rounds, counts=counts)
    print(cold.table(starts), flush=True)
    medians = {start.name: round(start.median) for start in starts}
    _LEFT.parent.mkdir(exist_ok=True)
    found = {
        "measured_on": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} processors, {os.uname().machine}",
        "cpu_ms": cpu_milliseconds(),
        "cold_start_ms": {function: medians[path] for function, path in STARTS.items()},
    }
    _LEFT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


def _warm(*, counts: bool) -> int:
    """The app as it is packaged for this machine."""
    with tempfile.TemporaryDirectory() as directory:
        arguments = ["--package", str(cold.cases(Path(directory))[-1].tree)]
        result = warm.main(arguments)
        for more in (instructions.main, shares.main) if counts else (shares.main,):
            print(flush=True)
            result = max(result, more(arguments))
        return result


def _of_its_own(module: str) -> int:
    """In a process that has nothing of the measurements before in its memory."""
    return subprocess.run([sys.executable, "-m", module], cwd=_ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
