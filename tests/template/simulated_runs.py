"""The real app driven through every way in and its rare branches, with AWS watched all the while.

Each scene has a world of its own. What a scene asks for must come about, or it proves nothing.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
import requests
from moto import mock_aws

from chalicelib.domain import gate
from chalicelib.domain.payout import State
from chalicelib.storage.controls import Controls
from chalicelib.wiring import wired
from proof.lambda_events import user
from simulator.monoova import API_KEY
from simulator.outcomes import Fate, News, Outcome, Plan
from tests import aws
from tests.http.test_queues import SEND, TAKE_UP, UNKNOWN, news, order
from tests.http.test_reconciling import gone, paid_silently, stored
from tests.http.test_reconciling import queued as queued_of_a_shard
from tests.http.test_requesting import BANK_ACCOUNT, Pass, is_execute, tap_line
from tests.template.call_sites import Site
from tests.template.grants import Right
from tests.template.uses import Watch, rights_used
from tests.world import ADMIN, ROLE, WEBHOOK_SECRET, Caller, HttpAnswer, World

Route = tuple[str, str]


@dataclass
class Seen:
    """What the functions did in all scenes together."""

    rights: dict[str, set[Right]] = field(default_factory=dict)
    sites: dict[str, set[Site]] = field(default_factory=dict)
    context_keys: set[frozenset[str]] = field(default_factory=set)
    routes: set[Route] = field(default_factory=set)

    def take(self, watch: Watch, names: Mapping[str, str]) -> None:
        for call in watch.calls:
            self.rights.setdefault(call.function, set()).update(rights_used(call, names))
            self.sites.setdefault(call.function, set()).add(call.site)
            if call.site.operation.startswith("kms."):
                self.context_keys.add(call.context_keys)


class Walker(Caller):
    """A caller who notes which routes were gone."""

    def __init__(self, world: World, context: Mapping[str, Any], routes: set[Route]) -> None:
        super().__init__(world.app, context)
        self._routes = routes

    def _event(self, method: str, *request: Any) -> dict[str, Any]:
        event = super()._event(method, *request)
        self._routes.add((method, event["resource"]))
        return event


def all_played() -> Seen:
    """Every scene, in an AWS of its own."""
    seen = Seen()
    for scene in SCENES:
        with _new_world() as world:
            watch = Watch()
            watch.over(world.session)
            world.admin = Walker(world, user(ADMIN), seen.routes)
            world.nobody = Walker(world, {}, seen.routes)
            world.service = Walker(world, {"identity": {"userArn": ROLE}}, seen.routes)
            scene(world)
            seen.take(watch, world.environment)
    return seen


@contextmanager
def _new_world() -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_DEFAULT_REGION", aws.REGION)
        patch.delenv("AWS_PROFILE", raising=False)
        yield World()
    wired.put(None)


def done(answer: HttpAnswer) -> Any:
    assert answer.status < 400, answer.text
    return answer.json if answer.text else None


def _ids(*answers: HttpAnswer) -> list[str]:
    return [str(done(answer)["transaction_id"]) for answer in answers]


def _paused(world: World) -> None:
    """By an operator, beside the app."""
    controls = Controls(world.dynamodb, world.environment["DYNAMODB_TABLE_CONTROLS"])
    controls.save_gate(gate.paused(controls.gate(), "operator", "maintenance", world.clock()))


def _resumed(world: World) -> None:
    controls = Controls(world.dynamodb, world.environment["DYNAMODB_TABLE_CONTROLS"])
    controls.save_gate(gate.resumed(controls.gate()))


def _queued(world: World, customer: str, amount: str = "125.50") -> str:
    """A payout that waits, with a message on the queue."""
    _paused(world)
    (waiting,) = _ids(world.pay(customer, amount))
    _resumed(world)
    assert world.state(waiting)[0] == "Queued"
    return waiting


def _while_monoova_is_called(world: World, act: Callable[[], object]) -> None:
    """`act` happens once, just before Monoova hears of the next payout."""

    def interrupted(request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        if is_execute(request):
            tap_line(world, lambda _request, send: send())
            act()
        return go_on()

    tap_line(world, interrupted)


def _webhook(world: World, transaction_id: str, status: str, amount: float, path: str = "") -> None:
    told = {"UniqueReference": transaction_id, "Status": status, "Amount": amount}
    raw = json.dumps(told | {"TransactionId": 1000001}).encode()
    headers = {"Authorization": WEBHOOK_SECRET}
    done(world.nobody("POST", f"/webhooks/monoova{path}", raw=raw, headers=headers))


def _events(world: World, transaction_id: str) -> list[str]:
    return [entry["event"] for entry in world.payout(transaction_id)["history"]]


# --- the API


def customers_come_and_go(world: World) -> None:
    customer, admin = world.customer(), world.admin
    places = f"/customers/{customer}/destinations"
    added = done(admin.post(places, BANK_ACCOUNT))["destination_id"]
    done(admin("DELETE", f"{places}/{added}"))
    done(admin("PATCH", f"/customers/{customer}", {"name": "Jo Citizen-Smith"}))
    for caller, prefix in ((admin, ""), (world.service, "/internal")):
        done(caller.get(f"{prefix}/customers"))
        done(caller.get(f"{prefix}/customers/{customer}"))
    _ids(world.pay(customer))
    world.minutes(4)
    done(admin("DELETE", f"/customers/{customer}"))


def payouts_are_asked_for_and_looked_at(world: World) -> None:
    customer, admin = world.customer(), world.admin
    ask = {"customer_id": customer, "amount": "125.50"}
    first, again, other = _ids(
        admin.post("/payouts", ask, Idempotency_Key="order-1"),
        admin.post("/payouts", ask, Idempotency_Key="order-1"),
        world.service.post("/internal/payouts", ask),
    )
    assert first == again != other
    for caller, prefix in ((admin, ""), (world.service, "/internal")):
        done(caller.get(f"{prefix}/payouts"))
        done(caller.get(f"{prefix}/payouts", needs_review="true"))
        done(caller.get(f"{prefix}/payouts/{first}"))
        done(caller.get(f"{prefix}/customers/{customer}/payouts"))
        done(caller.get(f"{prefix}/account"))
    done(admin.post("/payouts/validate", ask))
    done(admin.post(f"/payouts/{first}/refresh"))
    done(admin.post("/reconciliations"))
    done(world.nobody.get("/health"))


def payouts_are_cancelled_retried_and_resolved(world: World) -> None:
    customer, admin = world.customer(), world.admin
    done(admin.post(f"/payouts/{_queued(world, customer)}/cancel"))
    failed, disputed = _ids(world.pay(customer, "7.03"), world.pay(customer, "7.04"))
    world.minutes(4)
    assert world.state(failed)[0] == "Failed"
    done(admin.post(f"/payouts/{failed}/retry"))
    _webhook(world, disputed, "Payment Successful", 999.99, "/NppPaymentStatus")
    seen = {"outcome": "Completed", "reason": "seen on the statement"}
    done(admin.post(f"/payouts/{disputed}/resolve", seen))


def the_api_meets_a_monoova_that_fails(world: World) -> None:
    customer = world.customer()
    _while_monoova_is_called(world, lambda: _paused(world))
    world.monoova.behave(outage="unavailable")
    _ids(world.pay(customer))
    _resumed(world)
    _ids(*(world.pay(customer) for _ in range(4)))
    world.monoova.behave(outage="none")
    assert world.admin.get("/account").code == "SendingStopped"
    world.later(660)
    (probing,) = _ids(world.pay(customer))
    assert world.state(probing) == ("Pending", "Accepted")


def the_api_is_refused_its_login_and_heals(world: World) -> None:
    customer = world.customer()
    world.monoova.rotate_key("another")
    (waiting,) = _ids(world.pay(customer))
    assert world.state(waiting)[0] == "Queued"
    world.store_secret("another")
    world.later(660)
    assert world.state(_ids(world.pay(customer))[0]) == ("Pending", "Accepted")
    world.monoova.rotate_key(API_KEY)
    world.store_secret(API_KEY)
    assert world.state(_ids(world.pay(customer))[0]) == ("Pending", "Accepted")


def the_api_is_refused_a_payout_under_an_unheard_of_name(world: World) -> None:
    assert world.pay(world.customer(), "7.14").status == 422


# --- the queue of payouts


def waiting_payouts_are_sent(world: World) -> None:
    customer = world.customer()
    ordinary, unheard_of = _queued(world, customer), _queued(world, customer, "7.14")
    for waiting in (ordinary, unheard_of, ordinary):
        assert world.sqs_event(SEND, order(world, waiting)) == []
    assert world.state(ordinary) == ("Pending", "Accepted")
    assert world.state(unheard_of)[0] == "Failed"
    late, erased = _queued(world, customer), _queued(world, other := world.customer())
    gone(world, other)
    assert world.sqs_event(SEND, order(world, erased)) == []
    world.later(25 * 3600)
    assert world.sqs_event(SEND, order(world, late)) == []
    assert {world.state(one)[0] for one in (late, erased)} == {"Cancelled"}


def sending_meets_a_monoova_that_fails(world: World) -> None:
    customer = world.customer()
    waiting = [_queued(world, customer) for _ in range(6)]
    _while_monoova_is_called(world, lambda: _paused(world))
    world.monoova.behave(outage="unavailable")
    for one in waiting[:-1]:
        assert world.sqs_event(SEND, order(world, one)) == []
        if one is waiting[0]:
            _resumed(world)
    world.monoova.behave(outage="none")
    world.later(660)
    assert world.sqs_event(SEND, order(world, waiting[-1])) == []
    assert world.state(waiting[-1]) == ("Pending", "Accepted")


def sending_is_refused_its_login_and_heals(world: World) -> None:
    customer = world.customer()
    waiting = [_queued(world, customer) for _ in range(2)]
    world.restart()
    world.monoova.rotate_key("another")
    assert world.sqs_event(SEND, order(world, waiting[0])) == []
    assert world.state(waiting[0])[0] == "Queued"
    world.store_secret("another")
    world.later(660)
    assert world.sqs_event(SEND, order(world, waiting[1])) == []
    assert world.state(waiting[1]) == ("Pending", "Accepted")


# --- the schedule


def the_clock_finds_what_no_webhook_told(world: World) -> None:
    world.webhooks_arrive = False
    customer = world.customer()
    unwanted = Plan(fate=Fate.REJECTED, news=News.LOST)
    world.monoova.script(Plan(), unwanted, Plan(fate=Fate.DISHONOURED))
    paid, *failed = _ids(*(world.pay(customer) for _ in range(3)))
    for _ in range(4):
        world.later(120)
        world.reconcile()
    assert world.state(paid)[0] == "Completed"
    assert {world.state(one)[0] for one in failed} == {"Failed"}


def the_clock_sends_again_what_never_arrived(world: World) -> None:
    customer, forgotten = world.customer(), world.customer()
    world.monoova.behave(outage="timeout")
    lost, abandoned = _ids(world.pay(customer), world.pay(forgotten))
    world.monoova.behave(outage="none")
    gone(world, forgotten)
    died = stored(world, customer, State.SENDING, 1, lease_id="x")
    for _ in range(12):
        world.later(120)
        world.reconcile()
    assert "SentAgain" in _events(world, lost)
    assert "DestinationGone" in _events(world, abandoned)
    assert "LeaseExpired" in _events(world, died)


def the_clock_hands_many_to_the_queue(world: World) -> None:
    customer = world.customer()
    queued_of_a_shard(world, customer, 12)
    world.later(60)
    world.reconcile()
    assert len(world.messages("PAYOUT_QUEUE_URL")) == 2
    world.drain()
    paid_silently(world, customer, 11)
    world.later(180)
    assert world.reconcile()["questions_to_monoova"] == 1


def the_clock_meets_a_monoova_that_fails(world: World) -> None:
    customer = world.customer()
    paid_silently(world, customer, 12)
    world.later(60)
    _while_monoova_is_called(world, lambda: _paused(world))
    world.monoova.behave(outage="unavailable")
    for _ in range(8):
        world.later(60)
        world.reconcile()
    world.monoova.behave(outage="none")
    for _ in range(8):
        world.later(180)
        found = world.reconcile()
    assert found["circuit"] == "Clear"


def the_clock_is_refused_its_login_and_heals(world: World) -> None:
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


# --- webhooks that did not fit


def events_are_set_aside_and_taken_up(world: World) -> None:
    _webhook(world, UNKNOWN, "Payment Successful", 125.50)
    assert world.sqs_event(TAKE_UP, news(world, UNKNOWN)) == ["0"]
    world.monoova.script(*[Outcome.PENDING_FOREVER] * 3)
    customer = world.customer()
    for fields in ({}, {"amount_cents": None}, {"kind": "Rejected", "amount_cents": 1}):
        (paid,) = _ids(world.pay(customer))
        told = json.loads(news(world, paid)) | fields
        assert world.sqs_event(TAKE_UP, json.dumps(told), json.dumps(told)) == []
    for nonsense in ("", "[]", '{"kind": "Exploded"}'):
        assert world.sqs_event(TAKE_UP, nonsense) == ["0"]


SCENES: Final[tuple[Callable[[World], None], ...]] = (
    customers_come_and_go,
    payouts_are_asked_for_and_looked_at,
    payouts_are_cancelled_retried_and_resolved,
    the_api_meets_a_monoova_that_fails,
    the_api_is_refused_its_login_and_heals,
    the_api_is_refused_a_payout_under_an_unheard_of_name,
    waiting_payouts_are_sent,
    sending_meets_a_monoova_that_fails,
    sending_is_refused_its_login_and_heals,
    the_clock_finds_what_no_webhook_told,
    the_clock_sends_again_what_never_arrived,
    the_clock_hands_many_to_the_queue,
    the_clock_meets_a_monoova_that_fails,
    the_clock_is_refused_its_login_and_heals,
    events_are_set_aside_and_taken_up,
)
