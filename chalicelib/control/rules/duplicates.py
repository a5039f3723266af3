"""Which payouts may pay once more what was paid already."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class DuplicateRules:
    """For how long a second payout of an amount to an account, under one reference, is refused
    unless it is meant. Zero is never.
    """

    people: timedelta = timedelta(hours=24)
    services: timedelta = timedelta(0)

    def window(self, *, is_service: bool) -> timedelta:
        return self.services if is_service else self.people
