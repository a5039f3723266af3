"""Of which events Monoova has once sent a signed webhook: from then on it has to sign them.

Kept for ever in the table of controls, and by each function instance in its memory, so that the
usual webhook costs nothing for it.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.items import storage_errors, text_of
from chalicelib.monoova.event_names import KNOWN_EVENTS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ID: Final = "signed-events"
# How long an instance believes that an event was never signed: unsigned news is a hint anyway.
_BELIEVED_FOR: Final = timedelta(minutes=1)
_NAMES: Final = frozenset(KNOWN_EVENTS.values())


class SignedEvents:
    """Both methods may raise `StorageUnavailableError`."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._known: frozenset[str] = frozenset()
        self._read_at: datetime | None = None

    def has(self, name: str) -> bool:
        """Whether a signed webhook of this event was ever seen."""
        if name in self._known or name not in _NAMES:
            return name in self._known
        now = self._clock.now()
        if self._read_at is None or now - self._read_at >= _BELIEVED_FOR:
            self._known |= self._stored() & _NAMES
            self._read_at = now
        return name in self._known

    def note(self, name: str) -> None:
        """Keeps that one was seen. Of events that Monoova does not have nothing is kept."""
        if name in _NAMES and not self.has(name):
            self._store(name)
            self._known |= {name}

    def _stored(self) -> frozenset[str]:
        with storage_errors():
            found = self._client.get_item(
                TableName=self._table, Key={"control_id": {"S": _ID}}, ConsistentRead=True
            )
        return frozenset(found.get("Item", {}))

    def _store(self, name: str) -> None:
        with storage_errors():
            self._client.update_item(
                TableName=self._table,
                Key={"control_id": {"S": _ID}},
                UpdateExpression="SET #name = if_not_exists(#name, :now)",
                ExpressionAttributeNames={"#name": name},
                ExpressionAttributeValues={":now": {"S": text_of(self._clock.now())}},
            )
