"""The switches for what Monoova leaves open, its login, and the calls that only read."""

from decimal import Decimal
from email.utils import parsedate_to_datetime

import pytest

from simulator.behaviour import Behaviour, Duplicate
from simulator.book import MovementKind
from simulator.monoova import M_ACCOUNT
from simulator.testing import Bench, bank_payout, payid_payout


def test_a_duplicate_can_be_answered_with_the_first_reply() -> None:
    bench = Bench(duplicate="replayed")
    first, second = (bench.execute(payid_payout("po-1", 10)) for _ in range(2))
    assert first.content == second.content
    assert len(bench.monoova.book.bookings("po-1")) == 1


def test_a_duplicate_can_be_answered_with_an_error_or_another_word() -> None:
    bench = Bench(duplicate="error")
    bench.execute(payid_payout("po-1", 10))
    assert bench.execute(payid_payout("po-1", 10)).status_code == 500
    bench.monoova.behave(duplicate="refused", duplicate_status="SimulatedNonsense")
    assert bench.execute(payid_payout("po-1", 10)).json()["status"] == "SimulatedNonsense"


def test_a_provider_that_does_not_deduplicate_shows_in_the_book() -> None:
    bench = Bench(duplicate=Duplicate.BOOKED_AGAIN)
    for _ in range(2):
        bench.execute(payid_payout("po-1", 10))
    assert bench.monoova.book.double_bookings() == {"po-1": 2}
    assert bench.monoova.book.paid_out("po-1") == 20


def test_a_refusal_can_use_up_the_reference() -> None:
    bench = Bench(refusals_consume_reference=True)
    bench.execute(payid_payout("po-1", 10, "not a payid"))
    bench.execute(payid_payout("po-2", 7.10))
    for reference in ("po-1", "po-2"):
        answer = bench.execute(payid_payout(reference, 10))
        assert answer.json()["status"] == "SimulatedDuplicateReference"


def test_pending_can_be_said_in_the_status() -> None:
    bench = Bench(pending_answer="status_pending")
    assert bench.execute(payid_payout("po-1", 10)).json()["status"] == "Pending"
    assert bench.execute(payid_payout("po-2", 7.01)).json()["status"] == "Ok"


def test_a_payout_beyond_the_balance_is_refused_or_rejected_later() -> None:
    bench = Bench(opening_balance=Decimal("10"))
    answer = bench.execute(payid_payout("po-1", 10))
    assert answer.json()["status"] == "SimulatedInsufficientFunds"
    bench.monoova.behave(insufficient_funds="rejected_later")
    assert bench.execute(payid_payout("po-1", 10)).status_code == 200
    bench.later(120)
    assert bench.inbox.deliveries[0].json["RejectionReasonDescription"] == "INSUFFICIENT FUNDS"
    assert bench.monoova.book.paid_out("po-1") == 0


def test_fees_can_leave_another_account_or_come_back_with_a_rejection() -> None:
    bench = Bench(separate_fee_account=True)
    bench.execute(bank_payout("po-1", 10))
    assert [m.kind for m in bench.monoova.book.of("po-1")] == [MovementKind.DEBIT]
    bench = Bench(refund_fee_on_rejection=True)
    bench.execute(bank_payout("po-1", 7.03))
    bench.later(120)
    assert bench.monoova.book.balance == bench.monoova.book.opening_balance


@pytest.mark.parametrize("http", [400, 200, 404])
def test_an_unknown_reference_has_one_body_under_any_http_code(http: int) -> None:
    bench = Bench(unknown_reference_http=http)
    answer = bench.get("/financial/v2/status/po-1")
    assert (answer.status_code, answer.json()["status"]) == (http, "UniqueIdNotFound")


def test_a_payout_can_become_visible_some_seconds_late() -> None:
    bench = Bench(visibility_seconds=5)
    bench.execute(payid_payout("po-1", 10))
    assert bench.status("po-1")["status"] == "UniqueIdNotFound"
    bench.later(5)
    assert bench.status("po-1")["transactionStatus"] == "Pending"


def test_status_replies_can_lack_their_envelope() -> None:
    bench = Bench(bare_status_replies=True)
    bench.execute(payid_payout("po-1", 10))
    answer = bench.status("po-1")
    assert not {"durationMs", "status"} & answer.keys()
    assert answer["transactionStatus"] == "Pending"


def test_replies_and_webhooks_can_have_unknown_fields() -> None:
    bench = Bench(extra_fields=True)
    assert "simulatedExtraField" in bench.execute(payid_payout("po-1", 10)).json()
    bench.later(120)
    assert "SimulatedExtraField" in bench.inbox.deliveries[0].json


def test_status_by_date_can_mean_completion_and_end_before_its_end() -> None:
    bench = Bench(status_date="completed", end_date_inclusive=False)
    bench.execute(payid_payout("po-1", 10))
    by_day = "/financial/v2/status/2026-03-02/2026-03-03"
    assert bench.get(by_day).json()["statuses"] == []
    bench.later(120)
    assert len(bench.get(by_day).json()["statuses"]) == 1
    assert bench.get("/financial/v2/status/2026-03-01/2026-03-02").json()["statuses"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"no_such_switch": 1},
        {"duplicate": "perhaps"},
        {"triggers": 1},
        {"hold_seconds": True},
        {"hold_seconds": "long"},
        {"webhook_after_seconds": [3]},
        {"webhook_after_seconds": [3, 1]},
        {"npp_payout_limit": "much"},
        {"unknown_reference_http": "4o4"},
    ],
)
def test_a_switch_that_does_not_fit_is_named_and_changes_nothing(
    changes: dict[str, object],
) -> None:
    bench = Bench()
    (name,) = changes
    with pytest.raises(ValueError, match=name):
        bench.monoova.behave(**changes)
    assert bench.monoova.behaviour == Behaviour()


def test_switches_take_the_values_of_plain_json() -> None:
    behaviour = Behaviour().changed(
        {
            "npp_payout_limit": 500,
            "hold_seconds": 3,
            "webhook_after_seconds": [1, 2],
            "unknown_reference_http": 404,
            "time_zone": "UTC",
        }
    )
    assert behaviour.npp_payout_limit == Decimal(500)
    assert behaviour.webhook_after_seconds == (1.0, 2.0)


@pytest.mark.parametrize("http", [401, 400, 200])
def test_a_wrong_key_is_refused_under_any_http_code(http: int) -> None:
    bench = Bench(login_failure_http=http)
    bench.session.auth = ("wrong", "")
    answer = bench.execute(payid_payout("po-1", 10))
    assert (answer.status_code, answer.json()["status"]) == (http, "MerchantFailedToLogin")
    assert bench.monoova.book.movements == []
    assert bench.monoova.received == []
    assert bench.monoova.calls[0].authenticated is False


def test_the_fifth_failure_in_a_row_locks_even_the_right_key_out_for_an_hour() -> None:
    bench = Bench()
    right, bench.session.auth = bench.session.auth, ("wrong", "")
    said = [bench.get("/tools/v1/ping").json()["status"] for _ in range(5)]
    assert said == ["MerchantFailedToLogin"] * 4 + ["MerchantLockedOut"]
    bench.session.auth = right
    locked = bench.get("/tools/v1/ping").json()
    assert locked["status"] == "MerchantLockedOut"
    assert "2026-03-02 02:00:00 UTC" in locked["statusDescription"]
    bench.later(3599)
    assert bench.get("/tools/v1/ping").status_code == 401
    bench.later(1)
    assert bench.get("/tools/v1/ping").status_code == 200
    assert bench.monoova.login.failures == 0


def test_a_success_forgives_the_failures_before_it() -> None:
    bench = Bench()
    right = bench.session.auth
    for _ in range(3):
        bench.session.auth = ("wrong", "")
        for _ in range(4):
            bench.get("/tools/v1/ping")
        bench.session.auth = right
        assert bench.get("/tools/v1/ping").status_code == 200


@pytest.mark.parametrize(
    "header", ["Bearer simulator-api-key", "Basic !!!", "Basic c2ltdWxhdG9yLWFwaS1rZXk6cHc=", ""]
)
def test_only_the_key_with_an_empty_password_opens(header: str) -> None:
    bench = Bench()
    bench.session.auth = None
    bench.session.headers["Authorization"] = header
    assert bench.get("/tools/v1/ping").json()["status"] == "MerchantFailedToLogin"


def test_a_call_without_credentials_is_refused_and_not_counted() -> None:
    bench = Bench()
    bench.session.auth = None
    for _ in range(6):
        assert bench.get("/tools/v1/ping").status_code == 401
    assert bench.monoova.login.failures == 0
    assert bench.get("/public/v1/ping").json()["environment"] == "Sandbox"


def test_after_a_rotation_only_the_new_key_opens() -> None:
    bench = Bench()
    bench.monoova.rotate_key("another")
    assert bench.get("/tools/v1/ping").status_code == 401
    bench.session.auth = ("another", "")
    assert bench.get("/tools/v1/ping").status_code == 200


def test_balance_and_limit_are_those_of_the_book() -> None:
    bench = Bench(opening_balance=Decimal("100"))
    bench.execute(bank_payout("po-1", 10))
    financials = bench.get(f"/mAccount/v1/financials/{M_ACCOUNT}").json()["financials"]
    assert financials["actualBalance"] == financials["availableToDebit"] == 89.901
    assert financials["nppPayoutLimit"] == 100000
    details = bench.get(f"/mAccount/v1/get/{M_ACCOUNT}").json()["details"]
    assert details["financials"] == financials
    for call in ("financials", "get"):
        assert bench.get(f"/mAccount/v1/{call}/1234567890123456").status_code == 400


def test_a_bsb_is_open_closed_unknown_or_malformed() -> None:
    bench = Bench()
    assert bench.get("/tools/v1/bsbValidate/802-985").json()["closed"] is False
    assert bench.get("/tools/v1/bsbValidate/999-999").json()["closed"] is True
    assert bench.get("/tools/v1/bsbValidate/999998").json()["address"] == "1 Example Street"
    assert bench.get("/tools/v1/bsbValidate/999-000").json()["status"] == "SimulatedBsbNotFound"
    assert bench.get("/tools/v1/bsbValidate/80-2985").status_code == 400
    bench.monoova.behave(triggers=False)
    assert bench.get("/tools/v1/bsbValidate/999-999").json()["closed"] is False


@pytest.mark.parametrize(
    ("pay_id", "owner"),
    [("stranger@example.com", "Another Name Pty Ltd"), ("unregistered@example.com", None)],
)
def test_a_payid_may_be_registered_to_another_name_or_not_at_all(
    pay_id: str, owner: str | None
) -> None:
    body = {
        "creditMethod": "NppCreditPayId",
        "payIdType": "Email",
        "payId": pay_id,
        "accountName": "Jo Citizen",
        "verificationIdentifier": "v-1",
    }
    answer = Bench().post("/verify/v2/aba/initiate", body)
    assert (answer.status_code, answer.json().get("ownerName")) == (200 if owner else 400, owner)


def test_an_account_is_verified_with_the_sandboxs_code() -> None:
    bench = Bench()
    started = bench.post(
        "/verify/v2/aba/initiate",
        {
            "creditMethod": "NppCreditPayId",
            "payIdType": "Email",
            "payId": "jo@example.org",
            "accountName": "Jo Citizen",
            "verificationIdentifier": "v-1",
        },
    ).json()
    assert started["ownerName"] == "Jo Citizen"
    proof = {"token": started["token"], "amount": 0.01, "code": "555555"}
    assert bench.post("/verify/v1/aba/validate", proof).json()["status"] == "Ok"
    assert len(bench.monoova.book.of(started["token"])) == 2


def test_three_wrong_codes_lock_the_token_for_an_hour() -> None:
    bench = Bench()
    token = bench.post(
        "/verify/v2/aba/initiate",
        {
            "creditMethod": "NppCreditBankAccount",
            "bsb": "802-985",
            "bankAccountNumber": "718414234",
            "accountName": "Jo Citizen",
            "verificationIdentifier": "v-1",
        },
    ).json()["token"]
    wrong = {"token": token, "amount": 0.01, "code": "000000"}
    right = {**wrong, "code": "555555"}
    said = [bench.post("/verify/v1/aba/validate", wrong).json()["status"] for _ in range(3)]
    assert said[2] == "SimulatedVerificationTokenIsLocked"
    assert bench.post("/verify/v1/aba/validate", right).status_code == 400
    bench.later(3600)
    assert bench.post("/verify/v1/aba/validate", right).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"accountName": "Jo", "verificationIdentifier": "v"},
        {"accountName": "Jo", "verificationIdentifier": "v", "creditMethod": "NppCreditPayId"},
    ],
)
def test_a_faulty_verification_is_refused(body: dict[str, object]) -> None:
    bench = Bench()
    assert bench.post("/verify/v2/aba/initiate", body).status_code == 400
    assert bench.post("/verify/v1/aba/validate", body).status_code == 400


def test_a_path_that_monoova_does_not_have_is_not_found() -> None:
    assert Bench().get("/financial/v3/anything").status_code == 404


def test_of_a_minute_no_more_calls_are_taken_than_it_says_and_none_is_looked_at() -> None:
    bench = Bench(executes_per_minute=2)
    answers = [bench.execute(payid_payout(f"po-{number}", 10)) for number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[2].headers["Retry-After"]) <= 60
    assert bench.monoova.book.bookings("po-2") == []
    assert bench.get(f"/mAccount/v1/financials/{M_ACCOUNT}").status_code == 200
    bench.later(60)
    assert bench.execute(payid_payout("po-2", 10)).status_code == 200


def test_questions_have_a_number_of_their_own() -> None:
    bench = Bench(questions_per_minute=1)
    asked = [bench.get(f"/mAccount/v1/financials/{M_ACCOUNT}").status_code for _ in range(2)]
    assert asked == [200, 429]
    assert bench.execute(payid_payout("po-1", 10)).status_code == 200


@pytest.mark.parametrize("form", ["date", "absent"])
def test_when_to_come_again_may_be_a_date_or_not_be_said(form: str) -> None:
    bench = Bench(executes_per_minute=1, retry_after=form)
    bench.execute(payid_payout("po-1", 10))
    headers = bench.execute(payid_payout("po-2", 10)).headers
    if form == "absent":
        assert "Retry-After" not in headers
        return
    until, now = (parsedate_to_datetime(headers[name]) for name in ("Retry-After", "Date"))
    assert 0 < (until - now).total_seconds() <= 60
