"""The customers table: one item per customer, names and destinations sealed inside it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from chalicelib.core.dynamodb.items import (
    Item,
    Page,
    check_cancelled,
    encoded,
    failed_condition,
    next_key,
    storage_errors,
    text_of,
    time_of,
)
from chalicelib.core.dynamodb.readable import read, read_all, well_typed
from chalicelib.core.errors import ErrorCode, NotFoundError
from chalicelib.customers.rules.verification import NOT_STARTED, Verification, VerificationStatus
from chalicelib.monoova.rules.destination import DestinationType, PayIdType

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CUSTOMER: Final = "customer"
# Where a customer of an external id is named stands beside the customers, under a key of its own
# kind: no id of a customer begins so.
EXTERNAL: Final = "external#"
# All customers stand under one key of the listing index: they are registered far more slowly
# than the thousand writes a second that one key takes.
_LISTING: Final = "customer"
LISTING_KEY: Final = frozenset({"customer_id", "listing", "created_at"})
LISTING_PART: Final = {"listing": _LISTING}


class CustomerChangedError(Exception):
    """Another writer wrote the customer first, or it is gone."""


class ExternalIdTakenError(Exception):
    """Another customer has it already."""


@dataclass(frozen=True, slots=True)
class SealedDestination:
    """A destination as it is stored: what is shown of it, and the rest sealed.

    `bsb_checked_at` is when Monoova said that its branch is open, None where it did not.
    `sealed_token` is what Monoova knows its verification by.
    `account` is the keyed fingerprint of the account. It, `added_by`, `approved_at`, `approved_by`,
    `cap_cents`, `asked_cap_cents` and `asked_cap_by` are copies of what is sealed, for lists:
    nothing is paid by them. None where it is from before they were kept.
    """

    destination_id: str
    type: str
    pay_id_type: str | None
    masked: str
    created_at: datetime
    sealed: bytes
    bsb_checked_at: datetime | None = None
    verification: Verification = NOT_STARTED
    sealed_token: bytes | None = None
    approved_at: datetime | None = None
    approved_by: str | None = None
    account: str | None = None
    added_by: str | None = None
    cap_cents: int | None = None
    asked_cap_cents: int | None = None
    asked_cap_by: str | None = None


@dataclass(frozen=True, slots=True)
class SealedCustomer:
    """A customer as it is stored; `destinations` are in the order they were added.

    `external_id` is the business's own name for them: in the clear, and unique.
    """

    customer_id: str
    created_at: datetime
    updated_at: datetime
    version: int
    sealed: bytes
    destinations: tuple[SealedDestination, ...] = ()
    external_id: str | None = None

    def destination(self, destination_id: str) -> SealedDestination | None:
        matches = (d for d in self.destinations if d.destination_id == destination_id)
        return next(matches, None)

    def with_destination(self, changed: SealedDestination) -> "SealedCustomer":
        """The customer with `changed` in place of the destination of its id."""
        kept = (
            changed if d.destination_id == changed.destination_id else d for d in self.destinations
        )
        return replace(self, destinations=tuple(kept))


class Customers:
    """The customers. Every method may raise `StorageUnavailableError`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self.table = table

    def create(self, customer: SealedCustomer) -> None:
        """Stores a new customer under an id that was made for it.

        Raises:
            ExternalIdTakenError
        """
        if customer.external_id is not None:
            self._create_named(customer, customer.external_id)
            return
        try:
            with storage_errors():
                self._client.put_item(
                    TableName=self.table,
                    Item=encoded(_item_of(customer)),
                    ConditionExpression="attribute_not_exists(customer_id)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            standing = failed_condition(error)
            # An earlier try of this very write may have succeeded without our hearing of it.
            if standing is None or customer_in(standing) != customer:
                raise CustomerChangedError from None

    def _create_named(self, customer: SealedCustomer, external_id: str) -> None:
        name = _external_key(external_id) | {"customer": customer.customer_id}
        absent = "attribute_not_exists(customer_id)"
        try:
            with storage_errors():
                self._client.transact_write_items(
                    TransactItems=[
                        {
                            "Put": {
                                "TableName": self.table,
                                "Item": encoded(item),
                                "ConditionExpression": absent,
                            }
                        }
                        for item in (_item_of(customer), name)
                    ]
                )
        except ClientError as error:
            check_cancelled(error)
            # An earlier try of this very write may have succeeded without our hearing of it.
            if self.get(customer.customer_id) != customer:
                raise ExternalIdTakenError from None

    def get(self, customer_id: str) -> SealedCustomer | None:
        """The customer as it now stands (strongly consistent)."""
        with storage_errors():
            found = self._client.get_item(
                TableName=self.table,
                Key={"customer_id": {"S": customer_id}},
                ConsistentRead=True,
            )
        return customer_in(found["Item"]) if "Item" in found else None

    def save(self, customer: SealedCustomer, at: datetime) -> SealedCustomer:
        """Replaces the customer as it was read by `customer`, one version later.

        Raises:
            CustomerChangedError
        """
        after = replace(customer, version=customer.version + 1, updated_at=at)
        try:
            with storage_errors():
                self._client.put_item(
                    TableName=self.table,
                    Item=encoded(_item_of(after)),
                    ConditionExpression="version = :expected",
                    ExpressionAttributeValues={":expected": {"N": str(customer.version)}},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            standing = failed_condition(error)
            if standing is None or customer_in(standing) != after:
                raise CustomerChangedError from None
        return after

    def erase(self, customer: SealedCustomer) -> None:
        """Removes the customer and all that is known of them.

        Raises:
            CustomerChangedError
        """
        if customer.external_id is not None:
            self._erase_named(customer, customer.external_id)
            return
        try:
            with storage_errors():
                self._client.delete_item(
                    TableName=self.table,
                    Key={"customer_id": {"S": customer.customer_id}},
                    # Gone already is done already.
                    ConditionExpression=(
                        "attribute_not_exists(customer_id) OR version = :expected"
                    ),
                    ExpressionAttributeValues={":expected": {"N": str(customer.version)}},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            failed_condition(error)
            raise CustomerChangedError from None

    def _erase_named(self, customer: SealedCustomer, external_id: str) -> None:
        # Gone already is done already; the name may be another's by then.
        unchanged: Any = {
            "TableName": self.table,
            "Key": {"customer_id": {"S": customer.customer_id}},
            "ConditionExpression": "attribute_not_exists(customer_id) OR version = :expected",
            "ExpressionAttributeValues": {":expected": {"N": str(customer.version)}},
        }
        theirs: Any = self._their_name(customer.customer_id, external_id)
        try:
            with storage_errors():
                self._client.transact_write_items(
                    TransactItems=[{"Delete": unchanged}, {"Delete": theirs}]
                )
        except ClientError as error:
            check_cancelled(error)
            if self.get(customer.customer_id) is not None:
                raise CustomerChangedError from None

    def newest(self, limit: int, start: Mapping[str, str] | None = None) -> Page[SealedCustomer]:
        """The customers, newest first."""
        more: dict[str, Any] = {"ExclusiveStartKey": encoded(start)} if start else {}
        with storage_errors():
            found = self._client.query(
                TableName=self.table,
                IndexName="listing-index",
                KeyConditionExpression="listing = :listing",
                ExpressionAttributeValues={":listing": {"S": _LISTING}},
                ScanIndexForward=False,
                Limit=limit,
                **more,
            )
        customers, unreadable = read_all(CUSTOMER, "customer_id", found["Items"], customer_of)
        return Page(customers, next_key(found), unreadable)

    def erase_unread(self, customer_id: str) -> None:
        """Removes a customer who cannot be read, and the name they have, as far as it can be told.

        Idempotent.
        """
        key: Any = {"customer_id": {"S": customer_id}}
        with storage_errors():
            found = self._client.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        external_id = found.get("Item", {}).get("external_id", {}).get("S")
        deletes: list[Any] = [{"Delete": {"TableName": self.table, "Key": key}}]
        if external_id:
            deletes.append({"Delete": self._their_name(customer_id, external_id)})
        with storage_errors():
            self._client.transact_write_items(TransactItems=deletes)

    def _their_name(self, customer_id: str, external_id: str) -> dict[str, Any]:
        """The removal of a customer's name; it fails where the name is another customer's."""
        return {
            "TableName": self.table,
            "Key": encoded(_external_key(external_id)),
            "ConditionExpression": "attribute_not_exists(customer_id) OR customer = :customer",
            "ExpressionAttributeValues": {":customer": {"S": customer_id}},
        }


def _item_of(customer: SealedCustomer) -> dict[str, Any]:
    return {
        "customer_id": customer.customer_id,
        "listing": _LISTING,
        "created_at": text_of(customer.created_at),
        "updated_at": text_of(customer.updated_at),
        "version": customer.version,
        "sealed": customer.sealed,
        "destinations": [_item_of_destination(d) for d in customer.destinations],
        "external_id": customer.external_id,
    }


def _external_key(external_id: str) -> dict[str, str]:
    return {"customer_id": f"{EXTERNAL}{external_id}"}


def _item_of_destination(destination: SealedDestination) -> dict[str, Any]:
    return {
        "destination_id": destination.destination_id,
        "type": destination.type,
        "pay_id_type": destination.pay_id_type,
        "masked": destination.masked,
        "created_at": text_of(destination.created_at),
        "sealed": destination.sealed,
    } | _later_on(destination)


def _later_on(destination: SealedDestination) -> dict[str, Any]:
    """What a destination has only since something was done with it, or since a deployment."""
    state = destination.verification
    more = {
        "approved_at": _text(destination.approved_at),
        "approved_by": destination.approved_by,
        "bsb_checked_at": _text(destination.bsb_checked_at),
        "sealed_token": destination.sealed_token,
        "account": destination.account,
        "added_by": destination.added_by,
        "cap_cents": destination.cap_cents,
        "asked_cap_cents": destination.asked_cap_cents,
        "asked_cap_by": destination.asked_cap_by,
        "verification": {
            "status": state.status.value,
            "at": _text(state.at),
            "owner_name_matches": state.owner_name_matches,
            "started_at": _text(state.started_at),
        }
        if state != NOT_STARTED
        else None,
    }
    return {name: value for name, value in more.items() if value is not None}


def _text(time: datetime | None) -> str | None:
    return text_of(time) if time else None


def customer_in(item: Item) -> SealedCustomer:
    """The customer in an item in DynamoDB's form.

    Raises:
        UnreadableItemError
    """
    return read(CUSTOMER, item["customer_id"]["S"], item, customer_of)


def customer_of(item: Item) -> SealedCustomer:
    """The customer in an item (already in Python's form). Raises whatever is wrong with it."""
    customer = SealedCustomer(
        customer_id=item["customer_id"],
        created_at=time_of(item["created_at"]),
        updated_at=time_of(item["updated_at"]),
        version=item["version"],
        sealed=item["sealed"],
        destinations=tuple(_destination_of(d) for d in item["destinations"]),
        external_id=item.get("external_id"),
    )
    return well_typed(customer)


def _destination_of(item: Item) -> SealedDestination:
    kind = item["pay_id_type"]
    destination = SealedDestination(
        destination_id=item["destination_id"],
        type=DestinationType(item["type"]).value,
        pay_id_type=PayIdType(kind).value if kind else None,
        masked=item["masked"],
        created_at=time_of(item["created_at"]),
        sealed=item["sealed"],
        bsb_checked_at=_time(item.get("bsb_checked_at")),
        verification=verification_of(item["verification"])
        if "verification" in item
        else NOT_STARTED,
        sealed_token=item.get("sealed_token"),
        approved_at=_time(item.get("approved_at")),
        approved_by=item.get("approved_by"),
        account=item.get("account"),
        added_by=item.get("added_by"),
        cap_cents=item.get("cap_cents"),
        asked_cap_cents=item.get("asked_cap_cents"),
        asked_cap_by=item.get("asked_cap_by"),
    )
    return well_typed(destination)


def verification_of(item: Item) -> Verification:
    """The verification of a destination (already in Python's form)."""
    verification = Verification(
        status=VerificationStatus(item["status"]),
        at=_time(item["at"]),
        owner_name_matches=item["owner_name_matches"],
        started_at=_time(item["started_at"]),
    )
    return well_typed(verification)


def _time(text: str | None) -> datetime | None:
    return time_of(text) if text else None


def no_such_customer() -> NotFoundError:
    return NotFoundError("There is no such customer.", ErrorCode.CUSTOMER_NOT_FOUND)


def no_such_destination() -> NotFoundError:
    return NotFoundError("The customer has no such destination.", ErrorCode.DESTINATION_NOT_FOUND)
