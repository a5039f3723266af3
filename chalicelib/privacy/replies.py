"""What is held on a customer, in the clear, and who looked at it."""

from chalicelib.core.dynamodb.items import text_of
from chalicelib.customers import replies as customer_replies
from chalicelib.customers.access_store import Access
from chalicelib.customers.store import SealedDestination
from chalicelib.monoova.rules.destination import Destination
from chalicelib.payouts import replies as payout_replies
from chalicelib.privacy.export_customer import AccessList, Export
from chalicelib.web.http import Reply
from chalicelib.web.replies import Json, page_of


def export(shown: Export) -> Reply:
    """A page of it. No cache may keep it."""
    customer = None
    if shown.customer:
        destinations = [_destination(*pair) for pair in shown.destinations]
        customer = customer_replies.customer(shown.customer) | {"destinations": destinations}
    body = {
        "as_of": text_of(shown.as_of),
        "customer": customer,
        "payouts": [payout_replies.payout_with_history(payout) for payout in shown.payouts],
        "next_cursor": shown.next_cursor,
        "unreadable": list(shown.unreadable),
    }
    return Reply(body, headers={"Cache-Control": "no-store"})


def _destination(sealed: SealedDestination, opened: Destination) -> Json:
    return customer_replies.destination(sealed) | customer_replies.details(opened)


def accesses(shown: AccessList) -> Json:
    """A page of openings."""
    items = [_access(access) for access in shown.items]
    return page_of(items, shown.next_cursor, shown.unreadable)


def _access(access: Access) -> Json:
    return {
        "at": text_of(access.at),
        "by": access.by,
        "purpose": access.purpose,
        "destination_id": access.destination_id,
        "transaction_id": access.transaction_id,
    }
