"""What each answer of Monoova proves, and that nothing else does."""

from dataclasses import replace
from typing import Final

import pytest

from chalicelib.monoova.rules.outcome import (
    Accepted,
    Answer,
    Envelope,
    NotAuthenticated,
    NotSent,
    RateLimited,
    Refused,
    Report,
    SendOutcome,
    Silence,
    Standing,
    Uncertainty,
    Unclear,
    is_answered,
    is_evidence,
    is_lock_out,
    is_login_problem,
    is_not_permitted,
    is_rate_limited,
    outcome_of_send,
    report_of,
    standing_of,
)

REFERENCE: Final = "5d1f0f4e-8f3b-4f0e-9a55-0c5b7f9c1a11"
KNOWN: Final = "FinancialValidateDisbursementNppCreditPayIdDetailsAreInvalid"
SERVER_ERROR: Final = Unclear(Uncertainty.SERVER_ERROR, may_try_again=True)


def said(
    http_status: int,
    status: str | None = "Ok",
    description: str = "",
    transaction_id: str | None = "0",
    reference: str | None = None,
    transaction_status: str | None = None,
) -> Answer:
    envelope = Envelope(status, description, transaction_id, reference, transaction_status)
    return Answer(http_status, envelope)


def sent(answer: Answer | Silence, *, in_doubt_before: bool = False) -> SendOutcome:
    return outcome_of_send(answer, REFERENCE, in_doubt_before=in_doubt_before)


@pytest.mark.parametrize(
    "answer",
    [
        said(200, "Ok", transaction_id="77"),
        said(200, "OK", transaction_id="77", reference=REFERENCE),
        said(200, "Pending", transaction_id="77"),
        said(201, "ok", transaction_id="77"),
    ],
)
@pytest.mark.parametrize("in_doubt_before", [False, True])
def test_ok_with_a_transaction_is_acceptance_doubt_or_not(
    answer: Answer, in_doubt_before: bool
) -> None:
    assert sent(answer, in_doubt_before=in_doubt_before) == Accepted("77")


@pytest.mark.parametrize(
    "answer",
    [
        said(200, "Ok"),
        said(200, "Ok", transaction_id=None),
        said(200, "Ok", transaction_id="77", reference="another"),
        said(200, "SimulatedProcessingError"),
        said(200, KNOWN),
        said(200, None, transaction_id="77"),
        said(200, "", transaction_id="77"),
        said(300, "Ok", transaction_id="77"),
        said(301, "Ok", transaction_id="77"),
        said(404, KNOWN),
        said(404, "UniqueIdNotFound"),
        said(409, "Ok"),
        said(422, KNOWN),
        said(501, KNOWN),
        said(400, "Ok"),
        said(400, "Pending"),
        said(400, None),
        said(400, ""),
        said(400, KNOWN, transaction_id="77"),
        *[Answer(code, None) for code in (200, 204, 302, 400, 403, 404, 418)],
    ],
    ids=str,
)
@pytest.mark.parametrize("in_doubt_before", [False, True])
def test_an_answer_that_is_in_no_table_proves_nothing(
    answer: Answer, in_doubt_before: bool
) -> None:
    outcome = sent(answer, in_doubt_before=in_doubt_before)
    assert isinstance(outcome, Unclear)
    assert (outcome.why, outcome.may_try_again) == (Uncertainty.UNCLEAR_ANSWER, False)


def test_an_error_under_200_is_kept_in_monoovas_own_words_for_a_person_to_judge() -> None:
    outcome = sent(said(200, "SimulatedProcessingError"))
    assert outcome == Unclear(Uncertainty.UNCLEAR_ANSWER, False, "SimulatedProcessingError")


@pytest.mark.parametrize("code", [500, 502, 503, 504])
@pytest.mark.parametrize("envelope", [None, Envelope(KNOWN, "", "0"), Envelope("Ok", "", "77")])
def test_a_server_error_may_be_tried_again_whatever_it_says(
    code: int, envelope: Envelope | None
) -> None:
    assert sent(Answer(code, envelope)) == SERVER_ERROR


@pytest.mark.parametrize("silence", [each for each in Silence if each is not Silence.NOT_SENT])
@pytest.mark.parametrize("in_doubt_before", [False, True])
def test_after_a_lost_answer_nothing_follows_at_once_and_the_doubt_keeps_its_name(
    silence: Silence, in_doubt_before: bool
) -> None:
    expected = Unclear(Uncertainty(silence.value), may_try_again=False)
    assert sent(silence, in_doubt_before=in_doubt_before) == expected


@pytest.mark.parametrize("in_doubt_before", [False, True])
def test_what_did_not_leave_us_is_no_doubt_of_its_own(in_doubt_before: bool) -> None:
    assert sent(Silence.NOT_SENT, in_doubt_before=in_doubt_before) == NotSent()


@pytest.mark.parametrize(
    ("status", "is_known"),
    [
        (KNOWN, True),
        (KNOWN.upper(), True),
        ("DisbursementNppCreditPayIdDetailsAreInvalid", True),
        ("FinancialValidateDisbursementNppCreditBankAccountDetailsAreInvalid", True),
        ("InvalidDisbursementMethod", True),
        ("RequestBodyIsNotTheExpectedType", True),
        ("InvalidTotalAmount", True),
        ("FinancialValidateInvalidTotalAmount", True),
        ("FinancialValidateTotalAmountIsMoreThanMaxTransactionLimit", True),
        ("FinancialValidateInvalidMAccount", True),
        ("SomethingUnheardOf", False),
        ("InsufficientFunds", False),
        ("FinancialValidate", False),
    ],
)
@pytest.mark.parametrize("transaction_id", ["0", None])
def test_a_400_without_a_transaction_is_a_refusal_known_or_not(
    status: str, is_known: bool, transaction_id: str | None
) -> None:
    outcome = sent(said(400, status, "in words", transaction_id))
    assert outcome == Refused(status, "in words", is_known)


@pytest.mark.parametrize("status", [KNOWN, "SomethingUnheardOf"])
def test_after_an_attempt_in_doubt_a_refusal_proves_nothing(status: str) -> None:
    expected = Unclear(Uncertainty.REFUSED_AFTER_DOUBT, False, status)
    assert sent(said(400, status), in_doubt_before=True) == expected


@pytest.mark.parametrize(
    ("status", "description"),
    [
        ("DuplicateTransaction", ""),
        ("SimulatedDuplicateReference", "used before"),
        ("UniqueReferenceInvalid", ""),
        ("UniqueIdExists", ""),
        ("Refused", "This reference was already used."),
        ("Refused", "Reference has been used"),
        ("Refused", "A reference may not be reused"),
        ("Refused", "A reference may not be re-used"),
        ("Refused", "The reference is not unique"),
        ("Refused", "The reference must be unique"),
        (KNOWN, "A duplicate of another"),
    ],
)
@pytest.mark.parametrize("in_doubt_before", [False, True])
def test_an_answer_that_mentions_a_duplicate_is_never_a_refusal(
    status: str, description: str, in_doubt_before: bool
) -> None:
    answer = said(400, status, description)
    expected = Unclear(Uncertainty.DUPLICATE_REFERENCE, False, status)
    assert sent(answer, in_doubt_before=in_doubt_before) == expected


@pytest.mark.parametrize(
    ("answer", "is_locked"),
    [
        (said(401, "MerchantFailedToLogin"), False),
        (said(400, "MerchantFailedToLogin"), False),
        (said(200, "merchantfailedtologin"), False),
        (said(500, "MerchantFailedToLogin"), False),
        (said(401, None), False),
        (Answer(401, None), False),
        (said(403, "Forbidden"), False),
        (said(401, "MerchantLockedOut"), True),
        (said(200, "MerchantLockedOut"), True),
    ],
    ids=str,
)
def test_a_login_that_failed_proves_that_nothing_moved_unless_in_doubt_before(
    answer: Answer, is_locked: bool
) -> None:
    assert sent(answer) == NotAuthenticated(is_locked)
    assert (is_login_problem(answer), is_lock_out(answer)) == (True, is_locked)
    after_doubt = Unclear(Uncertainty.NOT_AUTHENTICATED_AFTER_DOUBT, may_try_again=False)
    assert sent(answer, in_doubt_before=True) == after_doubt
    assert report_of(answer, REFERENCE) == Report(Standing.UNCLEAR)


@pytest.mark.parametrize(
    "answer", [said(200, "Ok"), said(400, KNOWN), Answer(403, None), Answer(404, None)], ids=str
)
def test_any_other_answer_is_no_login_problem(answer: Answer) -> None:
    assert (is_login_problem(answer), is_lock_out(answer)) == (False, False)


@pytest.mark.parametrize(
    ("word", "standing"),
    [
        ("Complete", Standing.COMPLETE),
        ("COMPLETE", Standing.COMPLETE),
        ("Pending", Standing.PENDING),
        ("WaitingOnClearedFunds", Standing.PENDING),
        ("Rejected", Standing.REJECTED),
        ("Dishonoured", Standing.DISHONOURED),
        ("Returned", Standing.UNCLEAR),
        ("Ok", Standing.UNCLEAR),
        ("", Standing.UNCLEAR),
        (None, Standing.UNCLEAR),
    ],
)
def test_the_status_api_is_trusted_for_known_statuses_only(
    word: str | None, standing: Standing
) -> None:
    assert standing_of(word) is standing
    answer = said(200, "Ok", "in words", reference=REFERENCE, transaction_status=word)
    assert report_of(answer, REFERENCE) == Report(standing, "in words")


def test_the_official_examples_without_an_envelope_are_understood() -> None:
    answer = said(200, None, "words", None, REFERENCE, "Complete")
    assert report_of(answer, REFERENCE) == Report(Standing.COMPLETE, "words")


@pytest.mark.parametrize("code", [200, 400, 404])
def test_an_unknown_reference_is_understood_under_any_code(code: int) -> None:
    assert report_of(said(code, "UniqueIdNotFound"), REFERENCE) == Report(
        Standing.UNKNOWN_REFERENCE
    )


@pytest.mark.parametrize(
    "answer",
    [
        *list(Silence),
        Answer(200, None),
        Answer(404, None),
        said(500, "UniqueIdNotFound"),
        said(503, "Ok", transaction_status="Complete"),
        said(400, "Ok", transaction_status="Complete"),
        said(404, "Ok", transaction_status="Rejected"),
        said(200, "Ok", reference="another", transaction_status="Complete"),
        said(200, "SimulatedProcessingError", transaction_status="Complete"),
        said(400, "UniqueIdNotFound", reference="another"),
    ],
    ids=str,
)
def test_a_status_that_is_not_clearly_about_our_reference_says_nothing(
    answer: Answer | Silence,
) -> None:
    assert report_of(answer, REFERENCE).standing is Standing.UNCLEAR


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (said(200, "Ok"), True),
        (said(400, KNOWN), True),
        (said(404, "UniqueIdNotFound"), True),
        (said(500, "Ok"), False),
        (said(503, "Ok"), False),
        (Answer(200, None), False),
        (Answer(502, None), False),
        *[(silence, False) for silence in Silence],
    ],
    ids=str,
)
def test_an_answer_in_monoovas_envelope_shows_that_monoova_is_reachable(
    answer: Answer | Silence, expected: bool
) -> None:
    assert is_answered(answer) is expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (said(200, "Ok"), True),
        (said(200, None), True),
        (said(200, "SimulatedDateIsInvalid"), False),
        (said(299, "Ok"), True),
        (said(300, "Ok"), False),
        (said(400, "Ok"), False),
        (Answer(200, None), False),
    ],
    ids=str,
)
def test_evidence_comes_only_from_a_reply_that_says_ok_or_nothing_of_itself(
    answer: Answer, expected: bool
) -> None:
    assert is_evidence(answer) is expected


@pytest.mark.parametrize(
    ("answer", "in_doubt_before", "word"),
    [
        (said(200, KNOWN), False, KNOWN),
        (said(200, None, transaction_id="77"), False, ""),
        (said(400, "SimulatedDuplicateReference"), False, "SimulatedDuplicateReference"),
        (said(400, KNOWN), True, KNOWN),
    ],
    ids=str,
)
def test_an_answer_that_proves_nothing_still_has_monoovas_words_for_a_person_to_judge(
    answer: Answer, in_doubt_before: bool, word: str
) -> None:
    outcome = sent(answer, in_doubt_before=in_doubt_before)
    assert isinstance(outcome, Unclear)
    assert outcome.said == word


@pytest.mark.parametrize(
    ("reason", "description", "is_for_funds"),
    [
        ("InsufficientFunds", "", True),
        ("INSUFFICIENT", "", True),
        ("LackOfFunds", "", True),
        ("NoFund", "", True),
        ("Refused", "Insufficient means", True),
        ("Refused", "The available balance is exceeded", True),
        ("NotEnoughMoney", "", True),
        ("Refused", "There is not enough money", True),
        ("Refused", "Refunds are not allowed here", False),
        ("RefundRefused", "", False),
        ("Refused", "Too much money", False),
        (KNOWN, "in words", False),
    ],
)
def test_a_refusal_is_for_funds_where_its_name_or_its_text_speaks_of_our_money(
    reason: str, description: str, is_for_funds: bool
) -> None:
    assert Refused(reason, description, is_known=True).is_for_funds is is_for_funds


def test_two_unclear_answers_are_the_same_whatever_words_they_came_in() -> None:
    assert Unclear(Uncertainty.TIMEOUT, True, "one") == Unclear(Uncertainty.TIMEOUT, True, "two")
    assert Unclear(Uncertainty.TIMEOUT, True).said == ""


def test_an_envelope_that_names_nothing_proves_nothing() -> None:
    bare = Envelope("Ok", "")
    assert (bare.transaction_id, bare.reference, bare.transaction_status) == (None, None, None)
    assert not bare.has_transaction
    outcome = sent(Answer(200, bare))
    assert outcome == Unclear(Uncertainty.UNCLEAR_ANSWER, may_try_again=False)


def test_a_report_without_words_has_an_empty_description() -> None:
    assert report_of(Silence.TIMEOUT, REFERENCE).description == ""


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (said(403, "Forbidden"), True),
        (Answer(403, None), True),
        (said(403, "MerchantLockedOut"), False),
        (said(403, "MerchantFailedToLogin"), False),
        (said(401, "Forbidden"), False),
        (said(404, "Forbidden"), False),
        (said(200, "Ok"), False),
    ],
    ids=str,
)
def test_a_key_without_permission_for_an_endpoint_is_distinguished_from_a_wrong_one(
    answer: Answer, expected: bool
) -> None:
    assert is_not_permitted(answer) is expected


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (Answer(429, None), None),
        (Answer(429, None, 7), 7),
        (replace(said(429, "TooManyRequests"), retry_after=0), 0),
        (said(429, "Ok", transaction_id="0"), None),
    ],
)
def test_too_many_calls_prove_that_this_one_was_not_looked_at(
    answer: Answer, seconds: int | None
) -> None:
    assert is_rate_limited(answer)
    outcome = outcome_of_send(answer, REFERENCE, in_doubt_before=False)
    assert outcome == RateLimited(seconds)
    doubtful = outcome_of_send(answer, REFERENCE, in_doubt_before=True)
    assert doubtful == Unclear(Uncertainty.UNCLEAR_ANSWER, may_try_again=False)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said(429, "Ok", transaction_id="77"), Uncertainty.UNCLEAR_ANSWER),
        (said(401, "Ok", transaction_id="77"), Uncertainty.NOT_AUTHENTICATED_AFTER_DOUBT),
    ],
)
def test_what_was_turned_away_with_a_number_may_have_been_taken(
    answer: Answer, why: Uncertainty
) -> None:
    outcome = outcome_of_send(answer, REFERENCE, in_doubt_before=False)
    assert outcome == Unclear(why, may_try_again=False)


@pytest.mark.parametrize("http", [400, 401, 403, 428, 430, 503])
def test_no_other_answer_says_that_calls_are_too_many(http: int) -> None:
    assert not is_rate_limited(Answer(http, None, 7))
