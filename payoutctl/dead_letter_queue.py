"""`dlq list|replay --direct`: directly in the queue of AWS, for when the API is down."""

import json
from collections.abc import Collection, Iterator
from typing import Any, Final

import click

from payoutctl.aws import called
from payoutctl.exits import Exit, Failure
from payoutctl.session import Session

_MOST_LISTED: Final = 100
_ONE_RECEIVE: Final = 10
_HIDDEN_SECONDS: Final = 30
NOT_THERE: Final = "Not in the dead-letter queue, or being read: try again in a minute."

direct = click.option(
    "--direct", is_flag=True, help="Directly in the queue of AWS, for when the API is down."
)
queue_url = click.option(
    "--queue-url",
    envvar="PARKED_QUEUE_URL",
    help="With --direct: the dead-letter queue; the stage's if you give none.",
)
webhook_url = click.option(
    "--webhook-url",
    envvar="DLQ_URL",
    help="With --direct: the webhook queue; the stage's if you give none.",
)
payout_url = click.option(
    "--payout-url",
    envvar="PAYOUT_QUEUE_URL",
    help="With --direct: the payout queue; the stage's if you give none.",
)


class DeadLetterQueue:
    """The stage's dead-letter queue, and the two that its messages came from."""

    def __init__(self, session: Session, url: str | None) -> None:
        """`url` is the queue's, or None for the one that has the stage's name."""
        self._session = session
        self._sqs = session.client("sqs")
        self._url = url or self._named("parked")

    def listed(self) -> list[dict[str, Any]]:
        """Ids and bodies: codes and amounts, no payee details."""
        return [
            {"message_id": message["MessageId"], "body": _body(message)}
            for message in _messages(self._sqs, self._url)
        ]

    def replay(
        self, message_ids: Collection[str], webhook_url: str | None, payout_url: str | None
    ) -> list[str]:
        """Puts messages back on the queues that they came from; all of them where none is named.

        Raises:
            Failure: one that is named is not there, or is being read; the others are replayed.
        """
        done = []
        for message in _messages(self._sqs, self._url):
            if message_ids and message["MessageId"] not in message_ids:
                continue
            body = _body(message)
            # A message that releases a batch is of the payout queue, too.
            is_payout = isinstance(body, dict) and bool(
                {"transaction_id", "batch_id"} & body.keys()
            )
            source = (
                payout_url or self._named("payouts")
                if is_payout
                else webhook_url or self._named("webhooks")
            )
            # Sent before it is deleted: dying in between doubles it, which is harmless; the other
            # way round would lose it.
            called(self._sqs.send_message, QueueUrl=source, MessageBody=message["Body"])
            handle = message["ReceiptHandle"]
            called(self._sqs.delete_message, QueueUrl=self._url, ReceiptHandle=handle)
            done.append(str(message["MessageId"]))
            if len(done) == len(message_ids):
                break
        missing = set(message_ids) - set(done)
        if missing:
            raise Failure(f"{NOT_THERE} ({', '.join(sorted(missing))})", Exit.NOT_FOUND)
        return done

    def _named(self, name: str) -> str:
        queue = f"monoova-payouts-{self._session.stage}-{name}"
        return str(called(self._sqs.get_queue_url, QueueName=queue)["QueueUrl"])


def _body(message: Any) -> object:
    """The message's JSON, or its text: a dead letter may be one that cannot be read."""
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
