"""Makes sure that what another payout is to pay was not paid: the one way to a second payment.

Whatever pays again what may have been paid (a retry, a row of a batch, another rail) has the ended
payout cleared here, and stores the new one together with the claim on the old.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from chalicelib.core.clock import Clock
from chalicelib.core.errors import ConflictError, ErrorCode, TryAgainError
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.rules.outcome import Report, Standing
from chalicelib.payouts.rules.decisions import Note, change_for
from chalicelib.payouts.rules.payout import Event, Payout, State
from chalicelib.payouts.rules.schedule import Policy
from chalicelib.payouts.rules.second_payment import (
    Verdict,
    is_settled_by_hand,
    is_successor,
    is_unpaid,
    may_be_succeeded,
    needs_answer,
    succeeded,
    unknown_is_believed_at,
    verdict,
)
from chalicelib.payouts.sending.record_event import Recorder, found_payout
from chalicelib.payouts.store.payouts import Payouts
from chalicelib.payouts.store.succession import Succession

if TYPE_CHECKING:
    from chalicelib.monoova.client import MonoovaClient

# A question is not worth beginning with less, and none takes longer.
_SHORTEST_QUESTION_SECONDS: Final = 2.0
_LONGEST_QUESTION_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Clearance:
    """Says that another payout may be made in place of `old`, as `old` was read.

    It holds only together with its `claim`, which fails where `old` has changed since.
    """

    table: str
    old: Payout
    is_settled_by_hand: bool

    def claim(self, new: Payout) -> Succession:
        """What is written with the new payout: `old` is succeeded by it, and by no other."""
        note = Note(new.created_at, new.created_by, f"by payout {new.transaction_id}")
        change = change_for(self.old, Event.RETRIED, note, succeeded(self.old, by=new))
        return Succession(self.table, self.old, change, new.created_at)


@dataclass(frozen=True, slots=True)
class SecondPayments:
    """Clears ended payouts for being paid by others."""

    payouts: Payouts
    monoova: "MonoovaClient"
    gatekeeper: Gatekeeper
    recorder: Recorder
    clock: Clock
    policy: Policy

    def last_of_line(
        self, payout: Payout, formerly: Callable[[Payout], str] | None = None
    ) -> Payout:
        """The last of the payouts that were made in place of each other, `payout` the first.

        One of which another part came back since is the last itself.
        `formerly` tells the id that a successor has which was stored before successors were.

        Raises:
            ConflictError: a successor is named, and is not there.
        """
        while not (payout.succeeded_by and may_be_succeeded(payout)):
            named = payout.succeeded_by or (formerly(payout) if formerly else None)
            successor = self.payouts.get(named) if named else None
            if successor is None and payout.succeeded_by:
                raise ConflictError(
                    f"The payout made in place of this one ({payout.succeeded_by}) is not there.",
                    ErrorCode.PAYOUT_NOT_RETRYABLE,
                )
            if successor is None:
                return payout
            payout = successor
        return payout

    def cleared(self, old: Payout, by: str, seconds: float) -> Clearance:
        """Lets another payout be made in place of `old`, if none of its line can have been paid.

        Raises:
            ConflictError: it is open, was paid or is under review; or Monoova says that it is, or
                may be (then it goes to review); or it is too early to believe Monoova.
            TryAgainError: Monoova cannot be asked, or does not answer clearly; nothing changed.
        """
        ends_at = self.clock.now() + timedelta(seconds=seconds)
        line = list(self._line(old))
        if not may_be_succeeded(old):
            raise _not_retryable(old, is_earlier=False)
        for payout in line[1:]:
            if not is_unpaid(payout):
                raise _not_retryable(payout, is_earlier=True)
        for payout in line:
            if needs_answer(payout):
                self._check(payout, self._asked(payout, ends_at), by)
        return Clearance(self.payouts.table, old, any(is_settled_by_hand(each) for each in line))

    def earlier_is_settled(self, payout: Payout) -> bool:
        """Whether one of those in place of which `payout` was made may be paid after all, or has
        another successor: then nothing may be sent for it."""
        later = payout
        for earlier in list(self._line(payout))[1:]:
            if not is_successor(later, earlier) or not is_unpaid(earlier):
                return True
            later = earlier
        return False

    def _line(self, payout: Payout) -> Iterator[Payout]:
        """The payout, and those in place of which it was made, the latest first."""
        yield payout
        while payout.retry_of:
            payout = found_payout(self.payouts, payout.retry_of)
            yield payout

    def _asked(self, payout: Payout, ends_at: datetime) -> Report:
        seconds = (ends_at - self.clock.now()).total_seconds()
        if seconds < _SHORTEST_QUESTION_SECONDS:
            raise TryAgainError("There is no time left to ask Monoova.")
        if not self.gatekeeper.enter_to_ask(self.gatekeeper.look()).is_through:
            raise TryAgainError(
                "Monoova is not being called at the moment, and has to be asked first whether the"
                " old payout was paid.",
                ErrorCode.SENDING_STOPPED,
            )
        report, answer = self.monoova.status_of(
            payout.unique_reference, min(seconds, _LONGEST_QUESTION_SECONDS)
        )
        self.gatekeeper.tell_asked(answer)
        return report

    def _check(self, payout: Payout, report: Report, by: str) -> None:
        now = self.clock.now()
        match verdict(payout, report.standing, now, self.policy):
            case Verdict.GO:
                return
            case Verdict.MAY_BE_PAID:
                self._raise_for_review(payout, report.standing, by)
                raise ConflictError(
                    f"Monoova says {report.standing} of this payout: it is not paid again, and a"
                    " person has to look at it.",
                    ErrorCode.PAYOUT_MAY_BE_PAID,
                    transaction_id=payout.transaction_id,
                )
            case Verdict.TOO_EARLY:
                until = unknown_is_believed_at(payout, self.policy)
                seconds = math.ceil((until - now).total_seconds())
                raise ConflictError(
                    "Monoova does not know this payout, which proves nothing so soon after it was"
                    f" sent. Retry it in {seconds} seconds.",
                    ErrorCode.RETRY_TOO_EARLY,
                    transaction_id=payout.transaction_id,
                    retry_after=seconds,
                )
            case _:
                raise TryAgainError("Monoova does not say what became of the old payout.")

    def _raise_for_review(self, payout: Payout, standing: Standing, by: str) -> None:
        is_paid = standing is Standing.COMPLETE
        event = Event.SETTLED_COMPLETE if is_paid else Event.CONTRADICTED
        note = Note(self.clock.now(), by, f"status API: {standing}", f"status:{standing}")
        self.recorder.record(payout, lambda current: change_for(current, event, note))


def _not_retryable(payout: Payout, *, is_earlier: bool) -> ConflictError:
    which = "The payout that this one was made in place of cannot be paid again. " * is_earlier
    why = (
        "The mAccount does not show yet that the money came back."
        if payout.state is State.RETURNED and not payout.needs_review
        else "Only a payout that ended as Failed, Returned or Cancelled, or a part that came back,"
        " can be retried, and none under review."
    )
    return ConflictError(
        f"{which}{why}",
        ErrorCode.PAYOUT_NOT_RETRYABLE,
        transaction_id=payout.transaction_id if is_earlier else None,
    )
