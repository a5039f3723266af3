"""Keyed fingerprints of accounts: one account has one, under whichever customers it stands.

An account number is short: a plain hash of it can be tried out. So the fingerprint is an HMAC under
a key of its own, which stands encrypted in the controls table and is decrypted once in the life of
a function instance.
"""

import hashlib
import hmac
import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from chalicelib.core.dynamodb.items import decoded, encoded, failed_condition, storage_errors
from chalicelib.core.encryption import Vault
from chalicelib.monoova.rules.destination import Destination, PayId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY_ID: Final = "account-fingerprint-key"
# It stands before each fingerprint: those of another key do not look like the same account's.
_VERSION: Final = 1
# Its message is bound to this place, as a customer's is to the customer.
_OWNER: Final = "controls"
_KEY_BYTES: Final = 32
# 128 bits: no two accounts meet by chance.
_HEX_DIGITS: Final = 32


class AccountFingerprints:
    """Makes the fingerprints. The first call of an instance may raise `StorageUnavailableError` and
    what `Vault.open` and `Vault.seal` do.
    """

    def __init__(self, client: "DynamoDBClient", table: str, vault: Vault) -> None:
        self._client = client
        self._table = table
        self._vault = vault

    def of(self, destination: Destination) -> str:
        """The fingerprint of the account that a destination names."""
        return f"{_VERSION}.{self._digest('account', *_parts_of(destination))}"

    def of_payment(self, account: str, amount_cents: int, reference: str | None) -> str:
        """One name for all payments of this amount to an account under a lodgement reference.

        How the reference is spaced, and its case, make no other payment of it.
        """
        words = " ".join((reference or "").split()).casefold()
        return f"{_VERSION}.{self._digest('payment', account, str(amount_cents), words)}"

    def _digest(self, *parts: str) -> str:
        text = "\n".join(parts).encode()
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()[:_HEX_DIGITS]

    @cached_property
    def _key(self) -> bytes:
        sealed = self._stored() or self._made()
        return bytes.fromhex(self._vault.open(_OWNER, KEY_ID, sealed)["key"])

    def _stored(self) -> bytes | None:
        with storage_errors():
            found = self._client.get_item(
                TableName=self._table, Key={"control_id": {"S": KEY_ID}}, ConsistentRead=True
            )
        return bytes(decoded(found["Item"])["sealed"]) if "Item" in found else None

    def _made(self) -> bytes:
        """The key that stands now: a new one, or that of an instance that was faster."""
        sealed = self._vault.seal(_OWNER, KEY_ID, {"key": os.urandom(_KEY_BYTES).hex()})
        item: dict[str, Any] = {"control_id": KEY_ID, "version": _VERSION, "sealed": sealed}
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


def _parts_of(destination: Destination) -> tuple[str, ...]:
    if isinstance(destination, PayId):
        return destination.type, destination.pay_id_type, destination.pay_id
    # Banks fill account numbers up with zeros: with and without them, it is one account.
    number = destination.account_number.lstrip("0").casefold()
    return destination.type, destination.bsb, number
