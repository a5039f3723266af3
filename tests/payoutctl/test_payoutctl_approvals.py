"""Approvals on the command line: one user requests a payout, another approves it."""

from decimal import Decimal

import pytest

from payoutctl.exits import Exit
from tests.customers.test_destination_approvals import make_old
from tests.payoutctl.terminal import Terminal
from tests.payouts.test_request_payout import BANK_ACCOUNT
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


# --- where customers are paid


@pytest.fixture
def by_two(terminal: Terminal) -> Terminal:
    """Where a customer is paid is a decision of two people."""
    terminal.world.environment["DESTINATION_APPROVAL"] = "required"
    terminal.world.restart()
    return terminal


def test_an_approver_sees_the_account_in_full_and_approves_it_with_the_payout(
    by_two: Terminal,
) -> None:
    world = by_two.world
    customer, other = world.customer(**BANK_ACCOUNT), world.customer(**BANK_ACCOUNT)
    added = {"type": "PayId", "pay_id": "jo@example.org", "pay_id_type": "Email"}
    path = f"/customers/{customer}/destinations"
    assert world.admin.post(path, added | {"account_name": "Jo Citizen"}).status == 201
    [place, _] = world.admin.get(f"/customers/{customer}").json["destinations"]
    asked = by_two.json("pay", customer, "5.00", "--destination", place["destination_id"], "--yes")
    approve = ("payouts", "approve", asked["transaction_id"])
    seen = by_two.as_("approvers").run(*approve, typed="n\n").stderr
    account = f"BSB {BANK_ACCOUNT['bsb']}, number {BANK_ACCOUNT['account_number']}"
    for shown in (
        account,
        "Jo Citizen",
        "no other person yet",
        "approves its destination as well",
        "j••",
        f"ANOTHER customer, {other}",
    ):
        assert shown in seen
    assert f"added by      {place['added_by']} at " in seen
    accesses = world.admin.get(f"/customers/{customer}/accesses").json["items"]
    assert [each["purpose"] for each in accesses] == ["Approval"]
    assert by_two.as_("approvers").json(*approve, "--yes")["status"] == "Queued"
    [place, _] = world.admin.get(f"/customers/{customer}").json["destinations"]
    assert place["approved_by"] == "sub-of-approvers"


def test_a_payout_whose_destination_is_gone_can_be_decided_on(by_two: Terminal) -> None:
    world = by_two.world
    customer = world.customer()
    paid = by_two.json("pay", customer, "5.00", "--yes")["transaction_id"]
    key = {"customer_id": {"S": customer}}
    world.dynamodb.delete_item(TableName="CustomersTable", Key=key)
    approver = by_two.as_("approvers")
    refused = approver("payouts", "approve", paid, ends=Exit.NOT_FOUND, typed="y\n")
    assert "its destination was removed" in refused.stderr
    approver("payouts", "reject", paid, "--reason", "its destination is gone")
    assert world.state(paid)[0] != "AwaitingApproval"


def test_an_approver_adopts_the_destinations_that_were_there_before(by_two: Terminal) -> None:
    world = by_two.world
    old, new = world.customer(**BANK_ACCOUNT), world.customer()
    make_old(world, old)
    approver, adopt = by_two.as_("approvers"), ("adopt", "destinations")
    seen = approver.run(*adopt, typed="n\n").stderr
    assert f"number {BANK_ACCOUNT['account_number']}" in seen
    assert "added by      not known" in seen
    assert "jo.citizen" not in seen
    assert [row["approved"] for row in approver.json(*adopt, "--yes")["items"]] == ["yes"]
    assert by_two.json("pay", old, "5.00", "--yes")["status"] == "Pending"
    assert by_two.json("pay", new, "5.00", "--yes")["status"] == "AwaitingApproval"
    assert approver.json(*adopt, "--yes") == {"items": []}
    [row] = approver.json(*adopt, "--all", "--yes")["items"]
    assert (row["customer_id"], row["approved"]) == (new, "yes")
    assert by_two.json("pay", new, "5.00", "--yes")["status"] == "Pending"
    refused = by_two(*adopt, "--all", "--yes")
    assert refused.exit_code == Exit.DONE
