"""Whether Monoova's book, by which all else is judged, agrees with itself."""

from collections import Counter
from collections.abc import Iterator
from functools import partial

from proof.checker.evidence import Run, Violation

_broken = partial(Violation, "book")
_OUTGOING = frozenset({"debit", "fee", "transfer"})
_INCOMING = frozenset({"rejection_credit", "fee_refund", "return_credit", "load"})


def miscounts(run: Run) -> Iterator[Violation]:
    """The book: each balance follows from the one before it, each booking has its payment."""
    balance = run.book.opening_balance
    for number, movement in enumerate(run.book.movements, 1):
        balance += movement.amount
        evidence = f"movement {movement.number}"
        if movement.number != number:
            yield _broken("the movements are not numbered one by one", evidence)
        if movement.balance != balance:
            yield _broken("a balance does not follow from the one before it", evidence)
            balance = movement.balance
        is_wrong_way = movement.kind in (_INCOMING if movement.amount < 0 else _OUTGOING)
        if is_wrong_way:
            yield _broken("a movement goes the wrong way", evidence)
    if run.book.balance != balance:
        yield _broken("the balance is not that of the last movement", "")
    booked = Counter((m.reference, m.transaction_id) for m in run.book.movements if m.is_booking)
    paid = Counter((p.reference, p.transaction_id) for p in run.book.payments)
    for reference, transaction_id in booked.keys() | paid.keys():
        if booked[reference, transaction_id] != paid[reference, transaction_id]:
            yield _broken("bookings and payments differ", f"reference {reference}")
