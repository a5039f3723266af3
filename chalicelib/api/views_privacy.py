"""What is held on a customer, in the clear, and who looked at it: the answers of two doors."""

from typing import Any

from chalicelib.api import views
from chalicelib.api.http import Reply
from chalicelib.domain.destination import Destination, PayId
from chalicelib.services.privacy import AccessList, Export
from chalicelib.storage.accesses import Access
from chalicelib.storage.customers import SealedDestination
from chalicelib.storage.dynamodb import text_of

Json = dict[str, Any]


def export(shown: Export) -> Reply:
    """A page of it. No cache may keep it."""
    customer = None
    if shown.customer:
        destinations = [_destination(*pair) for pair in shown.destinations]
        customer = views.customer(shown.customer) | {"destinations": destinations}
    body = {
        "as_of": text_of(shown.as_of),
        "customer": customer,
        "payouts": [views.payout_with_history(payout) for payout in shown.payouts],
        "next_cursor": shown.next_cursor,
    }
    return Reply(body, headers={"Cache-Control": "no-store"})


def _destination(sealed: SealedDestination, opened: Destination) -> Json:
    details: Json = dict.fromkeys(("pay_id", "bsb", "account_number"))
    if isinstance(opened, PayId):
        details["pay_id"] = opened.pay_id
    else:
        details |= {"bsb": opened.bsb, "account_number": opened.account_number}
    return views.destination(sealed) | details | {"account_name": opened.account_name}


def accesses(shown: AccessList) -> Json:
    """A page of openings."""
    items = [_access(access) for access in shown.items]
    return {"items": items, "next_cursor": shown.next_cursor}


def _access(access: Access) -> Json:
    return {
        "at": text_of(access.at),
        "by": access.by,
        "purpose": access.purpose,
        "destination_id": access.destination_id,
        "transaction_id": access.transaction_id,
    }
