"""What an operator types, typed."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from ops.payoutctl import payoutctl
from tests.world import World


def run(world: World, *words: str) -> Any:
    return CliRunner().invoke(payoutctl, list(words), env=world.environment)


def parked_url(world: World) -> str:
    return world.environment["PARKED_QUEUE_URL"]


def test_pause_stops_sending_and_resume_starts_it_again(world: World) -> None:
    paused = run(world, "pause", "--reason", "wrong file")
    assert (paused.exit_code, json.loads(paused.output)["is_paused"]) == (0, True)
    customer = world.customer()
    waiting = world.pay(customer)
    assert (waiting.status, waiting.json["status"]) == (202, "Queued")
    assert not json.loads(run(world, "resume").output)["is_paused"]
    assert world.pay(customer).json["status"] == "Pending"


def test_the_breaker_is_shown_and_reset(world: World) -> None:
    world.monoova.rotate_key("another-key")
    assert world.pay(world.customer()).json["status"] == "Queued"
    shown = json.loads(run(world, "breaker", "show").output)
    assert (shown["is_open"], shown["open_reason"]) == (True, "NotAuthenticated")
    assert not json.loads(run(world, "breaker", "reset").output)["is_open"]


@pytest.mark.parametrize(
    ("body", "queue"),
    [
        ({"kind": "NppReturn", "reference": "r"}, "DLQ_URL"),
        ({"transaction_id": "t", "customer_id": "c"}, "PAYOUT_QUEUE_URL"),
    ],
)
def test_a_parked_message_is_listed_and_put_back_where_it_came_from(
    world: World, body: dict[str, str], queue: str
) -> None:
    url = parked_url(world)
    message_id = world.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))["MessageId"]
    listed = json.loads(run(world, "parked", "list").output)
    assert listed == {"id": message_id, "body": body}
    world.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "0"})
    make_visible(world, url)
    assert run(world, "parked", "put-back", message_id).exit_code == 0
    assert [json.loads(m["Body"]) for m in world.messages(queue)] == [body]
    assert run(world, "parked", "put-back", message_id).exit_code == 1


def test_a_parked_message_that_nobody_can_read_is_shown_as_it_is(world: World) -> None:
    world.sqs.send_message(QueueUrl=parked_url(world), MessageBody="not json")
    assert json.loads(run(world, "parked", "list").output)["body"] == "not json"


def make_visible(world: World, url: str) -> None:
    """Ends the half minute for which a listed message is hidden."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.sqs.models import sqs_backends

    from tests import aws

    queue = sqs_backends[DEFAULT_ACCOUNT_ID][aws.REGION].queues[url.rpartition("/")[2]]
    for message in queue._messages:
        message.visible_at = 0
