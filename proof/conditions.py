"""What is special about a simulated day: rules that hold on it, and what goes wrong beside faults.

Each condition is drawn from the seed by itself, so that days have any mix of them.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

# 12:00 in Sydney on an ordinary day.
ORDINARY_START: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
# An hour before midnight in Sydney.
_BEFORE_MIDNIGHT: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
# An hour before the clocks go back at 3:00, and before they go forward at 2:00.
_BEFORE_SWITCHES: Final = (
    datetime(2026, 4, 4, 15, 0, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 0, tzinfo=UTC),
)


class Condition(StrEnum):
    """One thing that a day may have."""

    APPROVALS = "approvals"
    LIMITS = "limits"
    BATCHES = "batches"
    DESTINATIONS = "changed destinations"
    WRONG_PEOPLE = "people who are wrong"
    HALF_FAILURES = "half-failures"
    RATE_LIMIT = "a rate limit"
    LIE = "a lie"
    PARTIAL_RETURNS = "returns in part"
    MONEY_NOT_BACK = "returns without the money"
    UNSIGNED = "nothing signed"
    LITTLE_MONEY = "little money"
    MALFORMED_ROWS = "malformed rows"
    MIDNIGHT = "midnight in Sydney"
    CLOCK_CHANGE = "a change of clocks"


_RATES: Final[Mapping[Condition, float]] = {
    Condition.APPROVALS: 0.4,
    Condition.LIMITS: 0.35,
    Condition.BATCHES: 0.4,
    Condition.DESTINATIONS: 0.3,
    Condition.WRONG_PEOPLE: 0.4,
    Condition.HALF_FAILURES: 0.3,
    Condition.RATE_LIMIT: 0.2,
    Condition.LIE: 0.2,
    Condition.PARTIAL_RETURNS: 0.2,
    Condition.MONEY_NOT_BACK: 0.1,
    Condition.UNSIGNED: 0.15,
    Condition.LITTLE_MONEY: 0.2,
    Condition.MALFORMED_ROWS: 0.3,
    Condition.MIDNIGHT: 0.15,
    Condition.CLOCK_CHANGE: 0.1,
}
# The names of the checker, and the settings that set them.
_AMOUNTS: Final = {
    "approval_above": "APPROVAL_THRESHOLD_AUD",
    "limit_per_customer": "LIMIT_PER_CUSTOMER_AUD_PER_DAY",
    "limit_per_account": "LIMIT_PER_DESTINATION_AUD_PER_DAY",
    "limit_per_maker": "LIMIT_PER_MAKER_AUD_PER_DAY",
    "limit_in_total": "LIMIT_PER_DAY_AUD",
}
_NEW_DESTINATIONS: Final = "DESTINATION_APPROVAL"


@dataclass(frozen=True)
class Conditions:
    """The conditions of one day, with the settings that they bring."""

    of_the_day: frozenset[Condition] = frozenset()
    settings: Mapping[str, str] = field(default_factory=dict)
    start: datetime = ORDINARY_START

    @classmethod
    def of(cls, seed: int, payouts: int) -> "Conditions":
        """Those of the day with this seed, on which so many payouts are asked for."""
        # A generator for each: another condition leaves the days as they were otherwise.
        drawn = frozenset(
            each
            for each, rate in _RATES.items()
            if random.Random(f"{each.name} {seed}").random() < rate
        )
        randomness = random.Random(f"conditions {seed}")
        settings: dict[str, str] = {}
        if Condition.APPROVALS in drawn:
            settings |= _approvals(randomness)
        if Condition.LIMITS in drawn:
            settings |= _limits(randomness, payouts)
        if Condition.UNSIGNED in drawn:
            settings["MONOOVA_WEBHOOK_SIGNATURE"] = "optional"
        start = ORDINARY_START
        if Condition.MIDNIGHT in drawn:
            start = _BEFORE_MIDNIGHT
        if Condition.CLOCK_CHANGE in drawn:
            start = randomness.choice(_BEFORE_SWITCHES)
            drawn -= {Condition.MIDNIGHT}
        return cls(drawn, settings, start)

    def __contains__(self, condition: Condition) -> bool:
        return condition in self.of_the_day

    def __str__(self) -> str:
        return ", ".join(each for each in Condition if each in self.of_the_day)

    @property
    def has_another_day(self) -> bool:
        """Whether Sydney's date or its distance from UTC changes meanwhile."""
        return bool({Condition.MIDNIGHT, Condition.CLOCK_CHANGE} & self.of_the_day)

    @property
    def rules(self) -> dict[str, object]:
        """The rules of the day, as the checker reads them."""
        amounts = {name: self.settings.get(setting) for name, setting in _AMOUNTS.items()}
        is_required = self.settings.get(_NEW_DESTINATIONS) == "required"
        return {**amounts, "approves_new_destinations": is_required}


def _approvals(randomness: random.Random) -> dict[str, str]:
    threshold = {"APPROVAL_THRESHOLD_AUD": randomness.choice(("50", "400"))}
    new = {_NEW_DESTINATIONS: "required"}
    return randomness.choice((threshold, new, threshold | new))


def _limits(randomness: random.Random, payouts: int) -> dict[str, str]:
    """One limit or several, of which a usual day's traffic reaches each."""
    found = {
        "LIMIT_PER_CUSTOMER_AUD_PER_DAY": str(randomness.choice((1200, 3000))),
        "LIMIT_PER_DESTINATION_AUD_PER_DAY": str(randomness.choice((1000, 2500))),
        "LIMIT_PER_MAKER_AUD_PER_DAY": str(payouts * randomness.choice((40, 90))),
        "LIMIT_PER_DAY_AUD": str(payouts * randomness.choice((60, 150))),
    }
    kept = randomness.sample(sorted(found), randomness.randrange(1, len(found) + 1))
    return {name: found[name] for name in kept}
