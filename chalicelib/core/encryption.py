"""Payee details under the customer-data key: AWS Encryption SDK with key commitment.

One message per customer record or destination, bound to its place by an encryption context of
`customer_id` and `purpose`. The SDK proves the context that stands in the message's header; that
it is the one we expect is compared here, or a row copied to another customer would open.
"""

import json
import logging
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chalicelib.core.coldstart import generated_code
from chalicelib.core.coldstart.collector import loading

if TYPE_CHECKING:
    from botocore.session import Session


class SealBrokenError(Exception):
    """The message was not made for this place, or not by this key, or was altered."""


class VaultUnavailableError(Exception):
    """KMS cannot be asked now."""


class Vault:
    """Encrypts (`seal`) and decrypts (`open`) small records; loads the SDK at first use."""

    def __init__(self, key_arn: str, session: "Session") -> None:
        self._key_arn = key_arn
        # The app's own session: the SDK would otherwise load all its models a second time.
        self._session = session

    def seal(self, customer_id: str, purpose: str, record: Mapping[str, str]) -> bytes:
        """Encrypts the record: the message can be decrypted only for this customer and purpose.

        Raises:
            VaultUnavailableError
        """
        with _translated():
            sealed, _ = self._sdk.encrypt(
                source=json.dumps(record).encode(),
                key_provider=self._provider,
                encryption_context={"customer_id": customer_id, "purpose": purpose},
                algorithm=self._algorithm,
            )
        return bytes(sealed)

    def open(self, customer_id: str, purpose: str, sealed: bytes) -> dict[str, str]:
        """Decrypts the record in `sealed`.

        Raises:
            SealBrokenError
            VaultUnavailableError
        """
        with _translated():
            plain, header = self._sdk.decrypt(source=sealed, key_provider=self._provider)
        context = header.encryption_context
        if (context.get("customer_id"), context.get("purpose")) != (customer_id, purpose):
            raise SealBrokenError("A sealed record stands where it does not belong.")
        record: dict[str, str] = json.loads(plain)
        return record

    @cached_property
    def _sdk(self) -> Any:
        with loading():
            generated_code.use_for_attrs()
            from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient

        # It logs what KMS answered, with a traceback. Our own line says what there is to say.
        logging.getLogger("aws_encryption_sdk").setLevel(logging.CRITICAL)
        return EncryptionSDKClient(
            commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
            max_encrypted_data_keys=1,
        )

    @cached_property
    def _provider(self) -> Any:
        from aws_encryption_sdk import StrictAwsKmsMasterKeyProvider

        return StrictAwsKmsMasterKeyProvider(
            key_ids=[self._key_arn], botocore_session=self._session
        )

    @cached_property
    def _algorithm(self) -> Any:
        from aws_encryption_sdk.identifiers import AlgorithmSuite

        # 0x0478: commits to the key. The signed suite costs four times as much, and buys nothing
        # where one application both writes and reads.
        return AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY


class _translated:  # noqa: N801 - read as a verb: `with _translated():`
    """Turns what the SDK and KMS raise into our two errors, without their texts."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is None:
            return
        from aws_encryption_sdk import exceptions as sdk
        from botocore.exceptions import BotoCoreError, ClientError
        from cryptography.exceptions import InvalidTag

        # The SDK drops KMS's own error; that KMS would not give the data key is all it says.
        unavailable = (sdk.GenerateKeyError, sdk.EncryptKeyError, sdk.DecryptKeyError)
        if isinstance(error, (*unavailable, BotoCoreError, ClientError)):
            raise VaultUnavailableError(f"KMS: {type(error).__name__}") from None
        if isinstance(error, (sdk.AWSEncryptionSDKClientError, InvalidTag)):
            raise SealBrokenError(f"Not opened: {type(error).__name__}") from None
