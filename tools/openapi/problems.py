"""Which problem has which status, and what it looks like in the document."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from chalicelib.core.errors import ErrorCode
from tools.openapi.parts import reference_to

Json = dict[str, Any]
_E: Final = ErrorCode

_BY_STATUS: Final[Mapping[int, tuple[str, tuple[ErrorCode, ...]]]] = {
    400: ("The request is not valid", (_E.INVALID_REQUEST, _E.BATCH_INVALID)),
    401: ("Not authenticated", (_E.UNAUTHENTICATED,)),
    403: (
        "Not allowed",
        (
            _E.FORBIDDEN,
            _E.APPROVAL_BY_REQUESTER,
            _E.APPROVAL_BY_AUTHOR,
            _E.RESOLUTION_NEEDS_APPROVER,
        ),
    ),
    404: (
        "Not found",
        (
            _E.CUSTOMER_NOT_FOUND,
            _E.DESTINATION_NOT_FOUND,
            _E.PAYOUT_NOT_FOUND,
            _E.REPORT_NOT_FOUND,
            _E.DEAD_LETTER_NOT_FOUND,
            _E.FILE_NOT_FOUND,
            _E.BATCH_NOT_FOUND,
        ),
    ),
    405: ("Method not allowed", (_E.METHOD_NOT_ALLOWED,)),
    409: (
        "Conflict",
        (
            _E.CUSTOMER_HAS_OPEN_PAYOUTS,
            _E.DESTINATION_IN_USE,
            _E.EXTERNAL_ID_TAKEN,
            _E.TOO_MANY_DESTINATIONS,
            _E.ALREADY_VERIFIED,
            _E.VERIFICATION_UNDER_WAY,
            _E.VERIFICATION_NOT_STARTED,
            _E.VERIFICATION_LOCKED,
            _E.PAYOUT_NOT_CANCELLABLE,
            _E.PAYOUT_NOT_RETRYABLE,
            _E.POSSIBLE_DUPLICATE,
            _E.PAYOUT_MAY_BE_PAID,
            _E.RETRY_TOO_EARLY,
            _E.PAYOUT_NOT_RESOLVABLE,
            _E.RESOLUTION_CONTRADICTED,
            _E.DESTINATION_NOT_REVEALED,
            _E.DESTINATIONS_DIFFER,
            _E.BATCH_IN_OTHER_STATUS,
            _E.BATCH_REPEATED,
            _E.NOTHING_TO_RETRY,
            _E.PAYOUT_NOT_AWAITING_APPROVAL,
            _E.PAYOUT_INTEGRITY_FAILED,
            _E.PAYOUT_NOT_ADOPTABLE,
            _E.DEAD_LETTER_UNREADABLE,
            _E.RECORD_UNREADABLE,
            _E.CHANGED_MEANWHILE,
            _E.DAY_NOT_OVER,
        ),
    ),
    413: ("Payload too large", (_E.PAYLOAD_TOO_LARGE,)),
    415: ("Unsupported media type", (_E.UNSUPPORTED_MEDIA_TYPE,)),
    422: (
        "Refused",
        (
            _E.NO_DESTINATION,
            _E.DESTINATION_AMBIGUOUS,
            _E.BATCH_TOTAL_DIFFERS,
            _E.DESTINATION_NOT_VERIFIED,
            _E.VERIFICATION_REFUSED,
            _E.VERIFICATION_CODE_WRONG,
            _E.IDEMPOTENCY_KEY_REUSED,
            _E.LIMIT_EXCEEDED,
            _E.MONOOVA_REFUSED,
        ),
    ),
    500: ("Internal error", (_E.INTERNAL_ERROR,)),
    503: (
        "Try again later",
        (
            _E.MONOOVA_UNAVAILABLE,
            _E.SENDING_STOPPED,
            _E.WRONG_ENVIRONMENT,
            _E.STORAGE_UNAVAILABLE,
            _E.OUTCOME_UNKNOWN,
        ),
    ),
}
STATUS_OF: Final[Mapping[ErrorCode, int]] = {
    code: status for status, (_, codes) in _BY_STATUS.items() for code in codes
}
_WITH_PAYOUT: Final = frozenset(
    {
        _E.IDEMPOTENCY_KEY_REUSED,
        _E.MONOOVA_REFUSED,
        _E.OUTCOME_UNKNOWN,
        _E.POSSIBLE_DUPLICATE,
        _E.PAYOUT_MAY_BE_PAID,
        _E.RETRY_TOO_EARLY,
    }
)
_DETAILS: Final[Mapping[ErrorCode, str]] = {
    _E.INVALID_REQUEST: "The request is not valid.",
    _E.BATCH_INVALID: "The file is not valid: nothing of it was taken.",
    _E.BATCH_NOT_FOUND: "There is no such batch.",
    _E.EXTERNAL_ID_TAKEN: "Another customer has this external id.",
    _E.NOTHING_TO_RETRY: "No row of this batch can be retried. Paid: 300.",
    _E.BATCH_REPEATED: "These rows are batch 0f3b7c52-8d1e-5a55-9f1b-6c1f9d0a4e77 of"
    " 2026-03-02T04:00:00.000000Z, which is Finished. If they are to be paid once more, ask for it"
    " with repeat.",
    _E.APPROVAL_BY_AUTHOR: "Another person has to approve a destination than who added it.",
    _E.DESTINATION_NOT_REVEALED: "No person has approved this destination yet: reveal it, and"
    " approve the payout with the digest that it was shown with.",
    _E.DESTINATIONS_DIFFER: "These are not the destinations that you were shown: reveal them"
    " again.",
    _E.BATCH_IN_OTHER_STATUS: "The batch is Cancelled: this cannot be done with it now.",
    _E.BATCH_TOTAL_DIFFERS: "The batch comes to A$1234.50, not to A$1243.50.",
    _E.APPROVAL_BY_REQUESTER: "Whoever uploaded or confirmed a batch does not decide on it too.",
    _E.UNAUTHENTICATED: "Sign in first.",
    _E.FORBIDDEN: "Viewers may look, but change nothing.",
    _E.APPROVAL_BY_REQUESTER: "Somebody other than who asked for the payout has to decide on it.",
    _E.CUSTOMER_NOT_FOUND: "There is no such customer.",
    _E.DESTINATION_NOT_FOUND: "The customer has no such destination.",
    _E.PAYOUT_NOT_FOUND: "There is no such payout.",
    _E.REPORT_NOT_FOUND: "There is no report of this day.",
    _E.DEAD_LETTER_NOT_FOUND: "No such message rests there, or somebody else looks at it now: try"
    " again in a minute.",
    _E.FILE_NOT_FOUND: "There is no such file.",
    _E.METHOD_NOT_ALLOWED: "This path does not take this method.",
    _E.CUSTOMER_HAS_OPEN_PAYOUTS: "A payout to this customer is still open.",
    _E.DESTINATION_IN_USE: "A payout to this destination is still open.",
    _E.TOO_MANY_DESTINATIONS: "A customer has 20 destinations at most.",
    _E.PAYOUT_NOT_CANCELLABLE: "The payout is Completed: only one that was not sent yet can be"
    " cancelled.",
    _E.PAYOUT_NOT_RETRYABLE: "Only a payout that ended as Failed, Returned or Cancelled, and is not"
    " under review, can be retried.",
    _E.POSSIBLE_DUPLICATE: "Payout 7d8f0c1e-2b3a-4c5d-8e6f-9a0b1c2d3e4f paid the same amount to the"
    " same account under the same reference a moment ago. If this one is meant as well, ask again"
    " with its id as accept_duplicate_of.",
    _E.PAYOUT_MAY_BE_PAID: "Monoova says Complete of this payout: it is not paid again, and a"
    " person has to look at it.",
    _E.RETRY_TOO_EARLY: "Monoova does not know this payout, which proves nothing so soon after it"
    " was sent. Retry it in 312 seconds.",
    _E.PAYOUT_NOT_RESOLVABLE: "A payout that is Queued cannot be resolved as Failed: only one that"
    " needs review, and only into what its state allows.",
    _E.RESOLUTION_CONTRADICTED: "Monoova says Complete of this payout: it cannot be resolved as"
    " Failed.",
    _E.RESOLUTION_NEEDS_APPROVER: "Monoova says UnknownReference of this payout: only an approver"
    " may resolve it as Failed.",
    _E.PAYOUT_NOT_AWAITING_APPROVAL: "The payout is Queued: only one that waits for approval, and"
    " not for more than 30 days, can be decided on.",
    _E.PAYOUT_INTEGRITY_FAILED: "The record of the payout is not what was asked for (wrong seal):"
    " it was changed outside of the app, or is of before there were seals. It is under review.",
    _E.PAYOUT_NOT_ADOPTABLE: "The payout cannot be adopted: it has a seal.",
    _E.DEAD_LETTER_UNREADABLE: "Nothing here can read this message, so putting it back would only"
    " bring it here again: look for the cause in the log, then delete it.",
    _E.RECORD_UNREADABLE: "The payout 2d1f6a6c-6d54-4f0e-9a52-0f4b3d0e8a11 is stored, but cannot be"
    " read: an operator has to mend it.",
    _E.DAY_NOT_OVER: "This day is not over yet in Sydney.",
    _E.CHANGED_MEANWHILE: "The customer was changed meanwhile: try again.",
    _E.PAYLOAD_TOO_LARGE: "The body is larger than 16384 bytes.",
    _E.UNSUPPORTED_MEDIA_TYPE: "Send application/json.",
    _E.NO_DESTINATION: "The customer has no destination of this kind to pay to.",
    _E.DESTINATION_AMBIGUOUS: "The customer has several destinations: name one by destination_id.",
    _E.DESTINATION_NOT_VERIFIED: "Only verified destinations are paid, and this one is not verified"
    " (NotStarted).",
    _E.ALREADY_VERIFIED: "The destination is verified already.",
    _E.VERIFICATION_UNDER_WAY: "A verification was started already: its cent is paid, or may be."
    " Look for the cent on the payee's statement; another can be paid from 03:14 UTC on, if there"
    " is none.",
    _E.VERIFICATION_NOT_STARTED: "There is no code to confirm: start a verification first.",
    _E.VERIFICATION_LOCKED: "Three wrong codes: for an hour no code is taken. Or start the"
    " verification anew.",
    _E.VERIFICATION_REFUSED: "Monoova refused to verify this destination: its details are not"
    " valid.",
    _E.VERIFICATION_CODE_WRONG: "The code is wrong. After three wrong ones no code is taken for an"
    " hour.",
    _E.IDEMPOTENCY_KEY_REUSED: "This Idempotency-Key was used for a request with other fields.",
    _E.LIMIT_EXCEEDED: "More than the limit of A$5000.00 a day for one customer: A$120.50 is left"
    " until midnight in Sydney.",
    _E.MONOOVA_REFUSED: "Monoova refused the payout: SimulatedInsufficientFunds",
    _E.MONOOVA_UNAVAILABLE: "Monoova does not tell the balance at the moment.",
    _E.SENDING_STOPPED: "Monoova is not being called at the moment.",
    _E.WRONG_ENVIRONMENT: "Nothing is sent. A stage of the class prod needs a secret of Monoova's"
    " live environment, and the secret is for sandbox.",
    _E.STORAGE_UNAVAILABLE: "The database cannot be reached.",
    _E.OUTCOME_UNKNOWN: "The payout may have been recorded: look at it before asking again, or ask"
    " again with the same Idempotency-Key.",
    _E.INTERNAL_ERROR: "Something went wrong here.",
}


def problem(status: int, codes: Collection[ErrorCode]) -> Json:
    """The answer of one status, with an example of each code that it may carry."""
    known = [code for code in ErrorCode if code in codes]
    response: Json = {
        "description": f"{_BY_STATUS[status][0]}: {', '.join(known)}.",
        "content": {
            "application/problem+json": {
                "schema": _narrowed(status, known),
                "examples": {code.value: _example_of(status, code) for code in known},
            }
        },
    }
    if status == 503:
        response["headers"] = {
            "Retry-After": {
                "description": "Seconds; not where the outcome is unknown.",
                "schema": {"type": "integer"},
            }
        }
    if ErrorCode.RETRY_TOO_EARLY in codes and status == 409:
        response["headers"] = {
            "Retry-After": {
                "description": "Seconds; with RetryTooEarly.",
                "schema": {"type": "integer"},
            }
        }
    if status in (401, 403):
        response["content"]["application/json"] = {"schema": reference_to("GatewayMessage")}
    return response


def refused_by_gateway() -> Json:
    """What API Gateway answers by itself where a request is not signed by a principal it knows."""
    return {
        "description": "API Gateway does not let the request through.",
        "content": {"application/json": {"schema": reference_to("GatewayMessage")}},
    }


def problem_examples() -> dict[str, Json]:
    """One for each code, with its usual status."""
    return {code.value: {"value": _example(STATUS_OF[code], code)} for code in ErrorCode}


def _example_of(status: int, code: ErrorCode) -> Json:
    if status == STATUS_OF[code]:
        return {"$ref": f"#/components/examples/{code}"}
    return {"value": _example(status, code)}


def _narrowed(status: int, codes: list[ErrorCode]) -> Json:
    narrowed = {
        "status": {"const": status},
        "code": {"enum": [code.value for code in codes]},
    }
    return {"allOf": [reference_to("Problem"), {"properties": narrowed}]}


def _example(status: int, code: ErrorCode) -> Json:
    example: Json = {
        "type": f"urn:monoova-payouts:error:{code}",
        "title": _BY_STATUS[status][0],
        "status": status,
        "detail": _DETAILS[code],
        "code": code.value,
        "request_id": "6f1d3c1e-5b0a-4a53-9c62-0d8c5d3c9d11",
    }
    if code is ErrorCode.INVALID_REQUEST:
        example["errors"] = {"amount": ["More than two decimals."]}
    if code is ErrorCode.BATCH_INVALID:
        example["errors"] = {"line 17": ["amount: Not a decimal amount such as 125.50."]}
    if code is ErrorCode.BATCH_REPEATED:
        example["batch_id"] = "0f3b7c52-8d1e-5a55-9f1b-6c1f9d0a4e77"
    if code in _WITH_PAYOUT:
        example["transaction_id"] = "2d1f6a6c-6d54-4f0e-9a52-0f4b3d0e8a11"
    return example
