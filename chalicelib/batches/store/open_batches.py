"""Which batches are open, and which were stopped: all that the schedule and the sending of a
payout ask of batches.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from chalicelib.core.dynamodb.items import encoded, storage_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OPEN: Final = "open-batches"
# Far longer than a payout may wait to be sent.
_STOP_KEPT_FOR: Final = timedelta(days=60)
# For a comparison with another one at its confirmation: what was paid by then is a payout.
_NAME_KEPT_FOR: Final = timedelta(days=8)


class OpenBatches:
    """Their names in the records table. Every method may raise `StorageUnavailableError`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self.table = table

    def ids(self) -> tuple[str, ...]:
        """The batches that are open: of hundreds, the first megabyte of names."""
        with storage_errors():
            found = self._client.query(
                TableName=self.table,
                KeyConditionExpression="#collection = :open",
                FilterExpression="attribute_not_exists(is_closed)",
                ExpressionAttributeNames={"#collection": "collection"},
                ExpressionAttributeValues={":open": {"S": OPEN}},
            )
        return tuple(item["item"]["S"] for item in found["Items"])

    def recent(self) -> tuple[str, ...]:
        """Those that are open, and those that were a week ago (strongly consistent)."""
        with storage_errors():
            found = self._client.query(
                TableName=self.table,
                KeyConditionExpression="#collection = :open",
                ExpressionAttributeNames={"#collection": "collection"},
                ExpressionAttributeValues={":open": {"S": OPEN}},
                ConsistentRead=True,
            )
        return tuple(item["item"]["S"] for item in found["Items"])

    def stop(self, batch_id: str, by: str, at: datetime) -> None:
        """Nothing of the batch is sent from now on. Idempotent."""
        item = {"by": by, "expires_at": int((at + _STOP_KEPT_FOR).timestamp())}
        with storage_errors():
            self._client.put_item(TableName=self.table, Item=encoded(_stop_key(batch_id) | item))

    def stopped_by(self, batch_id: str) -> str | None:
        """Who stopped the batch (strongly consistent); None if it was not stopped."""
        with storage_errors():
            found = self._client.get_item(
                TableName=self.table, Key=encoded(_stop_key(batch_id)), ConsistentRead=True
            )
        # That there is such an item stops it, whatever stands in it.
        return str(found["Item"].get("by", {}).get("S", "system")) if "Item" in found else None

    def close(self, batch_id: str, at: datetime) -> None:
        """Takes a batch that will change no more off the list. Idempotent.

        DynamoDB's TTL removes the name: so no function needs the right to delete records.
        """
        item = {"collection": OPEN, "item": batch_id, "is_closed": True}
        with storage_errors():
            self._client.put_item(
                TableName=self.table,
                Item=encoded(item | {"expires_at": int((at + _NAME_KEPT_FOR).timestamp())}),
            )


def _stop_key(batch_id: str) -> dict[str, str]:
    return {"collection": f"batch#{batch_id}", "item": "stop"}
