"""The templates as CloudFormation's long form, and invented values of their parameters."""

from pathlib import Path
from typing import Any, Final

import pytest
from cfnlint.decode import decode  # type: ignore[import-untyped]

from tools.deploy import package
from tools.docs import alarm_table

ROOT: Final = Path(__file__).resolve().parents[2]
TEMPLATE: Final = ROOT / "infra" / "template.yaml"


# Outputs that are words of a few, or an id of a certain form.
_WORDS: Final = {
    "MonoovaSecretEnvironment": "sandbox",
    "SignInMfa": "optional",
    "UserPoolId": "ap-southeast-2_Pool",
}


@pytest.fixture(scope="session")
def infra() -> dict[str, Any]:
    """infra/template.yaml, its short forms (`!Ref`) written out (`{"Ref": …}`)."""
    return _written_out(TEMPLATE)


@pytest.fixture(scope="session")
def app() -> dict[str, Any]:
    """infra/app.yaml, its short forms written out."""
    return _written_out(ROOT / "infra" / "app.yaml")


def _written_out(file: Path) -> dict[str, Any]:
    template, problems = decode(str(file))
    assert not problems
    return dict(template or {})


@pytest.fixture(scope="session")
def app_template(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Chalice writes for the stage `prod`, with infra/app.yaml laid over it."""
    return package.chalice_package(ROOT, tmp_path_factory.mktemp("staged") / "app", stage="prod")


@pytest.fixture(scope="session")
def watch() -> dict[str, Any]:
    """infra/watch.yaml, its short forms written out."""
    return dict(alarm_table.template())


@pytest.fixture(scope="session")
def outputs(infra: dict[str, Any]) -> dict[str, str]:
    """What a stack of the template would put out, with the right kind of value for each name."""
    return {name: _invented(name) for name in infra["Outputs"]}


@pytest.fixture(scope="session")
def values(outputs: dict[str, str]) -> dict[str, str]:
    """All that infra/app.yaml asks for and has no default of its own for."""
    return outputs | {
        "Stage": "local",
        "MonoovaMaccountToken": "6279059700000000",
        "MonoovaSourceBsb": "802-985",
        "MonoovaSourceAccount": "123456789",
        "RemitterName": 'quoted " and \\ slashed',
        "CorsAllowOrigin": "https://admin.example.com",
    }


def _invented(output: str) -> str:
    region, account = "ap-southeast-2", "111122223333"
    if output in _WORDS:
        return _WORDS[output]
    if output == "SignInUrl":
        return f"https://payouts.auth.{region}.amazoncognito.com"
    if output.endswith("Url"):
        return f"https://sqs.{region}.amazonaws.com/{account}/{output}"
    if output.endswith("Arn"):
        return f"arn:aws:{_service(output)}:{region}:{account}:{_resource(output)}"
    return output


def _service(output: str) -> str:
    services = {
        "TableArn": "dynamodb",
        "QueueArn": "sqs",
        "KeyArn": "kms",
        "SecretArn": "secretsmanager",
        "PoolArn": "cognito-idp",
        "LogsArn": "logs",
        "LogArn": "logs",
    }
    return next(service for ending, service in services.items() if output.endswith(ending))


def _resource(output: str) -> str:
    kinds = {"TableArn": "table/", "KeyArn": "key/", "SecretArn": "secret:", "PoolArn": "userpool/"}
    kinds |= {"LogsArn": "log-group:/aws/lambda/", "LogArn": "log-group:/aws/apigateway/"}
    return next((kind for ending, kind in kinds.items() if output.endswith(ending)), "") + output
