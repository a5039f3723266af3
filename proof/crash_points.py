"""Kills a function before and after each foreign call of each flow, and lets the rest go on.

How many calls a flow makes is counted by running it once unharmed: a flow that grows a call grows
two crash points by itself.
"""

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeVar

from proof.checker.reading import read_run
from proof.checker.verdict import violations_in
from proof.fault_injection import FaultInjector, FaultRates
from proof.kernel import Kernel
from proof.memory.container import WEBHOOK_SECRET
from proof.on_aws import AwsSystem
from proof.result import Result
from proof.seam import Call, Killed
from proof.system import System
from proof.traffic import Customer, People
from simulator.outcomes import Fate, Fault, Manner, Moment, News, Plan

T = TypeVar("T")

_QUIET_HOURS: Final = 28.0
_WAITING: Final = "Jo waits for her money"


class Side(StrEnum):
    BEFORE = "before"
    AFTER = "after"


class CrashInjector(FaultInjector):
    """Counts the calls of one function's invocations, and kills at the one it is told."""

    def __init__(self, kernel: Kernel, fault_rates: FaultRates, randomness: random.Random) -> None:
        super().__init__(kernel, fault_rates, randomness)
        self._of = kernel
        self._function = ""
        self._kill_at: tuple[int, Side] | None = None
        self.counted = 0
        self.called: list[Call] = []
        self.has_fallen = False

    def watch(self, function: str, kill_at: tuple[int, Side] | None) -> None:
        """From now on calls of `function` count; the first is number 1."""
        self._function, self._kill_at = function, kill_at

    def arrive(self, call: Call) -> None:
        if self._is_watched:
            self.counted += 1
            self.called.append(call)
            self._fall(Side.BEFORE)
        super().arrive(call)

    def leave(self) -> None:
        if self._is_watched:
            self._fall(Side.AFTER)
        super().leave()

    def cross(self, call: Call, effect: Callable[[], T]) -> T:
        try:
            return super().cross(call, effect)
        except Exception:
            # A condition that failed is an answer, too, after which one can die.
            if self._is_watched:
                self._fall(Side.AFTER)
            raise

    @property
    def _is_watched(self) -> bool:
        task = self._of.current
        return task is not None and task.name == self._function and not task.is_killed

    def _fall(self, side: Side) -> None:
        if self._kill_at == (self.counted, side):
            self._function, self.has_fallen = "", True
            task = self._of.current
            assert task is not None  # only a watched one gets here
            task.is_killed = True
            raise Killed


class Scene:
    """A system with one customer, and the words to make flows of."""

    def __init__(self, system: type[System], settings: Mapping[str, str]) -> None:
        # Registering asks Monoova nothing: so it is the flow that first reads the secret.
        settings = {"BSB_CHECK": "off", **settings}
        self.system = system(1, settings=settings, new_fault_injector=CrashInjector)
        self.people = People(self.system, random.Random("crash points"))
        self.transaction_id = ""
        assert isinstance(self.system.fault_injector, CrashInjector)
        self.crash_injector = self.system.fault_injector

    @property
    def customer(self) -> Customer:
        return self.people.customers[0]

    def does(self, act: Callable[[], object]) -> None:
        """Does one thing as one actor; it is over when this returns."""
        self.system.kernel.wait_for(self.system.kernel.spawn("person", act))

    def begin(self) -> None:
        self.does(lambda: self.people.register(0))

    def wait(self, seconds: float) -> None:
        self.system.kernel.sleep(seconds)

    def post(self, path: str, body: object = None, key: str | None = None) -> None:
        def ask() -> None:
            answer = self.people.ask("alice", "POST", path, body, key)
            if answer is not None and "transaction_id" in answer.json:
                self.transaction_id = answer.json["transaction_id"]

        self.does(ask)

    def pay(self, amount: str = "125.50", key: str | None = "order-1") -> None:
        body = {"customer_id": self.customer.customer_id, "amount": amount, "description": _WAITING}
        self.post("/payouts", body, key)

    def delete(self, path: str) -> None:
        self.does(lambda: self.people.ask("carol", "DELETE", path))

    def paused(self) -> None:
        gatekeeper = self.system.new_container().gatekeeper
        self.does(lambda: gatekeeper.pause("dave", "drill"))

    def resumed(self) -> None:
        self.does(self.system.new_container().gatekeeper.resume)

    def reconcile(self) -> None:
        self.system.kernel.wait_for(self.system.functions.reconcile())

    def webhook(self, amount: str = "125.50", status: str = "Payment Successful") -> None:
        """What Monoova says of the payout, or of one that is not known yet."""
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
        path = "/webhooks/monoova/NppPaymentStatus"
        self.does(lambda: self.system.webhook(path, headers, body, is_genuine=True))

    def save(self, folder: Path) -> None:
        """For the checker."""
        people = self.people.told_to_the_checker
        self.system.history.save(folder, self.system.monoova, people)

    def plan(self, plan: Plan) -> None:
        self.system.monoova.script(plan)


@dataclass(frozen=True)
class Flow:
    """`ready` sets the scene, `act` is the flow, of whose `function` each call is a crash point;
    `afterwards` is what people do later anyway.
    """

    name: str
    function: str
    act: Callable[[Scene], None]
    ready: Callable[[Scene], None] = lambda _scene: None
    settings: Mapping[str, str] = field(default_factory=dict)
    afterwards: Callable[[Scene], None] = lambda _scene: None


@dataclass(frozen=True)
class CrashPoint:
    flow: str
    call: int
    side: Side
    asks_again: bool
    scene: Scene

    def __str__(self) -> str:
        return f"{self.flow}: killed {self.side} call {self.call}"


def crash_points(
    flows: tuple[Flow, ...] | None = None, system: type[System] = System
) -> Iterator[CrashPoint]:
    """Every crash point there is, each played to its end."""
    for flow in FLOWS if flows is None else flows:
        calls = played(flow, None, system=system).crash_injector.counted
        assert calls, f"{flow.name} makes no calls"
        for call in range(1, calls + 1):
            for side in Side:
                for asks_again in (False, True):
                    scene = played(flow, (call, side), asks_again=asks_again, system=system)
                    yield CrashPoint(flow.name, call, side, asks_again, scene)


def played(
    flow: Flow,
    kill_at: tuple[int, Side] | None,
    *,
    asks_again: bool = False,
    system: type[System] = System,
) -> Scene:
    """The flow, killed or not, and then the rest of the system until all is quiet."""
    with system.surroundings():
        scene = Scene(system, flow.settings)
        with scene.system.open():
            scene.begin()
            flow.ready(scene)
            scene.crash_injector.watch(flow.function, kill_at)
            flow.act(scene)
            scene.crash_injector.watch("", None)
            assert scene.crash_injector.has_fallen == (kill_at is not None), (
                f"{flow.name} {kill_at}"
            )
            if asks_again:
                # Once more, as a caller without an answer would ask.
                flow.act(scene)
            scene.resumed()
            flow.afterwards(scene)
            scene.system.converge(_QUIET_HOURS)
            scene.system.tell_everything()
    return scene


_PENDING: Final = Plan(fate=Fate.PENDING_FOREVER)
_LOST: Final = Plan(fault=Fault(Manner.RESET, Moment.BEFORE, None))


def _queued(scene: Scene) -> None:
    scene.paused()
    scene.pay()
    scene.resumed()


def _sent(scene: Scene) -> None:
    scene.plan(Plan(news=News.LOST))
    scene.pay()


def _in_doubt(scene: Scene) -> None:
    scene.plan(Plan(fault=Fault(Manner.EMPTY_BODY, Moment.AFTER)))
    scene.pay()


def _never_arrived(scene: Scene) -> None:
    for _ in range(4):
        scene.plan(_LOST)
    scene.pay()


def _refused_unheard_of(scene: Scene) -> None:
    scene.pay(amount="7.14")


def _refused(scene: Scene) -> None:
    scene.pay(amount="7.10")


def _paid(scene: Scene) -> None:
    scene.pay()
    scene.wait(200)


def _paused_and_asked(scene: Scene) -> None:
    scene.paused()
    scene.pay()


def _after(seconds: float, ready: Callable[[Scene], None]) -> Callable[[Scene], None]:
    def waited(scene: Scene) -> None:
        ready(scene)
        scene.wait(seconds)

    return waited


def _action(name: str, body: Mapping[str, str]) -> Callable[[Scene], None]:
    return lambda scene: scene.post(f"/payouts/{scene.transaction_id}/{name}", body)


def _decision(name: str, body: Mapping[str, str]) -> Callable[[Scene], None]:
    """What a second person decides on the payout."""

    def act(scene: Scene) -> None:
        path = f"/payouts/{scene.transaction_id}/{name}"
        scene.does(lambda: scene.people.ask("erin", "POST", path, body, groups="approvers"))

    return act


def _what_waits_is_approved(scene: Scene) -> None:
    """An approver looks through the list of what waits."""

    def act() -> None:
        listed = scene.people.ask(
            "erin", "GET", "/payouts?status=AwaitingApproval", groups="approvers"
        )
        assert listed is not None  # nothing is wrong any more
        for waiting in listed.json["items"]:
            path = f"/payouts/{waiting['transaction_id']}/approve"
            scene.people.ask("erin", "POST", path, {}, groups="approvers")

    scene.does(act)


def _message(scene: Scene) -> None:
    """The queue hands the payout's message over, however often it has done so before."""
    ids = {"transaction_id": scene.transaction_id, "customer_id": scene.customer.customer_id}
    scene.does(lambda: scene.system.functions.sqs("send_queued_payouts", [json.dumps(ids)]))


def _dead_letter(scene: Scene) -> None:
    body = {
        "kind": "PaymentSuccessful",
        "reference": scene.transaction_id,
        "amount_cents": 12550,
        "monoova_transaction_id": None,
        "reason": None,
    }
    scene.does(lambda: scene.system.functions.sqs("take_up_webhook_events", [json.dumps(body)]))


def _erase(scene: Scene) -> None:
    scene.delete(f"/customers/{scene.customer.customer_id}")


def _remove_destination(scene: Scene) -> None:
    customer = scene.customer
    scene.delete(f"/customers/{customer.customer_id}/destinations/{customer.destination_id}")


def _reviewed(scene: Scene) -> None:
    scene.plan(_PENDING)
    scene.pay()
    scene.webhook(amount="999.99")


_RESOLUTION: Final = {"outcome": "Completed", "reason": "seen on the statement"}

_LIMITED: Final = {"LIMIT_PER_DAY_AUD": "125.50"}
_APPROVED: Final = {"APPROVAL_NEW_DESTINATIONS": "required"}

FLOWS: Final = (
    Flow("request", "api", Scene.pay),
    Flow("request refused for a reason in no table", "api", _refused_unheard_of),
    Flow("request whose answer is lost", "api", _in_doubt),
    Flow("request while paused", "api", Scene.pay, Scene.paused),
    Flow("request within limits", "api", Scene.pay, settings=_LIMITED),
    Flow(
        "request that needs approval",
        "api",
        Scene.pay,
        settings=_APPROVED,
        afterwards=_what_waits_is_approved,
    ),
    Flow(
        "approve",
        "api",
        _decision("approve", {}),
        Scene.pay,
        _APPROVED,
        _what_waits_is_approved,
    ),
    Flow(
        "reject",
        "api",
        _decision("reject", {"reason": "no"}),
        Scene.pay,
        _APPROVED,
        _what_waits_is_approved,
    ),
    Flow("submit a queued one", "send_queued_payouts", _message, _queued),
    Flow("reconcile a queued one", "reconcile", Scene.reconcile, _after(400, _queued)),
    Flow("reconcile a sent one", "reconcile", Scene.reconcile, _after(70, _sent)),
    Flow("reconcile one in doubt", "reconcile", Scene.reconcile, _after(70, _in_doubt)),
    Flow("reconcile a lost one", "reconcile", Scene.reconcile, _after(2000, _never_arrived)),
    Flow("webhook", "api", Scene.webhook, _sent),
    Flow("webhook that contradicts", "api", lambda s: s.webhook(status="Rejected"), _paid),
    Flow("webhook of an unknown payout", "api", Scene.webhook),
    Flow("dead letter", "take_up_webhook_events", _dead_letter, _sent),
    Flow("cancel", "api", _action("cancel", {}), _paused_and_asked),
    Flow("resolve", "api", _action("resolve", _RESOLUTION), _reviewed),
    Flow("refresh", "api", _action("refresh", {}), _sent),
    Flow("retry", "api", _action("retry", {}), _refused),
    Flow("erase a customer", "api", _erase, _paid),
    Flow("remove a destination", "api", _remove_destination, _paid),
)


def judged(point: CrashPoint, folder: Path) -> list[str]:
    """What the checker says of it."""
    point.scene.save(folder)
    return violations_in(read_run(folder))


def main(arguments: Sequence[str]) -> int:
    """Plays all of them and prints how many there are."""
    parser = argparse.ArgumentParser(prog="python -m proof.crash_points", description=__doc__)
    parser.add_argument("--aws", action="store_true", help="over AWS's own clients, and moto")
    system = AwsSystem if parser.parse_args(arguments).aws else System
    tried: Counter[str] = Counter()
    violations = 0
    with TemporaryDirectory() as folder:
        for point in crash_points(system=system):
            tried[point.flow] += 1
            for violation in judged(point, Path(folder)):
                violations += 1
                print(f"{point}: {violation}")
    for flow, count in tried.items():
        print(f"{count:5} crash points  {flow}")
    print(f"{tried.total():5} crash points, {violations} violations")
    Result(crash_points=tried.total(), violations=violations).write()
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
