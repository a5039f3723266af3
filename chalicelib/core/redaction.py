"""Takes payee details out of free text, before it is stored, logged or shown."""

import re
from collections.abc import Iterable
from typing import Final

REDACTED: Final = "•••"
_MOST_CHARACTERS: Final = 200
_SHORTEST_KNOWN: Final = 2
# Monoova's reasons have 1,000 characters at most. To look for a detail of any length in a text of
# any length takes a minute of CPU for what one webhook may hold.
_MOST_SEARCHED: Final = 5_000
# Account numbers have four digits or more, whichever way they are grouped; a sum of money with
# its dollar sign and thousands separators (the first group) is left readable.
_LONG_NUMBER: Final = re.compile(
    r"(\$\d{1,3}(?:,\d{3})*(?:\.\d\d)?(?![ \-.,]?\d))|\+?\d(?:[ \-.]?\d){3,}"
)
# Tried only where a run of such characters begins: a long text without any @ would otherwise take
# minutes. An apostrophe may stand in an address: o'neill@example.com.
_EMAIL: Final = re.compile(r"(?<![^\s\"<>(),;:])[^\s\"<>(),;:]+@[^\s'\"<>(),;:]+")


def redact(text: str, known: Iterable[str] = ()) -> str:
    """`text` without any of `known` (in any case), e-mail addresses and numbers of 4+ digits.

    One line of at most 200 characters: Monoova's reasons may be 1,000 long. Nothing is left of a
    text that is too long to be searched for `known`.
    """
    # First of all: a line break inside a name would hide the name from the search.
    text = _one_line(text)
    details = {_one_line(k) for k in known}
    if details and len(text) > _MOST_SEARCHED:
        return REDACTED
    # Capitals may be more than the letters they stand for: ß becomes SS.
    details |= {detail.upper() for detail in details}
    for detail in sorted(details, key=len, reverse=True):
        if _SHORTEST_KNOWN <= len(detail) <= len(text):
            text = re.sub(re.escape(detail), REDACTED, text, flags=re.IGNORECASE)
    text = _LONG_NUMBER.sub(lambda found: found[1] or REDACTED, _EMAIL.sub(REDACTED, text))
    return text[:_MOST_CHARACTERS].strip()


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
