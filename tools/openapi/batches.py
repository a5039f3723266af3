"""What an answer about a batch looks like, as JSON Schema, and what a file of payouts is."""

from typing import Any, Final

from chalicelib.batches.rules.batch import (
    CHUNK_ROWS,
    MOST_DUPLICATES,
    MOST_ROWS,
    UPLOADED,
    BatchEvent,
    BatchStatus,
    LeftOut,
    RowProblem,
    RowStatus,
)
from chalicelib.payouts.rules.payout import FailureCode, Status
from tools.openapi.examples_batches import BATCH_EXAMPLES
from tools.openapi.parts import (
    AMOUNT,
    COUNT,
    IDENTIFIER,
    TEXT,
    TIME,
    YES_OR_NO,
    object_of,
    one_of,
    or_null,
    page_of,
    reference_to,
)

Json = dict[str, Any]

_LINE: Final[Json] = {
    "type": "integer",
    "minimum": 2,
    "description": "Of the file, as an editor counts.",
}
_DOLLARS: Final[Json] = {"type": "number", "multipleOf": 0.01}
_PROGRESS: Final = (
    "waiting",
    "awaiting_approval",
    "queued",
    "pending",
    "completed",
    "failed",
    "returned",
    "cancelled",
    "not_released",
    "unreadable",
    "needs_review",
)
_BATCH: Final[Json] = {
    "batch_id": IDENTIFIER,
    "title": {**or_null(TEXT), "description": "Of the file, as who uploaded it has put it."},
    "status": reference_to("BatchStatus"),
    "row_count": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
    "total": AMOUNT,
    "created_by": TEXT,
    "created_at": TIME,
    "updated_at": TIME,
    "confirmed_by": or_null(TEXT),
    "approved_by": or_null(TEXT),
    "not_released": {
        **COUNT,
        "description": "Rows that became no payout, once the batch is released.",
    },
    "repeats": {"anyOf": [reference_to("EarlierBatch"), {"type": "null"}]},
    "retry_of": {"anyOf": [reference_to("RetriedBatch"), {"type": "null"}]},
    "summary": {"anyOf": [reference_to("BatchSummary"), {"type": "null"}]},
    "history": {"type": "array", "items": reference_to("BatchEntry"), "minItems": 1},
}
_ROW_STATUSES: Final = tuple(dict.fromkeys([*RowStatus, *Status]))
_OBJECTS: Final[dict[str, Json]] = {
    "BatchStatus": {"description": "How far a batch is.", **one_of(BatchStatus)},
    "BatchSummary": object_of(
        {
            "count": COUNT,
            "total": AMOUNT,
            "largest": AMOUNT,
            "duplicate_count": COUNT,
            "duplicates": {
                "type": "array",
                "items": reference_to("BatchDuplicate"),
                "maxItems": MOST_DUPLICATES,
            },
            "first_time_count": {
                **COUNT,
                "description": "Customers who were never paid before.",
            },
            "also_in_batches": {
                "type": "array",
                "items": IDENTIFIER,
                "maxItems": 20,
                "description": "Batches not paid yet that pay the same customer, or the same"
                " account, the same amount.",
            },
            "also_in_batches_count": {**COUNT, "description": "Rows that they pay as well."},
            "paid_since": {
                "type": "array",
                "items": IDENTIFIER,
                "maxItems": 20,
                "description": "Single payouts since the check, of the same amount to the same"
                " customer.",
            },
            "paid_since_count": {**COUNT, "description": "Rows that they pay as well."},
            "shared_accounts": {
                "type": "array",
                "items": reference_to("BatchSharedAccount"),
                "maxItems": MOST_DUPLICATES,
            },
            "shared_account_count": {
                **COUNT,
                "description": "Rows to an account that an earlier row pays under another"
                " customer.",
            },
            "unapproved_lines": {
                "type": "array",
                "items": COUNT,
                "maxItems": MOST_DUPLICATES,
                "description": "Lines of rows to destinations that no person other than who added"
                " them has approved: each becomes a payout that waits for that.",
            },
            "unapproved_count": {
                **COUNT,
                "description": "All of these rows; approving repeats how many they are.",
            },
            "may_all_be_duplicates": {
                "type": "boolean",
                "description": "Whether confirming asks for `accept_duplicates` as well.",
            },
            "funds": {"anyOf": [reference_to("BatchFunds"), {"type": "null"}]},
        },
        about="What a person should know before they confirm.",
    ),
    "BatchFunds": object_of(
        {
            "available": _DOLLARS,
            "short_by": {
                **_DOLLARS,
                "description": "How much the total is more. Its rows wait then, and none fails.",
            },
            "as_of": TIME,
        },
        about="What the account could pay out when the batch was checked, confirmed or approved.",
    ),
    "EarlierBatch": object_of(
        {"batch_id": IDENTIFIER, "created_at": TIME},
        about="The batch whose rows this one has once more, on purpose.",
    ),
    "RetriedBatch": object_of(
        {
            "batch_id": IDENTIFIER,
            "created_at": TIME,
            "left_out": object_of(
                {reason.value: COUNT for reason in LeftOut},
                optional=[reason.value for reason in LeftOut],
                about="How many of its rows are not in this batch, by why.",
            ),
        },
        about="The batch whose unpaid rows this one has.",
    ),
    "BatchSharedAccount": object_of(
        {"line": _LINE, "customer_id": IDENTIFIER, "same_account_as_line": _LINE},
        about="A row to an account that an earlier row pays under another customer.",
    ),
    "BatchDuplicate": object_of(
        {
            "line": _LINE,
            "customer_id": IDENTIFIER,
            "amount": AMOUNT,
            "transaction_id": {
                **or_null(IDENTIFIER),
                "description": "A payout of the last 7 days of the same amount to this customer.",
            },
            "created_at": or_null(TIME),
            "same_as_line": {
                **or_null(_LINE),
                "description": "An earlier line that pays this customer, or this account, the same"
                " amount.",
            },
        }
    ),
    "BatchEntry": object_of(
        {
            "at": TIME,
            "event": one_of([UPLOADED, *BatchEvent]),
            "by": TEXT,
            "detail": or_null(TEXT),
        }
    ),
    "Batch": object_of(_BATCH, about="A batch without its progress."),
    "BatchPage": page_of("Batch"),
    "BatchWithProgress": object_of(
        _BATCH
        | {
            "progress": object_of(
                dict.fromkeys(_PROGRESS, COUNT)
                | {"as_of": {**TIME, "description": "When the oldest part of it was counted."}}
            )
        },
        about="A batch and what became of its rows so far.",
    ),
    "BatchRow": object_of(
        {
            "line": _LINE,
            "customer_id": IDENTIFIER,
            "external_id": or_null(TEXT),
            "amount": AMOUNT,
            "reference": or_null(TEXT),
            "transaction_id": or_null(IDENTIFIER),
            "status": one_of(_ROW_STATUSES),
            "failure_code": or_null(one_of([*FailureCode, *RowProblem])),
            "failure_reason": or_null(TEXT),
            "needs_review": YES_OR_NO,
            "retry_of": {
                **or_null(IDENTIFIER),
                "description": "The payout that this row pays again.",
            },
            "waits_for": {"anyOf": [reference_to("QueueReason"), {"type": "null"}]},
        },
        about="A row of the file and what became of it.",
    ),
    "BatchRowPage": page_of("BatchRow", CHUNK_ROWS),
}
FILE: Final[Json] = {
    "required": True,
    "content": {
        "text/csv": {
            "schema": {
                "type": "string",
                "description": "CSV in UTF-8 with a header: `amount`, `customer_id` or"
                " `external_id` (or both), and, if wanted, `destination_id`, `reference`,"
                f" `description`. 1 to {MOST_ROWS} rows, 4 MB at most.",
            },
            "examples": {
                "one row": {"value": "external_id,amount,reference\nC-1001,125.50,Invoice 7\n"}
            },
        },
        "application/json": {
            "schema": reference_to("BatchFile"),
            "example": BATCH_EXAMPLES["BatchFile"],
        },
    },
}
NEXT_CURSOR: Final[Json] = {
    "Next-Cursor": {
        "description": "There where the file goes on: the `cursor` of its next part.",
        "schema": {"type": "string"},
    }
}


def batch_schemas() -> dict[str, Json]:
    """Everything that an answer about a batch may hold, by the name of its component."""
    return dict(_OBJECTS)
