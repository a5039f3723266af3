"""Privacy: the export of all that is held on a customer, and who accessed their details."""

import base64
import json
from typing import Any, Final

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.core.observability import invocation
from chalicelib.customers.open_details import Purpose
from chalicelib.payouts.rules.payout import State
from simulator.outcomes import Fate, News, Plan
from tests.payouts.test_queues import order, queued
from tests.payouts.test_reconciliation import NewWorld, stored
from tests.payouts.test_request_payout import BANK_ACCOUNT, AwsCalls
from tests.world import ADMIN, Caller, HttpAnswer, World, as_admin

RECORDS: Final = "RecordsTable"
UNKNOWN: Final = "00000000-0000-4000-8000-000000000000"
PHONE: Final = {
    "type": "PayId",
    "pay_id": "0412 345 678",
    "pay_id_type": "PhoneNumber",
    "account_name": "Quentin Zarathustra",
}


def registered(world: World, *destinations: dict[str, str]) -> str:
    person = {"name": "Quentin Zarathustra", "email": "q@mail.example"}
    customer_id = str(world.admin.post("/customers", person).json["customer_id"])
    for destination in destinations:
        added = world.admin.post(f"/customers/{customer_id}/destinations", destination)
        assert added.status == 201
    return customer_id


def export(world: World, customer_id: str, **query: str) -> HttpAnswer:
    return world.admin.get(f"/customers/{customer_id}/export", **query)


def accesses(world: World, customer_id: str, **query: str) -> Any:
    answer = world.admin.get(f"/customers/{customer_id}/accesses", **query)
    assert answer.status == 200, answer.text
    return answer.json


def purposes(world: World, customer_id: str) -> list[str]:
    return [item["purpose"] for item in accesses(world, customer_id)["items"]]


def records(world: World) -> list[Any]:
    found: list[Any] = world.dynamodb.scan(TableName=RECORDS)["Items"]
    return found


def failing(world: World) -> AwsCalls:
    """From now on nothing can be written to the table of records."""
    calls = AwsCalls(world)

    def unwritable(body: str) -> None:
        if json.loads(body)["TableName"] == RECORDS:
            raise EndpointConnectionError(endpoint_url="https://dynamodb.example")

    calls.at("DynamoDB.PutItem", unwritable)
    return calls


# --- the export


def test_an_export_holds_everything_in_the_clear_and_no_cache_may_keep_it(world: World) -> None:
    customer_id = registered(world, PHONE, BANK_ACCOUNT)
    shown = world.admin.get(f"/customers/{customer_id}").json
    ask = {"customer_id": customer_id, "amount": 5, "payout_method": "PayId"}
    paid = world.admin.post("/payouts", ask | {"description": "For Quentin"}).json
    answer = export(world, customer_id)
    assert answer.status == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    details: dict[str, Any] = {"pay_id": None, "bsb": None, "account_number": None}
    phone, bank = shown["destinations"]
    phone |= details | {"pay_id": "+61-412345678", "account_name": "Quentin Zarathustra"}
    bank |= details | {"bsb": "062-000", "account_number": "12345678"}
    bank["account_name"] = "Jo Citizen"
    assert answer.json == {
        "as_of": "2026-03-02T01:00:00.000000Z",
        "customer": shown,
        "payouts": [world.payout(paid["transaction_id"])],
        "next_cursor": None,
        "unreadable": [],
    }
    assert answer.json["customer"]["email"] == "q@mail.example"


def test_an_export_of_many_payouts_comes_in_pages_with_the_customer_on_the_first(
    world: World,
) -> None:
    customer_id = registered(world, PHONE)
    for number in range(5):
        stored(world, customer_id, State.COMPLETED, number)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    pages = 0
    while True:
        page = export(world, customer_id, limit="2", **cursor).json
        assert (page["customer"] is not None) == (pages == 0)
        seen += [payout["transaction_id"] for payout in page["payouts"]]
        pages += 1
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert (len(seen), len(set(seen)), pages) == (5, 5, 3)
    # What decrypts nothing is not recorded as an access.
    assert purposes(world, customer_id).count("Export") == 1


def cursor_of(**places: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(places).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        cursor_of(),
        cursor_of(records="first"),
        cursor_of(records="first", payouts="elsewhere"),
        cursor_of(records=f"2026-13-02T01:00:00.000000Z#{UNKNOWN}", payouts="none"),
    ],
)
def test_a_malformed_cursor_is_refused(world: World, cursor: str) -> None:
    customer_id = registered(world)
    for answer in (
        export(world, customer_id, cursor=cursor),
        world.admin.get(f"/customers/{customer_id}/accesses", cursor=cursor),
    ):
        assert (answer.status, set(answer.json["errors"])) == (400, {"cursor"})


def test_a_cursor_of_another_customer_is_refused(world: World) -> None:
    one, other = registered(world, PHONE), registered(world, PHONE)
    for number in range(2):
        stored(world, one, State.COMPLETED, number)
    cursor = export(world, one, limit="1").json["next_cursor"]
    assert export(world, other, cursor=cursor).status == 400


def test_a_viewer_exports_nothing_and_may_see_who_did(world: World) -> None:
    customer_id = registered(world, PHONE)
    viewer = Caller(
        world.app,
        {"authorizer": {"claims": {"sub": "viewer", "cognito:groups": "viewers"}}},
    )
    assert viewer.get(f"/customers/{customer_id}/export").status == 403
    assert viewer.get(f"/customers/{customer_id}/accesses").json["items"] == []
    assert records(world) == []


def test_an_export_that_cannot_be_recorded_is_none(world: World) -> None:
    customer_id = registered(world, PHONE)
    calls = failing(world)
    answer = export(world, customer_id)
    assert (answer.status, answer.code) == (503, "StorageUnavailable")
    assert "KMS.Decrypt" not in calls.names


def test_for_an_unknown_customer_nothing_is_exported_or_recorded(world: World) -> None:
    assert export(world, UNKNOWN).code == "CustomerNotFound"
    assert accesses(world, UNKNOWN) == {"items": [], "next_cursor": None, "unreadable": []}
    assert records(world) == []


# --- who accessed what


def test_every_access_records_who_when_what_for_and_which_destination(world: World) -> None:
    customer_id = world.customer()
    (place,) = world.admin.get(f"/customers/{customer_id}").json["destinations"]
    destination_id = place["destination_id"]
    ask = {"customer_id": customer_id, "amount": "7.03"}
    as_admin(world.app, "validator").post("/payouts/validate", ask)
    world.later(1)
    as_admin(world.app, "verifier").post(
        f"/customers/{customer_id}/destinations/{destination_id}/verification"
    )
    world.later(1)
    paid = as_admin(world.app, "payer").post("/payouts", ask).json["transaction_id"]
    world.later(1)
    as_admin(world.app, "exporter").get(f"/customers/{customer_id}/export")
    found = accesses(world, customer_id)
    assert found["next_cursor"] is None
    assert found["items"] == [
        {
            "at": f"2026-03-02T01:00:0{second}.000000Z",
            "by": by,
            "purpose": purpose,
            "destination_id": destination_id,
            "transaction_id": paid if purpose == "Payout" else None,
        }
        for second, by, purpose in (
            (3, "exporter", "Export"),
            (2, "payer", "Payout"),
            (1, "verifier", "Verification"),
            (0, "validator", "Validation"),
        )
    ]


def test_an_export_is_recorded_for_each_destination_or_once_where_there_is_none(
    world: World,
) -> None:
    both, neither = registered(world, PHONE, BANK_ACCOUNT), registered(world)
    for customer_id in (both, neither):
        assert export(world, customer_id).status == 200
    shown = world.admin.get(f"/customers/{both}").json["destinations"]
    opened = {item["destination_id"] for item in accesses(world, both)["items"]}
    assert opened == {destination["destination_id"] for destination in shown}
    (item,) = accesses(world, neither)["items"]
    assert item["destination_id"] is None


def test_each_time_a_payout_is_sent_is_listed_without_a_write_for_it(world: World) -> None:
    customer_id = world.customer()
    world.container.gatekeeper.pause("ops", "maintenance")
    waiting = str(world.pay(customer_id).json["transaction_id"])
    world.container.gatekeeper.resume()
    world.later(30)
    assert (
        world.sqs_event(
            "send_queued_payouts",
            json.dumps({"transaction_id": waiting, "customer_id": customer_id}),
        )
        == []
    )
    found = accesses(world, customer_id)["items"]
    # It was requested before, and waited.
    assert [(item["by"], item["purpose"]) for item in found] == [("queue", "Payout")]
    assert records(world) == []


def expect(answer: HttpAnswer) -> None:
    assert answer.json["status"] == "Cancelled", answer.text


def accesses_in(log: str) -> list[str]:
    lines = [json.loads(line) for line in log.splitlines()]
    return [opened for line in lines for opened in line.get("destination_opened", [])]


def test_an_access_for_a_payment_that_was_not_made_is_in_the_log(
    new_world: NewWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world = new_world(LIMIT_PER_DAY_AUD="5")
    customer_id = world.customer()
    (place,) = world.admin.get(f"/customers/{customer_id}").json["destinations"]
    capsys.readouterr()
    answer = world.admin.post("/payouts", {"customer_id": customer_id, "amount": 6})
    assert answer.code == "LimitExceeded"
    opened = f"Payout {customer_id} {place['destination_id']}"
    assert accesses_in(capsys.readouterr().out) == [opened]
    assert accesses(world, customer_id)["items"] == []


def test_a_lost_claim_has_accessed_the_destination_and_is_recorded(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = queued(world)
    customer_id = world.payout(waiting)["customer_id"]
    calls = AwsCalls(world)
    message = order(world, waiting)
    path = f"/payouts/{waiting}/cancel"
    calls.once("DynamoDB.UpdateItem", lambda _: expect(world.admin.post(path)))
    capsys.readouterr()
    world.sqs_event("send_queued_payouts", message)
    (opened,) = accesses_in(capsys.readouterr().out)
    assert opened.startswith(f"Payout {customer_id} ")
    assert accesses(world, customer_id)["items"] == []


def refused_when_asked(world: World, customer_id: str) -> str:
    """A payout whose end only the status API reports, in words that have to be redacted."""
    world.monoova.script(Plan(fate=Fate.REJECTED, news=News.LOST))
    paid = str(world.pay(customer_id).json["transaction_id"])
    world.later(180)
    return paid


def test_an_access_to_redact_monoovas_words_is_recorded(world: World) -> None:
    customer_id = world.customer()
    asked, found = refused_when_asked(world, customer_id), refused_when_asked(world, customer_id)
    assert world.admin.post(f"/payouts/{asked}/refresh").json["status"] == "Failed"
    world.reconcile()
    assert world.state(found)[0] == "Failed"
    items = [i for i in accesses(world, customer_id)["items"] if i["purpose"] == "Redaction"]
    assert {(item["by"], item["transaction_id"]) for item in items} == {
        (ADMIN, asked),
        ("reconciler", found),
    }


def test_a_payout_ends_even_where_the_access_cannot_be_recorded_and_the_log_has_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    customer_id = world.customer()
    asked = refused_when_asked(world, customer_id)
    failing(world)
    capsys.readouterr()
    assert world.admin.post(f"/payouts/{asked}/refresh").json["status"] == "Failed"
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    (place,) = world.admin.get(f"/customers/{customer_id}").json["destinations"]
    opened = f"Redaction {customer_id} {place['destination_id']}"
    assert line["destination_opened"] == [opened]
    assert line["error"] == "StorageUnavailableError"


@pytest.mark.parametrize("route", ["validate", "verification"])
def test_an_access_that_cannot_be_recorded_is_refused(world: World, route: str) -> None:
    customer_id = world.customer()
    (place,) = world.admin.get(f"/customers/{customer_id}").json["destinations"]
    calls = failing(world)
    if route == "validate":
        answer = world.admin.post("/payouts/validate", {"customer_id": customer_id, "amount": 5})
    else:
        path = f"/customers/{customer_id}/destinations/{place['destination_id']}"
        answer = world.admin.post(f"{path}/verification")
    assert (answer.status, answer.code) == (503, "StorageUnavailable")
    assert "KMS.Decrypt" not in calls.names
    assert world.monoova.received == []


@pytest.mark.parametrize("rest", [0, 1])
def test_the_list_goes_on_page_by_page_through_records_and_payouts_alike(
    world: World, rest: int
) -> None:
    """Whichever of the two ends first."""
    customer_id = world.customer()
    ask = {"customer_id": customer_id, "amount": 5}
    for number in range(9):
        world.admin.post("/payouts" if number % 3 != rest else "/payouts/validate", ask)
        world.later(1)
    whole = accesses(world, customer_id, limit="100")["items"]
    assert [item["at"] for item in whole] == sorted((i["at"] for i in whole), reverse=True)
    assert len(whole) == 9
    for limit in ("1", "2", "4", "9"):
        paged: list[Any] = []
        query = {"limit": limit}
        while True:
            page = accesses(world, customer_id, **query)
            assert len(page["items"]) <= int(limit)
            paged += page["items"]
            if page["next_cursor"] is None:
                break
            query = {"limit": limit, "cursor": page["next_cursor"]}
        assert paged == whole, limit


def test_a_line_of_the_log_has_room_for_twenty_accesses(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with invocation(world.container.clock, "test"):
        for number in range(25):
            world.container.opener.record("c", f"d-{number}", Purpose.EXPORT, ADMIN)
    noted = json.loads(capsys.readouterr().out)["destination_opened"]
    assert (len(noted), noted[-1]) == (20, "Export c d-19")
    assert len(records(world)) == 25


# --- what remains


def test_erasing_removes_verifications_too_and_leaves_accesses_without_names(
    world: World,
) -> None:
    customer_id = registered(world, PHONE)
    (place,) = world.admin.get(f"/customers/{customer_id}").json["destinations"]
    path = f"/customers/{customer_id}/destinations/{place['destination_id']}/verification"
    assert world.admin.post(path).status == 200
    export(world, customer_id)
    assert world.admin("DELETE", f"/customers/{customer_id}").status == 204
    assert world.dynamodb.scan(TableName="CustomersTable")["Items"] == []
    assert purposes(world, customer_id) == ["Export", "Verification"]
    for item in records(world):
        assert set(item) == {
            "collection",
            "item",
            "by",
            "purpose",
            "destination_id",
            "expires_at",
        }
        text = json.dumps(item)
        assert "Quentin" not in text
        assert "412345678" not in text


def test_a_record_is_kept_for_seven_years(world: World) -> None:
    export(world, registered(world))
    (item,) = records(world)
    years = (int(item["expires_at"]["N"]) - world.clock().timestamp()) / (366 * 86400)
    assert years == pytest.approx(7)
