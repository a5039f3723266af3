"""Batches in the records table, and the in-memory stores, which pass the same tests."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import pytest
from moto import mock_aws

from chalicelib.batches.rules.batch import (
    BatchEntry,
    BatchStatus,
    ChunkState,
    Duplicate,
    Mark,
    Row,
    Tally,
    Warnings,
)
from chalicelib.batches.store.batches import BatchChangedError, Batches, RowsMissingError
from chalicelib.batches.store.open_batches import OpenBatches
from chalicelib.core.clock import SystemClock
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.core.dynamodb.many_items import ManyItems
from chalicelib.customers.payee_store import Payees
from chalicelib.customers.store import (
    Customers,
    ExternalIdTakenError,
    SealedCustomer,
    SealedDestination,
)
from proof.memory.batches import MemoryBatches, MemoryOpenBatches, MemoryPayees
from proof.memory.customers import MemoryCustomers
from proof.memory.tables import Tables
from proof.seam import NoFaults
from tests import aws
from tests.batches.builder import NOW, a_batch

BATCH: Final = a_batch(row_count=300, history=(BatchEntry(NOW, "Uploaded", "maker"),))
DUPLICATES: Final = (
    Duplicate(2, "c-1", 100, "t-1", NOW),
    Duplicate(3, "c-1", 100, same_as_line=2),
)
ROWS: Final = (
    Row(2, "c-1", 100, "d-1", reference="Café"),
    Row(3, "c-2", 100, "d-2", "C-2", None, "Rent", 2, is_first=False),
)


class RecordingClock(SystemClock):
    """A clock that records for how long it was asked to sleep, and does not sleep."""

    def __init__(self) -> None:
        self.sleeps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)


@dataclass(frozen=True)
class Stores:
    batches: Batches
    open_batches: OpenBatches
    customers: Customers
    payees: Payees


@pytest.fixture(params=["dynamodb", "memory"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    if request.param == "memory":
        tables, seam = Tables(), NoFaults()
        yield Stores(
            MemoryBatches(tables, seam),
            MemoryOpenBatches(tables, seam),
            MemoryCustomers(tables, seam),
            MemoryPayees(tables, seam),
        )
        return
    with mock_aws():
        session = aws.new_session()
        aws.create(session)
        client: Any = session.create_client("dynamodb", region_name=aws.REGION)
        yield Stores(
            Batches(client, "RecordsTable", RecordingClock()),
            OpenBatches(client, "RecordsTable"),
            Customers(client, "CustomersTable"),
            Payees(ManyItems(client, "CustomersTable", "customer_id", RecordingClock())),
        )


def test_of_two_uploads_of_a_file_one_stands(stores: Stores) -> None:
    other = replace(BATCH, upload_id="u-2", created_by="other")
    assert stores.batches.get("b-1") is None
    assert stores.batches.create(BATCH) is None
    # Once more, as after a lost answer.
    assert stores.batches.create(BATCH) is None
    assert stores.batches.create(other) == BATCH
    assert stores.batches.get("b-1") == BATCH
    assert stores.open_batches.ids() == ("b-1",)


def test_a_batch_is_written_as_it_was_read_or_not_at_all(stores: Stores) -> None:
    stores.batches.create(BATCH)
    known = replace(
        BATCH,
        status=BatchStatus.RELEASING,
        confirmed_by="maker",
        approved_by="checker",
        approved_at=NOW,
        warnings=Warnings(DUPLICATES, 2, 1),
        history=(*BATCH.history, BatchEntry(NOW, "Approved", "checker", "why")),
    )
    after = stores.batches.save(known)
    assert after == replace(known, version=2)
    assert stores.batches.save(known) == after
    assert stores.batches.get("b-1") == after
    with pytest.raises(BatchChangedError):
        stores.batches.save(replace(BATCH, status=BatchStatus.CANCELLED))
    with pytest.raises(BatchChangedError):
        stores.batches.save(replace(BATCH, batch_id="unknown"))


def test_batches_are_listed_newest_first(stores: Stores) -> None:
    for hour in range(3):
        at = NOW + timedelta(hours=hour)
        stores.batches.create(replace(BATCH, batch_id=f"b-{hour}", created_at=at))
    first = stores.batches.newest(2)
    assert [batch.batch_id for batch in first.items] == ["b-2", "b-1"]
    rest = stores.batches.newest(2, first.next_key)
    assert [batch.batch_id for batch in rest.items] == ["b-0"]
    assert rest.next_key is None


def test_an_open_batch_is_listed_until_it_is_closed_and_records_who_stopped_it(
    stores: Stores,
) -> None:
    for name in ("b-1", "b-2"):
        stores.batches.create(replace(BATCH, batch_id=name))
    stores.open_batches.close("b-1", NOW)
    stores.open_batches.close("b-1", NOW)
    assert stores.open_batches.ids() == ("b-2",)
    assert stores.open_batches.stopped_by("b-2") is None
    stores.open_batches.stop("b-2", "an-admin", NOW)
    assert stores.open_batches.stopped_by("b-2") == "an-admin"


def test_rows_come_back_as_they_were_stored(stores: Stores) -> None:
    stores.batches.store_rows("u-1", 1, ROWS, NOW)
    assert stores.batches.rows("u-1", 1) == ROWS
    stores.batches.keep_rows("u-1", 1, ROWS[:1], NOW)
    assert stores.batches.rows("u-1", 1) == ROWS[:1]


def test_a_mark_is_written_as_it_was_read_or_not_at_all(stores: Stores) -> None:
    assert stores.batches.mark("u-1", 1) is None
    fresh = Mark(1, 250, ChunkState.RELEASING, lease_until=NOW, warnings=Warnings(DUPLICATES, 2, 1))
    ours = stores.batches.save_mark("u-1", fresh, NOW)
    assert ours == replace(fresh, version=1)
    assert stores.batches.save_mark("u-1", fresh, NOW) == ours
    with pytest.raises(BatchChangedError):
        stores.batches.save_mark("u-1", replace(fresh, state=ChunkState.CANCELLING), NOW)
    done = replace(
        ours,
        state=ChunkState.RELEASED,
        lease_until=None,
        problems={7: "CustomerNotFound"},
        tally=Tally(NOW, {"Queued": 249}, 1),
    )
    stores.batches.save_mark("u-1", done, NOW)
    stores.batches.save_mark("u-1", Mark(12, 50), NOW)
    stores.batches.save_mark("u-2", Mark(2, 50), NOW)
    assert stores.batches.mark("u-1", 1) == replace(done, version=2)
    assert [mark.number for mark in stores.batches.marks("u-1")] == [1, 12]


def customer(name: str, external_id: str | None = None) -> SealedCustomer:
    place = SealedDestination(f"d-{name}", "PayId", "Email", "j•••", NOW, b"sealed", NOW)
    known = replace(place, approved_at=NOW, approved_by="checker")
    return SealedCustomer(name, NOW, NOW, 1, b"sealed", (known,), external_id)


def test_many_customers_are_found_by_their_ids_and_by_external_ids(stores: Stores) -> None:
    for number in range(130):
        stores.customers.create(customer(f"c-{number}", f"C-{number}" if number % 2 else None))
    names = [f"c-{number}" for number in range(131)] + ["c-1"]
    found = stores.payees.of(names)
    assert len(found) == 130
    (place,) = found["c-7"].places
    assert (place.destination_id, place.type, place.masked) == ("d-c-7", "PayId", "j•••")
    assert place.is_known
    assert (found["c-7"].external_id, found["c-8"].external_id) == ("C-7", None)
    assert stores.payees.named(["C-1", "C-2", "C-129"]) == {"C-1": "c-1", "C-129": "c-129"}
    assert stores.payees.of([]) == {}


def test_an_external_id_is_one_customer_s(stores: Stores) -> None:
    first = customer("c-1", "C-1")
    stores.customers.create(first)
    stores.customers.create(first)
    with pytest.raises(ExternalIdTakenError):
        stores.customers.create(customer("c-2", "C-1"))
    assert stores.customers.get("c-2") is None
    stores.customers.erase(first)
    stores.customers.erase(first)
    stores.customers.create(customer("c-2", "C-1"))
    stores.customers.erase(first)
    assert stores.payees.named(["C-1"]) == {"C-1": "c-2"}


class Slow:
    """DynamoDB that leaves some keys of each call unprocessed."""

    def __init__(self, most: int) -> None:
        self.calls = 0
        self._most = most

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        self.calls += 1
        wanted = RequestItems["t"]
        some, rest = wanted["Keys"][: self._most], wanted["Keys"][self._most :]
        left = {"t": {**wanted, "Keys": rest}} if rest else {}
        return {"Responses": {"t": some}, "UnprocessedKeys": left}


def test_keys_that_dynamodb_leaves_unprocessed_are_read_again_a_few_times() -> None:
    slow: Any = Slow(30)
    keys = [str(number) for number in range(100)]
    clock = RecordingClock()
    assert len(list(ManyItems(slow, "t", "id", clock).read(keys, "id"))) == 100
    assert (slow.calls, clock.sleeps) == (4, [0.05, 0.1, 0.2])
    stuck: Any = Slow(0)
    with pytest.raises(StorageUnavailableError):
        list(ManyItems(stuck, "t", "id", clock).read(keys, "id"))
    assert max(clock.sleeps) == 1.0
    listing: Any = Listing(stuck)
    with pytest.raises(StorageUnavailableError):
        Batches(listing, "t", clock).newest(10)


class Listing:
    """DynamoDB that leaves some keys unprocessed and lists one batch."""

    def __init__(self, of: Slow) -> None:
        self.batch_get_item = of.batch_get_item

    def query(self, **_: Any) -> dict[str, Any]:
        return {"Items": [{"batch_id": {"S": "b-1"}}]}


def test_a_batch_that_is_listed_but_no_longer_stored_is_left_out() -> None:
    class Gone:
        def batch_get_item(self, **_: Any) -> dict[str, Any]:
            return {"Responses": {}}

    gone: Any = Gone()
    listing: Any = Listing(gone)
    assert Batches(listing, "t", RecordingClock()).newest(10).items == ()


def test_the_payments_of_a_batch_are_kept_for_comparison_with_others(stores: Stores) -> None:
    stores.batches.create(BATCH)
    stores.batches.store_pairs("u-1", b"12345678", NOW)
    stores.open_batches.close("b-1", NOW)
    assert stores.open_batches.ids() == ()
    assert stores.open_batches.recent() == ("b-1",)
    assert (stores.batches.pairs("u-1"), stores.batches.pairs("u-2")) == (b"12345678", b"")


def test_missing_rows_are_an_error_and_not_an_empty_list(stores: Stores) -> None:
    with pytest.raises(RowsMissingError):
        stores.batches.rows("u-1", 1)
