"""Secrets: a type that does not show them, and the one in Secrets Manager that we log in with."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from chalicelib.core.clock import Clock
from chalicelib.core.stage_class import StageClass, misfit

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_CACHED_FOR: Final = timedelta(minutes=5)
_KEPT_FOR: Final = timedelta(seconds=30)
# Of each of Monoova's webhook secrets: 24 characters of base64 are 144 bits.
FEWEST_CHARACTERS: Final = 24
# No "@": what stands before one is a user's name and not the host it looks like.
_SAFE_URL: Final = re.compile(
    r"(https://[^\s/@]+|http://(127\.0\.0\.1|localhost)(:[0-9]+)?)(/[^\s@]*)?"
)


class Secret:
    """A text that must not be seen: `repr`, `str` and formatting give `***`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself. Every caller is a place to look at in a review."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class SecretUnavailableError(Exception):
    """The secret cannot be read or is not what it should be; the message never holds its text."""


class WrongEnvironmentError(SecretUnavailableError):
    """The secret is for another environment of Monoova than the stage: nothing is asked with it."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to reach Monoova. `environment` is "sandbox" or "live"; `base_url` has no final slash.

    `version` is Secrets Manager's id of this version of the secret; it tells a new key from a
    refused one without saying anything of either. `webhook_secrets` are what Monoova may send as
    `Authorization`, where they are kept here; more than one while they are rotated.
    """

    api_key: Secret
    environment: str
    base_url: str
    version: str
    webhook_secrets: tuple[Secret, ...] = ()


class CredentialsSource:
    """Monoova's credentials from Secrets Manager, kept for five minutes.

    `stage_class` is what their environment has to fit; None where it is compared elsewhere.
    """

    def __init__(
        self,
        client: "SecretsManagerClient",
        secret_arn: str,
        clock: Clock,
        stage_class: StageClass | None = None,
    ) -> None:
        self._client = client
        self._secret_arn = secret_arn
        self._clock = clock
        self._stage_class = stage_class
        self._cached: Credentials | None = None
        self._fresh_until = clock.now()

    def current(self) -> Credentials:
        """The credentials, at most five minutes old; older while Secrets Manager cannot be asked.

        Raises:
            SecretUnavailableError
            WrongEnvironmentError
        """
        now = self._clock.now()
        cached = self._cached
        if cached is not None and now <= self._fresh_until:
            return cached
        try:
            fresh = self._read()
        except SecretUnavailableError:
            if cached is None:
                raise
            # A key that has not been refused is better than none.
            self._fresh_until = now + _KEPT_FOR
            return cached
        self._cached, self._fresh_until = fresh, now + _CACHED_FOR
        return fresh

    def renewed(self, refused: Credentials) -> Credentials | None:
        """The credentials read anew after Monoova refused `refused`; None if they are the same.

        Lets a rotated key heal itself without a second failed login under the old one.
        """
        self._cached = None
        fresh = self.current()
        return None if fresh.api_key == refused.api_key else fresh

    def _read(self) -> Credentials:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = self._client.get_secret_value(SecretId=self._secret_arn)
        except (ClientError, BotoCoreError) as error:
            raise SecretUnavailableError(f"Monoova's secret: {type(error).__name__}") from error
        # One that was stored as binary has no text.
        read = _parsed(found.get("SecretString", ""), found["VersionId"])
        wrong = self._stage_class and misfit(self._stage_class, read.environment, read.base_url)
        if wrong:
            raise WrongEnvironmentError(wrong)
        return read


def _parsed(text: str, version: str) -> Credentials:
    try:
        fields = json.loads(text)
        parts = [fields[name] for name in ("apiKey", "environment", "baseUrl")]
        parts.append(fields.get("webhookSecret") or ",")
    except (ValueError, KeyError, TypeError):
        parts = []
    # Raised out here without a cause: its text could quote the secret. An empty key is refused
    # before it is tried, for every login that fails counts towards Monoova's lock-out.
    if not parts or not all(isinstance(part, str) and part.strip() for part in parts):
        raise SecretUnavailableError(
            "Monoova's secret is not a JSON object with apiKey, environment and baseUrl."
        )
    api_key, environment, base_url, webhook_secrets = parts
    if not _is_safe(base_url):
        raise SecretUnavailableError("Monoova's baseUrl must be https, or http on loopback.")
    return Credentials(
        Secret(api_key),
        environment.lower(),
        base_url.rstrip("/"),
        version,
        taken_of(webhook_secrets),
    )


def taken_of(webhook_secrets: str) -> tuple[Secret, ...]:
    """Of a comma-separated list those that are long enough to be beyond guessing."""
    parts = (part.strip() for part in webhook_secrets.split(","))
    return tuple(Secret(part) for part in parts if len(part) >= FEWEST_CHARACTERS)


def _is_safe(base_url: str) -> bool:
    """Basic authentication sends the key in every request: never over a line that can be read."""
    return _SAFE_URL.fullmatch(base_url) is not None
