"""Batches whose functions die, after each call of the upload, and of what follows it.

After a crash every actor continues: a caller without an answer asks again, the queue delivers
its message once more, the schedule runs. At the end every row was paid once, or, where an operator
cancelled, at most once.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from proof.crash_points import CrashInjector, Side
from proof.fault_injection import FaultRates
from proof.lambda_events import HttpAnswer, user
from proof.system import System
from proof.traffic import People

_MINUTES: Final = 60
_FILE: Final = {"Content-Type": "text/csv"}
_JSON: Final = {"Content-Type": "application/json"}
WORDS: Final = "Wilhelmina's rent"


@dataclass(frozen=True)
class Deaths:
    """At which calls of which function, in which part of the flow, a function may be killed.

    `loses_messages`: the queue brings nothing, and the clock has all to do.
    """

    name: str
    function: str
    part: str
    is_cancelled: bool = False
    loses_messages: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)


DEATHS: Final = (
    Deaths("upload", "api", "upload"),
    Deaths("check", "send_queued_payouts", "upload"),
    Deaths("confirm", "api", "confirm"),
    Deaths("approve", "api", "approve"),
    Deaths("release", "send_queued_payouts", "approve"),
    Deaths("a look at the progress", "api", "look"),
    Deaths("cancel while nothing is sent", "api", "cancel", is_cancelled=True),
    Deaths("cancel the rows", "send_queued_payouts", "cancel", is_cancelled=True),
    Deaths("check by the clock", "reconcile", "upload", loses_messages=True),
    Deaths("release by the clock", "reconcile", "approve", loses_messages=True),
    Deaths(
        "release under every rule",
        "send_queued_payouts",
        "approve",
        settings={
            "APPROVAL_NEW_DESTINATIONS": "required",
            "LIMIT_PER_CUSTOMER_AUD_PER_DAY": "1000",
        },
    ),
)


class Story:
    """One batch from its upload to its end. `kill_at` is a call of the part that `deaths` names."""

    def __init__(
        self, deaths: Deaths, kill_at: tuple[int, Side] | None, system: type[System] = System
    ) -> None:
        lost = 1.0 if deaths.loses_messages else 0.0
        fault_rates = FaultRates(message_lost_rate=lost)
        self.system = system(
            1, fault_rates, settings=deaths.settings, new_fault_injector=CrashInjector
        )
        assert isinstance(self.system.fault_injector, CrashInjector)
        self.crash_injector = self.system.fault_injector
        self._deaths = deaths
        self._kill_at = kill_at
        self._people = People(self.system, random.Random("batches"))
        self._batch: Any = None

    def play(self) -> "Story":
        """All of it."""
        for number in range(2):
            self._done(lambda number=number: self._people.register(number))  # type: ignore[misc]
        self._part("upload", self._upload)
        self._part("confirm", lambda: self._post("confirm", {"total": "3.00"}))
        gatekeeper = self.system.new_container().gatekeeper
        if self._deaths.is_cancelled:
            self._done(lambda: gatekeeper.pause("dave", "drill"))
        self._part("approve", lambda: self._post("approve", {}))
        self._part("look", self._look)
        if self._deaths.is_cancelled:
            self._part("cancel", lambda: self._post("cancel", {}))
            self._done(gatekeeper.resume)
        self._wait(_MINUTES)
        self._look()
        return self

    def _part(self, name: str, act: Callable[[], object]) -> None:
        """A part of the flow, and the work that it makes. A caller without an answer asks again."""
        is_watched = name == self._deaths.part
        if is_watched and not self._deaths.loses_messages:
            self.crash_injector.watch(self._deaths.function, self._kill_at)
        act()
        self._wait(1)
        if is_watched and self._deaths.loses_messages:
            # The clock does nothing with a batch before: then it is watched.
            self.crash_injector.watch(self._deaths.function, self._kill_at)
        self._wait(2 if self._deaths.loses_messages else 0)
        if is_watched:
            self.crash_injector.watch("", None)
            act()
            self._wait(10)

    def _done(self, act: Callable[[], object]) -> None:
        self.system.kernel.wait_for(self.system.kernel.spawn("person", act))

    def _wait(self, minutes: int) -> None:
        for _ in range(minutes):
            self.system.kernel.sleep(60)
            self.system.kernel.wait_for(self.system.functions.reconcile())

    # --- what people do

    def _upload(self) -> None:
        rows = [f"{each.customer_id},1.50,{WORDS}" for each in self._people.customers]
        content = "\n".join(["customer_id,amount,reference", *rows]).encode()
        self._heard(self._ask("POST", "/batches", content, _FILE, "alice"))

    def _post(self, decision: str, body: Mapping[str, str]) -> None:
        content = str(dict(body)).replace("'", '"').encode()
        who = "bob" if decision == "approve" else "alice"
        path = f"/batches/{self._batch['batch_id']}"
        self._heard(self._ask("POST", f"{path}/{decision}", content, _JSON, who))

    def _look(self) -> None:
        self._heard(self._ask("GET", f"/batches/{self._batch['batch_id']}", b"", {}, "alice"))

    def _ask(
        self, method: str, path: str, content: bytes, headers: Mapping[str, str], who: str
    ) -> HttpAnswer | None:
        heard: list[HttpAnswer | None] = []
        groups = "approvers" if who == "bob" else "operators"

        def ask() -> None:
            answer = self.system.functions.http(method, path, content, headers, user(who, groups))
            heard.append(answer)

        self._done(ask)
        return heard[0] if heard else None

    def _heard(self, answer: HttpAnswer | None) -> None:
        if answer is not None and "batch_id" in answer.json:
            self._batch = answer.json

    # --- what is to be judged

    @property
    def batch(self) -> Any:
        """The batch as the API showed it last."""
        return self._batch

    def booked(self) -> list[int]:
        """How often Monoova has booked each payout that there is."""
        book = self.system.monoova.book
        return [len(book.bookings(payout.unique_reference)) for payout in self.system.rows()]

    def violations(self) -> Iterator[str]:
        """What is not as it must be at the end."""
        booked, progress = self.booked(), self._batch["progress"]
        wanted = "Cancelled" if self._deaths.is_cancelled else "Finished"
        if self._batch["status"] != wanted:
            yield f"the batch is {self._batch['status']}"
        if self._deaths.is_cancelled:
            if any(booked) or progress["cancelled"] != 2:
                yield f"cancelled, and yet {booked} {progress}"
        elif booked != [1, 1] or progress["completed"] != 2:
            yield f"not each was paid once: {booked} {progress}"
        if any(not payout.state.is_final for payout in self.system.rows()):
            yield "a payout is open"
        tables = self.system.tables
        if tables.open_batches:
            yield "the batch is still looked after"
        # An upload that died leaves rows of no batch, which expire; a batch's are emptied.
        ours = {batch.upload_id for batch in tables.batches.values()}
        kept = [rows for key, rows in tables.batch_rows.items() if key[0] in ours]
        if any(row.reference for rows in kept for row in rows):
            yield "a row has its words still"


def told(deaths: Deaths, kill_at: tuple[int, Side] | None, system: type[System] = System) -> Story:
    """The story, played to its end."""
    with system.surroundings():
        story = Story(deaths, kill_at, system)
        with story.system.open():
            return story.play()


def crash_points(deaths: Deaths) -> Iterator[tuple[int, Story]]:
    """Every death that there can be, and what came after it.

    After a call: to die before the next one is the same, and before the first is not to begin.
    """
    for call in count(1):
        story = told(deaths, (call, Side.AFTER))
        if not story.crash_injector.has_fallen:
            return
        yield call, story
