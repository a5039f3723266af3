"""Whether the life cycle can have produced a payout as it stands: what cannot be is not sent."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Final

from chalicelib.core.actor import subject_of
from chalicelib.payouts.rules.payout import (
    FIRST_EVENT,
    MOST_HISTORY_ENTRIES,
    Event,
    HistoryEntry,
    Kind,
    Payout,
    State,
    effect_of,
)

_BEGINNINGS: Final = frozenset({State.AWAITING_APPROVAL, State.QUEUED, State.SENDING})
_RELEASES: Final = frozenset({Event.APPROVED, Event.ADOPTED})
_UNRELEASED: Final = frozenset({State.AWAITING_APPROVAL, State.CANCELLED})
# Of two function instances, at the very most.
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_EVENTS: Final = frozenset(Event)


def impossibility(payout: Payout) -> str | None:
    """What about it the life cycle cannot have produced, in words; None for what it can have."""
    history = payout.history
    if not history or history[0].event != FIRST_EVENT or history[0].state not in _BEGINNINGS:
        return "its history does not begin with a request"
    if history[0].by != payout.created_by:
        return "its history names another maker"
    if any(later.at < earlier.at - _CLOCKS_DIFFER for earlier, later in pairwise(history)):
        return "its history is not in order"
    return _wrong_version(payout) or _wrong_state(payout) or _wrong_release(payout)


def _wrong_version(payout: Payout) -> str | None:
    # What is written at once has one time, and each write makes a version.
    written = {entry.at for entry in payout.history[_entries_at_first(payout) :]}
    if payout.version < 1 + len(written) or payout.history_size < len(payout.history):
        return "its version is too low for its history"
    return None


def _entries_at_first(payout: Payout) -> int:
    """A row of a file begins with its request and its approval, all others with their request."""
    entries = payout.history[1:2]
    is_row = payout.batch_id is not None and [e.event for e in entries] == [Event.APPROVED]
    return 2 if is_row else 1


def _wrong_state(payout: Payout) -> str | None:
    if payout.history_size < MOST_HISTORY_ENTRIES:
        # Of a longer one entries are left out.
        state = _state_after(payout.history)
        if state is None:
            return "its history has a step that cannot be"
        if state is not payout.state:
            return f"its history ends as {state}"
    has_ended = payout.completed_at or payout.failure_code or payout.monoova_transaction_id
    if payout.state is State.QUEUED and (has_ended or payout.ambiguous):
        return "it is queued after it was sent"
    if payout.state is State.UNRESOLVED and payout.last_sent_at is None:
        return "it is in doubt without having been sent"
    return None


def _state_after(history: Sequence[HistoryEntry]) -> State | None:
    """The state that the history leads to; None where a step is none of the life cycle's."""
    state = history[0].state
    for entry in history[1:]:
        if entry.event not in _EVENTS:
            # Of a version of the app that had other events; it moved nothing that is sent now.
            continue
        effect = effect_of(state, Event(entry.event))
        if effect.kind is Kind.FORBIDDEN:
            return None
        if effect.kind is Kind.MOVE:
            if entry.state not in (effect.to, effect.via):
                return None
            state = entry.state
    return state


def _wrong_release(payout: Payout) -> str | None:
    """What waited for an approver was let go by the one it names, and that is not its maker."""
    if payout.history[0].state is not State.AWAITING_APPROVAL:
        return None
    if payout.approved_by is None:
        return None if payout.state in _UNRELEASED else "it was released without an approver"
    releases = [entry.by for entry in payout.history if entry.event in _RELEASES]
    if not releases or releases[-1] != payout.approved_by:
        return "its history names another approver"
    is_alone = subject_of(payout.approved_by) == subject_of(payout.created_by)
    return "its maker released it" if is_alone else None
