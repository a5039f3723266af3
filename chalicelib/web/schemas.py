"""What a request may look like. Every problem of a request is reported, not just the first."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from chalicelib.core.money import InvalidAmountError, cents_from
from chalicelib.customers.manage_customers import (
    BankAccountDetails,
    DestinationDetails,
    PayIdDetails,
)
from chalicelib.monoova.rules.destination import (
    DestinationType,
    InvalidDestinationError,
    PayIdType,
    account_name_of,
    account_number_of,
    bsb_of,
    pay_id_of,
)
from chalicelib.payouts.administer_payout import RESOLUTIONS
from chalicelib.payouts.list_payouts import PayoutFilter
from chalicelib.payouts.request_payout import PayoutRequest
from chalicelib.payouts.rules.payout import Status
from chalicelib.starting import patterns_compiled_late
from chalicelib.web.http import ID

with patterns_compiled_late():
    from marshmallow import Schema, ValidationError, fields, post_load, validates_schema
    from marshmallow.validate import Length, OneOf, Range, Regexp

_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
# The business's own name for a customer, as it stands in a cell of its files.
EXTERNAL_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}\Z")
# Monoova's example has six digits; nothing is said of all the others.
_CODE: Final = re.compile(r"[0-9A-Za-z]{4,12}")
_METHODS: Final = tuple(kind.value for kind in DestinationType)
# Monoova's limits: description 500, lodgement reference 280 characters.
_DESCRIPTION: Final = 500
_LODGEMENT_REFERENCE: Final = 280
_MOST_DETAIL: Final = 512


def _check_line(value: str) -> None:
    if not value.isprintable() or not value.strip():
        raise ValidationError("Must be one line of visible characters.")


def _check_email(value: str) -> None:
    if not _EMAIL.fullmatch(value) or not value.isprintable():
        raise ValidationError("Not an e-mail address.")


def _check_code(value: str) -> None:
    if not _CODE.fullmatch(value):
        raise ValidationError("Not a code of 4 to 12 digits or letters.")


def _taken_by(normalise: Callable[[str], str]) -> Callable[[str], None]:
    """Checks that one part of a destination is what the rail takes."""

    def check(value: str) -> None:
        try:
            normalise(value)
        except InvalidDestinationError as error:
            raise ValidationError(error.message) from None

    return check


def _id(**options: Any) -> fields.String:
    return fields.String(validate=Regexp(f"{ID.pattern}\\Z", error="Not an id."), **options)


def _line(most: int, **options: Any) -> fields.String:
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


def _day(**options: Any) -> fields.Date:
    return _Day(validate=_check_day, **options)


class _Whole(fields.Integer):
    """A whole number in plain digits; Python reads `1_0` and other scripts' digits too."""

    def _validated(self, value: Any) -> int:
        if not re.fullmatch(r"-?[0-9]+", str(value)):
            raise self.make_error("invalid", input=value)
        number: int = super()._validated(value)
        return number


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


class DestinationSchema(Schema):
    """A PayID or a bank account; the fields of the one are refused in the other."""

    type = fields.String(required=True, validate=OneOf(_METHODS))
    pay_id = fields.String(validate=Length(min=1, max=_MOST_DETAIL))
    pay_id_type = fields.String(validate=OneOf([kind.value for kind in PayIdType]))
    bsb = fields.String(validate=_taken_by(bsb_of))
    account_number = fields.String(validate=_taken_by(account_number_of))
    account_name = fields.String(required=True, validate=_taken_by(account_name_of))

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def _check_fields(
        self, data: dict[str, Any], original: Mapping[str, Any], **_kwargs: Any
    ) -> None:
        wanted, others = ("pay_id", "pay_id_type"), ("bsb", "account_number")
        if data.get("type") == DestinationType.BANK_ACCOUNT:
            wanted, others = others, wanted
        elif data.get("type") != DestinationType.PAY_ID:
            return
        problems = {name: ["Missing for this type."] for name in wanted if name not in original}
        problems |= {name: ["Not for this type."] for name in others if name in original}
        if problems:
            raise ValidationError(problems)

    @validates_schema(skip_on_field_errors=False)
    def _check_pay_id(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if "pay_id" in data and "pay_id_type" in data:
            try:
                pay_id_of(data["pay_id"], PayIdType(data["pay_id_type"]))
            except InvalidDestinationError as error:
                raise ValidationError(error.message, "pay_id") from None

    @post_load
    def _made(self, data: dict[str, Any], **_kwargs: Any) -> DestinationDetails:
        name = data["account_name"]
        if data["type"] == DestinationType.PAY_ID:
            return PayIdDetails(data["pay_id"], PayIdType(data["pay_id_type"]), name)
        return BankAccountDetails(data["bsb"], data["account_number"], name)


class CustomerSchema(Schema):
    """A new customer."""

    name = _line(140, required=True)
    email = fields.String(validate=[Length(max=254), _check_email], load_default=None)
    destination = fields.Nested(DestinationSchema, load_default=None)
    external_id = fields.String(
        validate=Regexp(EXTERNAL_ID, error="Not an external id."), load_default=None
    )


class CustomerChangeSchema(Schema):
    """A change of name, e-mail or both; an `email` of null takes it away."""

    name = _line(140)
    email = fields.String(validate=[Length(max=254), _check_email], allow_none=True)

    @validates_schema
    def _check_any(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if not data:
            raise ValidationError("Nothing to change.", "name")


class PayoutSchema(Schema):
    """A request to pay. The limit is checked later: a replay is good whatever the limit is now."""

    customer_id = _id(required=True)
    amount = Amount(required=True)
    destination_id = _id(load_default=None)
    payout_method = fields.String(validate=OneOf(_METHODS), load_default=None)
    description = _line(_DESCRIPTION, load_default=None)
    lodgement_reference = _line(_LODGEMENT_REFERENCE, load_default=None)

    @post_load
    def _made(self, data: dict[str, Any], **_kwargs: Any) -> PayoutRequest:
        data["amount_cents"] = data.pop("amount")
        return PayoutRequest(**data)


class VerificationCodeSchema(Schema):
    """What the payee read beside the cent."""

    code = fields.String(required=True, validate=_check_code)


class ResolveSchema(Schema):
    """How a person settles a payout that needs review, and why."""

    outcome = fields.String(required=True, validate=OneOf(RESOLUTIONS))
    reason = _line(500, required=True)


class ReasonSchema(Schema):
    """Why a person does what they do; it stands in the record, so no payee details."""

    reason = _line(500, required=True)


class EmptySchema(Schema):
    """No fields at all."""


class PageSchema(Schema):
    """How much of a list, and from where on."""

    limit = _Whole(load_default=20, validate=Range(min=1, max=100))
    cursor = fields.String(load_default=None, validate=Length(min=1, max=1024))


class DeadLetterListSchema(Schema):
    """How many messages to look through; 0 counts them and takes none out of its queue."""

    limit = _Whole(load_default=200, validate=Range(min=0, max=200))


class PayoutListSchema(PageSchema):
    """Which payouts; `date` is short for the same `from` and `to`."""

    customer_id = _id()
    status = fields.Enum(Status, by_value=True)
    date = _day()
    from_ = _day(data_key="from")
    to = _day()
    needs_review = fields.Boolean(truthy={"true"}, falsy={"false"})

    @validates_schema(skip_on_field_errors=False)
    def _check_days(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if "date" in data and ("from_" in data or "to" in data):
            raise ValidationError("Give either date, or from and to.", "date")
        first, last = data.get("from_"), data.get("to")
        if first and last and first > last:
            raise ValidationError("Is after to.", "from")


class DayRangeSchema(Schema):
    """From which Sydney day to which, both included."""

    from_ = _day(data_key="from", load_default=None)
    to = _day(load_default=None)

    @validates_schema
    def _check_days(self, data: dict[str, Any], **_kwargs: Any) -> None:
        first, last = data["from_"], data["to"]
        if first and last and first > last:
            raise ValidationError("Is after to.", "from")


class CustomerPayoutListSchema(PayoutListSchema):
    """The same for one customer, whom the path names."""

    class Meta:
        exclude = ("customer_id",)


def filter_of(query: Mapping[str, Any], customer_id: str | None = None) -> PayoutFilter:
    """The filter that a query asks for."""
    return PayoutFilter(
        customer_id=customer_id or query.get("customer_id"),
        status=query.get("status"),
        first_day=query.get("date") or query.get("from_"),
        last_day=query.get("date") or query.get("to"),
        needs_review=query.get("needs_review"),
    )


# Made once: making a schema costs four times as much as using it.
DESTINATION: Final = DestinationSchema()
CUSTOMER: Final = CustomerSchema()
CUSTOMER_CHANGE: Final = CustomerChangeSchema()
PAYOUT: Final = PayoutSchema()
VERIFICATION_CODE: Final = VerificationCodeSchema()
RESOLVE: Final = ResolveSchema()
REASON: Final = ReasonSchema()
EMPTY: Final = EmptySchema()
PAGE: Final = PageSchema()
DEAD_LETTERS: Final = DeadLetterListSchema()
DAY_RANGE: Final = DayRangeSchema()
PAYOUT_LIST: Final = PayoutListSchema()
CUSTOMER_PAYOUT_LIST: Final = CustomerPayoutListSchema()
