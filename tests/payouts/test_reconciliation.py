"""Reconciliation: it finds what no webhook reported, within its deadline, however often it runs."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import pytest
import requests

from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.payouts.rules.payout import State
from chalicelib.payouts.store.items import DUE_SHARDS
from proof.lambda_events import schedule_event
from simulator.monoova import API_KEY
from simulator.outcomes import Fate, News, Outcome, Plan
from simulator.testing import payid_payout
from tests.payouts.builder import a_payout, history_to, id_of
from tests.payouts.test_request_payout import (
    EXECUTE,
    AwsCalls,
    Pass,
    executed,
    is_execute,
    reply,
    tap_line,
    throttled,
    unreachable,
)
from tests.world import ADMIN, LambdaContext, World, WorldClock, as_admin, load_app

HOST: Final = "https://api.mpay.com.au"
NO_DESTINATION: Final = "3f0c4a6e-0000-4000-8000-ffffffffffff"
STATUS: Final = "/financial/v2/status/"
SILENT: Final = Plan(news=News.LOST)
STUCK: Final = Plan(fate=Fate.PENDING_FOREVER)
NewWorld = Callable[..., World]


def questions(world: World) -> list[str]:
    """The status calls that Monoova received, by what they asked for."""
    paths = [call.path for call in world.monoova.calls if call.path.startswith(STATUS)]
    return [path.removeprefix(STATUS) for path in paths]


def by_date(world: World) -> list[str]:
    return [question for question in questions(world) if "/" in question]


def next_look(world: World, transaction_id: str) -> dict[str, Any]:
    """Time goes on until the payout is due, and the reconciler runs."""
    due = datetime.fromisoformat(world.payout(transaction_id)["next_look_at"])
    world.later(max((due - world.clock()).total_seconds(), 0))
    return world.reconcile()


def run_within(world: World, milliseconds: int) -> Any:
    return world.app.reconcile(schedule_event(), LambdaContext(milliseconds))


def minutes(world: World, count: int) -> None:
    """Minutes pass with their schedule, and no queue is ever read."""
    for _ in range(count):
        world.later(60)
        world.reconcile()


def events(world: World, transaction_id: str) -> list[str]:
    return [entry["event"] for entry in world.payout(transaction_id)["history"]]


def bookings(world: World, *transaction_ids: str) -> list[int]:
    return [len(world.monoova.book.bookings(one)) for one in transaction_ids]


def stored(world: World, customer: str, state: State, number: int, **fields: Any) -> str:
    """A payout as the app has it, made in the table: hundreds by requests would take long."""
    now = world.clock()
    transaction_id = id_of(number)
    payout = a_payout(
        state,
        now,
        transaction_id,
        customer_id=customer,
        destination_id=NO_DESTINATION,
        amount_cents=1000,
        version=len(history_to(state, now)),
        created_by=ADMIN,
        due_at=now + timedelta(seconds=60),
        history=history_to(state, now),
        history_size=len(history_to(state, now)),
    )
    sealed = world.container.payout_seals.sealed(replace(payout, **fields))
    assert world.container.payouts_table.create(sealed) is None
    return transaction_id


def destination_of(world: World, customer: str) -> str:
    found = world.container.customers_table.get(customer)
    assert found is not None
    return found.destinations[0].destination_id


def paid_silently(world: World, customer: str, count: int, plan: Plan = SILENT) -> list[str]:
    """So many payouts that Monoova accepted, without webhooks, all due at once."""
    first = DUE_SHARDS * len(world.monoova.payments)
    world.monoova.script(*[plan] * count)
    made = []
    for number in range(first, first + count * DUE_SHARDS, DUE_SHARDS):
        now = world.clock()
        one = stored(world, customer, State.ACCEPTED, number, last_sent_at=now)
        body = payid_payout(one, "10.00", "jo.citizen@example.com")
        assert world.http.post(HOST + EXECUTE, json=body, auth=(API_KEY, "")).ok
        made.append(one)
    return made


def queued(world: World, customer: str, count: int = 1, first: int = 0xF000) -> list[str]:
    """So many queued payouts, without a message on the queue, all due at once."""
    numbers = range(first, first + count * DUE_SHARDS, DUE_SHARDS)
    to = destination_of(world, customer)
    return [stored(world, customer, State.QUEUED, n, destination_id=to) for n in numbers]


def lose_messages(world: World) -> None:
    url = world.environment["PAYOUT_QUEUE_URL"]
    while messages := world.messages("PAYOUT_QUEUE_URL"):
        for message in messages:
            world.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def gone(world: World, customer_id: str) -> None:
    """What an erasure in the same instant as a request leaves behind."""
    customer = world.container.customers_table.get(customer_id)
    assert customer is not None
    world.container.customers_table.erase(customer)


class Crashed(BaseException):
    """The function is stopped: nothing in it can catch this."""


# --- what no webhook reported


def test_a_payout_whose_webhook_was_lost_is_completed_after_about_a_minute(world: World) -> None:
    world.monoova.behave(webhook_after_seconds=[30, 30])
    paid = world.paid("7.05")
    world.later(59)
    assert world.reconcile()["looked_at"] == 0
    assert questions(world) == []
    world.later(1)
    found = world.reconcile()
    assert found["moved_to"] == {"Completed": 1}
    assert (found["looked_at"], found["questions_to_monoova"], found["is_finished"]) == (1, 1, True)
    shown = world.payout(paid)
    assert (shown["status"], shown["next_look_at"]) == ("Completed", None)
    assert shown["history"][-1]["by"] == "reconciler"
    assert bookings(world, paid) == [1]
    world.later(86_400)
    assert world.reconcile()["looked_at"] == 0


@pytest.mark.parametrize(
    ("amount", "status", "code"),
    [
        ("7.01", "Completed", None),
        ("7.09", "Failed", "BankRejected"),
        ("7.08", "Failed", "Dishonoured"),
        ("7.47", "Failed", "BankRejected"),
    ],
    ids=["instant", "rejected", "dishonoured", "in doubt, then rejected"],
)
def test_every_end_is_found_without_a_single_webhook(
    amount: str, status: str, code: str | None, world: World
) -> None:
    world.webhooks_arrive = False
    paid = world.paid(amount)
    minutes(world, 8)
    shown = world.payout(paid)
    assert (shown["status"], shown["failure_code"]) == (status, code)
    assert shown["needs_review"] is False
    assert (shown["failure_reason"] is None) is (code is None)
    assert bookings(world, paid) == [1]


def test_the_gaps_between_looks_grow_up_to_an_hour(world: World) -> None:
    paid = world.paid("7.04")
    for _ in range(10):
        next_look(world, paid)
    asked = [call.at for call in world.monoova.calls if call.path == STATUS + paid]
    minutes = [(later - earlier).total_seconds() / 60 for earlier, later in pairwise(asked)]
    assert minutes == [2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert len(asked) == 10


def test_a_payout_that_stays_pending_goes_to_review_and_still_takes_webhooks(
    world: World,
) -> None:
    world.monoova.script(STUCK)
    paid = world.paid()
    world.later(86_399)
    world.reconcile()
    assert world.payout(paid)["needs_review"] is False
    next_look(world, paid)
    shown = world.payout(paid)
    assert (shown["status"], shown["needs_review"]) == ("Pending", True)
    assert shown["review_reason"] == "StillPending"
    raised = len(shown["history"])
    for _ in range(3):
        assert next_look(world, paid)["looked_at"] == 1
    assert len(world.payout(paid)["history"]) == raised
    (payment,) = world.monoova.payments
    payment.status, payment.completed_at = type(payment.status).COMPLETE, world.clock()
    next_look(world, paid)
    shown = world.payout(paid)
    assert (shown["status"], shown["needs_review"], shown["review_reason"]) == (
        "Completed",
        False,
        None,
    )


def test_a_payout_goes_to_review_after_the_hours_that_are_set(new_world: NewWorld) -> None:
    world = new_world(REVIEW_AFTER_HOURS="2")
    paid = world.paid("7.04")
    for hours in (1, 2):
        world.later(hours * 3600)
        world.reconcile()
        assert world.payout(paid)["needs_review"] is (hours == 2)


def test_a_payout_that_monoova_took_and_does_not_know_is_never_sent_again(world: World) -> None:
    world.webhooks_arrive = False
    world.monoova.behave(visibility_seconds=20_000)
    paid = world.paid()
    for _ in range(8):
        next_look(world, paid)
    shown = world.payout(paid)
    assert (shown["submission"], shown["review_reason"]) == ("Accepted", "AcceptedButUnknown")
    assert len(executed(world)) == 1
    for _ in range(8):
        if world.payout(paid)["status"] == "Pending":
            next_look(world, paid)
    shown = world.payout(paid)
    assert (shown["status"], shown["needs_review"]) == ("Completed", False)
    assert bookings(world, paid) == [1]


# --- leases and doubt


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_payout_whose_function_crashed_is_looked_up_when_its_lease_has_expired(
    moment: str, world: World
) -> None:
    world.webhooks_arrive = False
    customer = world.customer()

    def crashes(request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        if not is_execute(request):
            return go_on()
        if moment == "after":
            go_on()
        raise Crashed

    tap_line(world, crashes)
    with pytest.raises(Crashed):
        world.pay(customer)
    (paid,) = [item["transaction_id"] for item in world.admin.get("/payouts").json["items"]]
    tap_line(world, lambda _request, go_on: go_on())
    assert world.state(paid) == ("Pending", "Sending")
    world.later(89)
    assert world.reconcile()["looked_at"] == 0
    world.later(1)
    assert world.reconcile()["moved_to"] == {"Pending/Unresolved": 1}
    assert questions(world) == []
    minutes(world, 25)
    shown = world.payout(paid)
    assert (shown["status"], shown["needs_review"]) == ("Completed", False)
    assert events(world, paid)[1] == "LeaseExpired"
    assert ("SentAgain" in events(world, paid)) is (moment == "before")
    assert bookings(world, paid) == [1]
    assert {body["uniqueReference"] for body in executed(world)} == {paid}


def test_a_payout_in_doubt_is_sent_again_only_after_the_grace_and_under_its_one_reference(
    world: World,
) -> None:
    world.monoova.behave(outage="timeout")
    paid = world.paid()
    world.monoova.behave(outage="none")
    first = world.clock()
    assert world.state(paid) == ("Pending", "Unresolved")
    while world.clock() - first < timedelta(minutes=14):
        minutes(world, 1)
    assert executed(world) == []
    minutes(world, 20)
    shown = world.payout(paid)
    assert (shown["status"], shown["needs_review"]) == ("Completed", False)
    assert [body["uniqueReference"] for body in executed(world)] == [paid]
    assert bookings(world, paid) == [1]


@pytest.mark.parametrize("most", [0, 2])
def test_resending_is_bounded_and_then_the_payout_goes_to_review(
    most: int, new_world: NewWorld
) -> None:
    world = new_world(MAX_RESENDS=str(most))
    world.monoova.script(*[Outcome.RESET_BEFORE_BOOKING] * 50)
    paid = world.paid()
    for _ in range(60):
        if world.payout(paid)["needs_review"]:
            break
        next_look(world, paid)
    shown = world.payout(paid)
    assert (shown["submission"], shown["review_reason"]) == ("Unresolved", "OutcomeUnknown")
    assert events(world, paid).count("SentAgain") == most
    attempts = len(executed(world))
    for _ in range(5):
        next_look(world, paid)
    assert len(executed(world)) == attempts
    assert bookings(world, paid) == [0]


# --- queued, expired, erased


def test_what_is_queued_is_sent_without_any_message(world: World) -> None:
    waiting = queued(world, world.customer(), 3)
    minutes(world, 5)
    assert [world.payout(one)["status"] for one in waiting] == ["Completed"] * 3
    assert events(world, waiting[0])[:2] == ["Requested", "Claimed"]
    assert bookings(world, *waiting) == [1] * 3


def test_many_that_are_queued_are_put_on_the_queue_where_several_functions_send_them(
    world: World,
) -> None:
    waiting = queued(world, world.customer(), 22)
    world.later(60)
    assert world.reconcile()["moved_to"] == {"Pending/Accepted": 10}
    assert sum(bookings(world, *waiting)) == 10
    for _ in range(2):
        world.drain()
    assert bookings(world, *waiting) == [1] * 22


@pytest.mark.parametrize("how", ["lost", "refused", "doubled"])
def test_many_that_are_queued_are_sent_once_whatever_becomes_of_their_messages(
    how: str, world: World
) -> None:
    waiting = queued(world, world.customer(), 14)
    world.later(60)
    aws_calls = AwsCalls(world)
    if how == "refused":
        aws_calls.at("SQS.SendMessage", unreachable)
    world.reconcile()
    if how == "doubled":
        bodies = [message["Body"] for message in world.messages("PAYOUT_QUEUE_URL")]
        assert world.sqs_event("send_queued_payouts", *bodies, *bodies) == []
    lose_messages(world)
    world.later(300)
    world.reconcile()
    assert bookings(world, *waiting) == [1] * 14


def test_one_of_many_that_another_instance_sends_meanwhile_is_not_sent_again(world: World) -> None:
    waiting = queued(world, world.customer(), 12)
    world.later(60)
    aws_calls = AwsCalls(world)

    def sent_at_once(body: str) -> None:
        message = json.loads(body)["MessageBody"]
        assert world.sqs_event("send_queued_payouts", message) == []

    aws_calls.at("SQS.SendMessage", sent_at_once)
    assert world.reconcile()["moved_to"] == {"Pending/Accepted": 12}
    assert bookings(world, *waiting) == [1] * 12


@pytest.mark.parametrize("hours", ["1", "24"])
def test_a_payout_that_waited_too_long_is_cancelled_and_not_sent(
    hours: str, new_world: NewWorld
) -> None:
    world = new_world(PAYOUT_EXPIRY_HOURS=hours)
    customer = world.customer()
    world.container.gatekeeper.pause("operator", "maintenance")
    waiting = str(world.pay(customer).json["transaction_id"])
    world.container.gatekeeper.resume()
    # No run comes for so long, and no message is read.
    world.later(int(hours) * 3600 + 1)
    world.reconcile()
    shown = world.payout(waiting)
    assert (shown["status"], shown["failure_code"]) == ("Cancelled", "QueueExpired")
    minutes(world, 3)
    assert bookings(world, waiting) == [0]


def test_an_approval_that_was_not_given_expires(world: World) -> None:
    in_a_month = world.clock() + timedelta(days=30)
    waiting = stored(world, world.customer(), State.AWAITING_APPROVAL, 1, due_at=in_a_month)
    world.later(29 * 86_400)
    assert world.reconcile()["looked_at"] == 0
    world.later(86_400)
    assert world.reconcile()["moved_to"] == {"Cancelled": 1}
    shown = world.payout(waiting)
    assert (shown["status"], shown["failure_code"]) == ("Cancelled", "ApprovalExpired")
    assert bookings(world, waiting) == [0]


def test_a_payout_whose_payee_was_erased_while_it_waited_is_cancelled(world: World) -> None:
    customer = world.customer()
    (waiting,) = queued(world, customer)
    gone(world, customer)
    minutes(world, 2)
    shown = world.payout(waiting)
    assert (shown["status"], shown["failure_code"]) == ("Cancelled", "DestinationGone")
    assert bookings(world, waiting) == [0]


def test_a_payout_in_doubt_whose_payee_was_erased_goes_to_review(world: World) -> None:
    world.monoova.script(*[Outcome.TIMEOUT_BEFORE_BOOKING_ALWAYS] * 4)
    customer = world.customer()
    doubtful = str(world.pay(customer).json["transaction_id"])
    gone(world, customer)
    attempts = len(executed(world))
    for _ in range(6):
        next_look(world, doubtful)
    shown = world.payout(doubtful)
    assert (shown["status"], shown["submission"]) == ("Pending", "Unresolved")
    assert (shown["needs_review"], shown["review_reason"]) == (True, "DestinationGone")
    assert shown["next_look_at"] is not None
    assert len(executed(world)) == attempts
    assert events(world, doubtful).count("DestinationGone") == 1
    next_look(world, doubtful)
    assert events(world, doubtful).count("DestinationGone") == 1


# --- many at once


def test_an_outage_of_more_than_a_hundred_costs_one_call(world: World) -> None:
    paid = paid_silently(world, world.customer(), 110)
    world.later(300)
    before = len(world.monoova.calls)
    found = world.reconcile()
    assert found["moved_to"] == {"Completed": 110}
    assert (found["looked_at"], found["is_finished"]) == (110, True)
    calls = world.monoova.calls[before:]
    assert len(calls) == found["questions_to_monoova"] == 1
    assert all(call.path.startswith(STATUS) for call in calls)
    assert world.reconcile()["looked_at"] == 0
    assert bookings(world, *paid) == [1] * 110


@pytest.mark.parametrize(("dated", "end"), [("executed", True), ("completed", False)])
def test_payouts_missing_from_the_answer_by_date_are_looked_up_one_by_one(
    dated: str, end: bool, world: World
) -> None:
    world.monoova.behave(status_date=dated, end_date_inclusive=end)
    customer = world.customer()
    stuck = paid_silently(world, customer, 4, STUCK)
    paid = paid_silently(world, customer, 12)
    world.later(180)
    found = world.reconcile()
    assert found["moved_to"] == {"Completed": 12}
    singly = [question for question in questions(world) if "/" not in question]
    assert set(singly) <= set(stuck)
    assert len(by_date(world)) >= 1
    assert {world.payout(one)["status"] for one in paid} == {"Completed"}
    assert {world.payout(one)["status"] for one in stuck} == {"Pending"}


def test_one_that_hangs_for_weeks_does_not_make_every_answer_hold_weeks(world: World) -> None:
    customer = world.customer()
    (hanging,) = paid_silently(world, customer, 1, STUCK)
    world.later(20 * 86_400)
    paid_silently(world, customer, 12)
    world.later(180)
    today = world.clock().date()
    world.reconcile()
    assert by_date(world)
    for dates in by_date(world):
        first, last = (datetime.fromisoformat(day).date() for day in dates.split("/"))
        assert today - first <= timedelta(days=2)
        assert last - today <= timedelta(days=2)
    assert hanging in questions(world)


def test_an_answer_by_date_that_contradicts_itself_settles_nothing(world: World) -> None:
    customer = world.customer()
    paid = paid_silently(world, customer, 12)
    world.later(180)

    def doubled(request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        if "/2026-" not in request.path_url:
            return reply(request, 500, b"")
        statuses = [
            {"uniqueReference": one, "transactionStatus": status}
            for one in paid
            for status in ("Complete", "Rejected")
        ]
        return reply(request, 200, {"status": "Ok", "statuses": [*statuses, {}, 7, None]})

    tap_line(world, doubled)
    assert world.reconcile()["moved_to"] == {}
    assert {world.state(one) for one in paid} == {("Pending", "Accepted")}


# --- within its time


def test_a_run_without_time_does_nothing_and_reports_that_it_did_not_finish(world: World) -> None:
    paid = world.paid("7.05")
    world.later(180)
    for milliseconds in (0, 3_000, 7_999):
        found = run_within(world, milliseconds)
        assert (found["looked_at"], found["is_finished"]) == (0, False)
    assert questions(world) == []
    assert run_within(world, 60_000)["moved_to"] == {"Completed": 1}
    assert world.payout(paid)["status"] == "Completed"


@pytest.mark.parametrize("latency", [2.0, 9.9])
def test_a_slow_monoova_gets_only_the_calls_that_the_deadline_allows(
    latency: float, world: World
) -> None:
    customer = world.customer()
    paid = paid_silently(world, customer, 9)
    waiting = queued(world, customer, 6)
    world.later(180)
    world.monoova.behave(latency_seconds=latency)
    for _ in range(10):
        began = world.clock()
        found = run_within(world, 60_000)
        assert (world.clock() - began).total_seconds() <= 60
        world.later(60)
        if found["is_finished"]:
            break
    assert {world.payout(one)["status"] for one in paid} == {"Completed"}
    assert bookings(world, *waiting) == [1] * 6


@pytest.mark.parametrize("outage", ["timeout", "unavailable"])
def test_a_monoova_outage_keeps_no_run_past_its_deadline_and_loses_nothing(
    outage: str, world: World
) -> None:
    customer = world.customer()
    paid = paid_silently(world, customer, 12)
    waiting = queued(world, customer, 4)
    world.monoova.behave(outage=outage)
    for _ in range(6):
        world.later(60)
        began = world.clock()
        run_within(world, 60_000)
        assert (world.clock() - began).total_seconds() < 60
    world.monoova.behave(outage="none")
    for _ in range(12):
        world.later(300)
        world.reconcile()
    assert {world.payout(one)["status"] for one in paid + waiting} == {"Completed"}
    assert bookings(world, *paid, *waiting) == [1] * 16


@pytest.mark.parametrize(("slow", "seconds"), [("DynamoDB.UpdateItem", 4), ("SQS.SendMessage", 7)])
def test_a_slow_aws_keeps_no_run_past_its_time_and_loses_nothing(
    slow: str, seconds: float, world: World
) -> None:
    waiting = queued(world, world.customer(), 20)
    world.later(60)
    aws_calls = AwsCalls(world)
    aws_calls.at(slow, lambda _body: world.clock.advance(seconds))
    began = world.clock()
    assert run_within(world, 60_000)["is_finished"] is False
    assert (world.clock() - began).total_seconds() <= 60
    aws_calls.acts.clear()
    for _ in range(2):
        world.later(300)
        world.reconcile()
        world.drain()
    assert bookings(world, *waiting) == [1] * 20


def test_a_slow_database_leaves_the_rest_of_a_page_for_the_next_run(world: World) -> None:
    customer = world.customer()
    for number in range(16):
        stored(world, customer, State.SENDING, number * DUE_SHARDS)
    world.later(60)
    aws_calls = AwsCalls(world)
    aws_calls.at("DynamoDB.UpdateItem", lambda _body: world.clock.advance(4))
    began = world.clock()
    found = run_within(world, 60_000)
    assert (found["looked_at"], found["is_finished"]) == (14, False)
    assert (world.clock() - began).total_seconds() <= 60
    aws_calls.acts.clear()
    assert world.reconcile()["moved_to"] == {"Pending/Unresolved": 2}


def test_a_slow_index_keeps_no_run_past_its_time_and_loses_nothing(world: World) -> None:
    customer = world.customer()
    waiting = [stored(world, customer, State.SENDING, number) for number in range(DUE_SHARDS)]
    world.later(60)
    aws_calls = AwsCalls(world)
    aws_calls.at("DynamoDB.Query", lambda _body: world.clock.advance(4))
    began = world.clock()
    assert run_within(world, 15_000)["is_finished"] is False
    assert (world.clock() - began).total_seconds() <= 15
    assert run_within(world, 60_000)["moved_to"] == {"Pending/Unresolved": len(waiting)}


def test_a_payout_is_not_sent_again_where_the_time_for_it_is_too_short(world: World) -> None:
    customer, now = world.customer(), world.clock()
    to = destination_of(world, customer)
    doubtful = stored(
        world,
        customer,
        State.UNRESOLVED,
        1,
        last_sent_at=now,
        unknown_since=now + timedelta(seconds=700),
        destination_id=to,
    )
    world.later(1_000)
    world.monoova.behave(latency_seconds=1)
    found = run_within(world, 20_000)
    assert (found["questions_to_monoova"], found["is_finished"]) == (1, False)
    assert bookings(world, doubtful) == [0]
    assert run_within(world, 60_000)["moved_to"] == {"Pending/Accepted": 1}
    assert bookings(world, doubtful) == [1]


class Ticking(WorldClock):
    """A clock on which every look takes ten milliseconds."""

    def now(self) -> datetime:
        self._world.clock.advance(0.01)
        return super().now()


def test_a_run_on_demand_sends_too_although_time_passes(world: World) -> None:
    (waiting,) = queued(world, world.customer())
    world.later(60)
    world.container.clock = Ticking(world)
    answer = world.admin.post("/reconciliations")
    assert answer.json["moved_to"] == {"Pending/Accepted": 1}
    assert bookings(world, waiting) == [1]


# --- on demand


def test_a_reconciliation_on_demand_answers_with_what_it_found_and_is_in_the_history(
    world: World,
) -> None:
    paid = world.paid("7.05")
    world.later(180)
    other_admin = as_admin(world.app, "another-admin")
    answer = other_admin.post("/reconciliations", {})
    assert (answer.status, answer.json) == (
        200,
        {
            "looked_at": 1,
            "questions_to_monoova": 1,
            "moved_to": {"Completed": 1},
            "is_finished": True,
            "circuit": "Clear",
            "questions_circuit": "Clear",
            "put_off": [],
        },
    )
    assert world.payout(paid)["history"][-1]["by"] == "another-admin"
    assert other_admin.post("/reconciliations").json["looked_at"] == 0


def test_a_reconciliation_on_demand_takes_no_arguments_and_needs_a_login(world: World) -> None:
    assert world.admin.post("/reconciliations", {"all": True}).code == "InvalidRequest"
    assert world.anonymous.post("/reconciliations").status == 401


# --- when Monoova may not be called


def test_while_the_circuit_is_open_a_run_calls_nothing_and_everything_waits(world: World) -> None:
    customer = world.customer()
    (paid,) = paid_silently(world, customer, 1)
    (waiting,) = queued(world, customer)
    world.monoova.rotate_key("another-key")
    assert world.admin.get("/account").status == 503
    calls = len(world.monoova.calls)
    world.later(60)
    found = world.reconcile()
    # What is queued is not even read.
    assert (found["looked_at"], found["moved_to"]) == (1, {})
    assert (found["circuit"], found["questions_circuit"]) == ("CircuitOpen", "CircuitOpen")
    assert len(world.monoova.calls) == calls
    world.monoova.rotate_key("simulator-api-key")
    minutes(world, 15)
    assert [world.payout(one)["status"] for one in (paid, waiting)] == ["Completed"] * 2


def test_while_paused_what_was_sent_is_looked_up_and_what_waits_waits(world: World) -> None:
    customer = world.customer()
    (paid,) = paid_silently(world, customer, 1)
    world.container.gatekeeper.pause("operator", "maintenance")
    waiting = str(world.pay(customer).json["transaction_id"])
    minutes(world, 5)
    assert world.payout(paid)["status"] == "Completed"
    assert world.payout(waiting)["status"] == "Queued"
    world.container.gatekeeper.resume()
    minutes(world, 9)
    assert world.payout(waiting)["status"] == "Completed"
    assert bookings(world, paid, waiting) == [1, 1]


# --- concurrent runs


def test_a_run_inside_of_another_does_no_harm(world: World) -> None:
    customer = world.customer()
    paid = paid_silently(world, customer, 4)
    waiting = queued(world, customer, 4)
    world.later(180)
    other, busy = load_app(), [True]

    def another_run(_request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        if busy and busy.pop():
            world.reconcile(other)
        return go_on()

    tap_line(world, another_run)
    world.reconcile()
    assert not busy
    minutes(world, 4)
    everyone = [*paid, *waiting]
    assert bookings(world, *everyone) == [1] * 8
    for one in everyone:
        assert world.payout(one)["status"] == "Completed"
        assert events(world, one).count("SettledComplete") == 1
        assert events(world, one).count("Claimed") == (one in waiting)


def test_a_webhook_during_a_look_up_prevails(world: World) -> None:
    paid = world.paid()
    world.webhooks_arrive = False
    world.later(180)

    def webhook_meanwhile(_request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        answer = go_on()
        tap_line(world, lambda _request, go_on: go_on())
        url, headers, body, _ = world.deliveries[0]
        assert world.deliver(url, headers, body) == 200
        return answer

    tap_line(world, webhook_meanwhile)
    found = world.reconcile()
    assert found["moved_to"] == {"Completed": 1}
    shown = world.payout(paid)
    assert [e["by"] for e in shown["history"] if e["event"] == "SettledComplete"] == ["monoova"]


# --- one that is broken


@pytest.mark.parametrize("damage", ["seal", "item", "kms"])
def test_a_broken_record_does_not_stop_the_rest(
    damage: str, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    broken_customer, customer = world.customer(), world.customer()
    (broken,) = queued(world, broken_customer)
    others = queued(world, customer, 8, 0xF100)
    aws_calls = AwsCalls(world)
    if damage == "seal":
        found = world.container.customers_table.get(broken_customer)
        assert found is not None
        sealed = replace(found.destinations[0], sealed=b"broken")
        after = replace(found, destinations=(sealed,))
        world.container.customers_table.save(after, world.clock())
    elif damage == "kms":
        context = f'"customer_id": "{broken_customer}"'
        aws_calls.at("KMS.Decrypt", lambda body: throttled(body) if context in body else None)
    else:
        world.dynamodb.update_item(
            TableName="TransactionsTable",
            Key={"transaction_id": {"S": broken}},
            UpdateExpression="SET submission = :s",
            ExpressionAttributeValues={":s": {"S": "FromTheFuture"}},
        )
    world.later(60)
    capsys.readouterr()
    world.reconcile()
    (line,) = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert line["Errors"] == 1
    assert bookings(world, *others) == [1] * 8
    assert bookings(world, broken) == [0]
    minutes(world, 5)
    assert bookings(world, broken) == [0]


def test_a_payout_that_fails_is_postponed_and_the_others_are_reconciled(
    world: World,
) -> None:
    paid = paid_silently(world, world.customer(), 6)
    world.later(180)

    def fails_for_one(request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        if paid[2] in request.path_url:
            raise LookupError("of an unexpected kind")
        return go_on()

    tap_line(world, fails_for_one)
    before = world.clock()
    found = world.reconcile()
    assert (found["looked_at"], found["moved_to"]) == (6, {"Completed": 5})
    shown = world.payout(paid[2])
    assert shown["status"] == "Pending"
    assert datetime.fromisoformat(shown["next_look_at"]) - before == timedelta(minutes=10)
    tap_line(world, lambda _request, go_on: go_on())
    next_look(world, paid[2])
    assert world.payout(paid[2])["status"] == "Completed"


def test_a_payout_that_fails_while_a_webhook_settles_it_is_settled(world: World) -> None:
    paid = world.paid()
    world.webhooks_arrive = False
    world.later(180)

    def settled_and_broken(_request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        url, headers, body, _ = world.deliveries[0]
        tap_line(world, lambda _request, go_on: go_on())
        assert world.deliver(url, headers, body) == 200
        raise LookupError("of an unexpected kind")

    tap_line(world, settled_and_broken)
    assert world.reconcile()["moved_to"] == {"Completed": 1}
    assert world.payout(paid)["status"] == "Completed"


def test_a_database_outage_ends_the_run_and_the_next_one_finds_the_rest(
    world: World,
) -> None:
    paid = paid_silently(world, world.customer(), 4)
    world.later(180)
    aws_calls = AwsCalls(world)
    for operation in ("Query", "GetItem", "UpdateItem"):
        aws_calls.at(f"DynamoDB.{operation}", throttled)
        with pytest.raises(StorageUnavailableError):
            world.reconcile()
        aws_calls.acts.clear()
    assert world.reconcile()["moved_to"] == {"Completed": 4}
    assert {world.payout(one)["status"] for one in paid} == {"Completed"}


def test_a_payout_that_has_ended_is_left_alone_even_where_it_stands_among_the_open(
    world: World,
) -> None:
    ended = stored(world, world.customer(), State.FAILED, 1)
    world.dynamodb.update_item(
        TableName="TransactionsTable",
        Key={"transaction_id": {"S": ended}},
        UpdateExpression="SET due_shard = :shard",
        ExpressionAttributeValues={":shard": {"S": "1"}},
    )
    before = world.payout(ended)
    world.later(60)
    found = world.reconcile()
    assert (found["looked_at"], found["moved_to"], questions(world)) == (1, {}, [])
    assert world.payout(ended) == before


# --- what a run logs


def test_the_log_line_of_a_run_has_the_oldest_open_payout_and_how_many_need_review(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    customer = world.customer()
    world.monoova.script(STUCK)
    world.pay(customer)
    world.later(90_000)
    world.reconcile()
    world.later(3_600)
    paid_silently(world, customer, 1)
    world.later(180)
    capsys.readouterr()
    world.reconcile()
    (line,) = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert (line["kind"], line["found"], line["circuit"]) == ("reconcile", 2, "Clear")
    assert (line["OldestOpenSeconds"], line["NeedsReviewNow"]) == (93_780.0, 1)
    assert line["PayoutsCompleted"] == 1
    assert line["CircuitOpenNow"] == 0
