"""What became of many payouts at once: of each only the few fields that a list of them needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Protocol

from chalicelib.storage.dynamodb import StorageUnavailableError, decoded, storage_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# What DynamoDB reads in one call.
MOST_AT_ONCE: Final = 100
_MOST_READS: Final = 10
_NAMES: Final = {"#status": "status"}
_FIELDS: Final = (
    "transaction_id, #status, needs_review, failure_code, failure_reason, lodgement_reference"
)


@dataclass(frozen=True, slots=True)
class Outline:
    """A payout, as far as a row of a batch tells of it."""

    transaction_id: str
    status: str
    needs_review: bool
    failure_code: str | None
    failure_reason: str | None
    lodgement_reference: str | None


class Outlines(Protocol):
    """Where outlines come from."""

    def of(self, transaction_ids: Sequence[str]) -> dict[str, Outline]: ...


class PayoutOutlines:
    """Reads the transactions table. May raise `StorageUnavailableError`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def of(self, transaction_ids: Sequence[str]) -> dict[str, Outline]:
        """The payouts that there are, a moment ago at the latest."""
        found: dict[str, Outline] = {}
        for some in in_parts(transaction_ids):
            keys = [{"transaction_id": {"S": one}} for one in some]
            wanted = {
                "Keys": keys,
                "ProjectionExpression": _FIELDS,
                "ExpressionAttributeNames": _NAMES,
            }
            for item in read_many(self._client, self._table, wanted):
                outline = outline_of(item)
                found[outline.transaction_id] = outline
        return found


def outline_of(item: Mapping[str, Any]) -> Outline:
    """The outline in an item (already in Python's form)."""
    return Outline(
        transaction_id=item["transaction_id"],
        status=item["status"],
        needs_review=item["needs_review"],
        failure_code=item.get("failure_code"),
        failure_reason=item.get("failure_reason"),
        lodgement_reference=item.get("lodgement_reference"),
    )


def in_parts(keys: Iterable[str]) -> Iterable[list[str]]:
    """The keys, as many at a time as one call reads; none twice, which DynamoDB refuses."""
    rest = iter(dict.fromkeys(keys))
    while part := list(islice(rest, MOST_AT_ONCE)):
        yield part


def read_many(
    client: "DynamoDBClient", table: str, wanted: Mapping[str, Any]
) -> Iterable[dict[str, Any]]:
    """The items that `wanted`, a part of a BatchGetItem, asks for.

    Raises:
        StorageUnavailableError: DynamoDB did not give them all in a few calls.
    """
    left: Any = {table: wanted}
    for _ in range(_MOST_READS):
        with storage_errors():
            answer = client.batch_get_item(RequestItems=left)
        for item in answer["Responses"].get(table, ()):
            yield decoded(item)
        left = dict(answer.get("UnprocessedKeys", {}))
        if not left:
            return
    raise StorageUnavailableError("UnprocessedKeys", may_be_done=False)
