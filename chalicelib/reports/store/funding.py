"""Money that came in, in the records table: one item for each credit, and nothing of the payer."""

from collections.abc import Mapping
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
from chalicelib.reports.rules.funding import Credit, CreditKind

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

COLLECTION: Final = "funding"
KEY: Final = frozenset({"collection", "item"})


class Funding:
    """The credits. Every method may raise `StorageUnavailableError`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def record(self, credit: Credit, at: datetime) -> bool:
        """Keeps a credit that was heard of at `at`; False if it is kept already."""
        try:
            with storage_errors():
                self._client.put_item(
                    TableName=self._table,
                    Item=encoded(_item_of(credit, at)),
                    ConditionExpression="attribute_not_exists(#item)",
                    ExpressionAttributeNames={"#item": "item"},
                )
        except ClientError as error:
            failed_condition(error)
            return False
        return True

    def newest(self, limit: int, start: Mapping[str, str] | None = None) -> Page[Credit]:
        """The credits, newest first."""
        more: dict[str, Any] = {"ExclusiveStartKey": encoded(start)} if start else {}
        with storage_errors():
            found = self._client.query(
                TableName=self._table,
                KeyConditionExpression="#collection = :funding",
                ExpressionAttributeNames={"#collection": "collection"},
                ExpressionAttributeValues={":funding": {"S": COLLECTION}},
                ScanIndexForward=False,
                Limit=limit,
                **more,
            )
        found_credits, unreadable = read_all("credit", "item", found["Items"], _credit_of)
        return Page(found_credits, next_key(found), unreadable)


def _item_of(credit: Credit, at: datetime) -> dict[str, Any]:
    return {
        "collection": COLLECTION,
        # What the event itself says, and nothing of when it came: the same event, the same key.
        "item": f"{text_of(credit.at)}#{credit.monoova_transaction_id}",
        "at": text_of(credit.at),
        "kind": credit.kind.value,
        "amount_cents": credit.amount_cents,
        "monoova_transaction_id": credit.monoova_transaction_id,
        "received_at": text_of(at),
        "expires_at": kept_until(at),
    }


def _credit_of(item: Item) -> Credit:
    credit = Credit(
        at=time_of(item["at"]),
        kind=CreditKind(item["kind"]),
        amount_cents=item["amount_cents"],
        monoova_transaction_id=item["monoova_transaction_id"],
    )
    return well_typed(credit)
