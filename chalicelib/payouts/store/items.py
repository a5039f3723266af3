"""A payout as an item of the transactions table, and changes to it as updates."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from chalicelib.control.rules.approval import ApprovalReason
from chalicelib.core.dynamodb.items import Item, text_of, time_of
from chalicelib.core.dynamodb.readable import read, well_typed
from chalicelib.core.dynamodb.retention import kept_until
from chalicelib.core.dynamodb.values import attribute_of
from chalicelib.core.marks import erased
from chalicelib.monoova.rules.destination import DestinationType
from chalicelib.payouts.rules.payout import (
    Change,
    FailureCode,
    Fields,
    HistoryEntry,
    Payout,
    QueueReason,
    ReviewReason,
    State,
    erased_fields,
)

PAYOUT: Final = "payout"
# So that the payouts that are due do not all stand under one index key.
DUE_SHARDS: Final = 4
# Queued payouts stand apart: they are read only while sending is allowed. (What was stored before
# they did stands among the others, and moves with its next write.)
_QUEUED: Final = "queued-"
OTHER_SHARDS: Final = tuple(str(shard) for shard in range(DUE_SHARDS))
QUEUED_SHARDS: Final = tuple(f"{_QUEUED}{shard}" for shard in OTHER_SHARDS)
# What people have to look at is found under one of these, however old it is.
REVIEW_BUCKET: Final = "review"
# Payouts that ended, of which money is said to have come back, until Monoova's books show it.
RETURNS_SHARD: Final = "returns"
APPROVAL_BUCKET: Final = "approval"
_TIMES: Final = (
    "due_at",
    "last_sent_at",
    "completed_at",
    "approved_at",
    "return_reported_at",
    "return_seen_at",
    "doubt_since",
    "unknown_since",
    "disputed_at",
)
# Most payouts wait for no approver, of most nothing comes back, and a new one was not tried yet:
# their rows carry no list and no zero for it.
_OFTEN_NOTHING: Final = (
    "approval_reasons",
    "attempts",
    "returned_cents",
    "return_seen_cents",
    "also_succeeded_by",
    "succeeded_cents",
)


class PayoutUpdate:
    """One UpdateItem in the making. A field that is None is removed."""

    def __init__(self, change: Change, at: datetime, entries: tuple[HistoryEntry, ...]) -> None:
        self._set = ["#version = #version + :one", "updated_at = :at"]
        self._remove: list[str] = []
        self._values: dict[str, Any] = {":one": 1, ":at": text_of(at)}
        self.names: dict[str, str] = {"#version": "version"}
        self.condition = ""
        for name, value in _attributes_of(change.fields).items():
            self._assign(name, value)
        if entries:
            # An item that has lost its history gets one again: what happens to it must be written.
            self._set.append("history = list_append(if_not_exists(history, :none), :entries)")
            self._set.append("history_size = if_not_exists(history_size, :zero) + :added")
            self._values |= {":none": [], ":zero": 0}
            self._values[":entries"] = [_item_of_entry(entry) for entry in entries]
            self._values[":added"] = len(entries)

    def _assign(self, name: str, value: object) -> None:
        if value is None:
            self._remove.append(f"#{name}")
        else:
            self._set.append(f"#{name} = :{name}")
            self._values[f":{name}"] = value
        self.names[f"#{name}"] = name

    def move(self, before: str | None, after: str | None) -> None:
        """From one bucket of those that people look at to another, or out of it."""
        if before != after:
            self._assign("review_bucket", after)

    def stand_in(self, shard: str | None) -> None:
        """Under this key of the due index, or under none."""
        self._assign("due_shard", shard)

    def erase_details(self, history: Sequence[HistoryEntry]) -> None:
        """Takes out what people and Monoova wrote; what happened, when and by whom stays."""
        for number, entry in enumerate(history):
            if not entry.is_erased:
                self._remove.extend(f"history[{number}].{name}" for name in erased(HistoryEntry))

    def require(self, condition: str, values: Mapping[str, object]) -> None:
        self.condition = condition
        self._values.update(values)

    @property
    def expression(self) -> str:
        removed = f" REMOVE {', '.join(self._remove)}" if self._remove else ""
        return f"SET {', '.join(self._set)}{removed}"

    def parameters(self, table: str, transaction_id: str) -> dict[str, Any]:
        """The write, as UpdateItem and a transaction take it."""
        return {
            "TableName": table,
            "Key": {"transaction_id": {"S": transaction_id}},
            "UpdateExpression": self.expression,
            "ConditionExpression": self.condition,
            "ExpressionAttributeNames": self.names,
            "ExpressionAttributeValues": self.encoded_values,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    @property
    def encoded_values(self) -> dict[str, Any]:
        return {name: attribute_of(value) for name, value in self._values.items()}


def erasing_update() -> dict[str, Any]:
    """What UpdateItem needs to erase a payout, whatever else stands in its item."""
    left = _attributes_of(erased_fields())
    kept = {name: value for name, value in left.items() if value is not None}
    sets = ", ".join(f"#{name} = :{name}" for name in kept)
    removes = ", ".join(f"#{name}" for name in left if name not in kept)
    return {
        "UpdateExpression": f"SET {sets} REMOVE {removes}",
        "ExpressionAttributeNames": {f"#{name}": name for name in left},
        "ExpressionAttributeValues": {f":{name}": attribute_of(v) for name, v in kept.items()},
    }


def shard_of(transaction_id: str, state: State, due_at: datetime | None) -> str | None:
    """Under which key of the due index such a payout stands; None once nothing is due of it."""
    if due_at is None:
        return None
    if state.is_final:
        return RETURNS_SHARD
    shard = str(int(transaction_id[-4:], 16) % DUE_SHARDS)
    return f"{_QUEUED}{shard}" if state is State.QUEUED else shard


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
    if not attributes.get("counted_on", True):
        attributes["counted_on"] = None
    return attributes


def bucket_of(state: State | None, *, needs_review: bool) -> str | None:
    """In which bucket such a payout is found, if in any; what is under review is in none."""
    if needs_review:
        return REVIEW_BUCKET
    return APPROVAL_BUCKET if state is State.AWAITING_APPROVAL else None


def item_of(payout: Payout) -> dict[str, Any]:
    """The whole item of a payout, as it is first stored."""
    item = {each.name: getattr(payout, each.name) for each in fields(payout)}
    indexed = Fields(state=payout.state, due_at=payout.due_at)
    return (
        item
        | {name: text_of(item[name]) for name in _TIMES if item[name]}
        | {name: item[name] or None for name in _OFTEN_NOTHING}
        | _attributes_of(indexed)
        | {
            "state": None,
            "unique_reference": None,
            "counted_on": payout.counted_on or None,
            "uniqueReference": payout.unique_reference,
            "due_shard": shard_of(payout.transaction_id, payout.state, payout.due_at),
            "review_bucket": bucket_of(payout.state, needs_review=payout.needs_review),
            "currency": "AUD",
            "created_at": text_of(payout.created_at),
            "updated_at": text_of(payout.updated_at),
            "created_day": payout.created_at.date().isoformat(),
            "expires_at": kept_until(payout.created_at),
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
    entry = HistoryEntry(
        at=time_of(item["at"]),
        event=item["event"],
        state=State(item["state"]),
        by=item["by"],
        detail=item.get("detail"),
        evidence=item.get("evidence"),
    )
    return well_typed(entry)


def payout_in(item: Item) -> Payout:
    """The payout in an item in DynamoDB's form.

    Raises:
        UnreadableItemError
    """
    return read(PAYOUT, item["transaction_id"]["S"], item, payout_of)


def payout_of(item: Item) -> Payout:
    """The payout in an item (already in Python's form). Raises whatever is wrong with it."""
    times = {name: time_of(item[name]) if name in item else None for name in _TIMES}
    review_reason, failure_code = item.get("review_reason"), item.get("failure_code")
    waits_for = item.get("waits_for")
    history = tuple(_entry_of(entry) for entry in item.get("history", ()))
    payout = Payout(
        transaction_id=item["transaction_id"],
        unique_reference=item["uniqueReference"],
        customer_id=item["customer_id"],
        destination_id=item["destination_id"],
        payout_method=DestinationType(item["payout_method"]).value,
        destination_masked=item["destination_masked"],
        amount_cents=item["amount_cents"],
        state=State.of(item["status"], item.get("submission")),
        version=item["version"],
        created_by=item["created_by"],
        created_at=time_of(item["created_at"]),
        updated_at=time_of(item["updated_at"]),
        fingerprint=item["fingerprint"],
        description=item.get("description"),
        lodgement_reference=item.get("lodgement_reference"),
        needs_review=item["needs_review"],
        review_reason=ReviewReason(review_reason) if review_reason else None,
        waits_for=QueueReason(waits_for) if waits_for else None,
        monoova_transaction_id=item.get("monoova_transaction_id"),
        failure_code=FailureCode(failure_code) if failure_code else None,
        failure_reason=item.get("failure_reason"),
        retry_of=item.get("retry_of"),
        succeeded_by=item.get("succeeded_by"),
        also_succeeded_by=tuple(item.get("also_succeeded_by", ())),
        succeeded_cents=item.get("succeeded_cents", 0),
        batch_id=item.get("batch_id"),
        lease_id=item.get("lease_id"),
        approved_by=item.get("approved_by"),
        approval_reasons=tuple(map(ApprovalReason, item.get("approval_reasons", ()))),
        returned_cents=item.get("returned_cents", 0),
        return_seen_cents=item.get("return_seen_cents", 0),
        counted_on=tuple(item.get("counted_on", ())),
        resends=item["resends"],
        looks=item["looks"],
        ambiguous=item["ambiguous"],
        attempts=item.get("attempts", 0),
        history=history,
        history_size=item.get("history_size", len(history)),
        seal=item.get("seal"),
        **times,
    )
    return well_typed(payout)
