"""The shared controls, the one read for all that a payout needs, and what stores have in common."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any, Final

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.session import Session
from moto import mock_aws

from chalicelib.core.dynamodb.items import (
    InvalidCursorError,
    StorageUnavailableError,
    cursor_of,
    failed_condition,
    key_of,
    text_of,
    time_of,
)
from chalicelib.customers.store import Customers, SealedCustomer
from chalicelib.monoova.gate_store import Controls, GateChangedError
from chalicelib.monoova.rules import gate as gates
from chalicelib.monoova.rules.circuit import Circuit, OpenReason, Tally
from chalicelib.monoova.rules.duplicates import (
    ContractRun,
    Shown,
    booked_twice,
    with_contract_run,
)
from chalicelib.monoova.rules.gate import Calls, Gate, Switch
from chalicelib.monoova.rules.pace import Pace
from chalicelib.monoova.rules.shut_time import ShutTime
from chalicelib.payouts.store.payouts import Payouts
from chalicelib.payouts.store.situation import ReadTogether, Situation
from tests import aws
from tests.payouts.builder import a_payout

NOW: Final = datetime(2026, 3, 2, 1, 2, 30, tzinfo=UTC)
TABLE: Final = "ControlsTable"
PAUSED: Final = gates.switched(
    gates.paused(Gate(), "operator", "Monoova asked us to", NOW), Switch.PAUSED, "operator", NOW
)
RUN: Final = ContractRun(NOW, "sandbox", Shown.REFUSED)
OPEN: Final = gates.login_refused(
    Gate(), OpenReason.NOT_AUTHENTICATED, NOW, "key-1", was_probe=False
)
EVERYTHING: Final = replace(
    PAUSED,
    sending=Circuit(OpenReason.LOCKED_OUT, NOW, NOW + timedelta(hours=1)),
    questions=Circuit(OpenReason.TOO_MANY_FAILURES, NOW, NOW, NOW),
    login_failures=2,
    refused_key="key-1",
    refused_before=("key-0",),
    pace=Pace(15, NOW),
    questions_not_before=NOW,
    shut=ShutTime(NOW, ((NOW - timedelta(hours=2), NOW - timedelta(hours=1)),)),
)
CUSTOMER: Final = SealedCustomer("c-1", NOW, NOW, 1, b"sealed")
PAYOUT: Final = a_payout(due_at=NOW)


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
        client.delete_item(TableName=TABLE, Key={"control_id": item["control_id"]})
    return client


@pytest.fixture
def controls(client: Any) -> Controls:
    return Controls(client, TABLE)


def answers(client: Any, operation: str, code: str) -> None:
    """Every call is answered with this error, without being carried out."""

    def refuse(**_: Any) -> Any:
        error = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {}}
        return SimpleNamespace(status_code=400), error

    client.meta.events.register(f"before-call.dynamodb.{operation}", refuse)


# --- the gate


def test_a_gate_that_was_never_written_is_open(controls: Controls) -> None:
    assert controls.gate() == Gate()


@pytest.mark.parametrize(
    "gate",
    [
        Gate(),
        OPEN,
        PAUSED,
        gates.probing(OPEN, Calls.SENDING, NOW),
        gates.watching(Gate(), Calls.QUESTIONS, NOW),
        gates.with_disabled(gates.with_disabled(Gate(), "one"), "another"),
        EVERYTHING,
        booked_twice(with_contract_run(Gate(), RUN), NOW + timedelta(days=1)),
    ],
    ids=[
        "closed",
        "open",
        "paused",
        "probing",
        "watching",
        "disabled",
        "everything",
        "booked twice",
    ],
)
def test_a_gate_is_read_as_it_was_saved_one_version_later(gate: Gate, controls: Controls) -> None:
    saved = controls.save_gate(gate)
    assert saved.version == gate.version + 1
    assert controls.gate() == saved


def test_of_two_that_saw_the_same_gate_one_changes_it(controls: Controls) -> None:
    seen = controls.save_gate(Gate())
    winner = controls.save_gate(gates.probing(seen, Calls.SENDING, NOW))
    with pytest.raises(GateChangedError):
        controls.save_gate(gates.closed(seen, Calls.SENDING, NOW))
    assert controls.gate() == winner


def test_an_expired_state_is_removed_from_the_item(controls: Controls) -> None:
    paused = controls.save_gate(PAUSED)
    resumed = controls.save_gate(gates.resumed(paused, NOW))
    assert controls.gate() == resumed
    assert not controls.gate().is_paused


BREAKERS_ITEM: Final = {
    "control_id": {"S": "gate"},
    "version": {"N": "4"},
    "opened_at": {"S": "2026-03-02T01:00:00.000000Z"},
    "probe_at": {"S": "2026-03-02T01:10:00.000000Z"},
    "login_failures": {"N": "1"},
    "paused_by": {"S": "ops"},
    "paused_at": {"S": "2026-03-02T00:30:00.000000Z"},
    "pause_reason": {"S": "why"},
}


@pytest.mark.parametrize(
    ("reason", "questions"),
    [
        ("TooManyFailures", Circuit()),
        (
            "NotAuthenticated",
            Circuit(
                OpenReason.NOT_AUTHENTICATED,
                datetime(2026, 3, 2, 1, tzinfo=UTC),
                datetime(2026, 3, 2, 1, 10, tzinfo=UTC),
            ),
        ),
    ],
)
def test_an_item_from_when_there_was_one_breaker_is_read(
    controls: Controls, client: Any, reason: str, questions: Circuit
) -> None:
    """What it says of calls that failed, it says of sending; a refused login stops questions too.
    Sending has been shut since the earlier of the two, the pause.
    """
    client.put_item(TableName=TABLE, Item=BREAKERS_ITEM | {"open_reason": {"S": reason}})
    gate = controls.gate()
    assert gate.sending.open_reason == reason
    assert (gate.questions, gate.version) == (questions, 4)
    assert (gate.pace, gate.questions_not_before) == (None, None)
    assert gate.shut == ShutTime(datetime(2026, 3, 2, 0, 30, tzinfo=UTC))
    assert controls.save_gate(gate) == controls.gate()


def test_an_item_of_a_gate_that_was_never_shut_is_read(controls: Controls, client: Any) -> None:
    client.put_item(TableName=TABLE, Item={"control_id": {"S": "gate"}, "version": {"N": "2"}})
    assert controls.gate() == Gate(version=2)


# --- claims


def test_who_was_first_has_it_and_the_others_are_told(controls: Controls) -> None:
    later = NOW + timedelta(days=1)
    assert [controls.claim("credit#1", who, later) for who in "aab"] == ["a", "a", "a"]
    assert controls.claim("credit#2", "b", later) == "b"


# --- turns


def test_of_a_minute_no_more_turns_are_taken_than_its_pace_gives(controls: Controls) -> None:
    pace = Pace(3, NOW)
    assert [controls.take_turn(pace, NOW + timedelta(seconds=s)) for s in (0, 1, 59, 59)] == [
        True,
        True,
        True,
        False,
    ]
    assert controls.take_turn(pace, NOW + timedelta(seconds=60))


def test_the_turns_of_a_minute_expire(controls: Controls, client: Any) -> None:
    controls.take_turn(Pace(3, NOW), NOW + timedelta(seconds=30))
    (item,) = client.scan(TableName=TABLE)["Items"]
    assert int(item["expires_at"]["N"]) == int((NOW + timedelta(hours=1)).timestamp())
    assert item["control_id"] == {"S": "turns#2026-03-02T01:02:30.000000Z"}


# --- the tally


def test_the_tally_counts_the_last_five_minutes(controls: Controls) -> None:
    for minutes_ago, failures in ((0, 1), (1, 0), (4, 2), (5, 7), (60, 9)):
        controls.add_calls(Calls.SENDING, NOW - timedelta(minutes=minutes_ago), 10, failures)
    assert controls.tally(Calls.SENDING, NOW) == Tally(30, 3)


def test_reports_of_many_instances_add_up(controls: Controls) -> None:
    for _ in range(5):
        controls.add_calls(Calls.SENDING, NOW, 2, 1)
    assert controls.tally(Calls.SENDING, NOW) == Tally(10, 5)


def test_questions_have_a_tally_of_their_own(controls: Controls) -> None:
    controls.add_calls(Calls.QUESTIONS, NOW, 10, 6)
    controls.add_calls(Calls.SENDING, NOW, 3, 1)
    assert controls.tally(Calls.QUESTIONS, NOW) == Tally(10, 6)
    assert controls.tally(Calls.SENDING, NOW) == Tally(3, 1)


def test_a_tally_without_reports_is_nothing(controls: Controls) -> None:
    assert controls.tally(Calls.SENDING, NOW) == Tally(0, 0)


def test_a_minutes_report_expires(controls: Controls, client: Any) -> None:
    controls.add_calls(Calls.SENDING, NOW, 1, 0)
    (item,) = client.scan(TableName=TABLE)["Items"]
    assert int(item["expires_at"]["N"]) == int((NOW + timedelta(hours=1)).timestamp())


# --- one read for all


@pytest.fixture
def together(client: Any) -> ReadTogether:
    payouts, customers = (
        Payouts(client, "TransactionsTable", "ControlsTable"),
        Customers(client, "CustomersTable"),
    )
    if payouts.get(PAYOUT.transaction_id) is None:
        payouts.create(PAYOUT)
        customers.create(CUSTOMER)
    return ReadTogether(client, payouts, customers, Controls(client, TABLE))


class Hesitant:
    """A DynamoDB that leaves one table's key unprocessed, this many times."""

    def __init__(self, client: Any, table: str, times: int) -> None:
        self.asked: list[set[str]] = []
        self._table, self._times = table, times
        client.meta.events.register("before-parameter-build.dynamodb.BatchGetItem", self._note)
        client.meta.events.register("after-call.dynamodb.BatchGetItem", self._leave_out)

    def _note(self, params: dict[str, Any], **_: Any) -> None:
        self.asked.append(set(params["RequestItems"]))
        self._keys = params["RequestItems"].get(self._table)

    def _leave_out(self, parsed: dict[str, Any], **_: Any) -> None:
        if self._times and self._keys:
            self._times -= 1
            parsed["Responses"].pop(self._table, None)
            parsed["UnprocessedKeys"] = {self._table: self._keys}


def test_customer_gate_and_payout_come_in_one_consistent_read(
    together: ReadTogether, controls: Controls, client: Any
) -> None:
    gate = controls.save_gate(OPEN)
    reads: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        reads.append(params["RequestItems"])

    client.meta.events.register("before-parameter-build.dynamodb", note)
    standing = together.standing("c-1", PAYOUT.transaction_id)
    assert standing == Situation(CUSTOMER, gate, PAYOUT)
    (read,) = reads
    assert all(keys["ConsistentRead"] for keys in read.values())


def test_a_missing_item_is_none(together: ReadTogether) -> None:
    assert together.standing("unknown") == Situation(None, Gate(), None)
    assert together.standing("c-1", "none") == Situation(CUSTOMER, Gate(), None)


@pytest.mark.parametrize("table", ["CustomersTable", "TransactionsTable", TABLE])
@pytest.mark.parametrize("times", [1, 2])
def test_unprocessed_keys_are_read_again(
    table: str, times: int, together: ReadTogether, controls: Controls, client: Any
) -> None:
    gate = controls.save_gate(PAUSED)
    hesitant = Hesitant(client, table, times)
    standing = together.standing("c-1", PAYOUT.transaction_id)
    assert standing == Situation(CUSTOMER, gate, PAYOUT)
    assert [len(asked) for asked in hesitant.asked] == [3] + [1] * times


def test_a_key_that_stays_unprocessed_is_not_mistaken_for_nothing(
    together: ReadTogether, client: Any
) -> None:
    Hesitant(client, "CustomersTable", 3)
    with pytest.raises(StorageUnavailableError, match="UnprocessedKeys") as caught:
        together.standing("c-1")
    assert not caught.value.may_be_done


# --- when DynamoDB does not answer

OPERATIONS: Final[dict[str, tuple[str, Callable[[Controls], object]]]] = {
    "gate": ("GetItem", lambda table: table.gate()),
    "save_gate": ("PutItem", lambda table: table.save_gate(Gate())),
    "add_calls": ("UpdateItem", lambda table: table.add_calls(Calls.SENDING, NOW, 1, 0)),
    "take_turn": ("UpdateItem", lambda table: table.take_turn(Pace(1, NOW), NOW)),
    "claim": ("PutItem", lambda table: table.claim("credit#1", "a", NOW)),
    "tally": ("BatchGetItem", lambda table: table.tally(Calls.SENDING, NOW)),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_call_reports_that_dynamodb_cannot_be_reached(
    name: str, controls: Controls, client: Any
) -> None:
    operation, call = OPERATIONS[name]
    answers(client, operation, "AccessDeniedException")
    with pytest.raises(StorageUnavailableError, match="AccessDeniedException"):
        call(controls)


def test_the_one_read_reports_that_dynamodb_cannot_be_reached(
    together: ReadTogether, client: Any
) -> None:
    def vanish(**_: Any) -> Any:
        raise ReadTimeoutError(endpoint_url="https://dynamodb.example")

    client.meta.events.register("before-call.dynamodb.BatchGetItem", vanish)
    with pytest.raises(StorageUnavailableError, match="ReadTimeoutError"):
        together.standing("c-1")


def test_an_error_that_is_no_failed_condition_is_not_taken_for_one() -> None:
    error = ClientError({"Error": {"Code": "ThrottlingException", "Message": "no"}}, "PutItem")
    with pytest.raises(ClientError) as caught:
        failed_condition(error)
    assert caught.value is error


# --- times and cursors


@pytest.mark.parametrize(
    "time",
    [NOW, NOW.replace(microsecond=1), NOW.astimezone(timezone(timedelta(hours=11)))],
    ids=["whole", "fraction", "sydney"],
)
def test_a_time_is_one_width_in_utc_and_reads_back(time: datetime) -> None:
    text = text_of(time)
    assert (len(text), text[-1]) == (27, "Z")
    assert time_of(text) == time
    assert time_of(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-03-02", "2026-03-02T01:00:00Z", "2026-03-02T01:00:00.0000000"]
)
def test_a_time_in_another_form_is_not_taken_for_one_of_ours(text: str) -> None:
    with pytest.raises(ValueError, match="form"):
        time_of(text)


NAMES: Final = frozenset({"transaction_id", "created_at"})
KEY: Final = {"transaction_id": "t-1", "created_at": "2026-03-02T01:00:00.000000Z"}


def test_a_cursor_brings_back_the_key_it_was_made_of() -> None:
    cursor = cursor_of(KEY)
    assert cursor is not None
    assert cursor.isascii()
    assert key_of(cursor, NAMES) == KEY
    assert cursor_of(None) is None


def test_a_cursor_belongs_to_the_list_it_was_made_by() -> None:
    cursor = cursor_of(KEY) or ""
    assert key_of(cursor, NAMES, {"transaction_id": "t-1"}) == KEY
    with pytest.raises(InvalidCursorError):
        key_of(cursor, NAMES, {"transaction_id": "t-2"})


def test_a_cursor_without_a_time_needs_none() -> None:
    cursor = cursor_of({"created_day": "2026-03-02"}) or ""
    assert key_of(cursor, frozenset({"created_day"})) == {"created_day": "2026-03-02"}


def _encoded(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "no",
        "%%%%",
        "ünïcode",
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
        _encoded([]),
        _encoded("text"),
        _encoded({}),
        _encoded({"transaction_id": "t-1"}),
        _encoded({**KEY, "more": "x"}),
        _encoded({**KEY, "created_at": 7}),
        _encoded({**KEY, "created_at": ""}),
        _encoded({**KEY, "created_at": {"S": "x"}}),
        _encoded({**KEY, "created_at": "yesterday"}),
        _encoded({**KEY, "created_at": "2026-03-02"}),
        _encoded({**KEY, "created_at": "2026-03-02 01:00:00.000000Z"}),
    ],
    ids=range(17),
)
def test_what_is_no_cursor_of_this_list_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursorError):
        key_of(cursor, NAMES)
