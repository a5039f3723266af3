"""One run of payoutctl: which deployment, which user, and what it prints."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from payoutctl.adapters import Adapters, Clients
from payoutctl.client import Api, new_http
from payoutctl.connection import Connection, chosen
from payoutctl.credentials import Credentials
from payoutctl.exits import Exit, Failure
from payoutctl.output import Output

SYDNEY: Final = ZoneInfo("Australia/Sydney")  # whose days Monoova's and the reports' are
_WHERE: Final = (
    "No API is set: PAYOUTS_API_URL, --profile NAME, or --local for the stack of `make run`."
)


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
        return Credentials(
            self.environment,
            self.connection,
            self.adapters,
            self.as_group,
            is_local=self.is_local,
        )

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


with_session = click.make_pass_decorator(Session)
