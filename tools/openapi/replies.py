"""What an answer looks like, as JSON Schema: what chalicelib/web/replies.py makes, and problems."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from chalicelib.control.rules.approval import ApprovalReason
from chalicelib.core.actor import Role
from chalicelib.core.errors import ErrorCode
from chalicelib.core.stage_class import HOSTS
from chalicelib.customers.approve_destinations import MOST_AT_ONCE
from chalicelib.customers.open_details import Purpose
from chalicelib.customers.rules.verification import VerificationStatus
from chalicelib.monoova.rules.circuit import OpenReason
from chalicelib.monoova.rules.destination import DestinationType, PayIdType
from chalicelib.monoova.rules.duplicates import Shown
from chalicelib.monoova.rules.gate import Passage, Switch
from chalicelib.monoova.rules.outcome import Standing
from chalicelib.payouts.rules.news import NoticeKind
from chalicelib.payouts.rules.payout import (
    Event,
    FailureCode,
    QueueReason,
    ReviewReason,
    State,
    Status,
    Submission,
)
from chalicelib.reports.rules.comparison import DIFFERENCES, Kind
from chalicelib.reports.rules.daily_report import Incomplete
from chalicelib.reports.rules.funding import CreditKind
from chalicelib.webhooks.manage_dead_letters import LetterKind
from tools.openapi import parts as parts
from tools.openapi.batches import batch_schemas
from tools.openapi.parts import reference_to

Json = dict[str, Any]

_ID, _TEXT, _TIME, _AMOUNT = parts.IDENTIFIER, parts.TEXT, parts.TIME, parts.AMOUNT
_YES_OR_NO, _COUNT = parts.YES_OR_NO, parts.COUNT
_object, _page_of, _one_of, _or_null = parts.object_of, parts.page_of, parts.one_of, parts.or_null
_CURRENCY: Final[Json] = {"const": "AUD"}
_DOLLARS: Final[Json] = {
    "description": "Australian dollars with Monoova's four decimals.",
    "type": ["number", "null"],
}
_ENVIRONMENT: Final[Json] = {
    **_one_of(HOSTS),
    "description": "Monoova's environment: in the sandbox no money moves.",
}
# Not in the life-cycle table: a payout's history begins with it.
_BEGINNING: Final = "Requested"


def _enum(kind: type[StrEnum]) -> Json:
    return {"description": (kind.__doc__ or "").partition("\n")[0], **_one_of(kind)}


def _null_or(name: str) -> Json:
    return {"anyOf": [reference_to(name), {"type": "null"}]}


_ENUMS: Final[Mapping[str, Json]] = {
    "Status": _enum(Status),
    "Submission": _enum(Submission),
    "ReviewReason": _enum(ReviewReason),
    "QueueReason": _enum(QueueReason),
    "FailureCode": _enum(FailureCode),
    "ErrorCode": _enum(ErrorCode),
}

_PAYOUT: Final[Json] = {
    "transaction_id": _ID,
    "unique_reference": {**_ID, "description": "What Monoova knows it by."},
    "customer_id": _ID,
    "destination_id": _ID,
    "destination": {**_TEXT, "description": "Masked."},
    "payout_method": _one_of(DestinationType),
    "amount": _AMOUNT,
    "currency": _CURRENCY,
    "status": reference_to("Status"),
    "submission": _null_or("Submission"),
    "needs_review": _YES_OR_NO,
    "review_reason": _null_or("ReviewReason"),
    "waits_for": _null_or("QueueReason"),
    "failure_code": _null_or("FailureCode"),
    "failure_reason": _or_null(_TEXT),
    "monoova_transaction_id": _or_null(_TEXT),
    "description": _or_null(_TEXT),
    "lodgement_reference": _or_null(_TEXT),
    "retry_of": _or_null(_ID),
    "succeeded_by": {
        **_or_null(_ID),
        "description": "The payout that was made in place of this one.",
    },
    "approval_reasons": {
        "type": "array",
        "items": _one_of(ApprovalReason),
        "description": "Why another person had to approve it, or has to.",
    },
    "batch_id": _or_null(_ID),
    "attempts": {**_COUNT, "description": "How often it was tried to send it to Monoova."},
    "doubt_since": {
        **_or_null(_TIME),
        "description": "When an attempt first ended without a clear answer.",
    },
    "created_by": _TEXT,
    "created_at": _TIME,
    "updated_at": _TIME,
    "completed_at": _or_null(_TIME),
    "returned_amount": _or_null(_AMOUNT),
    "return_reported_at": _or_null(_TIME),
    "return_seen_at": _or_null(_TIME),
    "next_look_at": _or_null(_TIME),
}
_WITH_HISTORY: Final[Json] = _PAYOUT | {
    "history": {"type": "array", "items": reference_to("HistoryEntry")},
    "explanation": reference_to("Explanation"),
}
_DESTINATION: Final[Json] = {
    "destination_id": _ID,
    "type": _one_of(DestinationType),
    "pay_id_type": _or_null(_one_of(PayIdType)),
    "masked": _TEXT,
    "created_at": _TIME,
    "bsb_checked_at": {
        **_or_null(_TIME),
        "description": "When Monoova said that the branch is open; null where it did not say.",
    },
    "added_by": {**_or_null(_TEXT), "description": "Null of one from before this was kept."},
    "approved_by": _or_null(_TEXT),
    "approved_at": _or_null(_TIME),
    "cap": {
        **_or_null(_AMOUNT),
        "description": "What it is approved for in a day without a further approval; null is no"
        " cap.",
    },
    "asked_cap": {
        **_or_null(_AMOUNT),
        "description": "A higher cap that `asked_cap_by` asked for: it holds once another person"
        " has confirmed it. Null if none is asked for.",
    },
    "asked_cap_by": _or_null(_TEXT),
    "verification": reference_to("Verification"),
}
_IN_FULL: Final[Json] = {
    "pay_id": _or_null(_TEXT),
    "bsb": _or_null(_TEXT),
    "account_number": _or_null(_TEXT),
    "account_name": _TEXT,
}
_NAMED: Final[Json] = {"customer_id": _ID, "destination_id": _ID}
_CUSTOMER: Final[Json] = {
    "customer_id": _ID,
    "external_id": _or_null(_TEXT),
    "name": {
        **_or_null(_TEXT),
        "description": "Null in a list where the record does not open.",
    },
    "email": _or_null(_TEXT),
    "destinations": {"type": "array", "items": reference_to("Destination"), "maxItems": 20},
    "created_at": _TIME,
    "updated_at": _TIME,
}
_DAY: Final[Json] = {"type": "string", "format": "date", "description": "Sydney's."}
_SUM: Final[Json] = _object(
    {"count": _COUNT, "value": {"type": "number", "minimum": 0, "multipleOf": 0.01}}
)
_FIGURES: Final[Json] = {
    **_SUM["properties"],
    **dict.fromkeys(("completed", "failed", "returned", "cancelled", "open"), _COUNT),
    "success_rate": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
    "median_seconds_to_complete": _or_null(_COUNT),
    "p95_seconds_to_complete": _or_null(_COUNT),
    "by_method": {
        "type": "object",
        "propertyNames": {"enum": [kind.value for kind in DestinationType]},
        "additionalProperties": _SUM,
    },
}
_REPORT: Final[Json] = {
    "date": _DAY,
    "revision": _COUNT,
    "made_at": _TIME,
    "made_by": _TEXT,
    "is_complete": _YES_OR_NO,
    "incomplete_because": _or_null(_one_of(Incomplete)),
    "counts": {
        "type": "object",
        "propertyNames": {"enum": [kind.value for kind in Kind]},
        "additionalProperties": {"type": "integer", "minimum": 1},
    },
    "difference_count": _COUNT,
    "not_ours": _COUNT,
    "account": {
        **_object(
            {
                **dict.fromkeys(
                    ("opening_balance", "closing_balance", "total_debits", "total_credits"),
                    _DOLLARS,
                ),
                "adds_up": _YES_OR_NO,
            }
        ),
        "type": ["object", "null"],
    },
    "missed_webhooks": {
        **_object({"found": _COUNT, "sent_again": _COUNT}),
        "type": ["object", "null"],
    },
    "statistics": reference_to("Figures"),
}
_OBJECTS: Final[Mapping[str, Json]] = {
    "Me": _object(
        {
            "name": {**_TEXT, "description": "The caller, as histories name them."},
            "roles": {"type": "array", "items": _one_of(Role), "minItems": 1, "uniqueItems": True},
            "environment": _ENVIRONMENT,
        },
        about="The caller, with every role they have.",
    ),
    "Destination": _object(
        _DESTINATION, about="Where a customer can be paid; its details are masked."
    ),
    "Verification": _object(
        {
            "status": _enum(VerificationStatus),
            "owner_name_matches": {
                "description": "Whether a PayID is registered under the account name; null where"
                " nobody told.",
                "type": ["boolean", "null"],
            },
            "at": _or_null(_TIME),
        },
        about="Whether the payee has shown to own the account, and since when it stands so.",
    ),
    "Customer": _object(_CUSTOMER),
    "Export": _object(
        {
            "as_of": _TIME,
            "customer": {"anyOf": [reference_to("ExportedCustomer"), {"type": "null"}]},
            "payouts": {"type": "array", "items": reference_to("PayoutWithHistory")},
            "next_cursor": _or_null(_TEXT),
            "unreadable": parts.UNREADABLE,
        },
        about="A page of all that is held on a customer.",
    ),
    "ExportedCustomer": _object(
        _CUSTOMER
        | {
            "name": _TEXT,
            "destinations": {
                "type": "array",
                "items": reference_to("ExportedDestination"),
                "maxItems": 20,
            },
        },
        about="A customer in the clear.",
    ),
    "ExportedDestination": _object(
        _DESTINATION | _IN_FULL,
        about="A destination in the clear.",
    ),
    "CustomerDestination": _object(
        {"customer_id": _ID, "destination": reference_to("Destination")},
        about="A destination and whose it is.",
    ),
    "CustomerDestinationPage": parts.page_of("CustomerDestination", 2000),
    "ApprovedDestinations": _object(
        {
            "items": {
                "type": "array",
                "items": reference_to("CustomerDestination"),
                "maxItems": MOST_AT_ONCE,
            }
        },
        about="Destinations as they were approved.",
    ),
    "DestinationName": _object(_NAMED, about="The ids of a destination."),
    "RevealedDestination": _object(
        {
            "customer_id": _ID,
            "customer_name": _or_null(_TEXT),
            "destination": _object(_DESTINATION | _IN_FULL | {"added_at": _or_null(_TIME)}),
            "others": {
                "description": "The customer's other destinations.",
                "type": "array",
                "items": reference_to("Destination"),
                "maxItems": 19,
            },
            "also_named_by": {
                "description": "Other destinations that name the same account, of any customer.",
                "type": "array",
                "items": reference_to("DestinationName"),
                "maxItems": 20,
            },
        },
        about="All that an approver needs to know of a destination.",
    ),
    "Revelation": _object(
        {
            "items": {
                "type": "array",
                "items": reference_to("RevealedDestination"),
                "minItems": 1,
                "maxItems": MOST_AT_ONCE,
            },
            "count": _COUNT,
            "digest": {
                **_TEXT,
                "description": "Good for this caller and this list alone.",
            },
        },
        about="Destinations in full, and the digest to approve them with.",
    ),
    "Access": _object(
        {
            "at": _TIME,
            "by": _TEXT,
            "purpose": _one_of(Purpose),
            "destination_id": _or_null(_ID),
            "transaction_id": _or_null(_ID),
        },
        about="One time that a destination's details were opened.",
    ),
    "AccessPage": _page_of("Access"),
    "CustomerPage": _page_of("Customer"),
    "Payout": _object(_PAYOUT, about="A payout without its history."),
    "PayoutPage": _page_of("Payout"),
    "HistoryEntry": _object(
        {
            "at": _TIME,
            "event": _one_of([_BEGINNING, *Event]),
            "status": reference_to("Status"),
            "submission": _null_or("Submission"),
            "by": _TEXT,
            "detail": _or_null(_TEXT),
        }
    ),
    "Explanation": _object(
        {
            "summary": _TEXT,
            "next": {**_TEXT, "description": "What happens by itself."},
            "next_at": _or_null(_TIME),
            "what_to_do": _TEXT,
        },
        about="A payout in plain words, for whoever is no engineer.",
    ),
    "AskedPayout": _object(
        _WITH_HISTORY
        | {
            "monoova_says": {
                **_or_null(_one_of(Standing)),
                "description": "What the status API said just now; null if it could not be asked.",
            }
        },
        about="A payout, and what Monoova says of it now.",
    ),
    "PayoutWithHistory": _object(_WITH_HISTORY, about="A payout and its story, oldest first."),
    "AcceptedPayout": _object(
        _WITH_HISTORY | {"message": _TEXT},
        optional=["message"],
        about="A payout that was asked for; `message` says why it waits, if it does.",
    ),
    "Validation": _object(
        {
            "is_valid": _YES_OR_NO,
            "needs_approval": {
                **_YES_OR_NO,
                "description": "Whether it would wait until somebody else approves it.",
            },
            "message": {**_or_null(_TEXT), "description": "Why it would wait for that."},
            "destination": reference_to("Destination"),
            "checks": {
                "type": "array",
                "items": _object(
                    {
                        "name": _one_of(["monoova", "funds", "bsb"]),
                        "is_ok": {
                            "type": ["boolean", "null"],
                            "description": "Null where Monoova did not say.",
                        },
                        "detail": _TEXT,
                    }
                ),
            },
        }
    ),
    "Account": _object(
        {
            "environment": _ENVIRONMENT,
            "currency": _CURRENCY,
            "actual_balance": _DOLLARS,
            "available_to_debit": _DOLLARS,
            "npp_balance": _DOLLARS,
            "npp_payout_limit": _DOLLARS,
        }
    ),
    "Credit": _object(
        {
            "at": _TIME,
            "amount": _AMOUNT,
            "kind": _one_of(CreditKind),
            "monoova_transaction_id": _TEXT,
        },
        about="Money that came in.",
    ),
    "FundingPage": _page_of("Credit"),
    "Figures": _object(_FIGURES, about="The figures of a day's payouts."),
    "Difference": _object(
        {
            "kind": _one_of(kind for kind in Kind if kind in DIFFERENCES),
            "transaction_id": {**_ID, "description": "Or a reference of that form, if unknown."},
            "monoova_transaction_id": _or_null(_TEXT),
            "status": _or_null(_one_of(State)),
            "amount": _or_null(_AMOUNT),
            "amount_there": _DOLLARS,
            "in_statement": _YES_OR_NO,
            "in_transactions": _YES_OR_NO,
            "monoova_says": _or_null(_one_of(Standing)),
            "flaw": _or_null(_TEXT),
        }
    ),
    "DailyReportSummary": _object(_REPORT, about="A report without its differences."),
    "DailyReportPage": _page_of("DailyReportSummary"),
    "DailyReport": _object(
        _REPORT
        | {
            "differences": {
                "type": "array",
                "items": reference_to("Difference"),
                "maxItems": 100,
            }
        },
        about="A Sydney day, compared with Monoova's statement and the mAccount.",
    ),
    "Statistics": _object(
        {
            "items": {
                "type": "array",
                "items": _object({"day": _DAY, "partial": _YES_OR_NO, **_FIGURES}),
                "maxItems": 92,
            }
        }
    ),
    "Findings": _object(
        {
            "looked_at": _COUNT,
            "questions_to_monoova": _COUNT,
            "moved_to": {
                "type": "object",
                "propertyNames": {"enum": [state.value for state in State]},
                "additionalProperties": {"type": "integer", "minimum": 1},
            },
            "is_finished": _YES_OR_NO,
            "circuit": {
                **_one_of(Passage),
                "description": "What a payout would have met at the end of the run.",
            },
            "questions_circuit": {
                **_one_of(Passage),
                "description": "What a question to Monoova would have met at the end of the run.",
            },
            "put_off": {
                "description": "The payouts that are looked at later, for what is wrong with"
                " themselves.",
                "type": "array",
                "items": _ID,
            },
        },
        about="What a reconciliation found.",
    ),
    "Sending": _object(
        {
            "status": {
                **_one_of(["Open", "Slowed", "Paused", "CircuitOpen"]),
                "description": "Slowed: payouts are sent, no more than per_minute in a minute.",
            },
            "paused_by": _or_null(_TEXT),
            "paused_at": _or_null(_TIME),
            "pause_reason": _or_null(_TEXT),
            "open_reason": _or_null(_one_of(OpenReason)),
            "opened_at": _or_null(_TIME),
            "next_probe_at": {
                **_or_null(_TIME),
                "description": "When one call may try whether Monoova is back; null while the"
                " circuit is open: not by itself.",
            },
            "per_minute": {
                **_or_null(_COUNT),
                "description": "How many payouts a minute are sent, since Monoova answered one"
                " with 429; null while there is no such limit.",
            },
            "not_before": {
                **_or_null(_TIME),
                "description": "Until when Monoova has asked us to send nothing.",
            },
            "questions": _object(
                {
                    "status": _one_of(["Open", "CircuitOpen"]),
                    "open_reason": _or_null(_one_of(OpenReason)),
                    "opened_at": _or_null(_TIME),
                    "next_probe_at": _or_null(_TIME),
                },
                about="Whether Monoova is asked anything, by a circuit breaker of its own: payouts"
                " are sent all the same, unless a login was refused.",
            ),
            "last_switch": {
                "description": "What a person last did by hand.",
                "anyOf": [
                    _object({"what": _one_of(Switch), "by": _TEXT, "at": _TIME}),
                    {"type": "null"},
                ],
            },
            "contract_run": {
                "description": "The last recorded run of the contract suite, and what it showed a"
                " second call under a booked reference to do.",
                "anyOf": [
                    _object({"at": _TIME, "environment": _TEXT, "duplicates": _one_of(Shown)}),
                    {"type": "null"},
                ],
            },
            "booked_twice_at": {
                **_or_null(_TIME),
                "description": "When Monoova was seen to have booked one reference twice: nothing"
                " that may have been sent is sent again since.",
            },
        }
    ),
    "DeadLetter": _object(
        {
            "message_id": _ID,
            "kind": _one_of(LetterKind),
            "event": _or_null(_one_of(NoticeKind)),
            "transaction_id": {
                **_or_null(_ID),
                "description": "Null where it names no payout of ours.",
            },
            "batch_id": _or_null(_ID),
            "amount": _or_null({**_AMOUNT, "minimum": 0}),
            "monoova_transaction_id": _or_null(_TEXT),
            "sent_at": _TIME,
            "received": {
                **_COUNT,
                "description": "How often it was taken out of a queue, looks at it included.",
            },
        },
        about="A message that failed five times; its text is shown to nobody.",
    ),
    "DeadLetterList": _object(
        {
            "items": {"type": "array", "items": reference_to("DeadLetter")},
            "is_complete": {**_YES_OR_NO, "description": "Whether there are no more than these."},
            "approximate_count": {**_COUNT, "description": "How many rest, as SQS counts."},
        }
    ),
    "ConsoleConfig": {
        "description": "What the console has to know before anybody has signed in.",
        "type": "object",
        "required": ["apiBase", "signInUrl", "userPoolClientId", "timeZone", "idleMinutes"],
        "properties": {
            "apiBase": {"type": "string", "description": "Of the API; relative to the page."},
            "signInUrl": {"type": "string", "description": "Empty where nobody signs in."},
            "userPoolClientId": {"type": "string"},
            "timeZone": {"type": "string", "description": "In which times are shown."},
            "idleMinutes": {
                "type": "integer",
                "minimum": 0,
                "description": "After so long unused the console signs out; 0: never.",
            },
        },
    },
    "OpenApi": {"description": "OpenAPI 3.1.", "type": "object", "required": ["openapi"]},
    "Health": _object({"status": {"const": "ok"}}),
    "Received": _object({"status": {"const": "received"}}),
    "Problem": _object(
        {
            "type": {"type": "string", "pattern": "^urn:monoova-payouts:error:[A-Za-z]+$"},
            "title": _TEXT,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": _TEXT,
            "code": reference_to("ErrorCode"),
            "request_id": _or_null(_TEXT),
            "errors": {
                "description": "Every field at fault, with what is wrong with it.",
                "type": "object",
                "additionalProperties": {"type": "array", "items": _TEXT, "minItems": 1},
            },
            "transaction_id": {**_ID, "description": "The payout that stands behind it."},
            "batch_id": {**_ID, "description": "The batch that stands behind it."},
        },
        optional=["errors", "transaction_id", "batch_id"],
        about="RFC 9457.",
    ),
    "GatewayMessage": {
        "description": "What API Gateway says of a request that it does not let through to us.",
        "type": "object",
        "properties": {"message": _TEXT},
    },
}


def reply_schemas() -> dict[str, Json]:
    """Everything that an answer may hold, by the name of its component."""
    return {**_ENUMS, **_OBJECTS, **batch_schemas()}
