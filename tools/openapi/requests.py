"""What a request may look like, as JSON Schema: made from the marshmallow schemas.

Marshmallow's own validators say the lengths, ranges and enumerations. Checks that are functions
say nothing of themselves: what they take stands here, and a field with a check that is not
described here is an error, so that none is forgotten.
"""

from collections.abc import Collection, Mapping
from types import FunctionType
from typing import Any, Final

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields
from marshmallow.validate import Regexp

from chalicelib.batches import schemas as batch_schemas
from chalicelib.customers import schemas as customer_schemas
from chalicelib.monoova.rules.destination import DestinationType, PayIdType
from chalicelib.payouts import schemas as payout_schemas
from chalicelib.reports import schemas as report_schemas
from chalicelib.web import schemas

Json = dict[str, Any]

ID: Final = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
# What Python takes for blank and strips; `\s` in JSON Schema is a slightly different set.
_BLANK: Final = r"[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_VISIBLE: Final = r"[^\p{C}\p{Z}]"
_LINE: Final = rf"^ *{_VISIBLE}(?: |{_VISIBLE})*$"
# 2 to 140 characters once every run of blanks is one space.
_NAME: Final = (
    rf"^{_BLANK}*{_VISIBLE}(?:{_VISIBLE}|{_BLANK}+(?={_VISIBLE})){{0,138}}{_VISIBLE}{_BLANK}*$"
)
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_NUMBER: Final = "^[ -]*(?:[0-9A-Za-z][ -]*){4,28}$"
_USUAL_NUMBER: Final = "^[ -]*(?:[0-9][ -]*){4,9}$"
_CENTURY: Final = r"^(?:19(?:2[6-9]|[3-9][0-9])|20[0-9]{2}|21(?:[01][0-9]|2[0-5]))-"


def _trimmed(pattern: str) -> str:
    return f"^{_BLANK}*{pattern}{_BLANK}*$"


_ONE_LINE: Final = {"format": "line", "pattern": _LINE}
_EMAIL: Final = {
    "pattern": r"^[^@\p{C}\p{Z}]+@[^@\p{C}\p{Z}]+\.[^@\p{C}\p{Z}]+$",
}
_DAY: Final = {"pattern": rf"{_CENTURY}[0-9]{{2}}-[0-9]{{2}}$"}
_CHECKED_BY_HAND: Final[Mapping[tuple[type[Schema], str], Json]] = {
    (customer_schemas.CustomerSchema, "name"): _ONE_LINE,
    (customer_schemas.CustomerSchema, "email"): _EMAIL,
    (customer_schemas.CustomerChangeSchema, "name"): _ONE_LINE,
    (customer_schemas.CustomerChangeSchema, "email"): _EMAIL,
    (customer_schemas.DestinationSchema, "bsb"): {"pattern": _trimmed("[0-9]{3}-?[0-9]{3}")},
    (customer_schemas.DestinationSchema, "account_number"): {"pattern": _NUMBER},
    (customer_schemas.DestinationSchema, "account_number_confirmed"): {
        "description": "The account number typed a second time: it must be the same. More than"
        " nine digits, or letters, are not taken without.",
        "pattern": _NUMBER,
    },
    (customer_schemas.DestinationSchema, "account_name"): {"pattern": _NAME},
    (customer_schemas.VerificationCodeSchema, "code"): {"pattern": "^[0-9A-Za-z]{4,12}$"},
    (payout_schemas.PayoutSchema, "description"): _ONE_LINE,
    (payout_schemas.PayoutSchema, "lodgement_reference"): _ONE_LINE,
    (payout_schemas.ResolveSchema, "reason"): _ONE_LINE,
    (schemas.ReasonSchema, "reason"): _ONE_LINE,
    (batch_schemas.FileSchema, "title"): _ONE_LINE,
    (payout_schemas.PayoutListSchema, "date"): _DAY,
    (payout_schemas.PayoutListSchema, "from_"): _DAY,
    (payout_schemas.PayoutListSchema, "to"): _DAY,
    (report_schemas.DayRangeSchema, "from_"): _DAY,
    (report_schemas.DayRangeSchema, "to"): _DAY,
}
_ACCOUNT_NAME: Final[Json] = {
    "description": "2 to 140 characters on one line; a run of blanks counts as one space.",
    "type": "string",
    "format": "account-name",
    "pattern": _NAME,
    "examples": ["Jo Citizen"],
}
_AMOUNT: Final[Json] = {
    "description": "Australian dollars with at most two decimals, as a number or a decimal string;"
    " the business sets a limit of its own (usually A$1000.00).",
    "anyOf": [
        {
            "type": "number",
            "minimum": 0.01,
            "maximum": 99999999999.99,
            "multipleOf": 0.01,
        },
        {"type": "string", "pattern": r"^(?!0+(?:\.0+)?$)[0-9]{1,11}(?:\.[0-9]{1,2})?$"},
    ],
    "examples": [125.5, "125.50"],
}
_PAY_ID: Final[Mapping[PayIdType, Json]] = {
    PayIdType.EMAIL: {
        "description": "An e-mail address of at most 256 characters; stored in lower case.",
        "allOf": [
            {"pattern": _trimmed(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}")},
            {"pattern": _trimmed("[!-~]{1,256}")},
        ],
        "examples": ["jo@example.com"],
    },
    PayIdType.PHONE_NUMBER: {
        "description": "A possible phone number, Australian unless it begins with +; it becomes"
        " +61-412345678.",
        "format": "phone-number",
        "examples": ["0412 345 678"],
    },
    PayIdType.ABN: {
        "description": "11 digits with valid check digits (any, where Monoova's sandbox is used).",
        "format": "abn",
        "pattern": _trimmed("(?:[0-9] *){11}"),
        "examples": ["51 824 753 556"],
    },
    PayIdType.ACN: {
        "description": "9 digits with a valid check digit (any, where Monoova's sandbox is used).",
        "format": "acn",
        "pattern": _trimmed("(?:[0-9] *){9}"),
        "examples": ["004 085 616"],
    },
    PayIdType.ORGANISATION_ID: {
        "description": "2 to 256 visible ASCII characters, blanks inside; stored in lower case.",
        "pattern": _trimmed("[!-~][ -~]{0,254}[!-~]"),
        "examples": ["example.com/payments"],
    },
}
_END: Final = r"\Z"
_NAMES: Final[Mapping[type[Schema], str]] = {
    customer_schemas.CustomerSchema: "NewCustomer",
    customer_schemas.CustomerChangeSchema: "CustomerChange",
    customer_schemas.DestinationSchema: "NewDestination",
    payout_schemas.PayoutSchema: "NewPayout",
    customer_schemas.VerificationCodeSchema: "VerificationCode",
    payout_schemas.ResolveSchema: "Resolution",
    schemas.ReasonSchema: "Reason",
    batch_schemas.FileSchema: "BatchFile",
    batch_schemas.ConfirmSchema: "BatchTotal",
    batch_schemas.ApproveSchema: "BatchApproval",
    customer_schemas.OwnerSchema: "NamedDestination",
    customer_schemas.DestinationListSchema: "DestinationList",
    customer_schemas.ApprovedListSchema: "ApprovedDestinationList",
    payout_schemas.ApproveSchema: "PayoutApproval",
    schemas.EmptySchema: "Nothing",
}
_PATTERNS: Final = {
    "external_id": f"^{customer_schemas.EXTERNAL_ID.pattern.removesuffix(_END)}$",
    "digest": r"^[0-9]+\.[0-9a-f]{32}$",
}
BODIES: Final = tuple(_NAMES)
_PAY_ID_FIELDS: Final = ("type", "pay_id", "pay_id_type", "account_name")
_BANK_FIELDS: Final = ("type", "bsb", "account_number", "account_number_confirmed", "account_name")
_AGAIN: Final = "account_number_confirmed"


def reference_to(schema: type[Schema]) -> Json:
    """A reference to the schema's component."""
    return {"$ref": f"#/components/schemas/{_NAMES[schema]}"}


def body_schemas() -> dict[str, Json]:
    """Every body that a request may have, by the name of its component."""
    converter = _converter()
    bodies = {name: _body(schema, converter) for schema, name in _NAMES.items()}
    return bodies | {"AccountName": _ACCOUNT_NAME}


def query_parameters(schema: type[Schema]) -> list[Json]:
    """The query parameters that a schema loads."""
    converter = _converter()
    found = converter.schema2parameters(schema(), location="query", name="query")
    return [_without_null(parameter) for parameter in found]


def _body(schema: type[Schema], converter: OpenAPIConverter) -> Json:
    document: Json = converter.schema2jsonschema(schema())  # type: ignore[no-untyped-call]
    described: Json = {"description": _first_line(schema), **document}
    described["additionalProperties"] = False
    if schema is customer_schemas.CustomerChangeSchema:
        described["minProperties"] = 1
    if issubclass(schema, customer_schemas.DestinationListSchema):
        described["properties"]["destinations"]["uniqueItems"] = True
    return _destination(described) if schema is customer_schemas.DestinationSchema else described


def _first_line(schema: type[Schema]) -> str:
    return (schema.__doc__ or "").partition("\n")[0]


def _destination(flat: Json) -> Json:
    """One schema for each kind of destination in place of one with all of their fields."""
    properties: Mapping[str, Json] = flat["properties"]
    assert set(properties) == {*_PAY_ID_FIELDS, *_BANK_FIELDS}
    kinds = [_kind(properties, _PAY_ID_FIELDS, _pay_id(properties, kind)) for kind in PayIdType]
    usual = _bank(properties, {"pattern": _USUAL_NUMBER})
    unusual = _bank(properties, {"not": {"pattern": _USUAL_NUMBER}})
    kinds += [
        _kind(properties, _BANK_FIELDS, usual, {_AGAIN}),
        _kind(properties, _BANK_FIELDS, unusual),
    ]
    return {"description": flat["description"], "oneOf": kinds}


def _bank(properties: Mapping[str, Json], number: Json) -> Json:
    return {
        "type": {"const": DestinationType.BANK_ACCOUNT.value},
        "account_number": properties["account_number"] | number,
    }


def _pay_id(properties: Mapping[str, Json], kind: PayIdType) -> Json:
    return {
        "type": {"const": DestinationType.PAY_ID.value},
        "pay_id_type": {"const": kind.value},
        "pay_id": properties["pay_id"] | _PAY_ID[kind],
    }


def _kind(
    properties: Mapping[str, Json],
    names: tuple[str, ...],
    narrowed: Json,
    optional: Collection[str] = (),
) -> Json:
    name = {"account_name": {"$ref": "#/components/schemas/AccountName"}}
    chosen = {**properties, **narrowed, **name}
    return {
        "type": "object",
        "properties": {name: chosen[name] for name in names},
        "required": [name for name in names if name not in optional],
        "additionalProperties": False,
    }


def _without_null(parameter: Json) -> Json:
    """Marshmallow's default of None means that it may be absent: a query has no null."""
    schema = {key: value for key, value in parameter["schema"].items() if value is not None}
    kinds = schema.get("type")
    if isinstance(kinds, list):
        schema["type"] = next(kind for kind in kinds if kind != "null")
    if parameter["name"] == "cursor":
        schema |= {"format": "cursor", "description": "The `next_cursor` of the page before."}
    return parameter | {"schema": schema}


def _converter() -> OpenAPIConverter:
    plugin = MarshmallowPlugin(schema_name_resolver=_name_of)
    # The plugin makes its converter only for a document; the one that is published is not its.
    APISpec(title="requests", version="0", openapi_version="3.1.0", plugins=[plugin])
    converter = plugin.converter
    assert converter is not None
    converter.add_attribute_function(_described)  # type: ignore[no-untyped-call]
    return converter


def _name_of(schema: Any) -> str:
    return _NAMES[schema if isinstance(schema, type) else type(schema)]


def _described(_self: object, field: fields.Field[Any], **_: Any) -> Json:
    """What marshmallow's own validators cannot say of a field."""
    if isinstance(field, schemas.Amount):
        return _AMOUNT
    if isinstance(field, fields.Enum):
        return {"type": "string"}
    if any(isinstance(check, Regexp) for check in field.validators):
        # Python's \Z is not JSON Schema's.
        return {"pattern": _PATTERNS.get(str(field.name), ID)}
    for schema in type(field.parent).__mro__:
        found = _CHECKED_BY_HAND.get((schema, str(field.name)))
        if found:
            return found
    if any(isinstance(check, FunctionType) for check in field.validators):
        raise LookupError(f"What {type(field.parent).__name__}.{field.name} takes is not described")
    return {}
