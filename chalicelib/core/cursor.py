"""Cursors: where the next page of a list begins."""

from collections.abc import Mapping
from typing import Final

from chalicelib.core.dynamodb.items import InvalidCursorError, key_of
from chalicelib.core.errors import InvalidRequestError

_RECORD_KEY: Final = frozenset({"collection", "item"})


def start_of(
    cursor: str | None, names: frozenset[str], fixed: Mapping[str, str]
) -> dict[str, str] | None:
    """The key in a cursor: it has these names, and these parts are the list's own.

    Raises:
        InvalidRequestError: it is no cursor of this list.
    """
    if cursor is None:
        return None
    try:
        return key_of(cursor, names, fixed)
    except InvalidCursorError:
        raise InvalidRequestError({"cursor": ["Not a cursor of this list."]}) from None


def start_of_records(cursor: str | None, collection: str) -> dict[str, str] | None:
    """The key in a cursor of a collection of the records table."""
    return start_of(cursor, _RECORD_KEY, {"collection": collection})
