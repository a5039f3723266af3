"""`python -m proof`: every part of the proof, and one table of their results.

`make prove` runs this. Every part can be run alone: its command is printed before it.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from proof.fault_types import FAULT_TYPES
from proof.result import VARIABLE, results_in

ROOT: Final = Path(__file__).parent.parent
BUILD: Final = ROOT / "build" / "proof"


@dataclass(frozen=True)
class Part:
    """One program. `environment` says how much it is to do."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


_PYTEST: Final = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "--timeout", "3600")

PARTS: Final = (
    Part("crash points", ("-m", "proof.crash_points")),
    Part("crash points over AWS's own clients", ("-m", "proof.crash_points", "--aws")),
    Part("short cases", ("-m", "proof.cases")),
    Part("crash points of batches", ("-m", "proof.batches")),
    Part("interleavings", ("-m", "proof.interleavings")),
    Part("simulated days", ("-m", "proof.days", "1-400", "failed")),
    Part("long days", ("-m", "proof.days", "9001-9008", "--payouts", "1500", "--hours", "8")),
    Part("days of every fault", ("-m", "proof.days", "3001-3100", "--every-fault")),
    # With `--all` every part is asked about every mutant: `make prove-mutants`, for the night.
    Part("named mutants", ("-m", "proof.catching")),
    Part(
        "the API by its document",
        (*_PYTEST, "tests/web/test_openapi_by_schemathesis.py"),
        {"OPENAPI_CASES": "100", "OPENAPI_SEED": "1"},
    ),
    Part(
        "the API by sequences, and the webhook endpoint",
        (*_PYTEST, "tests/payouts/test_state_machine.py", "tests/webhooks/test_webhook_fuzzing.py"),
        {"STATE_MACHINE_EXAMPLES": "600", "WEBHOOK_CASES": "30000"},
    ),
    Part("mutants of the rules", ("-m", "proof.mutation")),
)

_ROWS: Final = (
    ("crash points tried", "crash_points"),
    ("  of them in batches", "batch_crash_points"),
    ("short cases", "cases"),
    ("executions enumerated", "executions"),
    ("simulated days (seeds)", "seeds"),
    ("payouts on those days", "simulated_payouts"),
    ("  days with approvals", "days_approved"),
    ("  days with batches", "days_of_batches"),
    ("  days with limits", "days_limits"),
    ("  days with half-failures", "days_half_failures"),
    ("  days with rate limits", "days_rate_limited"),
    ("  days on which duplicates are paid", "days_pays_duplicates"),
    ("  days with second payments", "days_second_payments"),
    ("  days with malformed rows", "days_malformed"),
    ("  days with too little money", "days_no_funds"),
    ("  days whose balance cannot be asked", "days_balance_fails"),
    ("  days with changed destinations", "days_destinations"),
    ("  days with a lie", "days_lies"),
    ("  days with money that came back", "days_returns"),
    ("    and was found in the account", "days_returns_seen"),
    ("  days on which Sydney's day changes", "days_change"),
    ("calls of execute that went wrong", "met"),
    *((f"  {each.words}", f"met_{each.name}") for each in FAULT_TYPES),
    ("named mutants caught", "mutants_caught"),
    ("  of", "mutants"),
    ("mutants of the rules killed", "rules_killed"),
    ("  of", "rules_mutants"),
    ("API cases by the document", "api_cases"),
    ("API sequences", "sequences"),
    ("  steps in them", "sequence_steps"),
    ("webhook cases", "webhook_cases"),
    ("violations", "violations"),
)


def main() -> int:
    BUILD.mkdir(parents=True, exist_ok=True)
    results = BUILD / "results.jsonl"
    results.unlink(missing_ok=True)
    started_at, failed = time.monotonic(), []
    for part in PARTS:
        if not _ran(part, results):
            failed.append(part.name)
    _print_table(results_in(results), time.monotonic() - started_at)
    for name in failed:
        print(f"FAILED: {name}")
    return 1 if failed else 0


def _ran(part: Part, results: Path) -> bool:
    setting = " ".join(f"{name}={value}" for name, value in part.environment.items())
    print(f"\n== {part.name}: {setting} python {' '.join(part.command)}", flush=True)
    started_at = time.monotonic()
    environment = {**os.environ, **part.environment, VARIABLE: str(results)}
    done = subprocess.run([sys.executable, *part.command], cwd=ROOT, env=environment, check=False)
    print(f"== {part.name}: {time.monotonic() - started_at:.0f} s", flush=True)
    return done.returncode == 0


def _print_table(found: Mapping[str, float], seconds: float) -> None:
    print(f"\n{'':40}{'':>12}")
    for words, name in _ROWS:
        number = found.get(name)
        print(f"{words:40}{'?' if number is None else f'{number:,.0f}':>12}")
    killed, mutants = found.get("rules_killed", 0), found.get("rules_mutants", 0)
    if mutants:
        print(f"{'mutation score of the rules':40}{killed / mutants:>12.1%}")
    print(f"{'minutes':40}{seconds / 60:>12.1f}")


if __name__ == "__main__":
    sys.exit(main())
