"""Sends one payout to Monoova, under the one reference it has, and records what is known then."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.core import observability
from chalicelib.core.dynamodb.readable import UnreadableItemError
from chalicelib.core.encryption import SealBrokenError, VaultUnavailableError
from chalicelib.core.redaction import redact
from chalicelib.monoova.payloads import Order, Source, body_of
from chalicelib.monoova.rules.destination import Destination
from chalicelib.monoova.rules.outcome import (
    Accepted,
    Refused,
    Report,
    Reported,
    SendOutcome,
    Standing,
    Uncertainty,
    Unclear,
)
from chalicelib.payouts.rules.attempts import has_two_numbers
from chalicelib.payouts.rules.decisions import after_send
from chalicelib.payouts.rules.payout import NO_CHANGE, Change, Payout, State
from chalicelib.payouts.rules.schedule import Policy
from chalicelib.payouts.sending.attempt_payout import Line, Sending
from chalicelib.payouts.sending.record_event import Recorder
from chalicelib.payouts.store.situation import ReadTogether

if TYPE_CHECKING:
    from chalicelib.customers.open_details import Opener


@dataclass(frozen=True, slots=True)
class PayoutSender:
    """Sends payouts to Monoova."""

    line: Line
    recorder: Recorder
    policy: Policy
    source: Source

    def send(self, payout: Payout, destination: Destination, by: str, seconds: float) -> Payout:
        """Sends a payout whose row says `Sending` under our lease, within `seconds`.

        If the function dies anywhere in here, the lease runs out and the reconciler asks Monoova
        what became of it. May raise `StorageUnavailableError` once Monoova was called: the same
        then happens.
        """
        clock = self.line.clock
        sending = Sending(
            self.line,
            payout.unique_reference,
            body_of(_order(payout, destination), self.source),
            clock.now() + timedelta(seconds=seconds),
            in_doubt_before=payout.ambiguous,
        )
        outcome = self._confirmed(payout, sending.outcome(), sending.seconds_for_a_call())
        told = _redacted(outcome, destination)
        attempts = sending.attempts

        def recorded(current: Payout) -> Change:
            is_taken_over = current.state is State.SENDING and current.lease_id != payout.lease_id
            if is_taken_over and not isinstance(told, Accepted):
                # Another attempt is under way: what ours did not do says nothing of it.
                return NO_CHANGE
            return after_send(current, told, clock.now(), by, self.policy, attempts)

        # Dying here loses the answer, not the payout: it is looked up like any in doubt.
        after = self.recorder.record(payout, recorded)
        if has_two_numbers(after, attempts):
            self.line.gatekeeper.note_booked_twice(clock.now())
        return after

    def _confirmed(self, payout: Payout, outcome: SendOutcome, seconds: float) -> SendOutcome:
        """A refusal under a name that is in no table counts if Monoova does not know the payout."""
        if not isinstance(outcome, Refused) or outcome.is_known:
            return outcome
        report, answer = self.line.monoova.status_of(payout.unique_reference, seconds)
        self.line.gatekeeper.tell_asked(answer)
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
    if isinstance(outcome, Reported):
        words = redact(outcome.report.description, known)
        return Reported(replace(outcome.report, description=words))
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
    try:
        customer = together.standing(payout.customer_id).customer
    except UnreadableItemError:
        # What became of the payout is recorded all the same, without Monoova's words.
        return ()
    sealed = customer.destination(payout.destination_id) if customer else None
    if customer is None or sealed is None:
        return ()
    try:
        return opener.opened_to_redact(customer, sealed, by, payout.transaction_id)
    except (SealBrokenError, VaultUnavailableError) as error:
        observability.note_error(error)
        return ()
