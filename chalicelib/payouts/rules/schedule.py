"""When the reconciler reads a payout next: every open one has such a time, so none is forgotten."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chalicelib.monoova.rules.duplicates import Duplicates
from chalicelib.monoova.rules.gate import Gate

_MOST_SECONDS_BETWEEN_LOOKS: Final = 3600
# How soon a payout in doubt is looked at again that may not be sent again now.
_STOPPED_LOOK: Final = timedelta(minutes=5)
# One report that a reference is unknown may be a mistake of the moment. Two make a resend.
_BETWEEN_UNKNOWNS: Final = timedelta(minutes=5)


# Between two tries with an item that cannot be read, or not be written.
_LEAST_UNREADABLE: Final = timedelta(minutes=10)
_MOST_UNREADABLE: Final = timedelta(hours=1)
_UNREADABLE_SHARE: Final = 4


@dataclass(frozen=True, slots=True)
class Policy:
    """The times and counts that drive an open payout, all in the unit of their name.

    A lease outlives every function's timeout (60 s), so that a lease that has run out means the
    function is dead. The grace is how long "unknown reference" is no proof: Monoova does not say
    how soon a booked payout can be seen. `duplicates` is the setting alone: which second calls
    are made also depends on what is known of Monoova.
    """

    first_look_seconds: int = 60
    lease_seconds: int = 90
    grace_seconds: int = 900
    queue_look_seconds: int = 60
    expiry_hours: int = 24
    max_resends: int = 3
    review_after_hours: int = 24
    duplicates: Duplicates = Duplicates.ASKED


def next_look_at(now: datetime, looks: int, policy: Policy) -> datetime:
    """When it is due next. The gaps double each time: 1, 2, 4 … minutes, an hour at most."""
    seconds = policy.first_look_seconds * 2 ** min(looks, 12)
    return now + timedelta(seconds=min(seconds, _MOST_SECONDS_BETWEEN_LOOKS))


def lease_until(now: datetime, policy: Policy) -> datetime:
    """Until when the claimer of a payout may act on it."""
    return now + timedelta(seconds=policy.lease_seconds)


def is_past_grace(last_sent_at: datetime | None, now: datetime, policy: Policy) -> bool:
    """Whether "unknown reference" may be believed; never, if it is not known when it was sent."""
    return last_sent_at is not None and now - last_sent_at > timedelta(seconds=policy.grace_seconds)


def second_report_at(unknown_since: datetime) -> datetime:
    """From when on a second "unknown reference" counts beside that of `unknown_since`."""
    return unknown_since + _BETWEEN_UNKNOWNS


def is_expired(released_at: datetime, now: datetime, policy: Policy, gate: Gate) -> bool:
    """Whether a queued payout is too old to be sent; the time does not count over which it could
    not be, because sending was paused or its breaker open, or over which there was a pace.
    """
    waited = now - released_at - gate.shut_within(released_at, now)
    return waited > timedelta(hours=policy.expiry_hours)


def is_overdue(released_at: datetime, now: datetime, policy: Policy) -> bool:
    """Whether an open payout has waited so long that a person should know."""
    return now - released_at > timedelta(hours=policy.review_after_hours)


def look_at_unreadable(now: datetime, updated_at: datetime | None) -> datetime:
    """When it is due next that cannot be read or written: later the longer it has been so.

    A quarter of the time since it was last written, within ten minutes and an hour; ten minutes
    where that time cannot be read either.
    """
    age = now - updated_at if updated_at else timedelta()
    return now + min(max(age / _UNREADABLE_SHARE, _LEAST_UNREADABLE), _MOST_UNREADABLE)


def when_to_send(gate: Gate, now: datetime) -> datetime:
    """When a queued payout is due that may not be sent now: at once, if it is not for the pace.

    Queued payouts are read only while sending is allowed, so that one that waits for that needs no
    time of its own, and all of them go when it is.
    """
    pace = gate.active_pace(now)
    return pace.next_turn_at(now) if pace and not (gate.is_paused or gate.is_open) else now


def when_to_send_again(gate: Gate, now: datetime, policy: Policy) -> datetime:
    """When a payout in doubt is looked at next that may not be sent again now."""
    usual = now + timedelta(seconds=policy.queue_look_seconds)
    probe_at = gate.sending.probe_at if gate.is_open else None
    if probe_at is not None:
        return min(max(usual, probe_at), now + _STOPPED_LOOK)
    return now + _STOPPED_LOOK if gate.is_paused or gate.is_open else usual
