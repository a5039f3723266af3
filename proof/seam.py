"""The seam around every foreign call, at which faults are injected: delay, failure, crash."""

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
    """Runs `effect`, the instant at which the service acts, once, not at all, or twice."""

    def cross(self, call: Call, effect: Callable[[], T]) -> T:
        """The answer to the caller. May raise `AnswerLostError`, `NotDoneError` or `Killed`."""
        ...


class NoFaults:
    """A seam that injects no faults."""

    def cross(self, _call: Call, effect: Callable[[], T]) -> T:
        return effect()


class FailedCallError(Exception):
    """A call that failed; each adapter raises it as its service's own error."""

    may_be_done: bool


class NotDoneError(FailedCallError):
    """The call was throttled or never sent: nothing was done."""

    may_be_done = False


class AnswerLostError(FailedCallError):
    """No answer came: the call may have been done."""

    may_be_done = True


class Killed(BaseException):
    """The function was killed in the middle of its work. No `except Exception` stops it."""
