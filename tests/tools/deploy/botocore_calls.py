"""Runs as a program: what botocore makes of the app's calls, and of AWS's answers to them.

    python -I -S botocore_calls.py <where botocore is> <region>

Prints JSON: for each call the request as it would be sent, and what the answers to it become. The
answers are canned; nothing is sent.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

sys.path.insert(0, sys.argv[1])

from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

REGION = sys.argv[2]
KEY = {"transaction_id": {"S": "3f0c"}}
ITEM = {
    "transaction_id": {"S": "3f0c"},
    "amount_cents": {"N": "12550"},
    "needs_review": {"BOOL": False},
    "destination": {"B": b"\x00\xff sealed"},
    "history": {"L": [{"M": {"event": {"S": "Requested"}, "detail": {"NULL": True}}}]},
}
# As JSON has it.
TOLD_ITEM = ITEM | {"destination": {"B": "AP8gc2VhbGVk"}}
CONDITION = {
    "ConditionExpression": "version = :v AND attribute_exists(#id)",
    "ExpressionAttributeNames": {"#id": "transaction_id"},
    "ExpressionAttributeValues": {":v": {"N": "3"}},
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}
DENIED: dict[str, Any] = {
    "__type": "com.amazon.coral.service#AccessDeniedException",
    "Message": "no",
}
Answer = tuple[int, dict[str, Any]]


def dynamodb() -> Iterator[tuple[str, dict[str, Any], list[Answer]]]:
    refused = {
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "The conditional request failed",
    }
    unnamed = {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slow"}
    failures: list[Answer] = [
        (400, refused),
        (400, refused | {"Item": TOLD_ITEM}),
        (400, unnamed),
        (400, DENIED),
        (500, {"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError"}),
    ]
    table = {"TableName": "payouts"}
    one: Answer = (200, {"Item": TOLD_ITEM})
    yield "get_item", table | {"Key": KEY, "ConsistentRead": True}, [one, (200, {}), *failures]
    yield "put_item", table | {"Item": ITEM} | CONDITION, [(200, {}), *failures]
    yield (
        "update_item",
        table
        | {"Key": KEY, "UpdateExpression": "SET a = :v", "ReturnValues": "ALL_NEW"}
        | CONDITION,
        [(200, {"Attributes": TOLD_ITEM}), *failures],
    )
    yield "delete_item", table | {"Key": KEY} | CONDITION, [(200, {}), *failures]
    yield (
        "query",
        table
        | {
            "IndexName": "due-index",
            "KeyConditionExpression": "due_shard = :s",
            "ExpressionAttributeValues": {":s": {"S": "7"}},
            "ScanIndexForward": False,
            "Limit": 25,
            "ExclusiveStartKey": KEY,
        },
        [(200, {"Items": [TOLD_ITEM], "Count": 1, "LastEvaluatedKey": KEY}), *failures],
    )
    requested = {"payouts": {"Keys": [KEY], "ConsistentRead": True}}
    found = {"Responses": {"payouts": [TOLD_ITEM]}, "UnprocessedKeys": requested}
    yield "batch_get_item", {"RequestItems": requested}, [(200, found), *failures]

    put = table | {"Item": ITEM, "ConditionExpression": "attribute_not_exists(transaction_id)"}
    old = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    add = table | {"Key": KEY, "UpdateExpression": "ADD cents :v"} | CONDITION
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Item": TOLD_ITEM}]
    cancelled = {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons",
        "CancellationReasons": reasons,
    }
    yield (
        "transact_write_items",
        {"TransactItems": [{"Put": put | old}, {"Update": add}], "ClientRequestToken": "token-1"},
        [(200, {}), (400, cancelled), *failures],
    )


def kms() -> Iterator[tuple[str, dict[str, Any], list[Answer]]]:
    context = {"customer_id": "c1", "purpose": "customer"}
    failures: list[Answer] = [
        (400, {"__type": name, "message": "no"})
        for name in ("InvalidCiphertextException", "DisabledException", "KMSInternalException")
    ] + [(400, DENIED)]
    key = "arn:aws:kms:ap-southeast-2:111122223333:key/1"
    made = {"Plaintext": "AAEC", "CiphertextBlob": "//79", "KeyId": key}
    yield (
        "generate_data_key",
        {"KeyId": key, "NumberOfBytes": 32, "EncryptionContext": context, "GrantTokens": ["g"]},
        [(200, made), *failures],
    )
    yield (
        "decrypt",
        {"CiphertextBlob": b"\xff\xfe\xfd", "EncryptionContext": context, "KeyId": key},
        [(200, {"Plaintext": "AAEC", "KeyId": key}), *failures],
    )


def secretsmanager() -> Iterator[tuple[str, dict[str, Any], list[Answer]]]:
    secret = {
        "SecretString": "{}",
        "VersionId": "v1",
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": 1.7e9,
    }
    failures: list[Answer] = [
        (400, {"__type": name, "Message": "no"})
        for name in ("ResourceNotFoundException", "DecryptionFailure", "InternalServiceError")
    ] + [(400, DENIED)]
    yield "get_secret_value", {"SecretId": "arn:aws:secretsmanager:x"}, [(200, secret), *failures]


def sqs() -> Iterator[tuple[str, dict[str, Any], list[Answer]]]:
    sent = {"MessageId": "m1", "MD5OfMessageBody": "5d41402abc4b2a76b9719d911017c592"}
    gone = {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "gone"}
    url = f"https://sqs.{REGION}.amazonaws.com/111122223333/payouts"
    message = {"QueueUrl": url, "MessageBody": "hello", "DelaySeconds": 30}
    failures: list[Answer] = [(400, gone), (400, DENIED)]
    yield "send_message", message, [(200, sent), *failures]
    taken = {
        "MessageId": "m1",
        "ReceiptHandle": "r1",
        "Body": "hello",
        "MD5OfBody": "5d41402abc4b2a76b9719d911017c592",
        "Attributes": {"SentTimestamp": "1700000000000", "ApproximateReceiveCount": "6"},
    }
    yield (
        "receive_message",
        {"QueueUrl": url, "MaxNumberOfMessages": 10, "MessageSystemAttributeNames": ["All"]},
        [(200, {"Messages": [taken]}), (200, {}), *failures],
    )
    yield "delete_message", {"QueueUrl": url, "ReceiptHandle": "r1"}, [(200, {}), *failures]
    yield (
        "change_message_visibility_batch",
        {
            "QueueUrl": url,
            "Entries": [{"Id": "0", "ReceiptHandle": "r1", "VisibilityTimeout": 0}],
        },
        [(200, {"Successful": [{"Id": "0"}], "Failed": []}), *failures],
    )
    counted = {"ApproximateNumberOfMessages": "3"}
    yield (
        "get_queue_attributes",
        {"QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages"]},
        [(200, {"Attributes": counted}), *failures],
    )
    entries = [{"Id": str(number), "MessageBody": "hello"} for number in range(2)]
    some: dict[str, Any] = {
        "Successful": [{"Id": "0", **sent}],
        "Failed": [{"Id": "1", "Code": "InternalError", "SenderFault": False}],
    }
    yield "send_message_batch", {"QueueUrl": url, "Entries": entries}, [(200, some), *failures]


class Raw:
    """The body of a canned answer."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_args: object, **_named: object) -> Iterator[bytes]:
        yield self._content


class Wire:
    """A fake network: records the request, and gives the canned answer."""

    def __init__(self) -> None:
        self.sent: dict[str, Any] = {}
        self.answer: Answer = (200, {})

    def __call__(self, request: Any, **_: object) -> AWSResponse:
        headers = {name: str(value) for name, value in request.headers.items()}
        scope = headers.pop("Authorization").split("/", 2)[2].rpartition(", Signature=")[0]
        changing = ("X-Amz-Date", "amz-sdk-invocation-id", "User-Agent")
        self.sent = {
            "method": request.method,
            "url": request.url,
            "headers": {name: text for name, text in headers.items() if name not in changing},
            "signed": scope,
            "body": bytes(request.body).decode(),
        }
        status, body = self.answer
        answered: Any = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": "r1"}
        return AWSResponse(request.url, status, answered, Raw(json.dumps(body).encode()))


def calls() -> Iterator[dict[str, Any]]:
    session = Session()
    session.set_credentials("AKIDEXAMPLE", "secret")
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"})
    for service in (dynamodb, kms, secretsmanager, sqs):
        client = session.create_client(service.__name__, region_name=REGION, config=config)
        wire = Wire()
        answering: Any = wire  # what it returns goes before the network, which the stubs do not say
        client.meta.events.register("before-send", answering)
        for method, parameters, answers in service():
            read = []
            for wire.answer in answers:
                try:
                    read.append(repr(getattr(client, method)(**parameters)))
                except ClientError as error:
                    read.append(f"{type(error).__name__}: {error} {error.response}")
            operation = client.meta.method_to_api_mapping[method]
            yield {"call": f"{service.__name__}.{operation}", "sent": wire.sent, "read": read}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(list(calls())))
