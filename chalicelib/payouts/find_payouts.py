"""All payouts of one customer, and whether one of them is open."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chalicelib.core.dynamodb.items import Page
from chalicelib.payouts.rules.payout import Payout
from chalicelib.payouts.store.payouts import Payouts

_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class PayoutsOfCustomer:
    """Reads them a page at a time. Every method may raise `StorageUnavailableError`."""

    payouts: Payouts

    def pages(self, customer_id: str) -> Iterator[Page[Payout]]:
        """Every payout of the customer, newest first; those that cannot be read by their names."""
        start = None
        while True:
            page = self.payouts.of_customer(customer_id, _PAGE, start)
            yield page
            if page.next_key is None:
                return
            start = page.next_key

    def has_open(self, customer_id: str, destination_id: str | None = None) -> bool:
        """Whether a payout is open: to the one destination, or to any where None is given.

        One that cannot be read is not counted: it would be in the way for ever.
        """
        return any(
            destination_id in (None, payout.destination_id) and not payout.state.is_final
            for page in self.pages(customer_id)
            for payout in page.items
        )
