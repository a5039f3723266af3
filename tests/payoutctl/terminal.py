"""Runs payoutctl as an operator does, against the app behind a port."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import requests
from click.testing import CliRunner

from payoutctl import payoutctl
from payoutctl.adapters import Adapters, Clients
from payoutctl.aws import Aws
from payoutctl.exits import Exit
from simulator.adapter import SimulatorAdapter
from tests import aws
from tests.app_server import AppServer
from tests.payoutctl.pool import Pool
from tests.world import World

# The app runs in this process: what it logs comes to the same stdout.
_LOG_LINE: Final = '{"at": "'


@dataclass(frozen=True)
class Printed:
    """What a command printed, and its exit code."""

    exit_code: int
    stdout: str
    stderr: str
    exception: BaseException | None

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


@dataclass
class Terminal:
    """Runs commands; where a command waits, the test's clock advances by a minute."""

    server: AppServer
    home: Path
    groups: tuple[str, ...] = ("operators",)
    more: Mapping[str, str] = field(default_factory=dict)
    pool: Pool | None = None
    aws: Clients | None = None

    @property
    def world(self) -> World:
        return self.server.world

    def as_(self, *groups: str) -> "Terminal":
        return Terminal(self.server, self.home, groups, self.more, self.pool)

    def environment(self) -> dict[str, str | None]:
        return {
            "PAYOUTS_API_URL": self.server.url,
            "PAYOUTS_TOKEN": self.server.token(*self.groups),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "STAGE": "test",
            "DYNAMODB_TABLE_CONTROLS": self.world.environment["DYNAMODB_TABLE_CONTROLS"],
            "MONOOVA_API_SECRET_ARN": self.world.environment["MONOOVA_API_SECRET_ARN"],
            **self.more,
        }

    def run(self, *words: str, typed: str = "") -> Printed:
        adapters = Adapters(
            aws=self._aws,
            sleep=self._wait,
            now=self.world.clock,
            monoova_http=self._monoova,
            cognito=lambda _connection: self.pool,
        )
        ended = CliRunner().invoke(
            payoutctl, list(words), env=self.environment(), obj=adapters, input=typed or None
        )
        lines = ended.stdout.splitlines(keepends=True)
        said = "".join(line for line in lines if not line.startswith(_LOG_LINE))
        return Printed(ended.exit_code, said, ended.stderr, ended.exception)

    def __call__(self, *words: str, ends: Exit = Exit.DONE, typed: str = "") -> Printed:
        """What was printed, after asserting the exit code."""
        result = self.run(*words, typed=typed)
        assert result.exit_code == ends, (result.exit_code, result.output, result.exception)
        return result

    def json(self, *words: str, ends: Exit = Exit.DONE, typed: str = "") -> Any:
        """The one document that `--json` prints."""
        result = self(*words, "--json", ends=ends, typed=typed)
        return json.loads(result.stdout, parse_float=Decimal)

    def _wait(self, _seconds: float) -> None:
        with self.server.lock:
            self.world.minutes(1)

    def _aws(self, _connection: object, say: Callable[[str], None]) -> Clients:
        # The clients of the tests: making new ones takes longer than all of their calls.
        return self.aws or Aws(aws.client, say)

    def _monoova(self, _url: str) -> requests.Session:
        session = requests.Session()
        session.mount("https://", SimulatorAdapter(self.world.monoova, clock=self.world.clock))
        return session
