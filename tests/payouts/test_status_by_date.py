"""One status answer by date for many payouts: how long it is used, and what it proves."""

import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import pytest
import requests

from chalicelib.core.deadline import TimeLeft
from chalicelib.monoova.rules.gate import Passage
from chalicelib.monoova.rules.outcome import Standing
from chalicelib.payouts.rules.payout import Payout, State
from chalicelib.payouts.sending.ask_monoova import StatusQuestions
from chalicelib.payouts.store.items import DUE_SHARDS
from simulator.monoova import API_KEY
from simulator.outcomes import Fate, News, Plan
from simulator.testing import payid_payout
from tests.payouts.builder import a_payout
from tests.payouts.test_reconciliation import HOST, STATUS, by_date, questions, run_within, stored
from tests.payouts.test_request_payout import EXECUTE, AwsCalls, Pass, reply, tap_line
from tests.world import World, WorldClock

ENDED: Final = Plan(news=News.LOST)
STUCK: Final = Plan(fate=Fate.PENDING_FOREVER)


@dataclass
class Bench:
    """The status requests of one run, for payouts that are in no table, as if just read."""

    world: World

    def __post_init__(self) -> None:
        parts = self.world.container
        parts.gatekeeper.look()
        clock = WorldClock(self.world)
        self.time_left = TimeLeft(clock, clock.now() + timedelta(days=10))
        self.asking = StatusQuestions(parts.monoova, parts.gatekeeper, clock, self.time_left)

    def sent(self, count: int, plan: Plan = ENDED) -> list[Payout]:
        """So many payouts that Monoova accepted at this moment, without webhooks."""
        self.world.monoova.script(*[plan] * count)
        return [self._sent() for _ in range(count)]

    def _sent(self) -> Payout:
        made, now = str(uuid.uuid4()), self.world.clock()
        body = payid_payout(made, "10.00", "jo.citizen@example.com")
        assert self.world.http.post(HOST + EXECUTE, json=body, auth=(API_KEY, "")).ok
        return a_payout(State.ACCEPTED, now, made, amount_cents=1000, last_sent_at=now)

    def standings(self, payouts: list[Payout]) -> set[Standing | None]:
        reports = [self.asking.report_on(payout) for payout in payouts]
        return {report.standing if report else None for report in reports}


@pytest.fixture
def bench(world: World) -> Bench:
    return Bench(world)


def test_one_answer_is_reused_in_the_rounds_that_follow(bench: Bench) -> None:
    rounds = [bench.sent(10) for _ in range(3)]
    bench.world.later(180)
    for payouts in rounds:
        bench.asking.begin(payouts)
        assert all(bench.asking.knows(payout) for payout in payouts)
        assert bench.standings(payouts) == {Standing.COMPLETE}
        bench.world.later(10)
    assert bench.asking.questions == len(questions(bench.world)) == 1


def test_fewer_than_ten_are_requested_one_by_one(bench: Bench) -> None:
    few = bench.sent(9)
    bench.world.later(180)
    bench.asking.begin(few)
    assert bench.standings(few) == {None}
    assert bench.asking.questions == 0
    report = bench.asking.ask(few[0])
    assert (report.standing, bench.asking.questions) == (Standing.COMPLETE, 1)


def test_an_answer_proves_nothing_of_a_payout_that_was_written_after_the_question(
    bench: Bench,
) -> None:
    payouts = bench.sent(12)
    bench.world.later(180)
    asked_at = bench.world.clock()
    bench.asking.begin(payouts)
    sent_again = replace(payouts[0], updated_at=asked_at)
    assert bench.asking.report_on(sent_again) is None
    assert not bench.asking.knows(sent_again)
    assert bench.asking.knows(replace(sent_again, updated_at=asked_at - timedelta(microseconds=1)))


def test_a_pending_status_is_used_for_half_a_minute_and_then_requested_anew(bench: Bench) -> None:
    payouts = bench.sent(12, STUCK)
    bench.world.later(180)
    bench.asking.begin(payouts)
    for payment in bench.world.monoova.payments:
        payment.status, payment.completed_at = type(payment.status).COMPLETE, bench.world.clock()
    bench.world.later(30)
    assert bench.standings(payouts) == {Standing.PENDING}
    bench.world.later(0.001)
    assert bench.standings(payouts) == {Standing.COMPLETE}
    assert bench.asking.questions == 2


def test_a_final_status_is_used_for_as_long_as_a_run_may_last(bench: Bench) -> None:
    payouts = bench.sent(12)
    bench.world.later(180)
    bench.asking.begin(payouts)
    bench.world.later(60)
    assert bench.standings(payouts) == {Standing.COMPLETE}
    assert bench.asking.questions == 1
    bench.world.later(0.001)
    assert bench.standings(payouts) == {Standing.COMPLETE}
    assert bench.asking.questions == 2


@pytest.mark.parametrize("why", ["no time", "no passage"])
def test_an_answer_that_is_too_old_is_not_used_even_where_there_can_be_no_other(
    why: str, bench: Bench
) -> None:
    payouts = bench.sent(12)
    bench.world.later(180)
    bench.asking.begin(payouts)
    bench.world.later(61)
    if why == "no time":
        bench.time_left.ends_at = bench.world.clock() + timedelta(seconds=10)
    else:
        bench.world.monoova.rotate_key("another-key")
        assert bench.world.admin.get("/account").status == 503
    asked = len(questions(bench.world))
    assert bench.standings(payouts) == {None}
    assert len(questions(bench.world)) == asked
    keeper = bench.world.container.gatekeeper
    expected = Passage.CLEAR if why == "no time" else Passage.CIRCUIT_OPEN
    assert keeper.passage_for_questions(keeper.gate) is expected


def test_an_answer_by_date_that_failed_is_not_requested_again_at_once(bench: Bench) -> None:
    payouts = bench.sent(24)
    bench.world.later(180)

    def by_date_fails(request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        return reply(request, 500, b"") if "/2026-" in request.path_url else go_on()

    tap_line(bench.world, by_date_fails)
    for _ in range(2):
        bench.asking.begin(payouts)
        assert bench.standings(payouts) == {None}
    assert bench.asking.questions == 1
    assert bench.asking.ask(payouts[0]).standing is Standing.COMPLETE
    bench.world.later(31)
    tap_line(bench.world, lambda _request, go_on: go_on())
    assert bench.standings(payouts) == {Standing.COMPLETE}
    assert bench.asking.questions == 3


@pytest.mark.parametrize(("count", "asked"), [(9, 1), (10, 2)])
def test_many_of_an_earlier_day_than_the_answer_tells_of_are_worth_another(
    count: int, asked: int, bench: Bench
) -> None:
    earlier = bench.sent(count)
    bench.world.later(86_400)
    payouts = bench.sent(12)
    bench.world.later(180)
    bench.asking.begin(payouts)
    bench.asking.begin(earlier)
    assert len(by_date(bench.world)) == bench.asking.questions == asked
    assert bench.standings(earlier) == {Standing.COMPLETE if asked == 2 else None}
    assert bench.standings(payouts) == {Standing.COMPLETE}


def test_payouts_older_than_two_days_are_not_requested_by_date(bench: Bench) -> None:
    payouts = bench.sent(12)
    bench.world.later(2 * 86_400 + 1)
    bench.asking.begin(payouts)
    assert questions(bench.world) == []
    assert bench.standings(payouts) == {None}


# --- through the schedule


def test_a_long_shard_does_not_keep_the_others_waiting(world: World) -> None:
    customer = world.customer()
    first = world.clock().minute % DUE_SHARDS + 1
    numbers = {number: number % DUE_SHARDS == first % DUE_SHARDS for number in range(440)}
    for number in (n for n, is_of_the_long in numbers.items() if is_of_the_long):
        stored(world, customer, State.SENDING, number)
    others = [
        stored(world, customer, State.SENDING, 440 + (first + more) % DUE_SHARDS)
        for more in range(1, DUE_SHARDS)
    ]
    world.later(60)
    AwsCalls(world).at("DynamoDB.UpdateItem", lambda _body: world.clock.advance(0.5))
    found = run_within(world, 60_000)
    assert (100 <= found["looked_at"] < 110, found["is_finished"]) == (True, False)
    assert {world.state(one) for one in others} == {("Pending", "Unresolved")}


def test_a_few_of_each_shard_are_many_together_and_cost_one_request(world: World) -> None:
    customer = world.customer()
    world.monoova.script(*[ENDED] * 12)
    for number in range(12):
        one = stored(world, customer, State.ACCEPTED, number, last_sent_at=world.clock())
        body = payid_payout(one, "10.00", "jo.citizen@example.com")
        assert world.http.post(HOST + EXECUTE, json=body, auth=(API_KEY, "")).ok
    world.later(180)
    found = world.reconcile()
    assert (found["moved_to"], found["questions_to_monoova"]) == ({"Completed": 12}, 1)
    assert [call.path for call in world.monoova.calls if call.path.startswith(STATUS)] == [
        STATUS + by_date(world)[0]
    ]
