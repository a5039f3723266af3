"""Paying through the deployed product, up to the outcome of each payout."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from simulator.outcomes import Outcome
from tests.end_to_end.deployed import BANK_ACCOUNT, ORDINARY, PAY_ID, Deployed, amount_for


@pytest.mark.parametrize("destination", [PAY_ID, BANK_ACCOUNT], ids=["PayId", "BankAccount"])
def test_a_payout_is_completed_by_monoovas_signed_webhook(
    deployed: Deployed, destination: Mapping[str, str]
) -> None:
    with deployed.no_schedule():  # the reconciler would ask Monoova as soon as the webhook comes
        asked = deployed.paid(customer_id=deployed.customer(destination))
        assert (asked["status"], asked["submission"]) == ("Pending", "Accepted")
        shown = deployed.settled(asked["transaction_id"], "Completed")
    assert shown["payout_method"] == destination["type"]
    assert shown["amount"] == Decimal(ORDINARY)
    assert [(entry["event"], entry["by"]) for entry in shown["history"]] == [
        ("Requested", shown["created_by"]),
        ("SendAccepted", shown["created_by"]),
        ("SettledComplete", "monoova"),
    ]
    assert deployed.movements(asked["transaction_id"]) == [("debit", -Decimal(ORDINARY))]
    (webhook,) = deployed.webhooks(asked["transaction_id"])
    assert webhook["lastCode"] == 200


def test_a_payout_that_the_bank_rejects_fails_with_monoovas_reason(deployed: Deployed) -> None:
    amount = amount_for(Outcome.REJECTED)
    asked = deployed.paid(amount)
    shown = deployed.settled(asked["transaction_id"], "Failed")
    assert (shown["failure_code"], shown["failure_reason"]) == ("BankRejected", "ACCOUNT CLOSED")
    assert deployed.movements(asked["transaction_id"]) == [
        ("debit", -Decimal(amount)),
        ("rejection_credit", Decimal(amount)),
    ]


def test_a_payout_whose_webhook_is_lost_is_found_by_the_reconciler(deployed: Deployed) -> None:
    asked = deployed.paid(amount_for(Outcome.WEBHOOK_LOST))
    shown = deployed.settled(asked["transaction_id"], "Completed", by_asking=deployed.reconcile)
    assert shown["history"][-1]["by"] == "reconciler"
    assert deployed.bookings(asked["transaction_id"]) == 1
    assert not any(each["isDelivered"] for each in deployed.webhooks(asked["transaction_id"]))


def test_a_payout_in_doubt_is_sent_again_under_its_reference_and_booked_once(
    deployed: Deployed,
) -> None:
    """Four tries in the request end in HTTP 500; then Monoova says twice that it knows of none."""
    deployed.script(*[Outcome.ERROR_BEFORE_BOOKING] * 4)
    asked = deployed.paid()
    assert (asked["status"], asked["submission"]) == ("Pending", "Unresolved")
    assert deployed.bookings(asked["transaction_id"]) == 0

    def in_five_minutes() -> None:
        deployed.let_unknown_last(asked["transaction_id"])
        deployed.reconcile()

    shown = deployed.settled(asked["transaction_id"], "Completed", by_asking=in_five_minutes)
    events = [entry["event"] for entry in shown["history"]]
    assert events[:4] == ["Requested", "SendUnclear", "SentAgain", "SendAccepted"]
    assert shown["unique_reference"] == asked["unique_reference"]
    assert deployed.bookings(asked["transaction_id"]) == 1


def test_a_payout_above_the_threshold_is_sent_once_another_user_has_approved_it(
    deployed: Deployed,
) -> None:
    asked = deployed.paid("45000.00")
    assert asked["status"] == "AwaitingApproval"
    path = f"/payouts/{asked['transaction_id']}/approve"
    assert deployed.call("POST", path, {}).status_code == 403
    approver = deployed.stack.token("approvers")
    assert deployed.call("POST", path, {}, token=approver).status_code == 200
    shown = deployed.settled(asked["transaction_id"], "Completed")
    events = [entry["event"] for entry in shown["history"]]
    assert events[:3] == ["Requested", "Approved", "Claimed"]
    assert deployed.bookings(asked["transaction_id"]) == 1
