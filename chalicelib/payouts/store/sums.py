"""The sums of a day in the controls table, as parts of a transaction."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from chalicelib.control.rules.limits import Count, day_of_sum
from chalicelib.core.dynamodb.items import encoded

_KEPT_FOR: Final = timedelta(days=3)


def key_of(sum_id: str) -> dict[str, Any]:
    """The key of a sum, in DynamoDB's form."""
    return encoded({"control_id": sum_id})


def addition(table: str, count: Count) -> dict[str, Any]:
    """Adds a payout to a sum, if this has room for it."""
    update = _added(table, count.sum_id, count.amount_cents, count.day)
    # Without a sum there is none to compare with; an amount over the limit by itself must not get
    # in that way.
    first = "attribute_not_exists(cents) OR " if count.room_cents >= 0 else ""
    update["ConditionExpression"] = f"{first}cents <= :room"
    update["ExpressionAttributeValues"][":room"] = {"N": str(count.room_cents)}
    update["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return {"Update": update}


def giving_back(table: str, sum_id: str, amount_cents: int) -> dict[str, Any]:
    """Takes a payout out of a sum again, whatever day that is of: one that is long over expires."""
    return {"Update": _added(table, sum_id, -amount_cents, day_of_sum(sum_id))}


def _added(table: str, sum_id: str, cents: int, day: date) -> dict[str, Any]:
    kept_until = datetime.combine(day, time(), UTC) + _KEPT_FOR
    return {
        "TableName": table,
        "Key": key_of(sum_id),
        "UpdateExpression": "ADD cents :cents SET expires_at = :expires",
        "ExpressionAttributeValues": {
            ":cents": {"N": str(cents)},
            ":expires": {"N": str(int(kept_until.timestamp()))},
        },
    }
