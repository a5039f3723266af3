"""One simulated day by its seed: traffic, faults, Monoova's behaviour, then a quiet phase."""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

from chalicelib.payouts.rules.payout import Event, Payout
from proof.conditions import Condition, Conditions
from proof.fault_injection import FaultRates
from proof.files import Files
from proof.malformed import drop_malformed_row
from proof.memory.container import WEBHOOK_SECRET
from proof.people import People
from proof.system import System
from proof.traffic import NEXT_API_KEY, Traffic
from simulator.behaviour import Outage
from simulator.outcomes import Fate, Outcome
from simulator.payments import Payment

_HOUR: Final = 3600.0
# After this long without faults every payout is final or in review: the bound on an open one is a
# day, and status requests are an hour apart at most.
_QUIET_HOURS: Final = 28.0
# Within the grace, after which "unknown reference" is believed.
_SOON_SECONDS: Final = 600.0
_RETURNS_MINUTES: Final = 15
_RETURNS_HOURS: Final = 5


@dataclass(frozen=True)
class Run:
    """What became of one seed."""

    seed: int
    payouts: int
    bookings: int
    calls: int
    faults: int
    digest: str
    folder: Path
    conditions: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How often that happened which makes such a day worth something, by its name."""
    fault_types: Mapping[str, int] = field(default_factory=dict)
    """How often each type of fault was met, by its name."""


@dataclass(frozen=True)
class Size:
    """How much happens in a run. Traffic and faults last for `hours`.

    `is_of_every_fault`: calls of `execute` go wrong in each way that `FAULT_TYPES` has, at a
    Monoova that books a reference twice. With `booked` that is any such Monoova; with `asked`, the
    usual setting, one that shows a booking before it answers.
    """

    payouts: int = 40
    customers: int = 6
    hours: float = 2.0
    is_of_every_fault: bool = False


def simulate(seed: int, folder: Path, size: Size | None = None) -> Run:
    """Runs one seed to its end and leaves its history in `folder` for the checker."""
    return Simulation(seed, size or Size()).run(folder)


class Simulation:
    """One day. Every choice is made by generators that begin from the seed."""

    def __init__(self, seed: int, size: Size) -> None:
        self._seed = seed
        self._size = size
        self._randomness = random.Random(f"day {seed}")
        # One day in five Monoova pays duplicates: the setting is the one for that, or the usual one
        # with a Monoova that shows what it booked at once.
        self._pays_duplicates = self._randomness.random() < 0.2 or size.is_of_every_fault
        self._shows_at_once = random.Random(f"shown {seed}").random() < 0.5
        # One day in ten has no faults.
        is_fault_free = self._randomness.random() < 0.1 and not size.is_of_every_fault
        self.conditions = Conditions.of(seed, size.payouts)
        # The conditions' own generator: they change nothing that the rest of the day draws.
        self._by_condition = random.Random(f"happenings {seed}")
        fault_rates = FaultRates() if is_fault_free else FaultRates.of(self._randomness)
        settings = {**self._settings(), **self.conditions.settings}
        balance = self._choice(Decimal(1_000_000), Decimal(1_000_000), Decimal(6_000))
        if Condition.LITTLE_MONEY in self.conditions:
            balance = Decimal(3_000)
        if Condition.WRONG_PEOPLE in self.conditions or self._pays_duplicates:
            fault_rates = replace(fault_rates, late_seconds=_SOON_SECONDS)
        if size.is_of_every_fault:
            fault_rates = replace(
                fault_rates, fault_type_rate=self._by_condition.choice((0.2, 0.5))
            )
        self.system = System(seed, fault_rates, settings, balance, start=self.conditions.start)
        self.traffic = Traffic(self.system, random.Random(f"people {seed}"))
        self.people = People(self.traffic, random.Random(f"others {seed}"))
        self.files = Files(self.traffic, random.Random(f"files {seed}"))
        self._behaviour = {} if is_fault_free else self._some_behaviour()
        self._behaviour |= self._behaviour_by_condition()
        if self._behaviour.get("visibility_seconds"):
            # Monoova would deny a payment in two ways: no client could find out that it was made.
            self.traffic.excluded = frozenset({Outcome.UNKNOWN_STATUS_YET_BOOKED})
        self._is_fault_free = is_fault_free
        self._malformed = 0

    def _choice(self, *choices: Any) -> Any:
        return self._randomness.choice(choices)

    def _settings(self) -> dict[str, str]:
        return {
            "MONOOVA_WEBHOOK_SIGNATURE": self._choice("optional", "required"),
            "MAX_RESENDS": self._choice("0", "1", "3", "3"),
            "REVIEW_AFTER_HOURS": self._choice("3", "24"),
            "PAYOUT_EXPIRY_HOURS": self._choice("2", "24"),
            "MONOOVA_DUPLICATES": self._duplicates(),
        }

    def _duplicates(self) -> str:
        if self._pays_duplicates:
            return "asked" if self._shows_at_once else "booked"
        return str(self._choice("asked", "asked", "refused"))

    def _some_behaviour(self) -> dict[str, Any]:
        return {
            "duplicate": "booked_again"
            if self._pays_duplicates
            else self._choice("refused", "refused", "replayed", "error"),
            "visibility_seconds": self._choice(0.0, 0.0, 30.0, 600.0, 3600.0),
            "pending_answer": self._choice("ok_with_text", "status_pending"),
            "unknown_reference_http": self._choice(400, 200, 404),
            "refusals_consume_reference": self._choice(False, True),
            "login_failure_http": self._choice(401, 400),
            "insufficient_funds": self._choice("refused", "rejected_later"),
            "webhook_layout": self._choice("spaced", "compact", "indented"),
            "webhook_form": self._choice("official", "seed"),
            "bare_status_replies": self._choice(False, True),
        }

    def _behaviour_by_condition(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if Condition.PARTIAL_RETURNS in self.conditions:
            found[self._by_condition.choice(("partial_return", "return_in_halves"))] = True
        if Condition.MONEY_NOT_BACK in self.conditions:
            found["return_without_credit"] = True
        if Condition.UNSIGNED in self.conditions:
            found["webhook_signature"] = "absent"
        if Condition.WRONG_PEOPLE in self.conditions:
            # Who is wrong about a payout is told so by Monoova, if it can be asked about it.
            seen_after = self._behaviour.get("visibility_seconds", 0.0)
            found["visibility_seconds"] = min(seen_after, _SOON_SECONDS)
        if self._pays_duplicates and self._shows_at_once:
            found["visibility_seconds"] = 0.0
        return found

    # --- the day

    def run(self, folder: Path) -> Run:
        system = self.system
        system.history.add("rules", **self.conditions.rules)
        with system.open():
            self._register()
            system.monoova.behave(**self._behaviour)
            self._plan_traffic()
            if not self._is_fault_free:
                self._plan_faults()
            self._plan_conditions()
            for minute in range(int(self._size.hours * 60)):
                self._later(minute * 60.0, system.schedule)
                if minute % _RETURNS_MINUTES == 0:
                    self._later(minute * 60.0, system.functions.look_for_returns)
            system.kernel.sleep(self._size.hours * _HOUR)
            system.monoova.behave(outage=Outage.NONE, visibility_seconds=0.0)
            self._decide_the_rest()
            system.converge(_QUIET_HOURS)
            self._look_for_returns()
            for reference in system.network.has_lied_about:
                system.history.add("lie", reference=reference, channel="status")
            system.record_every_payout()
        system.history.save(folder, system.monoova, self.traffic.secrets_for_checker)
        return Run(
            seed=self._seed,
            payouts=len(system.tables.payouts),
            bookings=len(system.monoova.payments),
            calls=system.fault_injector.calls,
            faults=system.fault_injector.faults,
            digest=system.history.digest,
            folder=folder,
            conditions=str(self.conditions),
            counts=self._counts(),
            fault_types=dict(system.network.fault_types),
        )

    def _look_for_returns(self) -> None:
        """For as long as money that is said to have come back is looked for often."""
        system = self.system
        if not any(payment.plan.fate is Fate.RETURNED for payment in system.monoova.payments):
            return
        for _ in range(_RETURNS_HOURS * 60 // _RETURNS_MINUTES):
            system.kernel.sleep(_RETURNS_MINUTES * 60.0)
            system.kernel.wait_for(system.functions.look_for_returns())
        if Condition.MONEY_NOT_BACK in self.conditions:
            for payment in system.monoova.payments:
                if payment.plan.fate is Fate.RETURNED:
                    system.history.add("lie", reference=payment.reference, channel="signed")

    def _counts(self) -> dict[str, int]:
        system = self.system
        rows = system.tables.payouts.values()
        return {
            "approved": sum(p.approved_by is not None and p.batch_id is None for p in rows),
            "of_batches": sum(p.batch_id is not None for p in rows),
            "limits": Condition.LIMITS in self.conditions,
            "half_failures": system.network.failed.total(),
            "balance_fails": system.network.failed["financials"],
            "no_funds": sum(_waited_for_funds(p) for p in rows),
            "destinations": Condition.DESTINATIONS in self.conditions,
            "lies": sum('"kind": "lie"' in line for line in system.history.lines),
            "returns": sum(p.plan.fate is Fate.RETURNED for p in system.monoova.payments),
            "returns_seen": sum(p.return_seen_at is not None for p in rows),
            "change": self.conditions.has_another_day,
            "second_payments": sum(p.retry_of is not None for p in rows),
            "malformed": self._malformed,
            "pays_duplicates": self._pays_duplicates,
            "rate_limited": system.network.too_many,
        }

    def _decide_the_rest(self) -> None:
        """Without faults, the approvers come to the end of their list; files are released."""
        self.system.fault_injector.stop()
        self.system.network.stop()
        if not {Condition.APPROVALS, Condition.WRONG_PEOPLE} & self.conditions.of_the_day:
            return
        task = self.system.kernel.spawn("client", self.people.decide_the_rest)
        self.system.kernel.wait_for(task)

    def _register(self) -> None:
        system = self.system
        for number in range(self._size.customers):
            task = system.kernel.spawn("client", partial(self.traffic.register, number))
            system.kernel.wait_for(task)

    def _later(self, seconds: float, act: Callable[[], object]) -> None:
        self.system.kernel.spawn("client", act, after_seconds=seconds)

    def _sometime(self, act: Callable[[], object], until: float = 0.9) -> float:
        seconds = self._randomness.uniform(0, self._size.hours * _HOUR * until)
        self._later(seconds, act)
        return seconds

    def _plan_traffic(self) -> None:
        # Half of the payouts come one by one, half in one minute, as from a file.
        rush = self._randomness.uniform(0, self._size.hours * _HOUR * 0.8)
        for number in range(self._size.payouts):

            def pay(number: int = number) -> None:
                self.traffic.pay(number)

            if number % 2:
                self._sometime(pay)
            else:
                self._later(rush + self._randomness.uniform(0, 60), pay)
        for _ in range(self._size.payouts // 2):
            self._sometime(self.traffic.administer)
        for _ in range(self._size.payouts // 8):
            self._sometime(self.traffic.forge)
        for _ in range(1 + self._size.customers // 6):
            self._sometime(self.traffic.remove_customer)

    def _plan_faults(self) -> None:
        if self._randomness.random() < 0.5:
            self._outage()
        if self._randomness.random() < 0.4:
            self._storage_outage()
        if self._randomness.random() < 0.3:
            self._rotation()
        if self._randomness.random() < 0.2:
            self._sometime(self._lock_out)
        if self._randomness.random() < 0.2:
            self._sometime(lambda: self.traffic.pause(self._randomness.uniform(60, 1800)))
        if self._randomness.random() < 0.3:
            self._sometime(self.traffic.tamper)

    def _plan_conditions(self) -> None:
        plans: Mapping[Condition, Callable[[], None]] = {
            Condition.APPROVALS: self._approvers,
            Condition.BATCHES: self._some_files,
            Condition.DESTINATIONS: lambda: self._often(3, self.people.change_destination),
            Condition.WRONG_PEOPLE: self._wrong_people,
            Condition.HALF_FAILURES: self._half_failure,
            Condition.RATE_LIMIT: self._rate_limit,
            Condition.LIE: self._lie,
            Condition.LITTLE_MONEY: lambda: self._often(2, self._money_comes),
            Condition.MALFORMED_ROWS: lambda: self._often(4, self._drop_malformed_row),
        }
        for condition, plan in plans.items():
            if condition in self.conditions:
                plan()

    def _often(self, times: int, act: Callable[[], object], since: float = 0.05) -> None:
        """At so many moments of the day, none of them before `since` of it is over."""
        whole = self._size.hours * _HOUR
        for _ in range(times):
            self._later(self._by_condition.uniform(since * whole, 0.95 * whole), act)

    def _approvers(self) -> None:
        self._often(4, self.people.decide_some)
        self._often(2, self.people.decide_all_at_once)

    def _some_files(self) -> None:
        self._often(1 + self._size.payouts // 20, self.files.file, since=0.0)
        self._often(2, self.files.same_rows_again)
        self._often(1, self.files.cancel_one)
        self._often(3, self.files.retry_one, since=0.5)

    def _wrong_people(self) -> None:
        self._often(self._size.payouts // 3, self.people.retry_anything)
        self._often(self._size.payouts // 5, self.people.resolve_wrongly)

    def _half_failure(self) -> None:
        """One or two of Monoova's endpoints fail for up to an hour, and the others do not."""
        endpoints = ("execute", "status", "financials")
        failing = frozenset(
            self._by_condition.sample(endpoints, self._by_condition.choice((1, 1, 2)))
        )

        def switch(which: frozenset[str]) -> None:
            self.system.network.failing = which

        began = self._by_condition.uniform(0, self._size.hours * _HOUR * 0.6)
        self._later(began, lambda: switch(failing))
        lasts = self._by_condition.uniform(300, _HOUR)
        self._later(began + lasts, lambda: switch(frozenset()))

    def _rate_limit(self) -> None:
        """All day Monoova takes a few payouts a minute."""
        self.system.network.most_per_minute = self._by_condition.choice((1, 2, 5))

    def _lie(self) -> None:
        """One wrong word of one payment: signed, in a webhook without a signature, or when Monoova
        is asked."""
        roll = self._by_condition.random()
        if roll < 0.4:
            self._often(6, self._lie_unsigned)
        elif Condition.UNSIGNED not in self.conditions and (
            Condition.WRONG_PEOPLE in self.conditions or roll < 0.7
        ):
            self._often(1, self._lie_signed)
        elif Condition.WRONG_PEOPLE not in self.conditions:
            word = self._by_condition.choice(("Complete", "Rejected", "Pending"))
            self._often(1, lambda: setattr(self.system.network, "false_status", word))

    def _lie_signed(self) -> None:
        payments = self.system.monoova.payments
        if payments:
            payment = self._by_condition.choice(payments)
            self.system.history.add("lie", reference=payment.reference, channel="signed")
            self.system.monoova.announce("NppPaymentStatus", _false_report(payment))

    def _lie_unsigned(self) -> None:
        """Who knows the secret of the header, and cannot sign, says the contrary of what is so."""
        payments = self.system.monoova.payments
        if not payments:
            return
        payment = self._by_condition.choice(payments[-5:])
        is_return = self._by_condition.random() < 0.3
        event = "NppReturn" if is_return else "NppPaymentStatus"
        body = (
            {**_false_report(payment), "ReturnReason": "x"} if is_return else _false_report(payment)
        )
        self.system.history.add("lie", reference=payment.reference, channel="unsigned")
        headers = {"Authorization": WEBHOOK_SECRET}
        content = json.dumps(body, default=str).encode()
        self.system.functions.http("POST", f"/webhooks/monoova/{event}", content, headers)

    def _money_comes(self) -> None:
        self.system.monoova.receive(Decimal(self._by_condition.choice((500, 4_000))))

    def _drop_malformed_row(self) -> None:
        drop_malformed_row(self.system, self._by_condition)
        self._malformed += 1

    def _outage(self) -> None:
        """Monoova is unavailable for up to an hour."""
        kind = self._choice(Outage.UNAVAILABLE, Outage.CONNECTION_REFUSED, Outage.TIMEOUT)
        began = self._sometime(lambda: self.system.monoova.behave(outage=kind), until=0.5)
        lasts = self._randomness.uniform(60, _HOUR)
        self._later(began + lasts, lambda: self.system.monoova.behave(outage=Outage.NONE))

    def _storage_outage(self) -> None:
        """DynamoDB refuses everything for a quarter of an hour or less."""

        def switch(is_down: bool) -> None:
            self.system.fault_injector.is_storage_down = is_down

        began = self._sometime(lambda: switch(True), until=0.8)
        self._later(began + self._randomness.uniform(60, 900), lambda: switch(False))

    def _rotation(self) -> None:
        """The key changes at Monoova; our secret follows up to ten minutes before or after."""
        began = self._sometime(lambda: self.system.monoova.rotate_key(NEXT_API_KEY), until=0.6)
        follows = max(0.0, began + self._randomness.uniform(-600, 600))
        self._later(follows, lambda: self.system.store_secret(NEXT_API_KEY))

    def _lock_out(self) -> None:
        """Another client fails to log in to the account five times, which locks it."""
        for _ in range(5):
            self.system.monoova.login.refusal("Basic d3Jvbmc6", self.system.kernel.now())


def _waited_for_funds(payout: Payout) -> bool:
    return any(entry.event is Event.WITHOUT_FUNDS for entry in payout.history)


def _false_report(payment: Payment) -> dict[str, object]:
    """The report of a payment's end that its plan does not have."""
    is_rejected = payment.plan.fate is Fate.REJECTED
    return {
        "UniqueReference": payment.reference,
        "TransactionId": payment.transaction_id,
        "Status": "Payment Successful" if is_rejected else "Rejected",
        "Amount": payment.amount,
    }
