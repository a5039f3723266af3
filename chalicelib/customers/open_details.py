"""Decrypts a payee's details for anything but paying, and keeps in the audit log who, when and why.

Paying opens them too (`opened_to_pay`); who did, and when, stands in the payout's own history, and
a record beside it would be one more write for each payout.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.core import observability
from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.core.encryption import Vault
from chalicelib.customers.access_store import Access, Accesses
from chalicelib.customers.destination_message import (
    OpenedDestination,
    note_opening,
    opened_message,
)
from chalicelib.customers.manage_customers import shown_customer
from chalicelib.customers.store import SealedCustomer, SealedDestination


class Purpose(StrEnum):
    """What a payee's details were opened for."""

    PAYOUT = "Payout"
    VALIDATION = "Validation"
    VERIFICATION = "Verification"
    APPROVAL = "Approval"
    EXPORT = "Export"
    REDACTION = "Redaction"


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens (decrypts) payee details, and records each access. `new_id` makes the records' ids."""

    vault: Vault
    accesses: Accesses
    clock: Clock
    new_id: Callable[[], uuid.UUID]

    def opened(
        self, customer: SealedCustomer, destination: SealedDestination, purpose: Purpose, by: str
    ) -> OpenedDestination:
        """Records the access, then decrypts the details: what cannot be recorded is not opened.

        May raise `StorageUnavailableError` and what `Vault.open` does.
        """
        self.record(customer.customer_id, destination.destination_id, purpose, by)
        return opened_message(self.vault, customer, destination)

    def opened_to_redact(
        self,
        customer: SealedCustomer,
        destination: SealedDestination,
        by: str,
        transaction_id: str,
    ) -> tuple[str, ...]:
        """What is known of the payee, to redact it out of what is recorded of a payout: the
        destination's details, the customer's name, e-mail address and own id.

        The record must not stand between a payout and its outcome: where it cannot be written,
        the log has it alone.
        """
        customer_id, destination_id = customer.customer_id, destination.destination_id
        try:
            self.record(customer_id, destination_id, Purpose.REDACTION, by, transaction_id)
        except StorageUnavailableError as error:
            observability.note_error(error)
        person = shown_customer(self.vault, customer)
        about = (person.name, person.email, person.external_id)
        details = opened_message(self.vault, customer, destination).destination.details
        return details + tuple(known for known in about if known)

    def record(
        self,
        customer_id: str,
        destination_id: str | None,
        purpose: Purpose,
        by: str,
        transaction_id: str | None = None,
    ) -> None:
        """Notes in the log and in the table that something is about to be opened."""
        note_opening(purpose, customer_id, destination_id)
        access = Access(
            access_id=str(self.new_id()),
            customer_id=customer_id,
            at=self.clock.now(),
            by=by,
            purpose=purpose,
            destination_id=destination_id,
            transaction_id=transaction_id,
        )
        self.accesses.add(access)
