"""The one place where tests make a batch out of nothing, naming the fields they are about."""

from datetime import UTC, datetime
from typing import Any, Final

from chalicelib.batches.rules.batch import Batch, BatchStatus

NOW: Final = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)


def a_batch(status: BatchStatus = BatchStatus.CHECKING, **fields: Any) -> Batch:
    """A batch of 600 rows and A$1,234.50 in all, just uploaded, with these other fields."""
    usual: dict[str, Any] = {
        "batch_id": "b-1",
        "upload_id": "u-1",
        "version": 1,
        "row_count": 600,
        "total_cents": 123_450,
        "largest_cents": 9_950,
        "created_by": "maker",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Batch(status=status, **usual | fields)
