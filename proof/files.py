"""Files of payouts in a simulated day: uploaded, confirmed, approved, cancelled, and repeated."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from proof.lambda_events import HttpAnswer
from proof.traffic import Traffic

_MINUTES: Final = 10
_MOST_TRIES: Final = 8
_CONFLICT: Final = 409
_MAKERS: Final = ("alice", "bob")
_APPROVERS: Final = ("erin", "frank")
_COLUMNS: Final = ("customer_id", "destination_id", "amount", "description")

Row = Mapping[str, str]


@dataclass
class Files:
    """One task for each file, from its upload to its end."""

    traffic: Traffic
    randomness: random.Random
    count: int = 0
    uploaded: list[tuple[Row, ...]] = field(default_factory=list)
    batches: list[str] = field(default_factory=list)

    def file(self) -> None:
        """A new file, and what people do with it."""
        self.count += 1
        rows = tuple(self._row(number) for number in range(self.randomness.randrange(2, 10)))
        self.uploaded.append(rows)
        self._through(rows)

    def same_rows_again(self) -> None:
        """A person uploads a file once more, which is meant now and then."""
        if self.uploaded:
            is_meant = self.randomness.random() < 0.3
            self._through(self.randomness.choice(self.uploaded), is_repeat=is_meant)

    def retry_one(self) -> None:
        """A person makes a new batch of the unpaid rows of one; it is decided as any other."""
        if not self.batches:
            return
        maker, batch_id = self.randomness.choice(_MAKERS), self.randomness.choice(self.batches)
        answer = self.traffic.ask(maker, "POST", f"/batches/{batch_id}/retry", {})
        if answer is not None and answer.status in (200, 201):
            retrying = answer.json["batch_id"]
            if retrying not in self.batches:
                self.batches.append(retrying)
            self._confirmed_and_decided(maker, retrying)

    def cancel_one(self) -> None:
        """A person cancels a batch, wherever it is."""
        if self.batches:
            batch_id = self.randomness.choice(self.batches)
            self.traffic.ask("carol", "POST", f"/batches/{batch_id}/cancel", {})

    def _row(self, number: int) -> Row:
        customer = self.randomness.choice(self.traffic.customers)
        return {
            "customer_id": customer.customer_id,
            "destination_id": customer.destination_id,
            "amount": str(Decimal(self.traffic.cents()).scaleb(-2)),
            "description": f"Row {self.count}-{number}",
        }

    def _through(self, rows: tuple[Row, ...], *, is_repeat: bool = False) -> None:
        maker = self.randomness.choice(_MAKERS)
        batch_id = self._upload(maker, rows, is_repeat=is_repeat)
        if batch_id is not None:
            self._confirmed_and_decided(maker, batch_id)

    def _confirmed_and_decided(self, maker: str, batch_id: str) -> None:
        shown = self._checked(batch_id)
        if shown is None or shown["status"] != "AwaitingConfirmation":
            return
        # People mean what they upload, also where all of it looks like another payment.
        said = {"total": str(shown["total"]), "accept_duplicates": shown["row_count"]}
        if self._done(maker, f"/batches/{batch_id}/confirm", said) is None:
            return
        self.traffic.system.kernel.sleep(self.randomness.uniform(1, 600))
        self._decide(batch_id)

    def _decide(self, batch_id: str) -> None:
        who, roll = self.randomness.choice(_APPROVERS), self.randomness.random()
        path = f"/batches/{batch_id}"
        if roll < 0.85:
            self._done(who, f"{path}/approve", {}, groups="approvers")
        elif roll < 0.95:
            self._done(who, f"{path}/reject", {"reason": "no"}, groups="approvers")

    def _upload(self, who: str, rows: tuple[Row, ...], *, is_repeat: bool) -> str | None:
        lines = [",".join(_COLUMNS), *(",".join(row[name] for name in _COLUMNS) for row in rows)]
        sent = json.dumps({"file": "\n".join(lines), "repeat": is_repeat}).encode()
        said = {"rows": [dict(row) for row in rows], "repeat": is_repeat}
        for _ in range(_MOST_TRIES):
            answer = self.traffic.ask(who, "POST", "/batches", said, content=sent)
            if answer is not None and answer.status < 500:
                if answer.status not in (200, 201):
                    return None
                batch_id: str = answer.json["batch_id"]
                if batch_id not in self.batches:
                    self.batches.append(batch_id)
                return batch_id
            self.traffic.system.kernel.sleep(self.randomness.uniform(1, 60))
        return None

    def _checked(self, batch_id: str) -> Any:
        """The batch once it was checked; None if that takes too long."""
        for _ in range(_MINUTES):
            shown = self.traffic.look(f"/batches/{batch_id}")
            if shown is not None and shown["status"] != "Checking":
                return shown
            self.traffic.system.kernel.sleep(60)
        return None

    def _done(
        self, who: str, path: str, body: Mapping[str, Any], groups: str = "operators"
    ) -> HttpAnswer | None:
        """Asked for until it is answered; None if that was a no."""
        for _ in range(_MOST_TRIES):
            answer = self.traffic.ask(who, "POST", path, body, groups=groups)
            # What is new about the file since it was read has to be read first.
            if answer is not None and answer.status < 500 and answer.status != _CONFLICT:
                return answer if answer.status == 200 else None
            self.traffic.system.kernel.sleep(self.randomness.uniform(1, 60))
        return None
