"""The simulator's reports on a day, and money that comes in."""

import json
from decimal import Decimal

import pytest

from simulator.control import answer
from simulator.inbound import Rails
from simulator.messages import Json, Request
from simulator.monoova import M_ACCOUNT
from simulator.outcomes import Outcome
from simulator.testing import Bench, payid_payout

DAY = "2026-03-02"
# Its clock stands at noon in Sydney.
CUSTOM: Json = {
    "accountNumber": M_ACCOUNT,
    "frequency": "Custom",
    "startDate": f"{DAY}T00:00:00",
    "endDate": f"{DAY}T23:59:59",
    "useTime": True,
}


def stated(bench: Bench, day: str = DAY) -> list[Json]:
    lines: list[Json] = bench.get(f"/reports/v1/statement/{day}").json()["transactions"]
    return lines


def account(bench: Bench, **changes: object) -> Json:
    found: Json = bench.post("/mAccount/v1/transactions", CUSTOM | changes).json()
    return found


def test_a_statement_has_what_was_successful_on_its_day() -> None:
    bench = Bench()
    bench.monoova.script(Outcome.COMPLETED, Outcome.REJECTED)
    bench.execute(payid_payout("po-1", 10))
    bench.execute(payid_payout("po-2", 20))
    bench.later(200)
    (line,) = stated(bench)
    assert (line["uniqueReferenced"], line["totalAmount"]) == ("po-1", 10)
    assert line["feeAmountIncludingGst"] == pytest.approx(0.11)
    assert stated(bench, "2026-03-01") == []
    bench.monoova.behave(statement_shows_rejected=True)
    assert len(stated(bench)) == 2
    assert bench.get("/reports/v1/statement/today").status_code == 400


def test_the_movements_of_a_day_add_up() -> None:
    bench = Bench()
    bench.monoova.receive(Decimal(50))
    bench.execute(payid_payout("po-1", 10))
    found = account(bench)
    items = found["items"]
    assert isinstance(items, list)
    assert [(row["debit"], row["credit"]) for row in items] == [(0, 50), (10, 0), (0.11, 0)]
    opening, closing = found["openingBalance"], found["closingBalance"]
    assert (opening, closing) == (1_000_000, 1_000_039.89)
    assert (found["totalDebits"], found["totalCredits"]) == (10.11, 50)


def test_times_count_only_where_they_are_asked_for() -> None:
    bench = Bench()
    bench.execute(payid_payout("po-1", 10))
    before = {"endDate": f"{DAY}T09:00:00"}
    assert account(bench, **before)["items"] == []
    assert len(account(bench, **before, useTime=False)["items"]) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"accountNumber": "0"},
        {"frequency": "Today"},
        {"startDate": "soon"},
        {"startDate": "2025-11-01"},
    ],
)
def test_what_it_cannot_answer_it_refuses(wrong: Json) -> None:
    assert Bench().post("/mAccount/v1/transactions", CUSTOM | wrong).status_code == 400


@pytest.mark.parametrize(
    ("outcome", "in_statement", "in_account"),
    [(Outcome.ABSENT_FROM_REPORTS, [], []), (Outcome.WRONG_IN_REPORTS, [11], [11, 0.11])],
)
def test_a_payout_can_be_wrong_in_the_reports(
    outcome: Outcome, in_statement: list[float], in_account: list[float]
) -> None:
    bench = Bench()
    bench.monoova.script(outcome)
    bench.execute(payid_payout("po-1", 10))
    assert [line["totalAmount"] for line in stated(bench)] == in_statement
    items = account(bench)["items"]
    assert isinstance(items, list)
    assert [row["debit"] for row in items] == in_account


def test_money_comes_in_over_either_rails_and_is_announced() -> None:
    bench = Bench()
    body = json.dumps({"amounts": ["5.00", "7.25"], "rails": "DirectCredit"}).encode()
    reply = answer(bench.monoova, Request("POST", "/simulator/inbound", body=body))
    assert json.loads(reply.body)["transactionIds"] == ["D00000000001", "D00000000002"]
    bench.monoova.receive(Decimal(1), rails=Rails.NPP)
    bench.later(1)
    batch, single = (delivery.json for delivery in bench.inbox.deliveries)
    assert (batch["TotalCount"], batch["TotalAmount"]) == (2, Decimal("12.25"))
    assert (single["Amount"], single["TransactionId"]) == ("1.0000", "N00000000003")
    assert bench.monoova.book.balance == Decimal("1000013.25")


@pytest.mark.parametrize(
    "wrong", [{}, {"amounts": []}, {"amounts": ["x"]}, {"amounts": ["1"], "rails": "cart"}]
)
def test_money_that_makes_no_sense_does_not_come_in(wrong: Json) -> None:
    request = Request("POST", "/simulator/inbound", body=json.dumps(wrong).encode())
    assert answer(Bench().monoova, request).http == 400
