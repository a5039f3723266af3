"""The promises, after the load: what was answered and what is shown, against Monoova's book."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from tests.load.records import Seen

FINAL: Final = frozenset({"Completed", "Failed", "Returned", "Cancelled"})
_FEES: Final = ("fee", "fee_refund")


@dataclass(frozen=True, slots=True)
class Shown:
    """A payout as the API lists it when everything is quiet."""

    transaction_id: str
    status: str
    needs_review: bool
    amount_cents: int

    @staticmethod
    def of(item: Mapping[str, Any]) -> "Shown":
        """From an item of `GET /payouts`, its numbers exact."""
        return Shown(
            item["transaction_id"],
            item["status"],
            item["needs_review"],
            _cents(Decimal(item["amount"])),
        )


@dataclass(frozen=True, slots=True)
class Booked:
    """What Monoova's book holds under one reference, without fees."""

    debits_cents: tuple[int, ...] = ()
    held_cents: int = 0


def booked(movements: Iterable[Mapping[str, Any]]) -> dict[str, Booked]:
    """By reference, from the movements of `GET /simulator/book`."""
    lines: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for each in movements:
        if each["kind"] not in _FEES:
            lines[each["reference"]].append((each["kind"], _cents(Decimal(each["amount"]))))
    return {
        reference: Booked(
            tuple(-cents for kind, cents in moved if kind == "debit"),
            -sum(cents for _, cents in moved),
        )
        for reference, moved in lines.items()
    }


def violations(
    seen: Sequence[Seen], shown: Sequence[Shown], book: Mapping[str, Booked]
) -> list[str]:
    """Each broken promise in a sentence; none if all were kept."""
    return [
        *_keys(seen),
        *_answered(seen, {each.transaction_id: each for each in shown}),
        *_listed(seen, shown),
        *(problem for each in shown for problem in _money(each, book.get(each.transaction_id))),
        *_strangers(shown, book),
    ]


def _keys(seen: Sequence[Seen]) -> Iterator[str]:
    """One payout for each key, one key for each payout."""
    payouts: dict[str, set[str]] = defaultdict(set)
    keys: dict[str, set[str]] = defaultdict(set)
    for each in seen:
        if each.transaction_id:
            payouts[each.key].add(each.transaction_id)
            keys[each.transaction_id].add(each.key)
    for key, found in payouts.items():
        if len(found) > 1:
            yield f"key {key} was answered with {len(found)} payouts: {sorted(found)}"
    for transaction_id, used in keys.items():
        if len(used) > 1:
            yield f"{transaction_id} was the answer to {len(used)} keys: {sorted(used)}"


def _answered(seen: Sequence[Seen], shown: Mapping[str, Shown]) -> Iterator[str]:
    """Whatever was accepted is there, at its end or under review, with the amount asked for."""
    asked = {each.transaction_id: each for each in seen if each.transaction_id}
    for transaction_id, each in asked.items():
        payout = shown.get(transaction_id)
        if payout is None:
            yield f"{transaction_id} was answered {each.status} and is not listed"
        elif payout.amount_cents != each.amount_cents:
            yield (
                f"{transaction_id} was asked for {each.amount_cents} cents"
                f" and is shown with {payout.amount_cents}"
            )
        elif payout.status not in FINAL and not payout.needs_review:
            yield f"{transaction_id} is still {payout.status}, and not under review"


def _listed(seen: Sequence[Seen], shown: Sequence[Shown]) -> Iterator[str]:
    """Every payout once, and none that was not requested.

    A request without an answer may have made a payout or not: one for its key at the most.
    """
    for transaction_id, times in Counter(each.transaction_id for each in shown).items():
        if times > 1:
            yield f"{transaction_id} is listed {times} times"
    answered = {each.transaction_id for each in seen if each.transaction_id}
    known = {each.key for each in seen if each.transaction_id}
    in_doubt = {each.key for each in seen if each.key} - known
    unasked = {each.transaction_id for each in shown} - answered
    if len(unasked) > len(in_doubt):
        yield (
            f"{len(unasked)} payouts are listed that no answer named,"
            f" and only {len(in_doubt)} requests had no answer"
        )


def _money(shown: Shown, book: Booked | None) -> Iterator[str]:
    """The money was sent once at the most, and is where the status says that it is."""
    found = book or Booked()
    name = shown.transaction_id
    if len(found.debits_cents) > 1:
        yield f"{name} was booked {len(found.debits_cents)} times"
    if any(cents != shown.amount_cents for cents in found.debits_cents):
        yield f"{name} is shown with {shown.amount_cents} cents, booked {found.debits_cents}"
    if shown.status in FINAL:
        held = shown.amount_cents if shown.status == "Completed" else 0
        if found.held_cents != held:
            yield f"{name} is {shown.status}, and the payee holds {found.held_cents} cents"
        if shown.status == "Returned" and not found.debits_cents:
            yield f"{name} is Returned, and was never booked"


def _strangers(shown: Sequence[Shown], book: Mapping[str, Booked]) -> Iterator[str]:
    known = {each.transaction_id for each in shown}
    for reference in book.keys() - known:
        yield f"Monoova's book has {reference}, which is not listed"


def _cents(dollars: Decimal) -> int:
    cents = dollars * 100
    if cents != int(cents):
        raise ValueError(f"a part of a cent: {dollars}")
    return int(cents)
