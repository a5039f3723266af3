"""Monoova over HTTP. A call never raises for what Monoova does: its answer says what is known."""

import base64
import codecs
import json
import math
import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import certifi
import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection

from chalicelib.core import observability
from chalicelib.core.observability import Metric
from chalicelib.core.secrets import Credentials, CredentialsSource, SecretUnavailableError
from chalicelib.monoova.rules.outcome import (
    Answer,
    Envelope,
    Report,
    Silence,
    Standing,
    is_evidence,
    is_login_problem,
    report_of,
    standing_of,
)

if TYPE_CHECKING:
    from chalicelib.monoova.line_stream import LineStream

_CONNECT_SECONDS: Final = 3.05
_READ_SECONDS: Final = 10.0
# One reply on 20,000 references has about 6 MB; what is larger than this is not Monoova.
_MOST_BYTES: Final = 32 * 1024 * 1024
_CHUNK_BYTES: Final = 64 * 1024
# What `_envelope_of` reads. An answer by date has a line for each payout of its dates: with all
# that stands in them, a hundred thousand lines would be more than a small function can hold.
_READ: Final = frozenset(
    {
        "status",
        "statusDescription",
        "transactionId",
        "callerUniqueReference",
        "uniqueReference",
        "transactionStatus",
    }
)
_Read = Callable[[requests.Response, float], bytes | None]
# What monoova/reports.py reads of a line; as for a status, a day has tens of thousands.
_READ_OF_A_LINE: Final = frozenset(
    {
        "uniqueReference",
        "uniqueReferenced",
        "transactionId",
        "totalAmount",
        "feeAmountIncludingGst",
        "debit",
        "credit",
    }
)
# The field that tells such an object from all others, and what is read of it.
_LINES: Final = {
    "transactionStatus": _READ,
    "uniqueReferenced": _READ_OF_A_LINE,
    "runningBalance": _READ_OF_A_LINE,
}
# Which line it is matters of money that came in, and hardly any did.
_OF_A_CREDIT: Final = ("mPaymentsId", "dateTime")
_TRANSACTION_ID: Final = re.compile(r"[0-9A-Za-z]{1,40}")
# What urllib3 raises where no connection came about, name resolution included.
_UNCONNECTED: Final = (
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NewConnectionError,
)
# A connection that was kept while the function was frozen may be dead, and the first call over it
# would end in doubt for no reason.
_IDLE_SECONDS: Final = 30.0
# Of a number of seconds; it stands for years.
_MOST_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Account:
    """The mAccount's money, in dollars. Monoova keeps four decimals: these are not cents."""

    actual_balance: Decimal | None
    available_to_debit: Decimal | None
    npp_balance: Decimal | None
    npp_payout_limit: Decimal | None


@dataclass(frozen=True, slots=True)
class _Reply:
    """An HTTP reply, read to its end; `document` is None where the body is not JSON."""

    http_status: int
    document: object
    content: bytes = field(repr=False)
    retry_after: int | None = None

    @property
    def answer(self) -> Answer:
        is_object = isinstance(self.document, dict)
        envelope = _envelope_of(self.document) if is_object else None
        return Answer(self.http_status, envelope, self.retry_after)


class _Connection(HTTPSConnection):
    """A connection whose failure to come about cannot be taken for one of a request's.

    urllib3 reports a handshake that fails or takes too long as it does an answer that does.
    """

    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:
            raise urllib3.exceptions.NewConnectionError(self, type(error).__name__) from error


class _Connections(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Connection


class _ModernTls(HTTPAdapter):
    """TLS 1.2 or newer (Monoova refuses older), one context for all connections."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        context = ssl.create_default_context(cafile=certifi.where())
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        super().init_poolmanager(*args, **kwargs, ssl_context=context)
        self.poolmanager.pool_classes_by_scheme = {"https": _Connections}


def new_session() -> requests.Session:
    """A session without proxies, .netrc or redirects: it calls only the address it is given."""
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", _ModernTls(max_retries=0))
    return session


class MonoovaClient:
    """One method per endpoint that we call. Times out, never retries a call.

    The one exception is a refused login: if the secret has been rotated meanwhile, the call is
    made once more with the new key. A call whose secret cannot be read is not sent; ask
    `check_ready` before anything that must not begin without it.
    """

    def __init__(self, credentials: CredentialsSource, session: requests.Session) -> None:
        self._credentials = credentials
        self._session = session
        self._used_at = time.monotonic()

    def check_ready(self) -> Credentials:
        """The credentials that calls will use.

        Raises:
            SecretUnavailableError
        """
        return self._credentials.current()

    def execute(self, body: bytes, seconds: float = _READ_SECONDS) -> Answer | Silence:
        """`POST /financial/v2/transaction/execute`: may move money, whatever it answers."""
        return self._answer("execute", "POST", "/financial/v2/transaction/execute", body, seconds)

    def validate(self, body: bytes, seconds: float = _READ_SECONDS) -> Answer | Silence:
        """`POST /financial/v2/transaction/validate`: moves nothing, uses up no reference."""
        return self._answer("validate", "POST", "/financial/v2/transaction/validate", body, seconds)

    def status_of(
        self, reference: str, seconds: float = _READ_SECONDS
    ) -> tuple[Report, Answer | Silence]:
        """`GET /financial/v2/status/{uniqueReference}`: the report, and how the call went."""
        path = f"/financial/v2/status/{quote(reference, safe='')}"
        answer = self._answer("status", "GET", path, None, seconds)
        return report_of(answer, reference), answer

    def reports(self, start: date, end: date) -> tuple[Mapping[str, Report], Answer | Silence]:
        """`GET /financial/v2/status/{startDate}/{endDate}`, by reference.

        A reference that is missing here proves nothing: how Monoova dates a payout is not known.
        """
        path = f"/financial/v2/status/{start.isoformat()}/{end.isoformat()}"
        reply = self._call("statuses", "GET", path, None, _READ_SECONDS)
        if isinstance(reply, Silence):
            return {}, reply
        return (_reports_of(reply.document) if is_evidence(reply.answer) else {}), reply.answer

    def account(self, maccount_token: str) -> tuple[Account | None, Answer | Silence]:
        """`GET /mAccount/v1/financials/{accountNumber}`; None if Monoova did not say."""
        path = f"/mAccount/v1/financials/{quote(maccount_token, safe='')}"
        reply = self._call("financials", "GET", path, None, _READ_SECONDS)
        if isinstance(reply, Silence):
            return None, reply
        return _account_of(reply), reply.answer

    def call_json(
        self, name: str, method: str, path: str, body: bytes | None, seconds: float
    ) -> tuple[Mapping[str, Any], Answer | Silence]:
        """Any other call that may change something: the JSON object of its reply, and how it went.

        `name` stands for the call in the log, where no path does.
        """
        reply = self._call(name, method, path, body, seconds)
        if isinstance(reply, Silence):
            return {}, reply
        return (reply.document if isinstance(reply.document, dict) else {}), reply.answer

    def public_key(self) -> bytes | None:
        """`GET /public/v1/certificate/public-key`: PKCS#1 DER, sent as hexadecimal text."""
        path = "/public/v1/certificate/public-key"
        reply = self._call("public_key", "GET", path, None, _READ_SECONDS, is_public=True)
        if isinstance(reply, Silence) or reply.http_status != 200:
            return None
        try:
            return bytes.fromhex(reply.content.decode("ascii").strip())
        except ValueError:
            return None

    def ping(self) -> Answer | Silence:
        """`GET /public/v1/ping`: needs no login, so it cannot lock an account."""
        reply = self._call("ping", "GET", "/public/v1/ping", None, _READ_SECONDS, is_public=True)
        return reply if isinstance(reply, Silence) else reply.answer

    def ask(
        self,
        name: str,
        method: str,
        path: str,
        body: bytes | None = None,
        seconds: float = _READ_SECONDS,
    ) -> tuple[object, Answer | Silence]:
        """Any other question: its document, None where Monoova did not say; and how it went.

        `name` is what the call is noted as.
        """
        reply = self._call(name, method, path, body, seconds)
        if isinstance(reply, Silence):
            return None, reply
        return (reply.document if is_evidence(reply.answer) else None), reply.answer

    def stream(
        self, name: str, path: str, body: bytes, seconds: float, lines: "LineStream"
    ) -> Answer | Silence:
        """Any question whose answer may be too large to hold; `lines` takes its lines as they come.

        What they say is to be believed only if the answer is evidence: they came before its end.
        """

        def read(response: requests.Response, ends: float) -> bytes | None:
            return _streamed(response, ends, lines)

        reply = self._call(name, "POST", path, body, seconds, read=read)
        return reply if isinstance(reply, Silence) else reply.answer

    def _answer(
        self, name: str, method: str, path: str, body: bytes | None, seconds: float
    ) -> Answer | Silence:
        reply = self._call(name, method, path, body, seconds)
        return reply if isinstance(reply, Silence) else reply.answer

    def _call(
        self,
        name: str,
        method: str,
        path: str,
        body: bytes | None,
        seconds: float,
        *,
        is_public: bool = False,
        read: _Read | None = None,
    ) -> _Reply | Silence:
        try:
            credentials = self._credentials.current()
        except SecretUnavailableError:
            return Silence.NOT_SENT
        reply = self._timed(
            credentials, method, path, body, seconds, is_public=is_public, read=read
        )
        if isinstance(reply, _Reply) and is_login_problem(reply.answer) and not is_public:
            renewed = self._renewed(credentials)
            if renewed:
                reply = self._timed(renewed, method, path, body, seconds, read=read)
        said = reply.value if isinstance(reply, Silence) else str(reply.http_status)
        observability.note(monoova_status=f"{name} {said}")
        return reply

    def _renewed(self, refused: Credentials) -> Credentials | None:
        try:
            return self._credentials.renewed(refused)
        except SecretUnavailableError:
            return None

    def _timed(
        self,
        credentials: Credentials,
        method: str,
        path: str,
        body: bytes | None,
        seconds: float,
        *,
        is_public: bool = False,
        read: _Read | None = None,
    ) -> _Reply | Silence:
        started = time.monotonic()
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if not is_public:
            headers["Authorization"] = _basic(credentials)
        try:
            url = credentials.base_url + path
            return self._sent(url, method, headers, body, seconds, read or _content_of)
        except requests.RequestException as error:
            return _silence_of(error)
        # What urllib3 raises while the body is read.
        except urllib3.exceptions.TimeoutError:
            return Silence.TIMEOUT
        except urllib3.exceptions.HTTPError:
            return Silence.CUT_OFF
        finally:
            elapsed = (time.monotonic() - started) * 1000
            observability.measure(Metric.MONOOVA_MILLISECONDS, elapsed)

    def _sent(
        self,
        url: str,
        method: str,
        headers: Mapping[str, str],
        body: bytes | None,
        seconds: float,
        read: _Read,
    ) -> _Reply | Silence:
        if time.monotonic() - self._used_at > _IDLE_SECONDS:
            self._session.close()
        self._used_at = time.monotonic()
        ends = self._used_at + seconds
        with self._session.request(
            method,
            url,
            data=body,
            headers=dict(headers),
            timeout=(min(_CONNECT_SECONDS, seconds), seconds),
            allow_redirects=False,
            stream=True,
        ) as response:
            content = read(response, ends)
            if content is None:
                return Silence.CUT_OFF
            retry_after = _retry_after_of(response.headers)
            return _Reply(response.status_code, _document_of(content), content, retry_after)


def _silence_of(error: requests.RequestException) -> Silence:
    """What a call that raised this proves.

    It was not sent only where no connection came about: name resolution, a refused connection, a
    timeout while connecting, TLS. A kept connection that turns out to be dead may have carried it.
    """
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, urllib3.exceptions.MaxRetryError) else None
    if isinstance(error, requests.ConnectTimeout) or isinstance(reason, _UNCONNECTED):
        return Silence.NOT_SENT
    is_timeout = isinstance(error, requests.Timeout)
    return Silence.TIMEOUT if is_timeout else Silence.CONNECTION_FAILED


def _content_of(response: requests.Response, ends: float) -> bytes | None:
    """The body, read to its end; None if it is too long, or not there in time."""
    content = bytearray()
    # The read timeout is per packet: a reply that drips would outlive the function.
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        content += chunk
        if len(content) > _MOST_BYTES or time.monotonic() > ends:
            return None
    return bytes(content)


def _streamed(response: requests.Response, ends: float, lines: "LineStream") -> bytes | None:
    """What is left of the body without its lines; None if it was not there in time.

    Of a body that is not one with lines its beginning is left: a refusal says what it is in that.
    """
    lines.restart()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    beginning = b""
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        beginning = beginning or chunk
        try:
            lines.feed(decoder.decode(chunk))
        except ValueError:
            return beginning
        if time.monotonic() > ends:
            return None
    try:
        return json.dumps(lines.envelope(), default=str).encode()
    except ValueError:
        return beginning


def _retry_after_of(headers: Mapping[str, str]) -> int | None:
    """The seconds that `Retry-After` asks for, which may be a date (RFC 9110, section 10.2.3).

    A date is counted from the reply's own, so that it matters not whose clock is right.
    """
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return int(text[:_MOST_DIGITS])
    try:
        until, since = parsedate_to_datetime(text), parsedate_to_datetime(headers.get("Date", ""))
        return max(0, math.ceil((until - since).total_seconds()))
    except (ValueError, TypeError):
        return None


def _basic(credentials: Credentials) -> str:
    """The API key as user, an empty password."""
    return "Basic " + base64.b64encode(f"{credentials.api_key.reveal()}:".encode()).decode()


def _document_of(content: bytes) -> object:
    try:
        return json.loads(content, parse_float=Decimal, object_hook=_slim)
    # ArithmeticError: an exponent that no Decimal can hold.
    except (ValueError, ArithmeticError, RecursionError):
        return None


def _slim(read: dict[str, Any]) -> dict[str, Any]:
    """Of a line that answers have thousands of, no more than we want to know."""
    for mark, wanted in _LINES.items():
        if mark in read:
            kept = {name: value for name, value in read.items() if name in wanted}
            if kept.get("credit"):
                kept |= {name: read.get(name) for name in _OF_A_CREDIT}
            return kept
    return read


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def number_of(value: object) -> str | None:
    """The digits of a transaction id, which Monoova sends as a number or as a text."""
    text = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    return text if _TRANSACTION_ID.fullmatch(text) else None


def _envelope_of(document: object) -> Envelope | None:
    """The envelope in a document; fields of the wrong type count as absent."""
    if not isinstance(document, dict):
        return None
    return Envelope(
        status=_text(document.get("status")),
        description=_text(document.get("statusDescription")) or "",
        transaction_id=number_of(document.get("transactionId")),
        reference=_text(document.get("callerUniqueReference"))
        or _text(document.get("uniqueReference")),
        transaction_status=_text(document.get("transactionStatus")),
    )


def _reports_of(document: object) -> Mapping[str, Report]:
    items = document.get("statuses") if isinstance(document, dict) else None
    if not isinstance(items, list):
        return {}
    reports: dict[str, Report] = {}
    # Thousands of lines say the same: it is kept once.
    said: dict[Report, Report] = {}
    for item in items:
        envelope = _envelope_of(item)
        if envelope is None or envelope.reference is None:
            continue
        report = Report(standing_of(envelope.transaction_status), envelope.description)
        # Two entries that disagree about one reference prove neither.
        is_new = envelope.reference not in reports
        same = is_new or reports[envelope.reference].standing is report.standing
        kept = report if same else Report(Standing.UNCLEAR)
        reports[envelope.reference] = said.setdefault(kept, kept)
    return reports


def _account_of(reply: _Reply) -> Account | None:
    document = reply.document
    if not isinstance(document, dict) or not 200 <= reply.http_status < 300:
        return None
    financials = document.get("financials", document)
    if not isinstance(financials, dict) or "availableToDebit" not in financials:
        return None
    return Account(
        actual_balance=_money(financials.get("actualBalance")),
        available_to_debit=_money(financials.get("availableToDebit")),
        npp_balance=_money(financials.get("nppBalance")),
        npp_payout_limit=_money(financials.get("nppPayoutLimit")),
    )


def _money(value: object) -> Decimal | None:
    is_number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    return Decimal(str(value)) if is_number else None
