"""openapi.json against the app by schemathesis: what it allows is accepted, all else refused.

`OPENAPI_CASES` is how many requests are made up for each operation, beside its examples and the
bounds of its fields; from `OPENAPI_SEED` on where it is set. Nothing here knows what an operation
does: what it must do stands in the document.
"""

import io
import json
import os
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import pytest
import requests
import schemathesis
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from moto import mock_aws
from requests.adapters import HTTPAdapter
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core import NotSet
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from stdnum.au import abn, acn
from urllib3 import HTTPResponse

from chalicelib.container import wired
from chalicelib.monoova.rules.destination import PayIdType
from proof.result import Result
from simulator.signing import SigningKey
from simulator.testing import shared_signing_key
from tests import aws
from tests.world import (
    WEBHOOK_SECRET,
    Caller,
    HttpAnswer,
    World,
    as_admin,
    as_anonymous,
    as_approver,
    as_service,
)

DOCUMENT: Final = Path(__file__).parent.parent.parent / "openapi.json"
_CASES: Final = int(os.environ.get("OPENAPI_CASES", "3"))
_SEED: Final = os.environ.get("OPENAPI_SEED")
_ORIGIN: Final = "https://api.example"
# Who else asks for these is refused before anything is looked at.
_OF_APPROVERS: Final = ("/approve", "/reject", "/adopt", "/destinations/reveal")
_ID: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PHONE: Final = "04[0-9]{8}"
_DIGITS: Final = "0123456789"
_AGAIN: Final = "account_number_confirmed"
_NUMBERS: Final = ("account_number", _AGAIN)

RAW: Final[dict[str, Any]] = json.loads(DOCUMENT.read_text())
FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "abn": lambda text: bool(abn.is_valid(text.strip())),
    "acn": lambda text: bool(acn.is_valid(text.strip())),
    "phone-number": lambda text: bool(re.fullmatch(_PHONE, text)),
}
Case = schemathesis.Case[Any]

_VISIBLE: Final = st.characters(codec="utf-8", exclude_categories=["C", "Z"])
schemathesis.openapi.format(
    "line", st.text(_VISIBLE | st.just(" "), min_size=1, max_size=280).filter(str.strip)
)
schemathesis.openapi.format("account-name", st.text(_VISIBLE, min_size=2, max_size=140))
schemathesis.openapi.format(
    "abn",
    st.text(_DIGITS, min_size=9, max_size=9).map(lambda nine: abn.calc_check_digits(nine) + nine),
)
schemathesis.openapi.format(
    "acn",
    st.text(_DIGITS, min_size=8, max_size=8).map(lambda most: most + acn.calc_check_digit(most)),
)

SCHEMA: Final = schemathesis.openapi.from_dict(
    RAW,
    config=schemathesis.Config.from_dict(
        {
            "seed": int(_SEED or 1),
            "generation": {
                "max-examples": _CASES,
                "deterministic": _SEED is None,
                "database": "none",
                "with-security-parameters": False,
            },
            "checks": {
                "positive_data_acceptance": {"expected-statuses": ["2xx", 304, 404, 409, 422]},
                "negative_data_rejection": {"expected-statuses": [400, 404, 405, 413, 415]},
            },
        }
    ),
)
OPERATIONS: Final = [cast(Any, found).ok() for found in SCHEMA.get_all_operations()]
_CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


_MUCH: Final = "90000000000.01"
_SETTINGS: Final = {
    "PAYOUT_LIMIT_AUD": "99999999999.99",
    "APPROVAL_THRESHOLD_AUD": "90000000000",
    "APPROVER_ROLE_ARNS": "arn:aws:iam::111122223333:role/Payer",
}


class Gateway(Caller):
    """Decodes a URL as API Gateway does before it calls the function."""

    def _event(self, method: str, path: str, *rest: Any) -> dict[str, Any]:
        path, _, query = path.partition("?")
        event = super()._event(method, path, *rest)
        parameters: Mapping[str, str] = event["pathParameters"]
        event["pathParameters"] = {name: unquote(text) for name, text in parameters.items()}
        event["multiValueQueryStringParameters"] = parse_qs(query, keep_blank_values=True) or None
        return event


class GatewayAdapter(HTTPAdapter):
    """Brings a request to the function, as whom the path is for; counts those it brought."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.cases = 0
        self._admin = _gateway(as_admin(world.app))
        self._approver = _gateway(as_approver(world.app))
        self._service = _gateway(as_service(world.app))
        self._anonymous = _gateway(as_anonymous(world.app))

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        self.cases += 1
        url = urlsplit(str(request.url))
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else bytes(body)
        headers = {name: _text(value) for name, value in request.headers.items()}
        if url.path.startswith("/webhooks/"):
            headers["Authorization"] = WEBHOOK_SECRET
            if "Verification-Signature" in headers:
                headers["Verification-Signature"] = SigningKey(shared_signing_key()).signature(raw)
        caller = self.caller(url.path)
        answer = caller(str(request.method), f"{url.path}?{url.query}", headers=headers, raw=raw)
        return self.build_response(request, _response(answer))

    def caller(self, path: str) -> Caller:
        """Whom a path is for."""
        if path.startswith(("/webhooks/", "/health")):
            return self._anonymous
        if path.startswith("/internal/"):
            return self._service
        return self._approver if path.endswith(_OF_APPROVERS) else self._admin


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _gateway(caller: Caller) -> Gateway:
    return Gateway(caller._app, caller._context)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


def _response(answer: HttpAnswer) -> HTTPResponse:
    return HTTPResponse(
        body=io.BytesIO(answer.text.encode()),
        headers=dict(answer.headers),
        status=answer.status,
        preload_content=False,
    )


@dataclass
class Place:
    """A world with customers and payouts in it, whose ids take the place of invented ones."""

    world: World
    ids: dict[str, list[str]] = field(default_factory=dict)
    _files: int = 0

    def __post_init__(self) -> None:
        self.adapter = GatewayAdapter(self.world)
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.mount(_ORIGIN, self.adapter)
        self.world.monoova.behave(triggers=False)

    def populate(self) -> None:
        """New ones of each kind: an operation may well have removed those of the one before."""
        world = self.world
        bank = {"type": "BankAccount", "bsb": "062-000", "account_number": "87654321"}
        both, lone = world.customer(), world.customer(**bank, account_name="Al Citizen")
        world.admin.post(f"/customers/{both}/destinations", {**bank, "account_name": "Jo"})
        idle = world.customer()
        open_ = str(world.pay(lone).json["transaction_id"])
        world.container.gatekeeper.pause("ops", "to have one that waits")
        queued = str(world.pay(lone).json["transaction_id"])
        cancelled = str(world.pay(lone).json["transaction_id"])
        waiting = str(world.pay(lone, _MUCH).json["transaction_id"])
        world.container.gatekeeper.resume()
        world.admin.post(f"/payouts/{cancelled}/cancel")
        parked = world.environment["PARKED_QUEUE_URL"]
        self._empty(parked)
        letter = json.dumps({"kind": "Rejected", "reference": open_, "amount_cents": 1})
        self.ids = {
            "message_id": [
                world.sqs.send_message(QueueUrl=parked, MessageBody=body)["MessageId"]
                for body in (letter, letter, "neither")
            ],
            "batch_id": self._batches(both, lone),
            "customer_id": [both, lone, idle],
            "transaction_id": [open_, queued, cancelled, waiting],
            "destination_id": [
                d["destination_id"]
                for customer in (both, lone, idle)
                for d in world.admin.get(f"/customers/{customer}").json["destinations"]
            ],
        }

    def _empty(self, url: str) -> None:
        """Those of the operation before: a look takes every message out, ten at a time."""
        sqs = self.world.sqs
        while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def _batches(self, *customers: str) -> list[str]:
        """One that is being checked, and one that was cancelled."""
        names = []
        for number, customer in enumerate(customers):
            self._files += 1
            place = self.world.admin.get(f"/customers/{customer}").json["destinations"][0]
            row = f"{customer},{place['destination_id']},{self._files}.00"
            content = f"customer_id,destination_id,amount\n{row}\n".encode()
            csv = {"Content-Type": "text/csv"}
            uploaded = self.world.admin("POST", "/batches", raw=content, headers=csv)
            names.append(str(uploaded.json["batch_id"]))
            if number:
                self.world.admin.post(f"/batches/{names[-1]}/cancel", {})
        return names

    def put_cursor(self, case: Case) -> None:
        """One that the list gave out itself for the same question, if it has a second page."""
        del case.query["cursor"]
        query = urlencode({name: _said(value) for name, value in case.query.items()} | {"limit": 1})
        answer = self.adapter.caller(case.path)("GET", f"{case.formatted_path}?{query}")
        if answer.status == 200 and answer.json["next_cursor"]:
            case.query["cursor"] = answer.json["next_cursor"]

    def known(self, name: str, invented: object) -> Any:
        """An id that exists in place of most well-formed ones; the same for the same."""
        if not isinstance(invented, str) or not _ID.fullmatch(invented):
            return invented
        number = zlib.crc32(invented.encode())
        ids = self.ids[name]
        return ids[number % len(ids)] if number % 4 else invented


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """One for the whole file; how many cases were tried is written down at its end."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setenv("AWS_DEFAULT_REGION", aws.REGION)
        made = Place(World(_SETTINGS))
        yield made
    wired.put(None)
    Result(api_cases=made.adapter.cases).write()


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_the_app_keeps_what_the_document_says(operation: Any, place: Place) -> None:
    # By design every event that Monoova may ever send is taken: no input of its is wrong as such.
    # What is right in a file of payouts, no schema of JSON can say.
    is_free = operation.path.startswith("/webhooks/") or operation.label == "POST /batches"
    of_input = [] if is_free else [negative_data_rejection]
    validator = _validator_of(operation)

    def keeps(case: Case) -> None:
        _lead_to_what_exists(case, place)
        if _is_positive(case):
            _fit_query(case, place)
            _fit_phone(case.body)
            _fit_number_again(case.body)
        checks = [*_CHECKS, *of_input]
        if of_input and _is_valid(case.body, validator):
            checks.append(positive_data_acceptance)
        case.call_and_validate(base_url=_ORIGIN, session=place.session, checks=checks)

    place.populate()
    _asked(operation, keeps)


def _asked(operation: Any, keeps: Callable[[Case], None]) -> None:
    """What `schema.parametrize` does when tests are collected, done when this one runs: to make
    up the cases takes long, and no other collection should wait for it."""
    load_all_checks()
    build_operation_test(
        config=SCHEMA.config,
        operation=operation,
        test_func=keeps,
        given_kwargs={},
        feedback=FeedbackSources(constants_value_source=None),
    )()


def _lead_to_what_exists(case: Case, place: Place) -> None:
    for name in place.ids:
        for values in (case.path_parameters, case.query, case.body):
            if isinstance(values, dict) and name in values:
                values[name] = place.known(name, values[name])
    # Of another method than the one that was named, it is rightly refused.
    if isinstance(case.body, dict) and case.body.get("destination_id"):
        case.body.pop("payout_method", None)


def _is_positive(case: Case) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


def _fit_query(case: Case, place: Place) -> None:
    """A document cannot say which parameter goes with which other, nor what a cursor is."""
    days = [name for name in ("date", "from", "to") if name in case.query]
    if "date" in days:
        for name in days[1:]:
            del case.query[name]
    elif len(days) == 2:
        case.query["from"], case.query["to"] = sorted((case.query["from"], case.query["to"]))
    if "cursor" in case.query:
        place.put_cursor(case)


def _fit_phone(body: Any) -> None:
    details = _details_in(body)
    if details.get("pay_id_type") == PayIdType.PHONE_NUMBER:
        details["pay_id"] = f"04{zlib.crc32(str(body).encode(errors='replace')) % 10**8:08}"


def _fit_number_again(body: Any) -> None:
    """A document cannot say that one field repeats another."""
    details = _details_in(body)
    if _AGAIN in details:
        details[_AGAIN] = details.get("account_number")


def _details_in(body: Any) -> dict[str, Any]:
    found = body.get("destination", body) if isinstance(body, dict) else None
    return found if isinstance(found, dict) else {}


def _repeats_another(body: Any) -> bool:
    details = _details_in(body)
    first, again = (re.sub("[ -]", "", str(details.get(name))) for name in _NUMBERS)
    return _AGAIN not in details or first == again


def _validator_of(operation: Any) -> Draft202012Validator | None:
    body = RAW["paths"][operation.path][operation.method.lower()].get("requestBody")
    if body is None:
        return None
    if "application/json" not in body["content"]:
        return None
    schema = body["content"]["application/json"]["schema"] | {"components": RAW["components"]}
    return Draft202012Validator(schema, formats=FORMATS, validate_formats=True)


def _is_valid(body: Any, validator: Draft202012Validator | None) -> bool:
    """Whether the body is what the document allows, its formats included.

    What is made up from a pattern knows neither formats nor the categories of Unicode; and of
    characters that are newer than Python's tables, the document and the app may differ.
    """
    if validator is None or isinstance(body, NotSet):
        return True
    if isinstance(body, bytes):
        return False
    if any(unicodedata.category(character) == "Cn" for character in str(body)):
        return False
    return _repeats_another(body) and bool(validator.is_valid(body))
