"""Scenarios of the API: what users and services request, and what fails meanwhile."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Final
from uuid import UUID

from simulator.monoova import API_KEY
from simulator.outcomes import Outcome
from tests.batches.test_batches import SEND, run_queue
from tests.infra.scenario_steps import (
    damaged,
    done,
    ids_of,
    limited,
    paced,
    paid_elsewhere,
    paused,
    queued,
    resumed,
    to_the_next_hour,
    webhook,
    while_monoova_is_called,
)
from tests.payouts.test_reconciliation import queued as queued_of_a_shard
from tests.payouts.test_request_payout import BANK_ACCOUNT
from tests.world import World


def customers_are_registered_changed_and_erased(world: World) -> None:
    customer, admin = world.customer(), world.admin
    places = f"/customers/{customer}/destinations"
    added = done(admin.post(places, BANK_ACCOUNT))["destination_id"]
    done(admin("DELETE", f"{places}/{added}"))
    done(admin("PATCH", f"/customers/{customer}", {"name": "Jo Citizen-Smith"}))
    for caller, prefix in ((admin, ""), (world.service, "/internal")):
        done(caller.get(f"{prefix}/customers"))
        done(caller.get(f"{prefix}/customers/{customer}"))
    ids_of(world.pay(customer))
    world.minutes(4)
    done(admin("DELETE", f"/customers/{customer}"))


def what_cannot_be_read_is_erased_and_made_anew(world: World) -> None:
    body = {"name": "Jo", "external_id": "C-9", "destination": BANK_ACCOUNT}
    customer = done(world.admin.post("/customers", body))["customer_id"]
    (bad,) = ids_of(world.pay(customer))
    world.minutes(4)
    damaged(world, "TransactionsTable", {"transaction_id": bad}, version={"S": "x"})
    damaged(world, "CustomersTable", {"customer_id": customer}, version={"S": "x"})
    done(world.admin("DELETE", f"/customers/{customer}"))
    (waiting,) = queued_of_a_shard(world, world.customer())
    damaged(world, "TransactionsTable", {"transaction_id": waiting}, version={"S": "x"})
    to_the_next_hour(world)
    assert done(world.admin.post("/reconciliations"))["put_off"] == [waiting]
    world.later(24 * 3600)
    done(world.admin.post("/reports/daily/2026-03-02"))
    key = {"collection": "daily-report", "item": "2026-03-02"}
    damaged(world, "RecordsTable", key, revision={"S": "x"})
    done(world.admin.post("/reports/daily/2026-03-02"))


def a_destination_is_verified_and_everything_exported(world: World) -> None:
    customer, admin = world.customer(), world.admin
    (place,) = done(admin.get(f"/customers/{customer}"))["destinations"]
    route = f"/customers/{customer}/destinations/{place['destination_id']}/verification"
    world.monoova.rotate_key("another")
    assert admin.post(route).code == "SendingStopped"
    world.store_secret("another")
    world.later(660)
    # A verification is no probe: a payout and a question show that the new key is taken.
    ids_of(world.pay(customer))
    done(admin.post("/reconciliations"))
    done(admin.post(route))
    assert done(admin.post(f"{route}/confirm", {"code": "555555"}))["verification"]["at"]
    done(admin.get(f"/customers/{customer}/export"))
    assert done(admin.get(f"/customers/{customer}/accesses"))["items"]


def payouts_are_requested_and_read(world: World) -> None:
    customer, admin = world.customer(), world.admin
    ask = {"customer_id": customer, "amount": "125.50"}
    first, again, other = ids_of(
        admin.post("/payouts", ask, Idempotency_Key="order-1"),
        admin.post("/payouts", ask, Idempotency_Key="order-1"),
        world.service.post("/internal/payouts", ask),
    )
    assert first == again != other
    for caller, prefix in ((admin, ""), (world.service, "/internal")):
        done(caller.get(f"{prefix}/payouts"))
        done(caller.get(f"{prefix}/payouts", needs_review="true"))
        done(caller.get(f"{prefix}/payouts/{first}"))
        done(caller.get(f"{prefix}/customers/{customer}/payouts"))
        done(caller.get(f"{prefix}/account"))
    done(admin.post("/payouts/validate", ask))
    done(admin.post(f"/payouts/{first}/refresh"))
    done(admin.post("/reconciliations"))
    done(admin.get("/me"))
    done(world.anonymous.get("/health"))


def sending_is_paused_and_resumed(world: World) -> None:
    admin = world.admin
    done(admin.post("/sending/pause", {"reason": "wrong file"}))
    for switch in ("resume", "reset"):
        done(admin.post(f"/sending/{switch}"))
    assert done(admin.get("/sending"))["status"] == "Open"


def dead_letters_are_listed_and_replayed(world: World) -> None:
    event = {"kind": "Rejected", "reference": "another", "amount_cents": 1}
    for body in (event, {"transaction_id": world.paid()}, "neither"):
        parked = world.environment["PARKED_QUEUE_URL"]
        world.sqs.send_message(QueueUrl=parked, MessageBody=json.dumps(body))
    assert done(world.admin.get("/dead-letters", limit="0"))["approximate_count"] == 3
    listed = done(world.admin.get("/dead-letters"))["items"]
    for letter in listed:
        again = world.admin.post(f"/dead-letters/{letter['message_id']}/replay")
        assert again.status == (409 if letter["kind"] == "Other" else 200)
    (left,) = done(world.admin.get("/dead-letters"))["items"]
    done(world.admin("DELETE", f"/dead-letters/{left['message_id']}"))


def the_pages_are_opened(world: World) -> None:
    console = ("/console", "/console/config.json", "/console/console.js")
    for path in ("/openapi.json", "/docs", "/docs/docs.js", *console):
        assert world.anonymous.get(path).status == 200


def payouts_are_cancelled_retried_and_resolved(world: World) -> None:
    limited(world)
    customer, admin = world.customer(), world.admin
    done(admin.post(f"/payouts/{queued(world, customer)}/cancel"))
    failed, disputed = ids_of(world.pay(customer, "7.03"), world.pay(customer, "12.00"))
    world.minutes(4)
    assert world.state(failed)[0] == "Failed"
    done(admin.post(f"/payouts/{failed}/retry"))
    webhook(world, disputed, "Payment Successful", 999.99, "/NppPaymentStatus")
    seen = {"outcome": "Completed", "reason": "seen on the statement"}
    done(admin.post(f"/payouts/{disputed}/resolve", seen))


def _file(*rows: str) -> bytes:
    return "\n".join(["customer_id,external_id,amount", *rows]).encode()


def batches_are_uploaded_decided_on_and_read(world: World) -> None:
    customer, admin = world.customer(), world.admin
    named = {"name": "Jo Citizen", "external_id": "C-1", "destination": BANK_ACCOUNT}
    done(admin.post("/customers", named))
    csv = {"Content-Type": "text/csv"}
    for number, ends in enumerate(("reject", "cancel", "")):
        rows = _file(f"{customer},,1.0{number}", f",C-1,2.0{number}")
        batch_id = done(admin("POST", "/batches", raw=rows, headers=csv))["batch_id"]
        assert admin("POST", "/batches", raw=rows, headers=csv).status == 200
        path = f"/batches/{batch_id}"
        run_queue(world)
        done(admin.post(f"{path}/confirm", {"total": str(done(admin.get(path))["total"])}))
        if ends == "reject":
            done(world.approver.post(f"{path}/reject", {"reason": "not ours to pay"}))
            continue
        done(world.approver.post(f"{path}/approve", {}))
        run_queue(world)
        if ends == "cancel":
            done(admin.post(f"{path}/cancel", {}))
            run_queue(world)
        world.minutes(4)
        if ends == "cancel":
            assert admin.post(f"{path}/retry", {}).code == "NothingToRetry"
        done(admin.get(path))
        done(admin.get(f"{path}/rows"))
        assert admin.get(f"{path}/result").status == 200
    done(admin.get("/batches"))
    rows = _file(f"{customer},,5.00")
    batch_id = done(admin("POST", "/batches", raw=rows, headers=csv))["batch_id"]
    run_queue(world)
    done(admin.post(f"/batches/{batch_id}/confirm", {"total": "5.00", "accept_duplicates": 1}))
    done(world.approver.post(f"/batches/{batch_id}/approve", {}))
    (release,) = world.messages("PAYOUT_QUEUE_URL")
    assert world.sqs_event(SEND, release["Body"]) == []
    world.later(1000)
    done(admin.post("/reconciliations", {}))
    named_id = done(admin.get("/customers"))["items"][0]["customer_id"]
    done(admin("DELETE", f"/customers/{named_id}"))


def payouts_wait_for_an_approver(world: World) -> None:
    world.environment |= {
        "APPROVAL_THRESHOLD_AUD": "100",
        "DESTINATION_APPROVAL": "required",
        "APPROVER_ROLE_ARNS": "arn:aws:iam::111122223333:role/Payer",
        "LIMIT_PER_CUSTOMER_AUD_PER_DAY": "1000",
        "DUPLICATE_WINDOW_HOURS": "24",
    }
    world.restart()
    customer, checker = world.customer(), world.approver
    place = done(world.admin.get(f"/customers/{customer}"))["destinations"][0]["destination_id"]
    named = {"destinations": [{"customer_id": customer, "destination_id": place}]}
    done(world.admin.get("/destinations/unapproved"))
    done(world.service.post("/internal/destinations/reveal", named))
    world.approve_destination(customer, cap="5000")
    for amount in ("5.00", "125.50"):
        done(world.admin.post("/payouts/validate", {"customer_id": customer, "amount": amount}))
    amounts = ("125.50", "125.51", "125.52")
    by_person, by_service, refused = ids_of(*(world.pay(customer, each) for each in amounts))
    done(world.admin.get("/payouts", status="AwaitingApproval"))
    done(checker.post(f"/payouts/{by_person}/approve"))
    done(world.service.post(f"/internal/payouts/{by_service}/approve"))
    world.dynamodb.update_item(
        TableName="TransactionsTable",
        Key={"transaction_id": {"S": refused}},
        UpdateExpression="REMOVE seal",
    )
    done(checker.post(f"/payouts/{refused}/adopt"))
    done(checker.post(f"/payouts/{refused}/reject", {"reason": "not ours to pay"}))


def the_api_calls_a_monoova_that_fails(world: World) -> None:
    customer = world.customer()
    while_monoova_is_called(world, lambda: paused(world))
    world.monoova.behave(outage="unavailable")
    ids_of(world.pay(customer))
    resumed(world)
    ids_of(*(world.pay(customer) for _ in range(4)))
    world.monoova.behave(outage="none")
    assert world.admin.get("/account").code == "SendingStopped"
    world.later(660)
    (probing,) = ids_of(world.pay(customer))
    assert world.state(probing) == ("Pending", "Accepted")


def the_api_is_refused_its_login_and_recovers(world: World) -> None:
    customer = world.customer()
    world.monoova.rotate_key("another")
    (waiting,) = ids_of(world.pay(customer))
    assert world.state(waiting)[0] == "Queued"
    world.store_secret("another")
    world.later(660)
    assert world.state(ids_of(world.pay(customer))[0]) == ("Pending", "Accepted")
    world.monoova.rotate_key(API_KEY)
    world.store_secret(API_KEY)
    assert world.state(ids_of(world.pay(customer))[0]) == ("Pending", "Accepted")


def the_api_gets_an_unknown_refusal(world: World) -> None:
    assert world.pay(world.customer(), "7.14").status == 422


def the_api_keeps_to_monoovas_pace(world: World) -> None:
    paced(world)
    world.later(60)
    assert world.state(ids_of(world.pay(world.customer()))[0]) == ("Pending", "Accepted")


def days_are_reported(world: World) -> None:
    world.monoova.script(Outcome.RETURN_WEBHOOK_LOST)
    world.paid()
    paid_elsewhere(world, str(UUID(int=7, version=4)))
    world.monoova.receive(Decimal(5))
    world.later(400)
    world.reconcile()
    world.later(24 * 3600)
    for path in ("/statistics", "/funding", "/reports/daily"):
        done(world.admin.get(path))
    made = done(world.admin.post("/reports/daily/2026-03-02"))
    assert [each["kind"] for each in made["differences"]] == ["MissingHere"]
    done(world.admin.get("/reports/daily/2026-03-02"))


API_SCENARIOS: Final[tuple[Callable[[World], None], ...]] = (
    customers_are_registered_changed_and_erased,
    what_cannot_be_read_is_erased_and_made_anew,
    a_destination_is_verified_and_everything_exported,
    payouts_are_requested_and_read,
    sending_is_paused_and_resumed,
    dead_letters_are_listed_and_replayed,
    the_pages_are_opened,
    payouts_are_cancelled_retried_and_resolved,
    batches_are_uploaded_decided_on_and_read,
    payouts_wait_for_an_approver,
    the_api_calls_a_monoova_that_fails,
    the_api_is_refused_its_login_and_recovers,
    the_api_gets_an_unknown_refusal,
    the_api_keeps_to_monoovas_pace,
    days_are_reported,
)
