"""What Monoova's news does to the payout it names: webhooks, and credits in the mAccount.

How far a webhook is believed is decided by how it came: only a verified signature proves anything.
Everything else makes us ask, the status API or the mAccount's movements.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from chalicelib.payouts.rules.decisions import Facts, Note, change_for
from chalicelib.payouts.rules.payout import (
    NO_CHANGE,
    PENDING,
    Change,
    Event,
    FailureCode,
    Fields,
    Payout,
    ReviewReason,
    State,
)
from chalicelib.payouts.rules.returns import is_past_waiting, next_question_at

MONOOVA: Final = "monoova"
# Looked up at the status API; a call that is under way, or one that never was, is not.
_LOOKED_UP: Final = frozenset({State.ACCEPTED, State.UNRESOLVED})
_MAY_BE_BACK: Final = frozenset({*PENDING, State.COMPLETED, State.RETURNED})
_CAME_BACK: Final = frozenset({Event.MONEY_RETURNED, Event.PART_RETURNED})
_CREDITED: Final = frozenset({*_CAME_BACK, Event.RETURN_SEEN})
_RETURN: Final = "NppReturn"
_CREDIT: Final = "credit"
_HINT: Final = "hint"


class NoticeKind(StrEnum):
    """The webhooks of Monoova that change payouts."""

    PAID = "PaymentSuccessful"
    REJECTED = "Rejected"
    RETURNED = "NppReturn"


class Trust(StrEnum):
    """How far a webhook is believed: Monoova's signature, its secret alone, or neither."""

    SIGNED = "Signed"
    SECRET = "Secret"  # noqa: S105 - a word, not a secret
    HINT = "Hint"


@dataclass(frozen=True, slots=True)
class Notice:
    """A webhook's news of one payout. `reason` is redacted; `amount_cents` None is no number.

    `return_id` is Monoova's of one return: two equal parts have two.
    """

    kind: NoticeKind
    reference: str
    amount_cents: int | None
    monoova_transaction_id: str | None
    reason: str | None = None
    return_id: str | None = None
    trust: Trust = Trust.HINT

    @property
    def evidence(self) -> str:
        return f"{self.kind}:{self.amount_cents}:{self.return_id or self.monoova_transaction_id}"


@dataclass(frozen=True, slots=True)
class Credit:
    """A movement of the mAccount by which money came back. `line` is Monoova's id of it."""

    cents: int
    line: str

    @property
    def evidence(self) -> str:
        return f"{_CREDIT}:{self.cents}:{self.line}"


@dataclass(frozen=True, slots=True)
class ReportedReturn:
    """A return as a webhook told of it, signed or not. `return_id` is perhaps the payment's own."""

    cents: int
    return_id: str


def after_notice(facts: Facts, notice: Notice, now: datetime) -> Change:
    """What a webhook does to the payout it names."""
    if notice.kind is NoticeKind.RETURNED:
        return _after_return(facts, notice, now)
    if notice.trust is Trust.HINT:
        return _hinted(facts, notice, now)
    if _is_of_another_amount(facts, notice):
        return _mismatched(facts, notice, now)
    if facts.state in PENDING and not _is_proof(facts, notice):
        return _hinted(facts, notice, now)
    event, fields = _meaning(notice)
    if facts.monoova_transaction_id is None and notice.monoova_transaction_id:
        fields |= Fields(monoova_transaction_id=notice.monoova_transaction_id)
    return change_for(facts, event, Note(now, MONOOVA, notice.reason, notice.evidence), fields)


def _is_proof(facts: Facts, notice: Notice) -> bool:
    """Whether the news may end an open payout by itself.

    Monoova may number a webhook otherwise than its answer: then the status API knows better.
    """
    if _is_numbered_otherwise(facts, notice):
        return False
    if notice.trust is Trust.SIGNED:
        return True
    is_taken = facts.state is State.ACCEPTED and facts.review_reason is None
    is_undisputed = is_taken and facts.disputed_at is None
    return notice.kind is NoticeKind.PAID and is_undisputed


def _is_of_another_amount(facts: Facts, notice: Notice) -> bool:
    return notice.amount_cents != facts.amount_cents


def _is_numbered_otherwise(facts: Facts, notice: Notice) -> bool:
    known, told = facts.monoova_transaction_id, notice.monoova_transaction_id
    return known is not None and told is not None and known != told


def _meaning(notice: Notice) -> tuple[Event, Fields]:
    if notice.kind is NoticeKind.PAID:
        return Event.SETTLED_COMPLETE, Fields()
    code, reason = FailureCode.BANK_REJECTED, notice.reason or notice.kind.value
    return Event.SETTLED_REJECTED, Fields(failure_code=code, failure_reason=reason)


def _hinted(facts: Facts, notice: Notice, now: datetime) -> Change:
    """Kept in the history, and the status API is asked at once; of the same signed news, once."""
    note = Note(now, MONOOVA, _told(facts, notice), f"{_HINT}:{notice.evidence}")
    fields = _asked_now(facts, now)
    if notice.kind is not NoticeKind.PAID and facts.disputed_at is None:
        fields |= Fields(disputed_at=now)
    change = change_for(facts, Event.HINTED, note, fields)
    is_repeated = notice.trust is Trust.SIGNED and not change.entries
    return NO_CHANGE if is_repeated else change


def _asked_now(facts: Facts, now: datetime) -> Fields:
    """Due now; what is under way, or never was, keeps its time, which is no look at Monoova."""
    return Fields(due_at=now) if facts.state in _LOOKED_UP else Fields()


def _told(facts: Facts, notice: Notice) -> str:
    is_other = _is_numbered_otherwise(facts, notice)
    other = f", of another transaction: {notice.monoova_transaction_id}" if is_other else ""
    unsigned = "" if notice.trust is Trust.SIGNED else ", not signed"
    reason = f": {notice.reason}" if notice.reason else ""
    return f"{notice.kind}{unsigned}{other}{reason}"


def _mismatched(facts: Facts, notice: Notice, now: datetime) -> Change:
    what = f"{notice.kind} with another amount: {notice.amount_cents} cents"
    change = change_for(facts, Event.CONTRADICTED, Note(now, MONOOVA, what, notice.evidence))
    if change.is_empty:
        return change
    return Change(change.fields | _asked_now(facts, now), change.entries)


# --- money that comes back


def _after_return(facts: Facts, notice: Notice, now: datetime) -> Change:
    if notice.trust is not Trust.SIGNED or _is_numbered_otherwise(facts, notice):
        return _reported(facts, notice, now)
    cents = notice.amount_cents
    if cents is None or cents < 1:
        return _mismatched(facts, notice, now)
    known = {(told.cents, told.return_id) for told in _returns_in(facts, _CAME_BACK)}
    ids = {notice.return_id, notice.monoova_transaction_id}
    if any((cents, each) in known for each in ids):
        return NO_CHANGE
    reported = sum(told.cents for told in _returns_in(facts, _CAME_BACK)) + cents
    if reported > facts.amount_cents:
        what = f"{notice.kind} of {cents} cents: more than was paid"
        return change_for(facts, Event.CONTRADICTED, Note(now, MONOOVA, what, notice.evidence))
    came_back = max(reported, _came_back(facts))
    note = Note(now, MONOOVA, notice.reason, notice.evidence)
    fields = Fields(return_reported_at=now)
    if facts.monoova_transaction_id is None and notice.monoova_transaction_id:
        fields |= Fields(monoova_transaction_id=notice.monoova_transaction_id)
    return _back(facts, came_back, facts.return_seen_cents, note, fields)


def _reported(facts: Facts, notice: Notice, now: datetime) -> Change:
    """A return that nothing proves yet: the mAccount's movements will be asked for its credit."""
    if facts.state not in _MAY_BE_BACK and notice.trust is Trust.HINT:
        return NO_CHANGE
    note = Note(now, MONOOVA, _told(facts, notice), f"{_HINT}:{notice.evidence}")
    fields = _asked_now(facts, now)
    if facts.state in PENDING:
        fields |= Fields(return_reported_at=now)
    elif facts.due_at is None:
        # Already waiting, it goes on as it is: more of the same must not put the question off.
        fields = Fields(return_reported_at=now, due_at=next_question_at(now, now))
    change = change_for(facts, Event.RETURN_REPORTED, note, fields)
    return change if change.entries else NO_CHANGE


def _back(facts: Facts, came_back: int, seen: int, note: Note, fields: Fields) -> Change:
    """So much came back in all, of which the mAccount has shown `seen`."""
    is_seen = seen >= max(came_back, _awaited_cents(facts))
    fields |= Fields(
        returned_cents=came_back,
        return_seen_cents=seen,
        return_seen_at=note.at if is_seen else None,
        due_at=None if is_seen else next_question_at(note.at, note.at),
    )
    if came_back == facts.amount_cents:
        reason = note.detail or _RETURN
        fields |= Fields(failure_code=FailureCode.RETURNED, failure_reason=reason)
        return change_for(facts, Event.MONEY_RETURNED, note, fields)
    part = ReviewReason.PART_RETURNED
    change = change_for(facts, Event.PART_RETURNED, note, review_reason=part)
    if change.is_empty or facts.state not in _MAY_BE_BACK:
        return change
    if facts.state in PENDING and facts.review_reason is not ReviewReason.CONTRADICTION:
        fields |= Fields(needs_review=True, review_reason=part)
    return Change(change.fields | fields, change.entries)


def _awaited_cents(facts: Facts) -> int:
    """For how much credits are awaited: what all reports together say came back, signed or not."""
    told = _returns_in(facts, _CAME_BACK | {Event.RETURN_REPORTED})
    return min(facts.amount_cents, sum(each.cents for each in set(told)))


def _came_back(facts: Facts) -> int:
    """Rows of before there were parts say it by their state alone."""
    return facts.amount_cents if facts.state is State.RETURNED else facts.returned_cents


def _returns_in(facts: Facts, events: frozenset[Event]) -> tuple[ReportedReturn, ...]:
    """The returns that webhooks told of, each by its own id, as the history has them."""
    told = (
        entry.evidence.removeprefix(f"{_HINT}:").split(":", 2)
        for entry in facts.history
        if entry.event in events and entry.evidence
    )
    found = (parts for parts in told if len(parts) == 3 and parts[0] == _RETURN)
    return tuple(ReportedReturn(int(c), number) for _, c, number in found if c.isdecimal())


def reported_returns(payout: Payout) -> tuple[ReportedReturn, ...]:
    """Every return that was told of, signed or not: what a credit's amount has to fit."""
    return _returns_in(payout, _CAME_BACK | {Event.RETURN_REPORTED})


def signed_returns(payout: Payout) -> tuple[ReportedReturn, ...]:
    """Those by whose number alone a credit may be known. An unsigned one could name another's."""
    return _returns_in(payout, _CAME_BACK)


def fits(payout: Payout, credit: Credit) -> bool:
    """Whether a credit under the payout's reference is of an amount in which it came back: all of
    it, what is left of it, or a part that was told of. A fee may be given back under it too.
    """
    left = payout.amount_cents - payout.return_seen_cents
    told = (each.cents for each in reported_returns(payout))
    return credit.cents in (payout.amount_cents, left, *told)


def after_credit(payout: Payout, credit: Credit, now: datetime, by: str) -> Change:
    """What a credit that Monoova's books show does to the payout it belongs to."""
    told = {entry.evidence for entry in payout.history if entry.event in _CREDITED}
    if payout.state not in (State.COMPLETED, State.RETURNED) or credit.evidence in told:
        return NO_CHANGE
    seen = payout.return_seen_cents + credit.cents
    if seen > payout.amount_cents:
        what = f"The mAccount shows {credit.cents} cents more than was paid coming back."
        return change_for(payout, Event.CONTRADICTED, Note(now, by, what, credit.evidence))
    note = Note(now, by, "The mAccount shows the money that came back.", credit.evidence)
    before = _came_back(payout)
    if seen > before:
        return _back(payout, seen, seen, note, Fields())
    fields = Fields(return_seen_cents=seen)
    if seen == before >= _awaited_cents(payout):
        fields |= Fields(returned_cents=before, return_seen_at=now, due_at=None)
    return change_for(payout, Event.RETURN_SEEN, note, fields)


def after_shared_credit(payout: Payout, credit: Credit, now: datetime, by: str) -> Change:
    """What a credit does that may as well be another payout's: it counts for neither."""
    what = f"The mAccount shows {credit.cents} cents coming back that may be another payout's."
    note = Note(now, by, what, f"shared:{credit.evidence}")
    return change_for(payout, Event.CONTRADICTED, note)


def after_question(payout: Payout, now: datetime, by: str, *, is_answered: bool) -> Change:
    """What follows when the books were asked and a credit is still wanting.

    Without an answer it stays due, but not for ever.
    """
    if payout.due_at is None or payout.due_at > now or not payout.state.is_final:
        return NO_CHANGE
    reported_at = payout.return_reported_at
    if reported_at is None:
        return Change(Fields(due_at=None))
    if not is_past_waiting(reported_at, now):
        again = Fields(due_at=next_question_at(reported_at, now))
        return Change(again) if is_answered else NO_CHANGE
    note = Note(now, by, "No credit in the mAccount within ten banking days.")
    reason = ReviewReason.RETURN_NOT_SEEN
    flagged = change_for(payout, Event.RETURN_NOT_SEEN, note, review_reason=reason)
    return Change(flagged.fields | Fields(due_at=None), flagged.entries)
