""".chalice/: each stage is complete, and each function may do what it does and no more."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.settings import settings_from
from tests.infra.conftest import ROOT
from tools.deploy.configure import render
from tools.deploy.errors import DeployError
from tools.deploy.template import defaults_of

CHALICE = ROOT / ".chalice"
STAGES = tuple(json.loads((CHALICE / "config.json").read_text())["stages"])
POLICIES = tuple(sorted(path.name for path in CHALICE.glob("policy-*.json")))
FUNCTIONS = {
    "api_handler": (1024, 30),
    "send_queued_payouts": (256, 60),
    "take_up_webhook_events": (256, 60),
    "reconcile": (256, 60),
    "reconcile_daily": (1024, 300),
}
# The actions that may be granted on `*`, each with its reason.
_NO_RESOURCES = "X-Ray has no resources that a trace is written to"
WILDCARDS = {
    "xray:PutTelemetryRecords": _NO_RESOURCES,
    "xray:PutTraceSegments": _NO_RESOURCES,
}


@pytest.fixture
def config(values: dict[str, str]) -> dict[str, Any]:
    laid_over = defaults_of((ROOT / "infra" / "app.yaml").read_text())
    text = (CHALICE / "config.json").read_text()
    rendered: dict[str, Any] = json.loads(render(text, laid_over | values))
    return rendered


def environment_of(config: dict[str, Any], stage: str) -> dict[str, str]:
    """What Chalice gives every function of a stage."""
    shared: dict[str, str] = config["environment_variables"]
    own: dict[str, str] = config["stages"][stage].get("environment_variables", {})
    return shared | own


def statements_of(policy: str) -> Iterator[dict[str, Any]]:
    document = json.loads((CHALICE / policy).read_text())
    assert document["Version"] == "2012-10-17"
    yield from document["Statement"]


@pytest.mark.parametrize("stage", STAGES)
def test_the_app_takes_the_settings_of_a_stage(config: dict[str, Any], stage: str) -> None:
    settings = settings_from(environment_of(config, stage))
    assert settings.remitter_name == 'quoted " and \\ slashed'


@pytest.mark.parametrize("stage", STAGES)
def test_every_variable_that_the_settings_name_is_set(config: dict[str, Any], stage: str) -> None:
    source = (ROOT / "chalicelib" / "settings.py").read_text()
    named = set(re.findall(r'reader\.\w+\(\s*"([A-Z][A-Z_]+)"', source))
    assert named
    assert named - set(environment_of(config, stage)) == set()


@pytest.mark.parametrize("stage", STAGES)
def test_no_variable_is_set_that_nothing_reads(config: dict[str, Any], stage: str) -> None:
    source = "".join(path.read_text() for path in (ROOT / "chalicelib").rglob("*.py"))
    unread = {name for name in environment_of(config, stage) if f'"{name}"' not in source}
    assert unread == set()


@pytest.mark.parametrize("stage", STAGES)
def test_no_secret_is_in_a_functions_environment(config: dict[str, Any], stage: str) -> None:
    """A function's configuration shows where the secrets are, and no more."""
    environment = environment_of(config, stage)
    secret = environment["MONOOVA_API_SECRET_ARN"]
    assert environment["MONOOVA_WEBHOOK_SECRET"] == secret
    assert settings_from(environment).webhook_secrets == ()


@pytest.mark.parametrize("stage", STAGES)
def test_each_function_has_a_policy_of_its_own(config: dict[str, Any], stage: str) -> None:
    assert config["autogen_policy"] is False
    functions = config["stages"][stage]["lambda_functions"]
    policies = [function["iam_policy_file"] for function in functions.values()]
    assert sorted(policies) == list(POLICIES)


@pytest.mark.parametrize("stage", STAGES)
def test_each_function_has_its_memory_and_time(config: dict[str, Any], stage: str) -> None:
    functions = config["stages"][stage]["lambda_functions"]
    assert {
        name: (function["lambda_memory_size"], function["lambda_timeout"])
        for name, function in functions.items()
    } == FUNCTIONS


def test_a_queue_hides_a_message_six_times_as_long_as_its_function_runs(
    infra: dict[str, Any],
) -> None:
    for function, queue in (
        ("send_queued_payouts", "PayoutQueue"),
        ("take_up_webhook_events", "WebhookQueue"),
    ):
        hidden = infra["Resources"][queue]["Properties"]["VisibilityTimeout"]
        assert hidden >= 6 * FUNCTIONS[function][1]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_names_its_actions_and_what_they_are_done_to(policy: str) -> None:
    for statement in statements_of(policy):
        assert statement["Effect"] == "Allow"
        assert statement["Sid"].isalnum()
        assert not [action for action in statement["Action"] if "*" in action]
        resources = statement["Resource"]
        for resource in [resources] if isinstance(resources, str) else resources:
            if resource == "*":
                assert set(statement["Action"]) <= WILDCARDS.keys(), statement["Sid"]
            else:
                assert re.fullmatch(r"\$\{\w+Arn\}(/index/[a-z-]+)?", resource), resource


def test_only_the_api_erases_and_never_a_payout() -> None:
    erasing = [
        (policy, statement["Resource"])
        for policy in POLICIES
        for statement in statements_of(policy)
        if "dynamodb:DeleteItem" in statement["Action"]
    ]
    assert {policy for policy, _ in erasing} <= {"policy-api.json"}
    assert all("Transactions" not in resource for _, resource in erasing)


def test_no_function_may_scan() -> None:
    actions = {
        action
        for policy in POLICIES
        for statement in statements_of(policy)
        for action in statement["Action"]
    }
    assert "dynamodb:Scan" not in actions


def test_the_function_of_webhook_events_reads_no_customer() -> None:
    """Monoova's API key it does read: what seals the queue's messages is derived from it."""
    text = (CHALICE / "policy-take-up-webhook-events.json").read_text()
    for forbidden in ("Customer", "kms:"):
        assert forbidden not in text
    secrets = [
        (statement["Action"], statement["Resource"])
        for statement in json.loads(text)["Statement"]
        if "secretsmanager" in str(statement) or "Secret" in str(statement["Resource"])
    ]
    assert secrets == [(["secretsmanager:GetSecretValue"], "${MonoovaSecretArn}")]


def test_what_has_no_value_is_named_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"No value for A, Another\."):
        render('{"x": "${Another}", "y": "${A}", "z": "${B}"}', {"B": str(tmp_path)})


def test_a_value_is_escaped_in_its_json_text() -> None:
    rendered = render('{"x": "${A}"}', {"A": '", "admin": "yes'})
    assert json.loads(rendered) == {"x": '", "admin": "yes'}
