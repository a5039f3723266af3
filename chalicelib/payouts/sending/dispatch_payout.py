"""Sends a payout that no request is sending: a queued one, or once more one in doubt."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from chalicelib.core import observability
from chalicelib.core.clock import Clock
from chalicelib.core.encryption import Vault
from chalicelib.core.observability import Metric
from chalicelib.customers.destination_message import OpenedDestination, opened_to_pay
from chalicelib.customers.store import SealedCustomer
from chalicelib.monoova.available_funds import AvailableFunds
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.rules.destination import Destination
from chalicelib.monoova.rules.duplicates import SecondCalls
from chalicelib.monoova.rules.gate import Gate
from chalicelib.monoova.rules.outcome import Standing
from chalicelib.payouts.metrics import count_change
from chalicelib.payouts.rules.decisions import (
    Note,
    change_for,
    claimed,
    contradicted,
    row_expired,
)
from chalicelib.payouts.rules.integrity import impossibility
from chalicelib.payouts.rules.payout import (
    NO_CHANGE,
    Change,
    Event,
    FailureCode,
    Fields,
    Payout,
    QueueReason,
    ReviewReason,
    State,
    erased_fields,
)
from chalicelib.payouts.rules.schedule import (
    Policy,
    is_expired,
    when_to_send,
    when_to_send_again,
)
from chalicelib.payouts.rules.seal import SealFault, SealKind, is_to_be_asked_about
from chalicelib.payouts.seal_payouts import PayoutSeals
from chalicelib.payouts.sending.record_event import Recorder
from chalicelib.payouts.sending.send_payout import PayoutSender
from chalicelib.payouts.store.payouts import PayoutChangedError, Payouts
from chalicelib.payouts.store.situation import ReadTogether

if TYPE_CHECKING:
    from chalicelib.monoova.client import MonoovaClient
    from chalicelib.payouts.second_payment import SecondPayments

_REVIEW_LOOK: Final = timedelta(hours=1)
_UNCLEAR_LOOK: Final = timedelta(minutes=1)
_QUESTION_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Claims a payout with a lease before sending it, so that one of several workers sends it.

    A row is sent only if its seal says that it is what was decided, and that it was released.
    What was made in place of another (`retry_of`) is sent only if that one is still unpaid; with
    `approves_destinations` nothing is sent to a destination whose message has no approval.
    """

    payouts: Payouts
    together: ReadTogether
    vault: Vault
    monoova: "MonoovaClient"
    gatekeeper: Gatekeeper
    sender: PayoutSender
    recorder: Recorder
    clock: Clock
    policy: Policy
    second_calls: Callable[[Gate], SecondCalls]
    new_id: Callable[[], uuid.UUID]
    stopped_by: Callable[[str], str | None]
    funds: AvailableFunds
    seals: PayoutSeals
    second_payments: "Callable[[], SecondPayments]"
    approves_destinations: bool

    def dispatch(self, transaction_id: str, customer_id: str, by: str, seconds: float) -> None:
        """Sends the payout if it is still queued; a message that comes late or twice does nothing.

        May raise `StorageUnavailableError`, `VaultUnavailableError`, `SealBrokenError` and
        `SecretUnavailableError`: then it is still queued and tried again.
        """
        standing = self.together.standing(customer_id, transaction_id)
        payout = standing.payout
        # A message with another customer's id is damaged: nothing may follow from it.
        is_meant = payout is not None and payout.customer_id == customer_id
        if payout is None or not is_meant or payout.state is not State.QUEUED:
            observability.note(outcome="not queued")
            return
        self.send_queued(payout, standing.customer, standing.gate, by, seconds)

    def send_queued(
        self, payout: Payout, customer: SealedCustomer | None, gate: Gate, by: str, seconds: float
    ) -> Payout:
        """Sends a queued payout, ends one that is too old, leaves it if nothing may be sent."""
        now = self.clock.now()
        if payout.needs_review:
            return self._put_off(payout, now + _REVIEW_LOOK)
        # Asked for while its customer was erased, perhaps too late for the erasure to see.
        also = erased_fields() if customer is None else NO_CHANGE.fields
        if is_expired(payout.released_at, now, self.policy, gate):
            return self._expired(payout, by, also)
        stopped_by = self.stopped_by(payout.batch_id) if payout.batch_id else None
        if stopped_by is not None:
            # Those that come to the queue's head before the worker who cancels them.
            code = FailureCode.CANCELLED_BY_ADMIN
            return self._end(payout, Event.CANCELLED, code, stopped_by, also)
        if customer is None or customer.destination(payout.destination_id) is None:
            return self._end(payout, Event.DESTINATION_GONE, FailureCode.DESTINATION_GONE, by, also)
        return self._entered_and_sent(payout, customer, gate, Event.CLAIMED, by, seconds)

    def make_due(self, payout: Payout, gate: Gate) -> Payout:
        """Has a queued payout that may not be sent now stand as due as soon as it may.

        Usually it does: then nothing is written, however often this is found out.
        """
        due_at = when_to_send(gate, self.clock.now())
        is_in_time = payout.due_at is not None and payout.due_at <= due_at
        return payout if is_in_time else self._put_off(payout, due_at)

    def send_again(
        self, payout: Payout, customer: SealedCustomer | None, gate: Gate, by: str, seconds: float
    ) -> Payout:
        """Sends a payout in doubt once more, under the reference it has always had."""
        if customer is None or customer.destination(payout.destination_id) is None:
            return self._review(payout, Event.DESTINATION_GONE, ReviewReason.DESTINATION_GONE, by)
        if not self.second_calls(gate).later:
            # Forbidden since the decision: looked at again, it is decided anew.
            until = when_to_send_again(gate, self.clock.now(), self.policy)
            return self._put_off(payout, until)
        return self._entered_and_sent(payout, customer, gate, Event.RESENT, by, seconds)

    def _entered_and_sent(
        self,
        payout: Payout,
        customer: SealedCustomer,
        gate: Gate,
        event: Event,
        by: str,
        seconds: float,
    ) -> Payout:
        """Sends it if the gate allows; a turn and the probe are taken last of all."""
        ends_at = self.clock.now() + timedelta(seconds=seconds)
        if not self.gatekeeper.passage(gate).is_through:
            return self._not_sent(payout, gate)
        fault = self._fault(payout, gate)
        if fault is not None:
            return self._not_believed(payout, fault, by)
        if event is Event.CLAIMED and not self._is_covered(payout):
            return self._wait_for_funds(payout, by)
        opened = self._ready(payout, customer)
        held = self._held_back(payout, opened, event, by)
        if held is not None:
            return held
        if not self.gatekeeper.enter_to_send(gate).is_through:
            return self._not_sent(payout, self.gatekeeper.gate)
        left = (ends_at - self.clock.now()).total_seconds()
        return self._claim_and_send(payout, opened.destination, event, by, left)

    def _held_back(
        self, payout: Payout, opened: OpenedDestination, event: Event, by: str
    ) -> Payout | None:
        """What is not to be sent as things are, with what became of it; None for what is."""
        if self.approves_destinations and not opened.is_approved:
            return self._wait_for_approver(payout, by)
        if payout.retry_of and self.second_payments().earlier_is_settled(payout):
            return self._review(payout, Event.EARLIER_SETTLED, ReviewReason.EARLIER_SETTLED, by)
        if event is Event.CLAIMED and is_to_be_asked_about(payout, self.clock.now()):
            return self._known_to_monoova(payout, by)
        return None

    def _fault(self, payout: Payout, gate: Gate) -> str | None:
        """Why a stored row is not to be sent: it is not what was decided, or too old by now."""
        fault = self.seals.fault(payout, SealKind.RELEASED)
        if fault is not None:
            return fault
        if is_expired(payout.released_at, self.clock.now(), self.policy, gate):
            return SealFault.OUTLIVED
        return impossibility(payout)

    def _not_believed(self, payout: Payout, fault: str, by: str) -> Payout:
        observability.count(Metric.INTEGRITY_FAILURES)
        reason = ReviewReason.INTEGRITY_FAILED
        return self._review(payout, Event.INTEGRITY_FAILED, reason, by, fault)

    def _known_to_monoova(self, payout: Payout, by: str) -> Payout | None:
        """What was released long ago, and may have been sent under another state of the table: the
        payout, put off or raised; None if Monoova has never heard of it."""
        now = self.clock.now()
        if not self.gatekeeper.enter_to_ask(self.gatekeeper.gate).is_through:
            return self._not_known(payout, now)
        report, answer = self.monoova.status_of(payout.unique_reference, _QUESTION_SECONDS)
        self.gatekeeper.tell_asked(answer)
        match report.standing:
            case Standing.UNKNOWN_REFERENCE:
                return None
            case Standing.UNCLEAR:
                return self._not_known(payout, now)
            case standing:
                words = f"Monoova says {standing} of a payout that was not sent"
                change = contradicted(payout, Note(now, by, words), words)
                later = Fields(due_at=now + _REVIEW_LOOK)
                return self._written(payout, Change(change.fields | later, change.entries))

    def _not_known(self, payout: Payout, now: datetime) -> Payout:
        self.gatekeeper.keep_shut()
        return self._put_off(payout, now + _UNCLEAR_LOOK)

    def _not_sent(self, payout: Payout, gate: Gate) -> Payout:
        if payout.state is State.QUEUED:
            return self.make_due(payout, gate)
        return self._put_off(payout, when_to_send_again(gate, self.clock.now(), self.policy))

    def _is_covered(self, payout: Payout) -> bool:
        """Whether funds reach, as far as is known. A payout of its own is not asked about before
        Monoova refused it for want of them."""
        is_asked = payout.batch_id is not None or payout.waits_for is QueueReason.NO_FUNDS
        return not is_asked or self.funds.reach(payout.amount_cents)

    def _wait_for_approver(self, payout: Payout, by: str) -> Payout:
        """Let go by a copy in the clear, or before its destination had to be approved: not sent.

        It is looked at again, and goes once its destination is approved. One in doubt, which may
        have been paid there, needs a person.
        """
        observability.count(Metric.DESTINATION_NOT_APPROVED)
        event = Event.DESTINATION_NOT_APPROVED
        if payout.state is not State.QUEUED:
            return self._review(payout, event, ReviewReason.DESTINATION_NOT_APPROVED, by)
        return self._wait(payout, event, QueueReason.DESTINATION_APPROVAL, by)

    def _wait_for_funds(self, payout: Payout, by: str) -> Payout:
        return self._wait(payout, Event.WITHOUT_FUNDS, QueueReason.NO_FUNDS, by)

    def _wait(self, payout: Payout, event: Event, reason: QueueReason, by: str) -> Payout:
        """It stays queued, and its history says why once, however often it is looked at."""
        now = self.clock.now()
        until = now + timedelta(seconds=self.policy.queue_look_seconds)
        if payout.waits_for is reason:
            return self._put_off(payout, until)
        waits = Fields(waits_for=reason, due_at=until)
        return self._written(payout, change_for(payout, event, Note(now, by), waits))

    def _ready(self, payout: Payout, customer: SealedCustomer) -> OpenedDestination:
        """Whatever may fail before the claim must be had before the claim."""
        self.monoova.check_ready()
        sealed = customer.destination(payout.destination_id)
        assert sealed is not None  # both callers have looked
        return opened_to_pay(self.vault, customer, sealed)

    def _claim_and_send(
        self, payout: Payout, destination: Destination, event: Event, by: str, seconds: float
    ) -> Payout:
        now = self.clock.now()
        claim = claimed(payout, event, now, by, str(self.new_id()), self.policy)
        try:
            # Dying after this write leaves a lease that runs out, hence a payout in doubt.
            ours = self.payouts.commit(payout, claim, now)
        except PayoutChangedError as error:
            observability.note(outcome="claimed by another")
            return error.current or payout
        fault = self.seals.fault(ours, SealKind.RELEASED)
        if fault is not None:
            # It was changed between the look at it and the claim: nothing has left for it.
            return self._not_believed(ours, fault, by)
        if event is Event.RESENT:
            observability.count(Metric.PAYOUTS_SENT_AGAIN)
        self.funds.spend(payout.amount_cents)
        after = self.sender.send(ours, destination, by, seconds)
        if after.state is State.QUEUED and after.waits_for is QueueReason.NO_FUNDS:
            self.funds.note_refusal(payout.amount_cents)
        return after

    def _expired(self, payout: Payout, by: str, also: Fields) -> Payout:
        """What was asked for alone ends by itself; what two people let go in a file does not."""
        if payout.batch_id is None:
            return self._end(payout, Event.QUEUE_EXPIRED, FailureCode.QUEUE_EXPIRED, by, also)
        now = self.clock.now()
        change = row_expired(payout, Note(now, by), now + _REVIEW_LOOK)
        return self._written(payout, Change(change.fields | also, change.entries))

    def _put_off(self, payout: Payout, until: datetime) -> Payout:
        return self._written(payout, Change(Fields(due_at=until)))

    def _end(
        self,
        payout: Payout,
        event: Event,
        code: FailureCode,
        by: str,
        also: Fields,
    ) -> Payout:
        fields = Fields(failure_code=code) | also
        return self._written(payout, change_for(payout, event, Note(self.clock.now(), by), fields))

    def _review(
        self, payout: Payout, event: Event, reason: ReviewReason, by: str, why: str | None = None
    ) -> Payout:
        """A person has to look at it: nothing is sent."""
        now = self.clock.now()
        change = change_for(payout, event, Note(now, by, why), review_reason=reason)
        later = Fields(due_at=now + _REVIEW_LOOK)
        return self._written(payout, Change(change.fields | later, change.entries))

    def _written(self, payout: Payout, change: Change) -> Payout:
        """Writes, or leaves it to the writer that was faster."""
        now = self.clock.now()
        try:
            after = self.payouts.commit(payout, change, now)
        except PayoutChangedError as error:
            return error.current or payout
        count_change(change, payout, now)
        return after
