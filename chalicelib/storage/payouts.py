"""The transactions table: one item per payout, its history inside.

A write is conditional on the version it was decided from, or, on the webhook's short way, on
every fact that the decision used.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError

from chalicelib import observability
from chalicelib.domain.decisions import OpenFacts
from chalicelib.domain.payout import (
    Change,
    FailureCode,
    Fields,
    HistoryEntry,
    Payout,
    ReviewReason,
    State,
    Status,
    applied,
    kept_entries,
)
from chalicelib.storage.dynamodb import (
    Item,
    Page,
    decoded,
    encoded,
    failed_condition,
    next_key,
    storage_errors,
    text_of,
    time_of,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Seven years, as Australian law asks of financial records (Corporations Act 2001, s 286).
_KEPT_FOR: Final = timedelta(days=7 * 366)
# So that the payouts that are due do not all stand under one index key.
DUE_SHARDS: Final = 4
_REVIEW_BUCKET: Final = "review"
_TIMES: Final = ("due_at", "last_sent_at", "completed_at")
_serialize: Final = TypeSerializer().serialize

CUSTOMER_KEY: Final = frozenset({"transaction_id", "customer_id", "created_at"})
DAY_KEY: Final = frozenset({"transaction_id", "created_day", "created_at"})
REVIEW_KEY: Final = frozenset({"transaction_id", "review_bucket", "created_at"})
REVIEW_PART: Final = {"review_bucket": _REVIEW_BUCKET}


class PayoutChangedError(Exception):
    """The payout is no longer as it was when the decision was made; `current` is how it is."""

    def __init__(self, current: Payout | None) -> None:
        super().__init__("The payout changed meanwhile.")
        self.current = current


class Payouts:
    """The payouts. Every method may raise `StorageUnavailableError`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self.table = table

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
            existing = payout_of(standing)
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
        return payout_of(decoded(found["Item"])) if "Item" in found else None

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

        Raises:
            PayoutChangedError: somebody else wrote first.
        """
        update = _Update(change, at, kept_entries(payout, change))
        update.require("#version = :expected", {":expected": payout.version})
        after = applied(payout, change, at)
        try:
            return self._write(payout.transaction_id, update)
        except PayoutChangedError as error:
            # A try of this very write may have succeeded without our hearing of it.
            if error.current == after:
                return after
            raise

    def commit_open(
        self, transaction_id: str, facts: OpenFacts, change: Change, at: datetime
    ) -> Payout:
        """Writes `change`, decided from nothing but `facts`, if they hold; answers with the payout.

        Raises:
            PayoutChangedError: they do not; `current` is None if there is no such payout.
        """
        update = _Update(change, at, change.entries)
        update.names["#status"] = "status"
        update.require(
            "#status = :pending AND amount_cents = :amount AND needs_review = :no"
            " AND (attribute_not_exists(monoova_transaction_id)"
            " OR monoova_transaction_id = :monoova)",
            {
                ":pending": Status.PENDING.value,
                ":amount": facts.amount_cents,
                ":no": False,
                ":monoova": change.fields.get("monoova_transaction_id") or "",
            },
        )
        return self._write(transaction_id, update)

    def _write(self, transaction_id: str, update: "_Update") -> Payout:
        try:
            with storage_errors():
                written = self._client.update_item(
                    TableName=self.table,
                    Key={"transaction_id": {"S": transaction_id}},
                    UpdateExpression=update.expression,
                    ConditionExpression=update.condition,
                    ExpressionAttributeNames=update.names,
                    ExpressionAttributeValues=update.encoded_values(transaction_id),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            standing = failed_condition(error)
            raise PayoutChangedError(payout_of(standing) if standing else None) from None
        return payout_of(decoded(written["Attributes"]))

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
        return self._list("review-index", "review_bucket", _REVIEW_BUCKET, limit, start)

    def count_in_review(self) -> int:
        """How many payouts a person has to look at; counts no further than one page of 1 MB."""
        with storage_errors():
            found = self._client.query(
                TableName=self.table,
                IndexName="review-index",
                KeyConditionExpression="review_bucket = :review",
                ExpressionAttributeValues={":review": {"S": _REVIEW_BUCKET}},
                Select="COUNT",
            )
        return found["Count"]

    def due(
        self, shard: int, now: datetime, limit: int, start: Mapping[str, str] | None = None
    ) -> Page[Payout]:
        """The open payouts of one shard whose time has come, the longest due first.

        One that cannot be read is left out and counted as an error.
        """
        more: dict[str, Any] = {"ExclusiveStartKey": encoded(start)} if start else {}
        with storage_errors():
            found = self._client.query(
                TableName=self.table,
                IndexName="due-index",
                KeyConditionExpression="due_shard = :shard AND due_at <= :now",
                ExpressionAttributeValues={
                    ":shard": {"S": str(shard)},
                    ":now": {"S": text_of(now)},
                },
                Limit=limit,
                **more,
            )
        return Page(tuple(_readable(found["Items"])), next_key(found))

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
        return Page(tuple(payout_of(decoded(item)) for item in found["Items"]), next_key(found))


class _Update:
    """One UpdateItem in the making. A field that is None is removed."""

    def __init__(self, change: Change, at: datetime, entries: tuple[HistoryEntry, ...]) -> None:
        self._due_is_set = change.fields.get("due_at") is not None
        self._set = ["#version = #version + :one", "updated_at = :at"]
        self._remove: list[str] = []
        self._values: dict[str, Any] = {":one": 1, ":at": text_of(at)}
        self.names: dict[str, str] = {"#version": "version"}
        self.condition = ""
        for name, value in _attributes_of(change.fields).items():
            self._assign(name, value)
        if entries:
            self._set.append("history = list_append(history, :entries)")
            self._set.append("history_size = history_size + :added")
            self._values[":entries"] = [_item_of_entry(entry) for entry in entries]
            self._values[":added"] = len(entries)

    def _assign(self, name: str, value: object) -> None:
        if value is None:
            self._remove.append(f"#{name}")
        else:
            self._set.append(f"#{name} = :{name}")
            self._values[f":{name}"] = value
        self.names[f"#{name}"] = name

    def require(self, condition: str, values: Mapping[str, object]) -> None:
        self.condition = condition
        self._values.update(values)

    @property
    def expression(self) -> str:
        removed = f" REMOVE {', '.join(self._remove)}" if self._remove else ""
        due = ", due_shard = :due_shard" if self._due_is_set else ""
        return f"SET {', '.join(self._set)}{due}{removed}"

    def encoded_values(self, transaction_id: str) -> dict[str, Any]:
        values = dict(self._values)
        if self._due_is_set:
            values[":due_shard"] = shard_of(transaction_id)
        return {name: _serialize(value) for name, value in values.items()}


def shard_of(transaction_id: str) -> str:
    """Under which key of the due index a payout stands."""
    return str(int(transaction_id[-4:], 16) % DUE_SHARDS)


def _attributes_of(fields: Fields) -> dict[str, Any]:
    """The attributes that stand for `fields`, those that only indexes need included."""
    attributes: dict[str, Any] = dict(fields)
    if "state" in fields:
        state = fields["state"]
        del attributes["state"]
        attributes["status"] = state.status.value
        attributes["submission"] = state.submission.value if state.submission else None
    for name in _TIMES:
        if isinstance(attributes.get(name), datetime):
            attributes[name] = text_of(attributes[name])
    if "due_at" in fields and fields["due_at"] is None:
        attributes["due_shard"] = None
    if "needs_review" in fields:
        attributes["review_bucket"] = _REVIEW_BUCKET if fields["needs_review"] else None
    return attributes


def item_of(payout: Payout) -> dict[str, Any]:
    """The whole item of a payout, as it is first stored."""
    item = asdict(payout)
    del item["history"]
    fields = Fields(state=payout.state, due_at=payout.due_at, needs_review=payout.needs_review)
    return (
        item
        | {name: text_of(item[name]) for name in _TIMES if item[name]}
        | _attributes_of(fields)
        | {
            "state": None,
            "unique_reference": None,
            "uniqueReference": payout.unique_reference,
            "due_shard": shard_of(payout.transaction_id) if payout.due_at else None,
            "currency": "AUD",
            "created_at": text_of(payout.created_at),
            "updated_at": text_of(payout.updated_at),
            "created_day": payout.created_at.date().isoformat(),
            "expires_at": int((payout.created_at + _KEPT_FOR).timestamp()),
            "history": [_item_of_entry(entry) for entry in payout.history],
        }
    )


def _item_of_entry(entry: HistoryEntry) -> dict[str, str]:
    item = {
        "at": text_of(entry.at),
        "event": entry.event,
        "state": entry.state.value,
        "by": entry.by,
        "detail": entry.detail,
        "evidence": entry.evidence,
    }
    return {name: value for name, value in item.items() if value is not None}


def _entry_of(item: Item) -> HistoryEntry:
    return HistoryEntry(
        at=time_of(item["at"]),
        event=item["event"],
        state=State(item["state"]),
        by=item["by"],
        detail=item.get("detail"),
        evidence=item.get("evidence"),
    )


def _readable(items: Iterable[Item]) -> Iterator[Payout]:
    for item in items:
        try:
            yield payout_of(decoded(item))
        except (KeyError, ValueError, TypeError) as error:
            # One broken record must not keep all others from being moved on.
            observability.note_error(error)


def payout_of(item: Item) -> Payout:
    """The payout in an item (already in Python's form)."""
    times = {name: time_of(item[name]) if name in item else None for name in _TIMES}
    review_reason, failure_code = item.get("review_reason"), item.get("failure_code")
    return Payout(
        transaction_id=item["transaction_id"],
        unique_reference=item["uniqueReference"],
        customer_id=item["customer_id"],
        destination_id=item["destination_id"],
        payout_method=item["payout_method"],
        destination_masked=item["destination_masked"],
        amount_cents=int(item["amount_cents"]),
        state=State.of(item["status"], item.get("submission")),
        version=int(item["version"]),
        created_by=item["created_by"],
        created_at=time_of(item["created_at"]),
        updated_at=time_of(item["updated_at"]),
        fingerprint=item["fingerprint"],
        description=item.get("description"),
        lodgement_reference=item.get("lodgement_reference"),
        needs_review=item["needs_review"],
        review_reason=ReviewReason(review_reason) if review_reason else None,
        monoova_transaction_id=item.get("monoova_transaction_id"),
        failure_code=FailureCode(failure_code) if failure_code else None,
        failure_reason=item.get("failure_reason"),
        retry_of=item.get("retry_of"),
        lease_id=item.get("lease_id"),
        resends=int(item["resends"]),
        looks=int(item["looks"]),
        ambiguous=item["ambiguous"],
        history=tuple(_entry_of(entry) for entry in item.get("history", ())),
        history_size=int(item["history_size"]),
        **times,
    )
