"""One run of payoutctl: which deployment, which user, and what it prints."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol
from zoneinfo import ZoneInfo

import click

from payoutctl import sign_in
from payoutctl.client import Api, new_http
from payoutctl.connection import Connection, chosen
from payoutctl.credentials import Credentials
from payoutctl.exits import Exit, Failure
from payoutctl.output import Output

if TYPE_CHECKING:
    from payoutctl.monoova import Monoova

SYDNEY: Final = ZoneInfo("Australia/Sydney")  # whose days Monoova's and the reports' are
_WHERE: Final = (
    "No API is set: PAYOUTS_API_URL, --profile NAME, or --local for the stack of `make run`."
)


def _now() -> datetime:
    return datetime.now(UTC)


class Clients(Protocol):
    """AWS, as clients by the name of their service."""

    def client(self, service: str) -> Any: ...


def _aws(connection: Connection, say: Callable[[str], None]) -> Clients:
    from payoutctl.aws import Aws

    return Aws.of(connection, say)


@dataclass(frozen=True)
class Adapters:
    """What reaches out of this process. A test puts its own in."""

    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = _now
    monoova_http: Callable[[str], Any] = new_http
    cognito: Callable[[Connection], Any] = sign_in.cognito_of
    aws: Callable[[Connection, Callable[[str], None]], Clients] = _aws


@dataclass
class Session:
    """One run. `as_group` says as which of the users of `make run`."""

    adapters: Adapters = field(default_factory=Adapters)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    profile: str | None = None
    is_local: bool = False
    as_group: str = "operators"
    out: Output = field(default_factory=Output)

    @cached_property
    def connection(self) -> Connection:
        return chosen(self.environment, self.profile, is_local=self.is_local)

    @cached_property
    def api(self) -> Api:
        """Our API, as the operator."""
        url = self.connection.api_url
        if not url:
            raise Failure(_WHERE, Exit.USAGE)
        return Api(url, self.credentials.token, new_http(url))

    @cached_property
    def credentials(self) -> Credentials:
        return Credentials(self)

    def client(self, service: str) -> Any:
        """A client of AWS with the operator's own credentials; says so, once."""
        return self._aws.client(service)

    @cached_property
    def _aws(self) -> Clients:
        return self.adapters.aws(self.connection, self.out.say)

    @property
    def stage(self) -> str:
        """The stage, for what is found in AWS by its name.

        Raises:
            Failure: it is not said.
        """
        if not self.connection.stage:
            raise Failure("No stage is set: STAGE=prod, or `stage` in the profile.", Exit.USAGE)
        return self.connection.stage

    @cached_property
    def monoova(self) -> "Monoova":
        """Monoova itself, with the deployment's key from Secrets Manager."""
        from payoutctl.monoova import Monoova

        return Monoova.of(self)


with_session = click.make_pass_decorator(Session)
