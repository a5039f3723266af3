"""The short way to moto answers as the whole way does."""

from collections.abc import Callable, Iterator
from typing import Any, Final

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
NESTED: Final = {
    "TableName": TABLE,
    "Key": KEY,
    "UpdateExpression": "SET parts[0].n = :n, yes = :no",
    "ExpressionAttributeValues": {":n": {"N": "2"}, ":no": {"BOOL": False}},
}
COUNTED: Final = {
    "TableName": TABLE,
    "Key": KEY,
    "UpdateExpression": "SET n = if_not_exists(n, :none) + :one,"
    " words = list_append(if_not_exists(words, :empty), :more) ADD tags :tag REMOVE gone",
    "ExpressionAttributeValues": {
        ":none": {"N": "0"},
        ":one": {"N": "1"},
        ":empty": {"L": []},
        ":more": {"L": [{"S": "word"}]},
        ":tag": {"SS": ["a"]},
    },
}
IMPOSSIBLE: Final = {
    "TableName": TABLE,
    "Key": {"transaction_id": {"S": "two"}},
    "ConditionExpression": "attribute_exists(transaction_id)",
}


def answers(client: Any) -> list[object]:
    """What each call is answered with, without what differs from call to call."""
    return [answered(getattr(client, method), TableName=TABLE, **more) for method, more in CALLS]


def answered(call: Any, **arguments: object) -> dict[str, Any]:
    try:
        answer = call(**arguments)
    except ClientError as error:
        answer = error.response
    return {name: part for name, part in answer.items() if name != "ResponseMetadata"}


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


def test_what_a_transaction_did_before_it_failed_is_undone_to_the_last_part_of_an_item() -> None:
    with mock_aws():
        session = aws.new_session()
        aws.create(session)
        client: Any = session.create_client("dynamodb", region_name=aws.REGION)
        client.put_item(TableName=TABLE, Item=ITEM)
        with pytest.raises(client.exceptions.TransactionCanceledException):
            client.transact_write_items(
                TransactItems=[{"Update": NESTED}, {"ConditionCheck": IMPOSSIBLE}]
            )
        assert client.get_item(TableName=TABLE, Key=KEY)["Item"] == ITEM
        client.transact_write_items(TransactItems=[{"Update": NESTED}])
        assert client.get_item(TableName=TABLE, Key=KEY)["Item"]["yes"] == {"BOOL": False}


def test_functions_in_functions_take_what_is_there_and_what_is_not() -> None:
    with mock_aws():
        session = aws.new_session()
        aws.create(session)
        client: Any = session.create_client("dynamodb", region_name=aws.REGION)
        for times in (1, 2):
            client.update_item(**COUNTED)
            assert client.get_item(TableName=TABLE, Key=KEY)["Item"] == KEY | {
                "n": {"N": str(times)},
                "words": {"L": [{"S": "word"}] * times},
                "tags": {"SS": ["a"]},
            }
        missing = COUNTED | {"UpdateExpression": "SET n = amiss + :one", "TableName": TABLE}
        missing["ExpressionAttributeValues"] = {":one": {"N": "1"}}
        with pytest.raises(ClientError, match="does not exist in the item"):
            client.update_item(**missing)


def test_an_item_is_as_large_as_dynamodb_takes_and_no_larger() -> None:
    with mock_aws():
        session = aws.new_session()
        aws.create(session)
        client: Any = session.create_client("dynamodb", region_name=aws.REGION)
        client.put_item(TableName=TABLE, Item=KEY | {"text": {"S": "x" * 399_000}})
        with pytest.raises(ClientError, match="exceeded the maximum allowed size"):
            client.put_item(TableName=TABLE, Item=KEY | {"text": {"S": "x" * 410_000}})


@pytest.fixture
def clients() -> Iterator[Callable[[str], tuple[Any, Any]]]:
    """Two clients of a service, the second of which takes the whole way."""

    def both(service: str) -> tuple[Any, Any]:
        session = aws.new_session()
        short, whole = (session.create_client(service, region_name=aws.REGION) for _ in range(2))
        whole.meta.events.register(f"before-send.{service}", lambda **_: None)
        return short, whole

    with mock_aws():
        yield both


def test_what_the_key_of_one_way_sealed_the_other_opens(
    clients: Callable[[str], tuple[Any, Any]],
) -> None:
    short, whole = clients("kms")
    made, by_whole = (each.create_key()["KeyMetadata"] for each in (short, whole))
    of_each = ("KeyId", "Arn", "CreationDate")
    assert {name: made[name] for name in made if name not in of_each} == {
        name: by_whole[name] for name in by_whole if name not in of_each
    }
    key = {"KeyId": made["Arn"], "EncryptionContext": {"a": "b"}}
    for one, other in ((short, whole), (whole, short)):
        sealed = one.generate_data_key(KeySpec="AES_256", **key)
        opened = answered(other.decrypt, CiphertextBlob=sealed["CiphertextBlob"], **key)
        assert opened == answered(one.decrypt, CiphertextBlob=sealed["CiphertextBlob"], **key)
        assert opened["Plaintext"] == sealed["Plaintext"]
    elsewhere = key | {"EncryptionContext": {"a": "c"}, "CiphertextBlob": sealed["CiphertextBlob"]}
    assert answered(short.decrypt, **elsewhere) == answered(whole.decrypt, **elsewhere)


def test_a_secret_and_its_absence_are_read_alike(
    clients: Callable[[str], tuple[Any, Any]],
) -> None:
    short, whole = clients("secretsmanager")
    short.create_secret(Name="one", SecretString="text")
    for name in ("one", "two"):
        seen = [answered(each.get_secret_value, SecretId=name) for each in (short, whole)]
        assert seen[0] == seen[1]
    listed, by_whole = (answered(each.list_secrets)["SecretList"] for each in (short, whole))
    assert listed == by_whole
    assert [each["Name"] for each in listed] == ["one"]


def test_a_message_that_went_one_way_comes_the_other(
    clients: Callable[[str], tuple[Any, Any]],
) -> None:
    short, whole = clients("sqs")
    queue = {"QueueUrl": short.create_queue(QueueName="one")["QueueUrl"]}
    assert queue == answered(whole.get_queue_url, QueueName="one")
    for one, other in ((short, whole), (whole, short)):
        sent = one.send_message(MessageBody="text", **queue)
        (taken,) = other.receive_message(AttributeNames=["All"], **queue)["Messages"]
        assert (taken["MessageId"], taken["Body"]) == (sent["MessageId"], "text")
        assert taken["Attributes"]["ApproximateReceiveCount"] == "1"
        one.delete_message(ReceiptHandle=taken["ReceiptHandle"], **queue)
        assert "Messages" not in other.receive_message(**queue)
        assert "Messages" not in one.receive_message(**queue)
