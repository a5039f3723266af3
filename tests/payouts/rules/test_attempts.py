"""What is kept of the attempts of one request, and what they do to the payout."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import pytest

from chalicelib.monoova.rules.outcome import (
    Accepted,
    NotSent,
    Report,
    Reported,
    Standing,
    Uncertainty,
    Unclear,
)
from chalicelib.payouts.rules.attempts import (
    NO_ATTEMPTS,
    Attempts,
    evidence_of_acceptance,
    has_two_numbers,
    with_attempts,
)
from chalicelib.payouts.rules.decisions import after_send
from chalicelib.payouts.rules.payout import (
    MOST_HISTORY_ENTRIES,
    NO_CHANGE,
    Change,
    Event,
    FailureCode,
    HistoryEntry,
    Payout,
    State,
)
from chalicelib.payouts.rules.schedule import Policy, second_report_at
from tests.payouts.builder import NOW
from tests.payouts.rules.test_decisions import last_entries
from tests.payouts.rules.test_life_cycle import LATER, payout_in

POLICY: Final = Policy()
FIRST_LOOK: Final = LATER + timedelta(seconds=60)
ENTRY: Final = HistoryEntry(NOW, "SendUnclear", State.UNRESOLVED, "admin", "Timeout")


def sending(**fields: object) -> Payout:
    return replace(payout_in(State.SENDING), last_sent_at=NOW, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("endings", "words"),
    [
        ((), None),
        (("Ok",), None),
        (("HTTP 503", "Ok"), "2 attempts: HTTP 503, Ok"),
        (("NotSent", "NotSent", "Ok"), "3 attempts: NotSent, NotSent, Ok"),
    ],
)
def test_one_attempt_needs_no_words(endings: tuple[str, ...], words: str | None) -> None:
    assert Attempts(endings).words == words


def test_where_nothing_was_tried_nothing_is_known() -> None:
    assert Attempts(endings=(), doubt_at=None, numbers=frozenset()) == NO_ATTEMPTS


def test_without_attempts_a_change_is_as_it_was() -> None:
    change = Change({"looks": 1}, (ENTRY,))
    assert with_attempts(sending(attempts=2), change, NO_ATTEMPTS) is change


def test_attempts_are_counted_and_told_in_the_last_entry() -> None:
    change = Change({"looks": 1}, (replace(ENTRY, detail=None), ENTRY))
    told = with_attempts(sending(attempts=2), change, Attempts(("HTTP 500", "Timeout"), NOW))
    assert told.fields == {"looks": 1, "attempts": 4, "ambiguous": True, "doubt_since": NOW}
    words = "2 attempts: HTTP 500, Timeout"
    assert [entry.detail for entry in told.entries] == [None, f"Timeout; {words}"]
    alone = with_attempts(sending(), Change({}, change.entries[:1]), Attempts(("a", "b")))
    assert alone.entries[0].detail == "2 attempts: a, b"


def test_the_first_doubt_stays_the_first() -> None:
    told = with_attempts(sending(doubt_since=NOW), Change({"looks": 1}), Attempts(("x",), LATER))
    assert told.fields["doubt_since"] == NOW


def test_one_attempt_without_doubt_is_counted_and_nothing_is_told() -> None:
    told = with_attempts(sending(), Change({"looks": 1}, (ENTRY,)), Attempts(("Ok",)))
    assert told == Change({"looks": 1, "attempts": 1}, (ENTRY,))


def test_nothing_is_written_for_one_attempt_alone() -> None:
    assert with_attempts(sending(), NO_CHANGE, Attempts(("Ok",))) is NO_CHANGE
    more = with_attempts(sending(), NO_CHANGE, Attempts(("HTTP 503", "Ok"), NOW))
    assert more.fields == {"attempts": 2, "ambiguous": True, "doubt_since": NOW}
    assert more.entries == ()


@pytest.mark.parametrize(
    ("evidence", "numbers", "is_two"),
    [
        ((), (), False),
        ((), ("7",), False),
        ((), ("7", "8"), True),
        (("accepted:7",), (), False),
        (("accepted:7",), ("7",), False),
        (("accepted:7",), ("8",), True),
        (("accepted:7", "accepted:8"), (), True),
        (("status:Pending", "PaymentSuccessful:100:9", None), ("8",), False),
    ],
)
def test_two_numbers_in_answers_of_execute_are_two_bookings(
    evidence: tuple[str | None, ...], numbers: tuple[str, ...], is_two: bool
) -> None:
    history = tuple(replace(ENTRY, evidence=each) for each in evidence)
    attempts = Attempts(("x",), numbers=frozenset(numbers))
    assert has_two_numbers(sending(history=history), attempts) is is_two


def heard_of(event: Event, evidence: str | None = None) -> Payout:
    entry = HistoryEntry(NOW, event, State.QUEUED, "admin", evidence=evidence)
    claimed = HistoryEntry(NOW, Event.CLAIMED, State.SENDING, "admin")
    return replace(sending(), history=(entry, claimed), history_size=2)


@pytest.mark.parametrize(
    ("payout", "is_kept"),
    [
        (heard_of(Event.SEND_NOT_AUTHENTICATED), True),
        (heard_of(Event.SEND_RATE_LIMITED), True),
        (heard_of(Event.WITHOUT_FUNDS, "refused:NoMoney"), True),
        (heard_of(Event.WITHOUT_FUNDS), False),
        (heard_of(Event.NOT_SENT, "any"), False),
        (heard_of(Event.CLAIMED), False),
        (heard_of(Event.RETRIED, "another"), False),
        (replace(sending(), history_size=MOST_HISTORY_ENTRIES + 1), True),
        (replace(sending(), history_size=MOST_HISTORY_ENTRIES), True),
        (replace(sending(), history_size=MOST_HISTORY_ENTRIES - 1), False),
    ],
)
def test_what_monoova_has_answered_before_stays_sent_though_the_next_attempt_was_not(
    payout: Payout, is_kept: bool
) -> None:
    change = after_send(payout, NotSent(), LATER, "admin", POLICY)
    assert change.fields["state"] is State.QUEUED
    assert ("last_sent_at" not in change.fields) is is_kept


def test_an_acceptance_is_told_by_its_evidence() -> None:
    change = after_send(sending(), Accepted("77"), LATER, "admin", POLICY)
    assert change.entries[0].evidence == evidence_of_acceptance("77") == "accepted:77"


# --- what was not sent


@pytest.mark.parametrize(
    ("attempts", "counted", "words"),
    [
        (NO_ATTEMPTS, {}, None),
        (
            Attempts(("NotSent",) * 4),
            {"attempts": 4},
            "4 attempts: NotSent, NotSent, NotSent, NotSent",
        ),
    ],
)
def test_what_was_not_sent_goes_back_as_if_it_had_never_been_tried(
    attempts: Attempts, counted: dict[str, int], words: str | None
) -> None:
    change = after_send(sending(looks=3), NotSent(), LATER, "admin", POLICY, attempts)
    assert change.fields == {
        "state": State.QUEUED,
        "lease_id": None,
        "last_sent_at": None,
        "due_at": FIRST_LOOK,
        **counted,
    }
    assert last_entries(change) == (("NotSent", "admin", words, None),)


@pytest.mark.parametrize(("resends", "left"), [(2, 1), (1, 0), (0, 0)])
def test_a_resend_that_was_not_sent_stays_in_doubt_and_does_not_count(
    resends: int, left: int
) -> None:
    payout = sending(ambiguous=True, doubt_since=NOW, resends=resends, looks=3)
    change = after_send(payout, NotSent(), LATER, "admin", POLICY)
    assert change.fields == {
        "state": State.UNRESOLVED,
        "ambiguous": True,
        "doubt_since": NOW,
        "lease_id": None,
        "looks": 0,
        "due_at": FIRST_LOOK,
        "resends": left,
    }
    assert last_entries(change) == (("SendUnclear", "admin", "NotSentAfterDoubt", None),)


def test_what_was_not_sent_says_nothing_once_the_lease_has_run_out() -> None:
    for ambiguous in (True, False):
        payout = replace(
            payout_in(State.UNRESOLVED), ambiguous=ambiguous, resends=1, last_sent_at=NOW
        )
        assert after_send(payout, NotSent(), LATER, "admin", POLICY).is_empty


# --- what the status API knew between two attempts


@pytest.mark.parametrize("standing", [Standing.PENDING, Standing.COMPLETE])
def test_what_monoova_knows_already_is_accepted(standing: Standing) -> None:
    known = Reported(Report(standing))
    change = after_send(sending(looks=3), known, LATER, "admin", POLICY)
    assert change.fields == {
        "state": State.ACCEPTED,
        "lease_id": None,
        "looks": 0,
        "due_at": FIRST_LOOK,
    }
    words = (f"status API: {standing}", f"status:{standing}")
    assert last_entries(change) == (("SendAccepted", "admin", *words),)


@pytest.mark.parametrize(
    ("standing", "code"),
    [
        (Standing.REJECTED, FailureCode.BANK_REJECTED),
        (Standing.DISHONOURED, FailureCode.DISHONOURED),
    ],
)
def test_what_ended_unpaid_already_is_failed(standing: Standing, code: FailureCode) -> None:
    known = Reported(Report(standing, "no such account"))
    change = after_send(sending(), known, LATER, "admin", POLICY)
    assert change.fields == {
        "state": State.FAILED,
        "due_at": None,
        "lease_id": None,
        "failure_code": code,
        "failure_reason": "no such account",
    }
    words = (f"status API: {standing}", f"status:{standing}")
    assert last_entries(change) == (("SettledRejected", "admin", *words),)


def test_doubt_of_a_later_attempt_keeps_the_time_of_the_first() -> None:
    unclear = Unclear(Uncertainty.SERVER_ERROR, may_try_again=True)
    payout = sending(ambiguous=True, doubt_since=NOW)
    change = after_send(payout, unclear, LATER, "admin", POLICY, Attempts(("HTTP 503",), LATER))
    assert change.fields["doubt_since"] == NOW


def test_two_reports_lie_five_minutes_apart() -> None:
    at: datetime = NOW
    assert second_report_at(at) - at == timedelta(minutes=5)
