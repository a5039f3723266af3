"""The seam around every foreign call: where a test may delay it, fail it, or kill who makes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """One foreign call: `service` as AWS names it, or "monoova"; `operation` of its API."""

    service: str
    operation: str

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"


class Seam(Protocol):
    """Lets `effect`, which happens in one instant at the other end, happen, or not, or twice."""

    def cross(self, call: Call, effect: Callable[[], T]) -> T:
        """What the caller hears of it. May raise `UnheardError`, `NotDoneError` or `Killed`."""
        ...


class Open:
    """A seam at which nothing goes wrong."""

    def cross(self, _call: Call, effect: Callable[[], T]) -> T:
        return effect()


class TroubleError(Exception):
    """What the other side of a call has done; each adapter raises it as its own error."""

    may_be_done: bool


class NotDoneError(TroubleError):
    """It was throttled, or never left: nothing was done."""

    may_be_done = False


class UnheardError(TroubleError):
    """No answer came: it may have been done."""

    may_be_done = True


class Killed(BaseException):
    """The function is gone, in the middle of what it did. No `except Exception` stops it."""
