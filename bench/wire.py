"""A proxy between the functions and the emulated AWS: records which calls were made."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from bench.bare import Call
from tools.devstack.processes import LOOPBACK

# The first part of X-Amz-Target, which AWS never renamed.
_SERVICES: Final = {
    "DynamoDB_20120810": "dynamodb",
    "TrentService": "kms",
    "secretsmanager": "secretsmanager",
    "AmazonSQS": "sqs",
}
_SECONDS: Final = 10.0


class Wire:
    """The calls since the last `taken`; `url` is where to call instead of AWS."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._calls: list[tuple[float, Call]] = []

    def record(self, call: Call) -> None:
        """Keeps a call, with the time."""
        self._calls.append((time.time(), call))

    def taken(self) -> list[tuple[float, Call]]:
        """The calls since the last time, each try counted, with the seconds since the epoch."""
        calls, self._calls = self._calls, []
        return calls


@contextmanager
def recording(upstream_url: str) -> Iterator[Wire]:
    """A proxy to `upstream_url` that records calls, while the block runs."""
    server = _Server((LOOPBACK, 0), _Handler)
    server.upstream = urlsplit(upstream_url).netloc
    server.wire = Wire(f"http://{LOOPBACK}:{server.server_address[1]}")
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.wire
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    upstream: str
    wire: Wire


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet for head and body
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Passes on what is no call of a service: the user pool's keys."""
        self._pass_on(b"")

    def do_POST(self) -> None:
        """Records a call and passes it on: all services here take JSON by POST."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        service, _, operation = self.headers["X-Amz-Target"].partition(".")
        self.server.wire.record(Call(_SERVICES[service], operation, json.loads(body)))
        self._pass_on(body)

    def _pass_on(self, body: bytes) -> None:
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=_SECONDS)
        try:
            # `Host`, too, has to be as it was signed.
            upstream.request(self.command, self.path, body, dict(self.headers.items()))
            answer = upstream.getresponse()
            content = answer.read()
        finally:
            upstream.close()
        self.send_response_only(answer.status)
        for name in ("Content-Type", "x-amzn-RequestId", "x-amz-crc32"):
            if value := answer.getheader(name):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its signature
        """Prints nothing."""
