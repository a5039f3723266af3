"""Takes up what waited before there were seals: an approver looks at it, and it is sealed."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from chalicelib.core.actor import Actor
from chalicelib.core.clock import Clock
from chalicelib.core.errors import ConflictError, ErrorCode, ForbiddenError
from chalicelib.payouts.rules.decisions import Note, change_for
from chalicelib.payouts.rules.integrity import impossibility
from chalicelib.payouts.rules.payout import (
    NO_CHANGE,
    Change,
    Event,
    Fields,
    Payout,
    ReviewReason,
    State,
)
from chalicelib.payouts.seal_payouts import PayoutSeals
from chalicelib.payouts.sending.record_event import Recorder, found_payout
from chalicelib.payouts.store.payouts import Payouts

# While the app with seals is deployed, functions of the one before go on for a while.
_DEPLOYED_WITHIN: Final = timedelta(minutes=15)
_WAITS: Final = frozenset({State.AWAITING_APPROVAL, State.QUEUED, State.UNRESOLVED})


@dataclass(frozen=True, slots=True)
class AdoptionService:
    """Seals rows of before there was a key. No row of later is ever sealed by it."""

    payouts: Payouts
    seals: PayoutSeals
    recorder: Recorder
    clock: Clock

    def adopt(self, transaction_id: str, by: Actor) -> Payout:
        """Seals it as it stands. What was released is released anew, by this approver.

        The same approver asking again changes nothing.

        Raises:
            NotFoundError
            ForbiddenError: the person who asked for a payout does not adopt it.
            ConflictError: it has a seal, is not of before there were any, or does not wait.
        """
        before = found_payout(self.payouts, transaction_id)
        if by.is_also(before.created_by):
            raise ForbiddenError(
                "A person other than who asked for the payout has to adopt it.",
                ErrorCode.APPROVAL_BY_REQUESTER,
            )
        return self.recorder.record(before, lambda payout: self._adopted(payout, by))

    def _adopted(self, payout: Payout, by: Actor) -> Change:
        last = payout.history[-1:]
        if payout.seal and last and last[0].event == Event.ADOPTED and by.is_also(last[0].by):
            return NO_CHANGE
        self._check(payout)
        now = self.clock.now()
        fields = Fields()
        if payout.state is not State.AWAITING_APPROVAL:
            fields = Fields(approved_at=now, approved_by=by.name, due_at=now)
        change = change_for(payout, Event.ADOPTED, Note(now, by.name))
        sealed = self.seals.sealed(replace(payout, **fields))
        return Change(change.fields | fields | Fields(seal=sealed.seal), change.entries)

    def _check(self, payout: Payout) -> None:
        why = self._why_not(payout)
        if why:
            raise ConflictError(
                f"The payout cannot be adopted: {why}.", ErrorCode.PAYOUT_NOT_ADOPTABLE
            )

    def _why_not(self, payout: Payout) -> str | None:
        if payout.seal is not None:
            return "it has a seal"
        if payout.created_at >= self.seals.began_at() + _DEPLOYED_WITHIN:
            return "it was made when there were seals already"
        if payout.state not in _WAITS:
            return f"it is {payout.state}"
        if payout.review_reason not in (None, ReviewReason.INTEGRITY_FAILED):
            return f"it is under review for {payout.review_reason}"
        return impossibility(payout)
