"""The whole stack as one object: for the demonstration and the end-to-end tests."""

import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tools.deploy import package, template
from tools.deploy.deployment import Ask, Clients, Deployment
from tools.deploy.stacks import Stacks
from tools.deploy.stage import Stage
from tools.devstack import aws, proxy, sign_in
from tools.devstack.errors import DevstackError
from tools.devstack.grants import as_emulated
from tools.devstack.processes import LOOPBACK, Child, bare_environment, is_listening
from tools.devstack.settings import Monoova, Ports

ROOT: Final = Path(__file__).resolve().parent.parent.parent

_STAGE: Final = "local"
_API_STAGE: Final = "api"
_WATCH: Final = {"Emulated": "true"}
_APP_STACK: Final = f"monoova-payouts-{_STAGE}"


class Stack:
    """Emulated AWS, deployed app, Monoova, and a stable address, from `__enter__` to `__exit__`.

    Raises (on entering):
        DevstackError: a port is taken, or a part does not come up; what was started is ended.
    """

    def __init__(
        self,
        ports: Ports | None = None,
        monoova: Monoova | None = None,
        *,
        speed: float = 20.0,
        settings: Mapping[str, str] | None = None,
        project: Path = ROOT,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`speed`: how much faster than Monoova the simulated one delivers its webhooks.

        `settings` are parameters of infra/app.yaml that go before the usual ones; `say` prints
        each step.
        """
        self.ports = ports or Ports()
        self.monoova = monoova or Monoova()
        self.outputs: dict[str, str] = {}
        self.package: package.Package | None = None
        self._speed = speed
        self._overrides = dict(settings or {})
        self._project = project
        self._say = say
        self._running = contextlib.ExitStack()
        self._emulator: aws.Emulator | None = None
        self._simulator: Child | None = None
        self._users: dict[tuple[str, ...], aws.User] = {}

    @property
    def api_url(self) -> str:
        """Where the API is; nothing after the port."""
        return f"http://{LOOPBACK}:{self.ports.api}"

    @property
    def console_url(self) -> str:
        """Where people open the console."""
        return f"{self.api_url}/console"

    @property
    def sign_in_url(self) -> str:
        """Where they sign in to it."""
        return f"http://{LOOPBACK}:{self.ports.sign_in}"

    @property
    def gateway_url(self) -> str:
        """The emulated API Gateway itself: for requests signed with SigV4, which is over this."""
        return f"{self.emulator.url}{self._gateway_path()}"

    @property
    def simulator_url(self) -> str:
        """Where Monoova is."""
        return self.monoova.base_url or f"http://{LOOPBACK}:{self.ports.monoova}"

    @property
    def emulator(self) -> aws.Emulator:
        """The emulated AWS."""
        if self._emulator is None:
            raise DevstackError("The stack is not running.")
        return self._emulator

    def client(self, service: str) -> Any:
        """A boto3 client of the emulated AWS, as its root."""
        return self.emulator.client(service)

    def user(self, *groups: str) -> aws.User:
        """A user in exactly these groups; the same one each time."""
        if groups not in self._users:
            name = "-".join(group.removesuffix("s") for group in groups)
            email = f"{name or 'no-group'}@example.com"
            pool = self.outputs["UserPoolId"]
            self._users[groups] = aws.create_user(self.emulator, pool, email, groups)
        return self._users[groups]

    def token(self, *groups: str) -> str:
        """A fresh token of a user in these groups; of an operator if none is named."""
        user = self.user(*(groups or ("operators",)))
        return aws.sign_in(self.emulator, self.outputs["UserPoolClientId"], user)

    def function(self, logical_id: str) -> str:
        """The name of the function that the app's template calls so: `APIHandler`."""
        found = self.client("cloudformation").describe_stack_resource(
            StackName=_APP_STACK, LogicalResourceId=logical_id
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def reconcile(self) -> None:
        """Runs the reconciliation now: for tests that do not wait for the minute.

        Raises:
            DevstackError: it failed; with what it said.
        """
        self.run_scheduled("Reconcile")

    def run_scheduled(self, logical_id: str) -> Any:
        """Runs a scheduled function now; returns its answer.

        Raises:
            DevstackError: it failed; with what it said.
        """
        # The least of a scheduled event that Chalice takes.
        event: dict[str, Any] = dict.fromkeys(
            ("version", "id", "account", "region", "time", "source"), ""
        )
        event |= {"detail-type": "Scheduled Event", "resources": [], "detail": {}}
        answer = self.client("lambda").invoke(
            FunctionName=self.function(logical_id), Payload=json.dumps(event)
        )
        said = answer["Payload"].read().decode()
        if "FunctionError" in answer:
            raise DevstackError(f"{logical_id} failed: {said}")
        return json.loads(said)

    def logs(self) -> str:
        """What can be read about a failure: the functions' logs, then the programs' output."""
        return f"{aws.function_logs(self.emulator)}\n{self._programs()}"

    def _programs(self) -> str:
        parts = ["--- emulated AWS", self.emulator.tail()]
        if self._simulator is not None:
            parts += ["--- simulated Monoova", self._simulator.tail(10)]
        return "\n".join(parts)

    def wait_for_its_end(self) -> None:
        """Return only by an exception: an interrupt, or the error that a part has ended.

        Raises:
            DevstackError: a part ended before it was stopped; with the end of its output.
        """
        while self.emulator.is_running and (self._simulator is None or self._simulator.is_running):
            time.sleep(1)
        raise DevstackError(f"A part of the stack has ended.\n{self._programs()}")

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as starting:
            self._start(starting)
            self._running = starting.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._running.close()
        self._emulator = None

    def _start(self, starting: contextlib.ExitStack) -> None:
        self.ports.require_free()
        scratch = starting.enter_context(_scratch())
        self._say("Starting an emulated AWS, about 3 s")
        python = self._project / ".venv-aws" / "bin" / "python"
        self._emulator = aws.Emulator(_emulator_python(python), self.ports.aws, scratch)
        starting.callback(self._emulator.stop)
        if self.monoova.is_simulated:
            self._simulator = self._start_simulator(scratch)
            starting.callback(self._simulator.stop)
        self._emulator.wait_until_ready()
        deployed = self._deploy(starting)
        if self._simulator is not None:
            self._wait_for_simulator(self._simulator)
        starting.enter_context(sign_in.serving(self._sign_in_page(), self.ports.sign_in))
        starting.enter_context(
            proxy.serving(self.ports.api, self.ports.aws, self._gateway_path(), deployed)
        )

    def _deploy(self, starting: contextlib.ExitStack) -> Mapping[str, Any]:
        """As `make deploy` does, without asking; the app's template with its values in it."""
        deployment = self.deployment()
        self._say("Creating tables, queues, key and user pool from infra/template.yaml, about 2 s")
        self.outputs = deployment.infrastructure(self._secrets.__getitem__)
        self._say("Packaging the app with Chalice, about 15 s, and 5 s where it was done before")
        built_in = self._project / "build" / f"{_STAGE}-{self.ports.aws}"
        starting.callback(shutil.rmtree, built_in, ignore_errors=True)
        cache = self._project / "build" / "dependencies"
        built = package.build(self._project, built_in, stage=_STAGE, cache=cache)
        built = replace(built, template=as_emulated(built.template))
        self._say("Deploying the app, about 3 s")
        self.outputs |= deployment.app(built, self.outputs)
        self.package = built
        deployed: Mapping[str, Any] = template.filled(
            built.template, deployment.settings(self.outputs)
        )
        return deployed

    def deployment(self, ask: Ask = lambda _plan: True) -> Deployment:
        """The way to change what is deployed here; `ask` is shown each change before."""
        client = self.emulator.client
        infra = {
            "Emulated": "true",
            "MonoovaEnvironment": "sandbox",
            "MonoovaBaseUrl": self.simulator_url,
        }
        return Deployment(
            project=self._project,
            stage=Stage(_STAGE, aws.REGION, infra=infra, app=self._settings(), watch=_WATCH),
            clients=Clients(client("cloudformation"), client("s3"), client("sts")),
            stacks=Stacks(client("cloudformation"), poll_seconds=0.05),
            ask=ask,
            say=lambda _words: None,
            endpoint=self.emulator.url,
        )

    @property
    def _secrets(self) -> Mapping[str, str]:
        return {
            "MonoovaApiKey": self.monoova.api_key,
            "MonoovaWebhookSecret": self.monoova.webhook_secret,
        }

    def _settings(self) -> dict[str, str]:
        """What the app's template asks for beside the outputs of the infrastructure."""
        account = self.monoova.account
        return {
            "Emulated": "true",
            "MonoovaMaccountToken": account.maccount,
            "MonoovaSourceBsb": account.source_bsb,
            "MonoovaSourceAccount": account.source_account,
            "MonoovaWebhookSignature": "required",
            "RemitterName": account.remitter_name,
            "DestinationApproval": "off",
            # In a day, of one user: a few dozen payouts are seen to go out first.
            "ApprovalThresholdAud": "5000",
            "ViewerRoleArns": aws.role_arn(aws.READER),
            "OperatorRoleArns": aws.role_arn(aws.PAYER),
            "CorsAllowOrigin": "http://localhost:3000",
            "SignInUrl": self.sign_in_url,
            # Half the time in which the simulated webhooks come at the usual speed.
            "FirstLookSeconds": "12",
            "ApiReservedConcurrency": "0",
            **self._overrides,
        }

    def _sign_in_page(self) -> sign_in.SignIn:
        client_id = self.outputs["UserPoolClientId"]
        users = aws.users_of(self.emulator, client_id)
        return sign_in.SignIn(users, client_id, [self.console_url])

    def _start_simulator(self, scratch: Path) -> Child:
        arguments = ["--port", str(self.ports.monoova), "--speed", f"{self._speed:g}"]
        arguments += ["--webhook-url", f"{self.api_url}/webhooks/monoova"]
        arguments += ["--m-account", self.monoova.account.maccount]
        return Child(
            "The simulated Monoova",
            Path(sys.executable),
            ["simulator", *arguments],
            environment=bare_environment()
            | {
                "SIMULATOR_API_KEY": self.monoova.api_key,
                "SIMULATOR_WEBHOOK_SECRET": self.monoova.webhook_secret,
                "PYTHONPATH": str(ROOT),
                "PYTHONUNBUFFERED": "1",
            },
            directory=scratch,
            log=scratch / "monoova.log",
        )

    def _wait_for_simulator(self, simulator: Child) -> None:
        simulator.wait_until(lambda: is_listening(self.ports.monoova), within_seconds=15)

    def _gateway_path(self) -> str:
        return f"/_aws/execute-api/{self.outputs['RestAPIId']}/{_API_STAGE}"


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    """A directory that only this user can look into, removed with all that is in it."""
    path = Path(tempfile.mkdtemp(prefix="monoova-payouts-"))
    try:
        yield path
    finally:
        # A worker that is just being killed may still write: what it leaves is in a directory
        # of the system's that is cleaned anyway.
        shutil.rmtree(path, ignore_errors=True)


def _emulator_python(python: Path) -> Path:
    if not python.exists():
        raise DevstackError("The emulated AWS is not installed: make .venv-aws/.stamp")
    return python
