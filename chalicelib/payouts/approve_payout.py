"""Approvals (maker and checker): another person approves or rejects a requested payout."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.core import observability
from chalicelib.core.actor import Actor
from chalicelib.core.clock import Clock
from chalicelib.core.errors import ConflictError, ErrorCode, ForbiddenError
from chalicelib.core.queues import Queue, QueueUnavailableError
from chalicelib.core.redaction import redact
from chalicelib.customers.mark_destination import KnownDestinations
from chalicelib.customers.open_details import Opener
from chalicelib.payouts.rules.decisions import ForbiddenTransitionError, Note, approved, change_for
from chalicelib.payouts.rules.payout import (
    NO_CHANGE,
    Change,
    Event,
    FailureCode,
    Fields,
    Payout,
    State,
)
from chalicelib.payouts.sending.record_event import Recorder, found_payout
from chalicelib.payouts.sending.send_payout import details_of_payee
from chalicelib.payouts.store.payouts import Payouts
from chalicelib.payouts.store.situation import ReadTogether


@dataclass(frozen=True, slots=True)
class ApprovalService:
    """Decisions on payouts that wait for an approver; who decided stays in their history."""

    payouts: Payouts
    known_destinations: KnownDestinations
    together: ReadTogether
    opener: Opener
    recorder: Recorder
    queue: Queue
    clock: Clock

    def approve(self, transaction_id: str, by: Actor) -> Payout:
        """Lets the payout go out. The same approver asking again changes nothing.

        Raises:
            NotFoundError
            ForbiddenError: the person who asked for a payout does not approve it.
            ConflictError: it does not wait for an approver.
        """
        before = self._for_decision(transaction_id, by)

        def decided(payout: Payout) -> Change:
            if payout.approved_by is not None and by.is_also(payout.approved_by):
                return NO_CHANGE
            return approved(payout, self.clock.now(), by.name)

        payout = self._recorded(before, decided)
        # Dying from here on leaves an approved payout that is due, which the schedule sends, to a
        # destination that asks for approval once more. The other way round, a destination could
        # count as approved though no payout to it ever was.
        if payout.state is State.QUEUED:
            self._enqueue(payout)
        self.known_destinations.mark(payout.customer_id, payout.destination_id, by.name)
        return payout

    def reject(self, transaction_id: str, reason: str, by: Actor) -> Payout:
        """Ends the payout. Raises as `approve` does."""
        before = self._for_decision(transaction_id, by)
        text = redact(reason, details_of_payee(before, self.together, self.opener, by.name))
        fields = Fields(failure_code=FailureCode.APPROVAL_DENIED, failure_reason=text)

        def decided(payout: Payout) -> Change:
            if payout.failure_code is FailureCode.APPROVAL_DENIED:
                return NO_CHANGE
            note = Note(self.clock.now(), by.name, text)
            return change_for(payout, Event.APPROVAL_DENIED, note, fields)

        return self._recorded(before, decided)

    def _for_decision(self, transaction_id: str, by: Actor) -> Payout:
        payout = found_payout(self.payouts, transaction_id)
        if by.is_also(payout.created_by):
            raise ForbiddenError(
                "Somebody other than who asked for the payout has to decide on it.",
                ErrorCode.APPROVAL_BY_REQUESTER,
            )
        return payout

    def _recorded(self, before: Payout, decided: Callable[[Payout], Change]) -> Payout:
        try:
            return self.recorder.record(before, decided)
        except ForbiddenTransitionError as error:
            raise ConflictError(
                f"The payout is {error.state}: only one that waits for approval, and not for more"
                " than 30 days, can be decided on.",
                ErrorCode.PAYOUT_NOT_AWAITING_APPROVAL,
            ) from None

    def _enqueue(self, payout: Payout) -> None:
        message = {"transaction_id": payout.transaction_id, "customer_id": payout.customer_id}
        try:
            self.queue.put(message)
        except QueueUnavailableError as error:
            observability.note_error(error)
