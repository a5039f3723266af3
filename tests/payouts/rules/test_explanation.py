"""Explanations of a payout in plain words: every situation has one, and it is true."""

import itertools
import re
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from chalicelib.control.rules.approval import ApprovalReason
from chalicelib.payouts.rules.explanation import (
    FAILURES,
    REASONS,
    REVIEWS,
    STATES,
    WAITS,
    explained,
    settling,
)
from chalicelib.payouts.rules.payout import (
    Event,
    FailureCode,
    Kind,
    Payout,
    QueueReason,
    ReviewReason,
    State,
    effect_of,
)
from tests.payouts.builder import NOW, a_payout

PAYOUT: Final = a_payout(due_at=NOW)
EVERY: Final = [
    replace(PAYOUT, state=state, failure_code=code, review_reason=why, needs_review=bool(why))
    for state, code, why in itertools.product(State, [None, *FailureCode], [None, *ReviewReason])
]
LATER: Final = NOW + timedelta(seconds=1)
WITHOUT_FUNDS: Final = replace(PAYOUT, waits_for=QueueReason.NO_FUNDS)
SETTLED_BY_HAND: Final = replace(
    PAYOUT,
    state=State.AWAITING_APPROVAL,
    approval_reasons=(ApprovalReason.NEW_DESTINATION, ApprovalReason.SETTLED_BY_HAND),
)
AWAITED: Final = replace(PAYOUT, state=State.COMPLETED, return_reported_at=NOW, due_at=LATER)
# Of a payment that the payee keeps, a part came back, and half of that is paid again.
RETRIED: Final = replace(
    PAYOUT,
    state=State.COMPLETED,
    due_at=None,
    return_seen_cents=100,
    succeeded_by="another",
    succeeded_cents=50,
)
SPECIAL: Final = [WITHOUT_FUNDS, SETTLED_BY_HAND, AWAITED, RETRIED]
# What a person who runs a business need not know.
JARGON: Final = re.compile(
    r"\b(API|HTTP|5xx|timeout|webhook|queue|lease|retryable|null|idempotent|uniqueReference)\b|_"
)
# Shouted, or a name or the beginning of a sentence in small letters; `XX` is of no language.
MISSPELT: Final = re.compile(
    r"\b[A-Z]{4,}\b|[A-Z]{2,} [A-Z]{2,}|XX|\bmonoova|\bpay ?id\b|PAYID|[.] [a-z]"
)


def test_every_word_of_the_closed_lists_is_explained() -> None:
    assert set(STATES) == set(State)
    assert set(WAITS) == set(QueueReason)
    assert set(FAILURES) == set(FailureCode)
    assert set(REVIEWS) == set(ReviewReason)


def test_every_situation_has_words_that_an_administrator_understands() -> None:
    for payout in [*EVERY, *SPECIAL]:
        found = explained(payout)
        for text in (found.summary, found.next, found.what_to_do):
            assert not MISSPELT.search(text), text
            assert text.endswith(".")
            assert text[0].isupper()
            assert "  " not in text
            assert ".." not in text
            assert not JARGON.search(text), text


def test_every_text_is_written_as_a_sentence_is() -> None:
    words = [
        text
        for group in (STATES, WAITS, FAILURES, REVIEWS)
        for each in group.values()
        for text in each
    ]
    for text in [*words, *REASONS.values(), *(settling(state) for state in State)]:
        assert not MISSPELT.search(text), text
        assert text[0].isupper()
        assert text.endswith(".")


def test_only_what_is_over_says_so() -> None:
    for payout in EVERY:
        if not payout.needs_review:
            is_over = "finished" in explained(payout).next
            assert is_over == payout.state.is_final


def test_no_explanation_advises_to_retry_what_may_have_been_paid() -> None:
    for payout in EVERY:
        words = explained(payout).what_to_do
        if payout.needs_review or not payout.state.is_final or payout.state is State.COMPLETED:
            assert payout.failure_code or "retry" not in words


@pytest.mark.parametrize("state", [State.SENDING, State.ACCEPTED, State.UNRESOLVED])
def test_the_explanation_of_an_open_payment_advises_not_to_pay_by_other_means(state: State) -> None:
    assert "not pay by other means" in explained(replace(PAYOUT, state=state)).what_to_do


def test_where_the_details_are_wrong_a_new_payment_is_advised_since_a_retry_has_the_same() -> None:
    for state, code in (
        (State.RETURNED, FailureCode.RETURNED),
        (State.CANCELLED, FailureCode.DESTINATION_GONE),
        (State.FAILED, FailureCode.BANK_REJECTED),
    ):
        words = explained(replace(PAYOUT, state=state, failure_code=code)).what_to_do
        assert "make a new payment" in words


def test_an_open_payout_says_when_it_is_looked_up_next_and_a_final_one_does_not() -> None:
    assert explained(replace(PAYOUT, due_at=LATER)).next_at == LATER
    assert explained(replace(PAYOUT, state=State.ACCEPTED)).next_at == NOW
    # It goes as soon as it may, and there is no time for that.
    assert explained(PAYOUT).next_at is None
    assert explained(replace(PAYOUT, state=State.COMPLETED, due_at=None)).next_at is None


def test_the_code_explains_a_payout_that_is_over_and_not_one_that_is_not() -> None:
    failed = replace(PAYOUT, state=State.FAILED, failure_code=FailureCode.BANK_REJECTED)
    assert explained(failed).summary.startswith("The payee's bank refused")
    queued = replace(PAYOUT, failure_code=FailureCode.BANK_REJECTED)
    assert explained(queued).summary == STATES[State.QUEUED].summary
    assert explained(replace(PAYOUT, state=State.FAILED)).summary == STATES[State.FAILED].summary


def test_a_reason_that_was_given_is_quoted() -> None:
    failed = replace(
        PAYOUT,
        state=State.FAILED,
        failure_code=FailureCode.RESOLVED_BY_HAND,
        failure_reason="account closed says the bank",
    )
    assert explained(failed).summary.endswith("The reason given: “account closed says the bank”.")
    # A person's own words are no bank's.
    assert explained(failed).what_to_do == FAILURES[FailureCode.RESOLVED_BY_HAND].what_to_do


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("SimulatedInsufficientFunds", "insufficient"),
        ("TotalAmountIsMoreThanMaxTransactionLimit", "limit"),
        ("ACCOUNT CLOSED", "closed"),
        ("FinancialValidateDisbursementNppCreditPayIdDetailsAreInvalid", "payid"),
        ("InvalidMAccount", "maccount"),
        ("Customer deceased", "deceased"),
    ],
)
def test_a_reason_in_a_banks_words_is_explained_in_ours(reason: str, word: str) -> None:
    failed = replace(
        PAYOUT,
        state=State.FAILED,
        failure_code=FailureCode.MONOOVA_REFUSED,
        failure_reason=reason,
    )
    assert explained(failed).what_to_do == REASONS[word]
    other = replace(failed, failure_reason="ForReasonsOfOurOwn")
    assert explained(other).what_to_do == FAILURES[FailureCode.MONOOVA_REFUSED].what_to_do


def test_what_needs_review_says_its_status_why_and_how_it_is_resolved() -> None:
    payout = replace(
        PAYOUT,
        state=State.UNRESOLVED,
        needs_review=True,
        review_reason=ReviewReason.OUTCOME_UNKNOWN,
    )
    found = explained(payout)
    assert found.summary.startswith(STATES[State.UNRESOLVED].summary)
    assert "Monoova does not know this payment" in found.summary
    assert "nothing is sent again" in found.next
    assert "resolve it as Completed or Failed" in found.what_to_do
    assert "Never choose Failed for what Monoova has booked" in found.what_to_do


def test_a_review_without_a_known_reason_is_still_explained() -> None:
    assert "person has to decide" in explained(replace(PAYOUT, needs_review=True)).summary


@pytest.mark.parametrize("state", State)
def test_a_settlement_is_offered_exactly_where_the_life_cycle_allows_it(state: State) -> None:
    events = {
        "Completed": Event.RESOLVED_COMPLETED,
        "Failed": Event.RESOLVED_FAILED,
        "Returned": Event.RESOLVED_RETURNED,
        "Cancelled": Event.RESOLVED_CANCELLED,
    }
    offered = set(re.findall(r"[A-Z][a-z]+", settling(state).partition(",")[0])) & set(events)
    assert offered == {
        word for word, event in events.items() if effect_of(state, event).kind is not Kind.FORBIDDEN
    }
    assert ("Never choose Failed" in settling(state)) == ("Failed" in offered)


def test_what_a_queued_payout_waits_for_is_said_and_of_others_nothing_is() -> None:
    assert explained(WITHOUT_FUNDS).summary == WAITS[QueueReason.NO_FUNDS].summary
    assert "Top up" in explained(WITHOUT_FUNDS).what_to_do
    for state in set(State) - {State.QUEUED}:
        sent = replace(WITHOUT_FUNDS, state=state)
        assert explained(sent).summary == STATES[state].summary
    assert explained(PAYOUT).summary == STATES[State.QUEUED].summary


def test_an_approver_is_told_of_an_earlier_one_that_only_a_person_settled() -> None:
    own = STATES[State.AWAITING_APPROVAL].summary
    said = explained(SETTLED_BY_HAND).summary
    assert said.startswith(f"{own} It is to be paid in place of an earlier one")
    other = replace(SETTLED_BY_HAND, approval_reasons=(ApprovalReason.NEW_DESTINATION,))
    assert explained(other).summary == own
    approved = replace(SETTLED_BY_HAND, state=State.QUEUED)
    assert explained(approved).summary == STATES[State.QUEUED].summary


def test_money_that_was_reported_back_is_said_to_be_looked_for_until_the_account_shows_it() -> None:
    own, found = STATES[State.COMPLETED], explained(AWAITED)
    assert found.summary.startswith(f"{own.summary} Monoova reported a return")
    assert found.next.startswith("We look for it")
    assert (found.next_at, found.what_to_do) == (LATER, own.what_to_do)


@pytest.mark.parametrize(
    "payout",
    [
        replace(AWAITED, return_seen_at=NOW),
        replace(AWAITED, return_reported_at=None),
        replace(AWAITED, due_at=None),
        replace(AWAITED, state=State.ACCEPTED),
    ],
    ids=["seen", "not reported", "given up", "open"],
)
def test_money_that_is_not_awaited_is_not_said_to_be_looked_for(payout: Payout) -> None:
    own = STATES[payout.state]
    assert explained(payout)[:2] == (own.summary, own.next)


def test_what_was_retried_names_the_payment_and_says_what_can_be_retried_still() -> None:
    see = "It was retried already, as the payment another: see there."
    all_of_it = replace(RETRIED, succeeded_cents=100)
    assert explained(all_of_it).what_to_do == see
    more = "What came back since can be retried as well."
    assert explained(RETRIED).what_to_do == f"{see} {more}"
