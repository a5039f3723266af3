"""The words that stand in stored rows, answers, logs and Monoova's messages: a closed list.

A row that was written before a deployment is read after it, and a client compares the answers
with the words of the API page. A changed word here is a changed contract.
"""

from enum import StrEnum
from typing import Final

import pytest

from chalicelib.batches.rules.batch import (
    UPLOADED,
    BatchEvent,
    BatchStatus,
    ChunkState,
    LeftOut,
    RowProblem,
    RowStatus,
    Task,
)
from chalicelib.control.rules.approval import ApprovalReason
from chalicelib.control.rules.limits import LimitKind
from chalicelib.core.actor import Role
from chalicelib.monoova.rules.branch import BranchStanding
from chalicelib.monoova.rules.circuit import OpenReason
from chalicelib.monoova.rules.destination import DestinationType, PayIdType
from chalicelib.monoova.rules.duplicates import Duplicates, Shown
from chalicelib.monoova.rules.gate import Passage
from chalicelib.monoova.rules.outcome import Silence, Standing, Uncertainty
from chalicelib.monoova.rules.verification_answer import CodeAnswer, StartAnswer
from chalicelib.payouts.rules.decisions import RECONCILER
from chalicelib.payouts.rules.news import MONOOVA, NoticeKind, Trust
from chalicelib.payouts.rules.payout import (
    Event,
    FailureCode,
    Kind,
    QueueReason,
    ReviewReason,
    State,
    Status,
    Submission,
)
from chalicelib.payouts.rules.resolution import Judgement
from chalicelib.payouts.rules.second_payment import Verdict
from chalicelib.reports.rules import comparison
from chalicelib.reports.rules.daily_report import Incomplete
from chalicelib.reports.rules.funding import CreditKind

WORDS: Final[dict[type[StrEnum], str]] = {
    Status: "AwaitingApproval Queued Pending Completed Failed Returned Cancelled",
    Submission: "Sending Accepted Unresolved",
    State: (
        "AwaitingApproval Queued Pending/Sending Pending/Accepted Pending/Unresolved"
        " Completed Failed Returned Cancelled"
    ),
    Event: (
        "Approved ApprovalDenied ApprovalExpired Claimed CancelledByAdmin QueueExpired"
        " RowExpired DestinationGone EarlierPayoutSettled IntegrityCheckFailed Adopted"
        " DestinationNotApproved SendAccepted SendRefused"
        " SendNotAuthenticated SendRateLimited WithoutFunds NotSent"
        " SendUnclear LeaseExpired"
        " SentAgain GaveUp Hinted SettledComplete SettledRejected MoneyReturned PartReturned"
        " ReturnReported ReturnSeen ReturnNotSeen Contradicted"
        " ResolvedCompleted ResolvedFailed ResolvedReturned ResolvedCancelled Retried RetryUnclear"
    ),
    ReviewReason: (
        "OutcomeUnknown AcceptedButUnknown StillPending DestinationGone RowExpired"
        " EarlierPayoutSettled IntegrityCheckFailed DestinationNotApproved RetryUnclear"
        " Contradiction"
        " PartReturned ReturnNotSeen"
    ),
    QueueReason: "NoFunds DestinationApproval",
    FailureCode: (
        "MonoovaRefused BankRejected Dishonoured Returned ResolvedByHand CancelledByAdmin"
        " ApprovalDenied ApprovalExpired QueueExpired DestinationGone"
    ),
    Silence: "NotSent Timeout ConnectionFailed CutOff",
    Uncertainty: (
        "Timeout ConnectionFailed CutOff ServerError DuplicateReference UnclearAnswer"
        " RefusedAfterDoubt NotAuthenticatedAfterDoubt NotSentAfterDoubt LeaseExpired"
    ),
    Duplicates: "asked refused booked",
    Shown: "refused booked",
    Standing: "Complete Pending Rejected Dishonoured UnknownReference Unclear",
    OpenReason: "TooManyFailures NotAuthenticated LockedOut",
    Passage: "Clear Probe CircuitOpen Paused Paced",
    DestinationType: "PayId BankAccount",
    PayIdType: "Email PhoneNumber ABN ACN OrganisationId",
    NoticeKind: "PaymentSuccessful Rejected NppReturn",
    Trust: "Signed Secret Hint",
    ApprovalReason: "AboveThreshold AboveCap NewDestination SettledByHand",
    Verdict: "Go MayBePaid TooEarly Unclear",
    Judgement: "Allowed NeedsApprover Contradicted",
    LimitKind: "Customer Account Maker Total",
    CreditKind: "NPP DirectCredit",
    comparison.Kind: (
        "Matched Returned NotFinalHere MissingThere MissingHere AmountDiffers BookedTwice"
        " PaidThere GivenBack ReturnedWithoutCredit UnreadableHere NotAsDecided"
    ),
    Incomplete: "TimeWasUp MonoovaUnavailable SendingStopped TooMuch",
    BatchStatus: (
        "Checking AwaitingConfirmation AwaitingApproval Releasing Released Finished Cancelled"
    ),
    BatchEvent: "Checked Confirmed Approved Rejected CancelledByAdmin Expired Released Finished",
    ChunkState: "Stored Checked Releasing Released Cancelling Cancelled Unreadable",
    Task: "check release cancel",
    RowProblem: (
        "CustomerNotFound DestinationNotFound DestinationNotVerified LimitExceeded MayBePaid"
        " NotRetryable AlreadyRetried SettledByHand RetryUnclear RowsAltered"
    ),
    LeftOut: (
        "Paid Open NeedsReview Retried ReturnNotSeen SettledByHand DestinationGone WithoutPayout"
    ),
    RowStatus: "Waiting NotReleased Cancelled Unreadable",
    Role: "viewer operator approver",
    BranchStanding: "Open Closed Unknown NotTold",
    StartAnswer: "Paid Refused NotLetIn Unclear",
    CodeAnswer: "Right Wrong Locked Unclear",
}


@pytest.mark.parametrize("vocabulary", list(WORDS), ids=lambda words: words.__name__)
def test_the_words_are_these_and_no_others(vocabulary: type[StrEnum]) -> None:
    assert [word.value for word in vocabulary] == WORDS[vocabulary].split()


def test_the_effects_read_as_the_architecture_page_prints_them() -> None:
    assert [kind.value for kind in Kind] == [
        "moves",
        "changes nothing",
        "unchanged, needs review",
        "unchanged, needs review: sending stops",
        "unchanged, review closed",
        "unchanged, noted",
        "refused",
    ]


def test_the_history_has_fixed_names_for_actors_who_are_no_persons() -> None:
    assert (MONOOVA, RECONCILER) == ("monoova", "reconciler")


def test_the_history_of_a_batch_begins_with_its_upload() -> None:
    assert UPLOADED == "Uploaded"
