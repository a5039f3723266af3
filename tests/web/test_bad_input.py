"""Bad input is answered with one problem naming every wrong field; nothing is stored or sent."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import pytest
from moto import mock_aws

from chalicelib.container import wired
from chalicelib.core.errors import ErrorCode
from tests import aws
from tests.world import Caller, HttpAnswer, World

ALWAYS: Final = {"type", "title", "status", "detail", "code", "request_id"}
UNKNOWN_ID: Final = "00000000-0000-4000-8000-000000000000"
BANK: Final = {
    "type": "BankAccount",
    "bsb": "062-000",
    "account_number": "87654321",
    "account_name": "Jo Citizen",
}
PAYID: Final = {
    "type": "PayId",
    "pay_id": "jo@payee.example",
    "pay_id_type": "Email",
    "account_name": "Jo Citizen",
}


@dataclass
class Place:
    """A world with a few customers that all the bad requests of this file are sent to."""

    world: World
    names: dict[str, str] = field(default_factory=dict)
    known: object = None
    """The last snapshot, as long as nothing but bad requests came after it."""

    def __post_init__(self) -> None:
        for name in ("none", "one", "two"):
            self.names[name] = self._made("/customers", {"name": name}, "customer_id")
        self.names["email"] = self._added("one", PAYID)
        self.names["first"] = self._added("two", PAYID | {"pay_id": "al@payee.example"})
        self.names["second"] = self._added("two", BANK)
        self.names["third"] = self._added("two", PAYID)
        self.names["payout"] = str(self.world.pay(self.names["one"]).json["transaction_id"])
        self.world.later(180)
        self.world.pay(self.names["one"])
        self.names |= self._cursors()

    def _made(self, path: str, body: object, what: str) -> str:
        answer = self.world.admin.post(path, body)
        assert answer.status == 201, answer.text
        return str(answer.json[what])

    def _added(self, name: str, body: object) -> str:
        path = f"/customers/{self.names[name]}/destinations"
        return self._made(path, body, "destination_id")

    def _cursors(self) -> dict[str, str]:
        paths = {
            "customers cursor": "/customers?limit=1",
            "customer cursor": f"/payouts?limit=1&customer_id={self.names['one']}",
            "day cursor": "/payouts?limit=1",
        }
        return {
            name: str(self.world.admin("GET", path).json["next_cursor"])
            for name, path in paths.items()
        }

    def filled(self, text: str) -> str:
        """The text with `<name>` replaced by what the name stands for."""
        for name, value in self.names.items():
            text = text.replace(f"<{name}>", value)
        return text

    def is_unchanged(self) -> bool:
        """Whether nothing has changed since the last call of this."""
        before, self.known = self.known, self.snapshot()
        return before == self.known

    def snapshot(self) -> object:
        """All that is stored and queued, and all calls to Monoova."""
        world = self.world
        return (
            [world.dynamodb.scan(TableName=table)["Items"] for table in aws.TABLES.values()],
            [self._waiting(queue) for queue in ("PAYOUT_QUEUE_URL", "DLQ_URL")],
            world.monoova.received,
            world.monoova.calls,
        )

    def _waiting(self, queue: str) -> Mapping[str, str]:
        url = self.world.environment[queue]
        found = self.world.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        return {name: n for name, n in found["Attributes"].items() if name.startswith("Approx")}


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """One for the whole file: what is refused changes nothing, and that is what is tested."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setenv("AWS_DEFAULT_REGION", aws.REGION)
        yield Place(World())
    wired.put(None)


def problem(answer: HttpAnswer) -> Any:
    """The one problem in an answer, in the form that all problems have."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    found = answer.json
    assert ALWAYS <= set(found) <= ALWAYS | {"errors", "transaction_id"}
    assert found["status"] == answer.status
    assert found["code"] in set(ErrorCode)
    assert found["type"] == f"urn:monoova-payouts:error:{found['code']}"
    assert found["title"]
    assert found["detail"]
    assert found["request_id"] == "request-1"
    for messages in found.get("errors", {}).values():
        assert messages
        assert all(isinstance(message, str) and message for message in messages)
    return found


def refused(
    place: Place,
    method: str,
    path: str,
    *,
    raw: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    caller: Caller | None = None,
) -> Any:
    """Sends a bad request; nothing has changed afterwards."""
    place.known = place.known or place.snapshot()
    ask = caller or place.world.admin
    answer = ask(method, place.filled(path), headers=headers, raw=raw)
    found = problem(answer)
    assert place.is_unchanged()
    return found


def refused_body(place: Place, method: str, path: str, text: str | bytes) -> Any:
    raw = text if isinstance(text, bytes) else place.filled(text).encode()
    return refused(place, method, path, raw=raw)


# --- bodies that are no JSON object

ROUTES: Final = (
    ("POST", "/customers"),
    ("PATCH", "/customers/<one>"),
    ("POST", "/customers/<one>/destinations"),
    ("POST", "/payouts"),
    ("POST", "/payouts/validate"),
    ("POST", "/payouts/<payout>/cancel"),
    ("POST", "/payouts/<payout>/retry"),
    ("POST", "/payouts/<payout>/resolve"),
    ("POST", "/payouts/<payout>/refresh"),
    ("POST", "/reconciliations"),
)

MALFORMED: Final[dict[str, bytes]] = {
    "half an object": b'{"customer_id": "',
    "two objects": b"{}{}",
    "single quotes": b"{'amount': 5}",
    "trailing comma": b'{"amount": 5,}',
    "comment": b'{"amount": 5} // five',
    "form": b"amount=5&customer_id=1",
    "XML": b"<payout/>",
    "nothing but a word": b"payout",
    "a control character in a text": b'{"name": "a\nb"}',
    "NaN": b'{"customer_id": "<one>", "amount": NaN}',
    "Infinity": b'{"customer_id": "<one>", "amount": Infinity}',
    "-Infinity": b'{"customer_id": "<one>", "amount": -Infinity}',
    "NaN in an unknown field": b'{"customer_id": "<one>", "amount": 5, "x": [NaN]}',
    "a field twice": b'{"customer_id": "<one>", "amount": 5, "amount": 6}',
    "a field twice, spelt otherwise": b'{"amount": 5, "am\\u006funt": 6}',
    "a field twice, further in": b'{"name": "x", "destination": {"type": 1, "type": 1}}',
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "half a character": '{"name": "é"}'.encode()[:-3] + b'"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"name": "x"}',
    "deep lists": b"[" * 8000 + b"]" * 8000,
    "deep objects": b'{"a":' * 2700 + b"1" + b"}" * 2700,
    "a number of thousands of digits": b'{"amount": ' + b"1" * 9000 + b"}",
    "an exponent of twenty digits": b'{"amount": 1e99999999999999999999}',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_malformed_json_is_refused(place: Place, body: bytes) -> None:
    found = refused_body(
        place, "POST", "/payouts", body.replace(b"<one>", place.names["one"].encode())
    )
    assert (found["status"], found["code"]) == (400, "InvalidRequest")
    assert found["detail"] in {"The body is not valid JSON.", "The body is not a JSON object."}
    assert "errors" not in found


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_malformed_json_is_refused_on_every_route(place: Place, method: str, path: str) -> None:
    found = refused_body(place, method, path, b'{"name": ')
    assert (found["status"], found["detail"]) == (400, "The body is not valid JSON.")


@pytest.mark.parametrize("body", [b"[]", b'[{"name": "x"}]', b'"name"', b"17", b"true", b"null"])
@pytest.mark.parametrize(("method", "path"), ROUTES[:5])
def test_what_is_not_an_object_is_refused(
    place: Place, method: str, path: str, body: bytes
) -> None:
    found = refused_body(place, method, path, body)
    assert (found["status"], found["detail"]) == (400, "The body is not a JSON object.")


@pytest.mark.parametrize(("method", "path"), [*ROUTES[:5], ROUTES[7]])
def test_an_empty_body_is_refused(place: Place, method: str, path: str) -> None:
    for nothing in (b"", b"  \n"):
        found = refused_body(place, method, path, nothing)
        assert (found["status"], found["detail"]) == (400, "The body is not valid JSON.")


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_an_unknown_field_is_refused_by_name(place: Place, method: str, path: str) -> None:
    found = refused_body(place, method, path, '{"surprise": 1, "Amount": 2}')
    assert (found["status"], found["code"]) == (400, "InvalidRequest")
    assert found["errors"]["surprise"] == ["Unknown field."]
    assert found["errors"]["Amount"] == ["Unknown field."]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_body_that_is_too_large_is_refused(place: Place, method: str, path: str) -> None:
    body = json.dumps({"name": "x" * 16 * 1024}).encode()
    found = refused_body(place, method, path, body)
    assert (found["status"], found["code"]) == (413, "PayloadTooLarge")
    assert "16384" in found["detail"]


def test_a_body_of_just_the_largest_size_is_read(place: Place) -> None:
    body = b'{"surprise": 1}'
    found = refused_body(place, "POST", "/payouts", body + b" " * (16 * 1024 - len(body)))
    assert found["status"] == 400
    found = refused_body(place, "POST", "/payouts", body + b" " * (16 * 1024 - len(body) + 1))
    assert found["status"] == 413


def test_a_webhook_that_is_too_large_is_refused(place: Place) -> None:
    for path in ("/webhooks/monoova", "/webhooks/monoova/NppReturn"):
        body = b"x" * (256 * 1024 + 1)
        found = refused(place, "POST", path, raw=body, caller=place.world.anonymous)
        assert (found["status"], found["code"]) == (413, "PayloadTooLarge")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json"],
)
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_another_content_type_is_refused(
    place: Place, method: str, path: str, content_type: str
) -> None:
    body = b'{"name": "x"}'
    found = refused(place, method, path, raw=body, headers={"Content-Type": content_type})
    assert (found["status"], found["code"]) == (415, "UnsupportedMediaType")
    assert found["detail"] == "Send application/json."


def test_a_charset_beside_the_content_type_is_accepted(place: Place) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    found = refused(place, "POST", "/payouts", raw=b'{"surprise": 1}', headers=headers)
    assert found["errors"]["surprise"] == ["Unknown field."]


def test_a_method_that_a_path_does_not_take_is_refused(place: Place) -> None:
    for method, path in (
        ("PUT", "/payouts"),
        ("DELETE", "/payouts/<payout>"),
        ("GET", "/webhooks/monoova"),
    ):
        found = refused(place, method, path)
        assert (found["status"], found["code"]) == (405, "MethodNotAllowed")


# --- fields

WRONG_TYPES: Final[tuple[object, ...]] = (None, True, 17, Decimal("1.5"), [], ["x"], {}, {"x": 1})
SOUND: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("POST", "/customers"): {"name": "x", "email": "x@mail.example", "destination": BANK},
    ("PATCH", "/customers/<one>"): {"name": "x", "email": "x@mail.example"},
    ("POST", "/customers/<one>/destinations"): BANK | PAYID,
    ("POST", "/payouts"): {
        "customer_id": "<one>",
        "amount": 5,
        "destination_id": "<email>",
        "payout_method": "PayId",
        "description": "x",
        "lodgement_reference": "x",
    },
    ("POST", "/payouts/<payout>/resolve"): {"outcome": "Failed", "reason": "x"},
}
# A number is an amount; null takes an e-mail away.
TAKES: Final[dict[str, tuple[object, ...]]] = {"amount": (17, Decimal("1.5")), "email": (None,)}
OPTIONAL_NULLS: Final = (
    "destination_id",
    "payout_method",
    "description",
    "lodgement_reference",
    "destination",
)


@pytest.mark.parametrize(
    ("route", "name"),
    [
        (route, name)
        for route, body in SOUND.items()
        for name in body
        if (route[1], name) != ("/customers", "destination")
    ],
    ids=lambda part: part if isinstance(part, str) else part[1],
)
def test_a_value_of_a_wrong_type_is_refused_by_its_field(
    place: Place, route: tuple[str, str], name: str
) -> None:
    for wrong in WRONG_TYPES:
        if wrong in TAKES.get(name, ()) or (wrong is None and name in OPTIONAL_NULLS):
            continue
        text = json.dumps(SOUND[route] | {name: wrong}, default=float)
        found = refused_body(place, *route, text)
        assert (found["status"], found["code"]) == (400, "InvalidRequest")
        assert name in found["errors"], wrong


@pytest.mark.parametrize("wrong", [17, "x", [], [BANK], True])
def test_a_destination_that_is_no_object_is_refused(place: Place, wrong: object) -> None:
    body = json.dumps({"name": "x", "destination": wrong})
    found = refused_body(place, "POST", "/customers", body)
    assert set(found["errors"]) == {"destination"}


@pytest.mark.parametrize("name", sorted(BANK | PAYID))
def test_a_part_of_a_destination_of_a_wrong_type_is_refused_by_its_full_name(
    place: Place, name: str
) -> None:
    for wrong in WRONG_TYPES:
        sound = PAYID if name in PAYID else BANK
        body = {"name": "x", "destination": sound | {name: wrong}}
        found = refused_body(place, "POST", "/customers", json.dumps(body, default=float))
        assert set(found["errors"]) == {f"destination.{name}"}


AMOUNTS: Final = {
    "0.001": "More than two decimals.",
    "1.005": "More than two decimals.",
    "100.000": "More than two decimals.",
    "1e-3": "More than two decimals.",
    "1e-999999999": "More than two decimals.",
    "0": "Must be at least 0.01.",
    "0.00": "Must be at least 0.01.",
    "-0": "Must be at least 0.01.",
    "-0.01": "Must be at least 0.01.",
    "-125.50": "Must be at least 0.01.",
    "0e999999999": "Must be at least 0.01.",
    "1000.01": "More than the limit of A$1000.00.",
    "1e4": "More than the limit of A$1000.00.",
    "99999999999.99": "More than the limit of A$1000.00.",
    "100000000000": "Too large.",
    "1e999999999": "Too large.",
    "-1e999999999": "Too large.",
    "true": "Not a number or a decimal string.",
    "false": "Not a number or a decimal string.",
    "[5]": "Not a number or a decimal string.",
    '{"aud": 5}': "Not a number or a decimal string.",
    "null": "Field may not be null.",
    '""': "Not a decimal amount such as 125.50.",
    '"125,50"': "Not a decimal amount such as 125.50.",
    '"1,000.00"': "Not a decimal amount such as 125.50.",
    '"A$125.50"': "Not a decimal amount such as 125.50.",
    '"1e2"': "Not a decimal amount such as 125.50.",
    '"-1"': "Not a decimal amount such as 125.50.",
    '"+1"': "Not a decimal amount such as 125.50.",
    '"NaN"': "Not a decimal amount such as 125.50.",
    '"Infinity"': "Not a decimal amount such as 125.50.",
    '"0.001"': "Not a decimal amount such as 125.50.",
    '"0.00"': "Must be at least 0.01.",
    '"1000.01"': "More than the limit of A$1000.00.",
}


@pytest.mark.parametrize("path", ["/payouts", "/payouts/validate"])
@pytest.mark.parametrize("amount", AMOUNTS)
def test_a_bad_amount_is_refused_in_words(place: Place, path: str, amount: str) -> None:
    found = refused_body(place, "POST", path, f'{{"customer_id": "<one>", "amount": {amount}}}')
    assert (found["status"], found["code"]) == (400, "InvalidRequest")
    assert found["errors"] == {"amount": [AMOUNTS[amount]]}


FIELDS: Final[tuple[tuple[str, str, Mapping[str, object], set[str]], ...]] = (
    ("POST", "/customers", {}, {"name"}),
    ("POST", "/customers", {"name": ""}, {"name"}),
    ("POST", "/customers", {"name": "   "}, {"name"}),
    ("POST", "/customers", {"name": "x" * 141}, {"name"}),
    ("POST", "/customers", {"name": "a\nb"}, {"name"}),
    ("POST", "/customers", {"name": "a\u202eb"}, {"name"}),
    ("POST", "/customers", {"name": "\ud800"}, {"name"}),
    ("POST", "/customers", {"name": "x", "email": ""}, {"email"}),
    ("POST", "/customers", {"name": "x", "email": "x"}, {"email"}),
    ("POST", "/customers", {"name": "x", "email": "a@b"}, {"email"}),
    ("POST", "/customers", {"name": "x", "email": "a b@mail.example"}, {"email"}),
    ("POST", "/customers", {"name": "x", "email": "a\x00@mail.example"}, {"email"}),
    ("POST", "/customers", {"name": "x", "email": f"{'x' * 250}@mail.example"}, {"email"}),
    ("PATCH", "/customers/<one>", {}, {"name"}),
    ("PATCH", "/customers/<one>", {"name": None, "email": "x"}, {"name", "email"}),
    ("PATCH", "/customers/<one>", {"destination": BANK}, {"destination"}),
    ("POST", "/customers/<one>/destinations", {}, {"type", "account_name"}),
    ("POST", "/customers/<one>/destinations", {"type": "Cash"}, {"type", "account_name"}),
    (
        "POST",
        "/customers/<one>/destinations",
        {"type": "PayId"},
        {"pay_id", "pay_id_type", "account_name"},
    ),
    (
        "POST",
        "/customers/<one>/destinations",
        {"type": "BankAccount"},
        {"bsb", "account_number", "account_name"},
    ),
    ("POST", "/customers/<one>/destinations", BANK | PAYID, {"bsb", "account_number"}),
    ("POST", "/customers/<one>/destinations", PAYID | BANK, {"pay_id", "pay_id_type"}),
    ("POST", "/customers/<one>/destinations", PAYID | {"pay_id_type": "Phone"}, {"pay_id_type"}),
    ("POST", "/customers/<one>/destinations", PAYID | {"pay_id": "x"}, {"pay_id"}),
    ("POST", "/customers/<one>/destinations", PAYID | {"pay_id": "x" * 513}, {"pay_id"}),
    (
        "POST",
        "/customers/<one>/destinations",
        PAYID | {"pay_id_type": "PhoneNumber", "account_name": "J"},
        {"pay_id", "account_name"},
    ),
    (
        "POST",
        "/customers/<one>/destinations",
        {"type": "BankAccount", "bsb": "62-000", "account_number": "123", "account_name": " "},
        {"bsb", "account_number", "account_name"},
    ),
    (
        "POST",
        "/customers/<one>/destinations",
        {"type": "BankAccount", "account_number": "1234567890", "account_name": "Jo", "x": 1},
        {"bsb", "account_number", "x"},
    ),
    (
        "POST",
        "/customers/<one>/destinations",
        BANK | {"account_number": "12345678x", "account_number_confirmed": "12345678y"},
        {"account_number_confirmed"},
    ),
    (
        "POST",
        "/customers/<one>/destinations",
        BANK | {"account_number": "1234567890", "account_number_confirmed": "12"},
        {"account_number_confirmed"},
    ),
    ("POST", "/customers", {"name": "Jo", "destination": 5}, {"destination"}),
    (
        "POST",
        "/customers/<one>/destinations",
        PAYID | {"account_number_confirmed": "87654321"},
        {"account_number_confirmed"},
    ),
    (
        "POST",
        "/customers",
        {
            "name": "",
            "email": "x",
            "destination": {"type": "BankAccount", "bsb": "x", "account_number": 5, "pin": 1},
            "x": 1,
        },
        {
            "name",
            "email",
            "x",
            "destination.bsb",
            "destination.account_number",
            "destination.account_name",
            "destination.pin",
        },
    ),
    ("POST", "/payouts", {}, {"customer_id", "amount"}),
    ("POST", "/payouts", {"amount": 5}, {"customer_id"}),
    ("POST", "/payouts", {"customer_id": "<one>"}, {"amount"}),
    ("POST", "/payouts", {"customer_id": "1", "amount": 5}, {"customer_id"}),
    ("POST", "/payouts", {"customer_id": "<one>\n", "amount": 5}, {"customer_id"}),
    ("POST", "/payouts", {"customer_id": UNKNOWN_ID.upper() + "A", "amount": 5}, {"customer_id"}),
    (
        "POST",
        "/payouts",
        {
            "customer_id": "x",
            "amount": -5,
            "destination_id": "y",
            "payout_method": "Cheque",
            "description": "x" * 501,
            "lodgement_reference": "x" * 281,
            "currency": "USD",
        },
        {
            "customer_id",
            "amount",
            "destination_id",
            "payout_method",
            "description",
            "lodgement_reference",
            "currency",
        },
    ),
    (
        "POST",
        "/payouts",
        {"customer_id": "<one>", "amount": 5, "description": "", "lodgement_reference": "a\tb"},
        {"description", "lodgement_reference"},
    ),
    # The destination is an e-mail address.
    (
        "POST",
        "/payouts",
        {
            "customer_id": "<one>",
            "amount": 5,
            "destination_id": "<email>",
            "payout_method": "BankAccount",
        },
        {"payout_method"},
    ),
    ("POST", "/payouts/<payout>/resolve", {}, {"outcome", "reason"}),
    (
        "POST",
        "/payouts/<payout>/resolve",
        {"outcome": "Pending", "reason": "x" * 501},
        {"outcome", "reason"},
    ),
)


@pytest.mark.parametrize(
    ("method", "path", "body", "fields"),
    FIELDS,
    ids=[f"{path} {' '.join(sorted(fields))}" for _, path, _, fields in FIELDS],
)
def test_all_bad_fields_are_named_at_once(
    place: Place, method: str, path: str, body: Mapping[str, object], fields: set[str]
) -> None:
    found = refused_body(place, method, path, json.dumps(body))
    assert (found["status"], found["code"]) == (400, "InvalidRequest")
    assert set(found["errors"]) == fields


def test_an_answer_does_not_repeat_the_details_it_refuses(place: Place) -> None:
    wrong = {"bsb": "062-0001", "account_number": "8765432112", "account_name": "\x00Jo Citizen"}
    found = refused_body(place, "POST", "/customers/<one>/destinations", json.dumps(BANK | wrong))
    phone = PAYID | {"pay_id": "0412 345 67890123", "pay_id_type": "PhoneNumber"}
    other = refused_body(place, "POST", "/customers/<one>/destinations", json.dumps(phone))
    again = {"account_number": "AB123456CD", "account_number_confirmed": "AB123456CE"}
    third = refused_body(place, "POST", "/customers/<one>/destinations", json.dumps(BANK | again))
    text = json.dumps([found, other, third])
    for detail in ("0001", "87654321", "Citizen", "412 345", "123456"):
        assert detail not in text


# --- requests that fit no customer

UNFIT: Final[tuple[tuple[dict[str, str], int, str], ...]] = (
    ({"customer_id": UNKNOWN_ID}, 404, "CustomerNotFound"),
    ({"customer_id": "<none>"}, 422, "NoDestination"),
    ({"customer_id": "<one>", "payout_method": "BankAccount"}, 422, "NoDestination"),
    ({"customer_id": "<two>"}, 422, "DestinationAmbiguous"),
    ({"customer_id": "<two>", "payout_method": "PayId"}, 422, "DestinationAmbiguous"),
    ({"customer_id": "<one>", "destination_id": "<second>"}, 404, "DestinationNotFound"),
    ({"customer_id": "<one>", "destination_id": UNKNOWN_ID}, 404, "DestinationNotFound"),
    ({"customer_id": "<none>", "destination_id": "<email>"}, 404, "DestinationNotFound"),
)


@pytest.mark.parametrize("path", ["/payouts", "/payouts/validate", "/internal/payouts"])
@pytest.mark.parametrize(("ask", "status", "code"), UNFIT)
def test_a_payout_that_fits_no_destination_is_refused(
    place: Place, path: str, ask: dict[str, str], status: int, code: str
) -> None:
    caller = place.world.service if path.startswith("/internal") else place.world.admin
    raw = place.filled(json.dumps(ask | {"amount": 5})).encode()
    found = refused(place, "POST", path, raw=raw, caller=caller)
    assert (found["status"], found["code"]) == (status, code)


# --- ids in paths

NO_IDS: Final = (
    "1",
    "<payout>x",
    "%00",
    "NULL",
    "..",
    "0" * 36,
    UNKNOWN_ID.upper().replace("8", "A"),
)
BY_ID: Final[tuple[tuple[str, str, object, str], ...]] = (
    ("GET", "/customers/{}", None, "CustomerNotFound"),
    ("PATCH", "/customers/{}", {"name": "x"}, "CustomerNotFound"),
    ("DELETE", "/customers/{}", None, "CustomerNotFound"),
    ("POST", "/customers/{}/destinations", BANK, "CustomerNotFound"),
    ("DELETE", "/customers/<one>/destinations/{}", None, "DestinationNotFound"),
    ("GET", "/payouts/{}", None, "PayoutNotFound"),
    ("POST", "/payouts/{}/cancel", {}, "PayoutNotFound"),
    ("POST", "/payouts/{}/retry", {}, "PayoutNotFound"),
    ("POST", "/payouts/{}/resolve", {"outcome": "Failed", "reason": "x"}, "PayoutNotFound"),
    ("POST", "/payouts/{}/refresh", {}, "PayoutNotFound"),
)


@pytest.mark.parametrize(("method", "path", "body", "code"), BY_ID)
def test_a_malformed_or_unknown_id_is_not_found(
    place: Place, method: str, path: str, body: object, code: str
) -> None:
    raw = json.dumps(body).encode() if body is not None else b""
    for given in (UNKNOWN_ID, *NO_IDS):
        found = refused(place, method, path.format(given), raw=raw)
        assert (found["status"], found["code"]) == (404, code)


def test_the_payouts_of_a_malformed_id_are_not_found(place: Place) -> None:
    for given in NO_IDS:
        found = refused(place, "GET", f"/customers/{given}/payouts")
        assert (found["status"], found["code"]) == (404, "CustomerNotFound")


def test_internal_reads_of_a_malformed_id_are_not_found(place: Place) -> None:
    for path, code in (
        ("/internal/customers", "CustomerNotFound"),
        ("/internal/payouts", "PayoutNotFound"),
    ):
        for given in (UNKNOWN_ID, *NO_IDS):
            found = refused(place, "GET", f"{path}/{given}", caller=place.world.service)
            assert (found["status"], found["code"]) == (404, code)


# --- queries


def packed(key: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


QUERIES: Final[tuple[tuple[str, set[str]], ...]] = (
    ("/payouts?limit=0", {"limit"}),
    ("/payouts?limit=101", {"limit"}),
    ("/payouts?limit=-1", {"limit"}),
    ("/payouts?limit=ten", {"limit"}),
    ("/payouts?limit=1.5", {"limit"}),
    ("/payouts?limit=", {"limit"}),
    ("/payouts?limit=99999999999999999999", {"limit"}),
    ("/payouts?cursor=", {"cursor"}),
    ("/payouts?cursor=x", {"cursor"}),
    ("/payouts?cursor=é", {"cursor"}),
    (f"/payouts?cursor={'A' * 1025}", {"cursor"}),
    (f"/payouts?cursor={packed('x')}", {"cursor"}),
    (f"/payouts?cursor={packed([])}", {"cursor"}),
    (f"/payouts?cursor={packed({})}", {"cursor"}),
    (f"/payouts?cursor={packed({'created_day': 5})}", {"cursor"}),
    (f"/payouts?cursor={packed({'created_day': ''})}", {"cursor"}),
    (f"/payouts?cursor={packed({'created_day': 'today'})}", {"cursor"}),
    (f"/payouts?cursor={packed({'created_day': '2026-03-02', 'x': 'y'})}", {"cursor"}),
    ("/payouts?cursor=<customers cursor>", {"cursor"}),
    ("/payouts?cursor=<customer cursor>", {"cursor"}),
    ("/payouts?date=2026-03-01&cursor=<day cursor>", {"cursor"}),
    ("/payouts?needs_review=true&cursor=<day cursor>", {"cursor"}),
    ("/payouts?customer_id=<one>&cursor=<day cursor>", {"cursor"}),
    ("/payouts?customer_id=<two>&cursor=<customer cursor>", {"cursor"}),
    ("/customers/<two>/payouts?cursor=<customer cursor>", {"cursor"}),
    ("/customers/<one>/payouts?cursor=x", {"cursor"}),
    ("/customers?cursor=<day cursor>", {"cursor"}),
    ("/customers?cursor=x", {"cursor"}),
    ("/customers?limit=0", {"limit"}),
    ("/customers?date=2026-03-02", {"date"}),
    ("/payouts?date=yesterday", {"date"}),
    ("/payouts?date=2026-02-30", {"date"}),
    ("/payouts?date=2026-3-2", {"date"}),
    ("/payouts?date=02/03/2026", {"date"}),
    ("/payouts?date=2026-03-02T00:00:00Z", {"date"}),
    ("/payouts?date=", {"date"}),
    ("/payouts?date=0001-01-01", {"date"}),
    ("/payouts?from=0001-01-01", {"from"}),
    ("/payouts?to=9999-12-31", {"to"}),
    ("/payouts?from=2026-03-03&to=2026-03-02", {"from"}),
    ("/payouts?date=2026-03-02&to=2026-03-02", {"date"}),
    ("/payouts?date=2026-03-02&from=2026-03-02", {"date"}),
    ("/payouts?from=x&to=y", {"from", "to"}),
    ("/payouts?status=Paid", {"status"}),
    ("/payouts?status=completed", {"status"}),
    ("/payouts?status=", {"status"}),
    ("/payouts?needs_review=yes", {"needs_review"}),
    ("/payouts?needs_review=1", {"needs_review"}),
    ("/payouts?customer_id=x", {"customer_id"}),
    ("/payouts?customer=x", {"customer"}),
    ("/payouts?from_=2026-03-02", {"from_"}),
    ("/payouts?limit=1&limit=2", {"limit"}),
    ("/payouts?limit=1&limit=1", {"limit"}),
    (
        "/payouts?status=a&limit=0&cursor=x&date=d&needs_review=n&customer_id=c&x=y&to=1&to=2",
        {"status", "limit", "date", "needs_review", "customer_id", "x", "to"},
    ),
    ("/payouts?limit=0&from=2026-03-03&to=2026-03-02", {"limit", "from"}),
)


@pytest.mark.parametrize(("path", "fields"), QUERIES, ids=[path for path, _ in QUERIES])
def test_a_bad_query_is_refused_by_the_names_of_its_parameters(
    place: Place, path: str, fields: set[str]
) -> None:
    found = refused(place, "GET", path)
    assert (found["status"], found["code"]) == (400, "InvalidRequest")
    assert set(found["errors"]) == fields


def test_internal_lists_check_their_queries_too(place: Place) -> None:
    found = refused(place, "GET", "/internal/payouts?limit=0&x=1", caller=place.world.service)
    assert set(found["errors"]) == {"limit", "x"}


# --- headers


@pytest.mark.parametrize(
    "key", ["", " ", "two words", "tab\tbed", "line\nbroken", "clé", "x" * 256, "\x7f", "key "]
)
def test_a_bad_idempotency_key_is_refused(place: Place, key: str) -> None:
    raw = place.filled('{"customer_id": "<one>", "amount": 5}').encode()
    for path, caller in (
        ("/payouts", place.world.admin),
        ("/internal/payouts", place.world.service),
    ):
        headers = {"Idempotency-Key": key}
        found = refused(place, "POST", path, raw=raw, headers=headers, caller=caller)
        assert (found["status"], found["code"]) == (400, "InvalidRequest")
        assert set(found["errors"]) == {"Idempotency-Key"}


# --- good input


@pytest.mark.parametrize(
    ("amount", "answered", "sent"),
    [
        ("125.5", "125.50", "125.5"),
        ("125.50", "125.50", "125.5"),
        ('"125.50"', "125.50", "125.5"),
        ('"125.5"', "125.50", "125.5"),
        ("1", "1.00", "1"),
        ("1.0", "1.00", "1"),
        ("0.01", "0.01", "0.01"),
        ("1e2", "100.00", "100"),
        ("1E+2", "100.00", "100"),
        ("1000", "1000.00", "1000"),
        ('"1000.00"', "1000.00", "1000"),
    ],
)
def test_a_sound_amount_is_paid_and_answered_with_both_decimals(
    place: Place, amount: str, answered: str, sent: str
) -> None:
    raw = place.filled(f'{{"customer_id": "<one>", "amount": {amount}}}').encode()
    place.known = None
    answer = place.world.admin("POST", "/payouts", raw=raw)
    assert answer.status == 202, answer.text
    transaction_id = answer.json["transaction_id"]
    for shown in (
        answer,
        place.world.admin.get(f"/payouts/{transaction_id}"),
        place.world.admin.get("/payouts", limit="100"),
    ):
        assert f'"amount": {answered},' in shown.text
    received = json.loads(place.world.monoova.received[-1].raw, parse_float=Decimal)
    assert received["uniqueReference"] == transaction_id
    assert received["totalAmount"] == Decimal(sent)
    booked = place.world.monoova.book.bookings(transaction_id)
    assert [-movement.amount for movement in booked] == [Decimal(answered)]


def test_a_list_shows_every_amount_with_both_decimals(place: Place) -> None:
    place.known = None
    place.world.pay(place.names["one"], "7.1")
    text = place.world.admin.get("/customers/" + place.names["one"] + "/payouts").text
    amounts = [part.split(",")[0] for part in text.split('"amount": ')[1:]]
    assert amounts
    assert all(len(amount.partition(".")[2]) == 2 for amount in amounts)


def test_a_payout_up_to_another_limit_is_paid(place: Place) -> None:
    # Reading with another limit needs another deployment, hence another container.
    environment = place.world.environment | {"PAYOUT_LIMIT_AUD": "20.50"}
    usual, place.world.environment = place.world.environment, environment
    try:
        place.world.restart()
        found = refused_body(place, "POST", "/payouts", '{"customer_id": "<one>", "amount": 20.51}')
        assert found["errors"] == {"amount": ["More than the limit of A$20.50."]}
        place.known = None
        assert place.world.pay(place.names["one"], "20.50").status == 202
    finally:
        place.world.environment = usual
        place.world.restart()
