"""Customers and where to pay them: registered, shown masked, changed, erased; sealed in between."""

import copy
import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from chalicelib.core.marks import erased
from chalicelib.monoova.rules import gate as gates
from chalicelib.payouts.rules.payout import Payout
from simulator.outcomes import Outcome
from tests.world import ADMIN, LIVE, Caller, HttpAnswer, World, as_admin, load_app

CUSTOMERS: Final = "CustomersTable"
TRANSACTIONS: Final = "TransactionsTable"

PHONE: Final = {
    "type": "PayId",
    "pay_id": "0412 345 678",
    "pay_id_type": "PhoneNumber",
    "account_name": "Quentin Zarathustra",
}
BANK: Final = {
    "type": "BankAccount",
    "bsb": "062000",
    "account_number": "87654321",
    "account_name": "Quentin Zarathustra",
}
EMAIL: Final = {
    "type": "PayId",
    "pay_id": "quentin.z@payee.example",
    "pay_id_type": "Email",
    "account_name": "Quentin Zarathustra",
}


NAMED: Final = {"name": "Named Anew"}


def registered(world: World, **body: object) -> str:
    answer = world.admin.post("/customers", {"name": "Quentin Zarathustra", **body})
    assert answer.status == 201, answer.text
    return str(answer.json["customer_id"])


def added(world: World, customer_id: str, destination: object) -> str:
    answer = world.admin.post(f"/customers/{customer_id}/destinations", destination)
    assert answer.status == 201, answer.text
    return str(answer.json["destination_id"])


def shown(world: World, customer_id: str) -> Any:
    answer = world.admin.get(f"/customers/{customer_id}")
    assert answer.status == 200, answer.text
    return answer.json


def delete(world: World, path: str) -> HttpAnswer:
    return world.admin("DELETE", path)


def patch(world: World, customer_id: str, body: object) -> HttpAnswer:
    return world.admin("PATCH", f"/customers/{customer_id}", body)


def stored(world: World, customer_id: str) -> Any:
    """The customer's item as DynamoDB has it; None if there is none."""
    key = {"customer_id": {"S": customer_id}}
    found = world.dynamodb.get_item(TableName=CUSTOMERS, Key=key, ConsistentRead=True)
    return found.get("Item")


def put(world: World, item: Any) -> None:
    world.dynamodb.put_item(TableName=CUSTOMERS, Item=item)


def sent_to_monoova(world: World) -> Any:
    """The one disbursement of the latest payout that Monoova received."""
    (disbursement,) = json.loads(world.monoova.received[-1].raw)["disbursements"]
    return disbursement


def count(world: World, table: str) -> int:
    return int(world.dynamodb.scan(TableName=table)["Count"])


# --- registration and what is shown


def test_a_customer_is_registered_with_a_first_destination(world: World) -> None:
    answer = world.admin.post(
        "/customers", {"name": "Quentin", "email": "q@mail.example", "destination": BANK}
    )
    assert answer.status == 201
    assert answer.headers["Content-Type"] == "application/json"
    customer = answer.json
    assert (customer["name"], customer["email"]) == ("Quentin", "q@mail.example")
    assert customer["created_at"] == customer["updated_at"] == "2026-03-02T01:00:00.000000Z"
    (destination,) = customer["destinations"]
    assert destination.pop("destination_id")
    assert destination == {
        "type": "BankAccount",
        "pay_id_type": None,
        "masked": "•••321",
        "created_at": "2026-03-02T01:00:00.000000Z",
        "bsb_checked_at": "2026-03-02T01:00:00.000000Z",
        "added_by": ADMIN,
        "approved_by": None,
        "approved_at": None,
        "cap": None,
        "asked_cap": None,
        "asked_cap_by": None,
        "verification": {"status": "NotStarted", "owner_name_matches": None, "at": None},
    }
    assert shown(world, customer["customer_id"]) == answer.json


def test_a_customer_may_come_without_email_and_destination(world: World) -> None:
    customer = shown(world, registered(world))
    assert (customer["email"], customer["destinations"]) == (None, [])


def test_a_payid_of_each_type_is_shown_masked(world: World) -> None:
    customer_id = registered(world)
    for pay_id_type, typed, masked in (
        ("Email", "Quentin.Z@Payee.Example", "q•••@payee.example"),
        ("PhoneNumber", "0412 345 678", "•••678"),
        ("ABN", "51 824 753 556", "•••556"),
        ("ACN", "004 085 616", "•••616"),
        ("OrganisationId", "ZarathustraOrg", "z•••"),
    ):
        added(world, customer_id, EMAIL | {"pay_id": typed, "pay_id_type": pay_id_type})
        found = shown(world, customer_id)["destinations"][-1]
        assert (found["type"], found["pay_id_type"]) == ("PayId", pay_id_type)
        assert found["masked"] == masked


def test_monoova_is_sent_the_destination_in_the_form_of_its_type(world: World) -> None:
    for destination, details in (
        (PHONE, {"payId": "+61-412345678", "payIdType": "PhoneNumber"}),
        (
            EMAIL | {"pay_id": " Quentin.Z@Payee.Example "},
            {"payId": "quentin.z@payee.example", "payIdType": "Email"},
        ),
        (BANK, {"bsbNumber": "062-000", "accountNumber": "87654321"}),
    ):
        assert world.pay(registered(world, destination=destination)).status == 202
        disbursement = sent_to_monoova(world)
        (sent,) = [value for name, value in disbursement.items() if name.endswith("Details")]
        assert details.items() <= sent.items()
        assert sent["accountName"] == "Quentin Zarathustra"


def test_no_answer_ever_holds_the_full_value(world: World) -> None:
    for destination in (PHONE, EMAIL, BANK):
        customer_id = registered(world, name="Q", destination=destination)
        bank = BANK | {"account_number": "55554444", "account_name": "Otherwise"}
        added(world, customer_id, bank)
        destination_id = shown(world, customer_id)["destinations"][0]["destination_id"]
        ask = {"customer_id": customer_id, "amount": 5, "destination_id": destination_id}
        paid = world.admin.post("/payouts", ask)
        answers = [
            paid,
            world.admin.get("/customers"),
            world.admin.get(f"/customers/{customer_id}"),
            world.service.get(f"/internal/customers/{customer_id}"),
            world.admin.post(f"/customers/{customer_id}/destinations", destination),
            patch(world, customer_id, {"name": "R"}),
            world.admin.post("/payouts/validate", ask),
            world.admin.get("/payouts"),
            world.admin.get(f"/customers/{customer_id}/payouts"),
            world.admin.get(f"/payouts/{paid.json['transaction_id']}"),
            delete(world, f"/customers/{customer_id}/destinations/{destination_id}"),
            delete(world, f"/customers/{customer_id}"),
        ]
        assert {answer.status for answer in answers} == {200, 201, 202, 409}
        text = " ".join(answer.text for answer in answers)
        for secret in ("412345678", "412 345 678", "quentin.z", "87654321", "062000", "062-000"):
            assert secret not in text
        for secret in ("Zarathustra", "Otherwise", "55554444"):
            assert secret not in text


def test_nothing_personal_is_stored_in_the_clear(world: World) -> None:
    customer_id = registered(world, email="q@mail.example", destination=EMAIL)
    added(world, customer_id, BANK)
    item = stored(world, customer_id)
    text = repr(item)
    for personal in ("Quentin", "Zarathustra", "q@mail", "quentin.z", "87654321", "062-000"):
        assert personal not in text
    assert set(item) == {
        "customer_id",
        "listing",
        "created_at",
        "updated_at",
        "version",
        "sealed",
        "destinations",
    }


def test_a_live_deployment_refuses_wrong_check_digits_by_the_fields_full_name(
    new_world: Callable[..., World],
) -> None:
    world = new_world(**LIVE)
    abn = EMAIL | {"pay_id": "38126015228", "pay_id_type": "ABN"}
    answer = world.admin.post("/customers", {"name": "Q", "destination": abn})
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert list(answer.json["errors"]) == ["destination.pay_id"]
    customer_id = registered(world)
    answer = world.admin.post(f"/customers/{customer_id}/destinations", abn)
    assert list(answer.json["errors"]) == ["pay_id"]
    assert shown(world, customer_id)["destinations"] == []
    assert count(world, CUSTOMERS) == 1


def test_a_sandbox_takes_monoovas_own_samples(new_world: Callable[..., World]) -> None:
    world = new_world()
    for kind, typed in (("ABN", "38126015228"), ("ACN", "987654321")):
        destination = EMAIL | {"pay_id": typed, "pay_id_type": kind}
        assert shown(world, registered(world, destination=destination))["destinations"]


# --- changes


def test_a_customer_is_renamed_and_keeps_the_rest(world: World) -> None:
    customer_id = registered(world, email="q@mail.example", destination=BANK)
    before = shown(world, customer_id)
    world.later(60)
    answer = patch(world, customer_id, {"name": "New Name"})
    assert answer.status == 200
    assert answer.json == before | {
        "name": "New Name",
        "updated_at": "2026-03-02T01:01:00.000000Z",
    }
    assert shown(world, customer_id) == answer.json


def test_an_email_is_given_changed_and_taken_away(world: World) -> None:
    customer_id = registered(world)
    for email in ("a@mail.example", "b@mail.example", None):
        assert patch(world, customer_id, {"email": email}).json["email"] == email
        assert shown(world, customer_id)["email"] == email
    assert shown(world, customer_id)["name"] == "Quentin Zarathustra"


def test_a_destination_is_added_and_the_others_stay(world: World) -> None:
    customer_id = registered(world, destination=EMAIL)
    (first,) = shown(world, customer_id)["destinations"]
    answer = world.admin.post(f"/customers/{customer_id}/destinations", BANK)
    assert answer.status == 201
    assert shown(world, customer_id)["destinations"] == [first, answer.json]


def test_of_several_destinations_the_named_one_is_paid(world: World) -> None:
    customer_id = registered(world, destination=EMAIL)
    bank = added(world, customer_id, BANK)
    ask = {"customer_id": customer_id, "amount": 5, "destination_id": bank}
    answer = world.admin.post("/payouts", ask)
    assert answer.json["destination"] == "•••321"
    assert "toNppCreditBankAccountDetails" in sent_to_monoova(world)


def test_of_several_destinations_the_only_one_of_the_method_is_paid(world: World) -> None:
    customer_id = registered(world, destination=EMAIL)
    bank = added(world, customer_id, BANK)
    ask = {"customer_id": customer_id, "amount": 5, "payout_method": "BankAccount"}
    assert world.admin.post("/payouts", ask).json["destination_id"] == bank


def test_a_destination_is_removed_and_no_longer_paid_to(world: World) -> None:
    customer_id = registered(world, destination=EMAIL)
    gone = shown(world, customer_id)["destinations"][0]["destination_id"]
    kept = added(world, customer_id, BANK)
    answer = delete(world, f"/customers/{customer_id}/destinations/{gone}")
    assert (answer.status, answer.text) == (204, "")
    left = shown(world, customer_id)["destinations"]
    assert [destination["destination_id"] for destination in left] == [kept]
    ask = {"customer_id": customer_id, "amount": 5, "destination_id": gone}
    assert world.admin.post("/payouts", ask).code == "DestinationNotFound"
    again = delete(world, f"/customers/{customer_id}/destinations/{gone}")
    assert (again.status, again.code) == (404, "DestinationNotFound")


def test_a_destination_that_an_open_payout_needs_stays(world: World) -> None:
    customer_id = registered(world, destination=EMAIL)
    needed = shown(world, customer_id)["destinations"][0]["destination_id"]
    other = added(world, customer_id, BANK)
    world.admin.post(
        "/payouts", {"customer_id": customer_id, "amount": 5, "destination_id": needed}
    )
    answer = delete(world, f"/customers/{customer_id}/destinations/{needed}")
    assert (answer.status, answer.code) == (409, "DestinationInUse")
    assert len(shown(world, customer_id)["destinations"]) == 2
    assert delete(world, f"/customers/{customer_id}/destinations/{other}").status == 204
    world.later(180)  # the webhook settles it
    assert delete(world, f"/customers/{customer_id}/destinations/{needed}").status == 204


def test_a_destination_of_another_customer_cannot_be_removed(world: World) -> None:
    mine, other = registered(world, destination=EMAIL), registered(world, destination=BANK)
    theirs = shown(world, other)["destinations"][0]["destination_id"]
    answer = delete(world, f"/customers/{mine}/destinations/{theirs}")
    assert (answer.status, answer.code) == (404, "DestinationNotFound")
    assert len(shown(world, other)["destinations"]) == 1


def test_a_customer_has_twenty_destinations_at_most(world: World) -> None:
    customer_id = registered(world, destination=EMAIL)
    for number in range(19):
        added(world, customer_id, BANK | {"account_number": str(1000 + number)})
    answer = world.admin.post(f"/customers/{customer_id}/destinations", BANK)
    assert (answer.status, answer.code) == (409, "TooManyDestinations")
    destinations = shown(world, customer_id)["destinations"]
    assert len(destinations) == 20
    one = destinations[5]["destination_id"]
    assert delete(world, f"/customers/{customer_id}/destinations/{one}").status == 204
    added(world, customer_id, BANK)


# --- concurrent changes


def once_before(world: World, operation: str, act: Callable[[], object]) -> None:
    """Lets another writer act between the app's read and its next write."""
    pending = [act]

    def interrupt(**_event: Any) -> None:
        if pending:
            pending.pop()()

    client = world.container.customers_table._client
    client.meta.events.register(f"before-call.dynamodb.{operation}", interrupt)


def another_admin(world: World) -> Caller:
    return as_admin(load_app(), "another-sub")


def test_two_changes_at_once_are_both_kept(world: World) -> None:
    customer_id = registered(world, destination=EMAIL)
    other = another_admin(world)
    once_before(
        world, "PutItem", lambda: other.post(f"/customers/{customer_id}/destinations", BANK)
    )
    assert patch(world, customer_id, {"name": "New Name"}).status == 200
    after = shown(world, customer_id)
    assert after["name"] == "New Name"
    assert [found["masked"] for found in after["destinations"]] == ["q•••@payee.example", "•••321"]


def test_a_change_concurrent_with_an_erasure_restores_nothing(world: World) -> None:
    customer_id = registered(world, destination=EMAIL)
    other = another_admin(world)
    once_before(world, "PutItem", lambda: other("DELETE", f"/customers/{customer_id}"))
    answer = patch(world, customer_id, {"name": "New Name"})
    assert (answer.status, answer.code) == (404, "CustomerNotFound")
    assert stored(world, customer_id) is None


def test_an_erasure_concurrent_with_a_change_has_to_be_repeated(world: World) -> None:
    customer_id = registered(world)
    other = another_admin(world)
    once_before(world, "DeleteItem", lambda: other("PATCH", f"/customers/{customer_id}", NAMED))
    answer = delete(world, f"/customers/{customer_id}")
    assert (answer.status, answer.code) == (409, "ChangedMeanwhile")
    assert shown(world, customer_id)["name"] == "Named Anew"
    assert delete(world, f"/customers/{customer_id}").status == 204


def test_a_customer_that_changes_at_every_try_is_a_conflict(world: World) -> None:
    customer_id = registered(world)

    def interrupt(**_event: Any) -> None:
        world.dynamodb.update_item(
            TableName=CUSTOMERS,
            Key={"customer_id": {"S": customer_id}},
            UpdateExpression="ADD version :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    client = world.container.customers_table._client
    client.meta.events.register("before-call.dynamodb.PutItem", interrupt)
    answer = patch(world, customer_id, {"name": "New Name"})
    assert (answer.status, answer.code) == (409, "ChangedMeanwhile")
    client.meta.events.unregister("before-call.dynamodb.PutItem", interrupt)
    assert shown(world, customer_id)["name"] == "Quentin Zarathustra"


def test_of_many_destinations_added_at_once_none_is_lost(world: World) -> None:
    customer_id = registered(world)
    callers = [another_admin(world) for _ in range(6)]
    statuses: list[int] = []

    def add(number: int) -> None:
        body = BANK | {"account_number": str(1000 + number)}
        statuses.append(callers[number].post(f"/customers/{customer_id}/destinations", body).status)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(len(callers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {201, 409}
    assert len(shown(world, customer_id)["destinations"]) == statuses.count(201) > 0


# --- account numbers

LONG: Final = "98765 43210"
LONGEST: Final = "Ab12" * 7


def twice(number: str) -> dict[str, str]:
    return BANK | {"account_number": number, "account_number_confirmed": number}


@pytest.mark.parametrize("number", [LONG, "12345678x", LONGEST])
def test_an_unusual_account_number_is_asked_about_before_it_is_stored(
    world: World, number: str
) -> None:
    once = BANK | {"account_number": number}
    first = world.admin.post("/customers", {"name": "Quentin", "destination": once})
    assert (first.status, first.code) == (400, "InvalidRequest")
    (said,) = first.json["errors"]["destination.account_number"]
    assert "account_number_confirmed" in said
    assert count(world, CUSTOMERS) == 0

    customer_id = registered(world)
    path = f"/customers/{customer_id}/destinations"
    slip = twice(number) | {"account_number_confirmed": number[:-1] + "7"}
    for body, field in ((once, "account_number"), (slip, "account_number_confirmed")):
        refused = world.admin.post(path, body)
        assert (refused.status, list(refused.json["errors"])) == (400, [field])
    assert shown(world, customer_id)["destinations"] == []


@pytest.mark.parametrize(
    ("typed", "paid"),
    [
        (twice(LONG), "9876543210"),
        (twice(LONGEST), LONGEST),
        (BANK | {"account_number": "918 273 645"}, "918273645"),
    ],
)
def test_a_payout_goes_to_the_whole_account_number(
    world: World, typed: dict[str, str], paid: str
) -> None:
    customer_id = registered(world, destination=typed)
    (destination,) = shown(world, customer_id)["destinations"]
    assert destination["masked"] == f"•••{paid[-3:]}"
    assert paid not in str(stored(world, customer_id))
    assert world.pay(customer_id).status == 202
    details = sent_to_monoova(world)["toNppCreditBankAccountDetails"]
    assert (details["bsbNumber"], details["accountNumber"]) == ("062-000", paid)


@pytest.mark.parametrize("number", ["123", "1" * 29, "1234_5678"])
def test_no_second_typing_makes_an_account_number_of_what_is_none(
    world: World, number: str
) -> None:
    refused = world.admin.post(f"/customers/{registered(world)}/destinations", twice(number))
    assert refused.status == 400
    assert set(refused.json["errors"]) == {"account_number", "account_number_confirmed"}


# --- erasure


def test_erasure_removes_all_personal_data_and_keeps_the_transactions(world: World) -> None:
    customer_id = registered(world, email="q@mail.example", destination=EMAIL)
    transaction_id = str(world.pay(customer_id).json["transaction_id"])
    world.later(180)
    before = world.payout(transaction_id)
    assert before["status"] == "Completed"
    answer = delete(world, f"/customers/{customer_id}")
    assert (answer.status, answer.text) == (204, "")

    assert stored(world, customer_id) is None
    assert count(world, CUSTOMERS) == 0
    after = world.payout(transaction_id)
    # Nothing that may name a person is left, not even masked.
    gone = {"destination": "•••", "description": None, "lodgement_reference": None}
    assert after == before | gone | {"updated_at": after["updated_at"]}
    listed = world.admin.get(f"/customers/{customer_id}/payouts").json["items"]
    assert [payout["transaction_id"] for payout in listed] == [transaction_id]
    kept = repr(world.dynamodb.scan(TableName=TRANSACTIONS)["Items"])
    for personal in ("Quentin", "Zarathustra", "q@mail", "quentin.z"):
        assert personal not in kept


def test_erasure_takes_every_field_of_a_payout_that_is_marked_as_personal(world: World) -> None:
    world.environment["LIMIT_PER_DAY_AUD"] = "100"
    world.restart()
    customer_id = registered(world, destination=EMAIL)
    ask = {"customer_id": customer_id, "amount": "7.03"}
    words = {"description": "For Zarathustra", "lodgement_reference": "Zarathustra 7"}
    transaction_id = str(world.admin.post("/payouts", ask | words).json["transaction_id"])
    world.later(180)
    before = world.container.payouts_table.get(transaction_id)
    assert before is not None
    for name, left in erased(Payout).items():
        assert getattr(before, name) not in (None, left), f"{name} is not set before the erasure"
    assert delete(world, f"/customers/{customer_id}").status == 204
    after = world.container.payouts_table.get(transaction_id)
    assert after is not None
    assert {name: getattr(after, name) for name in erased(Payout)} == erased(Payout)


def test_erasure_takes_what_people_and_monoova_wrote_about_a_payout(world: World) -> None:
    customer_id = registered(world, destination=EMAIL)
    world.environment["APPROVAL_THRESHOLD_AUD"] = "1"
    world.restart()
    transaction_id = str(world.pay(customer_id).json["transaction_id"])
    why = {"reason": "He moved to Zara Street 5"}
    assert world.approver.post(f"/payouts/{transaction_id}/reject", why).status == 200
    before = world.payout(transaction_id)
    assert before["failure_reason"] == before["history"][-1]["detail"] == why["reason"]
    assert delete(world, f"/customers/{customer_id}").status == 204
    after = world.payout(transaction_id)
    assert "Zara" not in repr(world.dynamodb.scan(TableName=TRANSACTIONS)["Items"])
    assert (after["failure_code"], after["failure_reason"]) == (before["failure_code"], None)
    assert after["history"] == [entry | {"detail": None} for entry in before["history"]]


def test_what_a_person_writes_is_kept_without_the_payees_name_address_and_own_id(
    world: World,
) -> None:
    person: dict[str, Any] = {"name": "Quentin Zarathustra", "email": "q@mail.example"}
    person |= {"external_id": "Q-77", "destination": EMAIL | {"account_name": "Another Name"}}
    customer_id = str(world.admin.post("/customers", person).json["customer_id"])
    world.environment["APPROVAL_THRESHOLD_AUD"] = "1"
    world.restart()
    transaction_id = str(world.pay(customer_id).json["transaction_id"])
    why = {"reason": "quentin zarathustra (Q-77, q@mail.example) asked us not to"}
    assert world.approver.post(f"/payouts/{transaction_id}/reject", why).status == 200
    assert world.payout(transaction_id)["failure_reason"] == "••• (•••, •••) asked us not to"


def test_erasure_takes_a_text_that_stands_beside_a_masked_destination(world: World) -> None:
    customer_id = registered(world, destination=EMAIL)
    transaction_id = str(world.pay(customer_id).json["transaction_id"])
    world.later(180)
    assert delete(world, f"/customers/{customer_id}").status == 204
    # As of an erasure by code that did not know the field.
    world.dynamodb.update_item(
        TableName=TRANSACTIONS,
        Key={"transaction_id": {"S": transaction_id}},
        UpdateExpression="SET description = :text",
        ExpressionAttributeValues={":text": {"S": "For Zarathustra"}},
    )
    assert delete(world, f"/customers/{customer_id}").code == "CustomerNotFound"
    assert world.payout(transaction_id)["description"] is None


def test_a_payout_concurrent_with_an_erasure_keeps_nothing_that_may_name_a_person(
    world: World,
) -> None:
    customer_id = registered(world, destination=EMAIL)
    payer = another_admin(world)
    ask = {"customer_id": customer_id, "amount": 5, "description": "For Zarathustra"}
    made: list[Any] = []
    once_before(world, "DeleteItem", lambda: made.append(payer.post("/payouts", ask).json))
    assert delete(world, f"/customers/{customer_id}").status == 204
    after = world.payout(made[0]["transaction_id"])
    assert (after["destination"], after["description"]) == ("•••", None)


def test_a_payout_created_just_after_an_erasure_ends_without_personal_data(world: World) -> None:
    customer_id = registered(world, destination=EMAIL)
    world.container.gatekeeper.pause("ops", "maintenance")
    ask = {"customer_id": customer_id, "amount": 5, "description": "For Zarathustra"}
    queued = str(world.admin.post("/payouts", ask).json["transaction_id"])
    world.container.gatekeeper.resume()
    found = world.container.customers_table.get(customer_id)
    assert found is not None
    world.container.customers_table.erase(found)
    world.drain()
    after = world.payout(queued)
    assert (after["status"], after["failure_code"]) == ("Cancelled", "DestinationGone")
    assert (after["destination"], after["description"]) == ("•••", None)


def test_an_erasure_that_crashed_is_completed_by_repeating_it(world: World) -> None:
    customer_id = registered(world, destination=EMAIL)
    payer = another_admin(world)
    ask = {"customer_id": customer_id, "amount": 5, "description": "For Zarathustra"}
    paid = str(payer.post("/payouts", ask).json["transaction_id"])
    found = world.container.customers_table.get(customer_id)
    assert found is not None
    world.container.customers_table.erase(found)
    assert delete(world, f"/customers/{customer_id}").code == "CustomerNotFound"
    after = world.payout(paid)
    assert (after["destination"], after["description"]) == ("•••", None)


def test_an_erased_customer_is_not_found_by_any_route(world: World) -> None:
    customer_id = registered(world, destination=EMAIL)
    assert delete(world, f"/customers/{customer_id}").status == 204
    path = f"/customers/{customer_id}"
    answers = [
        world.admin.get(path),
        world.service.get(f"/internal{path}"),
        patch(world, customer_id, {"name": "New Name"}),
        world.admin.post(f"{path}/destinations", BANK),
        delete(world, path),
        delete(world, f"{path}/destinations/{customer_id}"),
        world.pay(customer_id),
        world.admin.post("/payouts/validate", {"customer_id": customer_id, "amount": 5}),
    ]
    assert [(answer.status, answer.code) for answer in answers] == [(404, "CustomerNotFound")] * 8
    assert world.admin.get("/customers").json["items"] == []
    assert world.monoova.received == []


def test_a_customer_with_an_accepted_payout_is_not_erased(world: World) -> None:
    customer_id = registered(world, destination=EMAIL)
    world.pay(customer_id)
    answer = delete(world, f"/customers/{customer_id}")
    assert (answer.status, answer.code) == (409, "CustomerHasOpenPayouts")
    assert shown(world, customer_id)["destinations"]
    world.later(180)
    assert delete(world, f"/customers/{customer_id}").status == 204


def test_a_customer_with_a_payout_in_doubt_is_not_erased(world: World) -> None:
    world.monoova.script(Outcome.TIMEOUT_AFTER_BOOKING_ALWAYS)
    customer_id = registered(world, destination=EMAIL)
    world.monoova.behave(outage="timeout")
    assert world.pay(customer_id).json["submission"] == "Unresolved"
    assert delete(world, f"/customers/{customer_id}").code == "CustomerHasOpenPayouts"


def test_a_customer_with_a_queued_payout_is_not_erased_until_it_is_cancelled(world: World) -> None:
    customer_id = registered(world, destination=EMAIL)
    pause(world)
    queued = world.pay(customer_id).json
    assert queued["status"] == "Queued"
    assert delete(world, f"/customers/{customer_id}").code == "CustomerHasOpenPayouts"
    world.admin.post(f"/payouts/{queued['transaction_id']}/cancel")
    assert delete(world, f"/customers/{customer_id}").status == 204


def test_one_open_payout_among_hundreds_keeps_the_customer(world: World) -> None:
    customer_id = registered(world, destination=EMAIL)
    pause(world)
    oldest = world.pay(customer_id).json["transaction_id"]
    key = {"transaction_id": {"S": oldest}}
    item = world.dynamodb.get_item(TableName=TRANSACTIONS, Key=key)["Item"]
    del item["due_at"], item["due_shard"]
    for number in range(120):
        day = item["created_at"]["S"].replace("2026-03-02T01", f"2026-04-02T{number // 60:02d}")
        world.dynamodb.put_item(
            TableName=TRANSACTIONS,
            Item=item
            | {
                "transaction_id": {"S": f"{oldest[:-4]}{number:04d}"},
                "created_at": {"S": day.replace(":00:00.", f":{number % 60:02d}:00.")},
                "status": {"S": "Completed"},
            },
        )
    assert delete(world, f"/customers/{customer_id}").code == "CustomerHasOpenPayouts"
    world.admin.post(f"/payouts/{oldest}/cancel")
    assert delete(world, f"/customers/{customer_id}").status == 204


def pause(world: World) -> None:
    controls = world.container.controls_table
    controls.save_gate(gates.paused(controls.gate(), "operator", "a test", world.clock()))


def resume(world: World) -> None:
    controls = world.container.controls_table
    controls.save_gate(gates.resumed(controls.gate(), world.clock()))


# --- the list


def listed(world: World, limit: int) -> list[list[str]]:
    """The names in the list of customers, page by page."""
    pages, query = [], {"limit": str(limit)}
    while True:
        page = world.admin.get("/customers", **query).json
        pages.append([customer["name"] for customer in page["items"]])
        if page["next_cursor"] is None:
            return pages
        query["cursor"] = page["next_cursor"]


def test_customers_are_listed_newest_first_page_by_page(world: World) -> None:
    for number in range(7):
        registered(world, name=f"Number {number}")
        world.later(1)
    newest_first = [f"Number {number}" for number in reversed(range(7))]
    for limit in (1, 3, 7, 100):
        pages = listed(world, limit)
        assert [name for page in pages for name in page] == newest_first
        assert all(len(page) <= limit for page in pages)


def test_a_list_of_no_customers_is_empty(world: World) -> None:
    answer = world.admin.get("/customers")
    assert (answer.status, answer.json) == (
        200,
        {"items": [], "next_cursor": None, "unreadable": []},
    )


def test_a_list_is_of_twenty_by_default(world: World) -> None:
    for _ in range(21):
        registered(world)
        world.later(1)
    page = world.admin.get("/customers").json
    assert len(page["items"]) == 20
    assert page["next_cursor"]


# --- seals


def sealed_of(item: Any) -> Any:
    """The seals of a stored customer: the person's, then the destinations'."""
    return [item, *(destination["M"] for destination in item["destinations"]["L"])]


def test_a_name_copied_to_another_customers_row_is_refused(world: World) -> None:
    rich = registered(world, name="Rich Person", email="rich@mail.example")
    poor = registered(world, name="Poor Person")
    put(world, stored(world, poor) | {"sealed": stored(world, rich)["sealed"]})
    for answer in (
        world.admin.get(f"/customers/{poor}"),
        world.service.get(f"/internal/customers/{poor}"),
        patch(world, poor, {"email": "new@mail.example"}),
    ):
        refused(answer)
    listed = {item["customer_id"]: item for item in world.admin.get("/customers").json["items"]}
    assert (listed[poor]["name"], listed[poor]["email"]) == (None, None)
    assert listed[rich]["name"] == shown(world, rich)["name"] == "Rich Person"


def test_a_destination_copied_to_another_customers_row_is_never_paid(world: World) -> None:
    thief = registered(world, name="Thief", destination=BANK)
    victim = registered(world, name="Victim", destination=PHONE)
    item = stored(world, victim)
    item["destinations"] = stored(world, thief)["destinations"]
    put(world, item)
    refused_to_pay(world, victim)


@pytest.mark.parametrize("keeps_its_id", [True, False])
def test_a_seal_under_another_destination_of_the_same_customer_is_never_paid(
    world: World, *, keeps_its_id: bool
) -> None:
    customer_id = registered(world, destination=EMAIL)
    added(world, customer_id, BANK)
    item = stored(world, customer_id)
    _, first, second = sealed_of(item)
    if keeps_its_id:
        first["sealed"] = second["sealed"]
    else:
        first["destination_id"], second["destination_id"] = (
            second["destination_id"],
            first["destination_id"],
        )
    put(world, item)
    refused_to_pay(world, customer_id, destination_id=first["destination_id"]["S"])


def test_a_seal_made_for_another_purpose_is_refused(world: World) -> None:
    customer_id = registered(world, destination=EMAIL)
    item = stored(world, customer_id)
    person, destination = sealed_of(item)
    person["sealed"], destination["sealed"] = destination["sealed"], person["sealed"]
    put(world, item)
    refused(world.admin.get(f"/customers/{customer_id}"))
    refused_to_pay(world, customer_id)


DAMAGE: Final[dict[str, Callable[[bytes], bytes]]] = {
    "altered at its end": lambda seal: seal[:-1] + bytes([seal[-1] ^ 1]),
    "altered amid": lambda seal: seal[:-20] + bytes([seal[-20] ^ 1]) + seal[-19:],
    "cut off": lambda seal: seal[: len(seal) // 2],
    "shifted": lambda seal: b"\x00" + seal,
    "in the clear": lambda _: b'{"name": "Quentin Zarathustra"}',
    "empty": lambda _: b"",
}


def test_a_damaged_seal_is_refused(world: World) -> None:
    customer_id = registered(world, destination=EMAIL)
    sound = stored(world, customer_id)
    for damaged in DAMAGE.values():
        item = copy.deepcopy(sound)
        for holder in sealed_of(item):
            holder["sealed"] = {"B": damaged(holder["sealed"]["B"])}
        put(world, item)
        refused(world.admin.get(f"/customers/{customer_id}"))
        refused_to_pay(world, customer_id)
    put(world, sound)
    assert shown(world, customer_id)["name"] == "Quentin Zarathustra"


def test_a_seal_whose_header_was_rewritten_for_its_new_place_is_refused_by_kms(
    world: World,
) -> None:
    thief = registered(world, name="Thief", destination=BANK)
    victim = registered(world, name="Victim", destination=PHONE)
    stolen, forged = stored(world, thief), stored(world, victim)
    source, place = sealed_of(stolen)[1], sealed_of(forged)[1]
    rewritten = source["sealed"]["B"]
    for name, holder in (("customer_id", (stolen, forged)), ("destination_id", (source, place))):
        old, new = (part[name]["S"].encode() for part in holder)
        assert rewritten.count(old) == 1
        rewritten = rewritten.replace(old, new)
    place["sealed"] = {"B": rewritten}
    put(world, forged)
    answer = world.pay(victim)
    assert (answer.status, answer.code) == (503, "StorageUnavailable")
    assert world.monoova.received == []
    assert count(world, TRANSACTIONS) == 0


def test_a_queued_payout_is_not_sent_to_a_destination_from_elsewhere(world: World) -> None:
    thief = registered(world, name="Thief", destination=BANK)
    victim = registered(world, name="Victim", destination=PHONE)
    pause(world)
    transaction_id = str(world.pay(victim).json["transaction_id"])
    sound = stored(world, victim)
    forged = stored(world, victim)
    sealed_of(forged)[1]["sealed"] = sealed_of(stored(world, thief))[1]["sealed"]
    put(world, forged)
    resume(world)
    world.minutes(3)
    assert world.monoova.received == []
    assert world.state(transaction_id) == ("Queued", None)
    put(world, sound)
    world.minutes(15)
    assert world.state(transaction_id) == ("Completed", None)
    assert len(world.monoova.book.bookings(transaction_id)) == 1


def refused(answer: HttpAnswer) -> None:
    assert (answer.status, answer.code) == (409, "RecordUnreadable")
    assert answer.json["detail"] == "A stored record failed its integrity check."
    for personal in ("Rich", "Poor", "Thief", "Victim", "Quentin", "mail.example", "payee"):
        assert personal not in answer.text


def refused_to_pay(world: World, customer_id: str, **more: str) -> None:
    """Neither paid nor validated; no row, no call, none of it in the answer."""
    ask = {"customer_id": customer_id, "amount": 5, **more}
    refused(world.admin.post("/payouts", ask))
    refused(world.admin.post("/payouts", ask, Idempotency_Key="a-key"))
    refused(world.admin.post("/payouts/validate", ask))
    refused(world.service.post("/internal/payouts", ask))
    assert world.monoova.received == []
    assert count(world, TRANSACTIONS) == 0
    world.later(timedelta(minutes=5).total_seconds())
    world.reconcile()
    assert world.monoova.received == []


def test_a_broken_seal_is_logged_without_what_it_holds(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    customer_id = registered(world, email="q@mail.example", destination=EMAIL)
    other = registered(world, name="Other")
    put(world, stored(world, other) | {"sealed": stored(world, customer_id)["sealed"]})
    capsys.readouterr()
    refused(world.admin.get(f"/customers/{other}"))
    line = json.loads(capsys.readouterr().out)
    assert (line["error"], line["code"]) == ("SealBrokenError", "RecordUnreadable")
    assert line["Errors"] == 1
    for personal in ("Quentin", "q@mail", "Other"):
        assert personal not in json.dumps(line)
