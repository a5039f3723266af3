"""The happy path: register a customer, pay, and read the outcome."""

from tests.world import World


def test_a_payout_is_sent_at_once_and_completed_by_monoovas_webhook(world: World) -> None:
    answer = world.pay(world.customer())
    assert answer.status == 202, answer.text
    assert (answer.json["status"], answer.json["submission"]) == ("Pending", "Accepted")
    world.later(180)
    shown = world.payout(answer.json["transaction_id"])
    assert shown["status"] == "Completed"
    assert [entry["event"] for entry in shown["history"]] == [
        "Requested",
        "SendAccepted",
        "SettledComplete",
    ]
    assert len(world.monoova.book.bookings(answer.json["transaction_id"])) == 1
