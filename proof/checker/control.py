"""P6: nothing is paid without the approval that it needs, or beyond a limit, by Monoova's book."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from proof.checker.evidence import Payout, Request, Run, Violation

_broken = partial(Violation, "P6")
_SYDNEY = ZoneInfo("Australia/Sydney")
# What the destination was shown with does not fit, or the person may not approve it.
_NOTHING_APPROVED = (400, 401, 403, 404, 409)


def uncontrolled(run: Run) -> Iterator[Violation]:
    """P6, of every payout that Monoova has booked."""
    booked = [p for p in run.last.values() if run.book.bookings(p.unique_reference)]
    for payout in booked:
        yield from _approved(run, payout)
    yield from _limits(run, booked)
    yield from _threshold(run, booked)


# --- approvals


def _approved(run: Run, payout: Payout) -> Iterator[Violation]:
    """P6: another person has let it go, where one alone may not."""
    if any(entry.by == payout.requested_by for entry in payout.approvals):
        yield _broken("approved by the person who asked for it", payout.evidence)
    if payout.approvals:
        return
    for why in _reasons(run, payout):
        yield _broken(f"paid without approval: {why}", payout.evidence)
    if payout.batch_id is not None:
        yield _broken("paid without approval: it is a row of a file", payout.evidence)


def _reasons(run: Run, payout: Payout) -> Iterator[str]:
    rules = run.rules
    if rules.approval_above is not None and payout.amount > rules.approval_above:
        yield f"it is above {rules.approval_above}"
    if rules.approves_new_destinations and not _was_approved_before(run, payout):
        yield "its destination was approved by no one before"
    if _is_in_place_of_one_settled_by_hand(run, payout):
        yield "a person has said that the one before it was not paid"


def _was_approved_before(run: Run, payout: Payout) -> bool:
    """Whether another person had approved this destination when this payout was asked for."""
    asked_at = payout.history[0].at if payout.history else None
    others = [p for p in run.last.values() if p.destination_id == payout.destination_id]
    return asked_at is not None and (
        any(entry.at <= asked_at for other in others for entry in other.approvals)
        or any(_may_have_approved(request, others, asked_at) for request in run.requests)
    )


def _may_have_approved(request: Request, others: list[Payout], asked_at: datetime) -> bool:
    """Whether the request has approved the destination of these payouts, or may have.

    That is stored first: a function may end after it, and a payout that is in no limit waits on.
    """
    named = request.decides_on("approve")
    return (
        request.at <= asked_at
        and isinstance(request.body, dict)
        and "digest" in request.body
        and request.status not in _NOTHING_APPROVED
        and any(p.transaction_id == named and p.requested_by != request.who for p in others)
    )


def _is_in_place_of_one_settled_by_hand(run: Run, payout: Payout) -> bool:
    earlier = run.last.get(payout.retry_of or "")
    while earlier is not None:
        asked_at = payout.history[0].at
        ends = (e for e in earlier.history if e.event.startswith("Resolved"))
        if any(entry.at <= asked_at for entry in ends):
            return True
        earlier = run.last.get(earlier.retry_of or "")
    return False


# --- limits


def _limits(run: Run, booked: list[Payout]) -> Iterator[Violation]:
    """P6: what Monoova booked of what was released on one Sydney day, added up anew."""
    rules = run.rules
    kinds: tuple[tuple[str, Decimal | None, Callable[[Payout], str]], ...] = (
        ("for one customer", rules.limit_per_customer, lambda payout: payout.customer_id),
        ("for one account", rules.limit_per_account, lambda payout: _account(run, payout)),
        ("for one maker", rules.limit_per_maker, lambda payout: payout.requested_by or ""),
        ("in total", rules.limit_in_total, lambda _: ""),
    )
    for words, limit, whose in kinds:
        if limit is None:
            continue
        sums: dict[tuple[date, str], Decimal] = {}
        for payout in booked:
            day = _day(payout.released_at)
            if day is not None:
                key = day, whose(payout)
                sums[key] = sums.get(key, Decimal(0)) + payout.amount
        for (day, name), total in sorted(sums.items()):
            if total > limit:
                what = f"{total} {words}, of which {limit} may leave in a day"
                yield _broken(what, f"{day} {_shown(words, name)}".rstrip())


def _threshold(run: Run, booked: list[Payout]) -> Iterator[Violation]:
    """P6: what one maker asked for, and what one account got, in a day without an approval."""
    most = run.rules.approval_above
    for whose in (_maker, partial(_account, run)) if most is not None else ():
        sums: dict[tuple[date, str], Decimal] = {}
        for payout in booked:
            day = _day(payout.released_at)
            if not payout.approvals and day is not None:
                key = day, whose(payout)
                sums[key] = sums.get(key, Decimal(0)) + payout.amount
        for (day, _), total in sorted(sums.items()):
            if most is not None and total > most:
                who = "by one maker" if whose is _maker else "for one account"
                yield _broken(f"{total} {who} without approval, above {most}", str(day))


def _maker(payout: Payout) -> str:
    return payout.requested_by or ""


def _account(run: Run, payout: Payout) -> str:
    return run.payee_of_destination.get(payout.destination_id, payout.destination_id)


def _shown(words: str, name: str) -> str:
    """Whose limit it is; an account is a secret, and not named."""
    return "" if words == "for one account" else name


def _day(at: datetime | None) -> date | None:
    return at.astimezone(_SYDNEY).date() if at else None
