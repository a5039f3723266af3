"""One strongly consistent read for all that a payout request needs to know."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chalicelib.core.dynamodb.items import Item, StorageUnavailableError, storage_errors
from chalicelib.customers.store import Customers, SealedCustomer, customer_in
from chalicelib.monoova.gate_store import GATE_ID, Controls, gate_in
from chalicelib.monoova.rules.gate import Gate
from chalicelib.payouts.rules.payout import Payout
from chalicelib.payouts.store.items import payout_in
from chalicelib.payouts.store.payouts import Payouts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MOST_READS: Final = 3


@dataclass(frozen=True, slots=True)
class Situation:
    """The customer, the gate, and the payout if it exists already."""

    customer: SealedCustomer | None
    gate: Gate
    payout: Payout | None


class ReadTogether:
    """Reads from the three tables in one call."""

    def __init__(
        self,
        client: "DynamoDBClient",
        payouts: Payouts,
        customers: Customers,
        controls: Controls,
    ) -> None:
        self._client = client
        self._payouts = payouts.table
        self._customers = customers.table
        self._controls = controls.table

    def standing(self, customer_id: str, transaction_id: str | None = None) -> Situation:
        """How things stand for a payout to this customer.

        Raises:
            StorageUnavailableError
            UnreadableItemError: of the customer or of the payout.
        """
        wanted: dict[str, Any] = {
            self._customers: _key("customer_id", customer_id),
            self._controls: _key("control_id", GATE_ID),
        }
        if transaction_id:
            wanted[self._payouts] = _key("transaction_id", transaction_id)
        found = self._read(wanted)
        customer = found.get(self._customers)
        gate = found.get(self._controls)
        payout = found.get(self._payouts)
        return Situation(
            customer_in(customer) if customer else None,
            gate_in(gate) if gate else Gate(),
            payout_in(payout) if payout else None,
        )

    def _read(self, wanted: dict[str, Any]) -> dict[str, Item]:
        found: dict[str, Item] = {}
        for _ in range(_MOST_READS):
            with storage_errors():
                answer = self._client.batch_get_item(RequestItems=wanted)
            for table, items in answer["Responses"].items():
                if items:
                    found[table] = items[0]
            wanted = dict(answer.get("UnprocessedKeys", {}))
            if not wanted:
                return found
        raise StorageUnavailableError("UnprocessedKeys", may_be_done=False)


def _key(name: str, value: str) -> dict[str, Any]:
    return {"Keys": [{name: {"S": value}}], "ConsistentRead": True}
