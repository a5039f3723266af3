"""How much may go out in a day: to one customer or account, by one maker, in total."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chalicelib.core.sydney import sydney_day


class LimitKind(StrEnum):
    """What a sum is about."""

    CUSTOMER = "Customer"
    ACCOUNT = "Account"
    MAKER = "Maker"
    TOTAL = "Total"


class Book(StrEnum):
    """Which sums of a day: the values stand in their ids, and sums of today must keep theirs.

    `LIMIT` has what may be sent, `THRESHOLD` and `CAP` what of it no second person has seen.
    """

    LIMIT = "asked"
    THRESHOLD = "threshold"
    CAP = "cap"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a payout is about: `account` is the fingerprint of where it goes, under whichever
    customer it stands, and `maker` the subject of the person or role that asked for it.
    """

    customer_id: str
    account: str
    maker: str


@dataclass(frozen=True, slots=True)
class Count:
    """What a payout adds to one day's sum, and the most that this may come to.

    `of` is the customer, the account or the maker; None for the total.
    """

    kind: LimitKind
    day: date
    of: str | None
    amount_cents: int
    limit_cents: int
    book: Book = Book.LIMIT

    @property
    def room_cents(self) -> int:
        """The most that the sum may be before the payout is added."""
        return self.limit_cents - self.amount_cents

    @property
    def sum_id(self) -> str:
        """The name of the sum."""
        parts = (self.book.value, self.day.isoformat(), self.kind.value)
        return "#".join((*parts, self.of) if self.of else parts)

    def left_cents(self, sum_cents: int) -> int:
        """What the limit has left once the sum comes to `sum_cents`."""
        return max(0, self.limit_cents - sum_cents)


@dataclass(frozen=True, slots=True)
class Limits:
    """The most for each Sydney day; None is no limit."""

    per_customer_cents: int | None = None
    per_account_cents: int | None = None
    in_total_cents: int | None = None
    per_maker_cents: int | None = None

    @property
    def are_set(self) -> bool:
        return self != Limits()

    def counts(self, subject: Subject, amount_cents: int, at: datetime) -> tuple[Count, ...]:
        """What such a payout adds to the sums of its day that have a limit."""
        known = (
            (LimitKind.CUSTOMER, subject.customer_id, self.per_customer_cents),
            (LimitKind.ACCOUNT, subject.account, self.per_account_cents),
            (LimitKind.MAKER, subject.maker, self.per_maker_cents),
            (LimitKind.TOTAL, None, self.in_total_cents),
        )
        day = sydney_day(at)
        return tuple(
            Count(kind, day, of, amount_cents, limit)
            for kind, of, limit in known
            if limit is not None
        )


def day_of_sum(sum_id: str) -> date:
    """The day of the sum that has this name."""
    return date.fromisoformat(sum_id.split("#")[1])


def ids_of(counts: Iterable[Count]) -> tuple[str, ...]:
    """The names of the sums, as a payout remembers them."""
    return tuple(count.sum_id for count in counts)
