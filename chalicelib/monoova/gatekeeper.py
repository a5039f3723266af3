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
from chalicelib.monoova.rules.duplicates import ContractRun
from chalicelib.monoova.rules.gate import Gate, OpenReason, Passage, Switch
from chalicelib.monoova.rules.outcome import (
    Answer,
    Silence,
    is_answered,
    is_lock_out,
    is_login_problem,
)

_MOST_TRIES: Final = 5
# More successes than this in five minutes need not be remembered to keep the circuit closed.
_MOST_REMEMBERED: Final = 200


class Gatekeeper:
    """One per function instance. Keeps the gate as it was last seen."""

    def __init__(
        self, controls: Controls, clock: Clock, key_version: Callable[[], str | None]
    ) -> None:
        self._controls = controls
        self._clock = clock
        self._key_version = key_version
        self._gate = Gate()
        self._successes: deque[datetime] = deque(maxlen=_MOST_REMEMBERED)

    @property
    def gate(self) -> Gate:
        """The gate as it was last seen."""
        return self._gate

    def look(self) -> Gate:
        """The gate as it now stands. May raise `StorageUnavailableError`."""
        self._gate = self._controls.gate()
        return self._gate

    def enter_to_send(self, gate: Gate) -> Passage:
        """Whether a payout may be sent now, `gate` being as just read."""
        self._gate = gate
        return self._probed(self.passage(gate))

    def enter_to_ask(self, gate: Gate) -> Passage:
        """Whether Monoova may be asked something now, `gate` being as just read."""
        self._gate = gate
        version = self._known_version(gate)
        return self._probed(gate.passage_for_questions(self._clock.now(), version))

    def may_ask_optionally(self) -> bool:
        """Whether Monoova may be asked something that can stay unanswered: never as the probe."""
        gate = self.look()
        passage = gate.passage_for_questions(self._clock.now(), self._known_version(gate))
        return passage is Passage.CLEAR

    def passage(self, gate: Gate) -> Passage:
        """What `enter_to_send` would say, without taking the probe."""
        return gate.passage(self._clock.now(), self._known_version(gate))

    def _known_version(self, gate: Gate) -> str | None:
        """The secret's version, where it matters: while its key stands as refused."""
        return self._key_version() if gate.refused_key else None

    def _probed(self, passage: Passage) -> Passage:
        """Of all that want to probe, one may: the one that moves the time of the probe on."""
        if passage is not Passage.PROBE:
            return passage
        try:
            self._gate = self._controls.save_gate(gates.probing(self._gate, self._clock.now()))
        except (GateChangedError, StorageUnavailableError):
            return Passage.CIRCUIT_OPEN
        return Passage.PROBE

    def tell(self, answer: Answer | Silence) -> None:
        """Reports how a call went.

        A report that cannot be stored is noted and dropped: what the call did to a payout is
        more important than what it says of Monoova.
        """
        try:
            self._tell(answer)
        except Exception as error:  # noqa: BLE001 - a call that may have moved money is recorded first
            observability.note_error(error)

    def _tell(self, answer: Answer | Silence) -> None:
        now = self._clock.now()
        if isinstance(answer, Answer) and is_login_problem(answer):
            observability.count(Metric.MONOOVA_LOGIN_FAILURES)
            reason = OpenReason.LOCKED_OUT if is_lock_out(answer) else OpenReason.NOT_AUTHENTICATED
            self._open(reason, now)
        elif is_answered(answer):
            self._succeeded(now)
        else:
            observability.count(Metric.MONOOVA_FAILURES)
            self._failed(now)

    def _succeeded(self, now: datetime) -> None:
        if self._gate.is_open:
            # Only what this call has disproved: another instance may have opened it since.
            opened_at = self._gate.opened_at
            self._change(lambda gate: gates.closed(gate) if gate.opened_at == opened_at else gate)
        elif self._gate.is_watching(now):
            self._controls.add_calls(now, calls=1, failures=0)
        else:
            self._successes.append(now)

    def _failed(self, now: datetime) -> None:
        if self._gate.is_open:
            self._open(self._gate.open_reason or OpenReason.TOO_MANY_FAILURES, now)
            return
        if not self._gate.is_watching(now):
            self._change(lambda gate: gates.watching(gate, now))
        self._controls.add_calls(now, calls=1 + self._recent_successes(now), failures=1)
        if self._controls.tally(now).is_too_much:
            self._open(OpenReason.TOO_MANY_FAILURES, now)

    def _recent_successes(self, now: datetime) -> int:
        since = now - timedelta(seconds=gates.WINDOW_SECONDS)
        recent = sum(1 for at in self._successes if at >= since)
        self._successes.clear()
        return recent

    def _open(self, reason: OpenReason, now: datetime) -> None:
        observability.count(Metric.CIRCUIT_OPEN, code=reason)
        observability.note(circuit=reason)
        version = self._key_version() if reason is not OpenReason.TOO_MANY_FAILURES else None
        self._change(lambda gate: gates.opened(gate, reason, now, version))

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
        self.look()
        self._change(lambda gate: duplicates.with_contract_run(gate, run))
        return self._gate

    def _change(self, changed: Callable[[Gate], Gate]) -> None:
        for _ in range(_MOST_TRIES):
            try:
                self._gate = self._controls.save_gate(changed(self._gate))
            except GateChangedError:
                self._gate = self._controls.gate()
            else:
                return
        raise StorageUnavailableError("the gate changes all the time", may_be_done=False)

    def pause(self, by: str, reason: str) -> Gate:
        """Stops all sending until `resume`: payouts are accepted and wait in the queue."""
        now = self._clock.now()
        return self._switch(Switch.PAUSED, by, lambda gate: gates.paused(gate, by, reason, now))

    def resume(self, by: str = "operator") -> Gate:
        """Lets payouts be sent again."""
        return self._switch(Switch.RESUMED, by, gates.resumed)

    def reset(self, by: str = "operator") -> Gate:
        """Closes the circuit by hand."""
        return self._switch(Switch.RESET, by, gates.closed)

    def _switch(self, what: Switch, by: str, changed: Callable[[Gate], Gate]) -> Gate:
        """What a person does: it stands in the record, until the next one does something."""
        self.look()
        now = self._clock.now()
        self._change(lambda gate: gates.switched(changed(gate), what, by, now))
        observability.note(outcome=f"sending: {what}")
        return self._gate
