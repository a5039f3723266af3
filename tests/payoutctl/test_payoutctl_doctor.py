"""`doctor` finds what is not as it should be, says what to do, and changes nothing."""

import io
import zipfile
from typing import Final

from payoutctl.checks import alarms, functions
from payoutctl.exits import Exit
from simulator.monoova import API_KEY
from tests import aws
from tests.payoutctl.terminal import Terminal

PREFIX: Final = "monoova-payouts-test"
_KEYS: Final = {
    "transactions": ("transaction_id",),
    "customers": ("customer_id",),
    "controls": ("control_id",),
    "records": ("collection", "item"),
}


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
            webhookSecret="a-secret-of-24-characters",
        )
        terminal("webhooks", "subscribe", "--yes")

    def _tables(self) -> None:
        dynamodb = aws.client("dynamodb")
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
        kms = aws.client("kms")
        self.key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.enable_key_rotation(KeyId=self.key)
        kms.create_alias(AliasName=f"alias/{PREFIX}-customer-data", TargetKeyId=self.key)

    def _queues(self) -> None:
        sqs = aws.client("sqs")
        self.dead_letters = sqs.create_queue(QueueName=f"{PREFIX}-parked")["QueueUrl"]
        arn = f"arn:aws:sqs:{aws.REGION}:123456789012:{PREFIX}-parked"
        policy = f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": 5}}'
        for name in ("payouts", "webhooks"):
            sqs.create_queue(QueueName=f"{PREFIX}-{name}", Attributes={"RedrivePolicy": policy})

    def _functions(self) -> None:
        iam, code = aws.client("iam"), io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("app.py", "")
        role = iam.create_role(RoleName="function", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        self.lambdas = aws.client("lambda")
        for name in functions.names():
            function = PREFIX if name == "api_handler" else f"{PREFIX}-{name}"
            self.lambdas.create_function(
                FunctionName=function,
                Runtime="python3.12",
                Role=role,
                Handler="app.app",
                Code={"ZipFile": code.getvalue()},
                Environment={"Variables": self.terminal.world.environment | {"STAGE_CLASS": "dev"}},
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
        cloudwatch = aws.client("cloudwatch")
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


# The clock of these tests is in March, AWS's and ours are not.
_BY_THE_CLOCK: Final = {"Clock: this machine and AWS"}


def failed(verdicts: dict[str, str]) -> set[str]:
    return {check for check, verdict in verdicts.items() if verdict == "failed"}


def test_a_healthy_deployment_passes_and_each_fault_is_found(
    terminal: Terminal,
) -> None:
    deployment = Deployment(terminal)
    well = deployment.doctor(ends=Exit.CHECK_FAILED)
    assert failed(well) == _BY_THE_CLOCK
    assert {check for check, verdict in well.items() if verdict == "not seen"} == {
        "Clock: this machine and Monoova"
    }
    before = len(terminal.world.monoova.calls)
    deployment.doctor("--no-login", ends=Exit.CHECK_FAILED)
    calls = terminal.world.monoova.calls[before:]
    assert all(call.path.startswith("/public/") for call in calls)
    spoil(deployment)
    assert failed(deployment.doctor(ends=Exit.CHECK_FAILED)) == _BY_THE_CLOCK | {
        "API: payouts are sent",
        "Table records: items expire by expires_at",
        "Customer-data key: rotates",
        "Dead-letter queue",
        "Function api_handler: its environment",
        "Alarm circuit-is-open",
        "Alarm api-is-slow",
        "Alarm function-fails",
        "Monoova: sends NppReturn",
    }
    shown = terminal("doctor", ends=Exit.CHECK_FAILED)
    assert "MONOOVA_API_SECRET_ARN: missing" in shown.stdout
    assert API_KEY not in shown.output


def spoil(deployment: Deployment) -> None:
    terminal = deployment.terminal
    aws.client("dynamodb").update_time_to_live(
        TableName=f"{PREFIX}-records",
        TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": False},
    )
    aws.client("kms").disable_key_rotation(KeyId=deployment.key)
    terminal.world.sqs.send_message(QueueUrl=deployment.dead_letters, MessageBody="{}")
    deployment.lambdas.update_function_configuration(
        FunctionName=PREFIX, Environment={"Variables": {"STAGE": "test"}}
    )
    deployment.alarm("circuit-is-open", "ALARM")
    deployment.alarm("api-is-slow", "OK", actions=())
    aws.client("cloudwatch").delete_alarms(AlarmNames=[f"{PREFIX}-function-fails"])
    terminal("pause", "--reason", "a test")
    elsewhere = {"PAYOUTS_API_URL": terminal.server.url.replace("127.0.0.1", "localhost")}
    other = Terminal(terminal.server, terminal.home, more=elsewhere)
    other("webhooks", "subscribe", "--event", "NppReturn", "--yes")


def test_a_secret_of_another_environment_is_found(terminal: Terminal) -> None:
    deployment = Deployment(terminal)
    deployment.lambdas.update_function_configuration(
        FunctionName=PREFIX, Environment={"Variables": {"STAGE_CLASS": "prod"}}
    )
    verdicts = deployment.doctor("--no-login", ends=Exit.CHECK_FAILED)
    assert verdicts["Monoova's secret: fits the stage"] == "failed"


def test_a_missing_deployment_fails_each_check(terminal: Terminal) -> None:
    lost = Terminal(terminal.server, terminal.home, more={"STAGE": "nowhere"})
    document = lost.json("doctor", "--no-login", ends=Exit.CHECK_FAILED)
    rows = [row for row in document["checks"] if row["verdict"] == "failed"]
    assert {"Table transactions", "Customer-data key", "Queue payouts"} <= {
        row["check"] for row in rows
    }
    assert all(row["what_to_do"] for row in rows)
