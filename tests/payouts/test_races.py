"""Races on one payout: two reconcilers, a queue's redelivery and a webhook at the same instant.

Each is a function instance of its own. Money moves once, and the history has one end.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from types import ModuleType
from typing import Any, Final, cast

import pytest

from chalicelib.container import Container, wired
from chalicelib.payouts.rules.payout import State
from proof.lambda_events import schedule_event
from simulator.monoova import API_KEY
from simulator.outcomes import Fate, News, Plan
from simulator.signing import SigningKey
from simulator.testing import payid_payout, shared_signing_key
from tests.payouts.builder import a_payout, history_to, id_of
from tests.payouts.test_request_payout import EXECUTE
from tests.world import (
    ADMIN,
    WEBHOOK_SECRET,
    LambdaContext,
    World,
    WorldClock,
    as_anonymous,
    load_app,
)

ROUNDS: Final = 12
PAID, REJECTED = "Payment Successful", "Rejected"
FINAL_EVENTS: Final = {"SettledComplete", "SettledRejected"}
# No round takes a hundredth of it: a thread that hangs fails the test instead of stopping it.
_PATIENCE_SECONDS: Final = 20


class FineClock(WorldClock):
    """A clock that never shows the same microsecond twice, as any clock that runs."""

    _looks = count()

    def now(self) -> datetime:
        return super().now() + timedelta(microseconds=next(self._looks))


class OneForEachThread:
    """A proxy that gives every thread a container of its own, as function instances have."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._local = threading.local()

    def __getattr__(self, name: str) -> Any:
        if not hasattr(self._local, "container"):
            self._local.container = self._world.new_container()
            self._local.container.clock = FineClock(self._world)
        return getattr(self._local.container, name)


class Race:
    """Four function instances that start at once, round after round."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.customer = world.customer()
        found = world.container.customers_table.get(self.customer)
        assert found is not None
        self._destination_id = found.destinations[0].destination_id
        self._numbers = count(1)
        self._start = threading.Barrier(4, timeout=_PATIENCE_SECONDS)
        self._pool = ThreadPoolExecutor(4)
        self._apps = [load_app() for _ in range(4)]
        world.webhooks_arrive = False
        wired.put(cast(Container, OneForEachThread(world)))

    def close(self) -> None:
        self._pool.shutdown()

    def payout(self, state: State, **fields: Any) -> str:
        """A payout that is due now, sent a while ago if it was sent."""
        now = self.world.clock()
        transaction_id = id_of(next(self._numbers))
        payout = a_payout(
            state,
            now,
            transaction_id,
            customer_id=self.customer,
            destination_id=self._destination_id,
            amount_cents=1000,
            version=len(history_to(state, now)),
            created_by=ADMIN,
            due_at=now,
            last_sent_at=None if state is State.QUEUED else now - timedelta(hours=1),
            ambiguous=state is State.UNRESOLVED,
            unknown_since=now - timedelta(minutes=10) if state is State.UNRESOLVED else None,
            lease_id="of-one-that-died" if state is State.SENDING else None,
            history=history_to(state, now),
            history_size=len(history_to(state, now)),
        )
        sealed = self.world.container.payout_seals.sealed(replace(payout, **fields))
        assert self.world.container.payouts_table.create(sealed) is None
        return transaction_id

    def booked(self, transaction_id: str, plan: Plan) -> None:
        """Monoova has the payout already, settled."""
        self.world.monoova.script(plan, reference=transaction_id)
        body = payid_payout(transaction_id, "10.00", "jo.citizen@example.com")
        url = f"https://api.mpay.com.au{EXECUTE}"
        assert self.world.http.post(url, json=body, auth=(API_KEY, "")).ok
        self.world.later(180)

    def act(self, transaction_id: str, status: str) -> None:
        """All four at once. Raises what any of them raised."""
        actions: list[Callable[[ModuleType], None]] = [
            self._reconcile,
            self._reconcile,
            lambda app: self._redeliver(app, transaction_id),
            lambda app: self._announce(app, transaction_id, status),
        ]
        running = [
            self._pool.submit(self._one, app, action)
            for app, action in zip(self._apps, actions, strict=True)
        ]
        for one in running:
            one.result(_PATIENCE_SECONDS)

    def _one(self, app: ModuleType, action: Callable[[ModuleType], None]) -> None:
        self._start.wait()
        action(app)

    def _reconcile(self, app: ModuleType) -> None:
        app.reconcile(schedule_event(), LambdaContext())

    def _redeliver(self, app: ModuleType, transaction_id: str) -> None:
        body = json.dumps({"transaction_id": transaction_id, "customer_id": self.customer})
        record = {"messageId": "m", "receiptHandle": "r", "body": body, "attributes": {}}
        record |= {"messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "r"}
        record |= {"eventSourceARN": "arn:aws:sqs:ap-southeast-2:1:q"}
        answer = app.send_queued_payouts({"Records": [record, record]}, LambdaContext())
        assert answer == {"batchItemFailures": []}

    def _announce(self, app: ModuleType, transaction_id: str, status: str) -> None:
        """The webhook, as soon as Monoova has one to send."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while not self.world.monoova.book.bookings(transaction_id):
            assert time.monotonic() < until, "it was not sent"
            time.sleep(0.001)
        payload = {
            "UniqueReference": transaction_id,
            "TransactionId": self.world.monoova.book.bookings(transaction_id)[0].transaction_id,
            "Status": status,
            "Amount": 10.0,
            "RejectionReasonDescription": "ACCOUNT CLOSED" if status == REJECTED else None,
        }
        raw = json.dumps(payload).encode()
        signature = SigningKey(shared_signing_key()).signature(raw)
        headers = {"Authorization": WEBHOOK_SECRET, "Verification-Signature": signature}
        path = "/webhooks/monoova/NppPaymentStatus"
        assert as_anonymous(app)("POST", path, raw=raw, headers=headers).status == 200


@pytest.fixture
def race(world: World) -> Iterator[Race]:
    race = Race(world)
    yield race
    race.close()


def ended_once(race: Race, transaction_id: str, status: str) -> dict[str, Any]:
    """The payout, reconciled once more a minute after the race where it was still open."""
    race.world.later(120)
    race.world.reconcile()
    shown: dict[str, Any] = race.world.payout(transaction_id)
    assert (shown["status"], shown["needs_review"]) == (status, False)
    assert len(race.world.monoova.book.bookings(transaction_id)) == 1
    ends = [entry["event"] for entry in shown["history"] if entry["event"] in FINAL_EVENTS]
    assert len(ends) == 1, shown["history"]
    return shown


def counted(capsys: pytest.CaptureFixture[str], metric: str) -> int:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return sum(int(line.get(metric, 0)) for line in lines)


def test_a_queued_payout_is_sent_by_one_of_them_and_completed_once(
    race: Race, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(ROUNDS):
        payout = race.payout(State.QUEUED)
        race.act(payout, PAID)
        shown = ended_once(race, payout, "Completed")
        assert [entry["event"] for entry in shown["history"]].count("Claimed") == 1
    executed = [row for row in race.world.monoova.received if row.endpoint == "execute"]
    assert len(executed) == ROUNDS
    assert counted(capsys, "PayoutsCompleted") == ROUNDS
    assert race.world.monoova.book.double_bookings() == {}


@pytest.mark.parametrize("state", [State.ACCEPTED, State.UNRESOLVED, State.SENDING])
@pytest.mark.parametrize(("status", "ends_as"), [(PAID, "Completed"), (REJECTED, "Failed")])
def test_a_payout_that_monoova_has_settled_ends_once(
    state: State, status: str, ends_as: str, race: Race, capsys: pytest.CaptureFixture[str]
) -> None:
    fate = Fate.REJECTED if status == REJECTED else Fate.PENDING_THEN_PAID
    for _ in range(ROUNDS // 2):
        payout = race.payout(state)
        race.booked(payout, Plan(fate=fate, news=News.LOST))
        race.act(payout, status)
        ended_once(race, payout, ends_as)
    metric = "PayoutsCompleted" if status == PAID else "PayoutsFailed"
    assert counted(capsys, metric) == ROUNDS // 2


def test_a_payout_in_doubt_is_sent_again_by_one_of_them_and_completed_once(race: Race) -> None:
    for _ in range(ROUNDS):
        payout = race.payout(State.UNRESOLVED)
        race.act(payout, PAID)
        shown = ended_once(race, payout, "Completed")
        assert [entry["event"] for entry in shown["history"]].count("SentAgain") == 1
    assert race.world.monoova.book.double_bookings() == {}
    assert len(race.world.monoova.payments) == ROUNDS


def test_a_webhook_inside_the_call_of_one_and_after_it_from_another_is_one_end(
    race: Race,
) -> None:
    race.world.webhooks_arrive = True
    for _ in range(ROUNDS // 2):
        payout = race.payout(State.QUEUED)
        race.world.monoova.script(Plan(news=News.BEFORE_ANSWER), reference=payout)
        race.act(payout, PAID)
        ended_once(race, payout, "Completed")
