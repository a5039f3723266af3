"""The requests, answers and observations of a run, one JSON object a line, for the checker."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from simulator.monoova import Monoova


class History:
    """Kept in memory; `save` writes it where the checker reads it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.lines: list[str] = []

    def add(self, kind: str, **fields: object) -> None:
        at = self._now().isoformat().replace("+00:00", "Z")
        self.lines.append(json.dumps({"at": at, "kind": kind, **fields}, default=str))

    @property
    def digest(self) -> str:
        """A hash of the whole history: equal for runs that are equal."""
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()[:16]

    def save(self, folder: Path, monoova: Monoova, secrets: dict[str, Any]) -> None:
        """Writes the history, Monoova's own book, and what must be found nowhere."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "history.jsonl").write_text("\n".join(self.lines) + "\n")
        (folder / "book.json").write_text(json.dumps(_book(monoova), default=str))
        (folder / "secrets.json").write_text(json.dumps(secrets))


def _book(monoova: Monoova) -> dict[str, Any]:
    book = monoova.book
    return {
        "opening_balance": book.opening_balance,
        "balance": book.balance,
        "movements": [
            {
                "number": movement.number,
                "at": movement.at.isoformat().replace("+00:00", "Z"),
                "kind": movement.kind,
                "reference": movement.reference,
                "transaction_id": movement.transaction_id,
                "amount": movement.amount,
                "balance": movement.balance,
            }
            for movement in book.movements
        ],
        "payments": [
            {
                "reference": payment.transaction.reference,
                "transaction_id": payment.transaction_id,
                "amount": payment.transaction.total,
                "payee": payment.transaction.payees[0],
                "fate": payment.plan.fate,
            }
            for payment in monoova.payments
        ],
    }
