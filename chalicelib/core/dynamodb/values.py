"""Values in DynamoDB's form, `{"S": "text"}`, and back: the six kinds that our items have.

boto3 has the same for all kinds, behind an import of everything else that it has: 40 ms of a cold
start. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
"""

from collections.abc import Mapping
from typing import Any


def attribute_of(value: object) -> dict[str, Any]:
    """The value in DynamoDB's form.

    Raises:
        TypeError: our items have no such values; a float above all, which is never exact.
    """
    match value:
        case str():
            return {"S": str(value)}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case None:
            return {"NULL": True}
        case bytes():
            return {"B": value}
        case Mapping():
            return {"M": {name: attribute_of(part) for name, part in value.items()}}
        case list() | tuple():
            return {"L": [attribute_of(part) for part in value]}
    raise TypeError(f"An item has no {type(value).__name__}")


def value_of(attribute: Mapping[str, Any]) -> Any:
    """The value of what DynamoDB holds.

    Raises:
        ValueError: it is of no kind that our items have; a number that is not whole, for one.
    """
    ((kind, held),) = attribute.items()
    match kind:
        case "S" | "BOOL":
            return held
        case "N":
            return int(held)
        case "NULL":
            return None
        case "B":
            return bytes(held)
        case "M":
            return {name: value_of(part) for name, part in held.items()}
        case "L":
            return [value_of(part) for part in held]
    raise ValueError(f"An item has no {kind}")
