"""The ways in which one call of `execute` goes wrong: one table, used on days and in the proof's
table.

Each names whether the money is booked. What Monoova itself does with a reference that it has (books
it twice, shows it late) is its behaviour, not a fault of a call: `simulator.behaviour` has it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Booked(StrEnum):
    """What has become of the money when the call has gone wrong."""

    NEVER = "never"
    BEFORE = "before the fault"
    EITHER = "never, or before the fault"
    LATER = "after the client gave up"


class Wire(StrEnum):
    """What the client meets in place of an answer."""

    REFUSED = "connection refused"
    NO_NAME = "no address for the name"
    TLS = "TLS fails"
    NO_CONNECTION = "connect timeout"
    READ_TIMEOUT = "read timeout"
    RESET = "connection reset"


@dataclass(frozen=True)
class Spoilt:
    """An answer in place of Monoova's own. `is_cut_off`: half of what its length promises comes."""

    status: int
    content: bytes = b"{}"
    content_type: str = "application/json"
    is_cut_off: bool = False


_HTML: Final = b"<html><body><h1>Our site is being looked after</h1></body></html>"
_ODD: Final = b'{"status": "SomethingElse", "statusDescription": "", "transactionId": 0}'
_HALF: Final = b'{"status": "Ok", "statusDescription": "", "transactionId": 71}'
_SERVER_ERRORS: Final = tuple(Spoilt(status) for status in (500, 502, 503, 504))


@dataclass(frozen=True)
class FaultType:
    """One way; where it has several `forms`, one is drawn each time."""

    name: str
    words: str
    booked: Booked
    forms: tuple[Wire | Spoilt, ...]


FAULT_TYPES: Final = (
    FaultType(
        "not_connected",
        "refused connection, name, TLS",
        Booked.NEVER,
        (Wire.REFUSED, Wire.NO_NAME, Wire.TLS, Wire.NO_CONNECTION),
    ),
    FaultType("timeout_before", "timeout, not booked", Booked.NEVER, (Wire.READ_TIMEOUT,)),
    FaultType("timeout_after", "timeout, booked", Booked.BEFORE, (Wire.READ_TIMEOUT,)),
    FaultType("booked_late", "timeout, booked later", Booked.LATER, (Wire.READ_TIMEOUT,)),
    FaultType("reset_before", "reset, not booked", Booked.NEVER, (Wire.RESET,)),
    FaultType("reset_after", "reset, booked", Booked.BEFORE, (Wire.RESET,)),
    FaultType("error_before", "500, 502-504, not booked", Booked.NEVER, _SERVER_ERRORS),
    FaultType("error_after", "500, 502-504, booked", Booked.BEFORE, _SERVER_ERRORS),
    FaultType("too_many", "429", Booked.NEVER, (Spoilt(429),)),
    FaultType("request_timeout", "408", Booked.EITHER, (Spoilt(408),)),
    FaultType(
        "cut_off",
        "cut-off answer",
        Booked.EITHER,
        (
            Spoilt(200, _HALF, is_cut_off=True),
            Spoilt(200, _HALF[: len(_HALF) // 2]),
            Spoilt(200, b""),
        ),
    ),
    FaultType(
        "not_an_answer",
        "HTML page, status in no table",
        Booked.EITHER,
        (
            Spoilt(200, _HTML, "text/html"),
            Spoilt(404, _HTML, "text/html"),
            Spoilt(502, _HTML, "text/html"),
            Spoilt(200, _ODD),
        ),
    ),
)
