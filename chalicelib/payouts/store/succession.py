"""Claims an ended payout for the one payout that is made in its place.

The claim is a condition of the transaction that stores the new payout: whatever would pay the same
again (a retry, a row of a batch) makes it, so that of all that try one succeeds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.core.dynamodb.items import encoded
from chalicelib.payouts.rules.payout import Change, Payout, kept_entries
from chalicelib.payouts.store.items import PayoutUpdate, payout_of
from chalicelib.payouts.store.payouts import PayoutChangedError


@dataclass(frozen=True, slots=True)
class Succession:
    """The claim on `old`, as it was read when it was decided on: a `Companion` of its successor.

    `change` names the successor. Where anything has changed about the old payout since it was read,
    nothing of the transaction is written: what was decided is decided anew.
    """

    table: str
    old: Payout
    change: Change
    at: datetime

    @property
    def write(self) -> Mapping[str, Any]:
        """The write, as one of the `TransactItems` of DynamoDB."""
        update = PayoutUpdate(self.change, self.at, kept_entries(self.old, self.change))
        # What came back in parts has a successor for each, one after the other.
        former = self.old.succeeded_by
        is_free = "#succeeded_by = :former" if former else "attribute_not_exists(#succeeded_by)"
        values = {":expected": self.old.version} | ({":former": former} if former else {})
        update.require(f"#version = :expected AND {is_free}", values)
        transaction_id = self.old.transaction_id
        return {
            "Update": {
                "TableName": self.table,
                "Key": encoded({"transaction_id": transaction_id}),
                "UpdateExpression": update.expression,
                "ConditionExpression": update.condition,
                "ExpressionAttributeNames": update.names,
                "ExpressionAttributeValues": update.encoded_values,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def refusal(self, standing: Mapping[str, Any] | None) -> PayoutChangedError:
        """What is raised where the claim fails, with the old payout as it now stands."""
        return PayoutChangedError(payout_of(standing) if standing else None)
