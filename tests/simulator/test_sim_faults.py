"""Faults of execute, as a client of requests meets them through the in-process adapter."""

import pytest
import requests

from simulator.outcomes import Fate, Fault, Manner, Moment, News, Outcome, Plan
from simulator.testing import Bench, payid_payout
from simulator.triggers import PLANS, TRIGGERS, Trigger


def bookings(bench: Bench, reference: str = "po-1") -> int:
    return len(bench.monoova.book.bookings(reference))


@pytest.mark.parametrize(
    ("outcome", "http", "booked"),
    [
        (Outcome.ERROR_BEFORE_BOOKING, 500, 0),
        (Outcome.ERROR_AFTER_BOOKING, 500, 1),
        (Outcome.HTML_502_BEFORE_BOOKING, 502, 0),
        (Outcome.HTML_502_AFTER_BOOKING, 502, 1),
        (Outcome.UNAVAILABLE_BEFORE_BOOKING, 503, 0),
        (Outcome.EMPTY_BODY, 200, 1),
        (Outcome.CUT_OFF_JSON, 200, 1),
        (Outcome.ERROR_STATUS_200, 200, 0),
        (Outcome.ERROR_STATUS_200_YET_BOOKED, 200, 1),
        (Outcome.REFUSED_PAYID_DETAILS, 400, 0),
        (Outcome.REFUSED_BANK_DETAILS, 400, 0),
        (Outcome.REFUSED_OVER_LIMIT, 400, 0),
        (Outcome.REFUSED_INSUFFICIENT_FUNDS, 400, 0),
        (Outcome.REFUSED_UNKNOWN_STATUS, 400, 0),
        (Outcome.UNKNOWN_STATUS_YET_BOOKED, 400, 1),
    ],
)
def test_an_answer_that_goes_wrong_says_nothing_of_what_was_booked(
    outcome: Outcome, http: int, booked: int
) -> None:
    bench = Bench()
    bench.monoova.script(outcome)
    assert bench.execute(payid_payout("po-1", 10)).status_code == http
    assert bookings(bench) == booked


@pytest.mark.parametrize(
    ("outcome", "error", "booked"),
    [
        (Outcome.TIMEOUT_BEFORE_BOOKING, requests.ReadTimeout, 0),
        (Outcome.TIMEOUT_AFTER_BOOKING, requests.ReadTimeout, 1),
        (Outcome.RESET_BEFORE_BOOKING, requests.ConnectionError, 0),
        (Outcome.RESET_AFTER_BOOKING, requests.ConnectionError, 1),
        (Outcome.CUT_OFF_BODY, requests.exceptions.ChunkedEncodingError, 1),
    ],
)
def test_a_broken_connection_is_a_real_exception_of_requests(
    outcome: Outcome, error: type[Exception], booked: int
) -> None:
    bench = Bench()
    bench.monoova.script(outcome)
    with pytest.raises(error):
        bench.execute(payid_payout("po-1", 10))
    assert bookings(bench) == booked


def test_half_a_json_body_does_not_parse() -> None:
    bench = Bench()
    answer = bench.execute(payid_payout("po-1", 7.34))
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_a_timeout_moves_the_clock_by_the_callers_own_patience() -> None:
    bench = Bench()
    start = bench.clock()
    with pytest.raises(requests.ReadTimeout):
        bench.execute(payid_payout("po-1", 7.26), timeout=8)
    assert (bench.clock() - start).total_seconds() == 8


def test_a_patient_caller_gets_the_slow_answer() -> None:
    bench = Bench(latency_seconds=4)
    start = bench.clock()
    assert bench.execute(payid_payout("po-1", 10), timeout=5).status_code == 200
    assert (bench.clock() - start).total_seconds() == 4
    with pytest.raises(requests.ReadTimeout):
        bench.execute(payid_payout("po-2", 10), timeout=3)


def test_a_caller_without_timeout_waits_for_the_gateway_to_give_up() -> None:
    bench = Bench()
    assert bench.execute(payid_payout("po-1", 7.24), timeout=None).status_code == 504


def test_a_late_arrival_is_unknown_first_and_booked_once_the_caller_is_gone() -> None:
    bench = Bench()
    with pytest.raises(requests.ReadTimeout):
        bench.execute(payid_payout("po-1", 7.28), timeout=10)
    assert bench.status("po-1")["status"] == "UniqueIdNotFound"
    assert bookings(bench) == 0
    bench.clock.advance(10)
    assert bench.status("po-1")["transactionStatus"] == "Pending"
    assert bookings(bench) == 1


def test_a_retry_that_overtakes_the_late_arrival_is_still_booked_once() -> None:
    bench = Bench()
    with pytest.raises(requests.ReadTimeout):
        bench.execute(payid_payout("po-1", 7.28))
    assert bench.execute(payid_payout("po-1", 7.28)).status_code == 200
    bench.later(200)
    assert bookings(bench) == 1


@pytest.mark.parametrize("amount", [7.20, 7.24, 7.29, 7.31, 7.36])
def test_a_fault_of_the_first_attempt_lets_the_second_succeed(amount: float) -> None:
    bench = Bench()
    try:
        assert bench.execute(payid_payout("po-1", amount)).status_code >= 500
    except requests.RequestException:
        assert bookings(bench) == 0
    assert bench.execute(payid_payout("po-1", amount)).json()["status"] == "Ok"
    assert bookings(bench) == 1


def test_a_fault_that_lasts_hits_every_attempt_under_its_reference() -> None:
    bench = Bench()
    for _ in range(4):
        assert bench.execute(payid_payout("po-1", 7.21)).status_code == 500
        assert bench.execute(payid_payout("po-2", 7.23)).status_code == 500
    assert (bookings(bench, "po-1"), bookings(bench, "po-2")) == (0, 1)


def test_a_refusal_can_be_repeated_without_using_up_the_reference() -> None:
    bench = Bench()
    bench.execute(payid_payout("po-1", 7.10))
    assert bench.execute(payid_payout("po-1", 10)).status_code == 200


def test_any_fault_and_fate_and_news_can_be_composed() -> None:
    bench = Bench()
    fault = Fault(Manner.RESET, Moment.AFTER)
    bench.monoova.script(Plan(fault, Fate.REJECTED, News.TWICE, "BENEFICIARY DECEASED"))
    with pytest.raises(requests.ConnectionError):
        bench.execute(payid_payout("po-1", 10))
    bench.later(120)
    reasons = [row.json["RejectionReasonDescription"] for row in bench.inbox.deliveries]
    assert reasons == ["BENEFICIARY DECEASED"] * 2


def test_every_outcome_has_one_trigger_of_its_own() -> None:
    assert set(PLANS) == set(Outcome)
    assert len(TRIGGERS) == len(Outcome)
    assert len({trigger.amount_cents for trigger in TRIGGERS}) == len(TRIGGERS)
    assert all(700 < trigger.amount_cents < 800 for trigger in TRIGGERS)


@pytest.mark.parametrize("row", TRIGGERS, ids=lambda trigger: str(trigger.outcome))
def test_every_trigger_books_exactly_as_its_plan_says(row: Trigger) -> None:
    bench = Bench()
    try:
        bench.execute(payid_payout("po-1", row.amount_cents / 100))
    except requests.RequestException:
        assert row.plan.fault is not None
    bench.later(600)
    fault = row.plan.fault
    assert bookings(bench) == (0 if fault and fault.moment is Moment.BEFORE else 1)
    given_back = row.plan.fate in (Fate.REJECTED, Fate.DISHONOURED, Fate.RETURNED)
    expected = 0 if given_back else bookings(bench) * row.amount_cents
    assert bench.monoova.book.paid_out("po-1") * 100 == expected


def test_triggers_can_be_switched_off() -> None:
    bench = Bench(triggers=False)
    for trigger in TRIGGERS:
        reference = str(trigger.outcome)
        assert bench.execute(payid_payout(reference, trigger.amount_cents / 100)).ok
    bench.later(600)
    assert {row.status for row in bench.monoova.payments} == {"Complete"}


@pytest.mark.parametrize(
    ("outage", "error"),
    [("connection_refused", requests.ConnectionError), ("timeout", requests.ReadTimeout)],
)
def test_an_outage_hits_every_call(outage: str, error: type[Exception]) -> None:
    bench = Bench(outage=outage)
    for path in ("/public/v1/ping", "/financial/v2/status/po-1"):
        with pytest.raises(error):
            bench.get(path)
    with pytest.raises(error):
        bench.execute(payid_payout("po-1", 10))
    assert bookings(bench) == 0
    bench.monoova.behave(outage="unavailable")
    assert bench.get("/public/v1/ping").status_code == 503
    bench.monoova.behave(outage="none")
    assert bench.get("/public/v1/ping").status_code == 200
