"""The stores in memory answer as the real ones do over DynamoDB, whatever they are asked."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from moto import mock_aws

from chalicelib.control.rules.approval import ApprovalRules
from chalicelib.control.rules.limits import Count, LimitKind, Limits, Subject
from chalicelib.customers.store import (
    CustomerChangedError,
    Customers,
    SealedCustomer,
    SealedDestination,
)
from chalicelib.monoova.gate_store import Controls, GateChangedError
from chalicelib.monoova.rules.circuit import Circuit, OpenReason
from chalicelib.monoova.rules.gate import Calls, Gate
from chalicelib.monoova.rules.pace import Pace
from chalicelib.payouts.rules.decisions import OpenFacts
from chalicelib.payouts.rules.payout import (
    Change,
    Fields,
    HistoryEntry,
    Payout,
    ReviewReason,
    State,
)
from chalicelib.payouts.store.counted_payouts import CountedPayouts, LimitReachedError
from chalicelib.payouts.store.items import OTHER_SHARDS, QUEUED_SHARDS
from chalicelib.payouts.store.payouts import PayoutChangedError, Payouts
from chalicelib.payouts.store.situation import ReadTogether
from proof.memory.controls import MemoryControls, MemoryTogether
from proof.memory.counted import MemoryCountedPayouts
from proof.memory.customers import MemoryCustomers
from proof.memory.payouts import MemoryPayouts
from proof.memory.tables import Tables
from proof.seam import NoFaults
from tests import aws
from tests.payouts.builder import a_payout

NOW: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
# Few of each, so that they meet.
PAYOUTS: Final = [f"00000000-0000-4000-8000-{number:012x}" for number in range(6)]
CUSTOMERS: Final = ["customer-1", "customer-2"]
NUMBERS: Final = [None, "71", "72"]
ROUNDS: Final = 8
STEPS: Final = 60


OTHER: Final = "00000000-0000-4000-8000-0000000000ff"
ALICE: Final = Subject("customer-1", "account", "alice")
ONE_COUNT: Final = Limits(in_total_cents=900).counts(ALICE, 500, NOW)


@dataclass(frozen=True)
class Stores:
    payouts: Payouts
    customers: Customers
    controls: Controls
    together: ReadTogether
    counted: CountedPayouts


def real() -> Stores:
    session = aws.new_session()
    aws.create(session)
    client: Any = session.create_client("dynamodb", region_name=aws.REGION)
    payouts = Payouts(client, "TransactionsTable", "ControlsTable")
    customers = Customers(client, "CustomersTable")
    controls = Controls(client, "ControlsTable")
    together = ReadTogether(client, payouts, customers, controls)
    counted = CountedPayouts(client, payouts, controls)
    return Stores(payouts, customers, controls, together, counted)


def in_memory() -> Stores:
    tables, seam = Tables(), NoFaults()
    return Stores(
        MemoryPayouts(tables, seam),
        MemoryCustomers(tables, seam),
        MemoryControls(tables, seam),
        MemoryTogether(tables, seam),
        MemoryCountedPayouts(tables, seam),
    )


@pytest.fixture
def both() -> Iterator[tuple[Stores, Stores]]:
    with mock_aws():
        yield real(), in_memory()


class Chance:
    """Draws what is stored and asked; times never repeat, so that every order is defined."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._now = NOW

    def now(self) -> datetime:
        self._now += timedelta(seconds=self.random.uniform(1, 900))
        return self._now

    def maybe(self, value: Any) -> Any:
        return self.random.choice((None, value))

    def payout(self) -> Payout:
        at = self.now()
        state = self.random.choice(list(State))
        return a_payout(
            state,
            at,
            self.random.choice(PAYOUTS),
            unique_reference=f"reference-{self.random.randrange(10**9)}",
            customer_id=self.random.choice(CUSTOMERS),
            amount_cents=self.random.choice((1, 12550)),
            created_by="alice",
            due_at=None if state.is_final else self.now(),
            needs_review=self.random.random() < 0.3,
            monoova_transaction_id=self.random.choice(NUMBERS),
            history=(HistoryEntry(at, "Requested", state, "alice", self.maybe("why")),),
            history_size=1,
        )

    def change(self) -> Change:
        at, state = self.now(), self.random.choice(list(State))
        fields = Fields(state=state, due_at=None if state.is_final else self.now())
        if self.random.random() < 0.4:
            is_in_review = self.random.random() < 0.5
            reason = ReviewReason.CONTRADICTION if is_in_review else None
            fields |= Fields(needs_review=is_in_review, review_reason=reason)
        if self.random.random() < 0.4:
            fields |= Fields(monoova_transaction_id="71", lease_id=self.maybe("lease"))
        entries = (HistoryEntry(at, "Event", state, "bob", None, self.maybe("evidence")),)
        return Change(fields, self.random.choice((entries, ())))

    def counts(self) -> tuple[Count, ...]:
        """Limits that a few payouts fill, or one alone."""
        amount = self.random.choice((1, 12550))
        limits = Limits(*(self.random.choice((None, 12549, 40000)) for _ in range(4)))
        subject = replace(ALICE, customer_id=self.random.choice(CUSTOMERS))
        threshold = ApprovalRules(self.random.choice((None, 12549, 40000)))
        found = limits.counts(subject, amount, NOW)
        found += threshold.counts(subject, amount, NOW)
        return found or (Count(LimitKind.TOTAL, NOW.date(), None, amount, 40000),)

    def customer(self) -> SealedCustomer:
        at = self.now()
        destination = SealedDestination("destination", "PayId", "Email", "j•••", at, b"sealed")
        return SealedCustomer(self.random.choice(CUSTOMERS), at, at, 1, b"person", (destination,))


Ask = Callable[[Stores], object]


def _answer(ask: Ask, stores: Stores) -> object:
    try:
        return ask(stores)
    except PayoutChangedError as error:
        return ("changed", error.current)
    except LimitReachedError as error:
        return error.reached
    except (CustomerChangedError, GateChangedError) as error:
        return type(error).__name__


def _pages(one: Callable[[Any], Any]) -> list[object]:
    """All of a list, page by page."""
    items: list[object] = []
    start = None
    while True:
        page = one(start)
        items += page.items
        if page.next_key is None:
            return items
        start = page.next_key


def _payout_ask(chance: Chance, known: dict[str, Payout]) -> Ask:
    transaction_id = chance.random.choice(PAYOUTS)
    standing, change, at = known.get(transaction_id), chance.change(), chance.now()
    match chance.random.randrange(6):
        case 0:
            new = chance.payout()
            return lambda stores: stores.payouts.create(new)
        case 5:
            counted, counts = chance.payout(), chance.counts()
            return lambda stores: (
                stores.counted.create(counted, counts),
                stores.counted.sums(counts),
            )
        case 1 if standing:
            return lambda stores: stores.payouts.commit(standing, change, at)
        case 2 if standing:
            # As one who has read it long ago.
            stale = replace(standing, version=max(1, standing.version - 1))
            return lambda stores: stores.payouts.commit(stale, change, at)
        case 3:
            number = chance.random.choice(NUMBERS)
            if number:
                change = Change(change.fields | Fields(monoova_transaction_id=number))
            facts = OpenFacts(chance.random.choice((1, 12550)), None)
            return lambda stores: stores.payouts.commit_open(transaction_id, facts, change, at)
        case _:
            return lambda stores: stores.payouts.get(transaction_id)


def _other_ask(chance: Chance, customers: dict[str, SealedCustomer]) -> Ask:
    customer_id, at = chance.random.choice(CUSTOMERS), chance.now()
    known, gate = customers.get(customer_id), Gate(version=chance.random.randrange(3))
    match chance.random.randrange(7):
        case 0:
            new = chance.customer()
            return lambda stores: stores.customers.create(new)
        case 1 if known:
            return lambda stores: stores.customers.save(replace(known, sealed=b"other"), at)
        case 2 if known:
            return lambda stores: stores.customers.erase(known)
        case 3:
            opened = replace(gate, sending=Circuit(OpenReason.LOCKED_OUT, at, at))
            return lambda stores: stores.controls.save_gate(opened)
        case 4:
            calls = chance.random.choice(list(Calls))
            return lambda stores: _reported(stores.controls, calls, at)
        case 5:
            payout = chance.random.choice(PAYOUTS)
            return lambda stores: stores.together.standing(customer_id, payout)
        case _:
            return lambda stores: (
                stores.customers.get(customer_id),
                _reported(stores.controls, Calls.SENDING, at),
            )


def _reported(controls: Controls, calls: Calls, at: datetime) -> object:
    controls.add_calls(calls, at, 3, 1)
    turn = controls.take_turn(Pace(3, NOW), at)
    claimed = [controls.claim("credit#1", f"{calls}{at:%S}", at) for _ in range(2)]
    return turn, claimed, controls.tally(Calls.SENDING, at), controls.tally(Calls.QUESTIONS, at)


SHARDS: Final = (*OTHER_SHARDS, *QUEUED_SHARDS)


def _lists(stores: Stores, at: datetime, limit: int) -> object:
    payouts = stores.payouts
    standing = (payouts.get(transaction_id) for transaction_id in PAYOUTS)
    references = [payout.unique_reference for payout in standing if payout]
    days = sorted({(NOW + timedelta(days=day)).date() for day in range(3)})
    return (
        [_pages(lambda start, s=s: payouts.due(s, at, limit, start)) for s in SHARDS],  # type: ignore[misc]
        [_pages(lambda start, c=c: payouts.of_customer(c, limit, start)) for c in CUSTOMERS],  # type: ignore[misc]
        [_pages(lambda start, day=day: payouts.of_day(day, limit, start)) for day in days],  # type: ignore[misc]
        _pages(lambda start: payouts.in_review(limit, start)),
        _pages(lambda start: payouts.awaiting_approval(limit, start)),
        payouts.count_in_review(),
        [payouts.find_by_reference(reference) for reference in ("unknown", *references)],
        _pages(lambda start: stores.customers.newest(limit, start)),
        stores.controls.gate(),
    )


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_both_answer_every_call_alike(both: tuple[Stores, Stores], seed: int) -> None:
    chance, (dynamodb, memory) = Chance(seed), both
    met = 0
    for _ in range(STEPS):
        payouts = {name: row for name in PAYOUTS if (row := memory.payouts.get(name))}
        customers = {name: who for name in CUSTOMERS if (who := memory.customers.get(name))}
        for ask in (_payout_ask(chance, payouts), _other_ask(chance, customers)):
            found, expected = _answer(ask, memory), _answer(ask, dynamodb)
            assert found == expected
            met += found is not None
    limit = chance.random.randrange(1, 4)
    assert _lists(memory, chance.now(), limit) == _lists(dynamodb, chance.now(), limit)
    assert met > STEPS / 2


def test_both_recognise_a_write_that_was_repeated(both: tuple[Stores, Stores]) -> None:
    chance = Chance(99)
    payout, change, customer = chance.payout(), chance.change(), chance.customer()
    at = chance.now()
    for stores in both:
        assert stores.payouts.create(payout) is None
        assert stores.payouts.create(payout) is None
        after = stores.payouts.commit(payout, change, at)
        assert stores.payouts.commit(payout, change, at) == after
        assert stores.payouts.create(payout) == after
        other, (count,) = replace(payout, transaction_id=OTHER), ONE_COUNT
        assert stores.counted.create(other, [count]) is None
        assert stores.counted.create(other, [count]) is None
        assert stores.counted.sums([count]) == [500]
        stores.customers.create(customer)
        stores.customers.create(customer)
        saved = stores.customers.save(customer, at)
        assert stores.customers.save(customer, at) == saved
        stores.customers.erase(saved)
        stores.customers.erase(saved)
