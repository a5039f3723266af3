"""The way in: requests parsed, errors made answers, answers made JSON.

`schemas` is loaded when it is first asked for: marshmallow takes 46 ms of a cold start, and a
webhook, a queue's message or a look at one payout have nothing for it to load.
"""

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

from chalicelib.starting import loading

if TYPE_CHECKING:
    from chalicelib.api import schemas as schemas


def __getattr__(name: str) -> ModuleType:
    if name == "schemas":
        with loading():
            return importlib.import_module("chalicelib.api.schemas")
    raise AttributeError(name)
