"""What can be neither counted nor measured here, from one dated file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

ASSUMPTIONS: Final = Path(__file__).parent / "assumptions.toml"


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Sections of the file, each a name and its number; the file says what each means."""

    made_on: date
    sections: Mapping[str, Mapping[str, float]]

    def __getitem__(self, section: str) -> Mapping[str, float]:
        return self.sections[section]

    def with_changed(self, section: str, **values: float) -> "Assumptions":
        """A copy with some numbers of one section replaced."""
        changed = {**self.sections[section], **values}
        return Assumptions(self.made_on, {**self.sections, section: changed})

    @property
    def days(self) -> float:
        return self["month"]["days"]

    @property
    def hours(self) -> float:
        return self.days * 24

    @property
    def minutes(self) -> float:
        return self.hours * 60

    @property
    def payout_hours(self) -> float:
        """Hours of a month in which payouts are asked for."""
        return self.days * self["month"]["payout_hours_per_day"]


def assumptions(path: Path = ASSUMPTIONS) -> Assumptions:
    """The assumptions of the file."""
    content: dict[str, Any] = tomllib.loads(path.read_text())
    made_on: date = content.pop("made_on")
    sections = {
        section: {name: float(value) for name, value in values.items()}
        for section, values in content.items()
    }
    return Assumptions(made_on, sections)
