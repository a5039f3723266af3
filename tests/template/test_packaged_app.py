"""The template that Chalice packages the app into, with ours laid over it."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.api import lint_file  # type: ignore[import-untyped]

from devstack import package
from tests.template.conftest import ROOT
from tests.template.test_app_configuration import FUNCTIONS

RESOURCES = {
    "api_handler": "APIHandler",
    "send_queued_payouts": "SendQueuedPayouts",
    "take_up_webhook_events": "TakeUpWebhookEvents",
    "reconcile": "Reconcile",
}


@pytest.fixture(scope="module")
def sam(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, str], outputs: dict[str, str]
) -> Path:
    """The SAM template of the stage `dev`. Without dependencies: they do not show in it."""
    staged = tmp_path_factory.mktemp("staged")
    cache = tmp_path_factory.mktemp("cache")
    (cache / package.dependencies_key(ROOT / "requirements.txt")).mkdir()
    package.stage_app(ROOT, staged, values, stage="dev")
    package.build(ROOT, staged, outputs, stage="dev", cache=cache)
    return staged / "out" / "sam.yaml"


@pytest.fixture(scope="module")
def resources(sam: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(sam.read_text())["Resources"]
    return found


def test_cfn_lint_finds_nothing(sam: Path) -> None:
    assert [str(match) for match in lint_file(sam)] == []


def test_there_are_these_functions_and_no_others(resources: dict[str, Any]) -> None:
    functions = {
        name for name, each in resources.items() if each["Type"] == "AWS::Serverless::Function"
    }
    assert functions == set(RESOURCES.values())


@pytest.mark.parametrize(("function", "name"), RESOURCES.items())
def test_a_function_has_its_memory_its_time_and_a_role_of_its_own(
    resources: dict[str, Any], function: str, name: str
) -> None:
    properties = resources[name]["Properties"]
    assert (properties["MemorySize"], properties["Timeout"]) == FUNCTIONS[function]
    role = resources[properties["Role"]["Fn::GetAtt"][0]]
    assert len(role["Properties"]["Policies"]) == 1
    sharing = [
        other
        for other in RESOURCES.values()
        if resources[other]["Properties"]["Role"] == properties["Role"]
    ]
    assert sharing == [name]


@pytest.mark.parametrize(
    ("name", "queue"),
    [("SendQueuedPayouts", "PayoutQueueArn"), ("TakeUpWebhookEvents", "WebhookQueueArn")],
)
def test_only_the_messages_that_failed_come_back(
    resources: dict[str, Any], outputs: dict[str, str], name: str, queue: str
) -> None:
    (source,) = resources[name]["Properties"]["Events"].values()
    assert source["Properties"]["Queue"] == outputs[queue]
    assert source["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_clock_strikes_every_minute(resources: dict[str, Any]) -> None:
    (event,) = resources["Reconcile"]["Properties"]["Events"].values()
    assert event["Properties"]["Schedule"] == "rate(1 minute)"


def test_a_route_is_open_only_where_it_has_a_lock_of_its_own(resources: dict[str, Any]) -> None:
    """Everything asks for a user's token or a signature, but for health and Monoova's webhooks."""
    paths = resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    unlocked = {
        path
        for path, methods in paths.items()
        for verb, method in methods.items()
        if verb != "options" and not method.get("security")
    }
    assert unlocked == {"/health", "/webhooks/monoova", "/webhooks/monoova/{event_name}"}
    for path, methods in paths.items():
        for verb, method in methods.items():
            if verb != "options" and path.startswith("/internal/"):
                assert method["security"] == [{"sigv4": []}]


def test_users_are_those_of_the_pool(resources: dict[str, Any], outputs: dict[str, str]) -> None:
    definitions = resources["RestAPI"]["Properties"]["DefinitionBody"]["securityDefinitions"]
    pools = [
        each["x-amazon-apigateway-authorizer"]["providerARNs"]
        for each in definitions.values()
        if each["x-amazon-apigateway-authtype"] == "cognito_user_pools"
    ]
    assert pools == [[outputs["UserPoolArn"]]]
