"""The switches: one for each point on which Monoova's documentation is silent.

The defaults are the reading that the OpenAPI v5.29 and its examples suggest; every other value
is something that a client must survive because nothing rules it out.
"""

from dataclasses import dataclass, fields, replace
from decimal import Decimal, InvalidOperation
from enum import Enum, StrEnum
from zoneinfo import ZoneInfo


class Duplicate(StrEnum):
    """What a second execute under a booked `uniqueReference` gets."""

    REFUSED = "refused"
    REPLAYED = "replayed"
    ERROR = "error"
    BOOKED_AGAIN = "booked_again"


class PendingAnswer(StrEnum):
    """How execute says that the bank has not answered yet."""

    OK_WITH_TEXT = "ok_with_text"
    STATUS_PENDING = "status_pending"


class InsufficientFunds(StrEnum):
    """When a payout larger than the balance is refused."""

    REFUSED = "refused"
    REJECTED_LATER = "rejected_later"


class Outage(StrEnum):
    """A trouble that hits every call, whatever it asks."""

    NONE = "none"
    UNAVAILABLE = "unavailable"
    CONNECTION_REFUSED = "connection_refused"
    TIMEOUT = "timeout"


class RetryAfter(StrEnum):
    """What stands in the `Retry-After` header of an answer 429."""

    SECONDS = "seconds"
    DATE = "date"
    ABSENT = "absent"


class Signature(StrEnum):
    """What stands in the `Verification-Signature` header of a webhook."""

    PRESENT = "present"
    ABSENT = "absent"
    WRONG = "wrong"


class WebhookForm(StrEnum):
    """`OFFICIAL`: PascalCase, no event name. `SEED`: camelCase, `eventName`, ids as strings."""

    OFFICIAL = "official"
    SEED = "seed"


class Layout(StrEnum):
    """How the JSON of a webhook is laid out; what is signed is those very bytes."""

    SPACED = "spaced"
    COMPACT = "compact"
    INDENTED = "indented"


class Blank(StrEnum):
    """How a webhook shows a payee field that the payout did not use (PayID of a bank payout)."""

    NULL = "null"
    ABSENT = "absent"
    EMPTY = "empty"


class StatusDate(StrEnum):
    """Which date the status-by-date call filters on."""

    EXECUTED = "executed"
    COMPLETED = "completed"


@dataclass(frozen=True)
class Behaviour:
    """Every switch, with its default. Change with `Monoova.behave(name=value)`.

    Seconds are divided by the simulator's speed, except `latency_seconds`, `hold_seconds` and
    `late_arrival_seconds`: those race the client's own timeout, which no speed factor shortens.
    Of calls a minute, 0 is any number of them.
    """

    duplicate: Duplicate = Duplicate.REFUSED
    duplicate_status: str = "SimulatedDuplicateReference"
    refusals_consume_reference: bool = False
    pending_answer: PendingAnswer = PendingAnswer.OK_WITH_TEXT
    insufficient_funds: InsufficientFunds = InsufficientFunds.REFUSED
    insufficient_funds_status: str = "SimulatedInsufficientFunds"
    refund_fee_on_rejection: bool = False
    separate_fee_account: bool = False
    npp_payout_limit: Decimal = Decimal("100000.00")

    unknown_reference_http: int = 400
    visibility_seconds: float = 0.0
    status_date: StatusDate = StatusDate.EXECUTED
    end_date_inclusive: bool = True
    time_zone: str = "Australia/Sydney"
    login_failure_http: int = 401

    executes_per_minute: int = 0
    questions_per_minute: int = 0
    retry_after: RetryAfter = RetryAfter.SECONDS

    outage: Outage = Outage.NONE
    latency_seconds: float = 0.0
    hold_seconds: float = 60.0
    late_arrival_seconds: float = 20.0

    bare_status_replies: bool = False
    statement_shows_rejected: bool = False
    extra_fields: bool = False

    webhook_form: WebhookForm = WebhookForm.OFFICIAL
    webhook_signature: Signature = Signature.PRESENT
    webhook_layout: Layout = Layout.SPACED
    webhook_blank: Blank = Blank.NULL
    webhook_for_instant: bool = False
    webhook_after_seconds: tuple[float, float] = (30.0, 120.0)
    webhook_retry_seconds: float = 30.0
    new_webhook_id_on_retry: bool = False
    return_after_seconds: float = 300.0
    partial_return: bool = False
    return_in_halves: bool = False
    return_credit_after_seconds: float = 0.0
    return_without_credit: bool = False
    return_credit_has_reference: bool = True

    triggers: bool = True

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose local dates the replies print."""
        return ZoneInfo(self.time_zone)

    def changed(self, changes: dict[str, object]) -> "Behaviour":
        """A copy with `changes`; values may be plain JSON. ValueError names what does not fit."""
        known = {field.name for field in fields(self)}
        unknown = sorted(set(changes) - known)
        if unknown:
            raise ValueError(f"no such switch: {', '.join(unknown)}")
        fitted: dict[str, object] = {
            name: _fit(name, value, getattr(self, name)) for name, value in changes.items()
        }
        return replace(self, **fitted)  # type: ignore[arg-type]  # _fit has given each its type


def _fit(name: str, value: object, present: object) -> object:
    try:
        if isinstance(present, tuple):
            return _fit_range(value)
        return _fit_scalar(value, present)
    except (TypeError, ValueError, InvalidOperation) as reason:
        raise ValueError(f"{name} cannot be {value!r}") from reason


def _fit_range(value: object) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise TypeError("a range has two ends")
    low, high = float(value[0]), float(value[1])
    if not 0 <= low <= high:
        raise ValueError("a range runs from low to high")
    return low, high


def _fit_scalar(value: object, present: object) -> object:
    if isinstance(present, Enum):
        return type(present)(value)
    if isinstance(present, bool) or isinstance(value, bool):
        if type(present) is not type(value):
            raise TypeError("a switch is true or false")
        return value
    if isinstance(present, Decimal):
        return Decimal(str(value))
    if isinstance(present, float):
        return float(str(value))
    if isinstance(present, int):
        return int(str(value))
    return str(value)
