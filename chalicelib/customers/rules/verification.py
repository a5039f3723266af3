"""Whether a payee was shown to own where they are paid: its states, and the rules on them.

Monoova pays one cent with a code in its text; who can tell the code sees the account. Each
start costs a fee, so none is made by accident: what was begun is recorded before Monoova is called.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

# An answer that has not come by then will not come; a code that was not found by then was lost.
_MAY_START_ANEW_AFTER: Final = timedelta(minutes=10)
# Monoova locks a code for an hour after three wrong ones.
_LOCKED_FOR: Final = timedelta(hours=1)


class VerificationStatus(StrEnum):
    """How far the verification of a destination has come."""

    NOT_STARTED = "NotStarted"
    STARTED = "Started"
    VERIFIED = "Verified"
    FAILED = "Failed"
    LOCKED = "Locked"


@dataclass(frozen=True, slots=True)
class Verification:
    """How it stands with a destination since `at`.

    `owner_name_matches` compares the PayID's registered name with the account name given; None
    where it was not told. `started_at` is when Monoova was last asked to pay its cent.
    """

    status: VerificationStatus = VerificationStatus.NOT_STARTED
    at: datetime | None = None
    owner_name_matches: bool | None = None
    started_at: datetime | None = None

    def may_start_anew_at(self) -> datetime | None:
        """When it may be started (again); None for at once."""
        is_open = self.status in (VerificationStatus.STARTED, VerificationStatus.LOCKED)
        if not is_open or self.started_at is None:
            return None
        return self.started_at + _MAY_START_ANEW_AFTER

    def is_locked(self, now: datetime) -> bool:
        """Whether no code is taken now."""
        return (
            self.status is VerificationStatus.LOCKED
            and self.at is not None
            and now < self.at + _LOCKED_FOR
        )


NOT_STARTED: Final = Verification()


def is_payable(verification: Verification, *, requires_verified: bool) -> bool:
    """Whether the business's rule on verified destinations lets a payout go there."""
    return not requires_verified or verification.status is VerificationStatus.VERIFIED


def started(now: datetime) -> Verification:
    """What is recorded before Monoova is called."""
    return Verification(VerificationStatus.STARTED, now, None, now)


def under_way(before: Verification, *, owner_name_matches: bool | None) -> Verification:
    """Monoova has paid its cent, and may have told who the PayID is registered to."""
    return replace(before, owner_name_matches=owner_name_matches)


def turned(before: Verification, status: VerificationStatus, now: datetime) -> Verification:
    """The verification with another status; an unchanged one keeps its time.

    One that is locked anew, its hour being over, is locked for another.
    """
    is_locked_anew = status is VerificationStatus.LOCKED and not before.is_locked(now)
    if before.status is status and not is_locked_anew:
        return before
    return replace(before, status=status, at=now)
