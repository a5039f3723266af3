"""What was paid a moment ago: one item for an amount to an account under a reference.

It holds keyed hashes and an id of ours, nothing of the payee, and expires with its window.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.core.dynamodb.items import decoded, encoded, storage_errors
from chalicelib.monoova.gate_store import Controls

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class PossibleDuplicateError(Exception):
    """The payout `earlier` has paid the same a moment ago."""

    def __init__(self, earlier: str) -> None:
        super().__init__("The same was paid a moment ago.")
        self.earlier = earlier


@dataclass(frozen=True, slots=True)
class Remembrance:
    """Remembers a new payout as the latest payment of its kind: a `Companion` of the payout.

    `accepted` is the one that may be forgotten for it; whatever else stands there refuses it, but
    for one that `is_unbound`: a retry has claimed the payout in whose place it is made.
    """

    table: str
    payment: str
    transaction_id: str
    at: datetime
    until: datetime
    accepted: str | None = None
    is_unbound: bool = False

    @property
    def write(self) -> Mapping[str, Any]:
        """The write, as one of the `TransactItems` of DynamoDB."""
        item = {
            "control_id": _id_of(self.payment),
            "transaction_id": self.transaction_id,
            "expires_at": int(self.until.timestamp()),
        }
        put: dict[str, Any] = {"TableName": self.table, "Item": encoded(item)}
        if not self.is_unbound:
            # DynamoDB's TTL takes its time: an item that is over may stand for days.
            put |= {
                "ConditionExpression": "attribute_not_exists(control_id) OR expires_at <= :now"
                " OR transaction_id = :accepted",
                "ExpressionAttributeValues": encoded(
                    {":now": int(self.at.timestamp()), ":accepted": self.accepted or "none"}
                ),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        return {"Put": put}

    def refusal(self, standing: Mapping[str, Any] | None) -> PossibleDuplicateError:
        """What is raised where another payment of the kind stands."""
        assert standing is not None  # the condition fails only where an item stands
        return PossibleDuplicateError(str(standing["transaction_id"]))


class RecentPayments:
    """Reads what is remembered. May raise `StorageUnavailableError`."""

    def __init__(self, client: "DynamoDBClient", controls: Controls) -> None:
        self._client = client
        self.table = controls.table

    def latest(self, payment: str, at: datetime) -> str | None:
        """The id of the latest payment of this kind, while it is remembered."""
        with storage_errors():
            found = self._client.get_item(
                TableName=self.table,
                Key=encoded({"control_id": _id_of(payment)}),
                ConsistentRead=True,
            )
        item = decoded(found["Item"]) if "Item" in found else None
        is_over = item is None or int(item["expires_at"]) <= int(at.timestamp())
        return None if item is None or is_over else str(item["transaction_id"])


def _id_of(payment: str) -> str:
    return f"recent#{payment}"
