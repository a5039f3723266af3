"""The tables as dictionaries of the stores' own objects."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from chalicelib.batches.rules.batch import Batch, Mark, Row
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.customers.access_store import Access
from chalicelib.customers.account_owners import Owner
from chalicelib.customers.store import SealedCustomer
from chalicelib.monoova.rules.gate import Gate
from chalicelib.payouts.rules.payout import Payout
from proof.seam import Call, FailedCallError, Seam

T = TypeVar("T")

_OPERATIONS: Final = (
    "BatchGetItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "TransactWriteItems",
    "UpdateItem",
)
_CALLS: Final = {operation: Call("dynamodb", operation) for operation in _OPERATIONS}


@dataclass
class Tables:
    """Everything that is stored. `earlier` has each payout as it was one write ago.

    An index of DynamoDB may still show what the table no longer has: `lags` decides for each
    payout read.
    """

    payouts: dict[str, Payout] = field(default_factory=dict)
    earlier: dict[str, Payout] = field(default_factory=dict)
    customers: dict[str, SealedCustomer] = field(default_factory=dict)
    account_owners: dict[str, tuple[Owner, ...]] = field(default_factory=dict)
    accesses: dict[tuple[str, str], Access] = field(default_factory=dict)
    gate: Gate | None = None
    signed_events: set[str] = field(default_factory=set)
    calls: dict[str, tuple[int, int]] = field(default_factory=dict)
    turns: dict[datetime, int] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    batches: dict[str, Batch] = field(default_factory=dict)
    stopped_batches: dict[str, str] = field(default_factory=dict)
    open_batches: set[str] = field(default_factory=set)
    closed_batches: set[str] = field(default_factory=set)
    batch_pairs: dict[str, bytes] = field(default_factory=dict)
    batch_rows: dict[tuple[str, int], tuple[Row, ...]] = field(default_factory=dict)
    batch_marks: dict[tuple[str, int], Mark] = field(default_factory=dict)
    keys: dict[str, bytes] = field(default_factory=dict)
    sums: dict[str, int] = field(default_factory=dict)
    recent_payments: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    malformed_payouts: dict[str, datetime] = field(default_factory=dict)
    """Items that cannot be read, and when they are due."""
    malformed_customers: set[str] = field(default_factory=set)
    malformed_batches: set[str] = field(default_factory=set)
    lags: Callable[[], bool] = lambda: False

    def write(self, payout: Payout) -> None:
        before = self.payouts.get(payout.transaction_id)
        if before is not None:
            self.earlier[payout.transaction_id] = before
        self.payouts[payout.transaction_id] = payout

    def indexed(self) -> Iterator[Payout]:
        """The payouts as an index shows them: a new one perhaps not yet."""
        for transaction_id, payout in self.payouts.items():
            if not self.lags():
                yield payout
            elif transaction_id in self.earlier:
                yield self.earlier[transaction_id]


class TableSeam:
    """A store's calls through the seam, with failures raised as the store's own error."""

    def __init__(self, tables: Tables, seam: Seam) -> None:
        self._tables = tables
        self._seam = seam

    def cross(self, operation: str, effect: Callable[[], T]) -> T:
        try:
            return self._seam.cross(_CALLS[operation], effect)
        except FailedCallError as error:
            raise StorageUnavailableError(
                type(error).__name__, may_be_done=error.may_be_done
            ) from None
