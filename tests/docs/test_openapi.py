"""openapi.json says what the app does: every route, every code, every word of a closed list."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema_rs import Draft202012Validator
from marshmallow import ValidationError

from chalicelib.core.errors import AppError, ErrorCode
from chalicelib.customers import schemas as customer_schemas
from chalicelib.customers.schemas import DestinationSchema
from chalicelib.monoova.rules.destination import PayIdType
from chalicelib.payouts import schemas as payout_schemas
from chalicelib.payouts.rules.payout import FailureCode, ReviewReason, Status, Submission
from chalicelib.web import schemas
from tests.world import World, load_app
from tools.openapi import document
from tools.openapi.examples import EXAMPLES
from tools.openapi.operations import OPERATIONS
from tools.openapi.problems import STATUS_OF
from tools.openapi.requests import BODIES, reference_to

ROOT: Final = Path(__file__).parent.parent.parent
PUBLISHED: Final[dict[str, Any]] = json.loads((ROOT / "openapi.json").read_text())
COMPONENTS: Final[dict[str, Any]] = PUBLISHED["components"]
OF_DOCUMENT: Final = [
    (method.upper(), path) for path, methods in PUBLISHED["paths"].items() for method in methods
]
ID: Final = "3f0c4a6e-0000-4000-8000-000000000001"
BANK: Final = {
    "type": "BankAccount",
    "bsb": "062-000",
    "account_number": "12345678",
    "account_name": "Jo Citizen",
}
NUMBER_TWICE: Final = ("account_number", "account_number_confirmed")
PAY_ID: Final = {"type": "PayId", "account_name": "Jo Citizen"}


def operation(method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = PUBLISHED["paths"][path][method.lower()]
    return found


def problems_of(method: str, path: str) -> set[tuple[int, str]]:
    """Every status and code that an operation is said to answer with."""
    found = set()
    for status, response in operation(method, path)["responses"].items():
        content = response.get("content", {}).get("application/problem+json")
        if content:
            codes = content["schema"]["allOf"][1]["properties"]["code"]["enum"]
            found |= {(int(status), code) for code in codes}
    return found


def test_the_published_document_is_what_the_code_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert document.main(["--check"]) == 0
    assert "is what the code says" in capsys.readouterr().out


def test_a_document_that_differs_from_the_code_fails_the_check_and_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "openapi.json"
    old.write_text("{}\n")
    monkeypatch.setattr(document, "DOCUMENT", old)
    assert document.main(["--check"]) == 1
    assert old.read_text() == "{}\n"
    assert document.main([]) == 0
    assert document.main(["--check"]) == 0
    assert "differs from the code" in capsys.readouterr().out


def test_every_route_of_the_app_is_an_operation_and_every_operation_a_route() -> None:
    table = load_app().app.routes
    routes = {(method, path) for path, methods in table.items() for method in methods}
    assert set(OF_DOCUMENT) == routes
    assert {operation(*each)["operationId"] for each in OF_DOCUMENT} == set(OPERATIONS)


def test_an_unauthenticated_request_gets_401_unless_the_document_says_open(world: World) -> None:
    for method, path in OF_DOCUMENT:
        is_open = operation(method, path)["security"] == []
        answer = world.anonymous(method, path.replace("{", "").replace("}", ""))
        assert (answer.status == 401) != is_open, path
        assert ((401, "Unauthenticated") in problems_of(method, path)) != is_open
        pages = ("/openapi.json", "/docs", "/console")
        assert is_open == (path == "/health" or path.startswith(pages))


def test_the_version_is_the_project_s() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    found = re.search(r'^version = "(.+)"$', project, re.MULTILINE)
    assert found is not None
    assert PUBLISHED["info"]["version"] == found[1]
    assert PUBLISHED["openapi"].startswith("3.1")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ErrorCode", ErrorCode),
        ("Status", Status),
        ("Submission", Submission),
        ("FailureCode", FailureCode),
        ("ReviewReason", ReviewReason),
    ],
)
def test_a_closed_list_is_the_code_s(name: str, words: Any) -> None:
    assert COMPONENTS["schemas"][name]["enum"] == [word.value for word in words]


def test_every_error_code_is_answered_by_some_operation() -> None:
    answered = {code for each in OF_DOCUMENT for _, code in problems_of(*each)}
    # API Gateway answers a wrong method before any operation of ours.
    assert answered == {code.value for code in ErrorCode} - {"MethodNotAllowed"}
    assert "MethodNotAllowed" in COMPONENTS["responses"]["MethodNotAllowed"]["description"]


def test_every_error_class_has_the_status_that_the_document_gives_its_code() -> None:
    classes = [AppError]
    for each in classes:
        classes.extend(each.__subclasses__())
    ours = [each for each in classes if each.__module__ == "chalicelib.core.errors"]
    assert {each.default_code for each in ours} <= set(STATUS_OF)
    assert all(STATUS_OF[each.default_code] == each.status for each in ours)


@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_has_an_example_that_is_a_problem(code: ErrorCode) -> None:
    example = COMPONENTS["examples"][code.value]["value"]
    validator({"$ref": "#/components/schemas/Problem"}).validate(example)
    assert example["code"] == code.value
    assert example["status"] == STATUS_OF[code]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_a_request_or_an_answer_is_a_valid_one(name: str) -> None:
    document = json.loads(json.dumps(EXAMPLES[name]), parse_float=Decimal)
    validator({"$ref": f"#/components/schemas/{name}"}).validate(document)


def test_every_request_and_answer_has_an_example_and_every_example_is_shown() -> None:
    shown = list(contents_in(PUBLISHED["paths"]))
    without = {name for name, content in shown if not content.keys() & {"example", "examples"}}
    # Nothing is in them that could be shown, or they are this document itself.
    assert without == {"GatewayMessage", "Nothing", "OpenApi"}
    assert {name for name, content in shown if "example" in content} == set(EXAMPLES)


def contents_in(part: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The schemas of an operation's requests and answers."""
    if isinstance(part, dict):
        if "$ref" in part.get("schema", {}) and "in" not in part:
            yield part["schema"]["$ref"].rpartition("/")[2], part
        for each in part.values():
            yield from contents_in(each)


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(schema | {"components": COMPONENTS})


def both(schema: Any, body: object) -> tuple[bool, bool]:
    """Whether the document takes a body, and whether the app does."""
    try:
        schema().load(body)
    except ValidationError:
        is_taken = False
    else:
        is_taken = True
    return validator(reference_to(schema)).is_valid(body), is_taken


GOOD: Final = [
    (customer_schemas.CustomerSchema, {"name": "Jo Ćitizen"}),
    (customer_schemas.CustomerSchema, {"name": " x ", "email": None, "destination": None}),
    (customer_schemas.CustomerSchema, {"name": "Jo", "email": "jo@ex.au", "destination": BANK}),
    (customer_schemas.CustomerChangeSchema, {"email": None}),
    (DestinationSchema, BANK),
    (DestinationSchema, BANK | {"account_number_confirmed": "1234-5678"}),
    (DestinationSchema, BANK | dict.fromkeys(NUMBER_TWICE, "1" * 10)),
    (DestinationSchema, BANK | dict.fromkeys(NUMBER_TWICE, "1a-2 B")),
    (DestinationSchema, BANK | dict.fromkeys(NUMBER_TWICE, "Z" * 28)),
    (DestinationSchema, BANK | {"bsb": " 062000\t", "account_number": "-1 2-34 "}),
    (
        DestinationSchema,
        BANK | {"account_name": " J \n\x1f\x85 o" + " x" * 68 + " "},
    ),
    (
        DestinationSchema,
        PAY_ID | {"pay_id_type": "Email", "pay_id": " Jo.C@Ex.com "},
    ),
    (
        DestinationSchema,
        PAY_ID | {"pay_id_type": "ABN", "pay_id": "51 824 753 556"},
    ),
    (DestinationSchema, PAY_ID | {"pay_id_type": "ACN", "pay_id": "004085616"}),
    (
        DestinationSchema,
        PAY_ID | {"pay_id_type": "OrganisationId", "pay_id": "a b"},
    ),
    (
        DestinationSchema,
        PAY_ID | {"pay_id_type": "PhoneNumber", "pay_id": "0412345678"},
    ),
    (payout_schemas.PayoutSchema, {"customer_id": ID, "amount": 125.5}),
    (payout_schemas.PayoutSchema, {"customer_id": ID, "amount": "0.01", "description": None}),
    (payout_schemas.PayoutSchema, {"customer_id": ID, "amount": "99999999999.9"}),
    (payout_schemas.PayoutSchema, {"customer_id": ID, "amount": 1, "payout_method": "PayId"}),
    (payout_schemas.ResolveSchema, {"outcome": "Failed", "reason": "The bank says so."}),
    (schemas.EmptySchema, {}),
]
BAD: Final = [
    (customer_schemas.CustomerSchema, {"name": "Jo", "nickname": "J"}),
    (customer_schemas.CustomerSchema, {"name": "  "}),
    (customer_schemas.CustomerSchema, {"name": "Jo\u2028Citizen"}),
    (customer_schemas.CustomerSchema, {"name": "x" * 141}),
    (customer_schemas.CustomerSchema, {"name": "Jo", "email": "jo@example"}),
    (customer_schemas.CustomerChangeSchema, {}),
    (customer_schemas.CustomerChangeSchema, {"name": None}),
    (DestinationSchema, BANK | {"pay_id": "jo@example.com"}),
    (DestinationSchema, BANK | {"account_number": "123"}),
    (DestinationSchema, BANK | {"account_number": "1234567890"}),
    (DestinationSchema, BANK | {"account_number": "1234567x"}),
    (DestinationSchema, BANK | {"account_number_confirmed": "123"}),
    (DestinationSchema, BANK | dict.fromkeys(NUMBER_TWICE, "123")),
    (DestinationSchema, BANK | dict.fromkeys(NUMBER_TWICE, "1" * 29)),
    (
        DestinationSchema,
        PAY_ID | {"pay_id_type": "ACN", "pay_id": "004085616", "account_number_confirmed": "1234"},
    ),
    (DestinationSchema, BANK | {"bsb": "06-2000"}),
    (DestinationSchema, BANK | {"account_name": "x" * 141}),
    (DestinationSchema, BANK | {"account_name": "J" + " o" * 70}),
    (DestinationSchema, BANK | {"account_name": "J"}),
    (
        DestinationSchema,
        PAY_ID | {"pay_id_type": "Email", "pay_id": "jo@" + "a." * 130},
    ),
    # The Kelvin sign is a k in lower case: another address.
    (
        DestinationSchema,
        PAY_ID | {"pay_id_type": "Email", "pay_id": "\u212aim@ex.com"},
    ),
    (
        DestinationSchema,
        PAY_ID | {"pay_id_type": "OrganisationId", "pay_id": "\u212aim"},
    ),
    (DestinationSchema, PAY_ID | {"pay_id_type": "ABN", "pay_id": "5182475355"}),
    (DestinationSchema, PAY_ID | {"pay_id_type": "OrganisationId", "pay_id": "a"}),
    (payout_schemas.PayoutSchema, {"customer_id": ID + "\n", "amount": 1}),
    (payout_schemas.PayoutSchema, {"customer_id": ID, "amount": 0}),
    (payout_schemas.PayoutSchema, {"customer_id": ID, "amount": "0.00"}),
    (payout_schemas.PayoutSchema, {"customer_id": ID, "amount": "1.234"}),
    (payout_schemas.PayoutSchema, {"customer_id": ID, "amount": 100000000000}),
    (payout_schemas.PayoutSchema, {"customer_id": ID, "amount": True}),
    (payout_schemas.PayoutSchema, {"customer_id": ID, "amount": "1e2"}),
    (payout_schemas.PayoutSchema, {"customer_id": ID}),
    (payout_schemas.ResolveSchema, {"outcome": "Pending", "reason": "x"}),
    (schemas.EmptySchema, {"force": True}),
]


@pytest.mark.parametrize(("schema", "body"), GOOD)
def test_document_and_app_take_the_same(schema: Any, body: dict[str, Any]) -> None:
    exact = json.loads(json.dumps(body), parse_float=Decimal)
    assert both(schema, exact) == (True, True)


@pytest.mark.parametrize(("schema", "body"), BAD)
def test_document_and_app_refuse_the_same(schema: Any, body: dict[str, Any]) -> None:
    assert both(schema, body) == (False, False)


def query_parameter(name: str) -> Draft202012Validator:
    (found,) = [each for each in operation("GET", "/payouts")["parameters"] if each["name"] == name]
    return validator(found["schema"])


@pytest.mark.parametrize("text", ["2026-03-02", "1926-01-01", "2125-12-31"])
def test_a_day_of_this_century_is_taken(text: str) -> None:
    assert query_parameter("date").is_valid(text)
    assert "date" in payout_schemas.PAYOUT_LIST.load({"date": text})


@pytest.mark.parametrize("text", ["20260302", "2026-W10-1", "2026-3-2", "1925-12-31", "2126-01-01"])
def test_a_day_in_another_form_or_of_another_century_is_refused(text: str) -> None:
    assert not query_parameter("date").is_valid(text)
    with pytest.raises(ValidationError):
        payout_schemas.PAYOUT_LIST.load({"date": text})


@pytest.mark.parametrize("text", ["1_0", " 5", "+5", "\u0665", "5.0", "", "0", "101"])
def test_a_limit_that_is_not_1_to_100_in_plain_digits_is_refused(text: str) -> None:
    assert query_parameter("limit").is_valid(100)
    assert not query_parameter("limit").is_valid(text)
    with pytest.raises(ValidationError):
        schemas.PAGE.load({"limit": text})


def test_every_body_of_a_request_refuses_unknown_fields() -> None:
    for schema in BODIES:
        described = COMPONENTS["schemas"][reference_to(schema)["$ref"].rpartition("/")[2]]
        for kind in described.get("oneOf", [described]):
            assert kind["additionalProperties"] is False
            assert kind["type"] == "object"


def test_every_kind_of_pay_id_is_described() -> None:
    kinds = COMPONENTS["schemas"]["NewDestination"]["oneOf"]
    types = [kind["properties"].get("pay_id_type", {}).get("const") for kind in kinds]
    # An account is one of two: a usual number, or one that is typed twice.
    assert types == [*(kind.value for kind in PayIdType), None, None]
