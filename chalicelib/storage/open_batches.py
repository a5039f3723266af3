"""Which batches may still change by themselves: all that the schedule asks of batches in a minute
without any.
"""

from typing import TYPE_CHECKING, Final

from chalicelib.storage.dynamodb import decoded, encoded, storage_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OPEN: Final = "open-batches"
# Far more than are ever open at once.
_MOST: Final = 100


class OpenBatches:
    """Their names in the records table. Every method may raise `StorageUnavailableError`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self.table = table

    def ids(self) -> tuple[str, ...]:
        """The batches that are open."""
        with storage_errors():
            found = self._client.query(
                TableName=self.table,
                KeyConditionExpression="#collection = :open",
                ExpressionAttributeNames={"#collection": "collection"},
                ExpressionAttributeValues={":open": {"S": OPEN}},
                Limit=_MOST,
            )
        return tuple(str(decoded(item)["item"]) for item in found["Items"])

    def close(self, batch_id: str) -> None:
        """The batch changes no more by itself. Doing it twice is doing it once."""
        key = encoded({"collection": OPEN, "item": batch_id})
        with storage_errors():
            self._client.delete_item(TableName=self.table, Key=key)
