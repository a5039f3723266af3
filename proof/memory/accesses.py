"""The audit log of decrypted payee details, in memory."""

from collections.abc import Mapping
from typing import Final

from chalicelib.core.dynamodb.items import Page
from chalicelib.customers.access_store import Access, Accesses, collection_of, item_key_of
from proof.memory.tables import Tables, TableSeam
from proof.seam import Seam

_TABLE: Final = "records"


class MemoryAccesses(Accesses):
    """`Accesses` in memory; its methods and their errors, without its DynamoDB client."""

    def __init__(self, tables: Tables, seam: Seam) -> None:
        self._table = _TABLE
        self._rows = tables.accesses
        self._seam = TableSeam(tables, seam)

    def add(self, access: Access) -> None:
        key = (collection_of(access.customer_id), item_key_of(access))
        self._seam.cross("PutItem", lambda: self._rows.setdefault(key, access))

    def of_customer(
        self, customer_id: str, limit: int, start: Mapping[str, str] | None = None
    ) -> Page[Access]:
        collection = collection_of(customer_id)

        def found() -> Page[Access]:
            keys = [item for of, item in sorted(self._rows, reverse=True) if of == collection]
            ahead = [item for item in keys if not start or item < start["item"]]
            items = tuple(self._rows[collection, item] for item in ahead[:limit])
            is_end = len(ahead) <= limit
            last = None if is_end else {"collection": collection, "item": ahead[limit - 1]}
            return Page(items, last)

        return self._seam.cross("Query", found)
