"""Kills a function before and after each foreign call of each flow, while the others continue.

How many calls a flow makes is counted by a run without a crash: a new call in a flow is two new
crash points, with nothing to add here.
"""

import argparse
import json
import os
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeVar

from chalicelib.core.secrets import Secret
from chalicelib.payouts.rules.news import Notice, NoticeKind, Trust
from chalicelib.webhooks.queued_notices import QueuedNotices
from proof.checker.reading import read_run
from proof.checker.verdict import violations_in
from proof.fault_injection import FaultInjector, FaultRates
from proof.kernel import Kernel, Task
from proof.memory.container import WEBHOOK_SECRET
from proof.on_aws import AwsSystem
from proof.result import Result
from proof.seam import Call, Killed
from proof.system import System
from proof.traffic import Customer, Traffic
from simulator.monoova import API_KEY
from simulator.outcomes import Fate, Fault, Manner, Moment, News, Plan

T = TypeVar("T")

_QUIET_HOURS: Final = 28.0
_WAITING: Final = "Jo waits for her money"


class Side(StrEnum):
    BEFORE = "before"
    AFTER = "after"


class CrashInjector(FaultInjector):
    """Counts the calls of one function's invocations, and kills the function at one of them."""

    def __init__(self, kernel: Kernel, fault_rates: FaultRates, randomness: random.Random) -> None:
        super().__init__(kernel, fault_rates, randomness)
        self._kernel = kernel
        self._function = ""
        self._kill_at: tuple[int, Side] | None = None
        self.counted = 0
        self.called: list[Call] = []
        self._called_by: dict[Task, list[Call]] = {}
        self.has_killed = False

    def watch(self, function: str, kill_at: tuple[int, Side] | None) -> None:
        """From now on calls of `function` count; the first is number 1."""
        self._function, self._kill_at = function, kill_at

    def before_call(self, call: Call) -> None:
        if self._is_watched:
            self.counted += 1
            self._note(call)
            self._kill_if_due(Side.BEFORE)
        super().before_call(call)

    @property
    def called_by_each(self) -> list[tuple[Call, ...]]:
        """The calls of each invocation, sorted: which of those at the same time is first is chance.

        What they call in turn depends on how long each call takes, which is drawn.
        """
        return sorted((tuple(calls) for calls in self._called_by.values()), key=str)

    def _note(self, call: Call) -> None:
        task = self._kernel.current
        assert task is not None  # only a watched one gets here
        self.called.append(call)
        self._called_by.setdefault(task, []).append(call)

    def after_call(self) -> None:
        if self._is_watched:
            self._kill_if_due(Side.AFTER)
        super().after_call()

    def cross(self, call: Call, effect: Callable[[], T]) -> T:
        try:
            return super().cross(call, effect)
        except Exception:
            # A condition that failed is an answer, too: a crash point follows it.
            if self._is_watched:
                self._kill_if_due(Side.AFTER)
            raise

    @property
    def _is_watched(self) -> bool:
        task = self._kernel.current
        return task is not None and task.name == self._function and not task.is_killed

    def _kill_if_due(self, side: Side) -> None:
        if self._kill_at == (self.counted, side):
            self._function, self.has_killed = "", True
            task = self._kernel.current
            assert task is not None  # only a watched one gets here
            task.is_killed = True
            raise Killed


class Scenario:
    """A system with one customer, and the steps that flows are made of."""

    def __init__(self, system: type[System], settings: Mapping[str, str]) -> None:
        # Registering asks Monoova nothing: so it is the flow that first reads the secret.
        settings = {"BSB_CHECK": "off", **settings}
        self.system = system(1, settings=settings, new_fault_injector=CrashInjector)
        self.traffic = Traffic(self.system, random.Random("crash points"))
        self.transaction_id = ""
        assert isinstance(self.system.fault_injector, CrashInjector)
        self.crash_injector = self.system.fault_injector

    @property
    def customer(self) -> Customer:
        return self.traffic.customers[0]

    def does(self, act: Callable[[], object]) -> None:
        """Does one thing as one actor; it is over when this returns."""
        self.system.kernel.wait_for(self.system.kernel.spawn("client", act))

    def begin(self) -> None:
        self.does(lambda: self.traffic.register(0))

    def wait(self, seconds: float) -> None:
        self.system.kernel.sleep(seconds)

    def post(self, path: str, body: object = None, key: str | None = None) -> None:
        def ask() -> None:
            answer = self.traffic.ask("alice", "POST", path, body, key)
            if answer is not None and "transaction_id" in answer.json:
                self.transaction_id = answer.json["transaction_id"]

        self.does(ask)

    def pay(self, amount: str = "125.50", key: str | None = "order-1") -> None:
        body = {"customer_id": self.customer.customer_id, "amount": amount, "description": _WAITING}
        self.post("/payouts", body, key)

    def delete(self, path: str) -> None:
        self.does(lambda: self.traffic.ask("carol", "DELETE", path))

    def paused(self) -> None:
        gatekeeper = self.system.new_container().gatekeeper
        self.does(lambda: gatekeeper.pause("dave", "drill"))

    def resumed(self) -> None:
        self.does(self.system.new_container().gatekeeper.resume)

    def reconcile(self) -> None:
        self.system.kernel.wait_for(self.system.functions.reconcile())

    def webhook(
        self,
        amount: str = "125.50",
        status: str = "Payment Successful",
        *,
        is_signed: bool = True,
        is_genuine: bool = True,
    ) -> None:
        """A webhook about the payout, or about one that is not known yet.

        Monoova, once it has signed one, signs them all: without a signature it is not genuine then.
        """
        reference = self.transaction_id or "00000000-0000-4000-8000-000000000001"
        body = json.dumps(
            {
                "UniqueReference": reference,
                "Amount": amount,
                "Status": status,
                "TransactionId": 1_000_001,
            }
        ).encode()
        headers = {"Authorization": WEBHOOK_SECRET}
        if is_signed:
            headers["Verification-Signature"] = self.system.monoova.signature(body)
        path = "/webhooks/monoova/NppPaymentStatus"
        self.does(lambda: self.system.webhook(path, headers, body, is_genuine=is_genuine))

    def save(self, folder: Path) -> None:
        """Writes the evidence for the checker."""
        secrets = self.traffic.secrets_for_checker
        self.system.history.save(folder, self.system.monoova, secrets)

    def plan(self, plan: Plan) -> None:
        self.system.monoova.script(plan)


@dataclass(frozen=True)
class Flow:
    """`ready` prepares, `act` is the flow, of whose `function` each call is a crash point;
    `afterwards` is what clients do later in any case.
    """

    name: str
    function: str
    act: Callable[[Scenario], None]
    ready: Callable[[Scenario], None] = lambda _scenario: None
    settings: Mapping[str, str] = field(default_factory=dict)
    afterwards: Callable[[Scenario], None] = lambda _scenario: None


@dataclass(frozen=True)
class CrashPoint:
    flow: str
    call: int
    side: Side
    asks_again: bool
    scenario: Scenario

    def __str__(self) -> str:
        return f"{self.flow}: killed {self.side} call {self.call}"


def crash_points(
    flows: tuple[Flow, ...] | None = None,
    system: type[System] = System,
    sides: Iterable[Side] = Side,
) -> Iterator[CrashPoint]:
    """Every crash point of the flows, each played to its end."""
    for flow in FLOWS if flows is None else flows:
        calls = played(flow, None, system=system).crash_injector.counted
        assert calls, f"{flow.name} makes no calls"
        for call in range(1, calls + 1):
            for side in sides:
                for asks_again in (False, True):
                    scenario = played(flow, (call, side), asks_again=asks_again, system=system)
                    yield CrashPoint(flow.name, call, side, asks_again, scenario)


def played(
    flow: Flow,
    kill_at: tuple[int, Side] | None,
    *,
    asks_again: bool = False,
    system: type[System] = System,
) -> Scenario:
    """The flow, killed or not, and then the rest of the system until all is quiet."""
    with system.prerequisites():
        scenario = Scenario(system, flow.settings)
        with scenario.system.open():
            scenario.begin()
            flow.ready(scenario)
            scenario.crash_injector.watch(flow.function, kill_at)
            flow.act(scenario)
            scenario.crash_injector.watch("", None)
            assert scenario.crash_injector.has_killed == (kill_at is not None), (
                f"{flow.name} {kill_at}"
            )
            if asks_again:
                # Once more, as a caller without an answer would ask.
                flow.act(scenario)
            scenario.resumed()
            flow.afterwards(scenario)
            scenario.system.converge(_QUIET_HOURS)
            scenario.system.record_every_payout()
    return scenario


_LOST: Final = Plan(fault=Fault(Manner.RESET, Moment.BEFORE, None))


def _queued(scenario: Scenario) -> None:
    scenario.paused()
    scenario.pay()
    scenario.resumed()


def _sent(scenario: Scenario) -> None:
    scenario.plan(Plan(news=News.LOST))
    scenario.pay()


def _in_doubt(scenario: Scenario) -> None:
    scenario.plan(Plan(fault=Fault(Manner.EMPTY_BODY, Moment.AFTER)))
    scenario.pay()


def _never_arrived(scenario: Scenario) -> None:
    for _ in range(4):
        scenario.plan(_LOST)
    scenario.pay()


def _unknown_for_the_first_time(scenario: Scenario) -> None:
    """Its answer was lost, and past the grace Monoova has said once that it does not know it."""
    scenario.plan(_LOST)
    scenario.pay()
    scenario.wait(2000)
    scenario.reconcile()
    scenario.wait(310)


def _refused_with_unknown_code(scenario: Scenario) -> None:
    scenario.pay(amount="7.14")


def _refused(scenario: Scenario) -> None:
    scenario.pay(amount="7.10")


def _paid(scenario: Scenario) -> None:
    scenario.pay()
    scenario.wait(200)


def _rejected(scenario: Scenario) -> None:
    scenario.plan(Plan(fate=Fate.REJECTED))
    scenario.pay()
    scenario.wait(200)


def _rejected_and_paused(scenario: Scenario) -> None:
    _rejected(scenario)
    scenario.paused()


def _returned(scenario: Scenario) -> None:
    scenario.plan(Plan(fate=Fate.RETURNED))
    scenario.pay()
    scenario.wait(1800)


def _look_for_returns(scenario: Scenario) -> None:
    scenario.system.kernel.wait_for(scenario.system.functions.look_for_returns())


def _returned_and_seen(scenario: Scenario) -> None:
    _returned(scenario)
    _look_for_returns(scenario)


def _paused_and_asked(scenario: Scenario) -> None:
    scenario.paused()
    scenario.pay()


def _after(seconds: float, ready: Callable[[Scenario], None]) -> Callable[[Scenario], None]:
    def waited(scenario: Scenario) -> None:
        ready(scenario)
        scenario.wait(seconds)

    return waited


def _action(name: str, body: Mapping[str, str]) -> Callable[[Scenario], None]:
    return lambda scenario: scenario.post(f"/payouts/{scenario.transaction_id}/{name}", body)


def _decision(name: str, body: Mapping[str, str]) -> Callable[[Scenario], None]:
    """An approver's decision on the payout."""

    def act(scenario: Scenario) -> None:
        path = f"/payouts/{scenario.transaction_id}/{name}"
        scenario.does(lambda: scenario.traffic.ask("erin", "POST", path, body, groups="approvers"))

    return act


def _approve(scenario: Scenario) -> None:
    """An approver looks at the payout's destination, and approves both."""
    scenario.does(lambda: scenario.traffic.approve("erin", scenario.transaction_id))


def _approve_all_waiting(scenario: Scenario) -> None:
    """An approver approves each payout on the list of those that wait."""

    def act() -> None:
        listed = scenario.traffic.ask(
            "erin", "GET", "/payouts?status=AwaitingApproval", groups="approvers"
        )
        assert listed is not None  # no fault is injected any more
        for waiting in listed.json["items"]:
            scenario.traffic.approve("erin", waiting["transaction_id"])

    scenario.does(act)


def _message(scenario: Scenario) -> None:
    """The queue delivers the payout's message, perhaps not for the first time."""
    ids = {"transaction_id": scenario.transaction_id, "customer_id": scenario.customer.customer_id}
    scenario.does(lambda: scenario.system.functions.sqs("send_queued_payouts", [json.dumps(ids)]))


def _queued_event(scenario: Scenario) -> None:
    body = {
        "kind": "PaymentSuccessful",
        "reference": scenario.transaction_id,
        "amount_cents": 12550,
        "monoova_transaction_id": None,
        "reason": None,
    }
    scenario.does(
        lambda: scenario.system.functions.sqs("take_up_webhook_events", [json.dumps(body)])
    )


def _sealed_event(scenario: Scenario) -> None:
    """What the app itself put on the queue of a signed webhook."""
    fields = NoticeKind.PAID, scenario.transaction_id, 12550, None
    notice = Notice(*fields, trust=Trust.SIGNED)
    body = QueuedNotices(lambda: Secret(API_KEY)).message_of(notice)
    scenario.does(
        lambda: scenario.system.functions.sqs("take_up_webhook_events", [json.dumps(body)])
    )


def _erase(scenario: Scenario) -> None:
    scenario.delete(f"/customers/{scenario.customer.customer_id}")


def _remove_destination(scenario: Scenario) -> None:
    customer = scenario.customer
    scenario.delete(f"/customers/{customer.customer_id}/destinations/{customer.destination_id}")


def _unsigned(scenario: Scenario) -> None:
    scenario.webhook(is_signed=False)


def _hint_of_rejection(scenario: Scenario) -> None:
    """It is Monoova's in all but its word, which is false, and not signed."""
    scenario.webhook(status="Rejected", is_signed=False)


def _unsigned_after_signed(scenario: Scenario) -> None:
    scenario.webhook("20.00", "Rejected", is_signed=False, is_genuine=False)


def _signed_and_sent(scenario: Scenario) -> None:
    """One payout was reported, signed; another is open."""
    _paid(scenario)
    scenario.plan(Plan(news=News.LOST))
    scenario.pay(amount="20.00", key="order-2")


def _reviewed(scenario: Scenario) -> None:
    scenario.plan(Plan())
    scenario.pay()
    scenario.webhook(amount="999.99")
    # Until Monoova says too what the person is going to say.
    scenario.wait(180)


_RESOLUTION: Final = {"outcome": "Completed", "reason": "seen on the statement"}

_LIMITED: Final = {"LIMIT_PER_DAY_AUD": "125.50"}
_APPROVED: Final = {"DESTINATION_APPROVAL": "required"}

FLOWS: Final = (
    Flow("request", "api", Scenario.pay),
    Flow("request refused for an unknown reason", "api", _refused_with_unknown_code),
    Flow("request whose answer is lost", "api", _in_doubt),
    Flow("request while paused", "api", Scenario.pay, Scenario.paused),
    Flow("request within limits", "api", Scenario.pay, settings=_LIMITED),
    Flow(
        "request that needs approval",
        "api",
        Scenario.pay,
        settings=_APPROVED,
        afterwards=_approve_all_waiting,
    ),
    Flow(
        "approve",
        "api",
        _approve,
        Scenario.pay,
        _APPROVED,
        _approve_all_waiting,
    ),
    Flow(
        "approve within limits",
        "api",
        _approve,
        Scenario.pay,
        _APPROVED | _LIMITED,
        _approve_all_waiting,
    ),
    Flow(
        "reject",
        "api",
        _decision("reject", {"reason": "no"}),
        Scenario.pay,
        _APPROVED,
        _approve_all_waiting,
    ),
    Flow("submit a queued one", "send_queued_payouts", _message, _queued),
    Flow("reconcile a queued one", "reconcile", Scenario.reconcile, _after(400, _queued)),
    Flow("reconcile a sent one", "reconcile", Scenario.reconcile, _after(70, _sent)),
    Flow("reconcile one in doubt", "reconcile", Scenario.reconcile, _after(70, _in_doubt)),
    Flow("reconcile a lost one", "reconcile", Scenario.reconcile, _after(2000, _never_arrived)),
    Flow(
        "send again after a second unknown",
        "reconcile",
        Scenario.reconcile,
        _unknown_for_the_first_time,
    ),
    Flow("webhook", "api", Scenario.webhook, _sent),
    Flow("webhook without a signature", "api", _unsigned, _sent),
    Flow(
        "webhook without a signature after a signed one",
        "api",
        _unsigned_after_signed,
        _signed_and_sent,
    ),
    Flow("webhook that contradicts", "api", lambda s: s.webhook(status="Rejected"), _paid),
    Flow("webhook of an unknown payout", "api", Scenario.webhook),
    Flow("queued webhook event", "take_up_webhook_events", _queued_event, _sent),
    Flow("queued webhook event with a seal", "take_up_webhook_events", _sealed_event, _sent),
    Flow("cancel", "api", _action("cancel", {}), _paused_and_asked),
    Flow("resolve", "api", _action("resolve", _RESOLUTION), _reviewed),
    Flow("refresh", "api", _action("refresh", {}), _sent),
    Flow("retry", "api", _action("retry", {}), _refused),
    Flow("retry a rejected one", "api", _action("retry", {}), _rejected),
    Flow("retry while paused", "api", _action("retry", {}), _rejected_and_paused),
    Flow("look for what came back", "reconcile_daily", _look_for_returns, _returned),
    Flow("retry what came back", "api", _action("retry", {}), _returned_and_seen),
    Flow("hint that it was rejected", "api", _hint_of_rejection, _sent),
    Flow("erase a customer", "api", _erase, _paid),
    Flow("remove a destination", "api", _remove_destination, _paid),
)


def judged(point: CrashPoint, folder: Path) -> list[str]:
    """The checker's violations for a crash point."""
    point.scenario.save(folder)
    return violations_in(read_run(folder))


def _tried(number: int, over_aws: bool) -> tuple[int, list[str]]:
    """How many crash points `FLOWS[number]` has, and the violations.

    A flow holds functions, which no other process can be given; its number it can.
    """
    tried, found = 0, []
    with TemporaryDirectory() as folder:
        for point in crash_points((FLOWS[number],), AwsSystem if over_aws else System):
            tried += 1
            found += [f"{point}: {violation}" for violation in judged(point, Path(folder))]
    return tried, found


def main(arguments: Sequence[str]) -> int:
    """Plays all of them on all processors, and prints how many there are."""
    parser = argparse.ArgumentParser(prog="python -m proof.crash_points", description=__doc__)
    parser.add_argument("--aws", action="store_true", help="over AWS's own clients, and moto")
    over_aws = parser.parse_args(arguments).aws
    whole, violations = 0, 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        each = pool.map(partial(_tried, over_aws=over_aws), range(len(FLOWS)))
        for flow, (tried, found) in zip(FLOWS, each, strict=True):
            whole, violations = whole + tried, violations + len(found)
            print(f"{tried:5} crash points  {flow.name}", *found, sep="\n", flush=True)
    print(f"{whole:5} crash points, {violations} violations")
    Result(crash_points=whole, violations=violations).write()
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
