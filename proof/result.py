"""What a part of the proof leaves for the table of all parts: one JSON line, where asked to."""

import json
import os
from pathlib import Path

VARIABLE = "PROOF_RESULT"


class Result:
    """Named numbers; written to the file that the variable `PROOF_RESULT` names, if it is set."""

    def __init__(self, **numbers: float) -> None:
        self._numbers = numbers

    def write(self) -> None:
        path = os.environ.get(VARIABLE)
        if path:
            with Path(path).open("a") as file:
                file.write(json.dumps(self._numbers) + "\n")


def results_in(path: Path) -> dict[str, float]:
    """All numbers in the file; those of one name are added up."""
    found: dict[str, float] = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        for name, number in json.loads(line).items():
            found[name] = found.get(name, 0) + number
    return found
