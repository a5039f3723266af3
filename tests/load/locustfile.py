"""Offers a plan to the API: run by locust, in an environment of its own.

`LOAD_PLAN` is the file with the plan, `LOAD_SEEN` the one to write what was seen to, `LOAD_TOKEN`
an administrator's token. Each act is begun when it is due, or late if every user still waits for
an answer; how late is written down, for the time an answer took says nothing about it.
"""

import os
import time
from collections import deque
from pathlib import Path
from typing import Any

import gevent  # type: ignore[import-untyped]
from locust import FastHttpUser, events, task  # type: ignore[import-not-found]
from locust.exception import StopUser  # type: ignore[import-not-found]

from tests.load import records
from tests.load.plan import Act, Operation, Plan
from tests.load.records import Seen

PLAN = Plan.from_json(Path(os.environ["LOAD_PLAN"]).read_text(encoding="utf-8"))
SEEN = Path(os.environ["LOAD_SEEN"]).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
TOKEN = os.environ["LOAD_TOKEN"]

# After no answer, or an answer that asks for a retry: the same key, a little later.
_TRIES = 5
_TRY_AGAIN_AFTER_SECONDS = 1.0
_TRY_AGAIN = (records.NO_ANSWER, 429, 500, 502, 503, 504)
_REMEMBERED = 500


def _other(act: Act) -> tuple[str, object]:
    """Path and body of the requests that neither make nor repeat a payout."""
    customer = PLAN.customer(act.number)
    others: dict[Operation, tuple[str, object]] = {
        Operation.LIST: ("/payouts?limit=20", None),
        Operation.CUSTOMER_PAYOUTS: (f"/customers/{customer}/payouts", None),
        Operation.CUSTOMERS: ("/customers", None),
        Operation.REGISTER: ("/customers", {"name": "Jo Citizen"}),
        Operation.VALIDATE: ("/payouts/validate", {"customer_id": customer, "amount": "10.00"}),
        Operation.HEALTH: ("/health", None),
    }
    return others[act.operation]


class Progress:
    """How far the plan is; shared by all users, which take turns and never run in parallel."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.acts = PLAN.acts()
        self.left = PLAN.users
        self.latest: deque[tuple[int, str]] = deque(maxlen=_REMEMBERED)

    def seconds(self) -> float:
        return time.monotonic() - self.started

    def next(self) -> Act | None:
        """The next act; None when there is none, or no time for it."""
        return next(self.acts, None) if self.seconds() < PLAN.bound_seconds else None


progress = Progress()


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def begin(environment: Any, **_: object) -> None:
    def end_when_done() -> None:
        while progress.left:
            gevent.sleep(0.05)
        environment.runner.quit()

    gevent.spawn(end_when_done)
    progress.started = time.monotonic()


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def end(environment: Any, **_: object) -> None:
    # What is seen as a failure is for the report to judge, not for locust's exit code.
    environment.process_exit_code = 0
    SEEN.close()


class Administrator(FastHttpUser):  # type: ignore[misc]
    """Takes the next act as soon as the one before is answered."""

    network_timeout = 40.0
    connection_timeout = 10.0
    max_retries = 0

    @task  # type: ignore[untyped-decorator]
    def act(self) -> None:
        act = progress.next()
        if act is None:
            progress.left -= 1
            raise StopUser
        gevent.sleep(max(0.0, act.due_seconds - progress.seconds()))
        late_ms = (progress.seconds() - act.due_seconds) * 1000
        if act.operation is Operation.PAY:
            self._pay(act.number, late_ms)
        elif act.operation in (Operation.PAY_AGAIN, Operation.READ):
            self._come_back(act.operation, late_ms)
        else:
            path, body = _other(act)
            self._ask(act.operation, path, late_ms, body)

    def _come_back(self, operation: Operation, late_ms: float) -> None:
        """To a payout that was answered lately; to none as long as there is none."""
        if not progress.latest:
            return
        turn = int(time.monotonic() * 1000) % len(progress.latest)
        number, transaction_id = progress.latest[turn]
        if operation is Operation.READ:
            self._ask(operation, f"/payouts/{transaction_id}", late_ms)
        else:
            self._post(operation, number, late_ms)

    def _pay(self, number: int, late_ms: float) -> None:
        operation = Operation.PAY
        for _ in range(_TRIES):
            seen = self._post(operation, number, late_ms)
            if seen.status not in _TRY_AGAIN:
                if seen.transaction_id:
                    progress.latest.append((number, seen.transaction_id))
                return
            gevent.sleep(_TRY_AGAIN_AFTER_SECONDS)
            operation, late_ms = Operation.PAY_AGAIN, 0.0

    def _post(self, operation: Operation, number: int, late_ms: float) -> Seen:
        cents = PLAN.amount_cents(number)
        body = {
            "customer_id": PLAN.customer(number),
            "amount": f"{cents // 100}.{cents % 100:02d}",
        }
        return self._ask(operation, "/payouts", late_ms, body, PLAN.key(number), cents)

    def _ask(
        self,
        operation: Operation,
        path: str,
        late_ms: float,
        body: object = None,
        key: str = "",
        amount_cents: int = 0,
    ) -> Seen:
        headers = {} if operation is Operation.HEALTH else {"Authorization": TOKEN}
        headers |= {"Idempotency-Key": key} if key else {}
        at_seconds = progress.seconds()
        with self.client.request(
            "GET" if body is None else "POST",
            path,
            name=operation.value,
            json=body,
            headers=headers,
            catch_response=True,
        ) as answer:
            took_ms = (progress.seconds() - at_seconds) * 1000
            answer.success()
            found = _object(answer)
            seen = Seen(
                operation,
                round(at_seconds, 4),
                round(late_ms, 1),
                round(took_ms, 2),
                answer.status_code or records.NO_ANSWER,
                str(found.get("code", "")),
                key,
                amount_cents,
                str(found.get("transaction_id", "")) if key else "",
                is_replay="idempotent-replayed" in {name.lower() for name in answer.headers or {}},
            )
        records.write(seen, SEEN)
        return seen


def _object(answer: Any) -> dict[str, Any]:
    try:
        found = answer.json()
    except (ValueError, TypeError, AttributeError):  # no answer, or not the app's
        return {}
    return found if isinstance(found, dict) else {}
