"""Requesting a payout: what Monoova is sent, what an idempotency key guarantees, AWS calls."""

import hashlib
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

import pytest
import requests
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from requests.adapters import HTTPAdapter
from urllib3.response import HTTPResponse

from chalicelib.container import Container, wired
from chalicelib.core.clock import SystemClock
from chalicelib.core.errors import InvalidRequestError
from chalicelib.payouts.request_payout import check_amount
from proof.user_pool import key_set
from simulator.adapter import SimulatorAdapter
from simulator.monoova import M_ACCOUNT
from simulator.outcomes import Outcome
from tests.aws import new_session
from tests.world import ADMIN, ROLE, HttpAnswer, World, as_admin, as_service, load_app

EXECUTE: Final = "/financial/v2/transaction/execute"
BANK_ACCOUNT: Final = {
    "type": "BankAccount",
    "bsb": "062-000",
    "account_number": "12345678",
    "account_name": "Jo Citizen",
}

# --- adapters that record calls or inject faults

Pass = Callable[[], requests.Response]
Tap = Callable[[requests.PreparedRequest, Pass], requests.Response]


class TappedLine(SimulatorAdapter):
    """The connection to Monoova with a hook: `tap` acts before and after a call, or answers it."""

    def __init__(self, world: World, tap: Tap) -> None:
        super().__init__(world.monoova, clock=world.clock)
        self._tap = tap

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        send = super().send
        return self._tap(request, lambda: send(request, stream, timeout, verify, cert, proxies))


def tap_line(world: World, tap: Tap) -> None:
    world.http.mount("https://", TappedLine(world, tap))


def is_execute(request: requests.PreparedRequest) -> bool:
    return request.path_url == EXECUTE


def reply(
    request: requests.PreparedRequest, status: int, body: bytes | Mapping[str, object]
) -> requests.Response:
    """An answer that the simulator would never give."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    raw = HTTPResponse(body=BytesIO(content), status=status, preload_content=False)
    return HTTPAdapter().build_response(request, raw)


@dataclass
class AwsCalls:
    """Records every AWS call of an instance that it starts, and injects faults into them."""

    world: World
    is_warm: bool = True
    names: list[str] = field(default_factory=list)
    tables_written: list[str] = field(default_factory=list)
    acts: dict[str, Callable[[str], object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        seen: Any = self._seen  # its answer, if it has one, takes the place of AWS's
        others, self.world.session = self.world.session, new_session()
        self.world.session.register("before-call", seen)
        self.world.restart()
        if self.is_warm:
            # As if this instance had paid before.
            self.world.container.seals.made("")
            self.names.clear()
        self.world.session = others

    def _seen(self, *, model: Any, params: Mapping[str, Any], **_: Any) -> Any:
        name = f"{model.service_model.service_id}.{model.name}"
        self.names.append(name)
        body = params["body"] if isinstance(params["body"], str) else params["body"].decode()
        if model.name in ("PutItem", "UpdateItem", "DeleteItem"):
            self.tables_written.append(json.loads(body)["TableName"])
        act = self.acts.get(name)
        return act(body) if act else None

    def at(self, name: str, act: Callable[[str], object]) -> None:
        """`act` happens just before each call of `name`, with the call's body."""
        self.acts[name] = act

    def once(self, name: str, act: Callable[[str], object]) -> None:
        """`act` happens just before the next call of `name` only."""

        def acting(body: str) -> object:
            del self.acts[name]
            return act(body)

        self.acts[name] = acting


def unreachable(_body: str) -> object:
    raise EndpointConnectionError(endpoint_url="https://aws.example")


def unanswered(_body: str) -> object:
    raise ReadTimeoutError(endpoint_url="https://aws.example")


def throttled(_body: str) -> object:
    answer = requests.Response()
    answer.status_code = 400
    return answer, {"Error": {"Code": "ThrottlingException", "Message": "slow down"}}


def executed(world: World) -> list[Any]:
    """The bodies that Monoova was asked to execute, in order."""
    return [row.parsed for row in world.monoova.received if row.endpoint == "execute"]


def rows_of(world: World) -> int:
    """How many payouts the table holds. The app itself never scans."""
    return int(world.dynamodb.scan(TableName="TransactionsTable")["Count"])


def booked(world: World) -> int:
    return sum(len(world.monoova.book.bookings(p.reference)) for p in world.monoova.payments)


# --- what Monoova is sent


def pay_id_body(transaction_id: str, amount: str, **more: str) -> dict[str, object]:
    """The printed example of a PayID payout."""
    return {
        "uniqueReference": transaction_id,
        "totalAmount": Decimal(amount),
        "paymentSource": "mAccount",
        "mAccount": {"token": M_ACCOUNT},
        "description": more.get("description", transaction_id),
        "disbursements": [
            {
                "disbursementMethod": "NppCreditPayId",
                "toNppCreditPayIdDetails": {
                    "payId": "jo.citizen@example.com",
                    "payIdType": "Email",
                    "accountName": "Jo Citizen",
                    "endToEndId": transaction_id.replace("-", ""),
                    "remitterName": "Example Pty Ltd",
                },
                "sourceBSB": "802-985",
                "sourceAccountNumber": "123456789",
                "lodgementReference": more.get("lodgement_reference", transaction_id),
                "amount": Decimal(amount),
            }
        ],
    }


def bank_account_body(transaction_id: str, amount: str) -> dict[str, object]:
    """The printed example of a payout to a bank account."""
    body = pay_id_body(transaction_id, amount)
    rows: Any = body["disbursements"]
    row = rows[0] | {
        "disbursementMethod": "NppCreditBankAccount",
        "toNppCreditBankAccountDetails": {
            "bsbNumber": "062-000",
            "accountNumber": "12345678",
            "accountName": "Jo Citizen",
            "endToEndId": transaction_id.replace("-", ""),
            "remitterName": "Example Pty Ltd",
        },
    }
    del row["toNppCreditPayIdDetails"]
    return body | {"disbursements": [row]}


def test_a_payid_payout_is_requested_in_exactly_the_documented_fields(world: World) -> None:
    transaction_id = world.paid()
    assert executed(world) == [pay_id_body(transaction_id, "125.50")]
    assert world.monoova.received[0].unknown_fields == ()


def test_a_bank_account_payout_is_requested_in_exactly_the_documented_fields(world: World) -> None:
    answer = world.pay(world.customer(**BANK_ACCOUNT), "0.01")
    assert executed(world) == [bank_account_body(answer.json["transaction_id"], "0.01")]
    assert world.monoova.received[0].unknown_fields == ()


def test_descriptions_are_passed_on_as_they_were_given(world: World) -> None:
    body = {"description": "Refund of order 7", "lodgement_reference": "Order 7"}
    request = {"customer_id": world.customer(), "amount": "7.00", **body}
    answer = world.admin.post("/payouts", request)
    assert executed(world) == [pay_id_body(answer.json["transaction_id"], "7.00", **body)]


@pytest.mark.parametrize(
    ("field_name", "other"),
    [("sourceBSB", "sourceAccountBsb"), ("sourceAccountBsb", "sourceBSB")],
)
def test_the_name_of_the_source_bsb_is_a_setting(
    new_world: Callable[..., World], field_name: str, other: str
) -> None:
    world = new_world(MONOOVA_SOURCE_BSB_FIELD=field_name)
    world.paid()
    row = executed(world)[0]["disbursements"][0]
    assert row[field_name] == "802-985"
    assert other not in row
    assert set(world.monoova.received[0].source_fields) == {field_name, "sourceAccountNumber"}


def test_the_source_bsb_may_be_sent_under_both_of_its_names(
    new_world: Callable[..., World],
) -> None:
    world = new_world(MONOOVA_SOURCE_BSB_FIELD="both")
    world.paid()
    row = executed(world)[0]["disbursements"][0]
    assert (row["sourceBSB"], row["sourceAccountBsb"]) == ("802-985", "802-985")


AMOUNTS: Final = [
    ("0.01", "0.01"),
    ("0.1", "0.10"),
    ("10", "10.00"),
    (1000, "1000.00"),
    (0.29, "0.29"),
    (8.2, "8.20"),
    ("1.15", "1.15"),
    (999.99, "999.99"),
]


def test_amounts_are_json_numbers_with_two_decimals_to_monoova_and_to_the_caller(
    world: World,
) -> None:
    customer_id = world.customer()
    for given, sent in AMOUNTS:
        answer = world.pay(customer_id, given)
        assert f'"amount": {sent},' in answer.text
        raw = world.monoova.received[-1].raw.decode()
        assert re.findall(r'"(?:totalAmount|amount)": ([^,}]+)', raw) == [sent, sent]
        booking = world.monoova.book.bookings(answer.json["transaction_id"])
        assert [-movement.amount for movement in booking] == [Decimal(sent)]


def test_monoova_is_called_with_the_key_as_user_and_an_empty_password(world: World) -> None:
    seen: list[Any] = []

    def look(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        seen.append((request.method, request.url, dict(request.headers)))
        return send()

    tap_line(world, look)
    world.paid()
    [(method, url, headers)] = seen
    assert (method, url) == ("POST", f"https://api.m-pay.com.au{EXECUTE}")
    assert headers["Authorization"] == "Basic c2ltdWxhdG9yLWFwaS1rZXk6"
    assert headers["Content-Type"] == "application/json"


def test_the_row_is_stored_before_monoova_is_called(world: World) -> None:
    seen: list[Any] = []

    def look(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        reference = json.loads(request.body or b"")["uniqueReference"]
        key = {"transaction_id": {"S": reference}}
        item = world.dynamodb.get_item(TableName="TransactionsTable", Key=key)["Item"]
        seen.append((item["status"]["S"], item["submission"]["S"], "lease_id" in item))
        return send()

    tap_line(world, look)
    world.paid()
    assert seen == [("Pending", "Sending", True)]


def test_the_answer_shows_the_payout_and_its_requester(world: World) -> None:
    shown = world.pay(world.customer(**BANK_ACCOUNT), "12.5").json
    assert shown["unique_reference"] == shown["transaction_id"]
    assert (shown["destination"], shown["payout_method"]) == ("•••678", "BankAccount")
    assert (shown["currency"], shown["created_by"]) == ("AUD", ADMIN)
    assert shown["history"][0]["by"] == ADMIN
    assert shown == world.payout(shown["transaction_id"])


def test_an_internal_service_pays_under_its_own_name(world: World) -> None:
    body = {"customer_id": world.customer(), "amount": 5}
    answer = world.service.post("/internal/payouts", body)
    assert (answer.status, answer.json["created_by"]) == (202, ROLE)
    assert len(world.monoova.book.bookings(answer.json["transaction_id"])) == 1


def test_the_destination_that_was_named_is_paid(world: World) -> None:
    customer_id = world.customer()
    added = world.admin.post(f"/customers/{customer_id}/destinations", BANK_ACCOUNT)
    for chosen in (
        {"destination_id": added.json["destination_id"]},
        {"payout_method": "BankAccount"},
    ):
        body = {"customer_id": customer_id, "amount": 3, **chosen}
        answer = world.admin.post("/payouts", body)
        assert answer.json["destination_id"] == added.json["destination_id"]
    methods = [body["disbursements"][0]["disbursementMethod"] for body in executed(world)]
    assert methods == ["NppCreditBankAccount"] * 2


@pytest.mark.parametrize(
    ("choice", "status", "code"),
    [
        ({}, 422, "DestinationAmbiguous"),
        ({"destination_id": "00000000-0000-4000-8000-000000000000"}, 404, "DestinationNotFound"),
        ({"destination_id": "the PayID", "payout_method": "BankAccount"}, 400, "InvalidRequest"),
    ],
)
def test_an_ambiguous_destination_is_refused(
    world: World, choice: dict[str, str], status: int, code: str
) -> None:
    customer_id = world.customer()
    world.admin.post(f"/customers/{customer_id}/destinations", BANK_ACCOUNT)
    if choice.get("destination_id") == "the PayID":
        shown = world.admin.get(f"/customers/{customer_id}").json
        choice["destination_id"] = shown["destinations"][0]["destination_id"]
    body = {"customer_id": customer_id, "amount": 3, **choice}
    answer = world.admin.post("/payouts", body)
    assert (answer.status, answer.code) == (status, code)
    assert (rows_of(world), world.monoova.received) == (0, [])


def test_a_customer_without_a_destination_of_the_method_is_not_paid(world: World) -> None:
    bare = world.admin.post("/customers", {"name": "Jo Citizen"}).json["customer_id"]
    assert world.pay(bare).code == "NoDestination"
    body = {"customer_id": world.customer(), "amount": 3, "payout_method": "BankAccount"}
    answer = world.admin.post("/payouts", body)
    assert (answer.status, answer.code) == (422, "NoDestination")
    assert (rows_of(world), world.monoova.calls) == (0, [])


@pytest.mark.parametrize("amount", ["1000.01", "0", 99999])
def test_an_amount_outside_the_rules_stores_and_sends_nothing(world: World, amount: object) -> None:
    answer = world.pay(world.customer(), amount)
    assert (answer.status, list(answer.json["errors"])) == (400, ["amount"])
    assert (rows_of(world), world.monoova.calls) == (0, [])


@pytest.mark.parametrize("cents", [0, -1, 1001])
def test_the_service_itself_refuses_an_amount_outside_the_rules(cents: int) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_amount(cents, limit_cents=1000)
    assert list(caught.value.errors or {}) == ["amount"]


def test_an_unknown_customer_is_not_paid(world: World) -> None:
    answer = world.pay("00000000-0000-4000-8000-000000000000")
    assert (answer.status, answer.code) == (404, "CustomerNotFound")
    assert (rows_of(world), world.monoova.calls) == (0, [])


# --- idempotency


def keyed(world: World, customer_id: str, key: str = "order-7", **more: object) -> HttpAnswer:
    body = {"customer_id": customer_id, "amount": "7.00", **more}
    return world.admin.post("/payouts", body, Idempotency_Key=key)


def test_the_same_request_again_answers_with_the_payout_as_it_now_stands(world: World) -> None:
    customer_id = world.customer()
    first = keyed(world, customer_id)
    again = keyed(world, customer_id)
    assert "Idempotent-Replayed" not in first.headers
    assert (again.status, again.headers["Idempotent-Replayed"]) == (202, "true")
    assert again.json == first.json
    world.later(180)
    later = keyed(world, customer_id)
    assert later.json["status"] == "Completed"
    assert later.json == world.payout(first.json["transaction_id"])
    assert (len(executed(world)), booked(world), rows_of(world)) == (1, 1, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "7.01"},
        {"description": "another"},
        {"lodgement_reference": "another"},
        {"payout_method": "PayId"},
        {"customer_id": "another"},
        {"destination_id": "another"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_same_key_for_a_different_request_is_refused(
    world: World, change: dict[str, str]
) -> None:
    customer_id = world.customer()
    first = keyed(world, customer_id)
    if "customer_id" in change:
        change["customer_id"] = world.customer()
    if "destination_id" in change:
        added = world.admin.post(f"/customers/{customer_id}/destinations", BANK_ACCOUNT)
        change["destination_id"] = added.json["destination_id"]
    body = {"customer_id": customer_id, "amount": "7.00", **change}
    answer = world.admin.post("/payouts", body, Idempotency_Key="order-7")
    assert (answer.status, answer.code) == (422, "IdempotencyKeyReused")
    assert answer.json["transaction_id"] == first.json["transaction_id"]
    assert (len(executed(world)), booked(world), rows_of(world)) == (1, 1, 1)


def test_a_payout_from_before_fingerprints_left_out_what_is_absent_is_still_replayed(
    world: World,
) -> None:
    customer_id = world.customer()
    first = keyed(world, customer_id)
    transaction_id = first.json["transaction_id"]
    asked = {
        "customer_id": customer_id,
        "amount_cents": 700,
        "destination_id": None,
        "payout_method": None,
        "description": None,
        "lodgement_reference": None,
    }
    legacy = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    world.dynamodb.update_item(
        TableName="TransactionsTable",
        Key={"transaction_id": {"S": transaction_id}},
        UpdateExpression="SET fingerprint = :legacy",
        ExpressionAttributeValues={":legacy": {"S": legacy}},
    )
    again = keyed(world, customer_id)
    assert (again.status, again.headers["Idempotent-Replayed"]) == (202, "true")
    assert again.json["transaction_id"] == transaction_id
    assert keyed(world, customer_id, description="another").code == "IdempotencyKeyReused"
    assert (len(executed(world)), booked(world), rows_of(world)) == (1, 1, 1)


def test_an_explicit_null_is_the_same_as_an_absent_field(world: World) -> None:
    customer_id = world.customer()
    first = keyed(world, customer_id)
    again = keyed(world, customer_id, payout_method=None, description=None)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json == first.json


def test_the_key_of_another_caller_is_another_key(world: World) -> None:
    customer_id = world.customer()
    mine = keyed(world, customer_id)
    body = {"customer_id": customer_id, "amount": "7.00"}
    others = as_admin(world.app, "another-admin").post("/payouts", body, Idempotency_Key="order-7")
    services = world.service.post("/internal/payouts", body, Idempotency_Key="order-7")
    ids = {answer.json["transaction_id"] for answer in (mine, others, services)}
    assert (len(ids), booked(world)) == (3, 3)


def test_a_role_is_one_caller_whatever_its_session_is_called(world: World) -> None:
    body = {"customer_id": world.customer(), "amount": "7.00"}
    answers = [
        as_service(world.app, f"{ROLE.rpartition('/')[0]}/{session}").post(
            "/internal/payouts", body, Idempotency_Key="order-7"
        )
        for session in ("session-1", "session-2")
    ]
    assert answers[0].json == answers[1].json
    assert booked(world) == 1


def test_without_a_key_each_request_is_a_payout_of_its_own(world: World) -> None:
    customer_id = world.customer()
    ids = {world.pay(customer_id).json["transaction_id"] for _ in range(3)}
    assert (len(ids), booked(world)) == (3, 3)


def test_a_key_is_good_even_after_the_customer_was_erased(world: World) -> None:
    customer_id = world.customer()
    first = keyed(world, customer_id)
    world.later(180)
    assert world.admin("DELETE", f"/customers/{customer_id}").status == 204
    again = keyed(world, customer_id)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json["transaction_id"] == first.json["transaction_id"]
    assert keyed(world, customer_id, key="order-8").code == "CustomerNotFound"


def test_a_key_is_good_even_after_the_limit_was_lowered(world: World) -> None:
    customer_id = world.customer()
    first = keyed(world, customer_id)
    world.environment["PAYOUT_LIMIT_AUD"] = "5"
    world.restart()
    again = keyed(world, customer_id)
    assert (again.status, again.json) == (202, first.json)
    assert keyed(world, customer_id, key="order-8").status == 400
    assert booked(world) == 1


def test_a_refused_payout_is_replayed_as_it_stands_and_not_sent_again(world: World) -> None:
    customer_id = world.customer()
    world.monoova.script(Outcome.REFUSED_PAYID_DETAILS)
    first = keyed(world, customer_id)
    again = keyed(world, customer_id)
    assert (first.status, first.code) == (422, "MonoovaRefused")
    assert (again.status, again.json["status"]) == (202, "Failed")
    assert again.json["transaction_id"] == first.json["transaction_id"]
    assert (len(executed(world)), booked(world)) == (1, 0)


def test_a_request_that_comes_during_the_call_waits_for_its_answer(world: World) -> None:
    customer_id = world.customer()
    other_app, other = load_app(), world.new_container()
    answers: list[HttpAnswer] = []

    def meanwhile(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        wired.put(other)
        body = {"customer_id": customer_id, "amount": "7.00"}
        post = as_admin(other_app).post
        answers.append(post("/payouts", body, Idempotency_Key="order-7"))
        wired.put(world.container)
        return send()

    tap_line(world, meanwhile)
    started_at = world.clock()
    first = keyed(world, customer_id)
    # It has waited for as long as the call could last, then shows the payout as it stands.
    assert 10 <= (world.clock() - started_at).total_seconds() <= 13
    assert [answer.json["submission"] for answer in answers] == ["Sending"]
    assert answers[0].json["transaction_id"] == first.json["transaction_id"]
    assert (len(executed(world)), booked(world)) == (1, 1)


def test_of_two_concurrent_requests_the_second_row_is_not_written(world: World) -> None:
    customer_id = world.customer()
    aws = AwsCalls(world)
    other_app, other = load_app(), world.new_container()
    answers: list[HttpAnswer] = []

    def meanwhile(_body: str) -> None:
        wired.put(other)
        body = {"customer_id": customer_id, "amount": "7.00"}
        answers.append(as_admin(other_app).post("/payouts", body, Idempotency_Key="order-7"))
        wired.put(world.container)

    aws.once("DynamoDB.PutItem", meanwhile)
    second = keyed(world, customer_id)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.json == answers[0].json
    assert (len(executed(world)), booked(world), rows_of(world)) == (1, 1, 1)


@pytest.fixture
def real_time(world: World) -> Iterator[World]:
    """The app with the machine's clock: waiting threads cannot share a stopped one."""
    container = Container(
        world.environment, SystemClock(), world.http, session=world.session, fetch=key_set
    )
    wired.put(container)
    world.container = container
    yield world
    wired.put(None)


def test_32_threads_with_one_key_make_one_payout_one_booking_and_equal_answers(
    real_time: World,
) -> None:
    world = real_time
    customer_id = world.customer()
    world.pay(customer_id, "1.00")  # a warm instance: what is made once is made before the threads
    body = {"customer_id": customer_id, "amount": "7.00"}
    callers = [as_admin(load_app()) for _ in range(32)]
    start = threading.Barrier(32)
    is_slow = threading.Event()

    def slowly(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        is_slow.set()
        time.sleep(0.3)
        return send()

    tap_line(world, slowly)

    def ask(number: int) -> HttpAnswer:
        start.wait()
        return callers[number].post("/payouts", body, Idempotency_Key="order-7")

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(ask, range(32)))
    assert is_slow.is_set()
    assert {answer.status for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert (answers[0].json["status"], answers[0].json["submission"]) == ("Pending", "Accepted")
    replayed = Counter("Idempotent-Replayed" in answer.headers for answer in answers)
    assert replayed == {False: 1, True: 31}
    reference = answers[0].json["unique_reference"]
    assert len(world.monoova.book.bookings(reference)) == 1
    assert [body["uniqueReference"] for body in executed(world)].count(reference) == 1
    assert rows_of(world) == 2


# --- what fails around a request


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        ("DynamoDB.BatchGetItem", unreachable),
        ("DynamoDB.PutItem", throttled),
        ("KMS.Decrypt", unreachable),
        ("KMS.Decrypt", throttled),
        ("Secrets Manager.GetSecretValue", unreachable),
    ],
)
def test_what_fails_before_the_row_leaves_nothing_behind(
    world: World, call: str, fault: Callable[[str], object]
) -> None:
    customer_id = world.customer()
    aws = AwsCalls(world)
    aws.at(call, fault)
    answer = world.pay(customer_id)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
    assert answer.code in ("StorageUnavailable", "MonoovaUnavailable")
    assert call in aws.names
    assert (rows_of(world), world.monoova.calls) == (0, [])
    aws.acts.clear()
    assert world.pay(customer_id).status == 202


@pytest.mark.parametrize(
    "text",
    ["not JSON", "[]", '{"apiKey": "k"}', '{"apiKey": "k", "environment": "live", "baseUrl": "x"}'],
)
def test_a_secret_that_is_none_stops_a_payout_before_its_row(world: World, text: str) -> None:
    customer_id = world.customer()
    world.secrets.put_secret_value(SecretId="monoova", SecretString=text)
    world.restart()
    answer = world.pay(customer_id)
    assert (answer.status, answer.code) == (503, "MonoovaUnavailable")
    assert (rows_of(world), world.monoova.calls) == (0, [])


def test_a_write_without_an_answer_is_not_reported_as_undone(world: World) -> None:
    customer_id = world.customer()
    aws = AwsCalls(world)
    aws.once("DynamoDB.PutItem", unanswered)
    answer = keyed(world, customer_id)
    assert (answer.status, answer.code) == (503, "OutcomeUnknown")
    assert "Retry-After" not in answer.headers
    assert world.monoova.calls == []
    again = keyed(world, customer_id)
    assert again.json["transaction_id"] == answer.json["transaction_id"]
    assert booked(world) == 1


@pytest.mark.parametrize("fault", [unreachable, throttled])
def test_an_answer_that_cannot_be_stored_is_never_reported_as_undone(
    world: World, fault: Callable[[str], object]
) -> None:
    """ "Try again" would be wrong: Monoova has booked it, and a new request pays a second time."""
    customer_id = world.customer()
    aws = AwsCalls(world)
    aws.at("DynamoDB.UpdateItem", fault)
    answer = world.pay(customer_id)
    assert (answer.status, answer.json["submission"]) == (202, "Sending")
    transaction_id = answer.json["transaction_id"]
    assert len(world.monoova.book.bookings(transaction_id)) == 1
    aws.acts.clear()
    world.webhooks_arrive = False
    world.minutes(10)
    assert world.state(transaction_id) == ("Completed", None)
    assert len(world.monoova.book.bookings(transaction_id)) == 1


# --- what it costs


def test_a_direct_payout_takes_one_read_three_writes_and_one_key(world: World) -> None:
    customer_id = world.customer()
    aws = AwsCalls(world)
    world.pay(customer_id)  # warms the instance: the secret, Monoova's public key
    world.later(180)
    assert aws.names.count("Secrets Manager.GetSecretValue") == 1
    aws.names.clear()
    answer = keyed(world, customer_id)
    assert world.state(answer.json["transaction_id"]) == ("Pending", "Accepted")
    world.later(120)
    # Reading the payout, and whether its reader was disabled, is not part of its cost.
    for _ in range(2):
        aws.names.remove("DynamoDB.GetItem")
    assert Counter(aws.names) == {
        "DynamoDB.BatchGetItem": 1,
        "DynamoDB.PutItem": 1,
        "DynamoDB.UpdateItem": 2,
        "KMS.Decrypt": 1,
    }
    assert world.state(answer.json["transaction_id"]) == ("Completed", None)


def test_no_request_scans_a_table(world: World) -> None:
    customer_id = world.customer()
    aws = AwsCalls(world)
    transaction_id = world.pay(customer_id, "7.25").json["transaction_id"]
    world.minutes(3)
    day = f"{datetime.fromisoformat(world.payout(transaction_id)['created_at']):%Y-%m-%d}"
    for path in (
        "/customers",
        "/payouts",
        f"/payouts?date={day}",
        "/payouts?status=Pending",
        "/payouts?needs_review=true",
        f"/customers/{customer_id}/payouts",
    ):
        assert world.admin("GET", path).status == 200
    assert world.admin("DELETE", f"/customers/{customer_id}").status == 409
    operations = {name.partition(".")[2] for name in aws.names}
    assert "Query" in operations
    assert not {name for name in operations if "Scan" in name or "ExecuteStatement" in name}
