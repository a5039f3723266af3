"""The HTTP server: loopback only, a thread for each connection and one that lets time pass."""

import socket
import struct
import sys
import threading
from collections.abc import Mapping
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit

import requests

from simulator.clock import utc_now
from simulator.control import answer
from simulator.messages import Line, Reply, Request, html
from simulator.monoova import Monoova

HOST = "127.0.0.1"
MAX_BODY_BYTES = 1_000_000
WEBHOOK_TIMEOUT_SECONDS = 10
# Between these two the scheduler runs again: seldom when idle, soon enough at a high speed.
_LONGEST_NAP = timedelta(milliseconds=100)
_SHORTEST_NAP = timedelta(milliseconds=5)
# Linger on, for 0 s: closing the socket then sends RST where it would have sent FIN.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def post_webhook(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """Deliver over HTTP; the status, or an exception of requests if there was none."""
    with requests.Session() as session:
        session.trust_env = False  # a .netrc must not replace the Authorization header
        reply = session.post(
            url,
            data=body,
            headers=dict(headers),
            timeout=WEBHOOK_TIMEOUT_SECONDS,
            allow_redirects=False,
        )
        return reply.status_code


class SimulatorServer:
    """Serves `monoova` on `http://127.0.0.1:{port}` from `start` to `stop`. Port 0: any free one.

    Over a real connection a refusal to connect cannot be limited to one call: there it shows
    as a reset.
    """

    def __init__(self, monoova: Monoova, port: int = 0) -> None:
        self._stopping = threading.Event()
        self._monoova = monoova
        self._http = _Server((HOST, port), monoova, self._stopping)
        self._threads = [
            threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True),
            threading.Thread(target=self._tick, daemon=True),
        ]

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._http.server_address[1]}"

    def start(self) -> None:
        """Serve; on return a call has been answered."""
        for thread in self._threads:
            thread.start()
        with socket.create_connection((HOST, self._http.server_address[1]), timeout=5) as probe:
            probe.sendall(b"GET /simulator/triggers HTTP/1.0\r\n\r\n")
            if not probe.recv(1):
                raise OSError("the simulator does not answer on its own port")

    def stop(self) -> None:
        """Take no more calls and let the held ones go."""
        self._stopping.set()
        self._http.shutdown()
        self._http.server_close()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> "SimulatorServer":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _tick(self) -> None:
        nap = _SHORTEST_NAP
        while not self._stopping.wait(nap.total_seconds()):
            self._monoova.run_due()
            due = self._monoova.next_due()
            until = _LONGEST_NAP if due is None else due - utc_now()
            nap = min(max(until, _SHORTEST_NAP), _LONGEST_NAP)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], monoova: Monoova, stopping: threading.Event
    ) -> None:
        self.monoova = monoova
        self.stopping = stopping
        super().__init__(address, _Handler)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close without announcing it first, so that a reset is one."""
        self.close_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no error of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "SimulatedMonoova"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet for head and body

    def do_GET(self) -> None:  # the names are http.server's
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Prints nothing: `/simulator/calls` has the log."""

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            self._send(html(413, "Content Too Large"))
            return
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(length)),
        )
        reply = answer(self.server.monoova, request)
        if reply.hold_seconds and self.server.stopping.wait(reply.hold_seconds):
            self.close_connection = True
        elif reply.line in (Line.RESET, Line.REFUSED):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.close_connection = True
        else:
            self._send(reply)

    def _send(self, reply: Reply) -> None:
        is_cut = reply.line is Line.CUT_OFF
        self.send_response_only(reply.http)
        self.send_header("Server", self.version_string())
        for name, value in ({"Date": self.date_time_string()} | dict(reply.headers)).items():
            self.send_header(name, value)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body[: len(reply.body) // 2] if is_cut else reply.body)
        if is_cut:
            self.close_connection = True
