"""Approvals (maker and checker): another person approves or rejects a requested payout."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.control.rules.approval import ApprovalRules
from chalicelib.core import observability
from chalicelib.core.actor import Actor
from chalicelib.core.clock import Clock
from chalicelib.core.errors import ConflictError, ErrorCode, ForbiddenError
from chalicelib.core.observability import Metric
from chalicelib.core.queues import Queue, QueueUnavailableError
from chalicelib.core.redaction import redact
from chalicelib.customers.account_owners import Owner
from chalicelib.customers.approve_destinations import DestinationApprovals
from chalicelib.customers.destination_message import opened_to_pay
from chalicelib.customers.open_details import Opener
from chalicelib.payouts.accept_payouts import Acceptance, NotBelievedError
from chalicelib.payouts.rules.decisions import ForbiddenTransitionError, Note, approved, change_for
from chalicelib.payouts.rules.payout import (
    NO_CHANGE,
    Change,
    Event,
    FailureCode,
    Fields,
    Payout,
    ReviewReason,
    State,
)
from chalicelib.payouts.sending.record_event import Commit, Recorder, found_payout
from chalicelib.payouts.sending.send_payout import details_of_payee
from chalicelib.payouts.store.payouts import Payouts
from chalicelib.payouts.store.situation import ReadTogether

if TYPE_CHECKING:
    from chalicelib.control.account_fingerprints import AccountFingerprints


@dataclass(frozen=True, slots=True)
class ApprovalService:
    """Decisions on payouts that wait for an approver; who decided stays in their history."""

    payouts: Payouts
    acceptance: Acceptance
    destinations: DestinationApprovals
    rules: ApprovalRules
    together: ReadTogether
    opener: Opener
    fingerprints: "Callable[[], AccountFingerprints]"
    recorder: Recorder
    queue: Queue
    clock: Clock

    def approve(self, transaction_id: str, by: Actor, digest: str | None = None) -> Payout:
        """Lets the payout go out. The same approver asking again changes nothing.

        A destination that no one has approved is approved with it: `digest` is what it was shown
        with. The payout counts against the limits of this day: what has no room in them waits on.

        Raises:
            UnprocessableError: a limit would be exceeded.
            NotFoundError
            ForbiddenError: the person who asked for a payout does not approve it, nor, until
                another has approved the destination, the person who added that.
            ConflictError: it does not wait for an approver, its destination was not revealed, or
                it is not what was asked for: then it goes to review.
        """
        before = self._for_decision(transaction_id, by)
        self._approve_destination(before, digest, by)

        def decided(payout: Payout) -> Change:
            if payout.approved_by is not None and by.is_also(payout.approved_by):
                return NO_CHANGE
            return approved(payout, self.clock.now(), by.name)

        account = self._account_of(before)

        def released(payout: Payout, change: Change, at: datetime) -> Payout:
            return self.acceptance.release(payout, change, at, account)

        try:
            payout = self._recorded(before, decided, released)
        except NotBelievedError as error:
            raise self._refused(before, error.fault, by) from None
        # Dying from here on leaves an approved payout that is due, which the schedule sends.
        if payout.state is State.QUEUED:
            self._enqueue(payout)
        return payout

    def _approve_destination(self, payout: Payout, digest: str | None, by: Actor) -> None:
        """First: what is approved must never wait for its destination.

        Dying after it leaves a payout that waits on, to a destination that this person approved.
        """
        if self.rules.new_destinations and payout.state is State.AWAITING_APPROVAL:
            owner = Owner(payout.customer_id, payout.destination_id)
            self.destinations.approve_for_payout(owner, digest, by)

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

    def _refused(self, payout: Payout, fault: str, by: Actor) -> ConflictError:
        """Raises the payout for review; what the approver is answered."""
        observability.count(Metric.INTEGRITY_FAILURES)
        reason = ReviewReason.INTEGRITY_FAILED

        def flagged(current: Payout) -> Change:
            note = Note(self.clock.now(), by.name, fault)
            return change_for(current, Event.INTEGRITY_FAILED, note, review_reason=reason)

        self._recorded(payout, flagged)
        return ConflictError(
            f"The record of the payout is not what was asked for ({fault}): it was changed outside"
            " of the app, or is of before there were seals. It is under review.",
            ErrorCode.PAYOUT_INTEGRITY_FAILED,
        )

    def _for_decision(self, transaction_id: str, by: Actor) -> Payout:
        payout = found_payout(self.payouts, transaction_id)
        if by.is_also(payout.created_by):
            raise ForbiddenError(
                "Somebody other than who asked for the payout has to decide on it.",
                ErrorCode.APPROVAL_BY_REQUESTER,
            )
        return payout

    def _account_of(self, payout: Payout) -> str | None:
        """The fingerprint of where it goes; None where none is needed, or the customer is gone."""
        if payout.state is not State.AWAITING_APPROVAL or not self.acceptance.limits_need_account:
            return None
        customer = self.together.standing(payout.customer_id).customer
        sealed = customer.destination(payout.destination_id) if customer else None
        if customer is None or sealed is None:
            return None
        return self.fingerprints().of(
            opened_to_pay(self.opener.vault, customer, sealed).destination
        )

    def _recorded(
        self,
        before: Payout,
        decided: Callable[[Payout], Change],
        commit: Commit | None = None,
    ) -> Payout:
        try:
            return self.recorder.record(before, decided, commit)
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
