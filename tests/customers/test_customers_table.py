"""The customers table: conditional writes, reads, lists, and what a lost answer means."""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from botocore.session import Session
from moto import mock_aws

from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.customers.store import (
    LISTING_KEY,
    CustomerChangedError,
    Customers,
    SealedCustomer,
    SealedDestination,
)
from tests import aws

NOW: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LATER: Final = NOW + timedelta(minutes=1)
TABLE: Final = "CustomersTable"
BANK: Final = SealedDestination("d-1", "BankAccount", None, "•••789", NOW, b"\x00sealed\xff")
PAYID: Final = SealedDestination("d-2", "PayId", "Email", "j•••@example.com", NOW, b"other")


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """The tables, made once: making them takes longer than most tests."""
    with mock_aws():
        session = aws.new_session()
        aws.create(session)
        yield session


@pytest.fixture
def client(session: Session) -> Any:
    """A client of the test's own, since it may carry faults, and an empty table."""
    retries = Config(retries={"mode": "standard"})
    client: Any = session.create_client("dynamodb", region_name=aws.REGION, config=retries)
    for item in client.scan(TableName=TABLE)["Items"]:
        client.delete_item(TableName=TABLE, Key={"customer_id": item["customer_id"]})
    return client


@pytest.fixture
def customers(client: Any) -> Customers:
    return Customers(client, TABLE)


def customer(number: int = 1, **fields: Any) -> SealedCustomer:
    usual: dict[str, Any] = {
        "customer_id": f"00000000-0000-4000-8000-{number:012x}",
        "created_at": NOW,
        "updated_at": NOW,
        "version": 1,
        "sealed": b"\x02sealed",
        "destinations": (BANK, PAYID),
    }
    return SealedCustomer(**usual | fields)


def loses_the_answer(client: Any, operation: str) -> None:
    """The next call is carried out, but its answer is lost; botocore sends it once more."""
    pending = [0]

    def try_again(**_: Any) -> Any:
        return pending.pop() if pending else None

    client.meta.events.register(f"needs-retry.dynamodb.{operation}", try_again)


def answers(client: Any, operation: str, code: str) -> None:
    """Every call is answered with this error, without being carried out."""

    def refuse(**_: Any) -> Any:
        error = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {}}
        return SimpleNamespace(status_code=400), error

    client.meta.events.register(f"before-call.dynamodb.{operation}", refuse)


@pytest.mark.parametrize("destinations", [(), (BANK,), (BANK, PAYID)])
def test_a_customer_is_read_as_it_was_stored(
    destinations: tuple[SealedDestination, ...], customers: Customers
) -> None:
    stored = customer(destinations=destinations)
    customers.create(stored)
    assert customers.get(stored.customer_id) == stored


def test_a_customer_that_was_never_stored_is_not_found(customers: Customers) -> None:
    assert customers.get("00000000-0000-4000-8000-00000000ffff") is None


def test_a_destination_is_found_by_its_id_only() -> None:
    assert customer().destination("d-2") is PAYID
    assert customer().destination("d-3") is None


# --- creating


def test_an_id_is_given_once(customers: Customers) -> None:
    customers.create(customer())
    with pytest.raises(CustomerChangedError):
        customers.create(customer(sealed=b"another"))
    assert customers.get(customer().customer_id) == customer()


def test_a_creation_whose_answer_was_lost_is_known_as_our_own(
    customers: Customers, client: Any
) -> None:
    loses_the_answer(client, "PutItem")
    customers.create(customer())
    assert customers.get(customer().customer_id) == customer()


# --- changing


def test_a_change_raises_the_version(customers: Customers) -> None:
    customers.create(customer())
    after = customers.save(customer(destinations=()), LATER)
    assert after == customer(destinations=(), version=2, updated_at=LATER)
    assert customers.get(after.customer_id) == after


def test_a_change_made_from_an_older_version_is_refused(customers: Customers) -> None:
    customers.create(customer())
    winner = customers.save(customer(sealed=b"winner"), LATER)
    with pytest.raises(CustomerChangedError):
        customers.save(customer(sealed=b"loser"), LATER)
    assert customers.get(winner.customer_id) == winner


def test_a_change_to_an_erased_customer_does_not_restore_them(customers: Customers) -> None:
    customers.create(customer())
    customers.erase(customer())
    with pytest.raises(CustomerChangedError):
        customers.save(customer(sealed=b"back"), LATER)
    assert customers.get(customer().customer_id) is None


def test_a_change_whose_answer_was_lost_is_known_as_our_own(
    customers: Customers, client: Any
) -> None:
    customers.create(customer())
    loses_the_answer(client, "PutItem")
    after = customers.save(customer(sealed=b"new"), LATER)
    assert customers.get(after.customer_id) == after


# --- erasing


def test_an_erased_customer_leaves_nothing_behind(customers: Customers, client: Any) -> None:
    customers.create(customer())
    customers.erase(customer())
    assert customers.get(customer().customer_id) is None
    assert client.scan(TableName=TABLE)["Items"] == []


def test_erasing_twice_is_erasing_once(customers: Customers, client: Any) -> None:
    customers.create(customer())
    loses_the_answer(client, "DeleteItem")
    customers.erase(customer())
    customers.erase(customer())
    assert customers.get(customer().customer_id) is None


def test_a_customer_who_changed_meanwhile_is_not_erased(customers: Customers) -> None:
    customers.create(customer())
    after = customers.save(customer(sealed=b"new"), LATER)
    with pytest.raises(CustomerChangedError):
        customers.erase(customer())
    assert customers.get(after.customer_id) == after


# --- listing


def test_the_list_is_newest_first_and_goes_on_where_its_page_ended(customers: Customers) -> None:
    stored = [customer(n, created_at=NOW + timedelta(seconds=n)) for n in range(5)]
    for each in stored:
        customers.create(each)
    seen: list[SealedCustomer] = []
    start = None
    for _ in range(4):
        page = customers.newest(2, start)
        seen.extend(page.items)
        start = page.next_key
        if start is None:
            break
        assert set(start) == LISTING_KEY
    assert start is None
    assert seen == stored[::-1]


def test_a_list_without_customers_is_empty(customers: Customers) -> None:
    page = customers.newest(10)
    assert (page.items, page.next_key) == ((), None)


def test_an_item_holds_nothing_in_clear_but_masks_and_ids(
    customers: Customers, client: Any
) -> None:
    customers.create(customer())
    (item,) = client.scan(TableName=TABLE)["Items"]
    assert set(item) == {
        "customer_id",
        "listing",
        "created_at",
        "updated_at",
        "version",
        "sealed",
        "destinations",
    }
    assert [set(d["M"]) for d in item["destinations"]["L"]] == [
        {"destination_id", "type", "pay_id_type", "masked", "created_at", "sealed"}
    ] * 2


# --- when DynamoDB does not answer

OPERATIONS: Final[dict[str, tuple[str, Callable[[Customers], object]]]] = {
    "create": ("PutItem", lambda table: table.create(customer())),
    "get": ("GetItem", lambda table: table.get("x")),
    "save": ("PutItem", lambda table: table.save(customer(), LATER)),
    "erase": ("DeleteItem", lambda table: table.erase(customer())),
    "newest": ("Query", lambda table: table.newest(1)),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_call_reports_that_dynamodb_cannot_be_reached(
    name: str, customers: Customers, client: Any
) -> None:
    operation, call = OPERATIONS[name]
    answers(client, operation, "ThrottlingException")
    with pytest.raises(StorageUnavailableError) as caught:
        call(customers)
    assert not caught.value.may_be_done


def test_after_a_timeout_the_write_may_have_been_done(customers: Customers, client: Any) -> None:
    def vanish(**_: Any) -> Any:
        raise ReadTimeoutError(endpoint_url="https://dynamodb.example")

    client.meta.events.register("before-call.dynamodb.PutItem", vanish)
    with pytest.raises(StorageUnavailableError) as caught:
        customers.create(customer())
    assert caught.value.may_be_done


def test_a_customer_is_never_changed_in_place() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        customer().version = 2  # type: ignore[misc]
