"""Many at the same instant on one payout: one booking in Monoova's book."""

import json
import time
from functools import partial

import requests

from simulator.outcomes import Outcome
from tests.end_to_end.deployed import Deployed, amount_for, at_once, json_of

REQUESTS = 32
# Each running copy of the function takes a second of a processor to start.
COPIES = 4
DUPLICATES = 3


def test_32_requests_with_one_key_make_one_payout_one_booking_and_32_equal_answers(
    deployed: Deployed,
) -> None:
    order = deployed.order(deployed.customer(), amount_for(Outcome.PENDING_FOREVER))
    gateway = deployed.stack.gateway_url
    headers = {"Idempotency-Key": "one-of-32"}

    def ask() -> requests.Response:
        while True:
            answer = deployed.call("POST", "/payouts", order, headers=headers, address=gateway)
            if answer.status_code != 429:
                return answer
            time.sleep(0.2)  # all copies are at work: asked again, with the same key

    with deployed.no_schedule(), deployed.at_most(COPIES, "APIHandler"):
        answers = at_once(*[ask] * REQUESTS)
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    replays = [answer.headers.get("Idempotent-Replayed") for answer in answers]
    assert sorted(replays, key=str) == [None, *["true"] * (REQUESTS - 1)]
    asked = json_of(answers[0])
    listed = deployed.done("GET", f"/customers/{order['customer_id']}/payouts")["items"]
    assert [each["transaction_id"] for each in listed] == [asked["transaction_id"]]
    assert deployed.bookings(asked["transaction_id"]) == 1


def test_two_reconcilers_and_a_message_three_times_send_a_queued_payout_once(
    deployed: Deployed,
) -> None:
    with deployed.unread("PayoutQueue"):
        with deployed.paused():
            asked = deployed.paid()
            transaction_id, customer_id = asked["transaction_id"], asked["customer_id"]
        hint = {"transaction_id": transaction_id, "customer_id": customer_id}
        deployed.put("PayoutQueue", *[json.dumps(hint)] * DUPLICATES)
        deployed.make_due(transaction_id)
        at_once(deployed.reconcile, deployed.reconcile, partial(deployed.read, "PayoutQueue"))
    shown = deployed.settled(transaction_id, "Completed")
    events = [entry["event"] for entry in shown["history"]]
    assert events == ["Requested", "Claimed", "SendAccepted", "SettledComplete"]
    assert deployed.bookings(transaction_id) == 1


def test_two_reconcilers_send_a_payout_in_doubt_again_once(deployed: Deployed) -> None:
    deployed.script(Outcome.ERROR_STATUS_200)
    asked = deployed.paid()
    transaction_id = asked["transaction_id"]
    assert (asked["status"], asked["submission"]) == ("Pending", "Unresolved")

    def twice() -> None:
        deployed.let_unknown_last(transaction_id)
        at_once(deployed.reconcile, deployed.reconcile)

    shown = deployed.settled(transaction_id, "Completed", by_asking=twice)
    events = [entry["event"] for entry in shown["history"]]
    assert events.count("SentAgain") == 1
    assert events.count("SettledComplete") == 1
    assert deployed.bookings(transaction_id) == 1
