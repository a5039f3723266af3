"""A payout and its life cycle: the one table that code, documentation and tests read.

An event that happens to a payout has one of seven effects, and `TABLE` names it for every pair of
state and event. Each change of a payout asks `effect_of` first; nothing else decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple, TypedDict, cast

from chalicelib.control.rules.approval import ApprovalReason
from chalicelib.core.marks import MASKED, NAMES_OF_SUMS, NOT_PERSONAL, PERSONAL, REQUESTED, erased

# An entry is about 200 bytes and a row may hold 400 kB; a payout with a history of this length is
# under review by a person, who reads the log for what is left out.
MOST_HISTORY_ENTRIES: Final = 100


class Status(StrEnum):
    """What an administrator sees of a payout."""

    AWAITING_APPROVAL = "AwaitingApproval"
    QUEUED = "Queued"
    PENDING = "Pending"
    COMPLETED = "Completed"
    FAILED = "Failed"
    RETURNED = "Returned"
    CANCELLED = "Cancelled"


class Submission(StrEnum):
    """How far a `Pending` payout has come on its way to Monoova."""

    SENDING = "Sending"
    ACCEPTED = "Accepted"
    UNRESOLVED = "Unresolved"


class State(StrEnum):
    """A status and its submission in one word: what the life-cycle table is keyed by."""

    AWAITING_APPROVAL = "AwaitingApproval"
    QUEUED = "Queued"
    SENDING = "Pending/Sending"
    ACCEPTED = "Pending/Accepted"
    UNRESOLVED = "Pending/Unresolved"
    COMPLETED = "Completed"
    FAILED = "Failed"
    RETURNED = "Returned"
    CANCELLED = "Cancelled"

    @property
    def status(self) -> Status:
        return Status(self.value.partition("/")[0])

    @property
    def submission(self) -> Submission | None:
        name = self.value.partition("/")[2]
        return Submission(name) if name else None

    @property
    def is_final(self) -> bool:
        return self in FINAL

    @classmethod
    def of(cls, status: str, submission: str | None) -> "State":
        return cls(f"{status}/{submission}" if submission else status)


PENDING: Final = frozenset({State.SENDING, State.ACCEPTED, State.UNRESOLVED})
FINAL: Final = frozenset({State.COMPLETED, State.FAILED, State.RETURNED, State.CANCELLED})
OPEN: Final = frozenset(State) - FINAL


# What a history begins with; no event, for there is no state before it.
FIRST_EVENT: Final = "Requested"


class Event(StrEnum):
    """Everything that can happen to a payout after it was requested."""

    APPROVED = "Approved"
    APPROVAL_DENIED = "ApprovalDenied"
    APPROVAL_EXPIRED = "ApprovalExpired"
    CLAIMED = "Claimed"
    CANCELLED = "CancelledByAdmin"
    QUEUE_EXPIRED = "QueueExpired"
    ROW_EXPIRED = "RowExpired"
    DESTINATION_GONE = "DestinationGone"
    EARLIER_SETTLED = "EarlierPayoutSettled"
    INTEGRITY_FAILED = "IntegrityCheckFailed"
    ADOPTED = "Adopted"
    DESTINATION_NOT_APPROVED = "DestinationNotApproved"
    SEND_ACCEPTED = "SendAccepted"
    SEND_REFUSED = "SendRefused"
    SEND_NOT_AUTHENTICATED = "SendNotAuthenticated"
    SEND_RATE_LIMITED = "SendRateLimited"
    WITHOUT_FUNDS = "WithoutFunds"
    NOT_SENT = "NotSent"
    SEND_UNCLEAR = "SendUnclear"
    LEASE_EXPIRED = "LeaseExpired"
    RESENT = "SentAgain"
    GAVE_UP = "GaveUp"
    HINTED = "Hinted"
    SETTLED_COMPLETE = "SettledComplete"
    SETTLED_REJECTED = "SettledRejected"
    MONEY_RETURNED = "MoneyReturned"
    PART_RETURNED = "PartReturned"
    RETURN_REPORTED = "ReturnReported"
    RETURN_SEEN = "ReturnSeen"
    RETURN_NOT_SEEN = "ReturnNotSeen"
    CONTRADICTED = "Contradicted"
    RESOLVED_COMPLETED = "ResolvedCompleted"
    RESOLVED_FAILED = "ResolvedFailed"
    RESOLVED_RETURNED = "ResolvedReturned"
    RESOLVED_CANCELLED = "ResolvedCancelled"
    RETRIED = "Retried"
    RETRY_UNCLEAR = "RetryUnclear"


class Kind(StrEnum):
    """What an event does to a payout in a given state."""

    MOVE = "moves"
    STAY = "changes nothing"
    CONTRADICTION = "unchanged, needs review"
    REVIEW = "unchanged, needs review: sending stops"
    ACKNOWLEDGE = "unchanged, review closed"
    NOTE = "unchanged, noted"
    FORBIDDEN = "refused"


class Effect(NamedTuple):
    """What an event does to a payout: its kind, and the state that it leads to.

    `via` is a state that is passed through, with a history entry of its own.
    """

    kind: Kind
    to: State | None = None
    via: State | None = None


STAY: Final = Effect(Kind.STAY)
CONTRADICTION: Final = Effect(Kind.CONTRADICTION)
REVIEW: Final = Effect(Kind.REVIEW)
ACKNOWLEDGE: Final = Effect(Kind.ACKNOWLEDGE)
NOTE: Final = Effect(Kind.NOTE)
FORBIDDEN: Final = Effect(Kind.FORBIDDEN)


def _move(to: State, via: State | None = None) -> Effect:
    return Effect(Kind.MOVE, to, via)


def _pending(effect: Effect) -> dict[State, Effect]:
    return dict.fromkeys(PENDING, effect)


_S = State

# For each event: the states it is about, then what it does in all others.
# A request that does not fit is forbidden; a report from Monoova that does not fit is evidence.
_RULES: Final[Mapping[Event, tuple[Mapping[State, Effect], Effect]]] = {
    Event.APPROVED: ({_S.AWAITING_APPROVAL: _move(_S.QUEUED)}, FORBIDDEN),
    Event.APPROVAL_DENIED: ({_S.AWAITING_APPROVAL: _move(_S.CANCELLED)}, FORBIDDEN),
    Event.APPROVAL_EXPIRED: ({_S.AWAITING_APPROVAL: _move(_S.CANCELLED)}, FORBIDDEN),
    Event.CLAIMED: ({_S.QUEUED: _move(_S.SENDING)}, FORBIDDEN),
    Event.CANCELLED: (
        {_S.QUEUED: _move(_S.CANCELLED), _S.AWAITING_APPROVAL: _move(_S.CANCELLED)},
        FORBIDDEN,
    ),
    Event.QUEUE_EXPIRED: ({_S.QUEUED: _move(_S.CANCELLED)}, FORBIDDEN),
    # Two people let the file go out: a person decides what becomes of its rows, not the clock.
    Event.ROW_EXPIRED: ({_S.QUEUED: REVIEW}, FORBIDDEN),
    # Nothing was ever sent for a queued payout, so it may end. One in doubt needs a person.
    Event.DESTINATION_GONE: (
        {_S.QUEUED: _move(_S.CANCELLED), _S.UNRESOLVED: REVIEW},
        FORBIDDEN,
    ),
    # What it was made in place of may be paid after all: a person has to say which of them pays.
    Event.EARLIER_SETTLED: ({_S.QUEUED: REVIEW, _S.UNRESOLVED: REVIEW}, FORBIDDEN),
    # What stands in the row is not what the app wrote: a person finds out how that came about.
    Event.INTEGRITY_FAILED: (
        {
            _S.AWAITING_APPROVAL: REVIEW,
            _S.QUEUED: REVIEW,
            _S.SENDING: REVIEW,
            _S.UNRESOLVED: REVIEW,
        },
        FORBIDDEN,
    ),
    # An approver takes up what was stored before there were seals.
    Event.ADOPTED: (
        {
            _S.AWAITING_APPROVAL: ACKNOWLEDGE,
            _S.QUEUED: ACKNOWLEDGE,
            _S.UNRESOLVED: ACKNOWLEDGE,
        },
        FORBIDDEN,
    ),
    # It goes once its destination is approved. One in doubt may have been paid there already.
    Event.DESTINATION_NOT_APPROVED: (
        {_S.QUEUED: _move(_S.QUEUED), _S.UNRESOLVED: REVIEW},
        FORBIDDEN,
    ),
    Event.SEND_ACCEPTED: (
        {
            _S.SENDING: _move(_S.ACCEPTED),
            _S.UNRESOLVED: _move(_S.ACCEPTED),
            _S.ACCEPTED: STAY,
            _S.COMPLETED: STAY,
            _S.RETURNED: STAY,
        },
        CONTRADICTION,
    ),
    # A refusal is only definite for the attempt that is under way. One that comes after the
    # lease ran out leaves the question to the status API.
    Event.SEND_REFUSED: (
        {
            _S.SENDING: _move(_S.FAILED),
            _S.UNRESOLVED: STAY,
            _S.ACCEPTED: STAY,
            _S.FAILED: STAY,
        },
        CONTRADICTION,
    ),
    Event.SEND_NOT_AUTHENTICATED: ({_S.SENDING: _move(_S.QUEUED)}, STAY),
    Event.SEND_RATE_LIMITED: ({_S.SENDING: _move(_S.QUEUED)}, STAY),
    # As definite as a refusal, of the attempt that is under way alone; the payout can still be
    # paid, under the same reference, when money came in.
    Event.WITHOUT_FUNDS: (
        {
            _S.SENDING: _move(_S.QUEUED),
            _S.QUEUED: _move(_S.QUEUED),
            _S.UNRESOLVED: STAY,
            _S.ACCEPTED: STAY,
            _S.FAILED: STAY,
        },
        CONTRADICTION,
    ),
    # No attempt left us, in this request or ever before: there is nothing to be in doubt about.
    Event.NOT_SENT: ({_S.SENDING: _move(_S.QUEUED)}, STAY),
    Event.SEND_UNCLEAR: ({_S.SENDING: _move(_S.UNRESOLVED)}, STAY),
    Event.LEASE_EXPIRED: ({_S.SENDING: _move(_S.UNRESOLVED)}, STAY),
    Event.RESENT: ({_S.UNRESOLVED: _move(_S.SENDING)}, FORBIDDEN),
    Event.GAVE_UP: ({_S.UNRESOLVED: REVIEW, _S.ACCEPTED: REVIEW}, STAY),
    # News that proves nothing by itself: it makes us ask.
    Event.HINTED: (_pending(NOTE), STAY),
    Event.SETTLED_COMPLETE: (
        {**_pending(_move(_S.COMPLETED)), _S.COMPLETED: STAY, _S.RETURNED: STAY},
        CONTRADICTION,
    ),
    Event.SETTLED_REJECTED: (
        {**_pending(_move(_S.FAILED)), _S.FAILED: STAY},
        CONTRADICTION,
    ),
    # Only money that arrived can come back: a return that overtakes the news of completion
    # proves the completion too.
    Event.MONEY_RETURNED: (
        {
            **_pending(_move(_S.RETURNED, via=_S.COMPLETED)),
            _S.COMPLETED: _move(_S.RETURNED),
            _S.RETURNED: STAY,
        },
        CONTRADICTION,
    ),
    # A part that came back had arrived with the rest, which the payee keeps: a person looks.
    Event.PART_RETURNED: (
        {**_pending(_move(_S.COMPLETED)), _S.RETURNED: STAY},
        CONTRADICTION,
    ),
    Event.RETURN_REPORTED: (
        {**_pending(NOTE), _S.COMPLETED: NOTE, _S.RETURNED: STAY},
        CONTRADICTION,
    ),
    Event.RETURN_SEEN: ({_S.COMPLETED: NOTE, _S.RETURNED: NOTE}, STAY),
    Event.RETURN_NOT_SEEN: ({_S.COMPLETED: REVIEW, _S.RETURNED: REVIEW}, STAY),
    Event.CONTRADICTED: ({}, CONTRADICTION),
    # What is on the wire at this moment is not settled by hand: the lease is soon over.
    Event.RESOLVED_COMPLETED: (
        {
            _S.ACCEPTED: _move(_S.COMPLETED),
            _S.UNRESOLVED: _move(_S.COMPLETED),
            _S.QUEUED: _move(_S.COMPLETED),
            _S.COMPLETED: ACKNOWLEDGE,
        },
        FORBIDDEN,
    ),
    Event.RESOLVED_FAILED: (
        {
            _S.ACCEPTED: _move(_S.FAILED),
            _S.UNRESOLVED: _move(_S.FAILED),
            _S.FAILED: ACKNOWLEDGE,
        },
        FORBIDDEN,
    ),
    Event.RESOLVED_RETURNED: (
        {_S.COMPLETED: _move(_S.RETURNED), _S.RETURNED: ACKNOWLEDGE},
        FORBIDDEN,
    ),
    Event.RESOLVED_CANCELLED: (
        {
            _S.QUEUED: _move(_S.CANCELLED),
            _S.AWAITING_APPROVAL: _move(_S.CANCELLED),
            _S.CANCELLED: ACKNOWLEDGE,
        },
        FORBIDDEN,
    ),
    # Only what ended without the payee keeping the money is paid anew, by another payout.
    Event.RETRIED: (
        # Of a completed one, the part that came back.
        {_S.FAILED: NOTE, _S.RETURNED: NOTE, _S.CANCELLED: NOTE, _S.COMPLETED: NOTE},
        FORBIDDEN,
    ),
    # Monoova did not say for a day whether it was paid: a person decides before it is paid anew.
    Event.RETRY_UNCLEAR: (
        {_S.FAILED: REVIEW, _S.RETURNED: REVIEW, _S.CANCELLED: REVIEW},
        FORBIDDEN,
    ),
}

TABLE: Final[Mapping[tuple[State, Event], Effect]] = {
    (state, event): _RULES[event][0].get(state, _RULES[event][1])
    for event in Event
    for state in State
}


class ReviewReason(StrEnum):
    """Why a person has to look at a payout."""

    OUTCOME_UNKNOWN = "OutcomeUnknown"
    ACCEPTED_BUT_UNKNOWN = "AcceptedButUnknown"
    STILL_PENDING = "StillPending"
    DESTINATION_GONE = "DestinationGone"
    ROW_EXPIRED = "RowExpired"
    EARLIER_SETTLED = "EarlierPayoutSettled"
    INTEGRITY_FAILED = "IntegrityCheckFailed"
    DESTINATION_NOT_APPROVED = "DestinationNotApproved"
    RETRY_UNCLEAR = "RetryUnclear"
    CONTRADICTION = "Contradiction"
    PART_RETURNED = "PartReturned"
    RETURN_NOT_SEEN = "ReturnNotSeen"


class QueueReason(StrEnum):
    """Why a queued payout is not sent, where that is its own reason and not that of all."""

    NO_FUNDS = "NoFunds"
    DESTINATION_APPROVAL = "DestinationApproval"


class FailureCode(StrEnum):
    """Why a payout ended without the payee being paid, or why nobody knows yet."""

    MONOOVA_REFUSED = "MonoovaRefused"
    BANK_REJECTED = "BankRejected"
    DISHONOURED = "Dishonoured"
    RETURNED = "Returned"
    RESOLVED_BY_HAND = "ResolvedByHand"
    CANCELLED_BY_ADMIN = "CancelledByAdmin"
    APPROVAL_DENIED = "ApprovalDenied"
    APPROVAL_EXPIRED = "ApprovalExpired"
    QUEUE_EXPIRED = "QueueExpired"
    DESTINATION_GONE = "DestinationGone"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One entry of a payout's history: what, when, by whom, why.

    `state` is the state after the event. `evidence` identifies a report from Monoova, so that the
    same report is not written down twice. No field ever holds a payee detail; `detail` may hold the
    words of a person.
    """

    at: datetime
    event: str = field(metadata=NOT_PERSONAL)
    state: State
    by: str = field(metadata=NOT_PERSONAL)
    detail: str | None = field(default=None, metadata=PERSONAL)
    evidence: str | None = field(default=None, metadata=NOT_PERSONAL)

    @property
    def is_erased(self) -> bool:
        """Whether nothing is left in it that may name a person."""
        return _is_erased(self)


class Fields(TypedDict, total=False):
    """The fields of a payout that an event may set; None takes an optional one away."""

    state: State
    due_at: datetime | None
    needs_review: bool
    review_reason: ReviewReason | None
    waits_for: QueueReason | None
    monoova_transaction_id: str | None
    failure_code: FailureCode | None
    failure_reason: str | None
    lease_id: str | None
    last_sent_at: datetime | None
    resends: int
    attempts: int
    looks: int
    ambiguous: bool
    doubt_since: datetime | None
    unknown_since: datetime | None
    disputed_at: datetime | None
    completed_at: datetime | None
    approved_at: datetime | None
    approved_by: str | None
    return_reported_at: datetime | None
    return_seen_at: datetime | None
    returned_cents: int
    return_seen_cents: int
    succeeded_by: str | None
    also_succeeded_by: tuple[str, ...]
    succeeded_cents: int
    counted_on: tuple[str, ...]
    seal: str | None
    destination_masked: str
    description: str | None
    lodgement_reference: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """What one event does to a payout: fields set, history added. Empty means: nothing to write."""

    fields: Fields
    entries: tuple[HistoryEntry, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.fields and not self.entries


NO_CHANGE: Final = Change(Fields())


@dataclass(frozen=True, slots=True)
class Payout:
    """One payment to one payee under one reference, which never changes.

    `unique_reference` is what Monoova knows it by. `ambiguous` is true once an attempt has ended
    without a clear answer: from then on a refusal of a later attempt proves nothing about the
    earlier one. `doubt_since` is when that first was, `unknown_since` when Monoova first said, past
    the grace and since the last sending, that it does not know the payout. `attempts` counts calls
    of `execute`, those included that did not leave us. `disputed_at` is when a report without a
    signature first said that it was not paid: none without one is believed after that. `waits_for`
    says something of a queued payout alone. `due_at` is when the reconciler looks at it next; once
    it is final, when Monoova's books are asked for money that is said to have come back; else None.
    `history` may be empty on payouts that were read from a list. `retry_of` is the payout that this
    one was made in place of, `succeeded_by` the one that was made in place of this. Where it came
    back in parts, each may have one: that is then the last, and `also_succeeded_by` are the others.
    Together they are to pay `succeeded_cents`; 0 on rows of before there could be several, whose
    one successor is to pay all.

    `returned_cents` came back, by signed reports or by the mAccount's own movements, which have
    shown `return_seen_cents` of it; `return_seen_at` is when they had shown all of it.
    `return_reported_at` is the newest report, which may be an unsigned one.
    `counted_on` names the sums of a day that it was added to, and is in until it ends unsent.
    `seal` proves that the app wrote what stands here of who is paid, how much, and who decided it;
    None on what was stored before there were seals.
    """

    transaction_id: str = field(metadata=NOT_PERSONAL)
    unique_reference: str = field(metadata=NOT_PERSONAL)
    customer_id: str = field(metadata=NOT_PERSONAL | REQUESTED)
    destination_id: str = field(metadata=NOT_PERSONAL | REQUESTED)
    payout_method: str = field(metadata=NOT_PERSONAL | REQUESTED)
    destination_masked: str = field(metadata=MASKED)
    amount_cents: int = field(metadata=REQUESTED)
    state: State
    version: int
    created_by: str = field(metadata=NOT_PERSONAL)
    created_at: datetime
    updated_at: datetime
    fingerprint: str = field(metadata=NOT_PERSONAL)
    due_at: datetime | None = None
    description: str | None = field(default=None, metadata=PERSONAL | REQUESTED)
    lodgement_reference: str | None = field(default=None, metadata=PERSONAL | REQUESTED)
    needs_review: bool = False
    review_reason: ReviewReason | None = None
    waits_for: QueueReason | None = None
    monoova_transaction_id: str | None = field(default=None, metadata=NOT_PERSONAL)
    failure_code: FailureCode | None = None
    # The words of a person or of Monoova: what is known of the payee is redacted before.
    failure_reason: str | None = field(default=None, metadata=PERSONAL)
    retry_of: str | None = field(default=None, metadata=NOT_PERSONAL)
    succeeded_by: str | None = field(default=None, metadata=NOT_PERSONAL)
    also_succeeded_by: tuple[str, ...] = field(default=(), metadata=NOT_PERSONAL)
    succeeded_cents: int = 0
    batch_id: str | None = field(default=None, metadata=NOT_PERSONAL)
    lease_id: str | None = field(default=None, metadata=NOT_PERSONAL)
    last_sent_at: datetime | None = None
    completed_at: datetime | None = None
    approved_at: datetime | None = None
    approved_by: str | None = field(default=None, metadata=NOT_PERSONAL)
    approval_reasons: tuple[ApprovalReason, ...] = ()
    return_reported_at: datetime | None = None
    return_seen_at: datetime | None = None
    returned_cents: int = 0
    return_seen_cents: int = 0
    counted_on: tuple[str, ...] = field(default=(), metadata=NAMES_OF_SUMS)
    resends: int = 0
    looks: int = 0
    ambiguous: bool = False
    attempts: int = 0
    doubt_since: datetime | None = None
    unknown_since: datetime | None = None
    disputed_at: datetime | None = None
    history: tuple[HistoryEntry, ...] = ()
    history_size: int = 0
    seal: str | None = field(default=None, metadata=NOT_PERSONAL)

    @property
    def released_at(self) -> datetime:
        """Since when nothing but sending it stands between the payee and the money."""
        return self.approved_at or self.created_at

    @property
    def is_erased(self) -> bool:
        """Whether nothing that may name a person is left in it and in the history that was read."""
        return _is_erased(self) and all(entry.is_erased for entry in self.history)

    @property
    def ended_unsent(self) -> bool:
        """Whether no money moved for it, and none can: another in its place is no second one."""
        return not self.needs_review and _is_unsent_end(self, self.state, self.failure_code)


def effect_of(state: State, event: Event) -> Effect:
    """What `event` does to a payout in `state`, for every pair there is."""
    return TABLE[state, event]


def sums_given_back(payout: Payout, change: Change) -> tuple[str, ...]:
    """The sums that a payout leaves with this change, because it ends without having been sent."""
    state, code = change.fields.get("state"), change.fields.get("failure_code")
    return payout.counted_on if state and _is_unsent_end(payout, state, code) else ()


def _is_unsent_end(payout: Payout, state: State, code: FailureCode | None) -> bool:
    # What a bank rejected had been sent; and that nothing came of what Monoova may have heard of is
    # no one person's word.
    if code is FailureCode.RESOLVED_BY_HAND:
        return state is State.CANCELLED and payout.last_sent_at is None
    is_refused = state is State.FAILED and code is FailureCode.MONOOVA_REFUSED
    return state is State.CANCELLED or is_refused


# What later decisions read: without it, money that came back once would be counted twice, and a
# person's word would be taken for Monoova's. There are few of them, however long the history.
_ALWAYS_KEPT: Final = frozenset(
    {
        Event.MONEY_RETURNED,
        Event.PART_RETURNED,
        Event.RETURN_SEEN,
        Event.RESOLVED_COMPLETED,
        Event.RESOLVED_FAILED,
        Event.RESOLVED_RETURNED,
        Event.RESOLVED_CANCELLED,
    }
)


def kept_entries(payout: Payout, change: Change) -> tuple[HistoryEntry, ...]:
    """Of a full history, only the end of the payout and what a person must see is still added, and
    always what later decisions read."""
    if any(entry.event in _ALWAYS_KEPT for entry in change.entries):
        return change.entries
    state = change.fields.get("state")
    matters = change.fields.get("needs_review") is not None or (state and state.is_final)
    most = 2 * MOST_HISTORY_ENTRIES if matters else MOST_HISTORY_ENTRIES
    return change.entries[: max(0, most - payout.history_size)]


def applied(payout: Payout, change: Change, at: datetime) -> Payout:
    """The payout after `change`, one version later."""
    entries = kept_entries(payout, change)
    return replace(
        payout,
        **change.fields,
        version=payout.version + 1,
        updated_at=at,
        history=payout.history + entries,
        history_size=payout.history_size + len(entries),
    )


def _is_erased(record: Payout | HistoryEntry) -> bool:
    return all(getattr(record, name) == left for name, left in erased(type(record)).items())


def erased_fields() -> Fields:
    """What an erasure sets of a payout: after it, nothing is left that may name a person."""
    return cast(Fields, erased(Payout))
