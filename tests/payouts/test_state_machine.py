"""A state machine of requests, webhooks, faults and time, in any order, against a small model.

STATE_MACHINE_EXAMPLES makes as many other sequences than the usual few, each time new ones; a
failure prints the shortest sequence that leads to it.
"""

import json
import os
from collections import Counter
from typing import Any, ClassVar, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from moto import mock_aws

from chalicelib.container import wired
from proof.result import Result
from simulator.outcomes import Outcome
from simulator.payments import TransactionStatus
from tests.payouts.model import (
    MASK,
    Amount,
    Ask,
    Known,
    Model,
    Person,
    check_history,
    check_money,
    may_be_resolved,
)
from tests.webhooks.test_webhook_fuzzing import stored, waiting
from tests.webhooks.webhook_mutations import SIGNATURE, signature
from tests.world import WEBHOOK_SECRET, Caller, HttpAnswer, World, as_anonymous

EXAMPLES: Final = os.environ.get("STATE_MACHINE_EXAMPLES")
_USUAL_EXAMPLES: Final = 12
_STEPS: Final = 25
_MOST_DESTINATIONS: Final = 20
_FIRST_DAY: Final = "2026-03-02"
_DAY_SECONDS: Final = 86_400
_STRANGER_KEY: Final = "rotated-away"
_DECLARED: Final = frozenset({200, 201, 202, 204, 400, 401, 404, 409, 422, 503})

_AMOUNTS: Final = (
    Amount("125.50", 12550),
    Amount(10, 1000),
    Amount(0.01, 1),
    Amount("1000", 100_000),
    Amount("1000.01", 100_001),
    Amount("0.00", None),
    Amount(-1, None),
    Amount("1.001", None),
    Amount("12,50", None),
    Amount(True, None),
    Amount(1e300, None),
)
AMOUNT: Final = st.sampled_from(_AMOUNTS[:3]) | st.sampled_from(_AMOUNTS)
KEY: Final = st.none() | st.sampled_from(["key-1", "key-2"])
KIND: Final = st.sampled_from(["PayId", "BankAccount"])
NUMBER: Final = st.integers(0, 9)
OUTCOME: Final = st.sampled_from(Outcome)
# A retry that was not made, because of what Monoova says, or does not say.
_NOT_CLEARED: Final = (
    "PayoutMayBePaid",
    "RetryTooEarly",
    "MonoovaUnavailable",
    "SendingStopped",
)


class EntryPoints(RuleBasedStateMachine):
    """One sequence: a new world, and the steps that Hypothesis chooses in it."""

    counts: ClassVar[Counter[str]] = Counter()
    customers: Bundle[str] = Bundle("customers")
    payouts: Bundle[str] = Bundle("payouts")

    def __init__(self) -> None:
        super().__init__()
        self.counts["examples"] += 1
        self.aws = mock_aws()
        self.aws.start()
        self.world = World()
        self.model = Model()
        self.checked: object = None
        self.contradictions: set[tuple[str, str]] = set()
        self.destinations_made = 0

    def teardown(self) -> None:
        try:
            self._everything_ends()
        finally:
            wired.put(None)
            self.aws.stop()

    # --- customers

    @initialize(target=customers, kind=KIND)
    def register_first(self, kind: str) -> str:
        return self._register(kind)

    @rule(target=customers, kind=st.none() | KIND)
    def register(self, kind: str | None) -> str:
        return self._register(kind)

    def _register(self, kind: str | None) -> str:
        number = len(self.model.people)
        name, email = f"Zsofia Quillfeather{number}", f"zsofia{number}@private.example"
        body: dict[str, object] = {"name": name, "email": email}
        details, private = self._details(kind) if kind else ({}, set())
        answer = self._ask("POST", "/customers", body | ({"destination": details} if kind else {}))
        assert answer.status == 201
        shown = answer.json
        person = Person(shown["customer_id"], {name, email} | private)
        person.destinations = {d["destination_id"]: d["type"] for d in shown["destinations"]}
        self.model.people[person.customer_id] = person
        return person.customer_id

    @rule(customer=customers, kind=KIND)
    def add_destination(self, customer: str, kind: str) -> None:
        person = self.model.people[customer]
        details, private = self._details(kind)
        path = f"/customers/{customer}/destinations"
        if person.is_erased:
            self._refused("CustomerNotFound", "POST", path, details)
            return
        if len(person.destinations) == _MOST_DESTINATIONS:
            self._refused("TooManyDestinations", "POST", path, details)
            return
        answer = self._ask("POST", path, details)
        assert answer.status == 201
        person.destinations[answer.json["destination_id"]] = kind
        person.private |= private

    @rule(customer=customers, number=NUMBER)
    def remove_destination(self, customer: str, number: int) -> None:
        person = self.model.people[customer]
        destination = self._destination(person, number)
        path = f"/customers/{customer}/destinations/{destination}"
        needed = {p.shown["destination_id"] for p in self.model.open_payouts(customer)}
        if person.is_erased:
            self._refused("CustomerNotFound", "DELETE", path)
        elif destination not in person.destinations:
            self._refused("DestinationNotFound", "DELETE", path)
        elif destination in needed:
            self._refused("DestinationInUse", "DELETE", path)
        else:
            assert self._ask("DELETE", path).status == 204
            del person.destinations[destination]

    @rule(customer=customers, number=NUMBER)
    def rename(self, customer: str, number: int) -> None:
        person, name = self.model.people[customer], f"Other Quillfeather{number}"
        path = f"/customers/{customer}"
        if person.is_erased:
            self._refused("CustomerNotFound", "PATCH", path, {"name": name})
            return
        assert self._ask("PATCH", path, {"name": name}).json["name"] == name
        shown = self._ask("GET", path).json
        assert shown["name"] == name
        assert {d["destination_id"] for d in shown["destinations"]} == set(person.destinations)
        person.private.add(name)

    @rule(customer=customers)
    def erase(self, customer: str) -> None:
        person, path = self.model.people[customer], f"/customers/{customer}"
        if person.is_erased:
            self._refused("CustomerNotFound", "DELETE", path)
        elif self.model.open_payouts(customer):
            self._refused("CustomerHasOpenPayouts", "DELETE", path)
        else:
            assert self._ask("DELETE", path).status == 204
            person.is_erased = True
            self._check_erased(person)

    def _check_erased(self, person: Person) -> None:
        kept = json.dumps(stored()) + json.dumps(waiting())
        assert not [text for text in person.private if text in kept]
        assert person.customer_id not in stored()["CustomersTable"]
        for payout in self.model.payouts.values():
            if payout.customer_id == person.customer_id:
                shown = self._show(payout.transaction_id)
                assert shown["destination"] == MASK
                assert shown.get("description") is None
                assert shown.get("failure_reason") is None
                # What people and Monoova wrote goes with the customer; what was done stays.
                payout.history = [entry | {"detail": None} for entry in payout.history]

    # --- paying

    @rule(
        target=payouts,
        customer=customers,
        amount=AMOUNT,
        key=KEY,
        outcome=OUTCOME,
        number=st.none() | NUMBER,
        method=st.none() | st.none() | KIND,
        is_described=st.booleans(),
        who=st.sampled_from(["admin", "service"]),
    )
    def pay(
        self,
        customer: str,
        amount: Amount,
        key: str | None,
        outcome: Outcome,
        number: int | None,
        method: str | None,
        is_described: bool,
        who: str,
    ) -> MultipleResults[str]:
        person = self.model.people[customer]
        destination = self._destination(person, number) if number is not None else None
        text = f"for Quillfeather of {customer[:8]}" if is_described else None
        return self._pay(who, key, Ask(customer, amount, destination, method, text), outcome)

    def _pay(self, who: str, key: str | None, ask: Ask, outcome: Outcome) -> MultipleResults[str]:
        due = self.model.answer_to(who, key, ask)
        path = "/payouts" if who == "admin" else "/internal/payouts"
        headers = {"Idempotency-Key": key} if key is not None else {}
        self.world.monoova.script(outcome)
        if due not in ("Accepted", "Replayed"):
            self._refused(due, "POST", path, ask.body, who=who, headers=headers)
            return multiple()
        answer = self._ask("POST", path, ask.body, who=who, headers=headers)
        transaction_id = self._accepted(answer, due)
        if due == "Replayed":
            assert key is not None
            assert transaction_id == self.model.keys[who, key][1]
            return multiple()
        if key is not None:
            self.model.keys[who, key] = (ask.meaning, transaction_id)
        assert ask.amount.cents is not None
        self.model.people[ask.customer_id].private.update({ask.description or "-"} - {"-"})
        self._know(transaction_id, ask.customer_id, ask.amount.cents)
        return multiple(transaction_id)

    @initialize(target=payouts, customer=customers, outcome=OUTCOME)
    def pay_first(self, customer: str, outcome: Outcome) -> MultipleResults[str]:
        return self._pay("admin", None, Ask(customer, _AMOUNTS[0]), outcome)

    @rule(target=payouts, payout=payouts, outcome=OUTCOME)
    def retry(self, payout: str, outcome: Outcome) -> MultipleResults[str]:
        old, path = self.model.payouts[payout], f"/payouts/{payout}/retry"
        due = self.model.answer_to_retry(old)
        self.world.monoova.script(outcome)
        if due == "PayoutNotRetryable":
            self._refused(due, "POST", path)
            return multiple()
        line = self.model.line_of(payout)
        answer = self._ask("POST", path)
        if due == "Replayed":
            assert self._accepted(answer, due) == line[-1].transaction_id
            return multiple()
        may_be_paid = {each.transaction_id for each in line if self._may_be_paid(each)}
        not_cleared = answer.status != 202 and answer.code in _NOT_CLEARED
        if may_be_paid or not_cleared:
            assert not_cleared, answer.text
            is_said = answer.code == "PayoutMayBePaid"
            assert not is_said or answer.json["transaction_id"] in may_be_paid
            return multiple()
        if due != "Accepted":
            assert answer.code == due, answer.text
            return multiple()
        transaction_id = self._accepted(answer, due)
        self.model.retries[line[-1].transaction_id] = transaction_id
        self._know(transaction_id, old.customer_id, old.cents)
        return multiple(transaction_id)

    def _may_be_paid(self, payout: Known) -> bool:
        """Whether the payee has the money, or may get it: nobody may be paid in its place."""
        payments = [p for p in self.world.monoova.payments if p.reference == payout.transaction_id]
        held = (TransactionStatus.COMPLETE, TransactionStatus.PENDING)
        return any(p.status in held and not p.return_id for p in payments)

    def _accepted(self, answer: HttpAnswer, due: str) -> str:
        """The payout that now stands, whether Monoova took it or not."""
        is_refused = answer.status == 422
        assert (answer.headers.get("Idempotent-Replayed") == "true") == (due == "Replayed")
        assert answer.status == 202 or (is_refused and due == "Accepted"), answer.text
        transaction_id = str(answer.json["transaction_id"])
        if is_refused:
            assert answer.code == "MonoovaRefused"
            assert self._show(transaction_id)["status"] == "Failed"
        return transaction_id

    def _know(self, transaction_id: str, customer_id: str, cents: int) -> None:
        assert transaction_id not in self.model.payouts
        self.model.payouts[transaction_id] = Known(transaction_id, customer_id, cents)

    # --- looking

    @rule(payout=payouts)
    def read(self, payout: str) -> None:
        shown = self._show(payout)
        assert self._ask("GET", f"/internal/payouts/{payout}", who="service").json == shown
        del shown["history"], shown["explanation"]
        customer = self.model.payouts[payout].customer_id
        items = self._pages(f"/payouts?customer_id={customer}&limit=100")
        assert [item for item in items if item["transaction_id"] == payout] == [shown]

    @rule(
        customer=st.none() | customers,
        status=st.none() | st.sampled_from(["Queued", "Pending", "Completed", "Failed"]),
        needs_review=st.sampled_from([None, "true", "false"]),
        limit=st.integers(1, 3),
    )
    def list_payouts(
        self, customer: str | None, status: str | None, needs_review: str | None, limit: int
    ) -> None:
        given = {"customer_id": customer, "status": status, "needs_review": needs_review}
        query = "".join(f"&{name}={value}" for name, value in given.items() if value)
        items = self._pages(f"/payouts?limit={limit}{query}")
        meant = [
            payout.shown
            for payout in self.model.payouts.values()
            if customer in (None, payout.customer_id)
            and status in (None, payout.status)
            and needs_review in (None, str(payout.needs_review).lower())
        ]
        by_id = {item["transaction_id"]: item for item in items}
        assert len(by_id) == len(items)
        assert by_id == {shown["transaction_id"]: shown for shown in meant}
        times = [item["created_at"] for item in items]
        assert times == sorted(times, reverse=True)

    # --- by hand

    @rule(payout=payouts)
    def cancel(self, payout: str) -> None:
        known, path = self.model.payouts[payout], f"/payouts/{payout}/cancel"
        if known.status in ("AwaitingApproval", "Queued", "Cancelled"):
            assert self._ask("POST", path).json["status"] == "Cancelled"
        else:
            self._refused("PayoutNotCancellable", "POST", path)

    @rule(payout=payouts)
    def refresh(self, payout: str) -> None:
        answer = self._ask("POST", f"/payouts/{payout}/refresh")
        is_stopped = self.world.container.gatekeeper.look().is_open
        assert answer.status == 200 or (answer.code == "SendingStopped" and is_stopped)

    @rule(
        payout=payouts,
        outcome=st.sampled_from(["Completed", "Failed", "Returned", "Cancelled"]),
    )
    def resolve(self, payout: str, outcome: str) -> None:
        """Resolves it by hand with the outcome that is true, as an approver."""
        known, path = self.model.payouts[payout], f"/payouts/{payout}/resolve"
        body = {"outcome": outcome, "reason": "seen in the portal"}
        if not may_be_resolved(known, outcome):
            self._refused("PayoutNotResolvable", "POST", path, body)
        elif outcome in self._truths(payout):
            shown = self._ask("POST", path, body, who="approver").json
            assert (shown["status"], shown["needs_review"]) == (outcome, False)

    def _truths(self, payout: str) -> set[str]:
        payments = [p for p in self.world.monoova.payments if p.reference == payout]
        # What Monoova does not know at this moment may still be on its way there.
        if not payments:
            return {"Cancelled"}
        match payments[0].status:
            case TransactionStatus.PENDING:
                return set()
            case TransactionStatus.COMPLETE:
                return {"Completed"} | ({"Returned"} if payments[0].return_id else set())
            case _:
                return {"Failed"}

    # --- Monoova's webhooks, and what only looks like them

    @precondition(lambda self: self.world.deliveries)
    @rule(number=st.integers(0, 99))
    def deliver_again(self, number: int) -> None:
        deliveries = self.world.deliveries
        url, headers, body, status = deliveries[number % len(deliveries)]
        before = stored(), waiting()
        assert self.world.deliver(url, headers, body) in {200} | self._unsure()
        if status == 200:
            assert (stored(), waiting()) == before

    @rule(payout=payouts, status=st.sampled_from(["Payment Successful", "Rejected"]), how=NUMBER)
    def forge(self, payout: str, status: str, how: int) -> None:
        raw = self._delivered(payout, status)
        headers = [
            {"Authorization": "guess", SIGNATURE: signature(raw)},
            {"Authorization": WEBHOOK_SECRET, SIGNATURE: signature(raw + b" ")},
            {SIGNATURE: signature(raw)},
        ][how % 3]
        before = stored(), waiting()
        answer = as_anonymous(self.world.app)("POST", "/webhooks/monoova", headers=headers, raw=raw)
        is_known = headers.get("Authorization") == WEBHOOK_SECRET
        assert answer.status in {401} | (self._unsure() if is_known else set())
        assert (stored(), waiting()) == before

    def _unsure(self) -> set[int]:
        """While Monoova is away, a new instance cannot have its key: it can neither believe a
        signature nor refuse it."""
        return set() if self.world.monoova.behaviour.outage == "none" else {503}

    @rule(payout=payouts, what=st.sampled_from(["amount", "transaction", "outcome"]))
    def contradict(self, payout: str, what: str) -> None:
        known = self.model.payouts[payout]
        number = known.shown["monoova_transaction_id"]
        is_pending = known.status == "Pending"
        if (what == "transaction" and number is None) or (what == "outcome" and is_pending):
            return
        is_paid = what != "outcome" or known.status in ("Failed", "Cancelled", "Queued")
        untrue: dict[str, dict[str, object]] = {
            "amount": {"Amount": (known.cents + 1) / 100},
            "transaction": {"TransactionId": int(number or 0) + 7_777_777},
            "outcome": {"TransactionId": None},
        }
        raw = self._delivered(
            payout, "Payment Successful" if is_paid else "Rejected", **untrue[what]
        )
        headers = {"Authorization": WEBHOOK_SECRET, SIGNATURE: signature(raw)}
        answer = as_anonymous(self.world.app)("POST", "/webhooks/monoova", headers=headers, raw=raw)
        assert answer.status in {200} | self._unsure()
        if answer.status != 200:
            return
        shown = self._show(payout)
        assert (shown["status"], shown["submission"]) == (known.status, known.shown["submission"])
        is_new = (payout, raw.decode()) not in self.contradictions
        self.contradictions.add((payout, raw.decode()))
        # Another number makes us ask.
        assert shown["needs_review"] or not is_new or what == "transaction"

    def _delivered(self, payout: str, status: str, **fields: object) -> bytes:
        known = self.model.payouts[payout]
        number = known.shown["monoova_transaction_id"]
        usual: dict[str, object] = {
            "UniqueReference": payout,
            "TransactionId": int(number) if number else None,
            "Status": status,
            "Amount": known.cents / 100,
        }
        return json.dumps(usual | fields).encode()

    # --- time, queues and faults

    @rule(count=st.integers(1, 3))
    def minutes_pass(self, count: int) -> None:
        self.world.minutes(count)

    @rule(seconds=st.sampled_from([5, 90, 1_000, 3_700, 8 * 3_600]))
    def time_passes_unwatched(self, seconds: int) -> None:
        self.world.later(seconds)

    @rule()
    def reconcile_on_demand(self) -> None:
        assert self._ask("POST", "/reconciliations").status == 200

    @rule(payout=payouts, is_damaged=st.booleans())
    def a_message_comes_late_or_twice(self, payout: str, is_damaged: bool) -> None:
        known = self.model.payouts[payout]
        customer = "00000000-0000-4000-8000-000000000000" if is_damaged else known.customer_id
        before = self._rows()
        message = {"transaction_id": payout, "customer_id": customer}
        assert self.world.sqs_event("send_queued_payouts", json.dumps(message)) == []
        if known.status != "Queued" or is_damaged:
            assert self._rows() == before

    @rule(arrive=st.booleans())
    def webhooks_arrive_or_not(self, arrive: bool) -> None:
        self.world.webhooks_arrive = arrive

    @rule(paused=st.booleans())
    def pause_or_resume(self, paused: bool) -> None:
        gatekeeper = self.world.container.gatekeeper
        gate = gatekeeper.pause("operator", "a drill") if paused else gatekeeper.resume()
        assert gate.is_paused == paused

    @rule(outage=st.sampled_from(["none", "none", "unavailable", "connection_refused", "timeout"]))
    def monoova_goes_away_or_comes_back(self, outage: str) -> None:
        self.world.monoova.behave(outage=outage)

    @rule(is_known=st.booleans())
    def the_key_is_rotated(self, is_known: bool) -> None:
        self._rotate(is_known)

    @rule()
    def all_instances_are_replaced(self) -> None:
        self.world.restart()

    def _rotate(self, is_known: bool) -> None:
        key = f"key-{len(self.world.monoova.calls)}"
        self.world.monoova.rotate_key(key)
        self.world.store_secret(key if is_known else _STRANGER_KEY)

    # --- what holds at every moment

    @invariant()
    def reads_and_the_book_agree_with_the_model(self) -> None:
        self.counts["steps"] += 1
        book = self.world.monoova.book
        now = self._rows(), len(book.movements)
        if now == self.checked:
            return
        self.checked = now
        today = self.world.clock().date()
        items = self._pages(f"/payouts?limit=100&from={_FIRST_DAY}&to={today}")
        assert {item["transaction_id"] for item in items} == set(self.model.payouts)
        for item in items:
            known = self.model.payouts[item["transaction_id"]]
            if item != known.shown:
                self._check_changed(known, item)
            check_money(known, book.of(known.transaction_id))
        assert {m.reference for m in book.movements} <= set(self.model.payouts)

    def _check_changed(self, known: Known, item: dict[str, Any]) -> None:
        shown = self._show(known.transaction_id)
        history = shown.pop("history")
        assert shown.pop("explanation")["summary"]
        assert shown == item
        assert shown["amount"].scaleb(2) == known.cents
        assert shown["unique_reference"] == known.transaction_id
        check_history(known.history, history)
        known.shown, known.history = shown, history

    def _everything_ends(self) -> None:
        """Once all faults are over, every payout ends, or goes to review."""
        self.world.monoova.behave(outage="none")
        self._rotate(is_known=True)
        self.world.container.gatekeeper.resume()
        self.world.container.gatekeeper.reset()
        self.world.later(_DAY_SECONDS + 3_600)
        for _ in range(4):
            self.world.reconcile()
            self.world.drain()
            self.world.later(3_600)
        self.reads_and_the_book_agree_with_the_model()
        for payout in self.model.payouts.values():
            waits = payout.status == "AwaitingApproval"
            assert not payout.is_open or payout.needs_review or waits, payout

    # --- requests

    def _ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        who: str = "admin",
        headers: dict[str, str] | None = None,
    ) -> HttpAnswer:
        caller: Caller = getattr(self.world, who)
        answer = caller(method, path, body, headers=headers)
        assert answer.status in _DECLARED, answer.text
        return answer

    def _refused(
        self,
        code: str,
        method: str,
        path: str,
        body: object = None,
        *,
        who: str = "admin",
        headers: dict[str, str] | None = None,
    ) -> None:
        before = stored(), waiting(), self.world.monoova.received
        answer = self._ask(method, path, body, who=who, headers=headers)
        assert answer.code == code, answer.text
        assert (stored(), waiting(), self.world.monoova.received) == before

    def _show(self, payout: str) -> Any:
        answer = self._ask("GET", f"/payouts/{payout}")
        assert answer.status == 200
        return answer.json

    def _pages(self, path: str) -> list[Any]:
        items, cursor = [], ""
        while True:
            page = self._ask("GET", path + cursor).json
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            cursor = f"&cursor={page['next_cursor']}"

    def _rows(self) -> object:
        tables = stored()
        return tables["TransactionsTable"], tables["CustomersTable"]

    def _destination(self, person: Person, number: int) -> str:
        """One of the customer's destinations, or sometimes another's, or an unknown one."""
        others = [d for p in self.model.people.values() for d in p.destinations]
        known = [*person.destinations, *others, "00000000-0000-4000-8000-000000000000"]
        return known[number % len(known)]

    def _details(self, kind: str) -> tuple[dict[str, str], set[str]]:
        self.destinations_made += 1
        name, number = "Zsofia Payee", 40_170_000 + self.destinations_made
        if kind == "BankAccount":
            details = {"bsb": "062-000", "account_number": str(number)}
            return {"type": kind, **details, "account_name": name}, {name, str(number)}
        email = f"payee{number}@private.example"
        details = {"pay_id": email, "pay_id_type": "Email"}
        return {"type": kind, **details, "account_name": name}, {name, email}


def test_the_guarantees_hold_for_any_events_in_any_order() -> None:
    run_state_machine_as_test(
        EntryPoints,
        settings=settings(
            max_examples=int(EXAMPLES or _USUAL_EXAMPLES),
            stateful_step_count=_STEPS,
            derandomize=EXAMPLES is None,
            database=None,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert EntryPoints.counts["examples"] >= int(EXAMPLES or _USUAL_EXAMPLES)
    _report()


def _report() -> None:
    counts = EntryPoints.counts
    Result(sequences=counts["examples"], sequence_steps=counts["steps"]).write()


def test_a_retry_stays_the_one_that_was_made_after_the_customer_was_erased(world: World) -> None:
    customer = world.customer()
    world.monoova.script(Outcome.REJECTED, Outcome.COMPLETED)
    body = {"customer_id": customer, "amount": "10.00", "description": "for Jo Citizen"}
    old = world.admin.post("/payouts", body).json["transaction_id"]
    world.later(180)
    new = world.admin.post(f"/payouts/{old}/retry").json["transaction_id"]
    world.later(180)
    assert world.admin("DELETE", f"/customers/{customer}").status == 204
    again = world.admin.post(f"/payouts/{old}/retry")
    assert (again.status, again.json["transaction_id"]) == (202, new)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(world.monoova.book.bookings(new)) == 1
