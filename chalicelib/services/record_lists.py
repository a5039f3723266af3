"""Where a list of the records table goes on."""

from collections.abc import Mapping
from typing import Final

from chalicelib.errors import InvalidRequestError
from chalicelib.storage.dynamodb import InvalidCursorError, key_of

_KEY: Final = frozenset({"collection", "item"})


def start_of(cursor: str | None, collection: str) -> Mapping[str, str] | None:
    """The key in a cursor of the collection's list.

    Raises:
        InvalidRequestError: it is none.
    """
    if cursor is None:
        return None
    try:
        return key_of(cursor, _KEY, {"collection": collection})
    except InvalidCursorError:
        raise InvalidRequestError({"cursor": ["Not a cursor of this list."]}) from None
