"""A transport to Monoova that records every request and response, byte for byte."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import requests
from requests.adapters import BaseAdapter
from urllib3.response import HTTPResponse


@dataclass(frozen=True)
class Exchange:
    """One request and the reply to it. Its `repr` holds no key."""

    method: str
    path: str
    sent_headers: Mapping[str, str] = field(repr=False)
    sent: bytes
    http_status: int
    received: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The reply's JSON object; numbers with a point are Decimals."""
        parsed = json.loads(self.received, parse_float=Decimal)
        assert isinstance(parsed, dict), self.received
        return parsed


class Wire(BaseAdapter):
    """Passes requests to `line`. The client sees the replies as they came."""

    def __init__(self, line: BaseAdapter) -> None:
        super().__init__()
        self._line = line
        self.exchanges: list[Exchange] = []

    @property
    def last(self) -> Exchange:
        return self.exchanges[-1]

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Raises what the line raises; such an exchange leaves no trace."""
        response = self._line.send(request, stream, timeout, verify, cert, proxies)
        received = response.raw.read(decode_content=True)
        response.raw.release_conn()
        body = request.body or b""
        assert isinstance(body, bytes), "the client sends bytes"
        self.exchanges.append(
            Exchange(
                method=request.method or "",
                path=request.path_url,
                sent_headers=dict(request.headers),
                sent=body,
                http_status=response.status_code,
                received=received,
            )
        )
        # It is decoded already, and its length is no longer what the headers say.
        response.raw = HTTPResponse(
            body=io.BytesIO(received), status=response.status_code, preload_content=False
        )
        return response

    def close(self) -> None:
        self._line.close()
