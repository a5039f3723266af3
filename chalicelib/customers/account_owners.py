"""Which destinations name an account, under whichever customers: one item for each account.

An account is named by its keyed fingerprint, and an owner by two ids: nothing here tells who they
are, or where they are paid.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from chalicelib.core.dynamodb.items import (
    StorageUnavailableError,
    decoded,
    encoded,
    failed_condition,
    storage_errors,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# They stand beside the customers, under a key of their own kind: no id of a customer begins so.
ACCOUNT: Final = "account#"
# An item may hold 400 kB and an owner takes 75 bytes; who reads them needs no more.
MOST_OWNERS: Final = 1000
# Each is lost to a writer that was faster, and an account has few.
_MOST_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Owner:
    """A destination that names the account."""

    customer_id: str
    destination_id: str


class AccountOwners:
    """Every method may raise `StorageUnavailableError`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self.table = table

    def of(self, account: str) -> tuple[Owner, ...]:
        """The destinations that name the account, in the order in which they were noted."""
        return owners_in(self._item(account))

    def note(self, account: str, customer_id: str, destination_id: str) -> None:
        """A destination names the account. Idempotent."""
        owner = Owner(customer_id, destination_id)
        self._change(account, lambda owners: noted(owners, owner))

    def forget(self, account: str, customer_id: str, destination_id: str) -> None:
        """The destination is gone, or its customer was erased. Idempotent."""
        owner = Owner(customer_id, destination_id)
        self._change(account, lambda owners: tuple(each for each in owners if each != owner))

    def _change(
        self, account: str, change: Callable[[tuple[Owner, ...]], tuple[Owner, ...]]
    ) -> None:
        for _ in range(_MOST_TRIES):
            item = self._item(account)
            before = owners_in(item)
            after = change(before)
            if after == before or self._is_written(account, int(item.get("version", 0)), after):
                return
        raise StorageUnavailableError("the owners of an account change", may_be_done=False)

    def _item(self, account: str) -> dict[str, Any]:
        with storage_errors():
            found = self._client.get_item(
                TableName=self.table, Key=encoded(_key(account)), ConsistentRead=True
            )
        return decoded(found["Item"]) if "Item" in found else {}

    def _is_written(self, account: str, version: int, owners: Sequence[Owner]) -> bool:
        """Whether they are written now. False where another writer was faster."""
        try:
            with storage_errors():
                if owners:
                    self._put(account, version, owners)
                else:
                    self._delete(account, version)
        except ClientError as error:
            failed_condition(error)
            return False
        return True

    def _put(self, account: str, version: int, owners: Sequence[Owner]) -> None:
        names = [f"{each.customer_id} {each.destination_id}" for each in owners]
        condition = "version = :expected" if version else "attribute_not_exists(version)"
        given: dict[str, Any] = {":expected": {"N": str(version)}} if version else {}
        values: dict[str, Any] = {"ExpressionAttributeValues": given} if given else {}
        self._client.put_item(
            TableName=self.table,
            Item=encoded(_key(account) | {"owners": names, "version": version + 1}),
            ConditionExpression=condition,
            **values,
        )

    def _delete(self, account: str, version: int) -> None:
        """Nothing is left of an account that no destination names."""
        self._client.delete_item(
            TableName=self.table,
            Key=encoded(_key(account)),
            ConditionExpression="version = :expected",
            ExpressionAttributeValues={":expected": {"N": str(version)}},
        )


def noted(owners: Sequence[Owner], owner: Owner) -> tuple[Owner, ...]:
    """The owners with one more, which is the last; of too many the oldest go."""
    return tuple(owners) if owner in owners else (*owners, owner)[-MOST_OWNERS:]


def owners_in(item: dict[str, Any]) -> tuple[Owner, ...]:
    """The owners in an item (already in Python's form); none of one that there is not."""
    pairs = (name.partition(" ") for name in item.get("owners", ()))
    return tuple(Owner(customer_id, destination_id) for customer_id, _, destination_id in pairs)


def _key(account: str) -> dict[str, str]:
    return {"customer_id": f"{ACCOUNT}{account}"}
