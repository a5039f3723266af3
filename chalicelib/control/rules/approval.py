"""Which payouts one person alone may not make: another person has to approve them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from chalicelib.control.rules.limits import Book, Count, LimitKind, Subject
from chalicelib.core.sydney import sydney_day

_WAITS_FOR: Final = timedelta(days=30)


class ApprovalReason(StrEnum):
    """Why a payout waits for an approver."""

    ABOVE_THRESHOLD = "AboveThreshold"
    ABOVE_CAP = "AboveCap"
    NEW_DESTINATION = "NewDestination"
    SETTLED_BY_HAND = "SettledByHand"


@dataclass(frozen=True, slots=True)
class ApprovalRules:
    """Which payouts need an approval.

    `threshold_cents` is the most that needs none: in a Sydney day, of one maker, and for one
    account; None means that no amount needs one.

    `new_destinations`: a payout to a destination needs approval until a person other than who added
    it has approved it. A destination never changes, so one that was changed is a new one.
    `cap_cents` is what an approval of a destination opens it for, in a Sydney day, where it names
    no cap; None is no cap.
    """

    threshold_cents: int | None = None
    new_destinations: bool = False
    cap_cents: int | None = None

    def reasons(
        self, amount_cents: int, *, is_known: bool, is_settled_by_hand: bool = False
    ) -> tuple[ApprovalReason, ...]:
        """Why such a payout by itself needs approval; empty if it needs none.

        `is_known` says whether the destination is approved; `is_settled_by_hand` that it
        is to pay what a person, and not Monoova, has said was not paid: that always needs one.
        """
        is_above = self.threshold_cents is not None and amount_cents > self.threshold_cents
        is_new = self.new_destinations and not is_known
        found = {
            ApprovalReason.ABOVE_THRESHOLD: is_above,
            ApprovalReason.NEW_DESTINATION: is_new,
            ApprovalReason.SETTLED_BY_HAND: is_settled_by_hand,
        }
        return tuple(reason for reason, applies in found.items() if applies)

    def counts(self, subject: Subject, amount_cents: int, at: datetime) -> tuple[Count, ...]:
        """What a payout that no approver sees adds to the sums that the threshold bounds."""
        if self.threshold_cents is None:
            return ()
        limit, day = self.threshold_cents, sydney_day(at)
        of = {LimitKind.MAKER: subject.maker, LimitKind.ACCOUNT: subject.account}
        return tuple(
            Count(kind, day, name, amount_cents, limit, Book.THRESHOLD) for kind, name in of.items()
        )

    def counts_of_cap(
        self, account: str, amount_cents: int, cap_cents: int | None, at: datetime
    ) -> tuple[Count, ...]:
        """What such a payout adds to the sum that the cap of its destination bounds."""
        if cap_cents is None:
            return ()
        day = sydney_day(at)
        return (Count(LimitKind.ACCOUNT, day, account, amount_cents, cap_cents, Book.CAP),)


def approval_until(requested_at: datetime) -> datetime:
    """Until when a payout waits for an approver; then it is cancelled."""
    return requested_at + _WAITS_FOR
