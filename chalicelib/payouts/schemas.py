"""What a request about a payout may look like."""

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.monoova.rules.destination import DestinationType
from chalicelib.payouts.administer_payout import RESOLUTIONS
from chalicelib.payouts.list_payouts import PayoutFilter
from chalicelib.payouts.request_payout import PayoutRequest
from chalicelib.payouts.rules.payout import Status
from chalicelib.web.schemas import (
    Amount,
    OneOf,
    PageSchema,
    Schema,
    ValidationError,
    day,
    digest,
    fields,
    id_field,
    line,
    post_load,
    validates_schema,
)

_METHODS: Final = tuple(kind.value for kind in DestinationType)
# Monoova's limits: description 500, lodgement reference 280 characters.
_DESCRIPTION: Final = 500
_LODGEMENT_REFERENCE: Final = 280


class PayoutSchema(Schema):
    """A request to pay. The limit is checked later: a replay is good whatever the limit is now."""

    customer_id = id_field(required=True)
    amount = Amount(required=True)
    destination_id = id_field(load_default=None)
    payout_method = fields.String(validate=OneOf(_METHODS), load_default=None)
    description = line(_DESCRIPTION, load_default=None)
    lodgement_reference = line(_LODGEMENT_REFERENCE, load_default=None)
    accept_duplicate_of = id_field(load_default=None)

    @post_load
    def _made(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        data["amount_cents"] = data.pop("amount")
        accepted = data.pop("accept_duplicate_of")
        return {"ask": PayoutRequest(**data), "accept_duplicate_of": accepted}


class ApproveSchema(Schema):
    """The digest that the payout's destination was shown with, where that waits for approval."""

    may_be_left_out = True

    digest = digest(load_default=None)


class ResolveSchema(Schema):
    """How a person settles a payout that needs review, and why."""

    outcome = fields.String(required=True, validate=OneOf(RESOLUTIONS))
    reason = line(500, required=True)


class PayoutListSchema(PageSchema):
    """Which payouts; `date` is short for the same `from` and `to`."""

    customer_id = id_field()
    status = fields.Enum(Status, by_value=True)
    date = day()
    from_ = day(data_key="from")
    to = day()
    needs_review = fields.Boolean(truthy={"true"}, falsy={"false"})

    @validates_schema(skip_on_field_errors=False)
    def _check_days(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if "date" in data and ("from_" in data or "to" in data):
            raise ValidationError("Give either date, or from and to.", "date")
        first, last = data.get("from_"), data.get("to")
        if first and last and first > last:
            raise ValidationError("Is after to.", "from")


class CustomerPayoutListSchema(PayoutListSchema):
    """Which payouts of the one customer whom the path names."""

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


PAYOUT: Final = PayoutSchema()
APPROVE: Final = ApproveSchema()
RESOLVE: Final = ResolveSchema()
PAYOUT_LIST: Final = PayoutListSchema()
CUSTOMER_PAYOUT_LIST: Final = CustomerPayoutListSchema()
