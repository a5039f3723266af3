"""A second payment of what may have been paid: it claims the first, and asks Monoova before."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
import requests

from chalicelib.container import wired
from simulator.book import MovementKind
from simulator.outcomes import Fate, Fault, Manner, Moment, News, Outcome, Plan
from tests.payouts.test_administration import status_event
from tests.payouts.test_request_payout import (
    AwsCalls,
    Pass,
    executed,
    is_execute,
    reply,
    rows_of,
    tap_line,
    unreachable,
)
from tests.webhooks.test_webhooks import signature
from tests.world import (
    ADMIN,
    WEBHOOK_SECRET,
    Caller,
    HttpAnswer,
    World,
    as_admin,
    as_approver,
    load_app,
)

AMOUNT: Final = "900.00"
GRACE_SECONDS: Final = 900


def retry(world: World, transaction_id: str) -> HttpAnswer:
    return world.admin.post(f"/payouts/{transaction_id}/retry")


def debits(world: World) -> list[str]:
    """The amounts that left the account, in the order of Monoova's book."""
    moved = [m for m in world.monoova.book.movements if m.kind is MovementKind.DEBIT]
    return [f"{-m.amount:.2f}" for m in moved]


def news(world: World, transaction_id: str, status: str, *, signed: bool) -> int:
    """A webhook about the payout that says what Monoova's status API does not."""
    raw = status_event(world, transaction_id, status)
    headers = {"Authorization": WEBHOOK_SECRET}
    if signed:
        headers["Verification-Signature"] = signature(raw)
    return world.deliver("https://app.example/webhooks/monoova", headers, raw)


def everything(world: World) -> list[Any]:
    rows: list[Any] = world.dynamodb.scan(TableName="TransactionsTable")["Items"]
    return sorted(rows, key=lambda row: str(row["transaction_id"]["S"]))


def accepted(world: World) -> str:
    """A payout of A$900 that Monoova has taken and will pay out, of which it tells nothing."""
    world.webhooks_arrive = False
    return world.paid(AMOUNT)


def rejected(world: World) -> str:
    world.monoova.script(Plan(fate=Fate.REJECTED))
    transaction_id = world.paid(AMOUNT)
    world.later(180)
    assert world.state(transaction_id) == ("Failed", None)
    return transaction_id


def refused(world: World, outcome: Outcome | Plan = Outcome.REFUSED_PAYID_DETAILS) -> str:
    world.monoova.script(outcome)
    answer = world.pay(world.customer(), AMOUNT)
    assert answer.code == "MonoovaRefused", answer.text
    return str(answer.json["transaction_id"])


def cancelled(world: World) -> str:
    world.container.gatekeeper.pause("ops", "why")
    transaction_id = world.paid(AMOUNT)
    assert world.admin.post(f"/payouts/{transaction_id}/cancel").status == 200
    world.container.gatekeeper.resume()
    return transaction_id


def questions(world: World) -> list[str]:
    """The references that Monoova was asked about."""
    paths = [call.path for call in world.monoova.calls if "/financial/v2/status/" in call.path]
    return [path.rpartition("/")[2] for path in paths]


# --- what was paid, whatever we were told


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("wait", [0, 180, 3600], ids=["pending", "complete", "long complete"])
def test_a_rejection_that_monoova_does_not_confirm_pays_nobody_twice(
    world: World, signed: bool, wait: int
) -> None:
    transaction_id = accepted(world)
    assert news(world, transaction_id, "Rejected", signed=signed) in (200, 401)
    world.later(wait)
    answer = retry(world, transaction_id)
    assert answer.status == 409, answer.text
    assert answer.code in ("PayoutMayBePaid", "PayoutNotRetryable")
    world.minutes(3)
    assert debits(world) == [AMOUNT]
    assert rows_of(world) == 1


def test_a_payout_that_monoova_says_was_paid_goes_to_review_with_what_was_said(
    world: World,
) -> None:
    transaction_id = accepted(world)
    news(world, transaction_id, "Rejected", signed=True)
    world.later(180)
    answer = retry(world, transaction_id)
    assert (answer.status, answer.code) == (409, "PayoutMayBePaid")
    assert answer.json["transaction_id"] == transaction_id
    assert "Complete" in answer.json["detail"]
    shown = world.payout(transaction_id)
    assert (shown["status"], shown["needs_review"]) == ("Failed", True)
    assert (shown["review_reason"], shown["succeeded_by"]) == ("Contradiction", None)
    entry = shown["history"][-1]
    assert (entry["event"], entry["detail"]) == ("SettledComplete", "status API: Complete")
    assert retry(world, transaction_id).code == "PayoutNotRetryable"


def test_a_payout_that_monoova_says_is_pending_goes_to_review_too(world: World) -> None:
    world.monoova.script(Plan(fate=Fate.PENDING_FOREVER))
    transaction_id = accepted(world)
    news(world, transaction_id, "Rejected", signed=True)
    assert retry(world, transaction_id).code == "PayoutMayBePaid"
    shown = world.payout(transaction_id)
    assert shown["needs_review"] is True
    assert shown["history"][-1]["detail"] == "status API: Pending"


def test_a_refusal_under_a_known_name_of_what_was_booked_all_the_same_is_not_paid_again(
    world: World,
) -> None:
    fault = Fault(
        Manner.REFUSAL_400, Moment.AFTER, refusal="DisbursementNppCreditPayIdDetailsAreInvalid"
    )
    world.webhooks_arrive = False
    transaction_id = refused(world, Plan(fault=fault))
    world.later(180)
    assert retry(world, transaction_id).code == "PayoutMayBePaid"
    assert debits(world) == [AMOUNT]


# --- what was not paid


def test_what_monoova_rejected_is_retried_at_once(world: World) -> None:
    transaction_id = rejected(world)
    answer = retry(world, transaction_id)
    assert (answer.status, answer.json["status"]) == (202, "Pending")
    assert questions(world) == [transaction_id]
    world.later(180)
    assert world.state(answer.json["transaction_id"]) == ("Completed", None)


def test_what_was_refused_by_a_name_in_our_table_is_retried_at_once(world: World) -> None:
    transaction_id = refused(world)
    assert retry(world, transaction_id).status == 202
    assert questions(world) == [transaction_id]


def test_what_was_never_sent_is_retried_without_a_question(world: World) -> None:
    assert retry(world, cancelled(world)).status == 202
    assert questions(world) == []


def test_what_monoova_has_heard_of_is_asked_about_though_the_last_attempt_did_not_leave_us(
    world: World,
) -> None:
    """Booked though it was refused for funds, and shown late: a line that was down afterwards made
    it look like one that was never sent."""
    world.webhooks_arrive = False
    refusal = Fault(Manner.REFUSAL_400, Moment.AFTER, refusal="InsufficientFunds")
    world.monoova.script(Plan(fault=refusal))
    line: dict[str, Callable[[requests.PreparedRequest], bool]] = {}

    def tap(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        if line["is_down"](request):
            raise requests.ConnectTimeout
        is_shown = "/status/" not in request.path_url or line["is_down"](request)
        return send() if is_shown else reply(request, 200, {"status": "UniqueIdNotFound"})

    tap_line(world, tap)
    line["is_down"] = lambda _request: False
    transaction_id = world.paid(AMOUNT)
    assert world.state(transaction_id) == ("Queued", None)
    line["is_down"] = is_execute
    world.minutes(2)
    assert world.state(transaction_id) == ("Queued", None)
    tap_line(world, lambda _request, send: send())
    assert world.admin.post(f"/payouts/{transaction_id}/cancel").status == 200
    world.container.gatekeeper.reset()
    assert retry(world, transaction_id).code == "PayoutMayBePaid"
    world.minutes(2)
    assert debits(world) == [AMOUNT]


def test_what_was_refused_by_another_name_is_retried_after_the_grace(world: World) -> None:
    transaction_id = refused(world, Outcome.REFUSED_UNKNOWN_STATUS)
    world.later(300)
    before = everything(world)
    early = retry(world, transaction_id)
    assert (early.status, early.code) == (409, "RetryTooEarly")
    assert int(early.headers["Retry-After"]) == GRACE_SECONDS - 300
    assert everything(world) == before
    world.later(GRACE_SECONDS - 301)
    assert retry(world, transaction_id).headers["Retry-After"] == "1"
    world.later(1)
    assert retry(world, transaction_id).status == 202


def test_what_monoova_shows_late_is_not_paid_again_in_the_grace(world: World) -> None:
    world.monoova.behave(visibility_seconds=600)
    transaction_id = accepted(world)
    news(world, transaction_id, "Rejected", signed=True)
    assert retry(world, transaction_id).code == "RetryTooEarly"
    world.later(GRACE_SECONDS + 1)
    assert retry(world, transaction_id).code == "PayoutMayBePaid"
    assert debits(world) == [AMOUNT]


# --- Monoova cannot be asked, or does not say


def unclear(request: requests.PreparedRequest, send: Pass) -> requests.Response:
    answer = send()
    if "/status/" in request.path_url:
        answer.status_code = 404
    return answer


def silent(world: World) -> None:
    world.monoova.behave(outage="timeout")


def unreadable(world: World) -> None:
    tap_line(world, unclear)


def login_refused(world: World) -> None:
    world.store_secret("a key that Monoova does not know")
    world.restart()


@pytest.mark.parametrize("trouble", [silent, unreadable, login_refused])
def test_without_monoovas_word_nothing_is_paid_again_and_nothing_changed(
    world: World, trouble: Callable[[World], None]
) -> None:
    transaction_id = rejected(world)
    before = everything(world)
    trouble(world)
    answer = retry(world, transaction_id)
    assert answer.status == 503, answer.text
    assert everything(world) == before
    assert len(executed(world)) == 1


def test_while_the_questions_are_shut_nothing_is_paid_again(world: World) -> None:
    transaction_id = rejected(world)
    before = everything(world)
    login_refused(world)
    assert retry(world, transaction_id).code == "MonoovaUnavailable"
    asked = len(world.monoova.calls)
    answer = retry(world, transaction_id)
    assert (answer.status, answer.code) == (503, "SendingStopped")
    assert len(world.monoova.calls) == asked
    assert everything(world) == before


# --- the claim


@contextmanager
def another_instance(world: World) -> Iterator[Any]:
    """Another function instance, called while the first is at work."""
    wired.put(world.new_container())
    yield as_admin(load_app(), "another")
    wired.put(world.container)


AWS_CALLS: Final = (
    "DynamoDB.GetItem",
    "DynamoDB.BatchGetItem",
    "KMS.Decrypt",
    "DynamoDB.TransactWriteItems",
    "DynamoDB.UpdateItem",
)


@pytest.mark.parametrize("call", AWS_CALLS)
def test_two_administrators_who_retry_at_once_make_one_payout(world: World, call: str) -> None:
    transaction_id = rejected(world)
    aws = AwsCalls(world)
    answers: list[HttpAnswer] = []

    def meanwhile(_body: str) -> None:
        with another_instance(world) as admin:
            answers.append(admin.post(f"/payouts/{transaction_id}/retry"))

    aws.once(call, meanwhile)
    answers.append(retry(world, transaction_id))
    assert [answer.status for answer in answers] == [202, 202]
    assert len({answer.json["transaction_id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 1
    world.minutes(3)
    assert debits(world) == [AMOUNT, AMOUNT]
    assert world.monoova.book.paid_out(transaction_id) == 0
    assert rows_of(world) == 2


def test_news_that_comes_between_the_question_and_the_claim_stops_the_retry(world: World) -> None:
    transaction_id = rejected(world)
    aws = AwsCalls(world)

    def meanwhile(_body: str) -> None:
        with another_instance(world):
            news(world, transaction_id, "Payment Successful", signed=True)

    aws.once("DynamoDB.TransactWriteItems", meanwhile)
    assert retry(world, transaction_id).code == "PayoutNotRetryable"
    assert world.payout(transaction_id)["needs_review"] is True
    assert rows_of(world) == 1


def test_a_claim_that_others_are_always_faster_than_is_a_conflict(world: World) -> None:
    transaction_id = rejected(world)
    aws = AwsCalls(world)

    def meanwhile(_body: str) -> None:
        world.dynamodb.update_item(
            TableName="TransactionsTable",
            Key={"transaction_id": {"S": transaction_id}},
            UpdateExpression="ADD version :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    aws.at("DynamoDB.TransactWriteItems", meanwhile)
    answer = retry(world, transaction_id)
    assert (answer.status, answer.code) == (409, "ChangedMeanwhile")
    assert rows_of(world) == 1


class _Died(BaseException):
    """The function is gone, with all that it had in mind."""


def test_a_function_that_dies_before_the_claim_leaves_nothing(world: World) -> None:
    transaction_id = rejected(world)
    before = everything(world)
    aws = AwsCalls(world)
    aws.at("DynamoDB.TransactWriteItems", unreachable)
    assert retry(world, transaction_id).status == 503
    world.restart()
    assert everything(world) == before
    assert retry(world, transaction_id).status == 202


@pytest.mark.parametrize("moment", list(Moment)[:2])
def test_a_function_that_dies_after_the_claim_leaves_one_payout_that_is_looked_up(
    world: World, moment: Moment
) -> None:
    transaction_id = rejected(world)

    def dying(request: requests.PreparedRequest, send: Pass) -> requests.Response:
        if not is_execute(request):
            return send()
        if moment is Moment.AFTER:
            send()
        raise _Died

    tap_line(world, dying)
    with pytest.raises(_Died):
        retry(world, transaction_id)
    tap_line(world, lambda _, send: send())
    world.restart()
    answer = retry(world, transaction_id)
    assert answer.headers["Idempotent-Replayed"] == "true"
    world.minutes(40)
    assert world.state(answer.json["transaction_id"]) == ("Completed", None)
    assert debits(world) == [AMOUNT, AMOUNT]
    assert rows_of(world) == 2


# --- a line of retries


def test_what_was_retried_in_vain_is_retried_again_by_its_last_payout(world: World) -> None:
    first = rejected(world)
    world.monoova.script(Plan(fate=Fate.REJECTED))
    second = retry(world, first).json["transaction_id"]
    assert retry(world, first).json["transaction_id"] == second
    world.later(180)
    third = retry(world, first).json
    assert (third["retry_of"], third["transaction_id"] != second) == (second, True)
    assert world.payout(first)["succeeded_by"] == second
    assert world.payout(second)["succeeded_by"] == third["transaction_id"]
    assert retry(world, second).json["transaction_id"] == third["transaction_id"]
    world.later(180)
    assert retry(world, first).json["status"] == "Completed"
    assert rows_of(world) == 3


def test_each_payout_of_a_line_is_asked_about(world: World) -> None:
    world.monoova.behave(visibility_seconds=3600)
    first = accepted(world)
    news(world, first, "Rejected", signed=True)
    world.later(GRACE_SECONDS + 1)
    world.monoova.script(Outcome.REFUSED_PAYID_DETAILS)
    second = retry(world, first).json["transaction_id"]
    # Only now Monoova shows that it has paid the first.
    world.later(3600)
    answer = retry(world, second)
    assert (answer.code, answer.json["transaction_id"]) == ("PayoutMayBePaid", first)
    assert world.payout(first)["needs_review"] is True
    again = retry(world, second)
    assert (again.code, again.json["transaction_id"]) == ("PayoutNotRetryable", first)
    assert debits(world) == [AMOUNT]


def test_a_retry_from_before_successors_were_stored_is_still_the_only_one(world: World) -> None:
    first = rejected(world)
    second = retry(world, first).json["transaction_id"]
    world.dynamodb.update_item(
        TableName="TransactionsTable",
        Key={"transaction_id": {"S": first}},
        UpdateExpression="REMOVE succeeded_by",
    )
    answer = retry(world, first)
    assert answer.json["transaction_id"] == second
    assert rows_of(world) == 2


def test_a_successor_that_is_not_there_stops_the_retry(world: World) -> None:
    first = rejected(world)
    second = retry(world, first).json["transaction_id"]
    key = {"transaction_id": {"S": second}}
    world.dynamodb.delete_item(TableName="TransactionsTable", Key=key)
    assert retry(world, first).code == "PayoutNotRetryable"
    assert rows_of(world) == 1


def test_a_returned_payout_is_retried_though_the_status_api_calls_it_complete(
    world: World,
) -> None:
    world.monoova.script(Plan(fate=Fate.RETURNED, news=News.ON_TIME))
    transaction_id = world.paid(AMOUNT)
    world.later(1500)
    world.look_for_returns()
    assert world.state(transaction_id) == ("Returned", None)
    assert retry(world, transaction_id).status == 202
    assert questions(world) == []


# --- a retry that waits


def waiting(world: World) -> tuple[str, str]:
    """A payout that failed, and its retry, which waits in the queue."""
    first = rejected(world)
    world.container.gatekeeper.pause("ops", "why")
    second = retry(world, first).json
    assert second["status"] == "Queued"
    world.container.gatekeeper.resume()
    return first, second["transaction_id"]


def shown_as_held(world: World, transaction_id: str) -> None:
    shown = world.payout(transaction_id)
    assert (shown["needs_review"], shown["review_reason"]) == (True, "EarlierPayoutSettled")
    assert shown["history"][-1]["event"] == "EarlierPayoutSettled"
    assert "may have been paid after all" in shown["explanation"]["summary"]


@pytest.mark.parametrize("way", ["queue", "schedule"])
def test_a_retry_that_waited_is_not_sent_if_the_first_was_settled_meanwhile(
    world: World, way: str
) -> None:
    first, second = waiting(world)
    news(world, first, "Payment Successful", signed=True)
    assert world.payout(first)["needs_review"] is True
    if way == "queue":
        world.drain()
    else:
        world.later(301)
        world.reconcile()
    shown_as_held(world, second)
    world.minutes(70)
    assert debits(world) == [AMOUNT]
    shown = world.admin.post(
        f"/payouts/{second}/resolve", {"outcome": "Cancelled", "reason": "the first was paid"}
    )
    assert (shown.status, shown.json["status"]) == (200, "Cancelled")


def test_a_retry_that_waited_is_sent_if_nothing_came_meanwhile(world: World) -> None:
    _, second = waiting(world)
    world.drain()
    world.minutes(3)
    assert world.state(second) == ("Completed", None)
    assert debits(world) == [AMOUNT, AMOUNT]


def test_a_retry_in_doubt_is_not_sent_again_if_the_first_was_settled_meanwhile(
    new_world: Callable[..., World],
) -> None:
    world = new_world(GRACE_SECONDS="60")
    first = rejected(world)
    world.webhooks_arrive = False
    world.monoova.script(Outcome.ERROR_STATUS_200)
    second = retry(world, first).json["transaction_id"]
    assert world.state(second) == ("Pending", "Unresolved")
    news(world, first, "Payment Successful", signed=True)
    world.minutes(10)
    shown_as_held(world, second)
    assert world.state(second) == ("Pending", "Unresolved")
    assert debits(world) == [AMOUNT]


def test_a_retry_whose_first_has_another_successor_is_not_sent(world: World) -> None:
    first, second = waiting(world)
    world.dynamodb.update_item(
        TableName="TransactionsTable",
        Key={"transaction_id": {"S": first}},
        UpdateExpression="SET succeeded_by = :other",
        ExpressionAttributeValues={":other": {"S": "00000000-0000-4000-8000-000000000009"}},
    )
    world.drain()
    shown_as_held(world, second)
    assert debits(world) == [AMOUNT]


def test_a_retry_costs_one_more_read_when_it_is_sent_and_no_other_payout_does(
    world: World,
) -> None:
    _, _ = waiting(world)
    [message] = world.messages("PAYOUT_QUEUE_URL")
    aws = AwsCalls(world)
    assert world.sqs_event("send_queued_payouts", message["Body"]) == []
    assert aws.names.count("DynamoDB.GetItem") == 1
    world.container.gatekeeper.pause("ops", "why")
    world.paid(AMOUNT)
    world.container.gatekeeper.resume()
    [*_, message] = world.messages("PAYOUT_QUEUE_URL")
    aws = AwsCalls(world)
    assert world.sqs_event("send_queued_payouts", message["Body"]) == []
    assert aws.names.count("DynamoDB.GetItem") == 0


# --- what a person says


def resolve(
    world: World, transaction_id: str, outcome: str, *, by: Caller | None = None
) -> HttpAnswer:
    body = {"outcome": outcome, "reason": "seen in the portal"}
    return (by or world.admin).post(f"/payouts/{transaction_id}/resolve", body)


def in_review(world: World, situation: Callable[[World], str] = accepted) -> str:
    """A payout that a report of another amount has put under review."""
    transaction_id = situation(world)
    raw = status_event(world, transaction_id, "Payment Successful", amount=1.0)
    headers = {"Authorization": WEBHOOK_SECRET, "Verification-Signature": signature(raw)}
    assert world.deliver("https://app.example/webhooks/monoova", headers, raw) == 200
    assert world.payout(transaction_id)["needs_review"] is True
    return transaction_id


def test_an_accepted_payout_that_a_person_calls_failed_pays_nobody_twice(world: World) -> None:
    transaction_id = in_review(world)
    for wait in (0, 180):
        world.later(wait)
        before = everything(world)
        for by in (world.admin, world.approver):
            answer = resolve(world, transaction_id, "Failed", by=by)
            assert (answer.status, answer.code) == (409, "ResolutionContradicted")
            says = "Pending" if wait == 0 else "Complete"
            assert f"Monoova says {says}" in answer.json["detail"]
        assert everything(world) == before
        assert retry(world, transaction_id).code == "PayoutNotRetryable"
    assert debits(world) == [AMOUNT]


def test_what_monoova_says_too_is_taken_from_any_operator(world: World) -> None:
    transaction_id = in_review(world)
    world.later(180)
    answer = resolve(world, transaction_id, "Completed")
    assert (answer.status, answer.json["status"]) == (200, "Completed")
    assert answer.json["monoova_says"] == "Complete"
    assert answer.json["history"][-1]["detail"] == "seen in the portal (status API: Complete)"


def test_what_monoova_rejected_is_not_settled_as_paid(world: World) -> None:
    world.monoova.script(Plan(fate=Fate.REJECTED))
    transaction_id = in_review(world)
    world.later(180)
    assert resolve(world, transaction_id, "Completed", by=world.approver).status == 409
    answer = resolve(world, transaction_id, "Failed")
    assert (answer.status, answer.json["monoova_says"]) == (200, "Rejected")


def unknown(world: World) -> str:
    world.monoova.behave(visibility_seconds=10**7)
    return in_review(world)


def not_asked(world: World) -> str:
    transaction_id = in_review(world)
    world.store_secret("a key that Monoova does not know")
    world.restart()
    assert world.admin.post(f"/payouts/{transaction_id}/refresh").status == 200
    return transaction_id


def not_clear(world: World) -> str:
    transaction_id = in_review(world)
    tap_line(world, unclear)
    return transaction_id


@pytest.mark.parametrize("outcome", ["Completed", "Failed"])
@pytest.mark.parametrize(
    ("situation", "says"),
    [(unknown, "UnknownReference"), (not_asked, None), (not_clear, "Unclear")],
)
def test_where_monoova_does_not_say_an_approver_who_did_not_ask_for_it_decides(
    world: World, situation: Callable[[World], str], says: str | None, outcome: str
) -> None:
    transaction_id = situation(world)
    before = everything(world)
    answer = resolve(world, transaction_id, outcome)
    assert (answer.status, answer.code) == (403, "ResolutionNeedsApprover")
    answer = resolve(world, transaction_id, outcome, by=as_approver(world.app, ADMIN))
    assert (answer.status, answer.code) == (403, "ApprovalByRequester")
    assert everything(world) == before
    answer = resolve(world, transaction_id, outcome, by=world.approver)
    assert (answer.status, answer.json["monoova_says"]) == (200, says)
    said = f"seen in the portal (status API: {says or 'not asked'})"
    assert answer.json["history"][-1]["detail"] == said


def test_that_money_came_back_is_an_approvers_word(world: World) -> None:
    world.webhooks_arrive = False
    transaction_id = world.paid(AMOUNT)
    world.minutes(5)
    assert in_review(world, lambda _: transaction_id) == transaction_id
    assert resolve(world, transaction_id, "Returned").code == "ResolutionNeedsApprover"
    answer = resolve(world, transaction_id, "Returned", by=world.approver)
    assert (answer.status, answer.json["monoova_says"]) == (200, "Complete")


def test_an_end_that_monoova_denies_stays_and_its_review_is_closed_by_an_approver(
    world: World,
) -> None:
    transaction_id = accepted(world)
    news(world, transaction_id, "Rejected", signed=True)
    world.later(180)
    assert retry(world, transaction_id).code == "PayoutMayBePaid"
    assert resolve(world, transaction_id, "Completed", by=world.approver).status == 409
    assert resolve(world, transaction_id, "Failed").code == "ResolutionNeedsApprover"
    answer = resolve(world, transaction_id, "Failed", by=world.approver)
    assert (answer.status, answer.json["needs_review"]) == (200, False)
    assert retry(world, transaction_id).code == "PayoutMayBePaid"
    assert debits(world) == [AMOUNT]


def test_what_was_never_sent_is_cancelled_by_any_operator(world: World) -> None:
    world.container.gatekeeper.pause("ops", "why")
    transaction_id = in_review(world, lambda world: world.paid(AMOUNT))
    assert resolve(world, transaction_id, "Completed").code == "ResolutionNeedsApprover"
    answer = resolve(world, transaction_id, "Cancelled")
    assert (answer.status, answer.json["monoova_says"]) == (200, "UnknownReference")


# --- a retry of what a person settled


def settled(world: World) -> str:
    """Monoova took a payout, shows nothing of it, and an approver calls it failed."""
    transaction_id = unknown(world)
    assert resolve(world, transaction_id, "Failed", by=world.approver).status == 200
    world.later(GRACE_SECONDS + 1)
    return transaction_id


def test_a_retry_of_what_a_person_settled_waits_for_an_approver_who_is_shown_that(
    world: World,
) -> None:
    first = settled(world)
    answer = retry(world, first)
    assert (answer.status, answer.json["status"]) == (202, "AwaitingApproval")
    assert answer.json["approval_reasons"] == ["SettledByHand"]
    second = answer.json["transaction_id"]
    [listed] = world.approver.get("/payouts", status="AwaitingApproval").json["items"]
    assert (listed["retry_of"], listed["approval_reasons"]) == (first, ["SettledByHand"])
    assert "a person's word" in world.payout(second)["explanation"]["summary"]
    assert world.admin.post(f"/payouts/{second}/approve").status == 403
    # In truth it was paid, and Monoova says so at last.
    assert debits(world) == [AMOUNT]
    news(world, first, "Payment Successful", signed=True)
    assert world.approver.post(f"/payouts/{second}/approve").status == 200
    world.minutes(5)
    shown_as_held(world, second)
    assert debits(world) == [AMOUNT]


def test_a_retry_that_was_denied_does_not_get_round_the_approver_by_another(world: World) -> None:
    first = settled(world)
    second = retry(world, first).json["transaction_id"]
    denied = world.approver.post(f"/payouts/{second}/reject", {"reason": "ask Monoova first"})
    assert denied.json["status"] == "Cancelled"
    third = retry(world, second)
    assert third.json["status"] == "AwaitingApproval"
    assert third.json["approval_reasons"] == ["SettledByHand"]
    assert debits(world) == [AMOUNT]
