"""The transactions table: every write is conditional, and every lost answer is resolved."""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

import pytest
from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.session import Session
from moto import mock_aws

from chalicelib.control.rules.approval import ApprovalReason
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.payouts.rules.decisions import OpenFacts
from chalicelib.payouts.rules.payout import (
    MOST_HISTORY_ENTRIES,
    Change,
    FailureCode,
    Fields,
    HistoryEntry,
    Payout,
    ReviewReason,
    State,
)
from chalicelib.payouts.store.items import DUE_SHARDS, OTHER_SHARDS, QUEUED_SHARDS, shard_of
from chalicelib.payouts.store.payouts import (
    CUSTOMER_KEY,
    DAY_KEY,
    REVIEW_KEY,
    PayoutChangedError,
    Payouts,
)
from tests import aws
from tests.payouts.builder import a_payout

NOW: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LATER: Final = NOW + timedelta(minutes=1)
TABLE: Final = "TransactionsTable"
CUSTOMER: Final = "11111111-0000-4000-8000-000000000001"
ENTRY: Final = HistoryEntry(NOW, "Requested", State.ACCEPTED, "admin")
SETTLED: Final = HistoryEntry(LATER, "SettledComplete", State.COMPLETED, "monoova")


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
        client.delete_item(TableName=TABLE, Key={"transaction_id": item["transaction_id"]})
    return client


@pytest.fixture
def payouts(client: Any) -> Payouts:
    return Payouts(client, TABLE, "ControlsTable")


def payout(number: int = 1, **fields: Any) -> Payout:
    usual: dict[str, Any] = {
        "transaction_id": f"00000000-0000-4000-8000-{number:012x}",
        "customer_id": CUSTOMER,
        "state": State.ACCEPTED,
        "due_at": LATER,
        "history": (ENTRY,),
        "history_size": 1,
    }
    return a_payout(**usual | fields)


def completed(monoova_transaction_id: str | None = None) -> Change:
    fields = Fields(state=State.COMPLETED, due_at=None, completed_at=LATER)
    if monoova_transaction_id:
        fields |= Fields(monoova_transaction_id=monoova_transaction_id)
    return Change(fields, (SETTLED,))


def raw(client: Any, stored: Payout) -> dict[str, Any]:
    key = {"transaction_id": {"S": stored.transaction_id}}
    item: dict[str, Any] = client.get_item(TableName=TABLE, Key=key)["Item"]
    return item


# --- faults, each through botocore's own events


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


def fails(client: Any, operation: str, error: Exception) -> None:
    """No answer ever comes, and it is not known whether the calls arrived."""

    def vanish(**_: Any) -> Any:
        raise error

    client.meta.events.register(f"before-call.dynamodb.{operation}", vanish)


# --- what is stored


@pytest.mark.parametrize(
    "stored",
    [
        payout(),
        payout(state=State.QUEUED, history=(), history_size=0),
        payout(
            state=State.AWAITING_APPROVAL,
            approval_reasons=(ApprovalReason.NEW_DESTINATION, ApprovalReason.SETTLED_BY_HAND),
        ),
        payout(state=State.SENDING, lease_id="lease", last_sent_at=NOW, resends=2, ambiguous=True),
        payout(
            state=State.UNRESOLVED,
            needs_review=True,
            review_reason=ReviewReason.OUTCOME_UNKNOWN,
            looks=7,
            attempts=4,
            doubt_since=NOW,
            unknown_since=LATER,
        ),
        payout(
            state=State.RETURNED,
            due_at=None,
            completed_at=LATER,
            monoova_transaction_id="1000001",
            failure_code=FailureCode.RETURNED,
            failure_reason="ACCOUNT CLOSED",
            description="Refund",
            lodgement_reference="INV 7",
            retry_of="00000000-0000-4000-8000-000000000009",
            succeeded_by="00000000-0000-4000-8000-00000000000a",
            history=(ENTRY, dataclasses.replace(SETTLED, detail="d", evidence="e")),
            history_size=2,
        ),
    ],
    ids=lambda stored: str(stored.state),
)
def test_a_payout_is_read_as_it_was_stored(payouts: Payouts, stored: Payout) -> None:
    assert payouts.create(stored) is None
    assert payouts.get(stored.transaction_id) == stored


def test_an_item_holds_integer_cents_and_is_kept_for_seven_years(
    payouts: Payouts, client: Any
) -> None:
    payouts.create(payout())
    item = raw(client, payout())
    assert item["amount_cents"] == {"N": "12550"}
    assert item["currency"] == {"S": "AUD"}
    assert item["uniqueReference"] == item["transaction_id"]
    assert item["created_day"] == {"S": "2026-03-02"}
    expires = datetime.fromtimestamp(int(item["expires_at"]["N"]), UTC)
    assert expires - NOW >= timedelta(days=7 * 365 + 2)
    numbers = [value["N"] for value in item.values() if "N" in value]
    assert all(number.isdigit() for number in numbers)
    assert not any("NULL" in value for value in item.values())


def test_a_payout_that_was_never_stored_is_not_found(payouts: Payouts) -> None:
    assert payouts.get("00000000-0000-4000-8000-00000000ffff") is None


def test_a_payout_is_found_by_the_reference_that_monoova_knows(payouts: Payouts) -> None:
    payouts.create(payout(1, unique_reference="R-1"))
    assert payouts.find_by_reference("R-1") == payout(1).transaction_id
    assert payouts.find_by_reference("R-2") is None


# --- creating: one write is also the claim of its id


def test_of_two_that_create_under_one_id_the_first_stands_and_is_answered(
    payouts: Payouts,
) -> None:
    first = payout(fingerprint="a")
    assert payouts.create(first) is None
    second = payout(fingerprint="b", amount_cents=1, lease_id="other", version=1)
    assert payouts.create(second) == first
    assert payouts.get(first.transaction_id) == first


def test_a_creation_whose_answer_was_lost_is_known_as_our_own(
    payouts: Payouts, client: Any
) -> None:
    loses_the_answer(client, "PutItem")
    assert payouts.create(payout(lease_id="ours")) is None
    assert payouts.get(payout().transaction_id) == payout(lease_id="ours")


# --- changing: conditional on the version


def test_a_change_raises_the_version_and_adds_to_the_history(payouts: Payouts) -> None:
    payouts.create(payout())
    after = payouts.commit(payout(), completed(), LATER)
    assert (after.version, after.state, after.updated_at) == (2, State.COMPLETED, LATER)
    assert after.history == (ENTRY, SETTLED)
    assert payouts.get(after.transaction_id) == after


def test_a_change_decided_from_an_older_version_is_refused_and_shown_what_stands(
    payouts: Payouts,
) -> None:
    payouts.create(payout())
    winner = payouts.commit(payout(), completed(), LATER)
    with pytest.raises(PayoutChangedError) as caught:
        payouts.commit(payout(), Change(Fields(state=State.FAILED)), LATER)
    assert caught.value.current == winner
    assert payouts.get(winner.transaction_id) == winner


def test_a_change_to_a_payout_that_no_longer_exists_is_refused(payouts: Payouts) -> None:
    with pytest.raises(PayoutChangedError) as caught:
        payouts.commit(payout(), completed(), LATER)
    assert caught.value.current is None


def test_a_change_whose_answer_was_lost_is_known_as_our_own(payouts: Payouts, client: Any) -> None:
    payouts.create(payout())
    loses_the_answer(client, "UpdateItem")
    after = payouts.commit(payout(), completed(), LATER)
    assert (after.version, after.history) == (2, (ENTRY, SETTLED))
    assert payouts.get(after.transaction_id) == after


def test_another_writers_change_is_not_taken_for_our_own_whose_answer_was_lost(
    payouts: Payouts,
) -> None:
    payouts.create(payout(state=State.QUEUED))
    theirs = Change(Fields(state=State.SENDING, lease_id="theirs"))
    payouts.commit(payout(state=State.QUEUED), theirs, LATER)
    ours = Change(Fields(state=State.SENDING, lease_id="ours"))
    with pytest.raises(PayoutChangedError) as caught:
        payouts.commit(payout(state=State.QUEUED), ours, LATER)
    assert caught.value.current is not None
    assert caught.value.current.lease_id == "theirs"


def test_a_field_set_to_none_is_taken_away_and_may_come_back(payouts: Payouts, client: Any) -> None:
    payouts.create(payout(lease_id="ours"))
    one = payouts.commit(payout(lease_id="ours"), Change(Fields(lease_id=None)), LATER)
    assert "lease_id" not in raw(client, one)
    two = payouts.commit(one, Change(Fields(lease_id="again")), LATER)
    assert payouts.get(two.transaction_id) == two


@pytest.mark.parametrize(
    ("before", "added", "after"), [(1, 2, 3), (98, 2, 100), (99, 2, 100), (100, 2, 100)]
)
def test_a_history_grows_to_a_hundred_entries_and_no_further(
    before: int, added: int, after: int, payouts: Payouts
) -> None:
    assert MOST_HISTORY_ENTRIES == 100
    stored = payout(history=(ENTRY,) * before, history_size=before)
    payouts.create(stored)
    written = payouts.commit(stored, Change(Fields(looks=1), (SETTLED,) * added), LATER)
    read = payouts.get(stored.transaction_id)
    assert read == written
    assert (len(written.history), written.history_size) == (after, after)
    assert (written.looks, written.version) == (1, 2)


@pytest.mark.parametrize(
    "fields",
    [Fields(state=State.COMPLETED, due_at=None), Fields(needs_review=True)],
    ids=["the end", "a doubt"],
)
@pytest.mark.parametrize(("before", "after"), [(100, 101), (199, 200), (200, 200)])
def test_a_full_history_still_records_the_end_and_what_a_person_must_see(
    fields: Fields, before: int, after: int, payouts: Payouts
) -> None:
    stored = payout(history=(ENTRY,) * before, history_size=before)
    payouts.create(stored)
    written = payouts.commit(stored, Change(fields, (SETTLED,)), LATER)
    assert payouts.get(stored.transaction_id) == written
    assert (len(written.history), written.history_size) == (after, after)


# --- the webhook's direct update: conditional on the facts themselves


def facts(amount_cents: int = 12550) -> OpenFacts:
    return OpenFacts(amount_cents, None)


@pytest.mark.parametrize("state", [State.SENDING, State.ACCEPTED, State.UNRESOLVED])
@pytest.mark.parametrize("known", [None, "1000001"])
def test_a_pending_payout_is_settled_without_being_read(
    payouts: Payouts, state: State, known: str | None
) -> None:
    stored = payout(state=state, monoova_transaction_id=known)
    payouts.create(stored)
    change = completed(monoova_transaction_id="1000001")
    payouts.commit_open(stored.transaction_id, facts(), change, LATER)
    after = payouts.get(stored.transaction_id)
    assert after is not None
    assert (after.state, after.version, after.monoova_transaction_id) == (
        State.COMPLETED,
        2,
        "1000001",
    )
    assert after.history == (ENTRY, SETTLED)


@pytest.mark.parametrize(
    "stored",
    [
        payout(state=State.QUEUED),
        payout(state=State.COMPLETED, due_at=None),
        payout(state=State.FAILED, due_at=None),
        payout(amount_cents=12551),
        payout(needs_review=True, review_reason=ReviewReason.CONTRADICTION),
        payout(monoova_transaction_id="another"),
        payout(disputed_at=NOW),
        payout(return_reported_at=NOW),
    ],
    ids=["queued", "completed", "failed", "amount", "review", "transaction", "disputed", "back"],
)
def test_the_direct_update_fails_where_a_fact_does_not_hold(
    payouts: Payouts, stored: Payout
) -> None:
    payouts.create(stored)
    change = completed(monoova_transaction_id="1000001")
    with pytest.raises(PayoutChangedError) as caught:
        payouts.commit_open(stored.transaction_id, facts(), change, LATER)
    assert caught.value.current == stored
    assert payouts.get(stored.transaction_id) == stored


def test_the_direct_update_of_a_missing_payout_creates_nothing(
    payouts: Payouts, client: Any
) -> None:
    with pytest.raises(PayoutChangedError) as caught:
        payouts.commit_open(payout().transaction_id, facts(), completed(), LATER)
    assert caught.value.current is None
    assert client.scan(TableName=TABLE)["Count"] == 0


def test_an_event_without_a_transaction_id_does_not_settle_a_payout_that_has_one(
    payouts: Payouts,
) -> None:
    """The direct update leaves that to the next reader of the payout."""
    payouts.create(payout(monoova_transaction_id="1000001"))
    with pytest.raises(PayoutChangedError):
        payouts.commit_open(payout().transaction_id, facts(), completed(), LATER)


# --- the sparse indexes


def index(client: Any, name: str, key: str, value: str) -> list[str]:
    found = client.query(
        TableName=TABLE,
        IndexName=name,
        KeyConditionExpression="#k = :v",
        ExpressionAttributeNames={"#k": key},
        ExpressionAttributeValues={":v": {"S": value}},
    )
    return [item["transaction_id"]["S"] for item in found["Items"]]


def test_an_open_payout_is_due_and_a_final_one_leaves_the_index(
    payouts: Payouts, client: Any
) -> None:
    stored = payout()
    payouts.create(stored)
    shard = shard_of(stored.transaction_id, stored.state, stored.due_at) or ""
    assert index(client, "due-index", "due_shard", shard) == [stored.transaction_id]
    after = payouts.commit(stored, completed(), LATER)
    assert index(client, "due-index", "due_shard", shard) == []
    item = raw(client, after)
    assert not {"due_at", "due_shard", "review_bucket"} & item.keys()


def test_a_payout_that_is_put_off_is_due_at_its_new_time(payouts: Payouts) -> None:
    stored = payout(0)
    payouts.create(stored)
    put_off = payouts.commit(stored, Change(Fields(due_at=LATER + timedelta(hours=1))), LATER)
    assert payouts.due("0", LATER, 10).items == ()
    assert payouts.due("0", LATER + timedelta(hours=1), 10).items == (put_off,)


def test_a_payout_stays_in_the_review_index_until_it_is_resolved(
    payouts: Payouts, client: Any
) -> None:
    stored = payout()
    payouts.create(stored)
    assert (payouts.count_in_review(), payouts.in_review(10).items) == (0, ())
    raised = Fields(needs_review=True, review_reason=ReviewReason.STILL_PENDING)
    flagged = payouts.commit(stored, Change(raised), LATER)
    assert payouts.count_in_review() == 1
    assert payouts.in_review(10).items == (flagged,)
    closed = Fields(needs_review=False, review_reason=None)
    after = payouts.commit(flagged, Change(closed), LATER)
    assert payouts.count_in_review() == 0
    assert not {"review_bucket", "review_reason"} & raw(client, after).keys()


def test_what_is_due_comes_in_the_order_of_its_time_and_no_more_than_asked_for(
    payouts: Payouts,
) -> None:
    for number, seconds in enumerate((30, 10, 20, 61)):
        stored = payout(number * DUE_SHARDS, due_at=NOW + timedelta(seconds=seconds))
        payouts.create(stored)
    at = NOW + timedelta(seconds=60)
    everything = payouts.due("0", at, 10)
    assert [(p.due_at - NOW).seconds for p in everything.items if p.due_at] == [10, 20, 30]
    assert everything.next_key is None
    first = payouts.due("0", at, 2)
    rest = payouts.due("0", at, 2, first.next_key)
    assert first.items + rest.items == everything.items
    assert (len(first.items), rest.next_key) == (2, None)
    assert [payouts.due(shard, at, 10).items for shard in OTHER_SHARDS[1:]] == [()] * 3


def test_ids_spread_over_all_shards() -> None:
    ids = [payout(number).transaction_id for number in range(16)]
    assert {shard_of(each, State.ACCEPTED, NOW) for each in ids} == set(OTHER_SHARDS)
    assert {shard_of(each, State.QUEUED, NOW) for each in ids} == set(QUEUED_SHARDS)
    assert {shard_of(each, State.QUEUED, None) for each in ids} == {None}
    assert set(OTHER_SHARDS) == {"0", "1", "2", "3"}
    assert set(QUEUED_SHARDS) == {"queued-0", "queued-1", "queued-2", "queued-3"}


def test_one_record_that_cannot_be_read_does_not_hide_the_others_that_are_due(
    payouts: Payouts, client: Any
) -> None:
    for number in (0, 4, 8):
        payouts.create(payout(number))
    for number, damage in ((0, "SET submission = :x"), (8, "SET amount_cents = :x")):
        client.update_item(
            TableName=TABLE,
            Key={"transaction_id": {"S": payout(number).transaction_id}},
            UpdateExpression=damage,
            ExpressionAttributeValues={":x": {"S": "FromTheFuture"}},
        )
    due = payouts.due("0", LATER, 10).items
    assert [found.transaction_id for found in due] == [payout(4).transaction_id]


# --- lists


@pytest.mark.parametrize(
    ("name", "key"),
    [("of_customer", CUSTOMER_KEY), ("of_day", DAY_KEY), ("in_review", REVIEW_KEY)],
)
def test_a_list_is_newest_first_and_goes_on_where_its_page_ended(
    name: str, key: frozenset[str], payouts: Payouts
) -> None:
    stored = [
        payout(number, created_at=NOW + timedelta(seconds=number), needs_review=True)
        for number in range(5)
    ]
    for each in stored:
        payouts.create(each)
    payouts.create(payout(9, customer_id="another", created_at=NOW - timedelta(days=1)))
    readers: dict[str, Callable[..., Any]] = {
        "of_customer": lambda start: payouts.of_customer(CUSTOMER, 2, start),
        "of_day": lambda start: payouts.of_day(date(2026, 3, 2), 2, start),
        "in_review": lambda start: payouts.in_review(2, start),
    }
    seen: list[Payout] = []
    start = None
    for _ in range(4):
        page = readers[name](start)
        seen.extend(page.items)
        start = page.next_key
        if start is None:
            break
        assert set(start) == key
    assert start is None
    assert seen == stored[::-1]


# --- what storage says when DynamoDB does not answer

OPERATIONS: Final[dict[str, tuple[str, Callable[[Payouts], object]]]] = {
    "create": ("PutItem", lambda table: table.create(payout())),
    "get": ("GetItem", lambda table: table.get("x")),
    "find": ("Query", lambda table: table.find_by_reference("x")),
    "commit": ("UpdateItem", lambda table: table.commit(payout(), completed(), LATER)),
    "commit_open": (
        "UpdateItem",
        lambda table: table.commit_open("x", facts(), completed(), LATER),
    ),
    "of_customer": ("Query", lambda table: table.of_customer("x", 1)),
    "of_day": ("Query", lambda table: table.of_day(NOW.date(), 1)),
    "in_review": ("Query", lambda table: table.in_review(1)),
    "count_in_review": ("Query", lambda table: table.count_in_review()),
    "due": ("Query", lambda table: table.due("0", NOW, 1)),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_call_reports_that_dynamodb_cannot_be_reached(
    name: str, payouts: Payouts, client: Any
) -> None:
    operation, call = OPERATIONS[name]
    answers(client, operation, "AccessDeniedException")
    with pytest.raises(StorageUnavailableError, match="AccessDeniedException"):
        call(payouts)


@pytest.mark.parametrize(
    ("code", "may_be_done"),
    [
        ("ProvisionedThroughputExceededException", False),
        ("ThrottlingException", False),
        ("RequestLimitExceeded", False),
        ("InternalServerError", True),
        ("ResourceNotFoundException", True),
        ("ValidationException", True),
    ],
)
def test_only_where_dynamodb_says_that_it_did_nothing_is_it_certain_that_nothing_was_done(
    code: str, may_be_done: bool, payouts: Payouts, client: Any
) -> None:
    answers(client, "PutItem", code)
    with pytest.raises(StorageUnavailableError) as caught:
        payouts.create(payout())
    assert caught.value.may_be_done is may_be_done


@pytest.mark.parametrize(
    "error",
    [ReadTimeoutError(endpoint_url="https://d"), ConnectTimeoutError(endpoint_url="https://d")],
    ids=["read", "connect"],
)
def test_after_a_timeout_the_write_may_have_been_done(
    error: Exception, payouts: Payouts, client: Any
) -> None:
    fails(client, "PutItem", error)
    with pytest.raises(StorageUnavailableError) as caught:
        payouts.create(payout())
    assert caught.value.may_be_done
