"""Whether rows of a batch still wait to become payouts of a customer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chalicelib.batches.rules.batch import BatchStatus, ChunkState, all_marks
from chalicelib.batches.store.batches import Batches, RowsMissingError
from chalicelib.batches.store.open_batches import OpenBatches
from chalicelib.core.dynamodb.readable import UnreadableItemError
from chalicelib.core.errors import ConflictError

# The rows of such a chunk have no texts any more: what they had stands in payouts.
# One that cannot be read keeps no erasure waiting.
_OVER: Final = (ChunkState.RELEASED, ChunkState.CANCELLED, ChunkState.UNREADABLE)
# Four of the largest batches: some ten seconds of the API's thirty.
_MOST_CHUNKS: Final = 320


@dataclass(frozen=True, slots=True)
class WaitingRows:
    """Reads the rows of all open batches, of which there are few."""

    batches: Batches
    open_batches: OpenBatches

    def batch_with(self, customer_id: str) -> str | None:
        """The id of a batch in which a row of the customer waits; None if there is none.

        Raises:
            ConflictError: there is more to look through than a request has time for.
        """
        for looked_at, (batch_id, upload_id, number) in enumerate(self._chunks()):
            if looked_at >= _MOST_CHUNKS:
                raise ConflictError(
                    "Too many batches are waiting for release to check this: try again when"
                    " some are released or cancelled."
                )
            try:
                rows = self.batches.rows(upload_id, number)
            except (RowsMissingError, UnreadableItemError):
                # What is not there names no customer; an alarm on the batch's age reports it, and
                # what cannot be read has one of its own.
                continue
            if any(row.customer_id == customer_id for row in rows):
                return batch_id
        return None

    def _chunks(self) -> Iterator[tuple[str, str, int]]:
        for batch_id in self.open_batches.ids():
            try:
                batch = self.batches.get(batch_id)
                marks = self.batches.marks(batch.upload_id) if batch else ()
            except UnreadableItemError:
                continue
            if batch is None:
                continue
            for mark in all_marks(batch, marks):
                if mark.state not in _OVER:
                    yield batch_id, batch.upload_id, mark.number


def count_awaiting_approval(batches: Batches, open_batches: OpenBatches, since: datetime) -> int:
    """How many batches wait for an approver since then. May raise `StorageUnavailableError`."""
    found = 0
    for batch_id in open_batches.ids():
        try:
            batch = batches.get(batch_id)
        except UnreadableItemError:
            # Named by now; the advancer counts it at every run.
            continue
        is_waiting = batch is not None and batch.status is BatchStatus.AWAITING_APPROVAL
        found += bool(is_waiting and batch and batch.updated_at <= since)
    return found
