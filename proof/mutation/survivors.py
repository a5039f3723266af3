"""The mutants that are known to survive, each with the reason why no test is to kill it."""

import tomllib
from pathlib import Path
from typing import Final

_LIST: Final = Path(__file__).with_name("survivors.toml")
_CLASSES: Final = frozenset({"equivalent", "wording", "unreachable"})


def known_survivors(path: Path = _LIST) -> dict[str, str]:
    """The class of each survivor by its name.

    Raises:
        ValueError: a reason has another class, or a mutant is listed twice.
    """
    survivors: dict[str, str] = {}
    for reason in tomllib.loads(path.read_text())["reason"]:
        if reason["class"] not in _CLASSES:
            raise ValueError(f"{path.name}: no such class: {reason['class']}")
        for name in reason["mutants"]:
            if name in survivors:
                raise ValueError(f"{path.name}: listed twice: {name}")
            survivors[name] = reason["class"]
    return survivors
