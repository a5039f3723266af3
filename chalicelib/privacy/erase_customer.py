"""The right to erasure: all personal data of a customer goes, the transactions stay without it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.items import ItemRefusedError
from chalicelib.core.dynamodb.readable import UnreadableItemError
from chalicelib.core.errors import ConflictError, ErrorCode
from chalicelib.customers.account_owners import AccountOwners
from chalicelib.customers.manage_customers import changed_meanwhile
from chalicelib.customers.store import (
    CustomerChangedError,
    Customers,
    SealedCustomer,
    no_such_customer,
)
from chalicelib.payouts.find_payouts import PayoutsOfCustomer
from chalicelib.payouts.rules.payout import Payout
from chalicelib.payouts.store.payouts import PayoutChangedError, Payouts

_MOST_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Erasure:
    """Erases customers.

    `waits_in` tells a batch in which a row of the customer waits to become a payout.
    """

    customers: Customers
    payouts: Payouts
    of_customer: PayoutsOfCustomer
    clock: Clock
    waits_in: Callable[[str], str | None]
    owners: AccountOwners

    def erase(self, customer_id: str) -> None:
        """Removes all personal data at once; the transactions stay, without it.

        A payout that is requested in the same instant finds nothing to pay to and ends as
        `Cancelled`: it is never sent to a place that was erased. Asked again for a customer who
        is gone, it takes out what such a payout may have left, and then says that there is none.
        """
        remove = self._removal_of(customer_id)
        if remove is not None:
            self._check_nothing_is_open(customer_id)
            # Now, so that the same call again finishes it if this one dies half-way.
            self._depersonalise(customer_id)
            remove()
        # Once more: no payout is begun any more, and one may have been meanwhile.
        self._depersonalise(customer_id)
        if remove is None:
            raise no_such_customer()

    def _removal_of(self, customer_id: str) -> Callable[[], None] | None:
        """What removes the customer; None where there is none. One that cannot be read goes too."""
        try:
            customer = self.customers.get(customer_id)
        except UnreadableItemError:
            return partial(self.customers.erase_unread, customer_id)
        return partial(self._erase, customer) if customer is not None else None

    def _check_nothing_is_open(self, customer_id: str) -> None:
        # In this order: what a batch releases in between is seen as a payout.
        batch_id = self.waits_in(customer_id)
        if batch_id is not None:
            raise ConflictError(
                f"A row of batch {batch_id} still waits to pay this customer: release the batch, or"
                " cancel it, and try again.",
                ErrorCode.CUSTOMER_HAS_OPEN_PAYOUTS,
            )
        if self.of_customer.has_open(customer_id):
            raise ConflictError(
                "A payout to this customer is still open.", ErrorCode.CUSTOMER_HAS_OPEN_PAYOUTS
            )

    def _erase(self, customer: SealedCustomer) -> None:
        # First: asked again, the destinations are gone, and with them the names of the accounts.
        for each in customer.destinations:
            if each.account:
                self.owners.forget(each.account, customer.customer_id, each.destination_id)
        try:
            self.customers.erase(customer)
        except CustomerChangedError:
            raise changed_meanwhile() from None

    def _depersonalise(self, customer_id: str) -> None:
        """Takes what may name a person out of the customer's transactions."""
        for page in self.of_customer.pages(customer_id):
            for payout in page.items:
                self._bare(payout)
            for transaction_id in page.unreadable:
                self.payouts.erase_unread(transaction_id)

    def _bare(self, payout: Payout) -> None:
        try:
            self._bare_as_read(payout)
        except (ItemRefusedError, UnreadableItemError):
            self.payouts.erase_unread(payout.transaction_id)

    def _bare_as_read(self, listed: Payout) -> None:
        # A list has no histories.
        payout = self.payouts.get(listed.transaction_id)
        for _ in range(_MOST_TRIES):
            if payout is None or payout.is_erased:
                return
            try:
                self.payouts.erase(payout, self.clock.now())
            except PayoutChangedError as error:
                # Another writer of the payout goes on.
                payout = error.current
            else:
                return
        raise changed_meanwhile()
