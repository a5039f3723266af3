"""Arithmetic: percentiles, rates, and how much of what was offered was carried."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.load.plan import Operation, Plan
from tests.load.records import NO_ANSWER, Seen

# A request that is sent so long after its time found every user still waiting.
_LATE_MS = 1_000.0


@dataclass(frozen=True, slots=True)
class Spread:
    """How long many of a kind took, in milliseconds. All 0 if there were none."""

    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    most_ms: float

    @staticmethod
    def of(values_ms: Iterable[float]) -> "Spread":
        """The spread of any number of values, in any order."""
        ordered = sorted(values_ms)
        if not ordered:
            return Spread(0, 0.0, 0.0, 0.0, 0.0)
        p50, p95, p99 = (percentile(ordered, share) for share in (0.50, 0.95, 0.99))
        return Spread(len(ordered), p50, p95, p99, ordered[-1])


def percentile(ordered: Sequence[float], share: float) -> float:
    """The least value that at least `share` of all do not exceed (nearest rank).

    Raises:
        ValueError: no values, or no share.
    """
    if not ordered or not 0 < share <= 1:
        raise ValueError("a percentile needs values, and a share above 0 and up to 1")
    return ordered[math.ceil(share * len(ordered)) - 1]


@dataclass(frozen=True, slots=True)
class Row:
    """One operation: how often, how long, and what was answered instead of what was asked for."""

    operation: Operation
    spread: Spread
    errors: int
    per_second: float
    wrong: dict[str, int]


def rows(seen: Sequence[Seen], lasted_seconds: float) -> list[Row]:
    """A row for each operation that occurred, in the order in which the plan knows them."""
    by_operation: dict[Operation, list[Seen]] = defaultdict(list)
    for each in seen:
        by_operation[each.operation].append(each)
    return [
        Row(
            operation,
            Spread.of(each.took_ms for each in found),
            sum(not each.is_good for each in found),
            len(found) / lasted_seconds,
            dict(Counter(_wrong(each) for each in found if not each.is_good)),
        )
        for operation in Operation
        if (found := by_operation.get(operation))
    ]


def _wrong(seen: Seen) -> str:
    status = "no answer" if seen.status == NO_ANSWER else str(seen.status)
    return f"{status} {seen.code}".strip()


def lasted(seen: Sequence[Seen]) -> float:
    """Seconds from the beginning to the last answer."""
    return max((each.at_seconds + each.took_ms / 1000 for each in seen), default=0.0)


def in_flight(seen: Sequence[Seen]) -> float:
    """How many requests waited for their answer at once, on average (Little's law)."""
    seconds = lasted(seen)
    return sum(each.took_ms for each in seen) / 1000 / seconds if seconds else 0.0


@dataclass(frozen=True, slots=True)
class Carried:
    """What was offered, what became of it, and at what rate."""

    offered: int
    offered_per_second: float
    asked: int
    answered: int
    per_second: float
    lasted_seconds: float
    late_p95_ms: float

    @property
    def is_saturated(self) -> bool:
        """Whether more was offered than could be taken when it was due."""
        return self.asked < self.offered or self.late_p95_ms > _LATE_MS

    @staticmethod
    def of(plan: Plan, seen: Sequence[Seen]) -> "Carried":
        """Counts payouts by their keys: one that was asked for again is one."""
        first = [each for each in seen if each.operation is Operation.PAY]
        seconds = lasted(seen)
        answered = len({each.key for each in seen if each.key and each.is_good})
        late = sorted(each.late_ms for each in first)
        return Carried(
            offered=plan.payouts,
            offered_per_second=plan.payouts / plan.seconds,
            asked=len({each.key for each in first}),
            answered=answered,
            per_second=answered / seconds if seconds else 0.0,
            lasted_seconds=seconds,
            late_p95_ms=percentile(late, 0.95) if late else 0.0,
        )
