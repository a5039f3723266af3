"""One JSON line per invocation: what happened, and its metrics in the same line.

The line is CloudWatch's Embedded Metric Format, so that logs and metrics cannot disagree. Only
names from `FIELDS` are written: a payee detail has no name under which it could get in.
"""

import json
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Final

from chalicelib.core.clock import Clock

NAMESPACE: Final = "MonoovaPayouts"
_MOST_FRAMES: Final = 8
# What CloudWatch takes of one metric in one line; it drops a line that has more.
_MOST_VALUES: Final = 100
# Of one list of names in a line.
_MOST_NAMES: Final = 100

FIELDS: Final = frozenset(
    {
        "request_id",
        "kind",
        "route",
        "method",
        "status",
        "code",
        "error",
        "frames",
        "actor",
        "transaction_id",
        "customer_id",
        "event_name",
        "outcome",
        "found",
        "failed",
        "batch",
        "batch_id",
        "is_replay",
        "circuit",
        "webhook_id",
        "monoova_status",
        "destination_opened",
        "unreadable",
        "put_off",
    }
)


class Metric(StrEnum):
    """Every metric there is. Alarms and the runbook use the same words.

    CloudWatch bills a name by the hours in which it is written: one that is written every minute
    costs 0.30 US$ a month, one that is written now and then next to nothing.
    """

    PAYOUTS_REQUESTED = "PayoutsRequested"
    PAYOUTS_COMPLETED = "PayoutsCompleted"
    PAYOUTS_FAILED = "PayoutsFailed"
    PAYOUTS_RETURNED = "PayoutsReturned"
    PAYOUTS_CANCELLED = "PayoutsCancelled"
    PAYOUTS_UNRESOLVED = "PayoutsUnresolved"
    PAYOUTS_NEED_REVIEW = "PayoutsNeedReview"
    PAYOUTS_SENT_AGAIN = "PayoutsSentAgain"
    CENTS_COMPLETED = "CentsCompleted"
    SECONDS_TO_COMPLETION = "SecondsToCompletion"
    WEBHOOKS_RECEIVED = "WebhooksReceived"
    WEBHOOKS_REFUSED = "WebhooksRefused"
    WEBHOOKS_SET_ASIDE = "WebhooksSetAside"
    WEBHOOK_SECONDS = "WebhookSeconds"
    MONOOVA_MILLISECONDS = "MonoovaMilliseconds"
    MONOOVA_FAILURES = "MonoovaFailures"
    MONOOVA_LOGIN_FAILURES = "MonoovaLoginFailures"
    MONOOVA_RATE_LIMITS = "MonoovaRateLimits"
    CIRCUIT_OPEN = "CircuitOpen"
    CIRCUIT_OPEN_NOW = "CircuitOpenNow"
    QUESTIONS_STOPPED_NOW = "QuestionsStoppedNow"
    OLDEST_OPEN_SECONDS = "OldestOpenSeconds"
    NEEDS_REVIEW_NOW = "NeedsReviewNow"
    FUNDS_RECEIVED = "FundsReceived"
    FUNDS_UNREADABLE = "FundsUnreadable"
    LOW_BALANCE = "LowBalance"
    WAITING_FOR_FUNDS = "WaitingForFunds"
    BOOKED_TWICE = "BookedTwice"
    INTEGRITY_FAILURES = "IntegrityFailures"
    DAILY_DIFFERENCES = "DailyDifferences"
    DAILY_REPORTS_INCOMPLETE = "DailyReportsIncomplete"
    DAILY_REPORTS_MISSING = "DailyReportsMissing"
    APPROVALS_AGEING = "ApprovalsAgeing"
    BATCH_ROWS_NOT_RELEASED = "BatchRowsNotReleased"
    OLDEST_BATCH_WORK_SECONDS = "OldestBatchWorkSeconds"
    DESTINATION_NOT_APPROVED = "DestinationNotApproved"
    ROWS_UNREADABLE = "RowsUnreadable"
    ROWS_PUT_OFF = "RowsPutOff"
    ERRORS = "Errors"


_UNITS: Final = {
    Metric.SECONDS_TO_COMPLETION: "Seconds",
    Metric.WEBHOOK_SECONDS: "Seconds",
    Metric.OLDEST_OPEN_SECONDS: "Seconds",
    Metric.OLDEST_BATCH_WORK_SECONDS: "Seconds",
    Metric.MONOOVA_MILLISECONDS: "Milliseconds",
}


@dataclass(slots=True)
class Invocation:
    """What one invocation has to say for itself; written when it ends."""

    fields: dict[str, object] = field(default_factory=dict)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)


_current: ContextVar[Invocation | None] = ContextVar("invocation", default=None)


def note(**fields: object) -> None:
    """Adds to the invocation's line.

    Raises:
        ValueError: a name that may not be logged.
    """
    unknown = fields.keys() - FIELDS
    if unknown:
        raise ValueError(f"May not be logged: {sorted(unknown)}")
    invocation = _current.get()
    if invocation is not None:
        invocation.fields.update(fields)


def noted(name: str) -> object:
    """What was noted under `name` in this invocation; None if nothing was."""
    invocation = _current.get()
    return invocation.fields.get(name) if invocation else None


# Written by every run of the reconciler, which is every minute: how things stand, not what
# happened. An alarm on one of them stays until things are well again.
GAUGES: Final = frozenset(
    {Metric.OLDEST_OPEN_SECONDS, Metric.NEEDS_REVIEW_NOW, Metric.CIRCUIT_OPEN_NOW}
)


def count(metric: Metric, *, code: str | None = None) -> None:
    """Counts one; with `code`, also under the metric's name with the code behind it.

    `code` is a word of one of the closed lists: it becomes part of a metric's name.
    """
    measure(metric, 1)
    if code is not None:
        _record(f"{metric}:{code}", 1, "Count")


def measure(metric: Metric, value: float) -> None:
    """Records one value, in the metric's unit."""
    _record(metric.value, value, _UNITS.get(metric, "Count"))


def _record(name: str, value: float, unit: str) -> None:
    invocation = _current.get()
    if invocation is None:
        return
    values = invocation.metrics.setdefault(name, [])
    invocation.units[name] = unit
    if unit == "Count" and values:
        values[0] += value
    else:
        values.append(value)


def note_error(error: BaseException) -> None:
    """Notes an unexpected error: its class and where it came from.

    Never its message: those of libraries may quote what they were given.
    """
    count(Metric.ERRORS)
    note(error=type(error).__name__, frames=_frames(error.__traceback__))


def note_unreadable(name: str, error: BaseException) -> None:
    """Counts a stored item that cannot be read or written, and notes its name, which is an id."""
    count(Metric.ROWS_UNREADABLE)
    note_error(error)
    note_one("unreadable", name)


def note_one(field_name: str, name: str) -> None:
    """Adds one of several, such as an id, to a list of the invocation's line: a hundred at most."""
    before = noted(field_name)
    names = before if isinstance(before, list) else []
    if name not in names and len(names) < _MOST_NAMES:
        note(**{field_name: [*names, name]})


def _frames(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-_MOST_FRAMES:]
    return [f"{f.filename.rpartition('/')[2]}:{f.lineno}:{f.name}" for f in frames]


@contextmanager
def invocation(clock: Clock, stage: str, **fields: object) -> Iterator[None]:
    """Gathers notes and metrics while it lasts, and writes the one line at its end.

    Only of one metric's values past the hundredth there are further lines, without the notes.
    """
    current = Invocation()
    token = _current.set(current)
    started_at = clock.now()
    try:
        note(**fields)
        yield
    except Exception as error:
        note_error(error)
        raise
    finally:
        _current.reset(token)
        ended_at = clock.now()
        _write(current, stage, started_at, ended_at)


def _write(current: Invocation, stage: str, started_at: datetime, ended_at: datetime) -> None:
    milliseconds = round((ended_at - started_at).total_seconds() * 1000)
    notes = {"duration_ms": milliseconds, **current.fields}
    most = max((len(values) for values in current.metrics.values()), default=0)
    for start in range(0, max(most, 1), _MOST_VALUES):
        part = {n: v[start : start + _MOST_VALUES] for n, v in current.metrics.items() if v[start:]}
        line = {"at": ended_at.isoformat(), "stage": stage, **notes}
        if part:
            line |= _embedded(part, current.units, ended_at)
        sys.stdout.write(json.dumps(line, default=str) + "\n")
        notes = {}


def _embedded(
    metrics: dict[str, list[float]], units: dict[str, str], at: datetime
) -> dict[str, object]:
    """The metrics in CloudWatch's format: what they are, and their values beside it."""
    described = {
        "Timestamp": int(at.timestamp() * 1000),
        "CloudWatchMetrics": [
            {
                "Namespace": NAMESPACE,
                "Dimensions": [["stage"]],
                "Metrics": [{"Name": name, "Unit": units[name]} for name in metrics],
            }
        ],
    }
    return {"_aws": described} | {n: v[0] if len(v) == 1 else v for n, v in metrics.items()}
