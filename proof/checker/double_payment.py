"""P1: Monoova moves money at most once for each payout, and for each requested payment."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from proof.checker.evidence import Run, Violation
from proof.checker.records import words
from proof.checker.requested_payments import RequestedPayment, requested_payments

_broken = partial(Violation, "P1")
_UNPAID = words("Failed Returned Cancelled")


def double_payments(run: Run) -> Iterator[Violation]:
    """P1, in Monoova's book and in the system's own answers."""
    payments_requested = requested_payments(run)
    yield from _bookings(run, payments_requested)
    yield from _references(run)
    for requested in payments_requested:
        yield from _requested_once(run, requested)
    yield from _retries(run)
    able = [requested for requested in payments_requested if requested.open_requests]
    by_themselves = [p for p in run.last.values() if p.batch_id is None and not p.retry_of]
    asked_for = [requested for requested in able if not requested.is_of_retries]
    if len(by_themselves) > len(asked_for):
        counts = f"{len(by_themselves)} listed, {len(asked_for)} asked for"
        yield _broken("there are more payouts than were asked for", counts)


def _bookings(run: Run, payments_requested: list[RequestedPayment]) -> Iterator[Violation]:
    """P1: a reference is booked once at most, and is a payout's."""
    known = {p.unique_reference for p in run.sightings}.union(
        *run.listings, *(requested.named for requested in payments_requested)
    )
    for reference in run.book.references:
        numbers = [m.number for m in run.book.bookings(reference)]
        evidence = f"reference {reference}, movements {numbers}"
        if len(numbers) > 1:
            yield _broken("a reference was booked more than once", evidence)
        if reference not in known:
            yield _broken("money was sent for no known payout", evidence)


def _references(run: Run) -> Iterator[Violation]:
    """P1: a payout has one reference for ever, and shares it with none."""
    pairs = {(p.transaction_id, p.unique_reference): p for p in run.sightings}
    payouts = Counter(transaction_id for transaction_id, _ in pairs)
    references = Counter(reference for _, reference in pairs)
    for (transaction_id, reference), payout in pairs.items():
        if payouts[transaction_id] > 1:
            yield _broken("a payout's reference was replaced", payout.evidence)
        if references[reference] > 1:
            yield _broken("payouts share a reference", payout.evidence)


def _requested_once(run: Run, requested: RequestedPayment) -> Iterator[Violation]:
    """P1: one requested payment is one payout in all answers, and one booking at most."""
    ids = requested.named | requested.made
    if requested.is_of_retries:
        # One after the other, each once the one before it has ended unpaid: see `second_payment`.
        return
    if len(ids) > 1:
        yield _broken(
            "one requested payment has several payouts", f"{_list(ids)}; {requested.evidence}"
        )
    references = {run.first[i].unique_reference if i in run.first else i for i in ids}
    numbers = [m.number for r in references for m in run.book.bookings(r)]
    if len(numbers) > 1:
        yield _broken(
            "one requested payment was booked more than once",
            f"movements {numbers}; {requested.evidence}",
        )


def _retries(run: Run) -> Iterator[Violation]:
    """P1: what is paid anew has ended unpaid, and is paid anew once; or parts of it came back."""
    retries = [p for p in run.last.values() if p.retry_of]
    counts = Counter(p.retry_of for p in retries)
    for payout in retries:
        old = run.last.get(payout.retry_of or "")
        came_back = (old.returned_amount if old else None) or Decimal(0)
        if old is None or (old.state not in _UNPAID and not came_back):
            yield _broken("a payout was retried that did not end unpaid", payout.evidence)
        anew = sum((p.amount for p in retries if p.retry_of == payout.retry_of), Decimal(0))
        if counts[payout.retry_of] > 1 and anew > came_back:
            yield _broken("a payout was retried more than once", payout.evidence)


def _list(ids: frozenset[str]) -> str:
    return ", ".join(sorted(ids))
