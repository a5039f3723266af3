"""A key of the app's own: encrypted in the controls table, decrypted once in an instance's life.

Its message is bound to its place by the customer-data vault: a writer of the table whom KMS refuses
can neither read a key nor put one of their own there.
"""

import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from chalicelib.core.dynamodb.items import (
    decoded,
    encoded,
    failed_condition,
    storage_errors,
    text_of,
    time_of,
)
from chalicelib.core.encryption import Vault

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Its message is bound to this place, as a customer's is to the customer.
_OWNER: Final = "controls"
_KEY_BYTES: Final = 32
_FIRST_VERSION: Final = 1
# 128 bits: none is found by trying, and no two meet by chance.
_HEX_DIGITS: Final = 32


@dataclass(frozen=True, slots=True)
class Key:
    """32 random bytes. `made_at` is None for a key that was stored before that was kept."""

    secret: bytes = field(repr=False)
    version: int
    made_at: datetime | None = None

    def digest_of(self, text: str) -> str:
        """The HMAC of `text` behind the key's version: that of another key never looks like it."""
        digest = hmac.digest(self.secret, text.encode(), "sha256").hex()
        return f"{self.version}.{digest[:_HEX_DIGITS]}"


class StoredKey:
    """The key under one id. Its methods may raise `StorageUnavailableError` and what `Vault.open`
    and `Vault.seal` do, until it was decrypted once.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        vault: Vault,
        key_id: str,
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._table = table
        self._vault = vault
        self._key_id = key_id
        self._now = now
        self._known: Key | None = None

    def get(self) -> Key:
        """The key; it is made where there is none."""
        return self.find() or self._kept(self._made())

    def find(self) -> Key | None:
        """The key, or None where there is none yet."""
        if self._known is None and (sealed := self._stored()):
            return self._kept(sealed)
        return self._known

    def _kept(self, sealed: bytes) -> Key:
        record = self._vault.open(_OWNER, self._key_id, sealed)
        made_at = record.get("made_at")
        self._known = Key(
            bytes.fromhex(record["key"]),
            int(record.get("version", _FIRST_VERSION)),
            time_of(made_at) if made_at else None,
        )
        return self._known

    def _stored(self) -> bytes | None:
        with storage_errors():
            found = self._client.get_item(
                TableName=self._table,
                Key={"control_id": {"S": self._key_id}},
                ConsistentRead=True,
            )
        return bytes(decoded(found["Item"])["sealed"]) if "Item" in found else None

    def _made(self) -> bytes:
        """The key that stands now: a new one, or that of an instance that was faster."""
        record = {
            "key": self._new_secret().hex(),
            "version": str(_FIRST_VERSION),
            "made_at": text_of(self._now()),
        }
        return self._stored_first(self._vault.seal(_OWNER, self._key_id, record))

    def _new_secret(self) -> bytes:
        return os.urandom(_KEY_BYTES)

    def _stored_first(self, sealed: bytes) -> bytes:
        """Stores the message, if there is none; what is stored then."""
        item: dict[str, Any] = {
            "control_id": self._key_id,
            "version": _FIRST_VERSION,
            "sealed": sealed,
        }
        try:
            with storage_errors():
                self._client.put_item(
                    TableName=self._table,
                    Item=encoded(item),
                    ConditionExpression="attribute_not_exists(control_id)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            standing = failed_condition(error)
            assert standing is not None  # the condition fails only where an item stands
            return bytes(decoded(standing)["sealed"])
        return sealed
