"""Scenarios of the queues and the schedule, and what fails meanwhile."""

import json
from collections.abc import Callable
from typing import Final

from chalicelib.payouts.rules.payout import State
from simulator.outcomes import Fate, News, Outcome, Plan
from tests.batches.test_batches import run_queue
from tests.infra.scenario_steps import (
    damaged,
    done,
    events_of,
    ids_of,
    limited,
    paced,
    paid_elsewhere,
    paused,
    queued,
    resumed,
    to_the_next_hour,
    webhook,
    while_monoova_is_called,
    without_seals_key,
)
from tests.payouts.test_queues import SEND, TAKE_UP, UNKNOWN, news, order
from tests.payouts.test_reconciliation import gone, paid_silently, stored
from tests.payouts.test_reconciliation import queued as queued_of_a_shard
from tests.world import World

# --- the queue of payouts


def waiting_payouts_are_sent(world: World) -> None:
    limited(world)
    customer = world.customer()
    ordinary, unheard_of = queued(world, customer), queued(world, customer, "7.14")
    for waiting in (ordinary, unheard_of, ordinary):
        assert world.sqs_event(SEND, order(world, waiting)) == []
    assert world.state(ordinary) == ("Pending", "Accepted")
    assert world.state(unheard_of)[0] == "Failed"
    late, erased = queued(world, customer), queued(world, other := world.customer())
    gone(world, other)
    assert world.sqs_event(SEND, order(world, erased)) == []
    world.later(25 * 3600)
    assert world.sqs_event(SEND, order(world, late)) == []
    assert {world.state(one)[0] for one in (late, erased)} == {"Cancelled"}


def sending_calls_a_monoova_that_fails(world: World) -> None:
    customer = world.customer()
    waiting = [queued(world, customer) for _ in range(6)]
    while_monoova_is_called(world, lambda: paused(world))
    world.monoova.behave(outage="unavailable")
    for one in waiting[:-1]:
        assert world.sqs_event(SEND, order(world, one)) == []
        if one is waiting[0]:
            resumed(world)
    world.monoova.behave(outage="none")
    world.later(660)
    assert world.sqs_event(SEND, order(world, waiting[-1])) == []
    assert world.state(waiting[-1]) == ("Pending", "Accepted")


def sending_is_refused_its_login_and_recovers(world: World) -> None:
    customer = world.customer()
    waiting = [queued(world, customer) for _ in range(2)]
    world.restart()
    world.monoova.rotate_key("another")
    assert world.sqs_event(SEND, order(world, waiting[0])) == []
    assert world.state(waiting[0])[0] == "Queued"
    world.store_secret("another")
    world.later(660)
    assert world.sqs_event(SEND, order(world, waiting[1])) == []
    assert world.state(waiting[1]) == ("Pending", "Accepted")


def sending_keeps_to_monoovas_pace(world: World) -> None:
    waiting = paced(world)
    world.later(60)
    assert world.sqs_event(SEND, order(world, waiting)) == []
    assert world.state(waiting) == ("Pending", "Accepted")


def a_batch_is_processed_by_the_queue(world: World) -> None:
    with_every_rule(world)
    for decision in ("approve", "cancel"):
        batch_id = uploaded(world)
        run_queue(world)
        decided(world, batch_id, decision)
        without_seals_key(world)
        run_queue(world)


def with_every_rule(world: World) -> None:
    """Under which a batch is most work."""
    world.environment |= {
        "DESTINATION_APPROVAL": "required",
        "LIMIT_PER_CUSTOMER_AUD_PER_DAY": "1000",
    }
    world.restart()


def uploaded(world: World) -> str:
    """A row to a destination that is approved, and one to another that waits for that."""
    customer = world.customer()
    world.approve_destination(customer)
    rows = f"customer_id,amount\n{customer},1.00\n{world.customer()},2.00\n".encode()
    headers = {"Content-Type": "text/csv"}
    return str(done(world.admin("POST", "/batches", raw=rows, headers=headers))["batch_id"])


def decided(world: World, batch_id: str, decision: str) -> None:
    """Confirmed, and what then follows."""
    done(
        world.admin.post(f"/batches/{batch_id}/confirm", {"total": "3.00", "accept_duplicates": 2})
    )
    summary = done(world.admin.get(f"/batches/{batch_id}"))["summary"]
    said = {"unapproved": summary["unapproved_count"]} if decision == "approve" else {}
    done(world.approver.post(f"/batches/{batch_id}/{decision}", said))


# --- the schedule


def the_schedule_processes_batches_without_a_message(world: World) -> None:
    paused(world)
    finished, cancelled, waiting = (uploaded(world) for _ in range(3))
    for _ in range(2):
        for _ in range(8):
            world.later(60)
            world.reconcile()
        for batch_id in (finished, cancelled):
            if done(world.admin.get(f"/batches/{batch_id}"))["status"] == "AwaitingConfirmation":
                decided(world, batch_id, "approve")
    done(world.approver.post(f"/batches/{cancelled}/cancel", {}))
    resumed(world)
    for _ in range(12):
        world.later(60)
        world.reconcile()
    assert done(world.admin.get(f"/batches/{finished}"))["status"] == "Finished"
    for _ in range(2):
        world.later(31 * 24 * 3600)
        world.reconcile()
    assert done(world.admin.get(f"/batches/{waiting}"))["status"] == "Cancelled"


def the_schedule_releases_a_batch_under_every_rule(world: World) -> None:
    with_every_rule(world)
    batch_id = uploaded(world)
    run_queue(world)
    decided(world, batch_id, "approve")
    without_seals_key(world)
    for _ in range(4):
        world.later(60)
        world.reconcile()
    assert done(world.admin.get(f"/batches/{batch_id}"))["status"] in ("Released", "Finished")


def the_schedule_ends_what_waited_too_long(world: World) -> None:
    limited(world)
    late = queued(world, world.customer())
    world.later(25 * 3600)
    world.reconcile()
    assert world.state(late)[0] == "Cancelled"


def the_schedule_finds_payouts_without_a_webhook(world: World) -> None:
    world.webhooks_arrive = False
    customer = world.customer()
    unwanted = Plan(fate=Fate.REJECTED, news=News.LOST)
    world.monoova.script(Plan(), unwanted, Plan(fate=Fate.DISHONOURED))
    paid, *failed = ids_of(*(world.pay(customer) for _ in range(3)))
    for _ in range(4):
        world.later(120)
        world.reconcile()
    assert world.state(paid)[0] == "Completed"
    assert {world.state(one)[0] for one in failed} == {"Failed"}


def the_schedule_resends_what_never_arrived(world: World) -> None:
    customer, forgotten = world.customer(), world.customer()
    world.monoova.behave(outage="timeout")
    lost, abandoned = ids_of(world.pay(customer), world.pay(forgotten))
    world.monoova.behave(outage="none")
    gone(world, forgotten)
    died = stored(world, customer, State.SENDING, 1, lease_id="x")
    for _ in range(12):
        world.later(120)
        world.reconcile()
    assert "SentAgain" in events_of(world, lost)
    assert "DestinationGone" in events_of(world, abandoned)
    assert "LeaseExpired" in events_of(world, died)


def the_schedule_puts_many_on_the_queue(world: World) -> None:
    customer = world.customer()
    queued_of_a_shard(world, customer, 12)
    world.later(60)
    world.reconcile()
    assert len(world.messages("PAYOUT_QUEUE_URL")) == 2
    world.drain()
    paid_silently(world, customer, 11)
    world.later(180)
    assert world.reconcile()["questions_to_monoova"] == 1


def the_schedule_calls_a_monoova_that_fails(world: World) -> None:
    customer = world.customer()
    paid_silently(world, customer, 12)
    world.later(60)
    world.monoova.behave(outage="unavailable")
    for _ in range(8):
        world.later(60)
        world.reconcile()
    world.monoova.behave(outage="none")
    for _ in range(8):
        world.later(180)
        found = world.reconcile()
    assert found["circuit"] == "Clear"


def the_schedule_is_refused_its_login_and_recovers(world: World) -> None:
    customer = world.customer()
    (waiting,) = queued_of_a_shard(world, customer)
    world.monoova.rotate_key("another")
    world.restart()
    world.later(60)
    world.reconcile()
    assert world.state(waiting)[0] == "Queued"
    world.store_secret("another")
    for _ in range(8):
        world.later(180)
        world.reconcile()
    assert world.state(waiting)[0] != "Queued"


def the_schedule_keeps_to_monoovas_pace(world: World) -> None:
    waiting = paced(world)
    world.later(60)
    world.reconcile()
    assert world.state(waiting) == ("Pending", "Accepted")


def the_schedule_puts_off_what_cannot_be_read(world: World) -> None:
    (bad,) = queued_of_a_shard(world, world.customer())
    damaged(world, "TransactionsTable", {"transaction_id": bad}, version={"S": "x"})
    to_the_next_hour(world)
    assert world.reconcile()["put_off"] == [bad]


# --- the daily report


def the_daily_report_replaces_one_that_cannot_be_read(world: World) -> None:
    world.later(24 * 3600)
    world.reconcile_daily()
    key = {"collection": "daily-report", "item": "2026-03-02"}
    damaged(world, "RecordsTable", key, revision={"S": "x"})
    world.reconcile_daily()


def the_daily_report_compares_the_days_before(world: World) -> None:
    world.monoova.script(Outcome.RETURN_WEBHOOK_LOST)
    world.paid()
    paid_elsewhere(world, UNKNOWN)
    world.later(400)
    world.reconcile()
    world.later(24 * 3600)
    world.restart()  # a new instance opens the seals' key
    made = world.reconcile_daily()
    assert made[0]["missed_webhooks"]["sent_again"] == 2
    assert made[0]["counts"] == {"Returned": 1, "MissingHere": 1}


def returns_are_looked_for(world: World) -> None:
    world.monoova.behave(return_without_credit=True)
    (paid,) = ids_of(world.pay(world.customer(), "7.07"))
    world.later(1600)
    assert world.look_for_returns() == 1
    world.monoova.behave(outage="unavailable")
    for _ in range(4):
        world.later(3600)
        world.look_for_returns()
    world.monoova.behave(outage="none")
    world.later(86400)
    world.reconcile_daily()
    assert world.payout(paid)["status"] == "Returned"


def a_credit_without_our_reference_counts_for_one(world: World) -> None:
    world.monoova.behave(return_credit_has_reference=False)
    (paid,) = ids_of(world.pay(world.customer(), "7.07"))
    world.later(1600)
    assert world.look_for_returns() == 1
    assert world.payout(paid)["return_seen_at"] is not None


def the_daily_report_calls_a_monoova_that_fails(world: World) -> None:
    world.monoova.behave(outage="unavailable")
    for _ in range(4):
        world.reconcile_daily()
    world.monoova.behave(outage="none")
    assert world.reconcile_daily()[0]["incomplete_because"] == "SendingStopped"
    world.later(660)
    assert world.reconcile_daily()[0]["is_complete"]


def the_daily_report_is_refused_its_login_and_recovers(world: World) -> None:
    world.restart()
    world.monoova.rotate_key("another")
    assert not world.reconcile_daily()[0]["is_complete"]
    world.store_secret("another")
    world.later(660)
    assert world.reconcile_daily()[0]["is_complete"]


# --- webhooks that match no payout


def events_are_queued_and_applied_later(world: World) -> None:
    webhook(world, UNKNOWN, "Payment Successful", 125.50)
    assert world.sqs_event(TAKE_UP, news(world, UNKNOWN)) == ["0"]
    world.monoova.script(*[Outcome.PENDING_FOREVER] * 3)
    customer = world.customer()
    for fields in ({}, {"amount_cents": None}, {"kind": "Rejected", "amount_cents": 1}):
        (paid,) = ids_of(world.pay(customer))
        payload = json.loads(news(world, paid)) | fields
        assert world.sqs_event(TAKE_UP, json.dumps(payload), json.dumps(payload)) == []
    (paid,) = ids_of(world.pay(customer))
    sealed = news(world, paid)
    world.restart()
    assert world.sqs_event(TAKE_UP, sealed) == []
    assert world.state(paid)[0] == "Completed"
    for unsealed in ({"kind": "Rejected"}, {"kind": "NppReturn"}):
        (paid,) = ids_of(world.pay(customer))
        world.restart()
        payload = json.loads(news(world, paid)) | unsealed
        assert world.sqs_event(TAKE_UP, json.dumps(payload)) == []
    for nonsense in ("", "[]", '{"kind": "Exploded"}'):
        assert world.sqs_event(TAKE_UP, nonsense) == ["0"]


WORKER_SCENARIOS: Final[tuple[Callable[[World], None], ...]] = (
    waiting_payouts_are_sent,
    sending_calls_a_monoova_that_fails,
    sending_is_refused_its_login_and_recovers,
    sending_keeps_to_monoovas_pace,
    a_batch_is_processed_by_the_queue,
    the_schedule_ends_what_waited_too_long,
    the_schedule_finds_payouts_without_a_webhook,
    the_schedule_processes_batches_without_a_message,
    the_schedule_releases_a_batch_under_every_rule,
    the_schedule_resends_what_never_arrived,
    the_schedule_puts_many_on_the_queue,
    the_schedule_calls_a_monoova_that_fails,
    the_schedule_is_refused_its_login_and_recovers,
    the_schedule_keeps_to_monoovas_pace,
    the_schedule_puts_off_what_cannot_be_read,
    the_daily_report_replaces_one_that_cannot_be_read,
    the_daily_report_compares_the_days_before,
    returns_are_looked_for,
    a_credit_without_our_reference_counts_for_one,
    the_daily_report_calls_a_monoova_that_fails,
    the_daily_report_is_refused_its_login_and_recovers,
    events_are_queued_and_applied_later,
)
