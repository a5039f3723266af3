"""Many customers at once, without who they are: where each can be paid, and no more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.core.dynamodb.many_items import ManyItems
from chalicelib.core.dynamodb.readable import read_all, well_typed
from chalicelib.customers.rules.verification import NOT_STARTED, Verification
from chalicelib.customers.store import CUSTOMER, EXTERNAL, verification_of

# Of a destination what is sealed comes along, and is left where it is.
_FIELDS: Final = "customer_id, destinations, external_id"


@dataclass(frozen=True, slots=True)
class Place:
    """A destination, as far as it is shown. `is_known`: an approver has approved a payout to it.

    `account` is the keyed fingerprint of the account, None where the destination has none.
    """

    destination_id: str
    type: str
    masked: str
    is_known: bool = False
    verification: Verification = NOT_STARTED
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Payee:
    """A customer and where they can be paid."""

    customer_id: str
    places: tuple[Place, ...]
    external_id: str | None = None
    is_readable: bool = True

    def place(self, destination_id: str) -> Place | None:
        return next((each for each in self.places if each.destination_id == destination_id), None)


class Payees:
    """Reads the customers table."""

    def __init__(self, customers: ManyItems) -> None:
        self._customers = customers

    def of(self, customer_ids: Sequence[str]) -> dict[str, Payee]:
        """The customers that there are; of one that cannot be read, no more than that."""
        items = self._customers.read_items(customer_ids, _FIELDS)
        found, unreadable = read_all(CUSTOMER, "customer_id", items, payee_of)
        unknown = (Payee(each, (), is_readable=False) for each in unreadable)
        return {payee.customer_id: payee for payee in (*found, *unknown)}

    def named(self, external_ids: Sequence[str]) -> dict[str, str]:
        """The ids of the customers whom the business knows by these names."""
        keys = [f"{EXTERNAL}{each}" for each in external_ids]
        found = self._customers.read_items(keys, "customer_id, customer")
        pairs = ((item["customer_id"]["S"], item.get("customer", {}).get("S")) for item in found)
        return {name.removeprefix(EXTERNAL): customer for name, customer in pairs if customer}


def payee_of(item: dict[str, Any]) -> Payee:
    """The payee in an item (already in Python's form)."""
    places = tuple(_place_of(each) for each in item["destinations"])
    return well_typed(Payee(item["customer_id"], places, item.get("external_id")))


def _place_of(item: Mapping[str, Any]) -> Place:
    verification = item.get("verification")
    place = Place(
        destination_id=item["destination_id"],
        type=item["type"],
        masked=item["masked"],
        is_known="approved_at" in item,
        verification=verification_of(verification) if verification else NOT_STARTED,
        account=item.get("account"),
    )
    return well_typed(place)
