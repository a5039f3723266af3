"""What a request may look like: the fields and schemas that several capabilities share.

Every problem of a request is reported, not just the first. marshmallow is imported here alone, so
that what it compiles at import is compiled late.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from chalicelib.core.coldstart.late_patterns import patterns_compiled_late
from chalicelib.core.money import InvalidAmountError, cents_from
from chalicelib.web.http import ID

with patterns_compiled_late():
    from marshmallow import Schema, ValidationError, fields, post_load, validates_schema
    from marshmallow.validate import Length, OneOf, Range, Regexp

__all__ = [
    "EMPTY",
    "PAGE",
    "REASON",
    "Amount",
    "Count",
    "EmptySchema",
    "Length",
    "OneOf",
    "PageSchema",
    "Range",
    "ReasonSchema",
    "Regexp",
    "Schema",
    "ValidationError",
    "Whole",
    "day",
    "digest",
    "fields",
    "id_field",
    "line",
    "post_load",
    "validates_schema",
]

# What is larger is none that anything is counted by, and `int` would write out its zeros.
_MOST_COUNTED: Final = 1_000_000_000


_DIGEST: Final = r"[0-9]+\.[0-9a-f]{32}\Z"


def _check_line(value: str) -> None:
    if not value.isprintable() or not value.strip():
        raise ValidationError("Must be one line of visible characters.")


def id_field(**options: Any) -> fields.String:
    return fields.String(validate=Regexp(f"{ID.pattern}\\Z", error="Not an id."), **options)


def digest(**options: Any) -> fields.String:
    """The digest that something was shown with."""
    return fields.String(validate=Regexp(_DIGEST, error="Not a digest."), **options)


def line(most: int, **options: Any) -> fields.String:
    return fields.String(validate=[Length(min=1, max=most), _check_line], **options)


def _check_day(value: date) -> None:
    # Each day is a question of its own, so days outside of any real payout are refused.
    if not 1926 <= value.year <= 2125:
        raise ValidationError("Not a date of this century.")


class _Day(fields.Date):
    """A date as RFC 3339 has it; Python reads other forms of ISO 8601 too."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> date:
        day: date = super()._deserialize(value, *args, **kwargs)
        if day.isoformat() != value:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return day


def day(**options: Any) -> fields.Date:
    return _Day(validate=_check_day, **options)


class Whole(fields.Integer):
    """A whole number in plain digits; Python reads `1_0` and other scripts' digits too."""

    def _validated(self, value: Any) -> int:
        if not re.fullmatch(r"-?[0-9]+", str(value)):
            raise self.make_error("invalid", input=value)
        number: int = super()._validated(value)
        return number


class Count(fields.Integer):
    """A whole JSON number; `3.0` is one, too (JSON Schema 2020-12, Validation, section 6.1.1)."""

    def _validated(self, value: Any) -> int:
        is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        if not is_number or not abs(value) < _MOST_COUNTED or value != int(value):
            raise self.make_error("invalid", input=value)
        return int(value)


class Amount(fields.Field[int]):
    """Dollars as a JSON number or a decimal string; whole cents inside."""

    def _deserialize(
        self,
        value: Any,
        attr: str | None,  # noqa: ARG002 - marshmallow's signature
        data: Mapping[str, Any] | None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> int:
        try:
            cents = cents_from(value)
        except InvalidAmountError as error:
            raise ValidationError(str(error)) from None
        if cents < 1:
            raise ValidationError("Must be at least 0.01.")
        return cents


class ReasonSchema(Schema):
    """Why a person does what they do; it stands in the record, so no payee details."""

    reason = line(500, required=True)


class EmptySchema(Schema):
    """No fields at all."""

    may_be_left_out = True


class PageSchema(Schema):
    """How much of a list, and from where on."""

    limit = Whole(load_default=20, validate=Range(min=1, max=100))
    cursor = fields.String(load_default=None, validate=Length(min=1, max=1024))


# Made once: making a schema costs four times as much as using it.
REASON: Final = ReasonSchema()
EMPTY: Final = EmptySchema()
PAGE: Final = PageSchema()
