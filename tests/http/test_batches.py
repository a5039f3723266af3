"""Batches: many payouts in one file, uploaded by one person and approved by another."""

from typing import Any, Final

from tests.world import ADMIN, APPROVER, Caller, HttpAnswer, World

SEND: Final = "send_queued_payouts"


def upload(world: World, *rows: str, header: str = "customer_id,amount,reference") -> HttpAnswer:
    return put(world.admin, "\r\n".join([header, *rows]) + "\r\n")


def put(caller: Caller, content: str) -> HttpAnswer:
    """Uploads a file as it is."""
    return caller("POST", "/batches", raw=content.encode(), headers={"Content-Type": "text/csv"})


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
    """A batch that waits for somebody to confirm it."""
    answer = upload(world, *rows, **header)
    assert answer.status == 201, answer.text
    run_queue(world)
    found = shown(world, answer.json["batch_id"])
    assert found["status"] == "AwaitingConfirmation"
    return found


def confirmed(world: World, *rows: str, **header: str) -> str:
    found = checked(world, *rows, **header)
    path = f"/batches/{found['batch_id']}/confirm"
    answer = world.admin.post(path, {"total": str(found["total"])})
    assert (answer.status, answer.json["status"]) == (200, "AwaitingApproval"), answer.text
    return str(found["batch_id"])


def approved(world: World, *rows: str, **header: str) -> str:
    batch_id = confirmed(world, *rows, **header)
    answer = world.approver.post(f"/batches/{batch_id}/approve", {})
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
    told = [(each["event"], each["by"]) for each in payout["history"][:2]]
    assert told == [("Requested", ADMIN), ("Approved", APPROVER)]
