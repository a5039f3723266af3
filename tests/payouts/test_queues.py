"""The queues of payouts and of webhook events: messages that come late, twice, or never."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from simulator.outcomes import Outcome
from tests.payouts.test_request_payout import AwsCalls, tap_line, throttled
from tests.world import LambdaContext, World

UNKNOWN: Final = "3f0c4a6e-0000-4000-8000-000000000001"
SEND: Final = "send_queued_payouts"
TAKE_UP: Final = "take_up_webhook_events"


def queued(world: World, amount: str = "125.50", customer: str | None = None) -> str:
    """A payout that waits in the queue; sending is possible again."""
    world.container.gatekeeper.pause("operator", "maintenance")
    answer = world.pay(customer or world.customer(), amount)
    world.container.gatekeeper.resume()
    assert (answer.status, answer.json["status"]) == (202, "Queued")
    return str(answer.json["transaction_id"])


def order(world: World, transaction_id: str, **fields: object) -> str:
    """The message that sends a payout."""
    customer_id = world.payout(transaction_id)["customer_id"]
    return json.dumps({"transaction_id": transaction_id, "customer_id": customer_id} | fields)


def news(world: World, transaction_id: str, kind: str = "PaymentSuccessful", **fields: Any) -> str:
    """The message of a signed webhook's event that was queued."""
    usual: dict[str, object] = {
        "kind": kind,
        "reference": transaction_id,
        "amount_cents": 12550,
        "monoova_transaction_id": None,
        "reason": None,
        "return_id": None,
        "trust": "Signed",
    }
    message = usual | fields
    return json.dumps(message | {"seal": world.container.webhooks.queued._seal_of(message)})


def row(world: World, transaction_id: str) -> dict[str, Any]:
    key = {"transaction_id": {"S": transaction_id}}
    found: dict[str, Any] = world.dynamodb.get_item(TableName="TransactionsTable", Key=key)["Item"]
    return found


def records(*bodies: str) -> dict[str, Any]:
    usual = {"attributes": {}, "messageAttributes": {}, "eventSource": "aws:sqs"}
    usual |= {"eventSourceARN": "arn:aws:sqs:ap-southeast-2:1:q", "awsRegion": "ap-southeast-2"}
    return {
        "Records": [
            {"messageId": str(number), "receiptHandle": str(number), "body": body, **usual}
            for number, body in enumerate(bodies)
        ]
    }


def bookings(world: World, *transaction_ids: str) -> list[int]:
    return [len(world.monoova.book.bookings(one)) for one in transaction_ids]


POISON: Final = (
    "",
    "not json",
    "[]",
    "null",
    "17",
    '"text"',
    "{}",
    "[" * 5_000,
    '{"transaction_id": {"S": "x"}, "customer_id": ["y"]}',
    '{"transaction_id": null, "customer_id": null}',
    '{"customer_id": "c"}',
    '{"kind": "Rejected"}',
    '{"kind": "Exploded", "reference": "x", "amount_cents": 1}',
    '{"kind": "Rejected", "reference": 7, "amount_cents": 1}',
    '{"kind": "Rejected", "reference": "x", "amount_cents": "1"}',
)


# --- payouts that wait


def test_a_message_sends_the_payout_it_names(world: World) -> None:
    waiting = queued(world)
    assert world.sqs_event(SEND, order(world, waiting)) == []
    assert world.state(waiting) == ("Pending", "Accepted")
    world.later(180)
    shown = world.payout(waiting)
    assert shown["status"] == "Completed"
    assert [(entry["event"], entry["by"]) for entry in shown["history"][1:]] == [
        ("Claimed", "queue"),
        ("SendAccepted", "queue"),
        ("SettledComplete", "monoova"),
    ]
    assert bookings(world, waiting) == [1]


def test_a_payout_that_is_queued_puts_its_ids_on_the_queue_and_nothing_else(world: World) -> None:
    waiting = queued(world)
    (message,) = world.messages("PAYOUT_QUEUE_URL")
    assert json.loads(message["Body"]) == json.loads(order(world, waiting))
    world.drain()
    assert world.messages("PAYOUT_QUEUE_URL") == []
    assert bookings(world, waiting) == [1]


def test_a_message_that_comes_twice_or_again_after_days_sends_once(world: World) -> None:
    waiting = queued(world)
    message = order(world, waiting)
    assert world.sqs_event(SEND, message, message, message) == []
    world.later(180)
    settled = row(world, waiting)
    for _ in range(3):
        world.later(86_400)
        assert world.sqs_event(SEND, message) == []
    assert row(world, waiting) == settled
    assert bookings(world, waiting) == [1]


@pytest.mark.parametrize(
    "outcome", [Outcome.TIMEOUT_AFTER_BOOKING_ALWAYS, Outcome.TIMEOUT_BEFORE_BOOKING_ALWAYS]
)
def test_a_redelivery_of_a_payout_in_doubt_does_not_send_it_again(
    outcome: Outcome, world: World
) -> None:
    waiting = queued(world)
    world.monoova.script(*[outcome] * 4)
    message = order(world, waiting)
    assert world.sqs_event(SEND, message) == []
    assert world.state(waiting) == ("Pending", "Unresolved")
    attempts = len(world.monoova.received)
    assert world.sqs_event(SEND, message, message) == []
    assert len(world.monoova.received) == attempts


@pytest.mark.parametrize("how", ["lost", "late", "doubled"])
def test_a_payout_is_paid_once_whatever_happens_to_its_message(how: str, world: World) -> None:
    waiting = queued(world)
    message = order(world, waiting)
    world.sqs.purge_queue(QueueUrl=world.environment["PAYOUT_QUEUE_URL"])
    if how == "doubled":
        world.sqs_event(SEND, message, message)
    world.minutes(10)
    if how == "late":
        assert world.sqs_event(SEND, message) == []
    assert world.payout(waiting)["status"] == "Completed"
    assert bookings(world, waiting) == [1]


def test_a_message_finds_nothing_to_do_where_the_payout_is_no_longer_queued(world: World) -> None:
    cancelled, unknown = queued(world), json.dumps({"transaction_id": UNKNOWN, "customer_id": "c"})
    message = order(world, cancelled)
    assert world.admin.post(f"/payouts/{cancelled}/cancel").status == 200
    before = row(world, cancelled)
    assert world.sqs_event(SEND, message, unknown) == []
    assert row(world, cancelled) == before
    assert bookings(world, cancelled) == [0]


def test_a_message_that_names_another_customer_harms_neither(world: World) -> None:
    waiting, other = queued(world), world.customer()
    before = row(world, waiting)
    for customer_id in (other, UNKNOWN):
        assert world.sqs_event(SEND, order(world, waiting, customer_id=customer_id)) == []
    assert row(world, waiting) == before
    assert world.sqs_event(SEND, order(world, waiting)) == []
    assert bookings(world, waiting) == [1]


def test_a_poison_message_fails_alone(world: World) -> None:
    first, second = queued(world, "1.00"), queued(world, "2.00")
    failed = world.sqs_event(SEND, order(world, first), *POISON, order(world, second))
    assert failed == [str(1 + number) for number in range(len(POISON))]
    assert bookings(world, first, second) == [1, 1]


def test_only_the_failed_message_is_retried_and_then_succeeds(world: World) -> None:
    waiting = [queued(world, amount) for amount in ("1.00", "2.00", "3.00")]
    messages = [order(world, one) for one in waiting]
    aws_calls = AwsCalls(world)

    def fails_for_the_second(body: str) -> object:
        return throttled(body) if waiting[1] in body else None

    aws_calls.at("DynamoDB.BatchGetItem", fails_for_the_second)
    assert world.sqs_event(SEND, *messages) == ["1"]
    assert bookings(world, *waiting) == [1, 0, 1]
    aws_calls.acts.clear()
    assert world.sqs_event(SEND, *messages) == []
    assert bookings(world, *waiting) == [1, 1, 1]


def test_a_failure_is_noted_by_its_class_and_the_batch_by_its_numbers(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = queued(world)
    message = order(world, waiting)
    capsys.readouterr()
    world.sqs_event(SEND, "not json of 987654321", message)
    (line,) = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert (line["kind"], line["batch"], line["failed"]) == (SEND, 2, 1)
    assert (line["error"], line["Errors"]) == ("JSONDecodeError", 1)
    assert "987654321" not in json.dumps(line)


@pytest.mark.parametrize(("milliseconds", "sent"), [(29_999, 0), (30_000, 1), (60_000, 1)])
def test_a_message_for_which_there_is_too_little_time_is_returned_untouched(
    milliseconds: int, sent: int, world: World
) -> None:
    waiting = queued(world)
    answer = world.app.send_queued_payouts(
        records(order(world, waiting)), LambdaContext(milliseconds)
    )
    assert answer == {"batchItemFailures": [] if sent else [{"itemIdentifier": "0"}]}
    assert bookings(world, waiting) == [sent]
    assert world.payout(waiting)["status"] == ("Pending" if sent else "Queued")


class RunningOut(LambdaContext):
    """A function whose time runs while it works."""

    def __init__(self, world: World, seconds: float) -> None:
        super().__init__()
        object.__setattr__(self, "_ends_at", world.clock().timestamp() + seconds)
        object.__setattr__(self, "_world", world)

    _ends_at: float
    _world: World

    def get_remaining_time_in_millis(self) -> int:
        return int((self._ends_at - self._world.clock().timestamp()) * 1000)


def test_a_slow_monoova_leaves_the_rest_of_a_batch_for_later_and_no_call_is_cut_off(
    world: World,
) -> None:
    waiting = [queued(world, f"{number}.00") for number in range(1, 6)]
    world.monoova.behave(latency_seconds=9.5)
    context = RunningOut(world, 60)
    bodies = [order(world, one) for one in waiting]
    answer = world.app.send_queued_payouts(records(*bodies), context)
    put_back = [int(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]
    assert put_back == [4]
    assert context.get_remaining_time_in_millis() > 0
    assert bookings(world, *waiting) == [1, 1, 1, 1, 0]
    world.monoova.behave(latency_seconds=0)
    assert world.sqs_event(SEND, bodies[4]) == []
    assert bookings(world, *waiting) == [1] * 5


def test_a_monoova_that_does_not_answer_does_not_keep_a_function_past_its_deadline(
    world: World,
) -> None:
    waiting = [queued(world, f"{number}.00") for number in range(1, 4)]
    world.monoova.behave(outage="timeout")
    context = RunningOut(world, 60)
    world.app.send_queued_payouts(records(*[order(world, one) for one in waiting]), context)
    assert context.get_remaining_time_in_millis() > 0
    states = [world.state(one) for one in waiting]
    assert ("Pending", "Unresolved") in states
    assert ("Pending", "Sending") not in states
    world.monoova.behave(outage="none")
    world.minutes(40)
    assert [world.payout(one)["status"] for one in waiting] == ["Completed"] * 3
    assert bookings(world, *waiting) == [1] * 3


def test_a_message_of_a_payout_that_may_not_be_sent_now_is_done_with_and_the_payout_waits(
    world: World,
) -> None:
    waiting = queued(world)
    world.container.gatekeeper.pause("operator", "maintenance")
    assert world.sqs_event(SEND, order(world, waiting)) == []
    assert world.payout(waiting)["status"] == "Queued"
    world.minutes(5)
    assert bookings(world, waiting) == [0]
    world.container.gatekeeper.resume()
    world.minutes(10)
    assert world.payout(waiting)["status"] == "Completed"
    assert bookings(world, waiting) == [1]


def test_a_queued_payout_that_a_person_has_to_look_at_is_not_sent(world: World) -> None:
    waiting = queued(world)
    assert world.sqs_event(TAKE_UP, news(world, waiting)) == []
    assert world.payout(waiting)["needs_review"]
    assert world.sqs_event(SEND, order(world, waiting)) == []
    assert bookings(world, waiting) == [0]
    assert world.payout(waiting)["status"] == "Queued"


def test_a_payout_whose_key_cannot_be_read_stays_queued_and_its_message_is_retried(
    world: World,
) -> None:
    waiting = queued(world)
    message = order(world, waiting)
    aws_calls = AwsCalls(world)
    aws_calls.at("KMS.Decrypt", throttled)
    assert world.sqs_event(SEND, message) == ["0"]
    assert world.payout(waiting)["status"] == "Queued"
    aws_calls.acts.clear()
    assert world.sqs_event(SEND, message) == []
    assert bookings(world, waiting) == [1]


# --- queued webhook events


@pytest.mark.parametrize(
    ("kind", "status"),
    [("PaymentSuccessful", "Completed"), ("Rejected", "Failed"), ("NppReturn", "Returned")],
)
def test_a_queued_event_is_applied_once_however_often_it_is_delivered(
    kind: str, status: str, world: World
) -> None:
    paid = world.paid()
    message = news(world, paid, kind, reason="CLOSED")
    assert world.sqs_event(TAKE_UP, message, message) == []
    settled = row(world, paid)
    assert world.payout(paid)["status"] == status
    assert world.sqs_event(TAKE_UP, message) == []
    assert row(world, paid) == settled


def test_an_event_that_came_before_its_payouts_row_is_applied_later(world: World) -> None:
    customer, early = world.customer(), []

    def webhook_first(body: str) -> object:
        transaction_id = json.loads(body)["Item"]["transaction_id"]["S"]
        message = news(world, transaction_id, monoova_transaction_id="1000001")
        early.append((message, world.sqs_event(TAKE_UP, message)))
        return None

    aws_calls = AwsCalls(world)
    aws_calls.once("DynamoDB.PutItem", webhook_first)
    paid = str(world.pay(customer).json["transaction_id"])
    ((message, failed),) = early
    assert failed == ["0"]
    assert world.state(paid) == ("Pending", "Accepted")
    assert world.sqs_event(TAKE_UP, message) == []
    assert world.payout(paid)["status"] == "Completed"


def test_an_event_that_contradicts_is_kept_and_done_with(world: World) -> None:
    paid = world.paid()
    for message in (news(world, paid, amount_cents=1), news(world, paid, amount_cents=None)):
        assert world.sqs_event(TAKE_UP, message, message) == []
    shown = world.payout(paid)
    assert (shown["status"], shown["needs_review"]) == ("Pending", True)
    assert [entry["event"] for entry in shown["history"]].count("Contradicted") == 2


def test_an_event_for_an_unknown_payout_fails_until_it_is_dead_lettered(
    world: World,
) -> None:
    messages = news(world, UNKNOWN), news(world, "invoice-7")
    for _ in range(5):
        assert world.sqs_event(TAKE_UP, *messages) == ["0", "1"]


def test_a_poison_event_fails_alone(world: World) -> None:
    first, second = world.paid("1.00"), world.paid("2.00")
    before, after = news(world, first, amount_cents=100), news(world, second, amount_cents=200)
    failed = world.sqs_event(TAKE_UP, before, *POISON, after)
    assert failed == [str(1 + number) for number in range(len(POISON))]
    assert [world.payout(one)["status"] for one in (first, second)] == ["Completed"] * 2


def test_an_event_whose_payout_cannot_be_written_is_retried(world: World) -> None:
    paid = world.paid()
    aws_calls = AwsCalls(world)
    aws_calls.at("DynamoDB.UpdateItem", throttled)
    assert world.sqs_event(TAKE_UP, news(world, paid)) == ["0"]
    aws_calls.acts.clear()
    assert world.sqs_event(TAKE_UP, news(world, paid)) == []
    assert world.payout(paid)["status"] == "Completed"


def test_an_event_for_which_there_is_too_little_time_is_returned(world: World) -> None:
    paid = world.paid()
    before = row(world, paid)
    answer = world.app.take_up_webhook_events(records(news(world, paid)), LambdaContext(1_000))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert row(world, paid) == before


# --- both with a webhook in between


def test_a_payout_that_another_claims_first_is_left_to_them(world: World) -> None:
    waiting = queued(world)
    message = order(world, waiting)
    aws_calls = AwsCalls(world)

    def faster(_body: str) -> object:
        assert world.sqs_event(SEND, message) == []
        return None

    aws_calls.once("DynamoDB.UpdateItem", faster)
    assert world.sqs_event(SEND, message) == []
    assert world.state(waiting) == ("Pending", "Accepted")
    assert bookings(world, waiting) == [1]
    events = [entry["event"] for entry in world.payout(waiting)["history"]]
    assert events == ["Requested", "Claimed", "SendAccepted"]


def test_a_payout_that_is_cancelled_first_is_not_sent(world: World) -> None:
    waiting = queued(world)
    message = order(world, waiting)
    aws_calls = AwsCalls(world)

    def cancels(_body: str) -> object:
        assert world.admin.post(f"/payouts/{waiting}/cancel").status == 200
        return None

    aws_calls.once("DynamoDB.UpdateItem", cancels)
    assert world.sqs_event(SEND, message) == []
    assert world.payout(waiting)["status"] == "Cancelled"
    assert bookings(world, waiting) == [0]


def test_a_webhook_that_overtakes_the_answer_to_a_queued_payout_counts(world: World) -> None:
    waiting = queued(world)

    def webhook_first(_request: Any, go_on: Callable[[], Any]) -> Any:
        answer = go_on()
        assert world.sqs_event(TAKE_UP, news(world, waiting)) == []
        return answer

    tap_line(world, webhook_first)
    assert world.sqs_event(SEND, order(world, waiting)) == []
    shown: Mapping[str, Any] = world.payout(waiting)
    assert (shown["status"], shown["needs_review"]) == ("Completed", False)
    assert shown["monoova_transaction_id"] is not None
    assert bookings(world, waiting) == [1]
