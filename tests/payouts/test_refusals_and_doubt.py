"""Refusals and doubt: what a payout shows when Monoova refuses, fails or does not answer.

A definite refusal is `Failed`. Everything else stays in doubt until Monoova itself has cleared it
up, always under the one reference that the payout has.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import pairwise
from typing import Any, Final

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPSConnectionPool
from urllib3.response import HTTPResponse

from chalicelib.container import Container, wired
from chalicelib.monoova.client import MonoovaClient, new_session
from chalicelib.monoova.rules.outcome import Standing
from proof.user_pool import key_set
from simulator.outcomes import Fate, Fault, Manner, Moment, News, Outcome, Plan
from simulator.triggers import TRIGGERS
from tests.payouts.test_request_payout import (
    AwsCalls,
    Pass,
    TappedLine,
    executed,
    is_execute,
    keyed,
    reply,
    tap_line,
    unreachable,
)
from tests.world import World, WorldClock, load_app

QUEUED: Final = ("Queued", None)
ACCEPTED: Final = ("Pending", "Accepted")
UNRESOLVED: Final = ("Pending", "Unresolved")
COMPLETED: Final = ("Completed", None)
FAILED: Final = ("Failed", None)

_CENTS: Final = {trigger.outcome: trigger.amount_cents for trigger in TRIGGERS}
_MOST_LOOKS: Final = 40


def amount_of(outcome: Outcome) -> str:
    return str(Decimal(_CENTS[outcome]).scaleb(-2))


def asked_for(world: World, outcome: Outcome) -> tuple[int, str]:
    """The HTTP status and the id of a payout whose amount triggers `outcome`."""
    answer = world.pay(world.customer(), amount_of(outcome))
    return answer.status, str(answer.json["transaction_id"])


def forget_failures(world: World) -> None:
    """Clears the count of failures, for a test that would open the circuit breaker."""
    world.container.gatekeeper.reset()
    world.later(301)


def in_the_end(world: World, transaction_id: str) -> Any:
    """The payout once it is settled or in review, each look at its own time."""
    for _ in range(_MOST_LOOKS):
        shown = world.payout(transaction_id)
        if shown["next_look_at"] is None or shown["needs_review"]:
            return shown
        due = datetime.fromisoformat(shown["next_look_at"])
        world.later(max((due - world.clock()).total_seconds(), 0))
        world.reconcile()
    raise AssertionError("The payout is lost: no end in sight.")


def bookings(world: World, transaction_id: str) -> int:
    return len(world.monoova.book.bookings(transaction_id))


def assert_one_reference(world: World, transaction_id: str) -> None:
    assert {body["uniqueReference"] for body in executed(world)} == {transaction_id}
    assert world.monoova.book.double_bookings() == {}


def attempts_at(world: World, transaction_id: str) -> int:
    return sum(body["uniqueReference"] == transaction_id for body in executed(world))


def pauses(world: World) -> list[float]:
    """The seconds between one execute and the next."""
    times = [row.at for row in world.monoova.received if row.endpoint == "execute"]
    return [(b - a).total_seconds() for a, b in pairwise(times)]


# --- every outcome of the simulator's table that concerns sending


@dataclass(frozen=True)
class Course:
    """The states of a payout: right after the request, after a minute, in the end."""

    http: int
    at_once: tuple[str, str | None]
    after_a_minute: tuple[str, str | None]
    end: tuple[str, str | None]
    bookings: int
    attempts: int
    failure_code: str | None = None
    review: str | None = None


REFUSED: Final = Course(422, FAILED, FAILED, FAILED, 0, 1, "MonoovaRefused")
TAKEN: Final = Course(202, ACCEPTED, ACCEPTED, COMPLETED, 1, 1)
TAKEN_AT_THE_SECOND: Final = replace(TAKEN, attempts=2)
CLEARED_UP: Final = Course(202, UNRESOLVED, ACCEPTED, COMPLETED, 1, 1)
SENT_LATER: Final = Course(202, UNRESOLVED, UNRESOLVED, COMPLETED, 1, 2)
NEVER_KNOWN: Final = Course(202, UNRESOLVED, UNRESOLVED, UNRESOLVED, 0, 2, review="OutcomeUnknown")

COURSES: Final[dict[str, dict[Outcome, Course]]] = {
    "refused": {
        Outcome.REFUSED_PAYID_DETAILS: REFUSED,
        Outcome.REFUSED_BANK_DETAILS: REFUSED,
        Outcome.REFUSED_OVER_LIMIT: REFUSED,
        # It is tried for a day, under the same reference and ever more rarely.
        Outcome.REFUSED_INSUFFICIENT_FUNDS: Course(
            202, QUEUED, QUEUED, ("Cancelled", None), 0, 29, "QueueExpired"
        ),
        Outcome.REFUSED_UNKNOWN_STATUS: REFUSED,
        Outcome.UNKNOWN_STATUS_YET_BOOKED: CLEARED_UP,
    },
    "a server's error": {
        Outcome.ERROR_BEFORE_BOOKING: TAKEN_AT_THE_SECOND,
        # The status API is asked before the second attempt, and knows it.
        Outcome.ERROR_AFTER_BOOKING: TAKEN,
        Outcome.ERROR_AFTER_BOOKING_ALWAYS: TAKEN,
        Outcome.HTML_502_BEFORE_BOOKING: TAKEN_AT_THE_SECOND,
        Outcome.HTML_502_AFTER_BOOKING: TAKEN,
        Outcome.UNAVAILABLE_BEFORE_BOOKING: TAKEN_AT_THE_SECOND,
    },
    "silence": {
        # The answer was lost: nothing follows it in the request.
        Outcome.TIMEOUT_BEFORE_BOOKING: SENT_LATER,
        Outcome.TIMEOUT_AFTER_BOOKING: CLEARED_UP,
        Outcome.TIMEOUT_AFTER_BOOKING_ALWAYS: CLEARED_UP,
        Outcome.LATE_ARRIVAL: CLEARED_UP,
        Outcome.RESET_BEFORE_BOOKING: SENT_LATER,
        Outcome.RESET_AFTER_BOOKING: CLEARED_UP,
        Outcome.TIMEOUT_THEN_REJECTED: replace(CLEARED_UP, end=FAILED, failure_code="BankRejected"),
    },
    "no answer to our question": {
        Outcome.ERROR_STATUS_200_YET_BOOKED: CLEARED_UP,
        Outcome.EMPTY_BODY: CLEARED_UP,
        Outcome.CUT_OFF_JSON: CLEARED_UP,
        Outcome.CUT_OFF_BODY: CLEARED_UP,
    },
    "never known": {
        # One attempt at first, and one when it is sent again, once.
        Outcome.ERROR_STATUS_200: NEVER_KNOWN,
        Outcome.ERROR_BEFORE_BOOKING_ALWAYS: replace(NEVER_KNOWN, attempts=8),
        Outcome.TIMEOUT_BEFORE_BOOKING_ALWAYS: NEVER_KNOWN,
    },
    "taken": {
        Outcome.COMPLETED_INSTANTLY: replace(TAKEN, after_a_minute=COMPLETED),
        Outcome.WEBHOOK_LOST: TAKEN,
        Outcome.REJECTED_WEBHOOK_LOST: replace(TAKEN, end=FAILED, failure_code="BankRejected"),
        Outcome.DISHONOURED: replace(TAKEN, end=FAILED, failure_code="Dishonoured"),
        Outcome.PENDING_FOREVER: replace(TAKEN, end=ACCEPTED, review="StillPending"),
        Outcome.REJECTED_WEBHOOK_BEFORE_ANSWER: Course(
            422, FAILED, FAILED, FAILED, 1, 1, "BankRejected"
        ),
    },
}


@pytest.mark.parametrize("courses", COURSES.values(), ids=list(COURSES))
def test_each_outcome_takes_its_course_and_never_another_reference(
    new_world: Callable[..., World], courses: dict[Outcome, Course]
) -> None:
    world = new_world(MAX_RESENDS="1")
    # The webhook comes late: a minute after the request it is not yet there.
    world.monoova.behave(webhook_after_seconds=(100.0, 110.0))
    for outcome, course in courses.items():
        started_at = world.clock()
        http, transaction_id = asked_for(world, outcome)
        assert world.clock() - started_at < timedelta(seconds=29), outcome
        assert (http, world.state(transaction_id)) == (course.http, course.at_once), outcome
        world.minutes(1)
        assert world.state(transaction_id) == course.after_a_minute, outcome
        shown = in_the_end(world, transaction_id)
        assert (shown["status"], shown["submission"]) == course.end, outcome
        assert shown["failure_code"] == course.failure_code, outcome
        assert shown["review_reason"] == course.review, outcome
        assert attempts_at(world, transaction_id) == course.attempts, outcome
        assert bookings(world, transaction_id) == course.bookings, outcome
        forget_failures(world)
    # Every call was made under one of these payouts' references, and no money moved twice.
    assert len({body["uniqueReference"] for body in executed(world)}) == len(courses)
    assert world.monoova.book.double_bookings() == {}


# --- a definite refusal


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (
            Outcome.REFUSED_PAYID_DETAILS,
            "FinancialValidateDisbursementNppCreditPayIdDetailsAreInvalid: "
            "The toNppCreditPayIdDetails are invalid",
        ),
        (
            Outcome.REFUSED_UNKNOWN_STATUS,
            "SimulatedUnheardOfRefusal: A refusal that no table knows",
        ),
    ],
    ids=str,
)
def test_a_refusal_is_answered_with_monoovas_reason_and_the_failed_payout(
    world: World, outcome: Outcome, reason: str
) -> None:
    world.monoova.script(outcome)
    answer = world.pay(world.customer())
    assert (answer.status, answer.code) == (422, "MonoovaRefused")
    assert answer.json["detail"] == f"Monoova refused the payout: {reason}"
    shown = world.payout(answer.json["transaction_id"])
    assert (shown["status"], shown["failure_code"]) == ("Failed", "MonoovaRefused")
    assert (shown["failure_reason"], shown["next_look_at"]) == (reason, None)
    assert [entry["event"] for entry in shown["history"]] == ["Requested", "SendRefused"]


def test_a_known_refusal_needs_no_status_call_and_an_unknown_one_needs_one(
    world: World,
) -> None:
    customer_id = world.customer()
    for outcome, paths in (
        (Outcome.REFUSED_PAYID_DETAILS, ["execute"]),
        (Outcome.REFUSED_UNKNOWN_STATUS, ["execute", "status"]),
    ):
        before = len(world.monoova.calls)
        world.monoova.script(outcome)
        assert world.pay(customer_id).status == 422
        said = [
            "status" if "/status/" in call.path else call.path.rpartition("/")[2]
            for call in world.monoova.calls[before:]
        ]
        assert said == paths


def test_an_unknown_reference_confirms_a_refusal_under_any_http_code(world: World) -> None:
    for http in (400, 200, 404):
        world.monoova.behave(unknown_reference_http=http)
        status, transaction_id = asked_for(world, Outcome.REFUSED_UNKNOWN_STATUS)
        assert (status, world.state(transaction_id)) == (422, FAILED), http


def test_a_refusal_that_repeats_the_payees_details_is_redacted(world: World) -> None:
    def refuse(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        name = "FinancialValidateDisbursementNppCreditPayIdDetailsAreInvalid"
        words = "Jo Citizen has no PayID Jo.Citizen@example.com nor account 12345678"
        body = {"status": name, "statusDescription": words, "transactionId": 0}
        return reply(request, 400, body)

    tap_line(world, refuse)
    answer = world.pay(world.customer())
    assert answer.json["detail"].endswith("Invalid: ••• has no PayID ••• nor account •••")
    shown = json.dumps(world.payout(answer.json["transaction_id"]), default=str)
    for detail in ("Citizen", "jo.citizen", "12345678"):
        assert detail not in answer.text
        assert detail not in shown


def test_a_refusal_after_an_error_proves_nothing(new_world: Callable[..., World]) -> None:
    """The first attempt may have arrived, and the second be refused for another reason."""
    world = new_world(MONOOVA_DUPLICATES="refused")
    error = Plan(fault=Fault(Manner.ERROR_500, Moment.AFTER))
    world.monoova.script(error, Outcome.REFUSED_PAYID_DETAILS)
    answer = world.pay(world.customer())
    transaction_id = answer.json["transaction_id"]
    assert (answer.status, world.state(transaction_id)) == (202, UNRESOLVED)
    detail = world.payout(transaction_id)["history"][-1]["detail"]
    assert detail.startswith("RefusedAfterDoubt: FinancialValidate")
    shown = in_the_end(world, transaction_id)
    assert (shown["status"], bookings(world, transaction_id)) == ("Completed", 1)
    assert_one_reference(world, transaction_id)


def test_a_payout_that_was_ever_in_doubt_is_not_failed_by_a_refusal_when_sent_again(
    new_world: Callable[..., World],
) -> None:
    world = new_world(GRACE_SECONDS="120")
    world.monoova.script(Outcome.TIMEOUT_BEFORE_BOOKING)
    world.monoova.script(*[Outcome.REFUSED_PAYID_DETAILS] * 9)
    transaction_id = world.paid()
    shown = in_the_end(world, transaction_id)
    assert (shown["status"], shown["submission"]) == UNRESOLVED
    assert shown["review_reason"] == "OutcomeUnknown"
    assert len(executed(world)) == 1 + 3
    assert bookings(world, transaction_id) == 0


def test_a_status_api_that_does_not_answer_confirms_no_refusal(world: World) -> None:
    def silent_on_questions(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        if not is_execute(request):
            raise requests.ReadTimeout("no answer")
        return send()

    tap_line(world, silent_on_questions)
    status, transaction_id = asked_for(world, Outcome.REFUSED_UNKNOWN_STATUS)
    assert (status, world.state(transaction_id)) == (202, UNRESOLVED)


# --- Monoova's "duplicate" answer


@pytest.mark.parametrize(
    ("duplicate", "status", "at_once"),
    [
        ("refused", "SimulatedDuplicateReference", UNRESOLVED),
        ("refused", "AnUnknownStatus", UNRESOLVED),
        ("replayed", "", ACCEPTED),
        ("error", "", UNRESOLVED),
    ],
)
def test_a_second_attempt_under_a_booked_reference_never_fails_the_payout(
    new_world: Callable[..., World], duplicate: str, status: str, at_once: tuple[str, str]
) -> None:
    world = new_world(MONOOVA_DUPLICATES="refused")
    world.monoova.behave(duplicate=duplicate, duplicate_status=status)
    world.webhooks_arrive = False
    for outcome in (Outcome.ERROR_AFTER_BOOKING, Outcome.HTML_502_AFTER_BOOKING):
        _, transaction_id = asked_for(world, outcome)
        assert world.state(transaction_id) == at_once
        assert in_the_end(world, transaction_id)["status"] == "Completed"
        assert bookings(world, transaction_id) == 1
        assert attempts_at(world, transaction_id) > 1


def test_a_duplicate_answer_to_the_very_first_attempt_is_in_doubt_too(world: World) -> None:
    def duplicate(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        if not is_execute(request):
            return send()
        send()
        body = {"status": "DuplicateTransaction", "statusDescription": "", "transactionId": 0}
        return reply(request, 400, body)

    tap_line(world, duplicate)
    transaction_id = world.paid()
    assert world.state(transaction_id) == UNRESOLVED
    detail = world.payout(transaction_id)["history"][-1]["detail"]
    assert detail == "DuplicateReference: DuplicateTransaction"
    assert in_the_end(world, transaction_id)["status"] == "Completed"


# --- answers that are none

GARBAGE: Final[list[tuple[str, int, bytes]]] = [
    ("an empty 200", 200, b""),
    ("half of a JSON text", 200, b'{"status": "Ok", "transactionId": 77'),
    ("a page", 200, b"<html><body>Welcome</body></html>"),
    ("a list", 200, b'[{"status": "Ok", "transactionId": 77}]'),
    ("a JSON text", 200, b'"Ok"'),
    ("null", 200, b"null"),
    ("not UTF-8", 200, b"\xff\xfe\x00"),
    ("an empty object", 200, b"{}"),
    ("nesting without end", 200, b"[" * 100_000),
    ("an exponent without end", 200, b'{"status": "Ok", "transactionId": 1e999999999}'),
    ("Ok without a transaction", 200, b'{"status": "Ok"}'),
    ("Ok with transaction 0", 200, b'{"status": "Ok", "transactionId": 0}'),
    ("Ok with a true transaction", 200, b'{"status": "Ok", "transactionId": true}'),
    ("Ok with words for a transaction", 200, b'{"status": "Ok", "transactionId": "a b"}'),
    (
        "Ok for another's reference",
        200,
        b'{"status": "Ok", "transactionId": 77, "callerUniqueReference": "x"}',
    ),
    ("a number for a status", 200, b'{"status": 1, "transactionId": 77}'),
    ("an error under 200", 200, b'{"status": "InvalidTotalAmount", "transactionId": 0}'),
    ("a redirect", 302, b""),
    ("400 without a body", 400, b""),
    ("400 with a page", 400, b"<html>Bad Request</html>"),
    ("400 without a status", 400, b'{"error": "bad"}'),
    ("400 with Ok", 400, b'{"status": "Ok", "transactionId": 77}'),
    (
        "a refusal that has a transaction",
        400,
        b'{"status": "InvalidTotalAmount", "transactionId": 77}',
    ),
    ("403 with a page", 403, b"<html>Forbidden</html>"),
    ("404 with a page", 404, b"<html>Not Found</html>"),
    ("404 in the envelope", 404, b'{"status": "InvalidTotalAmount", "transactionId": 0}'),
]


def test_what_is_no_answer_to_our_question_leaves_the_payout_in_doubt(world: World) -> None:
    customer_id = world.customer()
    garbage: list[tuple[int, bytes]] = []

    def spoiled(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        return reply(request, *garbage[0]) if is_execute(request) else send()

    tap_line(world, spoiled)
    for name, status, body in GARBAGE:
        garbage[:] = [(status, body)]
        forget_failures(world)
        answer = world.pay(customer_id)
        assert answer.status == 202, name
        shown = world.payout(answer.json["transaction_id"])
        assert (shown["status"], shown["submission"]) == UNRESOLVED, name
        assert shown["history"][-1]["detail"].startswith("UnclearAnswer"), name
        assert shown["failure_code"] is None, name


def test_after_an_answer_that_was_none_the_payout_is_sent_again_under_its_reference(
    new_world: Callable[..., World],
) -> None:
    world = new_world(GRACE_SECONDS="120")
    spoilt: list[str] = []

    def spoiled_once(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        if is_execute(request) and not spoilt:
            spoilt.append(json.loads(request.body or b"")["uniqueReference"])
            return reply(request, 200, b"<html>Welcome</html>")
        return send()

    tap_line(world, spoiled_once)
    transaction_id = world.paid()
    assert in_the_end(world, transaction_id)["status"] == "Completed"
    assert (spoilt, bookings(world, transaction_id)) == ([transaction_id], 1)
    assert_one_reference(world, transaction_id)


LINE_ERRORS: Final[tuple[type[requests.RequestException], ...]] = (
    requests.ReadTimeout,
    requests.ConnectionError,
    requests.exceptions.SSLError,
    requests.exceptions.ProxyError,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.exceptions.InvalidURL,
    requests.TooManyRedirects,
)


def test_every_other_exception_of_the_connection_is_doubt_and_nothing_follows_it(
    world: World,
) -> None:
    customer_id = world.customer()
    errors = iter(LINE_ERRORS)
    error: type[requests.RequestException] = requests.RequestException

    def broken(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        raise error("x")

    tap_line(world, broken)
    for error in errors:
        forget_failures(world)
        started_at = world.clock()
        answer = world.pay(customer_id)
        assert (answer.json["status"], answer.json["submission"]) == UNRESOLVED, error
        assert world.clock() == started_at, error
    assert executed(world) == []


def test_a_reply_that_is_slow_or_never_ends_is_cut_off(world: World) -> None:
    sizes = [33 * 1024 * 1024, 10]

    def endless(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        return reply(request, 200, b"x" * sizes.pop(0))

    tap_line(world, endless)
    client = MonoovaClient(world.container.credentials, world.http)
    assert client.execute(b"{}") == "CutOff"
    assert client.execute(b"{}", seconds=0) == "CutOff"


def entry(reference: object, standing: object) -> dict[str, object]:
    return {"uniqueReference": reference, "transactionStatus": standing}


BY_DATE: Final[list[tuple[int, bytes | dict[str, object], dict[str, Standing]]]] = [
    (200, b"<html>", {}),
    (200, b"[]", {}),
    (200, {"statuses": "none"}, {}),
    (500, {"statuses": [entry("a", "Complete")]}, {}),
    (200, {"status": "SimulatedDateIsInvalid", "statuses": [entry("a", "Complete")]}, {}),
    (200, {"statuses": [entry("a", "Complete")]}, {"a": Standing.COMPLETE}),
    (
        200,
        {"status": "Ok", "statuses": ["a", {}, entry(None, "Complete"), entry("b", "Rejected")]},
        {"b": Standing.REJECTED},
    ),
    (
        200,
        {"statuses": [entry("a", "Pending"), entry("a", "Pending"), entry("b", "Unheard of")]},
        {"a": Standing.PENDING, "b": Standing.UNCLEAR},
    ),
    (
        200,
        {"statuses": [entry("a", "Complete"), entry("a", "Rejected")]},
        {"a": Standing.UNCLEAR},
    ),
]


def test_an_answer_by_date_is_read_with_the_same_care(world: World) -> None:
    day = world.clock().date()
    client = MonoovaClient(world.container.credentials, world.http)
    for status, body, expected in BY_DATE:

        def answer(
            request: requests.PreparedRequest,
            send: Pass,
            status: int = status,
            body: bytes | dict[str, object] = body,
        ) -> requests.Response:
            return reply(request, status, body)

        tap_line(world, answer)
        reports, _ = client.reports(day, day)
        assert {name: report.standing for name, report in reports.items()} == expected
    world.monoova.behave(outage="timeout")
    tap_line(world, lambda _, send: send())
    assert client.reports(day, day) == ({}, "Timeout")


class SilentBody(BytesIO):
    """A body that begins and then sends nothing more."""

    def read1(self, _size: int | None = -1, /) -> bytes:
        raise TimeoutError("timed out")


class BrokenBody(BytesIO):
    """A body on a connection that breaks."""

    def read1(self, _size: int | None = -1, /) -> bytes:
        raise ConnectionResetError(104, "Connection reset by peer")


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (SilentBody(), {}, "Timeout"),
        (BrokenBody(), {}, "CutOff"),
        (BytesIO(b"not gzip"), {"Content-Encoding": "gzip"}, "CutOff"),
    ],
    ids=["silent", "broken", "not what it says"],
)
def test_a_body_that_cannot_be_read_counts_as_no_answer(
    world: World, body: BytesIO, headers: dict[str, str], expected: str
) -> None:
    def unreadable(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        pool = HTTPSConnectionPool("api.mpay.com.au")
        raw = HTTPResponse(body, headers, 200, preload_content=False, pool=pool)
        return HTTPAdapter().build_response(request, raw)

    tap_line(world, unreadable)
    client = MonoovaClient(world.container.credentials, world.http)
    assert client.execute(b"{}") == expected


def test_a_connection_that_was_kept_too_long_is_not_used_again(world: World) -> None:
    closed: list[bool] = []

    class Line(TappedLine):
        def close(self) -> None:
            closed.append(True)

    world.http.mount("https://", Line(world, lambda _, send: send()))
    client = MonoovaClient(world.container.credentials, world.http)
    client.ping()
    assert closed == []
    client._used_at -= 31  # the function was frozen for so many seconds
    client.ping()
    assert closed == [True]


def test_the_connection_uses_modern_tls_and_no_proxy_of_the_environment() -> None:
    session = new_session()
    pool = session.get_adapter("https://api.mpay.com.au").poolmanager  # type: ignore[attr-defined]
    assert pool.connection_pool_kw["ssl_context"].minimum_version.name == "TLSv1_2"
    assert session.trust_env is False


# --- retries inside the request


@pytest.mark.parametrize(
    ("jitter", "expected"),
    [(0.5, [1.0, 2.0, 4.0]), (0.0, [0.8, 1.6, 3.2]), (1.0, [1.2, 2.4, 4.8])],
)
def test_a_server_error_is_tried_again_after_1_2_and_4_seconds_give_or_take_a_fifth(
    world: World, jitter: float, expected: list[float]
) -> None:
    container = Container(
        environment=world.environment,
        clock=WorldClock(world),
        http=world.http,
        session=world.session,
        jitter=lambda: jitter,
        fetch=key_set,
    )
    wired.put(container)
    _, transaction_id = asked_for(world, Outcome.ERROR_BEFORE_BOOKING_ALWAYS)
    assert pauses(world) == expected
    assert_one_reference(world, transaction_id)


@pytest.mark.parametrize("latency", [0.0, 4.0, 9.0, 15.0])
def test_the_answer_leaves_before_api_gateway_gives_up_however_slow_monoova_is(
    world: World, latency: float
) -> None:
    customer_id = world.customer()
    world.monoova.behave(latency_seconds=latency)
    for outcome in (
        Outcome.COMPLETED,
        Outcome.ERROR_BEFORE_BOOKING_ALWAYS,
        Outcome.TIMEOUT_BEFORE_BOOKING_ALWAYS,
        Outcome.REFUSED_UNKNOWN_STATUS,
    ):
        forget_failures(world)
        started_at = world.clock()
        answer = world.pay(customer_id, amount_of(outcome))
        assert answer.status in (202, 422)
        assert (world.clock() - started_at).total_seconds() <= 27, outcome
        assert attempts_at(world, answer.json["transaction_id"]) <= 4


# --- looking, sending again, giving up


def test_within_the_grace_period_an_unknown_reference_proves_nothing(world: World) -> None:
    _, transaction_id = asked_for(world, Outcome.TIMEOUT_BEFORE_BOOKING_ALWAYS)
    world.minutes(15)
    assert len(executed(world)) == 1, "sent again within the grace period"
    world.minutes(22)
    assert len(executed(world)) == 2
    assert pauses(world)[0] > 900 + 300
    assert_one_reference(world, transaction_id)


def test_past_the_grace_period_it_is_sent_again_and_completes(
    new_world: Callable[..., World],
) -> None:
    world = new_world(GRACE_SECONDS="120")
    for http in (400, 200, 404):
        world.monoova.behave(unknown_reference_http=http)
        world.monoova.script(Outcome.TIMEOUT_BEFORE_BOOKING)
        transaction_id = world.paid()
        assert in_the_end(world, transaction_id)["status"] == "Completed"
        events = [entry["event"] for entry in world.payout(transaction_id)["history"]]
        assert events.count("SentAgain") == 1
        assert attempts_at(world, transaction_id) == 2
        assert bookings(world, transaction_id) == 1


@pytest.mark.parametrize(
    ("visible_after", "attempts"),
    [
        (90, 1),  # before the grace is over: found by looking
        (1450, 3),  # after it: sent again, twice, each answered as a duplicate
    ],
)
def test_a_booking_that_is_slow_to_be_seen_is_not_booked_again(
    new_world: Callable[..., World], visible_after: int, attempts: int
) -> None:
    world = new_world(GRACE_SECONDS="120")
    world.webhooks_arrive = False
    world.monoova.behave(visibility_seconds=visible_after)
    timeout = Plan(fault=Fault(Manner.TIMEOUT, Moment.AFTER))
    world.monoova.script(timeout)
    transaction_id = world.paid()
    assert world.state(transaction_id) == UNRESOLVED
    assert in_the_end(world, transaction_id)["status"] == "Completed"
    assert (len(executed(world)), bookings(world, transaction_id)) == (attempts, 1)
    assert_one_reference(world, transaction_id)


@pytest.mark.parametrize("most", [0, 1, 3])
def test_it_is_resent_a_bounded_number_of_times_and_then_goes_to_review(
    new_world: Callable[..., World], most: int
) -> None:
    world = new_world(GRACE_SECONDS="120", MAX_RESENDS=str(most))
    _, transaction_id = asked_for(world, Outcome.ERROR_STATUS_200)
    shown = in_the_end(world, transaction_id)
    assert (shown["needs_review"], shown["review_reason"]) == (True, "OutcomeUnknown")
    assert (shown["status"], shown["submission"]) == UNRESOLVED
    assert len(executed(world)) == 1 + most
    for _ in range(3):
        world.later(3600)
        world.reconcile()
    assert len(executed(world)) == 1 + most, "review stops the sending"


def test_under_review_webhooks_and_status_still_count(new_world: Callable[..., World]) -> None:
    world = new_world(GRACE_SECONDS="120", MAX_RESENDS="0")
    world.webhooks_arrive = False
    world.monoova.behave(visibility_seconds=1800)
    timeout = Plan(fault=Fault(Manner.TIMEOUT, Moment.AFTER))
    world.monoova.script(timeout)
    transaction_id = world.paid()
    assert in_the_end(world, transaction_id)["needs_review"] is True
    for _ in range(3):
        world.later(1800)
        world.reconcile()
    shown = world.payout(transaction_id)
    assert (shown["status"], shown["needs_review"]) == ("Completed", False)
    assert shown["review_reason"] is None


def test_a_payout_that_monoova_took_and_does_not_know_is_never_sent_again(
    new_world: Callable[..., World],
) -> None:
    world = new_world(GRACE_SECONDS="120")
    world.webhooks_arrive = False
    world.monoova.behave(visibility_seconds=10**7)
    transaction_id = world.paid()
    assert world.state(transaction_id) == ACCEPTED
    shown = in_the_end(world, transaction_id)
    assert (shown["status"], shown["submission"]) == ACCEPTED
    assert (shown["needs_review"], shown["review_reason"]) == (True, "AcceptedButUnknown")
    for _ in range(3):
        world.later(3600)
        world.reconcile()
    assert (len(executed(world)), bookings(world, transaction_id)) == (1, 1)
    # The webhook, lost until now, is delivered at last.
    url, headers, body, _ = world.deliveries[0]
    assert world.deliver(url, headers, body) == 200
    settled = world.payout(transaction_id)
    assert (settled["status"], settled["needs_review"]) == ("Completed", False)


@pytest.mark.parametrize(
    ("switch", "value"),
    [("pending_answer", "status_pending"), ("bare_status_replies", True), ("extra_fields", True)],
)
def test_every_reading_of_monoovas_documentation_ends_well(
    world: World, switch: str, value: object
) -> None:
    world.monoova.behave(**{switch: value})
    world.webhooks_arrive = False
    transaction_id = world.paid()
    assert world.state(transaction_id) == ACCEPTED
    assert in_the_end(world, transaction_id)["status"] == "Completed"


def test_funds_that_are_found_missing_later_are_a_rejection_with_its_reason(world: World) -> None:
    world.monoova.script(Plan(fate=Fate.REJECTED, reason="INSUFFICIENT FUNDS"))
    transaction_id = world.paid()
    shown = in_the_end(world, transaction_id)
    assert (shown["failure_code"], shown["failure_reason"]) == (
        "BankRejected",
        "INSUFFICIENT FUNDS",
    )


@pytest.mark.parametrize(
    ("fate", "end"), [(Fate.PENDING_THEN_PAID, "Completed"), (Fate.REJECTED, "Failed")]
)
def test_a_webhook_before_the_answer_is_no_contradiction(
    world: World, fate: Fate, end: str
) -> None:
    world.monoova.script(Plan(fate=fate, news=News.BEFORE_ANSWER))
    answer = world.pay(world.customer())
    shown = world.payout(answer.json["transaction_id"])
    assert (shown["status"], shown["needs_review"]) == (end, False)
    assert shown["monoova_transaction_id"] == "1000001"
    assert len(shown["history"]) == 2


def test_a_payout_in_doubt_is_replayed_as_one_in_doubt(world: World) -> None:
    customer_id = world.customer()
    world.monoova.script(Outcome.TIMEOUT_BEFORE_BOOKING)
    first = keyed(world, customer_id)
    again = keyed(world, customer_id)
    assert (again.status, again.json) == (202, first.json)
    assert again.json["submission"] == "Unresolved"
    assert len(executed(world)) == 1


class CrashedError(BaseException):
    """The function was stopped."""


@pytest.mark.parametrize(
    ("answer", "stands"),
    [
        ((400, {"status": "InvalidTotalAmount", "transactionId": 0}), "Sending"),
        ((200, {"status": "SimulatedProcessingError"}), "Sending"),
        ((401, {"status": "MerchantFailedToLogin"}), "Sending"),
        ((200, {"status": "Ok", "transactionId": 1000001}), "Accepted"),
    ],
)
def test_a_late_answer_counts_for_its_own_attempt_alone(
    world: World, answer: tuple[int, dict[str, object]], stands: str
) -> None:
    """The first attempt's lease expired; its answer comes while a second call is being made."""
    other, other_app = world.new_container(), load_app()
    seen: list[str] = []

    def crossed(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        if not is_execute(request):
            return send()
        seen.append(json.loads(request.body or b"")["uniqueReference"])
        if len(seen) == 2:
            raise CrashedError
        wired.put(other)
        for _ in range(3):  # its lease runs out; unknown twice past the grace, it is sent again
            world.later(1000)
            with suppress(CrashedError):
                world.reconcile(other_app)
        wired.put(world.container)
        return reply(request, *answer)

    tap_line(world, crossed)
    shown = world.pay(world.customer()).json
    assert (shown["status"], shown["submission"]) == ("Pending", stands)
    assert seen == [shown["transaction_id"]] * 2
    assert shown["failure_code"] is None


@pytest.mark.parametrize("trouble", ["the payee is gone", "the key is away"])
def test_a_rejection_that_cannot_be_redacted_is_reported_in_our_words(
    world: World, trouble: str
) -> None:
    world.monoova.script(Outcome.REJECTED_WEBHOOK_LOST)
    customer_id = world.customer()
    transaction_id = world.pay(customer_id).json["transaction_id"]
    world.later(180)
    aws = AwsCalls(world)
    if trouble == "the key is away":
        aws.at("KMS.Decrypt", unreachable)
    else:
        key = {"customer_id": {"S": customer_id}}
        world.dynamodb.delete_item(TableName="CustomersTable", Key=key)
    world.reconcile()
    shown = world.payout(transaction_id)
    assert (shown["status"], shown["failure_code"]) == ("Failed", "BankRejected")
    assert shown["failure_reason"] == "Rejected"
