"""Many customers at once, without who they are: where each can be paid, and no more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from chalicelib.storage.customers import EXTERNAL
from chalicelib.storage.payout_outlines import in_parts, read_many

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Of a destination what is sealed comes along, and is left where it is.
_FIELDS: Final = "customer_id, destinations"


@dataclass(frozen=True, slots=True)
class Place:
    """A destination, as far as it is shown."""

    destination_id: str
    type: str
    masked: str


@dataclass(frozen=True, slots=True)
class Payee:
    """A customer and where they can be paid."""

    customer_id: str
    places: tuple[Place, ...]

    def place(self, destination_id: str) -> Place | None:
        return next((each for each in self.places if each.destination_id == destination_id), None)


class Payees(Protocol):
    """Where payees come from."""

    def of(self, customer_ids: Sequence[str]) -> dict[str, Payee]: ...

    def named(self, external_ids: Sequence[str]) -> dict[str, str]: ...


class TablePayees:
    """Reads the customers table. May raise `StorageUnavailableError`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def of(self, customer_ids: Sequence[str]) -> dict[str, Payee]:
        """The customers that there are, a moment ago at the latest."""
        options = {"ProjectionExpression": _FIELDS}
        payees = (payee_of(item) for item in self._read(customer_ids, options))
        return {payee.customer_id: payee for payee in payees}

    def named(self, external_ids: Sequence[str]) -> dict[str, str]:
        """The ids of the customers whom the business knows by these names."""
        keys = [f"{EXTERNAL}{each}" for each in external_ids]
        found = self._read(keys, {})
        return {item["customer_id"].removeprefix(EXTERNAL): item["customer"] for item in found}

    def _read(self, keys: Sequence[str], options: dict[str, Any]) -> Iterable[dict[str, Any]]:
        for some in in_parts(keys):
            wanted = {"Keys": [{"customer_id": {"S": key}} for key in some], **options}
            yield from read_many(self._client, self._table, wanted)


def payee_of(item: dict[str, Any]) -> Payee:
    """The payee in an item (already in Python's form)."""
    places = (
        Place(each["destination_id"], each["type"], each["masked"])
        for each in item.get("destinations", ())
    )
    return Payee(item["customer_id"], tuple(places))
