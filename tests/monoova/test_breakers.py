"""Two breakers, the pace, and that what waited goes at once: over whole working days."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
import requests

from chalicelib.monoova.rules.circuit import OpenReason
from chalicelib.payouts.rules.payout import State
from chalicelib.payouts.store.items import QUEUED_SHARDS
from simulator.outcomes import Outcome
from tests.monoova.test_gate import (
    ACCEPTED,
    QUEUED,
    Instance,
    fail,
    open_circuit,
    standing,
    succeed,
)
from tests.payouts.test_reconciliation import bookings, destination_of, queued, stored
from tests.payouts.test_request_payout import (
    AwsCalls,
    Pass,
    executed,
    is_execute,
    reply,
    tap_line,
    unreachable,
)
from tests.world import HttpAnswer, World

NewWorld = Callable[..., World]
PACE_WORDS: Final = "Monoova takes only so many payouts a minute"


def fails_at(world: World, *paths: str) -> None:
    """These calls of Monoova are answered with 500, and no other."""

    def line(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        is_one = any(path in request.path_url for path in paths)
        return reply(request, 500, b"") if is_one else send()

    tap_line(world, line)


def drained(world: World) -> None:
    """The workers take all messages that are on the queue, in no time."""
    while world.messages("PAYOUT_QUEUE_URL"):
        world.drain()


def states(world: World) -> set[tuple[str, str | None]]:
    shown = []
    cursor: str | None = None
    while True:
        page = world.admin.get("/payouts", limit="100", **({"cursor": cursor} if cursor else {}))
        shown += [(each["status"], each["submission"]) for each in page.json["items"]]
        cursor = page.json["next_cursor"]
        if cursor is None:
            return set(shown)


# --- one breaker for what moves money, one for questions


@pytest.mark.parametrize("is_watched", [False, True], ids=["a viewer asks", "the schedule too"])
def test_a_balance_that_fails_all_day_stops_no_payout(
    new_world: NewWorld, is_watched: bool
) -> None:
    """Eight hours, a screen that asks all the time, sixty-seven payouts."""
    world = new_world(**({"LOW_BALANCE_AUD": "100"} if is_watched else {}))
    customer = world.customer()
    fails_at(world, "/financials/")
    sent = 0
    for quarter in range(32):
        world.later(840)
        for _ in range(3):
            assert world.admin.get("/account").code == "MonoovaUnavailable"
            if sent < 67:
                assert standing(world.pay(customer)) == ACCEPTED
                sent += 1
        world.later(60)
        world.reconcile()
        assert not world.container.controls_table.gate().is_open, quarter
    assert sent == len(world.monoova.payments) == 67
    assert world.monoova.book.double_bookings() == {}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/account"),
        ("POST", "/payouts/validate"),
        ("POST", "/payouts/{transaction_id}/refresh"),
    ],
)
def test_what_a_person_looks_at_counts_in_neither_breaker(
    world: World, method: str, path: str
) -> None:
    customer = world.customer()
    transaction_id = world.pay(customer).json["transaction_id"]
    before = world.container.gatekeeper.look()
    fails_at(world, "/financials/", "/status/", "/validate")
    body = {"customer_id": customer, "amount": "3.00"} if "validate" in path else None
    for _ in range(30):
        world.admin(method, path.format(transaction_id=transaction_id), body)
    assert world.container.gatekeeper.look() == before
    assert len(world.monoova.calls) == 1


def stop_questions(world: World, customer: str) -> list[str]:
    """The status API fails: the schedule's questions open their breaker. Answers with payouts."""
    fails_at(world, "/status/")
    world.webhooks_arrive = False
    ids = [world.pay(customer).json["transaction_id"] for _ in range(8)]
    for _ in range(3):
        world.later(120)
        world.reconcile()
    return ids


def test_questions_that_fail_stop_questions_and_payouts_go_on(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    customer = world.customer()
    ids = stop_questions(world, customer)
    shown = world.admin.get("/sending").json
    assert shown["status"] == "Open"
    assert shown["questions"]["status"] == "CircuitOpen"
    assert shown["questions"]["open_reason"] == "TooManyFailures"
    assert standing(world.pay(customer)) == ACCEPTED
    assert world.admin.get("/account").code == "SendingStopped"
    tap_line(world, lambda _, send: send())
    calls = len(world.monoova.calls)
    capsys.readouterr()
    found = world.reconcile()
    assert (found["circuit"], found["questions_circuit"]) == ("Clear", "CircuitOpen")
    assert json.loads(capsys.readouterr().out)["QuestionsStoppedNow"] == 1
    assert len(world.monoova.calls) == calls
    # Nothing was put off meanwhile: one question probes, and the same run asks about the others.
    world.later(600)
    world.reconcile()
    assert {world.state(each)[0] for each in ids} == {"Completed"}
    assert world.admin.get("/sending").json["questions"]["status"] == "Open"


def test_an_operators_reset_lets_questions_be_asked_too(world: World) -> None:
    customer = world.customer()
    ids = stop_questions(world, customer)
    tap_line(world, lambda _, send: send())
    assert world.admin.post("/sending/reset").json["questions"]["status"] == "Open"
    world.later(240)
    world.reconcile()
    assert {world.state(each)[0] for each in ids} == {"Completed"}


def test_payouts_that_fail_stop_payouts_and_questions_go_on(world: World) -> None:
    customer = world.customer()
    world.webhooks_arrive = False
    sent = world.pay(customer).json["transaction_id"]
    fail(world, customer, 10)
    assert standing(world.pay(customer)) == QUEUED
    world.later(120)
    world.reconcile()
    assert world.state(sent)[0] == "Completed"
    # The answers to those questions have let nothing through.
    assert standing(world.pay(customer)) == QUEUED
    assert world.admin.get("/sending").json["status"] == "CircuitOpen"


def test_a_wait_in_review_is_shown_though_questions_are_stopped(new_world: NewWorld) -> None:
    world = new_world(REVIEW_AFTER_HOURS="1")
    ids = stop_questions(world, world.customer())
    for _ in range(4):
        world.later(1200)
        world.reconcile()
    assert {world.payout(each)["review_reason"] for each in ids} == {"StillPending"}


# --- refused logins


def refused_together(world: World, customer: str) -> list[HttpAnswer]:
    """Three instances call at the same time, with a key that is not taken any more."""
    others = [Instance(world) for _ in range(2)]
    answers: list[HttpAnswer] = []
    world.monoova.rotate_key("another")

    def meanwhile(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        if others and is_execute(request):
            answers.append(others.pop().pay(customer))
        return send()

    tap_line(world, meanwhile)
    answers.append(world.pay(customer))
    return answers


def test_logins_refused_in_one_instant_are_one_and_it_heals_by_itself(world: World) -> None:
    customer = world.customer()
    answers = refused_together(world, customer)
    assert [standing(answer) for answer in answers] == [QUEUED] * 3
    gate = world.container.controls_table.gate()
    assert (gate.login_failures, gate.sending.open_reason) == (1, OpenReason.NOT_AUTHENTICATED)
    assert gate.questions.open_reason is OpenReason.NOT_AUTHENTICATED
    assert gate.sending.probe_at == world.clock() + timedelta(minutes=10)
    # Monoova takes the key again: after ten minutes one payout probes, and all go.
    world.monoova.rotate_key("simulator-api-key")
    world.later(600)
    world.reconcile()
    ids = [answer.json["transaction_id"] for answer in answers]
    assert {world.state(each)[1] for each in ids} == {"Accepted"}
    assert bookings(world, *ids) == [1, 1, 1]
    assert world.container.controls_table.gate().questions.is_open is False


def test_logins_refused_in_one_instant_are_tried_again_with_a_new_key(world: World) -> None:
    customer = world.customer()
    answers = refused_together(world, customer)
    world.store_secret("another")
    world.later(301)
    world.reconcile()
    ids = [answer.json["transaction_id"] for answer in answers]
    assert bookings(world, *ids) == [1, 1, 1]
    assert world.container.controls_table.gate().login_failures == 0


def test_a_login_that_a_look_sees_refused_stops_sending_too(world: World) -> None:
    customer = world.customer()
    world.monoova.rotate_key("another")
    assert world.admin.get("/account").status == 503
    assert standing(world.pay(customer)) == QUEUED
    gate = world.container.controls_table.gate()
    assert (gate.login_failures, gate.is_open, gate.questions.is_open) == (1, True, True)


def test_without_a_payout_to_ask_about_the_schedule_finds_out_that_the_key_is_taken(
    world: World,
) -> None:
    world.monoova.rotate_key("another")
    assert world.admin.get("/account").status == 503
    world.store_secret("another")
    world.later(301)
    assert world.admin.get("/account").code == "SendingStopped"
    world.reconcile()
    assert world.admin.get("/account").status == 200
    # A payout has to show that payouts go out: the next one may, at once.
    assert standing(world.pay(world.customer())) == ACCEPTED
    assert world.admin.get("/sending").json["status"] == "Open"


def test_a_schedule_that_is_not_answered_probes_again_ten_minutes_later(world: World) -> None:
    world.monoova.rotate_key("another")
    world.admin.get("/account")
    world.store_secret("another")
    world.later(301)
    fails_at(world, "/financials/")
    world.reconcile()
    asked = len(world.monoova.calls)
    tap_line(world, lambda _, send: send())
    world.later(599)
    world.reconcile()
    assert len(world.monoova.calls) == asked
    world.later(1)
    world.reconcile()
    assert world.admin.get("/account").status == 200


# --- what waits goes at once


def test_after_a_reset_everything_that_waited_goes_at_once(world: World) -> None:
    customer = world.customer()
    open_circuit(world, customer)
    # Of one shard, and more than a page of it.
    waiting = queued(world, customer, 112)
    for _ in range(4):
        world.later(60)
        world.reconcile()
    before = world.clock()
    assert world.admin.post("/sending/reset").json["status"] == "Open"
    drained(world)
    assert bookings(world, *waiting) == [1] * 112
    assert (world.clock() - before).total_seconds() < 60


def test_a_reset_that_announces_nothing_leaves_it_to_the_next_run(world: World) -> None:
    customer = world.customer()
    open_circuit(world, customer)
    waiting = queued(world, customer, 42)
    world.later(60)
    assert world.reconcile()["looked_at"] < 42
    # As `payoutctl breaker reset --direct` does it, and where the queue takes no message.
    world.new_container().gatekeeper.reset()
    assert world.reconcile()["looked_at"] >= 42
    drained(world)
    assert bookings(world, *waiting) == [1] * 42


def test_after_a_resume_everything_that_waited_goes_at_once(world: World) -> None:
    customer = world.customer()
    world.admin.post("/sending/pause", {"reason": "a drill"})
    asked = [world.pay(customer).json["transaction_id"] for _ in range(12)]
    for _ in range(30):
        world.later(60)
        world.reconcile()
        drained(world)
    assert world.admin.post("/sending/resume").json["status"] == "Open"
    drained(world)
    assert bookings(world, *asked) == [1] * 12
    assert {world.state(each)[1] for each in asked} == {"Accepted"}


def test_what_was_put_on_the_queue_before_a_pause_goes_at_once_after_it(world: World) -> None:
    """A run puts what it puts on the queue off by five minutes; the messages met the pause."""
    customer = world.customer()
    waiting = queued(world, customer, 14)
    world.later(60)
    world.container.gatekeeper.look()
    aws = AwsCalls(world)
    world.reconcile()
    assert sum(bookings(world, *waiting)) == 10
    world.container.gatekeeper.pause("ops", "why")
    drained(world)
    world.container.gatekeeper.resume()
    world.later(10)
    world.reconcile()
    assert bookings(world, *waiting) == [1] * 14
    assert aws.names.count("SQS.SendMessage") == 4


def test_while_sending_is_stopped_nothing_that_waits_is_written(world: World) -> None:
    customer = world.customer()
    waiting = queued(world, customer, 6)
    world.container.gatekeeper.pause("ops", "why")
    [transaction_id, *_] = waiting
    stands = world.container.payouts_table.get(transaction_id)
    aws = AwsCalls(world)
    body = json.dumps({"transaction_id": transaction_id, "customer_id": customer})
    for _ in range(5):
        world.later(60)
        world.reconcile()
        assert world.sqs_event("send_queued_payouts", body) == []
    assert not {"TransactionsTable"} & set(aws.tables_written)
    assert world.container.payouts_table.get(transaction_id) == stands


def test_how_long_the_oldest_waits_is_seen_while_sending_is_stopped(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    queued(world, world.customer(), 3)
    world.container.gatekeeper.pause("ops", "why")
    world.later(7200)
    capsys.readouterr()
    world.reconcile()
    assert json.loads(capsys.readouterr().out)["OldestOpenSeconds"] == 7200


def test_a_resume_in_an_open_circuit_announces_nothing(world: World) -> None:
    customer = world.customer()
    open_circuit(world, customer)
    world.container.gatekeeper.pause("ops", "why")
    queued(world, customer, 2)
    world.later(60)
    world.admin.post("/sending/resume")
    assert world.messages("PAYOUT_QUEUE_URL") == []


def test_a_switch_is_done_though_nothing_can_be_announced(world: World) -> None:
    queued(world, world.customer(), 2)
    world.container.gatekeeper.pause("ops", "why")
    world.later(60)
    aws = AwsCalls(world)

    aws.at("SQS.SendMessageBatch", unreachable)
    assert world.admin.post("/sending/resume").json["status"] == "Open"
    assert world.container.controls_table.gate().is_paused is False


def test_after_the_probe_the_same_run_sends_what_waited(world: World) -> None:
    customer = world.customer()
    open_circuit(world, customer)
    waiting = queued(world, customer, 30)
    world.later(600)
    world.reconcile()
    drained(world)
    assert bookings(world, *waiting) == [1] * 30


def test_a_run_whose_time_ends_after_the_probe_leaves_the_rest_to_the_next(world: World) -> None:
    customer = world.customer()
    open_circuit(world, customer)
    waiting = queued(world, customer, 30)
    world.later(600)
    aws = AwsCalls(world)
    aws.at("SQS.SendMessage", lambda _: world.later(10))
    world.reconcile()
    del aws.acts["SQS.SendMessage"]
    world.minutes(10)
    drained(world)
    assert bookings(world, *waiting) == [1] * 30


def test_a_probe_that_fails_leaves_what_waits_as_it_is(world: World) -> None:
    customer = world.customer()
    open_circuit(world, customer)
    waiting = queued(world, customer, 5)
    world.later(600)
    world.monoova.script(Outcome.TIMEOUT_BEFORE_BOOKING)
    before = len(executed(world))
    world.reconcile()
    assert len(executed(world)) == before + 1
    assert {world.state(each)[0] for each in waiting} <= {"Pending", "Queued"}
    everything = [each["status"] for each in world.admin.get("/payouts").json["items"]]
    assert sorted(everything) == ["Pending", *["Queued"] * 7]


def test_what_was_queued_before_there_were_shards_for_it_is_sent(world: World) -> None:
    customer = world.customer()
    waiting = queued(world, customer, 2)
    for transaction_id in waiting:
        world.dynamodb.update_item(
            TableName="TransactionsTable",
            Key={"transaction_id": {"S": transaction_id}},
            UpdateExpression="SET due_shard = :shard",
            ExpressionAttributeValues={":shard": {"S": "0"}},
        )
    assert all(not due(world, shard) for shard in QUEUED_SHARDS)
    world.container.gatekeeper.pause("ops", "why")
    world.later(60)
    world.reconcile()
    assert {world.state(each)[0] for each in waiting} == {"Queued"}
    world.container.gatekeeper.resume()
    world.reconcile()
    assert bookings(world, *waiting) == [1, 1]


def due(world: World, shard: str) -> tuple[Any, ...]:
    return world.container.payouts_table.due(shard, world.clock(), 10).items


# --- the time over which nothing could be sent


def test_a_pause_of_thirty_hours_expires_nothing_and_raises_nothing(world: World) -> None:
    customer = world.customer()
    before = queued(world, customer, 3)
    world.admin.post("/sending/pause", {"reason": "a long one"})
    during = [world.pay(customer).json["transaction_id"] for _ in range(3)]
    for _ in range(15):
        world.later(7200)
        world.reconcile()
        drained(world)
    world.admin.post("/sending/resume")
    drained(world)
    ids = [*before, *during]
    assert bookings(world, *ids) == [1] * 6
    for _ in range(5):
        world.later(60)
        world.reconcile()
    shown = [world.payout(each) for each in ids]
    assert {(each["status"], each["needs_review"]) for each in shown} == {("Completed", False)}


def test_an_outage_of_thirty_hours_expires_nothing(world: World) -> None:
    customer = world.customer()
    world.monoova.behave(outage="unavailable")
    for _ in range(10):
        world.pay(customer)
    ids = [world.pay(customer).json["transaction_id"] for _ in range(9)]
    for _ in range(5):
        world.later(6 * 3600)
        world.reconcile()
    # What waited for an hour is asked about first: without an answer none is put in doubt.
    assert {world.state(each)[0] for each in ids} == {"Queued"}
    world.monoova.behave(outage="none")
    world.later(600)
    world.reconcile()
    drained(world)
    assert bookings(world, *ids) == [1] * 9
    assert {world.payout(each)["failure_code"] for each in ids} == {None}


def test_a_payout_that_waited_without_a_reason_expires_as_ever(world: World) -> None:
    """The pause lasted an hour of its twenty-five and a half."""
    customer = world.customer()
    world.container.gatekeeper.pause("ops", "why")
    waiting = world.pay(customer).json["transaction_id"]
    world.later(3600)
    world.container.gatekeeper.resume()
    world.later(24 * 3600)
    aws = AwsCalls(world)
    assert world.state(waiting)[0] == "Queued"
    world.later(1)
    world.reconcile()
    assert world.payout(waiting)["failure_code"] == "QueueExpired"
    assert aws.tables_written


# --- the pace


@pytest.mark.parametrize(
    ("form", "count", "minutes"), [("seconds", 120, 8), ("date", 30, 3), ("absent", 30, 3)]
)
def test_twenty_a_minute_are_sent_at_twenty_a_minute(
    world: World, form: str, count: int, minutes: int
) -> None:
    """A hundred and twenty payouts, of which Monoova takes twenty a minute."""
    customer = world.customer()
    world.monoova.behave(executes_per_minute=20, retry_after=form)
    answers = [world.pay(customer) for _ in range(count)]
    standings = [standing(answer) for answer in answers]
    assert standings == [ACCEPTED] * 20 + [QUEUED] * (count - 20)
    assert all(answer.json["message"].startswith(PACE_WORDS) for answer in answers[20:])
    # One was refused: the others were not even tried.
    assert len([call for call in world.monoova.calls if call.http == 429]) == 1
    ids = [answer.json["transaction_id"] for answer in answers]
    for _ in range(minutes):
        world.later(60)
        world.reconcile()
        drained(world)
    assert bookings(world, *ids) == [1] * count
    for _ in range(4):
        world.later(60)
        world.reconcile()
    shown = [world.payout(each) for each in ids]
    assert {each["status"] for each in shown} == {"Completed"}
    assert not any(each["needs_review"] for each in shown)
    events = {entry["event"] for each in shown for entry in each["history"]}
    assert "SendUnclear" not in events


def test_a_payout_that_was_one_too_many_says_so_and_can_be_cancelled(world: World) -> None:
    customer = world.customer()
    world.monoova.behave(executes_per_minute=1)
    world.pay(customer)
    answer = world.pay(customer)
    assert standing(answer) == QUEUED
    assert answer.json["message"].startswith(PACE_WORDS)
    assert answer.json["history"][-1]["event"] == "SendRateLimited"
    transaction_id = answer.json["transaction_id"]
    shown = world.admin.get("/sending").json
    assert (shown["status"], shown["per_minute"]) == ("Slowed", 30)
    assert shown["not_before"] > f"{world.clock():%Y-%m-%dT%H:%M:%S}"
    assert world.admin.post(f"/payouts/{transaction_id}/cancel").status == 200


def test_too_many_calls_are_no_failures_of_monoova(world: World) -> None:
    customer = world.customer()
    succeed(world, customer, 1)
    world.monoova.behave(executes_per_minute=1)
    for _ in range(30):
        world.later(20)
        world.pay(customer)
        world.reconcile()
    gate = world.container.controls_table.gate()
    assert (gate.is_open, gate.sending.watching_until) == (False, None)
    assert {state for _, state in states(world)} <= {None, "Accepted"}


def test_a_429_after_an_attempt_in_doubt_proves_nothing(new_world: NewWorld) -> None:
    world = new_world(MONOOVA_DUPLICATES="refused")
    customer = world.customer()
    world.monoova.script(Outcome.ERROR_AFTER_BOOKING)
    world.monoova.behave(executes_per_minute=1)
    transaction_id = world.pay(customer).json["transaction_id"]
    assert world.state(transaction_id) == ("Pending", "Unresolved")
    world.minutes(5)
    assert world.state(transaction_id)[0] == "Completed"
    assert bookings(world, transaction_id) == [1]


def test_in_health_no_turn_is_counted_and_a_pace_is_forgotten(world: World) -> None:
    customer = world.customer()
    world.monoova.behave(executes_per_minute=1)
    world.pay(customer)
    world.pay(customer)
    world.monoova.behave(executes_per_minute=0)
    assert world.admin.get("/sending").json["status"] == "Slowed"
    world.later(400)
    assert world.admin.get("/sending").json["status"] == "Open"
    aws = AwsCalls(world)
    assert standing(world.pay(customer)) == ACCEPTED
    assert "ControlsTable" not in aws.tables_written


def test_a_reset_ends_the_pace(world: World) -> None:
    customer = world.customer()
    world.monoova.behave(executes_per_minute=1)
    world.pay(customer)
    world.pay(customer)
    world.monoova.behave(executes_per_minute=0)
    assert world.admin.post("/sending/reset").json["status"] == "Open"
    assert standing(world.pay(customer)) == ACCEPTED


def test_a_turn_that_cannot_be_counted_is_not_taken(world: World) -> None:
    customer = world.customer()
    world.monoova.behave(executes_per_minute=1)
    world.pay(customer)
    world.pay(customer)
    world.later(60)
    aws = AwsCalls(world)
    aws.at("DynamoDB.UpdateItem", lambda body: unreachable(body) if "turns#" in body else None)
    before = len(world.monoova.calls)
    assert standing(world.pay(customer)) == QUEUED
    assert len(world.monoova.calls) == before


def test_questions_that_are_too_many_are_asked_later_and_payouts_go_on(world: World) -> None:
    customer = world.customer()
    world.webhooks_arrive = False
    ids = [world.pay(customer).json["transaction_id"] for _ in range(4)]
    world.monoova.behave(questions_per_minute=2)
    world.later(120)
    world.reconcile()
    asked = len([call for call in world.monoova.calls if call.method == "GET"])
    assert asked == 3
    assert standing(world.pay(customer)) == ACCEPTED
    gate = world.container.controls_table.gate()
    assert (gate.pace, gate.questions.is_open, gate.is_open) == (None, False, False)
    for _ in range(6):
        world.later(60)
        world.reconcile()
    assert {world.state(each)[0] for each in ids} == {"Completed"}


def test_a_row_in_its_turn_is_not_read_past_the_minutes_share(world: World) -> None:
    """A run gives no more to the queue than one minute's turns."""
    customer = world.customer()
    world.monoova.behave(executes_per_minute=3)
    to = destination_of(world, customer)
    waiting = [
        stored(world, customer, State.QUEUED, number, destination_id=to) for number in range(40)
    ]
    world.later(60)
    counts = []
    for _ in range(20):
        before = sum(bookings(world, *waiting))
        world.later(60)
        world.reconcile()
        drained(world)
        counts.append(sum(bookings(world, *waiting)) - before)
    assert sum(counts) == 40
    assert max(counts) <= 3


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60),
        ({"Retry-After": ""}, 60),
        ({"Retry-After": " 7 "}, 7),
        ({"Retry-After": "soon"}, 60),
        ({"Retry-After": "-5"}, 60),
        ({"Retry-After": "²"}, 60),
        ({"Retry-After": "99999999999999999999"}, 3600),
        ({"Retry-After": "Mon, 02 Mar 2026 01:00:40 GMT"}, 60),
        ({"Retry-After": "Mon, 02 Mar 2026 01:00:40 GMT", "Date": "yesterday"}, 60),
        (
            {
                "Retry-After": "Mon, 02 Mar 2026 05:00:40 GMT",
                "Date": "Mon, 02 Mar 2026 05:00:31 GMT",
            },
            9,
        ),
        (
            {
                "Retry-After": "Mon, 02 Mar 2026 05:00:40 -0000",
                "Date": "Mon, 02 Mar 2026 05:00:31 GMT",
            },
            60,
        ),
        (
            {
                "Retry-After": "Mon, 02 Mar 2026 04:00:00 GMT",
                "Date": "Mon, 02 Mar 2026 05:00:00 GMT",
            },
            1,
        ),
    ],
)
def test_when_monoova_takes_more_is_read_from_whatever_it_says(
    world: World, headers: dict[str, str], seconds: int
) -> None:
    """A date is counted from the reply's own: whose clock is right does not matter."""
    customer = world.customer()

    def too_many(request: requests.PreparedRequest, _send: Pass) -> requests.Response:
        answer = reply(request, 429, b"")
        answer.headers.update(headers)
        return answer

    tap_line(world, too_many)
    assert standing(world.pay(customer)) == QUEUED
    pace = world.container.controls_table.gate().pace
    assert pace is not None
    assert pace.not_before == world.clock() + timedelta(seconds=seconds)


def test_what_a_slow_pace_keeps_waiting_does_not_expire(new_world: NewWorld) -> None:
    """Seen: at one a minute, of more than 1,440 that waited the last were cancelled."""
    world = new_world(PAYOUT_EXPIRY_HOURS="1")
    began = world.clock()

    def too_many(request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        is_over = world.clock() > began + timedelta(hours=3)
        if is_over or "execute" not in request.path_url:
            return go_on()
        answer = reply(request, 429, b"")
        answer.headers["Retry-After"] = "3600"
        return answer

    tap_line(world, too_many)
    answer = world.pay(world.customer())
    assert standing(answer) == QUEUED
    transaction_id = answer.json["transaction_id"]
    for _ in range(4):
        world.later(3605)
        world.reconcile()
        assert world.state(transaction_id)[0] != "Cancelled"
    assert world.state(transaction_id)[0] == "Completed"
    assert bookings(world, transaction_id) == [1]
