"""Writes openapi.json from the routes of app.py and the schemas of the requests (`make docs`).

With `--check` nothing is written: exit code 1 if the file is not what the code says.
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from apispec import APISpec
from chalice.app import CognitoUserPoolAuthorizer, IAMAuthorizer

from app import app
from chalicelib.core.errors import ErrorCode
from chalicelib.web import pages
from tools.openapi.batches import FILE, NEXT_CURSOR
from tools.openapi.examples import example_of
from tools.openapi.operations import OPERATIONS, Operation
from tools.openapi.parts import reference_to
from tools.openapi.problems import STATUS_OF, problem, problem_examples, refused_by_gateway
from tools.openapi.replies import reply_schemas
from tools.openapi.requests import ID, body_schemas, query_parameters
from tools.openapi.requests import reference_to as body_reference
from tools.openapi.webhooks import EVENT_NAME, SIGNATURE, webhook_body, webhook_schemas

ROOT: Final = Path(__file__).parent.parent.parent
DOCUMENT: Final = ROOT / "openapi.json"

Json = dict[str, Any]

_SECURITY: Final[dict[str, Json]] = {
    "administrator": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The id token of a user of the Cognito user pool. Whoever is only in the"
        " group `viewers` may change nothing; the group `approvers` decides on what others asked"
        " for.",
    },
    "service": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "AWS Signature Version 4, service `execute-api`.",
        "x-amazon-apigateway-authtype": "awsSigv4",
    },
    "monoova": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "The secret that Monoova was given with the subscription, bare or as"
        " `Bearer <secret>`.",
    },
}
_WHO: Final[dict[str | None, str]] = {
    "administrator": "For people who have signed in.",
    "service": "For internal services, by IAM.",
    "monoova": "For Monoova alone.",
    None: "For anybody.",
}
_IDEMPOTENCY_KEY: Final[Json] = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "The same caller with the same key and the same fields gets the one payout as it"
    " then stands, for ever.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}
_KNOWN: Final[Json] = {
    "in": "header",
    "name": "If-None-Match",
    "required": False,
    "description": "The ETag of what the caller has; if it is still the same, the answer is 304.",
    "schema": {"type": "string"},
}
_TAGGED: Final[Json] = {
    "ETag": {"description": "Changes with the content.", "schema": {"type": "string"}}
}
_REPLAYED: Final[Json] = {
    "Idempotent-Replayed": {
        "description": "There where the payout, or the batch, stood already.",
        "schema": {"const": "true"},
    }
}


def document() -> Json:
    """The OpenAPI document of the app as it now is."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    spec = APISpec(
        title="Monoova Payouts",
        version=project["version"],
        openapi_version="3.1.0",
        info={"description": project["description"]},
        security=[],
    )
    for name, schema in (body_schemas() | reply_schemas() | webhook_schemas()).items():
        spec.components.schema(name, schema)
    for name, example in problem_examples().items():
        spec.components.example(name, example)
    for name, scheme in _SECURITY.items():
        spec.components.security_scheme(name, scheme)
    # API Gateway knows no other method of a path, so no operation answers with it.
    spec.components.response("MethodNotAllowed", problem(405, [ErrorCode.METHOD_NOT_ALLOWED]))
    for path, method, route in _routes():
        spec.path(path=path, operations={method.lower(): _operation(path, route)})
    made = spec.to_dict()
    return {name: made[name] for name in ("openapi", "info", "security", "paths", "components")}


def _routes() -> Iterator[tuple[str, str, Any]]:
    for path, methods in app.routes.items():
        for method, route in methods.items():
            yield path, method, route


def _operation(path: str, route: Any) -> Json:
    operation = OPERATIONS[route.view_name]
    scheme = _scheme(path, route.authorizer)
    described: Json = {
        "operationId": route.view_name,
        "summary": operation.summary,
        "description": _WHO[scheme],
        "tags": [path.split("/")[1].removesuffix(".json")],
        "security": [{scheme: []}] if scheme else [],
        "parameters": _parameters(path, operation),
        "responses": _responses(operation, scheme),
    }
    body = webhook_body() if scheme == "monoova" else _body(operation)
    return described | ({"requestBody": body} if body else {})


def _scheme(path: str, authorizer: object) -> str | None:
    if isinstance(authorizer, CognitoUserPoolAuthorizer):
        return "administrator"
    if isinstance(authorizer, IAMAuthorizer):
        return "service"
    return "monoova" if path.startswith("/webhooks/") else None


def _parameters(path: str, operation: Operation) -> list[Json]:
    found = [_path_parameter(path, name) for name in re.findall(r"\{(\w+)\}", path)]
    if operation.query:
        found += query_parameters(operation.query)
    if operation.is_idempotent:
        found.append(_IDEMPOTENCY_KEY)
    if path.startswith("/webhooks/"):
        found.append(SIGNATURE)
    if operation.is_file:
        found.append(_KNOWN)
    return found


def _path_parameter(path: str, name: str) -> Json:
    if name == "event_name":
        return EVENT_NAME
    schema: Json = {"type": "string", "pattern": ID}
    if name == "file":
        files = pages.CONSOLE_FILES if path.startswith("/console/") else pages.DOCS.names
        schema = {"type": "string", "enum": sorted(files)}
    if name == "date":
        schema = {"type": "string", "format": "date", "pattern": "^20"}
    return {"in": "path", "name": name, "required": True, "schema": schema}


def _body(operation: Operation) -> Json | None:
    if operation.takes_payout_file:
        return FILE
    if operation.body is None:
        return None
    schema = body_reference(operation.body)
    return {
        "required": not getattr(operation.body, "may_be_left_out", False),
        "content": {"application/json": {"schema": schema, **example_of(schema)}},
    }


def _responses(operation: Operation, scheme: str | None) -> Json:
    by_status: dict[int, list[ErrorCode]] = {}
    for code in (*_codes_of_authorizer(operation, scheme), *operation.codes):
        by_status.setdefault(STATUS_OF[code], []).append(code)
    for status, codes in operation.other.items():
        by_status.setdefault(status, []).extend(codes)
    responses = {str(operation.status): _success(operation)}
    responses |= {str(status): problem(status, by_status[status]) for status in sorted(by_status)}
    if operation.replay_status:
        again = _success(operation) | {"headers": _REPLAYED}
        responses[str(operation.replay_status)] = again
    if operation.is_file:
        responses["304"] = {"description": "The caller has it as it is.", "headers": _TAGGED}
    if scheme == "service":
        responses.setdefault("403", refused_by_gateway())
    return responses


def _codes_of_authorizer(operation: Operation, scheme: str | None) -> list[ErrorCode]:
    if scheme is None:
        return []
    may_be_forbidden = scheme in ("administrator", "service") and operation.changes
    return [ErrorCode.UNAUTHENTICATED, *([ErrorCode.FORBIDDEN] if may_be_forbidden else [])]


def _success(operation: Operation) -> Json:
    if operation.reply is None and operation.media_type is None:
        return {"description": "Done."}
    schema = reference_to(operation.reply) if operation.reply else {"type": "string"}
    headers = _TAGGED if operation.is_file else {}
    if operation.has_parts:
        headers = NEXT_CURSOR
    if operation.reply == "AcceptedPayout":
        headers = _REPLAYED
    return {
        "description": operation.reply or "A text.",
        **({"headers": headers} if headers else {}),
        "content": {
            operation.media_type or "application/json": {"schema": schema, **example_of(schema)}
        },
    }


def text() -> str:
    """The document as the file holds it."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    is_current = DOCUMENT.exists() and DOCUMENT.read_text() == text()
    if arguments == ["--check"]:
        words = "is what the code says" if is_current else "differs from the code: `make docs`"
        sys.stdout.write(f"{DOCUMENT.name} {words}.\n")
        return 0 if is_current else 1
    DOCUMENT.write_text(text())
    sys.stdout.write(f"{DOCUMENT.name} is written.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
