"""P2: every payout that was accepted comes to an end, or a person is called; a no is a no."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from proof.checker.evidence import FINAL, Run, Violation
from proof.checker.requests_made import Wish, wishes_of

_broken = partial(Violation, "P2")
# How far the client's clock and the system's may be apart.
_TOLERANCE = timedelta(seconds=1)


def lost_payouts(run: Run) -> Iterator[Violation]:
    """P2, at the end of the run."""
    yield from _missing(run)
    for payout in run.last.values():
        if payout.state not in FINAL and not payout.needs_review:
            yield _broken(f"{payout.state} for ever, and no person is called", payout.evidence)
    owners: dict[str, Wish] = {}
    for wish in wishes_of(run):
        yield from _answers(wish)
        yield from _noes(run, wish)
        for name in wish.named:
            if owners.setdefault(name, wish) is not wish:
                yield _broken("two wishes were given one payout", f"{name}; {wish.evidence}")


def _missing(run: Run) -> Iterator[Violation]:
    """P2: whatever was accepted, seen, listed or booked is in the last list, and can be read."""
    listed = set(run.listing)
    known: dict[str, str] = {}
    for ask in run.asks:
        if ask.is_yes or ask.is_refused_by_monoova:
            known |= dict.fromkeys(_named_in(ask.answer), f"line {ask.answer_line}")
    known |= {p.transaction_id: f"line {p.line}" for p in run.seen}
    known |= {name: "an earlier list" for names in run.listings for name in names}
    for name, where in known.items():
        if name not in listed:
            yield _broken("a payout is not there any more", f"{name}, {where}")
    for name in run.unreachable:
        yield _broken("a payout cannot be read", name)
    references = {p.unique_reference for p in run.last.values()} | listed
    for reference in run.book.references:
        if reference not in references:
            yield _broken("money was sent for a payout that is not there", f"reference {reference}")


def _named_in(answer: object) -> Iterator[str]:
    if isinstance(answer, list):
        for item in answer:
            yield from _named_in(item)
    elif isinstance(answer, dict):
        for name, value in answer.items():
            if name in ("transaction_id", "retry_of") and isinstance(value, str):
                yield value
            yield from _named_in(value)


def _answers(wish: Wish) -> Iterator[Violation]:
    """P2: who is told that it was accepted, or refused by Monoova, is told what to look for."""
    for ask in wish.asks:
        if (ask.is_yes or ask.is_refused_by_monoova) and not ask.names:
            yield _broken("an answer names no payout", ask.evidence)


def _noes(run: Run, wish: Wish) -> Iterator[Violation]:
    """P2: who is told that nothing was done has no payout, hence no booking, of it."""
    for payout in (run.first[name] for name in wish.made if name in run.first):
        asked = [ask.at for ask in wish.open_asks]
        requested_at = payout.history[0].at if payout.history else None
        if not asked:
            yield _broken("a payout came of a no", f"{payout.evidence}; {wish.evidence}")
        elif requested_at and requested_at + _TOLERANCE <= min(asked):
            what = "a payout was there before anybody asked who was not told no"
            yield _broken(what, f"{payout.evidence}; {wish.evidence}")
