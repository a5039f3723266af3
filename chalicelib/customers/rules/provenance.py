"""Where a destination comes from: who added it, who approved it, and up to what.

All of it stands inside the destination's encrypted message, beside the account: who writes to the
tables alone can change none of it. Copies in the clear are for lists.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto

from chalicelib.core.actor import Actor
from chalicelib.core.marks import NOT_PERSONAL


@dataclass(frozen=True, slots=True)
class AskedCap:
    """A higher cap that one person has asked for: it holds once another has confirmed it."""

    by: str = field(metadata=NOT_PERSONAL)
    at: datetime
    cap_cents: int


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved a destination, and when. `cap_cents` is what it is open for in a Sydney day
    without a further approval; None is no cap. `asked` is what it is to be raised to.
    """

    by: str = field(metadata=NOT_PERSONAL)
    at: datetime
    cap_cents: int | None = None
    asked: AskedCap | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """`account` is the keyed fingerprint of the account. All are None in a message from before they
    were kept.
    """

    added_by: str | None = field(default=None, metadata=NOT_PERSONAL)
    added_at: datetime | None = None
    account: str | None = field(default=None, metadata=NOT_PERSONAL)
    approval: Approval | None = None


def provenance_in(record: Mapping[str, str]) -> Provenance:
    """The provenance in a destination's decrypted message."""
    added_at, approved_at = record.get("added_at"), record.get("approved_at")
    cap = record.get("cap_cents")
    approval = None
    if approved_at is not None:
        approval = Approval(
            record["approved_by"],
            datetime.fromisoformat(approved_at),
            int(cap) if cap else None,
            _asked_in(record),
        )
    return Provenance(
        added_by=record.get("added_by"),
        added_at=datetime.fromisoformat(added_at) if added_at else None,
        account=record.get("account"),
        approval=approval,
    )


def _asked_in(record: Mapping[str, str]) -> AskedCap | None:
    at = record.get("cap_asked_at")
    if at is None:
        return None
    return AskedCap(
        record["cap_asked_by"], datetime.fromisoformat(at), int(record["cap_asked_cents"])
    )


def record_of(provenance: Provenance) -> dict[str, str]:
    """What `provenance_in` reads; nothing of what is not known."""
    approval = provenance.approval
    asked = approval.asked if approval else None
    found = {
        "added_by": provenance.added_by,
        "added_at": _text(provenance.added_at),
        "account": provenance.account,
        "approved_by": approval.by if approval else None,
        "approved_at": _text(approval.at) if approval else None,
        "cap_cents": str(approval.cap_cents) if approval and approval.cap_cents else None,
        "cap_asked_by": asked.by if asked else None,
        "cap_asked_at": _text(asked.at) if asked else None,
        "cap_asked_cents": str(asked.cap_cents) if asked else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


class Refusal(Enum):
    """Why a person may not approve a destination, or have it verified."""

    AUTHOR = auto()
    AUTHOR_UNKNOWN = auto()


def refusal_of(provenance: Provenance, by: Actor) -> Refusal | None:
    """Why `by` may not approve the destination, nor set its cap: they added it. Else None."""
    if provenance.added_by is not None and by.is_also(provenance.added_by):
        return Refusal.AUTHOR
    return None


def with_cap(approval: Approval, cap_cents: int, by: Actor, at: datetime) -> Approval:
    """The approval once `by` has named this cap.

    A lower one holds at once, and nothing higher is asked for any longer. A higher one holds once
    two people have named it, or the first of them still more.
    """
    is_raised = approval.cap_cents is not None and cap_cents > approval.cap_cents
    asked = approval.asked
    if is_raised and (asked is None or cap_cents > asked.cap_cents or by.is_also(asked.by)):
        return replace(approval, asked=AskedCap(by.name, at, cap_cents))
    return Approval(by.name, at, cap_cents)


def refusal_to_verify(provenance: Provenance, by: Actor) -> Refusal | None:
    """Why `by` may not have the destination verified, which pays a cent to it; None if they may.

    Until it is approved, who added it may not: another person looks first. Of one from before
    authors were kept, anyone may be the author.
    """
    if provenance.approval is not None:
        return None
    if provenance.added_by is None:
        return Refusal.AUTHOR_UNKNOWN
    return Refusal.AUTHOR if by.is_also(provenance.added_by) else None
