"""A whole day's payouts, thousands of them, with no more of each than a comparison needs."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from chalicelib.core.dynamodb.items import (
    Item,
    Page,
    decoded,
    encoded,
    next_key,
    storage_errors,
    text_of,
    time_of,
)
from chalicelib.payouts.rules.payout import State
from chalicelib.reports.rules.day_statistics import DayPayout

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# An item has a kilobyte and more, its history above all; this is a fifth of it to carry and read.
_WANTED: Final = (
    "transaction_id, uniqueReference, amount_cents, #status, submission, payout_method,"
    " created_at, last_sent_at, completed_at, monoova_transaction_id,"
    " return_seen_cents"
)


class DayPayouts:
    """The payouts by when they were requested. Every method may raise `StorageUnavailableError`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def page(
        self,
        utc_day: date,
        begins: datetime,
        ends: datetime,
        start: Mapping[str, str] | None = None,
    ) -> Page[DayPayout]:
        """Those of a UTC day from `begins` up to, but not at, `ends`; a page is 1 MB of items."""
        more: dict[str, Any] = {"ExclusiveStartKey": encoded(start)} if start else {}
        with storage_errors():
            found = self._client.query(
                TableName=self._table,
                IndexName="day-index",
                KeyConditionExpression="created_day = :day AND created_at BETWEEN :from AND :to",
                ProjectionExpression=_WANTED,
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":day": {"S": utc_day.isoformat()},
                    ":from": {"S": text_of(begins)},
                    ":to": {"S": text_of(ends - timedelta(microseconds=1))},
                },
                **more,
            )
        return Page(tuple(_payout_of(decoded(item)) for item in found["Items"]), next_key(found))

    def get(self, transaction_id: str) -> DayPayout | None:
        """One payout as it now stands (strongly consistent)."""
        with storage_errors():
            found = self._client.get_item(
                TableName=self._table,
                Key={"transaction_id": {"S": transaction_id}},
                ProjectionExpression=_WANTED,
                ExpressionAttributeNames={"#status": "status"},
                ConsistentRead=True,
            )
        return _payout_of(decoded(found["Item"])) if "Item" in found else None


def _payout_of(item: Item) -> DayPayout:
    sent, completed = item.get("last_sent_at"), item.get("completed_at")
    return DayPayout(
        transaction_id=item["transaction_id"],
        unique_reference=item["uniqueReference"],
        amount_cents=item["amount_cents"],
        state=State.of(item["status"], item.get("submission")),
        payout_method=item["payout_method"],
        created_at=time_of(item["created_at"]),
        last_sent_at=time_of(sent) if sent else None,
        completed_at=time_of(completed) if completed else None,
        monoova_transaction_id=item.get("monoova_transaction_id"),
        return_seen_cents=item.get("return_seen_cents", 0),
    )
