"""Time as the simulator sees it: asked for, never slept on."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
"""Answers the present moment, in UTC."""


class ManualClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, start: datetime = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`; a clock never goes back."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back {seconds} s")
        self._now += timedelta(seconds=seconds)


def utc_now() -> datetime:
    """The machine's clock, for the HTTP server."""
    return datetime.now(UTC)


def day_text(at: datetime, zone: ZoneInfo) -> str:
    """`2020-06-05`, local, as the status replies print it."""
    return at.astimezone(zone).strftime("%Y-%m-%d")


def local_text(at: datetime, zone: ZoneInfo) -> str:
    """`2019-07-22T10:00:00`, local and without an offset, as the webhooks print it."""
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")


def american_text(at: datetime, zone: ZoneInfo) -> str:
    """`11/14/2019 3:41:05 PM`, the form of the subscription replies."""
    local = at.astimezone(zone)
    hour = local.hour % 12 or 12
    half = "AM" if local.hour < 12 else "PM"
    return f"{local.month}/{local.day}/{local.year} {hour}:{local:%M:%S} {half}"
