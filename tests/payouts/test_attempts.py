"""Between two attempts: what follows an attempt that was not sent, was refused service, was lost.

Nothing that may have been sent is sent again without a reason; what was not sent is in no doubt.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import pytest
import requests

from chalicelib.monoova.rules.duplicates import ContractRun, Shown
from chalicelib.payouts.rules.payout import Payout
from simulator.outcomes import Fault, Manner, Moment, News, Plan
from tests.payouts.test_refusals_and_doubt import (
    ACCEPTED,
    COMPLETED,
    UNRESOLVED,
    bookings,
    forget_failures,
    in_the_end,
    pauses,
)
from tests.payouts.test_request_payout import (
    AwsCalls,
    Pass,
    executed,
    is_execute,
    keyed,
    reply,
    tap_line,
)
from tests.world import LIVE, World

QUEUED: Final = ("Queued", None)
_ERROR: Final = {503: Manner.UNAVAILABLE_503, 502: Manner.HTML_502, 500: Manner.ERROR_500}
_SERVER_ERRORS: Final = frozenset(_ERROR.values())


def fails(manner: Manner, moment: Moment = Moment.BEFORE, times: int = 1) -> list[Plan]:
    return [Plan(fault=Fault(manner, moment), news=News.LOST)] * times


def row(world: World, transaction_id: str) -> Payout:
    stored = world.container.payouts_table.get(transaction_id)
    assert stored is not None
    return stored


def questions(world: World) -> int:
    return sum(call.path.startswith("/financial/v2/status/") for call in world.monoova.calls)


def last_detail(world: World, transaction_id: str) -> str | None:
    return row(world, transaction_id).history[-1].detail


def sent_at(world: World) -> list[datetime]:
    return [received.at for received in world.monoova.received if received.endpoint == "execute"]


def is_latched(world: World) -> bool:
    return world.container.gatekeeper.look().booked_twice_at is not None


# --- after an error that was received


@pytest.mark.parametrize("is_run_recorded", [True, False])
def test_503_three_times_then_ok_is_four_calls_under_one_reference(
    world: World, is_run_recorded: bool
) -> None:
    if not is_run_recorded:
        world.forget_contract_run()
    world.monoova.script(*fails(Manner.UNAVAILABLE_503, times=3))
    transaction_id = world.paid()
    assert world.state(transaction_id) == ACCEPTED
    assert {body["uniqueReference"] for body in executed(world)} == {transaction_id}
    assert pauses(world) == [1.0, 2.0, 4.0]
    assert (questions(world), bookings(world, transaction_id)) == (3, 1)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_each_of_four_errors_is_tried_again_once_monoova_does_not_know_it(
    world: World, status: int
) -> None:
    answers = [status]

    def once(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        return reply(request, answers.pop(), b"") if is_execute(request) and answers else send()

    tap_line(world, once)
    transaction_id = world.paid()
    assert last_detail(world, transaction_id) == f"2 attempts: HTTP {status}, Ok"
    assert (questions(world), bookings(world, transaction_id)) == (1, 1)


@pytest.mark.parametrize("status", [408, 429, 501, 505])
def test_no_other_error_is_tried_again_at_once(world: World, status: int) -> None:
    def refuse(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        return reply(request, status, b"") if is_execute(request) else send()

    tap_line(world, refuse)
    world.paid()
    assert (world.monoova.calls, executed(world)) == ([], [])


def test_what_was_tried_and_the_first_doubt_stand_in_the_payout_and_its_history(
    world: World,
) -> None:
    world.monoova.script(*fails(Manner.UNAVAILABLE_503), *fails(Manner.ERROR_500))
    began_at = world.clock()
    transaction_id = world.paid()
    stored = row(world, transaction_id)
    assert (stored.attempts, stored.doubt_since, stored.ambiguous) == (3, began_at, True)
    assert stored.history[-1].detail == "3 attempts: HTTP 503, HTTP 500, Ok"
    shown = world.payout(transaction_id)
    assert (shown["attempts"], shown["history"][-1]["detail"]) == (3, stored.history[-1].detail)
    assert datetime.fromisoformat(shown["doubt_since"]) == began_at


def test_one_attempt_leaves_no_doubt_and_nothing_to_tell(world: World) -> None:
    stored = row(world, world.paid())
    assert (stored.attempts, stored.doubt_since, stored.ambiguous) == (1, None, False)
    assert stored.history[-1].detail is None


def test_more_attempts_cost_no_further_write(world: World) -> None:
    customer_id = world.customer()
    aws = AwsCalls(world)
    world.pay(customer_id)
    once = list(aws.tables_written)
    aws.tables_written.clear()
    world.monoova.script(*fails(Manner.UNAVAILABLE_503, times=3))
    world.pay(customer_id)
    transactions = [table for table in aws.tables_written if table == "TransactionsTable"]
    assert transactions == [table for table in once if table == "TransactionsTable"]


def test_an_unclear_report_spends_the_attempt(world: World) -> None:
    def no_status(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        return send() if is_execute(request) else reply(request, 500, b"")

    tap_line(world, no_status)
    world.monoova.script(*fails(Manner.UNAVAILABLE_503, times=4))
    transaction_id = world.paid()
    assert world.state(transaction_id) == UNRESOLVED
    assert len(executed(world)) == 1
    expected = "4 attempts: HTTP 503, StatusUnclear, StatusUnclear, StatusUnclear"
    assert last_detail(world, transaction_id) == f"ServerError; {expected}"


def test_between_two_attempts_the_status_api_has_three_seconds(world: World) -> None:
    def slow_status(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        if not is_execute(request):
            world.monoova.behave(latency_seconds=5)
        return send()

    tap_line(world, slow_status)
    world.monoova.script(*fails(Manner.UNAVAILABLE_503))
    began_at = world.clock()
    transaction_id = world.paid()
    assert world.state(transaction_id) == UNRESOLVED
    assert (world.clock() - began_at).total_seconds() == (1 + 3) + (2 + 3) + (4 + 3)


@pytest.mark.parametrize("manner", sorted(_SERVER_ERRORS))
def test_what_monoova_took_before_its_error_is_accepted_by_its_report(
    world: World, manner: Manner
) -> None:
    world.monoova.script(*fails(manner, Moment.AFTER))
    transaction_id = world.paid()
    assert world.state(transaction_id) == ACCEPTED
    assert len(executed(world)) == 1
    detail = last_detail(world, transaction_id)
    assert detail is not None
    assert detail.startswith("status API: Pending; 2 attempts: HTTP")
    assert detail.endswith("StatusPending")
    assert in_the_end(world, transaction_id)["status"] == "Completed"


def test_what_the_bank_rejected_before_the_next_attempt_is_failed(world: World) -> None:
    def rejected(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        if is_execute(request):
            return reply(request, 503, b"")
        words = "Transaction rejected for jo.citizen@example.com"
        return reply(request, 200, {"transactionStatus": "Rejected", "statusDescription": words})

    tap_line(world, rejected)
    answer = world.pay(world.customer())
    assert answer.status == 422
    shown = world.payout(answer.json["transaction_id"])
    assert (shown["status"], shown["failure_code"]) == ("Failed", "BankRejected")
    assert shown["failure_reason"] == "Transaction rejected for •••"


def test_refused_sends_without_asking(new_world: Callable[..., World]) -> None:
    world = new_world(MONOOVA_DUPLICATES="refused")
    world.monoova.script(*fails(Manner.UNAVAILABLE_503, times=3))
    transaction_id = world.paid()
    assert world.state(transaction_id) == ACCEPTED
    assert (pauses(world), questions(world)) == ([1.0, 2.0, 4.0], 0)


# --- after a lost answer


LOST: Final = (Manner.TIMEOUT, Manner.RESET, Manner.CUT_OFF_BODY)


@pytest.mark.parametrize("manner", LOST)
def test_a_lost_answer_is_followed_by_nothing_in_the_request(world: World, manner: Manner) -> None:
    world.monoova.script(*fails(manner))
    transaction_id = world.paid()
    assert world.state(transaction_id) == UNRESOLVED
    assert (len(executed(world)), questions(world)) == (1, 0)


@pytest.mark.parametrize("manner", LOST)
def test_it_is_sent_again_past_the_grace_after_two_reports_five_minutes_apart(
    world: World, manner: Manner
) -> None:
    unknown_at: list[datetime] = []

    def seen(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        if not is_execute(request):
            unknown_at.append(world.clock())
        return send()

    world.monoova.script(*fails(manner))
    began_at = world.clock()
    transaction_id = world.paid()
    lost_at = sent_at(world)[0]
    tap_line(world, seen)
    world.minutes(45)
    first, second = sent_at(world)
    assert first >= began_at
    grace = timedelta(seconds=900)
    past_grace = [at for at in unknown_at if lost_at + grace < at <= second]
    assert past_grace[-1] - past_grace[0] >= timedelta(minutes=5)
    assert world.state(transaction_id) == COMPLETED
    assert bookings(world, transaction_id) == 1
    assert [entry.event for entry in row(world, transaction_id).history].count("SentAgain") == 1


def test_one_wrong_report_past_the_grace_sends_nothing(new_world: Callable[..., World]) -> None:
    world = new_world(GRACE_SECONDS="60")
    world.monoova.behave(duplicate="booked_again")
    lies = iter([False, True, False])

    def lies_once(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        if not is_execute(request) and next(lies, False):
            return reply(request, 400, {"status": "UniqueIdNotFound"})
        return send() if is_execute(request) else reply(request, 500, b"")

    world.monoova.script(*fails(Manner.TIMEOUT, Moment.AFTER))
    tap_line(world, lies_once)
    transaction_id = world.paid()
    world.minutes(60)
    assert (len(executed(world)), bookings(world, transaction_id)) == (1, 1)


def test_a_row_of_before_is_resent_by_the_same_rule(new_world: Callable[..., World]) -> None:
    world = new_world(GRACE_SECONDS="60")
    world.monoova.script(*fails(Manner.RESET))
    transaction_id = world.paid()
    world.dynamodb.update_item(
        TableName="TransactionsTable",
        Key={"transaction_id": {"S": transaction_id}},
        UpdateExpression="REMOVE attempts, doubt_since, unknown_since",
    )
    assert row(world, transaction_id).attempts == 0
    assert in_the_end(world, transaction_id)["status"] == "Completed"
    assert (len(executed(world)), bookings(world, transaction_id)) == (2, 1)
    assert row(world, transaction_id).attempts == 1


# --- what did not leave us


@pytest.mark.parametrize("setting", ["asked", "refused", "booked"])
def test_a_refused_connection_is_no_doubt_and_paid_once_when_the_host_is_back(
    new_world: Callable[..., World], setting: str
) -> None:
    world = new_world(MONOOVA_DUPLICATES=setting)
    customer_id = world.customer()
    world.monoova.behave(outage="connection_refused")
    began_at = world.clock()
    answer = world.pay(customer_id)
    transaction_id = answer.json["transaction_id"]
    assert (answer.status, world.state(transaction_id)) == (202, QUEUED)
    assert (world.clock() - began_at).total_seconds() == 1 + 2 + 4
    stored = row(world, transaction_id)
    assert (stored.ambiguous, stored.doubt_since, stored.last_sent_at) == (False, None, None)
    assert stored.history[-1].detail == "4 attempts: NotSent, NotSent, NotSent, NotSent"
    for _ in range(18):
        world.later(600)
        world.reconcile()
    stored = row(world, transaction_id)
    assert (stored.state.value, stored.ambiguous, stored.needs_review) == ("Queued", False, False)
    world.monoova.behave(outage="none")
    world.minutes(15)
    assert world.state(transaction_id) == COMPLETED
    assert bookings(world, transaction_id) == 1


@pytest.mark.parametrize("setting", ["asked", "booked"])
def test_a_connection_that_comes_about_at_the_third_try_is_paid_in_the_request(
    new_world: Callable[..., World], setting: str
) -> None:
    world = new_world(MONOOVA_DUPLICATES=setting)
    failing = iter([True, True])

    def refuses_twice(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        if next(failing, False):
            raise requests.ConnectTimeout("too long")
        return send()

    tap_line(world, refuses_twice)
    transaction_id = world.paid()
    stored = row(world, transaction_id)
    assert stored.history[-1].detail == "3 attempts: NotSent, NotSent, Ok"
    assert (stored.ambiguous, bookings(world, transaction_id)) == (False, 1)


def test_what_is_not_sent_after_an_error_stays_in_doubt(world: World) -> None:
    answers = iter([503])

    def then_refuses(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        if not is_execute(request):
            return send()
        status = next(answers, None)
        if status is None:
            raise requests.ConnectTimeout("too long")
        return reply(request, status, b"")

    tap_line(world, then_refuses)
    transaction_id = world.paid()
    assert world.state(transaction_id) == UNRESOLVED
    expected = "ServerError; 4 attempts: HTTP 503, NotSent, NotSent, NotSent"
    assert last_detail(world, transaction_id) == expected


def test_a_resend_that_did_not_leave_us_is_not_one(new_world: Callable[..., World]) -> None:
    world = new_world(GRACE_SECONDS="60", MAX_RESENDS="1")
    world.monoova.script(*fails(Manner.RESET))
    transaction_id = world.paid()
    is_down = [True]

    def down(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        if is_execute(request) and is_down:
            raise requests.ConnectTimeout("too long")
        return send()

    tap_line(world, down)
    world.minutes(12)
    assert world.state(transaction_id) == UNRESOLVED
    stored = row(world, transaction_id)
    assert (stored.resends, stored.needs_review) == (0, False)
    details = [entry.detail for entry in stored.history]
    assert "NotSentAfterDoubt; 4 attempts: NotSent, NotSent, NotSent, NotSent" in details
    is_down.clear()
    forget_failures(world)
    assert in_the_end(world, transaction_id)["status"] == "Completed"
    assert bookings(world, transaction_id) == 1


def test_credentials_that_went_away_in_between_were_not_sent(world: World) -> None:
    """They are read again after five minutes, perhaps between the row and the call."""
    customer_id = world.customer()
    monoova = world.container.monoova
    world.pay(customer_id)
    monoova.check_ready = lambda: None  # type: ignore[method-assign, assignment, return-value]
    world.container.credentials._cached = None
    world.store_secret("")
    answer = world.pay(customer_id)
    assert (answer.status, answer.json["status"]) == (202, "Queued")
    assert row(world, answer.json["transaction_id"]).ambiguous is False


# --- a live stage, and what a contract run has shown


@pytest.mark.parametrize("setting", ["asked", "refused"])
def test_a_live_stage_without_a_contract_run_sends_nothing_again_that_was_lost(
    new_world: Callable[..., World], setting: str
) -> None:
    world = new_world(**LIVE, MONOOVA_DUPLICATES=setting)
    world.forget_contract_run()
    world.monoova.script(*fails(Manner.RESET))
    transaction_id = world.paid()
    shown = in_the_end(world, transaction_id)
    assert (shown["needs_review"], shown["review_reason"]) == (True, "OutcomeUnknown")
    assert (len(executed(world)), bookings(world, transaction_id)) == (1, 0)


def test_a_live_stage_without_a_contract_run_asks_although_it_is_set_to_refused(
    new_world: Callable[..., World],
) -> None:
    world = new_world(**LIVE, MONOOVA_DUPLICATES="refused")
    world.forget_contract_run()
    world.monoova.script(*fails(Manner.UNAVAILABLE_503, times=3))
    world.paid()
    world.drain()
    assert (len(executed(world)), questions(world)) == (4, 3)


def test_a_sandbox_needs_no_contract_run(new_world: Callable[..., World]) -> None:
    world = new_world(GRACE_SECONDS="60")
    world.forget_contract_run()
    world.monoova.script(*fails(Manner.RESET))
    transaction_id = world.paid()
    assert in_the_end(world, transaction_id)["status"] == "Completed"
    assert (len(executed(world)), bookings(world, transaction_id)) == (2, 1)


# --- the latch


def booked_twice(world: World) -> str:
    """A payout of which two answers of `execute` have told different numbers."""
    answers = iter([reply_with(500, 7)])

    def with_a_number(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        answer = next(answers, None) if is_execute(request) else None
        return answer(request) if answer else send()

    tap_line(world, with_a_number)
    return world.paid()


def reply_with(
    status: int, transaction_id: int
) -> Callable[[requests.PreparedRequest], requests.Response]:
    body = {"status": "SimulatedServerError", "transactionId": transaction_id}
    return lambda request: reply(request, status, body)


def test_two_numbers_for_one_reference_stop_every_second_call(
    new_world: Callable[..., World], capsys: pytest.CaptureFixture[str]
) -> None:
    world = new_world(GRACE_SECONDS="60")
    world.monoova.script(*fails(Manner.RESET))
    doubtful = world.paid()
    assert not is_latched(world)
    booked_twice(world)
    assert is_latched(world)
    assert world.admin.get("/sending").json["booked_twice_at"] is not None
    assert '"BookedTwice": 1' in capsys.readouterr().out
    tap_line(world, lambda _, send: send())
    world.reconcile()
    # Each minute, so that the alarm lasts as long as the latch.
    assert '"BookedTwice": 1' in capsys.readouterr().out
    world.monoova.script(*fails(Manner.UNAVAILABLE_503))
    unanswered = world.paid()
    assert world.state(unanswered) == UNRESOLVED
    for transaction_id in (doubtful, unanswered):
        shown = in_the_end(world, transaction_id)
        assert (shown["needs_review"], shown["review_reason"]) == (True, "OutcomeUnknown")
        assert bookings(world, transaction_id) == 0


def test_the_latch_holds_for_every_instance_and_until_a_newer_contract_run(
    new_world: Callable[..., World],
) -> None:
    world = new_world(GRACE_SECONDS="60")
    booked_twice(world)
    tap_line(world, lambda _, send: send())
    world.restart()
    world.container.gatekeeper.reset("operator")
    world.container.gatekeeper.resume("operator")
    assert is_latched(world)
    world.later(1)
    for showed, ends in ((Shown.BOOKED, False), (Shown.REFUSED, True)):
        run = ContractRun(world.clock(), "sandbox", showed)
        world.container.gatekeeper.record_contract_run(run)
        assert is_latched(world) is not ends
    world.monoova.script(*fails(Manner.RESET))
    transaction_id = world.paid()
    assert in_the_end(world, transaction_id)["status"] == "Completed"


def test_a_late_answer_with_another_number_than_the_second_call_had_is_seen(
    new_world: Callable[..., World],
) -> None:
    """The first function's answer comes after another has sent it again."""
    world = new_world(GRACE_SECONDS="60")
    world.monoova.behave(duplicate="booked_again", visibility_seconds=7200)
    world.webhooks_arrive = False
    is_first = iter([True])

    def late(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        answer = send()
        if is_execute(request) and next(is_first, False):
            for _ in range(3):
                world.later(400)
                world.reconcile()
        return answer

    tap_line(world, late)
    transaction_id = keyed(world, world.customer()).json["transaction_id"]
    assert bookings(world, transaction_id) == 2
    assert world.payout(transaction_id)["review_reason"] == "Contradiction"
    assert is_latched(world)


# --- every fault at a provider that books twice


FAULTS: Final = (
    Manner.ERROR_500,
    Manner.UNAVAILABLE_503,
    Manner.HTML_502,
    Manner.EMPTY_BODY,
    Manner.CUT_OFF_JSON,
    Manner.CUT_OFF_BODY,
    Manner.TIMEOUT,
    Manner.RESET,
    Manner.ERROR_STATUS_200,
)


def replay_fault(world: World, manner: Manner, moment: Moment, times: int) -> None:
    """One payout under this fault, to its end and three hours beyond."""
    forget_failures(world)
    world.monoova.script(*fails(manner, moment, times))
    transaction_id = world.paid()
    in_the_end(world, transaction_id)
    for _ in range(3):
        world.later(3600)
        world.reconcile()
    assert bookings(world, transaction_id) <= 1, (manner, moment, times)
    # What is left of the script is not for the next payout.
    world.monoova.forget_script()


@pytest.mark.parametrize("manner", FAULTS)
def test_by_default_no_fault_pays_twice_at_a_provider_that_books_twice_and_shows_it_at_once(
    world: World, manner: Manner
) -> None:
    world.monoova.behave(duplicate="booked_again", late_arrival_seconds=600)
    # An answer that came before the booking is no answer of a provider that shows it first.
    moments = [Moment.BEFORE, Moment.AFTER]
    moments += [Moment.LATE] if manner in (Manner.TIMEOUT, Manner.RESET) else []
    for moment in moments:
        for times in (1, 4):
            replay_fault(world, manner, moment, times)


@pytest.mark.parametrize("manner", FAULTS)
def test_with_booked_no_fault_pays_twice_at_any_provider(
    new_world: Callable[..., World], manner: Manner
) -> None:
    world = new_world(MONOOVA_DUPLICATES="booked")
    world.monoova.behave(
        duplicate="booked_again", visibility_seconds=2 * 3600, late_arrival_seconds=3600
    )
    for moment in Moment:
        replay_fault(world, manner, moment, 4)
