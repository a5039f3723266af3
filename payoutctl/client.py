"""Our API over HTTP, as the operator. Every way in which a call can fail has one exit code.

A call that was refused, and one whose outcome is not known, are told apart: that decides whether
a payout may be requested again.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

import requests
import simplejson
import urllib3

from payoutctl.exits import Exit, Failure

_CONNECT_SECONDS: Final = 5.0
_READ_SECONDS: Final = 35.0  # API Gateway gives up after 29
# A token is as good as a password for an hour: never over a line that can be read.
_SAFE_URL: Final = re.compile(
    r"https://[^\s/@]+(/\S*)?|http://(127\.0\.0\.1|localhost)(:\d+)?(/\S*)?"
)

_EXITS: Final = {
    401: Exit.NOT_ALLOWED,
    403: Exit.NOT_ALLOWED,
    404: Exit.NOT_FOUND,
    409: Exit.CONFLICT,
    429: Exit.TRY_AGAIN,
    503: Exit.TRY_AGAIN,
}
_NO_SUCH_ROUTE: Final = "Missing Authentication Token"


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer."""

    status: int
    headers: Mapping[str, str]
    text: str = field(repr=False)

    @property
    def json(self) -> Any:
        """The document, with amounts as exact decimals; None where there is none."""
        return json.loads(self.text, parse_float=Decimal) if self.text else None

    @property
    def is_replay(self) -> bool:
        """Whether it was asked before, and this is what became of it."""
        return self.headers.get("Idempotent-Replayed") == "true"


def new_http(url: str) -> requests.Session:
    """For calls to `url`: by the proxy that the machine names, but never with others' passwords."""
    session = requests.Session()
    session.auth = _unchanged  # a .netrc must not replace the Authorization header
    session.trust_env = not url.startswith("http://")
    return session


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


class Api:
    """One method for each verb; each raises `Failure` for whatever is not a good answer."""

    def __init__(self, url: str, token: Callable[[], str | None], http: requests.Session) -> None:
        """`token` is asked for before each call that needs one.

        Raises:
            Failure: the address could be read along.
        """
        if not _SAFE_URL.fullmatch(url):
            raise Failure(
                "The API's address must be https://…, or http:// on this machine.", Exit.USAGE
            )
        self.url = url.rstrip("/")
        self._token = token
        self._http = http

    def get(self, path: str, **query: object) -> Any:
        """The document at `path`; a query of None is left out."""
        return self.ask("GET", path, query=query).json

    def post(self, path: str, body: object = None) -> Any:
        return self.ask("POST", path, body={} if body is None else body).json

    def delete(self, path: str) -> None:
        self.ask("DELETE", path)

    def pages(self, path: str, **query: object) -> Iterator[Any]:
        """Every page of a list."""
        while True:
            page = self.get(path, **query)
            yield page
            if not page.get("next_cursor"):
                return
            query["cursor"] = page["next_cursor"]

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, object] | None = None,
        is_open: bool = False,
    ) -> Answer:
        """One request.

        Raises:
            Failure: with the exit code that says what may be done now.
        """
        sent = {"Accept": "application/json", **(headers or {})}
        token = None if is_open else self._token()
        if token:
            sent["Authorization"] = token
        is_write = method != "GET"
        try:
            response = self._http.request(
                method,
                f"{self.url}{path}",
                data=raw if raw is not None else _body(body, sent),
                headers=sent,
                params={k: _plain(v) for k, v in (query or {}).items() if v is not None},
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _unanswered(error, self.url, is_write=is_write) from None
        response.encoding = "utf-8"
        if 200 <= response.status_code < 300:
            return Answer(response.status_code, response.headers, response.text)
        raise _refused(response, is_write=is_write)


def at(*parts: str) -> str:
    """A path of parts, whatever stands in them."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def _body(body: object, headers: dict[str, str]) -> bytes | None:
    if body is None:
        return None
    headers.setdefault("Content-Type", "application/json")
    return simplejson.dumps(body, use_decimal=True).encode()


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unanswered(error: requests.RequestException, url: str, *, is_write: bool) -> Failure:
    """No connection: nothing was sent. Anything later: it may have arrived."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    is_unsent = isinstance(error, requests.ConnectTimeout) or isinstance(
        reason, urllib3.exceptions.NewConnectionError
    )
    if is_unsent:
        return Failure(
            f"{url} cannot be reached: nothing was sent.",
            Exit.TRY_AGAIN,
            {"code": "NothingSent", "detail": "The API cannot be reached: nothing was sent."},
        )
    if not is_write:
        return Failure(
            "The API did not respond. Nothing was changed.",
            Exit.TRY_AGAIN,
            {"code": "NoAnswer", "detail": "The API did not respond."},
        )
    return Failure(
        "The response was lost: it may have been done. Check before you try again.",
        Exit.UNKNOWN,
        {"code": "AnswerLost", "detail": "The response was lost: it may have been done."},
    )


def _refused(response: requests.Response, *, is_write: bool) -> Failure:
    problem = _problem(response)
    status, code = response.status_code, str(problem.get("code", ""))
    ends = _EXITS.get(status, Exit.REFUSED)
    # Only our own 503 says that nothing was done: any other is of something that stands between,
    # and what is behind it may have gone on.
    is_problem = response.headers.get("Content-Type", "").startswith("application/problem+json")
    is_ours = status == 503 and is_problem and code not in ("", "OutcomeUnknown")
    if status >= 500 and not is_ours:
        ends = Exit.UNKNOWN if is_write else Exit.TRY_AGAIN
    if status == 403 and problem.get("message") == _NO_SUCH_ROUTE:
        ends = Exit.REFUSED
    return Failure(words_of(problem, status), ends, problem)


def _problem(response: requests.Response) -> dict[str, Any]:
    try:
        document = json.loads(response.text, parse_float=Decimal)
    except ValueError:
        document = None
    return document if isinstance(document, dict) else {"status": response.status_code}


def words_of(problem: Mapping[str, Any], status: int) -> str:
    """A problem in words: what, which field, under which code, and the request to look for."""
    detail = problem.get("detail")
    if not detail and problem.get("message") == _NO_SUCH_ROUTE:
        detail = "This API has no such route: it is an older version, or another API."
    if not detail and status == 401:
        detail = "Not signed in, or the session has ended: payoutctl login."
    lines = [str(detail or problem.get("message") or f"The API answered HTTP {status}.")]
    for name, messages in (problem.get("errors") or {}).items():
        lines.append(f"  {name}: {' '.join(messages)}")
    if problem.get("transaction_id"):
        lines.append(f"  payout {problem['transaction_id']}")
    marks = [str(problem[name]) for name in ("code", "request_id") if problem.get(name)]
    if marks:
        lines.append(f"  ({', request '.join(marks)})")
    return "\n".join(lines)
