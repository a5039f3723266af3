""".chalice/config.json with a stage's values in it, for `chalice deploy`; and without them."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from chalicelib.settings import settings_from
from tests.infra.conftest import infra, outputs
from tests.tools.deploy.conftest import ROOT
from tools.deploy import configure, package, stage
from tools.deploy.errors import DeployError
from tools.deploy.template import defaults_of

__all__ = ["infra", "outputs"]  # fixtures

STAGE: Final = "dev"
# Read by decorators only, when Chalice imports the app.
AT_IMPORT: Final = {"COGNITO_USER_POOL_ARN", "PAYOUT_QUEUE_ARN", "WEBHOOK_QUEUE_ARN"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A clone, as far as Chalice's configuration goes; nothing is configured yet."""
    ignored = shutil.ignore_patterns("deployed", "deployments", "dev", "prod", "local")
    shutil.copytree(ROOT / ".chalice", tmp_path / ".chalice", ignore=ignored)
    (tmp_path / "infra").symlink_to(ROOT / "infra")
    file = tmp_path / ".chalice" / "config.json"
    file.write_text(json.dumps(configure.neutral(json.loads(file.read_text())), indent=2))
    return tmp_path


@pytest.fixture
def values(outputs: dict[str, str]) -> dict[str, str]:
    """As `make infra` has them: defaults, outputs, what the stage's file says."""
    own = {
        "Stage": STAGE,
        "MonoovaMaccountToken": "6279059700000000",
        "MonoovaSourceBsb": "802-985",
        "MonoovaSourceAccount": "123456789",
        "RemitterName": 'quoted " and \\ slashed',
    }
    defaults = defaults_of((ROOT / "infra" / "app.yaml").read_text())
    return {**defaults, **outputs, **stage.read(ROOT, STAGE).app, **own}


def config_of(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project / ".chalice" / "config.json").read_text())
    return found


def environment_of(project: Path) -> dict[str, str]:
    """What Chalice gives to the functions of the stage."""
    config = config_of(project)
    shared: dict[str, str] = config["environment_variables"]
    own: dict[str, str] = config["stages"][STAGE]["environment_variables"]
    return shared | own


def policies_of(project: Path) -> dict[str, str]:
    """The policy of each function, where Chalice reads it."""
    functions: Mapping[str, Any] = config_of(project)["stages"][STAGE]["lambda_functions"]
    return {
        name: (project / ".chalice" / function["iam_policy_file"]).read_text()
        for name, function in functions.items()
    }


def test_the_app_takes_what_is_written_into_the_stage(
    project: Path, values: dict[str, str]
) -> None:
    configure.configure(project, STAGE, values)
    settings = settings_from(environment_of(project))
    assert settings.stage == STAGE
    assert settings.remitter_name == values["RemitterName"]
    assert settings.dynamodb_table_transactions == values["TransactionsTableName"]
    assert settings.customer_data_key_arn == values["CustomerDataKeyArn"]
    assert environment_of(project)["COGNITO_USER_POOL_ARN"] == values["UserPoolArn"]
    assert environment_of(project)["PAYOUT_QUEUE_ARN"] == values["PayoutQueueArn"]
    assert environment_of(project)["WEBHOOK_QUEUE_ARN"] == values["WebhookQueueArn"]


def test_no_placeholder_is_left_in_the_stage_or_its_policies(
    project: Path, values: dict[str, str]
) -> None:
    configure.configure(project, STAGE, values)
    assert "${" not in json.dumps(config_of(project)["stages"][STAGE])
    policies = policies_of(project)
    assert len(policies) == 5
    for name, text in policies.items():
        assert "${" not in text, name
        assert json.loads(text)["Statement"], name
    assert values["TransactionsTableArn"] in policies["reconcile"]


def test_no_secret_is_written(project: Path, values: dict[str, str]) -> None:
    configure.configure(project, STAGE, values)
    environment = environment_of(project)
    assert environment["MONOOVA_WEBHOOK_SECRET"] == values["MonoovaSecretArn"]
    assert environment["MONOOVA_API_SECRET_ARN"] == values["MonoovaSecretArn"]
    assert settings_from(environment).webhook_secrets == ()


def test_other_stages_and_what_they_share_stay_as_they_are(
    project: Path, values: dict[str, str]
) -> None:
    before = config_of(project)
    configure.configure(project, STAGE, values)
    after = config_of(project)
    del before["stages"][STAGE], after["stages"][STAGE]
    assert after == before
    assert list(after["environment_variables"]) == list(before["environment_variables"])


def test_what_was_configured_can_be_taken_out_again(project: Path, values: dict[str, str]) -> None:
    before = config_of(project)
    configure.configure(project, STAGE, values)
    assert config_of(project) != before
    assert configure.neutral(config_of(project)) == before


def test_what_a_stage_has_of_its_own_is_not_taken_out(project: Path) -> None:
    config = config_of(project)
    config["stages"][STAGE]["environment_variables"] = {"OWN": "kept", "STAGE": "not"}
    kept = configure.neutral(config)["stages"][STAGE]["environment_variables"]
    assert kept == {"OWN": "kept"}


def test_other_values_take_the_place_of_the_first(project: Path, values: dict[str, str]) -> None:
    configure.configure(project, STAGE, values)
    other = {name: f"{value}-2" for name, value in values.items() if name.endswith("Arn")}
    configure.configure(project, STAGE, values | other)
    once = {path.name: path.read_text() for path in (project / ".chalice" / STAGE).iterdir()}
    for arn in ("TransactionsTableArn", "MonoovaSecretArn", "CustomerDataKeyArn"):
        assert f"{values[arn]}-2" in once["policy-api.json"]
        assert f'{values[arn]}"' not in once["policy-api.json"]
    assert environment_of(project)["CUSTOMER_DATA_KEY_ARN"] == other["CustomerDataKeyArn"]


def test_without_a_value_nothing_is_written(project: Path, values: dict[str, str]) -> None:
    before = config_of(project)
    del values["UserPoolArn"], values["RemitterName"]
    with pytest.raises(DeployError, match=r"^No value for RemitterName, UserPoolArn\.$"):
        configure.configure(project, STAGE, values)
    assert config_of(project) == before


def test_an_unknown_stage_is_refused(project: Path, values: dict[str, str]) -> None:
    with pytest.raises(DeployError, match="has no stage 'nowhere'"):
        configure.configure(project, "nowhere", values)


def test_a_configured_project_still_makes_the_package_of_every_stage(
    project: Path, values: dict[str, str]
) -> None:
    """After a deployment to dev, prod is packaged from the same clone: no value of dev is in it."""
    for name in ("app.py", "chalicelib"):
        (project / name).symlink_to(ROOT / name)
    before = package.chalice_package(project, project / "before", stage=STAGE)
    configure.configure(project, STAGE, values)
    after = package.chalice_package(project, project / "after", stage=STAGE)
    assert after == before
    assert values["CustomerDataKeyArn"] not in json.dumps(after)


def test_the_api_takes_services_of_the_named_roles_alone(
    project: Path, values: dict[str, str]
) -> None:
    """Seen: any principal of the account with execute-api:Invoke stood before the app."""
    payer, checker = (f"arn:aws:iam::111122223333:role/{name}" for name in ("Payer", "Checker"))
    named = {"OperatorRoleArns": f"{payer},{checker}", "ApproverRoleArns": checker}
    configure.configure(project, STAGE, values | named)
    chosen = config_of(project)["stages"][STAGE]
    policy = json.loads((project / ".chalice" / chosen["api_gateway_policy_file"]).read_text())
    _, deny = policy["Statement"]
    assert (deny["Effect"], deny["Principal"]) == ("Deny", "*")
    assert deny["Resource"] == "execute-api:/*/*/internal/*"
    ((operator, condition),) = deny["Condition"].items()
    assert operator == "StringNotEquals"
    assert condition == {"aws:PrincipalArn": ["none", "", payer, checker, checker]}
    configure.configure(project, STAGE, values)
    policy = json.loads((project / ".chalice" / chosen["api_gateway_policy_file"]).read_text())
    listed = policy["Statement"][1]["Condition"]["StringNotEquals"]["aws:PrincipalArn"]
    assert set(listed) == {"none", ""}
