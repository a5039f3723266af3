"""Commands that call AWS directly, for when the API itself is down."""

import json

import pytest

from payoutctl.exits import Exit
from tests import aws
from tests.payoutctl.terminal import Terminal
from tests.world import World


@pytest.fixture
def direct(terminal: Terminal) -> Terminal:
    """At a terminal that has no API."""
    more = {
        "PAYOUTS_API_URL": "http://127.0.0.1:9",
        "PARKED_QUEUE_URL": dead_letter_queue(terminal.world),
        "DLQ_URL": terminal.world.environment["DLQ_URL"],
        "PAYOUT_QUEUE_URL": terminal.world.environment["PAYOUT_QUEUE_URL"],
    }
    return Terminal(terminal.server, terminal.home, more=more)


def dead_letter_queue(world: World) -> str:
    return world.environment["PARKED_QUEUE_URL"]


def test_pause_stops_sending_and_resume_starts_it_again(direct: Terminal) -> None:
    world = direct.world
    paused = direct("pause", "--reason", "wrong file", "--direct")
    assert "This asks AWS directly, as arn:aws:" in paused.stderr
    assert "wrong file" in paused.stdout
    customer = world.customer()
    assert world.pay(customer).json["status"] == "Queued"
    assert direct.json("resume", "--direct")["status"] == "Open"
    assert world.pay(customer).json["status"] == "Pending"


def test_the_breaker_is_shown_and_reset(direct: Terminal) -> None:
    direct.world.monoova.rotate_key("another-key")
    assert direct.world.pay(direct.world.customer()).json["status"] == "Queued"
    shown = direct.json("breaker", "show", "--direct")
    assert (shown["status"], shown["open_reason"]) == ("CircuitOpen", "NotAuthenticated")
    assert direct.json("breaker", "reset", "--direct")["status"] == "Open"


def test_without_the_api_it_is_reported_that_nothing_was_sent(direct: Terminal) -> None:
    problem = direct.json("pause", "--reason", "wrong file", ends=Exit.TRY_AGAIN)
    assert problem["code"] == "NothingSent"


def test_a_missing_table_is_reported(direct: Terminal) -> None:
    words = ("breaker", "show", "--direct", "--table", "no-such-table")
    assert "no-such-table" in direct(*words, ends=Exit.TRY_AGAIN).stderr


@pytest.mark.parametrize(
    ("body", "queue"),
    [
        ({"kind": "NppReturn", "reference": "r"}, "DLQ_URL"),
        ({"transaction_id": "t", "customer_id": "c"}, "PAYOUT_QUEUE_URL"),
        ({"batch_id": "b", "task": "release", "chunk": "1"}, "PAYOUT_QUEUE_URL"),
    ],
)
def test_a_dead_letter_is_listed_and_replayed_on_the_queue_it_came_from(
    direct: Terminal, body: dict[str, str], queue: str
) -> None:
    world, url = direct.world, direct.more["PARKED_QUEUE_URL"]
    message_id = world.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))["MessageId"]
    listed = direct.json("dlq", "list", "--direct")
    assert listed == {"items": [{"message_id": message_id, "body": body}]}
    make_visible(url)
    direct("dlq", "replay", "--direct", message_id)
    assert [json.loads(m["Body"]) for m in world.messages(queue)] == [body]
    direct("dlq", "replay", "--direct", message_id, ends=Exit.NOT_FOUND)


def test_all_dead_letters_are_replayed_in_one_go(direct: Terminal) -> None:
    url = direct.more["PARKED_QUEUE_URL"]
    bodies = [{"kind": "NppReturn", "reference": str(number)} for number in range(12)]
    for body in bodies:
        direct.world.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))
    direct("dlq", "replay", "--direct", ends=Exit.USAGE)
    assert len(direct.json("dlq", "replay", "--direct", "--all")["replayed"]) == len(bodies)
    make_visible(url)
    assert direct.json("dlq", "list", "--direct") == {"items": []}


def test_without_an_address_the_queues_of_the_stage_are_meant(direct: Terminal) -> None:
    direct.more = {**direct.more, "PARKED_QUEUE_URL": "", "STAGE": "nowhere"}
    said = direct("dlq", "list", "--direct", ends=Exit.NOT_FOUND).stderr
    assert "AWS says" in said
    sqs = direct.world.sqs
    url = sqs.create_queue(QueueName="monoova-payouts-nowhere-parked")["QueueUrl"]
    body = '{"kind": "NppReturn"}'
    message_id = sqs.send_message(QueueUrl=url, MessageBody=body)["MessageId"]
    assert direct.json("dlq", "replay", "--direct", "--all") == {"replayed": [message_id]}


def test_a_dead_letter_that_is_not_json_is_shown_as_it_is(direct: Terminal) -> None:
    url = direct.more["PARKED_QUEUE_URL"]
    message_id = direct.world.sqs.send_message(QueueUrl=url, MessageBody="not json")["MessageId"]
    assert "not json" in direct("dlq", "list", "--direct").stdout
    make_visible(url)
    assert direct.json("dlq", "replay", "--direct", message_id) == {"replayed": [message_id]}


def test_a_missing_queue_is_reported(direct: Terminal) -> None:
    url = direct.more["PARKED_QUEUE_URL"].replace("parked", "nowhere")
    gone = ("dlq", "list", "--direct", "--queue-url", url)
    assert "AWS says" in direct(*gone, ends=Exit.NOT_FOUND).stderr


@pytest.mark.parametrize("verb", ["configure", "finish"])
def test_a_stage_that_is_not_there_cannot_be_deployed(direct: Terminal, verb: str) -> None:
    assert "nowhere" in direct(verb, "--stage", "nowhere", ends=Exit.REFUSED).stderr
    assert direct.json(verb, "--stage", "nowhere", ends=Exit.REFUSED)["code"] == "Refused"


def make_visible(url: str) -> None:
    """Ends the half minute for which a listed message is hidden."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.sqs.models import sqs_backends

    queue = sqs_backends[DEFAULT_ACCOUNT_ID][aws.REGION].queues[url.rpartition("/")[2]]
    for message in queue._messages:
        message.visible_at = 0
