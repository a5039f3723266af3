"""`python -m bench.batch [ROWS]`: a file of so many payouts, from its upload to the last booking.

Through the handlers as they are: one administrator uploads and confirms, another approves, the
queue is read two messages at a time, the schedule runs each minute, the file is uploaded again.
Monoova's book is the judge. One process has all of the functions; what they call is in another.
"""

import csv
import io
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from bench import seed_data
from bench.counterparts import SHARE_OF_CPU, Counterparts
from bench.one_function import Function, Usage, in_own_process, in_this_process, peak_mb
from proof.lambda_events import HttpAnswer

ROWS: Final = 20_000
# As app.py has it.
_BATCH: Final = 2
# From ten dollars on amounts trigger no faults at the simulated Monoova, whose balance is a
# million.
_CENTS: Final = 1_025
_AMOUNTS: Final = 25
# What the API's function of 1,024 MB has of a processor: a whole one comes with 1,769 MB.
_SHARE_OF_API: Final = 1024 / 1769
# Rows whose amount is wrong when the file is uploaded for the first time.
_SPOILT: Final = (0, 17, 99)
_MOST_MINUTES: Final = 180
_PARTS: Final = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the API reported of the batch at its end, and how long the parts of it took.

    Seconds are of CPU, of the one process that has all functions.
    """

    status: str
    completed: int
    result_rows: int
    is_repeat_refused: bool
    messages_of_repeat: int
    upload_seconds: float
    checking_seconds: float
    paying_seconds: float
    minutes: int
    peak_after_upload_mb: float
    peak_early_mb: float


@dataclass(frozen=True, slots=True)
class Paid:
    """The result of a batch; `booked` is how many payouts the book has how often."""

    rows: int
    outcome: Outcome
    booked: dict[int, int]
    calls: dict[str, int]
    usage: Usage | None = None

    @property
    def is_right(self) -> bool:
        """Each row was paid once, the API reports it, and the second upload was refused by name."""
        outcome = self.outcome
        is_each_once = self.booked == {1: self.rows}
        is_reported = (
            outcome.completed == outcome.result_rows == self.rows and outcome.status == "Finished"
        )
        is_no_more_paid = outcome.is_repeat_refused and outcome.messages_of_repeat == 0
        return is_each_once and is_reported and is_no_more_paid


@dataclass(frozen=True, slots=True)
class _Work:
    """One file from its upload to its last booking, and uploaded again."""

    rows: int

    def __call__(self, function: Function) -> Outcome:
        refused = self._upload(function, is_spoilt=True)
        assert len(refused.json["errors"]) == len(_SPOILT), refused.text
        began = time.process_time()
        uploaded = self._upload(function)
        assert uploaded.status == 201, uploaded.text
        upload_seconds, peak_after_upload = time.process_time() - began, peak_mb()
        path = f"/batches/{uploaded.json['batch_id']}"
        checking = time.process_time()
        self._drain(function)
        checking_seconds = time.process_time() - checking
        found = function.ask("GET", path).json
        said = {"total": str(found["total"]), "accept_duplicates": found["row_count"]}
        body = json.dumps(said).encode()
        confirmed = function.ask("POST", f"{path}/confirm", body)
        assert confirmed.status == 200, confirmed.text
        approved = function.ask("POST", f"{path}/approve", b"{}", who="other", groups="approvers")
        assert approved.status == 200, approved.text
        paying = time.process_time()
        peak_early = self._drain(function)
        shown, minutes = self._ended(function, path)
        paying_seconds = time.process_time() - paying
        again = self._upload(function)
        is_refused = again.status == 409 and again.json["batch_id"] == uploaded.json["batch_id"]
        return Outcome(
            status=str(shown["status"]),
            completed=int(shown["progress"]["completed"]),
            result_rows=sum(1 for _ in self._result(function, path)),
            is_repeat_refused=is_refused,
            messages_of_repeat=len(function.receive(10)),
            upload_seconds=upload_seconds,
            checking_seconds=checking_seconds,
            paying_seconds=paying_seconds,
            minutes=minutes,
            peak_after_upload_mb=peak_after_upload,
            peak_early_mb=peak_early,
        )

    def _upload(self, function: Function, *, is_spoilt: bool = False) -> HttpAnswer:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(("customer_id", "amount", "reference"))
        for number in range(self.rows):
            cents = _CENTS + number % _AMOUNTS * 100
            amount = f"{cents // 100}.{cents % 100:02}"
            bad = "much" if is_spoilt and number in _SPOILT else amount
            writer.writerow((seed_data.customer_id(number), bad, f"Invoice {number}"))
        content = text.getvalue().encode()
        return function.ask("POST", "/batches", content, media_type="text/csv")

    def _drain(self, function: Function) -> float:
        """Reads the queue until it is empty; the peak of memory when a tenth of it was read."""
        read, early = 0, 0.0
        while bodies := function.receive(_BATCH):
            failed = function.send_queued(bodies)
            assert not failed, bodies
            read += len(bodies)
            if not early and read >= self.rows // _PARTS:
                early = peak_mb()
        return early

    def _ended(self, function: Function, path: str) -> tuple[Any, int]:
        """The batch when nothing changes any more, and after how many minutes that was."""
        for minute in range(1, _MOST_MINUTES):
            function.pass_seconds(60)
            function.reconcile()
            self._drain(function)
            shown = function.ask("GET", path).json
            if shown["status"] == "Finished":
                return shown, minute
        raise AssertionError(f"after {_MOST_MINUTES} minutes: {shown}")

    def _result(self, function: Function, path: str) -> Iterator[list[str]]:
        """The lines of the result file, without its header."""
        cursor: str | None = ""
        while cursor is not None:
            query = f"?cursor={cursor}" if cursor else ""
            answer = function.ask("GET", f"{path}/result{query}")
            lines = list(csv.reader(io.StringIO(answer.text)))
            yield from lines[0 if cursor else 1 :]
            cursor = answer.headers.get("Next-Cursor")


def counted(rows: int) -> Paid:
    """Pays a batch in this process, and counts its calls."""
    counterparts = _with_customers(rows)
    return _result(counterparts, rows, in_this_process(counterparts, _Work(rows)))


def measured(rows: int) -> Paid:
    """Pays a batch in a process of its own, and measures CPU and memory of the functions."""
    counterparts = _with_customers(rows)
    outcome, usage = in_own_process(counterparts, _Work(rows))
    return replace(_result(counterparts, rows, outcome), usage=usage)


def _with_customers(rows: int) -> Counterparts:
    counterparts = Counterparts()
    seed_data.customers(counterparts, rows)
    return counterparts


def _result(counterparts: Counterparts, rows: int, outcome: Outcome) -> Paid:
    book = counterparts.monoova.book
    payouts = counterparts.tables.payouts.values()
    return Paid(
        rows=rows,
        outcome=outcome,
        booked=dict(Counter(len(book.bookings(payout.unique_reference)) for payout in payouts)),
        calls={**counterparts.seam.counted, "monoova": len(counterparts.monoova.calls)},
    )


def table(paid: Paid) -> Iterator[str]:
    """The figures of a measured batch."""
    assert paid.usage is not None  # only what was measured is shown
    outcome = paid.outcome
    yield f"| rows of the file | {paid.rows:,} |"
    yield "|---|---|"
    yield f"| booked by Monoova once | {paid.booked.get(1, 0):,} |"
    yield f"| not at all, or more than once | {paid.rows - paid.booked.get(1, 0):,} |"
    yield f"| reported as completed | {outcome.completed:,} |"
    yield f"| rows in the result | {outcome.result_rows:,} |"
    yield f"| the same file again: messages on the queue | {outcome.messages_of_repeat} |"
    yield f"| simulated minutes until `Finished`, after the last was sent | {outcome.minutes} |"
    for name, times in sorted(paid.calls.items()):
        yield f"| {name}, calls per row | {times / paid.rows:.4f} |"
    yield f"| CPU of the upload, without AWS's SDK | {outcome.upload_seconds:.2f} s |"
    yield (
        f"| that upload on {_SHARE_OF_API:.2f} of a processor |"
        f" {outcome.upload_seconds / _SHARE_OF_API:.1f} s |"
    )
    yield f"| CPU of checking, per row | {outcome.checking_seconds * 1000 / paid.rows:.3f} ms |"
    yield f"| CPU of paying, per row | {outcome.paying_seconds * 1000 / paid.rows:.3f} ms |"
    yield f"| peak memory before | {paid.usage.peak_before_mb:.1f} MB |"
    yield f"| peak memory after the upload | {outcome.peak_after_upload_mb:.1f} MB |"
    yield f"| peak memory after a tenth was sent | {outcome.peak_early_mb:.1f} MB |"
    yield f"| peak memory after all of them | {paid.usage.peak_mb:.1f} MB |"
    yield f"(a function of 256 MB has {SHARE_OF_CPU:.2f} of a processor)"


def main(arguments: Sequence[str]) -> int:
    paid = measured(int(arguments[0]) if arguments else ROWS)
    sys.stdout.writelines(f"{line}\n" for line in table(paid))
    return 0 if paid.is_right else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
