"""From execute to the end of a payout, judged by the simulator's own book."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from simulator.book import MovementKind
from simulator.messages import Request, to_json
from simulator.monoova import M_ACCOUNT
from simulator.outcomes import Outcome
from simulator.testing import Bench, bank_payout, payid_payout


def kinds(bench: Bench, reference: str) -> list[MovementKind]:
    return [movement.kind for movement in bench.monoova.book.of(reference)]


def test_an_ordinary_payout_is_pending_until_the_webhook_and_then_complete() -> None:
    bench = Bench()
    answer = bench.execute(payid_payout("po-1", 125.50))
    assert answer.status_code == 200
    assert answer.json()["status"] == "Ok"
    assert "in progress" in answer.json()["statusDescription"]
    assert bench.status("po-1")["transactionStatus"] == "Pending"
    bench.later(29)
    assert bench.status("po-1")["transactionStatus"] == "Pending"
    assert bench.inbox.deliveries == []
    bench.later(91)
    assert bench.status("po-1")["transactionStatus"] == "Complete"
    assert [delivery.json["Status"] for delivery in bench.inbox.deliveries] == [
        "Payment Successful"
    ]


@pytest.mark.parametrize("amount", ["10.00", "125.50", "42.42", "99.95", "10.50", "0.01", "7.00"])
def test_ordinary_amounts_behave_ordinarily(amount: str) -> None:
    bench = Bench()
    assert bench.execute(payid_payout("po-1", amount)).json()["status"] == "Ok"
    bench.later(120)
    assert bench.status("po-1")["transactionStatus"] == "Complete"


def test_the_book_holds_the_amount_and_the_fee_to_four_places() -> None:
    bench = Bench(opening_balance=Decimal("100"))
    bench.execute(bank_payout("po-1", 10.50))
    movements = bench.monoova.book.of("po-1")
    assert [(m.kind, m.amount) for m in movements] == [
        (MovementKind.DEBIT, Decimal("-10.5000")),
        (MovementKind.FEE, Decimal("-0.0990")),
    ]
    assert bench.monoova.book.balance == Decimal("89.4010")
    assert bench.monoova.book.paid_out("po-1") == Decimal("10.50")


def test_a_rejected_payout_gives_the_money_back_and_keeps_the_fee() -> None:
    bench = Bench()
    bench.execute(payid_payout("po-1", 7.03))
    bench.later(120)
    status = bench.status("po-1")
    assert status["transactionStatus"] == "Rejected"
    assert status["completedDate"] == "2026-03-02"
    assert kinds(bench, "po-1") == [
        MovementKind.DEBIT,
        MovementKind.FEE,
        MovementKind.REJECTION_CREDIT,
    ]
    assert bench.monoova.book.paid_out("po-1") == 0
    said = bench.inbox.deliveries[0].json
    assert said["Status"] == "Rejected"
    assert said["RejectionReasonDescription"] == "ACCOUNT CLOSED"


def test_a_returned_payout_stays_complete_in_the_status_api() -> None:
    bench = Bench()
    bench.execute(payid_payout("po-1", 7.07))
    bench.later(600)
    assert bench.status("po-1")["transactionStatus"] == "Complete"
    assert kinds(bench, "po-1")[-1] is MovementKind.RETURN_CREDIT
    events = [delivery.url.rsplit("/", 1)[1] for delivery in bench.inbox.deliveries]
    assert events == ["NppPaymentStatus", "NppReturn"]
    returned = bench.inbox.deliveries[1].json
    assert returned["ReturnReason"] == "ACCOUNT CLOSED"
    assert "Status" not in returned


def test_a_return_can_be_announced_before_the_success_and_be_partial() -> None:
    bench = Bench(partial_return=True)
    bench.execute(payid_payout("po-1", 7.46))
    bench.later(600)
    events = [delivery.url.rsplit("/", 1)[1] for delivery in bench.inbox.deliveries]
    assert events == ["NppReturn", "NppPaymentStatus"]
    assert bench.monoova.book.paid_out("po-1") == Decimal("3.73")


def test_an_instant_payout_is_complete_at_once_and_sends_no_webhook() -> None:
    bench = Bench()
    answer = bench.execute(payid_payout("po-1", 7.01)).json()
    assert "in progress" not in answer["statusDescription"]
    assert bench.status("po-1")["transactionStatus"] == "Complete"
    bench.later(600)
    assert bench.inbox.deliveries == []


def test_a_payout_can_stay_pending_for_ever() -> None:
    bench = Bench()
    bench.execute(payid_payout("po-1", 7.04))
    bench.later(7 * 24 * 3600)
    assert bench.status("po-1")["transactionStatus"] == "Pending"
    assert bench.inbox.deliveries == []


def test_a_dishonoured_payout_is_reported_by_the_status_api_only() -> None:
    bench = Bench()
    bench.execute(payid_payout("po-1", 7.08))
    bench.later(120)
    status = bench.status("po-1")
    assert (status["transactionStatus"], status["completedDate"]) == ("Dishonoured", None)
    assert status["dishonouredDate"] == "2026-03-02"
    assert bench.monoova.book.paid_out("po-1") == 0
    assert bench.inbox.deliveries == []


@pytest.mark.parametrize(
    ("account_number", "reason"),
    [("900000001", "ACCOUNT CLOSED"), ("900000002", "INVALID ACCOUNT NUMBER")],
)
def test_some_accounts_are_always_rejected(account_number: str, reason: str) -> None:
    bench = Bench()
    bench.execute(bank_payout("po-1", 10, account_number))
    bench.later(120)
    assert bench.inbox.deliveries[0].json["RejectionReasonDescription"] == reason


def test_some_payids_are_always_rejected_however_they_are_written() -> None:
    bench = Bench()
    bench.execute(payid_payout("po-1", 10, "Unregistered@Example.com"))
    bench.later(120)
    assert bench.inbox.deliveries[0].json["RejectionReasonDescription"] == "PAYID NOT REGISTERED"


def test_a_second_execute_under_a_booked_reference_moves_nothing() -> None:
    bench = Bench()
    bench.execute(payid_payout("po-1", 10))
    answer = bench.execute(payid_payout("po-1", 10))
    assert answer.status_code == 400
    assert answer.json()["status"] == "SimulatedDuplicateReference"
    assert answer.json()["transactionId"] == 0
    assert len(bench.monoova.book.bookings("po-1")) == 1


def test_thirty_two_executes_at_once_under_one_reference_book_once() -> None:
    bench = Bench()
    request = Request(
        "POST",
        "/financial/v2/transaction/execute",
        headers={"authorization": "Basic c2ltdWxhdG9yLWFwaS1rZXk6"},
        body=to_json(payid_payout("po-1", 10)),
    )
    with ThreadPoolExecutor(32) as pool:
        replies = list(pool.map(lambda _: bench.monoova.handle(request), range(32)))
    assert sorted(reply.http for reply in replies) == [200] + [400] * 31
    assert len(bench.monoova.book.bookings("po-1")) == 1
    assert len(bench.monoova.calls) == 32


def test_an_execute_without_disbursements_is_a_transfer_not_a_payout() -> None:
    bench = Bench()
    answer = bench.execute(
        {
            "uniqueReference": "po-1",
            "totalAmount": 5,
            "paymentSource": "mAccount",
            "mAccount": {"token": M_ACCOUNT},
        }
    )
    assert answer.status_code == 200
    assert kinds(bench, "po-1") == [MovementKind.TRANSFER]
    assert bench.status("po-1")["transactionStatus"] == "Complete"


def test_validate_moves_nothing_and_uses_up_no_reference() -> None:
    bench = Bench()
    answer = bench.post("/financial/v2/transaction/validate", payid_payout("po-1", 10)).json()
    assert (answer["status"], answer["transactionId"]) == ("Ok", 0)
    assert bench.monoova.book.movements == []
    assert bench.status("po-1")["status"] == "UniqueIdNotFound"
    assert bench.execute(payid_payout("po-1", 10)).status_code == 200


def test_validate_shows_the_refusals_that_execute_would() -> None:
    bench = Bench()
    for amount in (7.10, 100_000.01):
        body = payid_payout("po-1", amount)
        validated = bench.post("/financial/v2/transaction/validate", body).json()["status"]
        assert validated == bench.execute(body).json()["status"] != "Ok"


def test_status_by_date_lists_the_payouts_of_sydneys_days() -> None:
    bench = Bench()
    bench.execute(payid_payout("po-1", 10))
    bench.later(24 * 3600)
    bench.execute(payid_payout("po-2", 7.04))
    one = bench.get("/financial/v2/status/2026-03-02/2026-03-02").json()["statuses"]
    both = bench.get("/financial/v2/status/2026-03-02/2026-03-03").json()["statuses"]
    assert [(row["uniqueReference"], row["transactionStatus"]) for row in one] == [
        ("po-1", "Complete")
    ]
    assert [(row["uniqueReference"], row["transactionStatus"]) for row in both] == [
        ("po-1", "Complete"),
        ("po-2", "Pending"),
    ]
    assert bench.get("/financial/v2/status/yesterday/today").status_code == 400


def test_a_script_decides_before_amount_and_payee_and_is_used_up() -> None:
    bench = Bench()
    bench.monoova.script(Outcome.COMPLETED_INSTANTLY)
    bench.monoova.script(Outcome.PENDING_FOREVER, reference="po-2")
    bench.execute(payid_payout("po-1", 7.10))
    bench.execute(payid_payout("po-2", 10))
    bench.execute(payid_payout("po-3", 10))
    bench.later(120)
    states = [bench.status(f"po-{n}")["transactionStatus"] for n in (1, 2, 3)]
    assert states == ["Complete", "Pending", "Complete"]


def test_the_same_seed_gives_the_same_delays() -> None:
    arrivals = []
    for _ in range(2):
        bench = Bench()
        for number in range(5):
            bench.execute(payid_payout(f"po-{number}", 10))
        bench.later(120)
        arrivals.append([row.last_try_at for row in bench.monoova.notifications])
    assert arrivals[0] == arrivals[1]
    assert len(set(arrivals[0])) == 5


def test_speed_shortens_the_wait_for_a_webhook() -> None:
    bench = Bench(speed=60)
    bench.execute(payid_payout("po-1", 10))
    bench.later(2)
    assert len(bench.inbox.deliveries) == 1


def test_reset_forgets_payouts_and_keeps_switches_and_subscriptions() -> None:
    bench = Bench(duplicate="replayed")
    bench.execute(payid_payout("po-1", 10))
    bench.monoova.reset()
    assert bench.monoova.book.movements == []
    assert bench.monoova.next_due() is None
    bench.execute(payid_payout("po-1", 10))
    bench.later(120)
    assert len(bench.inbox.deliveries) == 1
    assert bench.monoova.behaviour.duplicate == "replayed"


def test_what_was_received_is_kept_raw_and_parsed_with_its_odd_fields() -> None:
    bench = Bench()
    body = payid_payout("po-1", "10.50")
    bench.execute({**body, "callerUniqueReference": "po-1"})
    received = bench.monoova.received[0]
    assert received.endpoint == "execute"
    assert b'"callerUniqueReference"' in received.raw
    assert received.unknown_fields == ("callerUniqueReference",)
    assert received.source_fields == ("sourceBSB", "sourceAccountNumber")
