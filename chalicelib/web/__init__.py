"""HTTP and queue events: requests parsed, errors made answers, answers made JSON.

`schemas` is loaded when it is first asked for: marshmallow takes 46 ms of a cold start, and a
webhook, a queue's message or a look at one payout have nothing for it to load. So are `pages`, and
the replies of what is rarely asked for.
"""

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

from chalicelib.starting import loading

if TYPE_CHECKING:
    from chalicelib.batches import replies as batch_replies
    from chalicelib.batches import schemas as batch_schemas
    from chalicelib.privacy import replies as privacy_replies
    from chalicelib.reports import replies as report_replies
    from chalicelib.web import pages, schemas

__all__ = [
    "batch_replies",
    "batch_schemas",
    "pages",
    "privacy_replies",
    "report_replies",
    "schemas",
]
_LATE = {
    "batch_replies": "chalicelib.batches.replies",
    "batch_schemas": "chalicelib.batches.schemas",
    "pages": "chalicelib.web.pages",
    "privacy_replies": "chalicelib.privacy.replies",
    "report_replies": "chalicelib.reports.replies",
    "schemas": "chalicelib.web.schemas",
}


def __getattr__(name: str) -> ModuleType:
    if name in _LATE:
        with loading():
            return importlib.import_module(_LATE[name])
    raise AttributeError(name)
