"""What an answer of Monoova proves about a payout, and what it does not.

Monoova documents its envelope (`status`, `statusDescription`, `transactionId`: 0 on any error) but
neither the HTTP codes of most errors nor all of their names. Whatever stands in no table below is
therefore unclear, and unclear is never a failure.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


@dataclass(frozen=True, slots=True)
class Envelope:
    """The fields of a JSON reply that decisions are made from. Absent ones are None.

    `transaction_id` is the digits of Monoova's number; "0" is how Monoova says there is none.
    `reference` is the echo of our unique reference.
    """

    status: str | None
    description: str
    transaction_id: str | None = None
    reference: str | None = None
    transaction_status: str | None = None

    @property
    def has_transaction(self) -> bool:
        return self.transaction_id not in (None, "0")


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP reply; `envelope` is None where the body is not a JSON object."""

    http_status: int
    envelope: Envelope | None


class Silence(StrEnum):
    """Why there was no HTTP reply at all. None of these proves that nothing arrived."""

    TIMEOUT = "Timeout"
    CONNECTION_FAILED = "ConnectionFailed"
    CUT_OFF = "CutOff"


class Uncertainty(StrEnum):
    """Why we do not know what became of an attempt."""

    TIMEOUT = "Timeout"
    CONNECTION_FAILED = "ConnectionFailed"
    CUT_OFF = "CutOff"
    SERVER_ERROR = "ServerError"
    DUPLICATE_REFERENCE = "DuplicateReference"
    UNCLEAR_ANSWER = "UnclearAnswer"
    REFUSED_AFTER_DOUBT = "RefusedAfterDoubt"
    NOT_AUTHENTICATED_AFTER_DOUBT = "NotAuthenticatedAfterDoubt"
    LEASE_EXPIRED = "LeaseExpired"


@dataclass(frozen=True, slots=True)
class Accepted:
    """Monoova took the payout."""

    monoova_transaction_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Monoova answered that it did not take the payout.

    `is_known` is false for a status that is in no table: then one look at the status API has to
    confirm it. `reason` is Monoova's own status name, `description` its text, not yet redacted.
    """

    reason: str
    description: str
    is_known: bool


@dataclass(frozen=True, slots=True)
class NotAuthenticated:
    """The API key was not accepted, or the account is locked after five failures."""

    is_locked: bool


@dataclass(frozen=True, slots=True)
class Unclear:
    """Nothing is proven. `may_try_again` marks those that another attempt may clear up.

    `said` is Monoova's own status name, not yet redacted, for the rules that judge it.
    """

    why: Uncertainty
    may_try_again: bool
    said: str = field(default="", compare=False)


SendOutcome = Accepted | Refused | NotAuthenticated | Unclear


class Standing(StrEnum):
    """What the status API says of a reference."""

    COMPLETE = "Complete"
    PENDING = "Pending"
    REJECTED = "Rejected"
    DISHONOURED = "Dishonoured"
    UNKNOWN_REFERENCE = "UnknownReference"
    UNCLEAR = "Unclear"


@dataclass(frozen=True, slots=True)
class Report:
    """The status API's answer on one reference; `description` is not yet redacted."""

    standing: Standing
    description: str = ""


# Monoova puts a prefix before some of these names and not before others.
_PREFIX: Final = "financialvalidate"
_KNOWN_REFUSALS: Final = frozenset(
    {
        "disbursementnppcreditpayiddetailsareinvalid",
        "disbursementnppcreditbankaccountdetailsareinvalid",
        "invaliddisbursementmethod",
        "requestbodyisnottheexpectedtype",
        "invalidtotalamount",
        "totalamountismorethanmaxtransactionlimit",
        "invalidmaccount",
    }
)
_LOGIN_FAILED: Final = "merchantfailedtologin"
_LOCKED_OUT: Final = "merchantlockedout"
_UNKNOWN_REFERENCE: Final = "uniqueidnotfound"
_TAKEN: Final = frozenset({"ok", "pending"})
_RETRIED: Final = frozenset({500, 502, 503, 504})

# The wording of Monoova's duplicate answer is not documented: anything that sounds like one is
# taken for one, since the payout it speaks of may be ours.
_SOUNDS_DUPLICATE: Final = re.compile(
    r"duplicat|already|\bre-?used?\b|\bused\b|not ?unique|be ?unique|unique ?(reference|id)", re.I
)

_STANDINGS: Final = {
    "complete": Standing.COMPLETE,
    "pending": Standing.PENDING,
    "waitingonclearedfunds": Standing.PENDING,
    "rejected": Standing.REJECTED,
    "dishonoured": Standing.DISHONOURED,
}


def _key(text: str | None) -> str:
    return (text or "").casefold()


def _login_problem(answer: Answer) -> NotAuthenticated | None:
    name = _key(answer.envelope.status) if answer.envelope else ""
    if name == _LOCKED_OUT:
        return NotAuthenticated(is_locked=True)
    if name == _LOGIN_FAILED or answer.http_status == 401:
        return NotAuthenticated(is_locked=False)
    # A firewall in between says 403 too, but not in Monoova's envelope.
    if answer.http_status == 403 and name:
        return NotAuthenticated(is_locked=False)
    return None


def is_login_problem(answer: Answer) -> bool:
    """Whether the reply, to whatever call, says that the API key was not accepted."""
    return _login_problem(answer) is not None


def is_lock_out(answer: Answer) -> bool:
    """Whether the reply says that the account is locked (for an hour, after five failures)."""
    problem = _login_problem(answer)
    return problem is not None and problem.is_locked


def is_not_permitted(answer: Answer) -> bool:
    """Whether the reply says that this key may not call this endpoint, not that it is wrong."""
    name = _key(answer.envelope.status) if answer.envelope else ""
    return answer.http_status == 403 and name not in (_LOCKED_OUT, _LOGIN_FAILED)


def outcome_of_send(
    answer: Answer | Silence, reference: str, *, in_doubt_before: bool
) -> SendOutcome:
    """What one call of `execute` proves about the payout `reference`.

    `in_doubt_before` says that an earlier attempt under this reference ended unclear: then
    neither a refusal nor a failed login shows that nothing has moved.
    """
    if isinstance(answer, Silence):
        return Unclear(Uncertainty(answer.value), may_try_again=True)
    login_problem = _login_problem(answer)
    if login_problem:
        if in_doubt_before:
            return Unclear(Uncertainty.NOT_AUTHENTICATED_AFTER_DOUBT, may_try_again=False)
        return login_problem
    if answer.http_status in _RETRIED:
        return Unclear(Uncertainty.SERVER_ERROR, may_try_again=True)
    if answer.envelope is None:
        return Unclear(Uncertainty.UNCLEAR_ANSWER, may_try_again=False)
    if 200 <= answer.http_status < 300:
        return _taken(answer.envelope, reference)
    if answer.http_status == 400:
        return _refused(answer.envelope, in_doubt_before=in_doubt_before)
    return Unclear(Uncertainty.UNCLEAR_ANSWER, may_try_again=False)


def _taken(envelope: Envelope, reference: str) -> SendOutcome:
    is_ours = envelope.reference in (None, reference)
    if _key(envelope.status) in _TAKEN and is_ours and envelope.has_transaction:
        assert envelope.transaction_id is not None  # has_transaction says so
        return Accepted(envelope.transaction_id)
    return Unclear(Uncertainty.UNCLEAR_ANSWER, False, envelope.status or "")


def _refused(envelope: Envelope, *, in_doubt_before: bool) -> SendOutcome:
    name = _key(envelope.status)
    if not name or name in _TAKEN or envelope.has_transaction:
        return Unclear(Uncertainty.UNCLEAR_ANSWER, may_try_again=False)
    if _SOUNDS_DUPLICATE.search(f"{envelope.status} {envelope.description}"):
        return Unclear(Uncertainty.DUPLICATE_REFERENCE, False, envelope.status or "")
    if in_doubt_before:
        return Unclear(Uncertainty.REFUSED_AFTER_DOUBT, False, envelope.status or "")
    is_known = name.removeprefix(_PREFIX) in _KNOWN_REFUSALS
    return Refused(envelope.status or "", envelope.description, is_known)


def report_of(answer: Answer | Silence, reference: str) -> Report:
    """What the status API's reply on `reference` proves."""
    if isinstance(answer, Silence) or answer.envelope is None or _login_problem(answer):
        return Report(Standing.UNCLEAR)
    envelope = answer.envelope
    if answer.http_status in _RETRIED or envelope.reference not in (None, reference):
        return Report(Standing.UNCLEAR)
    if _key(envelope.status) == _UNKNOWN_REFERENCE:
        return Report(Standing.UNKNOWN_REFERENCE)
    if not is_evidence(answer):
        return Report(Standing.UNCLEAR)
    return Report(standing_of(envelope.transaction_status), envelope.description)


def is_evidence(answer: Answer) -> bool:
    """Whether the reply to a question is an answer at all: evidence comes from no other.

    Monoova's own examples of status replies leave the envelope's status out.
    """
    status = _key(answer.envelope.status) if answer.envelope else None
    return 200 <= answer.http_status < 300 and status in ("", "ok")


def standing_of(transaction_status: str | None) -> Standing:
    """The standing that Monoova's word for it means; a word not in the table is unclear."""
    return _STANDINGS.get(_key(transaction_status), Standing.UNCLEAR)


def is_answered(answer: Answer | Silence) -> bool:
    """Whether Monoova answered at all: what the circuit breaker counts as a success."""
    return (
        isinstance(answer, Answer)
        and answer.envelope is not None
        and answer.http_status not in _RETRIED
    )
