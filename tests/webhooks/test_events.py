"""Reading Monoova's webhooks: both forms, whatever else may come, and in bounded time."""

import json
import time
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.monoova.event_names import DISHONOUR, KNOWN_EVENTS, PAYMENT_STATUS, RETURN
from chalicelib.payouts.rules.news import Notice, NoticeKind
from chalicelib.webhooks.events import (
    UNKNOWN,
    Event,
    MalformedEventError,
    event_of,
)

REFERENCE: Final = "3f0c4a6e-0000-4000-8000-000000000001"

OFFICIAL: Final[dict[str, Any]] = {
    "TransactionDate": "2026-03-02T12:00:00",
    "UniqueReference": REFERENCE,
    "TransactionId": 1000001,
    "Status": "Payment Successful",
    "Amount": 125.5,
    "Bsb": None,
    "AccountNumber": None,
    "AccountName": "Jo Citizen",
    "PayId": "jo@example.com",
    "PayIdType": "Email",
}
OFFICIAL_RETURN: Final[dict[str, Any]] = {
    "ReturnDate": "2026-03-03T12:00:00",
    "Amount": 125.5,
    "Bsb": "062-000",
    "AccountNumber": "123456789",
    "AccountName": "Jo Citizen",
    "ReturnReason": "ACCOUNT CLOSED",
    "TransactionId": 1000001,
    "UniqueReference": REFERENCE,
    "ReturnTransactionId": 8000001,
}
PAID: Final = Notice(NoticeKind.PAID, REFERENCE, 12550, "1000001")
RETURNED: Final = Notice(
    NoticeKind.RETURNED, REFERENCE, 12550, "1000001", "ACCOUNT CLOSED", "8000001"
)


def _camel(body: dict[str, Any]) -> dict[str, Any]:
    return {name[0].lower() + name[1:]: value for name, value in body.items()}


def _seed(event_name: str, body: dict[str, Any]) -> dict[str, Any]:
    text_id = {"transactionId": str(body["TransactionId"])}
    return {"eventName": event_name, **_camel(body), **text_id}


def _event(body: object, path_name: str | None = None) -> Event:
    return event_of(json.dumps(body).encode(), path_name)


def _notice(body: object, path_name: str | None = None) -> Notice:
    notice = _event(body, path_name).notice
    assert notice is not None
    return notice


@pytest.mark.parametrize("path_name", [None, "NppPaymentStatus", "npppaymentstatus"])
@pytest.mark.parametrize("body", [OFFICIAL, _seed(PAYMENT_STATUS, OFFICIAL), _camel(OFFICIAL)])
def test_a_payment_status_reads_the_same_in_both_forms(
    body: dict[str, Any], path_name: str | None
) -> None:
    assert _event(body, path_name) == Event(PAYMENT_STATUS, PAID)


@pytest.mark.parametrize("path_name", [None, "NppReturn", "NPPRETURN"])
@pytest.mark.parametrize("body", [OFFICIAL_RETURN, _seed(RETURN, OFFICIAL_RETURN)])
def test_a_return_reads_the_same_in_both_forms(body: dict[str, Any], path_name: str | None) -> None:
    assert _event(body, path_name) == Event(RETURN, RETURNED)


@pytest.mark.parametrize("blank", [{"PayIdType": None}, {"PayIdType": ""}, {}])
def test_a_bank_payouts_status_is_known_by_its_shape_whatever_stands_for_the_missing_payid(
    blank: dict[str, Any],
) -> None:
    body = {name: value for name, value in OFFICIAL.items() if not name.startswith("PayId")}
    bank = body | {"Bsb": "062-000", "AccountNumber": "123456789"} | blank
    assert _event(bank) == Event(PAYMENT_STATUS, PAID)


@pytest.mark.parametrize(
    ("path_name", "event_name", "expected"),
    [
        ("NppReturn", "NppPaymentStatus", RETURN),
        ("InboundDirectCredit", "NppPaymentStatus", "InboundDirectCredit"),
        (None, "nppreceivepayment", "NPPReceivePayment"),
        (None, "NppPaymentStatus", PAYMENT_STATUS),
        (None, "  ", PAYMENT_STATUS),
        (None, 7, PAYMENT_STATUS),
        ("SomethingNew", "NppPaymentStatus", "SomethingNew"),
        ("Jo Citizen 123456789", "NppPaymentStatus", UNKNOWN),
        ("x" * 51, "NppPaymentStatus", UNKNOWN),
    ],
)
def test_the_path_names_the_event_else_its_own_name_else_its_shape(
    path_name: str | None, event_name: object, expected: str
) -> None:
    # A status that says nothing of a payout may be another event's.
    body = {**OFFICIAL, "Status": "Pending", "eventName": event_name}
    if expected == RETURN:
        del body["Status"]
    assert _event(body, path_name).name == expected


@pytest.mark.parametrize("path_name", [*KNOWN_EVENTS.values(), "SomethingNew", "x" * 51, None])
@pytest.mark.parametrize("event_name", ["InboundDirectDebit", "SomethingNew", None])
def test_news_of_a_payout_is_read_by_its_shape_wherever_it_arrives(
    path_name: str | None, event_name: str | None
) -> None:
    named = {"eventName": event_name}
    assert _event({**OFFICIAL, **named}, path_name) == Event(PAYMENT_STATUS, PAID)
    assert _event({**OFFICIAL_RETURN, **named}, path_name) == Event(RETURN, RETURNED)
    assert _event({**OFFICIAL_DISHONOUR, **named}, path_name).name == DISHONOUR


OFFICIAL_DISHONOUR: Final[dict[str, Any]] = {
    "ReturnDate": "2026-03-04T00:00:00",
    "Amount": 125.5,
    "BankDetails": {"Bsb": "062-000", "AccountNumber": "123456789", "AccountName": "Jo Citizen"},
    "Type": "Credit",
    "ReturnReason": "ACCOUNT 123456789 OF JO CITIZEN IS CLOSED",
    "TransactionDate": "2026-03-02T00:00:00",
    "OriginalTransactionId": 1000001,
    "TransactionReference": REFERENCE,
}


@pytest.mark.parametrize("path_name", [None, "DirectEntryDishonour"])
@pytest.mark.parametrize("kind", ["Credit", "credit"])
def test_a_dishonoured_credit_is_a_return_without_the_payees_details(
    path_name: str | None, kind: str
) -> None:
    reason = "ACCOUNT ••• OF ••• IS CLOSED"
    back = Notice(NoticeKind.RETURNED, REFERENCE, 12550, "1000001", reason, return_id="20260304")
    assert _event({**OFFICIAL_DISHONOUR, "Type": kind}, path_name) == Event(DISHONOUR, back)


@pytest.mark.parametrize("kind", ["Debit", None, 7, ""])
def test_a_dishonoured_debit_is_no_payout_of_ours(kind: object) -> None:
    assert _event({**OFFICIAL_DISHONOUR, "Type": kind}) == Event(DISHONOUR)


def test_a_dishonour_may_name_its_account_by_a_token_and_have_no_date() -> None:
    bare = {**OFFICIAL_DISHONOUR, "BankDetails": None, "ReturnDate": None, "ReturnReason": None}
    back = Notice(NoticeKind.RETURNED, REFERENCE, 12550, "1000001")
    assert _event(bare) == Event(DISHONOUR, back)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"Status": "Rejected"},
        {"UniqueReference": REFERENCE},
        {"Status": "Rejected", "UniqueReference": REFERENCE, "ReturnDate": "2026-03-03"},
        [{"transactionType": "DE", "uniqueReference": REFERENCE}],
        "a text",
        17,
        None,
    ],
)
def test_a_body_of_no_known_shape_is_an_unknown_event_that_changes_nothing(body: object) -> None:
    assert _event(body) == Event(UNKNOWN)


@pytest.mark.parametrize("status", ["Pending", "Accepted", "", None, 7, ["Rejected"]])
def test_a_status_that_monoova_does_not_document_is_no_evidence(status: object) -> None:
    assert _event({**OFFICIAL, "Status": status}, PAYMENT_STATUS) == Event(PAYMENT_STATUS)


@pytest.mark.parametrize("status", ["Payment Successful", "PAYMENT SUCCESSFUL", " rejected "])
def test_a_status_is_read_in_any_case(status: str) -> None:
    kind = NoticeKind.REJECTED if "reject" in status else NoticeKind.PAID
    assert _notice({**OFFICIAL, "Status": status}).kind is kind


@pytest.mark.parametrize(
    ("amount", "cents"),
    [
        (125.5, 12550),
        (0.29, 29),
        (1.1, 110),
        (125, 12500),
        ("125.50", 12550),
        ("10.0000", 1000),
        ("10.0050", None),
        ("0.001", None),
        ("125.50000000000000000000000000000001", None),
        (None, None),
        (True, None),
        ([125.5], None),
        ("", None),
        ("NaN", None),
        ("sNaN", None),
        ("-Infinity", None),
        ("1e400", None),
        ("0e999999999", None),
        (10**4000, None),
        ("9" * 100_000, None),
        ("twelve", None),
    ],
)
def test_an_amount_is_whole_cents_or_it_is_none(amount: object, cents: int | None) -> None:
    assert _notice({**OFFICIAL, "Amount": amount}).amount_cents == cents


@pytest.mark.parametrize("constant", [b"NaN", b"Infinity", b"-Infinity"])
def test_an_amount_that_is_no_number_at_all_matches_no_payout(constant: bytes) -> None:
    raw = json.dumps(OFFICIAL).encode().replace(b"125.5", constant)
    event = event_of(raw, PAYMENT_STATUS)
    assert event.notice is not None
    assert event.notice.amount_cents is None


@pytest.mark.parametrize(
    ("given_id", "read"),
    [
        (1000001, "1000001"),
        ("1000001", "1000001"),
        (" N00100000000 ", "N00100000000"),
        (0, None),
        ("0", None),
        (None, None),
        (True, None),
        (-5, None),
        (1.5, None),
        ("1 000", None),
        ("١٢", None),
        ("9" * 41, None),
        (10**41, None),
        ({}, None),
    ],
)
def test_a_transaction_id_is_read_from_a_number_or_a_text(
    given_id: object, read: str | None
) -> None:
    assert _notice({**OFFICIAL, "TransactionId": given_id}).monoova_transaction_id == read


@pytest.mark.parametrize(
    "reference", [None, "", "   ", 7, "a b", "x" * 201, "ünique", "a\nb", ["a"]]
)
def test_an_event_without_a_usable_reference_is_malformed(reference: object) -> None:
    with pytest.raises(MalformedEventError):
        _event({**OFFICIAL, "UniqueReference": reference}, PAYMENT_STATUS)


def test_the_name_that_an_answer_gives_the_reference_is_understood_too() -> None:
    body = {name: value for name, value in OFFICIAL.items() if name != "UniqueReference"}
    renamed = {**body, "CallerUniqueReference": REFERENCE}
    assert _notice(renamed, PAYMENT_STATUS).reference == REFERENCE


def test_unknown_fields_are_ignored() -> None:
    assert _event({**OFFICIAL, "Added": {"without": ["notice"]}}) == Event(PAYMENT_STATUS, PAID)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff\xfe\xfa",
        b"{'a': 1}",
        b"null,",
        b'{"a": 1e99999999999999999999999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 30_000,
    ],
)
def test_a_body_that_is_not_json_is_malformed_and_quoted_nowhere(raw: bytes) -> None:
    with pytest.raises(MalformedEventError, match=r"^The body is not JSON\.$") as caught:
        event_of(raw, PAYMENT_STATUS)
    assert caught.value.__cause__ is None


def test_a_reason_is_redacted_of_the_payee_that_the_event_itself_names() -> None:
    body = {
        **OFFICIAL,
        "Status": "Rejected",
        "Bsb": "062-000",
        "AccountNumber": "123456789",
        "RejectionReasonDescription": "JO CITIZEN of 062-000 123456789, jo@example.com: CLOSED",
    }
    reason = _notice(body).reason
    assert reason == "••• of ••• •••, •••: CLOSED"


@pytest.mark.parametrize(
    "reason",
    ["a" * 250_000, "1" * 250_000, "1 " * 125_000, "a@" * 125_000, "@" * 250_000, "$1," * 80_000],
)
def test_a_huge_reason_is_read_in_bounded_time(reason: str) -> None:
    body = {**OFFICIAL_RETURN, "ReturnReason": reason, "AccountName": "a" * 1000}
    started = time.process_time()
    assert len(_notice(body).reason or "") <= 200
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "amount", ["0." + "1" * 200_000, "1" * 200_000, "1e-999999999999", "1e-99999999999999999999"]
)
def test_a_huge_number_is_read_in_bounded_time(amount: str) -> None:
    started = time.process_time()
    assert _notice({**OFFICIAL, "Amount": amount}).amount_cents in (None, 0)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("field", ["AccountName", "PayId", "Amount", "TransactionId", "Extra"])
@pytest.mark.parametrize("depth", [100, 900, 1400, 1490, 1500, 5000])
def test_deep_nesting_is_read_or_refused(field: str, depth: int) -> None:
    inner = "[" * depth + "]" * depth
    body = {**OFFICIAL_RETURN, field: "@"}
    raw = json.dumps(body).replace('"@"', inner).encode()
    try:
        event = event_of(raw, RETURN)
    except MalformedEventError:
        return
    assert event.name == RETURN


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=8,
)
FIELDS: Final = sorted({*OFFICIAL, *OFFICIAL_RETURN, "eventName", "RejectionReasonDescription"})
BODIES: Final = st.dictionaries(
    st.sampled_from([*FIELDS, *_camel(dict.fromkeys(FIELDS)), *map(str.upper, FIELDS)]),
    JSON | st.sampled_from(["Rejected", "Payment Successful", PAYMENT_STATUS, RETURN, "12.50"]),
)
PATHS: Final = st.none() | st.sampled_from([PAYMENT_STATUS, RETURN, "Other"]) | st.text(max_size=20)


def _reads_or_refuses(raw: bytes, path_name: str | None) -> None:
    try:
        event = event_of(raw, path_name)
    except MalformedEventError:
        return
    notice = event.notice
    assert notice is None or event.name in (PAYMENT_STATUS, RETURN)
    assert notice is None or isinstance(notice.amount_cents, int | None)
    assert notice is None or len(notice.reason or "") <= 200


@settings(deadline=None, max_examples=300)
@given(BODIES, PATHS)
def test_whatever_stands_in_the_fields_is_read_or_refused_as_malformed(
    body: dict[str, object], path_name: str | None
) -> None:
    _reads_or_refuses(json.dumps(body).encode(), path_name)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200), PATHS)
@example(b'{"UniqueReference": "a", "Amount": 1e+999999999999999999999}', PAYMENT_STATUS)
@example(b'\x00{"UniqueReference": "a"}', None)
def test_whatever_bytes_come_are_read_or_refused_as_malformed(
    raw: bytes, path_name: str | None
) -> None:
    _reads_or_refuses(raw, path_name)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_an_event_damaged_on_its_way_is_read_or_refused_as_malformed(data: st.DataObject) -> None:
    raw = bytearray(json.dumps(data.draw(st.sampled_from([OFFICIAL, OFFICIAL_RETURN]))).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    _reads_or_refuses(bytes(raw), data.draw(PATHS))
