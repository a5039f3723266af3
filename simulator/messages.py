"""A request and a reply, as the HTTP server and the adapter pass them on."""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from simulator.behaviour import Behaviour

Json = dict[str, object]

JSON_TYPE = "application/json; charset=utf-8"
DONE = "Operation completed successfully"
IN_PROGRESS = (
    "Payment is in progress, please do not resubmit the transaction. "
    "Use the /financial/v2/status/ API to check the status at a later time."
)


class Line(StrEnum):
    """What the connection does with a reply."""

    SOUND = "sound"
    REFUSED = "refused"
    RESET = "reset"
    CUT_OFF = "cut_off"
    """The headers promise the whole body; the connection ends half-way through it."""


@dataclass(frozen=True)
class Request:
    """One HTTP request. Header names are in lower case; `path` is still percent-encoded."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """One HTTP reply, and what happens to it on its way.

    `hold_seconds`: how long the caller waits before the first byte. The server and the adapter
    wait.
    """

    http: int
    body: bytes
    content_type: str = JSON_TYPE
    line: Line = Line.SOUND
    hold_seconds: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)

    def with_headers(self, headers: Mapping[str, str]) -> "Reply":
        """This reply with more headers."""
        return replace(self, headers={**self.headers, **headers})

    def held(self, seconds: float) -> "Reply":
        """This reply after a longer wait."""
        return replace(self, hold_seconds=self.hold_seconds + seconds)


class Replies:
    """Writes Monoova's envelope: `durationMs`, `status` ("Ok" is success), `statusDescription`."""

    def __init__(self, behaviour: Callable[[], Behaviour], rng: random.Random) -> None:
        self._behaviour = behaviour
        self._rng = rng

    def ok(self, description: str = DONE, status: str = "Ok", /, **more: object) -> Reply:
        """HTTP 200 with `more` beside the envelope."""
        return self.send(200, status, description, **more)

    def refuse(self, status: str, description: str, http: int = 400, /, **more: object) -> Reply:
        """An error in Monoova's envelope."""
        return self.send(http, status, description, **more)

    def send(self, http: int, status: str, description: str, /, **more: object) -> Reply:
        """An envelope with any HTTP code."""
        envelope: Json = {
            "durationMs": self._rng.randint(5, 90),
            "status": status,
            "statusDescription": description,
            **more,
        }
        if self._behaviour().extra_fields:
            envelope["simulatedExtraField"] = {"toIgnore": [1, None]}
        return Reply(http, to_json(envelope))

    def bare(self, payload: Json) -> Reply:
        """HTTP 200 without the envelope, as the official status examples print it."""
        return Reply(200, to_json(payload))


def html(http: int, title: str) -> Reply:
    """A page from whatever stands in front of Monoova: not Monoova's answer."""
    page = f"<html><head><title>{title}</title></head><body><h1>{http} {title}</h1></body></html>"
    return Reply(http, page.encode(), "text/html")


def to_json(
    payload: object, *, indent: int | None = None, separators: tuple[str, str] | None = None
) -> bytes:
    """JSON as UTF-8; a Decimal becomes a JSON number."""
    return json.dumps(payload, default=_number, indent=indent, separators=separators).encode()


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)  # the shortest text that reads back as the same decimal
    raise TypeError(f"{type(value).__name__} is not JSON")


def from_json(body: bytes) -> object:
    """Parse with every number that has a point as a Decimal. ValueError if it is not JSON."""

    def refuse(constant: str) -> object:
        raise ValueError(f"{constant} is not JSON")

    return json.loads(body, parse_float=Decimal, parse_constant=refuse)
