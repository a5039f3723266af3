"""The headers that every answer has, the gateway's own too."""

from collections.abc import Iterator

import pytest

from chalicelib.container import Container, wired
from tests.infra.conftest import ROOT
from tests.world import as_anonymous, load_app
from tools.deploy import short_forms

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


@pytest.fixture(autouse=True)
def nothing_set() -> Iterator[None]:
    wired.put(Container(environment={}))
    yield
    wired.put(None)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("GET", "/me", 401),
        ("GET", "/customers", 401),
        ("POST", "/customers", 401),
        ("GET", "/internal/customers", 401),
        ("GET", "/docs/nothing.js", 404),
        ("PUT", "/health", 405),
    ],
)
def test_an_answer_is_kept_by_no_one_and_taken_for_nothing_else(
    method: str, path: str, status: int
) -> None:
    answer = as_anonymous(load_app())(method, path, {} if method == "POST" else None)
    assert answer.status == status, answer.text
    assert {name: answer.headers[name] for name in ALWAYS} == ALWAYS
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/docs", "/docs/docs.js", "/openapi.json"])
def test_a_page_is_kept_as_it_says_itself(path: str) -> None:
    headers = as_anonymous(load_app())("GET", path).headers
    assert {name: headers[name] for name in ALWAYS} == ALWAYS
    assert headers["Cache-Control"] != "no-store"


@pytest.mark.parametrize("kind", ["DEFAULT_4XX", "DEFAULT_5XX"])
def test_what_the_gateway_answers_without_the_app_has_the_same(kind: str) -> None:
    app = short_forms.loaded((ROOT / "infra" / "app.yaml").read_text())
    answers = app["Resources"]["RestAPI"]["Properties"]["GatewayResponses"]
    headers = answers[kind]["ResponseParameters"]["Headers"]
    for name, value in {**ALWAYS, "Cache-Control": "no-store"}.items():
        assert headers[name] == f"'{value}'"
