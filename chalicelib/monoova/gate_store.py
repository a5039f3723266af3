"""The controls table: the gate (circuit breaker and pause switch) and the tally of calls."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from chalicelib.core.dynamodb.items import (
    Item,
    decoded,
    encoded,
    failed_condition,
    storage_errors,
    text_of,
    time_of,
)
from chalicelib.monoova.rules.gate import WINDOW_SECONDS, Gate, OpenReason, Switch, Tally

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

GATE_ID: Final = "gate"
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
        return gate_of(decoded(found["Item"])) if "Item" in found else Gate()

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
                    ConditionExpression="attribute_not_exists(control_id) OR version = :expected",
                    ExpressionAttributeValues={":expected": {"N": str(gate.version)}},
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
        minutes = (now - timedelta(minutes=back) for back in range(_MINUTES))
        keys = [{"control_id": {"S": _tally_id(minute)}} for minute in minutes]
        with storage_errors():
            found = self._client.batch_get_item(RequestItems={self.table: {"Keys": keys}})
        items = [decoded(item) for item in found["Responses"].get(self.table, [])]
        return Tally(
            calls=sum(int(item["calls"]) for item in items),
            failures=sum(int(item["failures"]) for item in items),
        )


def _tally_id(at: datetime) -> str:
    return f"calls#{at:%Y-%m-%dT%H:%M}"


def _item_of(gate: Gate) -> dict[str, Any]:
    item = asdict(gate)
    return item | {name: text_of(item[name]) for name in _TIMES if item[name]}


def gate_of(item: Item) -> Gate:
    """The gate in an item (already in Python's form)."""
    times = {name: time_of(item[name]) if name in item else None for name in _TIMES}
    reason, switched = item.get("open_reason"), item.get("switched")
    return Gate(
        version=int(item["version"]),
        open_reason=OpenReason(reason) if reason else None,
        login_failures=int(item.get("login_failures", 0)),
        refused_key=item.get("refused_key"),
        paused_by=item.get("paused_by"),
        pause_reason=item.get("pause_reason"),
        switched=Switch(switched) if switched else None,
        switched_by=item.get("switched_by"),
        contract_run_on=item.get("contract_run_on"),
        contract_showed=item.get("contract_showed"),
        **times,
    )
