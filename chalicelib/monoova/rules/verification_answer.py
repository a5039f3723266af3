"""What Monoova's answers prove about a verification, and what they do not.

Monoova documents neither the HTTP codes nor the names of errors of `/verify/...`. What can be read
with confidence is read; whatever else is unclear, and unclear changes nothing.
"""

import re
from enum import StrEnum
from typing import Final

from chalicelib.monoova.rules.outcome import (
    Answer,
    Silence,
    is_login_problem,
    is_rate_limited,
    name_in,
)

# All of these look at names without case.
# Twelve of the fifteen refusals that are known of other calls have this word in their name.
_SOUNDS_INVALID: Final = re.compile(r"invalid|notvalid|isnottheexpectedtype")
# A name that speaks of an earlier request proves that there was one, not that this one failed.
_SOUNDS_DUPLICATE: Final = re.compile(r"duplicat|already")
_SOUNDS_LOCKED: Final = re.compile(r"lock")
_SOUNDS_LIKE_A_WRONG_CODE: Final = re.compile(
    r"code.*(wrong|invalid|incorrect|mismatch|notmatch|failed)|(wrong|invalid|incorrect).*code"
)


class StartAnswer(StrEnum):
    """What became of a request to pay the cent."""

    PAID = "Paid"
    REFUSED = "Refused"
    NOT_LET_IN = "NotLetIn"
    UNCLEAR = "Unclear"


class CodeAnswer(StrEnum):
    """What Monoova says of a code."""

    RIGHT = "Right"
    WRONG = "Wrong"
    LOCKED = "Locked"
    UNCLEAR = "Unclear"


def start_answer(answer: Answer | Silence, token: str | None) -> StartAnswer:
    """What `initiate` proves; `token` is the one in its answer."""
    if isinstance(answer, Silence):
        return StartAnswer.UNCLEAR
    # A call that was not let in did nothing, and none before it was made.
    if is_login_problem(answer) or is_rate_limited(answer):
        return StartAnswer.NOT_LET_IN
    if _is_ok(answer):
        return StartAnswer.PAID if token else StartAnswer.UNCLEAR
    name = _refusal(answer)
    if token or not name or not _SOUNDS_INVALID.search(name) or _SOUNDS_DUPLICATE.search(name):
        return StartAnswer.UNCLEAR
    return StartAnswer.REFUSED


def code_answer(answer: Answer | Silence) -> CodeAnswer:
    """What `validate` proves of the code."""
    if isinstance(answer, Silence) or is_login_problem(answer):
        return CodeAnswer.UNCLEAR
    if _is_ok(answer):
        return CodeAnswer.RIGHT
    name = _refusal(answer)
    if not name:
        return CodeAnswer.UNCLEAR
    if _SOUNDS_LOCKED.search(name):
        return CodeAnswer.LOCKED
    return CodeAnswer.WRONG if _SOUNDS_LIKE_A_WRONG_CODE.search(name) else CodeAnswer.UNCLEAR


def _is_ok(answer: Answer) -> bool:
    return 200 <= answer.http_status < 300 and name_in(answer) == "ok"


def _refusal(answer: Answer) -> str | None:
    """The name of a refusal in Monoova's envelope; None where it is none."""
    return name_in(answer) if answer.http_status == 400 else None
