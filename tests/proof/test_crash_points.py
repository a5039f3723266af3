"""Crash points: a function killed before or after any of its calls breaks no promise."""

from collections import Counter
from pathlib import Path

import pytest

from proof.crash_points import FLOWS, Flow, Side, crash_points, judged, played
from proof.on_aws import AwsSystem


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_a_crash_after_any_call_of_a_flow_keeps_the_promises(flow: Flow, tmp_path: Path) -> None:
    calls = played(flow, None).crash_injector.counted
    tried: Counter[tuple[int, Side]] = Counter()
    # Between two calls nothing leaves the function: `make prove` kills it before each call, too.
    for point in crash_points((flow,), sides=(Side.AFTER,)):
        assert judged(point, tmp_path) == [], str(point)
        tried[point.call, point.side] += 1
    # Each of them with a caller that retries, and without.
    assert tried == {(call, Side.AFTER): 2 for call in range(1, calls + 1)}


def test_after_a_crash_the_sums_of_the_limits_are_those_of_the_stored_payouts() -> None:
    (flow,) = (flow for flow in FLOWS if flow.name == "request within limits")
    for point in crash_points((flow,)):
        tables = point.scenario.system.tables
        asked = sum(payout.amount_cents for payout in tables.payouts.values())
        assert sum(tables.sums.values()) == asked, str(point)
        assert len(tables.payouts) == 1 or not point.asks_again


def test_the_second_unknown_is_asked_for_and_what_follows_is_sent() -> None:
    (flow,) = (flow for flow in FLOWS if flow.name == "send again after a second unknown")
    called = [call.operation for call in played(flow, None).crash_injector.called]
    assert called.index("status") < called.index("execute")


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_a_flow_makes_the_same_calls_in_memory_and_over_aws(flow: Flow) -> None:
    over_aws = played(flow, None, system=AwsSystem)
    assert played(flow, None).crash_injector.called == over_aws.crash_injector.called


def test_every_crash_point_of_a_request_keeps_the_promises_over_aws_too(tmp_path: Path) -> None:
    for point in crash_points((FLOWS[0],), AwsSystem, sides=(Side.AFTER,)):
        assert judged(point, tmp_path) == [], str(point)


def test_a_killed_function_makes_no_further_call() -> None:
    scenario = played(FLOWS[0], (4, Side.BEFORE))
    assert scenario.crash_injector.counted == 4
    without_crash = played(FLOWS[0], None)
    assert (
        len(without_crash.system.monoova.payments) == len(scenario.system.monoova.payments) + 1 == 1
    )
