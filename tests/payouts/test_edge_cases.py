"""Edge cases in which a small mistake would pay twice, lose a payout or misreport its outcome."""

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.exceptions import ReadTimeoutError

from chalicelib.payouts.rules.payout import Change, Fields, State
from simulator.outcomes import Fate, Fault, Manner, Moment, Outcome, Plan
from tests.world import World, as_admin, load_app


class Bytes:
    """A body that a canned AWS answer is read from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: object) -> Any:
        yield self._content


def throttled(request: Any) -> AWSResponse:
    content = json.dumps({"__type": "x#ThrottlingException", "message": "slow down"}).encode()
    return AWSResponse(request.url, 400, HTTPHeaders(), Bytes(content))


def test_a_write_that_arrived_and_was_then_throttled_is_not_reported_as_undone(
    world: World,
) -> None:
    customer = world.customer()
    tries: list[str] = []

    def once_written_then_throttled(request: Any, **_: object) -> AWSResponse | None:
        if not request.headers["X-Amz-Target"].endswith(b"PutItem"):
            return None
        tries.append("put")
        if len(tries) == 1:
            item = json.loads(request.body)
            world.dynamodb.put_item(TableName=item["TableName"], Item=item["Item"])
            raise ReadTimeoutError(endpoint_url=request.url)
        return throttled(request)

    hook: Any = once_written_then_throttled
    client = world.container.payouts_table._client
    client.meta.events.register_first("before-send.dynamodb.PutItem", hook)
    answer = world.pay(customer)
    client.meta.events.unregister("before-send.dynamodb.PutItem", hook)
    assert (answer.status, answer.code) == (503, "OutcomeUnknown")
    # The answer names the payout to look for, and it exists.
    assert world.payout(answer.json["transaction_id"])["status"] == "Pending"
    assert "Retry-After" not in answer.headers


def test_a_payout_that_stays_pending_goes_to_review_even_after_it_was_in_doubt(
    world: World,
) -> None:
    world.monoova.script(Plan(Fault(Manner.TIMEOUT, Moment.AFTER), Fate.PENDING_FOREVER))
    paid = world.paid()
    assert world.state(paid) == ("Pending", "Unresolved")
    for _ in range(26):
        world.clock.advance(3600)
        world.reconcile()
    shown = world.payout(paid)
    assert (shown["submission"], shown["review_reason"]) == ("Accepted", "StillPending")


@pytest.mark.parametrize("stopped", ["circuit", "pause"])
def test_a_payout_in_doubt_goes_to_review_within_a_day_though_nothing_may_be_sent(
    world: World, stopped: str
) -> None:
    paid = world.paid("7.25")  # times out before it is booked, always
    if stopped == "pause":
        world.container.gatekeeper.pause("me", "a test")
    else:
        for _ in range(3):
            world.monoova.rotate_key("a key we do not have")
            world.clock.advance(3700)
            world.reconcile()
    for _ in range(27):
        world.clock.advance(3600)
        world.reconcile()
    shown = world.payout(paid)
    assert (shown["status"], shown["needs_review"]) == ("Pending", True)
    assert world.monoova.book.bookings(paid) == []


def test_a_refused_key_is_tried_three_times_and_never_locks_the_account(world: World) -> None:
    world.monoova.rotate_key("new-key")
    paid = world.paid()
    for _ in range(12):
        world.clock.advance(3700)
        world.reconcile()
    refused = [call for call in world.monoova.calls if call.authenticated is False]
    assert len(refused) == 3
    assert world.payout(paid)["status"] == "Queued"
    # The new key is in the secret: no more is needed.
    world.store_secret("new-key")
    world.clock.advance(360)
    world.minutes(8)
    assert world.payout(paid)["status"] == "Completed"
    assert len(world.monoova.book.bookings(paid)) == 1


def test_a_refusal_under_an_expired_lease_proves_nothing_of_the_current_attempt(
    world: World,
) -> None:
    paid = world.paid("7.25")
    table = world.container.payouts_table
    doubtful = table.get(paid)
    assert doubtful is not None
    now = world.clock()
    first = table.commit(
        doubtful, Change(Fields(state=State.SENDING, lease_id="expired", ambiguous=False)), now
    )
    table.commit(first, Change(Fields(lease_id="current")), now)
    world.monoova.script(Outcome.REFUSED_PAYID_DETAILS)
    customer = world.container.customers_table.get(first.customer_id)
    assert customer is not None
    opened = world.container.dispatcher._ready(first, customer)
    world.container._sender.send(first, opened.destination, "an expired worker", 10)
    assert world.state(paid) == ("Pending", "Sending")


def test_a_viewer_may_read_but_change_nothing(world: World) -> None:
    paid = world.paid()
    claims = {"sub": "a-viewer", "cognito:groups": "viewers"}
    viewer = as_admin(load_app())
    viewer._context = {"authorizer": {"claims": claims}}
    assert viewer.get(f"/payouts/{paid}").status == 200
    before = len(world.monoova.received)
    for method, path in [
        ("POST", "/payouts"),
        ("POST", "/customers"),
        ("DELETE", f"/customers/{paid}"),
        ("POST", f"/payouts/{paid}/retry"),
    ]:
        assert viewer(method, path, {}).code == "Forbidden"
    assert len(world.monoova.received) == before
    claims["cognito:groups"] = "viewers,operators"
    assert viewer.post("/payouts", {}).code == "InvalidRequest"


def test_a_refresh_by_hand_does_not_postpone_the_scheduled_look(world: World) -> None:
    paid = world.paid("7.25")
    due = world.payout(paid)["next_look_at"]
    for _ in range(6):
        assert world.admin.post(f"/payouts/{paid}/refresh").status == 200
    assert world.payout(paid)["next_look_at"] == due


def test_of_many_queued_payouts_most_go_through_the_queue_and_look_ups_do_not_wait(
    world: World,
) -> None:
    customer = world.customer()
    gatekeeper = world.container.gatekeeper
    looked_up = world.paid("7.05")  # its webhooks get lost
    gatekeeper.pause("me", "a test")
    queued = [world.pay(customer, "5.00").json["transaction_id"] for _ in range(30)]
    for message in world.messages("PAYOUT_QUEUE_URL"):
        world.sqs.delete_message(
            QueueUrl=world.environment["PAYOUT_QUEUE_URL"], ReceiptHandle=message["ReceiptHandle"]
        )
    gatekeeper.resume()
    world.later(310)
    world.reconcile()
    assert world.payout(looked_up)["status"] == "Completed"
    sent = [paid for paid in queued if world.payout(paid)["status"] != "Queued"]
    assert len(sent) < 30, "the rest is on the queue"
    for _ in range(4):
        world.drain()
    world.minutes(6)
    assert {world.payout(paid)["status"] for paid in queued} == {"Completed"}
    assert all(len(world.monoova.book.bookings(paid)) == 1 for paid in queued)


def test_one_customer_whose_record_is_broken_does_not_hide_the_others(world: World) -> None:
    broken, sound = world.customer(), world.customer()
    customers = world.container.customers_table
    swapped, source = customers.get(broken), customers.get(sound)
    assert swapped is not None
    assert source is not None
    customers.save(replace(swapped, sealed=source.sealed), world.clock())
    listed = world.admin.get("/customers")
    assert listed.status == 200
    names = {item["customer_id"]: item["name"] for item in listed.json["items"]}
    assert names == {broken: None, sound: "Jo Citizen"}
    assert world.admin.get(f"/customers/{broken}").status == 409


def test_a_customers_own_list_takes_no_other_customers_id(world: World) -> None:
    one, other = world.customer(), world.customer()
    answer = world.admin.get(f"/customers/{one}/payouts", customer_id=other)
    assert (answer.status, list(answer.json["errors"])) == (400, ["customer_id"])
