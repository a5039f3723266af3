"""The short way to moto's DynamoDB answers as the whole way does."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests import aws

TABLE = aws.TABLES["DYNAMODB_TABLE_TRANSACTIONS"]
KEY = {"transaction_id": {"S": "one"}}
ITEM = KEY | {
    "blob": {"B": b"\x00\xff"},
    "parts": {"L": [{"M": {"n": {"N": "1"}, "B": {"S": "a map may have this name"}}}]},
    "yes": {"BOOL": True},
    "nothing": {"NULL": True},
}
CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("put_item", {"Item": ITEM, "ConditionExpression": "attribute_not_exists(transaction_id)"}),
    ("put_item", {"Item": ITEM, "ConditionExpression": "attribute_not_exists(transaction_id)"}),
    ("get_item", {"Key": KEY, "ConsistentRead": True}),
    ("get_item", {"Key": {"transaction_id": {"S": "another"}}}),
    (
        "update_item",
        {
            "Key": KEY,
            "UpdateExpression": "SET #blob = :blob REMOVE yes",
            "ExpressionAttributeNames": {"#blob": "blob"},
            "ExpressionAttributeValues": {":blob": {"B": b"new"}},
            "ReturnValues": "ALL_NEW",
        },
    ),
    (
        "query",
        {
            "KeyConditionExpression": "transaction_id = :id",
            "ExpressionAttributeValues": {":id": {"S": "one"}},
        },
    ),
    ("get_item", {"Key": {"no_such_key": {"S": "x"}}}),
)


def answers(client: Any) -> list[object]:
    """What each call is answered with, without what differs from call to call."""
    found: list[object] = []
    for method, arguments in CALLS:
        try:
            answer = getattr(client, method)(TableName=TABLE, **arguments)
        except ClientError as error:
            answer = error.response
        found.append({name: part for name, part in answer.items() if name != "ResponseMetadata"})
    return found


def by_the_whole_way(client: Any) -> list[object]:
    """A test that wants to see each call sent has it sent."""
    client.meta.events.register("before-send.dynamodb", lambda **_: None)
    return answers(client)


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_the_short_way_answers_as_the_whole_way_does(number: int) -> None:
    seen = []
    for way in (answers, by_the_whole_way):
        with mock_aws():
            session = aws.new_session()
            aws.create(session)
            seen.append(way(session.create_client("dynamodb", region_name=aws.REGION))[number])
    assert seen[0] == seen[1]
