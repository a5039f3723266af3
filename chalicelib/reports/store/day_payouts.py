"""A whole day's payouts, thousands of them, with no more of each than a comparison needs."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.items import (
    Item,
    Page,
    encoded,
    next_key,
    storage_errors,
    text_of,
    time_of,
)
from chalicelib.core.dynamodb.many_items import ManyItems
from chalicelib.core.dynamodb.readable import read_all, well_typed
from chalicelib.payouts.rules.payout import State
from chalicelib.payouts.store.items import PAYOUT
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

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._many = ManyItems(client, table, "transaction_id", clock)

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
        payouts, unreadable = read_all(PAYOUT, "transaction_id", found["Items"], _payout_of)
        return Page(payouts, next_key(found), unreadable)

    def many(self, transaction_ids: Sequence[str]) -> Page[DayPayout]:
        """Those of these payouts that there are, a moment ago at the latest; no page follows."""
        found = list(self._many.read_items(transaction_ids, _WANTED, {"#status": "status"}))
        payouts, unreadable = read_all(PAYOUT, "transaction_id", found, _payout_of)
        return Page(payouts, None, unreadable)


def _payout_of(item: Item) -> DayPayout:
    sent, completed = item.get("last_sent_at"), item.get("completed_at")
    payout = DayPayout(
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
    return well_typed(payout)
