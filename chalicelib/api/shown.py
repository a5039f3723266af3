"""What answers are put together from."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalicelib.storage.dynamodb import text_of

Json = dict[str, Any]


def time_of(at: datetime | None) -> str | None:
    """RFC 3339, or nothing."""
    return text_of(at) if at else None


def page_of(items: Sequence[Json], next_cursor: str | None) -> Json:
    """A page of any list."""
    return {"items": list(items), "next_cursor": next_cursor}
