"""What `chalice deploy` cannot say is said afterwards by API."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws

from tools.deploy.errors import DeployError
from tools.deploy.finish import finish
from tools.deploy.stage import Stage

STAGE: Final = Stage("dev", "ap-southeast-2")
READERS: Final = ("send_queued_payouts", "take_up_webhook_events")
DAILY: Final = "monoova-payouts-dev-reconcile_daily"


@pytest.fixture
def clients() -> Iterator[dict[str, Any]]:
    with mock_aws():
        session = boto3.Session(region_name="ap-southeast-2")
        yield {
            "lambda": session.client("lambda"),
            "events": session.client("events"),
            "sqs": session.client("sqs"),
            "iam": session.client("iam"),
        }


def deployed(clients: dict[str, Any]) -> None:
    """The functions as `chalice deploy` leaves them."""
    trusted = {"Principal": {"Service": "lambda.amazonaws.com"}}
    role = clients["iam"].create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trusted))
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "")
    for name in (*READERS, "reconcile_daily"):
        clients["lambda"].create_function(
            FunctionName=f"monoova-payouts-dev-{name}",
            Runtime="python3.12",
            Role=role["Role"]["Arn"],
            Handler="app.app",
            Code={"ZipFile": code.getvalue()},
        )
    for name in READERS:
        url = clients["sqs"].create_queue(QueueName=name)["QueueUrl"]
        arn = clients["sqs"].get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        clients["lambda"].create_event_source_mapping(
            EventSourceArn=arn["Attributes"]["QueueArn"],
            FunctionName=f"monoova-payouts-dev-{name}",
        )


def test_failed_messages_come_back_alone_and_returns_are_looked_for(
    clients: dict[str, Any],
) -> None:
    deployed(clients)
    # A second time, as after every deployment.
    for _ in range(2):
        done = finish(clients["lambda"], clients["events"], STAGE)
        assert done == [f"monoova-payouts-dev-{name}" for name in READERS]
    rule = clients["events"].describe_rule(Name="monoova-payouts-dev-look-for-returns")
    assert (rule["State"], rule["ScheduleExpression"]) == ("ENABLED", "rate(15 minutes)")
    (target,) = clients["events"].list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert target["Arn"].endswith(DAILY)
    policy = json.loads(clients["lambda"].get_policy(FunctionName=DAILY)["Policy"])
    statement, *_ = policy["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"]["ArnLike"] == {"AWS:SourceArn": rule["Arn"]}


def test_a_function_that_reads_no_queue_was_not_deployed(clients: dict[str, Any]) -> None:
    with pytest.raises(DeployError, match="send_queued_payouts reads no queue"):
        finish(clients["lambda"], clients["events"], STAGE)
