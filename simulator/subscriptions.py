"""Subscriptions to webhooks: one for each event."""

import re
from dataclasses import dataclass
from datetime import datetime

from simulator.clock import american_text
from simulator.messages import Reply, Request, from_json
from simulator.world import World

EVENTS = (
    "NppReturn",
    "NppPaymentStatus",
    "PayToReceivePayment",
    "NPPReceivePayment",
    "InboundDirectCredit",
    "InboundDirectDebit",
    "DirectEntryDishonour",
    "PendingInboundRtgsImt",
    "InboundRtgsImtStatus",
    "InboundDirectCreditRejections",
    "NPPCreditRejections",
    "DirectDebitClearance",
)
_ALREADY = (
    "Event is already subscribed. "
    "Please use /update API if you want to make any updates to your existing subscription"
)
_BOTH_PARTS = "securityToken must have both parts: <type> <credentials>"
_INVALID = "SimulatedSubscriptionIsInvalid"


@dataclass
class Subscription:
    """Where the webhooks of one event go. `token` becomes their `Authorization` header."""

    id: int
    event_name: str
    target_url: str
    is_on: bool
    token: str
    created_at: datetime
    updated_at: datetime


class Subscriptions:
    """Create, update, list and delete."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rows: dict[int, Subscription] = {}
        self._last_id = 0

    def subscribe(self, event_name: str, url: str, token: str, is_on: bool = True) -> Subscription:
        """Add a subscription. The event must be one of EVENTS and not have one yet."""
        if event_name not in EVENTS or self._of(event_name) is not None:
            raise ValueError(f"{event_name} is unknown or has a subscription already")
        self._last_id += 1
        now = self._world.now()
        row = Subscription(self._last_id, event_name, url, is_on, token, now, now)
        self._rows[row.id] = row
        return row

    def listener(self, event_name: str) -> Subscription | None:
        """Where `event_name` is to be sent now, if anywhere."""
        row = self._of(event_name)
        return row if row is not None and row.is_on else None

    def create(self, request: Request) -> Reply:
        """`POST /subscriptions/v1/create`"""
        body = _fields(request)
        event_name = next(
            (name for name in EVENTS if name.lower() == body.get("eventName", "").lower()), None
        )
        if event_name is None:
            return self._world.replies.refuse(_INVALID, "eventName is not one of the events")
        status = body.get("subscriptionStatus", "Off")
        if status not in ("On", "Off") or not body.get("targetUrl"):
            return self._world.replies.refuse(_INVALID, "targetUrl and On or Off are required")
        if _is_bare(body):
            return self._world.replies.refuse(_INVALID, _BOTH_PARTS)
        existing = self._of(event_name)
        if existing is not None:
            return self._world.replies.refuse(
                "WebhookAlreadySubscribed",
                _ALREADY,
                dateTime=None,
                eventName=existing.event_name,
                id=existing.id,
                targetUrl=existing.target_url,
            )
        row = self.subscribe(
            event_name, body["targetUrl"], body.get("securityToken", ""), status == "On"
        )
        return self._answer(row)

    def update(self, request: Request) -> Reply:
        """`POST /subscriptions/v1/update`. A token that is not sent stays as it was."""
        body = _fields(request)
        row = self._rows.get(int(body["id"])) if body.get("id", "").isdigit() else None
        status = body.get("subscriptionStatus")
        if row is None or status not in ("On", "Off") or not body.get("targetUrl"):
            return self._world.replies.refuse(_INVALID, "id, targetUrl, On or Off are required")
        if _is_bare(body):
            return self._world.replies.refuse(_INVALID, _BOTH_PARTS)
        row.target_url = body["targetUrl"]
        row.is_on = status == "On"
        row.token = body.get("securityToken", row.token)
        row.updated_at = self._world.now()
        return self._answer(row)

    def list_all(self) -> Reply:
        """`GET /subscriptions/v1/list`: the rows stand under `eventname`, all in lower case."""
        rows = [
            {
                "eventName": row.event_name,
                "id": row.id,
                "targetUrl": row.target_url,
                "status": "On" if row.is_on else "Off",
                "LastUpdated": self._time(row.updated_at),
                "createdDate": self._time(row.created_at),
            }
            for row in self._rows.values()
        ]
        return self._world.replies.ok(eventname=rows)

    def delete(self, subscription_id: str) -> Reply:
        """`DELETE /subscriptions/v1/delete/{id}`"""
        number = int(subscription_id) if subscription_id.isdecimal() else 0
        if self._rows.pop(number, None) is None:
            return self._world.replies.refuse(_INVALID, "There is no such subscription")
        return self._world.replies.ok()

    def _answer(self, row: Subscription) -> Reply:
        return self._world.replies.ok(
            id=row.id,
            dateTime=self._time(row.updated_at),
            eventName=row.event_name,
            targetUrl=row.target_url,
        )

    def _of(self, event_name: str) -> Subscription | None:
        rows = (row for row in self._rows.values() if row.event_name == event_name)
        return next(rows, None)

    def _time(self, at: datetime) -> str:
        return american_text(at, self._world.behaviour.zone)


def _is_bare(body: dict[str, str]) -> bool:
    """Whether there is a token, and not of the form `<type> <credentials>`."""
    token = body.get("securityToken", "")
    return token != "" and not re.fullmatch(r"\S+ \S+", token)


def _fields(request: Request) -> dict[str, str]:
    """The scalar fields of a JSON object as text; nothing of what is not one."""
    try:
        body = from_json(request.body)
    except ValueError:
        return {}
    if not isinstance(body, dict):
        return {}
    return {str(key): str(value) for key, value in body.items() if isinstance(value, str | int)}
