"""Bugs that others who move money have really shipped, each with its own test."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest
import requests

from simulator.outcomes import Outcome
from tests.payouts.test_queues import news
from tests.payouts.test_request_payout import (
    AwsCalls,
    Pass,
    executed,
    is_execute,
    keyed,
    rows_of,
    tap_line,
    throttled,
    unreachable,
)
from tests.webhooks.webhook_mutations import SIGNATURE, signature
from tests.world import WEBHOOK_SECRET, World, as_service

PAID: Final = "Payment Successful"


class LambdaTimeoutError(BaseException):
    """The function is stopped at this point: none of its code runs any more."""


def webhook(reference: str, status: str, transaction_id: int = 1_000_001) -> bytes:
    event = {
        "UniqueReference": reference,
        "TransactionId": transaction_id,
        "Status": status,
        "Amount": 7.0,
    }
    return json.dumps(event).encode()


def deliver(world: World, body: bytes, **headers: str) -> int:
    url = "https://app.example/webhooks/monoova/NppPaymentStatus"
    usual = {"Authorization": WEBHOOK_SECRET, SIGNATURE: signature(body)}
    return world.deliver(url, usual | headers, body)


def bookings(world: World, reference: str) -> int:
    return len(world.monoova.book.bookings(reference))


def events(world: World, transaction_id: str) -> list[str]:
    return [entry["event"] for entry in world.payout(transaction_id)["history"]]


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT_BEFORE_BOOKING, Outcome.TIMEOUT_AFTER_BOOKING])
def test_a_retry_after_a_timeout_took_a_new_idempotency_key(
    new_world: Callable[..., World], outcome: Outcome
) -> None:
    world = new_world(GRACE_SECONDS="60")
    world.monoova.script(outcome)
    transaction_id = world.paid()
    assert world.state(transaction_id) == ("Pending", "Unresolved")
    world.minutes(12)
    assert world.state(transaction_id) == ("Completed", None)
    # Resent by the schedule where it was not booked: the very same body.
    bodies = {json.dumps(body, default=str, sort_keys=True) for body in executed(world)}
    assert len(executed(world)) == (2 if outcome is Outcome.TIMEOUT_BEFORE_BOOKING else 1)
    assert len(bodies) == 1
    assert executed(world)[0]["uniqueReference"] == transaction_id
    assert bookings(world, transaction_id) == 1


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("a bug"),
        KeyError("a bug"),
        OSError("the network"),
        requests.RequestException("x"),
        UnicodeError("x"),
        MemoryError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_any_exception_meant_failed_and_the_money_was_sent_a_second_time(
    world: World, error: Exception
) -> None:
    """Monoova has booked it when our side breaks, in whatever way."""
    broken: list[bool] = []

    def breaks_once(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        response = send()
        if is_execute(request) and not broken:
            broken.append(True)
            raise error
        return response

    tap_line(world, breaks_once)
    customer_id = world.customer()
    first = keyed(world, customer_id)
    assert first.status == 202
    assert first.json["status"] == "Pending"
    again = keyed(world, customer_id)
    assert again.json["transaction_id"] == first.json["transaction_id"]
    world.webhooks_arrive = False
    world.minutes(8)
    assert world.state(first.json["transaction_id"]) == ("Completed", None)
    assert bookings(world, first.json["transaction_id"]) == 1
    assert '"Failed"' not in json.dumps(world.payout(first.json["transaction_id"]), default=str)


@pytest.mark.parametrize("wording", ["SimulatedDuplicateReference", "InvalidReference", "Nonce"])
def test_the_providers_duplicate_answer_was_read_as_a_failure(
    new_world: Callable[..., World], wording: str
) -> None:
    world = new_world(MONOOVA_DUPLICATES="refused")
    world.monoova.behave(duplicate_status=wording)
    world.monoova.script(Outcome.ERROR_AFTER_BOOKING)
    transaction_id = world.paid()
    assert len(executed(world)) == 2
    assert world.state(transaction_id) == ("Pending", "Unresolved")
    world.minutes(6)
    assert world.state(transaction_id) == ("Completed", None)
    assert bookings(world, transaction_id) == 1


def test_an_idempotency_fingerprint_was_made_of_volatile_fields(world: World) -> None:
    customer_id = world.customer()
    body = {"customer_id": customer_id, "amount": "7.00", "description": "Order 7"}
    first = world.admin.post("/payouts", body, Idempotency_Key="order-7")
    assert first.status == 202
    same: list[bytes] = [
        json.dumps(dict(reversed(body.items()))).encode(),
        json.dumps(body | {"amount": 7}, indent=4).encode(),
        json.dumps(body | {"amount": "7.0"}).encode(),
        json.dumps(body).replace("Order 7", "\\u004frder 7").encode(),
    ]
    for hours, raw in enumerate(same):
        world.later(3600 * hours)
        world.restart()
        headers = {
            "Idempotency-Key": "order-7",
            "User-Agent": f"agent/{hours}",
            "X-Amzn-Trace-Id": f"Root=1-{hours}",
        }
        again = world.admin("POST", "/payouts", headers=headers, raw=raw)
        assert again.headers.get("Idempotent-Replayed") == "true", again.text
        assert again.json["transaction_id"] == first.json["transaction_id"]
    assert (len(executed(world)), rows_of(world)) == (1, 1)


def test_the_fingerprint_of_a_service_held_its_sessions_name(world: World) -> None:
    body = {"customer_id": world.customer(), "amount": "7.00"}
    ids = {
        as_service(world.app, f"arn:aws:sts::111122223333:assumed-role/Payer/{session}")
        .post("/internal/payouts", body, Idempotency_Key="order-7")
        .json["transaction_id"]
        for session in ("a", "b", "c")
    }
    assert len(ids) == 1


def test_a_webhook_that_came_before_the_record_existed_was_answered_and_lost(world: World) -> None:
    customer_id = world.customer()
    aws = AwsCalls(world)
    answers: list[int] = []
    set_aside: list[dict[str, Any]] = []

    def before_the_row_is_written(body: str) -> None:
        reference = json.loads(body)["Item"]["transaction_id"]["S"]
        answers.append(deliver(world, webhook(reference, PAID)))

    aws.once("DynamoDB.PutItem", before_the_row_is_written)
    aws.once("SQS.SendMessage", lambda body: set_aside.append(json.loads(body)))
    world.webhooks_arrive = False
    transaction_id = keyed(world, customer_id).json["transaction_id"]
    assert answers == [200]
    assert world.state(transaction_id) == ("Pending", "Accepted")
    # It comes again from the queue, once the record has had the time to be there.
    [kept] = set_aside
    assert (kept["QueueUrl"], kept["DelaySeconds"]) == (world.environment["DLQ_URL"], 30)
    assert world.sqs_event("take_up_webhook_events", kept["MessageBody"]) == []
    assert world.state(transaction_id) == ("Completed", None)
    assert world.payout(transaction_id)["needs_review"] is False


@pytest.mark.parametrize("later_news", ["Rejected", "Dishonoured by an unknown bank"])
def test_a_late_failed_overwrote_paid(world: World, later_news: str) -> None:
    transaction_id = keyed(world, world.customer()).json["transaction_id"]
    world.later(180)
    paid = world.payout(transaction_id)
    assert paid["status"] == "Completed"
    status = deliver(world, webhook(transaction_id, later_news))
    shown = world.payout(transaction_id)
    assert (shown["status"], shown["completed_at"]) == ("Completed", paid["completed_at"])
    assert shown["failure_code"] is None
    if later_news == "Rejected":
        assert (status, shown["needs_review"], shown["review_reason"]) == (
            200,
            True,
            "Contradiction",
        )
        assert events(world, transaction_id)[-1] == "SettledRejected"


def test_a_late_paid_overwrote_failed(world: World) -> None:
    world.monoova.script(Outcome.REJECTED)
    transaction_id = keyed(world, world.customer()).json["transaction_id"]
    world.later(180)
    assert deliver(world, webhook(transaction_id, PAID)) == 200
    shown = world.payout(transaction_id)
    assert (shown["status"], shown["failure_code"]) == ("Failed", "BankRejected")
    assert shown["needs_review"] is True


@pytest.mark.parametrize("headers", [{}, {"Webhookid": ""}, {"Webhookid": "1"}])
def test_deduplication_was_skipped_because_an_id_header_was_absent(
    world: World, headers: dict[str, str]
) -> None:
    world.webhooks_arrive = False
    transaction_id = keyed(world, world.customer()).json["transaction_id"]
    for _ in range(3):
        assert deliver(world, webhook(transaction_id, PAID), **headers) == 200
    settled = world.payout(transaction_id)
    assert events(world, transaction_id) == ["Requested", "SendAccepted", "SettledComplete"]
    # A contradicting event is written down once, too.
    for _ in range(3):
        assert deliver(world, webhook(transaction_id, "Rejected"), **headers) == 200
    disputed = world.payout(transaction_id)
    assert len(disputed["history"]) == len(settled["history"]) + 1


@pytest.mark.parametrize("fault", [throttled, unreachable])
def test_an_idempotency_record_was_deleted_on_any_exception(
    world: World, fault: Callable[[str], object]
) -> None:
    customer_id = world.customer()
    aws = AwsCalls(world)
    aws.at("DynamoDB.UpdateItem", fault)
    first = keyed(world, customer_id)
    aws.acts.clear()
    again = keyed(world, customer_id)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json["transaction_id"] == first.json["transaction_id"]
    assert "DynamoDB.DeleteItem" not in aws.names
    assert bookings(world, first.json["transaction_id"]) == 1
    assert (len(executed(world)), rows_of(world)) == (1, 1)


def test_an_in_progress_marker_had_no_expiry_after_a_lambda_timeout(world: World) -> None:
    customer_id = world.customer()

    def stopped(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        send()
        raise LambdaTimeoutError

    tap_line(world, stopped)
    with pytest.raises(LambdaTimeoutError):
        keyed(world, customer_id)
    tap_line(world, lambda _, send: send())
    world.webhooks_arrive = False
    world.restart()
    # While the lease lasts, a repeated request gets the payout, not an error and not a second one.
    again = keyed(world, customer_id)
    transaction_id = again.json["transaction_id"]
    assert (again.status, again.json["submission"]) == (202, "Sending")
    world.minutes(1)
    assert world.state(transaction_id) == ("Pending", "Sending")
    world.minutes(1)
    assert world.state(transaction_id) == ("Pending", "Unresolved")
    assert "LeaseExpired" in events(world, transaction_id)
    world.minutes(5)
    assert world.state(transaction_id) == ("Completed", None)
    assert keyed(world, customer_id).json["status"] == "Completed"
    assert (bookings(world, transaction_id), len(executed(world))) == (1, 1)


def test_a_worker_that_was_stopped_before_it_sent_left_its_payout_unsent(
    new_world: Callable[..., World],
) -> None:
    world = new_world(GRACE_SECONDS="60")
    customer_id = world.customer()
    world.container.gatekeeper.pause("ops", "why")
    transaction_id = world.pay(customer_id).json["transaction_id"]
    [message] = world.messages("PAYOUT_QUEUE_URL")
    world.container.gatekeeper.resume()

    def stopped(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        raise LambdaTimeoutError

    tap_line(world, stopped)
    with pytest.raises(LambdaTimeoutError):
        world.sqs_event("send_queued_payouts", message["Body"])
    tap_line(world, lambda _, send: send())
    assert world.state(transaction_id) == ("Pending", "Sending")
    # The message is redelivered at once: the payout is claimed, so nothing is sent.
    assert world.sqs_event("send_queued_payouts", message["Body"]) == []
    assert executed(world) == []
    world.minutes(12)
    assert world.state(transaction_id) == ("Completed", None)
    assert bookings(world, transaction_id) == 1


def test_a_failing_item_of_a_batch_was_silently_deleted(world: World) -> None:
    customer_id = world.customer()
    world.container.gatekeeper.pause("ops", "why")
    ids = [world.pay(customer_id).json["transaction_id"] for _ in range(3)]
    messages = [message["Body"] for message in world.messages("PAYOUT_QUEUE_URL")]
    world.container.gatekeeper.resume()
    aws, left = AwsCalls(world), [None, True, None]

    def the_second_fails(_body: str) -> object:
        return unreachable("") if left.pop(0) else None

    aws.at("DynamoDB.BatchGetItem", the_second_fails)
    assert world.sqs_event("send_queued_payouts", *messages) == ["1"]
    aws.acts.clear()
    stands = sorted(world.state(transaction_id)[0] for transaction_id in ids)
    assert stands == ["Pending", "Pending", "Queued"]
    assert world.sqs_event("send_queued_payouts", messages[1]) == []
    assert [bookings(world, transaction_id) for transaction_id in ids] == [1, 1, 1]


@pytest.mark.parametrize("bad", ["not JSON", "[]", "{}", '{"kind": "NppReturn"}', "null"])
def test_a_webhook_event_that_cannot_be_taken_up_was_silently_deleted(
    world: World, bad: str
) -> None:
    world.webhooks_arrive = False
    transaction_id = keyed(world, world.customer()).json["transaction_id"]
    good = news(world, transaction_id, amount_cents=700, monoova_transaction_id="1000001")
    bodies: list[Any] = [bad, good, bad]
    assert world.sqs_event("take_up_webhook_events", *bodies) == ["0", "2"]
    assert world.state(transaction_id) == ("Completed", None)
