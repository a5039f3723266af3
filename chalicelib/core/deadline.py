"""A deadline: how long a run may go on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.core.clock import Clock


@dataclass(slots=True)
class TimeLeft:
    """Until `ends_at`; remembers in `was_enough` whether anything had to be left out."""

    clock: Clock
    ends_at: datetime
    was_enough: bool = True

    @property
    def seconds(self) -> float:
        return (self.ends_at - self.clock.now()).total_seconds()

    def has(self, seconds: float) -> bool:
        """Whether something that takes `seconds` may be begun."""
        has_time = self.clock.now() + timedelta(seconds=seconds) <= self.ends_at
        self.was_enough &= has_time
        return has_time
