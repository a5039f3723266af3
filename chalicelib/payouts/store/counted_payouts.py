"""A new payout and what belongs to it, committed in one transaction: all of it or nothing.

With it are counted the sums of its day, and written its companions, whatever they are.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import ClientError

from chalicelib.control.rules.limits import Count
from chalicelib.core.dynamodb.items import StorageUnavailableError, decoded, encoded, storage_errors
from chalicelib.monoova.gate_store import Controls
from chalicelib.payouts.rules.payout import Payout
from chalicelib.payouts.store.items import item_of, payout_in
from chalicelib.payouts.store.payouts import Payouts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEPT_FOR: Final = timedelta(days=3)
_NO_CONDITION_HELD: Final = "ConditionalCheckFailed"
_BUSY: Final = "TransactionConflict"


class LimitReachedError(Exception):
    """With the payout, sums would be over their limits; `reached` has each with what is left."""

    def __init__(self, reached: Sequence[tuple[Count, int]]) -> None:
        super().__init__("A limit of the day is reached.")
        self.reached = tuple(reached)


class CountsBusyError(Exception):
    """Another writer has the same sums at this moment; nothing was written."""


class Companion(Protocol):
    """One more conditional write that stands or falls with a new payout.

    It asks for the item where its condition fails (`ReturnValuesOnConditionCheckFailure`).
    """

    @property
    def write(self) -> Mapping[str, Any]:
        """The write, as one of the `TransactItems` of DynamoDB."""
        ...

    def refusal(self, standing: Mapping[str, Any] | None) -> Exception:
        """What is raised where its condition fails; `standing` is the item as it is, if there is
        one (in Python's form)."""
        ...


class CountedPayouts:
    """Writes to two tables in one call. Every method may raise `StorageUnavailableError`."""

    def __init__(self, client: "DynamoDBClient", payouts: Payouts, controls: Controls) -> None:
        self._client = client
        self._payouts = payouts.table
        self._controls = controls.table

    def create(
        self, payout: Payout, counts: Sequence[Count], companions: Sequence[Companion] = ()
    ) -> Payout | None:
        """Stores a new payout, adds it to each of `counts` and writes its `companions`, or answers
        with the one that has its `transaction_id` already: for that one nothing is written again.

        Raises:
            LimitReachedError, CountsBusyError: nothing was written.
            Exception: the refusal of the first companion whose condition fails; the same.
        """
        put: Any = {
            "TableName": self._payouts,
            "Item": encoded(item_of(payout)),
            "ConditionExpression": "attribute_not_exists(transaction_id)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        writes: list[Any] = [
            {"Put": put},
            *(companion.write for companion in companions),
            *({"Update": self._update(count)} for count in counts),
        ]
        try:
            with storage_errors():
                self._client.transact_write_items(
                    TransactItems=writes,
                    # The same write, told twice by a retry, is one; a later try of the same
                    # request is another write, which the condition on the payout refuses.
                    ClientRequestToken=_token_of(payout, writes),
                )
        except ClientError as error:
            return _understood(error, payout, companions, counts)
        return None

    def sums(self, counts: Sequence[Count]) -> list[int]:
        """What each sum comes to by now, in cents."""
        keys: list[Any] = [{"control_id": {"S": _id_of(count)}} for count in counts]
        with storage_errors():
            found = self._client.batch_get_item(
                RequestItems={self._controls: {"Keys": keys, "ConsistentRead": True}}
            )
        if found.get("UnprocessedKeys"):
            raise StorageUnavailableError("UnprocessedKeys", may_be_done=False)
        items = [decoded(item) for item in found["Responses"].get(self._controls, [])]
        known = {item["control_id"]: int(item["cents"]) for item in items}
        return [known.get(_id_of(count), 0) for count in counts]

    def _update(self, count: Count) -> dict[str, Any]:
        # Without a sum there is none to compare with; an amount over the limit by itself must not
        # get in that way.
        first = "attribute_not_exists(cents) OR " if count.room_cents >= 0 else ""
        kept_until = datetime.combine(count.day, time(), UTC) + _KEPT_FOR
        return {
            "TableName": self._controls,
            "Key": {"control_id": {"S": _id_of(count)}},
            "UpdateExpression": "ADD cents :amount SET expires_at = :expires",
            "ConditionExpression": f"{first}cents <= :room",
            "ExpressionAttributeValues": {
                ":amount": {"N": str(count.amount_cents)},
                ":room": {"N": str(count.room_cents)},
                ":expires": {"N": str(int(kept_until.timestamp()))},
            },
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }


def _id_of(count: Count) -> str:
    return "#".join(("asked", str(count.day), count.kind.value, *([count.of] if count.of else [])))


def _token_of(payout: Payout, writes: Sequence[Mapping[str, Any]]) -> str:
    """DynamoDB's token of one write: it refuses a token that comes again with other items."""
    return str(uuid.uuid5(uuid.UUID(payout.transaction_id), json.dumps(writes, sort_keys=True)))


def _understood(
    error: ClientError, payout: Payout, companions: Sequence[Companion], counts: Sequence[Count]
) -> Payout | None:
    """Why DynamoDB cancelled the transaction: first of all, whether the payout stands already."""
    response: Any = error.response
    about_payout, *others = response.get("CancellationReasons") or [{}]
    if about_payout.get("Code") == _NO_CONDITION_HELD:
        existing = payout_in(about_payout["Item"])
        return None if existing == payout else existing
    about_companions, about_counts = others[: len(companions)], others[len(companions) :]
    for companion, reason in zip(companions, about_companions, strict=False):
        if reason.get("Code") == _NO_CONDITION_HELD:
            item = reason.get("Item")
            raise companion.refusal(decoded(item) if item else None) from None
    reached = [
        (count, _left(count, reason.get("Item")))
        for count, reason in zip(counts, about_counts, strict=False)
        if reason.get("Code") == _NO_CONDITION_HELD
    ]
    if reached:
        raise LimitReachedError(reached) from None
    if _BUSY in [reason.get("Code") for reason in (about_payout, *others)]:
        raise CountsBusyError from None
    raise StorageUnavailableError("TransactionCanceled", may_be_done=False) from None


def _left(count: Count, item: Any) -> int:
    asked_for = int(decoded(item)["cents"]) if item else 0
    return max(0, count.limit_cents - asked_for)
