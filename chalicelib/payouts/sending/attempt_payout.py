"""Tries to send one payout within one request: which attempts follow which, and after what."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from chalicelib.core.clock import Clock
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.rules.duplicates import SecondCalls
from chalicelib.monoova.rules.gate import Gate
from chalicelib.monoova.rules.outcome import (
    Accepted,
    Answer,
    NotSent,
    Reported,
    SendOutcome,
    Silence,
    Standing,
    Unclear,
    outcome_of_send,
)
from chalicelib.payouts.rules.attempts import Attempts

if TYPE_CHECKING:
    from chalicelib.monoova.client import MonoovaClient

_PAUSES_SECONDS: Final = (1.0, 2.0, 4.0)
_JITTER: Final = 0.2
_QUESTION_SECONDS: Final = 3.0
_LONGEST_CALL_SECONDS: Final = 10.0
# A call with less time than this is not worth beginning.
_SHORTEST_CALL_SECONDS: Final = 2.0
_STATUS_UNCLEAR: Final = "StatusUnclear"


@dataclass(frozen=True, slots=True)
class Line:
    """The line to Monoova for the attempts of one payout.

    `jitter` gives a number from 0 to 1, so that retries of many do not fall together.
    `second_calls` says which of those are made, the gate being as it was last seen.
    """

    monoova: "MonoovaClient"
    gatekeeper: Gatekeeper
    clock: Clock
    jitter: Callable[[], float]
    second_calls: Callable[[Gate], SecondCalls]


class Sending:
    """The attempts to send one payout under its reference, until `ends_at`."""

    def __init__(
        self, line: Line, reference: str, body: bytes, ends_at: datetime, *, in_doubt_before: bool
    ) -> None:
        self._line = line
        self._reference = reference
        self._body = body
        self._ends_at = ends_at
        self._in_doubt_before = in_doubt_before
        # Of these attempts: the last that may have moved money.
        self._doubt: Unclear | None = None
        self._doubt_at: datetime | None = None
        self._endings: list[str] = []
        self._numbers: set[str] = set()

    @property
    def attempts(self) -> Attempts:
        """What was tried so far."""
        return Attempts(tuple(self._endings), self._doubt_at, frozenset(self._numbers))

    def outcome(self) -> SendOutcome:
        """Sends, and tries again where that is allowed and there is time; what it comes to.

        An attempt that did not leave us takes nothing from the doubt of an earlier one.
        """
        outcome = self._sent()
        for pause in _PAUSES_SECONDS:
            if not self._may_follow(outcome):
                break
            wait = pause * (1 + _JITTER * (2 * self._line.jitter() - 1))
            if not self._has(wait + _SHORTEST_CALL_SECONDS) or self._line.gatekeeper.gate.is_open:
                break
            self._line.clock.sleep(wait)
            outcome = self._next(outcome)
        return self._doubt if isinstance(outcome, NotSent) and self._doubt else outcome

    def seconds_for_a_call(self) -> float:
        """How long a call may take that is begun now."""
        return max(_SHORTEST_CALL_SECONDS, min(_LONGEST_CALL_SECONDS, self._left()))

    def _may_follow(self, outcome: SendOutcome) -> bool:
        if isinstance(outcome, NotSent):
            return True
        return isinstance(outcome, Unclear) and outcome.may_try_again and self._second().at_once

    def _next(self, outcome: SendOutcome) -> SendOutcome:
        """Another attempt; one before which the status API was unclear ends as the last did."""
        if self._doubt is None or not self._second().asks_first:
            return self._sent()
        report, answer = self._line.monoova.status_of(self._reference, _QUESTION_SECONDS)
        self._line.gatekeeper.tell_asked(answer)
        match report.standing:
            case Standing.UNKNOWN_REFERENCE:
                return self._sent() if self._has(_SHORTEST_CALL_SECONDS) else outcome
            case Standing.UNCLEAR:
                self._endings.append(_STATUS_UNCLEAR)
                return outcome
            case _:
                self._endings.append(f"Status{report.standing}")
                return Reported(report)

    def _sent(self) -> SendOutcome:
        # Dying before, during or after this call looks the same from outside: `Sending`, with a
        # lease that runs out. Only Monoova can say whether money moved.
        answer = self._line.monoova.execute(self._body, self.seconds_for_a_call())
        self._line.gatekeeper.tell_sent(answer)
        before = self._in_doubt_before or self._doubt is not None
        outcome = outcome_of_send(answer, self._reference, in_doubt_before=before)
        self._note(answer, outcome)
        return outcome

    def _note(self, answer: Answer | Silence, outcome: SendOutcome) -> None:
        if isinstance(answer, Silence):
            self._endings.append(answer.value)
        else:
            taken = isinstance(outcome, Accepted)
            self._endings.append("Ok" if taken else f"HTTP {answer.http_status}")
            number = number_of(answer, self._reference)
            self._numbers |= {number} if number else set()
        if isinstance(outcome, Unclear):
            self._doubt = outcome
            self._doubt_at = self._doubt_at or self._line.clock.now()

    def _second(self) -> SecondCalls:
        return self._line.second_calls(self._line.gatekeeper.gate)

    def _left(self) -> float:
        return (self._ends_at - self._line.clock.now()).total_seconds()

    def _has(self, seconds: float) -> bool:
        return self._left() >= seconds


def number_of(answer: Answer, reference: str) -> str | None:
    """Monoova's number of a payout in an answer about it; None where there is none."""
    envelope = answer.envelope
    if envelope is None or not envelope.has_transaction:
        return None
    return envelope.transaction_id if envelope.reference in (None, reference) else None
