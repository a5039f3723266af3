"""The one line of an invocation: what may stand in it, and that it is CloudWatch's own form."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from chalicelib.core import observability
from chalicelib.core.observability import (
    FIELDS,
    NAMESPACE,
    Metric,
    count,
    invocation,
    measure,
    note,
)
from chalicelib.monoova.rules.circuit import OpenReason
from chalicelib.payouts.metrics import count_change
from chalicelib.payouts.rules.payout import Change, FailureCode, Fields, ReviewReason, State
from tests.payouts.rules.test_life_cycle import payout_in

START: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SECRET_TEXT: Final = "account 987654321 of Jo Citizen"
PAYOUT: Final = replace(
    payout_in(State.ACCEPTED), created_at=START, payout_method="PayId", amount_cents=12_345
)
COMPLETED: Final = {
    "PayoutsCompleted": 1,
    "PayoutsCompleted:PayId": 1,
    "CentsCompleted": 12_345,
    "SecondsToCompletion": 60.0,
}


class SteppingClock:
    """A clock that is a quarter of a second later at each reading."""

    def __init__(self) -> None:
        self._looks = 0

    def now(self) -> datetime:
        self._looks += 1
        return START + timedelta(seconds=0.25 * (self._looks - 1))

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"no test sleeps, not even {seconds} s")


Lines = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def lines_of(capsys: pytest.CaptureFixture[str]) -> Lines:
    """Runs something inside an invocation and answers with the lines that it wrote."""

    def run(action: Callable[[], None] = lambda: None, **fields: object) -> list[dict[str, Any]]:
        with invocation(SteppingClock(), "test", **fields):
            action()
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def test_an_invocation_writes_one_line_of_json_with_its_time_and_duration(lines_of: Lines) -> None:
    (line,) = lines_of(lambda: note(outcome="applied"), kind="http", route="/payouts")
    assert line == {
        "at": "2026-03-02T01:00:00.250000+00:00",
        "stage": "test",
        "duration_ms": 250,
        "kind": "http",
        "route": "/payouts",
        "outcome": "applied",
    }


def test_a_later_note_of_the_same_name_replaces_the_earlier(lines_of: Lines) -> None:
    def twice() -> None:
        note(outcome="first")
        note(outcome="second")

    assert lines_of(twice)[0]["outcome"] == "second"


@pytest.mark.parametrize(
    "name", ["pay_id", "account_number", "account_name", "name", "email", "amount", "body", "url"]
)
def test_a_name_that_is_not_on_the_list_cannot_be_logged(name: str, lines_of: Lines) -> None:
    def careless() -> None:
        with pytest.raises(ValueError, match=f"May not be logged: \\['{name}'\\]"):
            note(transaction_id="t", **{name: SECRET_TEXT})

    (line,) = lines_of(careless)
    assert "987654321" not in json.dumps(line)
    assert "transaction_id" not in line


def test_the_list_of_names_has_none_for_a_payee_detail() -> None:
    suspicious = ("name", "account", "pay_id", "bsb", "email", "body", "header", "secret", "key")
    assert [n for n in FIELDS if any(s in n for s in suspicious) if n != "event_name"] == []


def test_an_unlisted_name_is_refused_outside_of_an_invocation_too() -> None:
    with pytest.raises(ValueError, match="email"):
        note(email="jo@example.com")


def test_outside_of_an_invocation_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    note(outcome="unheard")
    count(Metric.ERRORS)
    assert observability.noted("outcome") is None
    assert capsys.readouterr().out == ""


def test_what_was_noted_can_be_read_while_the_invocation_lasts(lines_of: Lines) -> None:
    def look() -> None:
        assert observability.noted("request_id") == "request-1"
        assert observability.noted("actor") is None

    lines_of(look, request_id="request-1")


# --- metrics


def test_a_metric_stands_in_the_line_in_cloudwatchs_embedded_form(lines_of: Lines) -> None:
    def one() -> None:
        count(Metric.WEBHOOKS_RECEIVED)
        measure(Metric.WEBHOOK_SECONDS, 0.75)

    (line,) = lines_of(one, kind="http")
    assert line["_aws"] == {
        "Timestamp": 1772413200250,
        "CloudWatchMetrics": [
            {
                "Namespace": NAMESPACE,
                "Dimensions": [["stage"]],
                "Metrics": [
                    {"Name": "WebhooksReceived", "Unit": "Count"},
                    {"Name": "WebhookSeconds", "Unit": "Seconds"},
                ],
            }
        ],
    }
    assert (line["WebhooksReceived"], line["WebhookSeconds"]) == (1, 0.75)
    assert line["stage"] == "test"


def test_an_invocation_without_metrics_has_no_embedded_part(lines_of: Lines) -> None:
    assert "_aws" not in lines_of()[0]


def test_a_count_adds_up_and_a_measure_keeps_every_value(lines_of: Lines) -> None:
    def several() -> None:
        for milliseconds in (10, 20, 30):
            count(Metric.PAYOUTS_COMPLETED)
            measure(Metric.MONOOVA_MILLISECONDS, milliseconds)

    (line,) = lines_of(several)
    assert line["PayoutsCompleted"] == 3
    assert line["MonoovaMilliseconds"] == [10, 20, 30]


def test_a_count_with_a_code_is_counted_under_the_code_too(lines_of: Lines) -> None:
    (line,) = lines_of(lambda: count(Metric.CIRCUIT_OPEN, code=OpenReason.LOCKED_OUT))
    assert (line["CircuitOpen"], line["CircuitOpen:LockedOut"]) == (1, 1)


@pytest.mark.parametrize(("values", "lines_needed"), [(100, 1), (101, 2), (250, 3)])
def test_no_line_has_more_values_of_a_metric_than_cloudwatch_takes(
    values: int, lines_needed: int, lines_of: Lines
) -> None:
    def many() -> None:
        for number in range(values):
            count(Metric.PAYOUTS_COMPLETED)
            measure(Metric.MONOOVA_MILLISECONDS, number)
        note(outcome="done")

    lines = lines_of(many)
    found = [line["MonoovaMilliseconds"] for line in lines]
    flat = [v for part in found for v in (part if isinstance(part, list) else [part])]
    assert flat == list(range(values))
    assert len(lines) == lines_needed
    assert all(len(part) <= 100 for part in found if isinstance(part, list))
    assert [line.get("PayoutsCompleted") for line in lines] == [values] + [None] * (len(lines) - 1)
    assert [line.get("outcome") for line in lines] == ["done"] + [None] * (len(lines) - 1)
    for line in lines:
        described = line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
        assert all(metric["Name"] in line for metric in described)


@pytest.mark.parametrize(
    ("fields", "metrics"),
    [
        (Fields(state=State.COMPLETED), COMPLETED),
        (
            Fields(state=State.FAILED, failure_code=FailureCode.BANK_REJECTED),
            {"PayoutsFailed": 1, "PayoutsFailed:BankRejected": 1},
        ),
        (
            Fields(state=State.RETURNED, failure_code=FailureCode.RETURNED),
            {"PayoutsReturned": 1, "PayoutsReturned:Returned": 1},
        ),
        (
            # Returned before we knew that it was completed: it was both.
            Fields(state=State.RETURNED, completed_at=START),
            {**COMPLETED, "PayoutsReturned": 1},
        ),
        (
            Fields(state=State.CANCELLED, failure_code=FailureCode.QUEUE_EXPIRED),
            {"PayoutsCancelled": 1, "PayoutsCancelled:QueueExpired": 1},
        ),
        (Fields(state=State.UNRESOLVED), {"PayoutsUnresolved": 1}),
        (
            Fields(needs_review=True, review_reason=ReviewReason.STILL_PENDING),
            {"PayoutsNeedReview": 1, "PayoutsNeedReview:StillPending": 1},
        ),
        (Fields(needs_review=False, review_reason=None), {}),
        (Fields(state=State.ACCEPTED), {}),
        (Fields(looks=3), {}),
    ],
)
def test_a_change_is_counted_as_what_it_means_for_the_business(
    fields: Fields, metrics: dict[str, float], lines_of: Lines
) -> None:
    def counted() -> None:
        count_change(Change(fields), PAYOUT, START + timedelta(seconds=60))

    (line,) = lines_of(counted)
    found = {name: value for name, value in line.items() if name[0].isupper()}
    assert found == metrics


def test_amounts_are_added_up_and_name_no_customer(lines_of: Lines) -> None:
    def two_are_paid() -> None:
        for payout in (PAYOUT, replace(PAYOUT, amount_cents=5, payout_method="BankAccount")):
            count_change(Change(Fields(state=State.COMPLETED)), payout, START)

    (line,) = lines_of(two_are_paid)
    assert line["CentsCompleted"] == 12_350
    assert (line["PayoutsCompleted:PayId"], line["PayoutsCompleted:BankAccount"]) == (1, 1)
    assert "customer_id" not in line
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["stage"]]


# --- errors


def _fails() -> None:
    raise LookupError(SECRET_TEXT)


def test_an_error_is_noted_by_its_class_and_place_and_never_by_its_message(
    lines_of: Lines,
) -> None:
    def caught() -> None:
        try:
            _fails()
        except LookupError as error:
            observability.note_error(error)

    (line,) = lines_of(caught)
    assert (line["error"], line["Errors"]) == ("LookupError", 1)
    assert [frame.split(":")[0::2] for frame in line["frames"]] == [
        ["test_observability.py", "caught"],
        ["test_observability.py", "_fails"],
    ]
    assert "987654321" not in json.dumps(line)
    assert "Citizen" not in json.dumps(line)


def test_an_error_without_a_trace_is_noted_all_the_same(lines_of: Lines) -> None:
    (line,) = lines_of(lambda: observability.note_error(KeyError(SECRET_TEXT)))
    assert (line["error"], line["frames"]) == ("KeyError", [])


def test_a_deep_trace_is_cut_to_its_innermost_frames(lines_of: Lines) -> None:
    def deeper(levels: int) -> None:
        if levels:
            deeper(levels - 1)
        _fails()

    def caught() -> None:
        try:
            deeper(50)
        except LookupError as error:
            observability.note_error(error)

    frames = lines_of(caught)[0]["frames"]
    assert len(frames) == 8
    assert frames[-1].endswith(":_fails")


def test_an_invocation_that_ends_by_an_error_has_its_line_and_the_error_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with (
        pytest.raises(LookupError, match="987654321"),
        invocation(SteppingClock(), "test", kind="reconcile"),
    ):
        _fails()
    written = capsys.readouterr().out
    line = json.loads(written)
    assert (line["kind"], line["error"], line["Errors"]) == ("reconcile", "LookupError", 1)
    assert "987654321" not in written


def test_nothing_of_one_invocation_is_left_for_the_next(lines_of: Lines) -> None:
    lines_of(lambda: count(Metric.ERRORS), actor="an-admin")
    (line,) = lines_of()
    assert set(line) == {"at", "stage", "duration_ms"}


def test_what_json_does_not_know_is_written_as_text(lines_of: Lines) -> None:
    (line,) = lines_of(lambda: note(outcome=START))
    assert line["outcome"] == str(START)


def test_nothing_is_written_to_the_logs_of_the_library(
    lines_of: Lines, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        lines_of(lambda: note(outcome="applied"))
    assert caplog.records == []
