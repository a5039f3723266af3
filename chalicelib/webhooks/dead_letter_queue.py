"""The dead-letter queue: messages that failed five times, kept for a person."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from chalicelib.core.queues import queue_errors

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# SQS delivers ten at a time at the most.
_AT_ONCE: Final = 10
# With more than this, the cause has to be repaired first.
MOST_PEEKED: Final = 200
# SQS's visibility timeout: long enough to read them all, and what a function that died has taken is
# visible again after it.
_HIDDEN_SECONDS: Final = 60
# Without waiting SQS asks only some of its servers, and a message may seem not to be there.
_WAIT_SECONDS: Final = 1
_VISIBLE: Final = "ApproximateNumberOfMessages"
_HIDDEN: Final = "ApproximateNumberOfMessagesNotVisible"


@dataclass(frozen=True, slots=True)
class DeadLetterMessage:
    """A dead letter. Its `text` may be anything: it may be there because it cannot be read.

    `source` is the name of the queue that it came from, where SQS tells; `received` is how often it
    was taken out of any queue, reads by a person included.
    """

    message_id: str
    receipt: str = field(repr=False)
    text: str = field(repr=False)
    source: str | None
    sent_at: datetime
    received: int


class DeadLetterQueue:
    """The dead-letter queue. Every method may raise `QueueUnavailableError`.

    SQS finds no message by its id: all are received, and what is not wanted is made visible again
    at once.
    """

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def count(self) -> int:
        """About how many dead letters there are; none of them is received."""
        with queue_errors():
            answer = self._client.get_queue_attributes(
                QueueUrl=self._url, AttributeNames=[_VISIBLE, _HIDDEN]
            )
        return sum(int(number) for number in answer["Attributes"].values())

    def peek(self, most: int = MOST_PEEKED) -> list[DeadLetterMessage]:
        """Reads up to `most` dead letters and leaves them; omits those that a caller has
        received."""
        found = [message for handful in self._received(most) for message in handful]
        self.make_visible(found)
        return found

    def take(self, message_id: str) -> DeadLetterMessage | None:
        """Receives one message, which other callers do not see for a minute."""
        wanted: DeadLetterMessage | None = None
        others: list[DeadLetterMessage] = []
        for handful in self._received():
            for message in handful:
                if message.message_id == message_id:
                    wanted = message
                else:
                    others.append(message)
            if wanted:
                break
        self.make_visible(others)
        return wanted

    def make_visible(self, messages: Sequence[DeadLetterMessage]) -> None:
        """Makes messages that were received visible to other callers again."""
        for start in range(0, len(messages), _AT_ONCE):
            some = messages[start : start + _AT_ONCE]
            with queue_errors():
                # Those that it fails for are visible again in a minute.
                self._client.change_message_visibility_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {"Id": str(n), "ReceiptHandle": each.receipt, "VisibilityTimeout": 0}
                        for n, each in enumerate(some)
                    ],
                )

    def delete(self, message: DeadLetterMessage) -> None:
        """Deletes a message for ever."""
        with queue_errors():
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=message.receipt)

    def _received(self, most: int = MOST_PEEKED) -> Iterator[list[DeadLetterMessage]]:
        """All dead letters, each once, as many as SQS delivers at a time."""
        seen: set[str] = set()
        while len(seen) < most:
            with queue_errors():
                answer = self._client.receive_message(
                    QueueUrl=self._url,
                    MaxNumberOfMessages=min(_AT_ONCE, most - len(seen)),
                    VisibilityTimeout=_HIDDEN_SECONDS,
                    WaitTimeSeconds=_WAIT_SECONDS,
                    MessageSystemAttributeNames=["All"],
                )
            fresh = [m for m in answer.get("Messages", []) if m["MessageId"] not in seen]
            if not fresh:
                return
            seen.update(message["MessageId"] for message in fresh)
            yield [_message_of(message) for message in fresh]


def _message_of(message: Mapping[str, Any]) -> DeadLetterMessage:
    attributes = message["Attributes"]
    source = attributes.get("DeadLetterQueueSourceArn")
    return DeadLetterMessage(
        message_id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        text=message["Body"],
        source=source.rpartition(":")[2] if source else None,
        sent_at=datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC),
        received=int(attributes["ApproximateReceiveCount"]),
    )
