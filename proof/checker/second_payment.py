"""P1: what is paid again was not paid, or came back: in each line of payouts, and for each row."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from proof.checker.evidence import Movement, Payout, Run, Violation
from proof.checker.records import dollars

_broken = partial(Violation, "P1")
_MOVES = ("debit", "transfer", "rejection_credit", "return_credit")


def second_payments(run: Run) -> Iterator[Violation]:
    """P1: at no moment has Monoova sent more for what is owed once than that, less what came back.

    Owed once is the amount of a payout and of all that were made in its place, and that of a row
    of a file for each time that the file was taken as a file of its own.
    """
    for first, line in _lines(run).items():
        yield from _overpaid(run, line, line[0].amount, f"payout {first} and those in its place")
    yield from _rows(run)


def _lines(run: Run) -> dict[str, list[Payout]]:
    """Each payout with those that were made in its place, the first one first."""
    lines: dict[str, list[Payout]] = {}
    for payout in run.last.values():
        lines.setdefault(run.first_of_line(payout.transaction_id), []).append(payout)
    for line in lines.values():
        line.sort(key=lambda payout: payout.retry_of is not None)
    return lines


def _overpaid(
    run: Run, payouts: Iterable[Payout], owed: Decimal, whose: str
) -> Iterator[Violation]:
    references = dict.fromkeys(payout.unique_reference for payout in payouts)
    moved = [m for reference in references for m in run.book.of(reference, *_MOVES)]
    sent = Decimal(0)
    for movement in sorted(moved, key=_number):
        sent -= movement.amount
        if sent > owed:
            what = f"{sent} was sent for {owed} that is owed once"
            yield _broken(what, f"{whose}, movement {movement.number}")
            return


def _number(movement: Movement) -> int:
    return movement.number


@dataclass(frozen=True)
class _Row:
    """A row of a file, by its description, which no other payment has."""

    amount: Decimal
    owed: Decimal


def _rows(run: Run) -> Iterator[Violation]:
    rows = _asked_for(run)
    made: dict[str, list[Payout]] = {}
    for payout in run.last.values():
        name = _description(run, payout)
        if name in rows and (payout.batch_id is not None or payout.retry_of):
            made.setdefault(name, []).append(payout)
        elif payout.batch_id is not None and name:
            # Without a description, its customer was erased before it was first shown.
            yield _broken("a payout of a batch stands in no file", payout.evidence)
    for name, payouts in made.items():
        yield from _overpaid(run, payouts, rows[name].owed, f"row {name}")
        for payout in payouts:
            if payout.amount != rows[name].amount:
                yield _broken("another amount than the file's", payout.evidence)


def _asked_for(run: Run) -> dict[str, _Row]:
    """The rows of all files. A file that is asked for again under one batch is owed once."""
    rows: dict[str, _Row] = {}
    batches: set[str] = set()
    for request in run.requests:
        named = request.answer.get("batch_id") if isinstance(request.answer, dict) else None
        is_new = request.is_yes and isinstance(named, str) and named not in batches
        batches |= {str(named)} if is_new else set()
        for row in request.rows:
            name, amount = str(row.get("description")), dollars(row.get("amount")) or Decimal(0)
            before = rows.get(name, _Row(amount, Decimal(0)))
            rows[name] = _Row(before.amount, before.owed + amount * is_new)
    return rows


def _description(run: Run, payout: Payout) -> str:
    """As it was first shown: an erasure takes it away."""
    shown = run.first[payout.transaction_id].description
    return shown or payout.description or ""
