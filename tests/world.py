"""The test harness: the real app, an emulated AWS, a simulated Monoova and a manual clock."""

import json
import random
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any, Final

import requests

from chalicelib.container import Container, wired
from chalicelib.core.errors import SettingsError
from chalicelib.core.stage_class import HOSTS
from chalicelib.monoova.gate_store import Controls
from proof.contract_run import GATE
from proof.lambda_events import (
    HttpAnswer,
    failed_in,
    http_event,
    load_app,
    schedule_event,
    sqs_event,
    user,
)
from proof.user_pool import CLIENT_ID, POOL_ID, key_set
from simulator.adapter import SimulatorAdapter
from simulator.clock import ManualClock
from simulator.monoova import API_KEY, M_ACCOUNT, Monoova
from simulator.testing import shared_signing_key
from tests import aws

__all__ = [
    "ADMIN",
    "APPROVER",
    "LIVE",
    "ROLE",
    "WEBHOOK_SECRET",
    "Caller",
    "HttpAnswer",
    "LambdaContext",
    "World",
    "WorldClock",
    "as_admin",
    "as_anonymous",
    "as_approver",
    "as_service",
    "load_app",
]

WEBHOOK_SECRET: Final = "webhook-secret-5e1f-of-tests"
ADMIN: Final = "0a1b2c3d-admin-sub"
APPROVER: Final = "9f8e7d6c-approver-sub"
ROLE: Final = "arn:aws:sts::111122223333:assumed-role/Payer/session-1"
# What a stage has on that pays with real money, with more room than any test needs.
LIVE: Final[dict[str, str]] = {
    "STAGE_CLASS": "prod",
    "SIGN_IN_MFA": "required",
    "MONOOVA_SOURCE_BSB_FIELD": "sourceBSB",
    "APPROVAL_THRESHOLD_AUD": "1000000",
    "DESTINATION_APPROVAL": "required",
    "LIMIT_PER_DAY_AUD": "1000000",
    "LIMIT_PER_CUSTOMER_AUD_PER_DAY": "1000000",
    "LIMIT_PER_DESTINATION_AUD_PER_DAY": "1000000",
    "LIMIT_PER_MAKER_AUD_PER_DAY": "1000000",
}

# What the functions get on AWS.
_API_MILLISECONDS: Final = 30_000
_WORKER_MILLISECONDS: Final = 60_000


@dataclass(frozen=True)
class LambdaContext:
    """What a handler sees of its function. Its time does not run while it works."""

    milliseconds: int = _WORKER_MILLISECONDS
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


class Caller:
    """Sends requests through the app as API Gateway does, after its authorizer accepted them."""

    def __init__(
        self, app: ModuleType, context: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        self._app = app
        self._context = dict(context)
        self._headers = dict(headers or {})

    def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> HttpAnswer:
        event = self._event(method, path, body, {**self._headers, **(headers or {})}, raw)
        return HttpAnswer.of(self._app.app(event, LambdaContext(_API_MILLISECONDS)))

    def _event(
        self,
        method: str,
        path: str,
        body: object,
        headers: Mapping[str, str],
        raw: bytes | None,
    ) -> dict[str, Any]:
        content = raw if raw is not None else json.dumps(body).encode() if body is not None else b""
        return http_event(self._app, method, path, content, headers, self._context)

    def get(self, path: str, **query: str) -> HttpAnswer:
        text = "&".join(f"{name.rstrip('_')}={value}" for name, value in query.items())
        return self("GET", f"{path}?{text}" if text else path)

    def post(self, path: str, body: object = None, **headers: str) -> HttpAnswer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self("POST", path, body, headers=named)


def as_admin(app: ModuleType, sub: str = ADMIN) -> Caller:
    return Caller(app, user(sub))


def as_approver(app: ModuleType, sub: str = APPROVER) -> Caller:
    """An approver other than the administrator, who may decide on their requests."""
    return Caller(app, user(sub, "approvers"))


def as_service(app: ModuleType, arn: str = ROLE) -> Caller:
    return Caller(app, {"identity": {"userArn": arn, "sourceIp": "127.0.0.1"}})


def as_anonymous(app: ModuleType) -> Caller:
    return Caller(app, {})


class WorldClock:
    """The app's view of the manual clock: sleeping advances it, and runs what Monoova has due."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def now(self) -> datetime:
        return self._world.clock()

    def sleep(self, seconds: float) -> None:
        self._world.later(seconds)


@dataclass
class World:
    """One run of the product in this process. `settings` are more environment variables."""

    settings: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        self.clock = ManualClock()
        self.app = load_app()
        self._webhook_app = load_app()
        self.monoova = Monoova(self.clock, self._deliver, signing_key=shared_signing_key())
        self.monoova.subscribe("https://app.example/webhooks/monoova", WEBHOOK_SECRET)
        self.deliveries: list[tuple[str, dict[str, str], bytes, int]] = []
        self.webhooks_arrive = True
        self.session = aws.new_session()
        self.secrets: Any = aws.client("secretsmanager")
        self.sqs: Any = aws.client("sqs")
        self.dynamodb: Any = aws.client("dynamodb")
        self.environment = self._environment() | dict(self.settings)
        self._controls = Controls(self.dynamodb, self.environment["DYNAMODB_TABLE_CONTROLS"])
        self._controls.save_gate(GATE)
        self.http = requests.Session()
        self.http.mount("https://", SimulatorAdapter(self.monoova, clock=self.clock))
        self._never_hide: set[str] = set()
        self._random = random.Random(self.seed)
        self.container = self.new_container()
        with suppress(SettingsError):  # which the first request tells
            # As if others were paid before: what a test counts has no making of keys in it.
            self.container.seals.made("")
        wired.put(self.container)
        self.admin = as_admin(self.app)
        self.approver = as_approver(self.app)
        self.service = as_service(self.app)
        self.anonymous = as_anonymous(self.app)

    def _environment(self) -> dict[str, str]:
        return aws.create(self.session) | {
            "MONOOVA_API_SECRET_ARN": self.store_secret(API_KEY),
            "MONOOVA_MACCOUNT_TOKEN": M_ACCOUNT,
            "MONOOVA_SOURCE_BSB": "802-985",
            "MONOOVA_SOURCE_ACCOUNT": "123456789",
            "REMITTER_NAME": "Example Pty Ltd",
            "MONOOVA_WEBHOOK_SECRET": WEBHOOK_SECRET,
            # Most tests pay the same again: those that are about it set a window of their own.
            "DUPLICATE_WINDOW_HOURS": "0",
            # The requirements' register, pay, 202 `Pending`; tests of two people turn it on.
            "DESTINATION_APPROVAL": "off",
            "STAGE": "test",
            "CORS_ALLOW_ORIGIN": "https://admin.example",
            "COGNITO_USER_POOL_ID": POOL_ID,
            "COGNITO_CLIENT_ID": CLIENT_ID,
            "OPERATOR_ROLE_ARNS": "arn:aws:iam::111122223333:role/Payer",
        }

    def store_secret(self, api_key: str, **more: str) -> str:
        """What rotating the key in Secrets Manager does; `more` stands beside the key."""
        environment = "live" if self.settings.get("STAGE_CLASS") == "prod" else "sandbox"
        usual = {"apiKey": api_key, "environment": environment, "baseUrl": HOSTS[environment]}
        text = json.dumps(usual | more)
        known = self.secrets.list_secrets()["SecretList"]
        if known:
            return str(self.secrets.put_secret_value(SecretId="monoova", SecretString=text)["ARN"])
        return str(self.secrets.create_secret(Name="monoova", SecretString=text)["ARN"])

    def new_container(self) -> Container:
        """The container of a new Lambda instance: nothing is cached."""
        return Container(
            environment=self.environment,
            clock=WorldClock(self),
            http=self.http,
            session=self.session,
            new_id=lambda: uuid.UUID(int=self._random.getrandbits(128), version=4),
            jitter=lambda: 0.5,
            fetch=key_set,
        )

    def restart(self) -> None:
        """Every function instance is replaced by a new one."""
        self.container = self.new_container()
        wired.put(self.container)

    def forget_contract_run(self) -> None:
        """No contract run is recorded: a live stage does not know what Monoova does."""
        self.dynamodb.delete_item(TableName=self._controls.table, Key={"control_id": {"S": "gate"}})

    # --- time

    def later(self, seconds: float) -> None:
        """Advances the clock; runs each event that Monoova has due at its moment."""
        end = self.clock() + timedelta(seconds=seconds)
        while (due := self.monoova.next_due()) is not None and due <= end:
            self.clock.advance(max((due - self.clock()).total_seconds(), 0))
            self.monoova.run_due()
        self.clock.advance(max((end - self.clock()).total_seconds(), 0))

    def minutes(self, count: int) -> None:
        """Minutes pass, each with its scheduled reconciliation and its queues read."""
        for _ in range(count):
            self.later(60)
            self.reconcile()
            self.drain()

    # --- the other entry points

    def reconcile(self, app: ModuleType | None = None) -> dict[str, Any]:
        found: dict[str, Any] = (app or self.app).reconcile(schedule_event(), LambdaContext())
        return found

    def reconcile_daily(self, milliseconds: int = 300_000) -> list[dict[str, Any]]:
        """The daily run; returns the reports that it made."""
        answer = self.app.reconcile_daily(schedule_event(), LambdaContext(milliseconds))
        # As Lambda writes down what a function answers.
        return list(json.loads(json.dumps(answer))["reports"])

    def look_for_returns(self, milliseconds: int = 300_000) -> int:
        """What is run each quarter of an hour; how many payouts' credits were due to be found."""
        rule = "monoova-payouts-dev-look-for-returns"
        answer = self.app.reconcile_daily(schedule_event(rule), LambdaContext(milliseconds))
        return int(answer["awaited"])

    def sqs_event(self, handler: str, *bodies: str) -> list[str]:
        """Passes messages to a queue handler; returns the ids of those to be retried."""
        answer = getattr(self.app, handler)(sqs_event(bodies), LambdaContext())
        return failed_in(answer)

    def drain(self) -> None:
        """Reads both queues once, as Lambda does; what fails stays."""
        self._drain("PAYOUT_QUEUE_URL", "send_queued_payouts")
        self._drain("DLQ_URL", "take_up_webhook_events")

    def _drain(self, queue: str, handler: str) -> None:
        url = self.environment[queue]
        for message in self.messages(queue):
            if not self.sqs_event(handler, message["Body"]):
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def messages(self, queue: str) -> list[Any]:
        """The messages that wait in a queue, delayed ones included."""
        url = self.environment[queue]
        if url not in self._never_hide:
            self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "0"})
            self._never_hide.add(url)
        found = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return list(found.get("Messages", []))

    def _deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        if not self.webhooks_arrive:
            self.deliveries.append((url, dict(headers), body, 0))
            return 0
        status = self.deliver(url, headers, body)
        self.deliveries.append((url, dict(headers), body, status))
        return status

    def deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """One webhook through the app's endpoint."""
        path = url.removeprefix("https://app.example")
        caller = as_anonymous(self._webhook_app)
        return caller("POST", path, headers=headers, raw=body).status

    # --- steps that many tests share

    def customer(self, **destination: str) -> str:
        """A registered customer with one destination, by default an e-mail PayID."""
        details = destination or {
            "type": "PayId",
            "pay_id": "jo.citizen@example.com",
            "pay_id_type": "Email",
            "account_name": "Jo Citizen",
        }
        answer = self.admin.post("/customers", {"name": "Jo Citizen", "destination": details})
        assert answer.status == 201, answer.text
        return str(answer.json["customer_id"])

    def pay(self, customer_id: str, amount: object = "125.50", **headers: str) -> HttpAnswer:
        body = {"customer_id": customer_id, "amount": amount}
        return self.admin.post("/payouts", body, **headers)

    def paid(self, amount: object = "125.50") -> str:
        """The id of a payout that was just requested, and approved where the money is real."""
        answer = self.pay(self.customer(), amount)
        assert answer.status == 202, answer.text
        transaction_id = str(answer.json["transaction_id"])
        if self.settings.get("STAGE_CLASS") == "prod":
            assert self.approve(transaction_id).status == 200
        return transaction_id

    def shown(self, transaction_id: str, approver: Caller | None = None) -> Any:
        """A payout's destination as it is revealed to an approver, with its digest."""
        payout = self.payout(transaction_id)
        named = {name: payout[name] for name in ("customer_id", "destination_id")}
        answer = (approver or self.approver).post("/destinations/reveal", {"destinations": [named]})
        assert answer.status == 200, answer.text
        return answer.json

    def approve(self, transaction_id: str, approver: Caller | None = None) -> HttpAnswer:
        """An approver looks at a payout's destination, and approves both."""
        digest = self.shown(transaction_id, approver)["digest"]
        path = f"/payouts/{transaction_id}/approve"
        return (approver or self.approver).post(path, {"digest": digest})

    def approve_destination(self, customer_id: str, **more: object) -> None:
        """An approver looks at the only destination of a customer, and approves it."""
        [place] = self.admin.get(f"/customers/{customer_id}").json["destinations"]
        named = [{"customer_id": customer_id, "destination_id": place["destination_id"]}]
        shown = self.approver.post("/destinations/reveal", {"destinations": named}).json
        said = {"destinations": named, "count": 1, "digest": shown["digest"], **more}
        answer = self.approver.post("/destinations/approve", said)
        assert answer.status == 200, answer.text

    def payout(self, transaction_id: str) -> Any:
        answer = self.admin.get(f"/payouts/{transaction_id}")
        assert answer.status == 200, answer.text
        return answer.json

    def state(self, transaction_id: str) -> tuple[str, str | None]:
        shown = self.payout(transaction_id)
        return shown["status"], shown["submission"]
