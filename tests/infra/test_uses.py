"""What IAM asks for a call is not always the call's own name."""

from typing import Any, Final

import pytest

from tests.infra.call_sites import Site
from tests.infra.grants import Right
from tests.infra.uses import Call, rights_used

TRANSACTIONS: Final = "${TransactionsTableArn}"
NAMES: Final = {"DYNAMODB_TABLE_TRANSACTIONS": "payouts", "DLQ_URL": "https://sqs/webhooks"}


@pytest.mark.parametrize(
    ("operation", "parameters", "rights"),
    [
        (
            "dynamodb.TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {"TableName": "payouts"}},
                    {"ConditionCheck": {"TableName": "payouts"}},
                ]
            },
            {
                Right("dynamodb:PutItem", TRANSACTIONS),
                Right("dynamodb:ConditionCheckItem", TRANSACTIONS),
            },
        ),
        (
            "dynamodb.TransactGetItems",
            {"TransactItems": [{"Get": {"TableName": "payouts"}}]},
            {Right("dynamodb:GetItem", TRANSACTIONS)},
        ),
        (
            "dynamodb.Scan",
            {"TableName": "payouts", "IndexName": "day-index"},
            {Right("dynamodb:Scan", f"{TRANSACTIONS}/index/day-index")},
        ),
        (
            "sqs.SendMessageBatch",
            {"QueueUrl": "https://sqs/webhooks"},
            {Right("sqs:SendMessage", "${WebhookQueueArn}")},
        ),
    ],
)
def test_iam_asks_for_the_parts_of_what_is_done_together(
    operation: str, parameters: dict[str, Any], rights: set[Right]
) -> None:
    call = Call("reconcile", Site("", "", operation), parameters)
    assert rights_used(call, NAMES) == rights


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [("s3.GetObject", {"Bucket": "payouts"}), ("dynamodb.GetItem", {"TableName": "another"})],
)
def test_a_call_that_is_not_understood_is_an_error(
    operation: str, parameters: dict[str, Any]
) -> None:
    with pytest.raises(KeyError):
        rights_used(Call("reconcile", Site("", "", operation), parameters), NAMES)
