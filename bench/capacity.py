"""What a call costs DynamoDB: sizes of items, and the request units of reads and writes.

By the rules of "DynamoDB item sizes and formats" and "Using global secondary indexes" in AWS's
developer guide. The emulators' own figures are not used: they leave out the indexes.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

_READ_UNIT_BYTES: Final = 4096
_WRITE_UNIT_BYTES: Final = 1024
# What DynamoDB adds to every stored item and to every entry of an index.
OVERHEAD_BYTES: Final = 100

Item = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index. `projected` is None where it holds the whole item."""

    name: str
    key: frozenset[str]
    projected: frozenset[str] | None

    def entry(self, item: Item | None) -> Item | None:
        """What the index holds of an item; None if nothing, as a sparse one does of most."""
        if item is None or not self.key <= item.keys():
            return None
        if self.projected is None:
            return item
        return {name: value for name, value in item.items() if name in self.projected}


def indexes_of(table: Mapping[str, Any]) -> tuple[Index, ...]:
    """The indexes in a table's properties, as the template or DescribeTable has them."""
    own = {key["AttributeName"] for key in table["KeySchema"]}
    found = []
    for index in table.get("GlobalSecondaryIndexes", ()):
        key = frozenset(part["AttributeName"] for part in index["KeySchema"])
        whole = index["Projection"]["ProjectionType"] == "ALL"
        extra = index["Projection"].get("NonKeyAttributes", ())
        projected = None if whole else frozenset({*own, *key, *extra})
        found.append(Index(index["IndexName"], key, projected))
    return tuple(found)


def size_of(item: Item | None) -> int:
    """Bytes of an item in DynamoDB's form, names included; 0 for none."""
    return sum(len(name.encode()) + _size(value) for name, value in (item or {}).items())


def _size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            # Two digits to a byte, and one for the sign and the exponent.
            return math.ceil(len(content.strip("-0.").replace(".", "")) / 2) + 1
        case "B":
            return len(content)
        case "L":
            return 3 + sum(1 + _size(part) for part in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _size(part) for name, part in content.items())
        case "BOOL" | "NULL":
            return 1
        case _:
            raise ValueError(f"The app stores no attribute of type {kind}.")


def read_units(size: int, *, consistent: bool) -> float:
    """Of one item, or of one query's items together; what is not there costs as a small one."""
    units = max(1, math.ceil(size / _READ_UNIT_BYTES))
    return float(units) if consistent else units / 2


def write_units(before: Item | None, after: Item | None, indexes: Iterable[Index]) -> int:
    """Of one write, the writes to the indexes included: each whose entry changes is one more."""
    table = _write(size_of(before), size_of(after))
    return table + sum(_index_units(index, before, after) for index in indexes)


def _index_units(index: Index, before: Item | None, after: Item | None) -> int:
    old, new = index.entry(before), index.entry(after)
    if old == new:
        return 0
    if old is not None and new is not None and _key(index, old) != _key(index, new):
        # An entry cannot move: the old one is deleted, the new one put.
        return _write(size_of(old), 0) + _write(0, size_of(new))
    return _write(size_of(old), size_of(new))


def _key(index: Index, entry: Item) -> dict[str, Mapping[str, Any]]:
    return {name: entry[name] for name in index.key}


def _write(before: int, after: int) -> int:
    return max(1, math.ceil(max(before, after) / _WRITE_UNIT_BYTES))


def stored_bytes(item: Item, indexes: Iterable[Index]) -> tuple[int, int]:
    """What an item takes for good: in its table, and in the indexes."""
    entries = [entry for index in indexes if (entry := index.entry(item)) is not None]
    return (
        size_of(item) + OVERHEAD_BYTES,
        sum(size_of(entry) + OVERHEAD_BYTES for entry in entries),
    )
