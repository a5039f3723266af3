"""P2: every payout that was accepted ends or is in review; a refused request makes none."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from proof.checker.evidence import FINAL, Payout, Run, Violation
from proof.checker.requested_payments import RequestedPayment, requested_payments

_broken = partial(Violation, "P2")
# How far the client's clock and the system's may be apart.
_TOLERANCE = timedelta(seconds=1)


def lost_payouts(run: Run) -> Iterator[Violation]:
    """P2, at the end of the run."""
    yield from _missing(run)
    for payout in run.last.values():
        if payout.state not in FINAL and not payout.needs_review:
            yield _broken(f"{payout.state} for ever, and not in review", payout.evidence)
        yield from _kept_waiting(run, payout)
    owners: dict[str, RequestedPayment] = {}
    for requested in requested_payments(run):
        yield from _answers(requested)
        yield from _refused(run, requested)
        for name in requested.named:
            if owners.setdefault(name, requested) is not requested:
                yield _broken(
                    "two requested payments were given one payout", f"{name}; {requested.evidence}"
                )


def _kept_waiting(run: Run, payout: Payout) -> Iterator[Violation]:
    """P2: questions that fail keep no payout waiting."""
    first = payout.history[0] if payout.history else None
    if first is None or first.state != "Queued" or "CircuitOpen" not in (first.detail or ""):
        return
    if any(since <= first.at <= until for since, until in run.questions_failed):
        yield _broken("kept waiting, though only questions failed", payout.evidence)


def _missing(run: Run) -> Iterator[Violation]:
    """P2: whatever was accepted, seen, listed or booked is in the last list, and can be read."""
    listed = set(run.listing)
    known: dict[str, str] = {}
    for request in run.requests:
        if request.is_yes or request.is_refused_by_monoova:
            known |= dict.fromkeys(_named_in(request.answer), f"line {request.answer_line}")
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


def _answers(requested: RequestedPayment) -> Iterator[Violation]:
    """P2: an answer that accepts, or that Monoova refused, names the payout."""
    for request in requested.requests:
        if (request.is_yes or request.is_refused_by_monoova) and not request.names:
            yield _broken("an answer names no payout", request.evidence)


def _refused(run: Run, requested: RequestedPayment) -> Iterator[Violation]:
    """P2: a request that was refused makes no payout, hence no booking."""
    for payout in (run.first[name] for name in requested.made if name in run.first):
        asked = [request.at for request in requested.open_requests]
        requested_at = payout.history[0].at if payout.history else None
        if requested.is_of_retries and payout.batch_id is not None:
            # A file had asked for it before: the retry is answered with that one.
            continue
        if not asked:
            yield _broken(
                "a refused request made a payout", f"{payout.evidence}; {requested.evidence}"
            )
        elif requested_at and requested_at + _TOLERANCE <= min(asked):
            what = "a payout is older than each request that was not refused"
            yield _broken(what, f"{payout.evidence}; {requested.evidence}")
