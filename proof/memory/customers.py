"""The customers table in memory."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from chalicelib.core.dynamodb.items import Page, text_of
from chalicelib.core.dynamodb.readable import UnreadableItemError
from chalicelib.customers.account_owners import AccountOwners, Owner, noted
from chalicelib.customers.store import (
    CUSTOMER,
    LISTING_PART,
    CustomerChangedError,
    Customers,
    ExternalIdTakenError,
    SealedCustomer,
)
from proof.memory.tables import Tables, TableSeam
from proof.seam import Seam

_TABLE: Final = "customers"


class MemoryCustomers(Customers):
    """`Customers` in memory; its methods and their errors, without its DynamoDB client."""

    def __init__(self, tables: Tables, seam: Seam) -> None:
        self.table = _TABLE
        self._rows = tables.customers
        self._malformed = tables.malformed_customers
        self._seam = TableSeam(tables, seam)

    def create(self, customer: SealedCustomer) -> None:
        def put() -> None:
            if self._is_taken(customer):
                raise ExternalIdTakenError
            if self._rows.setdefault(customer.customer_id, customer) != customer:
                raise CustomerChangedError

        operation = "PutItem" if customer.external_id is None else "TransactWriteItems"
        self._seam.cross(operation, put)

    def _is_taken(self, customer: SealedCustomer) -> bool:
        return any(
            each.external_id is not None
            and each.external_id == customer.external_id
            and each.customer_id != customer.customer_id
            for each in self._rows.values()
        )

    def get(self, customer_id: str) -> SealedCustomer | None:
        def found() -> SealedCustomer | None:
            if customer_id in self._malformed:
                raise UnreadableItemError(CUSTOMER, customer_id)
            return self._rows.get(customer_id)

        return self._seam.cross("GetItem", found)

    def save(self, customer: SealedCustomer, at: datetime) -> SealedCustomer:
        after = replace(customer, version=customer.version + 1, updated_at=at)

        def put() -> SealedCustomer:
            current = self._rows.get(customer.customer_id)
            if current is None or (current.version != customer.version and current != after):
                raise CustomerChangedError
            self._rows[customer.customer_id] = after
            return after

        return self._seam.cross("PutItem", put)

    def erase(self, customer: SealedCustomer) -> None:
        def delete() -> None:
            current = self._rows.get(customer.customer_id)
            if current is not None and current.version != customer.version:
                raise CustomerChangedError
            self._rows.pop(customer.customer_id, None)

        operation = "DeleteItem" if customer.external_id is None else "TransactWriteItems"
        self._seam.cross(operation, delete)

    def newest(self, limit: int, start: Mapping[str, str] | None = None) -> Page[SealedCustomer]:
        def position(customer: SealedCustomer) -> tuple[str, str]:
            return text_of(customer.created_at), customer.customer_id

        def found() -> Page[SealedCustomer]:
            rows = sorted(self._rows.values(), key=position, reverse=True)
            if start:
                before = (start["created_at"], start["customer_id"])
                rows = [customer for customer in rows if position(customer) < before]
            page = rows[:limit]
            if len(rows) <= limit:
                return Page(tuple(page), None, tuple(sorted(self._malformed)))
            created_at, last = position(page[-1])
            return Page(
                tuple(page), {"created_at": created_at, "customer_id": last, **LISTING_PART}
            )

        return self._seam.cross("Query", found)


class MemoryOwners(AccountOwners):
    """`AccountOwners` in memory, with as many calls."""

    def __init__(self, tables: Tables, seam: Seam) -> None:
        self._owners = tables.account_owners
        self._seam = TableSeam(tables, seam)

    def of(self, account: str) -> tuple[Owner, ...]:
        return self._seam.cross("GetItem", lambda: self._owners.get(account, ()))

    def note(self, account: str, customer_id: str, destination_id: str) -> None:
        self._replace(account, noted(self.of(account), Owner(customer_id, destination_id)))

    def forget(self, account: str, customer_id: str, destination_id: str) -> None:
        owner = Owner(customer_id, destination_id)
        self._replace(account, tuple(each for each in self.of(account) if each != owner))

    def _replace(self, account: str, owners: tuple[Owner, ...]) -> None:
        def put() -> None:
            self._owners[account] = owners
            if not owners:
                del self._owners[account]

        if owners != self._owners.get(account, ()):
            self._seam.cross("PutItem" if owners else "DeleteItem", put)
