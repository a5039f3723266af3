"""The life-cycle table, checked pair by pair: every state, every event."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from chalicelib.payouts.rules.decisions import ForbiddenTransitionError, Note, change_for
from chalicelib.payouts.rules.payout import (
    FINAL,
    MOST_HISTORY_ENTRIES,
    OPEN,
    PENDING,
    TABLE,
    Change,
    Effect,
    Event,
    FailureCode,
    Fields,
    HistoryEntry,
    Kind,
    Payout,
    ReviewReason,
    State,
    Status,
    Submission,
    applied,
    effect_of,
    kept_entries,
    sums_given_back,
)
from tests.payouts.builder import NOW, a_payout
from tools.docs.life_cycle_table import DOCUMENT, updated

LATER: Final = datetime(2026, 3, 2, 1, 5, tzinfo=UTC)
NOTE: Final = Note(LATER, "an-admin", "because", "proof")

A, Q, S, X, U = (
    State.AWAITING_APPROVAL,
    State.QUEUED,
    State.SENDING,
    State.ACCEPTED,
    State.UNRESOLVED,
)
C, F, R, N = State.COMPLETED, State.FAILED, State.RETURNED, State.CANCELLED

# One letter for each state, in the order A Q S X U C F R N: the state it moves to, or
# . changes nothing, ! contradiction, ? review, = review closed, + noted, - refused, r Returned by
# way of Completed. Written out by hand, to be compared with what the rules make.
EXPECTED: Final = {
    Event.APPROVED: "Q - - - - - - - -",
    Event.APPROVAL_DENIED: "N - - - - - - - -",
    Event.APPROVAL_EXPIRED: "N - - - - - - - -",
    Event.CLAIMED: "- S - - - - - - -",
    Event.CANCELLED: "N N - - - - - - -",
    Event.QUEUE_EXPIRED: "- N - - - - - - -",
    Event.ROW_EXPIRED: "- ? - - - - - - -",
    Event.DESTINATION_GONE: "- N - - ? - - - -",
    Event.EARLIER_SETTLED: "- ? - - ? - - - -",
    Event.INTEGRITY_FAILED: "? ? ? - ? - - - -",
    Event.ADOPTED: "= = - - = - - - -",
    Event.DESTINATION_NOT_APPROVED: "- Q - - ? - - - -",
    Event.SEND_ACCEPTED: "! ! X . X . ! . !",
    Event.SEND_REFUSED: "! ! F . . ! . ! !",
    Event.SEND_NOT_AUTHENTICATED: ". . Q . . . . . .",
    Event.SEND_RATE_LIMITED: ". . Q . . . . . .",
    Event.WITHOUT_FUNDS: "! Q Q . . ! . ! !",
    Event.NOT_SENT: ". . Q . . . . . .",
    Event.SEND_UNCLEAR: ". . U . . . . . .",
    Event.LEASE_EXPIRED: ". . U . . . . . .",
    Event.RESENT: "- - - - S - - - -",
    Event.GAVE_UP: ". . . ? ? . . . .",
    Event.HINTED: ". . + + + . . . .",
    Event.SETTLED_COMPLETE: "! ! C C C . ! . !",
    Event.SETTLED_REJECTED: "! ! F F F ! . ! !",
    Event.MONEY_RETURNED: "! ! r r r R ! . !",
    Event.PART_RETURNED: "! ! C C C ! ! . !",
    Event.RETURN_REPORTED: "! ! + + + + ! . !",
    Event.RETURN_SEEN: ". . . . . + . + .",
    Event.RETURN_NOT_SEEN: ". . . . . ? . ? .",
    Event.CONTRADICTED: "! ! ! ! ! ! ! ! !",
    Event.RESOLVED_COMPLETED: "- C - C C = - - -",
    Event.RESOLVED_FAILED: "- - - F F - = - -",
    Event.RESOLVED_RETURNED: "- - - - - R - = -",
    Event.RESOLVED_CANCELLED: "N N - - - - - - =",
    Event.RETRIED: "- - - - - + + + +",
    Event.RETRY_UNCLEAR: "- - - - - - ? ? ?",
}
COLUMNS: Final = (A, Q, S, X, U, C, F, R, N)
LETTERS: Final = {"A": A, "Q": Q, "S": S, "X": X, "U": U, "C": C, "F": F, "R": R, "N": N}
SIGNS: Final = {
    ".": Kind.STAY,
    "!": Kind.CONTRADICTION,
    "?": Kind.REVIEW,
    "=": Kind.ACKNOWLEDGE,
    "+": Kind.NOTE,
    "-": Kind.FORBIDDEN,
}
PAIRS: Final = [
    (state, event, sign)
    for event, row in EXPECTED.items()
    for state, sign in zip(COLUMNS, row.split(), strict=True)
]


def payout_in(state: State) -> Payout:
    return a_payout(
        state,
        version=3,
        due_at=NOW if state in OPEN else None,
        lease_id="lease" if state is S else None,
    )


def test_every_pair_of_state_and_event_is_in_the_table() -> None:
    assert {(state, event) for state, event, _ in PAIRS} == set(TABLE)
    assert len(PAIRS) == len(State) * len(Event)


@pytest.mark.parametrize(("state", "event", "sign"), PAIRS)
def test_each_pair_does_what_the_table_says_and_nothing_else(
    state: State, event: Event, sign: str
) -> None:
    before = payout_in(state)
    if sign == "-":
        with pytest.raises(ForbiddenTransitionError):
            change_for(before, event, NOTE)
        return
    change = change_for(before, event, NOTE)
    after = applied(before, change, LATER)
    if sign in SIGNS:
        assert effect_of(state, event).kind is SIGNS[sign]
        assert after.state is state
        assert after.needs_review is (sign in "!?")
        assert change.is_empty is (sign == ".")
        return
    to = R if sign == "r" else LETTERS[sign]
    assert after.state is to
    passed = [entry.state for entry in change.entries]
    assert passed == ([C, R] if sign == "r" else [to])
    assert all(
        (entry.by, entry.detail, entry.at) == ("an-admin", "because", LATER)
        for entry in change.entries
    )


@pytest.mark.parametrize("event", list(Event))
@pytest.mark.parametrize("state", sorted(FINAL))
def test_a_final_status_is_left_only_from_completed_to_returned(state: State, event: Event) -> None:
    effect = effect_of(state, event)
    if effect.kind is Kind.MOVE:
        assert (state, effect.to) == (C, R)


@pytest.mark.parametrize(("state", "event"), sorted(TABLE))
def test_a_final_payout_is_never_due_and_has_no_lease(state: State, event: Event) -> None:
    effect = effect_of(state, event)
    if effect.kind is Kind.MOVE and effect.to in FINAL:
        after = applied(payout_in(state), change_for(payout_in(state), event, NOTE), LATER)
        assert (after.due_at, after.lease_id) == (None, None)


def test_only_evidence_from_monoova_or_a_person_completes_or_fails_a_payout() -> None:
    movers = {event for (_, event), effect in TABLE.items() if effect.to in (C, F)}
    assert movers == {
        Event.SEND_REFUSED,
        Event.SETTLED_COMPLETE,
        Event.SETTLED_REJECTED,
        Event.PART_RETURNED,
        Event.RESOLVED_COMPLETED,
        Event.RESOLVED_FAILED,
    }


def test_nothing_but_a_claim_or_a_resend_starts_a_sending() -> None:
    starts = {(state, event) for (state, event), effect in TABLE.items() if effect.to is S}
    assert starts == {(Q, Event.CLAIMED), (U, Event.RESENT)}


@pytest.mark.parametrize("state", list(State))
def test_a_state_is_its_status_and_its_submission(state: State) -> None:
    status, submission = state.status, state.submission
    assert isinstance(status, Status)
    assert (submission is None) is (state not in PENDING)
    assert State.of(status, submission) is state
    assert state.is_final is (state in FINAL)
    assert submission is None or submission in Submission


def test_being_settled_answers_every_doubt_but_a_contradiction() -> None:
    for reason in ReviewReason:
        before = replace(payout_in(U), needs_review=True, review_reason=reason)
        after = applied(before, change_for(before, Event.SETTLED_COMPLETE, NOTE), LATER)
        is_kept = reason is ReviewReason.CONTRADICTION
        assert (after.state, after.due_at, after.lease_id) == (C, None, None)
        assert after.needs_review is is_kept
        assert after.review_reason is (reason if is_kept else None)


def test_a_contradiction_stays_the_reason_when_something_milder_is_found() -> None:
    before = replace(payout_in(U), needs_review=True, review_reason=ReviewReason.CONTRADICTION)
    change = change_for(before, Event.GAVE_UP, NOTE, review_reason=ReviewReason.OUTCOME_UNKNOWN)
    assert applied(before, change, LATER).review_reason is ReviewReason.CONTRADICTION


def test_the_same_evidence_is_written_down_once() -> None:
    before = payout_in(F)
    once = applied(before, change_for(before, Event.SETTLED_COMPLETE, NOTE), LATER)
    assert change_for(once, Event.SETTLED_COMPLETE, NOTE).is_empty
    other = Note(LATER, "an-admin", "because", "another proof")
    assert not change_for(once, Event.SETTLED_COMPLETE, other).is_empty


def test_a_history_is_bounded() -> None:
    entry = HistoryEntry(NOW, "Noted", F, "an-admin")
    payout = payout_in(F)
    for _ in range(MOST_HISTORY_ENTRIES + 5):
        payout = applied(payout, Change(Fields(), (entry,)), LATER)
    assert len(payout.history) == payout.history_size == MOST_HISTORY_ENTRIES


def test_a_change_is_one_version_later() -> None:
    after = applied(payout_in(Q), change_for(payout_in(Q), Event.CANCELLED, NOTE), LATER)
    assert (after.version, after.updated_at) == (4, LATER)


def test_the_architecture_page_prints_the_table_of_the_code() -> None:
    text = DOCUMENT.read_text()
    assert updated(text) == text, "run `make docs`"


def test_what_a_person_must_see_is_recorded_in_a_full_history_too() -> None:
    entry = HistoryEntry(NOW, "Noted", F, "an-admin")
    full = replace(payout_in(U), history_size=MOST_HISTORY_ENTRIES)
    noted = Change(Fields(looks=1), (entry,))
    moved = Change(Fields(state=State.ACCEPTED), (entry,))
    ended = Change(Fields(state=State.COMPLETED), (entry,))
    raised = Change(Fields(needs_review=True), (entry,))
    closed = Change(Fields(needs_review=False), (entry,))
    assert MOST_HISTORY_ENTRIES == 100
    assert [kept_entries(full, change) for change in (noted, moved)] == [(), ()]
    for change in (ended, raised, closed):
        assert kept_entries(full, change) == (entry,)
        assert kept_entries(replace(full, history_size=199), change) == (entry,)
        assert kept_entries(replace(full, history_size=200), change) == ()
        assert kept_entries(replace(full, history_size=201), change) == ()
    assert kept_entries(replace(full, history_size=99), Change(Fields(), (entry, entry))) == (
        entry,
    )


@pytest.mark.parametrize(
    "event",
    [
        Event.MONEY_RETURNED,
        Event.PART_RETURNED,
        Event.RETURN_SEEN,
        Event.RESOLVED_COMPLETED,
        Event.RESOLVED_FAILED,
        Event.RESOLVED_RETURNED,
        Event.RESOLVED_CANCELLED,
    ],
)
def test_what_later_decisions_read_is_recorded_however_full_the_history_is(event: Event) -> None:
    entries = (HistoryEntry(NOW, "Noted", F, "an-admin"), HistoryEntry(NOW, event, F, "an-admin"))
    full = replace(payout_in(U), history_size=10 * MOST_HISTORY_ENTRIES)
    assert kept_entries(full, Change(Fields(looks=1), entries)) == entries


def test_a_new_payout_is_undisputed_and_was_never_sent() -> None:
    payout = replace(payout_in(Q), due_at=None)
    assert (payout.needs_review, payout.ambiguous) == (False, False)
    assert (payout.resends, payout.looks, payout.attempts, payout.history_size) == (0, 0, 0, 0)
    assert (payout.succeeded_cents, payout.returned_cents, payout.return_seen_cents) == (0, 0, 0)
    several = ("history", "also_succeeded_by", "approval_reasons", "counted_on")
    assert [getattr(payout, name) for name in several] == [()] * 4
    unset = ("review_reason", "monoova_transaction_id", "failure_code", "failure_reason")
    times = ("last_sent_at", "completed_at", "approved_at", "return_reported_at", "return_seen_at")
    doubts = ("doubt_since", "unknown_since", "disputed_at")
    texts = ("description", "lodgement_reference", "retry_of", "lease_id", "batch_id")
    optional = (*unset, *times, *doubts, *texts, "approved_by")
    assert {getattr(payout, name) for name in optional} == {None}
    bare = Payout("t", "u", "c", "d", "PayId", "m", 1, Q, 1, "a", NOW, NOW, "f")
    assert (bare.due_at, bare.lease_id) == (None, None)


def test_a_change_with_only_fields_or_only_a_history_entry_is_not_empty() -> None:
    entry = HistoryEntry(NOW, "Noted", F, "an-admin")
    assert Change(Fields()).is_empty
    assert not Change(Fields(looks=1)).is_empty
    assert not Change(Fields(), (entry,)).is_empty
    assert (entry.detail, entry.evidence) == (None, None)


def test_an_effect_that_names_no_state_leads_to_none() -> None:
    stays = {effect for effect in TABLE.values() if effect.kind is Kind.STAY}
    assert stays == {Effect(Kind.STAY, None, None)}


def test_a_refused_event_says_what_was_refused_where() -> None:
    with pytest.raises(ForbiddenTransitionError) as refused:
        change_for(payout_in(C), Event.CANCELLED, NOTE)
    assert (refused.value.state, refused.value.event) == (C, Event.CANCELLED)
    assert str(refused.value) == "CancelledByAdmin does not apply to a payout that is Completed"


def test_a_report_that_does_not_match_is_a_contradiction_recorded_with_its_state() -> None:
    change = change_for(payout_in(F), Event.SETTLED_COMPLETE, NOTE)
    assert change == Change(
        Fields(needs_review=True, review_reason=ReviewReason.CONTRADICTION),
        (HistoryEntry(LATER, "SettledComplete", F, "an-admin", "because", "proof"),),
    )


def test_a_person_who_confirms_a_status_closes_its_review() -> None:
    change = change_for(payout_in(F), Event.RESOLVED_FAILED, NOTE)
    assert change == Change(
        Fields(needs_review=False, review_reason=None),
        (HistoryEntry(LATER, "ResolvedFailed", F, "an-admin", "because", "proof"),),
    )


def test_words_without_evidence_are_written_down_each_time() -> None:
    note = Note(LATER, "an-admin", "because")
    once = applied(payout_in(F), change_for(payout_in(F), Event.CONTRADICTED, note), LATER)
    assert not change_for(once, Event.CONTRADICTED, note).is_empty


def test_the_same_evidence_for_another_event_is_written_down_too() -> None:
    once = applied(payout_in(F), change_for(payout_in(F), Event.CONTRADICTED, NOTE), LATER)
    assert not change_for(once, Event.SETTLED_COMPLETE, NOTE).is_empty


def test_an_undisputed_payout_that_is_settled_has_no_review_to_close() -> None:
    change = change_for(payout_in(U), Event.SETTLED_COMPLETE, NOTE)
    assert change.fields == Fields(state=C, due_at=None, lease_id=None, completed_at=LATER)
    failed = change_for(payout_in(U), Event.SETTLED_REJECTED, NOTE)
    assert failed.fields == Fields(state=F, due_at=None, lease_id=None)


BY_HAND = FailureCode.RESOLVED_BY_HAND


@pytest.mark.parametrize(
    ("state", "code", "was_sent", "is_given_back"),
    [
        (N, FailureCode.CANCELLED_BY_ADMIN, True, True),
        (F, FailureCode.MONOOVA_REFUSED, True, True),
        (F, FailureCode.BANK_REJECTED, True, False),
        (N, BY_HAND, False, True),
        (N, BY_HAND, True, False),
        (F, BY_HAND, False, False),
    ],
)
def test_no_person_gives_back_what_monoova_may_have_heard_of(
    state: State, code: FailureCode, was_sent: bool, is_given_back: bool
) -> None:
    sent_at = NOW if was_sent else None
    payout = replace(payout_in(Q), counted_on=("a sum",), last_sent_at=sent_at)
    change = Change(Fields(state=state, failure_code=code))
    assert sums_given_back(payout, change) == (("a sum",) if is_given_back else ())
    assert applied(payout, change, LATER).ended_unsent is is_given_back


# --- what ended without having been sent

SUMS: Final = ("2026-03-02 maker", "2026-03-02 account")
UNSENT: Final = {(F, FailureCode.MONOOVA_REFUSED), *((N, code) for code in (None, *FailureCode))}


@pytest.mark.parametrize("code", [None, *FailureCode])
@pytest.mark.parametrize("state", list(State))
def test_only_what_was_cancelled_or_refused_by_monoova_ended_unsent(
    state: State, code: FailureCode | None
) -> None:
    ended = replace(payout_in(state), failure_code=code)
    assert ended.ended_unsent is ((state, code) in UNSENT)
    assert not replace(ended, needs_review=True).ended_unsent


@pytest.mark.parametrize("code", [None, *FailureCode])
@pytest.mark.parametrize("state", list(State))
def test_a_payout_leaves_the_sums_of_its_day_with_the_change_that_ends_it_unsent(
    state: State, code: FailureCode | None
) -> None:
    payout = replace(payout_in(Q), counted_on=SUMS)
    change = Change(Fields(state=state, failure_code=code))
    assert sums_given_back(payout, change) == (SUMS if (state, code) in UNSENT else ())


def test_a_payout_stays_in_the_sums_of_its_day_while_its_state_stays() -> None:
    payout = replace(payout_in(N), counted_on=SUMS)
    for fields in (Fields(), Fields(failure_code=FailureCode.MONOOVA_REFUSED)):
        assert sums_given_back(payout, Change(fields)) == ()


def test_a_payout_that_is_cancelled_leaves_the_sums_without_a_code() -> None:
    payout = replace(payout_in(Q), counted_on=SUMS)
    assert sums_given_back(payout, change_for(payout, Event.CANCELLED, NOTE)) == SUMS


def test_what_is_noted_is_recorded_with_its_state_and_once() -> None:
    noted = change_for(payout_in(U), Event.HINTED, NOTE, Fields(due_at=LATER))
    assert noted == Change(
        Fields(due_at=LATER),
        (HistoryEntry(LATER, "Hinted", U, "an-admin", "because", "proof"),),
    )
    after = applied(payout_in(U), noted, LATER)
    assert change_for(after, Event.HINTED, NOTE, Fields(looks=1)) == Change(Fields(looks=1))
    assert change_for(after, Event.RETURN_REPORTED, NOTE).entries != ()
