"""Finds what nobody told us: reads the open payouts that are due, and moves each one on.

Every step is conditional on the payout being as it was read, so that two runs at once do no harm.
Works in slices, within its time; what it does not reach is still due at the next run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from chalicelib import observability
from chalicelib.clock import Clock
from chalicelib.domain.decisions import (
    RECONCILER,
    Note,
    SendAgain,
    after_report,
    change_for,
    in_doubt,
)
from chalicelib.domain.gate import Gate, Passage
from chalicelib.domain.outcome import Report, Standing, Uncertainty
from chalicelib.domain.payout import (
    PENDING,
    Change,
    Event,
    FailureCode,
    Fields,
    Payout,
    State,
)
from chalicelib.domain.schedule import Policy, when_to_try
from chalicelib.observability import Metric
from chalicelib.queues import Queue, QueueUnavailableError
from chalicelib.services.dispatch import Dispatcher
from chalicelib.services.gatekeeper import Gatekeeper
from chalicelib.services.submission import without_payee
from chalicelib.storage.dynamodb import StorageUnavailableError
from chalicelib.storage.payout_items import DUE_SHARDS
from chalicelib.storage.payouts import PayoutChangedError, Payouts
from chalicelib.storage.together import ReadTogether

if TYPE_CHECKING:
    from chalicelib.monoova.client import MonoovaClient

_SLICE: Final = 100
# From here on one question by date is cheaper than one for each.
_MANY: Final = 10
# What sending one payout may take: a call and a retry; a further one waits for the next run.
_ONE_PAYOUT_SECONDS: Final = 15.0
# What asking may take: a read timeout, and the write of what was learned.
_QUESTION_SECONDS: Final = 11.0
_QUICK_SECONDS: Final = 3.0
_QUEUE_LOOK: Final = timedelta(minutes=5)
_BROKEN_LOOK: Final = timedelta(minutes=10)
# Dates of Monoova are Sydney's, ours are UTC, and whether it means execution or completion is
# not documented: a day on either side covers all of it.
_MARGIN: Final = timedelta(days=1)
# Older ones are few and asked for singly: one that hangs for weeks would make every answer by
# date hold weeks of payouts.
_BY_DATE_FOR: Final = timedelta(days=2)
_LOOKED_UP: Final = PENDING - {State.SENDING}


@dataclass(slots=True)
class Findings:
    """What a run found, by the state that payouts moved to; the API answers with it."""

    looked_at: int = 0
    questions: int = 0
    moved: dict[str, int] = field(default_factory=dict)
    is_finished: bool = True
    circuit: str = Passage.CLEAR.value

    def note_move(self, before: Payout, after: Payout) -> None:
        self.looked_at += 1
        if after.state is not before.state:
            self.moved[after.state.value] = self.moved.get(after.state.value, 0) + 1


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Runs every minute, and on demand."""

    payouts: Payouts
    together: ReadTogether
    monoova: "MonoovaClient"
    gatekeeper: Gatekeeper
    dispatcher: Dispatcher
    queue: Queue
    clock: Clock
    policy: Policy

    def run(self, seconds: float, by: str = RECONCILER) -> Findings:
        """Moves on what is due, for `seconds` at the most.

        May raise `StorageUnavailableError`; the next run finds the rest.
        """
        run = _Run(self, by, self.clock.now() + timedelta(seconds=seconds))
        # Each minute begins with another shard: a long one cannot keep the rest waiting for ever.
        first = self.clock.now().minute
        try:
            for shard in range(DUE_SHARDS):
                run.shard((first + shard) % DUE_SHARDS)
        finally:
            observability.measure(Metric.OLDEST_OPEN_SECONDS, run.oldest_seconds)
            observability.measure(Metric.CIRCUIT_OPEN_NOW, int(self.gatekeeper.gate.is_open))
            observability.note(found=run.findings.looked_at, circuit=run.findings.circuit)
        observability.measure(Metric.NEEDS_REVIEW_NOW, self.payouts.count_in_review())
        return run.findings


class _Run:
    """One run: what it knows so far, and how long it may go on."""

    def __init__(self, reconciler: Reconciler, by: str, ends_at: datetime) -> None:
        self._r = reconciler
        self._by = by
        self._ends_at = ends_at
        self._gate: Gate = reconciler.gatekeeper.look()
        self.findings = Findings()
        self.oldest_seconds = 0.0

    def _now(self) -> datetime:
        return self._r.clock.now()

    def _has(self, seconds: float) -> bool:
        has_time = self._now() + timedelta(seconds=seconds) <= self._ends_at
        self.findings.is_finished &= has_time
        return has_time

    def shard(self, shard: int) -> None:
        """All that is due in one shard, slice by slice."""
        began_at, start = self._now(), None
        while self._has(_QUICK_SECONDS):
            page = self._r.payouts.due(shard, began_at, _SLICE, start)
            self._slice(page.items)
            if page.next_key is None:
                return
            start = page.next_key

    def _slice(self, due: tuple[Payout, ...]) -> None:
        now = self._now()
        ages = ((now - payout.created_at).total_seconds() for payout in due)
        self.oldest_seconds = max((self.oldest_seconds, *ages))
        asked = self._ask_by_date([p for p in due if p.state in _LOOKED_UP])
        queued = [payout for payout in due if payout.state is State.QUEUED]
        # What takes a moment goes before what may take long.
        for payout in (*(p for p in due if p.state is not State.QUEUED), *self._unloaded(queued)):
            if not self._has(_QUICK_SECONDS):
                return
            self._one(payout, asked.get(payout.unique_reference))

    def _unloaded(self, queued: list[Payout]) -> list[Payout]:
        """Of many, puts all but a few on the queue, which sends them side by side."""
        if self._r.gatekeeper.passage(self._r.gatekeeper.gate) is not Passage.CLEAR:
            return queued
        for payout in queued[_MANY:]:
            if not self._has(_QUICK_SECONDS):
                return []
            message = {"transaction_id": payout.transaction_id, "customer_id": payout.customer_id}
            try:
                self._r.queue.put(message)
                # Should the message be lost, it is looked at again then.
                after = self._put_off(payout, self._now() + _QUEUE_LOOK)
            except QueueUnavailableError as error:
                observability.note_error(error)
                return queued
            except PayoutChangedError as error:
                after = error.current or payout
            self.findings.note_move(payout, after)
        return queued[:_MANY]

    def _one(self, payout: Payout, report: Report | None) -> None:
        """Moves one payout on; one that cannot be is put off, so that it does not stop the rest."""
        try:
            after = self._moved(payout, report)
        except PayoutChangedError as error:
            after = error.current or payout
        except StorageUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the rest goes on
            observability.note_error(error)
            after = self._put_off_broken(payout)
        self.findings.note_move(payout, after)

    def _put_off_broken(self, payout: Payout) -> Payout:
        try:
            return self._put_off(payout, self._now() + _BROKEN_LOOK)
        except PayoutChangedError as error:
            return error.current or payout

    def _moved(self, payout: Payout, report: Report | None) -> Payout:
        match payout.state:
            case State.SENDING:
                return self._release(payout)
            case State.QUEUED:
                return self._send(payout)
            case State.AWAITING_APPROVAL:
                fields = Fields(failure_code=FailureCode.APPROVAL_EXPIRED)
                change = change_for(payout, Event.APPROVAL_EXPIRED, self._note(), fields)
                return self._commit(payout, change)
            case _ if payout.state in _LOOKED_UP:
                return self._look_up(payout, report)
            case _:
                return payout

    def _note(self) -> Note:
        return Note(self._now(), self._by)

    def _release(self, payout: Payout) -> Payout:
        """The lease ran out: whoever had it is dead, and what it did is not known."""
        change = in_doubt(
            payout,
            Event.LEASE_EXPIRED,
            Uncertainty.LEASE_EXPIRED.value,
            self._note(),
            self._r.policy,
        )
        return self._commit(payout, change)

    def _send(self, payout: Payout) -> Payout:
        if not self._has(_ONE_PAYOUT_SECONDS):
            return payout
        standing = self._r.together.standing(payout.customer_id)
        return self._r.dispatcher.send_queued(
            payout, standing.customer, standing.gate, self._by, _ONE_PAYOUT_SECONDS
        )

    def _look_up(self, payout: Payout, report: Report | None) -> Payout:
        if report is None or report.standing is Standing.UNCLEAR:
            if not self._has(_QUESTION_SECONDS):
                return payout
            if not self._may_ask():
                return self._wait_unasked(payout)
            report, answer = self._r.monoova.asked(payout.unique_reference)
            self._r.gatekeeper.tell(answer)
            self.findings.questions += 1
        report = without_payee(report, payout, self._r.together, self._r.dispatcher.vault)
        decided = after_report(payout, report, self._now(), self._by, self._r.policy)
        if isinstance(decided, SendAgain):
            return self._again(payout)
        return self._commit(payout, decided)

    def _wait_unasked(self, payout: Payout) -> Payout:
        """Monoova may not be called. One that has waited too long is shown to a person all the
        same."""
        unclear = Report(Standing.UNCLEAR)
        decided = after_report(payout, unclear, self._now(), self._by, self._r.policy)
        assert isinstance(decided, Change)  # nothing unclear makes anybody send
        until = when_to_try(self._gate, self._now(), self._r.policy)
        waiting = Fields(looks=payout.looks, due_at=until)
        return self._commit(payout, Change(decided.fields | waiting, decided.entries))

    def _again(self, payout: Payout) -> Payout:
        if not self._has(_ONE_PAYOUT_SECONDS):
            return payout
        standing = self._r.together.standing(payout.customer_id)
        return self._r.dispatcher.send_again(
            payout, standing.customer, standing.gate, self._by, _ONE_PAYOUT_SECONDS
        )

    def _may_ask(self) -> bool:
        """Whether Monoova may be called; a call that failed since may have closed the gate."""
        self._gate = self._r.gatekeeper.gate
        passage = self._r.gatekeeper.enter_to_ask(self._gate)
        self.findings.circuit = passage.value
        return passage is not Passage.CIRCUIT_OPEN

    def _ask_by_date(self, payouts: list[Payout]) -> Mapping[str, Report]:
        """Of many, asks with one call. Whom the answer leaves out is asked for singly."""
        since = self._now() - _BY_DATE_FOR
        sent = [at for p in payouts if (at := p.last_sent_at or p.created_at) >= since]
        if len(sent) < _MANY or not self._has(_QUESTION_SECONDS) or not self._may_ask():
            return {}
        start, end = (min(sent) - _MARGIN).date(), (self._now() + _MARGIN).date()
        reports, answer = self._r.monoova.reports(start, end)
        self._r.gatekeeper.tell(answer)
        self.findings.questions += 1
        return reports

    def _put_off(self, payout: Payout, until: datetime) -> Payout:
        return self._commit(payout, Change(Fields(due_at=until)))

    def _commit(self, payout: Payout, change: Change) -> Payout:
        """Writes to the payout as the index showed it; whoever was faster is right."""
        now = self._now()
        after = self._r.payouts.commit(payout, change, now)
        observability.count_change(change, payout, now)
        return after
