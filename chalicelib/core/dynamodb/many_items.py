"""Many items of one table by their keys, a hundred in a call."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.items import (
    Item,
    StorageUnavailableError,
    decoded,
    pause,
    storage_errors,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# What DynamoDB reads in one call.
MOST_AT_ONCE: Final = 100
_MOST_READS: Final = 10


class ManyItems:
    """Reads a table whose key is one text. May raise `StorageUnavailableError`."""

    def __init__(self, client: "DynamoDBClient", table: str, key: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._key = key
        self._clock = clock

    def read(
        self, keys: Sequence[str], fields: str, names: Mapping[str, str] | None = None
    ) -> Iterator[dict[str, Any]]:
        """As `read_items`, in Python's form."""
        return (decoded(item) for item in self.read_items(keys, fields, names))

    def read_items(
        self, keys: Sequence[str], fields: str | None, names: Mapping[str, str] | None = None
    ) -> Iterator[Item]:
        """The items that there are, a moment ago at the latest, in DynamoDB's form; of each the
        projected fields, or all.
        """
        once = list(dict.fromkeys(keys))  # DynamoDB refuses a key that is there twice
        for start in range(0, len(once), MOST_AT_ONCE):
            some = once[start : start + MOST_AT_ONCE]
            wanted: dict[str, Any] = {"Keys": [{self._key: {"S": key}} for key in some]}
            if fields:
                wanted["ProjectionExpression"] = fields
            if names:
                wanted["ExpressionAttributeNames"] = dict(names)
            yield from self._read({self._table: wanted})

    def _read(self, wanted: dict[str, Any]) -> Iterator[Item]:
        for tried in range(_MOST_READS):
            with storage_errors():
                answer = self._client.batch_get_item(RequestItems=wanted)
            yield from answer["Responses"].get(self._table, ())
            wanted = dict(answer.get("UnprocessedKeys", {}))
            if not wanted:
                return
            pause(self._clock, tried)
        raise StorageUnavailableError("UnprocessedKeys", may_be_done=False)
