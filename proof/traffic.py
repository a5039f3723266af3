"""The traffic of a simulated run: administrators, clients that retry, and attackers."""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from proof.lambda_events import HttpAnswer, user
from proof.memory.container import WEBHOOK_SECRET
from proof.system import System
from simulator.monoova import API_KEY
from simulator.outcomes import Fate, Outcome
from simulator.triggers import TRIGGERS

NEXT_API_KEY: Final = "the-next-key"
_JSON: Final = {"Content-Type": "application/json"}
_MOST_TRIES: Final = 6
# Amounts that no trigger stands for.
_ORDINARY_CENTS: Final = (1_000, 90_000)
_FAMILY: Final = ("Citizen", "Nguyen", "O'Brien", "Papadopoulos", "Smith")


@dataclass
class Customer:
    """A customer's details, which must be found nowhere else. `former` are earlier destinations."""

    customer_id: str
    payee: str
    account_name: str
    destination_id: str
    details: Mapping[str, str] = field(default_factory=dict)
    former: list[str] = field(default_factory=list)


@dataclass
class Traffic:
    """Sends requests to the system. `excluded` are outcomes that make no sense in this run."""

    system: System
    randomness: random.Random
    excluded: frozenset[Outcome] = frozenset()
    customers: list[Customer] = field(default_factory=list)
    payouts: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    payee_of: dict[str, str] = field(default_factory=dict)
    asks: int = 0

    def ask(
        self,
        who: str,
        method: str,
        path: str,
        body: object = None,
        key: str | None = None,
        *,
        groups: str = "operators",
        content: bytes | None = None,
    ) -> HttpAnswer | None:
        """One request of a client, recorded with its answer. `content` is sent where it is given,
        and `body` is what it means."""
        self.asks += 1
        ask, history = f"a{self.asks}", self.system.history
        history.add(
            "asked", ask=ask, who=f"user:{who}", method=method, path=path, body=body, key=key
        )
        headers = _JSON | ({"Idempotency-Key": key} if key else {})
        if content is None:
            content = json.dumps(body).encode() if body is not None else b""
        answer = self.system.functions.http(method, path, content, headers, user(who, groups))
        if answer is None:
            history.add("unknown", ask=ask, why="no answer in time")
        else:
            shown = json.loads(answer.text) if answer.text else None
            history.add("answered", ask=ask, status=answer.status, body=shown)
        return answer

    def look(self, path: str) -> Any:
        """What an administrator is shown, which is no part of the history; None without answer."""
        answer = self.system.functions.http("GET", path, b"", _JSON, user("reader", "approvers"))
        return answer.json if answer is not None and answer.status == 200 else None

    # --- approvers

    def approve(self, who: str, transaction_id: str) -> HttpAnswer | None:
        """An approver looks at a payout's destination, where that waits as well, and approves."""
        payout = self.look(f"/payouts/{transaction_id}")
        body = {}
        if payout is not None and "NewDestination" in payout["approval_reasons"]:
            named = {name: payout[name] for name in ("customer_id", "destination_id")}
            digest = self._digest(who, named)
            body = {"digest": digest} if digest else {}
        path = f"/payouts/{transaction_id}/approve"
        return self.ask(who, "POST", path, body, groups="approvers")

    def approve_destination(self, customer: Customer) -> None:
        """An approver looks at a customer's destination and approves it; until it is answered."""
        named = {"customer_id": customer.customer_id, "destination_id": customer.destination_id}
        answer = None
        while answer is None or answer.status != 200:
            said = {"destinations": [named], "count": 1, "digest": self._digest("bob", named)}
            answer = self._unrecorded("POST", "/destinations/approve", said, "bob", "approvers")

    def _digest(self, who: str, named: Mapping[str, str]) -> str | None:
        """What destinations are shown with, which only an approver may see: not recorded."""
        body = {"destinations": [dict(named)]}
        answer = self._unrecorded("POST", "/destinations/reveal", body, who, "approvers")
        return answer.json["digest"] if answer is not None and answer.status == 200 else None

    # --- administrators

    def register(self, number: int) -> None:
        """A new customer with one destination; asked for until it is answered."""
        details = self._payee_details(number)
        destination = {**details, "account_name": self._name(number)}
        # A customer's own record shows their name to an administrator; nothing else may.
        body = {"name": f"Customer {number}", "destination": destination}
        answer = None
        while answer is None or answer.status != 201:
            self.system.kernel.sleep(1)
            answer = self._unrecorded("POST", "/customers", body)
        shown = answer.json
        payee = details.get("pay_id") or details["account_number"]
        destination_id = shown["destinations"][0]["destination_id"]
        account_name = destination["account_name"]
        self.customers.append(
            Customer(shown["customer_id"], payee, account_name, destination_id, destination)
        )
        self._keep_secret(destination_id, payee, account_name)

    def _keep_secret(self, destination_id: str, payee: str, account_name: str) -> None:
        # However the payee is written: an e-mail, a phone number's own digits, an account number.
        known = {payee, payee.rpartition("-")[2], account_name} - set(self.secrets)
        self.secrets += sorted(known)
        self.payee_of[destination_id] = payee

    def add_destination(self, customer: Customer, *, is_same: bool) -> None:
        """Another destination of the customer, or the same account once more; paid from now on."""
        number = self.randomness.randrange(100, 999)
        details = customer.details
        if not is_same:
            details = {**self._payee_details(number), "account_name": self._name(number)}
        path = f"/customers/{customer.customer_id}/destinations"
        answer = self._unrecorded("POST", path, dict(details))
        if answer is None or answer.status != 201:
            # Should it be there all the same, it is another destination, and not paid.
            return
        customer.former.append(customer.destination_id)
        customer.destination_id = answer.json["destination_id"]
        customer.payee = details.get("pay_id") or details["account_number"]
        customer.account_name, customer.details = details["account_name"], details
        self._keep_secret(customer.destination_id, customer.payee, customer.account_name)

    def _unrecorded(
        self,
        method: str,
        path: str,
        body: object,
        who: str = "registrar",
        groups: str = "operators",
    ) -> HttpAnswer | None:
        """A request whose body or answer is secret: it is no part of the history."""
        content = json.dumps(body).encode()
        return self.system.functions.http(method, path, content, _JSON, user(who, groups))

    def _payee_details(self, number: int) -> dict[str, str]:
        digits = self.randomness.randrange(10_000_000, 99_999_999)
        match number % 3:
            case 0:
                return {"type": "BankAccount", "bsb": "802-985", "account_number": f"5{digits}"}
            case 1:
                email = f"payee{digits}@mail{number}.example"
                return {"type": "PayId", "pay_id": email, "pay_id_type": "Email"}
            case _:
                phone = f"+61-4{digits}"
                return {"type": "PayId", "pay_id": phone, "pay_id_type": "PhoneNumber"}

    def _name(self, number: int) -> str:
        return f"Wilhelmina{number} {self.randomness.choice(_FAMILY)}"

    def cents(self) -> int:
        """An amount: an ordinary one, or one that triggers a fault at Monoova."""
        if self.randomness.random() < 0.55:
            return self.randomness.randrange(*_ORDINARY_CENTS)
        usable = [trigger for trigger in TRIGGERS if trigger.outcome not in self.excluded]
        # A return is reported by one webhook and shown nowhere else: it is tried more often.
        returned = [trigger for trigger in usable if trigger.plan.fate is Fate.RETURNED]
        return self.randomness.choice([*usable, *returned, *returned, *returned]).amount_cents

    def pay(self, number: int) -> None:
        """One payout, by a client that retries under the same key until it has an answer."""
        roll = self.randomness.random()
        customer = self.randomness.choice(self.customers)
        body = {
            "customer_id": customer.customer_id,
            "amount": str(Decimal(self.cents()).scaleb(-2)),
            "description": f"Order {number}",
        }
        if customer.former:
            body["destination_id"] = customer.destination_id
        who = self.randomness.choice(("alice", "bob"))
        key = None if roll < 0.15 else f"order-{number}"
        if key and roll > 0.85:
            self.system.kernel.spawn("client", lambda: self._ask_until_answered(who, body, key))
        if key and roll > 0.97:
            other = {**body, "amount": "3.21"}
            self.system.kernel.spawn(
                "client", lambda: self.ask(who, "POST", "/payouts", other, key)
            )
        self._ask_until_answered(who, body, key)

    def _ask_until_answered(self, who: str, body: Mapping[str, str], key: str | None) -> None:
        for _ in range(_MOST_TRIES):
            answer = self.ask(who, "POST", "/payouts", body, key)
            if answer is not None and answer.status < 500:
                if answer.status in (202, 422) and "transaction_id" in answer.json:
                    self.payouts.append(answer.json["transaction_id"])
                return
            if key is None:
                return
            self.system.kernel.sleep(self.randomness.uniform(0.5, 90))

    def administer(self) -> None:
        """An administrator acts on a payout, in a state that allows it or not."""
        if not self.payouts:
            return
        transaction_id = self.randomness.choice(self.payouts)
        act = self.randomness.choice(
            ("cancel", "refresh", "refresh", "retry", "read", "reason with payee")
        )
        if act == "read":
            self.system.read_payout(transaction_id)
            return
        if act == "reason with payee":
            self.announce_reason_with_payee(transaction_id)
            return
        answer = self.ask("carol", "POST", f"/payouts/{transaction_id}/{act}", {})
        if act == "retry" and answer is not None and answer.status == 202:
            self.payouts.append(answer.json["transaction_id"])

    def announce_reason_with_payee(self, transaction_id: str) -> None:
        """Monoova rejects with a reason that names the payee."""
        about = [p for p in self.system.monoova.payments if p.reference == transaction_id]
        if not about or about[0].plan.fate is not Fate.REJECTED:
            return
        payment = about[0]
        payee = payment.transaction.disbursements[0]
        who = next((c for c in self.customers if c.payee in payment.transaction.payees), None)
        named = who.account_name if who else "no payee"
        body = {
            "UniqueReference": transaction_id,
            "TransactionId": payment.transaction_id,
            "Status": "Rejected",
            "Amount": payment.amount,
            "AccountName": payee.account_name,
            "AccountNumber": payee.account_number,
            "PayId": payee.payid,
            "RejectionReasonDescription": f"{named} at {payment.transaction.payees[0]} is unknown",
        }
        self.system.monoova.announce("NppPaymentStatus", body)

    def remove_customer(self) -> None:
        """Removes a customer or a destination; refused while a payout to them is open."""
        customer = self.randomness.choice(self.customers)
        path = f"/customers/{customer.customer_id}"
        if self.randomness.random() < 0.5:
            path += f"/destinations/{customer.destination_id}"
        answer = self.ask("carol", "DELETE", path)
        if answer is not None and answer.status == 204 and len(self.customers) > 1:
            self.customers.remove(customer)

    def pause(self, seconds: float) -> None:
        """An operator stops the sending for a while."""
        container = self.system.new_container()
        self._until_done(lambda: container.gatekeeper.pause("dave", "drill"))
        self.system.kernel.sleep(seconds)
        self._until_done(container.gatekeeper.resume)

    def _until_done(self, act: Callable[[], object]) -> None:
        while True:
            try:
                act()
            except Exception:  # noqa: BLE001 - an operator retries after any failure
                self.system.kernel.sleep(5)
            else:
                return

    # --- attackers

    def forge(self) -> None:
        """An attacker without the secret, or without the key, sends a webhook about a payout."""
        if not self.payouts:
            return
        transaction_id = self.randomness.choice(self.payouts)
        payout = self.system.tables.payouts[transaction_id]
        body = json.dumps(
            {
                "EventName": "NppPaymentStatus",
                "UniqueReference": payout.unique_reference,
                "TransactionId": 999_999,
                "Status": self.randomness.choice(("Payment Successful", "Rejected")),
                "Amount": str(Decimal(payout.amount_cents).scaleb(-2)),
                "RejectedReasonMessage": "forged",
            }
        ).encode()
        headers = self.randomness.choice(
            (
                {},
                {"Authorization": "guess"},
                {"Authorization": f"{WEBHOOK_SECRET} "},
                {"Authorization": WEBHOOK_SECRET, "Verification-Signature": "QUJD"},
            )
        )
        self.system.history.add("attack", what="forged webhook", reference=transaction_id)
        path = "/webhooks/monoova/NppPaymentStatus"
        self.system.webhook(path, headers, body, is_genuine=False)

    def tamper(self) -> None:
        """An attacker who can write the table copies one payee's details into another's record."""
        if len(self.customers) < 2:
            return
        theirs, mine = self.randomness.sample(self.customers, 2)
        rows = self.system.tables.customers
        source, target = rows.get(theirs.customer_id), rows.get(mine.customer_id)
        if source is None or target is None or not (source.destinations and target.destinations):
            return
        moved = replace(target.destinations[0], sealed=source.destinations[0].sealed)
        rows[mine.customer_id] = replace(target, destinations=(moved, *target.destinations[1:]))
        self.system.history.add("attack", what="row copied", reference=mine.destination_id)

    @property
    def secrets_for_checker(self) -> dict[str, Any]:
        texts = [*self.secrets, API_KEY, NEXT_API_KEY, WEBHOOK_SECRET]
        return {"texts": texts, "payee_of_destination": self.payee_of}
