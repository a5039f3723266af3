"""The figures of one day's payouts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from chalicelib.payouts.rules.payout import State


@dataclass(frozen=True, slots=True)
class DayPayout:
    """The few fields of a payout that a whole day's comparison needs.

    `flaw` says what about it is not as it was decided, where that was looked at.
    """

    transaction_id: str
    unique_reference: str
    amount_cents: int
    state: State
    payout_method: str
    created_at: datetime
    last_sent_at: datetime | None = None
    completed_at: datetime | None = None
    monoova_transaction_id: str | None = None
    return_seen_cents: int = 0
    flaw: str | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """So many payouts, of so much together."""

    count: int = 0
    value_cents: int = 0


@dataclass(frozen=True, slots=True)
class DayStatistics:
    """How many of a day's payouts ended how, for how much, and how fast.

    `open` are all that have not ended yet. Seconds run from the request to the completion.
    """

    total: Sum = Sum()
    completed: int = 0
    failed: int = 0
    returned: int = 0
    cancelled: int = 0
    open: int = 0
    median_seconds: int | None = None
    p95_seconds: int | None = None
    by_method: Mapping[str, Sum] = field(default_factory=dict)

    @property
    def success_rate(self) -> Decimal | None:
        """Completed of all that were tried to their end, with four decimals; None without any.

        A cancelled payout was never tried; a returned one did not succeed.
        """
        tried = self.completed + self.failed + self.returned
        if not tried:
            return None
        return (Decimal(self.completed) / tried).quantize(Decimal("0.0001"))


def statistics_of(payouts: Iterable[DayPayout]) -> DayStatistics:
    """The figures of these payouts."""
    ended = dict.fromkeys((State.COMPLETED, State.FAILED, State.RETURNED, State.CANCELLED), 0)
    still_open, seconds = 0, list[int]()
    total, by_method = Sum(), dict[str, Sum]()
    for payout in payouts:
        total = _plus(total, payout)
        method = payout.payout_method
        by_method[method] = _plus(by_method.get(method, Sum()), payout)
        if payout.state in ended:
            ended[payout.state] += 1
        else:
            still_open += 1
        if payout.completed_at:
            seconds.append(round((payout.completed_at - payout.created_at).total_seconds()))
    seconds.sort()
    return DayStatistics(
        total=total,
        completed=ended[State.COMPLETED],
        failed=ended[State.FAILED],
        returned=ended[State.RETURNED],
        cancelled=ended[State.CANCELLED],
        open=still_open,
        median_seconds=_at_share(seconds, 50),
        p95_seconds=_at_share(seconds, 95),
        by_method=by_method,
    )


def _plus(so_far: Sum, payout: DayPayout) -> Sum:
    return Sum(so_far.count + 1, so_far.value_cents + payout.amount_cents)


def _at_share(ordered: Sequence[int], percent: int) -> int | None:
    """The smallest value that so many percent of all are not above (nearest rank)."""
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else None
