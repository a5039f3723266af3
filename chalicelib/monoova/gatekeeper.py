"""Asks the shared gate before Monoova is called, and tells it how the call went."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from chalicelib.core import observability
from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.core.observability import Metric
from chalicelib.monoova.gate_store import Controls, GateChangedError
from chalicelib.monoova.rules import duplicates
from chalicelib.monoova.rules import gate as gates
from chalicelib.monoova.rules.circuit import WINDOW_SECONDS, OpenReason
from chalicelib.monoova.rules.duplicates import ContractRun
from chalicelib.monoova.rules.gate import Calls, Gate, Passage, Switch
from chalicelib.monoova.rules.outcome import (
    Answer,
    Silence,
    is_answered,
    is_lock_out,
    is_login_problem,
    is_rate_limited,
)
from chalicelib.monoova.rules.pace import heeded_until

_MOST_TRIES: Final = 5
# More successes than this in five minutes need not be remembered to keep a circuit closed.
_MOST_REMEMBERED: Final = 200


class Gatekeeper:
    """One per function instance. Keeps the gate as it was last seen.

    There are three ways past it. `enter_to_send` and `tell_sent` are for `execute` and nothing
    else; `enter_to_ask` and `tell_asked` for the questions that the app asks by itself; `may_look`
    and `tell_looked` for those that a person waits for, which neither count nor probe: however
    often a page asks for the balance, it says nothing of whether payouts arrive.
    """

    def __init__(
        self, controls: Controls, clock: Clock, key_version: Callable[[], str | None]
    ) -> None:
        self._controls = controls
        self._clock = clock
        self._key_version = key_version
        self._gate = Gate()
        self._probes: set[Calls] = set()
        self._successes: dict[Calls, deque[datetime]] = {
            calls: deque(maxlen=_MOST_REMEMBERED) for calls in Calls
        }

    @property
    def gate(self) -> Gate:
        """The gate as it was last seen."""
        return self._gate

    def look(self) -> Gate:
        """The gate as it now stands. May raise `StorageUnavailableError`."""
        self._gate = self._controls.gate()
        return self._gate

    def see(self, gate: Gate) -> None:
        """Keeps a gate that was read together with something else."""
        self._gate = gate

    # --- before a call

    def enter_to_send(self, gate: Gate) -> Passage:
        """Whether a payout may be sent now, `gate` being as just read; takes its turn, if it may.

        One that may not be sent for want of a turn is `Paced`.
        """
        self._gate = gate
        passage = self.passage(gate)
        if passage.is_through and not self._has_turn(gate):
            return Passage.PACED
        return self._probed(Calls.SENDING, passage)

    def keep_shut(self) -> None:
        """Sending is not tried, for what would be the probe cannot be asked about first.

        So it stays shut, and the time goes on in which no queued payout gets too old. May raise
        `StorageUnavailableError`.
        """
        gate, now = self._gate, self._clock.now()
        if self.passage(gate) is Passage.PROBE and self.enter_to_send(gate) is Passage.PROBE:
            self._probes.discard(Calls.SENDING)
            self._change(lambda gate: gates.probe_failed(gate, Calls.SENDING, now))

    def enter_to_ask(self, gate: Gate) -> Passage:
        """Whether Monoova may be asked something now, `gate` being as just read."""
        self._gate = gate
        return self._probed(Calls.QUESTIONS, self.passage_for_questions(gate))

    def may_look(self, gate: Gate | None = None) -> bool:
        """Whether Monoova may be asked what a person wants to see: never as the probe.

        Reads the gate, where it is not given as just read.
        """
        self._gate = gate or self._controls.gate()
        return self.passage_for_questions(self._gate) is Passage.CLEAR

    def passage(self, gate: Gate) -> Passage:
        """What `enter_to_send` would say, without taking the probe or a turn."""
        return gate.passage(self._clock.now(), self._known_version(gate))

    def passage_for_questions(self, gate: Gate) -> Passage:
        """What `enter_to_ask` would say, without taking the probe."""
        return gate.passage_for_questions(self._clock.now(), self._known_version(gate))

    def _known_version(self, gate: Gate) -> str | None:
        """The secret's version, where it matters: while its key stands as refused."""
        return self._key_version() if gate.refused_key else None

    def _has_turn(self, gate: Gate) -> bool:
        now = self._clock.now()
        pace = gate.active_pace(now)
        try:
            return pace is None or self._controls.take_turn(pace, now)
        except StorageUnavailableError as error:
            observability.note_error(error)
            return False

    def _probed(self, calls: Calls, passage: Passage) -> Passage:
        """Of all that want to probe, one may: the one that moves the time of the probe on."""
        self._probes.discard(calls)
        if passage is not Passage.PROBE:
            return passage
        now = self._clock.now()
        try:
            self._gate = self._controls.save_gate(gates.probing(self._gate, calls, now))
        except (GateChangedError, StorageUnavailableError):
            return Passage.CIRCUIT_OPEN
        self._probes.add(calls)
        return Passage.PROBE

    # --- after a call

    def tell_sent(self, answer: Answer | Silence) -> None:
        """Reports how a call of `execute` went.

        A report that cannot be stored is noted and dropped: what the call did to a payout is
        more important than what it says of Monoova. That holds for every report.
        """
        self._tell(Calls.SENDING, answer)

    def tell_asked(self, answer: Answer | Silence) -> None:
        """Reports how a question went that the app asked by itself."""
        self._tell(Calls.QUESTIONS, answer)

    def tell_looked(self, answer: Answer | Silence) -> None:
        """Reports a look, which counts in one case: Monoova counts the login of any call."""
        if isinstance(answer, Answer) and is_login_problem(answer):
            self._tell(Calls.QUESTIONS, answer)

    def _tell(self, calls: Calls, answer: Answer | Silence) -> None:
        was_probe = calls in self._probes
        self._probes.discard(calls)
        try:
            self._told(calls, answer, was_probe=was_probe)
        except Exception as error:  # noqa: BLE001 - a call that may have moved money is recorded first
            observability.note_error(error)

    def _told(self, calls: Calls, answer: Answer | Silence, *, was_probe: bool) -> None:
        now = self._clock.now()
        if isinstance(answer, Answer) and is_login_problem(answer):
            self._refused(answer, now, was_probe=was_probe)
        elif isinstance(answer, Answer) and is_rate_limited(answer):
            observability.count(Metric.MONOOVA_RATE_LIMITS)
            self._slow_down(calls, now, answer.retry_after)
        elif is_answered(answer):
            self._succeeded(calls, now)
        else:
            observability.count(Metric.MONOOVA_FAILURES)
            self._failed(calls, now)

    def _refused(self, answer: Answer, now: datetime, *, was_probe: bool) -> None:
        observability.count(Metric.MONOOVA_LOGIN_FAILURES)
        reason = OpenReason.LOCKED_OUT if is_lock_out(answer) else OpenReason.NOT_AUTHENTICATED
        version = self._key_version()
        self._note_opening(Calls.SENDING, reason)
        self._change(
            lambda gate: gates.login_refused(gate, reason, now, version, was_probe=was_probe)
        )

    def _slow_down(self, calls: Calls, now: datetime, retry_after: int | None) -> None:
        until = heeded_until(now, retry_after)
        under = self._gate.pace
        if calls is Calls.SENDING:
            self._change(lambda gate: gates.slowed(gate, now, until, under))
        else:
            self._change(lambda gate: gates.asked_too_often(gate, until))

    def _succeeded(self, calls: Calls, now: datetime) -> None:
        seen = self._gate.circuit(calls)
        if seen.is_open:
            # Only what this call has disproved: another instance may have opened it since.
            self._change(
                lambda gate: (
                    gates.closed(gate, calls, now)
                    if gate.circuit(calls).opened_at == seen.opened_at
                    else gate
                )
            )
        elif seen.is_watching(now):
            self._controls.add_calls(calls, now, calls=1, failures=0)
        else:
            self._successes[calls].append(now)

    def _failed(self, calls: Calls, now: datetime) -> None:
        seen = self._gate.circuit(calls)
        if seen.is_open:
            self._change(lambda gate: gates.probe_failed(gate, calls, now))
            return
        if not seen.is_watching(now):
            self._change(lambda gate: gates.watching(gate, calls, now))
        recent = self._recent_successes(calls, now)
        self._controls.add_calls(calls, now, calls=1 + recent, failures=1)
        if self._controls.tally(calls, now).is_too_much:
            self._note_opening(calls, OpenReason.TOO_MANY_FAILURES)
            self._change(lambda gate: gates.opened(gate, calls, now))

    def _recent_successes(self, calls: Calls, now: datetime) -> int:
        since = now - timedelta(seconds=WINDOW_SECONDS)
        recent = sum(1 for at in self._successes[calls] if at >= since)
        self._successes[calls].clear()
        return recent

    def _note_opening(self, calls: Calls, reason: OpenReason) -> None:
        if calls is Calls.SENDING:
            observability.count(Metric.CIRCUIT_OPEN, code=reason)
            observability.note(circuit=reason)

    def note_booked_twice(self, at: datetime) -> None:
        """Monoova has booked one reference twice, at `at` at the latest: stops all second calls.

        A failure to store this is noted, not raised: what it was seen by is recorded already.
        """
        try:
            self.look()
            if duplicates.booked_twice(self._gate, at) == self._gate:
                return
            self._change(lambda gate: duplicates.booked_twice(gate, at))
        except StorageUnavailableError as error:
            observability.note_error(error)
        observability.count(Metric.BOOKED_TWICE)

    def record_contract_run(self, run: ContractRun) -> Gate:
        """Keeps what a contract run showed; may raise `StorageUnavailableError`."""
        return self._changed_by_hand(lambda gate: duplicates.with_contract_run(gate, run))

    def _change(self, changed: Callable[[Gate], Gate]) -> None:
        for _ in range(_MOST_TRIES):
            before = gates.dated(self._gate, self._clock.now())
            after = changed(before)
            try:
                self._gate = self._gate if after == before else self._controls.save_gate(after)
            except GateChangedError:
                self._gate = self._controls.gate()
            else:
                return
        raise StorageUnavailableError("the gate changes all the time", may_be_done=False)

    # --- by hand

    def pause(self, by: str, reason: str) -> Gate:
        """Stops all sending until `resume`: payouts are accepted and wait in the queue."""
        now = self._clock.now()
        return self._switch(Switch.PAUSED, by, lambda gate: gates.paused(gate, by, reason, now))

    def resume(self, by: str = "operator") -> Gate:
        """Lets payouts be sent again."""
        now = self._clock.now()
        return self._switch(Switch.RESUMED, by, lambda gate: gates.resumed(gate, now))

    def reset(self, by: str = "operator") -> Gate:
        """Closes both circuits by hand, and ends a pace."""
        now = self._clock.now()
        return self._switch(Switch.RESET, by, lambda gate: gates.reset(gate, now))

    # --- people

    def disable(self, subject: str) -> Gate:
        """Ends what a person may do, at once; may raise `StorageUnavailableError`."""
        return self._changed_by_hand(lambda gate: gates.with_disabled(gate, subject))

    def enable(self, subject: str) -> Gate:
        """Lets a person act again; may raise `StorageUnavailableError`."""
        return self._changed_by_hand(lambda gate: gates.with_enabled(gate, subject))

    def _changed_by_hand(self, changed: Callable[[Gate], Gate]) -> Gate:
        self.look()
        self._change(changed)
        return self._gate

    def _switch(self, what: Switch, by: str, changed: Callable[[Gate], Gate]) -> Gate:
        """What a person does: it stands in the record, until the next one does something."""
        now = self._clock.now()
        after = self._changed_by_hand(lambda gate: gates.switched(changed(gate), what, by, now))
        observability.note(outcome=f"sending: {what}")
        return after
