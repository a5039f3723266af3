"""What each route takes and answers, by the name of its view in app.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from marshmallow import Schema

from chalicelib.batches import schemas as batch_schemas
from chalicelib.core.errors import ErrorCode
from chalicelib.customers import schemas as customer_schemas
from chalicelib.payouts import schemas as payout_schemas
from chalicelib.reports import schemas as report_schemas
from chalicelib.web import schemas
from chalicelib.webhooks import schemas as webhook_schemas

_E: Final = ErrorCode
_STORAGE: Final = (_E.INTERNAL_ERROR, _E.STORAGE_UNAVAILABLE, _E.RECORD_UNREADABLE)
_CUSTOMER: Final = (_E.CUSTOMER_NOT_FOUND, *_STORAGE)
_PAYOUT: Final = (_E.PAYOUT_NOT_FOUND, *_STORAGE)
_BODY: Final = (_E.INVALID_REQUEST, _E.PAYLOAD_TOO_LARGE, _E.UNSUPPORTED_MEDIA_TYPE)
_PAYABLE: Final = (
    _E.CUSTOMER_NOT_FOUND,
    _E.DESTINATION_NOT_FOUND,
    _E.NO_DESTINATION,
    _E.DESTINATION_AMBIGUOUS,
    _E.DESTINATION_NOT_VERIFIED,
    _E.POSSIBLE_DUPLICATE,
)
_SENT: Final = (
    _E.LIMIT_EXCEEDED,
    _E.IDEMPOTENCY_KEY_REUSED,
    _E.MONOOVA_REFUSED,
    _E.MONOOVA_UNAVAILABLE,
    _E.WRONG_ENVIRONMENT,
    _E.OUTCOME_UNKNOWN,
)
_ACCOUNT: Final = (
    _E.MONOOVA_UNAVAILABLE,
    _E.SENDING_STOPPED,
    _E.WRONG_ENVIRONMENT,
    *_STORAGE,
)


@dataclass(frozen=True)
class Operation:
    """One way in. `reply` names the schema of the answer; None is an answer without a body, or a
    text of another `media_type`.

    A file may be kept, and asked for again by its ETag. `replay_status` is that of an answer to
    what was asked before; `has_parts` says that a text may go on.

    `codes` are the problems that it may answer with, beside those of its authorizer.
    """

    summary: str
    codes: tuple[ErrorCode, ...] = ()
    status: int = 200
    reply: str | None = None
    body: type[Schema] | None = None
    query: type[Schema] | None = None
    changes: bool = False
    is_idempotent: bool = False
    media_type: str | None = None
    is_file: bool = False
    takes_payout_file: bool = False
    replay_status: int | None = None
    has_parts: bool = False
    other: Mapping[int, tuple[ErrorCode, ...]] = field(default_factory=dict)
    """Codes that this one alone answers with another status than the usual."""


_REQUEST_PAYOUT: Final = Operation(
    "Pays.",
    (*_BODY, *_PAYABLE, *_SENT, *_STORAGE),
    202,
    "AcceptedPayout",
    body=payout_schemas.PayoutSchema,
    changes=True,
    is_idempotent=True,
)
_LIST_PAYOUTS: Final = Operation(
    "Lists payouts, newest first; those of the last 31 days unless told otherwise.",
    (_E.INVALID_REQUEST, *_STORAGE),
    reply="PayoutPage",
    query=payout_schemas.PayoutListSchema,
)
_LIST_PAYOUTS_OF_CUSTOMER: Final = Operation(
    "Lists a customer's payouts, newest first; none for a customer that does not exist.",
    (_E.INVALID_REQUEST, *_CUSTOMER),
    reply="PayoutPage",
    query=payout_schemas.CustomerPayoutListSchema,
)
_LIST_CUSTOMERS: Final = Operation(
    "Lists the customers, newest first; destinations masked.",
    (_E.INVALID_REQUEST, *_STORAGE),
    reply="CustomerPage",
    query=schemas.PageSchema,
)
_SHOW_CUSTOMER: Final = Operation("Shows a customer.", _CUSTOMER, reply="Customer")
_SHOW_PAYOUT: Final = Operation(
    "Shows a payout with its history.", _PAYOUT, reply="PayoutWithHistory"
)
_SHOW_ACCOUNT: Final = Operation(
    "The mAccount's balance and NPP limit, as Monoova has them now.", _ACCOUNT, reply="Account"
)
_LISTED: Final = (*_BODY, _E.DESTINATION_NOT_FOUND, *_CUSTOMER)
_REVEAL_DESTINATIONS: Final = Operation(
    "Shows destinations in full, for an approver to decide on; each is recorded as an access.",
    _LISTED,
    reply="Revelation",
    body=customer_schemas.DestinationListSchema,
    changes=True,
)
_DECISION: Final = (
    *_BODY,
    _E.APPROVAL_BY_REQUESTER,
    _E.PAYOUT_NOT_AWAITING_APPROVAL,
    *_PAYOUT,
)
_APPROVE_PAYOUT: Final = Operation(
    "Lets a payout go out that waits for approval: for a person other than its requester. Approves"
    " its destination too, where that waits as well.",
    (
        *_DECISION,
        _E.APPROVAL_BY_AUTHOR,
        _E.DESTINATION_NOT_REVEALED,
        _E.DESTINATIONS_DIFFER,
        _E.LIMIT_EXCEEDED,
        _E.PAYOUT_INTEGRITY_FAILED,
    ),
    reply="PayoutWithHistory",
    body=payout_schemas.ApproveSchema,
    changes=True,
)
_LETTER: Final = (_E.DEAD_LETTER_NOT_FOUND, *_STORAGE)
_BATCH: Final = (_E.BATCH_NOT_FOUND, *_STORAGE)
_DECIDES_ON_BATCH: Final = (*_BODY, _E.BATCH_IN_OTHER_STATUS, _E.CHANGED_MEANWHILE, *_BATCH)
_WEBHOOK_CODES: Final = (
    _E.INVALID_REQUEST,
    _E.UNAUTHENTICATED,
    _E.PAYLOAD_TOO_LARGE,
    _E.INTERNAL_ERROR,
    _E.MONOOVA_UNAVAILABLE,
)
_NOT_KEPT: Final = {500: (_E.STORAGE_UNAVAILABLE,)}

OPERATIONS: Final[dict[str, Operation]] = {
    "show_me": Operation("Says who asks, and what they may do.", _STORAGE[:1], reply="Me"),
    "register_customer": Operation(
        "Registers a customer, with a first destination if one is given.",
        (*_BODY, _E.EXTERNAL_ID_TAKEN, *_STORAGE),
        201,
        "Customer",
        body=customer_schemas.CustomerSchema,
        changes=True,
    ),
    "list_customers": _LIST_CUSTOMERS,
    "show_customer": _SHOW_CUSTOMER,
    "change_customer": Operation(
        "Changes a customer's name, e-mail or both.",
        (*_BODY, _E.CHANGED_MEANWHILE, *_CUSTOMER),
        reply="Customer",
        body=customer_schemas.CustomerChangeSchema,
        changes=True,
    ),
    "erase_customer": Operation(
        "Erases all personal data of a customer; the transactions stay without it.",
        (_E.CUSTOMER_HAS_OPEN_PAYOUTS, _E.CHANGED_MEANWHILE, *_CUSTOMER),
        204,
        changes=True,
    ),
    "add_destination": Operation(
        "Adds a PayID or a bank account.",
        (*_BODY, _E.TOO_MANY_DESTINATIONS, _E.CHANGED_MEANWHILE, *_CUSTOMER),
        201,
        "Destination",
        body=customer_schemas.DestinationSchema,
        changes=True,
    ),
    "remove_destination": Operation(
        "Removes a destination that no open payout needs.",
        (_E.DESTINATION_NOT_FOUND, _E.DESTINATION_IN_USE, _E.CHANGED_MEANWHILE, *_CUSTOMER),
        204,
        changes=True,
    ),
    "start_verification": Operation(
        "Has Monoova pay one cent with a code to the destination; it costs a fee.",
        (
            *_BODY,
            _E.APPROVAL_BY_AUTHOR,
            _E.DESTINATION_NOT_FOUND,
            _E.ALREADY_VERIFIED,
            _E.VERIFICATION_UNDER_WAY,
            _E.VERIFICATION_REFUSED,
            _E.CHANGED_MEANWHILE,
            _E.MONOOVA_UNAVAILABLE,
            _E.SENDING_STOPPED,
            _E.OUTCOME_UNKNOWN,
            *_CUSTOMER,
        ),
        reply="Destination",
        body=schemas.EmptySchema,
        changes=True,
    ),
    "confirm_verification": Operation(
        "Tells Monoova the code that the payee has read beside the cent.",
        (
            *_BODY,
            _E.DESTINATION_NOT_FOUND,
            _E.ALREADY_VERIFIED,
            _E.VERIFICATION_NOT_STARTED,
            _E.VERIFICATION_LOCKED,
            _E.VERIFICATION_CODE_WRONG,
            _E.CHANGED_MEANWHILE,
            _E.MONOOVA_UNAVAILABLE,
            _E.SENDING_STOPPED,
            *_CUSTOMER,
        ),
        reply="Destination",
        body=customer_schemas.VerificationCodeSchema,
        changes=True,
    ),
    "list_unapproved_destinations": Operation(
        "Lists the destinations that wait for an approver, those of the newest customers first.",
        (_E.INVALID_REQUEST, *_STORAGE),
        reply="CustomerDestinationPage",
        query=schemas.PageSchema,
    ),
    "reveal_destinations": _REVEAL_DESTINATIONS,
    "approve_destinations": Operation(
        "Approves a list of destinations as it was revealed: for a person other than who added"
        " them.",
        (*_LISTED, _E.APPROVAL_BY_AUTHOR, _E.DESTINATIONS_DIFFER, _E.CHANGED_MEANWHILE),
        reply="ApprovedDestinations",
        body=customer_schemas.ApprovedListSchema,
        changes=True,
    ),
    "export_customer": Operation(
        "All that is held on a customer, in the clear: for the customer's own request. Recorded as"
        " an access. The customer is on the first page, payouts are on all.",
        (_E.INVALID_REQUEST, *_CUSTOMER),
        reply="Export",
        query=schemas.PageSchema,
        changes=True,
    ),
    "list_accesses": Operation(
        "Who opened a customer's destinations, when, and what for; newest first.",
        (_E.INVALID_REQUEST, *_CUSTOMER),
        reply="AccessPage",
        query=schemas.PageSchema,
    ),
    "list_payouts_of_customer": _LIST_PAYOUTS_OF_CUSTOMER,
    "request_payout": _REQUEST_PAYOUT,
    "list_payouts": _LIST_PAYOUTS,
    "validate_payout": Operation(
        "Checks all that paying would check, Monoova's `validate` and the balance included; moves"
        " and stores nothing.",
        (*_BODY, *_PAYABLE, _E.LIMIT_EXCEEDED, _E.SENDING_STOPPED, *_STORAGE),
        reply="Validation",
        body=payout_schemas.PayoutSchema,
    ),
    "show_payout": _SHOW_PAYOUT,
    "approve_payout": _APPROVE_PAYOUT,
    "adopt_payout": Operation(
        "Seals a payout that waited before there were seals: for another person than its maker.",
        (*_BODY, _E.APPROVAL_BY_REQUESTER, _E.PAYOUT_NOT_ADOPTABLE, *_PAYOUT),
        reply="PayoutWithHistory",
        body=schemas.EmptySchema,
        changes=True,
    ),
    "reject_payout": Operation(
        "Ends a payout that waits for approval: for a person other than its requester.",
        _DECISION,
        reply="PayoutWithHistory",
        body=schemas.ReasonSchema,
        changes=True,
    ),
    "cancel_payout": Operation(
        "Ends a payout that was not sent yet.",
        (*_BODY, _E.PAYOUT_NOT_CANCELLABLE, *_PAYOUT),
        reply="PayoutWithHistory",
        body=schemas.EmptySchema,
        changes=True,
    ),
    "retry_payout": Operation(
        "A new payout in place of one that ended unpaid; one at most. Monoova is asked first.",
        (
            *_BODY,
            _E.PAYOUT_NOT_RETRYABLE,
            _E.PAYOUT_MAY_BE_PAID,
            _E.RETRY_TOO_EARLY,
            _E.CHANGED_MEANWHILE,
            _E.SENDING_STOPPED,
            *_PAYABLE[:2],
            _E.DESTINATION_NOT_VERIFIED,
            *_SENT,
            *_PAYOUT,
        ),
        202,
        "AcceptedPayout",
        body=schemas.EmptySchema,
        changes=True,
    ),
    "resolve_payout": Operation(
        "Settles by hand a payout that needs review. Monoova is asked first.",
        (
            *_BODY,
            _E.PAYOUT_NOT_RESOLVABLE,
            _E.RESOLUTION_CONTRADICTED,
            _E.RESOLUTION_NEEDS_APPROVER,
            _E.APPROVAL_BY_REQUESTER,
            *_PAYOUT,
        ),
        reply="AskedPayout",
        body=payout_schemas.ResolveSchema,
        changes=True,
    ),
    "refresh_payout": Operation(
        "Asks Monoova now what became of a payout.",
        (*_BODY, _E.SENDING_STOPPED, *_PAYOUT),
        reply="AskedPayout",
        body=schemas.EmptySchema,
        changes=True,
    ),
    "upload_batch": Operation(
        "Takes a file of payouts: checked whole, and taken whole or not at all.",
        (*_BODY, _E.BATCH_INVALID, _E.BATCH_REPEATED, *_STORAGE),
        201,
        "Batch",
        changes=True,
        takes_payout_file=True,
        replay_status=200,
    ),
    "list_batches": Operation(
        "Lists the batches, newest first.",
        (_E.INVALID_REQUEST, *_STORAGE),
        reply="BatchPage",
        query=schemas.PageSchema,
    ),
    "show_batch": Operation(
        "Shows a batch and what became of its rows so far.", _BATCH, reply="BatchWithProgress"
    ),
    "confirm_batch": Operation(
        "Confirms what the batch comes to, after reading its summary.",
        (*_DECIDES_ON_BATCH, _E.BATCH_TOTAL_DIFFERS, _E.LIMIT_EXCEEDED, _E.POSSIBLE_DUPLICATE),
        reply="BatchWithProgress",
        body=batch_schemas.ConfirmSchema,
        changes=True,
    ),
    "approve_batch": Operation(
        "Lets a batch be paid that others uploaded and confirmed.",
        (_E.APPROVAL_BY_REQUESTER, _E.LIMIT_EXCEEDED, *_DECIDES_ON_BATCH),
        reply="BatchWithProgress",
        body=batch_schemas.ApproveSchema,
        changes=True,
    ),
    "reject_batch": Operation(
        "Ends a batch that others uploaded and confirmed; nothing of it is paid.",
        (_E.APPROVAL_BY_REQUESTER, *_DECIDES_ON_BATCH),
        reply="BatchWithProgress",
        body=schemas.ReasonSchema,
        changes=True,
    ),
    "cancel_batch": Operation(
        "Ends a batch: what was not sent yet is never sent, what was sent goes on.",
        _DECIDES_ON_BATCH,
        reply="BatchWithProgress",
        body=schemas.EmptySchema,
        changes=True,
    ),
    "retry_batch": Operation(
        "Makes a new batch of the rows that ended unpaid, to be confirmed and approved like any.",
        (*_BODY, _E.BATCH_IN_OTHER_STATUS, _E.NOTHING_TO_RETRY, *_BATCH),
        201,
        "Batch",
        body=schemas.EmptySchema,
        changes=True,
        replay_status=200,
    ),
    "list_rows_of_batch": Operation(
        "Lists the rows in the order of the file, with what became of each.",
        (_E.INVALID_REQUEST, *_BATCH),
        reply="BatchRowPage",
        query=batch_schemas.PartSchema,
    ),
    "download_result_of_batch": Operation(
        "The same as a CSV file, in parts of 5,000 rows: put behind one another they are one.",
        (_E.INVALID_REQUEST, *_BATCH),
        query=batch_schemas.PartSchema,
        media_type="text/csv",
        has_parts=True,
    ),
    "show_account": _SHOW_ACCOUNT,
    "reconcile_now": Operation(
        "Runs the reconciliation now.",
        (*_BODY, *_STORAGE),
        reply="Findings",
        body=schemas.EmptySchema,
        changes=True,
    ),
    "list_funding": Operation(
        "Lists the money that came in, newest first; nothing of who paid it.",
        (_E.INVALID_REQUEST, *_STORAGE),
        reply="FundingPage",
        query=schemas.PageSchema,
    ),
    "list_daily_reports": Operation(
        "Lists the daily reports without their differences, newest first.",
        (_E.INVALID_REQUEST, *_STORAGE),
        reply="DailyReportPage",
        query=schemas.PageSchema,
    ),
    "show_daily_report": Operation(
        "Shows the comparison of a Sydney day with Monoova's books.",
        (_E.INVALID_REQUEST, _E.REPORT_NOT_FOUND, *_STORAGE),
        reply="DailyReport",
    ),
    "make_daily_report": Operation(
        "Makes the report of a Sydney day that is over, now.",
        (*_BODY, _E.DAY_NOT_OVER, _E.CHANGED_MEANWHILE, *_STORAGE),
        reply="DailyReport",
        body=schemas.EmptySchema,
        changes=True,
    ),
    "show_statistics": Operation(
        "The figures of days, by Sydney's days, newest first; the last 31 unless told otherwise.",
        (_E.INVALID_REQUEST, *_STORAGE),
        reply="Statistics",
        query=report_schemas.DayRangeSchema,
    ),
    "show_sending": Operation(
        "Whether payouts are being sent, and who or what stopped them.", _STORAGE, reply="Sending"
    ),
    "pause_sending": Operation(
        "Stops all sending; payouts are accepted and wait.",
        (*_BODY, *_STORAGE),
        reply="Sending",
        body=schemas.ReasonSchema,
        changes=True,
    ),
    "resume_sending": Operation(
        "Lets payouts be sent again.",
        (*_BODY, *_STORAGE),
        reply="Sending",
        body=schemas.EmptySchema,
        changes=True,
    ),
    "reset_circuit": Operation(
        "Closes the circuit breaker now, without waiting for its probe.",
        (*_BODY, *_STORAGE),
        reply="Sending",
        body=schemas.EmptySchema,
        changes=True,
    ),
    "list_dead_letters": Operation(
        "Messages that failed five times and rest, the oldest first.",
        (_E.INVALID_REQUEST, *_STORAGE),
        reply="DeadLetterList",
        query=webhook_schemas.DeadLetterListSchema,
    ),
    "replay_dead_letter": Operation(
        "Puts a message back on the queue that it came from.",
        (*_BODY, _E.DEAD_LETTER_UNREADABLE, *_LETTER),
        reply="DeadLetter",
        body=schemas.EmptySchema,
        changes=True,
    ),
    "drop_dead_letter": Operation("Deletes a message for ever.", _LETTER, 204, changes=True),
    "request_payout_internally": _REQUEST_PAYOUT,
    "approve_payout_internally": _APPROVE_PAYOUT,
    "reveal_destinations_internally": _REVEAL_DESTINATIONS,
    "list_payouts_internally": _LIST_PAYOUTS,
    "show_payout_internally": _SHOW_PAYOUT,
    "list_customers_internally": _LIST_CUSTOMERS,
    "list_payouts_of_customer_internally": _LIST_PAYOUTS_OF_CUSTOMER,
    "show_account_internally": _SHOW_ACCOUNT,
    "show_customer_internally": _SHOW_CUSTOMER,
    "receive_webhook": Operation(
        "Monoova tells of any event.", _WEBHOOK_CODES, reply="Received", other=_NOT_KEPT
    ),
    "receive_named_webhook": Operation(
        "Monoova tells of the event that the path names.",
        _WEBHOOK_CODES,
        reply="Received",
        other=_NOT_KEPT,
    ),
    "show_health": Operation("Answers without touching anything.", reply="Health"),
    "show_openapi": Operation(
        "This document.", (_E.INTERNAL_ERROR,), reply="OpenApi", is_file=True
    ),
    "show_docs": Operation(
        "This document as a page.", (_E.INTERNAL_ERROR,), media_type="text/html", is_file=True
    ),
    "show_console": Operation(
        "The console: a page for the people who pay.",
        (_E.INTERNAL_ERROR,),
        media_type="text/html",
        is_file=True,
    ),
    "show_console_config": Operation(
        "Where the console signs people in.", (_E.INTERNAL_ERROR,), reply="ConsoleConfig"
    ),
    "show_console_file": Operation(
        "A script, a style sheet or a picture of the console.",
        (_E.FILE_NOT_FOUND, _E.INTERNAL_ERROR),
        media_type="*/*",
        is_file=True,
    ),
    "show_docs_file": Operation(
        "A script or a style sheet of that page.",
        (_E.FILE_NOT_FOUND, _E.INTERNAL_ERROR),
        media_type="text/*",
        is_file=True,
    ),
}
