"""Approvals on the command line: one user requests a payout, another approves it."""

from decimal import Decimal

import pytest

from payoutctl.exits import Exit
from tests.payoutctl.terminal import Terminal
from tests.payouts.test_seals import of_before


@pytest.fixture
def strict(terminal: Terminal) -> Terminal:
    """Where what is above A$100 needs another person's approval."""
    terminal.world.environment["APPROVAL_THRESHOLD_AUD"] = "100"
    terminal.world.restart()
    return terminal


def test_a_payout_that_waits_is_found_and_approved_by_another_user(strict: Terminal) -> None:
    customer = strict.world.customer()
    asked = strict.json("pay", customer, "500.00", "--yes", "--wait")
    transaction_id = asked["transaction_id"]
    assert asked["status"] == "AwaitingApproval"
    approver = strict.as_("approvers")
    waiting = approver.json("payouts", "list", "--status", "AwaitingApproval")["items"]
    assert [row["transaction_id"] for row in waiting] == [transaction_id]
    refused = strict("payouts", "approve", transaction_id, "--yes", ends=Exit.NOT_ALLOWED)
    assert "Forbidden" in refused.stderr
    approve = ("payouts", "approve", transaction_id)
    declined = approver.run(*approve, typed="n\n")
    assert declined.exit_code == Exit.REFUSED
    destination = waiting[0]["destination"]
    for shown in ("A$500.00", customer, "sub-of-operators", destination, "AboveThreshold"):
        assert shown in declined.stderr
    assert strict.world.payout(transaction_id)["status"] == "AwaitingApproval"
    approved = approver.json(*approve, typed="y\n")
    assert (approved["status"], approved["amount"]) == ("Queued", Decimal("500.00"))
    sent = strict.json("pay", customer, "5.00", "--yes")["transaction_id"]
    approver("payouts", "approve", sent, ends=Exit.CONFLICT)


def test_an_approver_rejects_with_a_reason(strict: Terminal) -> None:
    asked = strict.json("pay", strict.world.customer(), "500.00", "--yes")
    words = ("payouts", "reject", asked["transaction_id"], "--reason", "not ours")
    assert "Cancelled" in strict.as_("approvers")(*words).stdout


def test_the_requester_may_not_approve_whatever_their_role(strict: Terminal) -> None:
    both = strict.as_("operators", "approvers")
    asked = both.json("pay", strict.world.customer(), "500.00", "--yes")
    refused = both.json(
        "payouts", "approve", asked["transaction_id"], "--yes", ends=Exit.NOT_ALLOWED
    )
    assert refused["code"] == "ApprovalByRequester"


def test_a_limit_that_is_reached_is_explained(terminal: Terminal) -> None:
    terminal.world.environment["LIMIT_PER_CUSTOMER_AUD_PER_DAY"] = "20"
    terminal.world.restart()
    customer = terminal.world.customer()
    terminal("pay", customer, "15.00", "--yes")
    refused = terminal.json("pay", customer, "15.00", "--yes", ends=Exit.REFUSED)
    assert refused["code"] == "LimitExceeded"


def test_an_approver_adopts_what_waited_before_there_were_seals(terminal: Terminal) -> None:
    world = terminal.world
    world.container.gatekeeper.pause("dave", "drill")
    paid = terminal.json("pay", world.customer(), "5.00", "--yes")["transaction_id"]
    of_before(world, paid)
    world.container.gatekeeper.resume()
    world.minutes(2)
    adopt = ("adopt", "payouts")
    assert paid in terminal.as_("approvers").run(*adopt, typed="n\n").stdout
    done = terminal.as_("approvers").json(*adopt, "--yes")
    assert done == {"items": [{"transaction_id": paid, "adopted": "yes"}]}
    assert terminal.as_("approvers").json(*adopt, "--yes") == {"items": []}
    assert world.payout(paid)["needs_review"] is False
