"""What the seal of a payout is made over, and of which kind it has to be.

A seal says that the app wrote the payout, and how far it was decided: `asked` for, or `released` by
its approver, or by the rule that lets it go without one. Its time is that of the decision, and it
is good until the payout expires.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from chalicelib.payouts.rules.payout import Payout, State

PURPOSE: Final = "payout"
# Most are sent within seconds of their release. What waited longer may have been sent since, and
# its row put back to what it was before: Monoova knows.
_SENT_WITHIN: Final = timedelta(hours=1)


class SealKind(StrEnum):
    """How far a payout was decided when it was sealed."""

    ASKED = "asked"
    RELEASED = "released"


class SealFault(StrEnum):
    """Why the seal of a payout is not believed."""

    MISSING = "no seal"
    NOT_RELEASED = "not released"
    WRONG = "wrong seal"
    OUTLIVED = "released too long ago"


def kind_for(state: State) -> SealKind:
    """The kind that a payout has which is stored in this state."""
    return SealKind.ASKED if state is State.AWAITING_APPROVAL else SealKind.RELEASED


def kind_in_the_end(payout: Payout) -> SealKind:
    """The kind that a payout has whatever became of it: one that was cancelled may never have been
    released."""
    is_unreleased = payout.state is State.CANCELLED and payout.approved_by is None
    if is_unreleased and payout.seal and parts_of_seal(payout.seal)[0] == SealKind.ASKED:
        return SealKind.ASKED
    return kind_for(payout.state)


def sealed_facts(payout: Payout, kind: SealKind) -> tuple[str | int | None, ...]:
    """What nothing may change about a payout once it is sealed; no erasure takes any of it."""
    asked = (
        kind.value,
        payout.transaction_id,
        payout.unique_reference,
        payout.customer_id,
        payout.destination_id,
        payout.amount_cents,
        payout.payout_method,
        payout.created_by,
        _text_of(payout.created_at),
        payout.batch_id,
        payout.retry_of,
    )
    if kind is SealKind.ASKED:
        return asked
    return (*asked, payout.approved_by, _text_of(payout.released_at))


def is_to_be_asked_about(payout: Payout, now: datetime) -> bool:
    """Whether Monoova is asked before a released payout is sent for the first time."""
    return now - payout.released_at > _SENT_WITHIN


def _text_of(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def text_of_seal(kind: SealKind, seal: str) -> str:
    """The seal as it stands in the payout."""
    return f"{kind}.{seal}"


def parts_of_seal(text: str) -> tuple[str, str]:
    """The kind that a seal in a payout says it is of, and the seal."""
    kind, _, seal = text.partition(".")
    return kind, seal
