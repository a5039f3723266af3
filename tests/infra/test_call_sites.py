"""The reading of the source: it finds every call of AWS, or says that it cannot."""

from pathlib import Path

import pytest

from tests.infra.call_sites import Site, UnfollowedClientError, sites_in

HEAD = """
if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

class Store:
    def __init__(self, client: "DynamoDBClient") -> None:
        self._client = client
"""


def of(folder: Path, source: str) -> set[Site]:
    (folder / "store.py").write_text(source)
    return set(sites_in(folder))


def test_a_call_is_found_wherever_it_stands_in_a_method(tmp_path: Path) -> None:
    source = (
        HEAD
        + """
    def read(self):
        with errors():
            return [each for each in self._client.query()["Items"]]
    def write(self, other):
        self._client.put_item()
        other.delete_item()
"""
    )
    assert of(tmp_path, source) == {
        Site("store.py", "Store.read", "dynamodb.Query"),
        Site("store.py", "Store.write", "dynamodb.PutItem"),
    }


def test_the_encryption_sdk_calls_kms(tmp_path: Path) -> None:
    source = """
class Vault:
    def seal(self):
        return self._sdk.encrypt()
    @cached_property
    def _sdk(self):
        return EncryptionSDKClient()
"""
    assert of(tmp_path, source) == {Site("store.py", "Vault.seal", "kms.GenerateDataKey")}


@pytest.mark.parametrize(
    "method",
    [
        "client = self._client; client.scan()",
        "return handed_on(self._client)",
        "return self._client.get_paginator('scan')",
        "return getattr(self._client, 'scan')()",
        "scan = self._client.scan; scan()",
        "return (self._client).no_such_operation()",
    ],
)
def test_a_client_that_goes_astray_is_an_error(tmp_path: Path, method: str) -> None:
    with pytest.raises(UnfollowedClientError, match=r"store\.py:\d+: Store\.go does not"):
        of(tmp_path, HEAD + f"    def go(self):\n        {method}\n")


def test_a_client_that_is_handed_to_a_function_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnfollowedClientError, match="go takes a client"):
        of(tmp_path, HEAD + 'def go(client: "DynamoDBClient"):\n    client.scan()\n')
