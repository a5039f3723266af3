"""What a limit counts by, when it counts, what comes back, and what the threshold remembers."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.control.account_fingerprints import KEY_ID, AccountFingerprints
from chalicelib.control.stored_key import StoredKey
from chalicelib.monoova.rules.destination import bank_account
from tests.control.test_limits import (
    ACCOUNT,
    CUSTOMER,
    MAKER,
    OTHER_PAY_ID,
    PAY_ID,
    TOTAL,
    limited,
    sums,
)
from tests.payouts.test_request_payout import BANK_ACCOUNT
from tests.world import World, as_admin, as_approver, load_app

TODAY_IN_TOTAL = "asked#2026-03-02#Total"


def pause(world: World) -> None:
    world.container.gatekeeper.pause("dave", "drill")


def waiting(world: World, amount: str) -> str:
    shown = world.pay(world.customer(), amount).json
    assert shown["status"] == "AwaitingApproval"
    return str(shown["transaction_id"])


def approve(world: World, paid: str) -> Any:
    return world.approver.post(f"/payouts/{paid}/approve", {})


# --- by the account, under whichever customers it stands


def paid_to(world: World, customer: str, destination: str, amount: str) -> Any:
    body = {"customer_id": customer, "amount": amount, "destination_id": destination}
    return world.admin.post("/payouts", body)


@pytest.mark.parametrize("kind", ["PayID", "account"])
def test_adding_the_same_account_again_opens_no_new_limit(world: World, kind: str) -> None:
    limited(world, **{ACCOUNT: "100"})
    ways = [PAY_ID] * 3
    if kind == "account":
        # As a bank and a person may write it.
        numbers = [("062-000", "12345678"), ("062000", "12345678"), ("062-000", "012345678")]
        ways = [{**BANK_ACCOUNT, "bsb": bsb, "account_number": n} for bsb, n in numbers]
    customer = world.customer(**ways[0])
    added = [world.admin.post(f"/customers/{customer}/destinations", way).json for way in ways[1:]]
    first = world.admin.get(f"/customers/{customer}").json["destinations"][0]
    ids = [each["destination_id"] for each in (first, *added)]
    assert paid_to(world, customer, ids[0], "60").status == 202
    for each in ids:
        assert paid_to(world, customer, each, "40.01").code == "LimitExceeded"
    assert world.pay(world.customer(**ways[-1]), "40.01").code == "LimitExceeded"
    assert paid_to(world, customer, ids[2], "40").status == 202
    assert len(world.monoova.received) == 2


def test_a_destination_of_before_there_were_fingerprints_counts_by_its_account(
    world: World,
) -> None:
    limited(world, **{ACCOUNT: "100"})
    old, new = world.customer(), world.customer()
    key = {"customer_id": {"S": old}}
    item = world.dynamodb.get_item(TableName="CustomersTable", Key=key)["Item"]
    for destination in item["destinations"]["L"]:
        del destination["M"]["account"]
    world.dynamodb.put_item(TableName="CustomersTable", Item=item)
    assert world.pay(old, "60").status == 202
    assert world.pay(new, "60").code == "LimitExceeded"


def test_no_sum_and_no_destination_shows_the_account(world: World) -> None:
    limited(world, **{ACCOUNT: "100"})
    world.pay(world.customer(**BANK_ACCOUNT | {"account_number": "87654321"}), "60")
    for table in ("ControlsTable", "CustomersTable", "TransactionsTable"):
        stored = repr(world.dynamodb.scan(TableName=table)["Items"])
        assert "87654321" not in stored
    items = world.dynamodb.scan(TableName="ControlsTable")["Items"]
    (key,) = [i for i in items if i["control_id"]["S"] == "account-fingerprint-key"]
    assert set(key) == {"control_id", "version", "sealed"}


class LateKey(StoredKey):
    """An instance that looks for the key before any is made, and makes one when another has."""

    def _stored(self) -> bytes | None:
        return None


def test_two_instances_that_make_the_key_at_once_have_one_key(world: World) -> None:
    parts = world.container
    account = bank_account("062-000", "12345678", "Jo")
    key = LateKey(parts._dynamodb, "ControlsTable", parts.vault, KEY_ID, world.clock)
    late = AccountFingerprints(key)
    assert parts.account_fingerprints.of(account) == late.of(account)
    assert late.of(account) != late.of(bank_account("062-000", "12345679", "Jo"))
    assert late.of(account) != late.of(bank_account("062-001", "12345678", "Jo"))
    assert re.fullmatch(r"1\.[0-9a-f]{32}", late.of(account))


# --- counted when it may be sent


def test_what_waits_for_approval_counts_when_it_is_approved(world: World) -> None:
    limited(world, APPROVAL_THRESHOLD_AUD="50", **{TOTAL: "100"})
    first, second = waiting(world, "90"), waiting(world, "60")
    assert approve(world, first).json["status"] == "Queued"
    refused = approve(world, second)
    assert (refused.status, refused.code) == (422, "LimitExceeded")
    assert "A$10.00 is left" in refused.json["detail"]
    assert world.payout(second)["status"] == "AwaitingApproval"
    world.later(86_400)
    assert approve(world, second).json["status"] == "Queued"
    asked = {name: cents for name, cents in sums(world).items() if name.startswith("asked")}
    assert asked == {TODAY_IN_TOTAL: 90_00, "asked#2026-03-03#Total": 60_00}


@pytest.mark.parametrize("limit", [CUSTOMER, ACCOUNT, MAKER, TOTAL])
def test_twenty_nine_approvals_at_once_let_go_no_more_than_the_limit(
    world: World, limit: str
) -> None:
    limited(world, APPROVAL_THRESHOLD_AUD="500", **{limit: "1000"})
    customer = world.customer()
    waits = [world.pay(customer, "1000").json["transaction_id"] for _ in range(29)]
    apps = [load_app() for _ in waits]

    def approve_in(app: Any, paid: str) -> int:
        return as_approver(app).post(f"/payouts/{paid}/approve", {}).status

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(approve_in, apps, waits))
    assert sorted(answers) == [200] + [422] * 28
    world.minutes(3)
    assert len(world.monoova.received) == 1
    statuses = Counter(world.payout(paid)["status"] for paid in waits)
    assert statuses == {"AwaitingApproval": 28, "Completed": 1}


def test_an_approval_of_a_destination_counts_too(world: World) -> None:
    limited(world, DESTINATION_APPROVAL="required", **{ACCOUNT: "100"})
    first, second = waiting(world, "60"), waiting(world, "60")
    assert sums(world) == {}
    assert world.approve(first).status == 200
    assert world.approve(second).code == "LimitExceeded"


def test_what_waited_over_midnight_is_not_counted_again(world: World) -> None:
    limited(world, **{TOTAL: "100"})
    pause(world)
    paid = world.pay(world.customer(), "100").json["transaction_id"]
    world.later(14 * 3600)
    world.container.gatekeeper.resume("dave")
    world.minutes(4)
    assert world.state(paid)[0] == "Completed"
    assert sums(world) == {TODAY_IN_TOTAL: 100_00}


def test_an_approval_told_twice_counts_once(world: World) -> None:
    limited(world, APPROVAL_THRESHOLD_AUD="50", **{TOTAL: "100"})
    paid = waiting(world, "60")
    assert [approve(world, paid).status for _ in range(2)] == [200, 200]
    assert sums(world)[TODAY_IN_TOTAL] == 60_00


# --- given back


def end_unsent(world: World, way: str) -> None:
    """One payout that ends without having been sent."""
    if way == "refused":
        assert world.pay(world.customer(), "7.10").code == "MonoovaRefused"
        return
    pause(world)
    paid = world.pay(world.customer(), "60").json["transaction_id"]
    if way == "cancelled":
        world.admin.post(f"/payouts/{paid}/cancel", {})
    else:
        # What the pause lasts does not count towards the hours after which it ends.
        world.container.gatekeeper.resume("dave")
        world.later(25 * 3600)
        world.reconcile()
    assert world.payout(paid)["status"] == "Cancelled"


@pytest.mark.parametrize("way", ["refused", "cancelled", "expired"])
def test_what_ends_unsent_is_given_back_once_to_the_day_it_counted_on(
    world: World, way: str
) -> None:
    limited(world, **{ACCOUNT: "100", CUSTOMER: "100", MAKER: "100", TOTAL: "100"})
    end_unsent(world, way)
    counted = sums(world)
    assert len(counted) == 4
    assert set(counted.values()) == {0}
    assert all(name.startswith("asked#2026-03-02#") for name in counted)
    world.minutes(3)
    assert sums(world) == counted


def test_ten_refusals_leave_all_of_the_limit(world: World) -> None:
    limited(world, **{TOTAL: "71"})
    customer = world.customer()
    for _ in range(10):
        assert world.pay(customer, "7.10").code == "MonoovaRefused"
    assert world.pay(customer, "71").status == 202


def test_what_was_sent_and_rejected_keeps_counting(world: World) -> None:
    limited(world, **{TOTAL: "100"})
    paid = world.pay(world.customer(), "7.03").json["transaction_id"]
    world.minutes(5)
    shown = world.payout(paid)
    assert (shown["status"], shown["failure_code"]) == ("Failed", "BankRejected")
    assert sums(world) == {TODAY_IN_TOTAL: 7_03}


def test_what_is_never_approved_counts_nowhere(world: World) -> None:
    limited(world, APPROVAL_THRESHOLD_AUD="50", **{TOTAL: "100"})
    for how, more in (("reject", {"reason": "no"}), ("cancel", {})):
        world.approver.post(f"/payouts/{waiting(world, '60')}/{how}", more)
    waiting(world, "60")
    world.later(30 * 86_400)
    world.reconcile()
    assert sums(world) == {}


def test_what_goes_unseen_and_ends_unsent_is_given_back_to_the_threshold(world: World) -> None:
    limited(world, APPROVAL_THRESHOLD_AUD="60")
    end_unsent(world, "cancelled")
    world.container.gatekeeper.resume("dave")
    assert set(sums(world).values()) == {0}
    assert world.pay(world.customer(), "60").json["status"] == "Pending"


def test_a_payout_remembers_what_it_counted_on_until_its_customer_is_erased(world: World) -> None:
    limited(world, **{ACCOUNT: "100"})
    customer = world.customer()
    paid = world.pay(customer, "60").json["transaction_id"]

    def row() -> Any:
        key = {"transaction_id": {"S": paid}}
        return world.dynamodb.get_item(TableName="TransactionsTable", Key=key)["Item"]

    assert [each["S"] for each in row()["counted_on"]["L"]] == list(sums(world))
    world.minutes(5)
    assert world.admin("DELETE", f"/customers/{customer}").status == 204
    assert "counted_on" not in row()
    # What was paid keeps counting.
    assert list(sums(world).values()) == [60_00]


class Conflicts:
    """A DynamoDB whose sums others write at the first `times` transactions."""

    def __init__(self, client: Any, times: int) -> None:
        self._client, self.times = client, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **parameters: Any) -> Any:
        if not self.times:
            return self._client.transact_write_items(**parameters)
        self.times -= 1
        answer: Any = {
            "Error": {"Code": "TransactionCanceledException"},
            "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}],
        }
        raise ClientError(answer, "TransactWriteItems")


@pytest.mark.parametrize(("times", "left"), [(9, 0), (10, 60_00)])
def test_an_end_is_recorded_however_many_write_the_sums(
    world: World, times: int, left: int
) -> None:
    limited(world, **{TOTAL: "100"})
    pause(world)
    paid = world.pay(world.customer(), "60").json["transaction_id"]
    table = world.container.payouts_table
    table._client = Conflicts(table._client, times)  # type: ignore[assignment]
    assert world.admin.post(f"/payouts/{paid}/cancel", {}).json["status"] == "Cancelled"
    assert list(sums(world).values()) == [left]


# --- the threshold has a memory


def test_what_one_maker_asks_for_in_a_day_is_compared_with_the_threshold(world: World) -> None:
    limited(world, APPROVAL_THRESHOLD_AUD="100")
    one, other = world.customer(), world.customer(**OTHER_PAY_ID)
    assert world.pay(one, "60").json["status"] == "Pending"
    answer = world.pay(other, "40.01")
    assert answer.json["status"] == "AwaitingApproval"
    assert "needs a second person" in answer.json["message"]
    assert answer.json["history"][0]["detail"] == "waits for approval: AboveThreshold"
    assert len(world.monoova.received) == 1
    # A second person sees what waits: it takes nothing from what may go unseen.
    assert world.pay(other, "40").json["status"] == "Pending"
    assert world.pay(other, "0.01").json["status"] == "AwaitingApproval"
    world.later(86_400)
    assert world.pay(other, "100").json["status"] == "Pending"


def test_what_one_account_is_to_get_in_a_day_is_compared_for_all_makers_and_customers(
    world: World,
) -> None:
    limited(world, APPROVAL_THRESHOLD_AUD="100")
    makers = [as_admin(world.app, f"maker-{number}") for number in range(3)]
    owners = [world.customer() for _ in makers]
    answers = [
        maker.post("/payouts", {"customer_id": owner, "amount": "50"}).json["status"]
        for maker, owner in zip(makers, owners, strict=True)
    ]
    assert answers == ["Pending", "Pending", "AwaitingApproval"]


def test_of_many_requests_at_once_no_more_than_the_threshold_goes_unseen(world: World) -> None:
    limited(world, APPROVAL_THRESHOLD_AUD="100")
    customer = world.customer()
    apps = [load_app() for _ in range(12)]

    def pay(app: Any) -> str:
        answer = as_admin(app).post("/payouts", {"customer_id": customer, "amount": "40"})
        return str(answer.json["status"])

    with ThreadPoolExecutor(8) as threads:
        statuses = Counter(threads.map(pay, apps))
    assert statuses == {"Pending": 2, "AwaitingApproval": 10}
    assert len(world.monoova.received) == 2


def test_a_request_that_comes_to_wait_is_stored_once_and_replayed(world: World) -> None:
    limited(world, APPROVAL_THRESHOLD_AUD="100")
    customer = world.customer()
    world.pay(customer, "60")
    first = world.pay(customer, "60", Idempotency_Key="order-1")
    again = world.pay(customer, "60", Idempotency_Key="order-1")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.json["transaction_id"] == again.json["transaction_id"]
    assert set(sums(world).values()) == {60_00}


def test_while_nothing_may_be_sent_the_threshold_counts_what_is_queued(world: World) -> None:
    limited(world, APPROVAL_THRESHOLD_AUD="100")
    pause(world)
    customer = world.customer()
    assert world.pay(customer, "60").json["status"] == "Queued"
    assert world.pay(customer, "60").json["status"] == "AwaitingApproval"


def test_validation_knows_what_was_asked_for_today(world: World) -> None:
    limited(world, APPROVAL_THRESHOLD_AUD="100", **{TOTAL: "70"})
    ask = {"customer_id": world.customer(), "amount": "60"}
    assert world.admin.post("/payouts/validate", ask).json["needs_approval"] is False
    world.admin.post("/payouts", ask)
    # It would wait, and the limit is that of the day of its approval.
    assert world.admin.post("/payouts/validate", ask).json["needs_approval"] is True
    few = world.admin.post("/payouts/validate", {**ask, "amount": "20"})
    assert few.code == "LimitExceeded"
