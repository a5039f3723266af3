"""The same amount to the same account under the same reference: paid twice only if it is meant."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.control.test_limits import OTHER_PAY_ID
from tests.world import HttpAnswer, World, as_admin, load_app

ASK = {"amount": "50", "lodgement_reference": "Invoice 7"}


@pytest.fixture
def asked(world: World) -> World:
    """A deployment with what is usual: people are asked for 24 hours, services are not."""
    del world.environment["DUPLICATE_WINDOW_HOURS"]
    world.restart()
    return world


def pay(world: World, customer: str, **more: str) -> HttpAnswer:
    return world.admin.post("/payouts", {"customer_id": customer, **ASK, **more})


def paid(world: World, customer: str, **more: str) -> str:
    answer = pay(world, customer, **more)
    assert answer.status == 202, answer.text
    return str(answer.json["transaction_id"])


def recent(world: World) -> list[dict[str, Any]]:
    items = world.dynamodb.scan(TableName="ControlsTable")["Items"]
    return [item for item in items if item["control_id"]["S"].startswith("recent#")]


def test_a_person_who_pays_the_same_again_is_told_of_the_first(asked: World) -> None:
    customer = asked.customer()
    first = paid(asked, customer)
    again = pay(asked, customer)
    assert (again.status, again.code) == (409, "PossibleDuplicate")
    assert again.json["transaction_id"] == first
    assert first in again.json["detail"]
    assert len(asked.monoova.received) == 1
    assert len(asked.dynamodb.scan(TableName="TransactionsTable")["Items"]) == 1


def test_one_that_is_meant_is_paid_and_its_history_says_so(asked: World) -> None:
    customer = asked.customer()
    first = paid(asked, customer)
    second = paid(asked, customer, accept_duplicate_of=first)
    requested = asked.payout(second)["history"][0]
    assert requested["detail"] == f"meant beside payout {first}"
    third = pay(asked, customer, accept_duplicate_of=first)
    assert (third.code, third.json["transaction_id"]) == ("PossibleDuplicate", second)
    assert paid(asked, customer, accept_duplicate_of=second)
    assert len(asked.monoova.received) == 3


def test_what_is_accepted_has_to_be_an_id(asked: World) -> None:
    answer = pay(asked, asked.customer(), accept_duplicate_of="all of them")
    assert list(answer.json["errors"]) == ["accept_duplicate_of"]


def test_accepting_what_is_no_duplicate_does_no_harm(asked: World) -> None:
    one, other = asked.customer(), asked.customer(**OTHER_PAY_ID)
    assert paid(asked, other, accept_duplicate_of=paid(asked, one))


@pytest.mark.parametrize(
    "more", [{"amount": "50.01"}, {"lodgement_reference": "Invoice 8"}, {"pay": "another"}]
)
def test_another_amount_reference_or_account_is_another_payment(
    asked: World, more: dict[str, str]
) -> None:
    customer = asked.customer()
    paid(asked, customer)
    if "pay" in more:
        customer, more = asked.customer(**OTHER_PAY_ID), {}
    assert pay(asked, customer, **more).status == 202


def test_a_reference_typed_differently_and_another_owner_make_no_other_payment(
    asked: World,
) -> None:
    first = paid(asked, asked.customer())
    again = pay(asked, asked.customer(), lodgement_reference="INVOICE  7")
    assert again.json["transaction_id"] == first


def test_without_a_reference_amount_and_account_tell(asked: World) -> None:
    customer = asked.customer()
    assert asked.pay(customer, "50").status == 202
    assert asked.pay(customer, "50").code == "PossibleDuplicate"


def test_a_repeated_request_with_the_same_key_is_no_duplicate(asked: World) -> None:
    body = {"customer_id": asked.customer(), **ASK}
    first = asked.admin.post("/payouts", body, Idempotency_Key="order-1")
    again = asked.admin.post("/payouts", body, Idempotency_Key="order-1")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json["transaction_id"] == first.json["transaction_id"]
    assert asked.admin.post("/payouts", body, Idempotency_Key="order-2").code == (
        "PossibleDuplicate"
    )


def test_a_request_that_was_refused_is_meant_under_its_key_later(asked: World) -> None:
    body = {"customer_id": asked.customer(), **ASK}
    first = asked.admin.post("/payouts", body).json["transaction_id"]
    assert asked.admin.post("/payouts", body, Idempotency_Key="order-2").status == 409
    meant = {**body, "accept_duplicate_of": first}
    second = asked.admin.post("/payouts", meant, Idempotency_Key="order-2")
    assert second.status == 202
    # What was accepted is no business of the payment's own: the key means the same payment.
    again = asked.admin.post("/payouts", body, Idempotency_Key="order-2")
    assert again.json["transaction_id"] == second.json["transaction_id"]


def test_a_day_later_it_is_no_duplicate_whether_the_item_was_removed_or_not(asked: World) -> None:
    customer = asked.customer()
    paid(asked, customer)
    (item,) = recent(asked)
    assert datetime.fromtimestamp(int(item["expires_at"]["N"]), UTC) == datetime(
        2026, 3, 3, 1, tzinfo=UTC
    )
    asked.later(86_399)
    assert pay(asked, customer).code == "PossibleDuplicate"
    asked.later(1)
    assert pay(asked, customer).status == 202


def test_what_is_kept_shows_neither_account_nor_reference(asked: World) -> None:
    paid(asked, asked.customer())
    (item,) = recent(asked)
    assert set(item) == {"control_id", "transaction_id", "expires_at"}
    assert "Invoice" not in repr(item)
    assert "jo.citizen" not in repr(item)


@pytest.mark.parametrize("how", ["cancelled", "refused", "rejected"])
def test_one_that_ended_without_having_been_sent_is_in_no_ones_way(asked: World, how: str) -> None:
    amount = {"refused": "7.10", "rejected": "7.03"}.get(how, "50")
    if how == "cancelled":
        asked.container.gatekeeper.pause("dave", "drill")
    customer = asked.customer()
    answer = pay(asked, customer, amount=amount)
    first = str(answer.json["transaction_id"])
    if how == "cancelled":
        asked.admin.post(f"/payouts/{first}/cancel", {})
    asked.minutes(4)
    again = pay(asked, customer, amount=amount)
    if how == "rejected":
        # A bank rejected it: it was sent, and its retry asks Monoova first.
        assert (again.code, again.json["transaction_id"]) == ("PossibleDuplicate", first)
    else:
        assert again.json["transaction_id"] != first
        assert pay(asked, customer, amount=amount).json["transaction_id"] != first


def test_a_retry_is_not_refused_and_is_what_the_next_is_compared_with(asked: World) -> None:
    customer = asked.customer()
    first = paid(asked, customer, amount="7.03")
    asked.minutes(4)
    retried = asked.admin.post(f"/payouts/{first}/retry", {})
    assert retried.status == 202, retried.text
    again = pay(asked, customer, amount="7.03")
    assert again.json["transaction_id"] == retried.json["transaction_id"]


def test_one_that_ended_unsent_counts_as_long_as_one_in_its_place_may_pay(asked: World) -> None:
    """Seen: what its retry paid was paid once more, the retry itself being remembered nowhere."""
    gatekeeper = asked.container.gatekeeper
    gatekeeper.pause("dave", "drill")
    customer = asked.customer()
    first = paid(asked, customer)
    assert asked.admin.post(f"/payouts/{first}/cancel", {}).status == 200
    asked.environment["DUPLICATE_WINDOW_HOURS"] = "0"
    asked.restart()
    second = asked.admin.post(f"/payouts/{first}/retry", {})
    assert second.status == 202, second.text
    del asked.environment["DUPLICATE_WINDOW_HOURS"]
    asked.restart()
    again = pay(asked, customer)
    assert (again.code, again.json["transaction_id"]) == ("PossibleDuplicate", first)
    # Once that one has ended unsent too, nothing of it is paid.
    cancelled = asked.admin.post(f"/payouts/{second.json['transaction_id']}/cancel", {})
    assert cancelled.status == 200
    assert pay(asked, customer).status == 202


def test_what_waits_for_approval_is_compared_as_well(asked: World) -> None:
    asked.environment["DESTINATION_APPROVAL"] = "required"
    asked.restart()
    customer = asked.customer()
    first = paid(asked, customer)
    assert asked.payout(first)["status"] == "AwaitingApproval"
    assert pay(asked, customer).json["transaction_id"] == first
    assert asked.approver.post(f"/payouts/{first}/reject", {"reason": "no"}).status == 200
    assert pay(asked, customer).status == 202


def test_services_are_asked_only_where_the_deployment_says_so(asked: World) -> None:
    body = {"customer_id": asked.customer(), **ASK}
    assert [asked.service.post("/internal/payouts", body).status for _ in range(2)] == [202, 202]
    assert recent(asked) == []
    asked.environment["SERVICE_DUPLICATE_WINDOW_HOURS"] = "1"
    asked.restart()
    assert asked.service.post("/internal/payouts", body).status == 202
    assert asked.service.post("/internal/payouts", body).code == "PossibleDuplicate"


def test_where_the_window_is_zero_no_one_is_asked_and_nothing_is_kept(world: World) -> None:
    customer = world.customer()
    assert [pay(world, customer).status for _ in range(2)] == [202, 202]
    assert recent(world) == []


def test_of_two_people_who_pay_the_same_at_once_one_is_asked(asked: World) -> None:
    customer = asked.customer()
    apps = [load_app() for _ in range(8)]

    def ask(app: Any) -> int:
        caller = as_admin(app, f"sub-of-{id(app)}")
        return caller.post("/payouts", {"customer_id": customer, **ASK}).status

    with ThreadPoolExecutor(8) as threads:
        answers = Counter(threads.map(ask, apps))
    assert answers == {202: 1, 409: 7}
    assert len(asked.monoova.received) == 1


def test_validation_says_so_too_and_keeps_nothing(asked: World) -> None:
    body = {"customer_id": asked.customer(), **ASK}
    assert asked.admin.post("/payouts/validate", body).status == 200
    assert recent(asked) == []
    first = asked.admin.post("/payouts", body).json["transaction_id"]
    again = asked.admin.post("/payouts/validate", body)
    assert (again.code, again.json["transaction_id"]) == ("PossibleDuplicate", first)
    meant = {**body, "accept_duplicate_of": first}
    assert asked.admin.post("/payouts/validate", meant).status == 200
    assert asked.service.post("/internal/payouts", body).status == 202


def test_a_limit_that_refuses_leaves_no_trace_of_the_payment(asked: World) -> None:
    asked.environment["LIMIT_PER_DAY_AUD"] = "60"
    asked.restart()
    customer = asked.customer()
    assert pay(asked, customer, amount="61").code == "LimitExceeded"
    assert recent(asked) == []
    first = paid(asked, customer)
    # A duplicate is one, whatever the limit has left.
    assert pay(asked, customer).json["transaction_id"] == first
