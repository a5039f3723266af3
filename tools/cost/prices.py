"""The table of prices: one file, each price with its source and its day."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

PRICES: Final = Path(__file__).parent / "prices.toml"
_ABOUT: Final = ("region", "currency", "seen_on")


class Basis(StrEnum):
    """How far a price can be relied on; the file explains each."""

    LISTED = "listed"
    DERIVED = "derived"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class Price:
    """US$ `usd` for `per` units; the first `free` units of every month cost nothing for good."""

    key: str
    what: str
    usd: float
    per: float
    free: float
    basis: Basis
    source: str
    note: str

    def of(self, quantity: float) -> float:
        """US$ by the list."""
        return quantity * self.usd / self.per

    def charged_share(self, quantity: float) -> float:
        """Which part of a month's quantity is charged after the free allowance, from 0 to 1."""
        return max(0.0, quantity - self.free) / quantity if quantity > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Prices:
    """All prices, as they were on one day."""

    region: str
    currency: str
    seen_on: date
    by_key: Mapping[str, Price]

    def __getitem__(self, key: str) -> Price:
        return self.by_key[key]


def prices(path: Path = PRICES) -> Prices:
    """The table of the file."""
    content: dict[str, Any] = tomllib.loads(path.read_text())
    about = {name: content.pop(name) for name in _ABOUT}
    table = {
        key: Price(
            key=key,
            what=fields["what"],
            usd=float(fields["usd"]),
            per=float(fields["per"]),
            free=float(fields["free"]),
            basis=Basis(fields["basis"]),
            source=fields["source"],
            note=fields["note"],
        )
        for key, fields in content.items()
    }
    return Prices(about["region"], about["currency"], about["seen_on"], table)
