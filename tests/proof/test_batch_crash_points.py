"""Crash points of batches: every row is paid once, or, where it was cancelled, not at all."""

import pytest

from proof.batches import BATCH_FLOWS, Again, BatchFlow, crash_points, played
from proof.on_aws import AwsSystem

# `make prove` plays the others, too.
_FLOWS = [
    flow
    for flow in BATCH_FLOWS
    if flow.name == "retry" or (flow.again is Again.NO and not flow.loses_messages)
]


@pytest.mark.parametrize("flow", _FLOWS, ids=lambda flow: flow.name)
def test_after_a_crash_at_any_call_the_batch_is_finished(flow: BatchFlow) -> None:
    tried = 0
    for call, run in crash_points(flow):
        assert list(run.violations()) == [], f"{flow.name}: killed after call {call}"
        tried += 1
    assert tried > 1


@pytest.mark.parametrize("name", ["upload", "release under every rule", "cancel the rows", "retry"])
def test_a_batch_makes_the_same_calls_in_memory_and_over_aws(name: str) -> None:
    (flow,) = (flow for flow in BATCH_FLOWS if flow.name == name)
    over_aws = played(flow, None, AwsSystem)
    in_memory = played(flow, None)
    # The functions that send run side by side.
    assert in_memory.crash_injector.called_by_each == over_aws.crash_injector.called_by_each
