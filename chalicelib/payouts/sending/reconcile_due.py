"""Reconciliation: reads the open payouts that are due, and moves each one on.

Every step is conditional on the payout being as it was read, so that two runs at once do no harm.
Works in rounds, within its time; what it does not reach is still due at the next run.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from chalicelib.core import observability
from chalicelib.core.clock import Clock
from chalicelib.core.deadline import TimeLeft
from chalicelib.core.dynamodb.items import ItemRefusedError, stops_a_run
from chalicelib.core.dynamodb.readable import UnreadableItemError
from chalicelib.core.encryption import VaultUnavailableError
from chalicelib.core.errors import TryAgainError
from chalicelib.core.observability import Metric
from chalicelib.core.queues import Queue, QueueUnavailableError
from chalicelib.core.secrets import SecretUnavailableError
from chalicelib.monoova.available_funds import AvailableFunds
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.rules.duplicates import SecondCalls
from chalicelib.monoova.rules.gate import Gate, Passage
from chalicelib.monoova.rules.outcome import Report, Standing, Uncertainty
from chalicelib.payouts.metrics import count_change
from chalicelib.payouts.rules.decisions import (
    RECONCILER,
    Note,
    SendAgain,
    after_report,
    change_for,
    in_doubt,
)
from chalicelib.payouts.rules.payout import (
    PENDING,
    Change,
    Event,
    FailureCode,
    Fields,
    Payout,
    QueueReason,
    State,
)
from chalicelib.payouts.rules.schedule import Policy, is_expired
from chalicelib.payouts.sending.ask_monoova import QUESTION_SECONDS, StatusQuestions
from chalicelib.payouts.sending.dispatch_payout import Dispatcher
from chalicelib.payouts.sending.send_payout import without_payee
from chalicelib.payouts.store.items import OTHER_SHARDS, QUEUED_SHARDS
from chalicelib.payouts.store.payouts import PayoutChangedError, Payouts
from chalicelib.payouts.store.situation import ReadTogether

if TYPE_CHECKING:
    from chalicelib.customers.open_details import Opener
    from chalicelib.monoova.client import Account, MonoovaClient
    from chalicelib.monoova.watch_balance import BalanceWatch

# Of each shard in a round. A payout has about a kilobyte: a page is one read, a round fits in any
# function's memory.
_PAGE: Final = 100
# So many payouts of a round are sent by the run itself, should the queue be of no help; the others
# are put on it.
_SENT_BY_ITSELF: Final = 10
# What sending one payout may take: a call and a retry; a further one waits for the next run.
_ONE_PAYOUT_SECONDS: Final = 15.0
_QUICK_SECONDS: Final = 3.0
# Of a run's time, where there are batches: enough to do a chunk of rows with.
_SHARE_OF_BATCHES: Final = 0.5
_QUEUE_LOOK: Final = timedelta(minutes=5)
_BROKEN_LOOK: Final = timedelta(minutes=10)
_BALANCE_TIME: Final = timedelta(seconds=QUESTION_SECONDS)
_LOOKED_UP: Final = PENDING - {State.SENDING}


@dataclass(slots=True)
class Findings:
    """What a run found, by the state that payouts moved to; the API answers with it.

    `put_off` names the payouts that could not be moved on for what is wrong with themselves.
    """

    looked_at: int = 0
    questions: int = 0
    moved: dict[str, int] = field(default_factory=dict)
    is_finished: bool = True
    circuit: Passage = Passage.CLEAR
    questions_circuit: Passage = Passage.CLEAR
    put_off: list[str] = field(default_factory=list)

    def note_move(self, before: Payout, after: Payout) -> None:
        self.looked_at += 1
        if after.state is not before.state:
            self.moved[after.state.value] = self.moved.get(after.state.value, 0) + 1


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Runs every minute, and on demand. Hardly any run has details to redact: `opener` is asked
    for when one has.
    """

    payouts: Payouts
    together: ReadTogether
    monoova: "MonoovaClient"
    gatekeeper: Gatekeeper
    dispatcher: Dispatcher
    queue: Queue
    clock: Clock
    policy: Policy
    funds: AvailableFunds
    second_calls: Callable[[Gate], SecondCalls]
    opener: Callable[[], "Opener"]
    open_batch_ids: Callable[[], tuple[str, ...]]
    advance_batches: Callable[[tuple[str, ...], TimeLeft], None]
    balance_watch: "BalanceWatch | None" = None
    hourly_watch: Callable[[datetime], None] = lambda _now: None
    ask_balance: "Callable[[], Account] | None" = None

    def run(self, seconds: float, by: str = RECONCILER) -> Findings:
        """Moves on what is due, for `seconds` at the most.

        May raise `StorageUnavailableError`; the next run finds the rest.
        """
        ends_at = self.clock.now() + timedelta(seconds=seconds)
        self._look_after_batches(seconds * _SHARE_OF_BATCHES)
        run = _Run(self, by, TimeLeft(self.clock, ends_at))
        # Each minute begins with another shard: a slow one cannot keep the rest waiting for ever.
        first = self.clock.now().minute
        try:
            run.rounds([*_from(first, OTHER_SHARDS), *_from(first, QUEUED_SHARDS)])
        finally:
            found = run.found()
            observability.measure(Metric.OLDEST_OPEN_SECONDS, run.oldest_seconds)
            observability.measure(Metric.CIRCUIT_OPEN_NOW, int(self.gatekeeper.gate.is_open))
            if self.gatekeeper.gate.booked_twice_at:
                observability.count(Metric.BOOKED_TWICE)
            if self.gatekeeper.gate.questions.is_open:
                observability.measure(Metric.QUESTIONS_STOPPED_NOW, 1)
            observability.note(found=found.looked_at, circuit=found.circuit)
            if run.without_funds:
                observability.measure(Metric.WAITING_FOR_FUNDS, run.without_funds)
        observability.measure(Metric.NEEDS_REVIEW_NOW, self.payouts.count_in_review())
        if self.clock.now() + _BALANCE_TIME <= ends_at:
            self._ask_for_the_balance()
        self._watch_hourly()
        return found

    def _watch_hourly(self) -> None:
        try:
            self.hourly_watch(self.clock.now())
        except Exception as error:  # noqa: BLE001 - the payouts have gone on by now
            observability.note_error(error)

    def _ask_for_the_balance(self) -> None:
        """Where it is watched; and as the probe of the questions' breaker, which a run without a
        payout to ask about would leave open.
        """
        is_probe_due = self.gatekeeper.passage_for_questions(self.gatekeeper.gate) is Passage.PROBE
        if self.ask_balance and is_probe_due:
            # Whatever comes of it, the breaker knows.
            with suppress(TryAgainError):
                self.ask_balance()
        if self.balance_watch:
            self.balance_watch.look(self.clock.now())

    def _look_after_batches(self, seconds: float) -> None:
        """What is wrong with a batch must not keep the payouts waiting."""
        ends_at = self.clock.now() + timedelta(seconds=seconds)
        try:
            batch_ids = self.open_batch_ids()
            if batch_ids:
                self.advance_batches(batch_ids, TimeLeft(self.clock, ends_at))
        except Exception as error:  # noqa: BLE001 - whatever it is, the payouts go on
            observability.note_error(error)


def _age(payout: Payout) -> datetime:
    return payout.released_at


def _from(first: int, shards: Sequence[str]) -> Sequence[str]:
    """The shards in their order, another one first."""
    begin = first % len(shards)
    return (*shards[begin:], *shards[:begin])


class _Run:
    """One run: what it knows so far, and how long it may go on."""

    def __init__(self, reconciler: Reconciler, by: str, time_left: TimeLeft) -> None:
        self._r = reconciler
        self._by = by
        self._time = time_left
        self._findings = Findings()
        self._questions = StatusQuestions(
            reconciler.monoova, reconciler.gatekeeper, reconciler.clock, time_left
        )
        self._passed_on = 0
        self.oldest_seconds = 0.0
        self.without_funds = 0
        self._promised_cents = 0
        reconciler.gatekeeper.look()

    def found(self) -> Findings:
        """What the run has found so far."""
        self._findings.is_finished = self._time.was_enough
        self._findings.questions = self._questions.questions
        gatekeeper = self._r.gatekeeper
        self._findings.circuit = gatekeeper.passage(gatekeeper.gate)
        self._findings.questions_circuit = gatekeeper.passage_for_questions(gatekeeper.gate)
        return self._findings

    def _now(self) -> datetime:
        return self._r.clock.now()

    def rounds(self, shards: Sequence[str]) -> None:
        """All that is due, a page of each shard at a time: none waits until another is empty.

        What is queued is read only while it may be sent.
        """
        began_at = self._now()
        starts: dict[str, Mapping[str, str] | None] = dict.fromkeys(shards)
        if not self._may_send():
            self._measure_queued(began_at)
        while self._time.has(_QUICK_SECONDS):
            if not self._may_send():
                starts = {shard: at for shard, at in starts.items() if shard in OTHER_SHARDS}
            if not starts:
                break
            self._round(self._pages(starts, began_at))

    def _may_send(self) -> bool:
        """Whether queued payouts may go now; with a pace, no more than one minute's turns."""
        gatekeeper = self._r.gatekeeper
        return gatekeeper.passage(gatekeeper.gate).is_through and self._turns_left() > 0

    def _turns_left(self) -> float:
        pace = self._r.gatekeeper.gate.active_pace(self._now())
        return pace.allowed(self._now()) - self._passed_on if pace else math.inf

    def _measure_queued(self, now: datetime) -> None:
        """How long the first of each shard has waited, which must be seen though it is not sent."""
        for shard in QUEUED_SHARDS:
            self._note_ages(self._r.payouts.due(shard, now, 1).items, now)

    def _note_ages(self, payouts: Sequence[Payout], now: datetime) -> None:
        ages = ((now - payout.released_at).total_seconds() for payout in payouts)
        self.oldest_seconds = max((self.oldest_seconds, *ages))

    def _pages(
        self, starts: dict[str, Mapping[str, str] | None], began_at: datetime
    ) -> list[Payout]:
        """The next page of each shard in `starts`, which is moved on, or emptied at the end."""
        due: list[Payout] = []
        for shard, start in list(starts.items()):
            if not self._time.has(_QUICK_SECONDS):
                break
            page = self._r.payouts.due(shard, began_at, _PAGE, start)
            due.extend(page.items)
            for transaction_id in page.unreadable:
                self._findings.looked_at += 1
                self._put_off_unread(transaction_id)
            if page.next_key is None:
                del starts[shard]
            else:
                starts[shard] = page.next_key
        return due

    def _round(self, due: list[Payout]) -> None:
        now = self._now()
        # One that was not approved in time is as old as its wait for that, and ends here.
        self._note_ages([p for p in due if p.state is not State.AWAITING_APPROVAL], now)
        self._questions.begin([p for p in due if p.state in _LOOKED_UP])
        queued = [p for p in due if p.state is State.QUEUED] if self._may_send() else []
        queued = self._unloaded(self._covered(queued))
        others = [p for p in due if p.state is not State.QUEUED]
        # What takes a moment goes before what may take long.
        for payout in sorted(others, key=self._takes_a_call):
            if not self._time.has(_QUICK_SECONDS):
                return
            self._one(payout)
        self._send_queued(queued)

    def _send_queued(self, queued: list[Payout]) -> None:
        """Sends them, unless sending is stopped meanwhile: then they stay as they are, due.

        After the probe of an open circuit they are too many to be sent one after the other.
        """
        while self._may_send() and self._time.has(_QUICK_SECONDS):
            queued = self._unloaded(queued)
            if not queued:
                return
            payout, *queued = queued
            self._passed_on += 1
            self._one(payout)

    def _takes_a_call(self, payout: Payout) -> bool:
        return payout.state in _LOOKED_UP and not self._questions.knows(payout)

    def _covered(self, queued: list[Payout]) -> list[Payout]:
        """Without those that wait for funds which do not reach: they stay due, and nothing is
        written. The oldest goes first; where it has to wait, so do all behind it."""
        waiting = sorted((p for p in queued if self._waits_for_funds(p)), key=_age)
        sent = [payout for payout in queued if not self._waits_for_funds(payout)]
        for payout in waiting:
            promised = self._promised_cents + payout.amount_cents
            if self.without_funds or not self._r.funds.reach(promised):
                self.without_funds += 1
            else:
                self._promised_cents = promised
                sent.append(payout)
        return sorted(sent, key=_age)

    def _waits_for_funds(self, payout: Payout) -> bool:
        is_short = payout.waits_for is QueueReason.NO_FUNDS and not payout.needs_review
        if not is_short:
            return False
        gate = self._r.gatekeeper.gate
        return not is_expired(payout.released_at, self._now(), self._r.policy, gate)

    def _unloaded(self, queued: list[Payout]) -> list[Payout]:
        """Of many, puts all but a few on the queue, which sends them side by side."""
        if self._r.gatekeeper.passage(self._r.gatekeeper.gate) is not Passage.CLEAR:
            return queued
        for number, payout in enumerate(queued[_SENT_BY_ITSELF:], _SENT_BY_ITSELF + 1):
            if not self._time.has(_QUICK_SECONDS):
                return []
            if self._turns_left() < number:
                break
            message = {"transaction_id": payout.transaction_id, "customer_id": payout.customer_id}
            try:
                self._r.queue.put(message)
                # Should the message be lost, it is due again then.
                after = self._put_off(payout, self._now() + _QUEUE_LOOK)
            except QueueUnavailableError as error:
                observability.note_error(error)
                return queued
            except PayoutChangedError as error:
                after = error.current or payout
            except (ItemRefusedError, UnreadableItemError):
                after = payout
                self._put_off_unread(payout.transaction_id)
            self._passed_on += 1
            self._findings.note_move(payout, after)
        return queued[:_SENT_BY_ITSELF]

    def _one(self, payout: Payout) -> None:
        """Moves one payout on; puts off one that fails, so that it does not stop the others."""
        try:
            after = self._moved(payout)
        except PayoutChangedError as error:
            after = error.current or payout
        except Exception as error:
            if stops_a_run(error):
                raise
            observability.note_error(error)
            after = self._put_off_broken(payout, error)
        self._findings.note_move(payout, after)

    def _put_off_broken(self, payout: Payout, error: Exception) -> Payout:
        try:
            after = self._put_off(payout, self._now() + _BROKEN_LOOK)
        except PayoutChangedError as changed:
            return changed.current or payout
        except (ItemRefusedError, UnreadableItemError):
            self._put_off_unread(payout.transaction_id)
            return payout
        # What is wrong with a key is wrong with no payout.
        if not isinstance(error, (SecretUnavailableError, VaultUnavailableError)):
            observability.count(Metric.ROWS_UNREADABLE)
            self._name_put_off(payout.transaction_id)
        return after

    def _name_put_off(self, transaction_id: str) -> None:
        observability.count(Metric.ROWS_PUT_OFF)
        observability.note_one("put_off", transaction_id)
        self._findings.put_off.append(transaction_id)

    def _put_off_unread(self, transaction_id: str) -> None:
        """By its key alone. One that cannot even be put off is read past, at each run."""
        self._name_put_off(transaction_id)
        try:
            self._r.payouts.put_off_unread(transaction_id, self._now())
        except ItemRefusedError as error:
            observability.note_unreadable(transaction_id, error)

    def _moved(self, payout: Payout) -> Payout:
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
                return self._look_up(payout)
            case _:
                return payout

    def _note(self) -> Note:
        return Note(self._now(), self._by)

    def _release(self, payout: Payout) -> Payout:
        """The lease ran out: its holder is dead, and what it did is not known."""
        change = in_doubt(
            payout,
            Event.LEASE_EXPIRED,
            Uncertainty.LEASE_EXPIRED.value,
            self._note(),
            self._r.policy,
        )
        return self._commit(payout, change)

    def _send(self, payout: Payout) -> Payout:
        if not self._time.has(_ONE_PAYOUT_SECONDS):
            return payout
        standing = self._r.together.standing(payout.customer_id)
        self._r.gatekeeper.see(standing.gate)
        return self._r.dispatcher.send_queued(
            payout, standing.customer, standing.gate, self._by, _ONE_PAYOUT_SECONDS
        )

    def _look_up(self, payout: Payout) -> Payout:
        report = self._questions.report_on(payout)
        if report is None:
            if not self._time.has(QUESTION_SECONDS):
                return payout
            if not self._questions.may_ask():
                return self._wait_unasked(payout)
            report = self._questions.ask(payout)
        report = without_payee(report, payout, self._r.together, self._r.opener(), self._by)
        decided = self._decided(payout, report)
        if isinstance(decided, SendAgain):
            return self._again(payout)
        return self._commit(payout, decided)

    def _decided(self, payout: Payout, report: Report) -> Change | SendAgain:
        return after_report(
            payout,
            report,
            self._now(),
            self._by,
            self._r.policy,
            may_send_again=self._r.second_calls(self._r.gatekeeper.gate).later,
        )

    def _wait_unasked(self, payout: Payout) -> Payout:
        """Monoova may not be asked: it stays due, and is asked about as soon as that may be.

        One that has waited too long is shown to a person all the same.
        """
        unclear = Report(Standing.UNCLEAR)
        decided = self._decided(payout, unclear)
        assert isinstance(decided, Change)  # no unclear report leads to a sending
        if not decided.entries:
            return payout
        waiting = Fields(looks=payout.looks, due_at=payout.due_at)
        return self._commit(payout, Change(decided.fields | waiting, decided.entries))

    def _again(self, payout: Payout) -> Payout:
        if not self._time.has(_ONE_PAYOUT_SECONDS):
            return payout
        standing = self._r.together.standing(payout.customer_id)
        return self._r.dispatcher.send_again(
            payout, standing.customer, standing.gate, self._by, _ONE_PAYOUT_SECONDS
        )

    def _put_off(self, payout: Payout, until: datetime) -> Payout:
        return self._commit(payout, Change(Fields(due_at=until)))

    def _commit(self, payout: Payout, change: Change) -> Payout:
        """Writes to the payout as the index showed it; a writer that was faster is right."""
        now = self._now()
        after = self._r.payouts.commit(payout, change, now)
        count_change(change, payout, now)
        return after
