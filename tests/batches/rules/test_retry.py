"""Which rows a retry takes, and how long a row waits for an answer on its old payout."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from chalicelib.batches.rules.batch import LeftOut
from chalicelib.batches.rules.retry import is_given_up, left_out_for

APPROVED: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Old:
    """What is read of a payout."""

    status: str = "Failed"
    needs_review: bool = False
    failure_code: str | None = "BankRejected"
    succeeded_by: str | None = None
    return_seen_at: str | None = None


@pytest.mark.parametrize(
    "old",
    [
        Old(),
        Old("Cancelled", failure_code="CancelledByAdmin"),
        Old("Returned", failure_code="Returned", return_seen_at="2026-03-02T01:00:00Z"),
        Old("Failed", failure_code=None),
    ],
)
def test_what_ended_unpaid_is_retried(old: Old) -> None:
    assert left_out_for(old) is None


@pytest.mark.parametrize(
    ("old", "reason"),
    [
        (None, LeftOut.WITHOUT_PAYOUT),
        (Old("Completed"), LeftOut.PAID),
        (Old("Completed", needs_review=True), LeftOut.PAID),
        (Old("Queued"), LeftOut.OPEN),
        (Old("Pending"), LeftOut.OPEN),
        (Old("AwaitingApproval"), LeftOut.OPEN),
        (Old("Queued", needs_review=True), LeftOut.OPEN),
        (Old(needs_review=True), LeftOut.NEEDS_REVIEW),
        (Old(succeeded_by="another"), LeftOut.RETRIED),
        (Old(failure_code="ResolvedByHand"), LeftOut.SETTLED_BY_HAND),
        (Old("Cancelled", failure_code="ResolvedByHand"), LeftOut.SETTLED_BY_HAND),
        (Old("Returned", failure_code="Returned"), LeftOut.RETURN_NOT_SEEN),
    ],
)
def test_what_was_paid_or_is_in_doubt_is_left_out(old: Old | None, reason: LeftOut) -> None:
    assert left_out_for(old) is reason


def test_the_reasons_come_in_their_order() -> None:
    everything = Old("Returned", True, "ResolvedByHand", "another", None)
    assert left_out_for(everything) is LeftOut.NEEDS_REVIEW
    assert left_out_for(replace(everything, needs_review=False)) is LeftOut.RETRIED


def test_a_row_is_given_up_after_a_day() -> None:
    a_day = timedelta(hours=24)
    assert not is_given_up(APPROVED, APPROVED + a_day - timedelta(microseconds=1))
    assert is_given_up(APPROVED, APPROVED + a_day)
