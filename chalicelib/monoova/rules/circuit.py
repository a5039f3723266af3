"""A circuit breaker: whether calls of one kind may be made to Monoova, judged by how they go.

There are two, and they know nothing of each other: one of the calls that move money, one of all
questions. A login that Monoova refuses is the one thing that shuts both (`rules/gate.py`).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

WINDOW_SECONDS: Final = 300
COOL_DOWN_SECONDS: Final = 600
_FEWEST_CALLS: Final = 10
# How long the one probe may take before another is let through.
PROBE_SECONDS: Final = 60


class OpenReason(StrEnum):
    """Why a circuit is open."""

    TOO_MANY_FAILURES = "TooManyFailures"
    NOT_AUTHENTICATED = "NotAuthenticated"
    LOCKED_OUT = "LockedOut"


@dataclass(frozen=True, slots=True)
class Circuit:
    """One breaker. `open_reason` None means that it is closed: calls may be made.

    `probe_at` is when one call may try whether Monoova is back; None means: not until a person or a
    new key allows it. In health nothing is written: an instance reports its calls only after a
    failure was seen by any of them (`watching_until`).
    """

    open_reason: OpenReason | None = None
    opened_at: datetime | None = None
    probe_at: datetime | None = None
    watching_until: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.open_reason is not None

    @property
    def is_open_by_login(self) -> bool:
        return self.open_reason in (OpenReason.NOT_AUTHENTICATED, OpenReason.LOCKED_OUT)

    def is_watching(self, now: datetime) -> bool:
        return self.watching_until is not None and now < self.watching_until

    def is_probe_due(self, now: datetime) -> bool:
        return self.is_open and self.probe_at is not None and now >= self.probe_at

    def watching(self, now: datetime) -> "Circuit":
        """After a failure in health: from now on every instance reports its calls."""
        return replace(self, watching_until=now + timedelta(seconds=WINDOW_SECONDS))

    def opened(self, reason: OpenReason, now: datetime, probe_at: datetime | None) -> "Circuit":
        """Open. One that was open already keeps the time when it first opened."""
        return Circuit(reason, self.opened_at if self.is_open else now, probe_at)


@dataclass(frozen=True, slots=True)
class Tally:
    """Calls of one kind in the last five minutes, as far as they were reported."""

    calls: int
    failures: int

    @property
    def is_too_much(self) -> bool:
        return self.calls >= _FEWEST_CALLS and self.failures * 2 > self.calls
