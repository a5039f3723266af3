"""What a person is shown before a stack is changed."""

import pytest

from tools.deploy.stacks import Change


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
