"""Whether Monoova may be called now: two circuit breakers, the pause switch and the pace.

All of it is one shared record, read together with every payout request, so that all function
instances see the same.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum, auto
from typing import Final

from chalicelib.monoova.rules.circuit import (
    COOL_DOWN_SECONDS,
    PROBE_SECONDS,
    Circuit,
    OpenReason,
)
from chalicelib.monoova.rules.pace import FULL_PER_MINUTE, Pace
from chalicelib.monoova.rules.shut_time import ShutTime

# Monoova locks a live account for an hour; a login while it is locked can only be refused.
_LOCKED_SECONDS: Final = 3600
_MOST_LOGIN_FAILURES: Final = 3
_UNREADABLE: Final = (
    "The record of the switch cannot be read: look at it before you resume. From then on nothing is"
    " sent a second time until a new contract run is recorded."
)
# The latch of a record that cannot be read: it may have been set.
_NOT_KNOWN_WHEN: Final = datetime.fromtimestamp(0, UTC)


class Passage(StrEnum):
    """What the gate says to a call."""

    CLEAR = "Clear"
    PROBE = "Probe"
    CIRCUIT_OPEN = "CircuitOpen"
    PAUSED = "Paused"
    PACED = "Paced"

    @property
    def is_through(self) -> bool:
        """Whether the call may be made."""
        return self in (Passage.CLEAR, Passage.PROBE)


class Switch(StrEnum):
    """What a person did to the gate by hand."""

    PAUSED = "Paused"
    RESUMED = "Resumed"
    RESET = "Reset"


class Calls(StrEnum):
    """The kinds of calls, each with a breaker: `execute`, and whatever moves nothing.

    They are told apart by these members alone: no record and no answer has them as words.
    """

    SENDING = auto()
    QUESTIONS = auto()


@dataclass(frozen=True, slots=True)
class Gate:
    """The shared record.

    `refused_key` is the version of the secret that Monoova refused last: as soon as there is
    another, it may be tried. `refused_before` are those before it: a function that still has one of
    them has no new key. `login_failures` counts the refusals since a login succeeded: one for the
    opening, one for each probe. `questions_not_before` is when a question may be asked again that
    was answered with 429. `switched` is what a person last did to the gate; the breakers' own
    doings do not touch it. `booked_twice_at` is the latch of rules/duplicates.py, and `contract_…`
    the last contract run: neither has a part in whether anything is sent a first time. `disabled`
    are the subjects of people who may do nothing any more, however long their tokens are good; they
    stand here because this record is read with every payout request.
    """

    version: int = 0
    sending: Circuit = field(default=Circuit())
    questions: Circuit = field(default=Circuit())
    login_failures: int = 0
    refused_key: str | None = None
    refused_before: tuple[str, ...] = ()
    pace: Pace | None = None
    questions_not_before: datetime | None = None
    shut: ShutTime = field(default=ShutTime())
    paused_by: str | None = None
    paused_at: datetime | None = None
    pause_reason: str | None = None
    switched: Switch | None = None
    switched_by: str | None = None
    switched_at: datetime | None = None
    booked_twice_at: datetime | None = None
    contract_run_at: datetime | None = None
    contract_run_on: str | None = None
    contract_showed: str | None = None
    disabled: frozenset[str] = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether the breaker of sending is open: nothing is sent."""
        return self.sending.is_open

    @property
    def is_paused(self) -> bool:
        return self.paused_by is not None

    def circuit(self, calls: Calls) -> Circuit:
        """The breaker of one kind of calls."""
        return self.sending if calls is Calls.SENDING else self.questions

    def active_pace(self, now: datetime) -> Pace | None:
        """The pace, while it is on."""
        return self.pace if self.pace and self.pace.is_on(now) else None

    def shut_within(self, start: datetime, end: datetime) -> timedelta:
        """For how long a payout could not be sent between two times, or not without its turn.

        That is for a pause, an open circuit or a pace. A circuit counts until its probe is due:
        from then on a payout may go, and one that does not has a reason of its own.
        """
        return self.shut.within(start, end, self.shut_until)

    @property
    def shut_until(self) -> datetime | None:
        """When what is counted as shut now ends by itself; None: not before a person ends it."""
        pace_ends_at = self.pace.ends_at if self.pace else None
        if self.is_paused:
            return None
        if not self.is_open:
            return pace_ends_at
        probe_at = self.sending.probe_at
        return max(probe_at, pace_ends_at) if probe_at and pace_ends_at else probe_at

    def passage(self, now: datetime, key_version: str | None = None) -> Passage:
        """What a call that would send money may do now. With a pace it still takes its turn."""
        if self.is_paused:
            return Passage.PAUSED
        by_circuit = self._by_circuit(self.sending, now, key_version)
        pace = self.active_pace(now)
        if by_circuit.is_through and pace and now < pace.not_before:
            return Passage.PACED
        return by_circuit

    def passage_for_questions(self, now: datetime, key_version: str | None = None) -> Passage:
        """What a call that only asks may do now: a pause does not stop it, nor sending's breaker.

        Every login counts towards Monoova's lock-out, that of a question too.
        """
        if self.questions_not_before is not None and now < self.questions_not_before:
            return Passage.PACED
        return self._by_circuit(self.questions, now, key_version)

    def _by_circuit(self, circuit: Circuit, now: datetime, key_version: str | None) -> Passage:
        if not circuit.is_open:
            return Passage.CLEAR
        refused = (self.refused_key, *self.refused_before)
        has_new_key = None not in (self.refused_key, key_version) and key_version not in refused
        return Passage.PROBE if circuit.is_probe_due(now) or has_new_key else Passage.CIRCUIT_OPEN


def unreadable_gate(version: int) -> Gate:
    """What stands for a record that cannot be read: nothing is sent until a person says so.

    What Monoova does with duplicates is not known any more: it may have booked one twice.
    """
    return Gate(
        version=version,
        paused_by="system",
        pause_reason=_UNREADABLE,
        booked_twice_at=_NOT_KNOWN_WHEN,
    )


def dated(gate: Gate, now: datetime) -> Gate:
    """The gate as it is written: the latch of one that could not be read is of this moment.

    So only a contract run that is newer ends it.
    """
    if gate.booked_twice_at != _NOT_KNOWN_WHEN:
        return gate
    return replace(gate, booked_twice_at=now)


def with_circuit(gate: Gate, calls: Calls, circuit: Circuit, now: datetime) -> Gate:
    """The gate with that breaker of that kind of calls."""
    if calls is Calls.QUESTIONS:
        return replace(gate, questions=circuit)
    return _timed(gate, replace(gate, sending=circuit), now)


def _timed(before: Gate, after: Gate, now: datetime) -> Gate:
    """The gate after a change, with the time noted over which sending is shut, or has its pace."""
    shut = before.shut
    if not before.is_open and before.shut_until and before.shut_until <= now:
        # A pace ends without a write.
        shut = shut.noted(before.shut_until, is_shut=False)
    is_shut = after.is_paused or after.is_open or after.active_pace(now) is not None
    return replace(after, shut=shut.noted(now, is_shut=is_shut))


def probing(gate: Gate, calls: Calls, now: datetime) -> Gate:
    """The gate while one probe is under way.

    Where a login was refused, there is one probe for both breakers: each is a login that may be the
    one that locks the account.
    """
    probe_at = now + timedelta(seconds=PROBE_SECONDS)
    again = _probed_again(gate, calls, probe_at)
    return replace(again, refused_key=None, refused_before=_refused_until_now(gate))


def _refused_until_now(gate: Gate) -> tuple[str, ...]:
    keys = (*gate.refused_before, gate.refused_key)
    return tuple(dict.fromkeys(key for key in keys if key is not None))


def probe_failed(gate: Gate, calls: Calls, now: datetime) -> Gate:
    """The gate after a probe that Monoova did not answer: it stays open for as long again."""
    return _probed_again(gate, calls, now + timedelta(seconds=COOL_DOWN_SECONDS))


def _probed_again(gate: Gate, calls: Calls, probe_at: datetime) -> Gate:
    is_by_login = gate.circuit(calls).is_open_by_login
    sending, questions = (
        replace(circuit, probe_at=probe_at)
        if each is calls or (is_by_login and circuit.is_open_by_login)
        else circuit
        for each, circuit in ((Calls.SENDING, gate.sending), (Calls.QUESTIONS, gate.questions))
    )
    return replace(gate, sending=sending, questions=questions)


def watching(gate: Gate, calls: Calls, now: datetime) -> Gate:
    """The gate after a failure in health: from now on every instance reports such calls."""
    return with_circuit(gate, calls, gate.circuit(calls).watching(now), now)


def opened(gate: Gate, calls: Calls, now: datetime) -> Gate:
    """The gate after too many failures of one kind of calls: ten minutes before the next probe."""
    circuit = gate.circuit(calls)
    if circuit.is_open:
        return gate
    probe_at = now + timedelta(seconds=COOL_DOWN_SECONDS)
    return with_circuit(
        gate, calls, circuit.opened(OpenReason.TOO_MANY_FAILURES, now, probe_at), now
    )


def login_refused(
    gate: Gate, reason: OpenReason, now: datetime, key_version: str | None, *, was_probe: bool
) -> Gate:
    """The gate after Monoova refused our login, whatever was called: both breakers are open.

    Calls that were under way together are refused together, and that is one refusal. What counts is
    the opening, and each probe after it: after three there is no automatic probe any more, because
    the fifth would lock the account. A new key, or a person, opens it then.
    """
    is_known = gate.sending.is_open_by_login and gate.questions.is_open_by_login
    is_locked = reason is OpenReason.LOCKED_OUT
    if is_known and not was_probe and (not is_locked or gate.sending.open_reason is reason):
        return gate
    failures = gate.login_failures + int(was_probe or not is_known)
    seconds = _LOCKED_SECONDS if is_locked else COOL_DOWN_SECONDS
    probe_at = now + timedelta(seconds=seconds) if failures < _MOST_LOGIN_FAILURES else None
    shut = replace(
        gate,
        sending=gate.sending.opened(reason, now, probe_at),
        questions=gate.questions.opened(reason, now, probe_at),
        login_failures=failures,
        refused_key=key_version,
        refused_before=_refused_until_now(gate),
    )
    return _timed(gate, shut, now)


def closed(gate: Gate, calls: Calls, now: datetime) -> Gate:
    """The gate after a call of an open breaker's kind was answered; a pause stays.

    The answer proves the login for both. What a question proves beyond that is nothing about
    sending: its breaker is then closed by a payout, which may probe at once.
    """
    after = with_circuit(gate, calls, Circuit(), now)
    after = replace(after, login_failures=0, refused_key=None, refused_before=())
    if calls is Calls.SENDING and after.questions.is_open_by_login:
        return replace(after, questions=Circuit())
    if calls is Calls.QUESTIONS and after.sending.is_open_by_login:
        return replace(after, sending=replace(after.sending, probe_at=now))
    return after


def reset(gate: Gate, now: datetime) -> Gate:
    """The gate with everything open again that no person has shut: breakers and pace."""
    fresh = replace(
        gate,
        sending=Circuit(),
        questions=Circuit(),
        login_failures=0,
        refused_key=None,
        refused_before=(),
        pace=None,
        questions_not_before=None,
    )
    return _timed(gate, fresh, now)


def slowed(gate: Gate, now: datetime, until: datetime, under: Pace | None) -> Gate:
    """The gate after a payout was answered with 429, by a call that began `under` that pace.

    Of the many that may be refused in one instant the first halves the pace: the others began
    before it was known, and say nothing of it.
    """
    pace = gate.active_pace(now)
    if pace is not None and gate.pace != under:
        return _timed(gate, replace(gate, pace=pace.heeding(until)), now)
    slower = (pace or Pace(FULL_PER_MINUTE, now)).halved(now, until)
    return _timed(gate, replace(gate, pace=slower), now)


def asked_too_often(gate: Gate, until: datetime) -> Gate:
    """The gate after a question was answered with 429; sending is not concerned."""
    not_before = max(until, gate.questions_not_before or until)
    return replace(gate, questions_not_before=not_before)


def paused(gate: Gate, by: str, reason: str, now: datetime) -> Gate:
    """The gate, paused by an operator."""
    shut = replace(gate, paused_by=by, paused_at=now, pause_reason=reason)
    return _timed(gate, shut, now)


def resumed(gate: Gate, now: datetime) -> Gate:
    """The gate, resumed by an operator."""
    return _timed(gate, replace(gate, paused_by=None, paused_at=None, pause_reason=None), now)


def with_disabled(gate: Gate, subject: str) -> Gate:
    """The gate once a person may do nothing any more."""
    return replace(gate, disabled=gate.disabled | {subject})


def with_enabled(gate: Gate, subject: str) -> Gate:
    """The gate once a person may act again."""
    return replace(gate, disabled=gate.disabled - {subject})


def switched(gate: Gate, what: Switch, by: str, now: datetime) -> Gate:
    """The gate, telling who did this to it."""
    return replace(gate, switched=what, switched_by=by, switched_at=now)
