"""What was seen of amounts that one person alone made leave: none of it is possible again."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from simulator.outcomes import Fate, Plan
from tests.batches.test_batches import approved, bookings, rows_of, run_queue
from tests.control.test_counting import pause
from tests.control.test_limits import (
    ACCOUNT,
    MAKER,
    OTHER_PAY_ID,
    PAY_ID,
    TOTAL,
    limited,
    sums,
)
from tests.payouts.test_second_payments import resolve, retry, settled, unknown
from tests.world import World, as_admin

THRESHOLD = {"APPROVAL_THRESHOLD_AUD": "500"}


def unseen_cents(world: World) -> int:
    """What left, or may leave, without that an approver saw it."""
    rows = world.dynamodb.scan(TableName="TransactionsTable")["Items"]
    return sum(
        int(row["amount_cents"]["N"])
        for row in rows
        if row["status"]["S"] in ("Pending", "Queued", "Completed") and "approved_by" not in row
    )


def test_one_approved_cent_opens_no_day_of_payouts_that_only_one_person_sees(world: World) -> None:
    limited(world, DESTINATION_APPROVAL="required", **THRESHOLD)
    customer = world.customer()
    cent = world.pay(customer, "0.01").json
    assert cent["status"] == "AwaitingApproval"
    assert world.approve(cent["transaction_id"]).status == 200
    answers = [world.pay(customer, "500").json["status"] for _ in range(40)]
    assert Counter(answers) == {"Pending": 1, "AwaitingApproval": 39}
    world.minutes(3)
    assert unseen_cents(world) == 500_00


def test_an_operator_alone_settles_nothing_as_failed_and_retries_it(world: World) -> None:
    limited(world, APPROVAL_THRESHOLD_AUD="1000")
    paid = unknown(world)
    assert resolve(world, paid, "Failed").code == "ResolutionNeedsApprover"
    assert retry(world, paid).code == "PayoutNotRetryable"
    assert len(world.monoova.received) == 1


def test_a_retry_of_what_was_settled_by_hand_waits_below_every_threshold(world: World) -> None:
    limited(world, APPROVAL_THRESHOLD_AUD="1000000")
    paid = settled(world)
    again = retry(world, paid).json
    assert again["status"] == "AwaitingApproval"
    path = f"/payouts/{again['transaction_id']}/approve"
    assert world.admin.post(path, {}).status == 403
    assert len(world.monoova.received) == 1


def test_a_retry_adds_to_what_its_maker_asked_for_today(world: World) -> None:
    limited(world, **THRESHOLD)
    customer = world.customer()
    # It was sent: what a bank rejects keeps counting.
    world.monoova.script(Plan(fate=Fate.REJECTED))
    paid = world.pay(customer, "300").json["transaction_id"]
    world.minutes(5)
    assert world.payout(paid)["status"] == "Failed"
    assert retry(world, paid).json["status"] == "AwaitingApproval"


def two_destinations(world: World) -> Iterator[tuple[str, str]]:
    customer = world.customer(**PAY_ID)
    yield (
        customer,
        world.admin.get(f"/customers/{customer}").json["destinations"][0]["destination_id"],
    )
    added = world.admin.post(f"/customers/{customer}/destinations", PAY_ID).json
    yield customer, added["destination_id"]


def two_customers(world: World) -> Iterator[tuple[str, str]]:
    for _ in range(2):
        customer = world.customer(**PAY_ID)
        shown = world.admin.get(f"/customers/{customer}").json
        yield customer, shown["destinations"][0]["destination_id"]


@pytest.mark.parametrize("places", [two_destinations, two_customers])
def test_the_same_account_has_one_threshold_under_whatever_it_stands(
    world: World, places: Any
) -> None:
    limited(world, **THRESHOLD)
    makers = [as_admin(world.app, f"maker-{number}") for number in range(2)]
    statuses = [
        maker.post(
            "/payouts", {"customer_id": customer, "destination_id": destination, "amount": "300"}
        ).json["status"]
        for maker, (customer, destination) in zip(makers, places(world), strict=True)
    ]
    assert statuses == ["Pending", "AwaitingApproval"]


def test_one_maker_has_one_threshold_over_many_accounts(world: World) -> None:
    limited(world, **THRESHOLD)
    owners = [world.customer(**PAY_ID | {"pay_id": f"p{n}@example.com"}) for n in range(5)]
    statuses = [world.pay(owner, "150").json["status"] for owner in owners]
    assert statuses == ["Pending"] * 3 + ["AwaitingApproval"] * 2
    assert unseen_cents(world) == 450_00


@pytest.mark.parametrize("limit", [ACCOUNT, MAKER, TOTAL])
def test_rows_of_files_and_single_payouts_count_together(world: World, limit: str) -> None:
    limited(world, **{limit: "100"})
    one, other = world.customer(**PAY_ID), world.customer(**PAY_ID)
    batch_id = approved(world, f"{one},40.00,a", f"{one},30.00,b")
    run_queue(world)
    assert bookings(world, batch_id) == [1, 1]
    assert world.pay(other, "30.01").code == "LimitExceeded"
    assert world.pay(other, "30").status == 202
    assert set(sums(world).values()) == {100_00}


def test_rows_that_wait_over_midnight_are_counted_once_and_given_back_once(world: World) -> None:
    limited(world, **{TOTAL: "100"})
    pause(world)
    batch_id = approved(world, f"{world.customer()},60.00,", f"{world.customer()},30.00,")
    run_queue(world)
    assert sums(world) == {"asked#2026-03-02#Total": 90_00}
    world.later(14 * 3600)
    first, second = (row["transaction_id"] for row in rows_of(world, batch_id))
    for _ in range(2):
        world.admin.post(f"/payouts/{second}/cancel", {})
    world.container.gatekeeper.resume("dave")
    world.minutes(4)
    assert (world.state(first)[0], world.state(second)[0]) == ("Completed", "Cancelled")
    assert sums(world) == {"asked#2026-03-02#Total": 60_00}


def test_another_operators_payout_to_another_account_is_not_counted_with_them(
    world: World,
) -> None:
    limited(world, **THRESHOLD)
    assert world.pay(world.customer(**PAY_ID), "500").json["status"] == "Pending"
    other = as_admin(world.app, "another")
    body = {"customer_id": world.customer(**OTHER_PAY_ID), "amount": "500"}
    assert other.post("/payouts", body).json["status"] == "Pending"
