"""The controls table: the gate, the tallies of calls, and the turns that a pace gives out."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
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
from chalicelib.monoova.rules.circuit import WINDOW_SECONDS, Circuit, OpenReason, Tally
from chalicelib.monoova.rules.gate import Calls, Gate, Switch, unreadable_gate
from chalicelib.monoova.rules.pace import Pace
from chalicelib.monoova.rules.shut_time import ShutTime

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

GATE_ID: Final = "gate"
_NO_VERSION: Final = -1
_MINUTES: Final = WINDOW_SECONDS // 60
_COUNTS_KEPT_FOR: Final = timedelta(hours=1)
# Of the calls that send there are tallies since before questions had their own.
_TALLIES: Final = {Calls.SENDING: "calls", Calls.QUESTIONS: "questions"}


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

    def claim(self, name: str, by: str, until: datetime) -> str:
        """Who has `name` for itself, until then: `by`, or the one that was first."""
        item = {"control_id": name, "claimed_by": by, "expires_at": int(until.timestamp())}
        try:
            with storage_errors():
                self._client.put_item(
                    TableName=self.table,
                    Item=encoded(item),
                    ConditionExpression="attribute_not_exists(control_id) OR claimed_by = :by",
                    ExpressionAttributeValues={":by": {"S": by}},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            standing = failed_condition(error)
            return standing["claimed_by"]["S"] if standing else ""
        return by

    def add_calls(self, kind: Calls, at: datetime, calls: int, failures: int) -> None:
        """Adds to the tally of the minute of that kind of calls."""
        with storage_errors():
            self._client.update_item(
                TableName=self.table,
                Key={"control_id": {"S": _tally_id(kind, at)}},
                UpdateExpression="ADD calls :calls, failures :failures SET expires_at = :expires",
                ExpressionAttributeValues={
                    ":calls": {"N": str(calls)},
                    ":failures": {"N": str(failures)},
                    ":expires": {"N": _expires(at)},
                },
            )

    def tally(self, kind: Calls, now: datetime) -> Tally:
        """The calls of that kind in the last five minutes, as far as they were reported."""
        times = (now - timedelta(minutes=back) for back in range(_MINUTES))
        keys = [{"control_id": {"S": _tally_id(kind, minute)}} for minute in times]
        with storage_errors():
            found = self._client.batch_get_item(RequestItems={self.table: {"Keys": keys}})
        items = found["Responses"].get(self.table, [])
        # A minute that cannot be read is counted as one without calls.
        minutes, _ = read_all("tally", "control_id", items, _tally_of)
        return Tally(
            calls=sum(each.calls for each in minutes),
            failures=sum(each.failures for each in minutes),
        )

    def take_turn(self, pace: Pace, now: datetime) -> bool:
        """Takes one of the turns of this minute; False where all are taken."""
        window = pace.window_at(now)
        try:
            with storage_errors():
                self._client.update_item(
                    TableName=self.table,
                    Key={"control_id": {"S": f"turns#{text_of(window)}"}},
                    UpdateExpression="ADD taken :one SET expires_at = :expires",
                    ConditionExpression="attribute_not_exists(taken) OR taken < :most",
                    ExpressionAttributeValues={
                        ":one": {"N": "1"},
                        ":most": {"N": str(pace.allowed(now))},
                        ":expires": {"N": _expires(window)},
                    },
                )
        except ClientError as error:
            failed_condition(error)
            return False
        return True


def _tally_of(item: Item) -> Tally:
    return well_typed(Tally(item["calls"], item["failures"]))


def _tally_id(kind: Calls, at: datetime) -> str:
    return f"{_TALLIES[kind]}#{at:%Y-%m-%dT%H:%M}"


def _expires(at: datetime) -> str:
    return str(int((at + _COUNTS_KEPT_FOR).timestamp()))


def _text(time: datetime | None) -> str | None:
    return text_of(time) if time else None


def _time(text: str | None) -> datetime | None:
    return time_of(text) if text else None


def _item_of(gate: Gate) -> dict[str, Any]:
    # What stands on the first level are names from before questions had a breaker of their own.
    return _circuit_item(gate.sending) | {
        "version": gate.version,
        "questions": _present(_circuit_item(gate.questions)),
        "login_failures": gate.login_failures,
        "refused_key": gate.refused_key,
        "refused_before": list(gate.refused_before) or None,
        "per_minute": gate.pace.per_minute if gate.pace else None,
        "not_before": text_of(gate.pace.not_before) if gate.pace else None,
        "questions_not_before": _text(gate.questions_not_before),
        "shut_since": _text(gate.shut.since),
        "shut_spans": [[text_of(since), text_of(until)] for since, until in gate.shut.spans],
        "paused_by": gate.paused_by,
        "paused_at": _text(gate.paused_at),
        "pause_reason": gate.pause_reason,
        "switched": gate.switched,
        "switched_by": gate.switched_by,
        "switched_at": _text(gate.switched_at),
        "booked_twice_at": _text(gate.booked_twice_at),
        "contract_run_at": _text(gate.contract_run_at),
        "contract_run_on": gate.contract_run_on,
        "contract_showed": gate.contract_showed,
        "disabled": sorted(gate.disabled),
    }


def _circuit_item(circuit: Circuit) -> dict[str, Any]:
    return {
        "open_reason": circuit.open_reason,
        "opened_at": _text(circuit.opened_at),
        "probe_at": _text(circuit.probe_at),
        "watching_until": _text(circuit.watching_until),
    }


def _present(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if value is not None}


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
    switched = item.get("switched")
    sending = _circuit_of(item)
    gate = Gate(
        version=item["version"],
        sending=sending,
        questions=_questions_of(item, sending),
        login_failures=item.get("login_failures", 0),
        refused_key=item.get("refused_key"),
        refused_before=tuple(item.get("refused_before", ())),
        pace=_pace_of(item),
        questions_not_before=_time(item.get("questions_not_before")),
        shut=_shut_of(item),
        paused_by=item.get("paused_by"),
        paused_at=_time(item.get("paused_at")),
        pause_reason=item.get("pause_reason"),
        switched=Switch(switched) if switched else None,
        switched_by=item.get("switched_by"),
        switched_at=_time(item.get("switched_at")),
        booked_twice_at=_time(item.get("booked_twice_at")),
        contract_run_at=_time(item.get("contract_run_at")),
        contract_run_on=item.get("contract_run_on"),
        contract_showed=item.get("contract_showed"),
        disabled=_texts(item.get("disabled", ())),
    )
    return well_typed(gate)


def _texts(listed: Iterable[Any]) -> frozenset[str]:
    found = frozenset(listed)
    if not all(isinstance(each, str) for each in found):
        raise TypeError("disabled has what is no text")
    return found


def _circuit_of(item: Item) -> Circuit:
    reason = item.get("open_reason")
    return Circuit(
        open_reason=OpenReason(reason) if reason else None,
        opened_at=_time(item.get("opened_at")),
        probe_at=_time(item.get("probe_at")),
        watching_until=_time(item.get("watching_until")),
    )


def _questions_of(item: Item, sending: Circuit) -> Circuit:
    """An item from when one breaker stood for all calls has none for questions: only a login that
    was refused then stops them now.
    """
    if "questions" in item:
        return _circuit_of(item["questions"])
    return sending if sending.is_open_by_login else Circuit()


def _pace_of(item: Item) -> Pace | None:
    not_before = _time(item.get("not_before"))
    return well_typed(Pace(item["per_minute"], not_before)) if not_before else None


def _shut_of(item: Item) -> ShutTime:
    spans = tuple((time_of(since), time_of(until)) for since, until in item.get("shut_spans", ()))
    if "shut_spans" in item:
        return ShutTime(_time(item.get("shut_since")), spans)
    # From before the time was summed up: what shuts sending now says since when.
    begun = [time_of(item[name]) for name in ("paused_at", "opened_at") if item.get(name)]
    return ShutTime(min(begun) if begun else None)
