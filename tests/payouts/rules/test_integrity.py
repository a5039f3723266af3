"""What the life cycle cannot have produced is told from what it can."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.payouts.rules.integrity import impossibility
from chalicelib.payouts.rules.payout import HistoryEntry, Payout, State
from tests.payouts.builder import NOW, a_payout

LATER = NOW + timedelta(minutes=1)
Step = tuple[str, State, str]
ASKED: Step = ("Requested", State.AWAITING_APPROVAL, "admin")
QUEUED: Step = ("Requested", State.QUEUED, "admin")
SENDING: Step = ("Requested", State.SENDING, "admin")
APPROVED: Step = ("Approved", State.QUEUED, "another")
UNCLEAR: Step = ("SendUnclear", State.UNRESOLVED, "system")


def after(*steps: Step, at: tuple[datetime, ...] = (), **fields: Any) -> Payout:
    """A payout whose history has these steps, a minute after each other."""
    times = at or tuple(NOW + timedelta(minutes=number) for number in range(len(steps)))
    entries = tuple(
        HistoryEntry(time, event, state, by)
        for time, (event, state, by) in zip(times, steps, strict=True)
    )
    usual: dict[str, Any] = {
        "history": entries,
        "history_size": len(entries),
        "version": len(entries),
    }
    return a_payout(steps[-1][1], **usual | fields)


POSSIBLE = {
    "waits for an approver": after(ASKED),
    "queued": after(QUEUED),
    "being sent": after(SENDING),
    "approved": after(ASKED, APPROVED, approved_by="another", approved_at=LATER),
    "in doubt": after(SENDING, UNCLEAR, last_sent_at=NOW),
    "a row of a file, approved with it": after(
        ASKED, APPROVED, at=(NOW, NOW), batch_id="b", version=1, approved_by="another"
    ),
    "such a row, being sent": after(
        ASKED,
        APPROVED,
        ("Claimed", State.SENDING, "system"),
        at=(NOW, NOW, LATER),
        batch_id="b",
        version=2,
        approved_by="another",
    ),
    "adopted": after(
        ASKED,
        APPROVED,
        ("Adopted", State.QUEUED, "third"),
        approved_by="third",
        approved_at=LATER,
    ),
    "two entries of one write": after(
        SENDING, UNCLEAR, ("Hinted", State.UNRESOLVED, "m"), at=(NOW, LATER, LATER),
        version=2, last_sent_at=NOW,
    ),
    "cancelled while it waited": after(ASKED, ("CancelledByAdmin", State.CANCELLED, "admin")),
    "with an event of an older version": after(
        QUEUED, ("Relabelled", State.QUEUED, "system"), ("Claimed", State.SENDING, "system")
    ),
    "clocks differ by five minutes": after(
        SENDING, UNCLEAR, at=(NOW, NOW - timedelta(minutes=5)), last_sent_at=NOW
    ),
    "more was noted than was read": after(QUEUED, history_size=5),
}  # fmt: skip


@pytest.mark.parametrize("name", POSSIBLE)
def test_what_the_life_cycle_produces_is_possible(name: str) -> None:
    assert impossibility(POSSIBLE[name]) is None


NO_REQUEST = "its history does not begin with a request"
OTHER_MAKER = "its history names another maker"
NO_ORDER = "its history is not in order"
LOW_VERSION = "its version is too low for its history"
NO_STEP = "its history has a step that cannot be"
SENT_BEFORE = "it is queued after it was sent"
IN_DOUBT_UNSENT = "it is in doubt without having been sent"
NO_APPROVER = "it was released without an approver"
OTHER_APPROVER = "its history names another approver"
ALONE = "its maker released it"
FORGED = (
    (a_payout(), NO_REQUEST),
    (after(("Approved", State.QUEUED, "admin")), NO_REQUEST),
    (after(("Requested", State.ACCEPTED, "admin")), NO_REQUEST),
    (after(("Requested", State.COMPLETED, "admin")), NO_REQUEST),
    (after(QUEUED, created_by="another"), OTHER_MAKER),
    (
        after(
            SENDING,
            UNCLEAR,
            at=(NOW, NOW - timedelta(minutes=5, microseconds=1)),
            last_sent_at=NOW,
        ),
        NO_ORDER,
    ),
    (after(SENDING, UNCLEAR, version=1, last_sent_at=NOW), LOW_VERSION),
    (after(QUEUED, version=0), LOW_VERSION),
    (after(QUEUED, history_size=0), LOW_VERSION),
    (after(QUEUED, ("Approved", State.QUEUED, "x"), batch_id=None, version=1), LOW_VERSION),
    (after(QUEUED, ("Hinted", State.QUEUED, "x"), batch_id="b", version=1), LOW_VERSION),
    (
        after(QUEUED, APPROVED, APPROVED, batch_id="b", version=1),
        LOW_VERSION,
    ),
    (after(ASKED, ("Claimed", State.SENDING, "system")), NO_STEP),
    (after(ASKED, ("Approved", State.SENDING, "another"), approved_by="another"), NO_STEP),
    (replace(after(QUEUED), state=State.SENDING), "its history ends as Queued"),
    (replace(after(SENDING), state=State.QUEUED), "its history ends as Pending/Sending"),
    (after(QUEUED, completed_at=NOW), SENT_BEFORE),
    (after(QUEUED, failure_code="BankRejected"), SENT_BEFORE),
    (after(QUEUED, monoova_transaction_id="7"), SENT_BEFORE),
    (after(QUEUED, ambiguous=True), SENT_BEFORE),
    (after(SENDING, UNCLEAR), IN_DOUBT_UNSENT),
    (after(ASKED, APPROVED), NO_APPROVER),
    (after(ASKED, APPROVED, approved_by="third"), OTHER_APPROVER),
    (
        after(ASKED, APPROVED, ("Adopted", State.QUEUED, "third"), approved_by="another"),
        OTHER_APPROVER,
    ),
    (
        after(ASKED, ("CancelledByAdmin", State.CANCELLED, "x"), approved_by="x"),
        OTHER_APPROVER,
    ),
    (after(ASKED, ("Approved", State.QUEUED, "admin"), approved_by="admin"), ALONE),
    (
        after(
            ("Requested", State.AWAITING_APPROVAL, "arn:aws:sts::1:assumed-role/Payer/one"),
            ("Approved", State.QUEUED, "arn:aws:sts::1:assumed-role/Payer/two"),
            created_by="arn:aws:sts::1:assumed-role/Payer/one",
            approved_by="arn:aws:sts::1:assumed-role/Payer/two",
        ),
        ALONE,
    ),
)


@pytest.mark.parametrize(("payout", "why"), FORGED)
def test_what_it_cannot_have_produced_is_told_why(payout: Payout, why: str) -> None:
    assert impossibility(payout) == why


def test_of_a_history_with_entries_left_out_its_steps_say_nothing() -> None:
    broken = after(ASKED, ("Claimed", State.SENDING, "system"), approved_by=None)
    assert impossibility(replace(broken, history_size=99)) == NO_STEP
    assert impossibility(replace(broken, history_size=100)) == NO_APPROVER
    assert impossibility(replace(broken, history_size=101)) == NO_APPROVER


@pytest.mark.parametrize("state", [State.AWAITING_APPROVAL, State.CANCELLED])
def test_what_needed_an_approver_and_had_none_was_not_let_go(state: State) -> None:
    waiting = after(ASKED, history_size=100, version=100)
    assert impossibility(replace(waiting, state=state)) is None
    assert impossibility(replace(waiting, state=State.COMPLETED)) == NO_APPROVER
