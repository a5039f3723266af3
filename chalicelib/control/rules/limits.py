"""How much may be asked for in a day: of one customer, for one destination, in total."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chalicelib.core.sydney import sydney_day


class LimitKind(StrEnum):
    """What a limit is about."""

    CUSTOMER = "Customer"
    DESTINATION = "Destination"
    TOTAL = "Total"


@dataclass(frozen=True, slots=True)
class Count:
    """What a payout adds to one day's sum, and the most that this may come to.

    `of` is the customer or the destination; None for the total.
    """

    kind: LimitKind
    day: date
    of: str | None
    amount_cents: int
    limit_cents: int

    @property
    def room_cents(self) -> int:
        """The most that the sum may be before the payout is added."""
        return self.limit_cents - self.amount_cents


@dataclass(frozen=True, slots=True)
class Limits:
    """The most for each Sydney day; None is no limit."""

    per_customer_cents: int | None = None
    per_destination_cents: int | None = None
    in_total_cents: int | None = None

    @property
    def are_set(self) -> bool:
        return self != Limits()

    def counts(
        self, customer_id: str, destination_id: str, amount_cents: int, at: datetime
    ) -> tuple[Count, ...]:
        """What such a payout adds to the sums of its day that have a limit."""
        known = (
            (LimitKind.CUSTOMER, customer_id, self.per_customer_cents),
            (LimitKind.DESTINATION, destination_id, self.per_destination_cents),
            (LimitKind.TOTAL, None, self.in_total_cents),
        )
        return tuple(
            Count(kind, sydney_day(at), of, amount_cents, limit)
            for kind, of, limit in known
            if limit is not None
        )
