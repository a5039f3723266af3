"""What an answer or a request looks like, by the name of its schema; each is valid by it."""

from collections.abc import Mapping
from typing import Any, Final

from tools.openapi.examples_batches import BATCH_EXAMPLES

Json = dict[str, Any]

_PAYOUT_ID: Final = "2d1f6a6c-6d54-4f0e-9a52-0f4b3d0e8a11"
_CUSTOMER_ID: Final = "7c0e6a30-1f6b-4f2e-8f5f-5a3e2c1d9b10"
_DESTINATION_ID: Final = "c1b5f6de-40a1-4d3c-9b0b-0a5d2f7e6c22"
_BY: Final = "0a1b2c3d-0000-4000-8000-000000000001"
_CHECKER: Final = "0a1b2c3d-0000-4000-8000-000000000002"
_AT: Final = "2026-03-02T01:00:00.000Z"
_SETTLED_AT: Final = "2026-03-02T01:00:41.000Z"

_PAY_ID: Final[Json] = {
    "type": "PayId",
    "pay_id": "jo@example.com",
    "pay_id_type": "Email",
    "account_name": "Jo Citizen",
}
_DESTINATION: Final[Json] = {
    "destination_id": _DESTINATION_ID,
    "type": "PayId",
    "pay_id_type": "Email",
    "masked": "j•••@example.com",
    "created_at": _AT,
    "bsb_checked_at": None,
    "added_by": _BY,
    "approved_by": _CHECKER,
    "approved_at": _SETTLED_AT,
    "cap": 1000.0,
    "asked_cap": None,
    "asked_cap_by": None,
    "verification": {"status": "Verified", "owner_name_matches": True, "at": _SETTLED_AT},
}
_UNAPPROVED: Final[Json] = _DESTINATION | dict.fromkeys(("approved_by", "approved_at", "cap"))
_NAMED: Final[Json] = {"customer_id": _CUSTOMER_ID, "destination_id": _DESTINATION_ID}
_DIGEST: Final = "1.5f0c2b9a7d4e41d8a6c3b2e1f0a99887"
_CUSTOMER: Final[Json] = {
    "customer_id": _CUSTOMER_ID,
    "external_id": "C-1001",
    "name": "Jo Citizen",
    "email": "jo@example.com",
    "destinations": [_DESTINATION],
    "created_at": _AT,
    "updated_at": _AT,
}
_COMPLETED: Final[Json] = {
    "transaction_id": _PAYOUT_ID,
    "unique_reference": _PAYOUT_ID,
    "customer_id": _CUSTOMER_ID,
    "destination_id": _DESTINATION_ID,
    "destination": "j•••@example.com",
    "payout_method": "PayId",
    "amount": 125.5,
    "currency": "AUD",
    "status": "Completed",
    "submission": None,
    "needs_review": False,
    "review_reason": None,
    "waits_for": None,
    "failure_code": None,
    "failure_reason": None,
    "monoova_transaction_id": "1000001",
    "description": None,
    "lodgement_reference": "Refund 4711",
    "retry_of": None,
    "succeeded_by": None,
    "approval_reasons": [],
    "batch_id": None,
    "attempts": 1,
    "doubt_since": None,
    "created_by": _BY,
    "created_at": _AT,
    "updated_at": _SETTLED_AT,
    "completed_at": _SETTLED_AT,
    "returned_amount": None,
    "return_reported_at": None,
    "return_seen_at": None,
    "next_look_at": None,
}


def _entry(at: str, event: str, by: str, status: str, submission: str | None) -> Json:
    return {
        "at": at,
        "event": event,
        "status": status,
        "submission": submission,
        "by": by,
        "detail": None,
    }


_BATCH: Final[Json] = {
    "batch_id": "5b7f0f0a-7d1e-5c7b-9a39-6f7f6f1c2d3e",
    "title": "Payroll, week 9",
    "status": "Released",
    "row_count": 300,
    "total": 1234.5,
    "created_by": _BY,
    "created_at": _AT,
    "updated_at": _SETTLED_AT,
    "confirmed_by": _BY,
    "approved_by": "0a1b2c3d-0000-4000-8000-000000000002",
    "not_released": 0,
    "repeats": {
        "batch_id": "0f3b7c52-8d1e-5a55-9f1b-6c1f9d0a4e77",
        "created_at": "2026-02-23T01:00:00.000Z",
    },
    "retry_of": None,
    "summary": {
        "count": 300,
        "total": 1234.5,
        "largest": 99.5,
        "duplicate_count": 1,
        "duplicates": [
            {
                "line": 17,
                "customer_id": _CUSTOMER_ID,
                "amount": 12.5,
                "transaction_id": _PAYOUT_ID,
                "created_at": _AT,
                "same_as_line": None,
            }
        ],
        "first_time_count": 4,
        "also_in_batches": [],
        "also_in_batches_count": 0,
        "paid_since": [],
        "paid_since_count": 0,
        "shared_accounts": [],
        "shared_account_count": 0,
        "unapproved_lines": [],
        "unapproved_count": 0,
        "may_all_be_duplicates": False,
        "funds": {"available": 1000.0, "short_by": 234.5, "as_of": _AT},
    },
    "history": [{"at": _AT, "event": "Uploaded", "by": _BY, "detail": None}],
    "progress": {
        "waiting": 0,
        "awaiting_approval": 0,
        "queued": 120,
        "unreadable": 0,
        "pending": 30,
        "completed": 149,
        "failed": 1,
        "returned": 0,
        "cancelled": 0,
        "not_released": 0,
        "needs_review": 0,
        "as_of": _SETTLED_AT,
    },
}
_BEGUN: Final = [
    _entry(_AT, "Requested", _BY, "Pending", "Sending"),
    _entry(_AT, "SendAccepted", _BY, "Pending", "Accepted"),
]
_SETTLED: Final = _entry(_SETTLED_AT, "SettledComplete", "monoova", "Completed", None)
_ACCEPTED: Final[Json] = _COMPLETED | {
    "status": "Pending",
    "submission": "Accepted",
    "updated_at": _AT,
    "completed_at": None,
    "next_look_at": "2026-03-02T01:01:00.000Z",
    "history": _BEGUN,
    "explanation": {
        "summary": "Monoova has taken this payment and is paying it out. The payee usually has the"
        " money within a minute.",
        "next": "Monoova tells us the outcome, or we ask for it.",
        "next_at": "2026-03-02T01:01:00.000Z",
        "what_to_do": "Wait. If it stays like this for more than an hour, ask Monoova and give them"
        " the reference. Do not pay by other means.",
    },
}
_PAYOUT_WITH_HISTORY: Final[Json] = _COMPLETED | {
    "history": [*_BEGUN, _SETTLED],
    "explanation": {
        "summary": "The payee has the money.",
        "next": "Nothing more: this payment is finished.",
        "next_at": None,
        "what_to_do": "Nothing.",
    },
}
_LETTER: Final[Json] = {
    "message_id": "5fea7756-0ea4-451a-a703-a558b933e274",
    "kind": "WebhookEvent",
    "event": "Rejected",
    "transaction_id": None,
    "batch_id": None,
    "amount": 125.5,
    "monoova_transaction_id": "1000001",
    "sent_at": _AT,
    "received": 6,
}

_FIGURES: Final[Json] = {
    "count": 120,
    "value": 15060.0,
    "completed": 117,
    "failed": 2,
    "returned": 1,
    "cancelled": 0,
    "open": 0,
    "success_rate": 0.975,
    "median_seconds_to_complete": 41,
    "p95_seconds_to_complete": 118,
    "by_method": {
        "PayId": {"count": 80, "value": 10040.0},
        "BankAccount": {"count": 40, "value": 5020.0},
    },
}
_REPORT: Final[Json] = {
    "date": "2026-03-01",
    "revision": 1,
    "made_at": "2026-03-01T20:00:07.000Z",
    "made_by": "schedule",
    "is_complete": True,
    "incomplete_because": None,
    "counts": {"Matched": 119, "GivenBack": 1},
    "difference_count": 1,
    "not_ours": 0,
    "account": {
        "opening_balance": 40060.0,
        "closing_balance": 25125.5,
        "total_debits": 15060.0,
        "total_credits": 125.5,
        "adds_up": True,
    },
    "missed_webhooks": {"found": 1, "sent_again": 1},
    "statistics": _FIGURES,
}

_DIFFERENCE: Final[Json] = {
    "kind": "GivenBack",
    "transaction_id": _PAYOUT_ID,
    "monoova_transaction_id": "1000001",
    "status": "Completed",
    "amount": 125.5,
    "amount_there": 125.5,
    "in_statement": True,
    "in_transactions": True,
    "monoova_says": "Rejected",
    "flaw": None,
}
_EXPORTED: Final[Json] = _DESTINATION | {
    "pay_id": "jo@example.com",
    "bsb": None,
    "account_number": None,
    "account_name": "Jo Citizen",
}

EXAMPLES: Final[Mapping[str, Json]] = {
    # requests
    "NewCustomer": {"name": "Jo Citizen", "email": "jo@example.com", "destination": _PAY_ID},
    "CustomerChange": {"name": "Jo Citizen-Smith"},
    "NewDestination": {
        "type": "BankAccount",
        "bsb": "062-000",
        "account_number": "12345678",
        "account_name": "Jo Citizen",
    },
    "NewPayout": {
        "customer_id": _CUSTOMER_ID,
        "amount": "125.50",
        "lodgement_reference": "Refund 4711",
    },
    "VerificationCode": {"code": "555555"},
    "Resolution": {"outcome": "Completed", "reason": "It is on Monoova's statement of 2 March."},
    "Reason": {"reason": "The wrong file was uploaded."},
    # answers
    "Customer": _CUSTOMER,
    "CustomerPage": {"items": [_CUSTOMER], "next_cursor": None, "unreadable": []},
    "Destination": _DESTINATION,
    "DestinationList": {"destinations": [_NAMED]},
    "ApprovedDestinationList": {
        "destinations": [_NAMED],
        "count": 1,
        "digest": _DIGEST,
        "cap": "1000.00",
    },
    "PayoutApproval": {"digest": _DIGEST},
    "CustomerDestinationPage": {
        "items": [{"customer_id": _CUSTOMER_ID, "destination": _UNAPPROVED}],
        "next_cursor": None,
        "unreadable": [],
    },
    "ApprovedDestinations": {"items": [{"customer_id": _CUSTOMER_ID, "destination": _DESTINATION}]},
    "Revelation": {
        "items": [
            {
                "customer_id": _CUSTOMER_ID,
                "customer_name": "Jo Citizen",
                "destination": _UNAPPROVED
                | {
                    "pay_id": "jo@example.com",
                    "bsb": None,
                    "account_number": None,
                    "account_name": "Jo Citizen",
                    "added_at": _AT,
                },
                "others": [],
                "also_named_by": [],
            }
        ],
        "count": 1,
        "digest": _DIGEST,
    },
    "AccessPage": {
        "items": [
            {
                "at": _AT,
                "by": _BY,
                "purpose": "Payout",
                "destination_id": _DESTINATION_ID,
                "transaction_id": _PAYOUT_ID,
            }
        ],
        "next_cursor": None,
        "unreadable": [],
    },
    "PayoutPage": {"items": [_COMPLETED], "next_cursor": None, "unreadable": []},
    "AskedPayout": _PAYOUT_WITH_HISTORY | {"monoova_says": "Complete"},
    "PayoutWithHistory": _PAYOUT_WITH_HISTORY,
    "AcceptedPayout": _ACCEPTED,
    "Validation": {
        "is_valid": True,
        "needs_approval": False,
        "message": None,
        "destination": _DESTINATION,
        "checks": [
            {"name": "monoova", "is_ok": True, "detail": "Monoova would take it."},
            {"name": "funds", "is_ok": None, "detail": "Monoova does not tell the balance now."},
        ],
    },
    "Account": {
        "environment": "live",
        "currency": "AUD",
        "actual_balance": 25000.0,
        "available_to_debit": 24874.5,
        "npp_balance": 24874.5,
        "npp_payout_limit": 100000.0,
    },
    "Findings": {
        "looked_at": 3,
        "questions_to_monoova": 1,
        "moved_to": {"Completed": 1},
        "is_finished": True,
        "circuit": "Clear",
        "questions_circuit": "Clear",
        "put_off": [],
    },
    "DailyReport": _REPORT | {"differences": [_DIFFERENCE]},
    "DailyReportPage": {"items": [_REPORT], "next_cursor": None, "unreadable": []},
    "Statistics": {"items": [{"day": "2026-03-01", "partial": False, **_FIGURES}]},
    "FundingPage": {
        "items": [
            {
                "at": _AT,
                "amount": 25000.0,
                "kind": "DirectCredit",
                "monoova_transaction_id": "1000007",
            }
        ],
        "next_cursor": None,
        "unreadable": [],
    },
    "Export": {
        "as_of": _SETTLED_AT,
        "customer": _CUSTOMER | {"destinations": [_EXPORTED]},
        "payouts": [_PAYOUT_WITH_HISTORY],
        "next_cursor": None,
        "unreadable": [],
    },
    "Sending": {
        "status": "Paused",
        "paused_by": _BY,
        "paused_at": _AT,
        "pause_reason": "The wrong file was uploaded.",
        "open_reason": None,
        "opened_at": None,
        "next_probe_at": None,
        "per_minute": None,
        "not_before": None,
        "questions": {
            "status": "Open",
            "open_reason": None,
            "opened_at": None,
            "next_probe_at": None,
        },
        "last_switch": {"what": "Paused", "by": _BY, "at": _AT},
        "contract_run": {"at": _AT, "environment": "sandbox", "duplicates": "refused"},
        "booked_twice_at": None,
    },
    "DeadLetter": _LETTER,
    "DeadLetterList": {"items": [_LETTER], "is_complete": True, "approximate_count": 1},
    "ConsoleConfig": {
        "apiBase": ".",
        "signInUrl": "https://business.auth.ap-southeast-2.amazoncognito.com",
        "userPoolClientId": "1example23456789",
        "timeZone": "Australia/Sydney",
        "idleMinutes": 15,
    },
    **BATCH_EXAMPLES,
    "Me": {"name": _BY, "roles": ["viewer", "operator"], "environment": "live"},
    "BatchTotal": {"total": 1234.5},
    "BatchApproval": {"unapproved": 0, "duplicates": 0, "shared_accounts": 0},
    "BatchWithProgress": _BATCH,
    "Health": {"status": "ok"},
    "Received": {"status": "received"},
}


def example_of(schema: Json) -> Json:
    """`example: …` for a reference to a schema that has one; else nothing."""
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return {"example": EXAMPLES[name]} if name in EXAMPLES else {}
