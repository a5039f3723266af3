"""Messages in the queues: payouts while sending is paused, and webhooks that match no payout."""

import json
from datetime import UTC, datetime, timedelta

from chalicelib.payouts.rules.payout import State
from chalicelib.payouts.store.payouts import Payouts
from tests.end_to_end.deployed import Deployed, Json, UnknownPayment, until
from tests.payouts.builder import a_payout

NOT_JSON = "{ not json"


def is_accepted(deployed: Deployed, payment: UnknownPayment) -> bool:
    """Whether Monoova's webhook was taken, with 200, so that it is not sent again."""
    return [each["lastCode"] for each in deployed.webhooks(payment.reference)] == [200]


def recorded_late(deployed: Deployed, payment: UnknownPayment) -> None:
    """The row of a payout whose webhook was there before it."""
    now = datetime.now(UTC)
    payout = a_payout(
        State.SENDING,
        now,
        payment.reference,
        customer_id="00000000-0000-4000-8000-000000000001",
        destination_id="00000000-0000-4000-8000-000000000002",
        amount_cents=payment.amount_cents,
        due_at=now + timedelta(hours=1),
    )
    table = deployed.stack.outputs["TransactionsTableName"]
    assert Payouts(deployed.dynamodb, table, table).create(payout) is None


def test_a_webhook_that_came_before_its_payout_is_applied_from_the_queue(
    deployed: Deployed, unknown_payments: tuple[UnknownPayment, UnknownPayment]
) -> None:
    payment, _ = unknown_payments
    until(lambda: is_accepted(deployed, payment), what="Monoova's webhook was accepted")
    recorded_late(deployed, payment)
    deployed.read("WebhookQueue")
    # Half a minute after it was queued, at the earliest.
    shown = deployed.settled(payment.reference, "Completed", seconds=60)
    assert [(entry["event"], entry["by"]) for entry in shown["history"]] == [
        ("SettledComplete", "monoova")
    ]


def test_while_paused_a_payout_waits_and_its_message_sends_it_after_the_pause(
    deployed: Deployed,
) -> None:
    with deployed.no_schedule():  # the reconciler would send it as soon as the pause ends
        with deployed.unread("PayoutQueue"):
            deployed.operate("pause", "--direct", "--reason", "a wrong file")
            try:
                asked = deployed.paid()
            finally:
                deployed.operate("resume", "--direct")
            assert asked["status"] == "Queued"
            assert "paused by an operator" in asked["message"]
            assert deployed.bookings(asked["transaction_id"]) == 0
        shown = deployed.settled(asked["transaction_id"], "Completed")
    assert [(entry["event"], entry["by"]) for entry in shown["history"]] == [
        ("Requested", shown["created_by"]),
        ("Claimed", "queue"),
        ("SendAccepted", "queue"),
        ("SettledComplete", "monoova"),
    ]
    assert deployed.bookings(asked["transaction_id"]) == 1


def test_a_message_that_is_read_during_the_pause_sends_nothing(deployed: Deployed) -> None:
    with deployed.paused():
        asked = deployed.paid()
        path = f"/payouts/{asked['transaction_id']}"
        before = len(deployed.lines("SendQueuedPayouts"))
        hint = {name: asked[name] for name in ("transaction_id", "customer_id")}
        deployed.put("PayoutQueue", json.dumps(hint))
        until(lambda: len(deployed.lines("SendQueuedPayouts")) > before, what="the message is read")
        assert deployed.payout(asked["transaction_id"])["status"] == "Queued"
        assert deployed.done("POST", f"{path}/cancel")["status"] == "Cancelled"
    assert deployed.bookings(asked["transaction_id"]) == 0


def test_a_message_that_cannot_be_handled_fails_alone_and_ends_in_the_dead_letter_queue(
    deployed: Deployed,
) -> None:
    deployed.set_visibility("PayoutQueue", seconds=1)
    with deployed.unread("PayoutQueue"):
        with deployed.paused():
            asked = deployed.paid()
        deployed.put("PayoutQueue", NOT_JSON)
    deployed.settled(asked["transaction_id"], "Completed")
    until(lambda: NOT_JSON in deployed.lying_in("ParkedQueue"), what="the dead letter")

    def batches() -> list[tuple[int, int]]:
        lines = deployed.lines("SendQueuedPayouts")
        return [(line["batch"], line["failed"]) for line in lines]

    until(lambda: sum(failed for _, failed in batches()) >= 5, what="each failure is logged")
    assert (2, 1) in batches()
    assert sum(failed for _, failed in batches()) == 5
    assert deployed.bookings(asked["transaction_id"]) == 1


def test_a_webhook_for_an_unknown_payment_ends_in_the_dead_letter_queue(
    deployed: Deployed, unknown_payments: tuple[UnknownPayment, UnknownPayment]
) -> None:
    _, payment = unknown_payments
    until(lambda: is_accepted(deployed, payment), what="Monoova's webhook was accepted")
    deployed.read("WebhookQueue")

    def parked() -> list[Json]:
        messages = [each for each in deployed.lying_in("ParkedQueue") if each != NOT_JSON]
        return [
            each for each in map(json.loads, messages) if each["reference"] == payment.reference
        ]

    event, *_ = until(parked, what="the dead letter", seconds=60)
    assert event["kind"] == "PaymentSuccessful"
    assert event["amount_cents"] == payment.amount_cents
    assert deployed.call("GET", f"/payouts/{payment.reference}").status_code == 404
