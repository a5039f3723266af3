"""What a reply is made of: plain JSON values, amounts as numbers with two decimals."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalicelib.core.actor import Actor, Role
from chalicelib.core.dynamodb.items import text_of

Json = dict[str, Any]


def time_of(time: datetime | None) -> str | None:
    return text_of(time) if time else None


def page_of(items: Sequence[Json], next_cursor: str | None, unreadable: Sequence[str] = ()) -> Json:
    """A page of a list; `unreadable` names what belongs on it and cannot be read."""
    return {"items": list(items), "next_cursor": next_cursor, "unreadable": list(unreadable)}


def me(shown: Actor, environment: str) -> Json:
    """The caller, with every role they have, and which of Monoova's environments they pay in."""
    roles = [role.value for role in Role if shown.may(role)]
    return {"name": shown.name, "roles": roles, "environment": environment}
