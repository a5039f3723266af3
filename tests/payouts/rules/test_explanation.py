"""Explanations of a payout in plain words: every situation has one, and it is true."""

import itertools
import re
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from chalicelib.payouts.rules.explanation import (
    FAILURES,
    REASONS,
    REVIEWS,
    STATES,
    explained,
    settling,
)
from chalicelib.payouts.rules.payout import (
    Event,
    FailureCode,
    Kind,
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
# What a person who runs a business need not know.
JARGON: Final = re.compile(
    r"\b(API|HTTP|5xx|timeout|webhook|queue|lease|retryable|null|idempotent|uniqueReference)\b|_"
)


def test_every_word_of_the_closed_lists_is_explained() -> None:
    assert set(STATES) == set(State)
    assert set(FAILURES) == set(FailureCode)
    assert set(REVIEWS) == set(ReviewReason)


def test_every_situation_has_words_that_an_administrator_understands() -> None:
    for payout in EVERY:
        found = explained(payout)
        for text in (found.summary, found.next, found.what_to_do):
            assert text.endswith(".")
            assert text[0].isupper()
            assert "  " not in text
            assert ".." not in text
            assert not JARGON.search(text), text


# Shouted, or a name or the beginning of a sentence in small letters; `XX` is of no language.
MISSPELT: Final = re.compile(
    r"\b[A-Z]{4,}\b|[A-Z]{2,} [A-Z]{2,}|XX|\bmonoova|\bpay ?id\b|PAYID|[.] [a-z]"
)


def test_every_text_is_written_as_a_sentence_is() -> None:
    words = [
        text for group in (STATES, FAILURES, REVIEWS) for each in group.values() for text in each
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
    later = NOW + timedelta(seconds=1)
    assert explained(replace(PAYOUT, due_at=later)).next_at == later
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
