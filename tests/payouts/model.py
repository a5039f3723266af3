"""A small model of what must hold, derived from the documentation and not from the code.

It records who was registered, what was requested and what was answered; its checks say what
the API and Monoova's book may show after that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from simulator.book import Movement, MovementKind

FINAL: Final = frozenset({"Completed", "Failed", "Returned", "Cancelled"})
ENDED_UNPAID: Final = frozenset({"Failed", "Returned", "Cancelled"})
MASK: Final = "•••"

# One step of the life cycle, as docs/architecture.md describes it; no change is no step.
_STEPS: Final[Mapping[str, frozenset[str]]] = {
    "AwaitingApproval": frozenset({"Queued", "Cancelled"}),
    "Queued": frozenset({"Pending/Sending", "Cancelled"}),
    "Pending/Sending": frozenset(
        {"Pending/Accepted", "Pending/Unresolved", "Queued", "Completed", "Failed"}
    ),
    "Pending/Accepted": frozenset({"Completed", "Failed"}),
    "Pending/Unresolved": frozenset({"Pending/Accepted", "Pending/Sending", "Completed", "Failed"}),
    "Completed": frozenset({"Returned"}),
    "Failed": frozenset(),
    "Returned": frozenset(),
    "Cancelled": frozenset(),
}
# What a person may settle by hand, once it needs review.
_RESOLVABLE: Final[Mapping[str, frozenset[str]]] = {
    "Completed": frozenset({"Pending/Accepted", "Pending/Unresolved", "Queued", "Completed"}),
    "Failed": frozenset({"Pending/Accepted", "Pending/Unresolved", "Failed"}),
    "Returned": frozenset({"Completed", "Returned"}),
    "Cancelled": frozenset({"AwaitingApproval", "Queued", "Cancelled"}),
}


@dataclass(frozen=True)
class Amount:
    """An amount as it is written, and what it means: None where it is none."""

    written: object
    cents: int | None


@dataclass(frozen=True)
class Ask:
    """The business fields of a request to pay."""

    customer_id: str
    amount: Amount
    destination_id: str | None = None
    payout_method: str | None = None
    description: str | None = None

    @property
    def body(self) -> dict[str, object]:
        optional = {
            "destination_id": self.destination_id,
            "payout_method": self.payout_method,
            "description": self.description,
        }
        given = {name: value for name, value in optional.items() if value is not None}
        return {"customer_id": self.customer_id, "amount": self.amount.written, **given}

    @property
    def meaning(self) -> tuple[object, ...]:
        """Two requests with the same meaning are the same request."""
        return (
            self.customer_id,
            self.amount.cents,
            self.destination_id,
            self.payout_method,
            self.description,
        )


@dataclass
class Person:
    """A customer. `destinations` are ids with their type; `private` must not outlive them."""

    customer_id: str
    private: set[str]
    destinations: dict[str, str] = field(default_factory=dict)
    is_erased: bool = False


@dataclass
class Known:
    """A payout as it was last shown."""

    transaction_id: str
    customer_id: str
    cents: int
    shown: dict[str, Any] = field(default_factory=dict)
    history: list[Any] = field(default_factory=list)

    @property
    def state(self) -> str:
        return state_of(self.shown)

    @property
    def status(self) -> str:
        return str(self.shown["status"])

    @property
    def is_open(self) -> bool:
        return self.status not in FINAL

    @property
    def needs_review(self) -> bool:
        return bool(self.shown["needs_review"])


@dataclass
class Model:
    """All that was done through the API, the queues and the schedule."""

    people: dict[str, Person] = field(default_factory=dict)
    payouts: dict[str, Known] = field(default_factory=dict)
    keys: dict[tuple[str, str], tuple[tuple[object, ...], str]] = field(default_factory=dict)
    retries: dict[str, str] = field(default_factory=dict)

    def answer_to(self, who: str, key: str | None, ask: Ask) -> str:
        """The code that a request to pay must get, or `Accepted`, or `Replayed`."""
        if ask.amount.cents is None:
            return "InvalidRequest"
        if key is not None and (who, key) in self.keys:
            is_same = self.keys[who, key][0] == ask.meaning
            return "Replayed" if is_same else "IdempotencyKeyReused"
        if ask.amount.cents > 100_000:
            return "InvalidRequest"
        return self._answer_of(self.people[ask.customer_id], ask)

    def _answer_of(self, person: Person, ask: Ask) -> str:
        if person.is_erased:
            return "CustomerNotFound"
        if ask.destination_id is not None:
            kind = person.destinations.get(ask.destination_id)
            if kind is None:
                return "DestinationNotFound"
            return "Accepted" if ask.payout_method in (None, kind) else "InvalidRequest"
        kinds = [k for k in person.destinations.values() if ask.payout_method in (None, k)]
        if len(kinds) != 1:
            return "DestinationAmbiguous" if kinds else "NoDestination"
        return "Accepted"

    def line_of(self, transaction_id: str) -> list[Known]:
        """The payouts that were made in place of each other, up to the last after this one."""
        while transaction_id in self.retries:
            transaction_id = self.retries[transaction_id]
        firsts = {new: old for old, new in self.retries.items()}
        line = [transaction_id]
        while line[0] in firsts:
            line.insert(0, firsts[line[0]])
        return [self.payouts[each] for each in line]

    def answer_to_retry(self, payout: Known) -> str:
        """The code that a retry must get, or `Accepted`, or `Replayed`: unless Monoova says
        otherwise, or cannot be asked."""
        line = self.line_of(payout.transaction_id)
        old = line[-1]
        if old is not payout and not _ended_unpaid(old):
            return "Replayed"
        if not all(_ended_unpaid(each) for each in line):
            return "PayoutNotRetryable"
        person = self.people[old.customer_id]
        if person.is_erased:
            return "CustomerNotFound"
        is_there = old.shown["destination_id"] in person.destinations
        return "Accepted" if is_there else "DestinationNotFound"

    def open_payouts(self, customer_id: str) -> list[Known]:
        payouts = self.payouts.values()
        return [p for p in payouts if p.customer_id == customer_id and p.is_open]


def state_of(shown: Mapping[str, Any]) -> str:
    """Status and submission in one word."""
    submission = shown["submission"]
    return f"{shown['status']}/{submission}" if submission else str(shown["status"])


def _ended_unpaid(payout: Known) -> bool:
    return payout.status in ENDED_UNPAID and not payout.needs_review


def may_be_resolved(payout: Known, outcome: str) -> bool:
    """Whether a person may settle it so."""
    return payout.needs_review and payout.state in _RESOLVABLE[outcome]


def check_history(before: Sequence[Any], after: Sequence[Any]) -> None:
    """A history only grows at its end, and every step in it is one of the life cycle."""
    assert list(after[: len(before)]) == list(before)
    assert state_of(after[0]) in ("AwaitingApproval", "Queued", "Pending/Sending")
    for entry, following in pairwise(after):
        was, becomes = state_of(entry), state_of(following)
        is_by_hand = following["event"].startswith("Resolved") and was == "Queued"
        assert becomes == was or becomes in _STEPS[was] or is_by_hand, (was, following)
        assert entry["at"] <= following["at"]


def check_money(payout: Known, movements: Sequence[Movement]) -> None:
    """The payout's status agrees with Monoova's book."""
    by_kind = {kind: [m for m in movements if m.kind is kind] for kind in MovementKind}
    sent, back = by_kind[MovementKind.DEBIT], by_kind[MovementKind.REJECTION_CREDIT]
    returned = by_kind[MovementKind.RETURN_CREDIT]
    assert len(sent) <= 1
    assert all(-m.amount == Decimal(payout.cents).scaleb(-2) for m in sent)
    held = len(sent) - len(back) - len(returned)
    match payout.state:
        case "Completed":
            # A return is reported later, and perhaps never: the webhook may be lost.
            assert (len(sent), len(back)) == (1, 0)
        case "Returned":
            assert (len(sent), len(returned), held) == (1, 1, 0)
        case "Failed":
            assert held == 0
        case "AwaitingApproval" | "Queued" | "Cancelled":
            assert not sent
        case "Pending/Accepted":
            assert sent
