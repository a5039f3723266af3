"""`doctor` finds what is not as it should be, says what to do, and changes nothing."""

import io
import zipfile
from pathlib import Path
from typing import Any, Final

import boto3
import pytest

from ops.payoutctl.checks import alarms, functions
from ops.payoutctl.exits import Exit
from simulator.monoova import API_KEY
from tests import aws
from tests.ops.terminal import Terminal

PREFIX: Final = "monoova-payouts-test"
_KEYS: Final = {
    "transactions": ("transaction_id",),
    "customers": ("customer_id",),
    "controls": ("control_id",),
    "records": ("collection", "item"),
}


def client(service: str) -> Any:
    session: Any = boto3.Session(region_name=aws.REGION)
    return session.client(service)


class Deployment:
    """A deployment in which all is as it should be, until a test changes it."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self._tables()
        self._key()
        self._queues()
        self._functions()
        self._alarms()
        terminal.world.store_secret(
            API_KEY,
            environment="sandbox",
            baseUrl="https://api.m-pay.com.au",
            webhookSecret="a-secret",
        )
        terminal("webhooks", "subscribe")

    def _tables(self) -> None:
        dynamodb = client("dynamodb")
        for name, keys in _KEYS.items():
            table = f"{PREFIX}-{name}"
            kinds = ("HASH", "RANGE")
            dynamodb.create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                DeletionProtectionEnabled=True,
                AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in keys],
                KeySchema=[
                    {"AttributeName": k, "KeyType": kind}
                    for k, kind in zip(keys, kinds, strict=False)
                ],
            )
            dynamodb.update_continuous_backups(
                TableName=table,
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            )
            if name != "customers":
                dynamodb.update_time_to_live(
                    TableName=table,
                    TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True},
                )

    def _key(self) -> None:
        kms = client("kms")
        self.key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.enable_key_rotation(KeyId=self.key)
        kms.create_alias(AliasName=f"alias/{PREFIX}-customer-data", TargetKeyId=self.key)

    def _queues(self) -> None:
        sqs = client("sqs")
        self.parked = sqs.create_queue(QueueName=f"{PREFIX}-parked")["QueueUrl"]
        arn = f"arn:aws:sqs:{aws.REGION}:123456789012:{PREFIX}-parked"
        policy = f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": 5}}'
        for name in ("payouts", "webhooks"):
            sqs.create_queue(QueueName=f"{PREFIX}-{name}", Attributes={"RedrivePolicy": policy})

    def _functions(self) -> None:
        iam, code = client("iam"), io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("app.py", "")
        role = iam.create_role(RoleName="function", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        self.lambdas = client("lambda")
        for name in functions.names():
            function = PREFIX if name == "api_handler" else f"{PREFIX}-{name}"
            self.lambdas.create_function(
                FunctionName=function,
                Runtime="python3.12",
                Role=role,
                Handler="app.app",
                Code={"ZipFile": code.getvalue()},
                Environment={"Variables": self.terminal.world.environment},
            )
        for name, queue in (
            ("send_queued_payouts", "payouts"),
            ("take_up_webhook_events", "webhooks"),
        ):
            self.lambdas.create_event_source_mapping(
                FunctionName=f"{PREFIX}-{name}",
                EventSourceArn=f"arn:aws:sqs:{aws.REGION}:123456789012:{PREFIX}-{queue}",
                FunctionResponseTypes=["ReportBatchItemFailures"],
            )

    def _alarms(self) -> None:
        for name in alarms.names():
            self.alarm(name, "OK")

    def alarm(self, name: str, state: str, actions: tuple[str, ...] = ("arn:aws:sns:x",)) -> None:
        cloudwatch = client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName=f"{PREFIX}-{name}",
            MetricName="m",
            Namespace="n",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            Statistic="Sum",
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=list(actions),
        )
        cloudwatch.set_alarm_state(
            AlarmName=f"{PREFIX}-{name}", StateValue=state, StateReason="a test"
        )

    def doctor(self, *words: str, ends: Exit = Exit.DONE) -> dict[str, str]:
        """The verdict of each check."""
        document = self.terminal.json("doctor", *words, ends=ends)
        return {row["check"]: row["verdict"] for row in document["checks"]}


@pytest.fixture
def deployment(terminal: Terminal) -> Deployment:
    return Deployment(terminal)


def test_a_deployment_that_is_well_has_nothing_that_failed(deployment: Deployment) -> None:
    verdicts = deployment.doctor()
    assert set(verdicts.values()) <= {"ok", "not seen"}
    unseen = {check for check, verdict in verdicts.items() if verdict == "not seen"}
    # The simulated Monoova's answers have no date.
    assert unseen <= {"Clock: this machine and Monoova", "Clock: this machine and AWS"}


def test_each_thing_that_is_wrong_is_found_and_nothing_else(deployment: Deployment) -> None:
    world = deployment.terminal.world
    client("dynamodb").update_time_to_live(
        TableName=f"{PREFIX}-records",
        TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": False},
    )
    client("kms").disable_key_rotation(KeyId=deployment.key)
    world.sqs.send_message(QueueUrl=deployment.parked, MessageBody="{}")
    deployment.lambdas.update_function_configuration(
        FunctionName=PREFIX, Environment={"Variables": {"STAGE": "test"}}
    )
    deployment.alarm("circuit-is-open", "ALARM")
    deployment.alarm("api-is-slow", "OK", actions=())
    client("cloudwatch").delete_alarms(AlarmNames=[f"{PREFIX}-function-fails"])
    deployment.terminal("pause", "--reason", "a test", "--direct")
    verdicts = deployment.doctor(ends=Exit.CHECK_FAILED)
    assert {check for check, verdict in verdicts.items() if verdict == "failed"} == {
        "API: payouts are sent",
        "Table records: rows end by expires_at",
        "Key of customers' data: rotates",
        "Queue parked",
        "Function api_handler: its environment",
        "Alarm circuit-is-open",
        "Alarm api-is-slow",
        "Alarm function-fails",
    }
    shown = deployment.terminal("doctor", ends=Exit.CHECK_FAILED)
    assert "MONOOVA_API_SECRET_ARN: missing" in shown.stdout
    assert API_KEY not in shown.output


def test_without_a_login_monoovas_key_is_left_alone(deployment: Deployment) -> None:
    before = len(deployment.terminal.world.monoova.calls)
    verdicts = deployment.doctor("--no-login")
    assert verdicts["Monoova: the key, and where webhooks go"] == "not seen"
    calls = deployment.terminal.world.monoova.calls[before:]
    assert all(call.path.startswith("/public/") for call in calls)


def test_a_deployment_that_is_not_there_is_told_thing_by_thing(
    terminal: Terminal, tmp_path: Path
) -> None:
    lost = Terminal(terminal.served, tmp_path, more={"STAGE": "nowhere"})
    document = lost.json("doctor", "--no-login", ends=Exit.CHECK_FAILED)
    failed = {row["check"] for row in document["checks"] if row["verdict"] == "failed"}
    assert {"Table transactions", "Key of customers' data", "Queue payouts"} <= failed
    assert all(row["what_to_do"] for row in document["checks"] if row["verdict"] == "failed")
