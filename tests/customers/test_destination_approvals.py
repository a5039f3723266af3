"""Destinations by two: what an approver is shown, who may approve, and what an approval opens."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.customers.account_owners import MOST_OWNERS, Owner, noted
from proof.lambda_events import user
from tests.payouts.test_request_payout import BANK_ACCOUNT
from tests.world import ADMIN, APPROVER, Caller, HttpAnswer, World, as_admin, as_approver

SECOND = "second-approver"


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    """Two people decide where a customer is paid."""
    return new_world(DESTINATION_APPROVAL="required", APPROVAL_THRESHOLD_AUD="500")


def only_of(world: World, customer_id: str) -> dict[str, str]:
    shown = world.admin.get(f"/customers/{customer_id}").json
    return {
        "customer_id": customer_id,
        "destination_id": shown["destinations"][0]["destination_id"],
    }


def reveal(caller: Caller, *named: dict[str, str]) -> HttpAnswer:
    return caller.post("/destinations/reveal", {"destinations": list(named)})


def approve(caller: Caller, *named: dict[str, str], **more: Any) -> HttpAnswer:
    shown = reveal(caller, *named).json
    said = {"destinations": list(named), "count": len(named), "digest": shown.get("digest", "")}
    return caller.post("/destinations/approve", said | more)


def approved_customer(world: World, **more: Any) -> str:
    customer = world.customer(**BANK_ACCOUNT)
    assert approve(world.approver, only_of(world, customer), **more).status == 200
    return customer


def statuses(answers: list[HttpAnswer]) -> list[str]:
    return [answer.json.get("status") for answer in answers]


# --- what was possible before


def test_a_payout_to_a_destination_that_one_person_added_waits(world: World) -> None:
    customer = world.customer()
    answer = world.pay(customer, "0.01")
    assert answer.json["approval_reasons"] == ["NewDestination"]
    paid = answer.json["transaction_id"]
    alone = world.approver.post(f"/payouts/{paid}/approve", {})
    assert (alone.status, alone.code) == (409, "DestinationNotRevealed")
    assert world.approve(paid).status == 200
    world.drain()
    assert world.state(paid)[0] == "Pending"
    assert world.pay(customer, "1").json["status"] == "Pending"


def test_a_payout_whose_destination_is_hidden_is_not_approved(world: World) -> None:
    """Seen: its author hid it from the table, approved the payout, and put it back."""
    customer = world.customer()
    paid = world.pay(customer, "0.01").json["transaction_id"]
    key = {"customer_id": {"S": customer}}
    item = world.dynamodb.get_item(TableName="CustomersTable", Key=key)["Item"]
    world.dynamodb.put_item(TableName="CustomersTable", Item=item | {"destinations": {"L": []}})
    refused = world.approver.post(f"/payouts/{paid}/approve", {})
    assert (refused.status, refused.code) == (404, "DestinationNotFound")
    assert world.state(paid)[0] == "AwaitingApproval"
    said = {"reason": "its destination is gone"}
    assert world.approver.post(f"/payouts/{paid}/reject", said).status == 200


def test_an_approver_who_replaces_a_destination_does_not_approve_what_is_paid_there(
    world: World,
) -> None:
    insider, honest = world.approver, world.admin
    customer = approved_customer(world)
    old = only_of(world, customer)
    path = f"/customers/{customer}/destinations"
    assert insider("DELETE", f"{path}/{old['destination_id']}").status == 204
    other = BANK_ACCOUNT | {"account_number": "11112222"}
    assert insider.post(path, other).status == 201
    paid = honest.post("/payouts", {"customer_id": customer, "amount": 400}).json["transaction_id"]
    answer = world.approve(paid, insider)
    assert (answer.status, answer.code) == (403, "ApprovalByAuthor")
    assert approve(insider, only_of(world, customer)).code == "ApprovalByAuthor"
    assert world.payout(paid)["status"] == "AwaitingApproval"
    assert world.approve(paid, as_approver(world.app, SECOND)).status == 200


def test_an_account_that_looks_like_the_old_one_is_told_from_it_by_the_approver(
    world: World,
) -> None:
    customer = approved_customer(world)
    old = only_of(world, customer)
    number = BANK_ACCOUNT["account_number"]
    other = BANK_ACCOUNT | {"account_number": f"9{number[1:]}"}
    added = world.admin.post(f"/customers/{customer}/destinations", other).json
    new = {"customer_id": customer, "destination_id": added["destination_id"]}
    before, after = (each["destination"] for each in reveal(world.approver, old, new).json["items"])
    assert before["masked"] == after["masked"]
    assert (before["account_number"], after["account_number"]) == (number, f"9{number[1:]}")
    assert (before["approved_by"], after["approved_by"]) == (APPROVER, None)
    paid = {"customer_id": customer, "destination_id": new["destination_id"], "amount": 5}
    assert world.admin.post("/payouts", paid).json["status"] == "AwaitingApproval"


def test_once_another_person_has_approved_it_its_author_may_approve_payouts_to_it(
    world: World,
) -> None:
    customer = world.approver.post(
        "/customers", {"name": "Jo Citizen", "destination": BANK_ACCOUNT}
    ).json["customer_id"]
    assert approve(as_approver(world.app, SECOND), only_of(world, customer)).status == 200
    paid = world.pay(customer, "600").json["transaction_id"]
    assert world.approver.post(f"/payouts/{paid}/approve", {}).json["status"] == "Queued"


def forge(world: World, customer_id: str, **fields: str) -> None:
    """Writes to the copies that stand beside a destination's message in the table."""
    key = {"customer_id": {"S": customer_id}}
    item = world.dynamodb.get_item(TableName="CustomersTable", Key=key)["Item"]
    item["destinations"]["L"][0]["M"] |= {name: {"S": text} for name, text in fields.items()}
    world.dynamodb.put_item(TableName="CustomersTable", Item=item)


FORGED = {"approved_at": "2026-03-01T00:00:00.000000Z", "approved_by": APPROVER}


def test_an_approval_that_was_written_into_the_table_does_not_count(world: World) -> None:
    customer = world.customer()
    forge(world, customer, **FORGED)
    assert world.pay(customer, "5").json["status"] == "AwaitingApproval"
    asked = {"customer_id": customer, "amount": 5}
    assert world.admin.post("/payouts/validate", asked).json["needs_approval"] is True


def test_an_author_who_was_written_into_the_table_is_not_believed(world: World) -> None:
    insider = world.approver
    customer = insider.post("/customers", {"name": "Jo", "destination": BANK_ACCOUNT}).json
    forge(world, customer["customer_id"], added_by=ADMIN)
    assert approve(insider, only_of(world, customer["customer_id"])).code == "ApprovalByAuthor"


def test_the_message_of_another_destination_is_not_taken_for_one(world: World) -> None:
    approved, other = approved_customer(world), world.customer()
    tables = "CustomersTable"
    items = [
        world.dynamodb.get_item(TableName=tables, Key={"customer_id": {"S": each}})["Item"]
        for each in (approved, other)
    ]
    sealed = items[0]["destinations"]["L"][0]["M"]["sealed"]
    items[1]["destinations"]["L"][0]["M"]["sealed"] = sealed
    world.dynamodb.put_item(TableName=tables, Item=items[1])
    assert world.pay(other, "5").code == "RecordUnreadable"


def test_after_one_approved_cent_a_day_brings_no_more_than_the_cap(
    new_world: Callable[..., World],
) -> None:
    world = new_world(DESTINATION_APPROVAL="required", DESTINATION_CAP_AUD="1000")
    customer = world.customer()
    world.approve(world.pay(customer, "0.01").json["transaction_id"])
    answers = [world.pay(customer, "500") for _ in range(4)]
    assert statuses(answers) == ["Pending", "Pending", "AwaitingApproval", "AwaitingApproval"]
    assert answers[-1].json["approval_reasons"] == ["AboveCap"]
    assert "more than its destination is approved for" in answers[-1].json["message"]
    asked = {"customer_id": customer, "amount": 500}
    assert world.admin.post("/payouts/validate", asked).json["needs_approval"] is True
    late = answers[-1].json["transaction_id"]
    assert world.approver.post(f"/payouts/{late}/approve", {}).json["status"] == "Queued"
    world.later(86_400)
    assert world.pay(customer, "500").json["status"] == "Pending"


def test_the_cap_is_the_accounts_under_whichever_destination(
    new_world: Callable[..., World],
) -> None:
    world = new_world(DESTINATION_APPROVAL="required")
    first, second = (approved_customer(world, cap="700") for _ in range(2))
    assert statuses([world.pay(each, "500") for each in (first, second)]) == [
        "Pending",
        "AwaitingApproval",
    ]


# --- what the approver sees


def test_an_approver_sees_all_there_is_to_know_and_it_is_recorded(world: World) -> None:
    customer = world.customer(**BANK_ACCOUNT)
    world.admin.post(f"/customers/{customer}/destinations", BANK_ACCOUNT)
    twin = world.customer(**BANK_ACCOUNT)
    named = only_of(world, customer)
    answer = reveal(world.approver, named)
    assert answer.headers["Cache-Control"] == "no-store"
    [shown] = answer.json["items"]
    assert (shown["customer_id"], shown["customer_name"]) == (customer, "Jo Citizen")
    place = shown["destination"]
    details = {name: BANK_ACCOUNT[name] for name in ("bsb", "account_number", "account_name")}
    assert {name: place[name] for name in details} == details
    assert (place["added_by"], place["approved_by"], place["pay_id"]) == (ADMIN, None, None)
    assert place["added_at"] == place["created_at"]
    [other] = shown["others"]
    assert "account_number" not in other
    assert shown["also_named_by"] == [
        {"customer_id": customer, "destination_id": other["destination_id"]},
        only_of(world, twin),
    ]
    accesses = world.admin.get(f"/customers/{customer}/accesses").json["items"]
    assert [(each["by"], each["purpose"]) for each in accesses] == [(APPROVER, "Approval")]


def test_a_payid_is_shown_in_full(world: World) -> None:
    shown = reveal(world.approver, only_of(world, world.customer())).json["items"][0]
    assert shown["destination"]["pay_id"] == "jo.citizen@example.com"


def test_what_is_gone_is_named_by_no_account(world: World) -> None:
    customer = world.customer(**BANK_ACCOUNT)
    gone, erased = world.customer(**BANK_ACCOUNT), world.customer(**BANK_ACCOUNT)
    place = only_of(world, gone)["destination_id"]
    assert world.admin("DELETE", f"/customers/{gone}/destinations/{place}").status == 204
    assert world.admin("DELETE", f"/customers/{erased}").status == 204
    shown = reveal(world.approver, only_of(world, customer)).json["items"][0]
    assert shown["also_named_by"] == []


def test_nothing_is_shown_that_cannot_be_recorded(world: World) -> None:
    named = only_of(world, world.customer())
    world.dynamodb.delete_table(TableName="RecordsTable")
    assert reveal(world.approver, named).status == 503


@pytest.mark.parametrize("groups", ["operators", "viewers"])
def test_only_approvers_see_and_approve(world: World, groups: str) -> None:
    named = only_of(world, world.customer())
    other = Caller(world.app, user("another", groups))
    said = {"destinations": [named], "count": 1, "digest": "1." + "0" * 32}
    assert reveal(other, named).status == 403
    assert other.post("/destinations/approve", said).status == 403


# --- lists


def test_a_list_is_approved_as_it_was_shown_or_not_at_all(world: World) -> None:
    one, two = (only_of(world, world.customer()) for _ in range(2))
    digest = reveal(world.approver, one, two).json["digest"]
    for named, count in (([one], 1), ([one, two], 1), ([one, two], 3)):
        said = {"destinations": named, "count": count, "digest": digest}
        assert world.approver.post("/destinations/approve", said).code == "DestinationsDiffer"
    said = {"destinations": [two, one], "count": 2, "digest": digest}
    another = as_approver(world.app, SECOND)
    assert another.post("/destinations/approve", said).code == "DestinationsDiffer"
    answer = world.approver.post("/destinations/approve", said)
    assert [each["destination"]["approved_by"] for each in answer.json["items"]] == [APPROVER] * 2
    assert world.approver.get("/destinations/unapproved").json["items"] == []


def test_one_destination_of_the_approvers_own_keeps_a_list_from_being_approved(
    world: World,
) -> None:
    own = world.approver.post("/customers", {"name": "Jo", "destination": BANK_ACCOUNT}).json
    others, mine = only_of(world, world.customer()), only_of(world, own["customer_id"])
    assert approve(world.approver, others, mine).code == "ApprovalByAuthor"
    assert len(world.approver.get("/destinations/unapproved").json["items"]) == 2


def test_all_that_wait_are_listed_page_by_page(world: World) -> None:
    waiting = [only_of(world, world.customer()) for _ in range(2)]
    approved_customer(world)
    found, cursor = [], None
    while True:
        more: dict[str, str] = {"cursor": cursor} if cursor else {}
        page = world.admin.get("/destinations/unapproved", limit="1", **more).json
        found += [(each["customer_id"], each["destination"]["added_by"]) for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == [(each["customer_id"], ADMIN) for each in reversed(waiting)]
    assert world.admin.get("/destinations/unapproved", cursor="x").code == "InvalidRequest"


def test_a_list_names_each_destination_once_and_only_those_there_are(world: World) -> None:
    named = only_of(world, world.customer())
    assert reveal(world.approver, named, named).code == "InvalidRequest"
    gone = named | {"destination_id": "00000000-0000-4000-8000-000000000000"}
    assert reveal(world.approver, gone).code == "DestinationNotFound"
    unknown = named | {"customer_id": "00000000-0000-4000-8000-000000000000"}
    assert reveal(world.approver, unknown).code == "CustomerNotFound"


# --- caps


def test_one_person_lowers_a_cap_and_it_takes_two_to_raise_it(world: World) -> None:
    """Seen: an approver alone raised a cap that another person had set."""
    customer = approved_customer(world, cap="100")
    named, another = only_of(world, customer), as_approver(world.app, SECOND)

    def capped(caller: Caller, cap: str | None = None) -> list[Any]:
        shown = approve(caller, named, **({"cap": cap} if cap else {})).json["items"][0]
        assert (
            shown["destination"]
            == world.admin.get(f"/customers/{customer}").json["destinations"][0]
        )
        names = ("cap", "approved_by", "asked_cap", "asked_cap_by")
        return [shown["destination"][name] for name in names]

    assert capped(world.approver, "50") == [50, APPROVER, None, None]
    asked = [50, APPROVER, 900, SECOND]
    assert capped(another, "900") == asked
    assert world.pay(customer, "51").json["approval_reasons"] == ["AboveCap"]
    forge(world, customer, asked_cap_by=ADMIN)
    assert capped(another, "900") == asked
    [shown] = reveal(world.approver, named).json["items"]
    assert [shown["destination"][name] for name in ("cap", "asked_cap")] == [50, 900]
    assert capped(world.approver) == asked
    assert capped(world.approver, "900") == [900, APPROVER, None, None]
    assert world.pay(customer, "51").json["status"] == "Pending"


# --- what was stored before


def test_a_destination_from_before_has_no_author_and_waits_for_any_approver(
    world: World,
) -> None:
    customer = world.customer(**BANK_ACCOUNT)
    make_old(world, customer)
    named = only_of(world, customer)
    [shown] = reveal(world.approver, named).json["items"]
    assert (shown["destination"]["added_by"], shown["destination"]["added_at"]) == (None, None)
    assert world.pay(customer, "5").json["status"] == "AwaitingApproval"
    assert approve(world.approver, named).status == 200
    assert world.pay(customer, "5").json["status"] == "Pending"


def make_old(world: World, customer_id: str) -> None:
    """Stores a customer's destination as it was stored before destinations had authors."""
    vault = world.container.vault
    key = {"customer_id": {"S": customer_id}}
    item = world.dynamodb.get_item(TableName="CustomersTable", Key=key)["Item"]
    place = item["destinations"]["L"][0]["M"]
    purpose = f"destination/{place['destination_id']['S']}"
    record = vault.open(customer_id, purpose, place["sealed"]["B"])
    bare = {name: record[name] for name in ("bsb", "account_number", "account_name")}
    place["sealed"] = {"B": vault.seal(customer_id, purpose, bare)}
    del place["added_by"], place["account"]
    world.dynamodb.put_item(TableName="CustomersTable", Item=item)


def test_a_payout_that_was_let_go_waits_in_the_queue_for_its_destination(
    new_world: Callable[..., World], capsys: pytest.CaptureFixture[str]
) -> None:
    world = new_world()
    world.admin.post("/sending/pause", {"reason": "drill"})
    customer = world.customer()
    paid = str(world.pay(customer, "5").json["transaction_id"])
    world.environment["DESTINATION_APPROVAL"] = "required"
    world.restart()
    world.admin.post("/sending/resume", {})
    world.minutes(6)
    shown = world.payout(paid)
    assert (shown["status"], shown["waits_for"]) == ("Queued", "DestinationApproval")
    assert "approved" in shown["explanation"]["summary"]
    assert world.monoova.received == []
    assert '"DestinationNotApproved": 1' in capsys.readouterr().out
    approve(world.approver, only_of(world, customer))
    world.minutes(6)
    assert world.state(paid)[0] in ("Pending", "Completed")
    assert world.payout(paid)["waits_for"] is None


def test_two_operators_alone_approve_nothing(world: World) -> None:
    paid = world.pay(world.customer(), "5").json["transaction_id"]
    answer = as_admin(world.app, "another").post(f"/payouts/{paid}/approve", {})
    assert answer.code == "Forbidden"


# --- the owners of an account


def test_of_too_many_owners_the_oldest_go() -> None:
    owners: tuple[Owner, ...] = ()
    for number in range(MOST_OWNERS + 1):
        owners = noted(owners, Owner("c", str(number)))
    assert (owners[0], len(owners)) == (Owner("c", "1"), MOST_OWNERS)
    assert noted(owners, owners[0]) == owners
