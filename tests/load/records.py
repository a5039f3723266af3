"""The requests and answers of the load: one line of JSON for each."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from tests.load.plan import Operation

NO_ANSWER = 0
"""In place of a status: the connection ended without one."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request and its answer.

    `late_ms`: how long after its time it could be sent, because every user was still waiting for
    an earlier answer. `key`, `amount_cents`, `transaction_id` only of payouts.
    """

    operation: Operation
    at_seconds: float
    late_ms: float
    took_ms: float
    status: int
    code: str = ""
    key: str = ""
    amount_cents: int = 0
    transaction_id: str = ""
    is_replay: bool = False

    @property
    def is_good(self) -> bool:
        """Whether this is what a working product answers; Monoova's refusal is an answer too."""
        return 200 <= self.status < 300 or (self.status, self.code) == (422, "MonoovaRefused")


def write(seen: Seen, to: TextIO) -> None:
    """Append one line."""
    to.write(json.dumps(asdict(seen)) + "\n")


def read(path: Path) -> list[Seen]:
    """All that was written, in the order of the answers."""
    with path.open(encoding="utf-8") as lines:
        return list(_parsed(map(json.loads, lines)))


def _parsed(rows: Iterable[Mapping[str, Any]]) -> Iterator[Seen]:
    for row in rows:
        yield Seen(**{**row, "operation": Operation(row["operation"])})
