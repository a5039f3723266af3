"""Takes payee details out of free text, before it is stored, logged or shown."""

import re
from collections.abc import Iterable
from typing import Final

REDACTED: Final = "•••"
_MOST_CHARACTERS: Final = 200
_SHORTEST_KNOWN: Final = 2
# Account numbers have four digits or more, whichever way they are grouped; a sum of money with
# its thousands separators is left readable.
_LONG_NUMBER: Final = re.compile(r"\+?\d(?:[ \-.]?\d){3,}")
_EMAIL: Final = re.compile(r"[^\s'\"<>(),;:]+@[^\s'\"<>(),;:]+")


def redact(text: str, known: Iterable[str] = ()) -> str:
    """`text` without any of `known` (in any case), e-mail addresses and numbers of 4+ digits.

    At most 200 characters, control characters made spaces: Monoova's reasons may be 1,000 long.
    """
    details = sorted({k.strip() for k in known}, key=len, reverse=True)
    for detail in details:
        if len(detail) >= _SHORTEST_KNOWN:
            text = re.sub(re.escape(detail), REDACTED, text, flags=re.IGNORECASE)
    text = _LONG_NUMBER.sub(REDACTED, _EMAIL.sub(REDACTED, text))
    return "".join(c if c.isprintable() else " " for c in text)[:_MOST_CHARACTERS].strip()
