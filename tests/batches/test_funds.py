"""Where the account does not hold enough: what waits for money, and goes out when it came in."""

from decimal import Decimal
from typing import Final

import pytest

from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.monoova.available_funds import AvailableFunds
from chalicelib.monoova.client import MonoovaClient
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.rules.outcome import Silence
from simulator.book import MovementKind
from simulator.outcomes import Outcome
from tests.batches.test_batches import approved, bookings, checked, rows_of, run_queue, shown
from tests.webhooks.test_webhooks import lines
from tests.world import World

TEN_ROWS: Final = 10


def leave(world: World, dollars: str) -> None:
    """Of the account's money, no more than this stays."""
    world.monoova.book.add(
        MovementKind.TRANSFER, "taken-out", 1, Decimal(dollars) - world.monoova.book.balance
    )


def come_in(world: World, dollars: str) -> None:
    world.monoova.receive(Decimal(dollars))


def ten_rows_of_forty(world: World) -> str:
    customers = [world.customer() for _ in range(TEN_ROWS)]
    batch_id = approved(world, *(f"{each},40.00," for each in customers))
    run_queue(world)
    return batch_id


def unreadable(_: object) -> bool:
    raise StorageUnavailableError("Throttled", may_be_done=False)


def statuses(world: World, batch_id: str) -> list[str]:
    return [row["status"] for row in rows_of(world, batch_id)]


def calls(world: World) -> int:
    return sum(each.endpoint == "execute" for each in world.monoova.received)


def test_rows_that_funds_do_not_reach_wait_and_are_each_paid_once_when_money_came_in(
    world: World,
) -> None:
    leave(world, "100.00")
    batch_id = ten_rows_of_forty(world)
    found = statuses(world, batch_id)
    assert (found.count("Failed"), found.count("Queued")) == (0, 8)
    assert calls(world) == 2
    waiting = [row for row in rows_of(world, batch_id) if row["status"] == "Queued"]
    assert {row["waits_for"] for row in waiting} == {"NoFunds"}
    payout = world.payout(waiting[0]["transaction_id"])
    assert (payout["waits_for"], payout["history"][-1]["event"]) == ("NoFunds", "WithoutFunds")
    assert "does not hold enough" in payout["explanation"]["summary"]
    world.minutes(10)
    assert calls(world) == 2
    come_in(world, "1000.00")
    world.minutes(5)
    assert statuses(world, batch_id) == ["Completed"] * TEN_ROWS
    assert bookings(world, batch_id) == [1] * TEN_ROWS
    assert shown(world, batch_id)["status"] == "Finished"


def test_rows_wait_in_their_order_and_a_part_of_the_money_pays_a_part_of_them(
    world: World,
) -> None:
    leave(world, "10.00")
    batch_id = ten_rows_of_forty(world)
    assert statuses(world, batch_id) == ["Queued"] * TEN_ROWS
    come_in(world, "90.00")
    world.minutes(5)
    found = statuses(world, batch_id)
    assert (found.count("Completed"), found.count("Queued")) == (2, 8)


def test_a_reference_that_a_refusal_uses_up_ends_in_review_and_is_never_paid_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The worst case: nothing is known of the balance, so each row is sent and refused.
    monkeypatch.setattr(AvailableFunds, "cents", lambda _self: None)
    world.monoova.behave(refusals_consume_reference=True)
    leave(world, "100.00")
    batch_id = ten_rows_of_forty(world)
    come_in(world, "1000.00")
    for _ in range(12):
        world.later(900)
        world.minutes(1)
    rows = rows_of(world, batch_id)
    assert [row["status"] for row in rows].count("Failed") == 0
    assert sum(row["needs_review"] for row in rows) == 8
    assert sorted(bookings(world, batch_id)) == [0] * 8 + [1] * 2


def test_a_payout_of_its_own_that_funds_do_not_reach_is_queued_and_the_answer_says_why(
    world: World,
) -> None:
    leave(world, "100.00")
    answer = world.pay(world.customer(), "400.00")
    assert (answer.status, answer.json["status"]) == (202, "Queued"), answer.text
    assert answer.json["waits_for"] == "NoFunds"
    assert "does not hold enough" in answer.json["message"]
    world.minutes(20)
    assert calls(world) == 1
    come_in(world, "1000.00")
    world.minutes(4)
    shown_now = world.payout(answer.json["transaction_id"])
    assert (shown_now["status"], shown_now["waits_for"]) == ("Completed", None)
    assert len(world.monoova.book.bookings(answer.json["transaction_id"])) == 1


def test_a_payout_in_doubt_before_is_not_said_to_wait_for_funds(world: World) -> None:
    world.monoova.script(Outcome.TIMEOUT_BEFORE_BOOKING, Outcome.REFUSED_INSUFFICIENT_FUNDS)
    transaction_id = world.paid()
    assert world.state(transaction_id) == ("Pending", "Unresolved")


def test_a_file_that_is_paused_over_its_time_is_put_before_a_person_and_not_cancelled(
    world: World,
) -> None:
    world.admin.post("/sending/pause", {"reason": "the bank asked us to"})
    batch_id = approved(world, *(f"{world.customer()},5.00," for _ in range(3)))
    run_queue(world)
    world.later(25 * 3600)
    world.admin.post("/sending/resume", {})
    world.minutes(70)
    found = rows_of(world, batch_id)
    assert {row["status"] for row in found} <= {"Queued", "Completed"}
    for row in found:
        if row["status"] == "Queued":
            assert row["needs_review"]


def test_a_row_that_was_not_sent_in_time_is_reviewed_and_ends_with_its_file(world: World) -> None:
    leave(world, "1.00")
    batch_id = approved(world, f"{world.customer()},5.00,")
    run_queue(world)
    world.later(25 * 3600)
    world.minutes(1)
    (row,) = rows_of(world, batch_id)
    payout = world.payout(row["transaction_id"])
    assert (row["status"], row["needs_review"]) == ("Queued", True)
    assert payout["review_reason"] == "RowExpired"
    world.later(4)
    assert shown(world, batch_id)["progress"]["needs_review"] == 1
    come_in(world, "1000.00")
    world.minutes(90)
    assert calls(world) == 0
    assert world.admin.post(f"/batches/{batch_id}/cancel", {}).status == 200
    run_queue(world)
    (row,) = rows_of(world, batch_id)
    assert (row["status"], row["needs_review"]) == ("Cancelled", False)


def test_what_waits_for_funds_is_counted_while_it_waits(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    leave(world, "1.00")
    approved(world, *(f"{world.customer()},5.00," for _ in range(3)))
    run_queue(world)
    world.later(120)
    capsys.readouterr()
    world.reconcile()
    (line,) = lines(capsys)
    assert line["WaitingForFunds"] == 3
    come_in(world, "1000.00")
    world.minutes(1)
    capsys.readouterr()
    world.reconcile()
    assert "WaitingForFunds" not in capsys.readouterr().out


@pytest.mark.parametrize("is_gate_read", [True, False])
def test_where_the_balance_cannot_be_asked_for_rows_are_sent_and_monoova_judges(
    world: World, monkeypatch: pytest.MonkeyPatch, is_gate_read: bool
) -> None:
    batch_id = approved(world, f"{world.customer()},5.00,")
    if is_gate_read:
        monkeypatch.setattr(MonoovaClient, "account", lambda *_: (None, Silence.TIMEOUT))
    else:
        monkeypatch.setattr(Gatekeeper, "may_look", unreadable)
    run_queue(world)
    assert calls(world) == 1
    assert [row["status"] for row in rows_of(world, batch_id)] == ["Pending"]


def test_the_total_is_compared_with_the_funds_at_each_step_and_shown_as_a_warning(
    world: World,
) -> None:
    leave(world, "30.00")
    found = checked(world, f"{world.customer()},40.00,")
    funds = found["summary"]["funds"]
    assert (funds["available"], funds["short_by"]) == (Decimal("30.00"), Decimal("10.00"))
    path = f"/batches/{found['batch_id']}"
    come_in(world, "5.00")
    world.later(61)
    answer = world.admin.post(f"{path}/confirm", {"total": "40.00"})
    assert answer.json["summary"]["funds"]["short_by"] == Decimal("5.00")
    come_in(world, "6.00")
    world.later(61)
    answer = world.approver.post(f"{path}/approve", {})
    assert answer.json["summary"]["funds"]["available"] == Decimal("41.00")
    assert answer.json["summary"]["funds"]["short_by"] == 0


def test_where_monoova_does_not_say_what_is_available_nothing_is_compared(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MonoovaClient, "account", lambda *_: (None, Silence.TIMEOUT))
    assert checked(world, f"{world.customer()},40.00,")["summary"]["funds"] is None
