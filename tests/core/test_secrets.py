"""Secrets: a type that does not show itself, and the credentials that heal after a rotation."""

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
    """Moved by hand; sleeping is not expected."""

    at: datetime = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"slept {seconds} s")


@dataclass
class Shelf:
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


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with mock_aws():
        yield Shelf(boto3.client("secretsmanager", region_name=aws.REGION))


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


def test_credentials_are_read_from_the_secret(shelf: Shelf) -> None:
    shelf.put()
    read = shelf.source.current()
    assert (read.api_key, read.environment) == (Secret(KEY), "sandbox")
    assert read.base_url == "https://api.m-pay.com.au"


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ({}, []),
        ({"webhookSecret": None}, []),
        ({"webhookSecret": ""}, []),
        ({"webhookSecret": " , ,"}, []),
        ({"webhookSecret": "one"}, ["one"]),
        ({"webhookSecret": " one ,two,"}, ["one", "two"]),
        ({"webhookSecret": "Basic b25l, Basic dHdv"}, ["Basic b25l", "Basic dHdv"]),
    ],
)
def test_webhook_secrets_may_stand_beside_the_key(
    shelf: Shelf, stored: dict[str, object], read: list[str]
) -> None:
    shelf.put(**stored)
    found = shelf.source.current()
    assert [secret.reveal() for secret in found.webhook_secrets] == read
    assert found.api_key.reveal() == KEY
    assert "one" not in repr(found)


def test_credentials_are_kept_for_five_minutes(shelf: Shelf) -> None:
    shelf.put()
    shelf.source.current()
    shelf.put(apiKey="rotated")
    shelf.clock.at += timedelta(minutes=5)
    assert shelf.source.current().api_key.reveal() == KEY
    assert shelf.reads == 1
    shelf.clock.at += timedelta(seconds=1)
    assert shelf.source.current().api_key.reveal() == "rotated"
    assert shelf.reads == 2


def test_a_refused_key_is_read_again_at_once(shelf: Shelf) -> None:
    shelf.put()
    refused = shelf.source.current()
    shelf.put(apiKey="rotated")
    renewed = shelf.source.renewed(refused)
    assert renewed is not None
    assert renewed.api_key.reveal() == "rotated"
    assert shelf.source.current() == renewed
    assert shelf.reads == 2


def test_a_refused_key_that_was_not_rotated_is_not_tried_again(shelf: Shelf) -> None:
    shelf.put()
    assert shelf.source.renewed(shelf.source.current()) is None


def test_what_could_not_be_read_is_not_remembered(shelf: Shelf) -> None:
    shelf.put_text("half a sec")
    with pytest.raises(SecretUnavailableError):
        shelf.source.current()
    shelf.put()
    assert shelf.source.current().api_key.reveal() == KEY


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
def test_a_malformed_secret_is_refused_without_quoting_it(shelf: Shelf, text: str) -> None:
    shelf.put_text(text)
    with pytest.raises(SecretUnavailableError, match="not a JSON object with") as refused:
        shelf.source.current()
    assert KEY not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


def test_a_binary_secret_is_refused(shelf: Shelf) -> None:
    shelf.client.put_secret_value(SecretId=shelf.arn, SecretBinary=KEY.encode())
    with pytest.raises(SecretUnavailableError, match="not a JSON object with"):
        shelf.source.current()


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
    shelf: Shelf, base_url: str, stored: str
) -> None:
    shelf.put(baseUrl=base_url)
    assert shelf.source.current().base_url == stored


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
def test_the_key_never_goes_over_a_line_that_can_be_read(shelf: Shelf, base_url: str) -> None:
    shelf.put(baseUrl=base_url)
    with pytest.raises(SecretUnavailableError, match="must be https"):
        shelf.source.current()


def test_a_refusal_of_secrets_manager_is_unavailability(shelf: Shelf) -> None:
    source = CredentialsSource(shelf.client, f"{shelf.arn}-gone", shelf.clock)
    with pytest.raises(SecretUnavailableError, match="ResourceNotFound"):
        source.current()


def test_silence_of_secrets_manager_is_unavailability(shelf: Shelf) -> None:
    def unreachable(**_event: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://secretsmanager.example")

    shelf.client.meta.events.register("before-call.secretsmanager.GetSecretValue", unreachable)
    with pytest.raises(SecretUnavailableError, match="EndpointConnectionError"):
        shelf.source.current()


def test_a_new_version_of_the_secret_is_told_from_the_refused_one(shelf: Shelf) -> None:
    shelf.put()
    before = shelf.source.current()
    shelf.put(apiKey="rotated")
    after = shelf.source.renewed(before)
    assert after is not None
    assert after.version != before.version


def test_a_key_that_was_not_refused_is_kept_while_the_secret_cannot_be_read(shelf: Shelf) -> None:
    shelf.put()
    shelf.source.current()
    shelf.put_text("not json")
    shelf.clock.at += timedelta(minutes=6)
    assert shelf.source.current().api_key.reveal() == KEY
    reads = shelf.reads
    assert shelf.source.current().api_key.reveal() == KEY
    assert shelf.reads == reads, "not asked again at every call"
    shelf.put(apiKey="rotated")
    shelf.clock.at += timedelta(seconds=31)
    assert shelf.source.current().api_key.reveal() == "rotated"
