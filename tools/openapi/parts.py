"""What the descriptions of answers are put together from."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tools.openapi.requests import ID

Json = dict[str, Any]

IDENTIFIER: Final[Json] = {"type": "string", "pattern": ID}
TEXT: Final[Json] = {"type": "string"}
YES_OR_NO: Final[Json] = {"type": "boolean"}
COUNT: Final[Json] = {"type": "integer", "minimum": 0}
TIME: Final[Json] = {"type": "string", "format": "date-time"}
AMOUNT: Final[Json] = {
    "description": "Australian dollars, with both decimals.",
    "type": "number",
    "minimum": 0.01,
    "multipleOf": 0.01,
}


UNREADABLE: Final[Json] = {
    "description": "The ids of what belongs here and is left out, because what is stored of it"
    " cannot be read.",
    "type": "array",
    "items": TEXT,
}


def or_null(schema: Mapping[str, Any]) -> Json:
    """The same, or nothing."""
    if "enum" in schema:
        return {**schema, "type": ["string", "null"], "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


def one_of(words: Iterable[str]) -> Json:
    """A word of a closed list."""
    return {"type": "string", "enum": [str(word) for word in words]}


def object_of(properties: Json, *, optional: Iterable[str] = (), about: str = "") -> Json:
    """An object with these fields and no others."""
    missing = frozenset(optional)
    return {
        **({"description": about} if about else {}),
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in missing],
        "additionalProperties": False,
    }


def reference_to(name: str) -> Json:
    """A reference to a schema's component."""
    return {"$ref": f"#/components/schemas/{name}"}


def page_of(name: str, most: int = 100) -> Json:
    """A page of a list of these."""
    return object_of(
        {
            "items": {"type": "array", "items": reference_to(name), "maxItems": most},
            "next_cursor": {
                **or_null(TEXT),
                "description": "To go on with; null at the end. A page may be short or empty and"
                " still have one.",
            },
            "unreadable": UNREADABLE,
        }
    )
