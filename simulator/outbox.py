"""Webhooks to be sent: signed, tried twice, reported, and sent again on request.

Nothing here holds the lock while it sends: the receiver may ask this Monoova a question before it
answers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from simulator.behaviour import Signature
from simulator.clock import day_text, local_text
from simulator.messages import Json, Reply
from simulator.schedule import Schedule
from simulator.signing import SigningKey
from simulator.subscriptions import Subscriptions
from simulator.world import World

Deliver = Callable[[str, Mapping[str, str], bytes], int]
"""POST `body` to `url`; answers the HTTP status. 0 or an exception: not delivered."""

MAX_TRIES = 2


@dataclass
class Notification:
    """One webhook. `to_lose`: how many of its next tries are lost."""

    webhook_id: int
    event_name: str
    url: str
    token: str
    body: bytes
    created_at: datetime
    to_lose: int = 0
    tries: int = 0
    tries_in_round: int = 0
    last_code: int = 0
    last_try_at: datetime | None = None
    last_error: str = ""
    is_delivered: bool = False
    is_forgotten: bool = False


class Outbox:
    """Every webhook that was ever due, and those still to be tried."""

    def __init__(self, world: World, subscriptions: Subscriptions, signing: SigningKey) -> None:
        self._world = world
        self._subscriptions = subscriptions
        self._signing = signing
        self._rows: list[Notification] = []
        self._due: Schedule[Notification] = Schedule()
        self._urgent: list[Notification] = []
        self._last_id = 900_000

    def clear(self) -> None:
        """Forget every webhook, sent or not, and one that is on its way right now."""
        for row in self._rows:
            row.is_forgotten = True
        self._rows, self._urgent = [], []
        self._due = Schedule()

    @property
    def notifications(self) -> list[Notification]:
        """Every webhook, oldest first."""
        return list(self._rows)

    def post(self, event_name: str, body: bytes, due: datetime, to_lose: int = 0) -> None:
        """Send to the subscriber of `event_name`, at `due`, if there is one."""
        notification = self._write(event_name, body, to_lose)
        if notification is not None:
            self._due.add(due, notification)

    def post_now(self, event_name: str, body: bytes) -> None:
        """Send before the call that is being answered gets its answer."""
        notification = self._write(event_name, body, 0)
        if notification is not None:
            self._urgent.append(notification)

    def take_urgent(self) -> list[Notification]:
        """What must leave before the present answer does."""
        urgent, self._urgent = self._urgent, []
        return urgent

    def take_due(self, now: datetime) -> Notification | None:
        """The next webhook whose time has come."""
        popped = self._due.pop_due(now)
        return popped[1] if popped else None

    def next_due(self) -> datetime | None:
        """When the next try is due."""
        return self._due.next_due()

    def begin(self, notification: Notification) -> tuple[dict[str, str], bool]:
        """Count a try. Answers its headers, and whether it is to be lost."""
        notification.tries += 1
        notification.tries_in_round += 1
        notification.last_try_at = self._world.now()
        if notification.tries_in_round > 1 and self._world.behaviour.new_webhook_id_on_retry:
            notification.webhook_id = self._next_id()
        is_lost = notification.to_lose > 0
        notification.to_lose -= is_lost
        return self._headers(notification), is_lost

    def finish(self, notification: Notification, code: int, error: str) -> None:
        """Note what came of a try: anything but 200 is tried again, once, 30 s later."""
        notification.last_code = code
        notification.last_error = error
        notification.is_delivered = code == 200
        may_retry = notification.tries_in_round < MAX_TRIES and not notification.is_forgotten
        if may_retry and not notification.is_delivered:
            pause = self._world.scaled(self._world.behaviour.webhook_retry_seconds)
            self._due.add(self._world.now() + pause, notification)

    def report(self, day: str, skip: int, take: int) -> Reply:
        """`GET /subscriptions/v1/report/{date}`: what was tried on that day, without payloads."""
        zone = self._world.behaviour.zone
        rows = [row for row in self._rows if row.tries and day_text(row.created_at, zone) == day]
        shown = [self._report_row(row) for row in rows[skip : skip + take]]
        return self._world.replies.ok(notifications=shown)

    def resend(self, webhook_id: str) -> Reply:
        """`POST /subscriptions/v2/resend/{WebhookId}`: the same body once more, now."""
        row = next((row for row in self._rows if str(row.webhook_id) == webhook_id), None)
        if row is None:
            return self._world.replies.refuse(
                "SimulatedWebhookIdNotFound", "There is no such notification"
            )
        row.tries_in_round = 0
        self._due.add(self._world.now(), row)
        return self._world.replies.ok()

    def _write(self, event_name: str, body: bytes, to_lose: int) -> Notification | None:
        listener = self._subscriptions.listener(event_name)
        if listener is None:
            return None
        notification = Notification(
            self._next_id(),
            event_name,
            listener.target_url,
            listener.token,
            body,
            self._world.now(),
            to_lose,
        )
        self._rows.append(notification)
        return notification

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _headers(self, notification: Notification) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Webhookid": str(notification.webhook_id),
        }
        if notification.token:
            headers["Authorization"] = notification.token
        sign = self._world.behaviour.webhook_signature
        if sign is Signature.PRESENT:
            headers["Verification-Signature"] = self._signing.signature(notification.body)
        elif sign is Signature.WRONG:
            headers["Verification-Signature"] = self._signing.signature(notification.body + b" ")
        return headers

    def _report_row(self, row: Notification) -> Json:
        zone = self._world.behaviour.zone
        retried = row.last_try_at if row.tries > 1 else None
        return {
            "dateTime": local_text(row.created_at, zone),
            "eventName": row.event_name,
            "lastResponseCode": row.last_code,
            "lastRetryDateTime": local_text(retried, zone) if retried else None,
            "retryCount": max(row.tries - 1, 0),
            "status": "Sent" if row.is_delivered else "Error",
            "url": row.url,
            "webhookId": row.webhook_id,
        }
