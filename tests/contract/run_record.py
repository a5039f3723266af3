"""What a run against Monoova's sandbox showed, as `payoutctl contract record` reads it."""

import json
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from tests.contract.targets import SANDBOX_URL

ROOT: Final = Path(__file__).parent.parent.parent
# What the test of a second execute notes of it: "refused", or "booked".
DUPLICATES: Final = "duplicates"
_TESTS_OF_DUPLICATES: Final = "contract/test_duplicates.py"
_UNCLEAR: Final = "unclear"


def place(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the record of a run is written."""
    return Path(environment.get("CONTRACT_RUN", ROOT / "contract-run.json"))


def record_of(reports: Iterable[pytest.TestReport], url: str, now: datetime) -> dict[str, object]:
    """The record of a run: `reports` are of the tests against the sandbox at `url`."""
    ran = [report for report in reports if report.when == "call"]
    return {
        "run_at": now.isoformat(),
        "environment": "sandbox" if url == SANDBOX_URL else "simulator",
        DUPLICATES: _duplicates_in([r for r in ran if _TESTS_OF_DUPLICATES in r.nodeid]),
        "tests": len(ran),
        "failed": [report.nodeid for report in ran if report.failed],
    }


def _duplicates_in(ran: list[pytest.TestReport]) -> str:
    """It is a refusal only where every test of duplicates has passed."""
    noted = {str(v) for report in ran for name, v in report.user_properties if name == DUPLICATES}
    if noted == {"refused"} and all(report.passed for report in ran):
        return "refused"
    return "booked" if "booked" in noted else _UNCLEAR


def write(record: Mapping[str, object], file: Path) -> None:
    file.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
