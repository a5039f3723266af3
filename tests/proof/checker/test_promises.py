"""A run in which all promises held passes; each way to break one is caught, and by its name."""

from pathlib import Path

import pytest

from proof.checker.__main__ import main
from tests.proof.checker.good_run import JO, Evidence, good_run, payout
from tests.proof.checker.spoiling import (
    Spoil,
    add_payout,
    announced,
    answer,
    answered_entry,
    answered_payout,
    ask_too,
    asked,
    asked_for,
    book_of,
    both,
    change,
    change_history,
    credit,
    forget,
    move_entry,
    movement,
    payment,
    resolved,
    return_announced,
    see_before,
    sent,
    webhook,
    written,
)


def put(promise: str, words: str, spoil: Spoil, name: str) -> object:
    return pytest.param(promise, words, spoil, id=f"{promise} {name}")


def verdict(run: Evidence, directory: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main([str(run.write(directory))])
    return code, capsys.readouterr().out


_P1 = {"amount": "125.50", "customer_id": "c-1", "destination_id": "d-jo"}
_NEW_12 = {"customer_id": "c-1", "amount": "12.00"}
BROKEN = [
    put(
        "P1",
        "a reference was booked more than once",
        sent("p1", "125.5000"),
        "a second booking under one reference",
    ),
    put(
        "P1",
        "money was sent for no known payout",
        sent("p99", "1.0000"),
        "a booking of no payout",
    ),
    put(
        "P1",
        "one requested payment has several payouts",
        asked("a6", path="/payouts", key="k-3"),
        "a key that was given two payouts",
    ),
    put(
        "P1",
        "one requested payment has several payouts",
        add_payout("p11", "p7"),
        "two payouts of one request, found by its description",
    ),
    put(
        "P1",
        "one requested payment was booked more than once",
        both(add_payout("p11", "p7"), sent("p11", "70.0000")),
        "two bookings of one ask under two references",
    ),
    put(
        "P1",
        "a payout's reference was replaced",
        see_before("p4", unique_reference="p4-again"),
        "another reference for the same payout",
    ),
    put(
        "P1",
        "payouts share a reference",
        change("p6", unique_reference="p3"),
        "one reference for two payouts",
    ),
    put(
        "P1",
        "a payout was retried that did not end unpaid",
        change("p6", retry_of="p1"),
        "a retry of what was paid",
    ),
    put(
        "P1",
        "a payout was retried more than once",
        add_payout("p11", "p6"),
        "two retries of one payout",
    ),
    put(
        "P1",
        "there are more payouts than were asked for",
        both(add_payout("p11", "p5"), add_payout("p12", "p5")),
        "payouts that were not requested",
    ),
    put(
        "P2",
        "a payout is not there any more",
        forget("p5"),
        "an accepted payout is not listed",
    ),
    put(
        "P2",
        "a payout is not there any more",
        forget("p2"),
        "a refused payout is not listed",
    ),
    put(
        "P2",
        "money was sent for a payout that is not there",
        forget("p7"),
        "a booked payout is not listed",
    ),
    put(
        "P2",
        "a payout is not there any more",
        lambda run: run.insert_before_quiet({"kind": "listing", "transaction_ids": ["p13"]}),
        "a payout that was listed once",
    ),
    put(
        "P2",
        "a payout cannot be read",
        lambda run: run.line("end").update(unreachable=["p5"]),
        "a payout that cannot be read",
    ),
    put(
        "P2",
        "Queued for ever, and not in review",
        move_entry("p5", []),
        "a queued payout without a review",
    ),
    put(
        "P2",
        "Pending/Unresolved for ever, and not in review",
        change("p9", needs_review=False, review_reason=None),
        "a payout in doubt without a review",
    ),
    put(
        "P2",
        "AwaitingApproval for ever, and not in review",
        both(move_entry("p5", []), change("p5", status="AwaitingApproval")),
        "a payout that is not approved",
    ),
    put(
        "P2",
        "a refused request made a payout",
        lambda run: run.line("unknown", ask="a7").update(
            kind="answered", status=503, body={"code": "StorageUnavailable"}
        ),
        "answered that nothing was done, by description",
    ),
    put(
        "P2",
        "a refused request made a payout",
        answer("a9", 503, code="MonoovaUnavailable", transaction_id="p9"),
        "answered that nothing was done, by id",
    ),
    put(
        "P2",
        "a payout is older than each request that was not refused",
        asked("a5-again", at="2026-03-02T01:06:00Z"),
        "answered that nothing was done, by key",
    ),
    put(
        "P2",
        "an answer names no payout",
        ask_too("/payouts", _NEW_12, 202, {"status": "Queued"}),
        "accepted without a name",
    ),
    put(
        "P2",
        "two requested payments were given one payout",
        both(asked("a5-again", key="k-2"), answer("a5", 202, transaction_id="p5")),
        "two keys were given one payout",
    ),
    put(
        "P3",
        "Completed, but booked 1 times, and the payee holds 0",
        credit("p1", "125.5000"),
        "Completed and given back",
    ),
    put(
        "P3",
        "Completed, but booked 1 times, and the payee holds 0",
        both(credit("p1", "125.5000", "return_credit"), return_announced("p1")),
        "Completed, with a webhook of its return",
    ),
    put(
        "P3",
        "a report of 999.99 was not raised",
        announced("p1", "999.99"),
        "a webhook about another amount",
    ),
    put(
        "P3",
        "Completed, but booked 1 times, and the payee holds 125.4",
        credit("p1", "0.1000"),
        "Completed and partly given back",
    ),
    put(
        "P3",
        "Completed, but booked 0 times, and the payee holds 0",
        both(
            move_entry("p5", [("Claimed", "Pending/Sending"), ("SettledComplete", "Completed")]),
            change("p5", failure_code=None),
        ),
        "Completed and never sent",
    ),
    put(
        "P3",
        "Failed, but booked 1 times, and the payee holds 80",
        change("p8", needs_review=False, review_reason=None),
        "Failed, paid and not raised",
    ),
    put(
        "P3",
        "Failed, but booked 1 times, and the payee holds 80",
        change("p8", review_reason="StillPending"),
        "Failed, paid and raised for something else",
    ),
    put(
        "P3",
        "Cancelled, but booked 1 times",
        sent("p5", "50.0000"),
        "Cancelled and paid",
    ),
    put(
        "P3",
        "Returned, but booked 1 times",
        credit("p4", "-40.0000", "return_credit"),
        "Returned and not given back",
    ),
    put(
        "P3",
        "Returned, but booked 1 times",
        movement(8, kind="rejection_credit"),
        "Returned where it was rejected",
    ),
    put(
        "P3",
        "Completed became Failed",
        see_before("p3", status="Completed"),
        "an end that was overwritten",
    ),
    put(
        "P3",
        "Failed became Completed",
        answered_payout("a1-again", status="Failed", submission=None),
        "an end in an answer that was overwritten",
    ),
    put(
        "P3",
        "its history was rewritten",
        see_before("p1", history=payout("p7", 1)["history"][:2]),
        "a history that was seen otherwise",
    ),
    put(
        "P3",
        "its history was rewritten",
        answered_entry("a3", 1, by="an-admin"),
        "a history that was answered otherwise",
    ),
    put(
        "P3",
        "its history was rewritten",
        both(see_before("p1"), lambda run: run.seen("p1")["history"].pop()),
        "a history that became shorter",
    ),
    put(
        "P3",
        "its amount, payee or origin changed",
        see_before("p3", amount="31.00"),
        "an amount that changed",
    ),
    put(
        "P3",
        "SendRefused was believed after a doubt",
        move_entry("p9", [("SendUnclear", "Pending/Unresolved"), ("SendRefused", "Failed")]),
        "a refusal after a doubt",
    ),
    put(
        "P3",
        "SendNotAuthenticated was believed after a doubt",
        move_entry(
            "p9",
            [
                ("SendUnclear", "Pending/Unresolved"),
                ("SentAgain", "Pending/Sending"),
                ("SendNotAuthenticated", "Queued"),
            ],
        ),
        "a failed login after a doubt",
    ),
    put(
        "P3",
        "NotSent was believed after a doubt",
        move_entry(
            "p9",
            [
                ("SendUnclear", "Pending/Unresolved"),
                ("SentAgain", "Pending/Sending"),
                ("NotSent", "Queued"),
            ],
        ),
        "nothing left us, after what may have",
    ),
    put(
        "P3",
        "126.5000 was sent instead of 125.50",
        movement(0, amount="-126.5000"),
        "another amount in the book",
    ),
    put(
        "P3",
        "126.5 was sent instead of 125.50",
        payment(0, amount="126.5"),
        "another amount in the payment",
    ),
    put(
        "P3",
        "not what was asked for",
        asked_for("a1-again", amount=125.51),
        "another amount than was asked for",
    ),
    put(
        "P3",
        "not what was asked for",
        asked_for("a7", customer_id="c-2"),
        "another customer than was asked for, without an answer",
    ),
    put(
        "P3",
        "not what was asked for",
        asked_for("a4", destination_id="d-jo"),
        "another destination than was asked for",
    ),
    put(
        "P3",
        "not what was asked for",
        change("p3", amount="31.00"),
        "a retry of another amount",
    ),
    put(
        "P3",
        "answered as refused, and is not Failed",
        change("p2", status="Completed"),
        "answered as refused, and paid",
    ),
    put("P4", "secret 1 stands in a log", written(f"cannot pay {JO.upper()}"), "a secret in a log"),
    put("P4", "secret 2 stands in a queue", written('{"bsb": 123456789}', "queue"), "a number"),
    put("P4", "secret 3 stands in a metric", written("key%2B5%2Fe1f%3F", "metric"), "in a URL"),
    put("P4", "secret 3 stands in a log", written("Basic a2V5KzUvZTFmPzo="), "in base64"),
    put(
        "P4",
        "secret 3 stands in a log",
        written("eCBrZXkrNS9lMWY_IHg"),
        "in base64 for URLs, in the midst of a text",
    ),
    put(
        "P4",
        "secret 4 stands in a log",
        written(r'{"message": "{\"name\": \"Zo\\u00eb \\u201cZ\\u201d\"}"}'),
        "in JSON inside JSON",
    ),
    put(
        "P4",
        "secret 1 stands in an answer",
        answered_payout("a12", errors={"amount": [f"not {JO}"]}),
        "a secret in an answer",
    ),
    put(
        "P4",
        "secret 1 stands in a payout",
        change_history("p1", 1, detail=f"paid to {JO}"),
        "a secret in a history",
    ),
    put(
        "P4",
        "another than the destination's payee",
        payment(2, payee=JO),
        "paid to another",
    ),
    put(
        "P4",
        "another than the destination's payee",
        lambda run: run.secrets["payee_of_destination"].pop("d-ann"),
        "paid to a destination that was never added",
    ),
    put("P4", "a forged webhook was taken", webhook(genuine=False, status=200), "a forgery"),
    put("P4", "was answered 401", webhook(genuine=True, status=401), "Monoova kept out"),
    put(
        "P5",
        "its history does not begin with a request",
        change_history("p1", 0, event="Claimed"),
        "a history without a request",
    ),
    put(
        "P5",
        "its history does not begin with a request",
        change("p5", history=[]),
        "no history at all",
    ),
    put(
        "P5",
        "SettledComplete cannot make Pending/Accepted>Failed",
        change_history("p3", 2, event="SettledComplete"),
        "a move that its event cannot make",
    ),
    put(
        "P5",
        "NotSent cannot make Pending/Accepted>Queued",
        move_entry("p9", [("SendAccepted", "Pending/Accepted"), ("NotSent", "Queued")]),
        "what Monoova took was not sent",
    ),
    put(
        "P5",
        "NotSent cannot make Pending/Sending>Failed",
        change_history("p2", 1, event="NotSent"),
        "what was not sent has failed",
    ),
    put(
        "P5",
        "SettledRejected cannot make Completed>Failed",
        move_entry("p3", [("SettledComplete", "Completed"), ("SettledRejected", "Failed")]),
        "a move out of an end",
    ),
    put(
        "P5",
        "Repaired cannot make Pending/Sending>Pending/Accepted",
        change_history("p1", 1, event="Repaired"),
        "an event that is in no list",
    ),
    put("P5", "an act has no author", change_history("p1", 1, by=""), "an entry without an author"),
    put(
        "P5",
        "Returned is not where its history ends",
        change("p1", status="Returned", failure_code="Returned"),
        "a status without its entry",
    ),
    put("P5", "the failure code None", change("p2", failure_code=None), "a failure without a code"),
    put("P5", "the failure code Oops", change("p3", failure_code="Oops"), "a code in no list"),
    put(
        "P5",
        "Cancelled with the failure code MonoovaRefused",
        change("p5", failure_code="MonoovaRefused"),
        "the code of another end",
    ),
    put(
        "P5",
        "Completed with the failure code Returned",
        change("p1", failure_code="Returned"),
        "a failure code of what did not fail",
    ),
    put(
        "P5",
        "a review for the reason None",
        change("p9", review_reason=None),
        "a review without a reason",
    ),
    put("book", "the balance is not", book_of(balance="1.0000"), "another balance"),
    put("book", "does not follow", movement(3, balance="1.0000"), "a balance in between"),
    put("book", "does not follow", book_of(opening_balance="1.0000"), "another beginning"),
    put("book", "not numbered one by one", movement(2, number=7), "a movement is missing"),
    put("book", "goes the wrong way", credit("p4", "1.0000", "debit"), "a debit that brings money"),
    put("book", "goes the wrong way", credit("p3", "-1.0000"), "a credit that costs money"),
    put(
        "book",
        "bookings and payments differ",
        lambda run: run.book["payments"].pop(0),
        "a booking without a payment",
    ),
]

HELD = [
    pytest.param(announced("p1", "125.50"), id="a webhook about the amount that was paid"),
    pytest.param(
        credit("p1", "125.5000", "return_credit"), id="a return of which no webhook arrived"
    ),
    pytest.param(
        webhook(genuine=True, status=503), id="a genuine webhook is answered with a retry"
    ),
    pytest.param(webhook(genuine=False, status=500), id="a forged webhook meets an error"),
    pytest.param(written("", "answer"), id="nothing was written"),
    pytest.param(change_history("p10", 1, event="NotSent"), id="nothing had left us, sent later"),
    pytest.param(change_history("p10", 1, event="SendRateLimited"), id="too many, sent later"),
    pytest.param(resolved("p8", "ResolvedFailed"), id="a person has closed the dispute"),
    pytest.param(see_before("p4", description="rent", destination="•••"), id="depersonalised"),
    pytest.param(
        see_before(
            "p4",
            status="Completed",
            failure_code=None,
            history=payout("p4", 1)["history"][:3],
        ),
        id="Completed became Returned",
    ),
    pytest.param(
        ask_too("/payouts", {"amount": "12"}, 503, {"message": "Service Unavailable"}),
        id="a gateway's own 503 says nothing",
    ),
    pytest.param(
        ask_too("/payouts/validate", {"amount": "12"}, 200, {"is_valid": True}),
        id="validating requests no payment",
    ),
    pytest.param(
        ask_too("/payouts", _P1, 202, payout("p1", 125.5), "k-1"),
        id="a replay",
    ),
]


def test_a_run_in_which_every_promise_held_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = verdict(good_run(), tmp_path, capsys)
    assert code == 0
    assert said.splitlines()[-1] == "every promise held"


def test_the_summary_counts_what_was_checked_and_hides_no_dispute(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, said = verdict(good_run(), tmp_path, capsys)
    assert said.splitlines()[:-1] == [
        "53 lines, 16 requests (2 without an answer)",
        "12 requested payments, 10 payouts: 1 Cancelled, 3 Completed, 3 Failed,"
        " 1 Pending/Unresolved, 2 Returned, 2 in review",
        "0 files of 0 rows",
        "19 movements in Monoova's book, 7 bookings",
        "2 genuine webhooks, 1 forged",
        "26 texts searched for 4 secrets",
        "1 ended otherwise than the book says: Monoova said so itself, and it is in review",
    ]


@pytest.mark.parametrize(("promise", "words", "spoil"), BROKEN)
def test_a_broken_promise_is_named(
    promise: str, words: str, spoil: Spoil, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = good_run()
    spoil(run)
    code, said = verdict(run, tmp_path, capsys)
    assert code == 1
    assert any(line.startswith(f"{promise}: ") and words in line for line in said.splitlines()), (
        said
    )


def test_a_violation_says_where_to_look_and_does_not_repeat_the_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = good_run()
    written(f"cannot pay {JO}")(run)
    line = run.history.index(run.line("written")) + 1
    _, said = verdict(run, tmp_path, capsys)
    assert said.splitlines()[0] == f"P4: secret 1 stands in a log [line {line}]"
    assert JO not in said


@pytest.mark.parametrize("spoil", HELD)
def test_what_is_allowed_is_no_violation(
    spoil: Spoil, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = good_run()
    spoil(run)
    code, said = verdict(run, tmp_path, capsys)
    assert code == 0, said
