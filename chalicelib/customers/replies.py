"""What a reply about a customer looks like; destinations are masked."""

from typing import TYPE_CHECKING

from chalicelib.core.dynamodb.items import Page, cursor_of
from chalicelib.web.replies import Json, page_of, time_of

if TYPE_CHECKING:
    from chalicelib.customers.manage_customers import Customer
    from chalicelib.customers.store import SealedDestination


def destination(shown: "SealedDestination") -> Json:
    """A destination, masked."""
    return {
        "destination_id": shown.destination_id,
        "type": shown.type,
        "pay_id_type": shown.pay_id_type,
        "masked": shown.masked,
        "created_at": time_of(shown.created_at),
        "bsb_checked_at": time_of(shown.bsb_checked_at),
        "verification": {
            "status": shown.verification.status.value,
            "owner_name_matches": shown.verification.owner_name_matches,
            "at": time_of(shown.verification.at),
        },
    }


def customer(shown: "Customer") -> Json:
    """A customer with masked destinations."""
    return {
        "customer_id": shown.customer_id,
        "external_id": shown.external_id,
        "name": shown.name,
        "email": shown.email,
        "destinations": [destination(d) for d in shown.destinations],
        "created_at": time_of(shown.created_at),
        "updated_at": time_of(shown.updated_at),
    }


def customers(shown: "Page[Customer]") -> Json:
    """A page of customers."""
    items = [customer(item) for item in shown.items]
    return page_of(items, cursor_of(shown.next_key), shown.unreadable)
