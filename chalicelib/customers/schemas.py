"""What a request about a customer may look like."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib.customers.account_owners import Owner
from chalicelib.customers.approve_destinations import MOST_AT_ONCE
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
    check_typed_again,
    pay_id_of,
)
from chalicelib.web.schemas import (
    Amount,
    Length,
    OneOf,
    Range,
    Regexp,
    Schema,
    ValidationError,
    digest,
    fields,
    id_field,
    line,
    post_load,
    validates_schema,
)

# RFC 5321: what a mail server takes. Longer ones are not looked at.
_MOST_EMAIL: Final = 254
# The business's own name for a customer, as it stands in a cell of its files.
EXTERNAL_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}\Z")
# Monoova's example has six digits; nothing is said of all the others.
_CODE: Final = re.compile(r"[0-9A-Za-z]{4,12}")
_METHODS: Final = tuple(kind.value for kind in DestinationType)
_MOST_DETAIL: Final = 512
_PAY_ID_FIELDS: Final[tuple[str, ...]] = ("pay_id", "pay_id_type")
_BANK_FIELDS: Final[tuple[str, ...]] = ("bsb", "account_number")
_AGAIN: Final = "account_number_confirmed"


def _check_email(value: str) -> None:
    if len(value) > _MOST_EMAIL:
        return  # Length says so
    local, _, domain = value.partition("@")
    # A point with something before it and after it, in what stands behind the only @.
    is_address = bool(local) and "@" not in domain and "." in domain[1:-1]
    if not is_address or not value.isprintable() or " " in value:
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


class DestinationSchema(Schema):
    """A PayID or a bank account; the fields of the one are refused in the other."""

    type = fields.String(required=True, validate=OneOf(_METHODS))
    pay_id = fields.String(validate=Length(min=1, max=_MOST_DETAIL))
    pay_id_type = fields.String(validate=OneOf([kind.value for kind in PayIdType]))
    bsb = fields.String(validate=_taken_by(bsb_of))
    account_number = fields.String(validate=_taken_by(account_number_of))
    account_number_confirmed = fields.String(validate=_taken_by(account_number_of))
    account_name = fields.String(required=True, validate=_taken_by(account_name_of))

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def _check_fields(
        self, data: dict[str, Any], original: Mapping[str, Any], **_kwargs: Any
    ) -> None:
        wanted, others = _PAY_ID_FIELDS, (*_BANK_FIELDS, _AGAIN)
        if data.get("type") == DestinationType.BANK_ACCOUNT:
            wanted, others = _BANK_FIELDS, _PAY_ID_FIELDS
        elif data.get("type") != DestinationType.PAY_ID:
            return
        problems = {name: ["Missing for this type."] for name in wanted if name not in original}
        problems |= {name: ["Not for this type."] for name in others if name in original}
        if problems:
            raise ValidationError(problems)

    @validates_schema(skip_on_field_errors=False)
    def _check_payid_field(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if "pay_id" in data and "pay_id_type" in data:
            try:
                pay_id_of(data["pay_id"], PayIdType(data["pay_id_type"]))
            except InvalidDestinationError as error:
                raise ValidationError(error.message, "pay_id") from None

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def _check_number_again(
        self, data: dict[str, Any], original: Mapping[str, Any], **_kwargs: Any
    ) -> None:
        # Without an account number, the original may be no object at all.
        if "account_number" in data and (_AGAIN in data or _AGAIN not in original):
            try:
                check_typed_again(data["account_number"], data.get(_AGAIN))
            except InvalidDestinationError as error:
                raise ValidationError(error.message, error.field) from None

    @post_load
    def _made(self, data: dict[str, Any], **_kwargs: Any) -> DestinationDetails:
        name = data["account_name"]
        if data["type"] == DestinationType.PAY_ID:
            return PayIdDetails(data["pay_id"], PayIdType(data["pay_id_type"]), name)
        return BankAccountDetails(data["bsb"], data["account_number"], name)


class CustomerSchema(Schema):
    """A new customer."""

    name = line(140, required=True)
    email = fields.String(validate=[Length(max=_MOST_EMAIL), _check_email], load_default=None)
    destination = fields.Nested(DestinationSchema, load_default=None)
    external_id = fields.String(
        validate=Regexp(EXTERNAL_ID, error="Not an external id."), load_default=None
    )


class CustomerChangeSchema(Schema):
    """A change of name, e-mail or both; an `email` of null takes it away."""

    name = line(140)
    email = fields.String(validate=[Length(max=_MOST_EMAIL), _check_email], allow_none=True)

    @validates_schema
    def _check_any(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if not data:
            raise ValidationError("Nothing to change.", "name")


class OwnerSchema(Schema):
    """Names a destination."""

    customer_id = id_field(required=True)
    destination_id = id_field(required=True)

    @post_load
    def _made(self, data: dict[str, Any], **_kwargs: Any) -> Owner:
        return Owner(**data)


class DestinationListSchema(Schema):
    """Destinations that an approver wants to see."""

    destinations = fields.List(
        fields.Nested(OwnerSchema),
        required=True,
        attribute="named",
        validate=Length(min=1, max=MOST_AT_ONCE),
    )

    @validates_schema
    def _check_once(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if len(set(data["named"])) < len(data["named"]):
            raise ValidationError("Names a destination twice.", "destinations")


class ApprovedListSchema(DestinationListSchema):
    """Destinations that an approver was shown, as many as they were, with their digest."""

    count = fields.Integer(strict=True, required=True, validate=Range(min=1, max=MOST_AT_ONCE))
    digest = digest(required=True)
    cap = Amount(load_default=None, attribute="cap_cents")


class VerificationCodeSchema(Schema):
    """What the payee read beside the cent."""

    code = fields.String(required=True, validate=_check_code)


# Made once: making a schema costs four times as much as using it.
DESTINATION: Final = DestinationSchema()
CUSTOMER: Final = CustomerSchema()
CUSTOMER_CHANGE: Final = CustomerChangeSchema()
LIST: Final = DestinationListSchema()
APPROVED_LIST: Final = ApprovedListSchema()
VERIFICATION_CODE: Final = VerificationCodeSchema()
