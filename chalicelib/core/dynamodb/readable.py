"""Stored items read one by one: what cannot be read is counted, named, and harms itself alone."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Final, TypeVar, Union, get_args, get_origin

from chalicelib.core import observability
from chalicelib.core.dynamodb.items import Item, decoded

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
R = TypeVar("R", bound="DataclassInstance")

_UNIONS: Final = (UnionType, Union)


class UnreadableItemError(Exception):
    """What stands under a key is not what its table holds. `kind` and `name` say what and where."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"The {kind} {name} cannot be read.")
        self.kind = kind
        self.name = name


def read(kind: str, name: str, item: Item, parse: Callable[[dict[str, Any]], T]) -> T:
    """What `parse` makes of an item in DynamoDB's form. `name` is an id: it is logged.

    Raises:
        UnreadableItemError
    """
    try:
        return parse(decoded(item))
    except Exception as error:  # whatever is wrong with what stands there
        observability.note_unreadable(name, error)
        raise UnreadableItemError(kind, name) from error


def read_all(
    kind: str, key: str, items: Iterable[Item], parse: Callable[[dict[str, Any]], T]
) -> tuple[tuple[T, ...], tuple[str, ...]]:
    """The items that can be read, and the names of the others: the text under `key` of each."""
    found: list[T] = []
    unreadable: list[str] = []
    for item in items:
        name = str(item.get(key, {}).get("S", ""))
        try:
            found.append(read(kind, name, item, parse))
        except UnreadableItemError:
            unreadable.append(name)
    return tuple(found), tuple(unreadable)


def well_typed(record: R) -> R:
    """The record, if each field is of its declared type: a number in a text's place shows itself
    when the item is read, not when money is about to move.

    Raises:
        TypeError
    """
    for name, kinds in _types_of(type(record)):
        if type(getattr(record, name)) not in kinds:
            raise TypeError(f"{name} is of another type")
    return record


@cache
def _types_of(record: "type[DataclassInstance]") -> tuple[tuple[str, frozenset[type]], ...]:
    return tuple((each.name, frozenset(_classes(each.type))) for each in fields(record))


def _classes(declared: Any) -> Iterable[type]:
    if get_origin(declared) in _UNIONS:
        return [kind for part in get_args(declared) for kind in _classes(part)]
    plain = get_origin(declared) or declared
    if plain is Mapping:
        return [dict]
    return [NoneType if plain is None else plain]
