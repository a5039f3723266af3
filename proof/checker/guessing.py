"""P3: what the system says of a payout is what Monoova's book says, and it does not change."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from proof.checker.evidence import FINAL, Entry, Payout, Request, Run, Violation
from proof.checker.records import dollars, words
from proof.checker.requested_payments import RequestedPayment, requested_payments

_broken = partial(Violation, "P3")
_OF_RETURNS = words("Contradicted MoneyReturned PartReturned ReturnReported")


@dataclass(frozen=True)
class Disagreement:
    """An end that is not the book's. `excuse`: the system says so itself, or a person decided."""

    payout: Payout
    what: str
    excuse: str | None


def guesses(run: Run) -> Iterator[Violation]:
    """P3, against the book and over time."""
    for found in disagreements(run):
        if found.excuse is None:
            yield _broken(found.what, found.payout.evidence)
    yield from _overwritten(run)
    for payout in run.last.values():
        yield from _believed_after_doubt(payout)
        yield from _amounts(run, payout)
        yield from _not_raised(run, payout)
        yield from _accepted_by_nobody(run, payout)
        yield from _ended_for_funds(payout)
    for requested in requested_payments(run):
        yield from _as_asked(run, requested)
    for request in run.requests:
        refused = run.last.get(request.names or "") if request.is_refused_by_monoova else None
        if refused and refused.state != "Failed":
            yield _broken("answered as refused, and is not Failed", request.evidence)


def disagreements(run: Run) -> list[Disagreement]:
    """P3: every payout that ended otherwise than the book says, the raised ones included."""
    found = []
    for payout in run.last.values():
        what = _amiss(run, payout)
        if what:
            found.append(Disagreement(payout, what, _excuse(run, payout)))
    return found


def _excuse(run: Run, payout: Payout) -> str | None:
    if payout.needs_review and _is_monoovas_word(payout):
        return "Monoova said so itself, and it is in review"
    if _was_lied_about(run, payout):
        return "Monoova lied about it, and signed or answered so"
    if payout.state == "Completed" and _is_returned_unreported(run, payout):
        return "returned, and no webhook of it was processed"
    return "decided by a person" if _is_by_hand(payout) else None


def _is_by_hand(payout: Payout) -> bool:
    ends = (entry for entry in payout.history if entry.state == payout.state)
    return any(entry.event.startswith("Resolved") for entry in ends)


def _is_monoovas_word(payout: Payout) -> bool:
    """Whether a webhook made the end that is now contradicted: no guess of ours."""
    ends = [entry for entry in payout.history if entry.state == payout.state]
    is_disputed = payout.review_reason == "Contradiction"
    return is_disputed and bool(ends) and ends[0].by == "monoova"


def _was_lied_about(run: Run, payout: Payout) -> bool:
    """Whether Monoova's only word on the end was wrong. What is not signed ends nothing."""
    about = (lie for lie in run.lies if lie.reference == payout.unique_reference)
    return any(lie.channel != "unsigned" for lie in about)


def _is_returned_unreported(run: Run, payout: Payout) -> bool:
    """Only a webhook reports a return: the status API goes on saying that it was paid."""
    reference = payout.unique_reference
    back = sum((m.amount for m in run.book.of(reference, "return_credit")), Decimal(0))
    reports = (w for w in run.webhooks if w.reference == reference and w.is_of_a_return)
    is_reported = any(w.is_genuine and w.status == 200 for w in reports)
    return back == payout.amount and not is_reported


def _amiss(run: Run, payout: Payout) -> str | None:
    of, reference = run.book.of, payout.unique_reference
    times = len(run.book.bookings(reference))
    sent = of(reference, "debit", "rejection_credit", "return_credit")
    holds = -sum((m.amount for m in sent), Decimal(0))
    returned = sum((m.amount for m in of(reference, "return_credit")), Decimal(0))
    is_right = {
        # A part of it may have come back.
        "Completed": times == 1 and holds == payout.amount - returned and holds > 0,
        "Failed": holds == 0,
        "Cancelled": times == 0,
        "Returned": times == 1 and holds == 0 and returned == payout.amount,
    }.get(payout.state, True)
    if returned < (payout.returned_amount or 0):
        return f"{payout.returned_amount} is said to have come back, and {returned} has"
    if is_right:
        return None
    return f"{payout.state}, but booked {times} times, and the payee holds {holds}"


def _overwritten(run: Run) -> Iterator[Violation]:
    """P3: an end stays, but for Completed to Returned; what was noted stays; so do the facts."""
    before: dict[str, Payout] = {}
    for payout in run.seen:
        earlier = before.get(payout.transaction_id)
        if earlier:
            yield from _changed(earlier, payout)
        before[payout.transaction_id] = payout
    for answered in (request.payout for request in run.requests if request.payout):
        seen = before.get(answered.transaction_id)
        if seen:
            # An answer may be written down later than what was done after it.
            yield from _changed(*sorted((answered, seen), key=lambda p: len(p.history)))


def _erased(history: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """What an erasure of the customer leaves of it: what happened, without what was written."""
    return tuple(replace(entry, detail=None) for entry in history)


def _changed(earlier: Payout, later: Payout) -> Iterator[Violation]:
    evidence = f"{later.evidence}, and line {earlier.line}"
    kept = later.history[: len(earlier.history)]
    if kept not in (earlier.history, _erased(earlier.history)):
        yield _broken("its history was rewritten", evidence)
    moved = (earlier.state, later.state)
    if earlier.state in FINAL and moved[0] != moved[1] and moved != ("Completed", "Returned"):
        yield _broken(f"{moved[0]} became {moved[1]}", evidence)
    if _facts(earlier) != _facts(later):
        yield _broken("its amount, payee or origin changed", evidence)


def _facts(payout: Payout) -> tuple[object, ...]:
    return payout.amount, payout.customer_id, payout.destination_id, payout.retry_of


def _believed_after_doubt(payout: Payout) -> Iterator[Violation]:
    """P3: once in doubt, neither a refusal nor a failed login proves that nothing has moved."""
    is_in_doubt = False
    for entry in payout.history:
        is_believed = entry.event == "SendRefused" and entry.state == "Failed"
        if is_in_doubt and (is_believed or entry.state == "Queued"):
            yield _broken(f"{entry.event} was believed after a doubt", payout.evidence)
        is_in_doubt |= entry.state == "Pending/Unresolved"


def _accepted_by_nobody(run: Run, payout: Payout) -> Iterator[Violation]:
    """P3: Monoova accepts what it books."""
    is_accepted = any(entry.event == "SendAccepted" for entry in payout.history)
    is_lied_about = any(lie.reference == payout.unique_reference for lie in run.lies)
    if is_accepted and not is_lied_about and not run.book.bookings(payout.unique_reference):
        yield _broken("said to be accepted, and never booked", payout.evidence)


def _ended_for_funds(payout: Payout) -> Iterator[Violation]:
    """P3: what the account cannot pay now it can pay later: nothing has failed."""
    for entry in payout.history:
        is_end = entry.event == "SendRefused" and entry.state == "Failed"
        if is_end and re.search("fund|balance", entry.detail or "", re.IGNORECASE):
            yield _broken("Failed for want of funds", payout.evidence)


def _amounts(run: Run, payout: Payout) -> Iterator[Violation]:
    """P3: Monoova was asked to pay the payout's amount."""
    sent = [-m.amount for m in run.book.bookings(payout.unique_reference)]
    sent += [p.amount for p in run.book.payments_of(payout.unique_reference)]
    for amount in sent:
        if amount != payout.amount:
            yield _broken(f"{amount} was sent instead of {payout.amount}", payout.evidence)


def _not_raised(run: Run, payout: Payout) -> Iterator[Violation]:
    """P3: what Monoova says of another amount is about something else, and goes to review."""
    events = {entry.event for entry in payout.history}
    for webhook in run.webhooks:
        # Of a return it says how much came back.
        is_raised = bool(events & (_OF_RETURNS if webhook.is_of_a_return else {"Contradicted"}))
        is_accepted = webhook.is_genuine and webhook.status == 200
        is_ours = webhook.reference == payout.unique_reference
        if (
            is_accepted
            and is_ours
            and webhook.amount not in (None, payout.amount)
            and not is_raised
        ):
            yield _broken(
                f"a report of {webhook.amount} was not raised",
                f"{payout.evidence}, and line {webhook.line}",
            )


def _as_asked(run: Run, requested: RequestedPayment) -> Iterator[Violation]:
    """P3: the payout is what the accepted requests asked for, else what any of them did."""
    for payout in (run.last[name] for name in requested.made if name in run.last):
        old = run.last.get(payout.retry_of or "")
        if old:
            is_right = _is_in_place_of(payout, old)
        else:
            accepted = [
                request
                for request in requested.requests
                if request.is_yes or request.is_refused_by_monoova
            ]
            fits = [_fits(request, payout) for request in accepted or requested.open_requests]
            is_right = all(fits) if accepted else any(fits) or not fits
        if not is_right:
            yield _broken("not what was asked for", f"{payout.evidence}; {requested.evidence}")


def _is_in_place_of(payout: Payout, old: Payout) -> bool:
    """Whether it pays the same, or a part of it that came back, to the same."""
    is_a_part = payout.amount <= (old.returned_amount or 0)
    return _facts(old)[1:3] == _facts(payout)[1:3] and (payout.amount == old.amount or is_a_part)


def _fits(request: Request, payout: Payout) -> bool:
    body = request.body if isinstance(request.body, dict) else {}
    is_there = body.get("destination_id") in (None, payout.destination_id)
    is_whom = body.get("customer_id") == payout.customer_id
    return is_there and is_whom and dollars(body.get("amount")) == payout.amount
