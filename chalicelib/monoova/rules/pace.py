"""How many payouts a minute Monoova takes, found out from its answer "too many requests" (429).

Without such an answer there is no pace, and nothing is counted. One is found by halving at each
429, and tried out by doubling after five minutes without one, until it is as fast as none.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

# What nothing is known of is taken to be this fast; a pace that has grown back to it is over.
FULL_PER_MINUTE: Final = 60
_WINDOW: Final = timedelta(minutes=1)
_QUIET: Final = timedelta(minutes=5)
# How long a 429 without `Retry-After` is heeded, and the longest that one with it is.
_USUAL_WAIT_SECONDS: Final = 60
_LONGEST_WAIT_SECONDS: Final = 3600


def heeded_until(now: datetime, retry_after: int | None) -> datetime:
    """Until when nothing is sent after a 429; `retry_after` is what it asked for, in seconds."""
    wait = _USUAL_WAIT_SECONDS if retry_after is None else retry_after
    return now + timedelta(seconds=max(1, min(wait, _LONGEST_WAIT_SECONDS)))


@dataclass(frozen=True, slots=True)
class Pace:
    """So many payouts in each minute from `not_before` on, and none before it.

    No 429 came since `not_before`: any moves it on. So the rate that holds at a time follows from
    the two, and nothing has to be written for a pace to grow and to end.
    """

    per_minute: int
    not_before: datetime

    def allowed(self, now: datetime) -> int:
        """How many may go in the minute of `now`; from `FULL_PER_MINUTE` on there is no pace."""
        quiet = max(0, (now - self.not_before) // _QUIET)
        return int(self.per_minute * 2 ** min(quiet, FULL_PER_MINUTE))

    def is_on(self, now: datetime) -> bool:
        """Whether a send has to take its turn."""
        return self.allowed(now) < FULL_PER_MINUTE

    @property
    def ends_at(self) -> datetime:
        """From when on there is no pace, if no further 429 comes."""
        doublings = (-(-FULL_PER_MINUTE // self.per_minute) - 1).bit_length()
        return self.not_before + doublings * _QUIET

    def window_at(self, now: datetime) -> datetime:
        """When the minute began in which turns are counted at `now`."""
        return self.not_before + max(0, (now - self.not_before) // _WINDOW) * _WINDOW

    def next_turn_at(self, now: datetime) -> datetime:
        """When the next turns are given out, to one that got none at `now`."""
        return self.not_before if now < self.not_before else self.window_at(now) + _WINDOW

    def halved(self, now: datetime, until: datetime) -> "Pace":
        """After a 429 under this pace: half of what held, one a minute at the least."""
        most = min(self.allowed(now), FULL_PER_MINUTE)
        return Pace(max(1, most // 2), max(until, self.not_before))

    def heeding(self, until: datetime) -> "Pace":
        """After a 429 to a call that began before this pace was set: it says no more than when."""
        return replace(self, not_before=max(until, self.not_before))
