"""Clients of SQS, Secrets Manager and KMS in memory, as far as the app uses them."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from botocore.exceptions import EndpointConnectionError

from chalicelib.core.encryption import Vault
from proof.seam import Call, FailedCallError, Seam

T = TypeVar("T")


@contextmanager
def _client_errors(service: str) -> Iterator[None]:
    try:
        yield
    except FailedCallError:
        raise EndpointConnectionError(endpoint_url=f"https://{service}.example") from None


@dataclass
class MemorySqs:
    """Hands each message to `put` as (queue URL, body, delay in seconds)."""

    put: Callable[[str, str, int], None]
    seam: Seam

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> None:  # noqa: N803 - as SQS has it
        with _client_errors("sqs"):
            self.seam.cross(
                Call("sqs", "SendMessage"), lambda: self.put(QueueUrl, MessageBody, DelaySeconds)
            )

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        def put() -> dict[str, Any]:
            for entry in Entries:
                self.put(QueueUrl, entry["MessageBody"], 0)
            return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

        with _client_errors("sqs"):
            return self.seam.cross(Call("sqs", "SendMessageBatch"), put)


@dataclass
class MemorySecrets:
    """One secret and the number of its version."""

    seam: Seam
    text: str = ""
    version: int = 0

    def store(self, fields: Mapping[str, str]) -> None:
        """Stores a new version, as a rotation does."""
        self.text, self.version = json.dumps(dict(fields)), self.version + 1

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803 - as it is called there
        def get() -> dict[str, str]:
            return {"SecretString": self.text, "VersionId": f"{SecretId}-{self.version}"}

        with _client_errors("secretsmanager"):
            return self.seam.cross(Call("secretsmanager", "GetSecretValue"), get)


@dataclass
class _Header:
    encryption_context: dict[str, str]


@dataclass
class _Sdk:
    """Binds a message to its context as the Encryption SDK does, without encrypting it."""

    seam: Seam

    def encrypt(
        self, *, source: bytes, encryption_context: dict[str, str], **_: Any
    ) -> tuple[bytes, None]:
        def made() -> bytes:
            parts = {"plain": base64.b85encode(source).decode(), "context": encryption_context}
            return base64.b85encode(json.dumps(parts, sort_keys=True).encode())

        with _client_errors("kms"):
            return self.seam.cross(Call("kms", "GenerateDataKey"), made), None

    def decrypt(self, *, source: bytes, **_: Any) -> tuple[bytes, _Header]:
        with _client_errors("kms"):
            parts = self.seam.cross(
                Call("kms", "Decrypt"), lambda: json.loads(base64.b85decode(source))
            )
        return base64.b85decode(parts["plain"]), _Header(parts["context"])


class MemoryVault(Vault):
    """The app's vault over a memory SDK: it still checks the context of each record."""

    def __init__(self, seam: Seam) -> None:
        self._seam = seam

    @cached_property
    def _sdk(self) -> Any:
        return _Sdk(self._seam)

    @cached_property
    def _provider(self) -> Any:
        return None

    @cached_property
    def _algorithm(self) -> Any:
        return None
