"""The way in: requests parsed, errors made answers, answers made JSON.

`schemas` is loaded when it is first asked for: marshmallow takes 46 ms of a cold start, and a
webhook, a queue's message or a look at one payout have nothing for it to load. So are `pages`, and
the views of what is rarely asked for.
"""

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

from chalicelib.starting import loading

if TYPE_CHECKING:
    from chalicelib.api import pages as pages
    from chalicelib.api import schemas as schemas
    from chalicelib.api import schemas_batches as schemas_batches
    from chalicelib.api import views_batches as views_batches
    from chalicelib.api import views_daily as views_daily
    from chalicelib.api import views_privacy as views_privacy

_LATE = frozenset(
    {"pages", "schemas", "schemas_batches", "views_batches", "views_daily", "views_privacy"}
)


def __getattr__(name: str) -> ModuleType:
    if name in _LATE:
        with loading():
            return importlib.import_module(f"chalicelib.api.{name}")
    raise AttributeError(name)
