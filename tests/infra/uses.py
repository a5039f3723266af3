"""The AWS calls of the running app: by which function, from where in the code, on what."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, Final

from botocore.model import OperationModel
from botocore.session import Session

from proof.lambda_events import APP
from tests.infra.call_sites import APP_CODE, Site
from tests.infra.conftest import ROOT
from tests.infra.grants import POLICIES, Right, arn_named_by

# In app.py, around every request; the other functions have a name of their own there.
_REQUEST: Final = "log_request"
_API: Final = "api_handler"
# A transaction is permitted by its parts; and SQS permits a batch by the action on one message.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
_PARTS: Final = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}
# The parameter that says what an operation is done to.
_NAMED_BY: Final = {"sqs": "QueueUrl", "kms": "KeyId", "secretsmanager": "SecretId"}


@dataclass(frozen=True)
class Call:
    """One call of AWS by a function that was running."""

    function: str
    site: Site
    parameters: Mapping[str, Any]

    @property
    def context_keys(self) -> frozenset[str]:
        """The names in KMS's encryption context."""
        return frozenset(self.parameters.get("EncryptionContext", ()))


@dataclass
class Watch:
    """Sees every call of a session's clients, those of the Encryption SDK included."""

    calls: list[Call] = field(default_factory=list)

    def over(self, session: Session) -> None:
        """From now on; before the session's first client is made."""
        session.register("before-parameter-build", self._seen)

    def _seen(self, **event: Any) -> None:
        model: OperationModel = event["model"]
        function = _running()
        if function:
            operation = f"{model.service_model.service_name}.{model.name}"
            self.calls.append(Call(function, _site(operation), dict(event["params"])))


def rights_used(call: Call, names: Mapping[str, str]) -> set[Right]:
    """What IAM asks for a call; `names` are the values of the functions' environment.

    Raises:
        KeyError: the call is of a kind, or on a resource, that is not known here.
    """
    resources = {value: arn for name, value in names.items() if (arn := arn_named_by(name))}
    service, operation = call.site.operation.split(".")
    return {
        Right(f"{service}:{action}", resources[name] + index)
        for action, name, index in _parts(service, operation, call.parameters)
    }


def _parts(
    service: str, operation: str, parameters: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """The action, the name of what it is done to, and which index of it."""
    if service == "dynamodb":
        yield from _parts_of_dynamodb(operation, parameters)
    else:
        yield operation.removesuffix("Batch"), parameters[_NAMED_BY[service]], ""


def _parts_of_dynamodb(
    operation: str, parameters: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    if operation in ("TransactWriteItems", "TransactGetItems"):
        for item in parameters["TransactItems"]:
            for kind, part in item.items():
                yield _PARTS[kind], part["TableName"], ""
    elif operation in ("BatchGetItem", "BatchWriteItem"):
        for table in parameters["RequestItems"]:
            yield operation, table, ""
    else:
        index = parameters.get("IndexName")
        yield operation, parameters["TableName"], f"/index/{index}" if index else ""


def _frames() -> Iterator[tuple[Path, FrameType]]:
    """The frames of this thread, the innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame:
        yield Path(frame.f_code.co_filename), frame
        frame = frame.f_back


def _running() -> str:
    """The function that is running; none if a test looks at AWS beside the app.

    The innermost: a webhook may arrive while another function waits for Monoova.
    """
    for path, frame in _frames():
        if path == APP:
            name = frame.f_code.co_name
            if name == _REQUEST or name in POLICIES:
                return _API if name == _REQUEST else name
    return ""


@cache
def _is_of_the_app(path: Path) -> bool:
    return path.is_relative_to(APP_CODE)


def _site(operation: str) -> Site:
    """The nearest place in the app's own code."""
    for path, frame in _frames():
        if _is_of_the_app(path):
            module = path.relative_to(ROOT).as_posix()
            return Site(module, frame.f_code.co_qualname, operation)
    return Site("", "", operation)
