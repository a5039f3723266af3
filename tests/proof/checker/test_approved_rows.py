"""Each row of an approved file became a payout or names its problem: a lost one is seen."""

from pathlib import Path
from typing import Any

import pytest

from proof.checker.reading import read_run
from proof.checker.verdict import violations_in
from tests.proof.checker.good_run import Evidence, good_run
from tests.proof.checker.spoiling import (
    Spoil,
    approved_by,
    ask_too,
    both,
    change,
    ruled,
    uploaded,
)

_FIRST = {"customer_id": "c-1", "amount": "70.00", "description": "row 1-1"}
_SECOND = {**_FIRST, "description": "row 1-2"}
_PAID = {"line": 2, "transaction_id": "p7", "status": "Completed", "failure_code": None}


def _shown(*rows: dict[str, Any]) -> Spoil:
    def spoil(run: Evidence) -> None:
        line = {"at": run.line("quiet")["at"], "kind": "rows", "batch_id": "b1"}
        run.history.insert(-2, {**line, "rows": [dict(row) for row in rows]})

    return spoil


def _without_payout(status: str, problem: str | None = None) -> dict[str, Any]:
    return {"line": 3, "transaction_id": None, "status": status, "failure_code": problem}


_APPROVED = both(
    approved_by("p7", "bob"),
    change("p7", batch_id="b1", description="row 1-1"),
    lambda run: run.line("asked", ask="a7").update(path="/payouts/validate"),
    uploaded("b1", _FIRST, _SECOND),
    ask_too("/batches/b1/approve", {}, 200, {"batch_id": "b1", "row_count": 2}, name="ok"),
)
_CANCELLED = ask_too("/batches/b1/cancel", {}, 503, {"code": "StorageUnavailable"}, name="stop")

BROKEN = [
    ("an approved file is not there any more", _APPROVED),
    ("1 rows are shown of an approved file of 2", both(_APPROVED, _shown(_PAID))),
    ("1 rows are shown of an approved file of 2", both(_APPROVED, _shown(_PAID, _PAID))),
    (
        "a row names a payout that is not there",
        both(_APPROVED, _shown(_PAID, _PAID | {"line": 3, "transaction_id": "p99"})),
    ),
    (
        "a row names a payout of another file",
        both(_APPROVED, _shown(_PAID, _PAID | {"line": 3, "transaction_id": "p1"})),
    ),
    *(
        (
            f"a row of an approved file is {row['status']}, and nothing says why",
            both(_APPROVED, _shown(_PAID, row)),
        )
        for row in (
            _without_payout("Waiting"),
            _without_payout("Cancelled"),
            _without_payout("NotReleased"),
            _without_payout("NotReleased", "NoSuchProblem"),
            _without_payout("Unreadable"),
        )
    ),
]
ALLOWED = [
    both(_APPROVED, _shown(_PAID, _without_payout("NotReleased", "DestinationNotFound"))),
    both(_APPROVED, _CANCELLED, _shown(_PAID, _without_payout("Cancelled"))),
    both(
        _APPROVED,
        ruled(limit_in_total="1000.00"),
        _shown(_PAID, _without_payout("Waiting")),
    ),
]


def _violations(spoil: Spoil, folder: Path) -> list[str]:
    run = good_run()
    spoil(run)
    return violations_in(read_run(run.write(folder)))


@pytest.mark.parametrize(("words", "spoil"), BROKEN)
def test_a_lost_row_is_seen(words: str, spoil: Spoil, tmp_path: Path) -> None:
    assert any(text.startswith(f"P2: {words}") for text in _violations(spoil, tmp_path))


@pytest.mark.parametrize("spoil", ALLOWED)
def test_a_row_that_says_why_is_not_lost(spoil: Spoil, tmp_path: Path) -> None:
    assert _violations(spoil, tmp_path) == []
