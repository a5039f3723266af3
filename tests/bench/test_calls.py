"""What each flow calls, pinned: another call costs money and time."""

import pytest

from bench import calls, journeys
from bench.calls import Flow
from bench.tally import Function


def flow(name: str) -> Flow:
    return calls.counted().flows[name]


@pytest.mark.parametrize(
    "name", [journeys.SETTLED_BY_WEBHOOK, journeys.SETTLED_BY_RECONCILER, journeys.REFUSED]
)
def test_a_payout_costs_one_read_three_writes_and_one_key(name: str) -> None:
    """The design's bar. What the minute reads with or without the payout is not the payout's."""
    whole, idle = flow(name), flow(journeys.IDLE)
    minutes = sum(i.function is Function.RECONCILE for i in whole.invocations)
    assert whole.reads - minutes * idle.reads <= 1
    assert whole.writes <= 3
    assert whole.count("kms") <= 1


@pytest.mark.parametrize("name", [*journeys.FLOWS])
def test_no_flow_scans_or_reads_the_secret_again(name: str) -> None:
    assert (flow(name).scans, flow(name).count("secretsmanager")) == (0, 0)


@pytest.mark.parametrize(
    ("name", "reads", "writes", "kms", "sqs", "monoova"),
    [
        (journeys.SETTLED_BY_WEBHOOK, 1, 3, 1, 0, 1),
        (journeys.SETTLED_LATE, 12, 4, 1, 0, 2),
        (journeys.SETTLED_BY_RECONCILER, 12, 3, 1, 0, 2),
        (journeys.REFUSED, 1, 2, 1, 0, 1),
        (journeys.QUEUED, 2, 4, 2, 1, 1),
        (journeys.QUEUED_EVENT, 0, 2, 0, 1, 0),
        (journeys.IDLE, 11, 0, 0, 0, 0),
        # One of each is whether the person was disabled.
        (journeys.SHOWN, 2, 0, 0, 0, 0),
        (journeys.LISTED, 2, 0, 0, 0, 0),
        (journeys.REGISTERED, 2, 2, 2, 0, 0),
    ],
)
def test_each_flow_makes_these_calls_and_no_other(
    name: str, reads: int, writes: int, kms: int, sqs: int, monoova: int
) -> None:
    found = flow(name)
    services = (found.reads, found.writes, found.count("kms"), found.count("sqs"))
    assert services == (reads, writes, kms, sqs)
    assert found.monoova == monoova
    assert sum(len(i.calls) for i in found.invocations) == sum(services)


@pytest.mark.parametrize(
    ("name", "read_units", "write_units"),
    [
        (journeys.SETTLED_BY_WEBHOOK, 3, 17),
        (journeys.SETTLED_BY_RECONCILER, 9, 17),
        (journeys.REFUSED, 3, 12),
        (journeys.QUEUED, 6, 27),
        (journeys.IDLE, 6, 0),
        (journeys.SHOWN, 2, 0),
        (journeys.REGISTERED, 2, 5),
    ],
)
def test_each_flow_takes_these_units_of_dynamodb(
    name: str, read_units: float, write_units: int
) -> None:
    assert (flow(name).read_units, flow(name).write_units) == (read_units, write_units)


def test_the_entry_points_are_those_of_the_flow() -> None:
    entry_points = [(i.function, i.entry_point) for i in flow(journeys.QUEUED).invocations]
    assert entry_points == [
        (Function.API, "POST /payouts"),
        (Function.SEND, "a message"),
        (Function.API, "POST /webhooks/monoova"),
    ]


def test_every_invocation_writes_its_line() -> None:
    for found in calls.counted().flows.values():
        assert all(100 < i.log_bytes < 2_000 for i in found.invocations), found.name


def test_the_metrics_of_a_payout_are_in_its_lines() -> None:
    asked, settled = flow(journeys.SETTLED_BY_WEBHOOK).invocations
    assert asked.metrics == {"PayoutsRequested", "MonoovaMilliseconds"}
    assert settled.metrics >= {"PayoutsCompleted", "WebhooksReceived"}


def test_the_table_has_a_row_for_each_flow() -> None:
    lines = list(calls.table(calls.counted()))
    assert all(any(line.startswith(name) for line in lines) for name in journeys.FLOWS)
