"""An item of a batch that cannot be read harms itself alone: no other batch, row, list, erasure."""

from typing import Any

import pytest

from tests.batches.test_batches import approved, confirmed, rows_of, run_queue, shown
from tests.payouts.test_damaged_rows import damage
from tests.world import World


def spoilt(world: World, collection: str, item: str, **attributes: Any) -> None:
    key = {"collection": {"S": collection}, "item": {"S": item}}
    found = world.dynamodb.get_item(TableName="RecordsTable", Key=key)["Item"]
    world.dynamodb.put_item(TableName="RecordsTable", Item=found | attributes)


def test_an_unreadable_batch_is_named_in_the_list_and_stops_no_other(world: World) -> None:
    customer = world.customer()
    bad = confirmed(world, f"{customer},1.10,first")
    good = approved(world, f"{customer},2.20,second")
    spoilt(world, f"batch#{bad}", "batch", version={"S": "x"}, row_count={"S": "many"})
    listed = world.admin.get("/batches")
    assert listed.status == 200, listed.text
    assert [each["batch_id"] for each in listed.json["items"]] == [good]
    assert listed.json["unreadable"] == [bad]
    answer = world.admin.get(f"/batches/{bad}")
    assert (answer.status, answer.code) == (409, "RecordUnreadable")
    run_queue(world)
    world.minutes(4)
    assert shown(world, good)["progress"]["completed"] == 1
    assert world.admin("DELETE", f"/customers/{customer}").status == 204


def test_an_unreadable_payout_of_a_batch_is_counted_as_such_and_the_others_are_paid(
    world: World,
) -> None:
    customer = world.customer()
    batch = approved(world, f"{customer},1.10,first", f"{customer},2.20,second")
    run_queue(world)
    world.minutes(3)
    bad = rows_of(world, batch)[0]["transaction_id"]
    damage(world, bad, status={"S": "Levitating"})
    world.later(3600)
    progress = shown(world, batch)["progress"]
    assert (progress["unreadable"], progress["completed"]) == (1, 1)
    assert progress["needs_review"] == 1
    assert [row["status"] for row in rows_of(world, batch)] == ["Unreadable", "Completed"]
    assert world.admin.post(f"/batches/{batch}/cancel").status < 500
    run_queue(world)


def test_a_row_of_an_unreadable_customer_waits_and_the_others_are_released(world: World) -> None:
    good, bad = world.customer(), world.customer()
    batch = approved(world, f"{good},1.10,first", f"{bad},2.20,second")
    key = {"customer_id": {"S": bad}}
    whole = world.dynamodb.get_item(TableName="CustomersTable", Key=key)["Item"]
    spoil = whole | {"destinations": {"S": "gone"}}
    world.dynamodb.put_item(TableName="CustomersTable", Item=spoil)
    run_queue(world)
    assert [row["transaction_id"] is not None for row in rows_of(world, batch)] == [True, False]
    world.dynamodb.put_item(TableName="CustomersTable", Item=whole)
    world.minutes(8)
    run_queue(world)
    assert [row["transaction_id"] is not None for row in rows_of(world, batch)] == [True, True]


def test_an_unreadable_part_of_a_file_is_shown_as_such_and_the_others_are_paid(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen: the whole batch waited for it, and showed nothing."""
    for module in ("chalicelib.batches.rules.batch", "chalicelib.batches.upload_batch"):
        monkeypatch.setattr(f"{module}.CHUNK_ROWS", 1)
    customer = world.customer()
    batch = approved(world, *(f"{customer},{n}.10,row {n}" for n in (1, 2, 3)))
    names = world.dynamodb.scan(TableName="RecordsTable")["Items"]
    upload = next(each["collection"]["S"] for each in names if each["item"]["S"] == "chunk#0002")
    key = {"collection": {"S": upload}, "item": {"S": "chunk#0002"}}
    whole = world.dynamodb.get_item(TableName="RecordsTable", Key=key)["Item"]
    spoilt(world, upload, "chunk#0002", state={"S": "Levitating"})
    world.minutes(5)
    found = shown(world, batch)
    assert (found["status"], found["progress"]["unreadable"]) == ("Releasing", 1)
    assert found["progress"]["completed"] == 2
    first = world.admin.get(f"/batches/{batch}/rows").json
    second = world.admin.get(f"/batches/{batch}/rows", cursor=first["next_cursor"]).json
    statuses = [row["status"] for row in (*first["items"], *second["items"])]
    assert statuses == ["Completed", "Unreadable"]
    assert world.admin("DELETE", f"/customers/{customer}").status == 204
    # What is mended goes on; its customer is gone.
    world.dynamodb.put_item(TableName="RecordsTable", Item=whole)
    world.minutes(8)
    assert shown(world, batch)["progress"]["not_released"] == 1
