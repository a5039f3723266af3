"""Webhooks: their headers, signature, second try, and the faults that they can have."""

import base64
from collections.abc import Mapping

import pytest
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import load_pem_x509_certificate

from simulator.monoova import Monoova
from simulator.outcomes import Outcome
from simulator.testing import (
    WEBHOOK_TOKEN,
    WEBHOOK_URL,
    Bench,
    Delivery,
    bank_payout,
    payid_payout,
    shared_signing_key,
)


def paid(bench: Bench, amount: float = 10, seconds: float = 200) -> list[Delivery]:
    bench.execute(payid_payout("po-1", amount))
    bench.later(seconds)
    return bench.inbox.deliveries


def verify(bench: Bench, delivery: Delivery) -> None:
    hex_text = bench.get("/public/v1/certificate/public-key").text
    assert hex_text == hex_text.upper()
    key = serialization.load_der_public_key(bytes.fromhex(hex_text))
    assert isinstance(key, rsa.RSAPublicKey)
    signature = base64.b64decode(delivery.headers["Verification-Signature"])
    key.verify(signature, delivery.body, padding.PKCS1v15(), hashes.SHA256())


def test_a_webhook_carries_its_id_the_subscriptions_token_and_a_signature_of_its_bytes() -> None:
    bench = Bench()
    (delivery,) = paid(bench)
    assert delivery.url == f"{WEBHOOK_URL}/NppPaymentStatus"
    assert delivery.headers["Authorization"] == WEBHOOK_TOKEN
    assert delivery.headers["Webhookid"].isdigit()
    verify(bench, delivery)


def test_the_public_key_is_a_bare_pkcs1_key_and_in_the_certificate_too() -> None:
    bench = Bench()
    published = bench.get("/public/v1/certificate/public-key")
    assert published.headers["Content-Type"] == "application/octet-stream"
    assert len(bytes.fromhex(published.text)) == 270
    certificate = load_pem_x509_certificate(bench.get("/public/v1/certificate").content)
    assert certificate.public_key() == shared_signing_key().public_key()


def test_the_official_form_is_pascal_case_without_an_event_name() -> None:
    bench = Bench()
    (delivery,) = paid(bench)
    answered = bench.monoova.payments[0].transaction_id
    assert delivery.json["TransactionId"] == answered
    assert delivery.json["UniqueReference"] == "po-1"
    assert delivery.json["LodgementRef"] == "Payout"
    assert delivery.json["TransactionDate"] == "2026-03-02T12:00:00"
    assert "EventName" not in delivery.json


def test_the_seed_form_is_camel_case_with_event_name_and_the_id_as_text() -> None:
    bench = Bench(webhook_form="seed")
    (delivery,) = paid(bench)
    assert delivery.json["eventName"] == "NppPaymentStatus"
    assert delivery.json["transactionId"] == str(bench.monoova.payments[0].transaction_id)
    assert delivery.json["status"] == "Payment Successful"


@pytest.mark.parametrize(
    ("blank", "shown"),
    [("null", {"PayIdType": None}), ("absent", {}), ("empty", {"PayIdType": ""})],
)
def test_the_payid_of_a_bank_payout_is_null_absent_or_empty(
    blank: str, shown: Mapping[str, object]
) -> None:
    bench = Bench(webhook_blank=blank)
    bench.execute(bank_payout("po-1", 10))
    bench.later(200)
    body = bench.inbox.deliveries[0].json
    assert {key: body[key] for key in body if key == "PayIdType"} == shown
    assert body["AccountNumber"] == "123456789"


@pytest.mark.parametrize("code", [204, 202, 301, 401, 500, 0])
def test_anything_but_200_is_tried_once_more_after_thirty_seconds(code: int) -> None:
    bench = Bench()
    bench.inbox.codes = [code, code, code]
    paid(bench)
    first, second = bench.inbox.deliveries
    assert (first.body, first.headers) == (second.body, second.headers)
    (row,) = bench.monoova.notifications
    assert (row.tries, row.is_delivered, row.last_code) == (2, False, code)


def test_the_second_try_comes_thirty_seconds_after_the_first() -> None:
    bench = Bench(webhook_after_seconds=(40, 40))
    bench.inbox.codes = [500]
    bench.execute(payid_payout("po-1", 10))
    bench.later(69)
    assert len(bench.inbox.deliveries) == 1
    bench.later(1)
    assert len(bench.inbox.deliveries) == 2
    assert bench.monoova.next_due() is None


def test_the_second_try_can_have_an_id_of_its_own() -> None:
    bench = Bench(new_webhook_id_on_retry=True)
    bench.inbox.codes = [500]
    first, second = paid(bench)
    assert first.headers["Webhookid"] != second.headers["Webhookid"]


def test_a_receiver_that_breaks_counts_as_not_delivered() -> None:
    bench = Bench()

    def broken(_url: str, _headers: Mapping[str, str], _body: bytes) -> int:
        raise RuntimeError("receiver broke")

    monoova = Monoova(bench.clock, broken, signing_key=shared_signing_key())
    monoova.subscribe(WEBHOOK_URL, WEBHOOK_TOKEN)
    monoova.announce("NppReturn", {"UniqueReference": "po-1"})
    assert monoova.run_due() == 1
    assert monoova.notifications[0].last_error == "RuntimeError('receiver broke')"


def test_a_lost_webhook_stands_as_an_error_in_the_report_and_can_be_asked_for_again() -> None:
    bench = Bench()
    assert paid(bench, 7.05) == []
    report = bench.get("/subscriptions/v1/report/2026-03-02").json()["notifications"]
    assert [(row["status"], row["retryCount"]) for row in report] == [("Error", 1)]
    assert bench.status("po-1")["transactionStatus"] == "Complete"
    bench.post(f"/subscriptions/v2/resend/{report[0]['webhookId']}")
    bench.monoova.run_due()
    assert bench.inbox.deliveries[0].json["UniqueReference"] == "po-1"
    report = bench.get("/subscriptions/v1/report/2026-03-02").json()["notifications"]
    assert report[0]["status"] == "Sent"


def test_a_webhook_can_arrive_on_its_second_try_only() -> None:
    bench = Bench()
    (delivery,) = paid(bench, 7.06)
    assert delivery.json["Status"] == "Payment Successful"
    assert bench.monoova.notifications[0].tries == 2


def test_the_report_skips_takes_and_knows_its_day() -> None:
    bench = Bench()
    for number in range(3):
        bench.execute(payid_payout(f"po-{number}", 10))
    bench.later(200)
    page = bench.get("/subscriptions/v1/report/2026-03-02?skip=1&take=1").json()["notifications"]
    assert [row["webhookId"] for row in page] == [bench.monoova.notifications[1].webhook_id]
    assert bench.get("/subscriptions/v1/report/2026-03-03").json()["notifications"] == []
    assert bench.post("/subscriptions/v2/resend/1").status_code == 400


def test_a_webhook_can_come_twice() -> None:
    bench = Bench()
    first, second = paid(bench, 7.40)
    assert first.body == second.body
    assert first.headers["Webhookid"] != second.headers["Webhookid"]


def test_a_webhook_can_arrive_before_execute_answers_and_ask_back_meanwhile() -> None:
    bench = Bench()
    asked: list[object] = []
    bench.inbox.meanwhile = lambda _: asked.append(bench.status("po-1")["transactionStatus"])
    answer = bench.execute(payid_payout("po-1", 7.41))
    assert "in progress" in answer.json()["statusDescription"]
    assert asked == ["Complete"]


def test_a_webhook_can_have_a_wrong_amount_and_transaction_id() -> None:
    bench = Bench()
    assert paid(bench, 7.43)[0].json["Amount"] != bench.monoova.payments[0].amount
    other = Bench()
    lied = paid(other, 7.44)[0].json["TransactionId"]
    assert lied != other.monoova.payments[0].transaction_id


def test_a_webhook_can_be_contradicted_by_the_next() -> None:
    bench = Bench()
    said = [delivery.json["Status"] for delivery in paid(bench, 7.45)]
    assert said == ["Payment Successful", "Rejected"]
    assert bench.status("po-1")["transactionStatus"] == "Complete"


def test_a_signature_can_be_absent_or_wrong() -> None:
    bench = Bench(webhook_signature="absent")
    (delivery,) = paid(bench)
    assert "Verification-Signature" not in delivery.headers
    bench = Bench(webhook_signature="wrong")
    (delivery,) = paid(bench)
    with pytest.raises(InvalidSignature):
        verify(bench, delivery)


def test_after_a_rotation_only_the_new_key_is_published_and_signs() -> None:
    bench = Bench()
    old = paid(bench)[0]
    bench.monoova.rotate_signing_key()
    with pytest.raises(InvalidSignature):
        verify(bench, old)
    bench.monoova.announce("NppReturn", {"UniqueReference": "po-1"})
    bench.monoova.run_due()
    verify(bench, bench.inbox.deliveries[-1])


def test_an_instant_payout_can_be_announced_too() -> None:
    bench = Bench(webhook_for_instant=True)
    assert len(paid(bench, 7.01)) == 1


def test_an_event_that_is_switched_off_or_deleted_is_not_sent() -> None:
    bench = Bench()
    rows = bench.get("/subscriptions/v1/list").json()["eventname"]
    row = next(row for row in rows if row["eventName"] == "NppPaymentStatus")
    bench.post(
        "/subscriptions/v1/update",
        {"id": row["id"], "targetUrl": row["targetUrl"], "subscriptionStatus": "Off"},
    )
    assert paid(bench) == []
    url = f"https://monoova.example/subscriptions/v1/delete/{row['id']}"
    assert bench.session.delete(url, timeout=1).status_code == 200
    assert bench.session.delete(url, timeout=1).status_code == 400


def test_an_event_can_have_one_subscription_only() -> None:
    bench = Bench()
    body = {
        "eventName": "nppreturn",
        "targetUrl": "https://app.example/other",
        "subscriptionStatus": "On",
        "securityToken": "Bearer other",
    }
    answer = bench.post("/subscriptions/v1/create", body)
    assert (answer.status_code, answer.json()["status"]) == (400, "WebhookAlreadySubscribed")
    existing = answer.json()
    update = {**body, "id": existing["id"]}
    assert bench.post("/subscriptions/v1/update", update).json()["eventName"] == "NppReturn"
    bench.monoova.announce("NppReturn", {})
    bench.monoova.run_due()
    delivery = bench.inbox.deliveries[0]
    assert delivery.url == "https://app.example/other"
    assert delivery.headers["Authorization"] == "Bearer other"


def test_a_new_subscription_is_off_unless_it_says_on() -> None:
    bench = Bench()
    bench.session.delete("https://monoova.example/subscriptions/v1/delete/1", timeout=1)
    body = {"eventName": "NppReturn", "targetUrl": "https://app.example/r"}
    created = bench.post("/subscriptions/v1/create", body).json()
    assert created["dateTime"] == "3/2/2026 12:00:00 PM"
    bench.monoova.announce("NppReturn", {})
    bench.monoova.run_due()
    assert bench.inbox.deliveries == []
    for faulty in ({}, {**body, "eventName": "Nonsense"}, {**body, "subscriptionStatus": "Maybe"}):
        assert bench.post("/subscriptions/v1/create", faulty).status_code == 400
    assert bench.post("/subscriptions/v1/update", {"id": 99}).status_code == 400


@pytest.mark.parametrize("token", ["bare-secret", "Bearer ", " secret", "Bearer a b"])
def test_a_token_without_both_parts_is_refused(token: str) -> None:
    bench = Bench()
    body = {"eventName": "NppReturn", "targetUrl": "https://a.example", "securityToken": token}
    answer = bench.post("/subscriptions/v1/create", body)
    assert answer.status_code == 400
    assert "both parts" in answer.json()["statusDescription"]
    created = bench.post("/subscriptions/v1/create", body | {"securityToken": "Bearer x"}).json()
    update = body | {"id": created["id"], "subscriptionStatus": "On"}
    assert bench.post("/subscriptions/v1/update", update).status_code == 400


def test_the_webhooks_of_a_timed_out_payout_come_all_the_same() -> None:
    bench = Bench()
    bench.monoova.script(Outcome.TIMEOUT_THEN_REJECTED)
    with pytest.raises(requests.ReadTimeout):
        bench.execute(payid_payout("po-1", 10))
    bench.later(200)
    assert bench.inbox.deliveries[0].json["Status"] == "Rejected"


@pytest.mark.parametrize("layout", ["spaced", "compact", "indented"])
def test_the_signature_covers_the_bytes_however_they_are_laid_out(layout: str) -> None:
    bench = Bench(webhook_layout=layout)
    (delivery,) = paid(bench)
    assert (b"\n" in delivery.body) is (layout == "indented")
    assert (b'": ' in delivery.body) is (layout != "compact")
    verify(bench, delivery)
