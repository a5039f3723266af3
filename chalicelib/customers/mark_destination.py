"""Destinations that an approver has seen: payouts to them need no approval for being the first."""

from dataclasses import dataclass, replace
from typing import Final

from chalicelib.core import observability
from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.core.dynamodb.readable import UnreadableItemError
from chalicelib.customers.store import CustomerChangedError, Customers

_MOST_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class KnownDestinations:
    """Marks them, after a payout to them was approved."""

    customers: Customers
    clock: Clock

    def mark(self, customer_id: str, destination_id: str, by: str) -> None:
        """Marks a destination as known: `by` has approved a payout to it. Idempotent."""
        try:
            for _ in range(_MOST_TRIES):
                if self._is_marked(customer_id, destination_id, by):
                    return
        except (StorageUnavailableError, UnreadableItemError) as error:
            # The payout is approved all the same; the next one to the destination asks again.
            observability.note_error(error)

    def _is_marked(self, customer_id: str, destination_id: str, by: str) -> bool:
        """Whether it is marked now, or gone. False where another writer was faster."""
        customer = self.customers.get(customer_id)
        destination = customer.destination(destination_id) if customer else None
        if customer is None or destination is None or destination.approved_at is not None:
            return True
        now = self.clock.now()
        marked = replace(destination, approved_at=now, approved_by=by)
        others = tuple(marked if d is destination else d for d in customer.destinations)
        try:
            self.customers.save(replace(customer, destinations=others), now)
        except CustomerChangedError:
            return False
        return True
