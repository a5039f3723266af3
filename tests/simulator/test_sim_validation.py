"""What validate and execute refuse, and what they let pass."""

import json
from typing import Any

import pytest

from simulator.messages import from_json
from simulator.testing import Bench, bank_payout, payid_payout

PAYID = "FinancialValidateDisbursementNppCreditPayIdDetailsAreInvalid"
BANK = "FinancialValidateDisbursementNppCreditBankAccountDetailsAreInvalid"
TOTAL = "FinancialValidateInvalidTotalAmount"


def payid_with(**details: object) -> dict[str, Any]:
    body: dict[str, Any] = payid_payout("po-1", 10)
    body["disbursements"][0]["toNppCreditPayIdDetails"].update(details)
    return body


def bank_with(**details: object) -> dict[str, Any]:
    body: dict[str, Any] = bank_payout("po-1", 10)
    body["disbursements"][0]["toNppCreditBankAccountDetails"].update(details)
    return body


def disbursed_with(**fields: object) -> dict[str, Any]:
    body: dict[str, Any] = payid_payout("po-1", 10)
    body["disbursements"][0].update(fields)
    return body


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("total of three decimals", payid_payout("po-1", 1.001), TOTAL),
    ("three decimals", disbursed_with(amount=1.001), "SimulatedDisbursementAmountIsInvalid"),
    ("total of 0", {"uniqueReference": "po-1", "totalAmount": 0}, TOTAL),
    ("total with three decimals", {"uniqueReference": "po-1", "totalAmount": 0.001}, TOTAL),
    ("no amount at all", {"uniqueReference": "po-1"}, TOTAL),
    (
        "total not the sum",
        {**payid_payout("po-1", 10), "totalAmount": 11},
        "SimulatedTotalAmountIsNotTheSumOfDisbursements",
    ),
    ("amount is a word", payid_payout("po-1", "ten"), "RequestBodyIsNotTheExpectedType"),
    ("amount is NaN", payid_payout("po-1", "NaN"), "RequestBodyIsNotTheExpectedType"),
    ("amount is infinite", payid_payout("po-1", "Infinity"), "RequestBodyIsNotTheExpectedType"),
    ("amount is true", disbursed_with(amount=True), "RequestBodyIsNotTheExpectedType"),
    ("amount is missing", disbursed_with(amount=None), "RequestBodyIsNotTheExpectedType"),
    ("negative total", payid_payout("po-1", -1), TOTAL),
    ("negative", disbursed_with(amount=-1), "SimulatedDisbursementAmountIsInvalid"),
    ("unknown method", disbursed_with(disbursementMethod="Cheque"), "InvalidDisbursementMethod"),
    (
        "lodgement text too long",
        disbursed_with(lodgementReference="x" * 281),
        "SimulatedFieldIsTooLong",
    ),
    ("reference too long", payid_payout("x" * 201, 10), "SimulatedFieldIsTooLong"),
    (
        "another mAccount",
        {**payid_payout("po-1", 10), "mAccount": {"token": "1234567890123456"}},
        "FinancialValidateInvalidMAccount",
    ),
    (
        "source without token",
        {**payid_payout("po-1", 10), "mAccount": None},
        "FinancialValidateInvalidMAccount",
    ),
    (
        "another source",
        {**payid_payout("po-1", 10), "paymentSource": "directDebit"},
        "SimulatedPaymentSourceIsInvalid",
    ),
    ("disbursements not a list", {"disbursements": "x"}, "RequestBodyIsNotTheExpectedType"),
    ("disbursement not an object", {"disbursements": ["x"]}, "RequestBodyIsNotTheExpectedType"),
    ("phone without hyphen", payid_with(payIdType="PhoneNumber", payId="+61412345678"), PAYID),
    ("phone with a zero", payid_with(payIdType="PhoneNumber", payId="+61-0412345678"), PAYID),
    ("type Phone", payid_with(payIdType="Phone", payId="+61-412345678"), PAYID),
    ("e-mail without @", payid_with(payId="jo.example.org"), PAYID),
    ("PayID too long", payid_with(payId="a" * 250 + "@example.org"), PAYID),
    ("PayID empty", payid_with(payId=""), PAYID),
    ("ABN of ten digits", payid_with(payIdType="ABN", payId="1234567890"), PAYID),
    ("name of one letter", payid_with(accountName="J"), PAYID),
    ("no name", payid_with(accountName=None), PAYID),
    ("end-to-end id too long", payid_with(endToEndId="x" * 36), PAYID),
    ("remitter too long", payid_with(remitterName="x" * 141), PAYID),
    ("no details", disbursed_with(toNppCreditPayIdDetails=None), PAYID),
    ("BSB too short", bank_with(bsbNumber="03-000"), BANK),
    ("account number with a hyphen", bank_with(accountNumber="12-34"), BANK),
    ("account number too long", bank_with(accountNumber="1" * 29), BANK),
]


@pytest.mark.parametrize(
    ("body", "status"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_a_faulty_body_is_refused_with_http_400_and_books_nothing(
    body: dict[str, Any], status: str
) -> None:
    bench = Bench()
    for call in ("validate", "execute"):
        answer = bench.post(f"/financial/v2/transaction/{call}", body)
        assert (answer.status_code, answer.json()["status"]) == (400, status)
        assert answer.json()["transactionId"] == 0
        assert {"durationMs", "statusDescription"} <= answer.json().keys()
    assert bench.monoova.book.movements == []


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b'{"totalAmount": NaN}', b"\xff"])
def test_a_body_that_is_not_an_object_is_refused_and_kept(raw: bytes) -> None:
    bench = Bench()
    url = "https://monoova.example/financial/v2/transaction/execute"
    answer = bench.session.post(url, data=raw, timeout=1)
    assert (answer.status_code, answer.json()["status"]) == (400, "RequestBodyIsNotTheExpectedType")
    assert bench.monoova.received[0].raw == raw


@pytest.mark.parametrize(
    "body",
    [
        payid_payout("po-1", "10.50"),
        payid_payout("po-1", 10),
        payid_with(payId="MW9GM4@monoova.me"),
        payid_with(payIdType="PhoneNumber", payId="+61-412345678"),
        payid_with(payIdType="ABN", payId="38126015228"),
        payid_with(payIdType="ACN", payId="987654321"),
        payid_with(payIdType="OrganisationId", payId="example organisation"),
        bank_with(bsbNumber="802985"),
        bank_with(accountNumber="AB12" * 7),
        {key: payid_payout("po-1", 1)[key] for key in ("uniqueReference", "disbursements")},
        {**payid_payout("po-1", 10), "somethingNew": 1},
    ],
)
def test_a_sound_body_is_accepted(body: dict[str, Any]) -> None:
    bench = Bench()
    assert bench.execute(body).json()["status"] == "Ok"


@pytest.mark.parametrize(
    "key", ["sourceBSB", "sourceAccountBsb", "sourceAcountNumber", "sourceAccountNumber"]
)
def test_every_spelling_of_the_source_account_is_accepted_and_noted(key: str) -> None:
    bench = Bench()
    body = payid_with()
    for other in ("sourceBSB", "sourceAccountNumber"):
        del body["disbursements"][0][other]
    body["disbursements"][0][key] = "802-985"
    assert bench.execute(body).status_code == 200
    assert bench.monoova.received[0].source_fields == (key,)


def test_several_disbursements_are_booked_as_one_with_a_fee_for_each() -> None:
    bench = Bench()
    body = payid_with()
    body["disbursements"] += bank_with()["disbursements"]
    body["totalAmount"] = 20
    answer = bench.execute(body).json()
    assert answer["feeAmountExcludingGst"] == 0.19
    assert len(answer["feeBreakdown"]["disbursementFees"]) == 2
    assert len(bench.monoova.book.bookings("po-1")) == 1


def test_numbers_are_read_without_a_floats_error() -> None:
    parsed = from_json(json.dumps({"amount": 1234567890.1}).encode())
    assert isinstance(parsed, dict)
    assert str(parsed["amount"]) == "1234567890.1"
