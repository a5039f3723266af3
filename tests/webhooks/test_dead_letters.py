"""The dead-letter queue: messages are listed without their text, replayed, or dropped."""

import json
from typing import Any, Final

import pytest

from proof.lambda_events import user
from tests.payouts.test_queues import POISON, UNKNOWN, news, order, queued
from tests.payouts.test_request_payout import AwsCalls, throttled
from tests.world import ADMIN, Caller, HttpAnswer, World

SOME_ID: Final = "00000000-0000-4000-8000-000000000000"
SECRET_TEXT: Final = "Jo Citizen 062-000 12345678"
PAYOUT_QUEUE: Final = "arn:aws:sqs:ap-southeast-2:1:payouts"


def dead_letter(world: World, body: str) -> str:
    url = world.environment["PARKED_QUEUE_URL"]
    return str(world.sqs.send_message(QueueUrl=url, MessageBody=body or " ")["MessageId"])


def listed(world: World) -> list[Any]:
    answer = world.admin.get("/dead-letters")
    assert answer.status == 200, answer.text
    assert answer.json["is_complete"] is True
    return list(answer.json["items"])


def replay(world: World, message_id: str) -> HttpAnswer:
    return world.admin.post(f"/dead-letters/{message_id}/replay")


def drop(world: World, message_id: str) -> HttpAnswer:
    return world.admin("DELETE", f"/dead-letters/{message_id}")


def came_from(world: World, queue_arn: str) -> None:
    """Adds the source queue's ARN, which SQS has on a message that it moved; moto has not."""

    def tell(**event: Any) -> None:
        for message in event["parsed"].get("Messages", []):
            message["Attributes"]["DeadLetterQueueSourceArn"] = queue_arn

    world.session.register("after-call.sqs.ReceiveMessage", tell)


def test_no_letters_are_an_empty_list(world: World) -> None:
    assert listed(world) == []


def test_they_are_counted_without_being_taken_out(world: World) -> None:
    for _ in range(3):
        dead_letter(world, news(world, UNKNOWN))
    calls = AwsCalls(world)
    answer = world.admin.get("/dead-letters", limit="0")
    assert answer.json == {"items": [], "is_complete": False, "approximate_count": 3}
    assert calls.names == ["DynamoDB.GetItem", "SQS.GetQueueAttributes"], "who asks, then the queue"
    assert len(world.admin.get("/dead-letters", limit="2").json["items"]) == 2
    assert world.admin.get("/dead-letters", limit="201").code == "InvalidRequest"


def test_many_that_were_listed_become_visible_again_ten_at_a_time(world: World) -> None:
    for _ in range(11):
        dead_letter(world, news(world, UNKNOWN))
    calls = AwsCalls(world)
    assert len(listed(world)) == 11
    assert calls.names.count("SQS.ChangeMessageVisibilityBatch") == 2
    assert len(listed(world)) == 11


def test_a_webhooks_event_is_shown_by_its_ids_and_codes(world: World) -> None:
    body = news(world, UNKNOWN, "Rejected", monoova_transaction_id="1000001", reason=SECRET_TEXT)
    message_id = dead_letter(world, body)
    (letter,) = listed(world)
    assert letter.pop("sent_at").endswith("Z")
    assert letter == {
        "message_id": message_id,
        "kind": "WebhookEvent",
        "event": "Rejected",
        "transaction_id": UNKNOWN,
        "batch_id": None,
        "amount": 125.5,
        "monoova_transaction_id": "1000001",
        "received": 1,
    }


def test_a_payouts_message_is_shown_by_its_payout(world: World) -> None:
    waiting = queued(world)
    dead_letter(world, order(world, waiting))
    (letter,) = listed(world)
    assert (letter["kind"], letter["transaction_id"]) == ("Payout", waiting)
    assert (letter["event"], letter["amount"]) == (None, None)


@pytest.mark.parametrize("text", [*POISON, SECRET_TEXT], ids=range(len(POISON) + 1))
def test_an_unreadable_message_is_listed_without_its_text(world: World, text: str) -> None:
    dead_letter(world, text)
    answer = world.admin.get("/dead-letters")
    (letter,) = answer.json["items"]
    assert letter["transaction_id"] is None
    assert letter["monoova_transaction_id"] is None
    assert SECRET_TEXT not in answer.text


def test_what_has_not_the_form_that_it_should_have_is_not_shown(world: World) -> None:
    fields: dict[str, Any] = {
        "amount_cents": True,
        "monoova_transaction_id": SECRET_TEXT,
        "reason": SECRET_TEXT,
    }
    dead_letter(world, news(world, SECRET_TEXT, **fields))
    answer = world.admin.get("/dead-letters")
    (letter,) = answer.json["items"]
    assert letter["event"] == "PaymentSuccessful"
    assert (letter["transaction_id"], letter["amount"]) == (None, None)
    assert "Citizen" not in answer.text


def test_listing_hides_nothing_and_counts_the_receives(world: World) -> None:
    ids = [dead_letter(world, news(world, UNKNOWN)) for _ in range(23)]
    first, second = listed(world), listed(world)
    assert {letter["message_id"] for letter in first} == set(ids)
    times = [letter["sent_at"] for letter in first]
    assert times == sorted(times)
    assert {letter["received"] for letter in first} == {1}
    assert {letter["received"] for letter in second} == {2}


def test_a_list_that_is_cut_off_is_not_reported_as_complete(world: World) -> None:
    for _ in range(20):
        entries = [{"Id": str(n), "MessageBody": "x"} for n in range(10)]
        world.sqs.send_message_batch(
            QueueUrl=world.environment["PARKED_QUEUE_URL"], Entries=entries
        )
    answer = world.admin.get("/dead-letters").json
    assert (len(answer["items"]), answer["is_complete"]) == (200, False)


def test_a_batch_s_message_is_shown_by_its_batch_and_replayed_on_the_queue_of_payouts(
    world: World,
) -> None:
    body = json.dumps({"batch_id": UNKNOWN, "chunk": 7, "task": "release"})
    message_id = dead_letter(world, body)
    (letter,) = listed(world)
    assert (letter["kind"], letter["batch_id"]) == ("Batch", UNKNOWN)
    assert replay(world, message_id).status == 200
    assert [message["Body"] for message in world.messages("PAYOUT_QUEUE_URL")] == [body]


# --- replayed


def test_an_event_that_is_replayed_is_applied(world: World) -> None:
    paid = world.paid()
    message_id = dead_letter(world, news(world, paid))
    answer = replay(world, message_id)
    assert answer.status == 200
    assert (answer.json["message_id"], answer.json["transaction_id"]) == (message_id, paid)
    assert listed(world) == []
    world.drain()
    assert world.state(paid)[0] == "Completed"


def test_a_payouts_message_that_is_replayed_sends_it_once(world: World) -> None:
    waiting = queued(world)
    [first] = world.messages("PAYOUT_QUEUE_URL")
    url = world.environment["PAYOUT_QUEUE_URL"]
    world.sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert replay(world, dead_letter(world, order(world, waiting))).status == 200
    world.drain()
    assert world.state(waiting) == ("Pending", "Accepted")
    assert len(world.monoova.book.bookings(waiting)) == 1


def test_only_the_chosen_messages_are_replayed_and_the_others_stay_visible(world: World) -> None:
    ids = [dead_letter(world, news(world, UNKNOWN)) for _ in range(15)]
    # In the middle of the second ten that SQS hands out.
    assert replay(world, ids[12]).status == 200
    assert {each["message_id"] for each in listed(world)} == {*ids[:12], *ids[13:]}
    assert len(world.messages("DLQ_URL")) == 1


def test_the_source_queue_counts_more_than_the_form_of_the_message(world: World) -> None:
    came_from(world, PAYOUT_QUEUE)
    assert replay(world, dead_letter(world, '{"batch": 7}')).status == 200
    assert [message["Body"] for message in world.messages("PAYOUT_QUEUE_URL")] == ['{"batch": 7}']


def test_a_message_of_unknown_origin_stays_in_the_dead_letter_queue(world: World) -> None:
    message_id = dead_letter(world, "not json")
    answer = replay(world, message_id)
    assert (answer.status, answer.code) == (409, "DeadLetterUnreadable")
    assert [letter["message_id"] for letter in listed(world)] == [message_id]


def test_a_message_that_could_not_be_replayed_is_not_deleted(world: World) -> None:
    message_id = dead_letter(world, news(world, UNKNOWN))
    AwsCalls(world).once("SQS.SendMessage", throttled)
    answer = replay(world, message_id)
    assert (answer.status, answer.code) == (503, "StorageUnavailable")
    later = world.sqs.receive_message(
        QueueUrl=world.environment["PARKED_QUEUE_URL"], VisibilityTimeout=0
    )
    assert later.get("Messages", []) == []  # hidden, for a minute
    assert world.messages("DLQ_URL") == []


def test_a_message_that_was_replayed_but_not_deleted_is_doubled_and_does_no_harm(
    world: World,
) -> None:
    paid = world.paid()
    message_id = dead_letter(world, news(world, paid))
    AwsCalls(world).once("SQS.DeleteMessage", throttled)
    assert replay(world, message_id).status == 503
    world.drain()
    assert world.state(paid)[0] == "Completed"
    assert world.sqs_event("take_up_webhook_events", news(world, paid)) == []
    assert world.payout(paid)["needs_review"] is False


# --- dropped


def test_a_message_that_is_dropped_is_gone(world: World) -> None:
    keep, gone = dead_letter(world, news(world, UNKNOWN)), dead_letter(world, "not json")
    answer = drop(world, gone)
    assert (answer.status, answer.text) == (204, "")
    assert [letter["message_id"] for letter in listed(world)] == [keep]
    assert world.messages("DLQ_URL") == []


@pytest.mark.parametrize("message_id", [SOME_ID, "x", "%2e%2e"])
def test_a_message_that_is_not_there_is_not_found(world: World, message_id: str) -> None:
    dead_letter(world, news(world, UNKNOWN))
    for answer in (replay(world, message_id), drop(world, message_id)):
        assert (answer.status, answer.code) == (404, "DeadLetterNotFound")
    assert len(listed(world)) == 1


@pytest.mark.parametrize(("act", "what"), [(replay, "replayed"), (drop, "deleted")])
def test_who_did_what_to_which_message_is_in_the_log(
    world: World, capsys: pytest.CaptureFixture[str], act: Any, what: str
) -> None:
    message_id = dead_letter(world, news(world, UNKNOWN, reason=SECRET_TEXT))
    assert act(world, message_id).status in (200, 204)
    line = json.loads(capsys.readouterr().out)
    assert line["actor"] == ADMIN
    assert line["outcome"] == f"dead letter {message_id} {what}"
    assert line["transaction_id"] == UNKNOWN
    assert SECRET_TEXT not in json.dumps(line)


# --- who, and when it does not work


def test_a_viewer_may_list_but_move_nothing(world: World) -> None:
    message_id = dead_letter(world, news(world, UNKNOWN))
    viewer = Caller(world.app, user("viewer", "viewers"))
    assert len(viewer.get("/dead-letters").json["items"]) == 1
    assert viewer.post(f"/dead-letters/{message_id}/replay").code == "Forbidden"
    assert viewer("DELETE", f"/dead-letters/{message_id}").code == "Forbidden"
    assert len(listed(world)) == 1


@pytest.mark.parametrize("operation", ["ReceiveMessage", "ChangeMessageVisibilityBatch"])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/dead-letters"), ("DELETE", f"/dead-letters/{SOME_ID}")]
)
def test_a_queue_that_cannot_be_reached_is_answered_as_unavailable(
    world: World, operation: str, method: str, path: str
) -> None:
    dead_letter(world, news(world, UNKNOWN))
    AwsCalls(world).once(f"SQS.{operation}", throttled)
    answer = world.admin(method, path)
    assert (answer.status, answer.code) == (503, "StorageUnavailable")


def test_a_message_that_could_not_be_deleted_is_not_reported_as_deleted(world: World) -> None:
    message_id = dead_letter(world, news(world, UNKNOWN))
    AwsCalls(world).once("SQS.DeleteMessage", throttled)
    assert drop(world, message_id).code == "StorageUnavailable"


def test_a_deployment_without_the_queue_reports_it_in_the_log_only(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    del world.environment["PARKED_QUEUE_URL"]
    world.restart()
    answer = world.admin.get("/dead-letters")
    assert (answer.status, answer.code) == (500, "InternalError")
    assert "PARKED" not in answer.text
    assert "PARKED_QUEUE_URL: missing" in json.loads(capsys.readouterr().out)["outcome"]
