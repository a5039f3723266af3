"""The events of API Gateway, SQS and the schedule, and a freshly loaded app to handle them."""

import base64
import json
import re
import sys
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final

from proof.user_pool import token_of

APP: Final = Path(__file__).parent.parent / "app.py"
REGION: Final = "ap-southeast-2"


@cache
def _app_code() -> CodeType:
    return compile(APP.read_bytes(), str(APP), "exec")


def load_app() -> ModuleType:
    """A fresh copy of the app: what one Lambda instance has loaded."""
    module = ModuleType(f"app_{uuid.uuid4().hex}")
    module.__file__ = str(APP)
    exec(_app_code(), module.__dict__)  # noqa: S102 - it is our own
    sys.modules[module.__name__] = module
    return module


@dataclass(frozen=True)
class HttpAnswer:
    """An answer as API Gateway would pass it on."""

    status: int
    headers: Mapping[str, str]
    text: str

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "HttpAnswer":
        """A handler's answer."""
        return cls(answer["statusCode"], answer["headers"], answer["body"])

    @property
    def json(self) -> Any:
        return json.loads(self.text, parse_float=Decimal)

    @property
    def code(self) -> str:
        assert self.headers["Content-Type"] == "application/problem+json", self.text
        return str(self.json["code"])


def http_event(
    app: ModuleType,
    method: str,
    path: str,
    content: bytes,
    headers: Mapping[str, str],
    context: Mapping[str, Any],
) -> dict[str, Any]:
    """A request; `context` is what the authorizer adds, of the token that a user has sent."""
    path, _, query = path.partition("?")
    resource, parameters = _route(app, path)
    pairs = [pair.split("=", 1) for pair in query.split("&") if pair]
    return {
        "httpMethod": method,
        "path": path,
        "resource": resource,
        "pathParameters": parameters,
        "headers": {"Content-Type": "application/json", **_token_of(context), **headers},
        "multiValueQueryStringParameters": _multi(pairs),
        "queryStringParameters": dict(pairs) or None,
        "stageVariables": None,
        "body": base64.b64encode(content).decode(),
        "isBase64Encoded": True,
        "requestContext": {
            "httpMethod": method,
            "resourcePath": resource,
            "path": path,
            "requestId": "request-1",
            "identity": {"sourceIp": "127.0.0.1"},
            **context,
        },
    }


def _token_of(context: Mapping[str, Any]) -> dict[str, str]:
    """The header of the user of whom the authorizer speaks, if it speaks of one."""
    claims = (context.get("authorizer") or {}).get("claims") or {}
    sub, groups = claims.get("sub"), str(claims.get("cognito:groups", ""))
    if not isinstance(sub, str) or not sub:
        return {}
    return {"Authorization": token_of(sub, tuple(filter(None, groups.split(","))))}


def _route(app: ModuleType, path: str) -> tuple[str, dict[str, str]]:
    exact_first = sorted(app.app.routes, key=lambda resource: "{" in resource)
    for resource in exact_first:
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", resource), path)
        if found:
            return resource, found.groupdict()
    raise LookupError(f"API Gateway knows no {path}")


def _multi(pairs: list[list[str]]) -> dict[str, list[str]] | None:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values or None


def user(sub: str, groups: str = "operators") -> dict[str, Any]:
    """A user in comma-separated groups, as API Gateway's Cognito authorizer passes them on."""
    return {"authorizer": {"claims": {"sub": sub, "cognito:groups": groups}}}


def sqs_event(bodies: Iterable[str]) -> dict[str, Any]:
    """Messages, whose ids are their numbers from 0."""
    records = [
        {
            "messageId": str(number),
            "receiptHandle": str(number),
            "body": body,
            "attributes": {},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:1:q",
            "awsRegion": REGION,
        }
        for number, body in enumerate(bodies)
    ]
    return {"Records": records}


def failed_in(answer: Mapping[str, Any]) -> list[str]:
    """The ids of the messages that come again."""
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def schedule_event(*rules: str) -> dict[str, Any]:
    """The clock's tick, by these rules."""
    return {
        "version": "0",
        "account": "1",
        "region": REGION,
        "detail": {},
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "time": "2026-03-02T01:00:00Z",
        "id": "1",
        "resources": [f"arn:aws:events:{REGION}:1:rule/{rule}" for rule in rules],
    }
