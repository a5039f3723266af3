"""Whether two ways of writing a name may be one person's or one business's.

The rule, small enough to be told to a customer:
- capitals, accents, punctuation, the order of the words and where they are set apart do not matter;
- titles, "and", and what a company's form is called are left out;
- an initial stands for any word that begins with it, and one more or less does not matter;
- every other word has to be in both, and at least one of them in full.

So "CITIZEN, J. M." is "Mr Jo Citizen"; "Jo Citizen" is not "Jo Mary Citizen", and not "Al Citizen".
A "no" is nothing but a reason to look.
"""

import unicodedata
from collections import Counter
from typing import Final

_TITLES: Final = frozenset(
    {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "rev", "hon"}
)
_FORMS: Final = frozenset({"pty", "ltd", "proprietary", "limited", "inc", "incorporated"})
_LEFT_OUT: Final = _TITLES | _FORMS | {"and"}
# Part of a word, not between two: O'Neill is ONeill.
_INSIDE_A_WORD: Final = frozenset("'’ʼ`´")


def may_be_same(one: str, other: str) -> bool | None:
    """Whether both may name the same; None where one of them has nothing to compare."""
    first, second = _words(one), _words(other)
    if not first or not second:
        return None
    if "".join(first) == "".join(second):
        return True
    return _are_paired(Counter(first), Counter(second))


def _words(name: str) -> list[str]:
    # Capitals first: a bank writes them, and Turkish ı is I in them, as i is.
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).upper().casefold())
    kept = "".join(
        c if c.isalnum() else " "
        for c in plain
        if not unicodedata.combining(c) and c not in _INSIDE_A_WORD
    )
    return [word for word in kept.split() if word not in _LEFT_OUT]


def _are_paired(first: Counter[str], second: Counter[str]) -> bool:
    same = first & second
    rest, others = first - same, second - same
    pairs = same.total() + _initials_for(rest, others) + _initials_for(others, rest)
    in_full = sum(count for word, count in same.items() if len(word) > 1)
    # One surname is no person, unless neither of the two has more than one word.
    is_enough = pairs > 1 or first.total() == second.total() == 1
    return (
        in_full > 0
        and is_enough
        and _in_full(rest) == _initials_for(others, rest)
        and _in_full(others) == _initials_for(rest, others)
    )


def _initials_for(initials: Counter[str], words: Counter[str]) -> int:
    """How many words of the one begin with an initial of the other, each for one."""
    wanted = Counter[str]()
    for word, count in words.items():
        if len(word) > 1:
            wanted[word[0]] += count
    return (Counter({c: n for c, n in initials.items() if len(c) == 1}) & wanted).total()


def _in_full(words: Counter[str]) -> int:
    return sum(count for word, count in words.items() if len(word) > 1)
