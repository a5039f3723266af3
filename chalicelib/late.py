"""Schemas and replies of each capability, loaded when a request first needs them.

marshmallow takes 46 ms of a cold start, and a webhook, a queue's message or a look at one payout
have nothing for it to load.
"""

from typing import TYPE_CHECKING

from chalicelib.core.coldstart.late_imports import late_modules

if TYPE_CHECKING:
    from chalicelib.batches import replies as batch_replies
    from chalicelib.batches import schemas as batch_schemas
    from chalicelib.customers import replies as customer_replies
    from chalicelib.customers import schemas as customer_schemas
    from chalicelib.monoova import replies as monoova_replies
    from chalicelib.payouts import replies as payout_replies
    from chalicelib.payouts import schemas as payout_schemas
    from chalicelib.privacy import replies as privacy_replies
    from chalicelib.reports import replies as report_replies
    from chalicelib.reports import schemas as report_schemas
    from chalicelib.web import pages, schemas
    from chalicelib.webhooks import replies as webhook_replies
    from chalicelib.webhooks import schemas as webhook_schemas

__all__ = [
    "batch_replies",
    "batch_schemas",
    "customer_replies",
    "customer_schemas",
    "monoova_replies",
    "pages",
    "payout_replies",
    "payout_schemas",
    "privacy_replies",
    "report_replies",
    "report_schemas",
    "schemas",
    "webhook_replies",
    "webhook_schemas",
]

_FOLDERS = {
    "batch": "batches",
    "customer": "customers",
    "monoova": "monoova",
    "payout": "payouts",
    "privacy": "privacy",
    "report": "reports",
    "webhook": "webhooks",
}


def _module(name: str) -> str:
    """The dotted name: `payout_schemas` is `chalicelib.payouts.schemas`, `pages` is of `web`."""
    capability, _, module = name.rpartition("_")
    return f"chalicelib.{_FOLDERS.get(capability, 'web')}.{module}"


__getattr__ = late_modules({name: _module(name) for name in __all__})
