"""Whatever call of a batch's functions one dies at, every row is paid once, or not at all."""

import pytest

from proof.batches import DEATHS, Deaths, crash_points, told
from proof.on_aws import AwsSystem


@pytest.mark.parametrize("deaths", DEATHS, ids=lambda deaths: deaths.name)
def test_wherever_one_dies_the_batch_comes_to_its_end(deaths: Deaths) -> None:
    tried = 0
    for call, story in crash_points(deaths):
        assert list(story.violations()) == [], f"{deaths.name}: died after call {call}"
        tried += 1
    assert tried > 1


@pytest.mark.parametrize("name", ["upload", "release under every rule", "cancel the rows"])
def test_memory_is_called_for_a_batch_just_as_aws_is(name: str) -> None:
    (deaths,) = (deaths for deaths in DEATHS if deaths.name == name)
    over_aws = told(deaths, None, AwsSystem)
    assert told(deaths, None).crash_injector.called == over_aws.crash_injector.called
