"""Daily limits: for one customer, one account, one maker, in total."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from chalicelib.control.rules.limits import Count
from chalicelib.payouts.rules.payout import Payout
from chalicelib.payouts.store.counted_payouts import Companion, CountedPayouts, CountsBusyError
from tests.payouts.test_request_payout import BANK_ACCOUNT
from tests.world import World

CUSTOMER = "LIMIT_PER_CUSTOMER_AUD_PER_DAY"
ACCOUNT = "LIMIT_PER_DESTINATION_AUD_PER_DAY"
MAKER = "LIMIT_PER_MAKER_AUD_PER_DAY"
TOTAL = "LIMIT_PER_DAY_AUD"
PAY_ID = {
    "type": "PayId",
    "pay_id": "jo.citizen@example.com",
    "pay_id_type": "Email",
    "account_name": "Jo Citizen",
}
OTHER_PAY_ID = {**PAY_ID, "pay_id": "sam@example.com", "account_name": "Sam"}


Counting = TypeVar("Counting", bound=CountedPayouts)


def limited(world: World, **limits: str) -> World:
    world.environment |= limits
    world.restart()
    return world


def sums(world: World) -> dict[str, int]:
    items = world.dynamodb.scan(TableName="ControlsTable")["Items"]
    return {i["control_id"]["S"]: int(i["cents"]["N"]) for i in items if "cents" in i}


def rows(world: World) -> int:
    return int(world.dynamodb.scan(TableName="TransactionsTable", Select="COUNT")["Count"])


def replace_counting(world: World, kind: type[Counting]) -> Counting:
    """A second container over the same tables."""
    parts = world.container
    made = kind(parts._dynamodb, parts.payouts_table, parts.controls_table)
    parts.counted_payouts = made
    return made


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (CUSTOMER, "for one customer"),
        (ACCOUNT, "for one account"),
        (MAKER, "for what one person or service asks for"),
        (TOTAL, "in total"),
    ],
)
def test_what_would_be_over_a_limit_is_refused_and_leaves_nothing(
    world: World, name: str, words: str
) -> None:
    limited(world, **{name: "100"})
    customer = world.customer()
    assert world.pay(customer, "79.50").status == 202
    counted, stored = sums(world), rows(world)
    answer = world.pay(customer, "20.51")
    assert (answer.status, answer.code) == (422, "LimitExceeded")
    assert answer.json["detail"] == (
        f"More than the limit of A$100.00 a day {words}: A$20.50 is left until midnight in Sydney."
    )
    assert "transaction_id" not in answer.json
    assert (sums(world), rows(world), len(world.monoova.received)) == (counted, stored, 1)
    assert world.pay(customer, "20.50").status == 202


def test_one_amount_over_the_limit_is_refused_on_an_empty_day(world: World) -> None:
    limited(world, **{TOTAL: "100"})
    answer = world.pay(world.customer(), "100.01")
    assert answer.code == "LimitExceeded"
    assert "A$100.00 is left" in answer.json["detail"]
    assert sums(world) == {}


def test_every_limit_that_is_reached_is_named(world: World) -> None:
    limited(world, **{CUSTOMER: "50", ACCOUNT: "60", TOTAL: "1000"})
    detail = world.pay(world.customer(), "61").json["detail"]
    assert "for one customer" in detail
    assert "for one account" in detail
    assert "in total" not in detail


def test_each_limit_counts_what_it_is_about(world: World) -> None:
    limited(world, **{CUSTOMER: "100", ACCOUNT: "60", TOTAL: "150"})
    one, other = world.customer(), world.customer(**OTHER_PAY_ID)
    added = world.admin.post(f"/customers/{one}/destinations", BANK_ACCOUNT).json
    first = world.admin.get(f"/customers/{one}").json["destinations"][0]["destination_id"]

    def pay(amount: str, destination: str) -> Any:
        body = {"customer_id": one, "amount": amount, "destination_id": destination}
        return world.admin.post("/payouts", body)

    assert pay("60", first).status == 202
    assert "for one account" in pay("0.01", first).json["detail"]
    assert pay("40", added["destination_id"]).status == 202
    assert "for one customer" in pay("0.01", added["destination_id"]).json["detail"]
    assert world.pay(other, "50").status == 202
    assert "in total" in world.pay(other, "0.01").json["detail"]


def test_the_same_request_again_counts_once(world: World) -> None:
    limited(world, **{TOTAL: "100"})
    customer = world.customer()
    first = world.pay(customer, "100", Idempotency_Key="order-1")
    again = world.pay(customer, "100", Idempotency_Key="order-1")
    assert again.json["transaction_id"] == first.json["transaction_id"]
    assert list(sums(world).values()) == [10_000]


class Blind(CountedPayouts):
    """A table in which another request with the same key is faster."""

    def create(
        self, payout: Payout, counts: Sequence[Count], companions: Sequence[Companion] = ()
    ) -> Payout | None:
        other = replace(payout, created_by="the other one")
        assert super().create(other, counts, companions) is None
        return super().create(payout, counts, companions)


def test_of_two_concurrent_requests_with_one_key_one_counts_and_both_get_the_payout(
    world: World,
) -> None:
    limited(world, **{TOTAL: "5"})
    # Full after the first: the payout is checked first, not the sum.
    replace_counting(world, Blind)
    answer = world.pay(world.customer(), "5", Idempotency_Key="order-1")
    assert answer.headers["Idempotent-Replayed"] == "true"
    assert answer.json["created_by"] == "the other one"
    assert list(sums(world).values()) == [500]


class Busy(CountedPayouts):
    """A table in which other writers change the sums at the first `times` tries."""

    times = 0

    def create(
        self, payout: Payout, counts: Sequence[Count], companions: Sequence[Companion] = ()
    ) -> Payout | None:
        if self.times:
            self.times -= 1
            raise CountsBusyError
        return super().create(payout, counts, companions)


@pytest.mark.parametrize(("times", "status"), [(8, 202), (40, 503)])
def test_where_many_write_the_same_sum_it_is_tried_for_some_seconds(
    world: World, times: int, status: int
) -> None:
    limited(world, **{TOTAL: "1000"})
    replace_counting(world, Busy).times = times
    before, answer = world.clock(), world.pay(world.customer(), "5")
    assert answer.status == status, answer.text
    assert rows(world) == len(world.monoova.received) == (1 if status == 202 else 0)
    assert timedelta(seconds=1) < world.clock() - before < timedelta(seconds=6)
    if status == 503:
        assert answer.code == "StorageUnavailable"


def test_what_is_cancelled_comes_back_and_a_new_day_begins_in_sydney(world: World) -> None:
    limited(world, **{TOTAL: "100"})
    customer = world.customer()
    world.container.gatekeeper.pause("dave", "drill")
    paid = world.pay(customer, "100").json["transaction_id"]
    assert world.pay(customer, "1").code == "LimitExceeded"
    assert world.admin.post(f"/payouts/{paid}/cancel", {}).json["status"] == "Cancelled"
    assert world.pay(customer, "100").status == 202
    # Midnight of a summer's day in Sydney.
    midnight = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
    world.later((midnight - world.clock()).total_seconds() - 1)
    assert world.pay(customer, "1").code == "LimitExceeded"
    world.later(1)
    assert world.pay(customer, "1").status == 202
    assert sums(world) == {"asked#2026-03-02#Total": 100_00, "asked#2026-03-03#Total": 1_00}


def test_a_retry_counts_as_a_payout_of_its_own(world: World) -> None:
    limited(world, **{TOTAL: "10"})
    failed = world.pay(world.customer(), "7.10").json["transaction_id"]
    world.pay(world.customer(), "5")
    assert world.admin.post(f"/payouts/{failed}/retry", {}).code == "LimitExceeded"


def test_validation_says_so_too_and_counts_nothing(world: World) -> None:
    limited(world, **{CUSTOMER: "100", TOTAL: "1000"})
    ask = {"customer_id": world.customer(), "amount": "60"}
    assert world.admin.post("/payouts/validate", ask).status == 200
    assert sums(world) == {}
    assert world.admin.post("/payouts", ask).status == 202
    assert world.admin.post("/payouts/validate", ask).code == "LimitExceeded"
    assert world.admin.post("/payouts/validate", {**ask, "amount": "40"}).status == 200


def test_sums_expire_after_some_days(world: World) -> None:
    limited(world, **{TOTAL: "100"})
    world.pay(world.customer(), "5")
    items = world.dynamodb.scan(TableName="ControlsTable")["Items"]
    (kept_until,) = [int(item["expires_at"]["N"]) for item in items if "cents" in item]
    assert datetime.fromtimestamp(kept_until, UTC) == datetime(2026, 3, 5, tzinfo=UTC)


def test_without_limits_nothing_is_counted(world: World) -> None:
    world.paid()
    assert sums(world) == {}
