"""Payee details, names and keys appear in nothing that the app writes, sends or answers.

They are planted, every outcome and fault is brought about, and then all output is searched.
"""

import base64
import itertools
import json
import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

import pytest
import requests
from moto.sqs.models import sqs_backends

from simulator.monoova import API_KEY
from simulator.outcomes import Fate, News, Plan
from simulator.signing import SigningKey
from simulator.testing import shared_signing_key
from tests.payouts.test_request_payout import Pass, is_execute, reply, tap_line
from tests.world import WEBHOOK_SECRET, HttpAnswer, World, as_anonymous

TABLES: Final = ("TransactionsTable", "CustomersTable", "ControlsTable", "RecordsTable")
SECRETS: Final = (
    API_KEY,
    base64.b64encode(f"{API_KEY}:".encode()).decode(),
    WEBHOOK_SECRET,
)


@dataclass(frozen=True)
class Payee:
    """One customer: what is typed in, and every form in which a detail may turn up again."""

    name: str
    email: str
    destination: Mapping[str, str]
    details: tuple[str, ...]

    @property
    def traces(self) -> tuple[str, ...]:
        names = (self.name, self.destination["account_name"])
        words = itertools.chain.from_iterable(name.split() for name in names)
        return (*self.details, *names, *words, self.email.partition("@")[0])


def pay_id(kind: str, value: str, name: str, *forms: str) -> dict[str, Any]:
    destination = {"type": "PayId", "pay_id_type": kind, "pay_id": value, "account_name": name}
    return {"destination": destination, "details": (value, *forms)}


PAYEES: Final = (
    Payee(
        "Quentin Zyxwvut",
        "quentin.zyx@example.org",
        {
            "type": "BankAccount",
            "bsb": "733-219",
            "account_number": "918273645",
            "account_name": "Zebedee Quillfeather",
        },
        ("918273645", "918 273 645", "918-273-645", "733-219", "733219", "733 219"),
    ),
    Payee(
        "Ysolde Umbersnatch",
        "ysolde.umber@example.org",
        **pay_id(
            "Email",
            "Xylo.Quux7791@example.com",
            "Xylophia Quuxworthy",
            "xylo.quux7791",
        ),
    ),
    Payee(
        "Thaddeus Grimblehawk",
        "thaddeus.g@example.org",
        **pay_id(
            "PhoneNumber",
            "0491 570 156",
            "Ottoline Fernsby-Vance",
            "+61-491570156",
            "+61491570156",
            "0491570156",
            "491570156",
            "491 570 156",
        ),
    ),
    Payee(
        "Wilhelmina Plonk",
        "w.plonk@example.org",
        **pay_id("ABN", "51 824 753 556", "Brizzlewick Holdings", "51824753556"),
    ),
    Payee(
        "Ignatius Vexley",
        "ignatius.v@example.org",
        **pay_id("ACN", "004 085 616", "Thornquist Partners", "004085616"),
    ),
    Payee(
        "Perpetua Nightingale-Ross",
        "perpetua.nr@example.org",
        **pay_id("OrganisationId", "grumblethorpe-widgets", "Grumblethorpe Collective"),
    ),
)


@dataclass
class Recorder:
    """Records everything that leaves the app."""

    world: World
    records: list[tuple[str, str]] = field(default_factory=list)
    failing: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Its answer, if it has one, takes the place of AWS's.
        listening: Any = self._aws_call
        self.world.session.register("before-call", listening)
        self.world.restart()

    def _aws_call(self, *, model: Any, params: Mapping[str, Any], **_: Any) -> Any:
        service = model.service_model.service_id
        body = params["body"] if isinstance(params["body"], str) else params["body"].decode()
        self.records.append((f"call of {service}.{model.name}", params["url"] + body))
        message = self.failing.get(f"{service}.{model.name}")
        if message is None:
            return None
        error = {"Error": {"Code": "AccessDeniedException", "Message": message}}
        return SimpleNamespace(status_code=400), error

    def asks(self, method: str, path: str, body: object = None, **headers: str) -> HttpAnswer:
        """A request of an administrator; the answer is recorded too."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body if isinstance(body, bytes) else None
        answer = self.world.admin(
            method, path, None if raw is not None else body, headers=named, raw=raw
        )
        self.records.append((f"answer {answer.status} to {method} {path[:12]}", answer.text))
        return answer

    def webhook(self, payload: object, authorization: str = WEBHOOK_SECRET) -> int:
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        signature = SigningKey(shared_signing_key()).signature(raw)
        headers = {"Authorization": authorization, "Verification-Signature": signature}
        answer = as_anonymous(self.world.app)("POST", "/webhooks/monoova", raw=raw, headers=headers)
        self.records.append((f"answer {answer.status} to a webhook", answer.text))
        return answer.status

    def reconciles(self) -> None:
        try:
            self.records.append(("findings", json.dumps(self.world.reconcile())))
        except Exception as error:  # noqa: BLE001 - what Lambda would print
            self.records.append(("traceback", "".join(traceback.format_exception(error))))

    def records_what_is_stored(self) -> None:
        """Records the tables, byte by byte, the queues, and the addresses called at Monoova."""
        for table in TABLES:
            for item in self.world.dynamodb.scan(TableName=table)["Items"]:
                self.records.append((table, _plain(item)))
        for queue in sqs_backends["123456789012"]["ap-southeast-2"].queues.values():
            self.records.extend(("queue", message.body) for message in queue._messages)
        # A BSB names a bank's branch and no person; Monoova takes it in the path and only there.
        paths = [c.path for c in self.world.monoova.calls if "/bsbValidate/" not in c.path]
        self.records.extend(("address", path) for path in paths)


def _plain(item: Any) -> str:
    """Every byte of an item as a character, so that nothing hides in binary."""
    if isinstance(item, bytes):
        return item.decode("latin-1") + item.decode("utf-8", "replace")
    if isinstance(item, Mapping):
        return " ".join(f"{name} {_plain(value)}" for name, value in item.items())
    if isinstance(item, list):
        return " ".join(_plain(value) for value in item)
    return str(item)


def found(records: list[tuple[str, str]], planted: tuple[str, ...]) -> list[tuple[str, str]]:
    """Where each of the planted texts stands, in clear or as JSON writes it."""
    looked_for = {text.casefold() for text in planted}
    looked_for |= {json.dumps(text)[1:-1].casefold() for text in planted}
    return [
        (where, text) for where, said in records for text in looked_for if text in said.casefold()
    ]


def sentence(payee: Payee) -> str:
    """What a bank may write about a person, in one of the worst ways."""
    forms = " / ".join(payee.details)
    name = payee.destination["account_name"]
    return f"{forms} of {name.upper()} ({name}) IS CLOSED"


Act = Callable[[Recorder, Payee, str], None]


def accepted(recorder: Recorder, customer_id: str, amount: str = "10.00") -> str:
    answer = recorder.asks("POST", "/payouts", {"customer_id": customer_id, "amount": amount})
    return str(answer.json["transaction_id"])


# --- everything that can happen to a payee


def is_paid(recorder: Recorder, payee: Payee, customer_id: str) -> None:
    paid = accepted(recorder, customer_id)
    recorder.world.later(180)
    assert recorder.asks("GET", f"/payouts/{paid}").json["status"] == "Completed"
    assert recorder.asks("GET", f"/customers/{customer_id}/payouts").status == 200
    assert recorder.asks("GET", "/payouts").status == 200


def is_refused(recorder: Recorder, payee: Payee, customer_id: str) -> None:
    """With every kind of answer that quotes the payee."""
    said = sentence(payee)
    answers: list[tuple[int, object]] = [
        (400, {"status": "FinancialValidateInvalidTotalAmount", "statusDescription": said}),
        (400, {"status": said, "statusDescription": said, "transactionId": 0}),
        (400, {"status": f"Duplicate{payee.details[0]}", "statusDescription": said}),
        (200, {"status": said, "statusDescription": said, "transactionId": 5}),
        (500, {"status": said, "statusDescription": said}),
        (403, f"<html>{said}</html>".encode()),
        (401, {"status": "MerchantFailedToLogin", "statusDescription": said + API_KEY}),
    ]
    for status, body in answers:

        def quotes(
            request: requests.PreparedRequest,
            go_on: Pass,
            status: int = status,
            body: Any = body,
        ) -> requests.Response:
            if "/status/" in request.path_url:
                return reply(request, 400, {"status": "UniqueIdNotFound"})
            return reply(request, status, body)

        tap_line(recorder.world, quotes)
        answer = recorder.asks("POST", "/payouts", {"customer_id": customer_id, "amount": 1})
        assert answer.status in (202, 422)
        recorder.asks("POST", "/payouts/validate", {"customer_id": customer_id, "amount": 1})
        recorder.asks("GET", "/account")
        recorder.asks("POST", f"/payouts/{answer.json['transaction_id']}/refresh")
        recorder.world.container.gatekeeper.reset()
    tap_line(recorder.world, lambda _request, go_on: go_on())


def is_rejected_by_webhook(recorder: Recorder, payee: Payee, customer_id: str) -> None:
    for fate in (Fate.REJECTED, Fate.RETURNED):
        recorder.world.monoova.script(Plan(fate=fate, reason=sentence(payee)))
        paid = accepted(recorder, customer_id)
        recorder.world.later(700)
        assert recorder.asks("GET", f"/payouts/{paid}").json["failure_code"] is not None


def is_rejected_as_the_status_says(recorder: Recorder, payee: Payee, customer_id: str) -> None:
    def quotes(request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        if is_execute(request):
            return go_on()
        one = {"transactionStatus": "Rejected", "statusDescription": sentence(payee)}
        return reply(request, 200, {"status": "Ok", **one})

    recorder.world.monoova.script(Plan(news=News.LOST), Plan(news=News.LOST))
    first, second = accepted(recorder, customer_id), accepted(recorder, customer_id)
    recorder.world.later(180)
    tap_line(recorder.world, quotes)
    assert recorder.asks("POST", f"/payouts/{first}/refresh").json["status"] == "Failed"
    recorder.reconciles()
    assert recorder.asks("GET", f"/payouts/{second}").json["status"] == "Failed"
    tap_line(recorder.world, lambda _request, go_on: go_on())


def is_named_in_forged_and_malformed_webhooks(
    recorder: Recorder, payee: Payee, customer_id: str
) -> None:
    payload = {
        "UniqueReference": "3f0c4a6e-0000-4000-8000-000000000001",
        "TransactionId": 1000009,
        "Status": "Rejected",
        "Amount": 12.5,
        "AccountName": payee.destination["account_name"],
        "AccountNumber": payee.details[0],
        "PayId": payee.details[-1],
        "Bsb": payee.details[-1],
        "RejectionReasonDescription": sentence(payee),
    }
    assert recorder.webhook(payload) == 200
    assert recorder.webhook(payload, authorization=sentence(payee)) == 401
    assert recorder.webhook(payload | {"UniqueReference": sentence(payee)}) == 400
    assert recorder.webhook(sentence(payee).encode()) == 400
    assert recorder.webhook({"eventName": sentence(payee)}) == 200
    paid = accepted(recorder, customer_id)
    assert recorder.webhook(payload | {"UniqueReference": paid}) == 200
    assert recorder.asks("GET", f"/payouts/{paid}").json["needs_review"]
    reason = f"{sentence(payee)}, or so says {payee.email}"
    recorder.asks("POST", f"/payouts/{paid}/resolve", {"outcome": "Failed", "reason": reason})


def is_verified_and_exported(recorder: Recorder, payee: Payee, customer_id: str) -> None:
    """With answers that quote the payee, and one whose PayID is another person's."""
    (place,) = recorder.asks("GET", f"/customers/{customer_id}").json["destinations"]
    route = f"/customers/{customer_id}/destinations/{place['destination_id']}/verification"
    said = sentence(payee)

    def quotes(request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        body = {"status": said, "statusDescription": said, "ownerName": said, "token": said}
        return reply(request, 400, body) if "/verify/" in request.path_url else go_on()

    tap_line(recorder.world, quotes)
    assert recorder.asks("POST", route).status == 503
    tap_line(recorder.world, lambda _request, go_on: go_on())
    recorder.world.later(600)
    assert recorder.asks("POST", route).status == 200
    assert recorder.asks("POST", f"{route}/confirm", {"code": payee.details[0]}).status in (
        400,
        422,
    )
    tap_line(recorder.world, quotes)
    assert recorder.asks("POST", f"{route}/confirm", {"code": "555555"}).status == 503
    tap_line(recorder.world, lambda _request, go_on: go_on())
    assert recorder.asks("POST", f"{route}/confirm", {"code": "555555"}).status == 200
    # The one route that shows the details, on purpose: its answer is not recorded.
    export = recorder.world.admin.get(f"/customers/{customer_id}/export")
    assert found([("export", export.text)], payee.traces) != []
    opened = recorder.asks("GET", f"/customers/{customer_id}/accesses?limit=100").json["items"]
    assert {"Export", "Verification", "Payout"} <= {item["purpose"] for item in opened}


def is_typed_where_it_does_not_belong(recorder: Recorder, payee: Payee, customer_id: str) -> None:
    said = sentence(payee)
    segment = payee.details[0].replace(" ", "")
    bodies: list[object] = [
        said.encode(),
        {"customer_id": said, "amount": said},
        {"customer_id": customer_id, "amount": 1, "destination_id": payee.details[0]},
        {"customer_id": [said], "amount": {said: said}},
        {"customer_id": customer_id, "amount": 1, "description": said * 20},
        {"customer_id": customer_id, "amount": -1, "lodgement_reference": said * 20},
        [said],
    ]
    for body in bodies:
        assert recorder.asks("POST", "/payouts", body).status == 400
        assert recorder.asks("POST", "/customers", body).status == 400
        assert recorder.asks("POST", f"/customers/{customer_id}/destinations", body).status == 400
    for path in ("/payouts", "/customers"):
        assert recorder.asks("GET", f"{path}/{segment}").status == 404
        assert recorder.asks("GET", f"{path}?cursor={segment}").status == 400
        assert recorder.asks("GET", f"{path}?limit={segment}").status == 400
    wrong = dict(payee.destination) | {"type": said}
    assert recorder.asks("POST", f"/customers/{customer_id}/destinations", wrong).status == 400
    ask = {"customer_id": customer_id, "amount": "1.00"}
    assert recorder.asks("POST", "/payouts", ask, Idempotency_Key=segment).status == 202
    assert recorder.asks("POST", "/payouts", ask, Idempotency_Key=said).status == 400
    for handler in ("send_queued_payouts", "take_up_webhook_events"):
        poison = json.dumps({"reference": said, "kind": said, "transaction_id": said})
        assert recorder.world.sqs_event(handler, said, poison) == ["0", "1"]


def sees_every_failure(recorder: Recorder, payee: Payee, customer_id: str) -> None:
    """Errors whose own words quote the payee: of AWS, and of unexpected kinds."""
    said = sentence(payee)
    recorder.world.monoova.script(Plan(news=News.LOST))
    open_one = accepted(recorder, customer_id)
    recorder.world.later(180)
    ask = {"customer_id": customer_id, "amount": "1.00"}
    for operation in ("KMS.Decrypt", "SQS.SendMessage", "Secrets Manager.GetSecretValue"):
        recorder.world.restart()
        recorder.failing = {operation: said + API_KEY}
        recorder.asks("POST", "/payouts", ask)
        recorder.asks("GET", f"/customers/{customer_id}")
        recorder.reconciles()
        recorder.webhook(
            {"UniqueReference": open_one[:-1] + "0", "Status": "Rejected", "Amount": 1}
        )
    recorder.failing = {}

    def breaks(_request: requests.PreparedRequest, _go_on: Pass) -> requests.Response:
        raise LookupError(said + API_KEY)

    tap_line(recorder.world, breaks)
    recorder.world.container.gatekeeper.reset()
    assert recorder.asks("POST", "/payouts", ask).status in (202, 500)
    assert recorder.asks("GET", "/account").status == 500
    recorder.asks("POST", f"/payouts/{open_one}/refresh")
    recorder.world.later(600)
    recorder.reconciles()
    tap_line(recorder.world, lambda _request, go_on: go_on())
    recorder.world.container.gatekeeper.reset()
    for _ in range(4):
        recorder.world.later(600)
        recorder.reconciles()
        recorder.world.drain()


STORY: Final[tuple[Act, ...]] = (
    is_paid,
    is_refused,
    is_rejected_by_webhook,
    is_rejected_as_the_status_says,
    is_named_in_forged_and_malformed_webhooks,
    is_verified_and_exported,
    is_typed_where_it_does_not_belong,
    sees_every_failure,
)


@pytest.fixture
def recorder(world: World) -> Recorder:
    return Recorder(world)


@pytest.mark.parametrize("payee", PAYEES, ids=lambda payee: payee.destination.get("pay_id_type"))
def test_nothing_of_a_payee_or_a_key_stands_anywhere(
    payee: Payee,
    recorder: Recorder,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    person = {"name": payee.name, "email": payee.email, "destination": dict(payee.destination)}
    registered = recorder.world.admin.post("/customers", person)
    assert registered.status == 201, registered.text
    customer_id = str(registered.json["customer_id"])
    # The one place where a name and an e-mail are shown: to an administrator who asks for them.
    assert found([("answer", registered.text)], payee.details) == []
    for act in STORY:
        act(recorder, payee, customer_id)
        recorder.records_what_is_stored()
    out, err = capfd.readouterr()
    recorder.records += [("stdout", out), ("stderr", err)]
    recorder.records += [("log", record.getMessage()) for record in caplog.records]
    recorder.records += [("log", str(record.exc_text)) for record in caplog.records]
    shown = [(where, said) for where, said in recorder.records if "to GET /customers/" not in where]
    assert found(shown, payee.traces) == []
    assert found(recorder.records, (*payee.details, *SECRETS)) == []
    assert len(out.splitlines()) > 50
    assert {*TABLES, "queue", "address"} <= {where for where, _ in recorder.records}


def test_the_search_finds_what_is_there(recorder: Recorder) -> None:
    """Or the other test would prove nothing."""
    payee = PAYEES[0]
    for text in payee.traces:
        assert found([("log", json.dumps({"a": f"x{text.upper()}y"}))], payee.traces)
    item = {"sealed": {"B": b"\x00\xff" + payee.details[0].encode()}}
    assert found([("table", _plain(item))], payee.traces)
    assert found([("table", _plain({"L": [{"S": "Zoë"}]}))], ("Zoë",))


def test_a_customer_who_is_erased_leaves_nothing_of_themselves(recorder: Recorder) -> None:
    payee = PAYEES[0]
    person = {"name": payee.name, "email": payee.email, "destination": dict(payee.destination)}
    customer_id = str(recorder.world.admin.post("/customers", person).json["customer_id"])
    paid = accepted(recorder, customer_id)
    recorder.world.later(180)
    assert recorder.asks("DELETE", f"/customers/{customer_id}").status == 204
    shown = recorder.asks("GET", f"/payouts/{paid}").json
    assert (shown["status"], shown["customer_id"]) == ("Completed", customer_id)
    recorder.records_what_is_stored()
    assert recorder.world.dynamodb.scan(TableName="CustomersTable")["Items"] == []
    assert found(recorder.records, (*payee.traces, "•••645")) != []
    recorder.records.clear()
    recorder.records_what_is_stored()
    assert found(recorder.records, (*payee.traces, "•••645")) == []
