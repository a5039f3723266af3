// The product's closed vocabularies in plain words.

/** Of each status: what it is called here, and how good the news is. */
const STATUSES = {
  AwaitingApproval: ["Awaiting approval", "wait"],
  Queued: ["Queued", "quiet"],
  Pending: ["Pending", "going"],
  Completed: ["Completed", "good"],
  Failed: ["Failed", "bad"],
  Returned: ["Returned", "bad"],
  Cancelled: ["Cancelled", "quiet"],
  NotReleased: ["Not released", "bad"],
  Waiting: ["Waiting", "quiet"],
  Unreadable: ["Cannot be read", "bad"],
};

export const PAYOUT_STATUSES = [
  "AwaitingApproval", "Queued", "Pending", "Completed", "Failed", "Returned", "Cancelled",
];

const SUBMISSIONS = {
  Sending: ["Sending", "going"],
  Accepted: ["Pending", "going"],
  Unresolved: ["Unresolved", "wait"],
};

export function statusOf(payout) {
  const [label, tone] =
    SUBMISSIONS[payout.submission] ?? STATUSES[payout.status] ?? [payout.status, "quiet"];
  return { label, tone };
}

export function statusName(status) {
  return STATUSES[status]?.[0] ?? status;
}

export function isOpen(payout) {
  return ["AwaitingApproval", "Queued", "Pending"].includes(payout.status);
}

/** The three answers, where the API does not give an explanation of its own. */
const EXPLANATIONS = {
  AwaitingApproval: ["This payout is awaiting approval by a person other than the requester.",
    "It is cancelled automatically after 30 days without a decision.", "Ask an approver."],
  Queued: ["This payout has not been sent to Monoova yet.", "It is sent automatically.", "Nothing."],
  Sending: ["This payout is being sent to Monoova at this moment.", "Monoova's answer is shown here automatically.", "Nothing."],
  Accepted: ["Monoova has accepted this payout. The bank's outcome is not known yet.",
    "Monoova is asked again automatically until the payout is final.", "Nothing."],
  Unresolved: ["Monoova gave no clear answer: it is not known yet whether this payout was paid.",
    "Monoova is asked again automatically until the outcome is known.",
    "Do not pay again: this payout may still go through."],
  Completed: ["This payout was paid.", null, "Nothing."],
  Failed: ["This payout was not paid. The money did not leave the mAccount, or was returned to it.", null,
    "Correct the cause, then retry as a new payout."],
  Returned: ["This payout was paid, but the payee's bank returned the money.", null,
    "Ask the payee for other account details, add them to the customer, and request a new payout."],
  Cancelled: ["This payout was cancelled before anything was sent.", null, "Nothing, or retry as a new payout."],
};

export function explanationOf(payout) {
  if (payout.explanation) return payout.explanation;
  const [summary, next, todo] = EXPLANATIONS[payout.submission ?? payout.status] ?? ["", null, ""];
  const review = payout.needs_review
    ? "Look the payout up at Monoova, then resolve it here." : todo;
  return { summary, next, next_at: payout.next_look_at, what_to_do: review };
}

const EVENTS = {
  Requested: "Requested",
  Approved: "Approved",
  ApprovalDenied: "Approval rejected",
  ApprovalExpired: "Approval expired",
  Claimed: "Taken from the queue for sending",
  CancelledByAdmin: "Cancelled",
  QueueExpired: "Expired in the queue",
  RowExpired: "Not sent in time: put under review",
  DestinationGone: "Destination removed",
  EarlierPayoutSettled: "Not sent: the earlier payout may be paid",
  DestinationNotApproved: "Not sent: its destination is not approved",
  IntegrityCheckFailed: "Not sent: its record was changed outside of the app",
  Adopted: "Taken up by an approver",
  SendAccepted: "Accepted by Monoova",
  SendRefused: "Refused by Monoova",
  SendNotAuthenticated: "Login refused by Monoova: queued again",
  WithoutFunds: "Not enough money in the account: waits",
  SendUnclear: "No clear answer from Monoova",
  LeaseExpired: "Sending was interrupted",
  SentAgain: "Sent again under the same reference",
  GaveUp: "Put under review",
  RetryUnclear: "Not paid again without an answer of Monoova: put under review",
  SettledComplete: "Completed",
  SettledRejected: "Rejected by the bank",
  MoneyReturned: "Returned",
  PartReturned: "A part was returned",
  Hinted: "Unproven news: Monoova is asked",
  ReturnReported: "Return reported, not proven yet",
  ReturnSeen: "Returned money seen in the account",
  ReturnNotSeen: "Returned money not seen in the account",
  Contradicted: "Contradicting report received",
  ResolvedCompleted: "Resolved as completed",
  ResolvedFailed: "Resolved as failed",
  ResolvedReturned: "Resolved as returned",
  ResolvedCancelled: "Resolved as cancelled",
  Retried: "Retried as a new payout",
};

export function eventName(event) {
  return EVENTS[event] ?? event.replace(/([a-z])([A-Z])/g, "$1 $2");
}

const ACTORS = {
  monoova: "Monoova",
  reconciler: "System",
  queue: "System",
  system: "System",
  webhook: "Monoova",
};

/** Who did it: "you", "Monoova", the role of a service, the beginning of a person's id. */
export function actorName(by, me) {
  if (!by) return "–";
  if (by === me) return "you";
  if (ACTORS[by]) return ACTORS[by];
  const role = /assumed-role\/([^/]+)/.exec(by);
  if (role) return role[1];
  return /^[0-9a-f-]{36}$/.test(by) ? `user ${by.slice(0, 8)}` : by;
}

export const REVIEW_REASONS = {
  OutcomeUnknown: "Monoova reported no outcome",
  AcceptedButUnknown: "Monoova accepted it, but no longer knows it",
  StillPending: "Pending for too long",
  DestinationGone: "Destination removed while the payout was unresolved",
  RowExpired: "A row of a file that was not sent in time",
  RetryUnclear: "Monoova did not say whether it may be paid again",
  EarlierPayoutSettled: "The payout it replaces may have been paid",
  IntegrityCheckFailed: "Its record is not what was decided",
  DestinationNotApproved: "Its destination was approved by no other person",
  Contradiction: "Monoova's reports contradict each other",
  PartReturned: "A part of the money came back",
  ReturnNotSeen: "A return was reported, but its money was not seen",
};

/** Why a queued payout waits, where the reason is its own. */
export const QUEUE_REASONS = {
  NoFunds: "Waits for funds",
  DestinationApproval: "Waits for an approver of its destination",
};

const APPROVAL_REASONS = {
  AboveThreshold: "Large amount",
  AboveCap: "More than its destination is open for in a day",
  NewDestination: "New destination",
  SettledByHand: "Earlier payout was settled by hand",
};

/** Why a payout waits for an approver. */
export function approvalReasons(payout) {
  return (payout.approval_reasons ?? []).map((each) => APPROVAL_REASONS[each] ?? each).join(", ");
}

/** How a payout that needs review may be resolved, by its status. */
export function resolutionsOf(payout) {
  const all = {
    Queued: ["Completed", "Cancelled"],
    Pending: ["Completed", "Failed"],
    Completed: ["Completed", "Returned"],
    Failed: ["Failed"],
    Returned: ["Returned"],
    Cancelled: ["Cancelled"],
    AwaitingApproval: ["Cancelled"],
  };
  return all[payout.status] ?? [];
}

export const PAY_ID_TYPES = {
  Email: "E-mail address",
  PhoneNumber: "Phone number",
  ABN: "ABN",
  ACN: "ACN",
  OrganisationId: "Organisation id",
};

export function destinationName(destination) {
  if (destination.type === "BankAccount") return "Bank account";
  return `PayID, ${(PAY_ID_TYPES[destination.pay_id_type] ?? "").toLowerCase()}`
    .replace("abn", "ABN").replace("acn", "ACN").replace(/, $/, "");
}

export const VERIFICATIONS = {
  NotStarted: ["Not verified", "quiet"],
  Started: ["Awaiting code", "wait"],
  Verified: ["Verified", "good"],
  Failed: ["Verification failed", "bad"],
  Locked: ["Locked for an hour", "bad"],
};

export const PURPOSES = {
  Payout: "Payout",
  Validation: "Validation",
  Approval: "Approval",
  Verification: "Verification",
  Export: "Export",
  Redaction: "Redaction of a reason",
};

export const BATCH_STATUSES = {
  Checking: ["Checking", "going"],
  AwaitingConfirmation: ["Awaiting confirmation", "wait"],
  AwaitingApproval: ["Awaiting approval", "wait"],
  Releasing: ["Releasing", "going"],
  Released: ["Released", "going"],
  Finished: ["Finished", "good"],
  Cancelled: ["Cancelled", "quiet"],
};
