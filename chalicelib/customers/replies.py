"""What a reply about a customer looks like; destinations are masked."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from chalicelib.core.dynamodb.items import Page, cursor_of
from chalicelib.core.money import decimal_from
from chalicelib.monoova.rules.destination import Destination, PayId
from chalicelib.web.replies import Json, page_of, time_of

if TYPE_CHECKING:
    from chalicelib.customers.approve_destinations import (
        RevealedDestination,
        Revelation,
        UnapprovedDestination,
    )
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
        "added_by": shown.added_by,
        "approved_by": shown.approved_by,
        "approved_at": time_of(shown.approved_at),
        "cap": _amount(shown.cap_cents),
        "asked_cap": _amount(shown.asked_cap_cents),
        "asked_cap_by": shown.asked_cap_by,
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


def unapproved_destinations(shown: "Page[UnapprovedDestination]") -> Json:
    """A page of destinations that wait for an approver."""
    items = [_of_customer(each) for each in shown.items]
    return page_of(items, cursor_of(shown.next_key), shown.unreadable)


def approved_destinations(shown: "Sequence[UnapprovedDestination]") -> Json:
    """A list of destinations as it was approved."""
    return {"items": [_of_customer(each) for each in shown]}


def revealed(shown: "Revelation") -> Json:
    """Destinations in full, for the approver who asked, and the digest to approve them with."""
    items = [_revealed(each) for each in shown.items]
    return {"items": items, "count": len(items), "digest": shown.digest}


def _of_customer(each: "UnapprovedDestination") -> Json:
    return {"customer_id": each.customer_id, "destination": destination(each.stored)}


def _revealed(each: "RevealedDestination") -> Json:
    """By what stands in the message; of what it does not have, nothing is shown."""
    provenance, approval = each.opened.provenance, each.opened.provenance.approval
    asked = approval.asked if approval else None
    proven: Json = {
        "added_by": provenance.added_by,
        "added_at": time_of(provenance.added_at),
        "approved_by": approval.by if approval else None,
        "approved_at": time_of(approval.at) if approval else None,
        "cap": _amount(each.opened.cap_cents),
        "asked_cap": _amount(asked.cap_cents if asked else None),
        "asked_cap_by": asked.by if asked else None,
    }
    return {
        "customer_id": each.customer_id,
        "customer_name": each.customer_name,
        "destination": destination(each.stored) | details(each.opened.destination) | proven,
        "others": [destination(other) for other in each.others],
        "also_named_by": [
            {"customer_id": owner.customer_id, "destination_id": owner.destination_id}
            for owner in each.also_named_by
        ],
    }


def details(shown: Destination) -> Json:
    """What a destination names, in full: for who may see it, and is recorded."""
    found: Json = dict.fromkeys(("pay_id", "bsb", "account_number"))
    if isinstance(shown, PayId):
        found["pay_id"] = shown.pay_id
    else:
        found |= {"bsb": shown.bsb, "account_number": shown.account_number}
    return found | {"account_name": shown.account_name}


def _amount(cents: int | None) -> Decimal | None:
    return decimal_from(cents) if cents else None
