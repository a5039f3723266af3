"""P5: every payout's history explains its state, and every failure has a code."""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise

from proof.checker.evidence import Payout, Run, Violation
from proof.checker.records import words

_broken = partial(Violation, "P5")
# Of a longer history the API shows a part only.
_MOST_ENTRIES = 100

_BEGINNINGS = words("Pending/Sending Queued AwaitingApproval")
# Each event, and the moves that it may make: from > to. `Pending` is each of its submissions.
_MOVES = """
Approved               AwaitingApproval>Queued
ApprovalDenied         AwaitingApproval>Cancelled
ApprovalExpired        AwaitingApproval>Cancelled
Claimed                Queued>Pending/Sending
CancelledByAdmin       Queued>Cancelled AwaitingApproval>Cancelled
QueueExpired           Queued>Cancelled
RowExpired             Queued>Queued
IntegrityCheckFailed   AwaitingApproval>AwaitingApproval Queued>Queued
IntegrityCheckFailed   Pending/Sending>Pending/Sending Pending/Unresolved>Pending/Unresolved
Adopted                AwaitingApproval>AwaitingApproval Queued>Queued
Adopted                Pending/Unresolved>Pending/Unresolved
EarlierPayoutSettled   Queued>Queued Pending/Unresolved>Pending/Unresolved
DestinationNotApproved Queued>Queued Pending/Unresolved>Pending/Unresolved
DestinationGone        Queued>Cancelled Pending/Unresolved>Pending/Unresolved
SendAccepted           Pending/Sending>Pending/Accepted Pending/Unresolved>Pending/Accepted
SendRefused            Pending/Sending>Failed
SendNotAuthenticated   Pending/Sending>Queued
SendRateLimited        Pending/Sending>Queued
NotSent                Pending/Sending>Queued
WithoutFunds           Pending/Sending>Queued Queued>Queued
SendUnclear            Pending/Sending>Pending/Unresolved
LeaseExpired           Pending/Sending>Pending/Unresolved
SentAgain              Pending/Unresolved>Pending/Sending
GaveUp                 Pending/Unresolved>Pending/Unresolved Pending/Accepted>Pending/Accepted
SettledComplete        Pending>Completed
SettledRejected        Pending>Failed
MoneyReturned          Pending>Completed Completed>Returned
Retried
PartReturned           Pending>Completed
Hinted
ReturnReported
ReturnSeen
ReturnNotSeen
Contradicted
ResolvedCompleted      Queued>Completed Pending/Accepted>Completed Pending/Unresolved>Completed
ResolvedFailed         Pending/Accepted>Failed Pending/Unresolved>Failed
ResolvedReturned       Completed>Returned
ResolvedCancelled      Queued>Cancelled AwaitingApproval>Cancelled
"""
# What may be noted of a payout that it does not move: a report that does not fit, and its review.
_NOTES = words(
    "SendAccepted SendRefused WithoutFunds SettledComplete SettledRejected MoneyReturned"
    " PartReturned Hinted ReturnReported ReturnSeen ReturnNotSeen"
    " Retried RetryUnclear Contradicted ResolvedCompleted ResolvedFailed ResolvedReturned"
    " ResolvedCancelled"
)
_FAILURES = {
    "Failed": words("MonoovaRefused BankRejected Dishonoured ResolvedByHand"),
    "Returned": words("Returned"),
    "Cancelled": words(
        "CancelledByAdmin ApprovalDenied ApprovalExpired QueueExpired DestinationGone"
        " ResolvedByHand"
    ),
}
_REVIEWS = words(
    "OutcomeUnknown AcceptedButUnknown StillPending DestinationGone RowExpired Contradiction"
    " EarlierPayoutSettled IntegrityCheckFailed DestinationNotApproved RetryUnclear PartReturned"
    " ReturnNotSeen"
)


def _moves() -> dict[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for line in _MOVES.strip().splitlines():
        event, *moves = line.split()
        spelled = (
            move.replace("Pending>", f"Pending/{submission}>")
            for move in moves
            for submission in ("Sending", "Accepted", "Unresolved")
        )
        table[event] = table.get(event, frozenset()) | frozenset(spelled)
    return table


_ALLOWED = _moves()


def mysteries(run: Run) -> Iterator[Violation]:
    """P5, for every payout in the end and whenever it was shown."""
    for payout in run.last.values():
        yield from _history(payout)
    for payout in run.sightings:
        yield from _names(payout)


def is_possible(event: str, before: str, after: str) -> bool:
    """Whether an event may lead from one state to the other, or be noted in the one it is in."""
    is_note = before == after and event in _NOTES
    return is_note or f"{before}>{after}" in _ALLOWED.get(event, ())


def _history(payout: Payout) -> Iterator[Violation]:
    """P5: from the request on, each entry follows from the one before it."""
    history = payout.history
    if not history or history[0].event != "Requested" or history[0].state not in _BEGINNINGS:
        yield _broken("its history does not begin with a request", payout.evidence)
    for before, entry in pairwise(history[:_MOST_ENTRIES]):
        if not is_possible(entry.event, before.state, entry.state):
            move = f"{before.state}>{entry.state}"
            yield _broken(f"{entry.event} cannot make {move}", payout.evidence)
    if not all(entry.by for entry in history):
        yield _broken("an act has no author", payout.evidence)


def _names(payout: Payout) -> Iterator[Violation]:
    """P5: its state is the history's last; failures and reviews have codes from closed lists."""
    history = payout.history
    if 0 < len(history) < _MOST_ENTRIES and history[-1].state != payout.state:
        yield _broken(f"{payout.state} is not where its history ends", payout.evidence)
    if payout.failure_code not in _FAILURES.get(payout.state, {None}):
        what = f"{payout.state} with the failure code {payout.failure_code}"
        yield _broken(what, payout.evidence)
    if payout.needs_review and payout.review_reason not in _REVIEWS:
        yield _broken(f"a review for the reason {payout.review_reason}", payout.evidence)
