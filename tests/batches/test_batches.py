"""Batches: many payouts in one file, uploaded by one person and approved by another."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from chalicelib.batches import list_rows, upload_batch
from chalicelib.batches.release_rows import transaction_id_of
from chalicelib.batches.rules import batch
from chalicelib.batches.rules.batch import Row
from chalicelib.batches.store import waiting_rows
from chalicelib.control.rules.limits import Count
from chalicelib.core.actor import Actor
from chalicelib.core.errors import PayloadTooLargeError
from chalicelib.core.marks import erased, requested
from chalicelib.core.queues import Queue, QueueUnavailableError
from chalicelib.payouts.rules.payout import Payout
from chalicelib.payouts.store.counted_payouts import Companion, CountedPayouts, CountsBusyError
from proof.lambda_events import user
from tests.control.test_limits import replace_counting
from tests.payouts.test_queues import order
from tests.payouts.test_request_payout import BANK_ACCOUNT, AwsCalls, unreachable
from tests.webhooks.webhook_mutations import SIGNATURE, signature
from tests.world import ADMIN, APPROVER, WEBHOOK_SECRET, Caller, HttpAnswer, World, as_approver

SEND: Final = "send_queued_payouts"
UNKNOWN_ID: Final = "3f0c4a6e-0000-4000-8000-00000000dead"


def upload(world: World, *rows: str, header: str = "customer_id,amount,reference") -> HttpAnswer:
    return put(world.admin, "\r\n".join([header, *rows]) + "\r\n")


def put(caller: Caller, content: str) -> HttpAnswer:
    """Uploads a file as it is."""
    return caller("POST", "/batches", raw=content.encode(), headers={"Content-Type": "text/csv"})


def registered(world: World, external_id: str | None = None, place: object = None) -> str:
    """A customer with a name of the business's own, perhaps without a destination."""
    body = {"name": "Jo Citizen", "external_id": external_id, "destination": place}
    given = {name: value for name, value in body.items() if value is not None}
    answer = world.admin.post("/customers", given)
    assert answer.status == 201, answer.text
    return str(answer.json["customer_id"])


def owner(world: World, name: str) -> str:
    """A customer with an account of their own."""
    return world.customer(
        type="PayId", pay_id=f"{name}@example.com", pay_id_type="Email", account_name=name
    )


def stored_text(world: World) -> str:
    """All that the records hold, and all payouts."""
    tables = ("RecordsTable", "TransactionsTable")
    return str([world.dynamodb.scan(TableName=table)["Items"] for table in tables])


def drop_messages(world: World) -> None:
    """The queue loses all that waits on it."""
    url = world.environment["PAYOUT_QUEUE_URL"]
    while messages := world.messages("PAYOUT_QUEUE_URL"):
        for message in messages:
            world.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def run_queue(world: World) -> None:
    """Reads the queue until nothing is left on it."""
    while messages := world.messages("PAYOUT_QUEUE_URL"):
        url = world.environment["PAYOUT_QUEUE_URL"]
        for message in messages:
            if not world.sqs_event(SEND, message["Body"]):
                world.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def shown(world: World, batch_id: str) -> Any:
    answer = world.admin.get(f"/batches/{batch_id}")
    assert answer.status == 200, answer.text
    return answer.json


def checked(world: World, *rows: str, **header: str) -> Any:
    """A batch that waits for its confirmation."""
    answer = upload(world, *rows, **header)
    assert answer.status == 201, answer.text
    run_queue(world)
    found = shown(world, answer.json["batch_id"])
    assert found["status"] == "AwaitingConfirmation"
    return found


def said_of(found: Any) -> dict[str, Any]:
    """What confirms a batch, whatever its rows are like: its total, and that they are meant."""
    said = {"total": str(found["total"])}
    if not found["summary"]["may_all_be_duplicates"]:
        return said
    return said | {"accept_duplicates": found["row_count"]}


def confirmed(world: World, *rows: str, **header: str) -> str:
    found = checked(world, *rows, **header)
    path = f"/batches/{found['batch_id']}/confirm"
    answer = world.admin.post(path, said_of(found))
    assert (answer.status, answer.json["status"]) == (200, "AwaitingApproval"), answer.text
    return str(found["batch_id"])


def approved(world: World, *rows: str, **header: str) -> str:
    batch_id = confirmed(world, *rows, **header)
    unapproved = world.admin.get(f"/batches/{batch_id}").json["summary"]["unapproved_count"]
    answer = world.approver.post(f"/batches/{batch_id}/approve", {"unapproved": unapproved})
    assert (answer.status, answer.json["status"]) == (200, "Releasing"), answer.text
    return batch_id


def rows_of(world: World, batch_id: str) -> list[Any]:
    answer = world.admin.get(f"/batches/{batch_id}/rows")
    assert answer.status == 200, answer.text
    return list(answer.json["items"])


def bookings(world: World, batch_id: str) -> list[int]:
    ids = [row["transaction_id"] for row in rows_of(world, batch_id)]
    return [len(world.monoova.book.bookings(each)) for each in ids if each]


def test_a_file_is_uploaded_confirmed_approved_and_paid(world: World) -> None:
    one, other = world.customer(), world.customer()
    batch_id = approved(world, f"{one},12.50,Invoice 7", f"{other},1.00,")
    run_queue(world)
    found = shown(world, batch_id)
    assert found["status"] == "Released"
    assert (found["confirmed_by"], found["approved_by"]) == (ADMIN, APPROVER)
    world.minutes(4)
    found = shown(world, batch_id)
    assert found["status"] == "Finished"
    assert found["progress"]["completed"] == 2
    assert bookings(world, batch_id) == [1, 1]
    assert [each["event"] for each in found["history"]] == [
        "Uploaded",
        "Checked",
        "Confirmed",
        "Approved",
        "Released",
        "Finished",
    ]
    first = rows_of(world, batch_id)[0]
    assert (first["line"], first["reference"], first["status"]) == (2, "Invoice 7", "Completed")
    payout = world.payout(first["transaction_id"])
    assert payout["batch_id"] == batch_id
    assert payout["lodgement_reference"] == "Invoice 7"
    assert payout["created_by"] == ADMIN
    entries = [(each["event"], each["by"]) for each in payout["history"][:2]]
    assert entries == [("Requested", ADMIN), ("Approved", APPROVER)]


def test_a_row_that_was_not_paid_is_retried_as_a_payout_of_its_own(world: World) -> None:
    batch_id = approved(world, f"{world.customer()},7.03,Bonus")
    run_queue(world)
    world.later(180)
    (row,) = rows_of(world, batch_id)
    assert (row["status"], row["failure_code"]) == ("Failed", "BankRejected")
    retried = world.admin.post(f"/payouts/{row['transaction_id']}/retry", {})
    assert retried.json["retry_of"] == row["transaction_id"]
    assert retried.json["batch_id"] is None
    again = world.admin.post(f"/payouts/{row['transaction_id']}/retry", {})
    assert again.json["transaction_id"] == retried.json["transaction_id"]


def test_the_errors_of_a_file_are_reported_by_line_and_nothing_of_it_is_accepted(
    world: World,
) -> None:
    good, bare = world.customer(), registered(world)
    rows = [f"{good},1.00,", f"{UNKNOWN_ID},1.00,", f"{good},1.005,", f"{bare},1.00,", "jo,5,"]
    answer = upload(world, *rows)
    assert (answer.status, answer.code) == (400, "BatchInvalid")
    assert answer.json["errors"] == {
        "line 3": ["There is no such customer."],
        "line 4": ["amount: Not a decimal amount such as 125.50."],
        "line 5": ["The customer has no destination to pay to."],
        "line 6": ["customer_id: not an id."],
    }
    assert world.admin.get("/batches").json["items"] == []
    assert world.messages("PAYOUT_QUEUE_URL") == []


def test_a_customer_with_several_destinations_needs_one_to_be_named(world: World) -> None:
    customer = world.customer()
    places = f"/customers/{customer}/destinations"
    added = world.admin.post(places, BANK_ACCOUNT).json["destination_id"]
    header = "customer_id,destination_id,amount"
    answer = upload(world, f"{customer},,1", f"{customer},{UNKNOWN_ID},1", header=header)
    assert answer.json["errors"] == {
        "line 2": ["The customer has several destinations: name one by destination_id."],
        "line 3": ["The customer has no such destination."],
    }
    batch_id = approved(world, f"{customer},{added},1.00", header=header)
    run_queue(world)
    (row,) = rows_of(world, batch_id)
    assert world.payout(row["transaction_id"])["destination_id"] == added


def test_a_row_may_name_its_customer_by_external_id(world: World) -> None:
    customer, other = registered(world, "C-1", BANK_ACCOUNT), world.customer()
    header = "external_id,customer_id,amount"
    answer = upload(world, "C-2,,1", f"C-1,{other},1", header=header)
    errors = {line: messages[0] for line, messages in answer.json["errors"].items()}
    assert errors == dict.fromkeys(["line 2", "line 3"], "There is no such customer.")
    batch_id = approved(world, "C-1,,1.00", f"C-1,{customer},2.00", f",{other},1.00", header=header)
    rows = rows_of(world, batch_id)
    found = [(row["external_id"], row["customer_id"]) for row in rows]
    assert found == [("C-1", customer), ("C-1", customer), (None, other)]


def test_an_external_id_is_one_customer_s_until_they_are_erased(world: World) -> None:
    customer = registered(world, "C-1")
    assert world.admin.get(f"/customers/{customer}").json["external_id"] == "C-1"
    again = world.admin.post("/customers", {"name": "Sam", "external_id": "C-1"})
    assert (again.status, again.code) == (409, "ExternalIdTaken")
    assert len(world.admin.get("/customers").json["items"]) == 1
    world.admin("PATCH", f"/customers/{customer}", {"name": "Jo Other"})
    assert world.admin.get(f"/customers/{customer}").json["external_id"] == "C-1"
    assert world.admin("DELETE", f"/customers/{customer}").status == 204
    assert registered(world, "C-1") != customer


def test_a_customer_with_a_waiting_row_is_not_erased_and_after_erasure_no_row_keeps_a_text(
    world: World,
) -> None:
    customer = registered(world, "C-77", BANK_ACCOUNT)
    header = "external_id,amount,reference,description"
    batch_id = confirmed(world, "C-77,1.00,For Zarathustra,Her rent", header=header)
    refused = world.admin("DELETE", f"/customers/{customer}")
    assert (refused.status, refused.code) == (409, "CustomerHasOpenPayouts")
    assert batch_id in refused.json["detail"]
    assert world.admin("DELETE", f"/customers/{world.customer()}").status == 204
    assert world.approver.post(f"/batches/{batch_id}/approve", {}).status == 200
    run_queue(world)
    world.later(180)
    (row,) = rows_of(world, batch_id)
    assert (row["status"], row["external_id"]) == ("Completed", "C-77")
    assert world.admin("DELETE", f"/customers/{customer}").status == 204
    for words in ("C-77", "Zarathustra", "Her rent"):
        assert words not in stored_text(world)
    assert rows_of(world, batch_id)[0]["external_id"] is None


def test_a_payout_has_all_that_its_row_requests_and_the_row_keeps_nothing_personal(
    world: World,
) -> None:
    customer = registered(world, "C-77", BANK_ACCOUNT)
    header = "external_id,amount,reference,description"
    batch_id = confirmed(world, "C-77,1.00,For Zarathustra,Her rent", header=header)
    batches = world.container.batches_table
    standing = batches.get(batch_id)
    assert standing is not None
    (before,) = batches.rows(standing.upload_id, 1)
    assert world.approver.post(f"/batches/{batch_id}/approve", {}).status == 200
    run_queue(world)
    payout = world.container.payouts_table.get(transaction_id_of(standing, before))
    assert payout is not None
    assert requested(payout) == {**requested(before), "payout_method": "BankAccount"}
    assert (payout.customer_id, payout.lodgement_reference) == (customer, "For Zarathustra")
    (after,) = batches.rows(standing.upload_id, 1)
    assert after == replace(before, external_id=None, reference=None, description=None)
    for name, left in erased(Row).items():
        assert getattr(before, name) != getattr(after, name) == left


def test_a_cancelled_batch_does_not_prevent_an_erasure(world: World) -> None:
    customer = registered(world, "C-77", BANK_ACCOUNT)
    batch_id = confirmed(world, "C-77,1.00,", header="external_id,amount,reference")
    assert world.admin.post(f"/batches/{batch_id}/cancel").status == 200
    assert world.admin("DELETE", f"/customers/{customer}").status == 409
    run_queue(world)
    assert world.admin("DELETE", f"/customers/{customer}").status == 204
    assert "C-77" not in stored_text(world)


def test_more_rows_than_can_be_looked_through_are_a_conflict(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_rows, "_MOST_CHUNKS", 0)
    confirmed(world, f"{world.customer()},1.00,")
    answer = world.admin("DELETE", f"/customers/{world.customer()}")
    assert (answer.status, answer.code) == (409, "ChangedMeanwhile")


@pytest.mark.parametrize("external_id", ["jo@example.com", "", "a b", "-1", "x" * 65, "C-1\n"])
def test_an_external_id_that_is_none_is_refused(world: World, external_id: str) -> None:
    answer = world.admin.post("/customers", {"name": "Jo", "external_id": external_id})
    assert answer.json["errors"] == {"external_id": ["Not an external id."]}


def test_the_same_rows_again_are_the_same_batch_and_are_not_paid_twice(world: World) -> None:
    rows = [f"{world.customer()},1.00,a", f"{world.customer()},2.00,b"]
    batch_id = confirmed(world, *rows)
    text = "customer_id,amount,reference\n" + "\n".join(rows)
    again = put(Caller(world.app, user("another-sub")), text.replace(".00", ""))
    assert (again.status, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert (again.json["batch_id"], again.json["status"]) == (batch_id, "AwaitingApproval")
    assert world.approver.post(f"/batches/{batch_id}/approve", {}).status == 200
    run_queue(world)
    assert put(world.admin, text).json["batch_id"] == batch_id
    run_queue(world)
    world.minutes(4)
    assert bookings(world, batch_id) == [1, 1]
    assert shown(world, batch_id)["status"] == "Finished"
    assert put(world.admin, text).code == "BatchRepeated"
    assert len(world.admin.get("/batches").json["items"]) == 1


def test_the_summary_shows_what_may_be_paid_twice_and_who_was_never_paid(world: World) -> None:
    regular, new, long_ago = (owner(world, name) for name in ("regular", "new", "long.ago"))
    world.pay(long_ago, "3.00")
    failed = world.pay(new, "7.03").json["transaction_id"]
    world.later(8 * 24 * 3600)
    world.reconcile()
    assert world.state(failed)[0] == "Failed"
    paid = world.pay(regular, "5.00").json
    rows = [f"{regular},5,", f"{regular},6,", f"{new},7.03,", f"{new},7.03,", f"{long_ago},3,"]
    summary = checked(world, *rows)["summary"]
    first, second = summary.pop("duplicates")
    assert summary.pop("funds")["short_by"] == 0
    assert summary == {
        "count": 5,
        "total": Decimal("28.06"),
        "largest": Decimal("7.03"),
        "duplicate_count": 2,
        "first_time_count": 1,
        "also_in_batches": [],
        "also_in_batches_count": 0,
        "paid_since": [],
        "paid_since_count": 0,
        "shared_accounts": [],
        "shared_account_count": 0,
        "unapproved_lines": [],
        "unapproved_count": 0,
        "may_all_be_duplicates": False,
    }
    assert first == {
        "line": 2,
        "customer_id": regular,
        "amount": Decimal("5.00"),
        "transaction_id": paid["transaction_id"],
        "created_at": paid["created_at"],
        "same_as_line": None,
    }
    assert (second["line"], second["transaction_id"], second["same_as_line"]) == (5, None, 4)


def test_a_payment_that_another_batch_has_too_is_reported_though_neither_is_paid(
    world: World,
) -> None:
    one, other = owner(world, "one"), owner(world, "other")
    first = checked(world, f"{one},5.00,", f"{other},6.00,")
    assert first["summary"]["also_in_batches"] == []
    cancelled = checked(world, f"{other},6.00,gone")["batch_id"]
    world.admin.post(f"/batches/{cancelled}/cancel", {})
    second = checked(world, f"{one},5.00,again", f"{one},5.00,and again", f"{other},7.00,")
    summary = second["summary"]
    assert (summary["also_in_batches"], summary["also_in_batches_count"]) == (
        [first["batch_id"]],
        2,
    )
    # The summary of the first one was read before this was known: it is read again.
    path = f"/batches/{first['batch_id']}"
    answer = world.admin.post(f"{path}/confirm", {"total": "11.00"})
    assert (answer.status, answer.code) == (409, "ChangedMeanwhile")
    assert world.admin.get(path).json["summary"]["also_in_batches"] == [second["batch_id"]]
    assert world.admin.post(f"{path}/confirm", {"total": "11.00"}).status == 200


def test_a_payment_made_by_another_batch_since_the_check_is_reported(world: World) -> None:
    customer = world.customer()
    waiting = checked(world, f"{customer},5.00,")
    world.later(1)
    paid = confirmed(world, f"{customer},5.00,again")
    world.approver.post(f"/batches/{paid}/approve", {})
    run_queue(world)
    world.minutes(4)
    assert shown(world, paid)["status"] == "Finished"
    path = f"/batches/{waiting['batch_id']}/confirm"
    assert world.admin.post(path, {"total": "5.00"}).code == "ChangedMeanwhile"
    meant = {"total": "5.00", "accept_duplicates": 1}
    answer = world.admin.post(path, meant)
    assert answer.json["summary"]["also_in_batches"] == [paid]


def test_a_file_that_takes_too_long_is_to_be_divided(world: World) -> None:
    content = f"customer_id,amount\n{world.customer()},1.00\n".encode()
    with pytest.raises(PayloadTooLargeError, match="divide it"):
        world.container.batch_upload.upload(content, Actor(ADMIN, ADMIN), 0.5)
    assert world.admin.get("/batches").json["items"] == []


# --- who decides, and when


def test_the_total_has_to_be_confirmed_to_the_cent(world: World) -> None:
    found = checked(world, f"{world.customer()},12.50,")
    path = f"/batches/{found['batch_id']}/confirm"
    answer = world.admin.post(path, {"total": "12.51"})
    assert (answer.status, answer.code) == (422, "BatchTotalDiffers")
    assert answer.json["detail"] == "The batch comes to A$12.50, not to A$12.51."
    assert world.admin.post(path, {"total": 12.5}).json["confirmed_by"] == ADMIN


@pytest.mark.parametrize("maker", ["uploader", "confirmer"])
@pytest.mark.parametrize(("decision", "body"), [("approve", {}), ("reject", {"reason": "no"})])
def test_the_uploader_and_the_confirmer_may_not_decide(
    world: World, maker: str, decision: str, body: dict[str, str]
) -> None:
    person, other = as_approver(world.app, "maker"), as_approver(world.app, "other")
    uploads, confirms = (person, other) if maker == "uploader" else (other, person)
    text = f"customer_id,amount\n{world.customer()},1.00\n"
    path = f"/batches/{put(uploads, text).json['batch_id']}"
    run_queue(world)
    assert confirms.post(f"{path}/confirm", {"total": "1.00"}).status == 200
    answer = person.post(f"{path}/{decision}", body)
    assert (answer.status, answer.code) == (403, "ApprovalByRequester")
    assert world.admin.get(path).json["status"] == "AwaitingApproval"
    assert as_approver(world.app, "third").post(f"{path}/{decision}", body).status == 200


@pytest.mark.parametrize(
    ("decision", "body"),
    [("confirm", {"total": "1.00"}), ("approve", {}), ("reject", {"reason": "no"})],
)
def test_a_decision_on_a_batch_that_does_not_wait_for_one_is_refused(
    world: World, decision: str, body: dict[str, str]
) -> None:
    batch_id = upload(world, f"{world.customer()},1.00,").json["batch_id"]
    path = f"/batches/{batch_id}"
    for status in ("Checking", "Cancelled"):
        answer = world.approver.post(f"{path}/{decision}", body)
        assert (answer.status, answer.code) == (409, "BatchInOtherStatus")
        assert status in answer.json["detail"]
        assert world.admin.post(f"{path}/cancel", {}).json["status"] == "Cancelled"


def test_a_rejected_batch_pays_nothing_and_says_why(world: World) -> None:
    batch_id = confirmed(world, f"{world.customer()},1.00,secret words")
    assert "secret words" in stored_text(world)
    answer = world.approver.post(
        f"/batches/{batch_id}/reject",
        {"reason": "not this month: jo@example.com, 062-000 12345678"},
    )
    assert answer.json["status"] == "Cancelled"
    run_queue(world)
    found = shown(world, batch_id)
    assert found["history"][-1]["detail"] == "not this month: •••, •••"
    assert found["progress"]["cancelled"] == 1
    (row,) = rows_of(world, batch_id)
    assert (row["status"], row["transaction_id"], row["reference"]) == ("Cancelled", None, None)
    assert "secret words" not in stored_text(world)


@pytest.mark.parametrize("path", ["", "/rows", "/result"])
def test_a_batch_that_does_not_exist_is_not_found(world: World, path: str) -> None:
    for batch_id in (UNKNOWN_ID, "nonsense"):
        answer = world.admin.get(f"/batches/{batch_id}{path}")
        assert (answer.status, answer.code) == (404, "BatchNotFound")


def test_a_file_must_be_announced_as_one(world: World) -> None:
    text_of = {"Content-Type": "text/plain"}
    answer = world.admin("POST", "/batches", raw=b"customer_id,amount\n", headers=text_of)
    assert (answer.status, answer.code) == (415, "UnsupportedMediaType")
    csv_of = {"Content-Type": "Text/CSV; charset=utf-8"}
    assert world.admin("POST", "/batches", raw=b"amount\n", headers=csv_of).code == "BatchInvalid"
    large = b"x" * (4 * 1024 * 1024 + 1)
    assert world.admin("POST", "/batches", raw=large, headers=csv_of).code == "PayloadTooLarge"


# --- what becomes of the rows


def test_a_cancellation_stops_what_was_not_sent_and_nothing_else(world: World) -> None:
    one, other = world.customer(), world.customer()
    batch_id = approved(world, f"{one},1.00,", f"{other},2.00,")
    release = world.messages("PAYOUT_QUEUE_URL")[-1]
    assert world.sqs_event(SEND, release["Body"]) == []
    first, second = (row["transaction_id"] for row in rows_of(world, batch_id))
    assert world.sqs_event(SEND, order(world, first)) == []
    answer = world.admin.post(f"/batches/{batch_id}/cancel", {})
    assert (answer.status, answer.json["status"]) == (200, "Cancelled")
    run_queue(world)
    world.minutes(4)
    assert (world.state(first)[0], world.state(second)[0]) == ("Completed", "Cancelled")
    assert world.payout(second)["failure_code"] == "CancelledByAdmin"
    found = shown(world, batch_id)
    assert (found["progress"]["completed"], found["progress"]["cancelled"]) == (1, 1)
    assert world.admin.post(f"/batches/{batch_id}/cancel", {}).json["history"] == found["history"]
    assert world.container.open_batches.ids() == ()


def test_a_batch_that_was_cancelled_before_its_release_never_becomes_payouts(world: World) -> None:
    batch_id = approved(world, f"{world.customer()},1.00,")
    late = [message["Body"] for message in world.messages("PAYOUT_QUEUE_URL")]
    world.admin.post(f"/batches/{batch_id}/cancel", {})
    run_queue(world)
    assert world.sqs_event(SEND, *late) == []
    world.minutes(20)
    assert shown(world, batch_id)["progress"]["cancelled"] == 1
    assert world.admin.get("/payouts").json["items"] == []


def metric_values(capsys: pytest.CaptureFixture[str], metric: str) -> list[float]:
    """Every value written of a metric so far."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line[metric] for line in lines if metric in line]


def test_a_row_whose_customer_or_destination_is_gone_is_not_released(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    erased, moved, stays = world.customer(), world.customer(), world.customer()
    batch_id = confirmed(world, f"{erased},1.00,hers", f"{moved},2.00,", f"{stays},3.00,")
    # As an erasure does that runs at the same time as an upload.
    standing = world.container.customers_table.get(erased)
    assert standing is not None
    world.container.customers_table.erase(standing)
    places = f"/customers/{moved}/destinations"
    destination = world.admin.get(f"/customers/{moved}").json["destinations"][0]
    assert world.admin("DELETE", f"{places}/{destination['destination_id']}").status == 204
    world.admin.post(places, BANK_ACCOUNT)
    world.approver.post(f"/batches/{batch_id}/approve", {})
    run_queue(world)
    world.minutes(4)
    found = [(row["status"], row["failure_code"]) for row in rows_of(world, batch_id)]
    assert found[:2] == [
        ("NotReleased", "CustomerNotFound"),
        ("NotReleased", "DestinationNotFound"),
    ]
    assert found[2] == ("Completed", None)
    progress = shown(world, batch_id)["progress"]
    assert (progress["not_released"], progress["completed"]) == (2, 1)
    (listed,) = world.admin.get("/batches").json["items"]
    assert listed["not_released"] == 2
    assert sum(metric_values(capsys, "BatchRowsNotReleased")) == 2
    assert shown(world, batch_id)["status"] == "Finished"
    assert "hers" not in stored_text(world)


def test_the_texts_of_a_row_are_kept_in_its_payout_alone_and_erased_with_its_customer(
    world: World,
) -> None:
    customer = world.customer()
    batch_id = approved(world, f"{customer},1.00,for Jo")
    run_queue(world)
    world.minutes(4)
    assert rows_of(world, batch_id)[0]["reference"] == "for Jo"
    assert world.admin("DELETE", f"/customers/{customer}").status == 204
    assert rows_of(world, batch_id)[0]["reference"] is None
    assert "for Jo" not in stored_text(world)


def test_rows_count_against_the_limits_of_the_day(new_world: Callable[..., World]) -> None:
    world = new_world(LIMIT_PER_CUSTOMER_AUD_PER_DAY="10", LIMIT_PER_DAY_AUD="25")
    one, other = world.customer(), world.customer()
    batch_id = approved(world, f"{one},6.00,", f"{one},6.00,again", f"{other},6.00,")
    run_queue(world)
    first, second, third = rows_of(world, batch_id)
    assert (second["status"], second["failure_code"]) == ("Waiting", None)
    assert {first["status"], third["status"]} == {"Pending"}
    found = checked(world, f"{other},4.00,", f"{world.customer()},10.00,")
    answer = world.admin.post(f"/batches/{found['batch_id']}/confirm", {"total": "14.00"})
    assert (answer.status, answer.code) == (422, "LimitExceeded")


def test_rows_that_a_limit_has_no_room_for_are_released_on_the_next_day_in_their_order(
    new_world: Callable[..., World],
) -> None:
    world = new_world(LIMIT_PER_CUSTOMER_AUD_PER_DAY="10")
    one = world.customer()
    batch_id = approved(world, *(f"{one},6.00,{n}" for n in range(3)))
    run_queue(world)
    world.minutes(10)
    waiting = ["Completed", "Waiting", "Waiting"]
    assert [row["status"] for row in rows_of(world, batch_id)] == waiting
    # 12:00 in Sydney it was: half a day is not enough.
    world.later(11 * 3600)
    world.minutes(1)
    assert [row["status"] for row in rows_of(world, batch_id)] == waiting
    world.later(3600)
    world.minutes(6)
    assert [row["status"] for row in rows_of(world, batch_id)] == [
        "Completed",
        "Completed",
        "Waiting",
    ]
    world.later(24 * 3600)
    world.minutes(6)
    assert bookings(world, batch_id) == [1, 1, 1]
    assert shown(world, batch_id)["status"] == "Finished"


def test_a_row_above_a_limit_by_itself_waits_seven_days_and_a_cancellation_ends_it_at_once(
    new_world: Callable[..., World],
) -> None:
    world = new_world(LIMIT_PER_CUSTOMER_AUD_PER_DAY="10")
    first = approved(world, f"{world.customer()},11.00,")
    second = approved(world, f"{world.customer()},12.00,")
    run_queue(world)
    assert world.admin.post(f"/batches/{second}/cancel", {}).status == 200
    run_queue(world)
    assert [row["status"] for row in rows_of(world, second)] == ["Cancelled"]
    world.later(7 * 24 * 3600 - 300)
    world.minutes(1)
    assert [row["status"] for row in rows_of(world, first)] == ["Waiting"]
    world.later(24 * 3600)
    world.minutes(1)
    (row,) = rows_of(world, first)
    assert (row["status"], row["failure_code"]) == ("NotReleased", "LimitExceeded")


def test_a_file_that_the_day_has_no_room_for_as_a_whole_is_not_approved(
    new_world: Callable[..., World],
) -> None:
    world = new_world(LIMIT_PER_DAY_AUD="25")
    batch_id = confirmed(world, f"{world.customer()},10.00,", f"{world.customer()},10.00,")
    assert world.pay(world.customer(), "6.00").status == 202
    answer = world.approver.post(f"/batches/{batch_id}/approve", {})
    assert (answer.status, answer.code) == (422, "LimitExceeded")
    assert "A$19.00 is left" in answer.json["detail"]
    world.later(24 * 3600)
    assert world.approver.post(f"/batches/{batch_id}/approve", {}).status == 200
    run_queue(world)
    world.minutes(4)
    assert bookings(world, batch_id) == [1, 1]


class Busy(CountedPayouts):
    """Others write the same sums at each try."""

    is_busy = True
    made = 0

    def create(
        self, payout: Payout, counts: Sequence[Count], companions: Sequence[Companion] = ()
    ) -> Payout | None:
        if self.is_busy and self.made:
            raise CountsBusyError
        self.made += 1
        return super().create(payout, counts, companions)


@pytest.mark.parametrize("way", ["queue", "clock"])
def test_rows_that_others_keep_from_being_counted_are_given_up_in_time_and_released_later(
    new_world: Callable[..., World], way: str
) -> None:
    world = new_world(LIMIT_PER_DAY_AUD="100")
    counted = replace_counting(world, Busy)
    batch_id = approved(world, f"{world.customer()},1.00,", f"{world.customer()},2.00,")
    (release,) = world.messages("PAYOUT_QUEUE_URL")[-1:]
    drop_messages(world)
    if way == "clock":
        world.later(120)
    before = world.clock()
    if way == "queue":
        assert world.sqs_event(SEND, release["Body"]) == []
    else:
        world.reconcile()
    assert timedelta(seconds=10) < world.clock() - before < timedelta(seconds=56)
    assert shown(world, batch_id)["status"] == "Releasing"
    assert [row["status"] for row in rows_of(world, batch_id)][1] == "Waiting"
    counted.is_busy = False
    # No lease is waited for.
    if way == "queue":
        run_queue(world)
    else:
        by_the_clock(world, 60)
    assert shown(world, batch_id)["status"] == "Released"
    by_the_clock(world, 1000, 180)
    assert bookings(world, batch_id) == [1, 1]


def test_a_check_and_a_cancellation_end_in_time_and_are_done_later(world: World) -> None:
    batch_id = upload(world, f"{world.customer()},1.00,").json["batch_id"]
    work = world.container.batch_work
    work.do(batch_id, 1, "check", 1.0)
    assert shown(world, batch_id)["status"] == "Checking"
    run_queue(world)
    world.admin.post(f"/batches/{batch_id}/confirm", {"total": "1.00"})
    world.approver.post(f"/batches/{batch_id}/approve", {})
    work.do(batch_id, 1, "release", 30.0)
    world.admin.post(f"/batches/{batch_id}/cancel", {})
    drop_messages(world)
    work.do(batch_id, 1, "cancel", 1.0)
    assert shown(world, batch_id)["progress"]["cancelled"] == 0
    run_queue(world)
    assert shown(world, batch_id)["progress"]["cancelled"] == 1


def test_a_payout_whose_customer_was_erased_meanwhile_ends_without_their_texts(
    world: World,
) -> None:
    customer = world.customer()
    batch_id = approved(world, f"{customer},1.00,for Jo")
    (release,) = world.messages("PAYOUT_QUEUE_URL")[-1:]
    assert world.sqs_event(SEND, release["Body"]) == []
    # As of an erasure that looked for payouts before this one was there.
    world.dynamodb.delete_item(TableName="CustomersTable", Key={"customer_id": {"S": customer}})
    run_queue(world)
    (row,) = rows_of(world, batch_id)
    payout = world.payout(row["transaction_id"])
    assert (payout["status"], payout["failure_code"]) == ("Cancelled", "DestinationGone")
    assert (payout["lodgement_reference"], payout["destination"]) == (None, "•••")
    assert "for Jo" not in stored_text(world)


def test_where_destinations_must_be_verified_a_row_to_another_is_reported(
    new_world: Callable[..., World],
) -> None:
    world = new_world(REQUIRE_VERIFIED_DESTINATION="yes")
    customer = world.customer()
    answer = upload(world, f"{customer},1.00,")
    assert answer.json["errors"] == {"line 2": ["The destination is not verified."]}
    # Required only after the batch was approved.
    world.environment["REQUIRE_VERIFIED_DESTINATION"] = "no"
    world.restart()
    batch_id = approved(world, f"{customer},1.00,")
    world.environment["REQUIRE_VERIFIED_DESTINATION"] = "yes"
    world.restart()
    run_queue(world)
    (row,) = rows_of(world, batch_id)
    assert (row["status"], row["failure_code"]) == ("NotReleased", "DestinationNotVerified")


# --- lists, and the result


def test_batches_are_listed_newest_first_a_page_at_a_time(world: World) -> None:
    customer = world.customer()
    names = []
    for amount in range(1, 4):
        names.append(upload(world, f"{customer},{amount},").json["batch_id"])
        world.later(1)
    page = world.admin.get("/batches", limit="2").json
    assert [item["batch_id"] for item in page["items"]] == names[:0:-1]
    rest = world.admin.get("/batches", cursor=page["next_cursor"]).json
    assert [item["batch_id"] for item in rest["items"]] == names[:1]
    assert rest["next_cursor"] is None
    assert world.admin.get("/batches", cursor="bm9uc2Vuc2U=").code == "InvalidRequest"


def test_rows_and_result_come_in_parts_that_are_one_file(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (batch, upload_batch):
        monkeypatch.setattr(module, "CHUNK_ROWS", 2)
    monkeypatch.setattr(list_rows, "_RESULT", 2)
    customer = registered(world, "C-1", BANK_ACCOUNT)
    # A reference that a spreadsheet would run.
    rows = [f"C-1,{amount}.00,=SUM(A{amount})" for amount in range(1, 6)]
    batch_id = approved(world, *rows, header="external_id,amount,reference")
    run_queue(world)
    path = f"/batches/{batch_id}"
    page = world.admin.get(f"{path}/rows").json
    lines = [row["line"] for row in page["items"]]
    while page["next_cursor"]:
        page = world.admin.get(f"{path}/rows", cursor=page["next_cursor"]).json
        lines += [row["line"] for row in page["items"]]
    assert lines == [2, 3, 4, 5, 6]
    first = world.admin.get(f"{path}/result")
    assert first.headers["Content-Type"] == "text/csv; charset=utf-8"
    second = world.admin.get(f"{path}/result", cursor=first.headers["Next-Cursor"])
    assert "Next-Cursor" not in second.headers
    results = list(csv.DictReader(io.StringIO(first.text + second.text)))
    assert [line["amount"] for line in results] == ["1.00", "2.00", "3.00", "4.00", "5.00"]
    transaction_id = results[0].pop("transaction_id")
    assert world.state(transaction_id)[0] == "Pending"
    assert list(results[0].items()) == [
        ("line", "2"),
        ("customer_id", customer),
        ("external_id", "C-1"),
        ("amount", "1.00"),
        ("reference", "'=SUM(A1)"),
        ("status", "Pending"),
        ("failure_code", ""),
        ("failure_reason", ""),
        ("needs_review", "false"),
        ("waits_for", ""),
    ]
    another = upload(world, f"{customer},1,").json["batch_id"]
    for cursor in (first.headers["Next-Cursor"], "eyJ4IjogIjEifQ=="):
        assert world.admin.get(f"/batches/{another}/rows", cursor=cursor).code == "InvalidRequest"


def test_a_part_of_the_result_ends_before_it_is_too_large_for_an_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (batch, upload_batch):
        monkeypatch.setattr(module, "CHUNK_ROWS", 2)
    monkeypatch.setattr(list_rows, "_MOST_BYTES", 3000)
    customer = world.customer()
    # As escaped, a chunk has 2 x 1,800 bytes and more.
    words = "\u8a00" * 280
    batch_id = upload(world, *[f"{customer},{n},{words}" for n in range(1, 6)]).json["batch_id"]
    texts: list[str] = []
    cursor: str | None = None
    while True:
        given = {"cursor": cursor} if cursor else {}
        answer = world.admin.get(f"/batches/{batch_id}/result", **given)
        texts.append(answer.text)
        cursor = answer.headers.get("Next-Cursor")
        if cursor is None:
            break
    metric_values = list(csv.DictReader(io.StringIO("".join(texts))))
    assert (len(texts), [row["line"] for row in metric_values]) == (3, ["2", "3", "4", "5", "6"])


# --- faults and other events meanwhile


def by_the_clock(world: World, *seconds: float) -> None:
    """So many seconds pass each time; then the schedule runs."""
    for each in seconds:
        world.later(each)
        world.reconcile()


def test_a_batch_is_paid_though_the_queue_delivers_nothing(world: World) -> None:
    batch_id = upload(world, f"{world.customer()},1.00,").json["batch_id"]
    drop_messages(world)
    # Too early, and every five minutes after two the messages are put on again.
    by_the_clock(world, 60, 60)
    assert shown(world, batch_id)["status"] == "AwaitingConfirmation"
    world.admin.post(f"/batches/{batch_id}/confirm", {"total": "1.00"})
    world.approver.post(f"/batches/{batch_id}/approve", {})
    drop_messages(world)
    by_the_clock(world, 120)
    drop_messages(world)
    assert shown(world, batch_id)["progress"]["queued"] == 1
    by_the_clock(world, 1000, 180, 180)
    assert shown(world, batch_id)["status"] == "Finished"
    assert bookings(world, batch_id) == [1]
    assert world.container.open_batches.ids() == ()


def test_a_queue_that_accepts_nothing_makes_a_batch_slow_and_nothing_else(world: World) -> None:
    AwsCalls(world).at("SQS.SendMessageBatch", unreachable)
    batch_id = upload(world, f"{world.customer()},1.00,").json["batch_id"]
    by_the_clock(world, 180)
    world.admin.post(f"/batches/{batch_id}/confirm", {"total": "1.00"})
    assert world.approver.post(f"/batches/{batch_id}/approve", {}).status == 200
    by_the_clock(world, 180, 1000, 180, 180)
    assert shown(world, batch_id)["status"] == "Finished"
    assert bookings(world, batch_id) == [1]


def test_a_queue_that_takes_some_of_the_messages_only_counts_as_one_that_does_not() -> None:
    class Half:
        def send_message_batch(self, **_: object) -> dict[str, object]:
            return {"Successful": [{"Id": "0"}], "Failed": [{"Id": "1"}]}

    client: Any = Half()
    with pytest.raises(QueueUnavailableError):
        Queue(client, "url").put_all([{"chunk": 1}, {"chunk": 2}])


def test_a_message_that_comes_late_twice_or_damaged_changes_nothing(world: World) -> None:
    batch_id = approved(world, f"{world.customer()},1.00,")
    messages = [
        json.dumps({"batch_id": batch_id, "chunk": chunk, "task": task})
        for chunk, task in ((1, "release"), (1, "release"), (1, "check"), (7, "release"))
    ]
    assert world.sqs_event(SEND, *messages) == []
    run_queue(world)
    assert world.sqs_event(SEND, *messages) == []
    unknown = json.dumps({"batch_id": UNKNOWN_ID, "chunk": 1, "task": "release"})
    nonsense = json.dumps({"batch_id": batch_id, "chunk": 1, "task": "explode"})
    assert world.sqs_event(SEND, unknown, nonsense) == ["1"]
    world.minutes(4)
    assert bookings(world, batch_id) == [1]


def test_a_batch_without_a_decision_expires_after_30_days(world: World) -> None:
    batch_id = confirmed(world, f"{world.customer()},1.00,words")
    world.later(30 * 24 * 3600 - 60)
    world.reconcile()
    assert shown(world, batch_id)["status"] == "AwaitingApproval"
    for _ in range(2):
        world.later(180)
        world.reconcile()
    found = shown(world, batch_id)
    assert (found["status"], found["history"][-1]["event"]) == ("Cancelled", "Expired")
    assert "words" not in stored_text(world)
    assert world.container.open_batches.ids() == ()


def test_a_broken_batch_keeps_no_other_waiting_and_no_payout(world: World) -> None:
    customers = sorted(world.customer() for _ in range(2))
    broken, batch_id = (upload(world, f"{each},1,").json["batch_id"] for each in customers)
    drop_messages(world)
    world.dynamodb.update_item(
        TableName="RecordsTable",
        Key={"collection": {"S": f"batch#{broken}"}, "item": {"S": "batch"}},
        UpdateExpression="SET #status = :nonsense",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":nonsense": {"S": "Exploded"}},
    )
    paid = world.paid()
    for _ in range(4):
        world.later(60)
        world.reconcile()
    assert shown(world, batch_id)["status"] == "AwaitingConfirmation"
    assert world.state(paid)[0] == "Completed"


def test_a_return_days_after_the_end_is_seen_at_the_next_count(world: World) -> None:
    batch_id = approved(world, f"{world.customer()},1.00,")
    run_queue(world)
    world.minutes(4)
    (row,) = rows_of(world, batch_id)
    assert shown(world, batch_id)["status"] == "Finished"
    metric_values = {
        "UniqueReference": row["transaction_id"],
        "ReturnTransactionId": 8000001,
        "Amount": 1,
    }
    raw = json.dumps(metric_values).encode()
    headers = {"Authorization": WEBHOOK_SECRET, SIGNATURE: signature(raw)}
    answer = world.anonymous("POST", "/webhooks/monoova/NppReturn", raw=raw, headers=headers)
    assert answer.status == 200
    world.later(3601)
    assert shown(world, batch_id)["progress"]["returned"] == 1


def test_the_age_of_undone_work_is_a_metric_and_that_of_a_wait_for_people_is_not(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    customers = sorted(world.customer() for _ in range(2))
    confirmed(world, f"{customers[0]},1.00,")
    by_the_clock(world, 3600)
    assert metric_values(capsys, "OldestBatchWorkSeconds") == [0]
    batch_id = upload(world, f"{customers[1]},2.00,").json["batch_id"]
    drop_messages(world)
    rows = world.container.batches_table.get(batch_id)
    assert rows is not None
    key = {"collection": {"S": f"upload#{rows.upload_id}"}, "item": {"S": "rows#0001"}}
    world.dynamodb.delete_item(TableName="RecordsTable", Key=key)
    by_the_clock(world, 1800)
    assert metric_values(capsys, "OldestBatchWorkSeconds") == [1800]


def test_a_chunk_that_cannot_be_done_skips_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (batch, upload_batch):
        monkeypatch.setattr(module, "CHUNK_ROWS", 1)
    customer = world.customer()
    batch_id = upload(world, *[f"{customer},{n}.00," for n in range(1, 6)]).json["batch_id"]
    drop_messages(world)
    made = world.container.batches_table.get(batch_id)
    assert made is not None
    for number in (1, 2):
        key = {"collection": {"S": f"upload#{made.upload_id}"}, "item": {"S": f"rows#000{number}"}}
        world.dynamodb.delete_item(TableName="RecordsTable", Key=key)
    for seconds in (120, 60, 60, 60, 60):
        by_the_clock(world, seconds)
        drop_messages(world)
    done = [mark.number for mark in world.container.batches_table.marks(made.upload_id)]
    assert done == [3, 4, 5]
    # Rows that are not there keep no erasure waiting either.
    assert world.admin("DELETE", f"/customers/{world.customer()}").status == 204


def test_a_stop_that_was_not_written_is_written_by_the_next_minute(world: World) -> None:
    batch_id = approved(world, f"{world.customer()},1.00,")
    release = world.messages("PAYOUT_QUEUE_URL")[-1]
    drop_messages(world)
    assert world.sqs_event(SEND, release["Body"]) == []
    # The function that cancels it crashes before the stop.
    container, at = world.container, world.clock()
    stands = container.batches_table.get(batch_id)
    assert stands is not None
    stopped = batch.moved(stands, batch.BatchEvent.CANCELLED, at, ADMIN)
    container.batches_table.save(stopped)
    by_the_clock(world, 60)
    assert container.open_batches.stopped_by(batch_id) == ADMIN
