"""What makes loading modules cheap.

Nothing here changes what the modules do. Measured by `python -m bench.cold`.
"""

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def done() -> None:
    """The app is loaded: what there is now stays, and is not looked through again.

    While modules are loaded nothing becomes garbage; looking for it all the same takes a fifth of
    a cold start.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


@contextmanager
def loading() -> Iterator[None]:
    """The same for what is loaded later, by the first request that needs it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


_compile = re.compile


class _LatePattern:
    """A regular expression that is compiled when it is first used."""

    def __init__(self, pattern: Any, flags: Any = 0) -> None:
        self._asked = (pattern, flags)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked for by whoever looks at every attribute of a class
            raise AttributeError(name)
        return getattr(_compile(*self._asked), name)  # `re` keeps it, under what it was asked


@contextmanager
def patterns_compiled_late() -> Iterator[None]:
    """For modules that compile what we never use: marshmallow's e-mail pattern takes 31 ms."""
    late: Any = _LatePattern
    re.compile = late
    try:
        yield
    finally:
        re.compile = _compile
