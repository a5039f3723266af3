"""The circuit breaker, the lock-out protection and the pause switch, shared by all instances."""

import json
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any, Final

import pytest
import requests

from chalicelib.container import Container, wired
from chalicelib.control import account_fingerprints, seals
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.monoova.rules.circuit import OpenReason
from chalicelib.payouts.rules.payout import Change, Fields
from simulator.monoova import API_KEY
from simulator.outcomes import Outcome
from tests.payouts.test_request_payout import (
    AwsCalls,
    Pass,
    executed,
    is_execute,
    keyed,
    reply,
    rows_of,
    tap_line,
    unreachable,
)
from tests.world import HttpAnswer, LambdaContext, World, as_admin, load_app

QUEUED: Final = ("Queued", None)
ACCEPTED: Final = ("Pending", "Accepted")
CIRCUIT_WORDS: Final = "Monoova cannot be reached reliably at the moment."
PAUSE_WORDS: Final = "Payouts are paused by an operator."
KEYS: Final = {account_fingerprints.KEY_ID, seals.KEY_ID}


def standing(answer: HttpAnswer) -> tuple[str, str | None]:
    assert answer.status == 202, answer.text
    return answer.json["status"], answer.json["submission"]


def fail(world: World, customer_id: str, times: int) -> None:
    """So many payouts with one call each that counts as failed: its answer is empty."""
    for _ in range(times):
        world.monoova.script(Outcome.EMPTY_BODY)
        world.pay(customer_id)


def succeed(world: World, customer_id: str, times: int) -> None:
    for _ in range(times):
        assert standing(world.pay(customer_id)) == ACCEPTED


def open_circuit(world: World, customer_id: str) -> None:
    """Ten calls do not leave us: four, four and two; Monoova recovers at once."""
    world.monoova.behave(outage="connection_refused")
    for _ in range(3):
        world.pay(customer_id)
    world.monoova.behave(outage="none")
    assert is_open(world)


def is_open(world: World) -> bool:
    """Whether the shared record says that the circuit is open."""
    return world.container.controls_table.gate().is_open


def pass_time(world: World, minutes: int) -> None:
    """Runs the schedule without the queues; not every minute, to keep the test short."""
    for _ in range(minutes // 3):
        world.later(180)
        world.reconcile()


def logins_refused(world: World) -> int:
    return sum(call.authenticated is False for call in world.monoova.calls)


def controls(world: World) -> list[dict[str, Any]]:
    """What stands there, but for the keys that others have made."""
    items = world.dynamodb.scan(TableName="ControlsTable")["Items"]
    return [item for item in items if item["control_id"]["S"] not in KEYS]


def put_off(world: World, transaction_id: str, seconds: float) -> None:
    payouts, now = world.container.payouts_table, world.clock()
    stands = payouts.get(transaction_id)
    assert stands is not None
    payouts.commit(stands, Change(Fields(due_at=now + timedelta(seconds=seconds))), now)


class Instance:
    """Another function instance, with its own copy of the app and its own memory."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.app: ModuleType = load_app()
        self.container: Container = world.new_container()

    def pay(self, customer_id: str, amount: str = "3.00") -> HttpAnswer:
        body = {"customer_id": customer_id, "amount": amount}
        return self.during(lambda: as_admin(self.app).post("/payouts", body))

    def during(self, act: Callable[[], HttpAnswer]) -> HttpAnswer:
        """Runs `act` in this instance, then restores the one before."""
        before = wired.get()
        wired.put(self.container)
        try:
            return act()
        finally:
            wired.put(before)


# --- when it opens


def test_while_calls_succeed_nothing_is_written_to_the_controls(world: World) -> None:
    customer = world.customer()
    aws = AwsCalls(world)
    before = controls(world)
    for _ in range(3):
        assert world.pay(customer).status == 202
    world.minutes(5)
    assert world.admin.get("/account").status == 200
    # That webhooks are signed is written once, by the first instance that sees one.
    found = {item["control_id"]["S"] for item in controls(world)}
    assert found == {"gate", "signed-events"}
    assert all(item in controls(world) for item in before)
    assert aws.tables_written.count("ControlsTable") == 1


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [(5, 5, False), (5, 6, True), (4, 5, False), (4, 6, True), (0, 9, False), (0, 10, True)],
)
def test_it_opens_when_more_than_half_of_at_least_ten_calls_fail(
    world: World, good: int, bad: int, expected: bool
) -> None:
    customer_id = world.customer()
    succeed(world, customer_id, good)
    fail(world, customer_id, bad)
    assert is_open(world) is expected
    gate = world.container.gatekeeper.look()
    assert gate.sending.open_reason == (OpenReason.TOO_MANY_FAILURES if expected else None)


def test_good_calls_between_the_bad_ones_keep_it_closed(world: World) -> None:
    customer_id = world.customer()
    for _ in range(6):
        fail(world, customer_id, 1)
        succeed(world, customer_id, 2)
    assert not is_open(world)


def test_failures_of_more_than_five_minutes_ago_do_not_count(world: World) -> None:
    customer_id = world.customer()
    fail(world, customer_id, 9)
    world.later(301)
    fail(world, customer_id, 9)
    assert not is_open(world)
    fail(world, customer_id, 1)
    assert is_open(world)


def test_a_server_error_counts_once_for_each_attempt_and_stops_the_retries(world: World) -> None:
    customer_id = world.customer()
    attempts: list[int] = []

    def unavailable(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        if not is_execute(request):
            return send()
        attempts.append(1)
        return reply(request, 503, b"")

    tap_line(world, unavailable)
    answers = [world.pay(customer_id) for _ in range(4)]
    submissions = [answer.json["submission"] for answer in answers]
    assert submissions == ["Unresolved", "Unresolved", "Unresolved", None]
    # Four attempts, four, and the two that made ten; the questions between them are not counted.
    assert len(attempts) == 10
    assert answers[3].json["message"].startswith(CIRCUIT_WORDS)


def test_calls_of_all_instances_are_counted_together(world: World) -> None:
    customer_id = world.customer()
    instances = [Instance(world) for _ in range(5)]
    for instance in instances * 2:
        assert not is_open(world)
        world.monoova.script(Outcome.EMPTY_BODY)
        instance.pay(customer_id)
    assert is_open(world)
    before = len(world.monoova.calls)
    assert standing(Instance(world).pay(customer_id)) == QUEUED
    assert len(world.monoova.calls) == before


# --- while it is open


def test_while_it_is_open_a_payout_is_queued_with_an_explanation(world: World) -> None:
    customer_id = world.customer()
    open_circuit(world, customer_id)
    before = len(world.monoova.calls)
    answer = world.pay(customer_id)
    assert standing(answer) == QUEUED
    assert answer.json["message"].startswith(CIRCUIT_WORDS)
    assert answer.json["history"][0]["detail"] == "waits: CircuitOpen"
    assert len(world.monoova.calls) == before


LOOKS: Final = pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/account", None),
        ("POST", "/payouts/validate", {"amount": "3.00"}),
        ("POST", "/payouts/{transaction_id}/refresh", None),
    ],
)


@LOOKS
def test_while_a_login_is_refused_no_status_is_read_either(
    world: World, method: str, path: str, body: dict[str, str] | None
) -> None:
    customer_id = world.customer()
    transaction_id = world.pay(customer_id).json["transaction_id"]
    world.monoova.rotate_key("another")
    world.pay(customer_id)
    before = len(world.monoova.calls)
    path = path.format(transaction_id=transaction_id)
    answer = world.admin(method, path, body and {"customer_id": customer_id, **body})
    assert (answer.status, answer.code) == (503, "SendingStopped")
    assert answer.headers["Retry-After"] == "30"
    assert len(world.monoova.calls) == before


@LOOKS
def test_while_sending_alone_is_stopped_questions_are_asked(
    world: World, method: str, path: str, body: dict[str, str] | None
) -> None:
    customer_id = world.customer()
    transaction_id = world.pay(customer_id).json["transaction_id"]
    open_circuit(world, customer_id)
    world.later(600)
    path = path.format(transaction_id=transaction_id)
    answer = world.admin(method, path, body and {"customer_id": customer_id, **body})
    assert answer.status == 200
    # That Monoova answers it does not let a payout through, nor spend the probe.
    assert is_open(world)
    assert standing(world.pay(customer_id)) == ACCEPTED


def test_the_reconciler_sends_nothing_while_it_is_open_and_loses_nothing(world: World) -> None:
    customer_id = world.customer()
    world.webhooks_arrive = False
    open_circuit(world, customer_id)
    queued = world.pay(customer_id).json["transaction_id"]
    before = len(executed(world))
    pass_time(world, 9)
    assert len(executed(world)) == before
    pass_time(world, 33)
    assert not is_open(world)
    assert world.state(queued)[0] == "Completed"
    everything = world.admin.get("/payouts").json["items"]
    assert {payout["status"] for payout in everything} == {"Completed"}
    assert world.monoova.book.double_bookings() == {}
    assert len(world.monoova.payments) == len(everything) == 4


# --- how it closes


def test_every_run_of_the_reconciler_writes_whether_it_is_open(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Opening is logged once. An alarm must stay until it is closed."""

    def open_circuits() -> float:
        capsys.readouterr()
        world.reconcile()
        (line,) = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
        number: float = line["CircuitOpenNow"]
        return number

    customer = world.customer()
    assert open_circuits() == 0
    open_circuit(world, customer)
    assert [open_circuits(), open_circuits()] == [1, 1]
    wired.get().gatekeeper.reset()
    assert open_circuits() == 0


def test_after_ten_minutes_one_call_probes_and_its_success_closes_it(world: World) -> None:
    customer_id = world.customer()
    open_circuit(world, customer_id)
    world.later(599)
    assert standing(world.pay(customer_id)) == QUEUED
    world.later(1)
    assert standing(world.pay(customer_id)) == ACCEPTED
    assert not is_open(world)
    assert standing(Instance(world).pay(customer_id)) == ACCEPTED


def test_of_several_instances_one_probes(world: World) -> None:
    customer_id = world.customer()
    open_circuit(world, customer_id)
    world.later(600)
    others = [Instance(world) for _ in range(3)]
    meanwhile: list[HttpAnswer] = []

    def during_the_probe(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        if is_execute(request) and not meanwhile:
            meanwhile.extend(other.pay(customer_id) for other in others)
        return send()

    tap_line(world, during_the_probe)
    assert standing(world.pay(customer_id)) == ACCEPTED
    assert [standing(answer) for answer in meanwhile] == [QUEUED] * 3


def test_of_two_concurrent_probes_one_is_made(world: World) -> None:
    customer_id = world.customer()
    open_circuit(world, customer_id)
    world.later(600)
    aws, other = AwsCalls(world), Instance(world)
    answers: list[HttpAnswer] = []
    # Both have read that the probe is due; the other is faster to say that it takes it.
    aws.once("DynamoDB.PutItem", lambda _: answers.append(other.pay(customer_id)))
    answer = world.pay(customer_id)
    assert (standing(answers[0]), standing(answer)) == (ACCEPTED, QUEUED)


def test_a_probe_that_fails_leaves_it_open_for_ten_minutes_more(world: World) -> None:
    customer_id = world.customer()
    open_circuit(world, customer_id)
    opened_at = world.container.gatekeeper.look().sending.opened_at
    world.later(600)
    before = len(executed(world))
    world.monoova.script(Outcome.TIMEOUT_BEFORE_BOOKING)
    probe = world.pay(customer_id)
    # Its retries would be more than the one call that is allowed.
    assert (probe.json["submission"], len(executed(world))) == ("Unresolved", before + 1)
    gate = world.container.gatekeeper.look()
    assert (gate.is_open, gate.sending.opened_at) == (True, opened_at)
    world.later(599)
    assert standing(world.pay(customer_id)) == QUEUED
    world.later(1)
    assert standing(world.pay(customer_id)) == ACCEPTED


def test_after_a_probe_that_crashed_another_is_made_a_minute_later(world: World) -> None:
    customer_id = world.customer()
    open_circuit(world, customer_id)
    world.later(600)

    class CrashedError(BaseException):
        """The function was stopped."""

    def crash(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        raise CrashedError

    tap_line(world, crash)
    with pytest.raises(CrashedError):
        world.pay(customer_id)
    tap_line(world, lambda _, send: send())
    world.later(59)
    assert standing(world.pay(customer_id)) == QUEUED
    world.later(1)
    assert standing(world.pay(customer_id)) == ACCEPTED


def test_an_operator_closes_it_by_hand(world: World) -> None:
    customer_id = world.customer()
    open_circuit(world, customer_id)
    world.new_container().gatekeeper.reset()
    assert standing(world.pay(customer_id)) == ACCEPTED


# --- logins


@pytest.mark.parametrize("http", [401, 400, 200])
def test_one_failed_login_stops_everything_and_costs_no_payout(world: World, http: int) -> None:
    customer_id = world.customer()
    world.monoova.behave(login_failure_http=http)
    world.monoova.rotate_key("another")
    answer = world.pay(customer_id)
    first = answer.json["transaction_id"]
    assert standing(answer) == QUEUED
    assert answer.json["message"].startswith(CIRCUIT_WORDS)
    assert world.payout(first)["history"][-1]["event"] == "SendNotAuthenticated"
    gate = world.container.gatekeeper.look()
    assert gate.sending.open_reason is OpenReason.NOT_AUTHENTICATED
    others = [instance.pay(customer_id) for instance in (Instance(world), Instance(world))]
    assert [standing(other) for other in others] == [QUEUED, QUEUED]
    assert world.admin.get("/account").code == "SendingStopped"
    pass_time(world, 9)
    assert (logins_refused(world), world.monoova.login.failures) == (1, 1)
    # A person has put the right key in, and says so.
    world.store_secret("another")
    world.container.gatekeeper.reset()
    pass_time(world, 15)
    ids = [first, *(other.json["transaction_id"] for other in others)]
    assert [world.state(transaction_id)[0] for transaction_id in ids] == ["Completed"] * 3
    for transaction_id in ids:
        assert len(world.monoova.book.bookings(transaction_id)) == 1
    assert world.monoova.login.failures == 0


def test_the_cool_down_lets_a_few_logins_through_and_never_the_one_that_locks(
    world: World,
) -> None:
    customer_id = world.customer()
    world.monoova.rotate_key("another")
    transaction_id = world.pay(customer_id).json["transaction_id"]
    pass_time(world, 9)
    assert logins_refused(world) == 1
    pass_time(world, 6)
    assert logins_refused(world) == 2
    pass_time(world, 60)
    assert logins_refused(world) == 3
    assert world.monoova.login.locked_until is None
    # A new key is tried automatically, without a person's confirmation.
    world.store_secret("another")
    pass_time(world, 15)
    assert (logins_refused(world), is_open(world)) == (3, False)
    assert world.state(transaction_id)[0] == "Completed"
    assert len(world.monoova.book.bookings(transaction_id)) == 1


def test_a_new_key_that_is_wrong_too_is_tried_once(world: World) -> None:
    customer_id = world.customer()
    world.monoova.rotate_key("another")
    world.pay(customer_id)
    world.store_secret("a wrong one")
    world.later(301)
    for _ in range(3):
        assert standing(world.pay(customer_id)) == QUEUED
    assert logins_refused(world) == 2
    world.store_secret("another")
    pass_time(world, 24)
    assert (logins_refused(world), is_open(world)) == (2, False)
    statuses = {payout["status"] for payout in world.admin.get("/payouts").json["items"]}
    assert statuses == {"Completed"}


def test_a_login_that_fails_after_an_attempt_in_doubt_does_not_queue_it(
    new_world: Callable[..., World],
) -> None:
    """What was sent before may have been booked: back in the queue it could be cancelled."""
    world = new_world(MONOOVA_DUPLICATES="refused")
    customer_id = world.customer()
    world.monoova.script(Outcome.ERROR_AFTER_BOOKING)

    def then_the_key_changes(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        try:
            return send()
        finally:
            world.monoova.rotate_key("another")

    tap_line(world, then_the_key_changes)
    answer = world.pay(customer_id)
    assert standing(answer) == ("Pending", "Unresolved")
    assert answer.json["history"][-1]["detail"].startswith("NotAuthenticatedAfterDoubt")
    assert is_open(world)
    transaction_id = answer.json["transaction_id"]
    assert world.admin.post(f"/payouts/{transaction_id}/cancel").status == 409
    tap_line(world, lambda _, send: send())
    world.store_secret("another")
    pass_time(world, 24)
    assert world.state(transaction_id)[0] == "Completed"
    assert len(world.monoova.book.bookings(transaction_id)) == 1


def test_a_locked_account_is_not_called_for_an_hour(world: World) -> None:
    customer_id = world.customer()
    wrong_login = requests.Request("GET", "https://api.mpay.com.au/tools/v1/ping", auth=("bad", ""))
    for _ in range(5):
        world.http.send(wrong_login.prepare())
    before = len(world.monoova.calls)
    answer = world.pay(customer_id)
    assert standing(answer) == QUEUED
    assert world.container.gatekeeper.look().sending.open_reason is OpenReason.LOCKED_OUT
    pass_time(world, 57)
    assert len(world.monoova.calls) == before + 1
    pass_time(world, 9)
    assert world.state(answer.json["transaction_id"])[0] in ("Pending", "Completed")
    assert len(world.monoova.book.bookings(answer.json["transaction_id"])) == 1
    assert not is_open(world)


def test_a_rotated_key_is_picked_up_automatically_and_costs_no_payout(world: World) -> None:
    customer_id, before = world.customer(), controls(world)
    world.pay(customer_id)
    world.store_secret("another")
    world.monoova.rotate_key("another")
    answer = world.pay(customer_id)
    assert standing(answer) == ACCEPTED
    # One login with the old key, which the cache still held, and no second one.
    assert (logins_refused(world), world.monoova.login.failures) == (1, 0)
    assert len(world.monoova.book.bookings(answer.json["transaction_id"])) == 1
    assert controls(world) == before


def test_a_secret_that_cannot_be_read_again_is_a_failed_login_and_no_more(world: World) -> None:
    customer_id = world.customer()
    aws = AwsCalls(world)
    world.pay(customer_id)
    world.monoova.rotate_key("another")
    aws.at("Secrets Manager.GetSecretValue", unreachable)
    answer = world.pay(customer_id)
    assert standing(answer) == QUEUED
    assert logins_refused(world) == 1
    # Nothing can be called without it; the payout waits and nothing is lost.
    aws.acts.clear()
    world.monoova.rotate_key(API_KEY)
    pass_time(world, 21)
    assert world.state(answer.json["transaction_id"])[0] == "Completed"


def test_a_secret_that_cannot_be_read_stops_a_status_call_like_a_broken_connection(
    world: World,
) -> None:
    aws = AwsCalls(world)
    aws.at("Secrets Manager.GetSecretValue", unreachable)
    assert world.admin.get("/account").code == "MonoovaUnavailable"
    assert world.monoova.calls == []


# --- the pause switch


def test_while_paused_payouts_wait_and_afterwards_all_are_sent(world: World) -> None:
    customer_id = world.customer()
    operator = world.new_container().gatekeeper
    gate = operator.pause("ops", "bank holiday rehearsal")
    assert (gate.paused_by, gate.pause_reason) == ("ops", "bank holiday rehearsal")
    answers = [world.pay(customer_id) for _ in range(3)]
    assert [standing(answer) for answer in answers] == [QUEUED] * 3
    assert answers[0].json["message"].startswith(PAUSE_WORDS)
    assert answers[0].json["history"][0]["detail"] == "waits: Paused"
    world.minutes(10)
    assert executed(world) == []
    operator.resume()
    world.minutes(10)
    for answer in answers:
        transaction_id = answer.json["transaction_id"]
        assert world.state(transaction_id)[0] == "Completed"
        assert len(world.monoova.book.bookings(transaction_id)) == 1
        entries = [
            (entry["event"], entry["by"]) for entry in world.payout(transaction_id)["history"]
        ]
        assert entries[1][0] == "Claimed"
        assert entries[1][1] in ("queue", "reconciler")


def test_a_pause_stops_neither_status_calls_nor_webhooks(world: World) -> None:
    transaction_id = world.paid()
    world.container.gatekeeper.pause("ops", "why")
    assert world.admin.get("/account").status == 200
    assert world.admin.post(f"/payouts/{transaction_id}/refresh").status == 200
    world.minutes(3)
    assert world.state(transaction_id)[0] == "Completed"


def test_a_payout_in_doubt_is_not_sent_again_while_paused(
    new_world: Callable[..., World],
) -> None:
    world = new_world(GRACE_SECONDS="120")
    world.monoova.script(Outcome.TIMEOUT_BEFORE_BOOKING)
    transaction_id = world.paid()
    world.container.gatekeeper.pause("ops", "why")
    pass_time(world, 12)
    assert len(executed(world)) == 1
    world.container.gatekeeper.resume()
    pass_time(world, 12)
    assert world.state(transaction_id)[0] == "Completed"
    assert len(world.monoova.book.bookings(transaction_id)) == 1


def test_a_resumed_gate_may_still_be_an_open_one(world: World) -> None:
    customer_id = world.customer()
    open_circuit(world, customer_id)
    operator = world.container.gatekeeper
    operator.pause("ops", "why")
    assert world.pay(customer_id).json["message"].startswith(PAUSE_WORDS)
    operator.resume()
    assert world.pay(customer_id).json["message"].startswith(CIRCUIT_WORDS)


# --- when AWS fails


def test_a_queue_that_takes_no_message_delays_a_payout_and_no_more(world: World) -> None:
    customer_id = world.customer()
    aws = AwsCalls(world)
    aws.at("SQS.SendMessage", unreachable)
    world.container.gatekeeper.pause("ops", "why")
    answer = world.pay(customer_id)
    assert standing(answer) == QUEUED
    assert world.messages("PAYOUT_QUEUE_URL") == []
    world.container.gatekeeper.resume()
    world.minutes(9)
    assert world.state(answer.json["transaction_id"])[0] == "Completed"


def test_a_report_that_cannot_be_stored_is_dropped_and_the_payout_goes_on(world: World) -> None:
    customer_id, before = world.customer(), controls(world)
    aws = AwsCalls(world)

    def only_the_controls(body: str) -> object:
        return unreachable(body) if "ControlsTable" in body else None

    for name in ("DynamoDB.PutItem", "DynamoDB.UpdateItem", "DynamoDB.GetItem"):
        aws.at(name, only_the_controls)
    world.monoova.script(Outcome.ERROR_BEFORE_BOOKING)
    answer = world.pay(customer_id)
    assert standing(answer) == ACCEPTED
    assert controls(world) == before


def test_a_probe_that_cannot_be_claimed_is_not_made(world: World) -> None:
    customer_id = world.customer()
    open_circuit(world, customer_id)
    world.later(600)
    aws = AwsCalls(world)
    aws.once("DynamoDB.PutItem", unreachable)
    before = len(world.monoova.calls)
    assert standing(world.pay(customer_id)) == QUEUED
    assert len(world.monoova.calls) == before


def test_concurrent_changes_of_the_gate_by_two_instances_are_both_kept(world: World) -> None:
    customer_id = world.customer()
    aws = AwsCalls(world)
    other = world.new_container().gatekeeper

    def meanwhile(_body: str) -> None:
        other.pause("ops", "why")

    aws.once("DynamoDB.PutItem", meanwhile)
    world.container.gatekeeper.reset()
    assert standing(world.pay(customer_id)) == QUEUED
    gate = world.container.gatekeeper.look()
    assert (gate.version, gate.is_open, gate.is_paused) == (3, False, True)


def test_a_gate_that_changes_at_every_try_is_given_up_after_five_tries(world: World) -> None:
    aws = AwsCalls(world)
    other = world.new_container().gatekeeper

    def meanwhile(_body: str) -> None:
        world.clock.advance(1)
        other.reset()

    aws.at("DynamoDB.PutItem", meanwhile)
    with pytest.raises(StorageUnavailableError):
        world.container.gatekeeper.pause("ops", "why")
    assert aws.names.count("DynamoDB.PutItem") == 5


# --- the queue


def test_a_message_delivered_twice_or_late_sends_nothing_more(world: World) -> None:
    customer_id = world.customer()
    world.container.gatekeeper.pause("ops", "why")
    transaction_id = world.pay(customer_id).json["transaction_id"]
    [message] = world.messages("PAYOUT_QUEUE_URL")
    world.container.gatekeeper.resume()
    assert world.sqs_event("send_queued_payouts", message["Body"], message["Body"]) == []
    assert world.state(transaction_id) == ACCEPTED
    world.later(180)
    assert world.sqs_event("send_queued_payouts", message["Body"]) == []
    assert len(executed(world)) == 1
    assert len(world.monoova.book.bookings(transaction_id)) == 1


def test_a_message_for_no_payout_sends_nothing(world: World) -> None:
    body = '{"transaction_id": "00000000-0000-4000-8000-000000000000", "customer_id": "x"}'
    assert world.sqs_event("send_queued_payouts", body) == []
    assert (rows_of(world), world.monoova.calls) == (0, [])


@pytest.mark.parametrize("call", ["KMS.Decrypt", "DynamoDB.BatchGetItem"])
def test_a_message_that_cannot_be_handled_now_is_retried(world: World, call: str) -> None:
    customer_id = world.customer()
    world.container.gatekeeper.pause("ops", "why")
    transaction_id = world.pay(customer_id).json["transaction_id"]
    [message] = world.messages("PAYOUT_QUEUE_URL")
    world.container.gatekeeper.resume()
    aws = AwsCalls(world)
    aws.once(call, unreachable)
    assert world.sqs_event("send_queued_payouts", message["Body"]) == ["0"]
    assert world.state(transaction_id) == QUEUED
    assert world.sqs_event("send_queued_payouts", message["Body"]) == []
    assert len(world.monoova.book.bookings(transaction_id)) == 1


def test_two_that_claim_the_same_payout_send_it_once(world: World) -> None:
    customer_id = world.customer()
    world.container.gatekeeper.pause("ops", "why")
    transaction_id = world.pay(customer_id).json["transaction_id"]
    [message] = world.messages("PAYOUT_QUEUE_URL")
    world.container.gatekeeper.resume()
    aws, other = AwsCalls(world), Instance(world)

    def meanwhile(_body: str) -> None:
        wired.put(other.container)
        event = {"Records": [{"messageId": "0", "body": message["Body"]}]}
        other.app.send_queued_payouts(event, LambdaContext())
        wired.put(world.container)

    aws.once("DynamoDB.UpdateItem", meanwhile)
    assert world.sqs_event("send_queued_payouts", message["Body"]) == []
    assert world.state(transaction_id) == ACCEPTED
    assert len(executed(world)) == 1
    events = [entry["event"] for entry in world.payout(transaction_id)["history"]]
    assert events == ["Requested", "Claimed", "SendAccepted"]


def test_of_a_request_and_a_message_that_probe_concurrently_one_does(
    world: World,
) -> None:
    customer_id = world.customer()
    open_circuit(world, customer_id)
    waiting = world.pay(customer_id).json["transaction_id"]
    body = json.dumps({"transaction_id": waiting, "customer_id": customer_id})
    world.later(600)
    aws, other = AwsCalls(world), Instance(world)
    answers: list[HttpAnswer] = []
    aws.once("DynamoDB.PutItem", lambda _: answers.append(other.pay(customer_id)))
    assert world.sqs_event("send_queued_payouts", body) == []
    assert standing(answers[0]) == ACCEPTED
    assert world.state(waiting) == QUEUED
    # Put off, not forgotten.
    world.minutes(4)
    assert world.state(waiting) != QUEUED
    assert len(world.monoova.book.bookings(waiting)) == 1


def test_a_payout_that_is_put_off_while_another_cancels_it_stays_cancelled(world: World) -> None:
    customer_id = world.customer()
    world.container.gatekeeper.pause("ops", "why")
    transaction_id = world.pay(customer_id).json["transaction_id"]
    [message] = world.messages("PAYOUT_QUEUE_URL")
    # Put on the queue a second time, by a run before the pause, it is due later.
    put_off(world, transaction_id, 300)
    aws, other = AwsCalls(world), Instance(world)

    def meanwhile(_body: str) -> None:
        cancel = f"/payouts/{transaction_id}/cancel"
        other.during(lambda: as_admin(other.app).post(cancel))

    aws.once("DynamoDB.UpdateItem", meanwhile)
    assert world.sqs_event("send_queued_payouts", message["Body"]) == []
    assert world.state(transaction_id) == ("Cancelled", None)


def test_a_replay_of_a_queued_payout_is_the_queued_payout(world: World) -> None:
    customer_id = world.customer()
    world.container.gatekeeper.pause("ops", "why")
    first = keyed(world, customer_id)
    again = keyed(world, customer_id)
    assert again.json["transaction_id"] == first.json["transaction_id"]
    assert standing(again) == QUEUED
    assert rows_of(world) == 1
