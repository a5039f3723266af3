"""A stage pays in the environment of Monoova that its class is for, and in no other."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from chalicelib.core.stage_class import StageClass, misfit
from tests.payouts.test_reconciliation import queued
from tests.world import LIVE as WHERE_LIVE
from tests.world import World

NewWorld = Callable[..., World]

SANDBOX: Final = {"environment": "sandbox", "baseUrl": "https://api.m-pay.com.au"}
LIVE: Final = {"environment": "live", "baseUrl": "https://api.mpay.com.au"}


@pytest.mark.parametrize(
    ("stage_class", "secret"),
    [
        ("prod", SANDBOX),
        ("dev", LIVE),
        ("prod", LIVE | {"baseUrl": SANDBOX["baseUrl"]}),
        ("prod", LIVE | {"baseUrl": "https://api.mpay.com.au.example"}),
        ("dev", SANDBOX | {"baseUrl": LIVE["baseUrl"]}),
        ("prod", LIVE | {"baseUrl": "http://127.0.0.1:8001"}),
        ("prod", LIVE | {"environment": "staging"}),
    ],
)
def test_a_secret_that_does_not_fit_the_stage_sends_and_asks_nothing(
    new_world: NewWorld, stage_class: str, secret: dict[str, str]
) -> None:
    world = new_world(**_settings(stage_class), BSB_CHECK="off")
    customer = world.customer(
        type="BankAccount", bsb="062-000", account_number="12345678", account_name="Jo Citizen"
    )
    if stage_class == "prod":
        approved = world.pay(customer, "1").json["transaction_id"]
        assert world.approve(approved).status == 200
        world.minutes(3)
    before = len(world.monoova.calls)
    world.store_secret("a-key", **secret)
    world.restart()
    answer = world.pay(customer)
    assert (answer.status, answer.code) == (503, "WrongEnvironment")
    assert world.admin.get("/account").code == "WrongEnvironment"
    (waiting,) = queued(world, customer)
    world.minutes(3)
    assert len(world.monoova.calls) == before
    assert world.state(waiting)[0] == "Queued"
    assert world.admin.get("/payouts").json["items"][0]["transaction_id"] == waiting


@pytest.mark.parametrize(
    ("stage_class", "secret", "environment"), [("prod", LIVE, "live"), ("dev", SANDBOX, "sandbox")]
)
def test_the_environment_is_shown(
    new_world: NewWorld, stage_class: str, secret: dict[str, str], environment: str
) -> None:
    world = new_world(**_settings(stage_class))
    world.store_secret(_key(world), **secret)
    world.restart()
    for path in ("/account", "/me"):
        assert world.admin.get(path).json["environment"] == environment


def test_a_simulator_on_the_same_machine_stands_for_the_sandbox() -> None:
    for url in ("http://127.0.0.1:8001", "http://localhost:8001", "http://localhost"):
        assert misfit(StageClass.DEV, "sandbox", url) is None
        assert misfit(StageClass.PROD, "live", url) is not None
    assert misfit(StageClass.DEV, "sandbox", "http://127.0.0.1.example") is not None


def test_what_is_said_of_a_misfit_quotes_nothing_of_the_secret() -> None:
    said = misfit(StageClass.PROD, "a-secret", "https://a-secret")
    assert said is not None
    assert "a-secret" not in said
    assert "a-secret" not in str(misfit(StageClass.PROD, "live", "https://a-secret"))


def _settings(stage_class: str) -> Mapping[str, str]:
    return WHERE_LIVE if stage_class == "prod" else {}


def _key(world: World) -> str:
    found: Any = world.secrets.get_secret_value(SecretId="monoova")
    return str(json.loads(found["SecretString"])["apiKey"])
