"""Whether anything may be sent to Monoova now: the circuit breaker and the pause switch.

Both live in one shared record, read together with every payout request, so that all function
instances see the same. In health nothing is written: an instance reports its calls only after a
failure was seen by any of them (`watching_until`).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

WINDOW_SECONDS: Final = 300
_FEWEST_CALLS: Final = 10
_COOL_DOWN_SECONDS: Final = 600
# Monoova locks a live account for an hour; a login while it is locked can only be refused.
_LOCKED_SECONDS: Final = 3600
_MOST_LOGIN_FAILURES: Final = 3
_UNREADABLE: Final = "The record of the switch cannot be read: look at it before you resume."
# How long the one probe may take before another is let through.
_PROBE_SECONDS: Final = 60


class OpenReason(StrEnum):
    """Why the circuit is open."""

    TOO_MANY_FAILURES = "TooManyFailures"
    NOT_AUTHENTICATED = "NotAuthenticated"
    LOCKED_OUT = "LockedOut"


class Passage(StrEnum):
    """What the gate says to a call."""

    CLEAR = "Clear"
    PROBE = "Probe"
    CIRCUIT_OPEN = "CircuitOpen"
    PAUSED = "Paused"


class Switch(StrEnum):
    """What a person did to the gate by hand."""

    PAUSED = "Paused"
    RESUMED = "Resumed"
    RESET = "Reset"


@dataclass(frozen=True, slots=True)
class Gate:
    """The shared record. `open_reason` None means that the circuit is closed.

    `probe_at` is when one call may try whether Monoova is back; None means: not until a person or a
    new key allows it. One instance moves it on, by a conditional write. `refused_key` is the
    version of the secret that Monoova refused: as soon as there is another, it may be tried.
    `switched` is what a person last did to the gate; the circuit's own doings do not touch it.
    `booked_twice_at` is the latch of rules/duplicates.py, and `contract_…` the last contract run:
    neither has a part in whether anything is sent a first time.
    """

    version: int = 0
    open_reason: OpenReason | None = None
    opened_at: datetime | None = None
    probe_at: datetime | None = None
    login_failures: int = 0
    refused_key: str | None = None
    watching_until: datetime | None = None
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

    @property
    def is_open(self) -> bool:
        return self.open_reason is not None

    @property
    def is_paused(self) -> bool:
        return self.paused_by is not None

    def is_watching(self, now: datetime) -> bool:
        return self.watching_until is not None and now < self.watching_until

    def passage(self, now: datetime, key_version: str | None = None) -> Passage:
        """What a call that would send money may do now."""
        return Passage.PAUSED if self.is_paused else self.passage_for_questions(now, key_version)

    def passage_for_questions(self, now: datetime, key_version: str | None = None) -> Passage:
        """What a call that only asks may do now: a pause does not stop it, an open circuit does.

        Every login counts towards Monoova's lock-out, that of a question too.
        """
        if not self.is_open:
            return Passage.CLEAR
        is_due = self.probe_at is not None and now >= self.probe_at
        has_new_key = None not in (self.refused_key, key_version) and (
            key_version != self.refused_key
        )
        return Passage.PROBE if is_due or has_new_key else Passage.CIRCUIT_OPEN


def unreadable_gate(version: int) -> Gate:
    """What stands for a record that cannot be read: nothing is sent until a person says so."""
    return Gate(version=version, paused_by="system", pause_reason=_UNREADABLE)


@dataclass(frozen=True, slots=True)
class Tally:
    """Calls to Monoova in the last five minutes, as far as they were reported."""

    calls: int
    failures: int

    @property
    def is_too_much(self) -> bool:
        return self.calls >= _FEWEST_CALLS and self.failures * 2 > self.calls


def probing(gate: Gate, now: datetime) -> Gate:
    """The gate while one probe is under way."""
    return replace(gate, probe_at=now + timedelta(seconds=_PROBE_SECONDS), refused_key=None)


def watching(gate: Gate, now: datetime) -> Gate:
    """The gate after a failure in health: from now on every instance reports its calls."""
    return replace(gate, watching_until=now + timedelta(seconds=WINDOW_SECONDS))


def opened(gate: Gate, reason: OpenReason, now: datetime, key_version: str | None = None) -> Gate:
    """The gate with its circuit open: ten minutes before the next probe, an hour if locked out.

    After three refused logins there is no automatic probe any more: the fifth would lock the
    account. A new key, or a person, opens it then.
    """
    is_login = reason is not OpenReason.TOO_MANY_FAILURES
    failures = gate.login_failures + 1 if is_login else gate.login_failures
    seconds = _LOCKED_SECONDS if reason is OpenReason.LOCKED_OUT else _COOL_DOWN_SECONDS
    may_probe = failures < _MOST_LOGIN_FAILURES
    return replace(
        gate,
        open_reason=reason,
        opened_at=gate.opened_at if gate.is_open else now,
        probe_at=now + timedelta(seconds=seconds) if may_probe else None,
        login_failures=failures,
        refused_key=key_version if is_login else gate.refused_key,
        watching_until=None,
    )


def closed(gate: Gate) -> Gate:
    """The gate with its circuit closed; a pause stays."""
    return replace(
        gate,
        open_reason=None,
        opened_at=None,
        probe_at=None,
        login_failures=0,
        refused_key=None,
        watching_until=None,
    )


def paused(gate: Gate, by: str, reason: str, now: datetime) -> Gate:
    """The gate, paused by an operator."""
    return replace(gate, paused_by=by, paused_at=now, pause_reason=reason)


def resumed(gate: Gate) -> Gate:
    """The gate, resumed by an operator."""
    return replace(gate, paused_by=None, paused_at=None, pause_reason=None)


def switched(gate: Gate, what: Switch, by: str, now: datetime) -> Gate:
    """The gate, telling who did this to it."""
    return replace(gate, switched=what, switched_by=by, switched_at=now)
