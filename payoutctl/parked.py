"""`parked list|put-back`: what `dlq` does, straight in the queue, for when the API is down."""

import json
from collections.abc import Iterator
from typing import Any, Final

import click

from payoutctl.aws import called
from payoutctl.exits import Exit, Failure
from payoutctl.session import Session, with_session
from payoutctl.words import Group

_MOST_LISTED: Final = 100
_ONE_RECEIVE: Final = 10
_HIDDEN_SECONDS: Final = 30

_parked = click.option(
    "--parked-url", envvar="PARKED_QUEUE_URL", required=True, help="The queue of parked messages."
)


@click.group(cls=Group, help="The same messages as `dlq`, straight in the queue of AWS.")
def parked() -> None: ...


@parked.command("list", help="The parked messages: ids, codes and amounts, no payee details.")
@_parked
@with_session
def list_parked(session: Session, parked_url: str) -> None:
    found = [
        {"message_id": message["MessageId"], "body": _body(message)}
        for message in _messages(session.client("sqs"), parked_url)
    ]
    if session.out.is_json:
        session.out.document({"items": found})
        return
    session.out.rows(("message_id", "body"), [(row["message_id"], row["body"]) for row in found])


@parked.command("put-back", help="Put one back on the queue it came from, to be tried again.")
@_parked
@click.argument("message_id")
@click.option("--webhook-url", envvar="DLQ_URL", required=True)
@click.option("--payout-url", envvar="PAYOUT_QUEUE_URL", required=True)
@with_session
def put_back(
    session: Session, parked_url: str, message_id: str, webhook_url: str, payout_url: str
) -> None:
    sqs = session.client("sqs")
    for message in _messages(sqs, parked_url):
        if message["MessageId"] != message_id:
            continue
        body = _body(message)
        # A message that releases a batch is of the payout queue, too.
        is_payout = isinstance(body, dict) and bool({"transaction_id", "batch_id"} & body.keys())
        # Sent before it is deleted: dying in between doubles it, which is harmless; the other
        # way round would lose it.
        called(
            sqs.send_message,
            QueueUrl=payout_url if is_payout else webhook_url,
            MessageBody=message["Body"],
        )
        called(sqs.delete_message, QueueUrl=parked_url, ReceiptHandle=message["ReceiptHandle"])
        session.out.say("Put back.")
        if session.out.is_json:
            session.out.document({"replayed": [message_id]})
        return
    raise Failure("No such message is parked, or somebody looks at it right now.", Exit.NOT_FOUND)


def _body(message: Any) -> object:
    """The message's JSON, or its text: what is parked may be just what nobody could read."""
    try:
        return json.loads(message["Body"])
    except ValueError:
        return message["Body"]


def _messages(sqs: Any, url: str) -> Iterator[Any]:
    """Up to 100 messages, each once; they stay where they are and are hidden for half a minute."""
    seen: set[str] = set()
    while len(seen) < _MOST_LISTED:
        answer = called(
            sqs.receive_message,
            QueueUrl=url,
            MaxNumberOfMessages=_ONE_RECEIVE,
            VisibilityTimeout=_HIDDEN_SECONDS,
        )
        fresh = [m for m in answer.get("Messages", []) if m["MessageId"] not in seen]
        if not fresh:
            return
        seen.update(message["MessageId"] for message in fresh)
        yield from fresh
