"""Makes one new batch of the unpaid rows of another, to be confirmed and approved like any file.

Nothing is claimed here, and Monoova is not asked: that is done row by row when the new batch is
released, right before a payment can follow from it.
"""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from chalicelib.batches.list_rows import found_batch
from chalicelib.batches.release_rows import transaction_id_of
from chalicelib.batches.rules.batch import Batch, BatchRetry, BatchStatus, LeftOut, Row
from chalicelib.batches.rules.retry import left_out_for
from chalicelib.batches.store.batches import Batches
from chalicelib.batches.upload_batch import BatchUpload, UploadResult, compared
from chalicelib.core.actor import Actor
from chalicelib.core.clock import Clock
from chalicelib.core.deadline import TimeLeft
from chalicelib.core.errors import ConflictError, ErrorCode
from chalicelib.customers.payee_store import Payee, Payees
from chalicelib.customers.rules.verification import is_payable
from chalicelib.payouts.store.outlines import Outline, Outlines

# A name of our own for ids that follow from the batch that is retried (RFC 9562, version 5).
_BY_RETRY: Final = uuid.UUID("5d0a7c0e-9b3f-4d57-8f0e-2a6b91c4d713")
# With approvals, rows that became payouts: of any other there is nothing to retry.
_RETRYABLE: Final = (BatchStatus.RELEASED, BatchStatus.FINISHED, BatchStatus.CANCELLED)
_OVER: Final = (BatchStatus.FINISHED, BatchStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class BatchRetries:
    """Retries batches; each gives one new batch at a time, however often it is asked for."""

    batches: Batches
    outlines: Outlines
    payees: Payees
    uploads: BatchUpload
    clock: Clock
    requires_verified: bool

    def retry(self, batch_id: str, by: Actor, seconds: float) -> UploadResult:
        """The new batch, or the one that was made of these rows before and is not over.

        Raises:
            NotFoundError
            ConflictError: it was not released, or no row of it can be retried.
            PayloadTooLargeError: it takes more than `seconds`; nothing stands.
        """
        time_left = TimeLeft(self.clock, self.clock.now() + timedelta(seconds=seconds))
        old = found_batch(self.batches, batch_id)
        if old.approved_at is None or old.status not in _RETRYABLE:
            raise ConflictError(
                f"The batch is {old.status}: it has no payouts that ended.",
                ErrorCode.BATCH_IN_OTHER_STATUS,
            )
        count, latest = self._latest(old)
        if latest is not None and latest.status not in _OVER:
            return UploadResult(latest, is_replay=True)
        left_out: Counter[LeftOut] = Counter()
        rows = [row for part in self._parts(old, left_out, time_left) for row in part]
        if not rows:
            raise ConflictError(_nothing(left_out), ErrorCode.NOTHING_TO_RETRY)
        retry = BatchRetry(old.batch_id, old.created_at, dict(left_out))
        new_id = _id_of(old, count)
        return self.uploads.store(
            new_id, compared(rows), by.name, time_left, title=old.title, retry_of=retry
        )

    def _latest(self, old: Batch) -> tuple[int, Batch | None]:
        """How many batches were made of its rows, and the last of them: never more than few."""
        count, latest = 0, None
        while (found := self.batches.get(_id_of(old, count))) is not None:
            count, latest = count + 1, found
        return count, latest

    def _parts(
        self, old: Batch, left_out: Counter[LeftOut], time_left: TimeLeft
    ) -> Iterator[list[Row]]:
        for number in range(1, old.chunk_count + 1):
            self.uploads.check_time(time_left)
            rows = self.batches.rows(old.upload_id, number)
            outlines = self.outlines.of([transaction_id_of(old, row) for row in rows])
            payees = self.payees.of([row.customer_id for row in rows])
            part = []
            for row in rows:
                outline = outlines.get(transaction_id_of(old, row))
                reason = left_out_for(outline) or self._unpayable(row, payees)
                if outline is None or reason is not None:
                    left_out[reason or LeftOut.WITHOUT_PAYOUT] += 1
                else:
                    part.append(_row_again(row, outline, payees))
            yield part

    def _unpayable(self, row: Row, payees: Mapping[str, Payee]) -> LeftOut | None:
        payee = payees.get(row.customer_id)
        place = payee.place(row.destination_id) if payee else None
        is_good = place is not None and is_payable(
            place.verification, requires_verified=self.requires_verified
        )
        return None if is_good else LeftOut.DESTINATION_GONE


def _id_of(old: Batch, count: int) -> str:
    return str(uuid.uuid5(_BY_RETRY, f"{old.batch_id}\n{count}"))


def _row_again(row: Row, outline: Outline, payees: Mapping[str, Payee]) -> Row:
    """The row with the words that stand in its payout, and the payout that it pays again."""
    return replace(
        row,
        external_id=payees[row.customer_id].external_id,
        reference=outline.lodgement_reference,
        description=outline.description,
        retry_of=outline.transaction_id,
    )


def _nothing(left_out: Mapping[LeftOut, int]) -> str:
    counts = ", ".join(f"{reason}: {left_out[reason]}" for reason in LeftOut if left_out[reason])
    return f"No row of this batch can be retried. {counts}."
