"""Decisions: which change follows from which evidence, in cases that no request causes alone."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from chalicelib.monoova.rules.gate import Gate
from chalicelib.monoova.rules.outcome import (
    Accepted,
    NotAuthenticated,
    RateLimited,
    Refused,
    Report,
    Standing,
    Uncertainty,
    Unclear,
)
from chalicelib.payouts.rules.attempts import Attempts
from chalicelib.payouts.rules.decisions import (
    SEND_AGAIN,
    ForbiddenTransitionError,
    Note,
    OpenFacts,
    SendAgain,
    after_report,
    after_send,
    approved,
    change_for,
    claimed,
    row_expired,
)
from chalicelib.payouts.rules.payout import (
    Change,
    Event,
    FailureCode,
    HistoryEntry,
    Payout,
    QueueReason,
    ReviewReason,
    State,
    applied,
)
from chalicelib.payouts.rules.schedule import Policy, is_expired, lease_until, next_look_at
from tests.payouts.builder import NOW
from tests.payouts.rules.test_life_cycle import LATER, payout_in

POLICY: Final = Policy()
PAST_GRACE: Final = NOW + timedelta(seconds=POLICY.grace_seconds + 1)
BEFORE_PAST_GRACE: Final = PAST_GRACE - timedelta(minutes=5)


def sent(state: State, **fields: object) -> Payout:
    return replace(payout_in(state), last_sent_at=NOW, **fields)  # type: ignore[arg-type]


def looked_up(
    payout: Payout, report: Report, at: datetime, *, may_send_again: bool = True
) -> Change | SendAgain:
    return after_report(payout, report, at, "r", POLICY, may_send_again=may_send_again)


def reported(payout: Payout, standing: Standing, **more: object) -> Payout:
    at: Any = more.pop("at", LATER)
    change = looked_up(payout, Report(standing, "text"), at)
    assert isinstance(change, Change)
    return applied(payout, change, LATER)


@pytest.mark.parametrize("state", [State.SENDING, State.ACCEPTED, State.UNRESOLVED])
def test_complete_completes_every_pending_payout(state: State) -> None:
    after = reported(sent(state), Standing.COMPLETE)
    assert (after.state, after.completed_at) == (State.COMPLETED, LATER)


@pytest.mark.parametrize(
    ("standing", "code"),
    [
        (Standing.REJECTED, FailureCode.BANK_REJECTED),
        (Standing.DISHONOURED, FailureCode.DISHONOURED),
    ],
)
def test_a_rejection_fails_it_with_monoovas_words(standing: Standing, code: FailureCode) -> None:
    after = reported(sent(State.ACCEPTED), standing)
    assert (after.state, after.failure_code, after.failure_reason) == (State.FAILED, code, "text")


def test_pending_at_monoova_proves_that_a_payout_in_doubt_was_taken() -> None:
    after = reported(sent(State.UNRESOLVED), Standing.PENDING)
    assert after.state is State.ACCEPTED
    assert after.due_at is not None


def test_the_gaps_between_looks_double_up_to_an_hour() -> None:
    gaps = [(next_look_at(NOW, looks, POLICY) - NOW).total_seconds() for looks in range(9)]
    assert gaps == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_an_unclear_answer_after_the_lease_ran_out_changes_nothing() -> None:
    unclear = Unclear(Uncertainty.TIMEOUT, may_try_again=True)
    assert after_send(sent(State.UNRESOLVED), unclear, LATER, "a", POLICY).is_empty


def test_an_unknown_reference_proves_nothing_within_the_grace_period() -> None:
    after = reported(sent(State.UNRESOLVED), Standing.UNKNOWN_REFERENCE)
    assert (after.state, after.looks, after.needs_review) == (State.UNRESOLVED, 1, False)


def test_after_the_grace_period_a_payout_in_doubt_is_resent_a_bounded_number_of_times() -> None:
    unknown = Report(Standing.UNKNOWN_REFERENCE)
    for resends in range(POLICY.max_resends):
        payout = sent(State.UNRESOLVED, resends=resends, unknown_since=BEFORE_PAST_GRACE)
        assert looked_up(payout, unknown, PAST_GRACE) is SEND_AGAIN
    last = sent(State.UNRESOLVED, resends=POLICY.max_resends)
    after = reported(last, Standing.UNKNOWN_REFERENCE, at=PAST_GRACE)
    assert after.review_reason is ReviewReason.OUTCOME_UNKNOWN
    assert after.due_at is not None, "we go on listening"


def test_an_accepted_payout_that_monoova_does_not_know_is_never_sent_again() -> None:
    after = reported(sent(State.ACCEPTED), Standing.UNKNOWN_REFERENCE, at=PAST_GRACE)
    assert (after.state, after.review_reason) == (
        State.ACCEPTED,
        ReviewReason.ACCEPTED_BUT_UNKNOWN,
    )


@pytest.mark.parametrize("state", [State.UNRESOLVED, State.ACCEPTED])
def test_review_stops_sending_but_not_reconciling(state: State) -> None:
    payout = sent(state, needs_review=True, review_reason=ReviewReason.OUTCOME_UNKNOWN)
    after = reported(payout, Standing.UNKNOWN_REFERENCE, at=PAST_GRACE)
    assert (after.state, after.needs_review, after.looks) == (state, True, 1)


def test_a_payout_whose_sending_time_is_not_known_is_never_sent_again() -> None:
    payout = replace(sent(State.UNRESOLVED), last_sent_at=None)
    assert not isinstance(
        looked_up(payout, Report(Standing.UNKNOWN_REFERENCE), PAST_GRACE),
        SendAgain,
    )


@pytest.mark.parametrize("standing", [Standing.PENDING, Standing.UNCLEAR])
def test_a_payout_that_waits_too_long_is_shown_to_a_person(standing: Standing) -> None:
    late = NOW + timedelta(hours=POLICY.review_after_hours, seconds=1)
    after = reported(sent(State.ACCEPTED), standing, at=late)
    assert after.review_reason is ReviewReason.STILL_PENDING


@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING, State.CANCELLED])
@pytest.mark.parametrize("standing", [Standing.PENDING, Standing.UNCLEAR])
def test_an_answer_that_says_nothing_changes_nothing(state: State, standing: Standing) -> None:
    assert reported(sent(state), standing).state is state


def test_acceptance_after_the_webhook_only_adds_the_number() -> None:
    payout = sent(State.COMPLETED)
    change = after_send(payout, Accepted("77"), LATER, "admin", POLICY)
    assert change.fields == {"monoova_transaction_id": "77"}
    known = replace(payout, monoova_transaction_id="77")
    assert after_send(known, Accepted("77"), LATER, "admin", POLICY).is_empty


def test_acceptance_under_another_number_is_a_contradiction() -> None:
    payout = sent(State.COMPLETED, monoova_transaction_id="78")
    after = applied(payout, after_send(payout, Accepted("77"), LATER, "a", POLICY), LATER)
    assert (after.state, after.review_reason) == (State.COMPLETED, ReviewReason.CONTRADICTION)


def test_a_refusal_fails_it_with_the_reason() -> None:
    payout = sent(State.SENDING)
    for description, reason in (("", "Bad"), ("no such PayID", "Bad: no such PayID")):
        change = after_send(payout, Refused("Bad", description, True), LATER, "a", POLICY)
        after = applied(payout, change, LATER)
        assert (after.state, after.failure_reason) == (State.FAILED, reason)


def test_a_failed_login_puts_it_back_into_the_queue_without_doubt() -> None:
    payout = sent(State.SENDING)
    after = applied(payout, after_send(payout, NotAuthenticated(False), LATER, "a", POLICY), LATER)
    assert (after.state, after.ambiguous, after.lease_id) == (State.QUEUED, False, None)


def test_no_clear_answer_leaves_it_in_doubt_for_good() -> None:
    payout = sent(State.SENDING)
    unclear = Unclear(Uncertainty.TIMEOUT, may_try_again=True)
    after = applied(payout, after_send(payout, unclear, LATER, "a", POLICY), LATER)
    assert (after.state, after.ambiguous) == (State.UNRESOLVED, True)
    assert after.history[-1].detail == "Timeout"


def test_a_claim_takes_a_lease_that_outlives_every_function() -> None:
    after = applied(
        payout_in(State.QUEUED),
        claimed(payout_in(State.QUEUED), Event.CLAIMED, LATER, "queue", "lease-2", POLICY),
        LATER,
    )
    assert (after.state, after.lease_id, after.resends) == (State.SENDING, "lease-2", 0)
    assert after.due_at == lease_until(LATER, POLICY) > LATER + timedelta(seconds=60)
    again = claimed(
        payout_in(State.UNRESOLVED), Event.RESENT, LATER, "reconciler", "lease-3", POLICY
    )
    assert again.fields["resends"] == 1


def test_a_queued_payout_expires_after_its_hours() -> None:
    limit = NOW + timedelta(hours=POLICY.expiry_hours)
    assert not is_expired(NOW, limit, POLICY, Gate())
    assert is_expired(NOW, limit + timedelta(seconds=1), POLICY, Gate())


FIRST_LOOK: Final = LATER + timedelta(seconds=60)


def last_entries(change: Change | SendAgain) -> tuple[tuple[str, str, str | None, str | None], ...]:
    """Each entry's event, who says so, in which words and on what evidence; all of this moment."""
    assert isinstance(change, Change)
    assert {entry.at for entry in change.entries} <= {LATER}
    return tuple((e.event, e.by, e.detail, e.evidence) for e in change.entries)


def test_acceptance_starts_the_looks_and_ends_the_lease() -> None:
    change = after_send(sent(State.SENDING, looks=3), Accepted("77"), LATER, "admin", POLICY)
    assert change.fields == {
        "state": State.ACCEPTED,
        "monoova_transaction_id": "77",
        "lease_id": None,
        "looks": 0,
        "due_at": FIRST_LOOK,
    }
    assert last_entries(change) == (("SendAccepted", "admin", None, "accepted:77"),)


def test_acceptance_under_the_known_number_is_acceptance() -> None:
    payout = sent(State.SENDING, monoova_transaction_id="77")
    change = after_send(payout, Accepted("77"), LATER, "admin", POLICY)
    assert change.fields["state"] is State.ACCEPTED


def test_a_refusal_ends_it_and_is_kept_as_evidence() -> None:
    change = after_send(sent(State.SENDING), Refused("Bad", "no", True), LATER, "admin", POLICY)
    assert change.fields == {
        "state": State.FAILED,
        "due_at": None,
        "lease_id": None,
        "failure_code": FailureCode.MONOOVA_REFUSED,
        "failure_reason": "Bad: no",
    }
    assert last_entries(change) == (("SendRefused", "admin", "Bad: no", "refused:Bad"),)


@pytest.mark.parametrize(
    "said",
    [
        ("InsufficientFunds", ""),
        ("Bad", "There is not enough money in the account"),
        ("NotEnoughMoney", ""),
        ("Bad", "the available balance is exceeded"),
        ("LackOfFunds", ""),
        ("NoFund", ""),
    ],
)
def test_a_refusal_for_want_of_funds_puts_the_payout_back_into_the_queue(
    said: tuple[str, str],
) -> None:
    before = replace(sent(State.SENDING), looks=2)
    change = after_send(before, Refused(*said, is_known=True), LATER, "queue", POLICY)
    assert change.fields == {
        "state": State.QUEUED,
        "waits_for": QueueReason.NO_FUNDS,
        "lease_id": None,
        "looks": 3,
        "due_at": next_look_at(LATER, 2, POLICY),
    }
    text = ": ".join(part for part in said if part)
    assert change.entries == (
        HistoryEntry(
            LATER, Event.WITHOUT_FUNDS, State.QUEUED, "queue", text, evidence=f"refused:{text}"
        ),
    )


@pytest.mark.parametrize("description", ["Refunds are not allowed here", "Too much money"])
def test_a_refusal_that_only_resembles_one_for_funds_is_a_failure(description: str) -> None:
    refused = Refused("Bad", description, is_known=True)
    change = after_send(sent(State.SENDING), refused, LATER, "queue", POLICY)
    assert change.fields["state"] is State.FAILED


def test_a_claim_takes_away_the_reason_to_wait_where_there_is_one() -> None:
    waiting = replace(sent(State.QUEUED), waits_for=QueueReason.NO_FUNDS)
    change = claimed(waiting, Event.CLAIMED, LATER, "queue", "lease", POLICY)
    plain = claimed(sent(State.QUEUED), Event.CLAIMED, LATER, "queue", "lease", POLICY)
    assert "waits_for" not in plain.fields
    assert change.fields == {**plain.fields, "waits_for": None}


def test_a_row_that_expires_is_under_review_where_it_is_and_looked_at_later() -> None:
    note = Note(LATER, "reconciler")
    change = row_expired(sent(State.QUEUED), note, LATER + timedelta(hours=1))
    assert change.fields == {
        "needs_review": True,
        "review_reason": ReviewReason.ROW_EXPIRED,
        "due_at": LATER + timedelta(hours=1),
    }
    assert [entry.event for entry in change.entries] == [Event.ROW_EXPIRED]
    with pytest.raises(ForbiddenTransitionError):
        row_expired(sent(State.SENDING), note, LATER)


@pytest.mark.parametrize(("retry_after", "seconds"), [(None, 60), (7, 7)])
def test_after_too_many_calls_it_is_queued_until_monoova_takes_more(
    retry_after: int | None, seconds: int
) -> None:
    change = after_send(sent(State.SENDING), RateLimited(retry_after), LATER, "admin", POLICY)
    due_at = LATER + timedelta(seconds=seconds)
    assert change.fields == {"state": State.QUEUED, "lease_id": None, "due_at": due_at}
    assert last_entries(change) == (("SendRateLimited", "admin", None, None),)


def test_after_a_failed_login_it_is_due_as_soon_as_sending_is_allowed() -> None:
    change = after_send(sent(State.SENDING), NotAuthenticated(False), LATER, "admin", POLICY)
    assert change.fields == {"state": State.QUEUED, "lease_id": None, "due_at": LATER}
    assert last_entries(change) == (("SendNotAuthenticated", "admin", None, None),)


@pytest.mark.parametrize(("said", "detail"), [("", "UnclearAnswer"), ("Odd", "UnclearAnswer: Odd")])
def test_doubt_is_recorded_in_monoovas_words_and_the_first_look_follows_soon(
    said: str, detail: str
) -> None:
    unclear = Unclear(Uncertainty.UNCLEAR_ANSWER, False, said)
    change = after_send(sent(State.SENDING, looks=3), unclear, LATER, "admin", POLICY)
    assert change.fields == {
        "state": State.UNRESOLVED,
        "ambiguous": True,
        "doubt_since": LATER,
        "lease_id": None,
        "looks": 0,
        "due_at": FIRST_LOOK,
    }
    assert last_entries(change) == (("SendUnclear", "admin", detail, None),)


def test_acceptance_under_another_number_is_recorded_with_that_number() -> None:
    payout = sent(State.SENDING, monoova_transaction_id="78")
    change = after_send(payout, Accepted("77"), LATER, "admin", POLICY)
    what = "accepted as transaction 77"
    assert last_entries(change) == (("Contradicted", "admin", what, what),)


@pytest.mark.parametrize("code", [FailureCode.BANK_REJECTED, FailureCode.DISHONOURED])
def test_a_bank_that_rejects_before_acceptance_is_known_contradicts_nothing(
    code: FailureCode,
) -> None:
    payout = sent(State.FAILED, failure_code=code)
    change = after_send(payout, Accepted("77"), LATER, "admin", POLICY)
    assert change == Change({"monoova_transaction_id": "77"})


def test_acceptance_after_a_refusal_contradicts_it() -> None:
    payout = sent(State.FAILED, failure_code=FailureCode.MONOOVA_REFUSED)
    change = after_send(payout, Accepted("77"), LATER, "admin", POLICY)
    assert change.fields["review_reason"] is ReviewReason.CONTRADICTION


def test_a_report_is_recorded_in_the_history() -> None:
    done = looked_up(sent(State.ACCEPTED), Report(Standing.COMPLETE), LATER)
    assert last_entries(done) == (
        ("SettledComplete", "r", "status API: Complete", "status:Complete"),
    )
    back = looked_up(sent(State.ACCEPTED), Report(Standing.REJECTED), LATER)
    assert last_entries(back) == (
        ("SettledRejected", "r", "status API: Rejected", "status:Rejected"),
    )


@pytest.mark.parametrize("standing", [Standing.REJECTED, Standing.DISHONOURED])
def test_a_report_of_rejection_without_words_still_has_a_reason(standing: Standing) -> None:
    change = looked_up(sent(State.ACCEPTED), Report(standing), LATER)
    assert isinstance(change, Change)
    assert change.fields["failure_reason"] == standing.value


def test_a_payout_found_pending_goes_on_from_the_looks_it_had() -> None:
    payout = sent(State.UNRESOLVED, looks=2)
    change = looked_up(payout, Report(Standing.PENDING), LATER)
    assert isinstance(change, Change)
    assert change.fields == {
        "state": State.ACCEPTED,
        "looks": 3,
        "due_at": LATER + timedelta(seconds=240),
    }
    assert last_entries(change) == (("SendAccepted", "r", "status API: Pending", "status:Pending"),)


def test_an_open_payout_is_looked_at_again_after_twice_the_gap() -> None:
    for state in (State.ACCEPTED, State.UNRESOLVED):
        change = looked_up(sent(state, looks=2), Report(Standing.UNCLEAR), LATER)
        assert change == Change({"looks": 3, "due_at": LATER + timedelta(seconds=480)})


def test_a_payout_that_was_given_up_is_raised_and_still_looked_at() -> None:
    old = replace(sent(State.ACCEPTED, looks=2), last_sent_at=LATER - timedelta(hours=25))
    change = looked_up(old, Report(Standing.PENDING), LATER)
    assert isinstance(change, Change)
    assert change.fields == {
        "needs_review": True,
        "review_reason": ReviewReason.STILL_PENDING,
        "looks": 3,
        "due_at": LATER + timedelta(seconds=480),
    }
    assert last_entries(change) == (("GaveUp", "r", "status API: Pending", "status:Pending"),)


def test_what_a_payout_waited_before_it_was_sent_is_no_reason_to_give_it_up() -> None:
    waited = replace(sent(State.ACCEPTED), created_at=LATER - timedelta(hours=30))
    change = looked_up(waited, Report(Standing.PENDING), LATER)
    assert isinstance(change, Change)
    assert change.entries == ()
    doubtful = sent(State.UNRESOLVED, created_at=NOW - timedelta(hours=30), unknown_since=NOW)
    unknown = Report(Standing.UNKNOWN_REFERENCE)
    assert isinstance(looked_up(doubtful, unknown, PAST_GRACE), SendAgain)


def test_one_that_was_never_seen_to_be_sent_is_as_old_as_its_release() -> None:
    old = replace(sent(State.UNRESOLVED), last_sent_at=None, created_at=NOW - timedelta(hours=25))
    assert reported(old, Standing.UNCLEAR).needs_review


def test_a_payout_in_review_is_not_given_up_once_more() -> None:
    old = replace(sent(State.ACCEPTED), created_at=NOW - timedelta(hours=25))
    known = replace(old, needs_review=True, review_reason=ReviewReason.STILL_PENDING)
    change = looked_up(known, Report(Standing.PENDING), LATER)
    assert isinstance(change, Change)
    assert change.entries == ()


def test_a_payout_that_is_too_old_is_given_up_instead_of_sent_again() -> None:
    old = replace(sent(State.UNRESOLVED), last_sent_at=NOW - timedelta(hours=25))
    after = reported(old, Standing.UNKNOWN_REFERENCE, at=PAST_GRACE)
    assert after.review_reason is ReviewReason.OUTCOME_UNKNOWN


@pytest.mark.parametrize("state", [State.SENDING, State.QUEUED, State.COMPLETED])
def test_an_unknown_reference_changes_nothing_but_for_what_waits_for_an_answer(
    state: State,
) -> None:
    unknown = Report(Standing.UNKNOWN_REFERENCE)
    change = looked_up(sent(state), unknown, PAST_GRACE)
    assert isinstance(change, Change)
    assert change.is_empty


def test_a_payout_of_which_nothing_is_known_is_pending_and_undisputed() -> None:
    facts = OpenFacts(12550, None)
    assert (facts.state, facts.review_reason, facts.history) == (State.ACCEPTED, None, ())
    assert facts.is_accepted is False
    assert (facts.due_at, facts.disputed_at) == (None, None)
    assert (facts.return_reported_at, facts.return_seen_at) == (None, None)
    assert (facts.returned_cents, facts.return_seen_cents) == (0, 0)


def test_a_claim_is_recorded_with_its_claimer_and_the_time_of_sending() -> None:
    change = claimed(payout_in(State.QUEUED), Event.CLAIMED, LATER, "queue", "lease-2", POLICY)
    assert change.fields == {
        "state": State.SENDING,
        "lease_id": "lease-2",
        "due_at": LATER + timedelta(seconds=90),
        "last_sent_at": LATER,
    }
    assert last_entries(change) == (("Claimed", "queue", None, None),)


def test_each_resend_is_counted() -> None:
    payout = sent(State.UNRESOLVED, resends=2)
    change = claimed(payout, Event.RESENT, LATER, "reconciler", "lease-2", POLICY)
    assert change.fields == {
        "state": State.SENDING,
        "lease_id": "lease-2",
        "due_at": LATER + timedelta(seconds=90),
        "last_sent_at": LATER,
        "resends": 3,
        "unknown_since": None,
    }
    assert last_entries(change) == (("SentAgain", "reconciler", None, None),)


def test_where_a_second_call_might_pay_twice_a_person_decides_instead() -> None:
    payout = sent(State.UNRESOLVED, unknown_since=BEFORE_PAST_GRACE)
    unknown = Report(Standing.UNKNOWN_REFERENCE)
    change = looked_up(payout, unknown, PAST_GRACE, may_send_again=False)
    assert isinstance(change, Change)
    assert change.fields["review_reason"] is ReviewReason.OUTCOME_UNKNOWN


def test_what_monoova_does_not_know_twice_five_minutes_apart_is_sent_again() -> None:
    unknown = Report(Standing.UNKNOWN_REFERENCE)
    payout = sent(State.UNRESOLVED, looks=3)
    second_at = PAST_GRACE + timedelta(minutes=5)
    once = looked_up(payout, unknown, PAST_GRACE)
    fields = {"unknown_since": PAST_GRACE, "looks": 4, "due_at": second_at}
    assert once == Change(fields)  # type: ignore[arg-type]
    payout = replace(payout, unknown_since=PAST_GRACE)
    early = looked_up(payout, unknown, second_at - timedelta(seconds=1))
    assert early == once
    assert looked_up(payout, unknown, second_at) is SEND_AGAIN


@pytest.mark.parametrize("standing", [Standing.UNCLEAR, Standing.UNKNOWN_REFERENCE])
def test_a_report_within_the_grace_is_not_the_first_of_two(standing: Standing) -> None:
    change = looked_up(sent(State.UNRESOLVED), Report(standing), LATER)
    assert isinstance(change, Change)
    assert "unknown_since" not in change.fields


def test_the_decision_to_resend_is_distinguished_from_a_change_by_its_type() -> None:
    assert isinstance(SEND_AGAIN, SendAgain)


def test_an_approved_payout_is_due_at_once_and_names_the_approver() -> None:
    waiting = replace(payout_in(State.AWAITING_APPROVAL), due_at=LATER + timedelta(seconds=1))
    change = approved(waiting, LATER, "bob")
    assert change.fields == {
        "state": State.QUEUED,
        "approved_at": LATER,
        "approved_by": "bob",
        "due_at": LATER,
    }
    assert last_entries(change) == (("Approved", "bob", None, None),)


def test_what_has_waited_too_long_or_does_not_wait_is_not_approved() -> None:
    late = replace(payout_in(State.AWAITING_APPROVAL), due_at=LATER)
    for payout in (late, payout_in(State.QUEUED), payout_in(State.COMPLETED)):
        with pytest.raises(ForbiddenTransitionError) as refused:
            approved(payout, LATER, "bob")
        assert (refused.value.state, refused.value.event) == (payout.state, Event.APPROVED)


def test_an_approved_payout_is_as_old_as_its_approval() -> None:
    old = sent(State.ACCEPTED, created_at=NOW - timedelta(days=20), approved_at=NOW)
    change = looked_up(old, Report(Standing.PENDING), LATER)
    assert isinstance(change, Change)
    assert "needs_review" not in change.fields
    assert old.released_at == NOW
    assert sent(State.ACCEPTED).released_at == NOW


# --- what was tried for one request


def test_the_attempts_of_a_request_are_counted_and_told_with_what_they_come_to() -> None:
    payout = sent(State.SENDING, attempts=3)
    attempts = Attempts(("HTTP 503", "Ok"))
    change = after_send(payout, Accepted("77"), LATER, "queue", POLICY, attempts)
    assert change.fields["attempts"] == 5
    told = "2 attempts: HTTP 503, Ok"
    assert last_entries(change) == (("SendAccepted", "queue", told, "accepted:77"),)


# --- money that was said to be back before it had arrived


@pytest.mark.parametrize(
    ("event", "seen_at", "is_asked"),
    [
        (Event.SETTLED_COMPLETE, None, True),
        (Event.SETTLED_COMPLETE, NOW, False),
        (Event.SETTLED_REJECTED, None, False),
    ],
)
def test_a_return_that_was_reported_too_early_is_looked_for_once_the_payout_has_arrived(
    event: Event, seen_at: datetime | None, is_asked: bool
) -> None:
    reported = sent(
        State.ACCEPTED,
        return_reported_at=LATER - timedelta(minutes=30),
        return_seen_at=seen_at,
    )
    change = change_for(reported, event, Note(LATER, "r"))
    # Half an hour after the report, the question that follows is that of the first hour.
    assert change.fields["due_at"] == (LATER + timedelta(minutes=30) if is_asked else None)
