"""Customers and where to pay them. Names and details are sealed; what is shown is masked."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from chalicelib.core import observability
from chalicelib.core.clock import Clock
from chalicelib.core.cursor import start_of
from chalicelib.core.dynamodb.items import Page
from chalicelib.core.encryption import SealBrokenError, Vault
from chalicelib.core.errors import ConflictError, ErrorCode, InvalidRequestError
from chalicelib.customers.account_owners import AccountOwners
from chalicelib.customers.destination_message import OpenedDestination, encrypted
from chalicelib.customers.rules.provenance import Provenance
from chalicelib.customers.store import (
    LISTING_KEY,
    LISTING_PART,
    CustomerChangedError,
    Customers,
    ExternalIdTakenError,
    SealedCustomer,
    SealedDestination,
    no_such_customer,
    no_such_destination,
)
from chalicelib.monoova.rules.destination import (
    BankAccount,
    Destination,
    InvalidDestinationError,
    PayId,
    PayIdType,
    bank_account,
    pay_id,
)

if TYPE_CHECKING:
    from chalicelib.monoova.rules.branch import Branch

# An item may hold 400 kB and a sealed destination takes about 700 bytes.
MOST_DESTINATIONS: Final = 20
_PERSON: Final = "customer"
_PAGE: Final = 100
_MOST_TRIES: Final = 5

T = TypeVar("T")


@dataclass(frozen=True, slots=True, repr=False)
class PayIdDetails:
    """A PayID as it was typed in."""

    pay_id: str
    pay_id_type: PayIdType
    account_name: str


@dataclass(frozen=True, slots=True, repr=False)
class BankAccountDetails:
    """A bank account as it was typed in."""

    bsb: str
    account_number: str
    account_name: str


DestinationDetails = PayIdDetails | BankAccountDetails


@dataclass(frozen=True, slots=True, repr=False)
class Customer:
    """A customer as people see them: named to those who pay, if the record opens; else None.

    Destinations are masked.
    """

    customer_id: str
    name: str | None
    email: str | None
    created_at: datetime
    updated_at: datetime
    destinations: tuple[SealedDestination, ...]
    external_id: str | None = None


def shown_customer(vault: Vault, customer: SealedCustomer) -> Customer:
    """The customer, named; destinations masked. May raise what `Vault.open` does."""
    person = vault.open(customer.customer_id, _PERSON, customer.sealed)
    return _shown(customer, person["name"], person.get("email"))


@dataclass(frozen=True, slots=True)
class CustomerService:
    """Customers and their destinations: registered, changed, listed.

    `is_sandbox` asks which environment the deployment pays in; `new_id` makes ids.

    `has_open_payout` tells whether a payout that is open needs a destination; `fingerprint` makes
    the fingerprint of an account, and `owners` knows which destinations name it.
    `check_branch` asks Monoova about a BSB; None where the business does not want that.
    """

    customers: Customers
    vault: Vault
    clock: Clock
    is_sandbox: Callable[[], bool]
    new_id: Callable[[], uuid.UUID]
    has_open_payout: Callable[[str, str], bool]
    fingerprint: Callable[[Destination], str]
    owners: AccountOwners
    check_branch: "Callable[[str], Branch] | None" = None

    def register(
        self,
        name: str,
        email: str | None,
        destination: DestinationDetails | None,
        external_id: str | None = None,
        *,
        by: str,
    ) -> Customer:
        """A new customer, with a first destination if one is given, which `by` adds.

        `external_id` is the business's own name for them: nothing personal, and no other's.
        """
        customer_id = str(self.new_id())
        first = self._first(customer_id, destination, by) if destination else None
        now = self.clock.now()
        customer = SealedCustomer(
            customer_id=customer_id,
            created_at=now,
            updated_at=now,
            version=1,
            sealed=self._sealed_person(customer_id, name, email),
            destinations=(first,) if first else (),
            external_id=external_id,
        )
        try:
            self.customers.create(customer)
        except ExternalIdTakenError:
            raise ConflictError(
                "Another customer has this external id.", ErrorCode.EXTERNAL_ID_TAKEN
            ) from None
        return _shown(customer, name, email)

    def _first(self, customer_id: str, details: DestinationDetails, by: str) -> SealedDestination:
        destination = self._normalised(details, "destination.")
        checked_at = self._checked_at(destination, "destination.")
        return self._sealed(customer_id, destination, checked_at, by)

    def get(self, customer_id: str, *, named: bool = True) -> Customer:
        """The customer; name and e-mail address are decrypted only where `named`, else None."""
        customer = self._found(customer_id)
        return self._opened(customer) if named else _shown(customer, None, None)

    def newest(self, limit: int, cursor: str | None, *, named: bool = True) -> Page[Customer]:
        """The customers, newest first; `named` as for one.

        Raises:
            InvalidRequestError: the cursor is not one of this list.
        """
        start = start_of(cursor, LISTING_KEY, LISTING_PART)
        page = self.customers.newest(limit, start)
        shown = self._listed if named else lambda customer: _shown(customer, None, None)
        listed = tuple(shown(customer) for customer in page.items)
        return Page(listed, page.next_key, page.unreadable)

    def rename(self, customer_id: str, changes: dict[str, str | None]) -> Customer:
        """Changes `name`, `email` or both; an `email` of None takes it away."""

        def renamed(customer: SealedCustomer) -> tuple[SealedCustomer, None]:
            person = self.vault.open(customer_id, _PERSON, customer.sealed)
            name = changes.get("name") or person["name"]
            email = changes.get("email", person.get("email"))
            sealed = self._sealed_person(customer_id, name, email)
            return replace(customer, sealed=sealed), None

        after, _ = self._changed(customer_id, renamed)
        return self._opened(after)

    def add_destination(
        self, customer_id: str, details: DestinationDetails, by: str
    ) -> SealedDestination:
        """Adds a destination, which another person than `by` has to approve."""
        destination = self._normalised(details)

        def added(customer: SealedCustomer) -> tuple[SealedCustomer, SealedDestination]:
            if len(customer.destinations) >= MOST_DESTINATIONS:
                raise ConflictError(
                    f"A customer has {MOST_DESTINATIONS} destinations at most.",
                    ErrorCode.TOO_MANY_DESTINATIONS,
                )
            checked_at = self._checked_at(destination)
            sealed = self._sealed(customer_id, destination, checked_at, by)
            return replace(customer, destinations=(*customer.destinations, sealed)), sealed

        return self._changed(customer_id, added)[1]

    def remove_destination(self, customer_id: str, destination_id: str) -> None:
        """Removes a destination that no open payout needs."""

        def removed(customer: SealedCustomer) -> tuple[SealedCustomer, SealedDestination]:
            gone = customer.destination(destination_id)
            if gone is None:
                raise no_such_destination()
            if self.has_open_payout(customer_id, destination_id):
                raise ConflictError(
                    "A payout to this destination is still open.", ErrorCode.DESTINATION_IN_USE
                )
            kept = tuple(d for d in customer.destinations if d.destination_id != destination_id)
            return replace(customer, destinations=kept), gone

        _, gone = self._changed(customer_id, removed)
        if gone.account:
            self.owners.forget(gone.account, customer_id, destination_id)

    def _changed(
        self, customer_id: str, change: Callable[[SealedCustomer], tuple[SealedCustomer, T]]
    ) -> tuple[SealedCustomer, T]:
        for _ in range(_MOST_TRIES):
            after, result = change(self._found(customer_id))
            try:
                return self.customers.save(after, self.clock.now()), result
            except CustomerChangedError:
                continue
        raise changed_meanwhile()

    def _found(self, customer_id: str) -> SealedCustomer:
        customer = self.customers.get(customer_id)
        if customer is None:
            raise no_such_customer()
        return customer

    def _opened(self, customer: SealedCustomer) -> Customer:
        return shown_customer(self.vault, customer)

    def _listed(self, customer: SealedCustomer) -> Customer:
        """One whose record cannot be opened is listed without a name; the others have theirs."""
        try:
            return self._opened(customer)
        except SealBrokenError as error:
            observability.note_error(error)
            return _shown(customer, None, None)

    def _sealed_person(self, customer_id: str, name: str, email: str | None) -> bytes:
        person = {"name": name} | ({"email": email} if email else {})
        return self.vault.seal(customer_id, _PERSON, person)

    def _normalised(self, details: DestinationDetails, prefix: str = "") -> Destination:
        try:
            if isinstance(details, BankAccountDetails):
                return bank_account(details.bsb, details.account_number, details.account_name)
            return pay_id(
                details.pay_id,
                details.pay_id_type,
                details.account_name,
                check_digits=not self.is_sandbox(),
            )
        except InvalidDestinationError as error:
            raise InvalidRequestError({prefix + error.field: [error.message]}) from None

    def _checked_at(self, destination: Destination, prefix: str = "") -> datetime | None:
        """When Monoova said that the branch is open; None where it did not say, or none is needed.

        Raises:
            InvalidRequestError: it said that the branch is closed, or that there is none.
        """
        if self.check_branch is None or not isinstance(destination, BankAccount):
            return None
        branch = self.check_branch(destination.bsb)
        if branch.problem:
            raise InvalidRequestError({f"{prefix}bsb": [branch.problem]})
        return self.clock.now() if branch.is_open else None

    def _sealed(
        self, customer_id: str, destination: Destination, bsb_checked_at: datetime | None, by: str
    ) -> SealedDestination:
        destination_id, now = str(self.new_id()), self.clock.now()
        kind = destination.pay_id_type.value if isinstance(destination, PayId) else None
        account = self.fingerprint(destination)
        # Before the destination stands: one that no list of the account's owners has would be worse
        # than an entry of one that came to nothing.
        self.owners.note(account, customer_id, destination_id)
        stored = SealedDestination(
            destination_id=destination_id,
            type=destination.type.value,
            pay_id_type=kind,
            masked=destination.masked,
            created_at=now,
            sealed=b"",
            bsb_checked_at=bsb_checked_at,
        )
        opened = OpenedDestination(destination, Provenance(by, now, account))
        return encrypted(self.vault, customer_id, stored, opened)


def changed_meanwhile() -> ConflictError:
    return ConflictError("The customer was changed meanwhile: try again.")


def _shown(customer: SealedCustomer, name: str | None, email: str | None) -> Customer:
    return Customer(
        customer_id=customer.customer_id,
        name=name,
        email=email,
        created_at=customer.created_at,
        updated_at=customer.updated_at,
        destinations=customer.destinations,
        external_id=customer.external_id,
    )
