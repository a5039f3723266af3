"""Crash points of a batch: a function is killed after each call of the upload and what follows.

`python -m proof.batches` plays them all.

After a crash every actor continues: a caller without an answer asks again, the queue delivers
its message once more, the schedule runs. At the end every row was paid once, or, where an operator
cancelled, at most once.
"""

import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from itertools import count
from typing import Any, Final

from chalicelib.payouts.rules.payout import State
from proof.crash_points import CrashInjector, Side
from proof.fault_injection import FaultRates
from proof.lambda_events import HttpAnswer, user
from proof.result import Result
from proof.system import System
from proof.traffic import Traffic
from simulator.outcomes import Fate, Plan

_MINUTES: Final = 60
_FILE: Final = {"Content-Type": "text/csv"}
_JSON: Final = {"Content-Type": "application/json"}
REFERENCE: Final = "Wilhelmina's rent"


class Again(StrEnum):
    """In what way the rows of an earlier batch are paid again."""

    NO = "no"
    RETRIED = "retried"
    REPEATED = "repeated"


@dataclass(frozen=True)
class BatchFlow:
    """A part of a batch's life, each call of whose `function` is a crash point.

    `loses_messages`: the queue delivers nothing, and the schedule has to do everything. `again` is
    what becomes of a batch that went before it and is over: its rows failed and are retried, or
    were paid and its file is uploaded once more, which is meant.
    """

    name: str
    function: str
    part: str
    is_cancelled: bool = False
    loses_messages: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    again: Again = Again.NO


BATCH_FLOWS: Final = (
    BatchFlow("upload", "api", "upload"),
    BatchFlow("check", "send_queued_payouts", "upload"),
    BatchFlow("confirm", "api", "confirm"),
    BatchFlow("approve", "api", "approve"),
    BatchFlow("release", "send_queued_payouts", "approve"),
    BatchFlow("read the progress", "api", "read"),
    BatchFlow("cancel while nothing is sent", "api", "cancel", is_cancelled=True),
    BatchFlow("cancel the rows", "send_queued_payouts", "cancel", is_cancelled=True),
    BatchFlow("check by the schedule", "reconcile", "upload", loses_messages=True),
    BatchFlow("release by the schedule", "reconcile", "approve", loses_messages=True),
    BatchFlow(
        "release under every rule",
        "send_queued_payouts",
        "approve",
        settings={
            "DESTINATION_APPROVAL": "required",
            "LIMIT_PER_CUSTOMER_AUD_PER_DAY": "1000",
        },
    ),
    BatchFlow("retry", "api", "upload", again=Again.RETRIED),
    BatchFlow("check the retry", "send_queued_payouts", "upload", again=Again.RETRIED),
    BatchFlow("confirm the retry", "api", "confirm", again=Again.RETRIED),
    BatchFlow("approve the retry", "api", "approve", again=Again.RETRIED),
    BatchFlow("release the retry", "send_queued_payouts", "approve", again=Again.RETRIED),
    BatchFlow(
        "release the retry by the schedule",
        "reconcile",
        "approve",
        loses_messages=True,
        again=Again.RETRIED,
    ),
    BatchFlow("repeat", "api", "upload", again=Again.REPEATED),
    BatchFlow("confirm the repeat", "api", "confirm", again=Again.REPEATED),
    BatchFlow("release the repeat", "send_queued_payouts", "approve", again=Again.REPEATED),
)


class BatchRun:
    """One batch from its upload to its end. `kill_at` is a call of the part that `flow` names."""

    def __init__(
        self, flow: BatchFlow, kill_at: tuple[int, Side] | None, system: type[System] = System
    ) -> None:
        lost = 1.0 if flow.loses_messages else 0.0
        fault_rates = FaultRates(message_lost_rate=lost)
        self.system = system(
            1, fault_rates, settings=flow.settings, new_fault_injector=CrashInjector
        )
        assert isinstance(self.system.fault_injector, CrashInjector)
        self.crash_injector = self.system.fault_injector
        self._flow = flow
        self._kill_at = kill_at
        self._traffic = Traffic(self.system, random.Random("batches"))
        self._batch: Any = None
        self._earlier: Any = None

    def play(self) -> "BatchRun":
        """Plays the batch from its upload until an hour after its approval."""
        for number in range(2):
            self._done(lambda number=number: self._traffic.register(number))  # type: ignore[misc]
        if self._flow.settings.get("DESTINATION_APPROVAL") == "required":
            for customer in self._traffic.customers:
                self._done(partial(self._traffic.approve_destination, customer))
        if self._flow.again is not Again.NO:
            self._earlier_batch()
        self._part("upload", self._begin)
        said: dict[str, object] = {"total": "3.00", "accept_duplicates": 2}
        self._part("confirm", lambda: self._post("confirm", said))
        gatekeeper = self.system.new_container().gatekeeper
        if self._flow.is_cancelled:
            self._done(lambda: gatekeeper.pause("dave", "drill"))
        self._part("approve", lambda: self._post("approve", {}))
        self._part("read", self._read)
        if self._flow.is_cancelled:
            self._part("cancel", lambda: self._post("cancel", {}))
            self._done(gatekeeper.resume)
        self._wait(_MINUTES)
        self._read()
        return self

    def _earlier_batch(self) -> None:
        """A whole batch, of which nothing is a crash point; its rows fail if they are retried."""
        if self._flow.again is Again.RETRIED:
            for _ in range(2):
                self.system.monoova.script(Plan(fate=Fate.REJECTED))
        self._upload()
        self._wait(2)
        self._post("confirm", {"total": "3.00"})
        self._post("approve", {})
        self._wait(_MINUTES)
        self._read()
        assert self._batch["status"] == "Finished", self._batch["status"]
        self._earlier = self._batch

    def _begin(self) -> None:
        """What makes the batch that the flow is about."""
        match self._flow.again:
            case Again.RETRIED:
                self._note(self._ask("POST", self._path("retry"), b"{}", _JSON, "alice"))
            case Again.REPEATED:
                sent = json.dumps({"file": self._file(), "repeat": True}).encode()
                self._note(self._ask("POST", "/batches", sent, _JSON, "alice"))
            case Again.NO:
                self._upload()

    def _part(self, name: str, act: Callable[[], object]) -> None:
        """A part of the flow, and the work that it makes. A caller without an answer asks again."""
        is_watched = name == self._flow.part
        if is_watched and not self._flow.loses_messages:
            self.crash_injector.watch(self._flow.function, self._kill_at)
        act()
        self._wait(1)
        if is_watched and self._flow.loses_messages:
            # Before this the schedule does nothing with a batch.
            self.crash_injector.watch(self._flow.function, self._kill_at)
        self._wait(2 if self._flow.loses_messages else 0)
        if is_watched:
            self.crash_injector.watch("", None)
            act()
            self._wait(10)

    def _done(self, act: Callable[[], object]) -> None:
        self.system.kernel.wait_for(self.system.kernel.spawn("client", act))

    def _wait(self, minutes: int) -> None:
        for _ in range(minutes):
            self.system.kernel.sleep(60)
            self.system.kernel.wait_for(self.system.functions.reconcile())

    # --- the clients' requests

    def _file(self) -> str:
        rows = [f"{each.customer_id},1.50,{REFERENCE}" for each in self._traffic.customers]
        return "\n".join(["customer_id,amount,reference", *rows])

    def _upload(self) -> None:
        self._note(self._ask("POST", "/batches", self._file().encode(), _FILE, "alice"))

    def _path(self, act: str) -> str:
        """Of the batch that went before, for what makes one of it."""
        batch = self._earlier if act == "retry" else self._batch
        return f"/batches/{batch['batch_id']}/{act}"

    def _post(self, decision: str, body: Mapping[str, object]) -> None:
        content = str(dict(body)).replace("'", '"').encode()
        who = "bob" if decision == "approve" else "alice"
        self._note(self._ask("POST", self._path(decision), content, _JSON, who))

    def _read(self) -> None:
        self._note(self._ask("GET", f"/batches/{self._batch['batch_id']}", b"", {}, "alice"))

    def _ask(
        self, method: str, path: str, content: bytes, headers: Mapping[str, str], who: str
    ) -> HttpAnswer | None:
        answers: list[HttpAnswer | None] = []
        groups = "approvers" if who == "bob" else "operators"

        def ask() -> None:
            answer = self.system.functions.http(method, path, content, headers, user(who, groups))
            answers.append(answer)

        self._done(ask)
        return answers[0] if answers else None

    def _note(self, answer: HttpAnswer | None) -> None:
        if answer is not None and "batch_id" in answer.json:
            self._batch = answer.json

    # --- what the test judges

    @property
    def batch(self) -> Any:
        """The batch as the API showed it last."""
        return self._batch

    def booked(self) -> list[int]:
        """How often Monoova has booked each payout."""
        book = self.system.monoova.book
        return [len(book.bookings(payout.unique_reference)) for payout in self.system.rows()]

    def violations(self) -> Iterator[str]:
        """What is wrong at the end, in words."""
        booked, progress = self.booked(), self._batch["progress"]
        wanted = "Cancelled" if self._flow.is_cancelled else "Finished"
        if self._batch["status"] != wanted:
            yield f"the batch is {self._batch['status']}"
        if self._flow.is_cancelled:
            if any(booked) or progress["cancelled"] != 2:
                yield f"cancelled, and yet {booked} {progress}"
        elif set(booked) != {1} or len(booked) != self._wanted or progress["completed"] != 2:
            yield f"not each was paid once: {booked} {progress}"
        yield from self._successors()
        if any(not payout.state.is_final for payout in self.system.rows()):
            yield "a payout is open"
        tables = self.system.tables
        if tables.open_batches:
            yield "the batch is still open"
        # An upload that was killed leaves rows of no batch, which expire; a batch's are emptied.
        ours = {batch.upload_id for batch in tables.batches.values()}
        kept = [rows for key, rows in tables.batch_rows.items() if key[0] in ours]
        if any(row.reference for rows in kept for row in rows):
            yield "a row still has its reference"

    @property
    def _wanted(self) -> int:
        """How many payouts there are in the end, the earlier batch's too."""
        return 2 if self._flow.again is Again.NO else 4

    def _successors(self) -> Iterator[str]:
        """Each payout that failed has one in its place; one that was paid has none."""
        retried = Counter(p.retry_of for p in self.system.rows() if p.retry_of)
        is_retry = self._flow.again is Again.RETRIED
        failed = {p.transaction_id for p in self.system.rows() if p.state is State.FAILED}
        if retried != Counter(failed) or len(failed) != 2 * is_retry:
            yield f"{len(failed)} failed, and in their place there are {retried.total()}"


def played(
    flow: BatchFlow, kill_at: tuple[int, Side] | None, system: type[System] = System
) -> BatchRun:
    """Plays one batch to its end, killed at `kill_at` or not at all."""
    with system.prerequisites():
        run = BatchRun(flow, kill_at, system)
        with run.system.open():
            return run.play()


def crash_points(flow: BatchFlow) -> Iterator[tuple[int, BatchRun]]:
    """Every crash point of the flow, with the number of its call, each played to its end.

    Only after a call: a crash before the next call is the same, and one before the first call is
    a function that never began.
    """
    for call in count(1):
        run = played(flow, (call, Side.AFTER))
        if not run.crash_injector.has_killed:
            return
        yield call, run


def main() -> int:
    """Plays all of them and prints how many there are."""
    tried = violations = 0
    for flow in BATCH_FLOWS:
        count = 0
        for call, run in crash_points(flow):
            count += 1
            for violation in run.violations():
                violations += 1
                print(f"{flow.name}: killed after call {call}: {violation}")
        tried += count
        print(f"{count:5} crash points  {flow.name}", flush=True)
    print(f"{tried:5} crash points, {violations} violations")
    Result(crash_points=tried, batch_crash_points=tried, violations=violations).write()
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
