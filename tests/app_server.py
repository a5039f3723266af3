"""The app behind a real port, as API Gateway serves it, for clients that need HTTP."""

import base64
import contextlib
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, unquote, urlsplit

from chalice.app import CognitoUserPoolAuthorizer, IAMAuthorizer

from proof.lambda_events import http_event, user
from proof.user_pool import token_of
from tests.world import LambdaContext, World

_MILLISECONDS: Final = 30_000
_GATEWAY: Final = {"Content-Type": "application/json"}
_NOT_SIGNED_IN: Final = (401, _GATEWAY, b'{"message":"Unauthorized"}')
_NO_SUCH_ROUTE: Final = (403, _GATEWAY, b'{"message":"Missing Authentication Token"}')


@dataclass
class AppServer:
    """The app of a world, served at `url`, one request at a time.

    `lock` is held while a request is answered: hold it to move the world's clock meanwhile.
    """

    world: World
    url: str
    lock: threading.RLock = field(default_factory=threading.RLock)
    callers: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def token(self, *groups: str, name: str | None = None) -> str:
        """A token of a user in these groups, an operator if none is named; always the same user."""
        named = groups or ("operators",)
        sub = name or f"sub-of-{'-'.join(named)}"
        token = token_of(sub, named)
        self.callers[token] = user(sub, ",".join(named))
        return token

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body, from the app or from the gateway before it."""
        parts = urlsplit(target)
        route = self._route(method, unquote(parts.path))
        if route is None:
            return _NO_SUCH_ROUTE
        context: Mapping[str, Any] | None = {}
        if isinstance(route.authorizer, CognitoUserPoolAuthorizer):
            token = headers.get("Authorization", "").removeprefix("Bearer ")
            context = self.callers.get(token)
        elif isinstance(route.authorizer, IAMAuthorizer):
            context = None
        if context is None:
            return _NOT_SIGNED_IN
        return self._response(method, parts.path, parts.query, headers, content, context)

    def _route(self, method: str, path: str) -> Any:
        routes = self.world.app.app.routes
        for resource in sorted(routes, key=lambda each: "{" in each):
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", resource), path):
                return routes[resource].get(method)
        return None

    def _response(
        self,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        content: bytes,
        context: Mapping[str, Any],
    ) -> tuple[int, Mapping[str, str], bytes]:
        app = self.world.app
        event = http_event(app, method, unquote(path), content, headers, context)
        given = parse_qs(query, keep_blank_values=True)
        event["multiValueQueryStringParameters"] = given or None
        event["queryStringParameters"] = {k: v[-1] for k, v in given.items()} or None
        with self.lock:
            answer = app.app(event, LambdaContext(_MILLISECONDS))
        body = answer["body"]
        raw = base64.b64decode(body) if answer.get("isBase64Encoded") else str(body).encode()
        return answer["statusCode"], answer["headers"], raw


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet for head and body
    timeout = 10
    app_server: ClassVar[AppServer]

    def _serve(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {_cased(name): value for name, value in self.headers.items()}
        status, given, body = self.app_server.answer(self.command, self.path, headers, content)
        self.send_response(status)
        for name, value in given.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
        """Nothing on the terminal."""


def _cased(name: str) -> str:
    """As the events of API Gateway have it, whichever way the client wrote it."""
    return "-".join(part.capitalize() for part in name.split("-"))


@contextlib.contextmanager
def serving(world: World) -> Iterator[AppServer]:
    """Answers at a free port of loopback while the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    found = AppServer(world, f"http://127.0.0.1:{server.server_address[1]}")
    server.RequestHandlerClass = type("Handler", (_Handler,), {"app_server": found})
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
