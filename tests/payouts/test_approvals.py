"""Approvals (maker and checker): which payouts wait, who may decide, and what follows."""

import pytest

from chalicelib.control.rules.approval import ApprovalReason
from proof.lambda_events import user
from proof.user_pool import claims_of, signed
from tests.payouts.test_request_payout import BANK_ACCOUNT
from tests.world import ADMIN, APPROVER, Caller, HttpAnswer, World, as_approver, as_service

THRESHOLD = {"APPROVAL_THRESHOLD_AUD": "100"}
NEW = {"DESTINATION_APPROVAL": "required"}
ROLE_ARN = "arn:aws:iam::111122223333:role/checks/Checker"
SESSION = "arn:aws:sts::111122223333:assumed-role/Checker"


def with_settings(world: World, **settings: str) -> World:
    world.environment |= settings
    world.restart()
    return world


@pytest.fixture
def guarded(world: World) -> World:
    """Payouts above A$100 need approval."""
    return with_settings(world, **THRESHOLD)


def waiting(world: World, amount: str = "125.50") -> str:
    answer = world.pay(world.customer(), amount)
    assert (answer.status, answer.json["status"]) == (202, "AwaitingApproval"), answer.text
    return str(answer.json["transaction_id"])


def decide(caller: Caller, paid: str, how: str = "approve", **body: str) -> HttpAnswer:
    return caller.post(f"/payouts/{paid}/{how}", body)


def events(world: World, paid: str) -> list[tuple[str, str, str | None]]:
    return [(e["event"], e["by"], e["detail"]) for e in world.payout(paid)["history"]]


# --- what waits


def test_only_what_is_above_the_threshold_waits(guarded: World) -> None:
    assert guarded.pay(guarded.customer(), "100.00").json["status"] == "Pending"
    answer = guarded.pay(guarded.customer(), "100.01")
    assert answer.status == 202
    assert answer.json["status"] == "AwaitingApproval"
    assert "approval by another person" in answer.json["message"]
    assert len(guarded.monoova.received) == 1
    assert guarded.messages("PAYOUT_QUEUE_URL") == []


def test_without_settings_nothing_waits(world: World) -> None:
    assert world.pay(world.customer(), "1000").json["status"] == "Pending"


def test_a_waiting_payout_has_the_reason_in_its_history(world: World) -> None:
    with_settings(world, **THRESHOLD, **NEW)
    paid = waiting(world)
    assert events(world, paid) == [
        ("Requested", ADMIN, "waits for approval: AboveThreshold, NewDestination")
    ]
    assert set(ApprovalReason) == {
        "AboveThreshold",
        "AboveCap",
        "NewDestination",
        "SettledByHand",
    }


def test_a_repeated_request_with_the_same_key_gets_the_one_that_waits(guarded: World) -> None:
    customer = guarded.customer()
    first = guarded.pay(customer, "500", Idempotency_Key="order-1")
    again = guarded.pay(customer, "500", Idempotency_Key="order-1")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json["transaction_id"] == first.json["transaction_id"]
    assert again.json["status"] == "AwaitingApproval"


def test_validation_says_beforehand_that_it_would_wait(guarded: World) -> None:
    ask = {"customer_id": guarded.customer(), "amount": "100.01"}
    shown = guarded.admin.post("/payouts/validate", ask).json
    assert (shown["is_valid"], shown["needs_approval"]) == (True, True)
    assert "another person" in shown["message"]
    shown = guarded.admin.post("/payouts/validate", {**ask, "amount": "100"}).json
    assert (shown["needs_approval"], shown["message"]) == (False, None)


def test_a_retry_waits_as_the_first_try_did(guarded: World) -> None:
    failed = str(guarded.pay(guarded.customer(), "7.10").json["transaction_id"])
    with_settings(guarded, APPROVAL_THRESHOLD_AUD="7")
    assert guarded.payout(failed)["status"] == "Failed"
    retried = guarded.admin.post(f"/payouts/{failed}/retry", {})
    assert (retried.status, retried.json["status"]) == (202, "AwaitingApproval")


# --- approving


def test_an_approved_payout_is_sent_at_once_and_names_the_approver(guarded: World) -> None:
    paid = waiting(guarded)
    answer = decide(guarded.approver, paid)
    assert (answer.status, answer.json["status"]) == (200, "Queued")
    assert ("Approved", APPROVER, None) in events(guarded, paid)
    guarded.drain()
    assert guarded.state(paid) == ("Pending", "Accepted")
    guarded.minutes(4)
    assert guarded.payout(paid)["status"] == "Completed"
    assert len(guarded.monoova.book.bookings(paid)) == 1


def test_the_schedule_sends_an_approved_payout_whose_message_is_lost(guarded: World) -> None:
    paid = waiting(guarded)
    guarded.sqs.delete_queue(QueueUrl=guarded.environment["PAYOUT_QUEUE_URL"])
    assert decide(guarded.approver, paid).json["status"] == "Queued"
    guarded.reconcile()
    assert guarded.state(paid) == ("Pending", "Accepted")


def test_the_requester_may_not_approve_their_own_payout(guarded: World) -> None:
    maker = guarded.approver
    body = {"customer_id": guarded.customer(), "amount": "125.50"}
    paid = maker.post("/payouts", body).json["transaction_id"]
    for how, more in (("approve", {}), ("reject", {"reason": "changed my mind"})):
        answer = decide(maker, paid, how, **more)
        assert (answer.status, answer.code) == (403, "ApprovalByRequester")
    assert guarded.payout(paid)["status"] == "AwaitingApproval"
    assert decide(as_approver(guarded.app, "another"), paid).status == 200


@pytest.mark.parametrize("groups", ["operators", "viewers", ""])
def test_only_approvers_decide(guarded: World, groups: str) -> None:
    paid = waiting(guarded)
    other = Caller(guarded.app, user("another", groups))
    for how, more in (("approve", {}), ("reject", {"reason": "no"})):
        answer = decide(other, paid, how, **more)
        assert (answer.status, answer.code) == (403, "Forbidden")
    assert guarded.payout(paid)["status"] == "AwaitingApproval"


def test_approving_again_changes_nothing_and_sends_nothing_twice(guarded: World) -> None:
    paid = waiting(guarded)
    decide(guarded.approver, paid)
    guarded.minutes(4)
    again = decide(guarded.approver, paid)
    assert (again.status, again.json["status"]) == (200, "Completed")
    assert len([e for e in events(guarded, paid) if e[0] == "Approved"]) == 1
    assert decide(as_approver(guarded.app, "another"), paid).code == "PayoutNotAwaitingApproval"
    assert len(guarded.monoova.book.bookings(paid)) == 1


def test_what_never_waited_cannot_be_decided_on(world: World) -> None:
    paid = world.paid()
    assert decide(world.approver, paid).code == "PayoutNotAwaitingApproval"
    assert decide(world.approver, paid, "reject", reason="no").code == "PayoutNotAwaitingApproval"


def test_a_late_approval_leaves_the_whole_day_to_send_it(guarded: World) -> None:
    paid = waiting(guarded)
    guarded.later(10 * 86_400)
    guarded.monoova.behave(outage="unavailable")
    decide(guarded.approver, paid)
    guarded.later(23 * 3600)
    guarded.monoova.behave(outage="none")
    guarded.reconcile()
    assert guarded.state(paid) == ("Pending", "Accepted")
    assert guarded.payout(paid)["needs_review"] is False


def test_an_approval_after_30_days_is_refused_and_the_schedule_cancels_the_payout(
    guarded: World,
) -> None:
    paid = waiting(guarded)
    guarded.later(30 * 86_400 - 1)
    guarded.reconcile()
    assert guarded.payout(paid)["status"] == "AwaitingApproval"
    guarded.later(1)
    assert decide(guarded.approver, paid).code == "PayoutNotAwaitingApproval"
    guarded.reconcile()
    shown = guarded.payout(paid)
    assert (shown["status"], shown["failure_code"]) == ("Cancelled", "ApprovalExpired")
    assert guarded.monoova.received == []


# --- rejecting and cancelling


def test_a_rejected_payout_ends_with_the_reason_but_without_the_payee(guarded: World) -> None:
    paid = waiting(guarded)
    answer = decide(guarded.approver, paid, "reject", reason="Not for jo.citizen@example.com!")
    assert answer.status == 200
    assert answer.json["status"] == "Cancelled"
    assert answer.json["failure_code"] == "ApprovalDenied"
    assert answer.json["failure_reason"].startswith("Not for")
    assert "jo.citizen" not in answer.text
    assert answer.json["history"][-1]["by"] == APPROVER
    assert decide(guarded.approver, paid, "reject", reason="again").json == answer.json
    assert decide(guarded.approver, paid).code == "PayoutNotAwaitingApproval"
    guarded.minutes(2)
    assert guarded.monoova.received == []


def test_a_rejection_needs_a_reason(guarded: World) -> None:
    answer = decide(guarded.approver, waiting(guarded), "reject")
    assert answer.json["errors"] == {"reason": ["Missing data for required field."]}


def test_the_requester_may_cancel_what_waits(guarded: World) -> None:
    paid = waiting(guarded)
    assert guarded.admin.post(f"/payouts/{paid}/cancel", {}).json["status"] == "Cancelled"


def test_a_customer_stays_while_a_payout_to_them_waits(guarded: World) -> None:
    paid = waiting(guarded)
    shown = guarded.payout(paid)
    customer, destination = shown["customer_id"], shown["destination_id"]
    gone = guarded.admin("DELETE", f"/customers/{customer}")
    assert (gone.status, gone.code) == (409, "CustomerHasOpenPayouts")
    gone = guarded.admin("DELETE", f"/customers/{customer}/destinations/{destination}")
    assert (gone.status, gone.code) == (409, "DestinationInUse")


# --- the list of what waits


def test_all_that_waits_is_listed_however_old(guarded: World) -> None:
    old = waiting(guarded)
    guarded.later(29 * 86_400)
    approved, new = waiting(guarded), waiting(guarded)
    decide(guarded.approver, approved)
    first = guarded.admin.get("/payouts", status="AwaitingApproval", limit="1").json
    rest = guarded.admin.get(
        "/payouts", status="AwaitingApproval", limit="1", cursor=first["next_cursor"]
    ).json
    assert [i["transaction_id"] for i in (*first["items"], *rest["items"])] == [new, old]
    assert guarded.admin.get("/payouts", needs_review="true").json["items"] == []
    other_list = {"needs_review": "true", "cursor": first["next_cursor"]}
    assert guarded.admin.get("/payouts", **other_list).code == "InvalidRequest"


def test_what_was_decided_leaves_the_list(guarded: World) -> None:
    approved, rejected, cancelled = (waiting(guarded) for _ in range(3))
    decide(guarded.approver, approved)
    decide(guarded.approver, rejected, "reject", reason="no")
    guarded.admin.post(f"/payouts/{cancelled}/cancel", {})
    index = guarded.dynamodb.query(
        TableName="TransactionsTable",
        IndexName="review-index",
        KeyConditionExpression="review_bucket = :b",
        ExpressionAttributeValues={":b": {"S": "approval"}},
    )
    assert index["Count"] == 0


# --- destinations


def test_the_first_payout_to_a_destination_waits_until_one_was_approved(world: World) -> None:
    with_settings(world, **NEW)
    customer = world.customer()
    first, second = (world.pay(customer, "5").json for _ in range(2))
    assert [first["status"], second["status"]] == ["AwaitingApproval"] * 2
    assert "No person other than its author has approved this" in first["message"]
    assert world.approve(first["transaction_id"]).status == 200
    assert world.pay(customer, "5").json["status"] == "Pending"


def test_a_rejected_payout_does_not_make_its_destination_known(world: World) -> None:
    with_settings(world, **NEW)
    customer = world.customer()
    paid = world.pay(customer, "5").json["transaction_id"]
    decide(world.approver, paid, "reject", reason="who is this?")
    assert world.pay(customer, "5").json["status"] == "AwaitingApproval"


def test_each_destination_is_approved_for_itself(world: World) -> None:
    with_settings(world, **NEW)
    customer = world.customer()
    world.approve(world.pay(customer, "5").json["transaction_id"])
    added = world.admin.post(f"/customers/{customer}/destinations", BANK_ACCOUNT).json
    body = {"customer_id": customer, "amount": 5, "destination_id": added["destination_id"]}
    assert world.admin.post("/payouts", body).json["status"] == "AwaitingApproval"


def test_an_approval_of_a_payout_alone_is_none_of_its_destination(world: World) -> None:
    with_settings(world, **THRESHOLD)
    customer = world.customer()
    decide(world.approver, world.pay(customer, "500").json["transaction_id"])
    with_settings(world, **NEW)
    assert world.pay(customer, "5").json["status"] == "AwaitingApproval"


# --- services


def test_a_role_that_only_reads_may_not_pay(world: World) -> None:
    with_settings(world, VIEWER_ROLE_ARNS=ROLE_ARN)
    viewer = as_service(world.app, f"{SESSION}/anything")
    body = {"customer_id": world.customer(), "amount": 5}
    answer = viewer.post("/internal/payouts", body)
    assert (answer.status, answer.code) == (403, "Forbidden")
    assert viewer.get("/internal/payouts").status == 200
    assert world.service.post("/internal/payouts", body).status == 202


def test_a_role_that_approves_does_so_but_not_for_itself(guarded: World) -> None:
    with_settings(guarded, APPROVER_ROLE_ARNS=ROLE_ARN)
    one, two = as_service(guarded.app, f"{SESSION}/one"), as_service(guarded.app, f"{SESSION}/two")
    body = {"customer_id": guarded.customer(), "amount": "125.50"}
    own = one.post("/internal/payouts", body).json["transaction_id"]
    others = guarded.service.post("/internal/payouts", body).json["transaction_id"]
    assert two.post(f"/internal/payouts/{own}/approve").code == "ApprovalByRequester"
    assert guarded.service.post(f"/internal/payouts/{own}/approve").code == "Forbidden"
    assert two.post(f"/internal/payouts/{others}/approve").json["status"] == "Queued"


# --- one person, two logins


def test_a_person_does_not_approve_by_their_login_what_they_asked_for_by_a_role(
    guarded: World,
) -> None:
    with_settings(guarded, SAME_PERSON=f"{APPROVER}=arn:aws:iam::111122223333:role/Payer")
    body = {"customer_id": guarded.customer(), "amount": "125.50"}
    asked = guarded.service.post("/internal/payouts", body).json["transaction_id"]
    refused = guarded.approver.post(f"/payouts/{asked}/approve")
    assert (refused.status, refused.code) == (403, "ApprovalByRequester")
    other = as_approver(guarded.app, "another-approver")
    assert other.post(f"/payouts/{asked}/approve").json["status"] == "Queued"


def test_a_session_with_a_persons_email_is_that_person(guarded: World) -> None:
    role = "arn:aws:sts::111122223333:assumed-role/Payer/jo@example.com"
    body = {"customer_id": guarded.customer(), "amount": "125.50"}
    asked = as_service(guarded.app, role).post("/internal/payouts", body).json["transaction_id"]
    own = {"email": "Jo@example.com", "email_verified": True, "cognito:groups": ["approvers"]}
    token = signed(claims_of(APPROVER) | own)
    jo = Caller(guarded.app, user(APPROVER, "approvers"), {"Authorization": token})
    assert jo.post(f"/payouts/{asked}/approve").code == "ApprovalByRequester"


# --- a sign-in that is not old


def test_who_approves_has_signed_in_lately_where_the_setting_says_so(guarded: World) -> None:
    with_settings(guarded, APPROVAL_SIGN_IN_MINUTES="15")
    paid = guarded.pay(guarded.customer(), "125.50").json["transaction_id"]
    now = int(guarded.clock().timestamp())

    def decided(auth_time: object) -> HttpAnswer:
        claims = claims_of(APPROVER) | {"cognito:groups": ["approvers"], "auth_time": auth_time}
        headers = {"Authorization": signed(claims)}
        caller = Caller(guarded.app, user(APPROVER, "approvers"), headers)
        assert caller.get("/payouts").status == 200, "only a decision needs it"
        return caller.post(f"/payouts/{paid}/approve")

    for old in (now - 901, None, "now", True):
        refused = decided(old)
        assert (refused.status, refused.code) == (401, "Unauthenticated")
        assert "older than 15 minutes" in refused.json["detail"]
    assert decided(now - 900).json["status"] == "Queued"
