"""Every error that a caller can meet, as a tree:

AppError
├── CallerError                     you sent something wrong: the same again fails again
│   ├── InvalidRequestError         400  InvalidRequest, with the fields
│   ├── BatchInvalidError           400  BatchInvalid, with the lines
│   ├── UnauthenticatedError        401  Unauthenticated
│   ├── ForbiddenError              403  Forbidden, ApprovalByRequester, ApprovalByAuthor,
│   │                                    ResolutionNeedsApprover: known, but not allowed to
│   ├── NotFoundError               404  CustomerNotFound, DestinationNotFound, PayoutNotFound,
│   │                                    BatchNotFound, ReportNotFound, DeadLetterNotFound,
│   │                                    FileNotFound
│   ├── ConflictError               409  what is asked for does not fit the state of things
│   ├── PayloadTooLargeError        413  PayloadTooLarge
│   ├── UnsupportedMediaTypeError   415  UnsupportedMediaType
│   └── UnprocessableError          422  well-formed, but refused by a rule or by Monoova
├── TryAgainError                   503  nothing was done: the same again may succeed
└── NotKnownYetError                503  OutcomeUnknown: look before you ask again

That it is not known yet whether Monoova paid is no error: it is the payout's own state (`Pending`,
`Unresolved`), and the answer is 202. `NotKnownYetError` is for the one case where we do not even
know whether the payout was recorded.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import ClassVar, Final

FieldErrors = Mapping[str, Sequence[str]]

_TRY_AGAIN_SECONDS: Final = 30


class ErrorCode(StrEnum):
    """The closed list of codes that an error answer carries."""

    INVALID_REQUEST = "InvalidRequest"
    BATCH_INVALID = "BatchInvalid"
    UNAUTHENTICATED = "Unauthenticated"
    FORBIDDEN = "Forbidden"
    APPROVAL_BY_REQUESTER = "ApprovalByRequester"
    METHOD_NOT_ALLOWED = "MethodNotAllowed"
    CUSTOMER_NOT_FOUND = "CustomerNotFound"
    DESTINATION_NOT_FOUND = "DestinationNotFound"
    PAYOUT_NOT_FOUND = "PayoutNotFound"
    BATCH_NOT_FOUND = "BatchNotFound"
    REPORT_NOT_FOUND = "ReportNotFound"
    DAY_NOT_OVER = "DayNotOver"
    DEAD_LETTER_NOT_FOUND = "DeadLetterNotFound"
    FILE_NOT_FOUND = "FileNotFound"
    CUSTOMER_HAS_OPEN_PAYOUTS = "CustomerHasOpenPayouts"
    DESTINATION_IN_USE = "DestinationInUse"
    EXTERNAL_ID_TAKEN = "ExternalIdTaken"
    TOO_MANY_DESTINATIONS = "TooManyDestinations"
    PAYOUT_NOT_CANCELLABLE = "PayoutNotCancellable"
    PAYOUT_NOT_RETRYABLE = "PayoutNotRetryable"
    POSSIBLE_DUPLICATE = "PossibleDuplicate"
    PAYOUT_MAY_BE_PAID = "PayoutMayBePaid"
    RETRY_TOO_EARLY = "RetryTooEarly"
    PAYOUT_NOT_RESOLVABLE = "PayoutNotResolvable"
    RESOLUTION_CONTRADICTED = "ResolutionContradicted"
    RESOLUTION_NEEDS_APPROVER = "ResolutionNeedsApprover"
    APPROVAL_BY_AUTHOR = "ApprovalByAuthor"
    DESTINATION_NOT_REVEALED = "DestinationNotRevealed"
    DESTINATIONS_DIFFER = "DestinationsDiffer"
    BATCH_IN_OTHER_STATUS = "BatchInOtherStatus"
    BATCH_REPEATED = "BatchRepeated"
    NOTHING_TO_RETRY = "NothingToRetry"
    PAYOUT_NOT_AWAITING_APPROVAL = "PayoutNotAwaitingApproval"
    PAYOUT_INTEGRITY_FAILED = "PayoutIntegrityFailed"
    PAYOUT_NOT_ADOPTABLE = "PayoutNotAdoptable"
    DEAD_LETTER_UNREADABLE = "DeadLetterUnreadable"
    RECORD_UNREADABLE = "RecordUnreadable"
    CHANGED_MEANWHILE = "ChangedMeanwhile"
    PAYLOAD_TOO_LARGE = "PayloadTooLarge"
    UNSUPPORTED_MEDIA_TYPE = "UnsupportedMediaType"
    NO_DESTINATION = "NoDestination"
    DESTINATION_AMBIGUOUS = "DestinationAmbiguous"
    BATCH_TOTAL_DIFFERS = "BatchTotalDiffers"
    DESTINATION_NOT_VERIFIED = "DestinationNotVerified"
    ALREADY_VERIFIED = "AlreadyVerified"
    VERIFICATION_UNDER_WAY = "VerificationUnderWay"
    VERIFICATION_NOT_STARTED = "VerificationNotStarted"
    VERIFICATION_LOCKED = "VerificationLocked"
    VERIFICATION_REFUSED = "VerificationRefused"
    VERIFICATION_CODE_WRONG = "VerificationCodeWrong"
    IDEMPOTENCY_KEY_REUSED = "IdempotencyKeyReused"
    LIMIT_EXCEEDED = "LimitExceeded"
    MONOOVA_REFUSED = "MonoovaRefused"
    MONOOVA_UNAVAILABLE = "MonoovaUnavailable"
    SENDING_STOPPED = "SendingStopped"
    WRONG_ENVIRONMENT = "WrongEnvironment"
    STORAGE_UNAVAILABLE = "StorageUnavailable"
    OUTCOME_UNKNOWN = "OutcomeUnknown"
    INTERNAL_ERROR = "InternalError"


class AppError(Exception):
    """An error with one meaning. `detail` is for people and holds no payee detail; `retry_after` is
    in how many seconds the same request may succeed, where that is known."""

    status: ClassVar[int] = 500
    default_code: ClassVar[ErrorCode] = ErrorCode.INTERNAL_ERROR

    def __init__(
        self,
        detail: str,
        code: ErrorCode | None = None,
        *,
        errors: FieldErrors | None = None,
        transaction_id: str | None = None,
        batch_id: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.default_code
        self.errors = errors
        self.transaction_id = transaction_id
        self.batch_id = batch_id
        self.retry_after = retry_after


class CallerError(AppError):
    """The request is at fault."""

    status = 400
    default_code = ErrorCode.INVALID_REQUEST


class InvalidRequestError(CallerError):
    """The request is malformed; `errors` names every field at fault, all at once."""

    def __init__(self, errors: FieldErrors, detail: str = "The request is not valid.") -> None:
        super().__init__(detail, errors=errors)


class BatchInvalidError(CallerError):
    """A file that is no batch; `errors` names every line at fault, all at once."""

    default_code = ErrorCode.BATCH_INVALID

    def __init__(self, errors: FieldErrors) -> None:
        super().__init__("The file is not valid: nothing of it was taken.", errors=errors)


class UnauthenticatedError(CallerError):
    """The caller is not authenticated."""

    status = 401
    default_code = ErrorCode.UNAUTHENTICATED


class ForbiddenError(CallerError):
    """We know who asks; they may not do this."""

    status = 403
    default_code = ErrorCode.FORBIDDEN


class AccessEndedError(ForbiddenError):
    """Their access was ended, whatever their token or role still says."""

    def __init__(self) -> None:
        super().__init__("Your access was ended: ask an administrator.")


class NotFoundError(CallerError):
    """There is no such thing."""

    status = 404
    default_code = ErrorCode.PAYOUT_NOT_FOUND


class ConflictError(CallerError):
    """What is asked for does not fit the state of things."""

    status = 409
    default_code = ErrorCode.CHANGED_MEANWHILE


class PayloadTooLargeError(CallerError):
    """The body is larger than any that makes sense."""

    status = 413
    default_code = ErrorCode.PAYLOAD_TOO_LARGE


class UnsupportedMediaTypeError(CallerError):
    """The body is not announced as JSON."""

    status = 415
    default_code = ErrorCode.UNSUPPORTED_MEDIA_TYPE


class UnprocessableError(CallerError):
    """Well-formed, and refused by a rule of ours or by Monoova."""

    status = 422
    default_code = ErrorCode.MONOOVA_REFUSED


class TryAgainError(AppError):
    """Nothing was done, and the same request may succeed later."""

    status = 503
    default_code = ErrorCode.MONOOVA_UNAVAILABLE

    def __init__(self, detail: str, code: ErrorCode | None = None) -> None:
        super().__init__(detail, code, retry_after=_TRY_AGAIN_SECONDS)


class NotKnownYetError(AppError):
    """It may have been done. `transaction_id` is what to look for before asking again."""

    status = 503
    default_code = ErrorCode.OUTCOME_UNKNOWN


class SettingsError(Exception):
    """One or more environment variables are missing or malformed; `problems` has a line for each.

    Only names and expectations are listed, never values.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("Settings: " + "; ".join(problems))
        self.problems = problems
