"""What DynamoDB says of a transaction that it did not do, and what we make of it."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from chalicelib.control.rules.limits import Limits, Subject
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.monoova.gate_store import Controls
from chalicelib.payouts.store.counted_payouts import (
    CountedPayouts,
    CountsBusyError,
    LimitReachedError,
)
from chalicelib.payouts.store.payouts import Payouts
from tests.payouts.store.test_payouts_table import payout

COUNTS: Final = Limits(100_00, None, 900_00).counts(
    Subject("customer", "account", "maker"), 60_00, datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
)
FULL: Final = {"Code": "ConditionalCheckFailed", "Item": {"cents": {"N": "7050"}}}
NEVER_USED: Final = {"Code": "ConditionalCheckFailed"}
FINE: Final = {"Code": "None"}


class Telling:
    """A DynamoDB that cancels every transaction, and leaves every read unfinished."""

    def __init__(self, *reasons: dict[str, Any]) -> None:
        self._reasons = list(reasons)
        self.tokens: list[str] = []

    def transact_write_items(self, **parameters: Any) -> None:
        self.tokens.append(parameters["ClientRequestToken"])
        answer: Any = {
            "Error": {"Code": "TransactionCanceledException"},
            "CancellationReasons": self._reasons,
        }
        raise ClientError(answer, "TransactWriteItems")

    def batch_get_item(self, **parameters: Any) -> dict[str, Any]:
        return {"Responses": {}, "UnprocessedKeys": parameters["RequestItems"]}


def counted(client: Any) -> CountedPayouts:
    return CountedPayouts(
        client, Payouts(client, "payouts", "controls"), Controls(client, "controls")
    )


@pytest.mark.parametrize(
    ("reasons", "left"),
    [
        ([FINE, FULL, FINE], [("Customer", 29_50)]),
        ([FINE, NEVER_USED, FULL], [("Customer", 100_00), ("Total", 829_50)]),
    ],
)
def test_a_full_sum_reports_which_it_is_and_what_is_left(
    reasons: list[dict[str, Any]], left: list[tuple[str, int]]
) -> None:
    with pytest.raises(LimitReachedError) as refused:
        counted(Telling(*reasons)).create(payout(), COUNTS)
    assert [(count.kind.value, cents) for count, cents in refused.value.reached] == left


def test_a_write_conflict_is_distinguished_from_a_limit_that_is_reached() -> None:
    busy = {"Code": "TransactionConflict"}
    with pytest.raises(CountsBusyError):
        counted(Telling(FINE, FINE, busy)).create(payout(), COUNTS)
    with pytest.raises(LimitReachedError):
        counted(Telling(FINE, FULL, busy)).create(payout(), COUNTS)


@pytest.mark.parametrize("reasons", [[FINE, {"Code": "ThrottlingError"}, FINE], []])
def test_whatever_else_it_says_nothing_was_done(reasons: list[dict[str, Any]]) -> None:
    with pytest.raises(StorageUnavailableError) as refused:
        counted(Telling(*reasons)).create(payout(), COUNTS)
    assert refused.value.may_be_done is False


def test_the_same_write_has_the_same_token_and_another_one_another() -> None:
    client = Telling({"Code": "TransactionConflict"})
    for lease in ("ours", "ours", "theirs"):
        with pytest.raises(CountsBusyError):
            counted(client).create(payout(lease_id=lease), COUNTS)
    first, again, other = client.tokens
    assert first == again != other
    assert len(first) == 36


def test_a_read_that_is_not_finished_is_no_sum_of_nothing() -> None:
    with pytest.raises(StorageUnavailableError):
        counted(Telling()).sums(COUNTS)
