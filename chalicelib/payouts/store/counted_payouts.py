"""A new payout and what belongs to it, committed in one transaction: all of it or nothing.

With it are counted the sums of its day, and written its companions, whatever they are.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from chalicelib.control.rules.limits import Count
from chalicelib.core.dynamodb.items import StorageUnavailableError, decoded, encoded, storage_errors
from chalicelib.monoova.gate_store import Controls
from chalicelib.payouts.rules.payout import Change, Payout, applied
from chalicelib.payouts.store.items import item_of, payout_in
from chalicelib.payouts.store.payouts import PayoutChangedError, Payouts, update_of
from chalicelib.payouts.store.sums import addition, key_of
from chalicelib.payouts.store.transaction import CancelledError, cancellations, request_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


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
        others = [*(each.write for each in companions), *self._additions(counts)]
        try:
            with cancellations():
                self._client.transact_write_items(
                    **request_of(payout.transaction_id, [{"Put": put}, *others])
                )
        except CancelledError as error:
            return _understood(error, payout, companions, counts)
        return None

    def commit(
        self, payout: Payout, change: Change, at: datetime, counts: Sequence[Count]
    ) -> Payout:
        """Writes `change` to `payout` as it was read, adds it to each of `counts`, and answers with
        it as it now is.

        Raises:
            PayoutChangedError: another writer was first.
            LimitReachedError, CountsBusyError: nothing was written.
        """
        update = update_of(payout, change, at).parameters(self._payouts, payout.transaction_id)
        after = applied(payout, change, at)
        writes = [{"Update": update}, *self._additions(counts)]
        try:
            with cancellations():
                self._client.transact_write_items(**request_of(payout.transaction_id, writes))
        except CancelledError as error:
            if error.failed_condition(0):
                standing = error.item(0)
                current = payout_in(standing) if standing else None
                # A try of this very write may have succeeded without our hearing of it.
                if current == after:
                    return after
                raise PayoutChangedError(current) from None
            _check_counts(error, counts, 1)
        return after

    def sums(self, counts: Sequence[Count]) -> list[int]:
        """What each sum comes to by now, in cents."""
        keys: list[Any] = [key_of(count.sum_id) for count in counts]
        with storage_errors():
            found = self._client.batch_get_item(
                RequestItems={self._controls: {"Keys": keys, "ConsistentRead": True}}
            )
        if found.get("UnprocessedKeys"):
            raise StorageUnavailableError("UnprocessedKeys", may_be_done=False)
        items = [decoded(item) for item in found["Responses"].get(self._controls, [])]
        known = {item["control_id"]: int(item["cents"]) for item in items}
        return [known.get(count.sum_id, 0) for count in counts]

    def _additions(self, counts: Sequence[Count]) -> list[dict[str, Any]]:
        return [addition(self._controls, count) for count in counts]


def _understood(
    error: CancelledError,
    payout: Payout,
    companions: Sequence[Companion],
    counts: Sequence[Count],
) -> Payout | None:
    """Why DynamoDB cancelled the transaction: first of all, whether the payout stands already."""
    if error.failed_condition(0):
        standing = error.item(0)
        assert standing is not None  # the condition fails only where an item stands
        existing = payout_in(standing)
        return None if existing == payout else existing
    for number, companion in enumerate(companions, 1):
        if error.failed_condition(number):
            raise companion.refusal(error.standing(number)) from None
    return _check_counts(error, counts, 1 + len(companions))


def _check_counts(error: CancelledError, counts: Sequence[Count], first: int) -> NoReturn:
    """The sums are what the transaction was cancelled for; theirs are the writes from `first` on.

    Raises:
        LimitReachedError, CountsBusyError
    """
    reached = [
        (count, count.left_cents(int((error.standing(number) or {"cents": 0})["cents"])))
        for number, count in enumerate(counts, first)
        if error.failed_condition(number)
    ]
    if reached:
        raise LimitReachedError(reached) from None
    raise CountsBusyError from None
