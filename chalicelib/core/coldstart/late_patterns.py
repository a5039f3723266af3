"""Regular expressions that are compiled when they are first used."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_compile = re.compile


class _LatePattern:
    """A regular expression that is compiled when it is first used."""

    def __init__(self, pattern: Any, flags: Any = 0) -> None:
        self._asked = (pattern, flags)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked for by code that inspects every attribute of a class
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
