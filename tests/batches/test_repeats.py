"""The same rows again: one batch while it is undecided, an answer after that, a repeat if meant."""

import json
from typing import Any, Final

import pytest

from tests.batches.test_batches import (
    approved,
    bookings,
    checked,
    confirmed,
    put,
    rows_of,
    run_queue,
    shown,
    upload,
)
from tests.world import HttpAnswer, World

HEADER: Final = "customer_id,amount,reference"


def sent(world: World, *rows: str, **said: object) -> HttpAnswer:
    """A file in JSON, with what is said of it."""
    return world.admin.post("/batches", {"file": "\n".join([HEADER, *rows]), **said})


def payroll(world: World) -> list[str]:
    return [f"{world.customer()},1.00,Pay" for _ in range(2)]


def decided(world: World, batch_id: str) -> None:
    """A batch that was uploaded, on to its release."""
    run_queue(world)
    total = str(shown(world, batch_id)["total"])
    assert world.admin.post(f"/batches/{batch_id}/confirm", {"total": total}).status == 200
    assert world.approver.post(f"/batches/{batch_id}/approve", {}).status == 200
    run_queue(world)


def test_next_weeks_identical_payroll_is_a_conflict_that_names_the_first_and_paid_if_meant(
    world: World,
) -> None:
    rows = payroll(world)
    first = approved(world, *rows)
    run_queue(world)
    world.minutes(3)
    world.later(7 * 86400)
    refused = upload(world, *rows)
    assert (refused.status, refused.code) == (409, "BatchRepeated")
    assert refused.json["batch_id"] == first
    assert "2026-03-02T01:00" in refused.json["detail"]
    assert "Finished" in refused.json["detail"]
    repeat = sent(world, *rows, repeat=True, title="Payroll, week 10")
    assert (repeat.status, repeat.json["title"]) == (201, "Payroll, week 10")
    second = repeat.json["batch_id"]
    assert second != first
    created_at = shown(world, first)["created_at"]
    assert repeat.json["repeats"] == {"batch_id": first, "created_at": created_at}
    assert repeat.json["history"][0]["detail"] == f"repeats batch {first} of {created_at}"
    decided(world, second)
    world.minutes(3)
    assert bookings(world, first) + bookings(world, second) == [1] * 4


def test_a_repeat_that_is_undecided_is_one_batch_however_often_it_is_asked_for(
    world: World,
) -> None:
    rows = payroll(world)
    first = approved(world, *rows)
    run_queue(world)
    second = sent(world, *rows, repeat=True).json["batch_id"]
    for answer in (sent(world, *rows, repeat=True), sent(world, *rows), upload(world, *rows)):
        assert (answer.status, answer.json["batch_id"]) == (200, second)
        assert answer.headers["Idempotent-Replayed"] == "true"
    assert len({first, second}) == 2


@pytest.mark.parametrize("times", [1, 2, 3, 4, 5])
def test_of_many_repeats_the_last_is_named(world: World, times: int) -> None:
    rows = [f"{world.customer()},1.00,Pay"]
    latest = str(sent(world, *rows).json["batch_id"])
    for _ in range(times - 1):
        assert world.admin.post(f"/batches/{latest}/cancel", {}).status == 200
        answer = sent(world, *rows, repeat=True)
        assert (answer.status, answer.json["repeats"]["batch_id"]) == (201, latest)
        latest = answer.json["batch_id"]
    assert sent(world, *rows).json["batch_id"] == latest
    world.admin.post(f"/batches/{latest}/cancel", {})
    refused = sent(world, *rows)
    assert (refused.status, refused.json["batch_id"]) == (409, latest)


def test_a_cancelled_or_rejected_batch_blocks_its_rows_no_longer(world: World) -> None:
    rows = payroll(world)
    batch_id = confirmed(world, *rows)
    assert world.approver.post(f"/batches/{batch_id}/reject", {"reason": "no"}).status == 200
    assert upload(world, *rows).json["batch_id"] == batch_id
    again = sent(world, *rows, repeat=True)
    assert again.status == 201
    decided(world, again.json["batch_id"])
    world.minutes(3)
    assert {row["status"] for row in rows_of(world, again.json["batch_id"])} == {"Completed"}


def test_rows_that_repeat_nothing_are_a_first_batch_also_where_a_repeat_is_asked_for(
    world: World,
) -> None:
    rows = payroll(world)
    answer = sent(world, *rows, repeat=True)
    assert (answer.status, answer.json["repeats"]) == (201, None)
    assert put(world.admin, "\n".join([HEADER, *rows])).json["batch_id"] == answer.json["batch_id"]


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("Payroll 2026-03-02, week 9", "Payroll 2026-03-02, week 9"),
        ("Payroll 02/03/2026", "Payroll 02/03/2026"),
        ("March 2026", "March 2026"),
        ("to 12345678 and jo@example.com", "to ••• and •••"),
        ("account 2026 1234 5678", "account •••"),
        ("account 2026-1234", "account •••"),
    ],
)
def test_a_title_keeps_its_dates_and_no_details(world: World, title: str, kept: str) -> None:
    answer = sent(world, *payroll(world), title=title)
    assert answer.json["title"] == kept
    (listed,) = world.admin.get("/batches").json["items"]
    assert listed["title"] == kept


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"file": ""},
        {"file": "x", "title": "t" * 81},
        {"file": "x", "title": "two\nlines"},
        {"file": "x", "title": ""},
        {"file": "x", "repeat": "yes"},
        {"file": "x", "unknown": 1},
        {"file": 1},
    ],
    ids=str,
)
def test_what_is_said_of_a_file_is_checked(world: World, body: dict[str, Any]) -> None:
    answer = world.admin.post("/batches", body)
    assert (answer.status, answer.code) == (400, "InvalidRequest"), answer.text


def test_a_title_of_eighty_characters_is_taken(world: World) -> None:
    title = "t" * 80
    assert sent(world, *payroll(world), title=title).json["title"] == title


def test_a_batch_that_was_stored_before_there_were_titles_is_read(world: World) -> None:
    batch_id = checked(world, *payroll(world))["batch_id"]
    table = world.environment["DYNAMODB_TABLE_RECORDS"]
    key = {"collection": {"S": f"batch#{batch_id}"}, "item": {"S": "batch"}}
    world.dynamodb.update_item(
        TableName=table, Key=key, UpdateExpression="REMOVE title, repeats, funds"
    )
    found = shown(world, batch_id)
    assert (found["title"], found["repeats"], found["summary"]["funds"]) == (None, None, None)
    assert json.dumps(found, default=str)
