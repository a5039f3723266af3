"""What the measured processes talk to: an emulated AWS with our tables, and a Monoova."""

import contextlib
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from simulator.clock import utc_now
from simulator.monoova import API_KEY, Monoova
from simulator.server import SimulatorServer
from simulator.testing import Delivery
from tools.deploy import configure
from tools.deploy.deployment import Clients, Deployment
from tools.deploy.stacks import Stacks
from tools.deploy.stage import Stage
from tools.devstack import aws
from tools.devstack.processes import bare_environment, free_port
from tools.devstack.settings import Account

ROOT: Final = Path(__file__).resolve().parent.parent
WEBHOOK_SECRET: Final = "a-secret-of-the-bench-alone"  # noqa: S105 - only this Monoova uses it

_STAGE: Final = "local"
_SPEED: Final = 100_000.0  # webhooks come at once
_WEBHOOK_SECONDS: Final = 10.0
# Enough for any number of rounds.
_BALANCE: Final = Decimal("100000000.00")


class Webhooks:
    """Receives Monoova's webhooks, and keeps them until they are asked for."""

    def __init__(self) -> None:
        self._arrived: dict[str, Delivery] = {}

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        delivery = Delivery(url, dict(headers), body)
        self._arrived[str(delivery.json["UniqueReference"])] = delivery
        return 200

    def of(self, reference: str) -> Delivery:
        """The webhook about this payout, once it has come.

        Raises:
            TimeoutError
        """
        ends = time.monotonic() + _WEBHOOK_SECONDS
        while time.monotonic() < ends:
            if reference in self._arrived:
                return self._arrived.pop(reference)
            time.sleep(0.002)
        raise TimeoutError("No webhook came of a payout.")


@dataclass(frozen=True)
class Setting:
    """AWS in a process of its own; Monoova in this one, so that its webhooks are at hand.

    `functions` is the environment of a deployed function, without where AWS is.
    """

    emulator: aws.Emulator
    monoova: Monoova
    monoova_url: str
    webhooks: Webhooks
    functions: Mapping[str, str]
    operator_token: str

    def environment(self, aws_url: str | None = None) -> dict[str, str]:
        """All that a measured process sees; `aws_url` is for a proxy that listens in between."""
        return bare_environment() | {
            **self.functions,
            "AWS_REGION": aws.REGION,
            "AWS_DEFAULT_REGION": aws.REGION,
            "AWS_ACCESS_KEY_ID": self.emulator.credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.emulator.credentials.secret_access_key,
            "AWS_ENDPOINT_URL": aws_url or self.emulator.url,
            "BARE_MONOOVA_URL": self.monoova_url,
            "BARE_MONOOVA_API_KEY": API_KEY,
        }


@contextlib.contextmanager
def running() -> Iterator[Setting]:
    """Starts all of it, and ends it.

    Raises:
        DevstackError: the emulated AWS does not come up.
    """
    webhooks = Webhooks()
    monoova = Monoova(utc_now, webhooks, opening_balance=_BALANCE, speed=_SPEED)
    # The URL is not used: the webhooks stay here until they are delivered to the app.
    monoova.subscribe("http://127.0.0.1/webhooks/monoova", WEBHOOK_SECRET)
    with contextlib.ExitStack() as ends:
        scratch = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        server = ends.enter_context(SimulatorServer(monoova))
        python = ROOT / ".venv-aws" / "bin" / "python"
        emulator = aws.Emulator(python, free_port(), scratch)
        ends.callback(emulator.stop)
        emulator.wait_until_ready()
        deployment = _deployment(emulator, server.url)
        secrets = {"MonoovaApiKey": API_KEY, "MonoovaWebhookSecret": WEBHOOK_SECRET}
        settings = deployment.settings(deployment.infrastructure(secrets.__getitem__))
        functions = _function_environment(settings)
        token = _operator_token(emulator, functions)
        yield Setting(emulator, monoova, server.url, webhooks, functions, token)


def _deployment(emulator: aws.Emulator, monoova_url: str) -> Deployment:
    account = Account()
    infra = {
        "Emulated": "true",
        "MonoovaEnvironment": "sandbox",
        "MonoovaBaseUrl": monoova_url,
    }
    app = {
        "MonoovaMaccountToken": account.maccount,
        "MonoovaSourceBsb": account.source_bsb,
        "MonoovaSourceAccount": account.source_account,
        "RemitterName": account.remitter_name,
        "DestinationApproval": "off",
        "CorsAllowOrigin": "http://localhost:3000",
        # The same is paid again and again.
        "DuplicateWindowHours": "0",
    }
    client = emulator.client
    return Deployment(
        project=ROOT,
        stage=Stage(_STAGE, aws.REGION, infra=infra, app=app),
        clients=Clients(client("cloudformation"), client("s3"), client("sts")),
        stacks=Stacks(client("cloudformation"), poll_seconds=0.05),
        ask=lambda _plan: True,
        say=lambda _words: None,
        endpoint=emulator.url,
    )


def _operator_token(emulator: aws.Emulator, functions: Mapping[str, str]) -> str:
    pool_id, client_id = functions["COGNITO_USER_POOL_ID"], functions["COGNITO_CLIENT_ID"]
    user = aws.create_user(emulator, pool_id, "operator@example.com", ["operators"])
    return aws.sign_in(emulator, client_id, user)


def _function_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """As `.chalice/config.json` gives it to the functions."""
    config = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    shared = configure.neutral(config)["environment_variables"]
    environment: dict[str, str] = json.loads(configure.render(json.dumps(shared), settings))
    return environment
