"""What an administrator may do with a payout that stands: look, cancel, resolve, ask Monoova."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chalicelib.core.actor import Actor, Role
from chalicelib.core.clock import Clock
from chalicelib.core.errors import ConflictError, ErrorCode, ForbiddenError, TryAgainError
from chalicelib.core.redaction import redact
from chalicelib.customers.open_details import Opener
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.rules.duplicates import SecondCalls
from chalicelib.monoova.rules.gate import Gate
from chalicelib.monoova.rules.outcome import Report, Standing
from chalicelib.payouts.rules.decisions import (
    ForbiddenTransitionError,
    Note,
    SendAgain,
    after_report,
    change_for,
)
from chalicelib.payouts.rules.payout import (
    NO_CHANGE,
    Change,
    Event,
    FailureCode,
    Fields,
    Payout,
    State,
)
from chalicelib.payouts.rules.resolution import Judgement, judged
from chalicelib.payouts.rules.schedule import Policy
from chalicelib.payouts.sending.record_event import Recorder, found_payout
from chalicelib.payouts.sending.send_payout import details_of_payee, without_payee
from chalicelib.payouts.store.payouts import Payouts
from chalicelib.payouts.store.situation import ReadTogether

if TYPE_CHECKING:
    from chalicelib.monoova.client import MonoovaClient

_RESOLUTIONS: Final = {
    "Completed": (Event.RESOLVED_COMPLETED, None),
    "Failed": (Event.RESOLVED_FAILED, FailureCode.RESOLVED_BY_HAND),
    "Returned": (Event.RESOLVED_RETURNED, FailureCode.RETURNED),
    "Cancelled": (Event.RESOLVED_CANCELLED, FailureCode.RESOLVED_BY_HAND),
}
RESOLUTIONS: Final = tuple(_RESOLUTIONS)


@dataclass(frozen=True, slots=True)
class Asked:
    """A payout as it now stands, and what Monoova said of it; None: it could not be asked."""

    payout: Payout
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class AdministrationService:
    """What a person does to a payout by hand; each step stands in the payout's history."""

    payouts: Payouts
    together: ReadTogether
    opener: Opener
    monoova: "MonoovaClient"
    gatekeeper: Gatekeeper
    recorder: Recorder
    clock: Clock
    policy: Policy
    second_calls: Callable[[Gate], SecondCalls]

    def cancel(self, transaction_id: str, by: str) -> Payout:
        """Ends a payout that was not sent yet."""
        fields = Fields(failure_code=FailureCode.CANCELLED_BY_ADMIN)

        def cancelled(payout: Payout) -> Change:
            if payout.state is State.CANCELLED:
                return NO_CHANGE
            return change_for(payout, Event.CANCELLED, Note(self.clock.now(), by), fields)

        try:
            return self.recorder.record(found_payout(self.payouts, transaction_id), cancelled)
        except ForbiddenTransitionError as error:
            raise ConflictError(
                f"The payout is {error.state}: only one that was not sent yet can be cancelled.",
                ErrorCode.PAYOUT_NOT_CANCELLABLE,
            ) from None

    def resolve(self, transaction_id: str, outcome: str, reason: str, by: Actor) -> Asked:
        """Settles by hand a payout that needs review, beside what Monoova says of it now.

        Who, why and Monoova's word stay in its history.

        Raises:
            ConflictError: it needs no review, cannot end so, or Monoova says otherwise.
            ForbiddenError: Monoova does not say so, and an approver who did not ask for the payout
                has to.
        """
        event, code = _RESOLUTIONS[outcome]
        before = found_payout(self.payouts, transaction_id)

        def resolved(payout: Payout, text: str = "", said: str = "") -> Change:
            if not payout.needs_review:
                raise ForbiddenTransitionError(payout.state, event)
            closed = Fields(needs_review=False, review_reason=None)
            if code:
                closed |= Fields(failure_code=code, failure_reason=text)
            note = Note(self.clock.now(), by.name, f"{text} ({said})")
            return change_for(payout, event, note, closed)

        try:
            # Monoova is not asked, and no details are decrypted, for what is refused.
            resolved(before)
            report = self._asked(before)
            standing = report.standing if report else None
            _check(before, outcome, standing, by)
            text = redact(reason, details_of_payee(before, self.together, self.opener, by.name))
            said = f"status API: {standing or 'not asked'}"
            after = self.recorder.record(before, lambda payout: resolved(payout, text, said))
        except ForbiddenTransitionError as error:
            raise ConflictError(
                f"A payout that is {error.state} cannot be resolved as {outcome}: only one that"
                " needs review, and only into what its state allows.",
                ErrorCode.PAYOUT_NOT_RESOLVABLE,
            ) from None
        return Asked(after, standing)

    def _asked(self, payout: Payout) -> Report | None:
        """What Monoova says of the payout now; None if it cannot be asked."""
        if not self.gatekeeper.may_look():
            return None
        report, answer = self.monoova.status_of(payout.unique_reference)
        self.gatekeeper.tell_looked(answer)
        return report

    def refresh(self, transaction_id: str, by: str) -> Asked:
        """Asks Monoova now. Never sends: what is to be sent again is the reconciler's to do."""
        payout = found_payout(self.payouts, transaction_id)
        asked = self._asked(payout)
        if asked is None:
            raise TryAgainError(
                "Monoova is not being called at the moment.", ErrorCode.SENDING_STOPPED
            )
        report = without_payee(asked, payout, self.together, self.opener, by)

        def refreshed(current: Payout) -> Change:
            change = after_report(
                current,
                report,
                self.clock.now(),
                by,
                self.policy,
                may_send_again=self.second_calls(self.gatekeeper.gate).later,
            )
            # Only news is written: to ask by hand must not put off what the clock will do.
            if isinstance(change, SendAgain) or not change.entries:
                return NO_CHANGE
            return change

        return Asked(self.recorder.record(payout, refreshed), report.standing)


def _check(payout: Payout, outcome: str, standing: Standing | None, by: Actor) -> None:
    """Raises ConflictError or ForbiddenError where a person's word is not taken."""
    says = f"Monoova says {standing} of this payout"
    if standing in (None, Standing.UNCLEAR):
        says = "Monoova does not say now what became of this payout"
    match judged(payout, _RESOLUTIONS[outcome][0], standing):
        case Judgement.CONTRADICTED:
            raise ConflictError(
                f"{says}: it cannot be resolved as {outcome}.", ErrorCode.RESOLUTION_CONTRADICTED
            )
        case Judgement.NEEDS_APPROVER if not by.may(Role.APPROVER):
            raise ForbiddenError(
                f"{says}: only an approver may resolve it as {outcome}.",
                ErrorCode.RESOLUTION_NEEDS_APPROVER,
            )
        case Judgement.NEEDS_APPROVER if by.is_also(payout.created_by):
            raise ForbiddenError(
                f"{says}: an approver other than who asked for the payout has to resolve it.",
                ErrorCode.APPROVAL_BY_REQUESTER,
            )
