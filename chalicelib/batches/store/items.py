"""A batch, its rows and its marks as items of the records table."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.batches.rules.batch import (
    Batch,
    BatchEntry,
    BatchRetry,
    BatchStatus,
    ChunkState,
    Duplicate,
    EarlierBatch,
    FundsSeen,
    LeftOut,
    Mark,
    Row,
    SharedAccount,
    Tally,
    Warnings,
)
from chalicelib.core.dynamodb.items import Item, text_of, time_of
from chalicelib.core.dynamodb.retention import kept_until

# Rows of an upload that died before its batch stood belong to none; those of one that stands are
# written anew, to be kept, when they are released or cancelled: within 31 days.
_ROWS_KEPT_FOR: Final = timedelta(days=60)


def rows_kept_until(at: datetime) -> int:
    """When rows expire that are not released."""
    return int((at + _ROWS_KEPT_FOR).timestamp())


def text_of_rows(rows: Iterable[Row]) -> str:
    """A chunk's rows in as few bytes as JSON needs."""
    plain = [
        [
            row.line,
            row.customer_id,
            row.amount_cents,
            row.destination_id,
            row.external_id,
            row.reference,
            row.description,
            row.same_as_line,
            row.is_first,
            row.retry_of,
            row.same_account_as_line,
        ]
        for row in rows
    ]
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def rows_of(text: str) -> tuple[Row, ...]:
    """The rows that `text_of_rows` wrote."""
    return tuple(Row(*fields) for fields in json.loads(text))


def item_of_batch(batch: Batch) -> dict[str, Any]:
    """All of a batch but its rows."""
    return {
        "batch_id": batch.batch_id,
        "upload_id": batch.upload_id,
        "status": batch.status,
        "version": batch.version,
        "row_count": batch.row_count,
        "total_cents": batch.total_cents,
        "largest_cents": batch.largest_cents,
        "created_by": batch.created_by,
        "created_at": text_of(batch.created_at),
        "updated_at": text_of(batch.updated_at),
        "confirmed_by": batch.confirmed_by,
        "approved_by": batch.approved_by,
        "approved_at": text_of(batch.approved_at) if batch.approved_at else None,
        "warnings": _item_of_warnings(batch.warnings) if batch.warnings else None,
        "history": [
            {"at": text_of(entry.at), "event": entry.event, "by": entry.by, "detail": entry.detail}
            for entry in batch.history
        ],
        "not_released": batch.not_released,
        "title": batch.title,
        "repeats": _item_of_earlier(batch.repeats),
        "retry_of": _item_of_retry(batch.retry_of),
        "funds": _item_of_funds(batch.funds),
        "digests": list(batch.digests) or None,
        "release_digest": batch.release_digest,
        "expires_at": kept_until(batch.created_at),
    }


def batch_of(item: Item) -> Batch:
    """The batch in an item (already in Python's form)."""
    approved_at, warnings = item.get("approved_at"), item.get("warnings")
    return Batch(
        batch_id=item["batch_id"],
        upload_id=item["upload_id"],
        status=BatchStatus(item["status"]),
        version=int(item["version"]),
        row_count=int(item["row_count"]),
        total_cents=int(item["total_cents"]),
        largest_cents=int(item["largest_cents"]),
        created_by=item["created_by"],
        created_at=time_of(item["created_at"]),
        updated_at=time_of(item["updated_at"]),
        confirmed_by=item.get("confirmed_by"),
        approved_by=item.get("approved_by"),
        approved_at=time_of(approved_at) if approved_at else None,
        warnings=_warnings_of(warnings) if warnings else None,
        history=tuple(
            BatchEntry(time_of(entry["at"]), entry["event"], entry["by"], entry["detail"])
            for entry in item["history"]
        ),
        not_released=int(item.get("not_released", 0)),
        title=item.get("title"),
        repeats=_earlier_of(item.get("repeats")),
        retry_of=_retry_of(item.get("retry_of")),
        funds=_funds_of(item.get("funds")),
        digests=tuple(item.get("digests") or ()),
        release_digest=item.get("release_digest"),
    )


def _item_of_earlier(earlier: EarlierBatch | None) -> dict[str, Any] | None:
    if earlier is None:
        return None
    return {"batch_id": earlier.batch_id, "created_at": text_of(earlier.created_at)}


def _earlier_of(item: Item | None) -> EarlierBatch | None:
    return EarlierBatch(item["batch_id"], time_of(item["created_at"])) if item else None


def _item_of_retry(retry: BatchRetry | None) -> dict[str, Any] | None:
    if retry is None:
        return None
    return {
        "batch_id": retry.batch_id,
        "created_at": text_of(retry.created_at),
        "left_out": {reason.value: count for reason, count in retry.left_out.items()},
    }


def _retry_of(item: Item | None) -> BatchRetry | None:
    if item is None:
        return None
    left_out = {LeftOut(reason): int(count) for reason, count in item["left_out"].items()}
    return BatchRetry(item["batch_id"], time_of(item["created_at"]), left_out)


def _item_of_funds(funds: FundsSeen | None) -> dict[str, Any] | None:
    if funds is None:
        return None
    return {"available_cents": funds.available_cents, "at": text_of(funds.at)}


def _funds_of(item: Item | None) -> FundsSeen | None:
    return FundsSeen(int(item["available_cents"]), time_of(item["at"])) if item else None


def item_of_mark(mark: Mark, at: datetime) -> dict[str, Any]:
    """How far a chunk is."""
    return {
        "number": mark.number,
        "row_count": mark.row_count,
        "state": mark.state,
        "version": mark.version,
        "lease_until": text_of(mark.lease_until) if mark.lease_until else None,
        "warnings": _item_of_warnings(mark.warnings),
        "problems": {str(line): problem for line, problem in mark.problems.items()},
        "tally": _item_of_tally(mark.tally) if mark.tally else None,
        "not_before": text_of(mark.not_before) if mark.not_before else None,
        "expires_at": kept_until(at),
    }


def mark_of(item: Item) -> Mark:
    """The mark in an item (already in Python's form)."""
    lease_until, tally = item.get("lease_until"), item.get("tally")
    not_before = item.get("not_before")
    return Mark(
        number=int(item["number"]),
        row_count=int(item["row_count"]),
        state=ChunkState(item["state"]),
        version=int(item["version"]),
        lease_until=time_of(lease_until) if lease_until else None,
        warnings=_warnings_of(item["warnings"]),
        problems={int(line): problem for line, problem in item["problems"].items()},
        tally=_tally_of(tally) if tally else None,
        not_before=time_of(not_before) if not_before else None,
    )


def _item_of_tally(tally: Tally) -> dict[str, Any]:
    return {
        "at": text_of(tally.at),
        "counts": dict(tally.counts),
        "needs_review": tally.needs_review,
    }


def _tally_of(item: Item) -> Tally:
    return Tally(time_of(item["at"]), item["counts"], int(item["needs_review"]))


def _item_of_warnings(warnings: Warnings) -> dict[str, Any]:
    return {
        "duplicates": [
            [
                each.line,
                each.customer_id,
                each.amount_cents,
                each.transaction_id,
                text_of(each.created_at) if each.created_at else None,
                each.same_as_line,
            ]
            for each in warnings.duplicates
        ],
        "duplicate_count": warnings.duplicate_count,
        "first_time_count": warnings.first_time_count,
        "also_in_batches": list(warnings.also_in_batches),
        "also_in_count": warnings.also_in_count,
        "shared_accounts": [
            [each.line, each.customer_id, each.same_account_as_line]
            for each in warnings.shared_accounts
        ],
        "shared_account_count": warnings.shared_account_count,
        "paid_since": list(warnings.paid_since),
        "paid_since_count": warnings.paid_since_count,
        "unapproved_lines": list(warnings.unapproved_lines),
        "unapproved_count": warnings.unapproved_count,
    }


def _warnings_of(item: Item) -> Warnings:
    return Warnings(
        tuple(_duplicate_of(*fields) for fields in item["duplicates"]),
        int(item["duplicate_count"]),
        int(item["first_time_count"]),
        tuple(item.get("also_in_batches", ())),
        int(item.get("also_in_count", 0)),
        tuple(SharedAccount(*fields) for fields in item.get("shared_accounts", ())),
        int(item.get("shared_account_count", 0)),
        tuple(item.get("paid_since", ())),
        int(item.get("paid_since_count", 0)),
        tuple(int(line) for line in item.get("unapproved_lines", ())),
        int(item.get("unapproved_count", 0)),
    )


def _duplicate_of(
    line: int,
    customer_id: str,
    amount_cents: int,
    transaction_id: str | None,
    created_at: str | None,
    same_as_line: int | None,
) -> Duplicate:
    at = time_of(created_at) if created_at else None
    return Duplicate(line, customer_id, amount_cents, transaction_id, at, same_as_line)
