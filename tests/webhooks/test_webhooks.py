"""Monoova's webhooks: authentication, what they change, and that none of them is lost."""

import base64
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import pytest
from moto.sqs.models import sqs_backends

from simulator.outcomes import Outcome
from simulator.signing import SigningKey, new_key
from simulator.testing import shared_signing_key
from tests.payouts.test_request_payout import AwsCalls, throttled, unreachable
from tests.world import WEBHOOK_SECRET, HttpAnswer, World, as_anonymous

PUBLIC_KEY: Final = "/public/v1/certificate/public-key"
UNKNOWN: Final = "3f0c4a6e-0000-4000-8000-000000000001"
PAID: Final = "Payment Successful"
REJECTED: Final = "Rejected"
NewWorld = Callable[..., World]


def body(world: World, transaction_id: str, status: str = PAID, **fields: object) -> dict[str, Any]:
    """An official `NppPaymentStatus` on one of our payouts; `fields` differ from what is true."""
    shown = world.payout(transaction_id)
    usual = {
        "TransactionDate": "2026-03-02T12:00:00",
        "UniqueReference": transaction_id,
        "TransactionId": int(shown["monoova_transaction_id"] or 1000001),
        "Status": status,
        "Amount": float(shown["amount"]),
        "AccountName": "Jo Citizen",
        "PayId": "jo.citizen@example.com",
        "PayIdType": "Email",
        "RejectionReasonDescription": "ACCOUNT CLOSED" if status == REJECTED else None,
    }
    return usual | fields


def returned(world: World, transaction_id: str, **fields: object) -> dict[str, Any]:
    """An official `NppReturn`: it has no status."""
    payload = body(world, transaction_id, ReturnDate="2026-03-03", ReturnReason="CLOSED")
    del payload["Status"]
    return payload | {"ReturnTransactionId": 8000001} | fields


def seed_form(event_name: str, official: Mapping[str, object]) -> dict[str, object]:
    camel = {name[0].lower() + name[1:]: value for name, value in official.items()}
    return {"eventName": event_name} | camel | {"transactionId": str(official["TransactionId"])}


def signature(raw: bytes) -> str:
    return SigningKey(shared_signing_key()).signature(raw)


def send(
    world: World,
    payload: object,
    path: str = "/webhooks/monoova",
    *,
    authorization: str | None = WEBHOOK_SECRET,
    is_signed: bool = True,
    **headers: str,
) -> HttpAnswer:
    """One webhook, signed as Monoova signs, unless `Verification_Signature` says otherwise."""
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    if is_signed:
        headers.setdefault("Verification_Signature", signature(raw))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if authorization is not None:
        named["Authorization"] = authorization
    return as_anonymous(world.app)("POST", path, raw=raw, headers=named)


def item(world: World, transaction_id: str) -> dict[str, Any]:
    """The payout as it stands in its table, version and all."""
    key = {"transaction_id": {"S": transaction_id}}
    found: dict[str, Any] = world.dynamodb.get_item(TableName="TransactionsTable", Key=key)["Item"]
    return found


def version(world: World, transaction_id: str) -> int:
    return int(item(world, transaction_id)["version"]["N"])


def events(world: World, transaction_id: str) -> list[str]:
    return [entry["event"] for entry in world.payout(transaction_id)["history"]]


def everything(world: World) -> list[Any]:
    """All that is stored anywhere."""
    tables = [world.dynamodb.scan(TableName=name)["Items"] for name in _TABLES]
    return [*tables, queued_events(world)]


_TABLES: Final = ("TransactionsTable", "CustomersTable", "ControlsTable", "RecordsTable")


def queued_events(world: World) -> list[dict[str, Any]]:
    return [json.loads(text) for text in _waiting(world)]


def _waiting(world: World) -> list[str]:
    """The bodies in the queue of webhook events, those not yet due included."""
    queues = sqs_backends["123456789012"]["ap-southeast-2"].queues
    return [message.body for message in queues["webhooks"]._messages]


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def key_fetches(world: World) -> int:
    return sum(call.path == PUBLIC_KEY for call in world.monoova.calls)


# --- what a webhook looks like


@pytest.mark.parametrize("blank", ["null", "absent", "empty"])
@pytest.mark.parametrize("form", ["official", "seed"])
def test_monoovas_own_webhooks_settle_payouts_of_both_kinds_in_both_forms(
    form: str, blank: str, world: World
) -> None:
    world.monoova.behave(webhook_form=form, webhook_blank=blank, extra_fields=True)
    account = {"type": "BankAccount", "bsb": "062-000", "account_number": "123456789"}
    bank = world.customer(**account, account_name="Jo Citizen")
    good = [world.paid(), world.pay(bank).json["transaction_id"]]
    bad = [world.pay(bank, "7.03").json["transaction_id"], world.paid("7.03")]
    world.later(180)
    assert [status for _, _, _, status in world.deliveries] == [200] * 4
    assert [world.payout(one)["status"] for one in good] == ["Completed"] * 2
    for one in bad:
        shown = world.payout(one)
        assert (shown["status"], shown["failure_code"]) == ("Failed", "BankRejected")
        assert shown["failure_reason"] == "ACCOUNT CLOSED"
    assert [len(world.monoova.book.bookings(one)) for one in good + bad] == [1] * 4


def test_both_routes_take_both_forms(world: World) -> None:
    customer = world.customer()
    for path in ("", "/NppPaymentStatus", "/npppaymentstatus"):
        for form in ("official", "seed"):
            paid = str(world.pay(customer).json["transaction_id"])
            payload = body(world, paid)
            payload = payload if form == "official" else seed_form("NppPaymentStatus", payload)
            answer = send(world, payload, f"/webhooks/monoova{path}")
            assert (answer.status, answer.json) == (200, {"status": "received"})
            assert world.payout(paid)["status"] == "Completed"


def test_news_of_a_payout_on_another_events_path_is_read_by_its_shape(world: World) -> None:
    paid = world.paid()
    payload = seed_form("NppPaymentStatus", body(world, paid))
    assert send(world, payload, "/webhooks/monoova/NppReturn").status == 200
    assert world.payout(paid)["status"] == "Completed"
    for path in ("NppPaymentStatus", "InboundDirectCredit", "SomethingNew"):
        back = str(world.pay(world.customer()).json["transaction_id"])
        assert send(world, body(world, back)).status == 200
        assert send(world, returned(world, back), f"/webhooks/monoova/{path}").status == 200
        assert world.payout(back)["status"] == "Returned"


OTHER_EVENTS: Final[tuple[tuple[object, str, str], ...]] = (
    ({"DirectCreditDetails": []}, "/InboundDirectCredit", "InboundDirectCredit"),
    ({"eventName": "nppreceivepayment", "amount": "1.00"}, "", "NPPReceivePayment"),
    ([{"transactionType": "DE"}], "/NPPCreditRejections", "NPPCreditRejections"),
    ({"eventName": "SomethingQuiteNew", "payId": "x"}, "", "SomethingQuiteNew"),
    ({"any": "thing"}, "/BrandNewEvent", "BrandNewEvent"),
    ({"any": "thing"}, "/jo@example.com", "Unknown"),
    ({"any": "thing"}, "", "Unknown"),
    ({"Status": "Pending", "UniqueReference": UNKNOWN}, "", "NppPaymentStatus"),
)


def test_other_events_are_answered_200_named_in_the_log_and_change_nothing(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    before = everything(world)
    for payload, path, name in OTHER_EVENTS:
        answer = send(world, payload, f"/webhooks/monoova{path}", is_signed=False)
        assert answer.status == 200
        (line,) = lines(capsys)
        assert (line["event_name"], line["outcome"]) == (name, "changes no payout")
        assert line["WebhooksReceived"] == 1
    assert everything(world) == before


def test_a_webhook_is_read_whatever_it_calls_itself(world: World) -> None:
    customer = world.customer()
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "x"):
        paid = str(world.pay(customer).json["transaction_id"])
        assert send(world, body(world, paid), Content_Type=content_type).status == 200
        assert world.payout(paid)["status"] == "Completed"


# --- requests that are no webhook


MALFORMED: Final = (
    b"",
    b"{",
    b"\xff\xfe",
    b"not json",
    b'{"Amount": 1e99999999999999999999}',
    b"[" * 50_000,
    b'{"Status": "Rejected", "Amount": 1, "UniqueReference": ""}',
    b'{"Status": "Rejected", "Amount": 1, "UniqueReference": {"a": 1}}',
)


def test_what_is_no_event_is_answered_400_and_changes_nothing(world: World) -> None:
    before = everything(world)
    for raw in MALFORMED:
        answer = send(world, raw, "/webhooks/monoova/NppPaymentStatus")
        assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert everything(world) == before


def test_an_oversized_body_is_answered_413_and_one_of_just_the_size_is_read(world: World) -> None:
    paid = world.paid()
    payload = json.dumps(body(world, paid)).encode()
    most = 256 * 1024
    answer = send(world, payload + b" " * (most + 1 - len(payload)))
    assert (answer.status, answer.code) == (413, "PayloadTooLarge")
    assert world.state(paid) == ("Pending", "Accepted")
    assert send(world, payload + b" " * (most - len(payload))).status == 200
    assert world.payout(paid)["status"] == "Completed"


# --- authentication


@pytest.mark.parametrize(
    ("setting", "right", "wrong"),
    [
        (
            "first-secret-of-24-letters",
            ["first-secret-of-24-letters", "Bearer first-secret-of-24-letters"],
            [
                "first-secre",
                "first-secret-of-24-letters ",
                "FIRST-SECRET",
                "bearer first-secret-of-24-letters",
                "Bearer Bearer first-secret-of-24-letters",
                "Bearer ",
                "Basic first-secret-of-24-letters",
                "",
                "geheimnis-ß-\ud800",
                None,
            ],
        ),
        (
            " first-secret-of-24-letters ,second-secret-of-24-letters,",
            [
                "first-secret-of-24-letters",
                "second-secret-of-24-letters",
                "Bearer second-secret-of-24-letters",
            ],
            [
                "first-secret-of-24-letters,second-secret-of-24-letters",
                "first-secret-of-24-letters ,second-secret-of-24-letters,",
                ",",
                "third-secret-of-24-letters",
            ],
        ),
        (
            "Basic YWJjZGVmZ2hpamtsbW5v=",
            ["Basic YWJjZGVmZ2hpamtsbW5v="],
            ["YWJjZGVmZ2hpamtsbW5v=", "basic YWJjZGVmZ2hpamtsbW5v="],
        ),
    ],
    ids=["one", "rotation", "with its type"],
)
def test_only_a_sender_with_the_secret_is_accepted(
    setting: str, right: list[str], wrong: list[str | None], new_world: NewWorld
) -> None:
    world = new_world(MONOOVA_WEBHOOK_SECRET=setting)
    customer = world.customer()
    for authorization in right:
        paid = str(world.pay(customer).json["transaction_id"])
        payload = body(world, paid)
        for guess in wrong:
            assert send(world, payload, authorization=guess).status == 401, guess
        assert world.state(paid) == ("Pending", "Accepted")
        assert send(world, payload, authorization=authorization).status == 200, authorization
        assert world.state(paid) == ("Completed", None)


def test_an_unauthenticated_webhook_changes_nothing_calls_nothing_and_is_counted(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    paid = world.paid()
    payload, before, calls = body(world, paid), everything(world), len(world.monoova.calls)
    aws_calls = AwsCalls(world)
    capsys.readouterr()
    for bad in (payload, b"not json", payload | {"UniqueReference": UNKNOWN}):
        raw = bad if isinstance(bad, bytes) else json.dumps(bad).encode()
        answer = send(world, raw, authorization="guess", Verification_Signature=signature(raw))
        assert (answer.status, answer.code) == (401, "Unauthenticated")
        (line,) = lines(capsys)
        assert (line["WebhooksRefused"], line.get("WebhooksReceived")) == (1, None)
        assert "transaction_id" not in line
    assert (aws_calls.names, len(world.monoova.calls)) == ([], calls)
    assert everything(world) == before


def test_the_answer_to_an_unauthenticated_sender_does_not_say_what_was_wrong(world: World) -> None:
    payload = body(world, world.paid())
    wrong_secret = send(world, payload, authorization="guess")
    wrong_signature = send(world, payload, Verification_Signature="guess")
    assert wrong_secret.text == wrong_signature.text


# --- Monoova's signature


def _forgeries(raw: bytes) -> dict[str, str]:
    return {
        "of another body": signature(raw + b" "),
        "truncated": signature(raw)[:-8],
        "not base64": "no base64!",
        "empty": "",
        "no signature": base64.b64encode(raw).decode(),
    }


@pytest.mark.parametrize("required", ["optional", "required"])
def test_a_signature_that_is_there_must_be_monoovas(required: str, new_world: NewWorld) -> None:
    world = new_world(MONOOVA_WEBHOOK_SIGNATURE=required)
    payload = body(world, world.paid())
    raw = json.dumps(payload).encode()
    before = everything(world)
    for what, forged in _forgeries(raw).items():
        assert send(world, raw, Verification_Signature=forged).status == 401, what
        assert everything(world) == before
    assert send(world, raw, Verification_Signature=signature(raw)).status == 200
    assert world.payout(payload["UniqueReference"])["status"] == "Completed"


@pytest.mark.parametrize(("required", "status"), [("optional", 200), ("required", 401)])
def test_a_missing_signature_is_refused_only_where_one_is_required(
    required: str, status: int, new_world: NewWorld
) -> None:
    world = new_world(MONOOVA_WEBHOOK_SIGNATURE=required)
    world.monoova.behave(webhook_signature="absent")
    paid = world.paid()
    world.later(180)
    assert {answered for _, _, _, answered in world.deliveries} == {status}
    assert (world.payout(paid)["status"] == "Completed") is (status == 200)


def test_a_wrong_signature_with_the_right_secret_is_refused(world: World) -> None:
    world.monoova.behave(webhook_signature="wrong")
    paid = world.paid()
    world.later(180)
    assert [answered for _, _, _, answered in world.deliveries] == [401, 401]
    assert world.state(paid) == ("Pending", "Accepted")


def test_the_signature_is_over_the_raw_bytes_however_they_are_written(world: World) -> None:
    payload = body(world, world.paid(), AccountName="Zoë Ünal")
    raw = json.dumps(payload, ensure_ascii=False, indent=3).encode() + b"\r\n"
    assert send(world, raw, Verification_Signature=signature(raw)).status == 200
    again = json.dumps(payload).encode()
    assert send(world, again, Verification_Signature=signature(raw)).status == 401


def test_a_rotated_key_is_fetched_once_and_the_webhook_accepted(world: World) -> None:
    first, second, third = (world.paid() for _ in range(3))
    raw = json.dumps(body(world, first)).encode()
    assert send(world, raw, Verification_Signature=signature(raw)).status == 200
    world.clock.advance(61)
    rotated = new_key()
    world.monoova.rotate_signing_key(rotated)
    for paid in (second, third):
        raw = json.dumps(body(world, paid)).encode()
        signed = SigningKey(rotated).signature(raw)
        assert send(world, raw, Verification_Signature=signed).status == 200
    assert key_fetches(world) == 2
    assert [world.payout(one)["status"] for one in (first, second, third)] == ["Completed"] * 3


def test_forged_signatures_make_us_ask_monoova_for_its_key_once_a_minute_at_most(
    world: World,
) -> None:
    payload = body(world, world.paid())
    raw = json.dumps(payload).encode()
    for _ in range(6):
        forged = signature(raw + b"x")
        assert send(world, raw, Verification_Signature=forged).status == 401
        world.clock.advance(15)
    assert key_fetches(world) == 2
    assert send(world, raw, Verification_Signature=signature(raw)).status == 200


@pytest.mark.parametrize("outage", ["unavailable", "connection_refused", "timeout"])
def test_while_the_key_cannot_be_fetched_nothing_is_written_and_monoova_has_to_retry(
    outage: str, world: World
) -> None:
    payload = body(world, world.paid())
    raw = json.dumps(payload).encode()
    before = everything(world)
    world.monoova.behave(outage=outage)
    answer = send(world, raw, Verification_Signature=signature(raw))
    assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
    assert everything(world) == before
    world.monoova.behave(outage="none")
    world.clock.advance(61)
    assert send(world, raw, Verification_Signature=signature(raw)).status == 200
    assert world.payout(payload["UniqueReference"])["status"] == "Completed"


# --- repeated deliveries


def test_a_replayed_or_doubled_webhook_changes_nothing_at_all(world: World) -> None:
    paid = world.paid("7.40")
    payload = body(world, paid)
    world.later(180)
    settled = item(world, paid)
    raw = world.deliveries[0][2]
    signed = signature(raw)
    for days in (0, 1, 30):
        world.clock.advance(days * 86_400)
        assert send(world, raw, Verification_Signature=signed).status == 200
        assert send(world, payload, "/webhooks/monoova/NppPaymentStatus").status == 200
        assert send(world, seed_form("NppPaymentStatus", payload)).status == 200
        assert item(world, paid) == settled
    assert events(world, paid).count("SettledComplete") == 1
    assert len(world.monoova.book.bookings(paid)) == 1


def test_a_doubled_rejection_changes_nothing_and_gives_back_nothing_twice(world: World) -> None:
    paid = world.paid("7.03")
    world.later(180)
    settled = item(world, paid)
    for _ in range(3):
        assert send(world, body(world, paid, REJECTED)).status == 200
        assert item(world, paid) == settled
    assert world.payout(paid)["status"] == "Failed"
    assert world.monoova.book.paid_out(paid) == 0


# --- contradictions


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ({}, {"Amount": 125.51}, "Completed"),
        ({}, {"Amount": None}, "Completed"),
        ({}, {"Status": REJECTED}, "Completed"),
        ({"Status": REJECTED}, {}, "Failed"),
        ({"Status": REJECTED}, {"Amount": 1}, "Failed"),
    ],
    ids=[
        "another amount",
        "no amount",
        "rejected after completed",
        "success after failed",
        "failed of another amount",
    ],
)
def test_an_event_that_contradicts_a_final_status_is_kept_once_and_raised_and_not_applied(
    first: dict[str, object],
    second: dict[str, object],
    status: str,
    world: World,
    capsys: pytest.CaptureFixture[str],
) -> None:
    paid = world.paid()
    payload = body(world, paid)
    assert send(world, payload | first).status == 200
    settled = world.payout(paid)
    assert (settled["status"], settled["needs_review"]) == (status, False)
    capsys.readouterr()
    assert send(world, payload | second).status == 200
    (line,) = lines(capsys)
    assert (line["PayoutsNeedReview"], line["PayoutsNeedReview:Contradiction"]) == (1, 1)
    shown = world.payout(paid)
    assert (shown["status"], shown["failure_code"]) == (status, settled["failure_code"])
    assert (shown["needs_review"], shown["review_reason"]) == (True, "Contradiction")
    assert len(shown["history"]) == len(settled["history"]) + 1
    kept = version(world, paid)
    for _ in range(3):
        assert send(world, payload | second).status == 200
        assert send(world, payload | first).status == 200
    assert version(world, paid) == kept


@pytest.mark.parametrize(
    "wrong", [{"Amount": 126.5}, {"Amount": None}, {"Amount": "NaN"}, {"Amount": 125.505}]
)
def test_a_message_that_cannot_be_about_this_payout_settles_nothing_while_it_is_open(
    wrong: dict[str, object], world: World
) -> None:
    paid = world.paid()
    payload = body(world, paid)
    for _ in range(2):
        assert send(world, payload | wrong).status == 200
    shown = world.payout(paid)
    assert (shown["status"], shown["needs_review"]) == ("Pending", True)
    assert events(world, paid).count("Contradicted") == 1
    assert send(world, payload).status == 200
    shown = world.payout(paid)
    assert (shown["status"], shown["needs_review"]) == ("Completed", True)
    assert shown["review_reason"] == "Contradiction"


def test_after_a_contradictory_webhook_the_status_api_decides(world: World) -> None:
    paid = world.paid("7.43")
    world.minutes(4)
    shown = world.payout(paid)
    assert (shown["status"], shown["needs_review"]) == ("Completed", True)
    details = [entry["detail"] for entry in shown["history"] if entry["event"] == "Contradicted"]
    assert ["another amount" in str(detail) for detail in details] == [True]


def test_each_different_contradiction_is_kept(world: World) -> None:
    paid = world.paid()
    payload = body(world, paid)
    send(world, payload)
    for amount in (1, 2, 3, 1, 2, 3):
        assert send(world, payload | {"Amount": amount}).status == 200
    assert events(world, paid).count("Contradicted") == 3


def test_an_announcement_for_a_payout_that_was_never_sent_is_a_contradiction(
    world: World,
) -> None:
    customer = world.customer()
    world.container.gatekeeper.pause("operator", "maintenance")
    queued = str(world.pay(customer).json["transaction_id"])
    assert send(world, body(world, queued)).status == 200
    shown = world.payout(queued)
    assert (shown["status"], shown["needs_review"]) == ("Queued", True)
    world.container.gatekeeper.resume()
    world.minutes(5)
    assert world.payout(queued)["status"] == "Queued"
    assert world.monoova.book.bookings(queued) == []


# --- returns


def test_a_return_after_completion_makes_the_payout_returned(world: World) -> None:
    paid = world.paid("7.07")
    world.later(600)
    shown = world.payout(paid)
    assert (shown["status"], shown["needs_review"]) == ("Returned", False)
    assert (shown["failure_code"], shown["failure_reason"]) == ("Returned", "ACCOUNT CLOSED")
    assert events(world, paid)[-2:] == ["SettledComplete", "MoneyReturned"]
    assert world.monoova.book.paid_out(paid) == 0


def test_a_return_that_overtakes_the_completion_proves_both(world: World) -> None:
    paid = world.paid("7.46")
    world.later(600)
    shown = world.payout(paid)
    assert (shown["status"], shown["needs_review"]) == ("Returned", False)
    states = [entry["status"] for entry in shown["history"]]
    assert states[-2:] == ["Completed", "Returned"]
    assert shown["completed_at"] is not None


def test_a_return_announced_twice_is_one_return(world: World) -> None:
    paid = world.paid()
    send(world, body(world, paid))
    payload = returned(world, paid)
    for path in ("", "/NppReturn", "/NppReturn"):
        assert send(world, payload, f"/webhooks/monoova{path}").status == 200
    assert version(world, paid) == 4
    assert events(world, paid).count("MoneyReturned") == 1
    assert send(world, body(world, paid)).status == 200
    assert (world.payout(paid)["status"], version(world, paid)) == ("Returned", 4)


def test_a_return_of_a_part_is_kept_with_its_amount_and_raised(world: World) -> None:
    world.monoova.behave(partial_return=True)
    paid = world.paid("7.07")
    world.later(600)
    shown = world.payout(paid)
    assert (shown["status"], shown["needs_review"]) == ("Completed", True)
    assert (shown["review_reason"], shown["returned_amount"]) == ("PartReturned", Decimal("3.54"))
    assert shown["return_reported_at"] is not None
    assert shown["return_seen_at"] is None


def test_a_return_of_a_payout_that_failed_is_a_contradiction(world: World) -> None:
    paid = world.paid()
    send(world, body(world, paid, REJECTED))
    assert send(world, returned(world, paid)).status == 200
    shown = world.payout(paid)
    assert (shown["status"], shown["needs_review"]) == ("Failed", True)


# --- out of order


@pytest.mark.parametrize(("amount", "status"), [("7.41", "Completed"), ("7.42", "Failed")])
def test_a_webhook_before_the_answer_to_the_call_counts_like_any_other(
    amount: str, status: str, world: World
) -> None:
    answer = world.pay(world.customer(), amount)
    assert answer.status in (202, 422)
    transaction_id = str(answer.json["transaction_id"])
    assert [answered for _, _, _, answered in world.deliveries] == [200]
    shown = world.payout(transaction_id)
    assert (shown["status"], shown["needs_review"]) == (status, False)
    assert shown["monoova_transaction_id"] is not None
    world.minutes(5)
    assert world.payout(transaction_id)["status"] == status
    assert len(world.monoova.book.bookings(transaction_id)) == 1


def test_a_webhook_settles_a_payout_whose_answer_was_lost(world: World) -> None:
    world.monoova.script(*[Outcome.TIMEOUT_AFTER_BOOKING_ALWAYS] * 4)
    paid = world.paid()
    assert world.state(paid)[0] == "Pending"
    world.later(180)
    shown = world.payout(paid)
    assert (shown["status"], shown["needs_review"]) == ("Completed", False)
    assert len(world.monoova.book.bookings(paid)) == 1


# --- events that are queued


def test_an_event_for_an_unknown_payout_is_queued_without_the_payee(world: World) -> None:
    payload = {
        "UniqueReference": UNKNOWN,
        "TransactionId": 1000009,
        "Status": REJECTED,
        "Amount": 12.5,
        "Bsb": "062-000",
        "AccountNumber": "987654321",
        "AccountName": "Zelda Quux",
        "PayId": "zelda@example.net",
        "PayIdType": "Email",
        "RejectionReasonDescription": "987654321 of ZELDA QUUX (zelda@example.net) IS CLOSED",
    }
    assert send(world, payload).status == 200
    (text,) = _waiting(world)
    message = json.loads(text)
    assert len(message.pop("seal")) == 64
    assert message == {
        "kind": "Rejected",
        "reference": UNKNOWN,
        "amount_cents": 1250,
        "monoova_transaction_id": "1000009",
        "reason": "••• of ••• (•••) IS CLOSED",
        "return_id": None,
        "trust": "Signed",
    }
    for detail in ("987654321", "Zelda", "zelda", "062"):
        assert detail not in text.replace("\\u2022", "•")


def test_an_event_under_a_foreign_reference_is_queued_without_a_read(
    world: World,
) -> None:
    references = ["invoice-7", UNKNOWN.upper(), "x" * 200]
    aws_calls = AwsCalls(world)
    for reference in references:
        payload = {"UniqueReference": reference, "Status": PAID, "Amount": 1, "TransactionId": 1}
        assert send(world, payload).status == 200
    kept = ["DynamoDB.GetItem", "DynamoDB.UpdateItem"]
    once = ["Secrets Manager.GetSecretValue", "SQS.SendMessage", *kept]
    assert aws_calls.names == [*once, "SQS.SendMessage", "SQS.SendMessage"]
    assert [message["reference"] for message in queued_events(world)] == references


def test_an_event_whose_payout_cannot_be_written_is_queued_and_applied_later(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    paid = world.paid()
    payload = body(world, paid)
    world.container.signed_events.note("NppPaymentStatus")
    aws_calls = AwsCalls(world)
    aws_calls.at("DynamoDB.UpdateItem", throttled)
    capsys.readouterr()
    assert send(world, payload).status == 200
    (line,) = lines(capsys)
    assert (line["WebhooksSetAside"], line["Errors"]) == (1, 1)
    assert line["outcome"] == "not applied: StorageUnavailableError"
    aws_calls.acts.clear()
    assert world.state(paid) == ("Pending", "Accepted")
    (waiting,) = _waiting(world)
    assert world.sqs_event("take_up_webhook_events", waiting) == []
    assert world.payout(paid)["status"] == "Completed"


def test_an_event_for_a_record_that_cannot_be_read_is_queued_too(world: World) -> None:
    paid = world.paid()
    payload = body(world, paid)
    world.dynamodb.update_item(
        TableName="TransactionsTable",
        Key={"transaction_id": {"S": paid}},
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": {"S": "FromTheFuture"}},
    )
    assert send(world, payload).status == 200
    assert [message["reference"] for message in queued_events(world)] == [paid]


def test_an_event_for_a_record_that_changes_at_every_try_is_queued_too(world: World) -> None:
    paid = world.paid()
    payload = body(world, paid)
    assert send(world, payload | {"Amount": 1}).status == 200
    aws_calls = AwsCalls(world)

    def another_writer_is_faster(_body: str) -> None:
        world.dynamodb.update_item(
            TableName="TransactionsTable",
            Key={"transaction_id": {"S": paid}},
            UpdateExpression="ADD version :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    aws_calls.at("DynamoDB.UpdateItem", another_writer_is_faster)
    assert send(world, payload).status == 200
    assert aws_calls.names.count("DynamoDB.UpdateItem") < 20
    assert [message["reference"] for message in queued_events(world)] == [paid]
    aws_calls.acts.clear()
    assert send(world, payload).status == 200
    assert world.payout(paid)["status"] == "Completed"


def test_an_event_for_a_payout_that_is_removed_meanwhile_is_queued_too(world: World) -> None:
    paid = world.paid()
    payload = body(world, paid)
    assert send(world, payload | {"Amount": 1}).status == 200
    aws_calls = AwsCalls(world)

    def removed_before_the_second(_body: str) -> None:
        if aws_calls.names.count("DynamoDB.UpdateItem") == 2:
            key = {"transaction_id": {"S": paid}}
            world.dynamodb.delete_item(TableName="TransactionsTable", Key=key)

    aws_calls.at("DynamoDB.UpdateItem", removed_before_the_second)
    assert send(world, payload).status == 200
    assert [message["reference"] for message in queued_events(world)] == [paid]


@pytest.mark.parametrize("known", [True, False])
def test_an_event_that_can_be_neither_applied_nor_queued_has_to_be_retried_by_monoova(
    known: bool, world: World
) -> None:
    paid = world.paid()
    payload = body(world, paid)
    if not known:
        payload["UniqueReference"] = UNKNOWN
    aws_calls = AwsCalls(world)
    aws_calls.at("DynamoDB.UpdateItem", throttled)
    aws_calls.at("SQS.SendMessage", unreachable)
    answer = send(world, payload)
    assert (answer.status, answer.code) == (500, "StorageUnavailable")
    aws_calls.acts.clear()
    assert send(world, body(world, paid)).status == 200
    assert world.payout(paid)["status"] == "Completed"


def test_monoovas_retry_succeeds_where_the_first_delivery_failed(world: World) -> None:
    paid = world.paid("7.06")
    world.later(180)
    (notification,) = world.monoova.notifications
    assert notification.tries == 2
    assert world.payout(paid)["status"] == "Completed"


# --- what it costs


@pytest.mark.parametrize("status", [PAID, REJECTED])
def test_the_usual_webhook_costs_one_write_and_nothing_else(status: str, world: World) -> None:
    payload = body(world, world.paid(), status)
    raw = json.dumps(payload).encode()
    aws_calls = AwsCalls(world)
    assert send(world, raw, Verification_Signature=signature(raw)).status == 200
    # An instance reads once which events are signed, and the first of all to see one writes it.
    once = ["DynamoDB.GetItem", "DynamoDB.UpdateItem"]
    assert aws_calls.names == ["Secrets Manager.GetSecretValue", "DynamoDB.UpdateItem", *once]
    aws_calls.names.clear()
    payload = body(world, world.paid(), status)
    aws_calls.names.clear()
    raw = json.dumps(payload).encode()
    assert send(world, raw, Verification_Signature=signature(raw)).status == 200
    assert aws_calls.names == ["DynamoDB.UpdateItem"]


def test_the_line_of_a_webhook_says_which_delivery_it_was_and_how_long_it_took(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    paid = world.paid()
    payload = body(world, paid)
    world.clock.advance(90)
    capsys.readouterr()
    assert send(world, payload, Webhookid="900123").status == 200
    (line,) = lines(capsys)
    assert (line["webhook_id"], line["event_name"]) == ("900123", "NppPaymentStatus")
    assert (line["transaction_id"], line["outcome"]) == (paid, "applied")
    assert (line["WebhookSeconds"], line["PayoutsCompleted"]) == (0.0, 1)
    assert line["SecondsToCompletion"] == 90.0
    assert send(world, payload, Webhookid="jo@example.com").status == 200
    (line,) = lines(capsys)
    assert (line["webhook_id"], line["outcome"]) == (None, "no change")
