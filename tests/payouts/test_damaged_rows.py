"""An item that cannot be read or written is put off, counted and named, and harms itself alone."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import pytest
import requests

from simulator.outcomes import Outcome
from tests.payouts.test_reconciliation import queued
from tests.payouts.test_request_payout import AwsCalls
from tests.world import World

TABLE: Final = "TransactionsTable"


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(text) for text in capsys.readouterr().out.splitlines()]


def item_of(world: World, transaction_id: str) -> dict[str, Any]:
    key = {"transaction_id": {"S": transaction_id}}
    item: dict[str, Any] = world.dynamodb.get_item(TableName=TABLE, Key=key)["Item"]
    return item


def store(world: World, item: dict[str, Any], table: str = TABLE) -> None:
    world.dynamodb.put_item(TableName=table, Item=item)


def damage(world: World, transaction_id: str, **attributes: Any) -> dict[str, Any]:
    """Replaces attributes of a payout's item, or takes those away that are None."""
    whole = item_of(world, transaction_id)
    changed = {name: value for name, value in (whole | attributes).items() if value is not None}
    store(world, changed)
    return whole


def too_large(_body: str) -> object:
    """DynamoDB's answer to what would make an item larger than 400 kB. The emulator is generous."""
    answer = requests.Response()
    answer.status_code = 400
    words = "Item size to update has exceeded the maximum allowed size"
    return answer, {"Error": {"Code": "ValidationException", "Message": words}}


def damaged(item: dict[str, Any], key: frozenset[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The item with each attribute taken away, of another kind, or a word that no list has.

    `key` are the attributes that DynamoDB itself holds to be texts.
    """
    for name, value in item.items():
        if name in ("transaction_id", "customer_id", "control_id", "collection", "item"):
            continue
        yield f"{name} gone", {k: v for k, v in item.items() if k != name}
        if name not in key:
            for other in (
                {"N": "7"},
                {"S": "from-the-future"},
                {"L": [{"S": "x"}]},
                {"NULL": True},
            ):
                if other.keys() != value.keys() or "S" in other:
                    yield f"{name} is {other}", item | {name: other}


INDEXED: Final = frozenset(
    {"uniqueReference", "created_at", "created_day", "due_shard", "due_at", "review_bucket"}
)


def test_an_item_without_history_is_reconciled_and_gets_a_history_again(world: World) -> None:
    world.webhooks_arrive = False
    payout = world.paid()
    damage(world, payout, history=None)
    world.minutes(3)
    shown = world.payout(payout)
    assert shown["status"] == "Completed"
    assert [entry["event"] for entry in shown["history"]] == ["SettledComplete"]


def test_an_item_without_history_is_not_sent_and_stalls_no_other_payout(world: World) -> None:
    customer = world.customer()
    (bad,) = queued(world, customer)
    others = queued(world, customer, 8, 0xF100)
    damage(world, bad, history=None, history_size=None)
    world.minutes(3)
    assert [world.state(each)[0] for each in others] == ["Completed"] * 8
    assert world.payout(bad)["review_reason"] == "IntegrityCheckFailed"


def test_an_unreadable_payout_that_is_due_is_put_off_counted_and_named(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    customer = world.customer()
    (bad,) = queued(world, customer)
    others = queued(world, customer, 8, 0xF100)
    whole = damage(world, bad, status={"S": "Levitating"})
    world.later(60)
    capsys.readouterr()
    found = world.reconcile()
    assert found["put_off"] == [bad]
    (line,) = lines(capsys)
    assert (line["RowsUnreadable"], line["RowsPutOff"]) == (1, 1)
    assert (line["unreadable"], line["put_off"]) == ([bad], [bad])
    assert item_of(world, bad)["due_at"]["S"] > whole["due_at"]["S"]
    assert world.reconcile()["put_off"] == []
    assert [world.state(each)[0] for each in others] == ["Pending"] * 8


def test_the_gaps_between_two_tries_with_an_unreadable_payout_grow_to_an_hour(
    world: World,
) -> None:
    (bad,) = queued(world, world.customer())
    damage(world, bad, version={"S": "1"})

    def gap() -> float:
        before = datetime.fromisoformat(item_of(world, bad)["due_at"]["S"])
        world.later((before - world.clock()).total_seconds())
        assert world.reconcile()["put_off"] == [bad]
        after = datetime.fromisoformat(item_of(world, bad)["due_at"]["S"])
        return (after - before).total_seconds()

    gaps = [gap() for _ in range(14)]
    assert gaps == sorted(gaps)
    assert (gaps[0], gaps[-1]) == (600, 3600)
    assert 600 < gaps[6] < 3600


@pytest.mark.parametrize("refused", [":entries", "version"])
def test_a_payout_that_dynamodb_refuses_to_write_is_put_off_and_the_others_go_on(
    world: World, refused: str
) -> None:
    customer = world.customer()
    (bad,) = queued(world, customer)
    others = queued(world, customer, 8, 0xF100)
    AwsCalls(world).at(
        "DynamoDB.UpdateItem",
        lambda body: too_large(body) if bad in body and refused in body else None,
    )
    world.later(60)
    assert world.reconcile()["put_off"] == [bad]
    assert [world.state(each)[0] for each in others] == ["Pending"] * 8
    assert world.reconcile()["put_off"] == []
    world.later(600)
    assert world.reconcile()["put_off"] == [bad]


def test_one_that_cannot_even_be_put_off_is_read_past(world: World) -> None:
    customer = world.customer()
    (bad,) = queued(world, customer)
    others = queued(world, customer, 8, 0xF100)
    damage(world, bad, version=None)
    AwsCalls(world).at("DynamoDB.UpdateItem", lambda body: too_large(body) if bad in body else None)
    world.later(60)
    for _ in range(2):
        assert world.reconcile()["put_off"] == [bad]
    assert [world.state(each)[0] for each in others] == ["Pending"] * 8


def test_a_list_shows_what_can_be_read_and_names_what_cannot(world: World) -> None:
    customer = world.customer()
    good, bad = (world.pay(customer, amount).json["transaction_id"] for amount in ("1.10", "2.20"))
    damage(world, bad, amount_cents={"S": "much"})
    for path in ("/payouts", f"/customers/{customer}/payouts"):
        answer = world.admin.get(path)
        assert answer.status == 200, answer.text
        assert [each["transaction_id"] for each in answer.json["items"]] == [good]
        assert answer.json["unreadable"] == [bad]


def test_one_unreadable_payout_is_a_named_error(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = world.paid()
    damage(world, bad, needs_review={"S": "no"})
    capsys.readouterr()
    for answer in (
        world.admin.get(f"/payouts/{bad}"),
        world.admin.post(f"/payouts/{bad}/refresh"),
        world.admin.post(f"/payouts/{bad}/cancel"),
        world.admin.post(f"/payouts/{bad}/retry"),
    ):
        assert (answer.status, answer.json["code"]) == (409, "RecordUnreadable")
        assert bad in answer.json["detail"]
    assert all(line["unreadable"] == [bad] for line in lines(capsys))


def test_an_erasure_takes_the_personal_fields_out_of_unreadable_payouts_too(world: World) -> None:
    customer = world.customer()
    body = {
        "customer_id": customer,
        "amount": "3.30",
        "description": "For Jo",
        "lodgement_reference": "Jo",
    }
    bad, good = (world.admin.post("/payouts", body).json["transaction_id"] for _ in range(2))
    world.minutes(3)
    damage(world, bad, version={"S": "one"}, history={"S": "gone"})
    answer = world.admin("DELETE", f"/customers/{customer}")
    assert answer.status == 204, answer.text
    for each in (bad, good):
        item = item_of(world, each)
        assert "description" not in item
        assert "lodgement_reference" not in item
        assert item["destination_masked"] == {"S": "•••"}


def test_an_unreadable_customer_can_be_erased(world: World) -> None:
    customer = world.customer()
    item = world.dynamodb.get_item(
        TableName="CustomersTable", Key={"customer_id": {"S": customer}}
    )["Item"]
    store(world, item | {"version": {"S": "x"}}, "CustomersTable")
    assert world.admin.get(f"/customers/{customer}").json["code"] == "RecordUnreadable"
    assert world.admin.get("/customers").json["unreadable"] == [customer]
    assert world.admin("DELETE", f"/customers/{customer}").status == 204
    assert world.admin.get(f"/customers/{customer}").status == 404


def test_an_export_has_all_that_can_be_read_and_names_the_rest(world: World) -> None:
    customer = world.customer()
    good, bad = (world.pay(customer, amount).json["transaction_id"] for amount in ("1.10", "2.20"))
    damage(world, bad, looks={"S": "x"})
    answer = world.admin.get(f"/customers/{customer}/export")
    assert answer.status == 200, answer.text
    assert [each["transaction_id"] for each in answer.json["payouts"]] == [good]
    assert answer.json["unreadable"] == [bad]
    found = world.admin.get(f"/customers/{customer}/accesses")
    assert (found.status, found.json["unreadable"]) == (200, [bad])


def test_a_rejected_payout_ends_though_its_customer_cannot_be_read(world: World) -> None:
    world.webhooks_arrive = False
    world.monoova.script(Outcome.REJECTED_WEBHOOK_LOST)
    customer = world.customer()
    payout = world.pay(customer).json["transaction_id"]
    key = {"customer_id": {"S": customer}}
    item = world.dynamodb.get_item(TableName="CustomersTable", Key=key)["Item"]
    store(world, item | {"version": {"S": "x"}}, "CustomersTable")
    world.minutes(5)
    assert world.state(payout)[0] == "Failed"


def test_a_switch_that_cannot_be_read_sends_nothing_until_a_person_resumes(world: World) -> None:
    customer = world.customer()
    item = {"control_id": {"S": "gate"}, "version": {"S": "x"}, "open_reason": {"S": "Boredom"}}
    store(world, item, "ControlsTable")
    assert world.pay(customer).json["status"] == "Queued"
    shown = world.admin.get("/sending").json
    assert (shown["status"], shown["paused_by"]) == ("Paused", "system")
    assert world.reconcile()["is_finished"] is True
    assert world.admin.post("/sending/resume").status == 200
    assert world.pay(customer).json["status"] == "Pending"


@pytest.mark.parametrize("does", ["reset", "resume"])
def test_a_switch_that_could_not_be_read_lets_no_second_call_out_without_a_new_contract_run(
    world: World, does: str
) -> None:
    """Seen: the record of a booking in duplicate was forgotten with what could not be read."""
    item = {"control_id": {"S": "gate"}, "version": {"S": "x"}, "booked_twice_at": {"S": "soon"}}
    store(world, item, "ControlsTable")
    assert "nothing is sent a second time" in world.admin.get("/sending").json["pause_reason"]
    assert world.admin.post(f"/sending/{does}").status == 200
    if does == "reset":
        assert world.admin.post("/sending/resume").status == 200
    shown = world.admin.get("/sending").json
    assert (shown["status"], shown["contract_run"]) == ("Open", None)
    assert shown["booked_twice_at"].startswith(f"{world.clock():%Y-%m-%dT%H:%M:%S}")
    world.monoova.behave(outage="unavailable")
    world.paid()
    executes = [call for call in world.monoova.calls if call.path.endswith("/execute")]
    assert len(executes) == 1


def test_no_damage_to_a_payout_stops_a_run_a_list_or_an_export(world: World) -> None:
    customer = world.customer()
    (whole_one,) = queued(world, customer)
    whole = item_of(world, whole_one)
    kinds: dict[str, str] = {}
    for number, (what, item) in enumerate(damaged(whole, INDEXED)):
        transaction_id = f"7c0c4a6e-0000-4000-8000-{number:012x}"
        store(world, item | {"transaction_id": {"S": transaction_id}})
        kinds[transaction_id] = what
    world.later(60)
    found = world.reconcile()
    assert found["put_off"]
    assert world.state(whole_one)[0] == "Pending"
    for path in (f"/customers/{customer}/payouts", f"/customers/{customer}/export"):
        answer = world.admin.get(path, limit="100")
        assert answer.status == 200, answer.text
        shown = answer.json.get("items") or answer.json["payouts"]
        named = {each["transaction_id"] for each in shown} | set(answer.json["unreadable"])
        assert len(named) == min(100, len(shown) + len(answer.json["unreadable"]))
    assert world.admin.get("/payouts", limit="100").status == 200
    assert world.admin.get(f"/customers/{customer}/accesses", limit="100").status == 200
    for transaction_id in list(kinds)[::9]:
        answer = world.admin.get(f"/payouts/{transaction_id}")
        assert answer.status in (200, 409), (kinds[transaction_id], answer.text)
