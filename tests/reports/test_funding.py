"""Funding: a credit is recorded once, without its payer, and a low balance is reported in time."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from simulator.inbound import Rails
from tests.webhooks.test_webhooks import lines, send
from tests.world import World

RECEIVED = "/webhooks/monoova/NPPReceivePayment"
CREDITED = "/webhooks/monoova/InboundDirectCredit"
PAYMENT: dict[str, Any] = {
    "TransactionId": "N00100000000",
    "DateTime": "20/10/2025 12:00:01 AM",
    "Amount": "10.0000",
    "RemitterName": "Pat Payer",
    "PaymentDescription": "for you",
    "SourceAccountNumber": "87654321",
}
CREDIT: dict[str, Any] = {
    "TransactionId": "D00100000001",
    "DateTime": "2025-10-20T09:30:00",
    "Amount": 250,
    "RemitterName": "Pat Payer",
}


def funding(world: World) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = world.admin.get("/funding").json["items"]
    return items


def deliver(world: World, body: object, path: str = RECEIVED) -> int:
    return send(world, body, path).status


def test_money_over_npp_and_by_direct_credit_is_listed_newest_first(world: World) -> None:
    (first,) = world.monoova.receive(Decimal("500.00"))
    world.later(60)
    others = world.monoova.receive(Decimal("1.10"), Decimal("2.25"), rails=Rails.DIRECT_CREDIT)
    world.later(1)
    assert [(each["amount"], each["kind"]) for each in funding(world)] == [
        (Decimal("2.25"), "DirectCredit"),
        (Decimal("1.10"), "DirectCredit"),
        (Decimal("500.00"), "NPP"),
    ]
    ids = [each["monoova_transaction_id"] for each in funding(world)]
    assert ids == [*reversed(others), first]
    assert funding(world)[-1]["at"] == "2026-03-02T01:00:00.000000Z"


def test_sydney_s_time_becomes_utc(world: World) -> None:
    deliver(world, PAYMENT)
    assert [each["at"] for each in funding(world)] == ["2025-10-19T13:00:01.000000Z"]


def test_the_same_event_twice_is_one_credit(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [deliver(world, PAYMENT), deliver(world, PAYMENT)] == [200, 200]
    assert [line.get("FundsReceived") for line in lines(capsys)] == [1, None]
    assert len(funding(world)) == 1


def test_the_payer_is_neither_kept_nor_logged(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(world, PAYMENT)
    deliver(world, {"DirectCreditDetails": [CREDIT]}, CREDITED)
    kept = world.dynamodb.scan(TableName="RecordsTable")["Items"]
    assert len(kept) == 2
    text = json.dumps(kept) + capsys.readouterr().out + world.admin.get("/funding").text
    assert not {word for word in ("Pat", "Payer", "87654321", "for you") if word in text}


@pytest.mark.parametrize(
    "wrong",
    [
        {"Amount": "10.0050"},
        {"Amount": "0.0000"},
        {"Amount": "-5"},
        {"Amount": "much"},
        {"Amount": None},
        {"DateTime": "2025-20-10"},
        {"DateTime": 5},
        {"DateTime": "01/01/0001 12:00:00 AM"},
        {"TransactionId": ""},
        {"TransactionId": True},
    ],
)
def test_a_malformed_credit_is_counted_and_not_requested_again(
    world: World, capsys: pytest.CaptureFixture[str], wrong: dict[str, object]
) -> None:
    assert deliver(world, PAYMENT | wrong) == 200
    (line,) = lines(capsys)
    assert (line["FundsUnreadable"], line.get("FundsReceived")) == (1, None)
    assert funding(world) == []


@pytest.mark.parametrize(
    ("body", "kept", "unreadable"),
    [
        ({"DirectCreditDetails": [CREDIT, CREDIT | {"TransactionId": "D2"}]}, 2, None),
        ({"DirectCreditDetails": [CREDIT, "nonsense", {}]}, 1, 2),
        ({"DirectCreditDetails": []}, 0, None),
        ({"DirectCreditDetails": "none"}, 0, 1),
        ({}, 0, 1),
        ([], 0, 1),
    ],
)
def test_each_credit_of_a_batch_is_recorded_separately(
    world: World,
    capsys: pytest.CaptureFixture[str],
    body: object,
    kept: int,
    unreadable: int | None,
) -> None:
    assert deliver(world, body, CREDITED) == 200
    (line,) = lines(capsys)
    assert line.get("FundsUnreadable") == unreadable
    assert len(funding(world)) == kept


@pytest.mark.parametrize("body", [PAYMENT, {"DirectCreditDetails": [CREDIT]}])
def test_money_is_known_by_its_shape_where_nothing_names_the_event(
    world: World, body: dict[str, Any]
) -> None:
    assert deliver(world, body, "/webhooks/monoova") == 200
    assert len(funding(world)) == 1


def test_an_unauthenticated_webhook_records_no_credit(world: World) -> None:
    answer = world.anonymous("POST", RECEIVED, PAYMENT, headers={"Authorization": "guess"})
    assert (answer.status, funding(world)) == (401, [])


def test_a_credit_that_cannot_be_stored_is_answered_so_that_monoova_sends_it_again(
    new_world: Callable[..., World],
) -> None:
    world = new_world(DYNAMODB_TABLE_RECORDS="away")
    answer = send(world, PAYMENT, RECEIVED)
    assert (answer.status, answer.code) == (500, "StorageUnavailable")


def test_funding_is_given_page_by_page(world: World) -> None:
    world.monoova.receive(*[Decimal(number) for number in (1, 2, 3)])
    world.later(1)
    first = world.admin.get("/funding", limit="2").json
    rest = world.admin.get("/funding", cursor=first["next_cursor"]).json
    assert [each["amount"] for each in (*first["items"], *rest["items"])] == [3, 2, 1]
    assert rest["next_cursor"] is None
    assert world.admin.get("/funding", cursor="bm9uZQ==").code == "InvalidRequest"


# --- the balance


def low_balances(world: World, capsys: pytest.CaptureFixture[str], minutes: int) -> int:
    """How many of the runs, one each minute, reported it."""
    capsys.readouterr()
    for _ in range(minutes):
        world.later(60)
        world.reconcile()
    return sum("LowBalance" in line for line in lines(capsys))


def asked(world: World) -> int:
    return sum("financials" in call.path for call in world.monoova.calls)


def test_a_low_balance_is_reported_each_quarter_of_an_hour(
    new_world: Callable[..., World], capsys: pytest.CaptureFixture[str]
) -> None:
    world = new_world(LOW_BALANCE_AUD="1000000.01")
    assert low_balances(world, capsys, 30) == 2
    assert asked(world) == 2
    world.monoova.receive(Decimal(1))
    assert low_balances(world, capsys, 15) == 0


def test_the_balance_is_not_read_unless_the_setting_is_on(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert low_balances(world, capsys, 15) == 0
    assert asked(world) == 0


def test_a_monoova_that_does_not_answer_the_balance_raises_alarms_of_its_own(
    new_world: Callable[..., World], capsys: pytest.CaptureFixture[str]
) -> None:
    world = new_world(LOW_BALANCE_AUD="2000000")
    world.monoova.behave(outage="unavailable")
    assert low_balances(world, capsys, 15) == 0
    assert asked(world) == 0 or world.monoova.calls[-1].http == 503
