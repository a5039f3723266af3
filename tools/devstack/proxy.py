"""A stable address in front of the emulated API Gateway, whose own has the API's id in it.

It hands requests and answers through as they are. The one thing it answers itself is a browser's
preflight (OPTIONS), with what the deployed template says API Gateway answers: the emulator leaves
the headers out.
"""

import contextlib
import http.client
import re
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final

from tools.devstack.processes import LOOPBACK

# Concern one connection, not the request (RFC 9110, 7.6.1).
_HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_CHUNK_BYTES: Final = 64 * 1024
_UPSTREAM_SECONDS: Final = 35.0  # API Gateway gives up after 29


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # the usual 5 resets the connections of a burst


@contextlib.contextmanager
def serving(
    port: int, upstream_port: int, prefix: str, template: Mapping[str, Any]
) -> Iterator[None]:
    """Serve `http://127.0.0.1:{port}/…` from `{prefix}/…` of the upstream while the block runs."""
    handler = type(
        "Handler",
        (_Handler,),
        {"upstream_port": upstream_port, "prefix": prefix, "preflights": _preflights(template)},
    )
    server = _Server((LOOPBACK, port), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="proxy", daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 75  # of an idle connection

    upstream_port: ClassVar[int]
    prefix: ClassVar[str]
    preflights: ClassVar[list[tuple[re.Pattern[str], dict[str, str]]]]

    def _forward(self) -> None:
        if (
            not self.headers.get("Content-Length", "0").isdecimal()
            or "Transfer-Encoding" in self.headers
        ):
            self.close_connection = True  # where the next request begins is not known
            self.send_error(411)
            return
        upstream = http.client.HTTPConnection(
            LOOPBACK, self.upstream_port, timeout=_UPSTREAM_SECONDS
        )
        try:
            self._send_request(upstream)
            self._send_answer(upstream.getresponse())
        except (OSError, http.client.HTTPException) as error:
            self.close_connection = True
            with contextlib.suppress(OSError):  # it may be the caller who has gone
                self.send_error(502, explain=f"The emulated AWS did not answer: {error}")
        finally:
            upstream.close()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _forward  # noqa: N815

    def do_OPTIONS(self) -> None:
        path = self.path.split("?", 1)[0]
        for pattern, headers in self.preflights:
            if pattern.fullmatch(path):
                self.send_response(200)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
        self._forward()

    def _send_request(self, upstream: http.client.HTTPConnection) -> None:
        upstream.putrequest(
            self.command, self.prefix + self.path, skip_host=True, skip_accept_encoding=True
        )
        for name, value in self.headers.items():
            if name.lower() not in _HOP_BY_HOP and name.lower() != "host":
                upstream.putheader(name, value)
        upstream.putheader("Host", f"{LOOPBACK}:{self.upstream_port}")
        upstream.endheaders()
        left = int(self.headers.get("Content-Length", "0"))
        while left > 0:
            chunk = self.rfile.read(min(left, _CHUNK_BYTES))
            if not chunk:
                raise ConnectionError("the caller went away")
            upstream.send(chunk)
            left -= len(chunk)

    def _send_answer(self, answer: http.client.HTTPResponse) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        if answer.getheader("Content-Length") is None and answer.status not in (204, 304):
            # Its end can only be told by closing the connection.
            self.send_header("Connection", "close")
        self.end_headers()
        while chunk := answer.read(_CHUNK_BYTES):
            self.wfile.write(chunk)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its signature
        """The functions log; a second line for each request would hide theirs."""


def _preflights(template: Mapping[str, Any]) -> list[tuple[re.Pattern[str], dict[str, str]]]:
    """The path of each preflight in a SAM template, and the headers of its answer."""
    paths = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    return [
        (_path_pattern(path), _preflight_headers(methods["options"]))
        for path, methods in paths.items()
        if "options" in methods
    ]


def _path_pattern(path: str) -> re.Pattern[str]:
    pieces = re.split(r"\{[^}]+\}", path)
    return re.compile(r"[^/]+".join(re.escape(piece) for piece in pieces))


def _preflight_headers(method: Mapping[str, Any]) -> dict[str, str]:
    integration = method["x-amazon-apigateway-integration"]
    parameters = integration["responses"]["default"]["responseParameters"]
    # `method.response.header.Name: "'value'"`, the quotes being part of the value.
    return {name.rsplit(".", 1)[1]: value.strip("'") for name, value in parameters.items()}
