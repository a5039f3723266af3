"""A whole day's payouts, thousands of them, with no more of each than a comparison needs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
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
from chalicelib.payouts.rules.payout import Payout, State
from chalicelib.payouts.store.items import PAYOUT, payout_of
from chalicelib.reports.rules.day_statistics import DayPayout

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# An item has a kilobyte and more, its history above all; this is a fifth of it to carry and read.
_WANTED: Final[Mapping[str, Any]] = {
    "ProjectionExpression": (
        "transaction_id, uniqueReference, amount_cents, #status, submission, payout_method,"
        " created_at, last_sent_at, completed_at, monoova_transaction_id,"
        " return_seen_cents"
    ),
    "ExpressionAttributeNames": {"#status": "status"},
}


class DayPayouts:
    """The payouts by when they were requested. Every method may raise `StorageUnavailableError`."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        clock: Clock,
        flaw: Callable[[Payout], str | None] | None = None,
    ) -> None:
        """`flaw` looks at each whole payout, where that is wanted."""
        self._flaw = flaw
        self._wanted: Mapping[str, Any] = {} if flaw else _WANTED
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
                ExpressionAttributeValues={
                    ":day": {"S": utc_day.isoformat()},
                    ":from": {"S": text_of(begins)},
                    ":to": {"S": text_of(ends - timedelta(microseconds=1))},
                },
                **self._wanted,
                **more,
            )
        payouts, unreadable = read_all(PAYOUT, "transaction_id", found["Items"], self._read)
        return Page(payouts, next_key(found), unreadable)

    def many(self, transaction_ids: Sequence[str]) -> Page[DayPayout]:
        """Those of these payouts that there are, a moment ago at the latest; no page follows."""
        fields, names = (
            self._wanted.get(each) for each in ("ProjectionExpression", "ExpressionAttributeNames")
        )
        found = list(self._many.read_items(transaction_ids, fields, names))
        payouts, unreadable = read_all(PAYOUT, "transaction_id", found, self._read)
        return Page(payouts, None, unreadable)

    def _read(self, item: Item) -> DayPayout:
        found = _payout_of(item)
        return replace(found, flaw=self._flaw(payout_of(item))) if self._flaw else found


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
