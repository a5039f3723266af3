"""`payoutctl pay` and `payouts …`: paid once, explained, settled."""

from decimal import Decimal

import pytest

from payoutctl.adapters import Adapters
from payoutctl.exits import Exit, Failure
from payoutctl.pay import awaited
from payoutctl.session import Session
from simulator.outcomes import Outcome
from simulator.triggers import TRIGGERS
from tests.payoutctl.terminal import Terminal
from tests.payoutctl.test_payoutctl_client import answering


def test_pay_shows_what_will_happen_and_pays_after_a_yes(terminal: Terminal) -> None:
    customer = terminal.world.customer()
    declined = terminal.run("pay", customer, "125.50", typed="n\n")
    assert declined.exit_code == Exit.REFUSED
    assert "A$125.50" in declined.output
    assert "Pay this?" in declined.output
    assert terminal.json("payouts", "list")["items"] == []
    paid = terminal("pay", customer, "125.50", typed="y\n")
    assert "Pending" in paid.stdout
    assert len(terminal.json("payouts", "list")["items"]) == 1


def test_the_same_key_pays_once_and_says_so(terminal: Terminal) -> None:
    words = ("pay", terminal.world.customer(), "12.00", "--yes", "--key", "invoice-7")
    first = terminal.json(*words)
    again = terminal(*words)
    assert "requested before" in again.stderr
    assert first["transaction_id"] in again.stdout
    assert first["amount"] == Decimal("12.00")
    assert len(terminal.json("payouts", "list")["items"]) == 1


def test_the_same_again_is_refused_with_the_first_payout_unless_it_is_meant(
    terminal: Terminal,
) -> None:
    terminal.world.environment["DUPLICATE_WINDOW_HOURS"] = "24"
    terminal.world.restart()
    words = ("pay", terminal.world.customer(), "12.00", "--yes")
    first = str(terminal.json(*words)["transaction_id"])
    refused = terminal(*words, ends=Exit.CONFLICT)
    assert f"payout {first}" in refused.stderr
    meant = terminal.json(*words, "--accept-duplicate-of", first)
    assert meant["transaction_id"] != first
    assert len(terminal.json("payouts", "list")["items"]) == 2


def test_a_key_that_is_made_up_is_on_the_screen_before_anything_is_sent(terminal: Terminal) -> None:
    said = terminal("pay", terminal.world.customer(), "12.00", "--yes").stderr
    assert said.startswith("Idempotency-Key: payoutctl-")


def test_a_repetition_that_fails_does_not_claim_that_nothing_was_paid_before(
    terminal: Terminal,
) -> None:
    nowhere = {"PAYOUTS_API_URL": "http://127.0.0.1:9"}
    cut_off = Terminal(terminal.server, terminal.home, more=nowhere)
    words = ("pay", "a-customer", "12.00")
    first = cut_off(*words, "--yes", ends=Exit.TRY_AGAIN)
    made = first.stderr.partition("Idempotency-Key: ")[2].split()[0]
    assert f"the same command with --key {made}" in first.stderr
    for again in ((*words, "--yes"), words):
        repeated = cut_off(*again, "--key", "invoice-7", ends=Exit.UNKNOWN)
        assert "the same command with --key invoice-7" in repeated.stderr


def test_a_wait_that_is_cut_short_does_not_say_that_nothing_was_done() -> None:
    session = Session(adapters=Adapters(sleep=lambda _seconds: None))
    with answering(503) as session.api, pytest.raises(Failure) as caught:
        awaited(session, "a-payout", seconds=1)
    assert caught.value.ends is Exit.UNKNOWN
    assert "payoutctl payouts show a-payout" in caught.value.message


def test_with_wait_the_command_ends_with_the_payouts_outcome(terminal: Terminal) -> None:
    paid = terminal("pay", terminal.world.customer(), "12.00", "--yes", "--wait")
    assert "SettledComplete by monoova" in paid.stderr
    assert "Completed" in paid.stdout


def test_what_would_not_go_through_is_not_paid(terminal: Terminal) -> None:
    customer = terminal.world.customer()
    refused = next(t for t in TRIGGERS if t.outcome is Outcome.REFUSED_PAYID_DETAILS)
    by_monoova = str(Decimal(refused.amount_cents) / 100)
    for amount, words in (("99999999.00", "More than the limit"), (by_monoova, "NOT OK")):
        assert words in terminal("pay", customer, amount, ends=Exit.REFUSED).stderr
    assert terminal.json("payouts", "list")["items"] == []


def test_a_refusal_by_monoova_names_the_payout_that_stands_for_it(terminal: Terminal) -> None:
    customer = terminal.world.customer()
    terminal.world.monoova.script(Outcome.REFUSED_UNKNOWN_STATUS)
    problem = terminal.json("pay", customer, "12.00", "--yes", ends=Exit.REFUSED)
    assert problem["code"] == "MonoovaRefused"
    explained = terminal("payouts", "explain", problem["transaction_id"]).stdout
    assert "Failed" in explained


def test_payouts_are_found_by_what_they_are(terminal: Terminal) -> None:
    transaction_id = terminal.world.paid()
    day = terminal.world.clock().date().isoformat()
    for words in (
        ("--status", "Pending"),
        ("--date", day),
        ("--from", day, "--to", day),
        ("--customer", terminal.world.payout(transaction_id)["customer_id"]),
        ("--all",),
    ):
        assert transaction_id in terminal("payouts", "list", *words).stdout
    assert terminal.json("payouts", "list", "--needs-review")["items"] == []
    assert terminal.json("payouts", "list", "--all")["next_cursor"] is None


def test_one_payout_is_shown_with_its_history(terminal: Terminal) -> None:
    transaction_id = terminal.world.paid()
    assert "125.50" in terminal("payouts", "show", transaction_id).stdout
    assert terminal.json("payouts", "show", transaction_id)["status"] == "Pending"
    output = terminal("payouts", "explain", transaction_id).stdout
    assert "A$125.50 to" in output
    assert "Requested by" in output
    assert "Next:" in output
    explained = terminal.json("payouts", "explain", transaction_id)
    assert explained["transaction_id"] == transaction_id
    terminal("payouts", "explain", "0" * 8, ends=Exit.NOT_FOUND)


def test_what_waits_is_cancelled_and_what_was_sent_is_not(terminal: Terminal) -> None:
    sent = terminal.world.paid()
    terminal("pause", "--reason", "a test", "--direct")
    waiting = terminal.world.paid()
    assert terminal.json("payouts", "cancel", waiting)["status"] == "Cancelled"
    assert "PayoutNotCancellable" in terminal("payouts", "cancel", sent, ends=Exit.CONFLICT).stderr


def test_what_failed_is_paid_again_as_a_new_payout(terminal: Terminal) -> None:
    terminal.world.monoova.script(Outcome.REJECTED)
    failed = terminal.world.paid()
    terminal.world.minutes(3)
    assert terminal.run("payouts", "retry", failed, typed="n\n").exit_code == Exit.REFUSED
    again = terminal.json("payouts", "retry", failed, "--yes")
    assert again["retry_of"] == failed


def test_what_needs_review_is_listed_refreshed_and_settled_by_hand(terminal: Terminal) -> None:
    world = terminal.world
    world.monoova.script(Outcome.WEBHOOK_WRONG_AMOUNT)
    transaction_id = world.paid()
    world.minutes(3)
    listed = terminal.json("payouts", "list", "--needs-review")["items"]
    assert [row["transaction_id"] for row in listed] == [transaction_id]
    assert terminal.json("refresh", "--needs-review")["items"]
    assert transaction_id in terminal("refresh", transaction_id).stdout
    assert terminal.json("payouts", "refresh", transaction_id)["needs_review"]
    words = ("resolve", transaction_id, "--outcome", "Completed", "--reason", "by the statement")
    asked = terminal.run("payouts", *words, typed="n\n")
    assert asked.exit_code == Exit.REFUSED
    assert "Monoova says now: Complete" in asked.stderr
    for_choice = (*words[:2], *words[4:])
    assert terminal.run("payouts", *for_choice, typed="\n").exit_code == Exit.REFUSED
    assert terminal.run("payouts", *for_choice, "--yes").exit_code == Exit.USAGE
    settled = terminal.json("payouts", *words, "--yes")
    assert (settled["status"], settled["needs_review"]) == ("Completed", False)


def test_what_is_settled_by_hand_is_chosen_after_monoovas_answer_is_shown(
    terminal: Terminal,
) -> None:
    world = terminal.world
    world.monoova.script(Outcome.WEBHOOK_WRONG_AMOUNT)
    transaction_id = world.paid()
    world.minutes(3)
    words = ("payouts", "resolve", transaction_id, "--reason", "by the statement")
    ended = terminal.run(*words, typed="Completed\ny\n")
    assert ended.exit_code == Exit.DONE, ended.stderr
    assert ended.stderr.index("Monoova says now: Complete") < ended.stderr.index("Outcome")
    assert world.payout(transaction_id)["needs_review"] is False
    again = terminal.run(*words)
    assert again.exit_code == Exit.DONE
    assert "It needs no review any more." in again.stderr


def test_where_monoova_cannot_be_asked_that_is_said_before_the_choice(terminal: Terminal) -> None:
    world = terminal.world
    world.monoova.script(Outcome.WEBHOOK_WRONG_AMOUNT)
    transaction_id = world.paid()
    world.minutes(3)
    world.store_secret("a key that Monoova does not know")
    world.restart()
    terminal("payouts", "refresh", transaction_id)
    ended = terminal.run(
        "payouts", "resolve", transaction_id, "--reason", "by phone", typed="Completed\ny\n"
    )
    assert "Monoova cannot be asked now" in ended.stderr
    assert (ended.exit_code, world.payout(transaction_id)["needs_review"]) == (
        Exit.NOT_ALLOWED,
        True,
    )


def test_refresh_goes_on_after_one_that_fails_and_ends_by_it(terminal: Terminal) -> None:
    transaction_id = terminal.world.paid()
    asked = terminal.run("refresh", "0" * 8, transaction_id)
    assert asked.exit_code == Exit.NOT_FOUND
    assert transaction_id in asked.stdout
    terminal("refresh", ends=Exit.USAGE)


def test_reconcile_does_what_the_schedule_does_until_nothing_is_due(terminal: Terminal) -> None:
    world = terminal.world
    world.webhooks_arrive = False
    transaction_id = world.paid()
    world.later(120)
    found = terminal.json("reconcile")
    assert (found["is_finished"], found["moved_to"]) == (True, {"Completed": 1})
    assert world.state(transaction_id)[0] == "Completed"
    assert "looked_at" in terminal("reconcile", "--once").stdout


@pytest.mark.parametrize("words", [("--amount-less",), ("pay",), ("nothing",)])
def test_a_usage_error_has_an_exit_code_of_its_own(
    terminal: Terminal, words: tuple[str, ...]
) -> None:
    terminal(*words, ends=Exit.USAGE)
