"""Files and two people: what a file lets go, what its approver is shown, what is paid."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.batches.test_batches import approved, bookings, confirmed, owner, rows_of, run_queue
from tests.world import World, as_approver


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    """Two people decide where a customer is paid."""
    return new_world(DESTINATION_APPROVAL="required", APPROVAL_THRESHOLD_AUD="500")


def known(world: World, name: str) -> str:
    """A customer whose destination is approved."""
    customer = owner(world, name)
    world.approve_destination(customer)
    return customer


def progress(world: World, batch_id: str) -> dict[str, int]:
    counts: dict[str, Any] = world.admin.get(f"/batches/{batch_id}").json["progress"]
    return {name: count for name, count in counts.items() if count and name != "as_of"}


# --- what was possible before


def test_a_row_to_a_new_account_in_a_harmless_file_opens_nothing(world: World) -> None:
    old = [known(world, f"known-{number}") for number in range(4)]
    new = owner(world, "insider")
    batch_id = approved(world, *(f"{each},20.00," for each in old), f"{new},0.01,")
    run_queue(world)
    rows = rows_of(world, batch_id)
    assert [row["status"] for row in rows[:4]] == ["Pending"] * 4
    assert rows[4]["status"] == "AwaitingApproval"
    alone = [world.pay(new, "500") for _ in range(20)]
    assert {answer.json["status"] for answer in alone} == {"AwaitingApproval"}
    assert bookings(world, batch_id) == [1, 1, 1, 1, 0]


def test_an_approver_says_how_many_rows_go_to_destinations_that_no_one_has_approved(
    world: World,
) -> None:
    rows = [f"{known(world, 'ann')},20.00,", f"{owner(world, 'ben')},0.01,"]
    batch_id = confirmed(world, *rows, f"{owner(world, 'cy')},0.02,")
    summary = world.admin.get(f"/batches/{batch_id}").json["summary"]
    assert (summary["unapproved_lines"], summary["unapproved_count"]) == ([3, 4], 2)
    path = f"/batches/{batch_id}/approve"
    said: list[dict[str, int]] = [{}, {"unapproved": 1}, {"unapproved": 2, "duplicates": 1}]
    for wrong in (*said, {"unapproved": 2, "shared_accounts": 3}):
        answer = world.approver.post(path, wrong)
        assert (answer.status, answer.code) == (409, "ChangedMeanwhile"), wrong
    right = {"unapproved": 2, "duplicates": 0, "shared_accounts": 0}
    assert world.approver.post(path, right).json["status"] == "Releasing"


def test_where_one_person_adds_a_destination_no_row_is_counted(
    new_world: Callable[..., World],
) -> None:
    world = new_world()
    batch_id = confirmed(world, f"{owner(world, 'ann')},20.00,")
    assert world.admin.get(f"/batches/{batch_id}").json["summary"]["unapproved_count"] == 0


# --- rows that wait


def test_a_row_that_waits_is_approved_with_its_destination_like_any_payout(world: World) -> None:
    rows = [f"{owner(world, 'ann')},20.00,", f"{known(world, 'ben')},30.00,"]
    batch_id = approved(world, *rows)
    run_queue(world)
    assert progress(world, batch_id) == {"awaiting_approval": 1, "queued": 1}
    waits = rows_of(world, batch_id)[0]["transaction_id"]
    shown = world.payout(waits)
    assert (shown["approval_reasons"], shown["batch_id"]) == (["NewDestination"], batch_id)
    [entry] = shown["history"]
    assert entry["event"] == "Requested"
    assert "waits for approval: NewDestination" in entry["detail"]
    assert world.approve(waits, as_approver(world.app, "another")).status == 200
    world.minutes(5)
    assert bookings(world, batch_id) == [1, 1]
    assert world.admin.get(f"/batches/{batch_id}").json["status"] == "Finished"


def test_a_batch_that_is_cancelled_ends_the_rows_that_wait(world: World) -> None:
    batch_id = approved(world, f"{owner(world, 'ann')},20.00,")
    run_queue(world)
    assert world.admin.post(f"/batches/{batch_id}/cancel", {}).status == 200
    run_queue(world)
    assert [row["status"] for row in rows_of(world, batch_id)] == ["Cancelled"]


def test_an_approval_that_was_written_into_the_table_lets_no_row_be_paid(world: World) -> None:
    customer = owner(world, "ann")
    batch_id = approved(world, f"{customer},20.00,")
    key = {"customer_id": {"S": customer}}
    item = world.dynamodb.get_item(TableName="CustomersTable", Key=key)["Item"]
    place = item["destinations"]["L"][0]["M"]
    place |= {"approved_at": place["created_at"], "approved_by": {"S": "an-approver"}}
    world.dynamodb.put_item(TableName="CustomersTable", Item=item)
    run_queue(world)
    world.minutes(3)
    [row] = rows_of(world, batch_id)
    assert (row["status"], row["waits_for"]) == ("Queued", "DestinationApproval")
    assert bookings(world, batch_id) == [0]


# --- what was approved is what is paid


def rewrite(world: World, batch_id: str, change: Callable[[list[Any]], None]) -> None:
    """Writes to the rows of a batch's first chunk in the table."""
    key = {"collection": {"S": f"batch#{batch_id}"}, "item": {"S": "batch"}}
    batch = world.dynamodb.get_item(TableName="RecordsTable", Key=key)["Item"]
    key = {
        "collection": {"S": f"upload#{batch['upload_id']['S']}"},
        "item": {"S": "rows#0001"},
    }
    item = world.dynamodb.get_item(TableName="RecordsTable", Key=key)["Item"]
    rows = json.loads(item["rows"]["S"])
    change(rows)
    item["rows"] = {"S": json.dumps(rows)}
    world.dynamodb.put_item(TableName="RecordsTable", Item=item)


def test_rows_that_were_changed_after_the_approval_are_not_paid(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    batch_id = approved(world, *(f"{known(world, name)},20.00," for name in ("ann", "ben")))

    def dearer(rows: list[Any]) -> None:
        rows[1][2] = 9_900_00

    rewrite(world, batch_id, dearer)
    run_queue(world)
    world.minutes(3)
    rows = rows_of(world, batch_id)
    assert [row["failure_code"] for row in rows] == ["RowsAltered"] * 2
    assert "not those that were approved" in rows[0]["failure_reason"]
    assert world.admin.get(f"/batches/{batch_id}").json["not_released"] == 2
    assert '"BatchRowsNotReleased": 2' in capsys.readouterr().out
    assert world.monoova.received == []


def test_an_approval_that_was_written_into_the_table_releases_no_row(world: World) -> None:
    batch_id = confirmed(world, f"{known(world, 'ann')},20.00,")
    key = {"collection": {"S": f"batch#{batch_id}"}, "item": {"S": "batch"}}
    item = world.dynamodb.get_item(TableName="RecordsTable", Key=key)["Item"]
    item |= {
        "status": {"S": "Releasing"},
        "approved_by": {"S": "an-approver"},
        "approved_at": item["created_at"],
        "release_digest": item["digests"]["L"][0],
    }
    world.dynamodb.put_item(TableName="RecordsTable", Item=item)
    world.minutes(5)
    assert [row["failure_code"] for row in rows_of(world, batch_id)] == ["RowsAltered"]
    assert world.monoova.received == []


def test_a_file_whose_digests_were_taken_away_is_not_approved(world: World) -> None:
    """Seen: rows of A$20, made A$1,900 in the table, were approved as A$20 and paid."""
    batch_id = confirmed(world, f"{known(world, 'ann')},20.00,")
    key = {"collection": {"S": f"batch#{batch_id}"}, "item": {"S": "batch"}}
    item = world.dynamodb.get_item(TableName="RecordsTable", Key=key)["Item"]
    del item["digests"]
    world.dynamodb.put_item(TableName="RecordsTable", Item=item)
    refused = world.approver.post(f"/batches/{batch_id}/approve", {})
    assert (refused.status, refused.code) == (409, "ChangedMeanwhile")
    assert "upload it again" in refused.json["detail"]
    rejected = world.approver.post(f"/batches/{batch_id}/reject", {"reason": "no digests"})
    assert rejected.status == 200
    run_queue(world)
    assert world.monoova.received == []
