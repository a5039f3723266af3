"""What is paid again, what needs approval, what has a limit: each way to break it is caught."""

from pathlib import Path
from typing import Any

import pytest

from proof.checker.reading import read_run
from proof.checker.records import InputError
from proof.checker.verdict import violations_in
from tests.proof.checker.good_run import Evidence, good_run
from tests.proof.checker.spoiling import (
    Spoil,
    add_payout,
    answer,
    approved_by,
    ask_too,
    both,
    change,
    change_history,
    credit,
    lied_about,
    resolved,
    ruled,
    sent,
    uploaded,
    without_movement,
)

_ROW = {"customer_id": "c-1", "amount": "70.00", "description": "row 1-1"}
_OF_A_FILE = {"batch_id": "b1", "description": "row 1-1"}
_APPROVED = both(approved_by("p7", "bob"), change("p7", **_OF_A_FILE))
_FILED = both(
    _APPROVED,
    uploaded("b1", _ROW),
    # It was asked for by the file then, and not by a request of its own.
    lambda run: run.line("asked", ask="a7").update(path="/payouts/validate"),
)
_TWICE = both(
    _FILED,
    add_payout("p11", "p7", batch_id="b2"),
    sent("p11", "70.0000"),
)
_SETTLED_BY_HAND = resolved("p3", "ResolvedFailed", at="2026-03-02T01:05:00Z")


def _questions_fail(*, until: str) -> Spoil:
    return lambda run: run.insert_before_quiet(
        {"kind": "fault", "what": "questions fail", "at": "2026-03-02T01:00:00Z"},
        {"kind": "fault", "what": "questions are answered", "at": until},
    )


_KEPT_WAITING = change_history(
    "p5", 0, status="Queued", submission=None, detail="waits: CircuitOpen"
)


def put(promise: str, words: str, spoil: Spoil, name: str) -> object:
    return pytest.param(promise, words, spoil, id=f"{promise} {name}")


BROKEN = [
    put(
        "P1",
        "60.0000 was sent for 30.00 that is owed once",
        without_movement("rejection_credit", "p3"),
        "a payout was paid again, and the first one was not given back",
    ),
    put(
        "P1",
        "was sent for 30.00 that is owed once",
        both(
            add_payout("p11", "p6", retry_of="p6"),
            sent("p11", "30.0000"),
        ),
        "the third of a line pays beside the second",
    ),
    put(
        "P1",
        "was sent for 30.00 that is owed once",
        both(
            without_movement("rejection_credit", "p3"),
            credit("p3", "30.0000"),
        ),
        "a payout was paid again before the first one was given back",
    ),
    put(
        "P1",
        "140.0000 was sent for 70.00 that is owed once",
        _TWICE,
        "the row of a file was paid by the file and by another",
    ),
    put(
        "P1",
        "140.0000 was sent for 70.00 that is owed once",
        both(_TWICE, uploaded("b1", _ROW, name="b-again")),
        "a file that was asked for twice and taken once was paid twice",
    ),
    put(
        "P1",
        "a payout of a batch stands in no file",
        both(_FILED, change("p7", description="row 9-9")),
        "a payout of a batch of another description",
    ),
    put(
        "P1",
        "another amount than the file's",
        both(_APPROVED, uploaded("b1", _ROW | {"amount": "71.00"})),
        "a row was paid with another amount",
    ),
    put(
        "P2",
        "kept waiting, though only questions failed",
        both(_KEPT_WAITING, _questions_fail(until="2026-03-02T01:30:00Z")),
        "a payout that waited for an open circuit while Monoova took payouts",
    ),
    put(
        "P3",
        "said to be accepted, and never booked",
        both(without_movement("debit", "p1"), without_movement("fee", "p1")),
        "an acceptance without a booking",
    ),
    put(
        "P3",
        "Failed for want of funds",
        change_history("p2", 1, detail="SimulatedInsufficientFunds: not enough money"),
        "a refusal for want of funds that ended the payout",
    ),
    put(
        "P6",
        "435.50 for one account without approval, above 400.00",
        ruled(approval_above="400.00"),
        "many amounts below the threshold",
    ),
    put(
        "P3",
        "30.00 is said to have come back, and 0 has",
        change("p1", returned_amount="30.00"),
        "a part is said to have come back",
    ),
    put(
        "P3",
        "Returned, but booked 1 times",
        without_movement("return_credit", "p4"),
        "Returned, and no credit in the book",
    ),
    put(
        "P3",
        "Failed, but booked 1 times",
        both(without_movement("rejection_credit", "p3"), lied_about("p3", "unsigned")),
        "a lie without a signature was believed",
    ),
    put(
        "P6",
        "paid without approval: it is above 100.00",
        ruled(approval_above="100.00"),
        "an amount above the threshold",
    ),
    put(
        "P6",
        "paid without approval: its destination was approved by no one before",
        ruled(approves_new_destinations=True),
        "a destination that was not approved",
    ),
    put(
        "P6",
        "its destination was approved by no one before",
        both(
            ruled(approves_new_destinations=True),
            approved_by("p10", "bob", at="2026-03-02T01:20:00Z"),
        ),
        "a destination that was approved later",
    ),
    put(
        "P6",
        "approved by the person who asked for it",
        approved_by("p1", "monoova"),
        "the maker is the checker",
    ),
    put(
        "P6",
        "paid without approval: it is a row of a file",
        both(uploaded("b1", _ROW), change("p7", **_OF_A_FILE)),
        "a row of a file that was not approved",
    ),
    put(
        "P6",
        "a person has said that the one before it was not paid",
        _SETTLED_BY_HAND,
        "a second payment after a person's word",
    ),
    put(
        "P6",
        "475.50 in total, of which 475.00 may leave in a day",
        ruled(limit_in_total="475.00"),
        "the limit of the day",
    ),
    put(
        "P6",
        "for one customer, of which 475.00 may leave",
        ruled(limit_per_customer="475.00"),
        "the limit of a customer",
    ),
    put(
        "P6",
        "435.50 for one account, of which 435.00 may leave",
        ruled(limit_per_account="435.00"),
        "the limit of an account",
    ),
    put(
        "P6",
        "for one account, of which 435.00 may leave",
        both(
            ruled(limit_per_account="435.00"),
            change("p1", destination_id="d-jo-again"),
            lambda run: run.secrets["payee_of_destination"].update(
                {"d-jo-again": run.secrets["payee_of_destination"]["d-jo"]}
            ),
        ),
        "the limit of an account that has two destinations",
    ),
    put(
        "P6",
        "for one maker, of which 475.00 may leave",
        ruled(limit_per_maker="475.00"),
        "the limit of a maker",
    ),
]

HELD = [
    pytest.param(
        both(_KEPT_WAITING, _questions_fail(until="2026-03-02T01:00:01Z")),
        id="a payout that waited for an open circuit, and not because questions failed",
    ),
    pytest.param(_FILED, id="a row of a file that was approved and paid once"),
    pytest.param(
        both(_TWICE, uploaded("b2", _ROW, name="b-again")),
        id="the same rows were meant twice, and taken as two files",
    ),
    pytest.param(
        ruled(
            approval_above="475.50",
            limit_in_total="475.50",
            limit_per_customer="475.50",
            limit_per_account="435.50",
            limit_per_maker="475.50",
        ),
        id="limits and a threshold that are just reached",
    ),
    pytest.param(
        # Without the approved one, the day comes to just this.
        both(ruled(approval_above="350.00"), approved_by("p1", "bob")),
        id="what needs approval was approved",
    ),
    pytest.param(
        both(
            ruled(limit_in_total="475.00"),
            approved_by("p1", "bob", at="2026-03-02T13:00:00Z"),
        ),
        id="what was approved after midnight in Sydney counts on the next day",
    ),
    pytest.param(
        both(ruled(limit_in_total="475.00"), change("p1", created_at="2026-03-02T13:00:00Z")),
        id="a row that became a payout after midnight in Sydney counts on the next day",
    ),
    pytest.param(
        both(_SETTLED_BY_HAND, approved_by("p6", "bob")),
        id="a second payment after a person's word that another one approved",
    ),
    pytest.param(
        both(without_movement("return_credit", "p10"), lied_about("p10", "signed")),
        id="Monoova's own lie, signed",
    ),
    pytest.param(
        both(
            ask_too("/payouts/p3/retry", {}, 202, {"transaction_id": "p11"}),
            add_payout("p11", "p6", retry_of="p6"),
            credit("p6", "30.0000"),
            sent("p11", "30.0000"),
            change("p6", status="Failed", failure_code="BankRejected"),
            lambda run: run.seen("p6")["history"].__setitem__(
                -1,
                run.seen("p6")["history"][-1] | {"event": "SettledRejected", "status": "Failed"},
            ),
        ),
        id="a retry of what was retried, each after the one before it had failed",
    ),
    pytest.param(
        both(
            ask_too("/payouts/p1/retry", {}, 409, {"code": "X", "transaction_id": "p1"}),
            answer("a11", 409, code="PossibleDuplicate", transaction_id="p1"),
        ),
        id="a conflict names another payout",
    ),
    pytest.param(
        both(credit("p1", "25.5000", "return_credit"), change("p1", returned_amount="25.50")),
        id="a part came back",
    ),
    pytest.param(
        both(
            ask_too("/payouts/p1/retry", {}, 202, {"transaction_id": "p11"}),
            add_payout("p11", "p6", retry_of="p1", amount="25.50"),
            credit("p1", "25.5000", "return_credit"),
            sent("p11", "25.5000"),
            change("p1", returned_amount="25.50"),
            lambda run: run.seen("p11")["history"][0].update(at="2026-03-02T09:00:00Z"),
        ),
        id="a part that came back is paid again",
    ),
]


@pytest.mark.parametrize(("promise", "words", "spoil"), BROKEN)
def test_a_broken_promise_is_named(promise: str, words: str, spoil: Spoil, tmp_path: Path) -> None:
    found = _violations(spoil, tmp_path)
    assert any(line.startswith(f"{promise}: ") and words in line for line in found), found


@pytest.mark.parametrize("spoil", HELD)
def test_what_is_allowed_is_no_violation(spoil: Spoil, tmp_path: Path) -> None:
    assert _violations(spoil, tmp_path) == []


def test_a_limit_of_an_account_does_not_name_the_account(tmp_path: Path) -> None:
    (found,) = _violations(ruled(limit_per_account="435.00"), tmp_path)
    assert found.endswith("[2026-03-02]")


_BY_BOB = {"who": "user:bob", "body": {"digest": "as it was shown"}, "status": 422}


@pytest.mark.parametrize(
    ("request_", "is_approved"),
    [
        pytest.param({}, True, id="a limit held up the payout"),
        pytest.param({"status": 503}, True, id="it ended in the middle"),
        pytest.param({"status": 409}, False, id="it was not what was shown"),
        pytest.param({"status": 403}, False, id="this person may not"),
        pytest.param({"body": {}}, False, id="without having seen it"),
        pytest.param({"who": "monoova"}, False, id="by who asked for that payout"),
        pytest.param({"at": "2026-03-02T02:00:00Z"}, False, id="later"),
        pytest.param({"path": "/payouts/p4/approve"}, False, id="another destination"),
    ],
)
def test_a_destination_is_approved_before_the_payout_that_waited_for_it(
    request_: dict[str, Any], is_approved: bool, tmp_path: Path
) -> None:
    said = {"at": "2026-03-02T00:30:00Z", "path": "/payouts/p1/approve", **_BY_BOB, **request_}
    status = said.pop("status")
    asked = {"kind": "asked", "ask": "b", "method": "POST", "key": None, **said}
    answered = {"kind": "answered", "ask": "b", "status": status, "body": {"code": "X"}}
    rule = ruled(approves_new_destinations=True)
    found = _violations(both(rule, lambda run: run.insert_before_quiet(asked, answered)), tmp_path)
    unapproved = [line for line in found if "approved by no one before" in line]
    assert any("payout p6," in line for line in unapproved) is not is_approved


def test_the_rules_stand_there_once(tmp_path: Path) -> None:
    run = good_run()
    both(ruled(), ruled())(run)
    with pytest.raises(InputError, match="more than once"):
        read_run(run.write(tmp_path))


def _violations(spoil: Spoil, tmp_path: Path) -> list[str]:
    run: Evidence = good_run()
    spoil(run)
    return violations_in(read_run(run.write(tmp_path)))
