"""What of a file was approved: a keyed digest of each chunk's rows, and of the approval over them.

The rows stand where an engineer with the tables may write. They are digested when they are
uploaded; the approval digests these with who approved; and a chunk is compared with both before it
is released.
"""

import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.batches.rules.batch import Batch, Row

if TYPE_CHECKING:
    from chalicelib.control.account_fingerprints import AccountFingerprints


@dataclass(frozen=True, slots=True)
class RowDigests:
    """`fingerprints` has the key; it is loaded only when it is called."""

    fingerprints: "Callable[[], AccountFingerprints]"

    def of_chunk(self, batch_id: str, upload_id: str, number: int, rows: Sequence[Row]) -> str:
        """The digest of all that is paid by a chunk of an upload: the first is number 1."""
        plain = [
            [
                row.line,
                row.customer_id,
                row.destination_id,
                row.amount_cents,
                row.reference,
                row.description,
                row.retry_of,
            ]
            for row in rows
        ]
        parts = ("rows", batch_id, upload_id, str(number), json.dumps(plain))
        return self.fingerprints().of_file(parts)

    def of_approval(self, batch: Batch) -> str:
        """The digest of an approved batch: who let go what."""
        assert batch.approved_at is not None  # it was just approved, or is released
        said = [
            batch.created_by,
            batch.confirmed_by,
            batch.approved_by,
            batch.approved_at.isoformat(),
            batch.row_count,
            batch.total_cents,
            *batch.digests,
        ]
        parts = ("approval", batch.batch_id, batch.upload_id, json.dumps(said))
        return self.fingerprints().of_file(parts)

    def are_as_approved(self, batch: Batch, number: int, rows: Sequence[Row]) -> bool:
        """Whether these are the rows that were uploaded, and their batch is one that was approved.

        One that was approved before there were digests is not.
        """
        if batch.release_digest is None or number > len(batch.digests):
            return False
        is_approved = hmac.compare_digest(batch.release_digest, self.of_approval(batch))
        ours = self.of_chunk(batch.batch_id, batch.upload_id, number, rows)
        return is_approved and hmac.compare_digest(batch.digests[number - 1], ours)
