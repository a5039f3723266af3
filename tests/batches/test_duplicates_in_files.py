"""What a file pays that was paid already, or is paid by another: compared anew at each decision."""

from typing import Any

import pytest

from tests.batches.test_batches import (
    approved,
    checked,
    confirmed,
    owner,
    run_queue,
    said_of,
    shown,
)
from tests.world import World


def confirm(world: World, batch_id: str, **said: Any) -> Any:
    return world.admin.post(f"/batches/{batch_id}/confirm", said)


def approve(world: World, batch_id: str) -> Any:
    return world.approver.post(f"/batches/{batch_id}/approve", {})


def test_a_single_payout_since_the_check_is_to_be_read_before_the_file_is_confirmed(
    world: World,
) -> None:
    one, other = owner(world, "one"), owner(world, "other")
    batch_id = checked(world, f"{one},5.00,", f"{other},6.00,")["batch_id"]
    world.later(120)
    paid = world.pay(one, "5.00").json["transaction_id"]
    world.pay(one, "5.01")
    refused = confirm(world, batch_id, total="11.00")
    assert (refused.status, refused.code) == (409, "ChangedMeanwhile")
    summary = shown(world, batch_id)["summary"]
    assert (summary["paid_since"], summary["paid_since_count"]) == ([paid], 1)
    assert confirm(world, batch_id, total="11.00").status == 200


def test_a_single_payout_since_the_confirmation_is_to_be_read_before_the_approval(
    world: World,
) -> None:
    one, other = owner(world, "one"), owner(world, "other")
    batch_id = confirmed(world, f"{one},5.00,", f"{other},6.00,")
    world.later(120)
    paid = world.pay(other, "6.00").json["transaction_id"]
    refused = approve(world, batch_id)
    assert (refused.status, refused.code) == (409, "ChangedMeanwhile")
    found = shown(world, batch_id)
    assert (found["status"], found["summary"]["paid_since"]) == ("AwaitingApproval", [paid])
    assert approve(world, batch_id).json["status"] == "Releasing"


def test_another_file_since_the_confirmation_is_to_be_read_before_the_approval(
    world: World,
) -> None:
    one, other = owner(world, "one"), owner(world, "other")
    batch_id = confirmed(world, f"{one},5.00,", f"{other},6.00,")
    second = checked(world, f"{one},5.00,again", f"{other},7.00,")["batch_id"]
    assert approve(world, batch_id).code == "ChangedMeanwhile"
    assert shown(world, batch_id)["summary"]["also_in_batches"] == [second]
    assert approve(world, batch_id).json["status"] == "Releasing"


def test_a_payout_that_ended_unpaid_since_the_check_is_no_news(world: World) -> None:
    one = owner(world, "one")
    batch_id = checked(world, f"{one},5.00,", f"{owner(world, 'other')},6.00,")["batch_id"]
    world.later(120)
    world.container.gatekeeper.pause("dave", "drill")
    paid = world.pay(one, "5.00").json["transaction_id"]
    world.admin.post(f"/payouts/{paid}/cancel", {})
    assert confirm(world, batch_id, total="11.00").status == 200


def test_what_was_paid_before_the_check_is_not_named_twice(world: World) -> None:
    one = owner(world, "one")
    world.pay(one, "5.00")
    world.later(120)
    found = checked(world, f"{one},5.00,", f"{owner(world, 'other')},6.00,")
    assert found["summary"]["duplicate_count"] == 1
    assert confirm(world, found["batch_id"], total="11.00").status == 200
    assert shown(world, found["batch_id"])["summary"]["paid_since_count"] == 0


def test_payouts_of_earlier_days_are_compared_too(world: World) -> None:
    one = owner(world, "one")
    batch_id = checked(world, f"{one},5.00,", f"{owner(world, 'other')},6.00,")["batch_id"]
    world.later(3600)
    paid = world.pay(one, "5.00").json["transaction_id"]
    world.later(3 * 86_400)
    assert confirm(world, batch_id, total="11.00").code == "ChangedMeanwhile"
    assert shown(world, batch_id)["summary"]["paid_since"] == [paid]


def test_one_account_under_two_customers_is_listed(world: World) -> None:
    first, again, other = owner(world, "jo"), owner(world, "jo"), owner(world, "sam")
    rows = (f"{first},5.00,", f"{other},6.00,", f"{again},7.00,", f"{first},8.00,")
    summary = checked(world, *rows)["summary"]
    assert summary["shared_accounts"] == [
        {"line": 4, "customer_id": again, "same_account_as_line": 2},
        {"line": 5, "customer_id": first, "same_account_as_line": 4},
    ]
    assert summary["shared_account_count"] == 2


def test_the_same_amount_to_one_account_under_two_customers_is_a_duplicate(world: World) -> None:
    first, again = owner(world, "jo"), owner(world, "jo")
    (found,) = checked(world, f"{first},5.00,", f"{again},5.00,")["summary"]["duplicates"]
    assert (found["line"], found["same_as_line"]) == (3, 2)
    other = checked(world, f"{owner(world, 'jo')},5.00,", f"{owner(world, 'sam')},6.00,")
    assert other["summary"]["also_in_batches_count"] == 1


def test_the_file_that_pays_the_same_is_named_behind_fifty_others(world: World) -> None:
    one, other = owner(world, "one"), owner(world, "other")
    first = checked(world, f"{one},5.00,", f"{other},6.00,")["batch_id"]
    for number in range(51):
        checked(world, f"{other},{number + 100}.00,")
    # Files are compared in the order of their ids.
    found = [checked(world, f"{one},5.00,{n}", f"{other},{n + 200}.00,") for n in range(5)]
    assert all(first in each["summary"]["also_in_batches"] for each in found)


def test_a_file_of_nothing_but_possible_duplicates_wants_more_than_its_total(
    world: World,
) -> None:
    one, other = owner(world, "one"), owner(world, "other")
    last_week = approved(world, f"{one},5.00,March", f"{other},6.00,March")
    run_queue(world)
    world.minutes(4)
    assert shown(world, last_week)["status"] == "Finished"
    world.later(6 * 86_400)
    found = checked(world, f"{one},5.00,April", f"{other},6.00,April")
    assert found["summary"]["may_all_be_duplicates"] is True
    for said in ({}, {"accept_duplicates": 1}, {"accept_duplicates": 3}):
        refused = confirm(world, found["batch_id"], total="11.00", **said)
        assert (refused.status, refused.code) == (409, "PossibleDuplicate")
    assert shown(world, found["batch_id"])["status"] == "AwaitingConfirmation"
    assert confirm(world, found["batch_id"], **said_of(found)).status == 200


def test_a_number_of_rows_may_be_written_with_zeros_behind_its_point(world: World) -> None:
    batch_id = checked(world, f"{owner(world, 'one')},5.00,")["batch_id"]
    assert confirm(world, batch_id, total="5.00", accept_duplicates=1.0).status == 200


@pytest.mark.parametrize("wrong", [0, -1, "2", 1.5, True, [1], 20_001, 1e300])
def test_what_is_accepted_is_a_number_of_rows(world: World, wrong: object) -> None:
    batch_id = checked(world, f"{owner(world, 'one')},5.00,")["batch_id"]
    answer = confirm(world, batch_id, total="5.00", accept_duplicates=wrong)
    assert list(answer.json["errors"]) == ["accept_duplicates"]
