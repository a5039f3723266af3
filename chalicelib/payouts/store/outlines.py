"""What became of many payouts at once: of each only the few fields that a list of them needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.core.dynamodb.many_items import ManyItems
from chalicelib.core.dynamodb.readable import read_all, well_typed
from chalicelib.payouts.rules.payout import Status
from chalicelib.payouts.store.items import PAYOUT

# The status of a payout that stands and cannot be read: no one knows which it has.
UNREADABLE: Final = "Unreadable"

_NAMES: Final = {"#status": "status"}
_FIELDS: Final = (
    "transaction_id, #status, needs_review, failure_code, failure_reason, lodgement_reference,"
    " waits_for, description, succeeded_by, return_seen_at"
)


@dataclass(frozen=True, slots=True)
class Outline:
    """A payout, as far as a row of a batch tells of it, or is retried by it."""

    transaction_id: str
    status: str
    needs_review: bool
    failure_code: str | None
    failure_reason: str | None
    lodgement_reference: str | None
    waits_for: str | None = None
    description: str | None = None
    succeeded_by: str | None = None
    return_seen_at: str | None = None


class Outlines:
    """Reads the transactions table."""

    def __init__(self, payouts: ManyItems) -> None:
        self._payouts = payouts

    def of(self, transaction_ids: Sequence[str]) -> dict[str, Outline]:
        """The payouts that there are; of one that cannot be read, that it needs a person."""
        items = self._payouts.read_items(transaction_ids, _FIELDS, _NAMES)
        found, unreadable = read_all(PAYOUT, "transaction_id", items, outline_of)
        unknown = (Outline(each, UNREADABLE, True, None, None, None) for each in unreadable)
        return {outline.transaction_id: outline for outline in (*found, *unknown)}


def outline_of(item: Mapping[str, Any]) -> Outline:
    """The outline in an item (already in Python's form)."""
    outline = Outline(
        transaction_id=item["transaction_id"],
        status=Status(item["status"]).value,
        needs_review=item["needs_review"],
        failure_code=item.get("failure_code"),
        failure_reason=item.get("failure_reason"),
        lodgement_reference=item.get("lodgement_reference"),
        waits_for=item.get("waits_for") if item["status"] == Status.QUEUED else None,
        description=item.get("description"),
        succeeded_by=item.get("succeeded_by"),
        return_seen_at=item.get("return_seen_at"),
    )
    return well_typed(outline)
