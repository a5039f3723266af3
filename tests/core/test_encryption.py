"""Encryption of payee details: what decrypts them, and that nothing else does."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Final

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.session import Session
from moto import mock_aws

from chalicelib.core.encryption import SealBrokenError, Vault, VaultUnavailableError
from tests import aws

CUSTOMER: Final = "11111111-0000-4000-8000-000000000001"
OTHER_CUSTOMER: Final = "22222222-0000-4000-8000-000000000002"
PURPOSE: Final = "destination/33333333-0000-4000-8000-000000000003"
RECORD: Final = {"account_number": "987654321", "account_name": "Zoë Quîxley", "bsb": "062-000"}


@pytest.fixture(scope="module")
def key_arn() -> Iterator[str]:
    with mock_aws():
        yield _new_key()


def _new_key() -> str:
    arn: str = boto3.client("kms", region_name=aws.REGION).create_key()["KeyMetadata"]["Arn"]
    return arn


@pytest.fixture(scope="module")
def vault(key_arn: str) -> Vault:
    return Vault(key_arn, Session())


def _vault_whose_kms(key_arn: str, code: str | None) -> Vault:
    """A vault whose KMS answers every call with this error, or not at all."""
    session = Session()

    def refuse(**_: Any) -> Any:
        if code is None:
            raise EndpointConnectionError(endpoint_url="https://kms.example")
        error = {"Error": {"Code": code, "Message": f"{RECORD}"}, "ResponseMetadata": {}}
        return SimpleNamespace(status_code=400), error

    session.register("before-call.kms", refuse)
    return Vault(key_arn, session)


def test_what_was_sealed_opens_again(vault: Vault) -> None:
    assert vault.open(CUSTOMER, PURPOSE, vault.seal(CUSTOMER, PURPOSE, RECORD)) == RECORD


def test_another_instance_opens_it_too(vault: Vault, key_arn: str) -> None:
    sealed = vault.seal(CUSTOMER, PURPOSE, RECORD)
    assert Vault(key_arn, Session()).open(CUSTOMER, PURPOSE, sealed) == RECORD


def test_nothing_of_the_record_can_be_read_in_the_message(vault: Vault) -> None:
    sealed = vault.seal(CUSTOMER, PURPOSE, RECORD)
    for detail in RECORD.values():
        assert detail.encode() not in sealed
    assert b"account" not in sealed


def test_the_same_record_never_looks_the_same_twice(vault: Vault) -> None:
    assert vault.seal(CUSTOMER, PURPOSE, RECORD) != vault.seal(CUSTOMER, PURPOSE, RECORD)


def test_the_message_commits_to_its_key(vault: Vault) -> None:
    sealed = vault.seal(CUSTOMER, PURPOSE, RECORD)
    version, algorithm = sealed[0], int.from_bytes(sealed[1:3])
    assert (version, algorithm) == (2, 0x0478)


@pytest.mark.parametrize(
    ("customer_id", "purpose"),
    [
        (OTHER_CUSTOMER, PURPOSE),
        (CUSTOMER, "destination/44444444-0000-4000-8000-000000000004"),
        (CUSTOMER, "customer"),
        ("", ""),
    ],
)
def test_a_message_copied_to_another_place_is_refused(
    vault: Vault, customer_id: str, purpose: str
) -> None:
    sealed = vault.seal(CUSTOMER, PURPOSE, RECORD)
    with pytest.raises(SealBrokenError) as caught:
        vault.open(customer_id, purpose, sealed)
    assert not any(detail in str(caught.value) for detail in RECORD.values())


def test_a_message_altered_in_any_place_does_not_open(vault: Vault) -> None:
    sealed = vault.seal(CUSTOMER, PURPOSE, RECORD)
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        # KMS does not say why it does not give the data key: that may mean either.
        with pytest.raises((SealBrokenError, VaultUnavailableError)) as caught:
            vault.open(CUSTOMER, PURPOSE, bytes(altered))
        assert caught.value.__cause__ is None


def test_an_altered_record_is_a_broken_seal_and_not_a_failure_of_kms(vault: Vault) -> None:
    sealed = bytearray(vault.seal(CUSTOMER, PURPOSE, RECORD))
    for place in (-1, -20):
        altered = sealed[:]
        altered[place] ^= 1
        with pytest.raises(SealBrokenError):
            vault.open(CUSTOMER, PURPOSE, bytes(altered))


def test_a_message_cut_off_in_any_place_does_not_open(vault: Vault) -> None:
    sealed = vault.seal(CUSTOMER, PURPOSE, RECORD)
    for length in range(len(sealed)):
        with pytest.raises((SealBrokenError, VaultUnavailableError)):
            vault.open(CUSTOMER, PURPOSE, sealed[:length])


@pytest.mark.parametrize("garbage", [b"", b"\x00", b"plain text", b"\x02\x04\x78", bytes(1000)])
def test_what_is_no_sealed_message_is_a_broken_seal(vault: Vault, garbage: bytes) -> None:
    with pytest.raises(SealBrokenError):
        vault.open(CUSTOMER, PURPOSE, garbage)


def test_a_message_under_another_key_does_not_open(vault: Vault) -> None:
    sealed = Vault(_new_key(), Session()).seal(CUSTOMER, PURPOSE, RECORD)
    with pytest.raises((SealBrokenError, VaultUnavailableError)):
        vault.open(CUSTOMER, PURPOSE, sealed)


@pytest.mark.parametrize("code", ["ThrottlingException", "DisabledException", "AccessDenied", None])
def test_when_kms_cannot_be_reached_the_seal_is_not_reported_as_broken(
    vault: Vault, key_arn: str, code: str | None
) -> None:
    sealed = vault.seal(CUSTOMER, PURPOSE, RECORD)
    unlucky = _vault_whose_kms(key_arn, code)
    with pytest.raises(VaultUnavailableError) as while_opening:
        unlucky.open(CUSTOMER, PURPOSE, sealed)
    with pytest.raises(VaultUnavailableError) as while_sealing:
        unlucky.seal(CUSTOMER, PURPOSE, RECORD)
    for caught in (while_opening, while_sealing):
        assert caught.value.__cause__ is None
        assert not any(detail in str(caught.value) for detail in RECORD.values())


def test_an_error_of_another_kind_is_not_mistaken_for_ours(vault: Vault) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        vault.seal(CUSTOMER, PURPOSE, {"name": object()})  # type: ignore[dict-item]
