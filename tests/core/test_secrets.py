"""Secrets: a type that never shows its text, and credentials that recover after a rotation."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from chalicelib.core.secrets import Credentials, CredentialsSource, Secret, SecretUnavailableError
from tests import aws

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEY = "key-7f3a9c"
SOUND = {"apiKey": KEY, "environment": "Sandbox", "baseUrl": "https://api.m-pay.com.au/"}


@dataclass
class StoppedClock:
    """A clock moved by hand; sleeping is not expected."""

    at: datetime = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"slept {seconds} s")


@dataclass
class StoredSecret:
    """A secret in Secrets Manager, its source, and a count of how often it was read."""

    client: "SecretsManagerClient"
    clock: StoppedClock = field(default_factory=StoppedClock)
    reads: int = 0

    def __post_init__(self) -> None:
        self.arn = self.client.create_secret(Name="monoova", SecretString="{}")["ARN"]
        self.source = CredentialsSource(self.client, self.arn, self.clock)
        self.client.meta.events.register(
            "provide-client-params.secretsmanager.GetSecretValue", self._count
        )

    def _count(self, **_event: Any) -> None:
        self.reads += 1

    def put(self, **changes: object) -> None:
        self.put_text(json.dumps(SOUND | changes))

    def put_text(self, text: str) -> None:
        self.client.put_secret_value(SecretId=self.arn, SecretString=text)


ONE = "one-secret-of-24-letters"
TWO = "two-secret-of-24-letters"


@pytest.fixture
def stored_secret() -> Iterator[StoredSecret]:
    with mock_aws():
        yield StoredSecret(boto3.client("secretsmanager", region_name=aws.REGION))


def test_a_secret_does_not_show_itself(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(KEY)
    caplog.set_level(logging.INFO)
    logging.getLogger("a").info("with %s and %r", secret, secret)
    credentials = Credentials(secret, "live", "https://api.mpay.com.au", "version-1")
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>5}", repr([secret]), caplog.text]
    assert KEY not in " ".join([*shown, repr(credentials), str({secret: secret})])
    assert secret.reveal() == KEY


def test_a_secret_cannot_slip_into_json() -> None:
    with pytest.raises(TypeError):
        json.dumps({"key": Secret(KEY)})


def test_secrets_are_compared_by_their_text() -> None:
    assert Secret(KEY) == Secret(KEY)
    assert hash(Secret(KEY)) == hash(Secret(KEY))
    assert Secret(KEY) != Secret("other")
    assert Secret(KEY) != KEY


def test_credentials_are_read_from_the_secret(stored_secret: StoredSecret) -> None:
    stored_secret.put()
    read = stored_secret.source.current()
    assert (read.api_key, read.environment) == (Secret(KEY), "sandbox")
    assert read.base_url == "https://api.m-pay.com.au"


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ({}, []),
        ({"webhookSecret": None}, []),
        ({"webhookSecret": ""}, []),
        ({"webhookSecret": " , ,"}, []),
        ({"webhookSecret": ONE}, [ONE]),
        ({"webhookSecret": f" {ONE} ,{TWO},"}, [ONE, TWO]),
        ({"webhookSecret": f"Basic {ONE}, Basic {TWO}"}, [f"Basic {ONE}", f"Basic {TWO}"]),
        ({"webhookSecret": f"{ONE[:23]},{TWO}"}, [TWO]),
        ({"webhookSecret": "short"}, []),
    ],
)
def test_webhook_secrets_may_stand_beside_the_key(
    stored_secret: StoredSecret, stored: dict[str, object], read: list[str]
) -> None:
    stored_secret.put(**stored)
    found = stored_secret.source.current()
    assert [secret.reveal() for secret in found.webhook_secrets] == read
    assert found.api_key.reveal() == KEY
    assert "one-" not in repr(found)


def test_credentials_are_kept_for_five_minutes(stored_secret: StoredSecret) -> None:
    stored_secret.put()
    stored_secret.source.current()
    stored_secret.put(apiKey="rotated")
    stored_secret.clock.at += timedelta(minutes=5)
    assert stored_secret.source.current().api_key.reveal() == KEY
    assert stored_secret.reads == 1
    stored_secret.clock.at += timedelta(seconds=1)
    assert stored_secret.source.current().api_key.reveal() == "rotated"
    assert stored_secret.reads == 2


def test_a_refused_key_is_read_again_at_once(stored_secret: StoredSecret) -> None:
    stored_secret.put()
    refused = stored_secret.source.current()
    stored_secret.put(apiKey="rotated")
    renewed = stored_secret.source.renewed(refused)
    assert renewed is not None
    assert renewed.api_key.reveal() == "rotated"
    assert stored_secret.source.current() == renewed
    assert stored_secret.reads == 2


def test_a_refused_key_that_was_not_rotated_is_not_tried_again(stored_secret: StoredSecret) -> None:
    stored_secret.put()
    assert stored_secret.source.renewed(stored_secret.source.current()) is None


def test_what_could_not_be_read_is_not_remembered(stored_secret: StoredSecret) -> None:
    stored_secret.put_text("half a sec")
    with pytest.raises(SecretUnavailableError):
        stored_secret.source.current()
    stored_secret.put()
    assert stored_secret.source.current().api_key.reveal() == KEY


@pytest.mark.parametrize(
    "text",
    [
        f"{KEY} is no JSON",
        f'["{KEY}"]',
        f'"{KEY}"',
        "null",
        "17",
        json.dumps({"apiKey": KEY, "environment": "live"}),
        json.dumps({"environment": "live", "baseUrl": "https://api.mpay.com.au"}),
        json.dumps(SOUND | {"apiKey": ""}),
        json.dumps(SOUND | {"apiKey": "  "}),
        json.dumps(SOUND | {"apiKey": None}),
        json.dumps(SOUND | {"apiKey": [KEY]}),
        json.dumps(SOUND | {"environment": None}),
        json.dumps(SOUND | {"baseUrl": 17}),
        json.dumps(SOUND | {"webhookSecret": [KEY]}),
        json.dumps(SOUND | {"webhookSecret": 17}),
        json.dumps(SOUND | {"webhookSecret": " "}),
    ],
)
def test_a_malformed_secret_is_refused_without_quoting_it(
    stored_secret: StoredSecret, text: str
) -> None:
    stored_secret.put_text(text)
    with pytest.raises(SecretUnavailableError, match="not a JSON object with") as refused:
        stored_secret.source.current()
    assert KEY not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


def test_a_binary_secret_is_refused(stored_secret: StoredSecret) -> None:
    stored_secret.client.put_secret_value(SecretId=stored_secret.arn, SecretBinary=KEY.encode())
    with pytest.raises(SecretUnavailableError, match="not a JSON object with"):
        stored_secret.source.current()


@pytest.mark.parametrize(
    ("base_url", "stored"),
    [
        ("https://api.mpay.com.au", "https://api.mpay.com.au"),
        ("https://api.mpay.com.au/", "https://api.mpay.com.au"),
        ("https://gateway.example:8443/monoova", "https://gateway.example:8443/monoova"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("http://localhost:8001/", "http://localhost:8001"),
    ],
)
def test_monoova_is_reached_by_https_or_on_this_machine(
    stored_secret: StoredSecret, base_url: str, stored: str
) -> None:
    stored_secret.put(baseUrl=base_url)
    assert stored_secret.source.current().base_url == stored


@pytest.mark.parametrize(
    "base_url",
    [
        "http://api.mpay.com.au",
        "http://10.0.0.1:8001",
        "http://localhost.example:8001",
        "http://localhost:8001@elsewhere.example",
        "http://127.0.0.1:8001@elsewhere.example/",
        "https://api.mpay.com.au@elsewhere.example",
        "https://",
        "ftp://127.0.0.1:8001",
        "api.mpay.com.au",
    ],
)
def test_the_key_is_never_sent_without_tls(stored_secret: StoredSecret, base_url: str) -> None:
    stored_secret.put(baseUrl=base_url)
    with pytest.raises(SecretUnavailableError, match="must be https"):
        stored_secret.source.current()


def test_a_refusal_of_secrets_manager_is_unavailability(stored_secret: StoredSecret) -> None:
    source = CredentialsSource(
        stored_secret.client, f"{stored_secret.arn}-gone", stored_secret.clock
    )
    with pytest.raises(SecretUnavailableError, match="ResourceNotFound"):
        source.current()


def test_silence_of_secrets_manager_is_unavailability(stored_secret: StoredSecret) -> None:
    def unreachable(**_event: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://secretsmanager.example")

    stored_secret.client.meta.events.register(
        "before-call.secretsmanager.GetSecretValue", unreachable
    )
    with pytest.raises(SecretUnavailableError, match="EndpointConnectionError"):
        stored_secret.source.current()


def test_a_new_version_of_the_secret_is_distinguished_from_the_refused_one(
    stored_secret: StoredSecret,
) -> None:
    stored_secret.put()
    before = stored_secret.source.current()
    stored_secret.put(apiKey="rotated")
    after = stored_secret.source.renewed(before)
    assert after is not None
    assert after.version != before.version


def test_a_key_that_was_not_refused_is_kept_while_the_secret_cannot_be_read(
    stored_secret: StoredSecret,
) -> None:
    stored_secret.put()
    stored_secret.source.current()
    stored_secret.put_text("not json")
    stored_secret.clock.at += timedelta(minutes=6)
    assert stored_secret.source.current().api_key.reveal() == KEY
    reads = stored_secret.reads
    assert stored_secret.source.current().api_key.reveal() == KEY
    assert stored_secret.reads == reads, "not asked again at every call"
    stored_secret.put(apiKey="rotated")
    stored_secret.clock.at += timedelta(seconds=31)
    assert stored_secret.source.current().api_key.reveal() == "rotated"
