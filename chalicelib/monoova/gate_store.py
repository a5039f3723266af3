"""The controls table: the gate (circuit breaker and pause switch) and the tally of calls."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from chalicelib.core.dynamodb.items import (
    Item,
    encoded,
    failed_condition,
    storage_errors,
    text_of,
    time_of,
)
from chalicelib.core.dynamodb.readable import UnreadableItemError, read, read_all, well_typed
from chalicelib.monoova.rules.gate import (
    WINDOW_SECONDS,
    Gate,
    OpenReason,
    Switch,
    Tally,
    unreadable_gate,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

GATE_ID: Final = "gate"
_NO_VERSION: Final = -1
_TIMES: Final = (
    "opened_at",
    "probe_at",
    "watching_until",
    "paused_at",
    "switched_at",
    "booked_twice_at",
    "contract_run_at",
)
_MINUTES: Final = WINDOW_SECONDS // 60
_TALLY_KEPT_FOR: Final = timedelta(hours=1)


class GateChangedError(Exception):
    """Another instance wrote the gate first."""


class Controls:
    """The shared controls. Every method may raise `StorageUnavailableError`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self.table = table

    def gate(self) -> Gate:
        """The gate as it now stands (strongly consistent)."""
        with storage_errors():
            found = self._client.get_item(
                TableName=self.table, Key={"control_id": {"S": GATE_ID}}, ConsistentRead=True
            )
        return gate_in(found["Item"]) if "Item" in found else Gate()

    def save_gate(self, gate: Gate) -> Gate:
        """Writes `gate`, made from the one read at `gate.version`; answers with it, one later.

        Raises:
            GateChangedError
        """
        after = replace(gate, version=gate.version + 1)
        try:
            with storage_errors():
                self._client.put_item(
                    TableName=self.table,
                    Item=encoded({"control_id": GATE_ID} | _item_of(after)),
                    ConditionExpression=(
                        "attribute_not_exists(control_id) OR version = :expected"
                        # One that cannot be read and has no number is written over.
                        " OR NOT attribute_type(version, :number)"
                    ),
                    ExpressionAttributeValues={
                        ":expected": {"N": str(gate.version)},
                        ":number": {"S": "N"},
                    },
                )
        except ClientError as error:
            failed_condition(error)
            raise GateChangedError from None
        return after

    def add_calls(self, at: datetime, calls: int, failures: int) -> None:
        """Adds to the tally of the minute."""
        with storage_errors():
            self._client.update_item(
                TableName=self.table,
                Key={"control_id": {"S": _tally_id(at)}},
                UpdateExpression="ADD calls :calls, failures :failures SET expires_at = :expires",
                ExpressionAttributeValues={
                    ":calls": {"N": str(calls)},
                    ":failures": {"N": str(failures)},
                    ":expires": {"N": str(int((at + _TALLY_KEPT_FOR).timestamp()))},
                },
            )

    def tally(self, now: datetime) -> Tally:
        """The calls of the last five minutes, as far as they were reported."""
        times = (now - timedelta(minutes=back) for back in range(_MINUTES))
        keys = [{"control_id": {"S": _tally_id(minute)}} for minute in times]
        with storage_errors():
            found = self._client.batch_get_item(RequestItems={self.table: {"Keys": keys}})
        items = found["Responses"].get(self.table, [])
        # A minute that cannot be read is counted as one without calls.
        minutes, _ = read_all("tally", "control_id", items, _tally_of)
        return Tally(
            calls=sum(each.calls for each in minutes),
            failures=sum(each.failures for each in minutes),
        )


def _tally_of(item: Item) -> Tally:
    return well_typed(Tally(item["calls"], item["failures"]))


def _tally_id(at: datetime) -> str:
    return f"calls#{at:%Y-%m-%dT%H:%M}"


def _item_of(gate: Gate) -> dict[str, Any]:
    item = asdict(gate)
    return item | {name: text_of(item[name]) for name in _TIMES if item[name]}


def gate_in(item: Item) -> Gate:
    """The gate in an item in DynamoDB's form; where it cannot be read, one that lets nothing out.

    The next write replaces the item: a person's, who lets payouts be sent again.
    """
    try:
        return read("gate", GATE_ID, item, gate_of)
    except UnreadableItemError:
        return unreadable_gate(_version_in(item))


def _version_in(item: Item) -> int:
    try:
        return int(item["version"]["N"])
    except (KeyError, ValueError):
        return _NO_VERSION


def gate_of(item: Item) -> Gate:
    """The gate in an item (already in Python's form)."""
    times = {name: time_of(item[name]) if name in item else None for name in _TIMES}
    reason, switched = item.get("open_reason"), item.get("switched")
    gate = Gate(
        version=item["version"],
        open_reason=OpenReason(reason) if reason else None,
        login_failures=item.get("login_failures", 0),
        refused_key=item.get("refused_key"),
        paused_by=item.get("paused_by"),
        pause_reason=item.get("pause_reason"),
        switched=Switch(switched) if switched else None,
        switched_by=item.get("switched_by"),
        contract_run_on=item.get("contract_run_on"),
        contract_showed=item.get("contract_showed"),
        **times,
    )
    return well_typed(gate)
