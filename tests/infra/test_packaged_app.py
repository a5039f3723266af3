"""The template that Chalice packages the app into, with ours laid over it."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file  # type: ignore[import-untyped]

from tests.infra.conftest import ROOT
from tests.infra.test_app_configuration import FUNCTIONS
from tests.world import load_app
from tools.deploy.template import with_code_at, with_values_in_api

RESOURCES = {
    "api_handler": "APIHandler",
    "send_queued_payouts": "SendQueuedPayouts",
    "take_up_webhook_events": "TakeUpWebhookEvents",
    "reconcile": "Reconcile",
    "reconcile_daily": "ReconcileDaily",
}


@pytest.fixture(scope="module")
def resources(app_template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = app_template["Resources"]
    return found


def test_cfn_lint_finds_nothing(app_template: dict[str, Any], tmp_path: Path) -> None:
    written = tmp_path / "template.yaml"
    written.write_text(with_code_at(app_template, "s3://a-bucket/a-key.zip"))
    assert [str(match) for match in lint_file(written)] == []


def test_the_template_serves_every_stage(app_template: dict[str, Any]) -> None:
    """No value of a stage, an account or a region is in it."""
    text = with_code_at(app_template, "s3://a-bucket/a-key.zip")
    assert "ap-southeast-2" not in text
    assert not re.search(r"[0-9]{12}", text)
    used = json.dumps(app_template["Resources"]) + json.dumps(app_template["Conditions"])
    used += json.dumps(app_template["Rules"])
    unused = {name for name in app_template["Parameters"] if f'"{name}"' not in used}
    assert {name for name in unused if f"${{{name}}}" not in used} == set()


def test_what_a_parameter_has_no_default_for_is_an_output_or_the_stages_own(
    app_template: dict[str, Any], outputs: dict[str, str]
) -> None:
    asked = {n for n, each in app_template["Parameters"].items() if "Default" not in each}
    assert asked - outputs.keys() - {"Stage"} == {
        "MonoovaMaccountToken",
        "MonoovaSourceBsb",
        "MonoovaSourceAccount",
        "RemitterName",
        "CorsAllowOrigin",
    }


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_stages_file_has_only_what_the_templates_ask_for(
    app_template: dict[str, Any], infra: dict[str, Any], stage: str
) -> None:
    written = tomllib.loads((ROOT / "infra" / "stages" / f"{stage}.toml").read_text())
    assert written["infra"].keys() <= infra["Parameters"].keys()
    assert written["app"].keys() <= app_template["Parameters"].keys()
    secrets = {n for n, each in infra["Parameters"].items() if each.get("NoEcho")}
    assert not secrets & written["infra"].keys()


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
    resources: dict[str, Any], name: str, queue: str
) -> None:
    (source,) = resources[name]["Properties"]["Events"].values()
    assert source["Properties"]["Queue"] == {"Ref": queue}
    assert source["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_schedule_runs_every_minute(resources: dict[str, Any]) -> None:
    (event,) = resources["Reconcile"]["Properties"]["Events"].values()
    assert event["Properties"]["Schedule"] == "rate(1 minute)"


def test_returns_are_looked_for_each_quarter_of_an_hour_by_the_function_of_the_reports(
    resources: dict[str, Any],
) -> None:
    events = resources["ReconcileDaily"]["Properties"]["Events"]
    rules = {event["Properties"]["Schedule"]: event["Properties"] for event in events.values()}
    assert rules.keys() == {"cron(30 20 * * ? *)", "rate(15 minutes)"}
    # The app knows by the rule's name what it is to do.
    (name,) = rules["rate(15 minutes)"]["Name"].values()
    assert name == "monoova-payouts-${Stage}-look-for-returns"


def test_a_route_without_an_authorizer_has_an_authentication_of_its_own(
    resources: dict[str, Any],
) -> None:
    """Everything else asks for a user's token or a signature."""
    paths = resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    unlocked = {
        path
        for path, methods in paths.items()
        for verb, method in methods.items()
        if verb != "options" and not method.get("security")
    }
    pages = {"/openapi.json", "/docs", "/docs/{file}"}
    pages |= {"/console", "/console/config.json", "/console/{file}"}
    assert unlocked == {"/health", "/webhooks/monoova", "/webhooks/monoova/{event_name}", *pages}
    for path, methods in paths.items():
        for verb, method in methods.items():
            if verb != "options" and path.startswith("/internal/"):
                assert method["security"] == [{"sigv4": []}]


def test_the_authorizer_is_the_user_pool(resources: dict[str, Any]) -> None:
    definitions = resources["RestAPI"]["Properties"]["DefinitionBody"]["securityDefinitions"]
    pools = [
        each["x-amazon-apigateway-authorizer"]["providerARNs"]
        for each in definitions.values()
        if each["x-amazon-apigateway-authtype"] == "cognito_user_pools"
    ]
    assert pools == [[{"Ref": "UserPoolArn"}]]


@pytest.mark.parametrize(("function", "name"), RESOURCES.items())
def test_a_function_has_the_name_that_its_log_group_and_its_alarms_know(
    resources: dict[str, Any], infra: dict[str, Any], function: str, name: str
) -> None:
    suffix = "" if function == "api_handler" else f"-{function}"
    called = f"monoova-payouts-${{Stage}}{suffix}"
    assert resources[name]["Properties"]["FunctionName"] == {"Fn::Sub": called}
    logs = [
        each["Properties"]["LogGroupName"]
        for each in infra["Resources"].values()
        if each["Type"] == "AWS::Logs::LogGroup"
    ]
    assert {"Fn::Sub": f"/aws/lambda/{called}"} in logs


def test_the_functions_run_on_arm64_and_are_traced(resources: dict[str, Any]) -> None:
    for name in RESOURCES.values():
        assert resources[name]["Properties"]["Architectures"] == ["arm64"]
        assert resources[name]["Properties"]["Tracing"] == "Active"
        assert resources[name]["Properties"]["Runtime"] == "python3.12"


def test_the_api_is_throttled_and_some_copies_are_kept_for_it(
    app_template: dict[str, Any], resources: dict[str, Any]
) -> None:
    setting, *of_open_pages = resources["RestAPI"]["Properties"]["MethodSettings"]
    assert (setting["ResourcePath"], setting["HttpMethod"]) == ("/*", "*")
    assert setting["ThrottlingRateLimit"] == {"Ref": "RequestsPerSecond"}
    assert setting["ThrottlingBurstLimit"] == {"Ref": "RequestsInABurst"}
    parameters = app_template["Parameters"]
    assert parameters["RequestsPerSecond"]["Default"] == 100
    assert parameters["RequestsInABurst"]["Default"] == 200
    assert parameters["ApiReservedConcurrency"]["Default"] == 5
    reserved = resources["APIHandler"]["Properties"]["ReservedConcurrentExecutions"]
    assert reserved["Fn::If"][:2] == ["ReservesConcurrency", {"Ref": "ApiReservedConcurrency"}]
    # As API Gateway writes a path here: the first slash as it is, all of the path's own as `~1`.
    paths = {each["ResourcePath"][1:].replace("~1", "/") for each in of_open_pages}
    is_open = ("/docs", "/console", "/openapi", "/webhooks/", "/health")
    assert paths == {path for path in load_app().app.routes if path.startswith(is_open)}
    for each in of_open_pages:
        is_webhook = each["ResourcePath"].startswith("/~1webhooks")
        assert each["HttpMethod"] == ("POST" if is_webhook else "GET")
        most = (10, 20) if is_webhook else (5, 10)
        assert (each["ThrottlingRateLimit"], each["ThrottlingBurstLimit"]) == most


def test_what_is_open_cannot_keep_the_payers_copies_busy(resources: dict[str, Any]) -> None:
    """All of it together, at its limits: a page takes 20 ms of a copy, a webhook 100."""
    _, *of_open_pages = resources["RestAPI"]["Properties"]["MethodSettings"]
    busy = sum(
        each["ThrottlingRateLimit"] * (0.1 if "webhooks" in each["ResourcePath"] else 0.02)
        for each in of_open_pages
    )
    assert busy < 5 - 2


def test_old_tls_is_refused(resources: dict[str, Any]) -> None:
    properties = resources["RestAPI"]["Properties"]
    on_aws = properties["SecurityPolicy"]["Fn::If"][1]
    assert on_aws == "SecurityPolicy_TLS13_1_2_2021_06"
    assert properties["EndpointAccessMode"]["Fn::If"][1] == "STRICT"


def test_the_access_log_holds_nothing_that_the_caller_wrote(resources: dict[str, Any]) -> None:
    """A path as called holds ids, a query what was looked for; a body is never logged."""
    properties = resources["RestAPI"]["Properties"]
    written = properties["AccessLogSetting"]["Fn::If"][1]["Format"]
    assert set(json.loads(written).values()) == {
        "$context.requestTime",
        "$context.requestId",
        "$context.httpMethod",
        "$context.resourcePath",
        "$context.status",
        "$context.identity.sourceIp",
        "$context.authorizer.claims.sub",
        "$context.identity.userArn",
        "$context.responseLatency",
        "$context.integrationLatency",
        "$context.responseLength",
        "$context.error.responseType",
    }
    for setting in properties["MethodSettings"]:
        assert setting["DataTraceEnabled"] is False


@pytest.mark.parametrize("kind", ["DEFAULT_4XX", "DEFAULT_5XX"])
def test_the_admin_app_may_read_the_gateways_own_answers(
    resources: dict[str, Any], kind: str
) -> None:
    answers = resources["RestAPI"]["Properties"]["GatewayResponses"]
    headers = answers[kind]["ResponseParameters"]["Headers"]
    assert headers["Access-Control-Allow-Origin"] == {"Fn::Sub": "'${CorsAllowOrigin}'"}


def test_the_api_has_one_stage_and_no_second_one_past_its_limits(resources: dict[str, Any]) -> None:
    """SAM makes a stage called "Stage" where this is not set."""
    assert resources["RestAPI"]["Properties"]["OpenApiVersion"] == "2.0"


def test_another_origin_or_pool_is_another_description_of_the_api(
    app_template: dict[str, Any], values: dict[str, str]
) -> None:
    """Or SAM would take it for the one that is deployed."""
    written = with_values_in_api(app_template, values)["Resources"]["RestAPI"]["Properties"]
    described = json.dumps([written["DefinitionBody"], written["GatewayResponses"]])
    assert "${CorsAllowOrigin}" not in described
    assert values["CorsAllowOrigin"] in described
    assert values["UserPoolArn"] in described
    others = values | {"CorsAllowOrigin": "https://other.example.com"}
    assert with_values_in_api(app_template, others) != with_values_in_api(app_template, values)
