"""A stand-in for the user pool's sign-in page, which no emulated AWS has.

It speaks what the console speaks to Cognito: `/oauth2/authorize` with a form, `/oauth2/token` with
PKCE (RFC 7636), `/oauth2/revoke` (RFC 7009), `/logout`; it knows its visitors again by a cookie,
as the real page does. The tokens are real ones, of the emulated user pool. Never deployed.
"""

import base64
import contextlib
import hashlib
import html
import json
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from tools.devstack.processes import LOOPBACK

_COOKIE: Final = "sign-in"
_CODE_SECONDS: Final = 60.0
_MOST_BYTES: Final = 16_384

Tokens = Mapping[str, str]
"""`id_token`, `access_token` and `refresh_token`."""

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 16px }}
main {{ display: grid; place-items: center; min-height: 90vh }}
form {{ display: grid; gap: 12px; width: min(340px, 100%) }}
input, button {{ font: inherit; padding: 8px 10px; width: 100%; box-sizing: border-box }}
h1 {{ font-size: 1.25rem; margin: 0 }}
p {{ margin: 0 }}
</style></head><body><main><form method="post">
<h1>Sign in</h1>
<p>The local stand-in for the user pool's page.</p>
{wrong}
<label>E-mail
<input name="username" type="email" autocomplete="username" required autofocus></label>
<label>Password
<input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button>
</form></main></body></html>
"""
_WRONG: Final = '<p role="alert">Incorrect e-mail or password.</p>'


@dataclass(frozen=True, slots=True)
class Users:
    """The emulated user pool: tokens for a password, and for a refresh token; else None."""

    sign_in: Callable[[str, str], Tokens | None]
    renew: Callable[[str], Tokens | None]


@dataclass(frozen=True, slots=True)
class _Grant:
    tokens: Tokens
    challenge: str
    redirect_uri: str
    good_until: float


@dataclass
class SignIn:
    """The page's memory. `callbacks` are the only addresses that it redirects to."""

    users: Users
    client_id: str
    callbacks: Collection[str]
    sessions: dict[str, Tokens] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    _grants: dict[str, _Grant] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refusal(self, query: Mapping[str, str]) -> str | None:
        """What is wrong with a request to sign in."""
        wanted = {
            "response_type": query.get("response_type") == "code",
            "client_id": query.get("client_id") == self.client_id,
            "redirect_uri": query.get("redirect_uri") in self.callbacks,
            "code_challenge_method": query.get("code_challenge_method") == "S256",
            "code_challenge": bool(query.get("code_challenge")),
            "state": bool(query.get("state")),
        }
        wrong = [name for name, is_right in wanted.items() if not is_right]
        return f"Not as it should be: {', '.join(wrong)}" if wrong else None

    def way_back(self, query: Mapping[str, str], tokens: Tokens) -> str:
        """The address to go back to, with a code that is good for one exchange."""
        code = secrets.token_urlsafe(24)
        grant = _Grant(
            tokens, query["code_challenge"], query["redirect_uri"], time.monotonic() + _CODE_SECONDS
        )
        with self._lock:
            self._grants[code] = grant
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def exchanged(self, form: Mapping[str, str]) -> Tokens | None:
        """The tokens for a code and its verifier, or for a refresh token."""
        if form.get("client_id") != self.client_id:
            return None
        if form.get("grant_type") == "refresh_token":
            token = form.get("refresh_token", "")
            return None if token in self.revoked else self.users.renew(token)
        if form.get("grant_type") != "authorization_code":
            return None
        with self._lock:
            grant = self._grants.pop(form.get("code", ""), None)
        if grant is None or grant.good_until < time.monotonic():
            return None
        is_theirs = _challenge_of(form.get("code_verifier", "")) == grant.challenge
        return (
            grant.tokens if is_theirs and form.get("redirect_uri") == grant.redirect_uri else None
        )

    def revoke(self, form: Mapping[str, str]) -> bool:
        """No more tokens for this refresh token. All that is answered: is the client ours."""
        is_ours = form.get("client_id") == self.client_id
        if is_ours:
            self.revoked.add(form.get("token", ""))
        return is_ours


def _challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 75
    page: ClassVar[SignIn]

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        query = _only(where.query)
        if where.path == "/oauth2/authorize":
            self._authorize(query)
        elif where.path == "/logout":
            self._log_out(query)
        else:
            self._answer(404, "Not found")

    def do_POST(self) -> None:
        where = urlsplit(self.path)
        length = int(self.headers.get("Content-Length", "0"))
        form = _only(self.rfile.read(min(length, _MOST_BYTES)).decode())
        if where.path == "/oauth2/authorize":
            self._take(_only(where.query), form)
        elif where.path == "/oauth2/token":
            self._token(form)
        elif where.path == "/oauth2/revoke":
            self._revoke(form)
        else:
            self._answer(404, "Not found")

    def _authorize(self, query: Mapping[str, str]) -> None:
        refusal = self.page.refusal(query)
        if refusal:
            self._answer(400, html.escape(refusal))
            return
        known = self.page.sessions.get(self._session())
        if known and query.get("prompt") != "login":
            self._go(self.page.way_back(query, known))
        else:
            self._answer(200, _PAGE.format(wrong=""))

    def _take(self, query: Mapping[str, str], form: Mapping[str, str]) -> None:
        refusal = self.page.refusal(query)
        if refusal:
            self._answer(400, html.escape(refusal))
            return
        tokens = self.page.users.sign_in(form.get("username", ""), form.get("password", ""))
        if tokens is None:
            self._answer(200, _PAGE.format(wrong=_WRONG))
            return
        session = secrets.token_urlsafe(24)
        self.page.sessions[session] = tokens
        cookie = f"{_COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax"
        self._go(self.page.way_back(query, tokens), {"Set-Cookie": cookie})

    def _token(self, form: Mapping[str, str]) -> None:
        tokens = self.page.exchanged(form)
        body = json.dumps(tokens or {"error": "invalid_grant"})
        # The console is of another origin, as it is from Cognito's.
        headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
        self._answer(200 if tokens else 400, body, "application/json", headers)

    def _revoke(self, form: Mapping[str, str]) -> None:
        is_done = self.page.revoke(form)
        body = "" if is_done else json.dumps({"error": "invalid_client"})
        headers = {"Access-Control-Allow-Origin": "*"}
        self._answer(200 if is_done else 400, body, "application/json", headers)

    def _log_out(self, query: Mapping[str, str]) -> None:
        self.page.sessions.pop(self._session(), None)
        if query.get("logout_uri") in self.page.callbacks:
            self._go(query["logout_uri"])
        else:
            self._answer(400, "Not as it should be: logout_uri")

    def _session(self) -> str:
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get(_COOKIE)
        return cookie.value if cookie else ""

    def _go(self, address: str, headers: Mapping[str, str] | None = None) -> None:
        self._answer(303, "", headers={"Location": address, **(headers or {})})

    def _answer(
        self,
        status: int,
        text: str,
        kind: str = "text/html; charset=utf-8",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Referrer-Policy", "no-referrer")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its signature
        """Nothing on the terminal."""


def _only(query: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}


@contextlib.contextmanager
def serving(page: SignIn, port: int = 0) -> Iterator[str]:
    """Serve the page at a loopback port, any free one for 0; the address while the block runs."""
    handler = type("Handler", (_Handler,), {"page": page})
    server = ThreadingHTTPServer((LOOPBACK, port), handler)
    server.daemon_threads = True
    thread = threading.Thread(
        target=server.serve_forever, args=(0.02,), name="sign-in", daemon=True
    )
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
