"""What an administrator may do with a payout: cancel, retry, resolve, refresh, validate."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import pytest
import requests

from chalicelib.container import wired
from chalicelib.core.marks import requested
from chalicelib.payouts.administer_payout import RESOLUTIONS
from chalicelib.payouts.request_payout import PayoutRequest
from simulator.outcomes import Fate, Fault, Manner, Moment, Outcome, Plan
from tests.payouts.test_request_payout import (
    BANK_ACCOUNT,
    AwsCalls,
    Pass,
    booked,
    executed,
    reply,
    rows_of,
    tap_line,
)
from tests.webhooks.test_webhooks import PUBLIC_KEY
from tests.webhooks.webhook_mutations import SIGNATURE, signature
from tests.world import ADMIN, APPROVER, WEBHOOK_SECRET, HttpAnswer, World, as_admin, load_app

UNKNOWN_ID: Final = "00000000-0000-4000-8000-000000000000"


def act(world: World, what: str, transaction_id: str, **body: str) -> HttpAnswer:
    return world.admin.post(f"/payouts/{transaction_id}/{what}", body or None)


def settle(world: World, transaction_id: str, outcome: str, reason: str = "seen") -> HttpAnswer:
    """An approver, who did not ask for the payout, resolves it."""
    body = {"outcome": outcome, "reason": reason}
    return world.approver.post(f"/payouts/{transaction_id}/resolve", body)


def status_event(
    world: World, transaction_id: str, status: str, amount: float | None = None
) -> bytes:
    """The body of a webhook about the payout, of its own amount if no other is given."""
    shown = world.payout(transaction_id)
    event = {
        "eventName": "NppPaymentStatus",
        "uniqueReference": transaction_id,
        "transactionId": shown["monoova_transaction_id"] or "1",
        "amount": float(shown["amount"]) if amount is None else amount,
        "status": status,
    }
    return json.dumps(event).encode()


def news(world: World, transaction_id: str, status: str = "Payment Successful") -> None:
    """A webhook about the payout that may contradict the facts."""
    raw = status_event(world, transaction_id, status)
    headers = {"Authorization": WEBHOOK_SECRET, SIGNATURE: signature(raw)}
    assert world.deliver("https://app.example/webhooks/monoova", headers, raw) == 200


# --- payouts in every situation that an administrator may find


def queued(world: World) -> str:
    world.container.gatekeeper.pause("ops", "why")
    return world.paid()


def cancelled(world: World) -> str:
    transaction_id = queued(world)
    assert act(world, "cancel", transaction_id).status == 200
    world.container.gatekeeper.resume()
    return transaction_id


def accepted(world: World) -> str:
    world.webhooks_arrive = False
    return world.paid()


def unresolved(world: World) -> str:
    world.webhooks_arrive = False
    world.monoova.script(Outcome.ERROR_STATUS_200)
    return world.paid()


def completed(world: World) -> str:
    world.webhooks_arrive = True
    transaction_id = world.paid()
    world.later(180)
    return transaction_id


def failed(world: World) -> str:
    world.monoova.script(Plan(fate=Fate.REJECTED))
    return completed(world)


def returned(world: World) -> str:
    world.monoova.script(Plan(fate=Fate.RETURNED))
    transaction_id = world.paid()
    world.later(600)
    # Back is what the account shows.
    world.later(900)
    world.look_for_returns()
    return transaction_id


def under_review(situation: Callable[[World], str], world: World) -> str:
    """The payout of `situation`, and a webhook that contradicts it."""
    if situation in (accepted, unresolved):
        world.monoova.behave(visibility_seconds=10**7)
    transaction_id = situation(world)
    if situation in (accepted, unresolved):
        for _ in range(3):
            world.later(600)
            world.reconcile()
    else:
        was_paid = situation in (completed, returned)
        news(world, transaction_id, "Rejected" if was_paid else "Payment Successful")
    assert world.payout(transaction_id)["needs_review"] is True
    return transaction_id


# --- cancelling


def test_a_queued_payout_is_cancelled_and_never_sent(world: World) -> None:
    transaction_id = queued(world)
    answer = act(world, "cancel", transaction_id)
    assert (answer.status, answer.json["status"]) == (200, "Cancelled")
    assert answer.json["failure_code"] == "CancelledByAdmin"
    entry = answer.json["history"][-1]
    assert (entry["event"], entry["by"]) == ("CancelledByAdmin", ADMIN)
    world.container.gatekeeper.resume()
    world.minutes(10)
    assert world.state(transaction_id) == ("Cancelled", None)
    assert world.monoova.calls == []


def test_cancelling_twice_is_cancelling_once(world: World) -> None:
    transaction_id = cancelled(world)
    answer = act(world, "cancel", transaction_id)
    assert answer.status == 200
    assert answer.json == world.payout(transaction_id)
    assert len(answer.json["history"]) == 2


def test_a_payout_that_was_sent_cannot_be_cancelled(world: World) -> None:
    for situation in (completed, failed, returned, accepted, unresolved):
        transaction_id = situation(world)
        before = world.payout(transaction_id)
        answer = act(world, "cancel", transaction_id)
        assert (answer.status, answer.code) == (409, "PayoutNotCancellable")
        assert world.payout(transaction_id) == before


def test_a_payout_that_is_claimed_in_the_same_instant_is_sent_and_not_cancelled(
    world: World,
) -> None:
    transaction_id = queued(world)
    [message] = world.messages("PAYOUT_QUEUE_URL")
    world.container.gatekeeper.resume()
    aws, other = AwsCalls(world), world.new_container()

    def meanwhile(_body: str) -> None:
        wired.put(other)
        assert world.sqs_event("send_queued_payouts", message["Body"]) == []
        wired.put(world.container)

    aws.once("DynamoDB.UpdateItem", meanwhile)
    assert act(world, "cancel", transaction_id).code == "PayoutNotCancellable"
    assert world.state(transaction_id) == ("Pending", "Accepted")
    assert booked(world) == 1


def test_what_does_not_exist_is_not_found(world: World) -> None:
    for what in ("cancel", "retry", "resolve", "refresh"):
        body = {"outcome": "Failed", "reason": "why"} if what == "resolve" else {}
        for transaction_id in (UNKNOWN_ID, "x", UNKNOWN_ID + "0"):
            answer = act(world, what, transaction_id, **body)
            assert (answer.status, answer.code) == (404, "PayoutNotFound")


def test_what_takes_no_fields_refuses_them_by_name(world: World) -> None:
    for what in ("cancel", "retry", "refresh"):
        answer = act(world, what, UNKNOWN_ID, force="yes")
        assert (answer.status, list(answer.json["errors"])) == (400, ["force"])


def test_a_payout_that_others_change_at_every_try_is_a_conflict(world: World) -> None:
    transaction_id = queued(world)
    key = {"transaction_id": {"S": transaction_id}}
    aws = AwsCalls(world)

    def meanwhile(_body: str) -> None:
        world.dynamodb.update_item(
            TableName="TransactionsTable",
            Key=key,
            UpdateExpression="ADD version :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    aws.at("DynamoDB.UpdateItem", meanwhile)
    answer = act(world, "cancel", transaction_id)
    assert (answer.status, answer.code) == (503, "StorageUnavailable")
    assert aws.names.count("DynamoDB.UpdateItem") == 10
    aws.acts.clear()
    assert act(world, "cancel", transaction_id).status == 200


def test_a_payout_that_disappears_is_an_error_and_not_a_success(world: World) -> None:
    transaction_id = queued(world)
    key = {"transaction_id": {"S": transaction_id}}
    aws = AwsCalls(world)

    def meanwhile(_body: str) -> None:
        world.dynamodb.delete_item(TableName="TransactionsTable", Key=key)

    aws.once("DynamoDB.UpdateItem", meanwhile)
    assert act(world, "cancel", transaction_id).status == 503
    assert rows_of(world) == 0


# --- retrying


@pytest.mark.parametrize("situation", [failed, returned, cancelled])
def test_a_retry_is_a_new_payout_with_a_reference_of_its_own(
    world: World, situation: Callable[[World], str]
) -> None:
    old_id = situation(world)
    old = world.payout(old_id)
    world.container.gatekeeper.resume()
    answer = act(world, "retry", old_id)
    assert answer.status == 202
    new = answer.json
    assert new["retry_of"] == old_id
    assert new["transaction_id"] == new["unique_reference"] != old_id
    same = ("customer_id", "destination_id", "payout_method", "amount", "description")
    for each in (*same, "lodgement_reference"):
        assert new[each] == old[each]
    world.later(180)
    assert world.state(new["transaction_id"]) == ("Completed", None)
    after = world.payout(old_id)
    assert after["succeeded_by"] == new["transaction_id"]
    entry = after["history"].pop()
    assert (entry["event"], entry["by"]) == ("Retried", ADMIN)
    assert entry["detail"] == f"by payout {new['transaction_id']}"
    beside = ("succeeded_by", "updated_at", "explanation")
    assert {k: v for k, v in after.items() if k not in beside} == {
        k: v for k, v in old.items() if k not in beside
    }
    assert len(world.monoova.book.bookings(new["transaction_id"])) == 1


def test_the_destination_of_the_old_payout_is_the_one_of_the_new(world: World) -> None:
    customer_id = world.customer()
    world.monoova.script(Outcome.REFUSED_PAYID_DETAILS)
    old_id = world.pay(customer_id).json["transaction_id"]
    world.admin.post(f"/customers/{customer_id}/destinations", BANK_ACCOUNT)
    answer = act(world, "retry", old_id)
    assert answer.json["destination_id"] == world.payout(old_id)["destination_id"]
    assert executed(world)[1]["disbursements"][0]["disbursementMethod"] == "NppCreditPayId"


def test_a_retry_is_requested_by_the_method_of_the_old_payout(world: World) -> None:
    old_id = failed(world)
    old = world.container.payouts_table.get(old_id)
    assert old is not None
    new_id = act(world, "retry", old_id).json["transaction_id"]
    new = world.container.payouts_table.get(new_id)
    assert new is not None
    assert requested(new) == requested(old)
    assert new.fingerprint == PayoutRequest(**requested(old)).fingerprint
    assert requested(old)["payout_method"] == "PayId"


def test_a_retry_by_a_method_that_its_destination_no_longer_has_is_refused(world: World) -> None:
    old_id = failed(world)
    old = world.payout(old_id)
    world.dynamodb.update_item(
        TableName="CustomersTable",
        Key={"customer_id": {"S": old["customer_id"]}},
        UpdateExpression="SET destinations[0].#type = :other",
        ExpressionAttributeNames={"#type": "type"},
        ExpressionAttributeValues={":other": {"S": "BankAccount"}},
    )
    answer = act(world, "retry", old_id)
    assert (answer.status, list(answer.json["errors"])) == (400, ["payout_method"])
    assert rows_of(world) == 1


def test_two_clicks_make_one_retry(world: World) -> None:
    old_id = failed(world)
    first, second = act(world, "retry", old_id), act(world, "retry", old_id)
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.json == first.json
    assert (rows_of(world), len(executed(world))) == (2, 2)


def test_two_concurrent_clicks_make_one_retry(world: World) -> None:
    old_id = failed(world)
    aws, other, other_app = AwsCalls(world), world.new_container(), load_app()
    answers: list[HttpAnswer] = []

    def meanwhile(_body: str) -> None:
        wired.put(other)
        answers.append(as_admin(other_app, "another").post(f"/payouts/{old_id}/retry"))
        wired.put(world.container)

    aws.once("DynamoDB.TransactWriteItems", meanwhile)
    second = act(world, "retry", old_id)
    assert second.json == answers[0].json
    assert (rows_of(world), len(executed(world))) == (2, 2)


def test_a_retry_that_fails_can_be_retried_and_so_on(world: World) -> None:
    first = failed(world)
    world.monoova.script(Outcome.REFUSED_PAYID_DETAILS)
    second = act(world, "retry", first)
    assert (second.status, second.code) == (422, "MonoovaRefused")
    # Of the first or of the second: it is the last one of the line that is paid anew.
    third = act(world, "retry", first)
    assert (third.status, third.json["retry_of"]) == (202, second.json["transaction_id"])
    for each in (first, second.json["transaction_id"], third.json["transaction_id"]):
        again = act(world, "retry", each)
        is_last = each == third.json["transaction_id"]
        assert again.status == (409 if is_last else 202)
        assert is_last or again.json["transaction_id"] == third.json["transaction_id"]
    assert len({row["uniqueReference"] for row in executed(world)}) == 3


def test_a_payout_that_is_open_or_was_paid_cannot_be_retried(world: World) -> None:
    situations = (completed, accepted, unresolved, queued)
    for situation in situations:
        answer = act(world, "retry", situation(world))
        assert (answer.status, answer.code) == (409, "PayoutNotRetryable")
    assert rows_of(world) == len(situations)


def test_a_payout_under_review_cannot_be_retried(world: World) -> None:
    situations = (failed, returned, cancelled)
    for situation in situations:
        answer = act(world, "retry", under_review(situation, world))
        assert (answer.status, answer.code) == (409, "PayoutNotRetryable")
    assert rows_of(world) == len(situations)


def test_a_retry_above_todays_limit_is_refused(world: World) -> None:
    old_id = failed(world)
    world.environment["PAYOUT_LIMIT_AUD"] = "5"
    world.restart()
    answer = act(world, "retry", old_id)
    assert (answer.status, list(answer.json["errors"])) == (400, ["amount"])
    assert rows_of(world) == 1


def test_a_retry_for_a_customer_who_was_erased_is_refused(world: World) -> None:
    old_id = failed(world)
    customer_id = world.payout(old_id)["customer_id"]
    assert world.admin("DELETE", f"/customers/{customer_id}").status == 204
    assert act(world, "retry", old_id).code == "CustomerNotFound"


# --- resolving


@dataclass(frozen=True)
class Resolution:
    """From which situation under review, by which word, to which status; None: refused."""

    situation: Callable[[World], str]
    ends: dict[str, str]


RESOLVED: Final = [
    Resolution(unresolved, {"Completed": "Completed", "Failed": "Failed"}),
    Resolution(accepted, {"Completed": "Completed", "Failed": "Failed"}),
    Resolution(queued, {"Completed": "Completed", "Cancelled": "Cancelled"}),
    Resolution(completed, {"Completed": "Completed", "Returned": "Returned"}),
    Resolution(failed, {"Failed": "Failed"}),
    Resolution(returned, {"Returned": "Returned"}),
    Resolution(cancelled, {"Cancelled": "Cancelled"}),
]


@pytest.mark.parametrize("case", RESOLVED, ids=lambda case: case.situation.__name__)
def test_a_payout_under_review_is_settled_by_hand_only_into_what_its_state_allows(
    new_world: Callable[..., World], case: Resolution
) -> None:
    world = new_world(MAX_RESENDS="0", GRACE_SECONDS="60")
    transaction_id = under_review(case.situation, world)
    before = world.payout(transaction_id)
    attempts = len(executed(world))
    for word in sorted(set(RESOLUTIONS) - set(case.ends)):
        answer = act(world, "resolve", transaction_id, outcome=word, reason="why")
        assert (answer.status, answer.code) == (409, "PayoutNotResolvable"), word
        assert world.payout(transaction_id) == before, word
    for word, status in case.ends.items():
        answer = settle(world, transaction_id, word, "seen in the ledger")
        assert (answer.status, answer.json["status"]) == (200, status)
        assert (answer.json["needs_review"], answer.json["review_reason"]) == (False, None)
        entry = answer.json["history"][-1]
        assert (entry["event"], entry["by"]) == (f"Resolved{word}", APPROVER)
        said = answer.json["monoova_says"]
        assert entry["detail"] == f"seen in the ledger (status API: {said})"
        if answer.json["next_look_at"] is None:
            break
    # It stays as it was settled, and nothing is sent for it any more.
    world.container.gatekeeper.resume()
    world.minutes(3)
    assert world.payout(transaction_id)["status"] == status
    assert len(executed(world)) == attempts


def test_each_word_that_settles_a_payout_in_doubt_says_so_in_its_fields(
    new_world: Callable[..., World],
) -> None:
    world = new_world(MAX_RESENDS="0", GRACE_SECONDS="60")
    paid = under_review(unresolved, world)
    world.monoova.behave(visibility_seconds=0)
    not_paid = under_review(unresolved, world)
    shown = settle(world, paid, "Completed", "in the ledger").json
    assert shown["failure_code"] is None
    assert shown["completed_at"] is not None
    shown = settle(world, not_paid, "Failed", "not in the ledger").json
    assert shown["failure_code"] == "ResolvedByHand"
    assert shown["failure_reason"] == "not in the ledger"
    assert shown["completed_at"] is None
    # A payout that was settled as not paid can be paid anew, if another person approves of it.
    again = act(world, "retry", not_paid)
    assert (again.status, again.json["status"]) == (202, "AwaitingApproval")
    assert "a person's word" in again.json["message"]


def test_a_payout_that_needs_no_review_is_not_settled_by_hand(world: World) -> None:
    for situation in (completed, failed, accepted, unresolved, queued, cancelled):
        transaction_id = situation(world)
        before = world.payout(transaction_id)
        for word in RESOLUTIONS:
            answer = act(world, "resolve", transaction_id, outcome=word, reason="why")
            assert (answer.status, answer.code) == (409, "PayoutNotResolvable"), word
        assert world.payout(transaction_id) == before


def test_a_reason_that_quotes_the_payee_is_redacted(world: World) -> None:
    transaction_id = under_review(failed, world)
    reason = "Jo said jo.citizen@example.com or 062-000 12345678 was closed"
    answer = act(world, "resolve", transaction_id, outcome="Failed", reason=reason)
    assert answer.json["history"][-1]["detail"] == (
        "Jo said ••• or ••• was closed (status API: Rejected)"
    )
    assert answer.json["failure_reason"] == "ACCOUNT CLOSED"
    assert "12345678" not in json.dumps(world.dynamodb.scan(TableName="TransactionsTable"))


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"outcome", "reason"}),
        ({"outcome": "Paid", "reason": "why"}, {"outcome"}),
        ({"outcome": "Failed", "reason": ""}, {"reason"}),
        ({"outcome": "Failed", "reason": "x" * 501, "by": "me"}, {"reason", "by"}),
    ],
)
def test_a_settlement_needs_an_outcome_and_a_reason(
    world: World, body: dict[str, str], wrong: set[str]
) -> None:
    answer = world.admin.post(f"/payouts/{UNKNOWN_ID}/resolve", body)
    assert (answer.status, set(answer.json["errors"])) == (400, wrong)


# --- refreshing


def test_a_refresh_records_the_current_status_at_monoova(world: World) -> None:
    transaction_id = accepted(world)
    still = act(world, "refresh", transaction_id)
    assert (still.status, still.json["submission"]) == (200, "Accepted")
    assert len(still.json["history"]) == 2
    world.later(180)
    answer = act(world, "refresh", transaction_id)
    assert answer.json["status"] == "Completed"
    entry = answer.json["history"][-1]
    assert (entry["event"], entry["by"]) == ("SettledComplete", ADMIN)
    assert act(world, "refresh", transaction_id).json == answer.json


def test_a_refresh_clears_up_a_doubt(world: World) -> None:
    world.webhooks_arrive = False
    world.monoova.script(Plan(fault=Fault(Manner.EMPTY_BODY, Moment.AFTER)))
    transaction_id = world.paid()
    assert world.state(transaction_id) == ("Pending", "Unresolved")
    assert act(world, "refresh", transaction_id).json["submission"] == "Accepted"


def test_a_refresh_never_sends(new_world: Callable[..., World]) -> None:
    world = new_world(GRACE_SECONDS="60")
    transaction_id = unresolved(world)
    world.later(3600)
    answer = act(world, "refresh", transaction_id)
    assert (answer.status, answer.json["submission"]) == (200, "Unresolved")
    world.minutes(1)
    assert len(executed(world)) == 1
    # The reconciler resends it, at its time: once it has heard twice that it is unknown.
    world.later(300)
    act(world, "refresh", transaction_id)
    assert len(executed(world)) == 1
    world.minutes(1)
    assert len(executed(world)) == 2


def test_a_refresh_without_a_change_at_monoova_changes_nothing(world: World) -> None:
    for situation in (completed, returned, queued, cancelled):
        transaction_id = situation(world)
        before = world.payout(transaction_id)
        answer = act(world, "refresh", transaction_id)
        says = "Complete" if situation in (completed, returned) else "UnknownReference"
        assert (answer.status, answer.json) == (200, before | {"monoova_says": says})


def test_a_refresh_that_is_not_answered_changes_nothing(world: World) -> None:
    transaction_id = accepted(world)
    before = world.payout(transaction_id)
    world.monoova.behave(outage="timeout")
    assert act(world, "refresh", transaction_id).json == before | {"monoova_says": "Unclear"}


def test_a_refresh_that_contradicts_is_kept_and_not_applied(world: World) -> None:
    transaction_id = accepted(world)
    news(world, transaction_id, "Rejected")
    world.later(180)
    answer = act(world, "refresh", transaction_id)
    assert (answer.json["status"], answer.json["needs_review"]) == ("Failed", True)
    assert answer.json["review_reason"] == "Contradiction"
    assert act(world, "refresh", transaction_id).json == answer.json


# --- validating


def validated(world: World, amount: str = "125.50", **more: str) -> HttpAnswer:
    body = {"customer_id": world.customer(), "amount": amount, **more}
    return world.admin.post("/payouts/validate", body)


def checks(answer: HttpAnswer) -> dict[str, tuple[bool | None, str]]:
    assert answer.status == 200, answer.text
    return {row["name"]: (row["is_ok"], row["detail"]) for row in answer.json["checks"]}


def test_validating_calls_monoova_and_moves_and_stores_nothing(world: World) -> None:
    answer = validated(world, description="Refund", lodgement_reference="Order 7")
    assert answer.json["is_valid"] is True
    assert answer.json["destination"]["masked"] == "j•••@example.com"
    assert checks(answer) == {
        "monoova": (True, "Monoova would take it."),
        "funds": (True, "A$1000000.00 available, A$125.50 requested."),
    }
    [received] = world.monoova.received
    assert received.endpoint == "validate"
    assert isinstance(received.parsed, dict)
    assert received.parsed["description"] == "Refund"
    assert (rows_of(world), world.monoova.book.movements) == (0, [])
    assert world.messages("PAYOUT_QUEUE_URL") == []


def test_validating_again_uses_another_reference_and_paying_yet_another(world: World) -> None:
    validated(world)
    validated(world)
    world.paid()
    bodies = [row.parsed for row in world.monoova.received]
    references = {body["uniqueReference"] for body in bodies if isinstance(body, dict)}
    assert len(references) == 3


def test_what_monoova_would_refuse_is_reported_with_its_reason(world: World) -> None:
    answer = validated(world, "7.10")
    assert answer.json["is_valid"] is False
    is_ok, detail = checks(answer)["monoova"]
    assert (is_ok, detail.partition(":")[0]) == (
        False,
        "FinancialValidateDisbursementNppCreditPayIdDetailsAreInvalid",
    )


def answered(path: str, status: int, body: bytes | dict[str, object]) -> Any:
    """Replaces Monoova's answer to calls of `path`."""

    def tap(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        return reply(request, status, body) if path in request.path_url else send()

    return tap


@pytest.mark.parametrize(
    ("status", "body", "is_ok", "detail"),
    [
        (200, b"<html>", None, "Monoova did not answer."),
        (200, {"status": "Pending"}, None, "Monoova did not answer clearly."),
        (500, {"status": "Ok"}, None, "Monoova did not answer clearly."),
        (404, {"status": "NotFound"}, None, "Monoova did not answer clearly."),
        (
            400,
            {"status": "Refused", "statusDescription": "Jo Citizen jo.citizen@example.com"},
            False,
            "Refused: ••• •••",
        ),
    ],
)
def test_an_answer_to_validate_is_read_with_the_same_care(
    world: World, status: int, body: Any, is_ok: bool | None, detail: str
) -> None:
    tap_line(world, answered("/validate", status, body))
    answer = validated(world)
    assert answer.json["is_valid"] is False
    assert checks(answer)["monoova"] == (is_ok, detail)


def test_silence_on_validate_is_reported_as_such(world: World) -> None:
    customer_id = world.customer()
    world.monoova.behave(outage="timeout")
    body = {"customer_id": customer_id, "amount": "3.00"}
    answer = world.admin.post("/payouts/validate", body)
    assert answer.json["is_valid"] is False
    assert checks(answer) == {
        "monoova": (None, "Monoova did not answer."),
        "funds": (None, "Monoova does not tell the balance at the moment."),
    }


@pytest.mark.parametrize(
    ("financials", "is_ok", "detail"),
    [
        ({"availableToDebit": 125.5}, True, "A$125.50 available, A$125.50 requested."),
        ({"availableToDebit": 125.4999}, False, "A$125.49 available, A$125.50 requested."),
        ({"availableToDebit": 0}, False, "A$0.00 available, A$125.50 requested."),
        ({"availableToDebit": "much"}, None, "Monoova does not tell the balance."),
        ({"availableToDebit": None}, None, "Monoova does not tell the balance."),
    ],
)
def test_the_funds_are_checked_against_what_may_be_paid_out(
    world: World, financials: dict[str, object], is_ok: bool | None, detail: str
) -> None:
    body: dict[str, object] = {"status": "Ok", "financials": financials}
    tap_line(world, answered("/financials/", 200, body))
    answer = validated(world)
    assert answer.json["is_valid"] is bool(is_ok)
    assert checks(answer)["funds"] == (is_ok, detail)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"amount": "1000.01"}, 400, "InvalidRequest"),
        ({"customer_id": UNKNOWN_ID}, 404, "CustomerNotFound"),
        ({"destination_id": UNKNOWN_ID}, 404, "DestinationNotFound"),
        ({"payout_method": "BankAccount"}, 422, "NoDestination"),
    ],
)
def test_validating_refuses_what_paying_would_refuse(
    world: World, body: dict[str, str], status: int, code: str
) -> None:
    request = {"customer_id": world.customer(), "amount": "3.00", **body}
    checked = world.admin.post("/payouts/validate", request)
    paid = world.admin.post("/payouts", request)
    assert (checked.status, checked.code) == (status, code)
    assert (paid.status, paid.code) == (status, code)
    assert world.monoova.calls == []


def test_validating_goes_on_while_payouts_are_paused(world: World) -> None:
    world.container.gatekeeper.pause("ops", "why")
    assert validated(world).json["is_valid"] is True


# --- the account


def test_the_account_is_shown_with_monoovas_own_decimals(world: World) -> None:
    world.paid("125.50")
    answer = world.admin.get("/account")
    assert answer.json == {
        "environment": "sandbox",
        "currency": "AUD",
        "actual_balance": Decimal("999874.3900"),
        "available_to_debit": Decimal("999874.3900"),
        "npp_balance": Decimal("0.0000"),
        "npp_payout_limit": Decimal("100000.0000"),
    }
    assert '"actual_balance": 999874.3900' in answer.text


def test_fields_that_monoova_leaves_out_are_null_and_the_envelope_may_be_missing(
    world: World,
) -> None:
    tap_line(world, answered("/financials/", 200, {"availableToDebit": 17.985}))
    shown = world.admin.get("/account").json
    assert (shown["available_to_debit"], shown["npp_payout_limit"]) == (Decimal("17.985"), None)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>"),
        (200, b"[]"),
        (200, {"status": "Ok"}),
        (200, {"status": "Ok", "financials": "none"}),
        (400, {"status": "SimulatedInvalidMAccount", "availableToDebit": 1}),
        (500, {"availableToDebit": 1}),
    ],
)
def test_a_balance_that_monoova_leaves_out_is_null(world: World, status: int, body: Any) -> None:
    tap_line(world, answered("/financials/", status, body))
    answer = world.admin.get("/account")
    assert (answer.status, answer.code) == (503, "MonoovaUnavailable")


# --- payouts that wait too long, or whose payee was erased


@pytest.mark.parametrize("hours", [None, 2])
def test_a_payout_that_was_queued_too_long_is_cancelled_and_not_sent_late(
    new_world: Callable[..., World], hours: int | None
) -> None:
    world = new_world(**({"PAYOUT_EXPIRY_HOURS": str(hours)} if hours else {}))
    transaction_id = queued(world)
    world.container.gatekeeper.resume()
    # No run comes for so long.
    world.later((hours or 24) * 3600 + 1)
    world.reconcile()
    shown = world.payout(transaction_id)
    assert (shown["status"], shown["failure_code"]) == ("Cancelled", "QueueExpired")
    assert shown["history"][-1]["by"] == "reconciler"
    assert world.monoova.calls == []


def erase_by_force(world: World, transaction_id: str) -> None:
    """What an erasure in the same instant as the request leaves: a payout without a payee."""
    customer_id = world.payout(transaction_id)["customer_id"]
    key = {"customer_id": {"S": customer_id}}
    world.dynamodb.delete_item(TableName="CustomersTable", Key=key)


def test_a_queued_payout_whose_payee_was_erased_is_cancelled(world: World) -> None:
    transaction_id = queued(world)
    erase_by_force(world, transaction_id)
    world.container.gatekeeper.resume()
    world.minutes(1)
    shown = world.payout(transaction_id)
    assert (shown["status"], shown["failure_code"]) == ("Cancelled", "DestinationGone")
    assert world.monoova.calls == []


def test_a_payout_in_doubt_whose_payee_was_erased_goes_to_review(
    new_world: Callable[..., World],
) -> None:
    world = new_world(GRACE_SECONDS="60")
    transaction_id = unresolved(world)
    erase_by_force(world, transaction_id)
    world.minutes(10)
    shown = world.payout(transaction_id)
    assert (shown["status"], shown["submission"]) == ("Pending", "Unresolved")
    assert shown["review_reason"] == "DestinationGone"
    assert len(executed(world)) == 1


def test_a_queued_payout_under_review_waits_for_a_person(world: World) -> None:
    transaction_id = under_review(queued, world)
    world.container.gatekeeper.resume()
    world.minutes(10)
    assert world.state(transaction_id) == ("Queued", None)
    assert [call.path for call in world.monoova.calls] == [PUBLIC_KEY]
    act(world, "resolve", transaction_id, outcome="Cancelled", reason="a mistake")
    assert world.state(transaction_id) == ("Cancelled", None)


# --- without a login


def test_monoova_can_be_pinged_without_a_login(world: World) -> None:
    answer = world.container.monoova.ping()
    assert not isinstance(answer, str)
    assert (answer.http_status, answer.envelope is not None) == (200, True)
    assert world.monoova.calls[0].authenticated is None
    world.monoova.behave(outage="connection_refused")
    assert world.container.monoova.ping() == "NotSent"


@pytest.mark.parametrize(
    ("status", "body"), [(404, b"00"), (200, b"not hexadecimal"), (200, b"\xff")]
)
def test_a_public_key_that_is_none_is_none(world: World, status: int, body: bytes) -> None:
    tap_line(world, answered("/public-key", status, body))
    assert world.container.monoova.public_key() is None
    world.monoova.behave(outage="timeout")
    tap_line(world, lambda _, send: send())
    assert world.container.monoova.public_key() is None
