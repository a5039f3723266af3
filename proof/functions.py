"""The deployed functions: instances of the real app that each handle one event at a time."""

import base64
import importlib.util
import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from chalicelib.storage.dynamodb import StorageUnavailableError
from chalicelib.wiring import Container, wired
from proof.kernel import Kernel, Task

APP: Final = Path(__file__).parent.parent / "app.py"
# What the functions get on AWS, and what API Gateway waits for.
API_SECONDS: Final = 30.0
GATEWAY_SECONDS: Final = 29.0
WORKER_SECONDS: Final = 60.0


def load_app() -> ModuleType:
    """A fresh copy of the app: what one Lambda instance has loaded."""
    name = f"app_{len(sys.modules)}"
    spec = importlib.util.spec_from_file_location(name, APP)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[name] = module
    return module


@dataclass(frozen=True)
class LambdaContext:
    """What a handler sees of its function."""

    milliseconds_left: Callable[[], float]
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.milliseconds_left())


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text, parse_float=Decimal)


@dataclass
class Instance:
    """One instance of a function: its own copy of the app, its own parts."""

    app: ModuleType
    container: Container


@dataclass
class Functions:
    """Starts instances as they are needed; one that was killed is not used again."""

    kernel: Kernel
    new_container: Callable[[], Container]
    loaded: list[ModuleType]
    _idle: dict[str, list[Instance]] = field(default_factory=dict)
    _free: list[ModuleType] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._free = list(self.loaded)

    def invoke(
        self, function: str, handle: Callable[[ModuleType, LambdaContext], object], seconds: float
    ) -> Task:
        """Begins one invocation of `function`, which is killed after `seconds`."""
        idle = self._idle.setdefault(function, [])
        instance = idle.pop() if idle else Instance(self._module(), self.new_container())
        started_at = self.kernel.now()

        def left() -> float:
            return (seconds - (self.kernel.now() - started_at).total_seconds()) * 1000

        def run() -> object:
            try:
                answer = handle(instance.app, LambdaContext(left))
            except StorageUnavailableError:
                # A function error: Lambda counts it, and its caller hears nothing.
                answer = None
            idle.append(instance)
            return answer

        task = self.kernel.spawn(function, run, enter=lambda: wired.put(instance.container))
        task.is_function = True
        self.kernel.spawn("timeout", lambda: self.kernel.kill(task), after_seconds=seconds)
        return task

    def _module(self) -> ModuleType:
        if self._free:
            return self._free.pop()
        self.loaded.append(load_app())
        return self.loaded[-1]

    # --- the events that AWS makes

    def http(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        who: Mapping[str, Any] | None = None,
    ) -> HttpAnswer | None:
        """One request, from whomever `who` says; None if no answer came in API Gateway's time."""

        def handle(module: ModuleType, context: LambdaContext) -> object:
            event = _http_event(module, method, path, content, headers or {}, who or {})
            return module.app(event, context)

        started_at = self.kernel.now()
        task = self.invoke("api", handle, API_SECONDS)
        answer: Any = self.kernel.wait_for(task)
        took = (self.kernel.now() - started_at).total_seconds()
        if answer is None or took > GATEWAY_SECONDS:
            return None
        return HttpAnswer(answer["statusCode"], answer["headers"], answer["body"])

    def sqs(self, handler: str, bodies: list[str]) -> list[int] | None:
        """Hands messages to a queue handler; which of them come again, None if it died."""
        records = [_record(str(number), body) for number, body in enumerate(bodies)]
        task = self.invoke(
            handler, lambda m, context: getattr(m, handler)({"Records": records}, context), 60.0
        )
        answer: Any = self.kernel.wait_for(task)
        if answer is None:
            return None
        return [int(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]

    def reconcile(self) -> Task:
        """The scheduled run."""
        event = {
            "version": "0",
            "account": "1",
            "region": "ap-southeast-2",
            "detail": {},
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "time": "2026-03-02T01:00:00Z",
            "id": "1",
            "resources": [],
        }
        return self.invoke(
            "reconcile", lambda m, context: m.reconcile(event, context), WORKER_SECONDS
        )


def _record(number: str, body: str) -> dict[str, Any]:
    return {
        "messageId": number,
        "receiptHandle": number,
        "body": body,
        "attributes": {},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:ap-southeast-2:1:q",
        "awsRegion": "ap-southeast-2",
    }


def _http_event(
    module: ModuleType,
    method: str,
    path: str,
    content: bytes,
    headers: Mapping[str, str],
    who: Mapping[str, Any],
) -> dict[str, Any]:
    path, _, query = path.partition("?")
    resource, parameters = _route(module, path)
    pairs = [pair.split("=", 1) for pair in query.split("&") if pair]
    return {
        "httpMethod": method,
        "path": path,
        "resource": resource,
        "pathParameters": parameters,
        "headers": {"Content-Type": "application/json", **headers},
        "multiValueQueryStringParameters": {name: [value] for name, value in pairs} or None,
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
            **who,
        },
    }


def _route(module: ModuleType, path: str) -> tuple[str, dict[str, str]]:
    exact_first = sorted(module.app.routes, key=lambda resource: "{" in resource)
    for resource in exact_first:
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", resource), path)
        if found:
            return resource, found.groupdict()
    raise LookupError(f"API Gateway knows no {path}")


def user(sub: str, groups: str = "operators") -> dict[str, Any]:
    """A person, as API Gateway's Cognito authorizer passes them on."""
    return {"authorizer": {"claims": {"sub": sub, "cognito:groups": groups}}}
