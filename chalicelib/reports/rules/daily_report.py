"""The report on one day: what was compared, what differs, and what could not be compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from chalicelib.reports.rules.comparison import DIFFERENCES, Kind
from chalicelib.reports.rules.day_statistics import DayStatistics


class Incomplete(StrEnum):
    """Why a report does not cover its whole day; the next run makes it again."""

    TIME_WAS_UP = "TimeWasUp"
    MONOOVA_UNAVAILABLE = "MonoovaUnavailable"
    SENDING_STOPPED = "SendingStopped"
    TOO_MUCH = "TooMuch"


@dataclass(frozen=True, slots=True)
class Line:
    """One difference. `reference` is a payout's, or has at least the form of ours.

    `monoova_says` is what the status API answered when it was asked about it, `flaw` what about
    the payout is not as it was decided.
    """

    kind: Kind
    reference: str
    monoova_transaction_id: str | None = None
    status: str | None = None
    amount_cents: int | None = None
    amount_there: Decimal | None = None
    in_statement: bool = False
    in_transactions: bool = False
    monoova_says: str | None = None
    flaw: str | None = None


@dataclass(frozen=True, slots=True)
class AccountDay:
    """The mAccount on one day, in dollars with four decimals."""

    opening_balance: Decimal
    closing_balance: Decimal
    total_debits: Decimal
    total_credits: Decimal

    @property
    def adds_up(self) -> bool:
        """Whether the opening balance and the movements make the closing one."""
        moved = self.total_credits - self.total_debits
        return self.opening_balance + moved == self.closing_balance


@dataclass(frozen=True, slots=True)
class MissedWebhooks:
    """Of the day's events that change payouts: how many never arrived, how many were sent again."""

    found: int
    sent_again: int


@dataclass(frozen=True, slots=True)
class DailyReport:
    """The comparison of one Sydney day. Made again, it has a higher `revision`.

    `counts` are by `Kind` and exact; `differences` are bounded. `not_ours` are payments of the
    statement under references that are not of our form. `missed_webhooks` is None where Monoova
    asked for them.
    """

    day: date
    made_at: datetime
    made_by: str
    statistics: DayStatistics
    revision: int = 0
    incomplete_because: Incomplete | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    not_ours: int = 0
    account: AccountDay | None = None
    missed_webhooks: MissedWebhooks | None = None
    differences: tuple[Line, ...] = ()

    @property
    def is_complete(self) -> bool:
        return self.incomplete_because is None

    @property
    def difference_count(self) -> int:
        return sum(self.counts.get(kind.value, 0) for kind in DIFFERENCES)

    @property
    def is_settled(self) -> bool:
        """Whether to make it again could add nothing: it is whole, all of its payouts ended, and
        all money that is said to be back is there.
        """
        awaited = (Kind.NOT_FINAL_HERE, Kind.RETURNED_WITHOUT_CREDIT)
        return self.is_complete and not any(self.counts.get(kind.value) for kind in awaited)
