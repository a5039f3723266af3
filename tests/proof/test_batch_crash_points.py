"""Whatever call of a batch's functions one dies at, every row is paid once, or not at all."""

import pytest

from proof.batches import BATCH_FLOWS, BatchFlow, crash_points, played
from proof.on_aws import AwsSystem


@pytest.mark.parametrize("flow", BATCH_FLOWS, ids=lambda flow: flow.name)
def test_wherever_one_dies_the_batch_comes_to_its_end(flow: BatchFlow) -> None:
    tried = 0
    for call, run in crash_points(flow):
        assert list(run.violations()) == [], f"{flow.name}: died after call {call}"
        tried += 1
    assert tried > 1


@pytest.mark.parametrize("name", ["upload", "release under every rule", "cancel the rows"])
def test_memory_is_called_for_a_batch_just_as_aws_is(name: str) -> None:
    (flow,) = (flow for flow in BATCH_FLOWS if flow.name == name)
    over_aws = played(flow, None, AwsSystem)
    assert played(flow, None).crash_injector.called == over_aws.crash_injector.called
