"""Sends one payout to Monoova, under the one reference it has, and records what is known then."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from chalicelib.core import observability
from chalicelib.core.clock import Clock
from chalicelib.core.encryption import SealBrokenError, VaultUnavailableError
from chalicelib.core.redaction import redact
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.payloads import Order, Source, body_of
from chalicelib.monoova.rules.destination import Destination
from chalicelib.monoova.rules.outcome import (
    Accepted,
    Refused,
    Report,
    SendOutcome,
    Standing,
    Uncertainty,
    Unclear,
    outcome_of_send,
)
from chalicelib.payouts.rules.decisions import after_send
from chalicelib.payouts.rules.payout import NO_CHANGE, Change, Payout, State
from chalicelib.payouts.rules.schedule import Policy
from chalicelib.payouts.sending.record_event import Recorder
from chalicelib.payouts.store.situation import ReadTogether

if TYPE_CHECKING:
    from chalicelib.customers.open_details import Opener
    from chalicelib.monoova.client import MonoovaClient

_PAUSES_SECONDS: Final = (1.0, 2.0, 4.0)
_JITTER: Final = 0.2
_LONGEST_CALL_SECONDS: Final = 10.0
# A call with less time than this is not worth beginning.
_SHORTEST_CALL_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class PayoutSender:
    """Sends payouts to Monoova.

    `jitter` gives a number from 0 to 1, so that retries of many do not fall together.
    """

    monoova: "MonoovaClient"
    gatekeeper: Gatekeeper
    recorder: Recorder
    clock: Clock
    policy: Policy
    source: Source
    jitter: Callable[[], float]

    def send(self, payout: Payout, destination: Destination, by: str, seconds: float) -> Payout:
        """Sends a payout whose row says `Sending` under our lease, within `seconds`.

        If the function dies anywhere in here, the lease runs out and the reconciler asks Monoova
        what became of it. May raise `StorageUnavailableError` once Monoova was called: the same
        then happens.
        """
        ends_at = self.clock.now() + timedelta(seconds=seconds)
        body = body_of(_order(payout, destination), self.source)
        outcome = self._confirmed(payout, self._attempts(payout, body, ends_at), ends_at)
        told = _redacted(outcome, destination)

        def recorded(current: Payout) -> Change:
            is_taken_over = current.state is State.SENDING and current.lease_id != payout.lease_id
            if is_taken_over and not isinstance(told, Accepted):
                # Another attempt is under way: what ours did not do says nothing of it.
                return NO_CHANGE
            return after_send(current, told, self.clock.now(), by, self.policy)

        # Dying here loses the answer, not the payout: it is looked up like any in doubt.
        return self.recorder.record(payout, recorded)

    def _attempts(self, payout: Payout, body: bytes, ends_at: datetime) -> SendOutcome:
        outcome = self._attempt(payout, body, ends_at, in_doubt_before=payout.ambiguous)
        for pause in _PAUSES_SECONDS if self.policy.may_send_again else ():
            wait = pause * (1 + _JITTER * (2 * self.jitter() - 1))
            if not isinstance(outcome, Unclear) or not outcome.may_try_again:
                return outcome
            if self._left(ends_at) < wait + _SHORTEST_CALL_SECONDS or self.gatekeeper.gate.is_open:
                return outcome
            self.clock.sleep(wait)
            outcome = self._attempt(payout, body, ends_at, in_doubt_before=True)
        return outcome

    def _attempt(
        self, payout: Payout, body: bytes, ends_at: datetime, *, in_doubt_before: bool
    ) -> SendOutcome:
        seconds = self._seconds_for_a_call(ends_at)
        # Dying before, during or after this call looks the same from outside: `Sending`, with a
        # lease that runs out. Only Monoova can say whether money moved.
        answer = self.monoova.execute(body, seconds)
        self.gatekeeper.tell(answer)
        return outcome_of_send(answer, payout.unique_reference, in_doubt_before=in_doubt_before)

    def _left(self, ends_at: datetime) -> float:
        return (ends_at - self.clock.now()).total_seconds()

    def _seconds_for_a_call(self, ends_at: datetime) -> float:
        return max(_SHORTEST_CALL_SECONDS, min(_LONGEST_CALL_SECONDS, self._left(ends_at)))

    def _confirmed(self, payout: Payout, outcome: SendOutcome, ends_at: datetime) -> SendOutcome:
        """A refusal under a name that is in no table counts if Monoova does not know the payout."""
        if not isinstance(outcome, Refused) or outcome.is_known:
            return outcome
        report, answer = self.monoova.status_of(
            payout.unique_reference, self._seconds_for_a_call(ends_at)
        )
        self.gatekeeper.tell(answer)
        if report.standing is Standing.UNKNOWN_REFERENCE:
            return outcome
        return Unclear(Uncertainty.UNCLEAR_ANSWER, may_try_again=False)


def _order(payout: Payout, destination: Destination) -> Order:
    return Order(
        unique_reference=payout.unique_reference,
        amount_cents=payout.amount_cents,
        destination=destination,
        description=payout.description,
        lodgement_reference=payout.lodgement_reference,
    )


def _redacted(outcome: SendOutcome, destination: Destination) -> SendOutcome:
    """The outcome with Monoova's words without payee details."""
    known = destination.details
    if isinstance(outcome, Unclear):
        return replace(outcome, said=redact(outcome.said, known))
    if isinstance(outcome, Refused):
        reason, description = redact(outcome.reason, known), redact(outcome.description, known)
        return replace(outcome, reason=reason, description=description)
    return outcome


def without_payee(
    report: Report, payout: Payout, together: ReadTogether, opener: "Opener", by: str
) -> Report:
    """The report with its words redacted; without words, if the payee's details cannot be had.

    Only a refusal's words are kept at all, and refusals found by asking are rare: what this
    reads and decrypts costs the usual payout nothing. May raise `StorageUnavailableError`.
    """
    if report.standing not in (Standing.REJECTED, Standing.DISHONOURED) or not report.description:
        return replace(report, description="")
    known = details_of_payee(payout, together, opener, by)
    return replace(report, description=redact(report.description, known) if known else "")


def details_of_payee(
    payout: Payout, together: ReadTogether, opener: "Opener", by: str
) -> tuple[str, ...]:
    """The payee's details, to redact them out of a text; none if they cannot be had.

    May raise `StorageUnavailableError`.
    """
    customer = together.standing(payout.customer_id).customer
    sealed = customer.destination(payout.destination_id) if customer else None
    if customer is None or sealed is None:
        return ()
    try:
        return opener.opened_to_redact(customer, sealed, by, payout.transaction_id).details
    except (SealBrokenError, VaultUnavailableError) as error:
        observability.note_error(error)
        return ()
