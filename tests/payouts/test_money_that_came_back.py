"""What came back can be paid again once the account shows it, and not a cent more."""

from decimal import Decimal

from chalicelib.payouts.rules.payout import MOST_HISTORY_ENTRIES
from simulator.book import MovementKind
from simulator.outcomes import Outcome
from tests.payouts.test_administration import act
from tests.webhooks.test_webhooks import body, returned, send
from tests.world import World


def credited(world: World, transaction_id: str, dollars: str, number: int = 1) -> None:
    kind = MovementKind.RETURN_CREDIT
    world.monoova.book.add(kind, transaction_id, number, Decimal(dollars))


def half_back(world: World, transaction_id: str, number: int) -> None:
    """One of two halves of A$900 comes back, and Monoova tells of it."""
    credited(world, transaction_id, "450.00", number)
    part = returned(world, transaction_id, Amount=450, ReturnTransactionId=number)
    assert send(world, part).status == 200


def gone(world: World) -> Decimal:
    """What has left the mAccount in all and not come back, fees aside."""
    fees = {MovementKind.FEE, MovementKind.FEE_REFUND}
    moved = (m.amount for m in world.monoova.book.movements if m.kind not in fees)
    return -sum(moved, Decimal(0))


def let_go(world: World, transaction_id: str) -> None:
    """What a person has said of a payout lets another be made only with an approver."""
    assert world.payout(transaction_id)["status"] == "AwaitingApproval"
    assert world.approver.post(f"/payouts/{transaction_id}/approve").status == 200
    world.minutes(1)
    assert world.payout(transaction_id)["status"] != "AwaitingApproval"


def test_a_return_that_only_a_webhook_tells_of_is_not_paid_again(world: World) -> None:
    paid = world.paid("900.00")
    assert send(world, body(world, paid)).status == 200
    assert send(world, returned(world, paid)).status == 200
    assert world.payout(paid)["status"] == "Returned"
    answer = act(world, "retry", paid)
    assert (answer.status, answer.code) == (409, "PayoutNotRetryable")
    assert "does not show" in answer.json["detail"]
    assert gone(world) == 900
    credited(world, paid, "900.00")
    world.later(900)
    world.look_for_returns()
    again = act(world, "retry", paid)
    assert (again.status, again.json["amount"]) == (202, Decimal("900.00"))
    assert gone(world) == 900


def test_a_part_that_came_back_is_paid_again_once_and_not_more(world: World) -> None:
    paid = world.paid("900.00")
    assert send(world, body(world, paid)).status == 200
    for number in (1, 2):
        half_back(world, paid, number)
        if number == 1:
            _one_half_is_paid_again(world, paid)
    world.later(900)
    world.look_for_returns()
    assert world.payout(paid)["status"] == "Returned"
    first = world.payout(paid)["succeeded_by"]
    assert "can be retried as well" in world.payout(paid)["explanation"]["what_to_do"]
    # The other half has a payout of its own, once.
    second = act(world, "retry", paid)
    assert (second.status, second.json["amount"]) == (202, Decimal("450.00"))
    assert second.json["retry_of"] == paid
    assert second.json["transaction_id"] != first
    assert act(world, "retry", paid).json["transaction_id"] == second.json["transaction_id"]
    assert "can be retried as well" not in world.payout(paid)["explanation"]["what_to_do"]
    let_go(world, second.json["transaction_id"])
    world.later(180)
    world.minutes(2)
    assert gone(world) == 900
    for one in (first, second.json["transaction_id"]):
        assert world.payout(one)["status"] == "Completed"
        assert act(world, "retry", one).code == "PayoutNotRetryable"
    assert act(world, "retry", paid).json["transaction_id"] == second.json["transaction_id"]


def test_the_first_half_that_failed_is_paid_by_another_beside_the_second(world: World) -> None:
    paid = world.paid("900.00")
    assert send(world, body(world, paid)).status == 200
    for number in (1, 2):
        half_back(world, paid, number)
        world.later(900)
        world.look_for_returns()
        if number == 1:
            settled = {"outcome": "Completed", "reason": "half of it came back"}
            assert world.approver.post(f"/payouts/{paid}/resolve", settled).status == 200
            world.monoova.script(Outcome.REJECTED)
            first = act(world, "retry", paid).json["transaction_id"]
            let_go(world, first)
            world.later(180)
    assert world.payout(first)["status"] == "Failed"
    second = act(world, "retry", paid).json["transaction_id"]
    let_go(world, second)
    third = act(world, "retry", first).json
    assert (third["retry_of"], third["amount"]) == (first, Decimal("450.00"))
    let_go(world, third["transaction_id"])
    world.later(180)
    world.minutes(2)
    ends = [world.payout(one)["status"] for one in (second, third["transaction_id"])]
    assert ends == ["Completed", "Completed"]
    assert gone(world) == 900


def test_what_a_person_said_of_a_payout_before_it_came_back_is_no_credit(world: World) -> None:
    """Seen: a review closed as Completed let an approver pay again what no account showed back."""
    paid = world.paid("900.00")
    assert send(world, body(world, paid, Amount=1)).status == 200
    assert world.payout(paid)["needs_review"] is True
    world.later(180)
    settled = {"outcome": "Completed", "reason": "seen in the portal"}
    assert world.approver.post(f"/payouts/{paid}/resolve", settled).status == 200
    assert send(world, returned(world, paid)).status == 200
    assert world.payout(paid)["status"] == "Returned"
    assert act(world, "retry", paid).code == "PayoutNotRetryable"
    assert gone(world) == 900


def test_a_credit_is_counted_once_however_full_the_history_is(world: World) -> None:
    """Seen: with a history that unsigned webhooks had filled, half of it came back as all of it."""
    paid = world.paid("900.00")
    assert send(world, body(world, paid)).status == 200
    for number in range(MOST_HISTORY_ENTRIES):
        told = returned(world, paid, Amount=1, ReturnTransactionId=5000 + number)
        send(world, told, is_signed=False)
    half_back(world, paid, 1)
    world.later(900)
    world.look_for_returns()
    for number in range(2):
        told = returned(world, paid, Amount=2, ReturnTransactionId=7000 + number)
        send(world, told, is_signed=False)
        world.later(900)
        world.look_for_returns()
    assert world.payout(paid)["status"] == "Completed"
    stored = world.container.payouts_table.get(paid)
    assert stored is not None
    assert (stored.returned_cents, stored.return_seen_cents) == (45000, 45000)


def _one_half_is_paid_again(world: World, paid: str) -> None:
    assert act(world, "retry", paid).code == "PayoutNotRetryable"
    world.later(900)
    world.look_for_returns()
    assert act(world, "retry", paid).code == "PayoutNotRetryable", "it is under review"
    settled = {"outcome": "Completed", "reason": "half of it came back"}
    assert world.approver.post(f"/payouts/{paid}/resolve", settled).status == 200
    first = act(world, "retry", paid)
    assert (first.status, first.json["amount"]) == (202, Decimal("450.00"))
    assert first.json["retry_of"] == paid
    assert act(world, "retry", paid).json["transaction_id"] == first.json["transaction_id"]
    let_go(world, first.json["transaction_id"])
    assert gone(world) == 900
    world.later(180)


def test_of_a_completed_payout_of_which_nothing_came_back_nothing_is_paid_again(
    world: World,
) -> None:
    paid = world.paid()
    assert send(world, body(world, paid)).status == 200
    assert act(world, "retry", paid).code == "PayoutNotRetryable"
    assert send(world, returned(world, paid), is_signed=False).status == 200
    assert act(world, "retry", paid).code == "PayoutNotRetryable"


def test_the_part_that_is_paid_again_may_fail_and_is_then_paid_by_another(world: World) -> None:
    paid = world.paid("900.00")
    assert send(world, body(world, paid)).status == 200
    credited(world, paid, "450.00")
    part = returned(world, paid, Amount=450, ReturnTransactionId=1)
    assert send(world, part).status == 200
    world.later(900)
    world.look_for_returns()
    settled = {"outcome": "Completed", "reason": "half of it came back"}
    assert world.approver.post(f"/payouts/{paid}/resolve", settled).status == 200
    world.monoova.script(Outcome.REJECTED)
    first = act(world, "retry", paid).json["transaction_id"]
    let_go(world, first)
    world.later(180)
    assert world.payout(first)["status"] == "Failed"
    second = act(world, "retry", paid)
    assert (second.status, second.json["amount"]) == (202, Decimal("450.00"))
    let_go(world, second.json["transaction_id"])
    assert gone(world) == 900
