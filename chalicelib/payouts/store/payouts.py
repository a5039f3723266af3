"""The transactions table: one item per payout, its history inside.

A write is conditional on the version it was decided from, or, on the webhook's short way, on
every fact that the decision used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from chalicelib.core import observability
from chalicelib.core.dynamodb.items import (
    Page,
    decoded,
    encoded,
    failed_condition,
    next_key,
    storage_errors,
    text_of,
    time_of,
)
from chalicelib.core.dynamodb.readable import read_all
from chalicelib.payouts.rules.decisions import OpenFacts
from chalicelib.payouts.rules.payout import (
    Change,
    Fields,
    Payout,
    Status,
    Submission,
    applied,
    erased_fields,
    kept_entries,
    sums_given_back,
)
from chalicelib.payouts.rules.schedule import look_at_unreadable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib.payouts.store.items import (
    APPROVAL_BUCKET,
    PAYOUT,
    RETURNS_SHARD,
    REVIEW_BUCKET,
    PayoutUpdate,
    bucket_of,
    erasing_update,
    item_of,
    payout_in,
    payout_of,
    shard_of,
)

CUSTOMER_KEY: Final = frozenset({"transaction_id", "customer_id", "created_at"})
DAY_KEY: Final = frozenset({"transaction_id", "created_day", "created_at"})
REVIEW_KEY: Final = frozenset({"transaction_id", "review_bucket", "created_at"})
# Of a change whose sums others write at the same moment; each is some ten milliseconds.
_MOST_TRIES: Final = 10
REVIEW_PART: Final = {"review_bucket": REVIEW_BUCKET}
APPROVAL_PART: Final = {"review_bucket": APPROVAL_BUCKET}


class PayoutChangedError(Exception):
    """The payout is no longer as it was when the decision was made; `current` is how it is."""

    def __init__(self, current: Payout | None) -> None:
        super().__init__("The payout changed meanwhile.")
        self.current = current


class Payouts:
    """The payouts. Every method may raise `StorageUnavailableError`.

    `sums` is the table in which payouts are counted.
    """

    def __init__(self, client: "DynamoDBClient", table: str, sums: str) -> None:
        self._client = client
        self.table = table
        self._sums = sums

    def create(self, payout: Payout) -> Payout | None:
        """Stores a new payout, or answers with the one that has its `transaction_id` already.

        None says that this very payout is stored, also where an earlier try of the same write
        had succeeded without our hearing of it.
        """
        try:
            with storage_errors():
                self._client.put_item(
                    TableName=self.table,
                    Item=encoded(item_of(payout)),
                    ConditionExpression="attribute_not_exists(transaction_id)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            standing = failed_condition(error)
            assert standing is not None  # the condition fails only where an item stands
            existing = payout_in(standing)
            return None if existing == payout else existing
        return None

    def get(self, transaction_id: str) -> Payout | None:
        """The payout as it now stands (strongly consistent)."""
        with storage_errors():
            found = self._client.get_item(
                TableName=self.table,
                Key={"transaction_id": {"S": transaction_id}},
                ConsistentRead=True,
            )
        return payout_in(found["Item"]) if "Item" in found else None

    def find_by_reference(self, unique_reference: str) -> str | None:
        """The `transaction_id` under a reference from one of Monoova's statements."""
        with storage_errors():
            found = self._client.query(
                TableName=self.table,
                IndexName="unique-reference-index",
                KeyConditionExpression="uniqueReference = :reference",
                ExpressionAttributeValues={":reference": {"S": unique_reference}},
                Limit=1,
            )
        return str(decoded(found["Items"][0])["transaction_id"]) if found["Items"] else None

    def commit(self, payout: Payout, change: Change, at: datetime) -> Payout:
        """Writes `change` to `payout` as it was read, and answers with it as it now is.

        One that ends unsent leaves the sums that it was counted on in the same transaction.

        Raises:
            PayoutChangedError: another writer was first.
        """
        sums = sums_given_back(payout, change)
        if sums and (left := self._commit_giving_back(payout, change, at, sums)):
            return left
        after = applied(payout, change, at)
        try:
            return self._write(payout.transaction_id, update_of(payout, change, at))
        except PayoutChangedError as error:
            # A try of this very write may have succeeded without our hearing of it.
            if error.current == after:
                return after
            raise

    def erase(self, payout: Payout, at: datetime) -> Payout:
        """Takes out what may name a person: of the payout, and of each entry of its history.

        `payout` is as it was read, with its history.

        Raises:
            PayoutChangedError: another writer was first.
        """
        update = update_of(payout, Change(erased_fields()), at)
        update.erase_details(payout.history)
        return self._write(payout.transaction_id, update)

    def _commit_giving_back(
        self, payout: Payout, change: Change, at: datetime, sums: Sequence[str]
    ) -> Payout | None:
        """Both in one transaction; None where others wrote the sums all the while."""
        # Loaded only here: hardly any payout ends so.
        from chalicelib.payouts.store.sums import giving_back
        from chalicelib.payouts.store.transaction import CancelledError, cancellations, request_of

        change = replace(change, fields=change.fields | Fields(counted_on=()))
        after = applied(payout, change, at)
        update = update_of(payout, change, at).parameters(self.table, payout.transaction_id)
        back = [giving_back(self._sums, name, payout.amount_cents) for name in sums]
        request = request_of(payout.transaction_id, [{"Update": update}, *back])
        for _ in range(_MOST_TRIES):
            try:
                with cancellations():
                    self._client.transact_write_items(**request)
            except CancelledError as error:
                if not error.failed_condition(0):
                    continue
                standing = error.item(0)
                current = payout_in(standing) if standing else None
                if current == after:
                    return after
                raise PayoutChangedError(current) from None
            return after
        # What became of the payout is worth more than what the day has left: the sums keep it.
        observability.note(outcome="sums not given back")
        return None

    def commit_open(
        self, transaction_id: str, facts: OpenFacts, change: Change, at: datetime
    ) -> Payout:
        """Writes `change`, decided from nothing but `facts`, if they hold; answers with the payout.

        Raises:
            PayoutChangedError: they do not; `current` is None if there is no such payout.
        """
        update = PayoutUpdate(change, at, change.entries)
        is_flagged = change.fields.get("needs_review", False)
        update.move(None, bucket_of(change.fields.get("state"), needs_review=is_flagged))
        if "due_at" in change.fields:
            # A report of Monoova's queues nothing.
            state = change.fields.get("state", facts.state)
            update.stand_in(shard_of(transaction_id, state, change.fields["due_at"]))
        update.names["#status"] = "status"
        # Of what is said to have come back, its credit is awaited: more must be known of that.
        needs = (
            "#status = :pending AND amount_cents = :amount AND needs_review = :no"
            " AND attribute_not_exists(return_reported_at) AND attribute_not_exists(disputed_at)"
            " AND (attribute_not_exists(monoova_transaction_id)"
            " OR monoova_transaction_id = :monoova)"
        )
        accepted: dict[str, object] = {}
        if facts.is_accepted:
            needs += " AND submission = :accepted"
            accepted = {":accepted": Submission.ACCEPTED.value}
        update.require(
            needs,
            {
                **accepted,
                ":pending": Status.PENDING.value,
                ":amount": facts.amount_cents,
                ":no": False,
                ":monoova": change.fields.get("monoova_transaction_id") or "",
            },
        )
        return self._write(transaction_id, update)

    def _write(self, transaction_id: str, update: PayoutUpdate) -> Payout:
        try:
            with storage_errors():
                written = self._client.update_item(
                    **update.parameters(self.table, transaction_id), ReturnValues="ALL_NEW"
                )
        except ClientError as error:
            standing = failed_condition(error)
            raise PayoutChangedError(payout_in(standing) if standing else None) from None
        return payout_in(written["Attributes"])

    def of_customer(
        self, customer_id: str, limit: int, start: Mapping[str, str] | None = None
    ) -> Page[Payout]:
        """A customer's payouts, newest first."""
        return self._list("customer-index", "customer_id", customer_id, limit, start)

    def of_day(self, day: date, limit: int, start: Mapping[str, str] | None = None) -> Page[Payout]:
        """The payouts requested on a UTC day, newest first."""
        return self._list("day-index", "created_day", day.isoformat(), limit, start)

    def in_review(self, limit: int, start: Mapping[str, str] | None = None) -> Page[Payout]:
        """The payouts that a person has to look at, newest first."""
        return self._list("review-index", "review_bucket", REVIEW_BUCKET, limit, start)

    def awaiting_approval(self, limit: int, start: Mapping[str, str] | None = None) -> Page[Payout]:
        """The payouts that wait for an approver, newest first, however old."""
        return self._list("review-index", "review_bucket", APPROVAL_BUCKET, limit, start)

    def count_awaiting_approval(self, since: datetime) -> int:
        """How many payouts wait for an approver since then; no further than one page of 1 MB."""
        with storage_errors():
            found = self._client.query(
                TableName=self.table,
                IndexName="review-index",
                KeyConditionExpression="review_bucket = :approval AND created_at <= :since",
                ExpressionAttributeValues={
                    ":approval": {"S": APPROVAL_BUCKET},
                    ":since": {"S": text_of(since)},
                },
                Select="COUNT",
            )
        return found["Count"]

    def count_in_review(self) -> int:
        """How many payouts a person has to look at; counts no further than one page of 1 MB."""
        with storage_errors():
            found = self._client.query(
                TableName=self.table,
                IndexName="review-index",
                KeyConditionExpression="review_bucket = :review",
                ExpressionAttributeValues={":review": {"S": REVIEW_BUCKET}},
                Select="COUNT",
            )
        return found["Count"]

    def due(
        self, shard: str, now: datetime, limit: int, start: Mapping[str, str] | None = None
    ) -> Page[Payout]:
        """The open payouts of one shard whose time has come, the longest due first."""
        return self._due(shard, now, limit, start)

    def awaiting_credit(
        self, now: datetime, limit: int, start: Mapping[str, str] | None = None
    ) -> Page[Payout]:
        """The payouts that ended, of which money is said to be back, and is to be looked for."""
        return self._due(RETURNS_SHARD, now, limit, start)

    def _due(
        self, shard: str, now: datetime, limit: int, start: Mapping[str, str] | None
    ) -> Page[Payout]:
        more: dict[str, Any] = {"ExclusiveStartKey": encoded(start)} if start else {}
        with storage_errors():
            found = self._client.query(
                TableName=self.table,
                IndexName="due-index",
                KeyConditionExpression="due_shard = :shard AND due_at <= :now",
                ExpressionAttributeValues={
                    ":shard": {"S": shard},
                    ":now": {"S": text_of(now)},
                },
                Limit=limit,
                **more,
            )
        return _page(found)

    def put_off_unread(self, transaction_id: str, now: datetime) -> None:
        """Moves on the time at which a payout is due that cannot be read, or not be written.

        Needs nothing of the item but its key. One that another writer has moved on stays so.
        """
        key: Any = {"transaction_id": {"S": transaction_id}}
        with storage_errors():
            found = self._client.get_item(
                TableName=self.table,
                Key=key,
                ProjectionExpression="updated_at",
                ConsistentRead=True,
            )
        until = look_at_unreadable(now, _time_in(found.get("Item", {}).get("updated_at")))
        try:
            with storage_errors():
                self._client.update_item(
                    TableName=self.table,
                    Key=key,
                    UpdateExpression="SET due_at = :until",
                    ConditionExpression="due_at <= :now",
                    ExpressionAttributeValues={
                        ":until": {"S": text_of(until)},
                        ":now": {"S": text_of(now)},
                    },
                )
        except ClientError as error:
            failed_condition(error)

    def erase_unread(self, transaction_id: str) -> None:
        """Takes what may name a person out of a payout that cannot be read, attribute by attribute.

        Idempotent.
        """
        try:
            with storage_errors():
                self._client.update_item(
                    TableName=self.table,
                    Key={"transaction_id": {"S": transaction_id}},
                    ConditionExpression="attribute_exists(transaction_id)",
                    **erasing_update(),
                )
        except ClientError as error:
            failed_condition(error)

    def _list(
        self, index: str, key: str, value: str, limit: int, start: Mapping[str, str] | None
    ) -> Page[Payout]:
        more: dict[str, Any] = {"ExclusiveStartKey": encoded(start)} if start else {}
        with storage_errors():
            found = self._client.query(
                TableName=self.table,
                IndexName=index,
                KeyConditionExpression="#key = :value",
                ExpressionAttributeNames={"#key": key},
                ExpressionAttributeValues={":value": {"S": value}},
                ScanIndexForward=False,
                Limit=limit,
                **more,
            )
        return _page(found)


def _page(found: Mapping[str, Any]) -> Page[Payout]:
    """What was found, without what cannot be read: that is named beside it."""
    payouts, unreadable = read_all(PAYOUT, "transaction_id", found["Items"], payout_of)
    return Page(payouts, next_key(found), unreadable)


def _time_in(attribute: Mapping[str, Any] | None) -> datetime | None:
    """The time in an attribute of an item, as far as there is one."""
    try:
        return time_of((attribute or {})["S"])
    except (KeyError, ValueError):
        return None


def update_of(payout: Payout, change: Change, at: datetime) -> PayoutUpdate:
    """The update that `change` is, on condition that the payout is as it was read."""
    update = PayoutUpdate(change, at, kept_entries(payout, change))
    after = applied(payout, change, at)
    update.move(
        bucket_of(payout.state, needs_review=payout.needs_review),
        bucket_of(after.state, needs_review=after.needs_review),
    )
    if {"state", "due_at"} & change.fields.keys():
        update.stand_in(shard_of(after.transaction_id, after.state, after.due_at))
    update.require("#version = :expected", {":expected": payout.version})
    return update
