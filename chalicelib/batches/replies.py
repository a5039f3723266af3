"""What an answer about a batch looks like."""

import csv
import io
from typing import TYPE_CHECKING, Final

from chalicelib.batches.rules.batch import (
    Batch,
    BatchEntry,
    BatchRetry,
    Duplicate,
    EarlierBatch,
    RowStatus,
    SharedAccount,
    progress_of,
)
from chalicelib.core.dynamodb.items import Page, cursor_of, text_of
from chalicelib.core.money import decimal_from
from chalicelib.core.observability import note
from chalicelib.payouts.rules.payout import Status
from chalicelib.web.csv_cells import inert
from chalicelib.web.http import Reply
from chalicelib.web.replies import Json, page_of

if TYPE_CHECKING:
    from chalicelib.batches.decide_batch import BatchView
    from chalicelib.batches.list_rows import Part, RowResult
    from chalicelib.batches.upload_batch import UploadResult

_PROGRESS: Final = {
    "waiting": RowStatus.WAITING,
    "awaiting_approval": Status.AWAITING_APPROVAL,
    "queued": Status.QUEUED,
    "pending": Status.PENDING,
    "completed": Status.COMPLETED,
    "failed": Status.FAILED,
    "returned": Status.RETURNED,
    "cancelled": Status.CANCELLED,
    "not_released": RowStatus.NOT_RELEASED,
    "unreadable": RowStatus.UNREADABLE,
}
_COLUMNS: Final = (
    "line",
    "customer_id",
    "external_id",
    "amount",
    "reference",
    "transaction_id",
    "status",
    "failure_code",
    "failure_reason",
    "needs_review",
    "waits_for",
)


def uploaded(shown: "UploadResult") -> Reply:
    """The answer to a file: a new batch, or the one that its rows are already."""
    note(batch_id=shown.batch.batch_id)
    if shown.is_replay:
        return Reply(summary(shown.batch), 200, {"Idempotent-Replayed": "true"})
    return Reply(summary(shown.batch), 201)


def summary(batch: Batch) -> Json:
    """A batch without its progress."""
    return {
        "batch_id": batch.batch_id,
        "title": batch.title,
        "status": batch.status.value,
        "row_count": batch.row_count,
        "total": decimal_from(batch.total_cents),
        "created_by": batch.created_by,
        "created_at": text_of(batch.created_at),
        "updated_at": text_of(batch.updated_at),
        "confirmed_by": batch.confirmed_by,
        "approved_by": batch.approved_by,
        "not_released": batch.not_released,
        "repeats": _earlier(batch.repeats),
        "retry_of": _retry(batch.retry_of),
        "summary": _warnings(batch),
        "history": [_entry(entry) for entry in batch.history],
    }


def batch(shown: "BatchView") -> Json:
    """A batch and how far its payouts are."""
    return summary(shown.batch) | {"progress": _progress(shown)}


def batches(shown: Page[Batch]) -> Json:
    """A page of batches."""
    items = [summary(item) for item in shown.items]
    return page_of(items, cursor_of(shown.next_key), shown.unreadable)


def _progress(shown: "BatchView") -> Json:
    if not shown.marks:
        counted = dict.fromkeys(_PROGRESS, 0) | {"waiting": shown.batch.row_count}
        return counted | {"needs_review": 0, "as_of": text_of(shown.batch.updated_at)}
    progress = progress_of(shown.marks)
    counted = {name: progress.counts[status] for name, status in _PROGRESS.items()}
    as_of = progress.as_of or shown.batch.updated_at
    return counted | {"needs_review": progress.needs_review, "as_of": text_of(as_of)}


def _warnings(batch: Batch) -> Json | None:
    """What a person should know before they confirm; None while it is not known yet."""
    found = batch.warnings
    if found is None:
        return None
    return {
        "count": batch.row_count,
        "total": decimal_from(batch.total_cents),
        "largest": decimal_from(batch.largest_cents),
        "duplicate_count": found.duplicate_count,
        "duplicates": [_duplicate(each) for each in found.duplicates],
        "first_time_count": found.first_time_count,
        "also_in_batches": list(found.also_in_batches),
        "also_in_batches_count": found.also_in_count,
        "paid_since": list(found.paid_since),
        "paid_since_count": found.paid_since_count,
        "shared_accounts": [_shared(each) for each in found.shared_accounts],
        "shared_account_count": found.shared_account_count,
        "unapproved_lines": list(found.unapproved_lines),
        "unapproved_count": found.unapproved_count,
        "may_all_be_duplicates": found.may_all_be_duplicates(batch.row_count),
        "funds": _funds(batch),
    }


def _funds(batch: Batch) -> Json | None:
    """Whether the account holds the total; None where Monoova did not say."""
    seen = batch.funds
    if seen is None:
        return None
    return {
        "available": decimal_from(seen.available_cents),
        "short_by": decimal_from(seen.short_by_cents(batch.total_cents)),
        "as_of": text_of(seen.at),
    }


def _retry(retry: BatchRetry | None) -> Json | None:
    if retry is None:
        return None
    left_out = {reason.value: count for reason, count in retry.left_out.items()}
    return {
        "batch_id": retry.batch_id,
        "created_at": text_of(retry.created_at),
        "left_out": left_out,
    }


def _earlier(earlier: EarlierBatch | None) -> Json | None:
    if earlier is None:
        return None
    return {"batch_id": earlier.batch_id, "created_at": text_of(earlier.created_at)}


def _shared(each: SharedAccount) -> Json:
    return {
        "line": each.line,
        "customer_id": each.customer_id,
        "same_account_as_line": each.same_account_as_line,
    }


def _duplicate(each: Duplicate) -> Json:
    return {
        "line": each.line,
        "customer_id": each.customer_id,
        "amount": decimal_from(each.amount_cents),
        "transaction_id": each.transaction_id,
        "created_at": text_of(each.created_at) if each.created_at else None,
        "same_as_line": each.same_as_line,
    }


def _entry(entry: BatchEntry) -> Json:
    return {"at": text_of(entry.at), "event": entry.event, "by": entry.by, "detail": entry.detail}


def rows(shown: "Part") -> Json:
    """A part of a batch's rows."""
    return page_of([_row(result) for result in shown.items], shown.next_cursor)


def _row(result: "RowResult") -> Json:
    row = result.row
    return {
        "line": row.line,
        "customer_id": row.customer_id,
        "external_id": row.external_id,
        "amount": decimal_from(row.amount_cents),
        "reference": row.reference,
        "transaction_id": result.transaction_id,
        "status": result.status,
        "failure_code": result.failure_code,
        "failure_reason": result.failure_reason,
        "needs_review": result.needs_review,
        "waits_for": result.waits_for,
        "retry_of": row.retry_of,
    }


def result(shown: "Part", *, is_first: bool) -> Reply:
    """A part of a batch's result as CSV. The parts, concatenated, are one file."""
    text = io.StringIO()
    writer = csv.writer(text)
    if is_first:
        writer.writerow(_COLUMNS)
    for item in shown.items:
        row = _row(item)
        writer.writerow([_cell(row[name]) for name in _COLUMNS])
    headers = {"Content-Type": "text/csv; charset=utf-8"}
    if shown.next_cursor:
        headers["Next-Cursor"] = shown.next_cursor
    return Reply(text.getvalue(), 200, headers)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return inert(str(value))
