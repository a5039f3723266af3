"""Which batches may still change by themselves: all that the schedule asks of batches in a minute
without any.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from chalicelib.storage.dynamodb import decoded, encoded, storage_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OPEN: Final = "open-batches"


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
        return tuple(str(decoded(item)["item"]) for item in found["Items"])

    def close(self, batch_id: str, at: datetime) -> None:
        """The batch changes no more by itself. Doing it twice is doing it once.

        DynamoDB takes the name away: so no function needs the right to delete records.
        """
        item = {"collection": OPEN, "item": batch_id, "is_closed": True}
        with storage_errors():
            self._client.put_item(
                TableName=self.table,
                Item=encoded(item | {"expires_at": int(at.timestamp())}),
            )
