"""Clients of the stack under load: the API, Monoova's control API, the emulated AWS."""

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import requests

from tests.load.promises import Booked, Shown, booked
from tools.devstack.stack import Stack

_REQUEST_SECONDS: Final = 60.0
_PAGE: Final = 100
_LOOK_SECONDS: Final = 1.0
_TRIES_OF_A_WEBHOOK: Final = 2

_DESTINATIONS: Final = (
    {
        "type": "PayId",
        "pay_id": "jo.citizen@example.com",
        "pay_id_type": "Email",
        "account_name": "Jo Citizen",
    },
    {
        "type": "BankAccount",
        "bsb": "062-000",
        "account_number": "12345678",
        "account_name": "Jo Citizen",
    },
)


class Outside:
    """The calls before and after the load."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.token = stack.token("operators")
        self._http = requests.Session()
        self._http.trust_env = False  # no proxy between us and loopback
        self._dynamodb = stack.client("dynamodb")
        self._logs = stack.client("logs")

    def register(self, customers: int) -> tuple[str, ...]:
        """Registers `count` customers, PayIDs and bank accounts by turns; returns their ids."""
        return tuple(
            self._api(
                "POST",
                "/customers",
                {"name": "Jo Citizen", "destination": _DESTINATIONS[n % len(_DESTINATIONS)]},
            )["customer_id"]
            for n in range(customers)
        )

    def shown(self) -> list[Shown]:
        """Every payout, page by page as the API lists them."""
        found, cursor = [], ""
        while True:
            page = self._api("GET", f"/payouts?limit={_PAGE}{cursor}")
            found += [Shown.of(item) for item in page["items"]]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    def book(self) -> dict[str, Booked]:
        """Monoova's book, by reference."""
        return booked(self._simulator("/simulator/book")["movements"])

    def settle(self, bound_seconds: float, least_seconds: float) -> tuple[float, int]:
        """Reconcile until nothing is open; how long that took, and how many are still open.

        At least `least_seconds`: so long after a payment Monoova may still send a webhook.
        """
        began = time.monotonic()
        while True:
            self.stack.reconcile()
            seconds, count = time.monotonic() - began, self._open()
            waiting = self._webhooks_on_their_way()
            if (seconds >= least_seconds and not count + waiting) or seconds > bound_seconds:
                return seconds, count
            time.sleep(_LOOK_SECONDS)

    def durations_ms(self) -> dict[str, list[float]]:
        """By route, how long the function itself was at work, from its own log lines."""
        found: dict[str, list[float]] = defaultdict(list)
        for line in self._lines():
            if line.get("kind") == "http" and "duration_ms" in line:
                found[f"{line['method']} {line['route']}"].append(line["duration_ms"])
        return dict(found)

    def _lines(self) -> Iterator[dict[str, Any]]:
        groups = self._logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]
        for group in (each["logGroupName"] for each in groups if "APIHandler" in str(each)):
            streams = self._logs.get_paginator("describe_log_streams")
            for page in streams.paginate(logGroupName=group):
                for stream in page["logStreams"]:
                    yield from self._lines_of(group, stream["logStreamName"])

    def _lines_of(self, group: str, stream: str) -> Iterator[dict[str, Any]]:
        """One copy's lines; the emulator returns at most 10,000, and no further page."""
        found = self._logs.filter_log_events(
            logGroupName=group, logStreamNames=[stream], filterPattern='"duration_ms"'
        )
        for event in found["events"]:
            yield json.loads(event["message"])

    def _open(self) -> int:
        """In the index that holds only open payouts and those under review."""
        table = self.stack.outputs["TransactionsTableName"]
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=table, IndexName="due-index", Select="COUNT"
        )
        return sum(page["Count"] for page in pages)

    def _webhooks_on_their_way(self) -> int:
        return sum(
            not each["isDelivered"] and each["tries"] < _TRIES_OF_A_WEBHOOK
            for each in self._simulator("/simulator/webhooks")["webhooks"]
        )

    def _simulator(self, path: str) -> dict[str, Any]:
        return self._json("GET", f"{self.stack.simulator_url}{path}", None, {})

    def _api(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"Authorization": self.token}
        return self._json(method, f"{self.stack.api_url}{path}", body, headers)

    def _json(self, method: str, url: str, body: object, headers: dict[str, str]) -> dict[str, Any]:
        answer = self._http.request(
            method, url, json=body, headers=headers, timeout=_REQUEST_SECONDS
        )
        answer.raise_for_status()
        found: dict[str, Any] = json.loads(answer.text, parse_float=Decimal)
        return found
