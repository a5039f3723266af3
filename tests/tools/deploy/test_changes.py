"""What a person is shown before a stack is changed."""

from typing import Any

import pytest

from tools.deploy.stacks import KEEP, Change, NewValue, Stacks


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (Change("Add", "Topic", "AWS::SNS::Topic", "False"), "  + Topic AWS::SNS::Topic"),
        (Change("Remove", "Topic", "AWS::SNS::Topic", "False"), "  - Topic AWS::SNS::Topic"),
        (Change("Modify", "Topic", "AWS::SNS::Topic", "False"), "  ~ Topic AWS::SNS::Topic"),
        (
            Change("Modify", "Payouts", "AWS::DynamoDB::Table", "True"),
            "  ~ Payouts AWS::DynamoDB::Table   REPLACED: True",
        ),
        (
            Change("Modify", "Api", "AWS::ApiGateway::RestApi", "Conditional"),
            "  ~ Api AWS::ApiGateway::RestApi   REPLACED: Conditional",
        ),
        (Change("Dynamic", "Nested", "AWS::CloudFormation::Stack", "False"), "  Dynamic Nested"),
    ],
)
def test_a_change_is_one_line_and_a_replacement_stands_out(change: Change, line: str) -> None:
    shown = str(change).replace(f"{change.resource:<36}", change.resource)
    assert shown.startswith(line)
    assert ("REPLACED" in shown) is ("REPLACED" in line)


class CloudFormation:
    """Has a stack, and a change set of it that gives these values."""

    def __init__(self, before: dict[str, str], after: dict[str, str]) -> None:
        self._before, self._after = before, after

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        stack = {"StackStatus": "UPDATE_COMPLETE", "Parameters": _parameters(self._before)}
        return {"Stacks": [stack]}

    def create_change_set(self, **_: Any) -> None:
        """Nothing to answer."""

    def describe_change_set(self, **_: str) -> dict[str, Any]:
        return {"Status": "CREATE_COMPLETE", "Parameters": _parameters(self._after)}


def _parameters(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


def test_a_plan_shows_each_value_that_changes_new_defaults_too_and_no_secret() -> None:
    before = {"Limit": "1000", "WithoutGroup": "operate", "Same": "a", "Key": "****", "Old": "x"}
    after = {"Limit": "5000", "WithoutGroup": "nothing", "Same": "a", "Key": "****", "New": "y"}
    plan = Stacks(CloudFormation(before, after)).plan(
        "a-stack", {"TemplateBody": ""}, {"Limit": "5000", "Same": "a", "Key": KEEP}
    )
    assert plan is not None
    assert plan.values == (
        NewValue("Limit", "1000", "5000"),
        NewValue("New", "", "y"),
        NewValue("Old", "x", ""),
        NewValue("WithoutGroup", "operate", "nothing"),
    )
    shown = [" ".join(str(each).split()) for each in plan.values]
    assert shown[:3] == ["~ Limit 1000 -> 5000", '~ New "" -> y', '~ Old x -> ""']
