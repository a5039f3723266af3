"""A live stage with a control off is refused in three places, each of which has the same rules."""

import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import hcl2
import pytest

from chalicelib.control.rules.live import LIVE_RULES, LiveRule
from chalicelib.core.errors import SettingsError
from chalicelib.core.stage_class import HOSTS
from chalicelib.settings import settings_from
from tests.infra.conftest import ROOT
from tests.infra.terraform import FOLDER, Module, read, snake_case
from tests.world import LIVE, World
from tools.deploy.configure import render
from tools.deploy.template import defaults_of

Template = Mapping[str, Any]
Values = dict[str, str]

_CONFIG: Final = json.loads((ROOT / ".chalice" / "config.json").read_text())
VARIABLES: Final[Mapping[str, str]] = _CONFIG["environment_variables"]
APP_TEXT: Final = (ROOT / "infra" / "app.yaml").read_text()
# What every stage of the infrastructure puts out: nothing that a person could leave empty.
PUT_OUT: Final = {"UserPoolId", "UserPoolClientId"}
SAFE: Final[Values] = LIVE | {
    "USERS_WITHOUT_GROUP": "nothing",
    "COGNITO_USER_POOL_ID": "ap-southeast-2_x",
    "COGNITO_CLIENT_ID": "x",
    "CORS_ALLOW_ORIGIN": "https://admin.example",
}


def parameter_of(rule: LiveRule) -> str:
    """The parameter of infra/app.yaml that becomes the rule's setting."""
    return VARIABLES[rule.setting][2:-1]


@pytest.fixture(scope="module")
def module() -> Module:
    return read()


# --- CloudFormation's rules


def worked_out(part: Any, values: Values) -> Any:
    """A condition as CloudFormation works it out before it makes anything."""
    if not isinstance(part, Mapping):
        return part
    ((function, given),) = part.items()
    if function == "Ref":
        return values[given]
    each = [worked_out(one, values) for one in given]
    known: Mapping[str, Callable[[], bool]] = {
        "Fn::Equals": lambda: each[0] == each[1],
        "Fn::Not": lambda: not each[0],
        "Fn::And": lambda: all(each),
        "Fn::Or": lambda: any(each),
        "Fn::Contains": lambda: each[1] in each[0],
    }
    return known[function]()


def refusals(template: Template, values: Values) -> list[str]:
    """What CloudFormation says of these parameters; nothing where it takes them."""
    usual = {name: str(each.get("Default", "")) for name, each in template["Parameters"].items()}
    given = usual | dict(values)
    return [
        assertion["AssertDescription"]
        for rule in template["Rules"].values()
        if worked_out(rule["RuleCondition"], given)
        for assertion in rule["Assertions"]
        if not worked_out(assertion["Assert"], given)
    ]


def parameters(settings: Values, **more: str) -> dict[str, str]:
    """The parameters of infra/app.yaml that become these settings."""
    names = {variable: placeholder[2:-1] for variable, placeholder in VARIABLES.items()}
    found = {names[each]: value for each, value in settings.items()}
    return found | {"Stage": "pay", "MonoovaSecretEnvironment": "live"} | more


@pytest.mark.parametrize("rule", LIVE_RULES, ids=lambda rule: rule.setting)
def test_cloudformation_refuses_what_the_app_refuses_and_names_the_parameter(
    app: Template, rule: LiveRule
) -> None:
    assert refusals(app, parameters(SAFE)) == []
    named = f"{parameter_of(rule)}: {rule.needs}, since the money is real."
    for value in rule.refused:
        off = SAFE | {rule.setting: value}
        assert refusals(app, parameters(off)) == [named]
        sandbox = parameters(off, StageClass="dev", MonoovaSecretEnvironment="sandbox")
        assert refusals(app, sandbox) == []
        # An allowed value would be refused before by its pattern, and say less.
        allowed = app["Parameters"][parameter_of(rule)].get("AllowedValues")
        assert allowed is None or value in allowed or value == ""


def test_cloudformation_has_no_rule_of_its_own(app: Template) -> None:
    assertions = app["Rules"]["LiveLeavesNothingOff"]["Assertions"]
    assert len(assertions) == len(LIVE_RULES)


@pytest.mark.parametrize("stage", ["prod", "prod-eu", "pay", "dev"])
@pytest.mark.parametrize("stage_class", ["", "prod", "dev"])
@pytest.mark.parametrize("environment", ["live", "sandbox"])
def test_a_stage_that_cloudformation_takes_is_one_that_the_app_takes(
    app: Template, stage: str, stage_class: str, environment: str
) -> None:
    stage_of = {"Stage": stage, "StageClass": stage_class, "MonoovaSecretEnvironment": environment}
    taken = refusals(app, parameters(SAFE) | stage_of) == []
    names = {"STAGE": stage, "STAGE_CLASS": stage_class, "MONOOVA_ENVIRONMENT": environment}
    # CloudFormation cannot tell that prod-eu is of the class prod; the app can.
    says_less = stage == "prod-eu" and stage_class != "prod"
    assert says_less or taken == (app_problems(SAFE | names) == [])
    if (stage, stage_class, environment) == ("prod-eu", "", "live"):
        assert not taken


def app_problems(settings: Values) -> list[str]:
    """What the app says of these settings, the rest being as a stage has it."""
    defaults = defaults_of(APP_TEXT)
    rest = {name: defaults.get(name, "") for name in placeholders()} | _REST
    environment = json.loads(render(json.dumps(VARIABLES), rest)) | dict(settings)
    try:
        settings_from(environment)
    except SettingsError as error:
        return error.problems
    return []


def placeholders() -> set[str]:
    return {placeholder[2:-1] for placeholder in VARIABLES.values()}


_REST: Final = {
    **{name: "x" for name in placeholders() if name.endswith("TableName")},
    **{name: "https://sqs.example/x" for name in placeholders() if name.endswith("QueueUrl")},
    "Stage": "pay",
    "MonoovaMaccountToken": "6279059700000000",
    "MonoovaSourceBsb": "802-985",
    "MonoovaSourceAccount": "123456789",
    "RemitterName": "Example Pty Ltd",
    "CustomerDataKeyArn": "arn:aws:kms:ap-southeast-2:111122223333:key/1",
    "MonoovaSecretArn": "arn:aws:secretsmanager:ap-southeast-2:111122223333:secret:monoova",
    "SignInMfa": "optional",
}


@pytest.mark.parametrize(
    ("environment", "base_url"),
    [
        *itertools.product(HOSTS, HOSTS.values()),
        ("live", "https://api.mpay.com.au.evil.example"),
        ("sandbox", "https://api.mpay.com.au.evil.example"),
        ("sandbox", "https://api.m-pay.com.au.evil.example"),
        ("sandbox", "https://evil.example/api.m-pay.com.au"),
        ("sandbox", "http://api.m-pay.com.au"),
        ("sandbox", "http://127.0.0.1:8001"),
    ],
)
def test_a_base_url_is_the_host_of_its_environment_to_the_letter(
    infra: Template, environment: str, base_url: str
) -> None:
    """Seen: an address that only begins with Monoova's host was taken."""
    values = {"MonoovaEnvironment": environment, "MonoovaBaseUrl": base_url, "RequireMfa": "true"}
    said = [each for each in refusals(infra, values) if each.startswith("MonoovaBaseUrl: ")]
    assert (said == []) == (HOSTS[environment] == base_url)


def test_the_infrastructure_of_a_live_stage_needs_an_authenticator_app(infra: Template) -> None:
    live = {"MonoovaEnvironment": "live", "MonoovaBaseUrl": HOSTS["live"]}
    (said,) = refusals(infra, live)
    assert said.startswith("RequireMfa: ")
    assert refusals(infra, live | {"RequireMfa": "true"}) == []
    assert refusals(infra, {}) == []


# --- Terraform's preconditions


def preconditions(module: Module) -> dict[str, str]:
    """The condition of each, by what its message names."""
    (lifecycle,) = module.resources["aws_cloudformation_stack"]["infra"]["lifecycle"]
    found = [(each["error_message"], each["condition"]) for each in lifecycle["precondition"]]
    return {message.partition(":")[0]: condition for message, condition in found}


def test_terraform_refuses_what_the_app_refuses_and_names_the_variable(module: Module) -> None:
    expected = {}
    for rule in LIVE_RULES:
        name, refused = snake_case(parameter_of(rule)), rule.refused
        if parameter_of(rule) == "SignInMfa":
            name, refused = "require_mfa", ("false",)
        if parameter_of(rule) not in PUT_OUT:
            values = json.dumps(list(refused))
            expected[name] = f"${{!local.is_live || !contains({values}, var.{name})}}"
    found = preconditions(module)
    fits = {found.pop("monoova_base_url"), found.pop("monoova_environment")}
    assert found == expected
    assert fits == {
        "${var.monoova_base_url == local.monoova_hosts[var.monoova_environment]}",
        '${(var.monoova_environment == "live") == local.is_of_class_prod}',
    }
    assert module.named["monoova_hosts"] == dict(HOSTS)


def recipe() -> dict[str, str]:
    """The values of the page on Terraform, with what each company fills in."""
    text = (FOLDER / "README.md").read_text()
    (tfvars,) = re.findall(r"```hcl\n(.*?)```", text, re.DOTALL)
    options = hcl2.SerializationOptions(with_comments=False, strip_string_quotes=True)
    return dict(hcl2.loads(tfvars, serialization_options=options))


def test_terraforms_own_recipe_is_taken_once_it_is_filled_in(app: Template, module: Module) -> None:
    written = recipe() | {"monoova_source_bsb_field": "sourceBSB"}
    usual = {name: str(each.get("default", "")) for name, each in module.variables.items()}
    values = {
        name: (usual | written).get(snake_case(name), "") for name in app["Parameters"]
    } | dict.fromkeys(PUT_OUT, "x")
    mfa = {"true": "required"}.get(written.get("require_mfa", ""), "optional")
    given = values | {"SignInMfa": mfa, "MonoovaSecretEnvironment": "live"}
    assert refusals(app, given) == []


# No package index has Terraform. Where it is not installed, the tests above still compare each
# precondition with the table of rules.
@pytest.mark.skipif(shutil.which("terraform") is None, reason="Terraform is not installed")
@pytest.mark.parametrize("left_off", [None, "require_mfa", "limit_per_day_aud"])
def test_terraform_itself_works_the_preconditions_out(
    module: Module, tmp_path: Path, left_off: str | None
) -> None:
    """The module's locals, variables and preconditions, without a provider."""
    shutil.copy(FOLDER / "variables.tf", tmp_path)
    main = (FOLDER / "main.tf").read_text()
    conditions = "".join(re.findall(r"    precondition \{.*?\n    \}\n", main, re.DOTALL))
    locals_of = re.findall(r"  monoova_hosts = \{.*?\n  \}\n", main, re.DOTALL)
    locals_of += re.findall(r"  is_(?:of_class_prod|live) += .*\n", main)
    (tmp_path / "main.tf").write_text(
        f"locals {{\n{''.join(locals_of)}}}\n"
        f'resource "terraform_data" "infra" {{\n  lifecycle {{\n{conditions}  }}\n}}\n'
    )
    values = recipe() | {"monoova_source_bsb_field": "both", "monoova_api_key": "k"}
    values |= {"monoova_webhook_secret": "w"}
    values.pop(left_off or "", None)
    (tmp_path / "terraform.tfvars.json").write_text(json.dumps(values))
    command = ["terraform", f"-chdir={tmp_path}"]
    subprocess.run([*command, "init", "-input=false"], capture_output=True, check=True)  # noqa: S603
    planned = subprocess.run(  # noqa: S603
        [*command, "plan", "-input=false", "-no-color"], capture_output=True, text=True, check=False
    )
    assert (planned.returncode == 0) == (left_off is None), planned.stderr
    assert left_off is None or f"{left_off}: " in planned.stderr


def test_the_page_on_settings_has_every_rule() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    for rule in LIVE_RULES:
        off = ", ".join(f"`{value}`" if value else "empty" for value in rule.refused)
        assert f"| `{rule.setting}` | {off} | {rule.needs} |\n" in page


# --- what was seen


@pytest.mark.parametrize(
    "live",
    [
        {"STAGE": "prod", "STAGE_CLASS": ""},
        {"STAGE": "payments", "STAGE_CLASS": "prod"},
    ],
    ids=["by Terraform's recipe as it was", "a stage that is not called prod"],
)
def test_a_user_in_no_group_pays_nothing_where_the_money_is_real(
    new_world: Callable[..., World], live: dict[str, str]
) -> None:
    """Seen: with the templates' defaults of then a user in no group paid A$1,000 alone."""
    defaults = {"USERS_WITHOUT_GROUP": "operate", "CORS_ALLOW_ORIGIN": "https://admin.example"}
    assert app_problems(defaults | live)
    world = new_world(**live, **defaults)
    answer = world.admin.post("/customers", {"name": "Jo Citizen"})
    assert (answer.status, answer.code) == (500, "InternalError")
    assert world.monoova.calls == []
