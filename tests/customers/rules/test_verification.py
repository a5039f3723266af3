"""What Monoova's answers prove of a verification and of a branch, and what follows from it."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from chalicelib.customers.rules.verification import (
    NOT_STARTED,
    Verification,
    VerificationStatus,
    is_payable,
    started,
    turned,
    under_way,
)
from chalicelib.monoova.rules.branch import NOT_TOLD, Branch, BranchStanding, branch_of
from chalicelib.monoova.rules.outcome import Answer, Envelope, Silence
from chalicelib.monoova.rules.verification_answer import (
    CodeAnswer,
    StartAnswer,
    code_answer,
    start_answer,
)

NOW: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def answered(status: str | None, http: int = 400) -> Answer:
    return Answer(http, Envelope(status, ""))


HTML: Final = Answer(404, None)
TOKEN: Final = "t-1"


@pytest.mark.parametrize(
    ("answer", "token", "meaning"),
    [
        (answered("Ok", 200), TOKEN, StartAnswer.PAID),
        (answered("Ok", 299), TOKEN, StartAnswer.PAID),
        (answered("Ok", 300), TOKEN, StartAnswer.UNCLEAR),
        (answered("OK", 200), None, StartAnswer.UNCLEAR),
        (answered("VerifyBankDetailsAreInvalid"), None, StartAnswer.REFUSED),
        (answered("RequestBodyIsNotTheExpectedType"), None, StartAnswer.REFUSED),
        (answered("VerifyBankDetailsAreInvalid"), TOKEN, StartAnswer.UNCLEAR),
        (answered("InvalidAlreadySent"), None, StartAnswer.UNCLEAR),
        (answered("VerifyBankDetailsAreInvalid", 500), None, StartAnswer.UNCLEAR),
        (answered("VerifyBankDetailsAreInvalid", 200), None, StartAnswer.UNCLEAR),
        (answered("VERIFYNOTVALID"), None, StartAnswer.REFUSED),
        (answered("INVALIDDUPLICATE"), None, StartAnswer.UNCLEAR),
        (answered("Whatever"), None, StartAnswer.UNCLEAR),
        (answered(None), None, StartAnswer.UNCLEAR),
        (answered("MerchantFailedToLogin"), None, StartAnswer.NOT_LET_IN),
        (HTML, None, StartAnswer.UNCLEAR),
        (Answer(200, None), None, StartAnswer.UNCLEAR),
        (Answer(400, None), None, StartAnswer.UNCLEAR),
        (Silence.TIMEOUT, None, StartAnswer.UNCLEAR),
    ],
)
def test_only_a_clear_answer_says_that_the_cent_was_paid_or_refused(
    answer: Answer | Silence, token: str | None, meaning: StartAnswer
) -> None:
    assert start_answer(answer, token) is meaning


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (answered("Ok", 200), CodeAnswer.RIGHT),
        (answered("Ok", 299), CodeAnswer.RIGHT),
        (answered("Ok", 300), CodeAnswer.UNCLEAR),
        (answered("Pending", 200), CodeAnswer.UNCLEAR),
        (answered("VerificationCodeInvalid"), CodeAnswer.WRONG),
        (answered("IncorrectCode"), CodeAnswer.WRONG),
        (answered("TokenLockedOut"), CodeAnswer.LOCKED),
        (answered("TokenLockedOut", 500), CodeAnswer.UNCLEAR),
        (answered(None), CodeAnswer.UNCLEAR),
        (answered(None, 200), CodeAnswer.UNCLEAR),
        (answered("SomethingElse"), CodeAnswer.UNCLEAR),
        (answered("MerchantLockedOut"), CodeAnswer.UNCLEAR),
        (HTML, CodeAnswer.UNCLEAR),
        (Answer(200, None), CodeAnswer.UNCLEAR),
        (Answer(400, None), CodeAnswer.UNCLEAR),
        (Silence.CUT_OFF, CodeAnswer.UNCLEAR),
    ],
)
def test_only_a_clear_answer_says_what_a_code_is(
    answer: Answer | Silence, meaning: CodeAnswer
) -> None:
    assert code_answer(answer) is meaning


@pytest.mark.parametrize(
    ("answer", "closed", "standing"),
    [
        (answered("Ok", 200), False, BranchStanding.OPEN),
        (answered("Ok", 200), True, BranchStanding.CLOSED),
        (answered("Ok", 299), True, BranchStanding.CLOSED),
        (answered("Ok", 300), True, BranchStanding.NOT_TOLD),
        (answered("Ok", 200), None, BranchStanding.NOT_TOLD),
        (answered("Ok", 200), "true", BranchStanding.NOT_TOLD),
        (answered("Ok", 400), True, BranchStanding.NOT_TOLD),
        (answered("BsbNotFound"), None, BranchStanding.UNKNOWN),
        (answered("InvalidBsb"), None, BranchStanding.UNKNOWN),
        (answered("NotFound"), None, BranchStanding.NOT_TOLD),
        (answered("BsbNotFound", 404), None, BranchStanding.NOT_TOLD),
        (answered("MerchantFailedToLogin"), None, BranchStanding.NOT_TOLD),
        (answered(None), None, BranchStanding.NOT_TOLD),
        (HTML, True, BranchStanding.NOT_TOLD),
        (Silence.CONNECTION_FAILED, None, BranchStanding.NOT_TOLD),
    ],
)
def test_what_is_not_understood_says_nothing_against_a_branch(
    answer: Answer | Silence, closed: object, standing: BranchStanding
) -> None:
    branch = branch_of(answer, closed=closed, address="")
    assert branch.standing is standing
    against = standing in (BranchStanding.CLOSED, BranchStanding.UNKNOWN)
    assert (branch.problem is not None) == against
    assert branch.is_open == (standing is BranchStanding.OPEN)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("Refer to\n BSB  802-985", "This branch is closed. Monoova says: Refer to BSB 802-985"),
        ("x" * 5000, "This branch is closed. Monoova says: " + "x" * 100),
        (" " * 999 + "x", "This branch is closed. Monoova says: x"),
        (" " * 1000 + "x", "This branch is closed."),
        ("802\x00985\u202e", "This branch is closed. Monoova says: 802 985"),
        (None, "This branch is closed."),
        (["802-985"], "This branch is closed."),
    ],
)
def test_what_monoova_says_of_a_closed_branch_is_one_short_line(
    address: object, message: str
) -> None:
    branch = branch_of(answered("Ok", 200), closed=True, address=address)
    assert branch.problem == message


def test_only_a_branch_that_does_not_exist_is_explained_in_words() -> None:
    unknown = branch_of(answered("BsbNotFound"), closed=None, address="802-985")
    assert unknown.problem == "There is no branch with this BSB."
    assert Branch(BranchStanding.CLOSED).problem == "This branch is closed."
    assert (unknown.address, NOT_TOLD.address, NOT_TOLD.problem) == ("", "", None)


def test_the_statuses_are_those_of_the_api() -> None:
    words = ["NotStarted", "Started", "Verified", "Failed", "Locked"]
    assert [status.value for status in VerificationStatus] == words


def test_what_was_not_started_has_no_times_and_what_was_has_those_of_its_start() -> None:
    assert Verification(VerificationStatus.NOT_STARTED, None, None, None) == NOT_STARTED
    assert started(NOW) == Verification(VerificationStatus.STARTED, NOW, None, NOW)


def test_a_verification_that_was_started_may_be_started_anew_ten_minutes_later() -> None:
    begun = started(NOW)
    later = NOW + timedelta(minutes=10)
    assert under_way(begun, owner_name_matches=True).may_start_anew_at() == later
    assert under_way(begun, owner_name_matches=False).owner_name_matches is False
    assert NOT_STARTED.may_start_anew_at() is None
    assert begun.may_start_anew_at() == later
    assert turned(begun, VerificationStatus.LOCKED, NOW).may_start_anew_at() == later
    assert turned(begun, VerificationStatus.FAILED, NOW).may_start_anew_at() is None


def test_a_lock_ends_after_an_hour_and_an_unchanged_status_keeps_its_time() -> None:
    locked = turned(started(NOW), VerificationStatus.LOCKED, NOW)
    assert locked.is_locked(NOW + timedelta(minutes=59))
    assert not locked.is_locked(NOW + timedelta(minutes=60))
    assert not started(NOW).is_locked(NOW)
    soon, later = NOW + timedelta(minutes=59), NOW + timedelta(hours=2)
    assert turned(locked, VerificationStatus.LOCKED, soon) is locked
    # Locked anew after its hour, it is locked for another.
    assert turned(locked, VerificationStatus.LOCKED, later).is_locked(later + timedelta(minutes=59))


@pytest.mark.parametrize("status", VerificationStatus)
def test_where_it_is_required_only_verified_is_paid(status: VerificationStatus) -> None:
    verification = turned(started(NOW), status, NOW)
    assert is_payable(verification, requires_verified=False)
    assert is_payable(verification, requires_verified=True) == (status == "Verified")
