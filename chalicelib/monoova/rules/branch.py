"""What Monoova's answer on a BSB says of the branch.

What it answers to a BSB that does not exist is not documented. Only what can be read with
confidence refuses anything: an answer that is not understood is no answer.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chalicelib.monoova.rules.outcome import Answer, Silence, is_login_problem

_MOST_CHARACTERS: Final = 100
# Monoova was asked in the form that it wants, so what it calls invalid is not the form.
_SOUNDS_UNKNOWN: Final = re.compile(
    r"bsb.*(invalid|unknown|not ?found|not ?exist|not ?valid)|(invalid|unknown).*bsb", re.I
)


class BranchStanding(StrEnum):
    """Whether a branch can be paid to."""

    OPEN = "Open"
    CLOSED = "Closed"
    UNKNOWN = "Unknown"
    NOT_TOLD = "NotTold"


@dataclass(frozen=True, slots=True)
class Branch:
    """A bank's branch, as Monoova describes it.

    `address` is Monoova's own text; of a closed branch it may name the one in its place.
    """

    standing: BranchStanding
    address: str = ""

    @property
    def is_open(self) -> bool:
        return self.standing is BranchStanding.OPEN

    @property
    def problem(self) -> str | None:
        """Why it cannot be paid to, for a person to read; None if nothing is known against it."""
        if self.standing is BranchStanding.CLOSED:
            said = f" Monoova says: {self.address}" if self.address else ""
            return f"This branch is closed.{said}"
        if self.standing is BranchStanding.UNKNOWN:
            return "There is no branch with this BSB."
        return None


NOT_TOLD: Final = Branch(BranchStanding.NOT_TOLD)


def branch_of(answer: Answer | Silence, *, closed: object, address: object) -> Branch:
    """The branch that an answer tells of; `closed` and `address` stand in its document."""
    if isinstance(answer, Silence) or answer.envelope is None or is_login_problem(answer):
        return NOT_TOLD
    name = answer.envelope.status or ""
    if 200 <= answer.http_status < 300 and name.casefold() == "ok":
        if closed is True:
            return Branch(BranchStanding.CLOSED, _one_line(address))
        return Branch(BranchStanding.OPEN) if closed is False else NOT_TOLD
    is_unknown = answer.http_status == 400 and _SOUNDS_UNKNOWN.search(name)
    return Branch(BranchStanding.UNKNOWN) if is_unknown else NOT_TOLD


def _one_line(text: object) -> str:
    """A text from outside, on one line and not too long; of anything else, nothing."""
    words = text[: 10 * _MOST_CHARACTERS] if isinstance(text, str) else ""
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return line[:_MOST_CHARACTERS].strip()
