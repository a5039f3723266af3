"""What a batch looks like, from its total to its rows; each is valid by its schema."""

from collections.abc import Mapping
from typing import Any, Final

Json = dict[str, Any]

_BATCH_ID: Final = "0f3b7c52-8d1e-5a55-9f1b-6c1f9d0a4e77"
_BY: Final = "0a1b2c3d-0000-4000-8000-000000000001"
_CHECKED_BY: Final = "0a1b2c3d-0000-4000-8000-000000000002"
_AT: Final = "2026-03-02T04:00:00.000Z"


def _entry(at: str, event: str, by: str) -> Json:
    return {"at": at, "event": event, "by": by, "detail": None}


_BATCH: Final[Json] = {
    "batch_id": _BATCH_ID,
    "title": "Refunds of the week of 2 March",
    "status": "Released",
    "row_count": 300,
    "total": 37650.0,
    "created_by": _BY,
    "created_at": _AT,
    "updated_at": "2026-03-02T04:09:20.000Z",
    "confirmed_by": _BY,
    "approved_by": _CHECKED_BY,
    "not_released": 0,
    "repeats": None,
    "retry_of": None,
    "summary": {
        "count": 300,
        "total": 37650.0,
        "largest": 900.0,
        "duplicate_count": 0,
        "duplicates": [],
        "first_time_count": 12,
        "also_in_batches": [],
        "also_in_batches_count": 0,
        "paid_since": [],
        "paid_since_count": 0,
        "shared_accounts": [],
        "shared_account_count": 0,
        "unapproved_lines": [],
        "unapproved_count": 0,
        "may_all_be_duplicates": False,
        "funds": {
            "available": 41250.0,
            "short_by": 0.0,
            "as_of": "2026-03-02T04:02:11.000Z",
        },
    },
    "history": [
        _entry(_AT, "Uploaded", _BY),
        _entry("2026-03-02T04:00:04.000Z", "Checked", "worker"),
        _entry("2026-03-02T04:02:11.000Z", "Confirmed", _BY),
        _entry("2026-03-02T04:09:02.000Z", "Approved", _CHECKED_BY),
        _entry("2026-03-02T04:09:20.000Z", "Released", "worker"),
    ],
}
_PROGRESS: Final[Json] = {
    "waiting": 0,
    "awaiting_approval": 0,
    "queued": 41,
    "pending": 8,
    "completed": 250,
    "failed": 1,
    "returned": 0,
    "cancelled": 0,
    "not_released": 0,
    "unreadable": 0,
    "needs_review": 0,
    "as_of": "2026-03-02T04:10:00.000Z",
}
_ROW: Final[Json] = {
    "line": 2,
    "customer_id": "7c0e6a30-1f6b-4f2e-8f5f-5a3e2c1d9b10",
    "external_id": "C-1001",
    "amount": 125.5,
    "reference": "Refund 4711",
    "transaction_id": "6ad1a5d6-3b0c-5d51-8c1c-0d1a7b6f2e33",
    "status": "Failed",
    "failure_code": "BankRejected",
    "failure_reason": "ACCOUNT CLOSED",
    "needs_review": False,
    "waits_for": None,
    "retry_of": None,
}

BATCH_EXAMPLES: Final[Mapping[str, Json]] = {
    "BatchFile": {
        "file": "external_id,amount,reference\nC-1001,125.50,Invoice 7\n",
        "title": "Refunds of the week of 2 March",
        "repeat": False,
    },
    "BatchTotal": {"total": "37650.00"},
    "BatchApproval": {"unapproved": 0, "duplicates": 0, "shared_accounts": 0},
    "Batch": _BATCH,
    "BatchPage": {"items": [_BATCH], "next_cursor": None, "unreadable": []},
    "BatchWithProgress": _BATCH | {"progress": _PROGRESS},
    "BatchRowPage": {"items": [_ROW], "next_cursor": None, "unreadable": []},
}
