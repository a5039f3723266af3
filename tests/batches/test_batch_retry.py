"""A batch's unpaid rows as one new batch: claimed, asked about, confirmed and paid like any."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import pytest

from chalicelib.batches.rules.batch import RowProblem
from chalicelib.core.actor import user as person
from chalicelib.core.errors import PayloadTooLargeError
from chalicelib.monoova.client import MonoovaClient
from chalicelib.monoova.rules.outcome import Report, Silence, Standing
from simulator.outcomes import Fate, Plan
from tests.batches.test_batches import (
    approved,
    bookings,
    confirmed,
    rows_of,
    run_queue,
    shown,
)
from tests.batches.test_funds import come_in, leave
from tests.batches.test_repeats import decided
from tests.world import Caller, HttpAnswer, World

REJECTED: Final = Plan(fate=Fate.REJECTED, reason="ACCOUNT CLOSED")
PAST_GRACE: Final = 20 * 60


def half_paid(world: World) -> str:
    """A finished batch of four rows, two of which the bank rejected."""
    world.monoova.script(REJECTED, REJECTED)
    batch_id = approved(world, *(f"{world.customer()},{n}.00,Pay {n}" for n in range(1, 5)))
    run_queue(world)
    world.minutes(5)
    found = shown(world, batch_id)
    assert (found["status"], found["progress"]["failed"]) == ("Finished", 2)
    return batch_id


def retried(world: World, batch_id: str, caller: Caller | None = None) -> HttpAnswer:
    return (caller or world.admin).post(f"/batches/{batch_id}/retry", {})


def paid_again(world: World, batch_id: str) -> str:
    """The retry of a batch, on to its release."""
    answer = retried(world, batch_id)
    assert answer.status == 201, answer.text
    decided(world, answer.json["batch_id"])
    return str(answer.json["batch_id"])


def unpaid(world: World, batch_id: str) -> list[Any]:
    return [row for row in rows_of(world, batch_id) if row["status"] != "Completed"]


def statuses(world: World, batch_id: str) -> list[str]:
    return [row["status"] for row in rows_of(world, batch_id)]


def problems(world: World, batch_id: str) -> list[str | None]:
    return [row["failure_code"] for row in rows_of(world, batch_id)]


def test_the_unpaid_rows_of_a_batch_are_one_new_batch_and_are_paid_once(world: World) -> None:
    old_id = half_paid(world)
    old_rows = {row["transaction_id"]: row for row in unpaid(world, old_id)}
    answer = retried(world, old_id)
    assert (answer.status, answer.json["row_count"]) == (201, 2)
    assert answer.json["retry_of"] == {
        "batch_id": old_id,
        "created_at": shown(world, old_id)["created_at"],
        "left_out": {"Paid": 2},
    }
    assert answer.json["total"] == sum(row["amount"] for row in old_rows.values())
    new_id = answer.json["batch_id"]
    rows = rows_of(world, new_id)
    assert {row["retry_of"] for row in rows} == set(old_rows)
    for row in rows:
        old = old_rows[row["retry_of"]]
        for name in ("line", "customer_id", "amount", "reference"):
            assert row[name] == old[name]
    decided(world, new_id)
    world.minutes(4)
    assert (statuses(world, new_id), bookings(world, new_id)) == (["Completed"] * 2, [1, 1])
    assert shown(world, new_id)["status"] == "Finished"
    for row in rows_of(world, new_id):
        payout = world.payout(row["transaction_id"])
        assert payout["retry_of"] in old_rows
        assert world.payout(payout["retry_of"])["succeeded_by"] == row["transaction_id"]
        assert f"in place of payout {payout['retry_of']}" in payout["history"][0]["detail"]
    refused = retried(world, old_id)
    assert (refused.status, refused.code) == (409, "NothingToRetry")
    assert "Paid: 2, Retried: 2" in refused.json["detail"]


def test_a_retry_waits_for_its_confirmation_and_for_another_persons_approval(
    world: World,
) -> None:
    old_id = half_paid(world)
    new_id = retried(world, old_id).json["batch_id"]
    run_queue(world)
    world.minutes(3)
    assert shown(world, new_id)["status"] == "AwaitingConfirmation"
    total = str(shown(world, new_id)["total"])
    world.admin.post(f"/batches/{new_id}/confirm", {"total": total})
    assert world.admin.post(f"/batches/{new_id}/approve", {}).status == 403
    assert bookings(world, new_id) == []


def test_retrying_twice_gives_the_same_batch_and_never_two_payments(world: World) -> None:
    old_id = half_paid(world)
    first = retried(world, old_id)
    again = retried(world, old_id, world.approver)
    assert (again.status, again.json["batch_id"]) == (200, first.json["batch_id"])
    decided(world, first.json["batch_id"])
    released = retried(world, old_id)
    assert (released.status, released.json["batch_id"]) == (200, first.json["batch_id"])
    assert len(world.admin.get("/batches").json["items"]) == 2


def test_after_a_retry_was_cancelled_its_rows_can_be_retried_by_another(world: World) -> None:
    old_id = half_paid(world)
    first = retried(world, old_id).json["batch_id"]
    assert world.admin.post(f"/batches/{first}/cancel", {}).status == 200
    run_queue(world)
    second = paid_again(world, old_id)
    assert second != first
    world.minutes(4)
    assert bookings(world, second) == [1, 1]


def test_what_fails_again_is_retried_out_of_the_batch_where_it_failed(world: World) -> None:
    old_id = half_paid(world)
    world.monoova.script(REJECTED)
    second = paid_again(world, old_id)
    world.minutes(5)
    assert sorted(statuses(world, second)) == ["Completed", "Failed"]
    third = paid_again(world, second)
    world.minutes(4)
    assert (statuses(world, third), bookings(world, third)) == (["Completed"], [1])
    assert retried(world, old_id).code == "NothingToRetry"


def test_a_row_that_is_retried_by_itself_meanwhile_is_paid_once(world: World) -> None:
    old_id = half_paid(world)
    new_id = retried(world, old_id).json["batch_id"]
    run_queue(world)
    total = str(shown(world, new_id)["total"])
    assert world.admin.post(f"/batches/{new_id}/confirm", {"total": total}).status == 200
    assert world.approver.post(f"/batches/{new_id}/approve", {}).status == 200
    # Approved, and its rows are no payouts yet.
    single = unpaid(world, old_id)[0]["transaction_id"]
    assert world.admin.post(f"/payouts/{single}/retry", {}).status == 202
    run_queue(world)
    world.minutes(4)
    found = rows_of(world, new_id)
    assert sorted(row["status"] for row in found) == ["Completed", "NotReleased"]
    assert "AlreadyRetried" in problems(world, new_id)
    assert world.admin.post(f"/payouts/{single}/retry", {}).json["status"] == "Completed"
    assert world.monoova.book.double_bookings() == {}
    assert shown(world, new_id)["not_released"] == 1


def test_a_row_that_was_retried_by_itself_before_there_were_claims_is_not_paid_again(
    world: World,
) -> None:
    old_id = half_paid(world)
    for row in unpaid(world, old_id):
        assert world.admin.post(f"/payouts/{row['transaction_id']}/retry", {}).status == 202
        world.dynamodb.update_item(
            TableName=world.environment["DYNAMODB_TABLE_TRANSACTIONS"],
            Key={"transaction_id": {"S": row["transaction_id"]}},
            UpdateExpression="REMOVE succeeded_by",
        )
    world.minutes(3)
    new_id = retried(world, old_id).json["batch_id"]
    run_queue(world)
    said = {"total": str(shown(world, new_id)["total"]), "accept_duplicates": 2}
    assert world.admin.post(f"/batches/{new_id}/confirm", said).status == 200
    assert world.approver.post(f"/batches/{new_id}/approve", {}).status == 200
    run_queue(world)
    world.minutes(3)
    assert problems(world, new_id) == ["AlreadyRetried"] * 2
    assert bookings(world, new_id) == []


def test_a_row_of_a_retry_cannot_be_retried_by_itself_once_more(world: World) -> None:
    old_id = half_paid(world)
    new_id = paid_again(world, old_id)
    single = unpaid(world, old_id)[0]["transaction_id"]
    answer = world.admin.post(f"/payouts/{single}/retry", {})
    assert answer.json["transaction_id"] in {
        row["transaction_id"] for row in rows_of(world, new_id)
    }


@pytest.mark.parametrize("standing", [Standing.COMPLETE, Standing.PENDING])
def test_a_row_that_monoova_says_was_paid_is_not_paid_again_and_its_payout_needs_review(
    world: World, monkeypatch: pytest.MonkeyPatch, standing: Standing
) -> None:
    old_id = half_paid(world)
    lie(monkeypatch, standing)
    new_id = paid_again(world, old_id)
    assert problems(world, new_id) == ["MayBePaid", "MayBePaid"]
    for row in unpaid(world, old_id):
        assert world.payout(row["transaction_id"])["needs_review"]
    world.minutes(3)
    assert bookings(world, new_id) == []


def lie(monkeypatch: pytest.MonkeyPatch, standing: Standing) -> None:
    """The status API says this of whatever is asked."""
    real = MonoovaClient.status_of

    def said(self: MonoovaClient, reference: str, seconds: float = 10.0) -> tuple[Report, Any]:
        return Report(standing), real(self, reference, seconds)[1]

    monkeypatch.setattr(MonoovaClient, "status_of", said)


def test_rows_that_monoova_does_not_clear_wait_and_are_asked_about_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_id = half_paid(world)
    with monkeypatch.context() as outage:
        outage.setattr(
            MonoovaClient, "status_of", lambda *_: (Report(Standing.UNCLEAR), Silence.TIMEOUT)
        )
        new_id = paid_again(world, old_id)
        world.minutes(7)
        assert (statuses(world, new_id), shown(world, new_id)["status"]) == (
            ["Waiting"] * 2,
            "Releasing",
        )
    world.container.gatekeeper.reset()
    world.minutes(10)
    assert (statuses(world, new_id), bookings(world, new_id)) == (["Completed"] * 2, [1, 1])


def test_rows_that_monoova_does_not_clear_in_a_day_are_left_and_their_payouts_reviewed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_id = half_paid(world)
    monkeypatch.setattr(
        MonoovaClient, "status_of", lambda *_: (Report(Standing.UNCLEAR), Silence.TIMEOUT)
    )
    new_id = paid_again(world, old_id)
    world.later(24 * 3600 - 60)
    world.container.gatekeeper.reset()
    world.reconcile()
    assert statuses(world, new_id) == ["Waiting"] * 2
    world.later(360)
    world.container.gatekeeper.reset()
    world.minutes(1)
    assert problems(world, new_id) == ["RetryUnclear"] * 2
    for row in unpaid(world, old_id):
        payout = world.payout(row["transaction_id"])
        assert (payout["needs_review"], payout["review_reason"]) == (True, "RetryUnclear")
    assert shown(world, new_id)["status"] in ("Released", "Finished")


def test_what_has_not_ended_or_is_in_doubt_is_left_out_with_the_reason(world: World) -> None:
    world.monoova.script(REJECTED, Plan(fate=Fate.PENDING_FOREVER), REJECTED, REJECTED)
    batch_id = approved(world, *(f"{world.customer()},{n}.00," for n in range(1, 6)))
    run_queue(world)
    world.minutes(4)
    failed = [row for row in rows_of(world, batch_id) if row["status"] == "Failed"]
    world.dynamodb.update_item(
        TableName=world.environment["DYNAMODB_TABLE_TRANSACTIONS"],
        Key={"transaction_id": {"S": failed[0]["transaction_id"]}},
        UpdateExpression="SET failure_code = :code",
        ExpressionAttributeValues={":code": {"S": "ResolvedByHand"}},
    )
    assert world.admin("DELETE", f"/customers/{failed[1]['customer_id']}").status == 204
    answer = retried(world, batch_id)
    assert (answer.status, answer.json["row_count"]) == (201, 1)
    assert answer.json["retry_of"]["left_out"] == {
        "SettledByHand": 1,
        "DestinationGone": 1,
        "Open": 1,
        "Paid": 1,
    }


def test_a_batch_that_was_not_released_has_nothing_to_retry(world: World) -> None:
    batch_id = confirmed(world, f"{world.customer()},1.00,")
    assert retried(world, batch_id).code == "BatchInOtherStatus"
    world.admin.post(f"/batches/{batch_id}/cancel", {})
    assert retried(world, batch_id).code == "BatchInOtherStatus"


def test_rows_that_were_cancelled_are_retried_without_a_question(world: World) -> None:
    world.admin.post("/sending/pause", {"reason": "wrong file"})
    batch_id = approved(world, f"{world.customer()},1.00,Pay")
    run_queue(world)
    world.admin.post(f"/batches/{batch_id}/cancel", {})
    run_queue(world)
    world.admin.post("/sending/resume", {})
    before = len(world.monoova.calls)
    new_id = paid_again(world, batch_id)
    asked = [call.path for call in world.monoova.calls[before:] if "/status/" in call.path]
    assert asked == []
    world.minutes(4)
    assert (statuses(world, new_id), bookings(world, new_id)) == (["Completed"], [1])


def test_a_retry_dies_nowhere_between_its_claim_and_its_payout(
    new_world: Callable[..., World],
) -> None:
    """The claim and the new payout are one transaction: a second worker finds both or neither."""
    world = new_world()
    old_id = half_paid(world)
    new_id = retried(world, old_id).json["batch_id"]
    run_queue(world)
    total = str(shown(world, new_id)["total"])
    world.admin.post(f"/batches/{new_id}/confirm", {"total": total})
    world.approver.post(f"/batches/{new_id}/approve", {})
    messages = [each["Body"] for each in world.messages("PAYOUT_QUEUE_URL")]
    for _ in range(2):
        for message in messages:
            world.sqs_event("send_queued_payouts", message)
    run_queue(world)
    world.minutes(4)
    assert (statuses(world, new_id), bookings(world, new_id)) == (["Completed"] * 2, [1, 1])


def test_a_file_that_was_short_of_funds_and_cancelled_is_paid_by_its_retry(world: World) -> None:
    leave(world, "1.00")
    batch_id = approved(world, *(f"{world.customer()},40.00,Pay" for _ in range(3)))
    run_queue(world)
    world.admin.post(f"/batches/{batch_id}/cancel", {})
    run_queue(world)
    assert statuses(world, batch_id) == ["Cancelled"] * 3
    come_in(world, "1000.00")
    world.later(PAST_GRACE)
    new_id = paid_again(world, batch_id)
    world.minutes(4)
    assert (statuses(world, new_id), bookings(world, new_id)) == (["Completed"] * 3, [1] * 3)
    assert shown(world, new_id)["total"] == Decimal("120.00")


def test_a_retry_that_takes_too_long_stores_nothing(world: World) -> None:
    old_id = half_paid(world)
    with pytest.raises(PayloadTooLargeError):
        world.container.batch_retries.retry(old_id, person("an-admin"), 0.5)
    assert len(world.admin.get("/batches").json["items"]) == 1


def test_a_row_whose_old_payout_is_gone_is_not_released(world: World) -> None:
    clearing = world.container.batch_work.releaser.clearing
    assert clearing.cleared("no-such-id", "new", "by", 20) is RowProblem.NOT_RETRYABLE
    assert clearing.give_up("no-such-id", "by") is RowProblem.RETRY_UNCLEAR


def test_giving_up_on_an_old_payout_changes_nothing_where_it_was_settled_or_is_under_review(
    world: World,
) -> None:
    old_id = half_paid(world)
    clearing = world.container.batch_work.releaser.clearing
    paid = next(row for row in rows_of(world, old_id) if row["status"] == "Completed")
    failed = unpaid(world, old_id)[0]
    before = world.payout(paid["transaction_id"])
    clearing.give_up(paid["transaction_id"], "by")
    assert world.payout(paid["transaction_id"]) == before
    clearing.give_up(failed["transaction_id"], "by")
    flagged = world.payout(failed["transaction_id"])
    assert (flagged["needs_review"], flagged["history"][-1]["event"]) == (True, "RetryUnclear")
    clearing.give_up(failed["transaction_id"], "by")
    assert world.payout(failed["transaction_id"]) == flagged


def test_what_came_back_is_retried_once_its_credit_was_seen(world: World) -> None:
    world.monoova.script(Plan(fate=Fate.RETURNED))
    batch_id = approved(world, f"{world.customer()},3.00,Pay")
    run_queue(world)
    world.minutes(10)
    (row,) = rows_of(world, batch_id)
    assert row["status"] == "Returned"
    assert world.payout(row["transaction_id"])["return_seen_at"] is None
    refused = retried(world, batch_id)
    assert (refused.code, "ReturnNotSeen: 1" in refused.json["detail"]) == ("NothingToRetry", True)
    world.later(1200)
    world.reconcile_daily()
    assert world.payout(row["transaction_id"])["return_seen_at"] is not None
    new_id = paid_again(world, batch_id)
    world.minutes(4)
    assert (statuses(world, new_id), bookings(world, new_id)) == (["Completed"], [1])
