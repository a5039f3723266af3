"""The in-process adapter: mount it on a `requests.Session` and Monoova is there, without a socket.

Faults show themselves as they would on a wire, as real exceptions of requests, but at once: where
a client would have waited, the given clock is moved instead.
"""

import io
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)
from urllib3.response import HTTPResponse
from urllib3.util import Timeout

from simulator.clock import ManualClock
from simulator.control import answer
from simulator.messages import Line, Reply, Request
from simulator.monoova import Monoova


class SimulatorAdapter(BaseAdapter):
    """Hands every request of a session to `monoova`.

    `advance` is called with the seconds that the client would have waited: its read timeout, or
    the delay of an answer that came in time. `clock` is short for `advance=clock.advance`.
    """

    def __init__(
        self,
        monoova: Monoova,
        *,
        clock: ManualClock | None = None,
        advance: Callable[[float], None] | None = None,
    ) -> None:
        super().__init__()
        self._monoova = monoova
        self._advance = advance or (clock.advance if clock else lambda _: None)
        self._builder = HTTPAdapter()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002  # the signature is BaseAdapter's
        timeout: float | tuple[float, float] | tuple[float, None] | Timeout | None = None,
        verify: bool | str = True,  # noqa: ARG002
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,  # noqa: ARG002
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> requests.Response:
        """Answer, or raise what the fault looks like to a client of requests."""
        reply = answer(self._monoova, _request(request))
        self._wait(request, reply, _read_timeout(timeout))
        if reply.line is Line.REFUSED:
            raise _refused(request)
        if reply.line is Line.RESET:
            raise _reset(request)
        raw = _raw(reply)
        return self._builder.build_response(request, raw)

    def close(self) -> None:
        self._builder.close()

    def _wait(
        self, request: requests.PreparedRequest, reply: Reply, read_timeout: float | None
    ) -> None:
        if read_timeout is not None and reply.hold_seconds > read_timeout:
            self._advance(read_timeout)
            raise requests.ReadTimeout(
                ReadTimeoutError(
                    _pool(request), request.path_url, f"Read timed out. ({read_timeout=})"
                ),
                request=request,
            )
        if reply.hold_seconds:
            self._advance(reply.hold_seconds)


def _request(prepared: requests.PreparedRequest) -> Request:
    parts = urlsplit(prepared.url or "")
    body = prepared.body or b""
    if not isinstance(body, bytes | str):
        raise TypeError("the simulator does not take streamed bodies")
    return Request(
        method=prepared.method or "GET",
        path=parts.path,
        query=dict(parse_qsl(parts.query)),
        headers={str(name).lower(): _header(value) for name, value in prepared.headers.items()},
        body=body.encode() if isinstance(body, str) else body,
    )


def _header(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _read_timeout(timeout: object) -> float | None:
    """The read part of what requests takes as a timeout; None waits for ever."""
    if isinstance(timeout, tuple):
        timeout = timeout[1]
    if isinstance(timeout, Timeout):
        timeout = timeout.read_timeout
    return float(timeout) if isinstance(timeout, int | float) else None


def _raw(reply: Reply) -> HTTPResponse:
    promised = len(reply.body)
    body = reply.body[: promised // 2] if reply.line is Line.CUT_OFF else reply.body
    return HTTPResponse(
        body=io.BytesIO(body),
        status=reply.http,
        headers={
            "Content-Type": reply.content_type,
            "Content-Length": str(promised),
            **reply.headers,
        },
        preload_content=False,
        enforce_content_length=True,
    )


def _pool(request: requests.PreparedRequest) -> HTTPConnectionPool:
    parts = urlsplit(request.url or "")
    return HTTPConnectionPool(parts.hostname or "simulator", parts.port)


def _refused(request: requests.PreparedRequest) -> requests.ConnectionError:
    pool = _pool(request)
    reason = NewConnectionError(
        HTTPConnection(pool.host, pool.port), "[Errno 111] Connection refused"
    )
    return requests.ConnectionError(MaxRetryError(pool, request.path_url, reason), request=request)


def _reset(request: requests.PreparedRequest) -> requests.ConnectionError:
    reason = ConnectionResetError(104, "Connection reset by peer")
    return requests.ConnectionError(ProtocolError("Connection aborted.", reason), request=request)
