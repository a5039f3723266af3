"""The templates as CloudFormation's long form, and invented outputs of infra/template.yaml."""

from pathlib import Path
from typing import Any, Final

import pytest
from cfnlint.decode import decode  # type: ignore[import-untyped]

from ops import alarm_table

ROOT: Final = Path(__file__).resolve().parents[2]
TEMPLATE: Final = ROOT / "infra" / "template.yaml"


@pytest.fixture(scope="session")
def infra() -> dict[str, Any]:
    """infra/template.yaml, its short forms (`!Ref`) written out (`{"Ref": …}`)."""
    template, problems = decode(str(TEMPLATE))
    assert not problems
    return dict(template or {})


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
    """All that the app's configuration asks for."""
    return outputs | {
        "STAGE": "local",
        "MONOOVA_MACCOUNT_TOKEN": "6279059700000000",
        "MONOOVA_SOURCE_BSB": "802-985",
        "MONOOVA_SOURCE_ACCOUNT": "123456789",
        "MONOOVA_WEBHOOK_SECRET": 'quoted " and \\ slashed',
        "REMITTER_NAME": "Example Pty Ltd",
        "CORS_ALLOW_ORIGIN": "https://admin.example.com",
    }


def _invented(output: str) -> str:
    region, account = "ap-southeast-2", "111122223333"
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
    }
    return next(service for ending, service in services.items() if output.endswith(ending))


def _resource(output: str) -> str:
    kinds = {"TableArn": "table/", "KeyArn": "key/", "SecretArn": "secret:", "PoolArn": "userpool/"}
    kinds |= {"LogsArn": "log-group:/aws/lambda/"}
    return next((kind for ending, kind in kinds.items() if output.endswith(ending)), "") + output
