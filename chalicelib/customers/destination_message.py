"""The encrypted message of a destination: the account, and who added and approved it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chalicelib.core import observability
from chalicelib.customers.rules.provenance import Provenance, provenance_in, record_of
from chalicelib.customers.store import SealedCustomer, SealedDestination
from chalicelib.monoova.rules.destination import (
    BankAccount,
    Destination,
    DestinationType,
    PayId,
    PayIdType,
)

if TYPE_CHECKING:
    from chalicelib.core.encryption import Vault

# A reconciliation may open many; its line has room for these.
_MOST_NOTED = 20


@dataclass(frozen=True, slots=True, repr=False)
class OpenedDestination:
    """A destination as it was decrypted."""

    destination: Destination
    provenance: Provenance

    @property
    def is_approved(self) -> bool:
        return self.provenance.approval is not None

    @property
    def cap_cents(self) -> int | None:
        """What it is open for in a day; None is no cap, or not approved at all."""
        approval = self.provenance.approval
        return approval.cap_cents if approval else None


def destination_purpose(destination_id: str) -> str:
    """What a destination is encrypted for: it opens in no other place of the same customer."""
    return f"destination/{destination_id}"


def opened_message(
    vault: "Vault", customer: SealedCustomer, destination: SealedDestination
) -> OpenedDestination:
    """The destination, decrypted. May raise what `Vault.open` does."""
    purpose = destination_purpose(destination.destination_id)
    record = vault.open(customer.customer_id, purpose, destination.sealed)
    return OpenedDestination(_destination_in(record, destination.type), provenance_in(record))


def opened_to_pay(
    vault: "Vault", customer: SealedCustomer, destination: SealedDestination
) -> OpenedDestination:
    """The destination, decrypted to send a payout there. May raise what `Vault.open` does.

    The payout's history records it, and the log before that; the log alone if nothing is sent after
    all: for a limit, or because another request was faster.
    """
    note_opening("Payout", customer.customer_id, destination.destination_id)
    return opened_message(vault, customer, destination)


def note_opening(purpose: str, customer_id: str, destination_id: str | None) -> None:
    """Notes in the log what is about to be opened, and what for: ids only."""
    noted = observability.noted("destination_opened")
    before = noted if isinstance(noted, list) else []
    if len(before) < _MOST_NOTED:
        opening = f"{purpose} {customer_id} {destination_id}"
        observability.note(destination_opened=[*before, opening])


def encrypted(
    vault: "Vault", customer_id: str, stored: SealedDestination, opened: OpenedDestination
) -> SealedDestination:
    """The destination with a new message, and the copies of it that lists show.

    May raise what `Vault.seal` does.
    """
    record = _record_of(opened.destination) | record_of(opened.provenance)
    approval = opened.provenance.approval
    asked = approval.asked if approval else None
    return replace(
        stored,
        sealed=vault.seal(customer_id, destination_purpose(stored.destination_id), record),
        added_by=opened.provenance.added_by,
        account=opened.provenance.account,
        approved_at=approval.at if approval else None,
        approved_by=approval.by if approval else None,
        cap_cents=opened.cap_cents,
        asked_cap_cents=asked.cap_cents if asked else None,
        asked_cap_by=asked.by if asked else None,
    )


def _destination_in(record: dict[str, str], kind: str) -> Destination:
    if kind == DestinationType.PAY_ID:
        pay_id_type = PayIdType(record["pay_id_type"])
        return PayId(record["pay_id"], pay_id_type, record["account_name"])
    return BankAccount(record["bsb"], record["account_number"], record["account_name"])


def _record_of(destination: Destination) -> dict[str, str]:
    if isinstance(destination, PayId):
        return {
            "pay_id": destination.pay_id,
            "pay_id_type": destination.pay_id_type.value,
            "account_name": destination.account_name,
        }
    return {
        "bsb": destination.bsb,
        "account_number": destination.account_number,
        "account_name": destination.account_name,
    }
