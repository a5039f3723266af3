"""A month's bill: lines, each a fixed quantity and one for every payout, at a price."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tools.cost.prices import Price, Prices

# The requirements' own estimate for 200 payouts a day, and what we aim for.
REQUIREMENTS_USD: Final = 13.28
AIM_USD_PER_PAYOUT: Final = 0.0005


@dataclass(frozen=True, slots=True)
class Part:
    """Units in a month: `fixed`, and `per_payout` for each payout, together `at_most` so many."""

    fixed: float = 0.0
    per_payout: float = 0.0
    at_most: float | None = None

    def quantity(self, payouts: float) -> float:
        quantity = self.fixed + self.per_payout * payouts
        return quantity if self.at_most is None else min(quantity, self.at_most)


@dataclass(frozen=True, slots=True)
class Line:
    """What is paid for at one price, and for what."""

    price: Price
    what: str
    parts: tuple[Part, ...]

    @property
    def saturates(self) -> bool:
        """Whether it stops growing at some volume."""
        return any(part.at_most is not None for part in self.parts)

    @property
    def fixed_usd(self) -> float:
        return self.price.of(sum(part.fixed for part in self.parts))

    @property
    def usd_per_payout(self) -> float:
        """Of the first payouts, where the line saturates later."""
        return self.price.of(sum(part.per_payout for part in self.parts))

    def quantity(self, payouts: float) -> float:
        return sum(part.quantity(payouts) for part in self.parts)

    def usd(self, payouts: float) -> float:
        """By the list, without any allowance."""
        return self.price.of(self.quantity(payouts))


@dataclass(frozen=True, slots=True)
class Bill:
    """All lines of one way to run the system."""

    name: str
    lines: tuple[Line, ...]

    @property
    def fixed_usd(self) -> float:
        """What a month costs without any payout."""
        return sum(line.fixed_usd for line in self.lines)

    def usd(self, payouts: float, *, free_tier: bool = False) -> float:
        return sum(self.of_lines(payouts, free_tier=free_tier))

    def of_lines(self, payouts: float, *, free_tier: bool = False) -> list[float]:
        """US$ of each line; an allowance is shared by the lines of its price."""
        shares = self._charged_shares(payouts) if free_tier else {}
        return [line.usd(payouts) * shares.get(line.price.key, 1.0) for line in self.lines]

    def _charged_shares(self, payouts: float) -> Mapping[str, float]:
        quantities: dict[str, float] = defaultdict(float)
        by_key = {line.price.key: line.price for line in self.lines}
        for line in self.lines:
            quantities[line.price.key] += line.quantity(payouts)
        return {key: by_key[key].charged_share(total) for key, total in quantities.items()}


class Ledger:
    """Lines in the making."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._lines: list[Line] = []

    def add(self, key: str, what: str, *parts: Part) -> None:
        """A line, unless there is nothing in it.

        Raises:
            KeyError: there is no such price.
        """
        if any(part.fixed or part.per_payout for part in parts):
            self._lines.append(Line(self._prices[key], what, parts))

    def bill(self, name: str) -> Bill:
        return Bill(name, tuple(self._lines))
