"""What follows from Monoova's word for a second payment, and for a person's word."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from chalicelib.control.rules.approval import ApprovalReason, ApprovalRules
from chalicelib.monoova.rules.outcome import Standing, is_known_refusal
from chalicelib.payouts.rules.payout import (
    FINAL,
    Event,
    FailureCode,
    HistoryEntry,
    Payout,
    State,
)
from chalicelib.payouts.rules.resolution import Judgement, judged
from chalicelib.payouts.rules.schedule import Policy
from chalicelib.payouts.rules.second_payment import (
    Verdict,
    is_settled_by_hand,
    is_successor,
    is_unpaid,
    may_be_succeeded,
    needs_answer,
    succeeded,
    succession_cents,
    unknown_is_believed_at,
    verdict,
    was_sent,
)
from tests.payouts.builder import NOW, a_payout

POLICY: Final = Policy(grace_seconds=900)
GRACE: Final = timedelta(seconds=900)
SECOND: Final = timedelta(seconds=1)
KNOWN: Final = "DisbursementNppCreditPayIdDetailsAreInvalid"
GO, MAYBE, EARLY, UNCLEAR = Verdict


def payout(state: State = State.FAILED, **more: object) -> Payout:
    usual: dict[str, Any] = {"amount_cents": 90_000, "last_sent_at": NOW}
    return a_payout(state, **usual | more)


def entry(event: Event, evidence: str | None = None) -> HistoryEntry:
    return HistoryEntry(NOW, event, State.FAILED, "monoova", None, evidence)


def refused(name: str, **more: object) -> Payout:
    history = (entry(Event.SEND_REFUSED, f"refused:{name}"),)
    given = {"failure_code": FailureCode.MONOOVA_REFUSED, "history": history} | more
    return payout(State.FAILED, **given)


def test_only_what_ended_unpaid_and_is_not_under_review_has_a_successor() -> None:
    able = {state for state in State if may_be_succeeded(payout(state))}
    assert able == FINAL - {State.COMPLETED}
    assert not any(may_be_succeeded(payout(state, needs_review=True)) for state in State)


AMOUNT: Final = payout().amount_cents


@pytest.mark.parametrize(
    ("state", "seen", "cents"),
    [
        (State.RETURNED, 0, 0),
        (State.RETURNED, AMOUNT - 1, 0),
        (State.RETURNED, AMOUNT, AMOUNT),
        (State.COMPLETED, 0, 0),
        (State.COMPLETED, 1, 1),
        (State.COMPLETED, AMOUNT - 1, AMOUNT - 1),
        # All of it makes it Returned; until then nothing is paid on it.
        (State.COMPLETED, AMOUNT, 0),
        (State.FAILED, 0, AMOUNT),
        (State.CANCELLED, 0, AMOUNT),
    ],
)
def test_what_came_back_can_be_paid_again_once_the_account_shows_it_and_not_more(
    state: State, seen: int, cents: int
) -> None:
    reported = payout(state, return_reported_at=NOW, return_seen_cents=seen)
    assert succession_cents(reported) == cents
    assert may_be_succeeded(reported) is (cents > 0)
    assert is_unpaid(reported) is (cents > 0)
    assert not may_be_succeeded(replace(reported, needs_review=True))


def test_a_person_may_say_that_it_is_back_and_only_a_person_of_old_returns() -> None:
    said = payout(State.RETURNED, return_reported_at=NOW, history=(entry(Event.RESOLVED_RETURNED),))
    assert (succession_cents(said), is_settled_by_hand(said)) == (AMOUNT, True)
    old = payout(State.RETURNED)
    assert (succession_cents(old), is_settled_by_hand(old)) == (AMOUNT, True)
    for known in ({"return_reported_at": NOW}, {"return_seen_cents": 1}):
        assert not is_settled_by_hand(payout(State.RETURNED, **known))
    assert not is_settled_by_hand(payout(State.COMPLETED))


def test_of_what_else_a_person_may_say_nothing_makes_a_reported_return_payable() -> None:
    for event in Event:
        told = payout(State.RETURNED, return_reported_at=NOW, history=(entry(event),))
        assert succession_cents(told) == (AMOUNT if event is Event.RESOLVED_RETURNED else 0)


@pytest.mark.parametrize(
    ("state", "seen", "claimed", "left"),
    [
        (State.COMPLETED, 300, 300, 0),
        (State.COMPLETED, 301, 300, 1),
        (State.COMPLETED, 299, 300, 0),
        (State.RETURNED, AMOUNT, 300, AMOUNT - 300),
        (State.RETURNED, AMOUNT, AMOUNT, 0),
        (State.FAILED, 0, AMOUNT, 0),
        # A row of before there were parts: its successor is to pay all.
        (State.RETURNED, AMOUNT, 0, 0),
    ],
)
def test_what_has_a_successor_can_be_paid_again_only_beyond_what_that_is_to_pay(
    state: State, seen: int, claimed: int, left: int
) -> None:
    old = payout(state, return_seen_cents=seen, succeeded_by="1", succeeded_cents=claimed)
    assert succession_cents(old) == left
    assert may_be_succeeded(old) is (left > 0)
    assert is_unpaid(old)
    assert not is_unpaid(replace(old, needs_review=True))


def test_each_part_that_came_back_has_a_successor() -> None:
    parts = [payout(transaction_id=f"part {n}", amount_cents=n) for n in (1, 2, 3)]
    old = payout(State.COMPLETED)
    assert is_successor(parts[0], old)
    for part in parts:
        old = replace(old, **succeeded(old, by=part))
    assert (old.succeeded_by, old.also_succeeded_by) == ("part 3", ("part 1", "part 2"))
    assert old.succeeded_cents == 6
    assert all(is_successor(part, old) for part in parts)
    assert not is_successor(payout(transaction_id="another"), old)
    assert "also_succeeded_by" not in succeeded(payout(), by=parts[0])


def test_what_monoova_may_have_heard_of_was_sent() -> None:
    assert was_sent(payout())
    assert was_sent(payout(last_sent_at=None, monoova_transaction_id="1"))
    assert not was_sent(payout(last_sent_at=None))


def test_of_a_returned_payout_the_status_api_says_nothing_that_helps() -> None:
    asked = {state for state in FINAL if needs_answer(payout(state))}
    assert asked == FINAL - {State.RETURNED, State.COMPLETED}
    assert not any(needs_answer(payout(state, last_sent_at=None)) for state in State)


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (Standing.COMPLETE, MAYBE),
        (Standing.PENDING, MAYBE),
        (Standing.REJECTED, GO),
        (Standing.DISHONOURED, GO),
        (Standing.UNCLEAR, UNCLEAR),
    ],
)
def test_an_answer_counts_the_same_at_any_time(standing: Standing, expected: Verdict) -> None:
    for at in (NOW, NOW + GRACE, NOW + 100 * GRACE):
        assert verdict(payout(), standing, at, POLICY) is expected
        assert verdict(refused(KNOWN), standing, at, POLICY) is expected


@pytest.mark.parametrize(
    ("old", "seconds"),
    [
        (refused(KNOWN), 0),
        (refused(f"FinancialValidate{KNOWN}"), 0),
        (refused("SomethingNew"), 900),
        (refused(KNOWN, ambiguous=True), 900),
        (refused(KNOWN, failure_code=FailureCode.BANK_REJECTED), 900),
        (refused(KNOWN, history=()), 900),
        (refused(KNOWN, history=(entry(Event.SEND_REFUSED),)), 900),
        (refused(KNOWN, history=(entry(Event.SEND_REFUSED, KNOWN),)), 900),
        (refused(KNOWN, history=(entry(Event.CONTRADICTED, f"refused:{KNOWN}"),)), 900),
        (payout(failure_code=FailureCode.BANK_REJECTED), 900),
        (payout(failure_code=FailureCode.RESOLVED_BY_HAND), 900),
        (payout(State.CANCELLED, failure_code=FailureCode.CANCELLED_BY_ADMIN), 900),
    ],
)
def test_that_monoova_does_not_know_it_is_believed_from_then_on(old: Payout, seconds: int) -> None:
    at = NOW + timedelta(seconds=seconds)
    assert unknown_is_believed_at(old, POLICY) == at
    assert verdict(old, Standing.UNKNOWN_REFERENCE, at, POLICY) is GO
    assert verdict(old, Standing.UNKNOWN_REFERENCE, at - SECOND, POLICY) is EARLY


def test_the_last_refusal_counts() -> None:
    history = (
        entry(Event.SEND_REFUSED, f"refused:{KNOWN}"),
        entry(Event.SEND_REFUSED, "refused:SomethingNew"),
    )
    assert unknown_is_believed_at(refused(KNOWN, history=history), POLICY) == NOW + GRACE
    assert unknown_is_believed_at(refused(KNOWN, history=history[::-1]), POLICY) == NOW


def test_without_a_time_of_sending_the_last_write_counts() -> None:
    old = payout(last_sent_at=None, monoova_transaction_id="1", updated_at=NOW + SECOND)
    assert unknown_is_believed_at(old, POLICY) == NOW + SECOND + GRACE


def test_the_table_of_refusals_knows_names_in_any_case_and_with_monoovas_prefix() -> None:
    assert is_known_refusal(KNOWN)
    assert is_known_refusal(f"FINANCIALVALIDATE{KNOWN.upper()}")
    assert not is_known_refusal("")
    assert not is_known_refusal(f"{KNOWN}2")


BY_HAND: Final = frozenset(
    {
        Event.RESOLVED_COMPLETED,
        Event.RESOLVED_FAILED,
        Event.RESOLVED_RETURNED,
        Event.RESOLVED_CANCELLED,
    }
)


def test_what_a_person_settled_is_told_by_its_history_or_its_code() -> None:
    told = {event for event in Event if is_settled_by_hand(payout(history=(entry(event),)))}
    assert told == BY_HAND
    assert is_settled_by_hand(payout(failure_code=FailureCode.RESOLVED_BY_HAND))
    assert not is_settled_by_hand(payout(failure_code=FailureCode.CANCELLED_BY_ADMIN))


def test_what_a_person_settled_needs_an_approver_whatever_the_rules_are() -> None:
    for is_known in (True, False):
        reasons = ApprovalRules().reasons(1, is_known=is_known, is_settled_by_hand=True)
        assert reasons == (ApprovalReason.SETTLED_BY_HAND,)
        assert ApprovalRules().reasons(1, is_known=is_known) == ()
    all_of_them = ApprovalRules(0, new_destinations=True)
    by_itself = tuple(each for each in ApprovalReason if each is not ApprovalReason.ABOVE_CAP)
    assert all_of_them.reasons(1, is_known=False, is_settled_by_hand=True) == by_itself


# --- a person's word: C completed, F failed, R returned, N cancelled; a allowed, p needs an
# approver, - refused.

EVENTS: Final = dict(zip("CFRN", sorted(BY_HAND, key=list(Event).index), strict=True))
WORDS: Final = {
    "a": Judgement.ALLOWED,
    "p": Judgement.NEEDS_APPROVER,
    "-": Judgement.CONTRADICTED,
}
OPEN_ONE: Final = payout(State.ACCEPTED)
FINAL_ONE: Final = payout(State.FAILED)
NEVER_SENT: Final = payout(State.QUEUED, last_sent_at=None)


@pytest.mark.parametrize(
    ("old", "standing", "expected"),
    [
        (OPEN_ONE, Standing.COMPLETE, "a - p -"),
        (OPEN_ONE, Standing.REJECTED, "- a p a"),
        (OPEN_ONE, Standing.DISHONOURED, "- a p a"),
        (OPEN_ONE, Standing.PENDING, "- - - -"),
        (OPEN_ONE, Standing.UNKNOWN_REFERENCE, "p p p p"),
        (OPEN_ONE, Standing.UNCLEAR, "p p p p"),
        (OPEN_ONE, None, "p p p p"),
        (FINAL_ONE, Standing.COMPLETE, "a p p p"),
        (FINAL_ONE, Standing.REJECTED, "p a p a"),
        (FINAL_ONE, Standing.PENDING, "- - - -"),
        (FINAL_ONE, None, "p p p p"),
        (NEVER_SENT, Standing.UNKNOWN_REFERENCE, "p p p a"),
        (NEVER_SENT, Standing.COMPLETE, "a - p -"),
        (NEVER_SENT, Standing.UNCLEAR, "p p p p"),
        (NEVER_SENT, None, "p p p p"),
    ],
)
def test_a_persons_word_is_taken_beside_monoovas(
    old: Payout, standing: Standing | None, expected: str
) -> None:
    found = [judged(old, event, standing) for event in EVENTS.values()]
    assert found == [WORDS[sign] for sign in expected.split()]
