"""The garbage collector is off while modules are loaded.

While modules are loaded nothing becomes garbage; looking for it all the same takes a fifth of a
cold start. `start` switches the collector off.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeVar

T = TypeVar("T")


def app_loaded() -> None:
    """Collect from now on; what there is already stays, and is not looked through again."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


@contextmanager
def loading() -> Iterator[None]:
    """No collection while something is loaded later, by the first request that needs it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def part(make: Callable[[Any], T]) -> cached_property[T]:
    """A `cached_property` that is made with the collector off: making it loads modules."""

    def made(container: Any) -> T:
        with loading():
            return make(container)

    return cached_property(made)
