"""The payout queue and the webhook queue. They make things faster; nothing depends on them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# What SQS takes in one call.
_MOST_AT_ONCE: Final = 10


class QueueUnavailableError(Exception):
    """The message may not have been taken."""


class Queue:
    """A queue of small JSON objects that hold ids and codes, never payee details."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    @property
    def name(self) -> str:
        """The last part of its address, which ends its ARN too."""
        return self._url.rpartition("/")[2]

    def put(self, message: Mapping[str, object], delay_seconds: int = 0) -> None:
        """Puts a message on the queue.

        Raises:
            QueueUnavailableError
        """
        self.put_text(json.dumps(message), delay_seconds)

    def put_text(self, text: str, delay_seconds: int = 0) -> None:
        """Puts a text on the queue unchanged, as it once stood in a message.

        Raises:
            QueueUnavailableError
        """
        with queue_errors():
            self._client.send_message(
                QueueUrl=self._url, MessageBody=text, DelaySeconds=delay_seconds
            )

    def put_all(self, messages: Sequence[Mapping[str, object]]) -> None:
        """Puts many messages on the queue, ten in a call.

        Raises:
            QueueUnavailableError: some of them may not have been taken.
        """
        for start in range(0, len(messages), _MOST_AT_ONCE):
            some = messages[start : start + _MOST_AT_ONCE]
            with queue_errors():
                answer = self._client.send_message_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {"Id": str(number), "MessageBody": json.dumps(message)}
                        for number, message in enumerate(some)
                    ],
                )
            if answer.get("Failed"):
                raise QueueUnavailableError("SQS: not all were taken")


@contextmanager
def queue_errors() -> Iterator[None]:
    """Makes every failure of SQS a `QueueUnavailableError`."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise QueueUnavailableError(f"SQS: {type(error).__name__}") from error
