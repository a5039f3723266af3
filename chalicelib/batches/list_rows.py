"""The rows of a batch and what became of each, in the order of the file, a part at a time."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from chalicelib.batches.release_rows import transaction_id_of
from chalicelib.batches.rules.batch import (
    Batch,
    Mark,
    Row,
    RowProblem,
    all_marks,
    status_without_payout,
)
from chalicelib.batches.store.batches import Batches
from chalicelib.core.dynamodb.items import InvalidCursorError, cursor_of, key_of
from chalicelib.core.errors import ErrorCode, InvalidRequestError, NotFoundError
from chalicelib.customers.payee_store import Payees
from chalicelib.payouts.store.outlines import Outline, Outlines

# Chunks in a part: of rows that a person reads, and of the result file. The
# latter are 5,000 rows, which take a hundred calls of the database and a megabyte of the answer.
_PAGE: Final = 1
_RESULT: Final = 20
# A function answers with six megabytes at the most; a chunk of the longest texts has 1.5.
_MOST_BYTES: Final = 4_000_000
_WORDS: Final = {
    RowProblem.CUSTOMER_NOT_FOUND: "The customer was gone when the batch was released.",
    RowProblem.DESTINATION_NOT_FOUND: "The destination was gone when the batch was released.",
    RowProblem.DESTINATION_NOT_VERIFIED: "The destination is not verified.",
    RowProblem.LIMIT_EXCEEDED: "A limit of the day left no room for it on any of seven days.",
    RowProblem.MAY_BE_PAID: "Monoova says that the earlier payout was paid, or may be: it needs"
    " review.",
    RowProblem.NOT_RETRYABLE: "The earlier payout cannot be paid again as it now stands.",
    RowProblem.ALREADY_RETRIED: "The earlier payout was retried by itself meanwhile.",
    RowProblem.SETTLED_BY_HAND: "That the earlier payout was not paid is a person's word: retry it"
    " by itself, which another person approves.",
    RowProblem.RETRY_UNCLEAR: "Monoova did not say for a day whether the earlier payout was paid:"
    " it needs review.",
    RowProblem.ROWS_ALTERED: "The stored rows are not those that were approved: nothing more of"
    " them is paid.",
}


# Ids, amounts, the names of fields.
_SIZE_WITHOUT_TEXTS: Final = 400


@dataclass(frozen=True, slots=True)
class RowResult:
    """A row and what became of it. `transaction_id` is None while it has no payout."""

    row: Row
    status: str
    transaction_id: str | None = None
    failure_code: str | None = None
    failure_reason: str | None = None
    needs_review: bool = False
    waits_for: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the rows, and where the next ones begin."""

    items: tuple[RowResult, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class BatchRows:
    """Rows as they were stored, beside their payouts and their customers as they are now."""

    batches: Batches
    outlines: Outlines
    payees: Payees

    def page(self, batch_id: str, cursor: str | None) -> Part:
        """A page of a batch's rows and what became of each.

        Raises:
            NotFoundError
            InvalidRequestError: the cursor is not one of this batch.
        """
        return self._part(found_batch(self.batches, batch_id), cursor, _PAGE)

    def result(self, batch_id: str, cursor: str | None) -> Part:
        """A part of the result file, larger than a page: the rows and what became of each."""
        return self._part(found_batch(self.batches, batch_id), cursor, _RESULT)

    def _part(self, batch: Batch, cursor: str | None, chunks: int) -> Part:
        first = _first(batch, cursor)
        marks = all_marks(batch, self.batches.marks(batch.upload_id))
        found: list[RowResult] = []
        size, after = 0, first
        for mark in marks[first - 1 : first - 1 + chunks]:
            found += (some := self._of(batch, mark))
            size += sum(_size_of(result) for result in some)
            after = mark.number + 1
            if size > _MOST_BYTES:
                break
        is_end = after > batch.chunk_count
        return Part(tuple(found), None if is_end else cursor_of(_cursor(batch, after)))

    def _of(self, batch: Batch, mark: Mark) -> list[RowResult]:
        rows = self._named(self.batches.rows(batch.upload_id, mark.number))
        ids = [transaction_id_of(batch, row) for row in rows]
        outlines = self.outlines.of(ids) if batch.approved_at else {}
        return [_result(row, outlines.get(each), mark) for row, each in zip(rows, ids, strict=True)]

    def _named(self, rows: Sequence[Row]) -> list[Row]:
        """With the business's own name for each customer: a row that is done with keeps none."""
        unnamed = [row.customer_id for row in rows if row.external_id is None]
        payees = self.payees.of(unnamed) if unnamed else {}
        return [
            replace(row, external_id=payee.external_id)
            if row.external_id is None and (payee := payees.get(row.customer_id))
            else row
            for row in rows
        ]


def _size_of(result: RowResult) -> int:
    """What a row comes to in an answer at the most, where all but ASCII is escaped."""
    texts = (result.row.reference, result.failure_reason)
    return _SIZE_WITHOUT_TEXTS + len(json.dumps(texts))


def _result(row: Row, outline: Outline | None, mark: Mark) -> RowResult:
    if outline is not None:
        return RowResult(
            replace(row, reference=outline.lodgement_reference),
            outline.status,
            outline.transaction_id,
            outline.failure_code,
            outline.failure_reason,
            outline.needs_review,
            outline.waits_for,
        )
    problem = mark.problems.get(row.line)
    words = _WORDS[RowProblem(problem)] if problem else None
    return RowResult(
        row, status_without_payout(mark).value, failure_code=problem, failure_reason=words
    )


def found_batch(batches: Batches, batch_id: str) -> Batch:
    """The batch as it now stands.

    Raises:
        NotFoundError
    """
    batch = batches.get(batch_id)
    if batch is None:
        raise NotFoundError("There is no such batch.", ErrorCode.BATCH_NOT_FOUND)
    return batch


def _cursor(batch: Batch, chunk: int) -> dict[str, str]:
    return {"batch_id": batch.batch_id, "chunk": str(chunk)}


def _first(batch: Batch, cursor: str | None) -> int:
    """The chunk that a cursor means."""
    if cursor is None:
        return 1
    try:
        text = key_of(cursor, frozenset({"batch_id", "chunk"}), {"batch_id": batch.batch_id})
        chunk = int(text["chunk"])
        if _cursor(batch, chunk) != text or not 1 <= chunk <= batch.chunk_count:
            raise InvalidCursorError
    except ValueError:
        raise InvalidRequestError({"cursor": ["Not a cursor of this list."]}) from None
    return chunk
