"""The two queues that work is put on. They make things faster; nothing depends on them."""

import json
from collections.abc import Mapping, Sequence
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

    def put(self, message: Mapping[str, object], delay_seconds: int = 0) -> None:
        """Puts a message on the queue.

        Raises:
            QueueUnavailableError
        """
        try:
            self._client.send_message(
                QueueUrl=self._url, MessageBody=json.dumps(message), DelaySeconds=delay_seconds
            )
        except (ClientError, BotoCoreError) as error:
            raise QueueUnavailableError(f"SQS: {type(error).__name__}") from error

    def put_all(self, messages: Sequence[Mapping[str, object]]) -> None:
        """Puts many messages on the queue, ten in a call.

        Raises:
            QueueUnavailableError: some of them may not have been taken.
        """
        for start in range(0, len(messages), _MOST_AT_ONCE):
            some = messages[start : start + _MOST_AT_ONCE]
            try:
                answer = self._client.send_message_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {"Id": str(number), "MessageBody": json.dumps(message)}
                        for number, message in enumerate(some)
                    ],
                )
            except (ClientError, BotoCoreError) as error:
                raise QueueUnavailableError(f"SQS: {type(error).__name__}") from error
            if answer.get("Failed"):
                raise QueueUnavailableError("SQS: not all were taken")
