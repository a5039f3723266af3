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
# Account numbers may hold letters as well. A short code such as AC04 is left readable, as is a
# title such as Week23: a mixed run is a number where four are digits, or where it is as long as
# the numbers that are typed twice. One of letters alone is a word to us, unless it is known.
_RUN: Final = re.compile(r"[0-9A-Za-z]+")
_FEWEST_DIGITS: Final = 4
_LONG: Final = 10
# Tried only where a run of such characters begins: a long text without any @ would otherwise take
# minutes. An apostrophe may stand in an address: o'neill@example.com.
_EMAIL: Final = re.compile(r"(?<![^\s\"<>(),;:])[^\s\"<>(),;:]+@[^\s'\"<>(),;:]+")


def redact(text: str, known: Iterable[str] = ()) -> str:
    """`text` without any of `known` (in any case), e-mail addresses and numbers of 4+ digits.

    Numbers that hold letters too are known by their length or by their digits.

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
            text = re.sub(_pattern_of(detail), REDACTED, text, flags=re.IGNORECASE)
    text = _RUN.sub(_without_mixed_number, _EMAIL.sub(REDACTED, text))
    text = _LONG_NUMBER.sub(lambda found: found[1] or REDACTED, text)
    return text[:_MOST_CHARACTERS].strip()


def _pattern_of(detail: str) -> str:
    """The detail as it is; what holds letters and digits also as people group it."""
    return r"[ \-.]?".join(detail) if _is_mixed(detail) else re.escape(detail)


def _without_mixed_number(found: re.Match[str]) -> str:
    run = found[0]
    is_number = len(run) >= _LONG or sum(map(str.isdigit, run)) >= _FEWEST_DIGITS
    return REDACTED if is_number and _is_mixed(run) else run


def _is_mixed(text: str) -> bool:
    return text.isascii() and text.isalnum() and not text.isalpha() and not text.isdigit()


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
