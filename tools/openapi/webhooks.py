"""Monoova's webhooks as JSON Schema: the two official events that change payouts, and others."""

from typing import Any, Final

Json = dict[str, Any]

_REFERENCE: Final[Json] = {
    "type": "string",
    "pattern": "^[!-~]{1,200}$",
    "description": "Our `transaction_id`.",
}
_AMOUNT: Final[Json] = {"type": ["number", "string"], "examples": [125.5, "125.5000"]}
_NUMBER: Final[Json] = {"type": ["integer", "string"]}
_SCHEMAS: Final[dict[str, Json]] = {
    "NppPaymentStatus": {
        "type": "object",
        "properties": {
            "UniqueReference": _REFERENCE,
            "TransactionId": _NUMBER,
            "Status": {"type": "string", "examples": ["Payment Successful", "Rejected"]},
            "Amount": _AMOUNT,
            "RejectionReasonDescription": {"type": ["string", "null"]},
        },
        "required": ["UniqueReference", "Status"],
    },
    "NppReturn": {
        "type": "object",
        "properties": {
            "UniqueReference": _REFERENCE,
            "ReturnTransactionId": _NUMBER,
            "ReturnReason": {"type": ["string", "null"]},
            "Amount": _AMOUNT,
        },
        "required": ["UniqueReference", "ReturnTransactionId"],
    },
    "WebhookEvent": {
        "description": "Monoova adds events and fields without notice: any JSON is taken. Names are"
        " read whatever their case; `eventName` may name the event where the path does not. An"
        " NppPaymentStatus or NppReturn without a reference is refused.",
        "anyOf": [
            {"$ref": "#/components/schemas/NppPaymentStatus"},
            {"$ref": "#/components/schemas/NppReturn"},
            {},
        ],
    },
}
_EXAMPLES: Final[Json] = {
    "paid": {
        "value": {
            "TransactionDate": "2026-03-02T12:00:00",
            "UniqueReference": "2d1f6a6c-6d54-4f0e-9a52-0f4b3d0e8a11",
            "TransactionId": 1000001,
            "Status": "Payment Successful",
            "Amount": 125.5,
        }
    },
    "returned": {
        "value": {
            "UniqueReference": "2d1f6a6c-6d54-4f0e-9a52-0f4b3d0e8a11",
            "TransactionId": 1000001,
            "ReturnTransactionId": 8000001,
            "ReturnDate": "2026-03-03",
            "ReturnReason": "CLOSED",
            "Amount": 125.5,
        }
    },
}
EVENT_NAME: Final[Json] = {
    "in": "path",
    "name": "event_name",
    "required": True,
    "description": "Decides which event it is; one that is not known is answered and forgotten.",
    "schema": {"type": "string", "minLength": 1},
    "examples": {name: {"value": name} for name in ("NppPaymentStatus", "NppReturn")},
}
SIGNATURE: Final[Json] = {
    "in": "header",
    "name": "Verification-Signature",
    "required": False,
    "description": "RSA, SHA-256, PKCS#1 v1.5 over the raw body with Monoova's key, in base64: must"
    " verify where it is there. `MONOOVA_WEBHOOK_SIGNATURE=required` refuses its absence.",
    "schema": {"type": "string"},
}


def webhook_schemas() -> dict[str, Json]:
    """What Monoova sends, by the name of its component."""
    return dict(_SCHEMAS)


def webhook_body() -> Json:
    """The body of a webhook, whatever media type it is announced as."""
    schema = {"$ref": "#/components/schemas/WebhookEvent"}
    return {
        "required": True,
        "content": {"application/json": {"schema": schema, "examples": _EXAMPLES}},
    }
