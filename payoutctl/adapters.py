"""What reaches out of a run of payoutctl: the clock, HTTP, AWS. A test puts its own in."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from payoutctl import sign_in
from payoutctl.client import new_http
from payoutctl.connection import Connection


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
