"""The two queues that work is put on. They make things faster; nothing depends on them."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


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
