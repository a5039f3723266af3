"""For how long sending was shut: what a queued payout waited in vain does not make it too old."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

Span = tuple[datetime, datetime]

# The gate is read with every payout, and must stay small.
MOST_SPANS: Final = 10


@dataclass(frozen=True, slots=True)
class ShutTime:
    """`spans` are the times, in order, over which sending was shut; `since` begins the present one.

    Of more spans than are kept, the two that lie closest together count as one: so the time
    between them counts as shut too, which lets a payout wait longer and never shorter.
    """

    since: datetime | None = None
    spans: tuple[Span, ...] = ()

    def noted(self, now: datetime, *, is_shut: bool) -> "ShutTime":
        """After a change of the gate at `now`, which has left sending shut or not."""
        if is_shut:
            return self if self.since else replace(self, since=now)
        if self.since is None:
            return self
        return ShutTime(None, _fewer((*self.spans, (self.since, now))))

    def within(
        self, start: datetime, end: datetime, present_until: datetime | None = None
    ) -> timedelta:
        """For how long sending was shut between two times; the present span may have its end."""
        spans = (*self.spans, (self.since, present_until or end)) if self.since else self.spans
        none = timedelta()
        return sum((max(min(until, end) - max(since, start), none) for since, until in spans), none)


def _fewer(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    if len(spans) <= MOST_SPANS:
        return spans
    closest = min(range(len(spans) - 1), key=lambda at: spans[at + 1][0] - spans[at][1])
    both = (spans[closest][0], spans[closest + 1][1])
    return (*spans[:closest], both, *spans[closest + 2 :])
