"""The system over AWS's own clients: botocore and the Encryption SDK as they are, moto behind them.

Faults are injected by botocore's own events, so no call can bypass the seam.
"""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.session import Session
from moto import mock_aws

from chalicelib.container import Container
from chalicelib.core.dynamodb.items import decoded
from chalicelib.monoova.gate_store import Controls
from chalicelib.payouts.rules.payout import Payout
from chalicelib.payouts.store.items import payout_of
from proof.contract_run import GATE
from proof.memory.container import ENVIRONMENT
from proof.seam import Call
from proof.system import System
from proof.user_pool import key_set
from tests import aws


class AwsSystem(System):
    """Everything as in `System`, but for the stores, the queues, the key and the secret."""

    def __post_init__(self) -> None:
        super().__post_init__()
        plain = aws.new_session()
        dynamodb: Any = plain.create_client("dynamodb", region_name=aws.REGION)
        self._dynamodb = dynamodb
        secrets: Any = plain.create_client("secretsmanager", region_name=aws.REGION)
        self._environment = {**ENVIRONMENT, **aws.create(plain), **self.settings} | {
            "MONOOVA_API_SECRET_ARN": self._stored(secrets)
        }
        Controls(dynamodb, self._environment["DYNAMODB_TABLE_CONTROLS"]).save_gate(GATE)

    @classmethod
    @contextmanager
    def prerequisites(cls) -> Iterator[None]:
        with mock_aws():
            yield

    def _stored(self, secrets: Any) -> str:
        return str(secrets.create_secret(Name="monoova", SecretString=self.secrets.text)["ARN"])

    def new_container(self) -> Container:
        return Container(
            environment=self._environment,
            clock=self.kernel,
            http=self.http,
            session=self._hooked(),
            new_id=lambda: uuid.UUID(int=self.ids.getrandbits(128), version=4),
            jitter=self.ids.random,
            fetch=key_set,
        )

    def _hooked(self) -> Session:
        session = aws.new_session()
        session.set_config_variable("region", aws.REGION)
        session.register("before-call", self._before)
        session.register("after-call", self._after)
        session.register("after-call-error", self._after)
        return session

    def _before(self, **event: Any) -> None:
        model = event["model"]
        call = Call(model.service_model.service_name, model.name)
        self.fault_injector.before_call(call)
        if call.operation == "SendMessage":
            sent = json.loads(event["params"]["body"])
            delay = int(sent.get("DelaySeconds", 0))
            self.take_message(sent["QueueUrl"], sent["MessageBody"], delay)
        if call.operation == "SendMessageBatch":
            sent = json.loads(event["params"]["body"])
            for entry in sent["Entries"]:
                self.take_message(sent["QueueUrl"], entry["MessageBody"], 0)

    def _after(self, **_: Any) -> None:
        self.fault_injector.after_call()

    def rows(self) -> list[Payout]:
        found = self._dynamodb.scan(TableName=self._environment["DYNAMODB_TABLE_TRANSACTIONS"])
        return [payout_of(decoded(item)) for item in found["Items"]]
