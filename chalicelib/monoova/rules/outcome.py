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
    """One HTTP reply; `envelope` is None where the body is not a JSON object.

    `retry_after` is what its header of that name asks for, in seconds.
    """

    http_status: int
    envelope: Envelope | None
    retry_after: int | None = None


class Silence(StrEnum):
    """Why there was no HTTP reply at all. Only `NOT_SENT` proves that nothing arrived.

    `NOT_SENT`: no connection came about, so that no byte of the request left us.
    """

    NOT_SENT = "NotSent"
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
    NOT_SENT_AFTER_DOUBT = "NotSentAfterDoubt"
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

    @property
    def is_for_funds(self) -> bool:
        """Whether its words speak of the money in our account: to be asked once they are redacted,
        since a payee may be called a fund."""
        return bool(_SPEAKS_OF_FUNDS.search(f"{self.reason} {self.description}"))


@dataclass(frozen=True, slots=True)
class NotAuthenticated:
    """The API key was not accepted, or the account is locked after five failures."""

    is_locked: bool


@dataclass(frozen=True, slots=True)
class NotSent:
    """This attempt did not leave us, and says nothing of an earlier one."""


@dataclass(frozen=True, slots=True)
class RateLimited:
    """Monoova takes no more calls at this moment (HTTP 429), and did not look at this one.

    `retry_after` is for how many seconds, if it says so.
    """

    retry_after: int | None


@dataclass(frozen=True, slots=True)
class Unclear:
    """Nothing is proven. `may_try_again` marks those that another attempt may clear up at once.

    Those are the errors that a server has told us of. Where the answer was lost, Monoova may still
    be working.

    `said` is Monoova's own status name, not yet redacted, for the rules that judge it.
    """

    why: Uncertainty
    may_try_again: bool
    said: str = field(default="", compare=False)


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


@dataclass(frozen=True, slots=True)
class Reported:
    """Between two attempts the status API knew the payout: it is not sent again."""

    report: Report


SendOutcome = Accepted | Refused | NotAuthenticated | RateLimited | NotSent | Unclear | Reported


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
_TOO_MANY_REQUESTS: Final = 429

# The wording of Monoova's duplicate answer is not documented: anything that sounds like one is
# taken for one, since the payout it speaks of may be ours.
_SOUNDS_DUPLICATE: Final = re.compile(
    r"duplicat|already|\bre-?used?\b|\bused\b|not ?unique|be ?unique|unique ?(reference|id)", re.I
)

# Nor are the words for want of money documented: what is wrongly taken for them waits and is shown.
_SPEAKS_OF_FUNDS: Final = re.compile(r"insufficient|(?<!re)funds?|balance|not ?enough ?money", re.I)

_STANDINGS: Final = {
    "complete": Standing.COMPLETE,
    "pending": Standing.PENDING,
    "waitingonclearedfunds": Standing.PENDING,
    "rejected": Standing.REJECTED,
    "dishonoured": Standing.DISHONOURED,
}


def _key(text: str | None) -> str:
    return (text or "").casefold()


def name_in(answer: Answer) -> str:
    """Monoova's status name, without case; empty where the reply has none."""
    return _key(answer.envelope.status) if answer.envelope else ""


def _login_problem(answer: Answer) -> NotAuthenticated | None:
    name = name_in(answer)
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


def _rate_limit(answer: Answer) -> RateLimited | None:
    is_one = answer.http_status == _TOO_MANY_REQUESTS
    return RateLimited(answer.retry_after) if is_one else None


def is_rate_limited(answer: Answer) -> bool:
    """Whether the reply says that there are too many calls: it proves nothing but that."""
    return _rate_limit(answer) is not None


def is_not_permitted(answer: Answer) -> bool:
    """Whether the reply says that this key may not call this endpoint, not that it is wrong."""
    is_problem = name_in(answer) in (_LOCKED_OUT, _LOGIN_FAILED)
    return answer.http_status == 403 and not is_problem


def outcome_of_send(
    answer: Answer | Silence, reference: str, *, in_doubt_before: bool
) -> SendOutcome:
    """What one call of `execute` proves about the payout `reference`.

    `in_doubt_before` says that an earlier attempt under this reference ended unclear: then
    neither a refusal nor a failed login shows that nothing has moved.
    """
    if answer is Silence.NOT_SENT:
        return NotSent()
    if isinstance(answer, Silence):
        return Unclear(Uncertainty(answer.value), may_try_again=False)
    return _outcome_of_answer(answer, reference, in_doubt_before=in_doubt_before)


def _outcome_of_answer(answer: Answer, reference: str, *, in_doubt_before: bool) -> SendOutcome:
    login_problem = _login_problem(answer)
    turned_away = login_problem or _rate_limit(answer)
    # What has a number was looked at, whatever else is said of it.
    is_taken = answer.envelope is not None and answer.envelope.has_transaction
    if turned_away and not (in_doubt_before or is_taken):
        return turned_away
    if login_problem:
        return Unclear(Uncertainty.NOT_AUTHENTICATED_AFTER_DOUBT, may_try_again=False)
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
    reason = envelope.status or ""
    if not reason or _key(reason) in _TAKEN or envelope.has_transaction:
        return Unclear(Uncertainty.UNCLEAR_ANSWER, may_try_again=False)
    if _SOUNDS_DUPLICATE.search(f"{reason} {envelope.description}"):
        return Unclear(Uncertainty.DUPLICATE_REFERENCE, False, reason)
    if in_doubt_before:
        return Unclear(Uncertainty.REFUSED_AFTER_DOUBT, False, reason)
    return Refused(reason, envelope.description, is_known_refusal(reason))


def is_known_refusal(name: str) -> bool:
    """Whether Monoova's status name stands in our table of refusals, which need no confirmation."""
    return _key(name).removeprefix(_PREFIX) in _KNOWN_REFUSALS


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
