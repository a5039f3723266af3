"""Operations that need no body: JSON or nothing, as openapi.json has it, and nothing else.

The operations are read from the document, so a new one is tested here, too.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from moto import mock_aws

from chalicelib.container import wired
from tests import aws
from tests.world import HttpAnswer, World

DOCUMENT: Final = Path(__file__).parents[2] / "openapi.json"
UNKNOWN_ID: Final = "00000000-0000-4000-8000-000000000000"
DAY: Final = "2026-03-01"
REFUSED: Final = "The body is not valid JSON."

Ask = Callable[[str, str, bytes], HttpAnswer]


def needing_no_body() -> list[tuple[str, str]]:
    """Method and path of each operation whose body may be left out, its parameters filled in."""
    return [
        (method.upper(), re.sub(r"\{(\w+)\}", _filled, path))
        for path, methods in json.loads(DOCUMENT.read_text())["paths"].items()
        for method, operation in methods.items()
        if operation.get("requestBody", {}).get("required") is False
    ]


def _filled(parameter: re.Match[str]) -> str:
    return DAY if parameter[1] == "date" else UNKNOWN_ID


OPERATIONS: Final = needing_no_body()


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Calls it as a caller who may use the operation: a person or a service that may approve."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setenv("AWS_DEFAULT_REGION", aws.REGION)
        world = World({"APPROVER_ROLE_ARNS": "arn:aws:iam::111122223333:role/Payer"})

        def asked(method: str, path: str, raw: bytes) -> HttpAnswer:
            caller = world.service if path.startswith("/internal/") else world.approver
            return caller(method, path, raw=raw)

        yield asked
    wired.put(None)


def test_the_document_names_such_operations() -> None:
    assert ("POST", "/reconciliations") in OPERATIONS
    assert ("POST", f"/internal/payouts/{UNKNOWN_ID}/approve") in OPERATIONS


@pytest.mark.parametrize("body", [b" ", b"\n", b" \t\r\n", b" " * 16 * 1024])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_a_body_of_blanks_is_no_json(ask: Ask, method: str, path: str, body: bytes) -> None:
    answer = ask(method, path, body)
    assert (answer.status, answer.json["detail"]) == (400, REFUSED), answer.text


@pytest.mark.parametrize("body", [b"", b"{}", b" {}\n"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_nothing_and_an_empty_object_are_taken(
    ask: Ask, method: str, path: str, body: bytes
) -> None:
    answer = ask(method, path, body)
    assert answer.status in {200, 404}, answer.text
