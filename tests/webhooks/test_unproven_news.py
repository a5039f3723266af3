"""News that nothing proves is a hint: it makes us ask Monoova, and is never lost."""

import json
from typing import Any, Final

import pytest

from simulator.outcomes import Outcome
from tests.payouts.test_request_payout import AwsCalls, throttled, unreachable
from tests.webhooks.test_webhooks import (
    PAID,
    REJECTED,
    UNKNOWN,
    NewWorld,
    body,
    events,
    everything,
    item,
    queued_events,
    returned,
    send,
    version,
)
from tests.world import World

STATUS: Final = "/webhooks/monoova/NppPaymentStatus"


def unsigned(world: World, payload: object, path: str = "/webhooks/monoova") -> int:
    return send(world, payload, path, is_signed=False).status


def taken_up(world: World, message: dict[str, Any]) -> list[str]:
    """What came of a message that a person put on the webhook queue: the failures."""
    return world.sqs_event("take_up_webhook_events", json.dumps(message))


def message(transaction_id: str, kind: str = "PaymentSuccessful", **fields: Any) -> dict[str, Any]:
    """A message as it looked before there were seals."""
    usual = {"amount_cents": 12550, "monoova_transaction_id": None, "reason": None}
    return {"kind": kind, "reference": transaction_id} | usual | fields


def in_doubt(world: World) -> str:
    """A payout whose answer was lost; Monoova has booked it."""
    world.monoova.script(Outcome.TIMEOUT_AFTER_BOOKING_ALWAYS)
    world.webhooks_arrive = False
    paid = world.paid()
    assert world.state(paid) == ("Pending", "Unresolved")
    return paid


# --- webhooks


def test_an_unsigned_rejection_does_not_fail_a_payout_and_makes_us_ask(world: World) -> None:
    paid = world.paid("7.01")
    assert unsigned(world, body(world, paid, REJECTED)) == 200
    assert world.state(paid) == ("Pending", "Accepted")
    assert world.admin.post(f"/payouts/{paid}/retry").status == 409
    # At once, not in a minute.
    world.reconcile()
    assert world.payout(paid)["status"] == "Completed"
    assert "Hinted" in events(world, paid)


def test_an_unsigned_success_completes_an_accepted_payout_and_none_in_doubt(world: World) -> None:
    accepted = world.paid()
    assert unsigned(world, body(world, accepted)) == 200
    assert world.payout(accepted)["status"] == "Completed"
    doubted = in_doubt(world)
    assert unsigned(world, body(world, doubted)) == 200
    assert world.state(doubted) == ("Pending", "Unresolved")
    assert events(world, doubted)[-1] == "Hinted"


def test_an_unsigned_success_does_not_end_a_payout_under_review(world: World) -> None:
    paid = world.paid()
    assert unsigned(world, body(world, paid, Amount=1)) == 200
    assert unsigned(world, body(world, paid)) == 200
    assert world.state(paid) == ("Pending", "Accepted")
    assert send(world, body(world, paid)).status == 200
    assert world.payout(paid)["status"] == "Completed"


def test_an_unsigned_return_does_not_make_a_payout_returned(world: World) -> None:
    paid = world.paid()
    assert send(world, body(world, paid)).status == 200
    assert unsigned(world, returned(world, paid)) == 200
    shown = world.payout(paid)
    assert (shown["status"], shown["needs_review"]) == ("Completed", False)
    assert shown["return_reported_at"] is not None
    assert "does not show the money yet" in shown["explanation"]["summary"]
    assert world.admin.post(f"/payouts/{paid}/retry").status == 409


@pytest.mark.parametrize("status", ["Pending", "Processing"])
def test_a_signed_event_is_no_return_because_the_path_says_so(world: World, status: str) -> None:
    """The path is not signed: who has the secret may send what was signed to another."""
    transaction_id = world.paid()
    before = item(world, transaction_id)
    news = body(world, transaction_id, status)
    assert send(world, news, "/webhooks/monoova/NppReturn").status == 200
    assert item(world, transaction_id) == before


def test_where_monoova_signs_nothing_every_payout_ends_all_the_same(world: World) -> None:
    world.monoova.behave(webhook_signature="absent")
    doubted = in_doubt(world)
    world.webhooks_arrive = True
    customer = world.customer()
    paid = [str(world.pay(customer, cents).json["transaction_id"]) for cents in ("8.00", "7.03")]
    world.minutes(5)
    assert [world.payout(one)["status"] for one in (*paid, doubted)] == [
        "Completed",
        "Failed",
        "Completed",
    ]


def test_news_under_another_number_of_monoovas_makes_us_ask(world: World) -> None:
    paid = world.paid("7.01")
    assert send(world, body(world, paid, TransactionId=77)).status == 200
    shown = world.payout(paid)
    assert (shown["status"], shown["needs_review"]) == ("Pending", False)
    world.reconcile()
    shown = world.payout(paid)
    assert (shown["status"], shown["needs_review"]) == ("Completed", False)


def test_a_hint_about_a_call_that_is_under_way_leaves_its_lease_alone(world: World) -> None:
    world.monoova.behave(webhook_signature="absent")
    answer = world.pay(world.customer(), "7.42")
    paid = str(answer.json["transaction_id"])
    assert world.state(paid) == ("Pending", "Accepted")
    assert events(world, paid) == ["Requested", "Hinted", "SendAccepted"]
    world.minutes(2)
    assert world.payout(paid)["status"] == "Failed"


# --- once signed, always signed


def test_once_a_signed_event_was_seen_an_unsigned_one_is_refused_and_still_a_hint(
    world: World,
) -> None:
    first, second = world.paid(), world.paid("7.01")
    assert unsigned(world, body(world, first)) == 200
    assert send(world, body(world, first)).status == 200
    for _ in range(2):
        assert unsigned(world, body(world, second), STATUS) == 401
        assert world.state(second) == ("Pending", "Accepted")
        # It is known to every function instance, and not forgotten.
        world.restart()
    world.reconcile()
    assert world.payout(second)["status"] == "Completed"


def test_what_is_sticky_is_sticky_for_its_event_alone(world: World) -> None:
    paid, other = world.paid(), world.paid()
    assert send(world, body(world, paid)).status == 200
    assert unsigned(world, body(world, other)) == 401
    assert unsigned(world, returned(world, paid)) == 200
    assert send(world, returned(world, paid)).status == 200
    assert unsigned(world, returned(world, paid)) == 401
    # Whatever path it names: it is known by its shape.
    assert unsigned(world, body(world, other), "/webhooks/monoova/Whatever") == 401


def test_another_instance_learns_within_a_minute_that_an_event_is_signed(world: World) -> None:
    first, second = world.paid(), world.paid()
    assert unsigned(world, body(world, first)) == 200
    world.container.webhooks.signed_events._known = frozenset()
    key = {"control_id": {"S": "signed-events"}, "NppPaymentStatus": {"S": "now"}}
    world.dynamodb.put_item(TableName="ControlsTable", Item=key)
    world.clock.advance(60)
    assert unsigned(world, body(world, second)) == 401


def test_where_signatures_are_required_the_first_unsigned_one_is_refused_and_a_hint(
    new_world: NewWorld,
) -> None:
    world = new_world(MONOOVA_WEBHOOK_SIGNATURE="required")
    paid = world.paid("7.01")
    assert unsigned(world, body(world, paid)) == 401
    assert world.state(paid) == ("Pending", "Accepted")
    assert unsigned(world, b"not json") == 401
    world.reconcile()
    assert world.payout(paid)["status"] == "Completed"


def test_whether_an_event_is_signed_cannot_be_read_or_kept_and_the_news_counts(
    world: World,
) -> None:
    customer = world.customer()
    first, second = (str(world.pay(customer).json["transaction_id"]) for _ in range(2))
    payloads = [body(world, first), body(world, second)]
    aws_calls = AwsCalls(world)
    aws_calls.at("DynamoDB.GetItem", throttled)
    assert unsigned(world, payloads[0]) == 200
    assert send(world, payloads[1]).status == 200
    aws_calls.acts.clear()
    assert [world.payout(one)["status"] for one in (first, second)] == ["Completed"] * 2


def test_unsigned_news_of_money_that_came_in_is_refused_once_it_was_signed(world: World) -> None:
    came_in = {"PaymentDescription": "x", "TransactionId": "N001", "Amount": "5.0000"}
    came_in |= {"DateTime": "2/03/2026 11:00:00 AM"}
    path = "/webhooks/monoova/NPPReceivePayment"
    assert send(world, came_in, path).status == 200
    before = everything(world)
    assert unsigned(world, came_in | {"TransactionId": "N002"}, path) == 401
    assert everything(world) == before


# --- messages on the queue of webhook events


def test_a_message_that_anybody_wrote_settles_nothing_and_makes_us_ask(
    new_world: NewWorld,
) -> None:
    world = new_world(MONOOVA_WEBHOOK_SIGNATURE="required")
    paid = world.paid("7.01")
    for kind in ("PaymentSuccessful", "Rejected", "NppReturn"):
        for trust in ("Signed", "Secret", None):
            forged = message(paid, kind, amount_cents=701, trust=trust, seal="0" * 64)
            assert taken_up(world, forged) == []
            assert world.state(paid) == ("Pending", "Accepted")
    world.reconcile()
    assert world.payout(paid)["status"] == "Completed"


def test_a_message_from_before_there_were_seals_is_a_hint_and_not_lost(world: World) -> None:
    rejected, back = world.paid("7.01"), world.paid()
    assert send(world, body(world, back)).status == 200
    assert taken_up(world, message(rejected, "Rejected", amount_cents=701)) == []
    assert taken_up(world, message(back, "NppReturn")) == []
    assert world.state(rejected) == ("Pending", "Accepted")
    assert world.payout(back)["return_reported_at"] is not None
    assert world.payout(back)["status"] == "Completed"
    assert taken_up(world, message(UNKNOWN)) == ["0"]


@pytest.mark.parametrize(("is_signed", "status"), [(True, "Completed"), (False, "Pending")])
def test_a_sealed_message_is_believed_as_the_webhook_was(
    is_signed: bool, status: str, world: World
) -> None:
    paid = in_doubt(world)
    payload = body(world, paid)
    aws_calls = AwsCalls(world)
    aws_calls.at("DynamoDB.UpdateItem", throttled)
    assert send(world, payload, is_signed=is_signed).status == 200
    aws_calls.acts.clear()
    (waiting,) = queued_events(world)
    world.restart()
    assert taken_up(world, waiting) == []
    assert world.payout(paid)["status"] == status


def test_nothing_of_a_sealed_message_can_be_changed(world: World) -> None:
    paid, other = world.paid(), world.paid()
    payloads = body(world, paid, REJECTED), body(world, paid)
    aws_calls = AwsCalls(world)
    aws_calls.at("DynamoDB.UpdateItem", throttled)
    assert unsigned(world, payloads[0]) == 200
    aws_calls.acts.clear()
    (waiting,) = queued_events(world)
    for change in (
        {"reference": other},
        {"trust": "Signed"},
        {"kind": "PaymentSuccessful"},
        {"amount_cents": 1},
        {"more": 1},
        {"seal": 7},
        {"seal": "\ud800"},
    ):
        assert taken_up(world, waiting | change) == []
        assert [world.state(one)[0] for one in (paid, other)] == ["Pending"] * 2
    unsealed = {name: value for name, value in waiting.items() if name != "seal"}
    assert taken_up(world, unsealed) == []
    assert world.state(paid) == ("Pending", "Accepted")


def test_a_message_that_cannot_be_sealed_is_put_there_as_a_hint(world: World) -> None:
    paid = in_doubt(world)
    payload = body(world, paid)
    world.restart()
    aws_calls = AwsCalls(world)
    aws_calls.at("DynamoDB.UpdateItem", throttled)
    aws_calls.at("Secrets Manager.GetSecretValue", unreachable)
    assert unsigned(world, payload) == 200
    aws_calls.acts.clear()
    (waiting,) = queued_events(world)
    assert "seal" not in waiting
    assert taken_up(world, waiting) == []
    assert world.state(paid) == ("Pending", "Unresolved")


def test_a_message_whose_seal_cannot_be_read_now_comes_again(world: World) -> None:
    paid = world.paid()
    world.restart()
    aws_calls = AwsCalls(world)
    aws_calls.at("Secrets Manager.GetSecretValue", unreachable)
    sealed = message(paid) | {"seal": "0" * 64}
    assert taken_up(world, sealed) == ["0"]
    aws_calls.acts.clear()
    assert taken_up(world, sealed) == []


def test_a_sealed_message_with_a_word_that_is_unknown_is_no_event(world: World) -> None:
    paid = world.paid()
    before = version(world, paid)
    queued = world.container.webhooks.queued
    fields = message(paid, trust="Believed")
    assert taken_up(world, fields | {"seal": queued._seal_of(fields)}) == ["0"]
    assert taken_up(world, message(paid, "SomethingNew")) == ["0"]
    assert taken_up(world, message(paid, amount_cents="1")) == ["0"]
    assert version(world, paid) == before


def test_news_that_says_paid_of_a_payout_that_was_never_sent_is_raised_only_if_monoovas(
    world: World,
) -> None:
    customer = world.customer()
    world.container.gatekeeper.pause("operator", "maintenance")
    queued = str(world.pay(customer).json["transaction_id"])
    before = version(world, queued)
    assert taken_up(world, message(queued)) == []
    assert version(world, queued) == before
    assert unsigned(world, body(world, queued, PAID)) == 200
    assert world.payout(queued)["needs_review"] is True
