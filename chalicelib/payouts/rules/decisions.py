"""From what was learned about a payout to what is written about it.

Each function takes the payout as it was last seen and answers with a `Change`. The caller writes
it on condition that the payout has not changed since, or decides anew.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from chalicelib.monoova.rules.outcome import (
    Accepted,
    NotAuthenticated,
    NotSent,
    RateLimited,
    Refused,
    Report,
    Reported,
    SendOutcome,
    Standing,
    Uncertainty,
)
from chalicelib.monoova.rules.pace import heeded_until
from chalicelib.payouts.rules.attempts import (
    NO_ATTEMPTS,
    Attempts,
    evidence_of_acceptance,
    with_attempts,
)
from chalicelib.payouts.rules.payout import (
    MOST_HISTORY_ENTRIES,
    NO_CHANGE,
    Change,
    Effect,
    Event,
    FailureCode,
    Fields,
    HistoryEntry,
    Kind,
    Payout,
    QueueReason,
    ReviewReason,
    State,
    effect_of,
)
from chalicelib.payouts.rules.returns import next_question_at
from chalicelib.payouts.rules.schedule import (
    Policy,
    is_overdue,
    is_past_grace,
    lease_until,
    next_look_at,
    second_report_at,
)

RECONCILER: Final = "reconciler"
# The evidence of a refusal: this, and Monoova's own name for it.
REFUSED: Final = "refused:"
_TURNED_AWAY: Final = frozenset({Event.SEND_NOT_AUTHENTICATED, Event.SEND_RATE_LIMITED})


class ForbiddenTransitionError(Exception):
    """The life-cycle table refuses this event in this state."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"{event} does not apply to a payout that is {state}")
        self.state = state
        self.event = event


class Facts(Protocol):
    """What a decision on a report from Monoova is made from. `Payout` is one."""

    @property
    def state(self) -> State: ...
    @property
    def amount_cents(self) -> int: ...
    @property
    def monoova_transaction_id(self) -> str | None: ...
    @property
    def review_reason(self) -> ReviewReason | None: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def return_reported_at(self) -> datetime | None: ...
    @property
    def return_seen_at(self) -> datetime | None: ...
    @property
    def disputed_at(self) -> datetime | None: ...
    @property
    def returned_cents(self) -> int: ...
    @property
    def return_seen_cents(self) -> int: ...
    @property
    def history(self) -> tuple[HistoryEntry, ...]: ...


@dataclass(frozen=True, slots=True)
class OpenFacts:
    """A payout of which nothing is known but that it is pending and undisputed.

    Lets a report be decided on before the payout is read: the write is then conditional on these
    very facts instead of on a version. Without `is_accepted` the payout may have any submission.
    """

    amount_cents: int
    monoova_transaction_id: str | None
    is_accepted: bool = False
    state: State = State.ACCEPTED
    review_reason: ReviewReason | None = None
    due_at: datetime | None = None
    return_reported_at: datetime | None = None
    return_seen_at: datetime | None = None
    disputed_at: datetime | None = None
    returned_cents: int = 0
    return_seen_cents: int = 0
    history: tuple[HistoryEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """Who says so, when, and in which words: what a history entry is made of."""

    at: datetime
    by: str
    detail: str | None = None
    evidence: str | None = None


class SendAgain:
    """The decision to send once more, under the same reference."""


SEND_AGAIN: Final = SendAgain()


def change_for(
    facts: Facts,
    event: Event,
    note: Note,
    fields: Fields | None = None,
    review_reason: ReviewReason = ReviewReason.CONTRADICTION,
) -> Change:
    """What the table says `event` does, as a change. `fields` are set where it moves or notes.

    Raises:
        ForbiddenTransitionError: the table refuses it.
    """
    effect = effect_of(facts.state, event)
    match effect.kind:
        case Kind.FORBIDDEN:
            raise ForbiddenTransitionError(facts.state, event)
        case Kind.STAY:
            return NO_CHANGE
        case Kind.MOVE:
            return _moved(facts, event, effect, note, fields or Fields())
        case Kind.ACKNOWLEDGE:
            return Change(
                Fields(needs_review=False, review_reason=None),
                (_entry(event, facts.state, note),),
            )
        case Kind.NOTE:
            is_new = not _is_told(facts, event, note)
            entries = (_entry(event, facts.state, note),) if is_new else ()
            return Change(fields or Fields(), entries)
        case _:
            return _flagged(facts, event, note, review_reason)


def _entry(event: Event, state: State, note: Note) -> HistoryEntry:
    return HistoryEntry(note.at, event, state, note.by, note.detail, note.evidence)


def _moved(facts: Facts, event: Event, effect: Effect, note: Note, fields: Fields) -> Change:
    assert effect.to is not None  # every MOVE has one: a test reads the whole table
    new = Fields(state=effect.to)
    if effect.to.is_final:
        new |= Fields(due_at=_due_when_final(facts, effect.to, note.at), lease_id=None)
        # Being settled answers every doubt but one: a contradiction waits for a person.
        if facts.review_reason not in (None, ReviewReason.CONTRADICTION):
            new |= Fields(needs_review=False, review_reason=None)
    if State.COMPLETED in (effect.to, effect.via):
        new |= Fields(completed_at=note.at)
    new |= fields
    passed = (effect.via,) if effect.via else ()
    return Change(new, tuple(_entry(event, state, note) for state in (*passed, effect.to)))


def _due_when_final(facts: Facts, state: State, now: datetime) -> datetime | None:
    """When Monoova's books are asked, for money that was said to be back before it had arrived."""
    reported_at = facts.return_reported_at
    if state is not State.COMPLETED or reported_at is None or facts.return_seen_at is not None:
        return None
    return next_question_at(reported_at, now)


def _is_told(facts: Facts, event: Event, note: Note) -> bool:
    told = ((entry.event, entry.evidence) for entry in facts.history)
    return note.evidence is not None and (event, note.evidence) in told


def _flagged(facts: Facts, event: Event, note: Note, reason: ReviewReason) -> Change:
    if _is_told(facts, event, note):
        return NO_CHANGE
    # A contradiction stays the reason even when something milder is found later.
    kept = reason if facts.review_reason is not ReviewReason.CONTRADICTION else facts.review_reason
    return Change(
        Fields(needs_review=True, review_reason=kept),
        (_entry(event, facts.state, note),),
    )


def after_send(
    payout: Payout,
    outcome: SendOutcome,
    now: datetime,
    by: str,
    policy: Policy,
    attempts: Attempts = NO_ATTEMPTS,
) -> Change:
    """What the attempts of one request do to the payout; `outcome` is what they come to.

    A refusal must have been confirmed and its texts redacted before it comes here.
    """
    change = _after_outcome(payout, outcome, Note(now, by), policy)
    return with_attempts(payout, change, attempts)


def _after_outcome(payout: Payout, outcome: SendOutcome, note: Note, policy: Policy) -> Change:
    now, by = note.at, note.by
    match outcome:
        case Accepted(monoova_transaction_id):
            return _accepted(payout, monoova_transaction_id, note, policy)
        case Refused(reason, description):
            text = f"{reason}: {description}" if description else reason
            if outcome.is_for_funds:
                return _refused_for_funds(payout, text, note, policy)
            return change_for(
                payout,
                Event.SEND_REFUSED,
                Note(now, by, text, evidence=f"{REFUSED}{reason}"),
                Fields(failure_code=FailureCode.MONOOVA_REFUSED, failure_reason=text),
            )
        case NotAuthenticated():
            # Due at once: it is read as soon as sending is allowed again.
            back = Fields(lease_id=None, due_at=now)
            return change_for(payout, Event.SEND_NOT_AUTHENTICATED, note, back)
        case NotSent():
            return _not_sent(payout, note, policy)
        case Reported(report):
            return _reported(payout, report, note, policy)
        case RateLimited(retry_after):
            back = Fields(lease_id=None, due_at=heeded_until(now, retry_after))
            return change_for(payout, Event.SEND_RATE_LIMITED, note, back)
        case _:
            detail = f"{outcome.why}: {outcome.said}" if outcome.said else outcome.why.value
            return in_doubt(payout, Event.SEND_UNCLEAR, detail, note, policy)


def _refused_for_funds(payout: Payout, said: str, note: Note, policy: Policy) -> Change:
    """Nothing has moved, and it can be sent again once money came in, under the same reference.

    What we know of the balance may say that there is enough: so the gaps grow.
    """
    looks = payout.looks + 1
    back = Fields(lease_id=None, looks=looks, due_at=next_look_at(note.at, payout.looks, policy))
    words = Note(note.at, note.by, said, evidence=f"refused:{said}")
    return without_funds(payout, words, back)


def without_funds(payout: Payout, note: Note, fields: Fields) -> Change:
    """The account does not hold what the payout takes: it waits, and is sent when it does."""
    waits = Fields(waits_for=QueueReason.NO_FUNDS) | fields
    return change_for(payout, Event.WITHOUT_FUNDS, note, waits)


def row_expired(payout: Payout, note: Note, look_at: datetime) -> Change:
    """A row of a file that could not be sent in time: a person decides, nothing is sent.

    Raises:
        ForbiddenTransitionError: it does not wait to be sent.
    """
    flagged = change_for(payout, Event.ROW_EXPIRED, note, review_reason=ReviewReason.ROW_EXPIRED)
    return Change(flagged.fields | Fields(due_at=look_at), flagged.entries)


def _accepted(payout: Payout, transaction_id: str, note: Note, policy: Policy) -> Change:
    known = payout.monoova_transaction_id
    if known not in (None, transaction_id):
        return contradicted(payout, note, f"accepted as transaction {transaction_id}")
    # A bank rejects only what Monoova took: its report and the acceptance agree.
    is_told = payout.failure_code in (FailureCode.BANK_REJECTED, FailureCode.DISHONOURED)
    if is_told or effect_of(payout.state, Event.SEND_ACCEPTED).kind is Kind.STAY:
        # The webhook overtook the answer and may not have carried the number.
        return NO_CHANGE if known else Change(Fields(monoova_transaction_id=transaction_id))
    first_look = next_look_at(note.at, 0, policy)
    return change_for(
        payout,
        Event.SEND_ACCEPTED,
        Note(note.at, note.by, evidence=evidence_of_acceptance(transaction_id)),
        Fields(monoova_transaction_id=transaction_id, lease_id=None, looks=0, due_at=first_look),
    )


def _not_sent(payout: Payout, note: Note, policy: Policy) -> Change:
    """Nothing left us. One that was in doubt before stays so, and this was no resend of it."""
    soon = next_look_at(note.at, 0, policy)
    if not payout.ambiguous:
        fields = Fields(lease_id=None, due_at=soon)
        if not _was_answered(payout):
            fields |= Fields(last_sent_at=None)
        return change_for(payout, Event.NOT_SENT, note, fields)
    why = Uncertainty.NOT_SENT_AFTER_DOUBT.value
    change = in_doubt(payout, Event.SEND_UNCLEAR, why, note, policy)
    if change.is_empty:
        return change
    uncounted = Fields(resends=max(0, payout.resends - 1))
    return Change(change.fields | uncounted, change.entries)


def _was_answered(payout: Payout) -> bool:
    """Whether Monoova has heard of it from an earlier request, as far as its history tells."""
    return payout.history_size >= MOST_HISTORY_ENTRIES or any(
        entry.event in _TURNED_AWAY
        or (entry.event == Event.WITHOUT_FUNDS and entry.evidence is not None)
        for entry in payout.history
    )


def _reported(payout: Payout, report: Report, note: Note, policy: Policy) -> Change:
    """Monoova knows it from an earlier attempt: it is taken, or has ended unpaid already."""
    told = Note(note.at, note.by, f"status API: {report.standing}", f"status:{report.standing}")
    if report.standing in (Standing.REJECTED, Standing.DISHONOURED):
        return _rejected(payout, report, told)
    first_look = next_look_at(note.at, 0, policy)
    fields = Fields(lease_id=None, looks=0, due_at=first_look)
    return change_for(payout, Event.SEND_ACCEPTED, told, fields)


def in_doubt(payout: Payout, event: Event, why: str, note: Note, policy: Policy) -> Change:
    """An attempt ended without a clear answer: the first look follows soon."""
    return change_for(
        payout,
        event,
        Note(note.at, note.by, why),
        Fields(
            ambiguous=True,
            doubt_since=payout.doubt_since or note.at,
            lease_id=None,
            looks=0,
            due_at=next_look_at(note.at, 0, policy),
        ),
    )


def contradicted(facts: Facts, note: Note, what: str) -> Change:
    """A report that cannot be true together with what is recorded: kept, raised, not believed."""
    return change_for(facts, Event.CONTRADICTED, Note(note.at, note.by, what, what))


def after_report(
    payout: Payout,
    report: Report,
    now: datetime,
    by: str,
    policy: Policy,
    *,
    may_send_again: bool,
) -> Change | SendAgain:
    """What the status API's word on an open payout does to it.

    `may_send_again` says that a second call is made at all, as things stand. It is `SEND_AGAIN`
    only once Monoova has said twice, minutes apart and past the grace, that it does not know it.
    """
    note = Note(now, by, f"status API: {report.standing}", f"status:{report.standing}")
    match report.standing:
        case Standing.COMPLETE:
            return change_for(payout, Event.SETTLED_COMPLETE, note)
        case Standing.REJECTED | Standing.DISHONOURED:
            return _rejected(payout, report, note)
        case Standing.PENDING if payout.state is State.UNRESOLVED:
            fields = Fields(looks=payout.looks + 1, due_at=next_look_at(now, payout.looks, policy))
            return change_for(payout, Event.SEND_ACCEPTED, note, fields)
        case Standing.UNKNOWN_REFERENCE if is_past_grace(payout.last_sent_at, now, policy):
            return _unknown_past_grace(payout, note, policy, may_send_again=may_send_again)
        case _:
            return _look_again(payout, note, policy)


def _rejected(payout: Payout, report: Report, note: Note) -> Change:
    is_rejected = report.standing is Standing.REJECTED
    code = FailureCode.BANK_REJECTED if is_rejected else FailureCode.DISHONOURED
    reason = report.description or report.standing.value
    fields = Fields(failure_code=code, failure_reason=reason)
    return change_for(payout, Event.SETTLED_REJECTED, note, fields)


def _unknown_past_grace(
    payout: Payout, note: Note, policy: Policy, *, may_send_again: bool
) -> Change | SendAgain:
    if payout.needs_review or payout.state not in (State.UNRESOLVED, State.ACCEPTED):
        return _look_again(payout, note, policy)
    if payout.state is State.ACCEPTED:
        return _given_up(payout, ReviewReason.ACCEPTED_BUT_UNKNOWN, note, policy)
    is_in_time = not is_overdue(_open_since(payout), note.at, policy)
    if not (may_send_again and is_in_time and payout.resends < policy.max_resends):
        return _given_up(payout, ReviewReason.OUTCOME_UNKNOWN, note, policy)
    since = payout.unknown_since or note.at
    if note.at >= second_report_at(since):
        return SEND_AGAIN
    looks = payout.looks + 1
    return Change(Fields(unknown_since=since, looks=looks, due_at=second_report_at(since)))


def _open_since(payout: Payout) -> datetime:
    """Since when Monoova has had it: what it waited before that, in a pause, is nothing strange."""
    return payout.last_sent_at or payout.released_at


def _look_again(payout: Payout, note: Note, policy: Policy) -> Change:
    if payout.state not in (State.ACCEPTED, State.UNRESOLVED):
        return NO_CHANGE
    if not payout.needs_review and is_overdue(_open_since(payout), note.at, policy):
        return _given_up(payout, ReviewReason.STILL_PENDING, note, policy)
    looks = payout.looks + 1
    return Change(Fields(looks=looks, due_at=next_look_at(note.at, looks, policy)))


def _given_up(payout: Payout, reason: ReviewReason, note: Note, policy: Policy) -> Change:
    """A person has to look; we keep listening, with the longest gaps."""
    flagged = change_for(payout, Event.GAVE_UP, note, review_reason=reason)
    looks = payout.looks + 1
    listening = Fields(looks=looks, due_at=next_look_at(note.at, looks, policy))
    return Change(flagged.fields | listening, flagged.entries)


def claimed(
    payout: Payout, event: Event, now: datetime, by: str, lease_id: str, policy: Policy
) -> Change:
    """Takes a queued payout (`CLAIMED`) or one in doubt (`RESENT`) for sending, with a lease.

    Raises:
        ForbiddenTransitionError: it is not there to be taken.
    """
    fields = Fields(lease_id=lease_id, due_at=lease_until(now, policy), last_sent_at=now)
    if payout.waits_for is not None:
        fields |= Fields(waits_for=None)
    if event is Event.RESENT:
        fields |= Fields(resends=payout.resends + 1, unknown_since=None)
    return change_for(payout, event, Note(now, by), fields)


def approved(payout: Payout, now: datetime, by: str) -> Change:
    """Lets a payout go out that has waited for this.

    Raises:
        ForbiddenTransitionError: it does not wait, or has waited for too long.
    """
    if payout.due_at is not None and payout.due_at <= now:
        raise ForbiddenTransitionError(payout.state, Event.APPROVED)
    return change_for(
        payout,
        Event.APPROVED,
        Note(now, by),
        # Due at once: should its message be lost, the schedule sends it.
        Fields(approved_at=now, approved_by=by, due_at=now),
    )
