"""What every invocation of a function does: its calls to AWS and Monoova, and its log lines."""

import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import requests

from bench.capacity import Index, indexes_of, read_units, size_of, write_units
from tests import aws
from tests.world import HttpAnswer, World

_READS: Final = frozenset({"GetItem", "BatchGetItem", "Query", "Scan"})
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


class Function(StrEnum):
    """The functions that are deployed, by their names in .chalice/config.json."""

    API = "api_handler"
    SEND = "send_queued_payouts"
    TAKE_UP = "take_up_webhook_events"
    RECONCILE = "reconcile"
    DAILY = "reconcile_daily"


@dataclass(frozen=True, slots=True)
class Call:
    """One call to AWS. The units are DynamoDB's, and 0 for any other service."""

    service: str
    operation: str
    read_units: float = 0
    write_units: int = 0

    @property
    def is_read(self) -> bool:
        return self.service == "dynamodb" and self.operation in _READS

    @property
    def is_write(self) -> bool:
        return self.service == "dynamodb" and self.operation not in _READS


@dataclass(frozen=True, slots=True)
class Invocation:
    """What one invocation did. `entry_point` is how it was reached, such as `POST /payouts`.

    `monoova` are the requests to Monoova, `log_bytes` what the app wrote to its log, `metrics`
    the names in it, and `bytes_out` what left AWS: the answer, and what Monoova was sent.
    """

    function: Function
    entry_point: str
    calls: tuple[Call, ...]
    monoova: tuple[str, ...]
    log_bytes: int
    metrics: frozenset[str]
    bytes_out: int


@dataclass(slots=True)
class _Open:
    calls: list[Call] = field(default_factory=list)
    monoova: list[str] = field(default_factory=list)
    bytes_out: int = 0


class CountedWorld(World):
    """The whole product, with its invocations counted after `counting()`.

    `sent` are the bodies of the messages that were put on the queues.
    """

    def counting(self, *, of_units: bool = True) -> None:
        """Starts counting; without units, the stored items are not read."""
        self._of_units = of_units
        self.invocations: list[Invocation] = []
        self.sent: list[str] = []
        self._open: _Open | None = None
        self._before: dict[str, Any] | None = None
        self._plain: Any = aws.client("dynamodb")
        resources = aws.template()["Resources"]
        self._tables = {name: resources[name]["Properties"] for name in aws.TABLES.values()}
        self.session.register("before-parameter-build", self._remember)
        self.session.register("after-call", self._count)
        self.http.hooks["response"].append(self._count_monoova)
        self.restart()

    # --- the entry points, each of them an invocation

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> HttpAnswer:
        """A request of an administrator."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with self._invocation(Function.API, f"{method} {_pattern(path)}"):
            answer = self.admin(method, path, body, headers=named)
            self._left(len(answer.text.encode()))
        return answer

    def deliver(self, url: str, headers: Any, body: bytes) -> int:
        with self._invocation(Function.API, "POST /webhooks/monoova"):
            return super().deliver(url, headers, body)

    def reconcile(self, app: Any = None) -> dict[str, Any]:
        with self._invocation(Function.RECONCILE, "every minute"):
            return super().reconcile(app)

    def sqs_event(self, handler: str, *bodies: str) -> list[str]:
        with self._invocation(Function(handler), "a message"):
            return super().sqs_event(handler, *bodies)

    @contextmanager
    def _invocation(self, function: Function, entry_point: str) -> Iterator[None]:
        assert self._open is None, "no function of this app calls another"
        self._open = _Open()
        log = io.StringIO()
        try:
            with redirect_stdout(log):
                yield
            self.invocations.append(_closed(function, entry_point, self._open, log.getvalue()))
        finally:
            self._open = None

    # --- botocore's and requests' hooks

    def _left(self, size: int) -> None:
        if self._open:
            self._open.bytes_out += size

    def _remember(self, **event: Any) -> None:
        """Before a call: its parameters, and the item that it is about to write."""
        model, params = event["model"], event["params"]
        self._params: dict[str, Any] = params
        if model.name == "SendMessage":
            self.sent.append(params["MessageBody"])
        writes_item = self._of_units and model.name in ("PutItem", "UpdateItem", "DeleteItem")
        self._before = self._item(params) if writes_item else None

    def _count(self, **event: Any) -> None:
        if self._open is None:
            return
        service, operation = event["model"].service_model.service_name, event["model"].name
        reads, writes = 0.0, 0
        if service == "dynamodb" and self._of_units:
            if operation in _READS:
                reads = self._read_units(operation, self._params, event["parsed"])
            else:
                indexes = indexes_of(self._tables[self._params["TableName"]])
                # A write whose condition failed costs as well, by the stored item.
                writes = write_units(self._before, self._item(self._params), indexes)
        self._open.calls.append(Call(service, operation, reads, writes))

    def _count_monoova(self, response: requests.Response, *_: Any, **__: Any) -> None:
        if self._open is None:
            return
        request = response.request
        path = _pattern(request.path_url.partition("?")[0])
        self._open.monoova.append(f"{request.method} {path}")
        head = sum(len(name) + len(value) for name, value in request.headers.items())
        self._left(head + len(request.body or b""))

    # --- what DynamoDB would count

    def _item(self, params: dict[str, Any]) -> dict[str, Any] | None:
        table = params["TableName"]
        names = [part["AttributeName"] for part in self._tables[table]["KeySchema"]]
        holder = params.get("Key") or params["Item"]
        key = {name: holder[name] for name in names}
        found = self._plain.get_item(TableName=table, Key=key, ConsistentRead=True)
        item: dict[str, Any] | None = found.get("Item")
        return item

    def _read_units(self, operation: str, params: dict[str, Any], parsed: dict[str, Any]) -> float:
        match operation:
            case "GetItem":
                consistent = params.get("ConsistentRead", False)
                return read_units(size_of(parsed.get("Item")), consistent=consistent)
            case "BatchGetItem":
                return sum(
                    self._batch_units(wanted, parsed["Responses"].get(table, []))
                    for table, wanted in params["RequestItems"].items()
                )
            case _:
                found = parsed["Items"] if "Items" in parsed else self._uncounted(params)
                return read_units(sum(map(size_of, found)), consistent=False)

    def _batch_units(self, wanted: dict[str, Any], found: list[Any]) -> float:
        consistent = wanted.get("ConsistentRead", False)
        missing = len(wanted["Keys"]) - len(found)
        sizes = [*map(size_of, found), *[0] * missing]
        return sum(read_units(size, consistent=consistent) for size in sizes)

    def _uncounted(self, params: dict[str, Any]) -> list[Any]:
        """The items that a query only counted: which costs as much as returning them."""
        shown = {name: value for name, value in params.items() if name != "Select"}
        items: list[Any] = self._plain.query(**shown)["Items"]
        return items

    def stored(self, table: str, **key: str) -> tuple[dict[str, Any], tuple[Index, ...]]:
        """A stored item, and the indexes of its table."""
        named = {name: {"S": value} for name, value in key.items()}
        item = self._plain.get_item(TableName=table, Key=named, ConsistentRead=True)["Item"]
        return item, indexes_of(self._tables[table])


def _pattern(path: str) -> str:
    """A path without its ids, dates and query: `/payouts/{id}`."""
    return _DATE.sub("{date}", _ID.sub("{id}", path.partition("?")[0]))


def _closed(function: Function, entry_point: str, happened: _Open, log: str) -> Invocation:
    names: set[str] = set()
    for line in log.splitlines():
        for described in json.loads(line).get("_aws", {}).get("CloudWatchMetrics", ()):
            names.update(metric["Name"] for metric in described["Metrics"])
    return Invocation(
        function=function,
        entry_point=entry_point,
        calls=tuple(happened.calls),
        monoova=tuple(happened.monoova),
        log_bytes=len(log.encode()),
        metrics=frozenset(names),
        bytes_out=happened.bytes_out,
    )
