"""AWS itself, with the operator's own credentials: only where the API cannot answer."""

from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from payoutctl.connection import Connection
from payoutctl.exits import Exit, Failure


class Aws:
    """Clients by the name of their service. Before the first one it says who is asking whom."""

    def __init__(self, make: Callable[[str], Any], say: Callable[[str], None]) -> None:
        self._make = make
        self._clients: dict[str, Any] = {}
        say(f"This asks AWS directly, as {self._identity()}.")

    @classmethod
    def of(cls, connection: Connection, say: Callable[[str], None]) -> "Aws":
        """With the credentials that boto3 finds; the emulated AWS for the local stack."""
        local = connection.aws
        session: Any = boto3.Session(
            aws_access_key_id=local.access_key_id if local else None,
            aws_secret_access_key=local.secret_access_key if local else None,
            region_name=connection.region,
        )
        endpoint = local.endpoint if local else None
        config = Config(
            connect_timeout=5,
            read_timeout=15,
            retries={"mode": "standard", "total_max_attempts": 3},
        )
        return cls(
            lambda service: session.client(service, endpoint_url=endpoint, config=config), say
        )

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._make(service)
        return self._clients[service]

    def _identity(self) -> str:
        try:
            return str(self.client("sts").get_caller_identity()["Arn"])
        except (BotoCoreError, ClientError) as error:
            code = code_of(error)
            raise Failure(
                f"AWS does not accept your credentials ({code}): aws sso login, or AWS_PROFILE.",
                Exit.NOT_ALLOWED,
            ) from None


def code_of(error: Exception) -> str:
    """AWS's own word for what went wrong."""
    if isinstance(error, ClientError):
        return str(error.response["Error"]["Code"])
    return type(error).__name__


def called(call: Callable[..., Any], **words: Any) -> Any:
    """One call; what AWS refuses becomes a Failure.

    Raises:
        Failure
    """
    try:
        return call(**words)
    except (BotoCoreError, ClientError) as error:
        code = code_of(error)
        is_denied = "Denied" in code or "Unauthorized" in code or "Forbidden" in code
        is_missing = "NotFound" in code or "NonExistent" in code
        ends = Exit.NOT_ALLOWED if is_denied else Exit.NOT_FOUND if is_missing else Exit.TRY_AGAIN
        raise Failure(f"AWS says {code}.", ends) from None
