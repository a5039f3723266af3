"""The audit log of payee details: who opened which, when, and what for. Kept for seven years.

The sending of a payout is not written here: its own history says who and when.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from chalicelib.core.dynamodb.items import (
    Item,
    Page,
    encoded,
    failed_condition,
    next_key,
    storage_errors,
    text_of,
    time_of,
)
from chalicelib.core.dynamodb.readable import read_all, well_typed
from chalicelib.core.dynamodb.retention import kept_until

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A word that DynamoDB keeps for itself.
_NAMES: Final = {"#collection": "collection"}


@dataclass(frozen=True, slots=True)
class Access:
    """An entry of the audit log: one opening of a destination; None where an export found none."""

    access_id: str
    customer_id: str
    at: datetime
    by: str
    purpose: str
    destination_id: str | None = None
    transaction_id: str | None = None


def collection_of(customer_id: str) -> str:
    """The key under which a customer's accesses stand."""
    return f"access#{customer_id}"


def item_key_of(access: Access) -> str:
    """The key of one access among a customer's: they sort by time."""
    return f"{text_of(access.at)}#{access.access_id}"


class Accesses:
    """The records of openings. Every method may raise `StorageUnavailableError`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def add(self, access: Access) -> None:
        """Keeps the record of an opening."""
        try:
            with storage_errors():
                self._client.put_item(
                    TableName=self._table,
                    Item=encoded(_item_of(access)),
                    ConditionExpression="attribute_not_exists(#collection)",
                    ExpressionAttributeNames=_NAMES,
                )
        except ClientError as error:
            # Its id was made for it: what stands there is this very record, of an earlier try.
            failed_condition(error)

    def of_customer(
        self, customer_id: str, limit: int, start: Mapping[str, str] | None = None
    ) -> Page[Access]:
        """The openings of a customer's destinations, newest first."""
        more: dict[str, Any] = {"ExclusiveStartKey": encoded(start)} if start else {}
        with storage_errors():
            found = self._client.query(
                TableName=self._table,
                KeyConditionExpression="#collection = :collection",
                ExpressionAttributeNames=_NAMES,
                ExpressionAttributeValues={":collection": {"S": collection_of(customer_id)}},
                ScanIndexForward=False,
                Limit=limit,
                **more,
            )
        accesses, unreadable = read_all("access", "item", found["Items"], _access_of)
        return Page(accesses, next_key(found), unreadable)


def _item_of(access: Access) -> dict[str, Any]:
    return {
        "collection": collection_of(access.customer_id),
        "item": item_key_of(access),
        "by": access.by,
        "purpose": access.purpose,
        "destination_id": access.destination_id,
        "transaction_id": access.transaction_id,
        "expires_at": kept_until(access.at),
    }


def _access_of(item: Item) -> Access:
    at, _, access_id = item["item"].partition("#")
    access = Access(
        access_id=access_id,
        customer_id=item["collection"].partition("#")[2],
        at=time_of(at),
        by=item["by"],
        purpose=item["purpose"],
        destination_id=item.get("destination_id"),
        transaction_id=item.get("transaction_id"),
    )
    return well_typed(access)
