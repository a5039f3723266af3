// The product's closed vocabularies in plain words.

/** Of each status: what it is called here, and how good the news is. */
const STATUSES = {
  AwaitingApproval: ["Waiting for approval", "wait"],
  Queued: ["Queued", "quiet"],
  Pending: ["On its way", "going"],
  Completed: ["Paid", "good"],
  Failed: ["Not paid", "bad"],
  Returned: ["Came back", "bad"],
  Cancelled: ["Cancelled", "quiet"],
  NotReleased: ["Not released", "bad"],
  Waiting: ["Not released yet", "quiet"],
};

export const PAYOUT_STATUSES = [
  "AwaitingApproval", "Queued", "Pending", "Completed", "Failed", "Returned", "Cancelled",
];

const SUBMISSIONS = {
  Sending: ["Being sent", "going"],
  Accepted: ["On its way", "going"],
  Unresolved: ["Not known yet", "wait"],
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
  AwaitingApproval: ["It waits for somebody other than the requester to approve it.",
    "It is cancelled by itself after 30 days without a decision.", "Ask an approver."],
  Queued: ["It has not been sent to Monoova yet.", "It is sent by itself.", "Nothing."],
  Sending: ["It is being sent to Monoova at this moment.", "The answer shows here by itself.", "Nothing."],
  Accepted: ["Monoova has taken it. The bank's word is still to come.",
    "Monoova is asked again by itself until there is an end.", "Nothing."],
  Unresolved: ["Monoova did not answer clearly, so nobody knows yet whether it was paid.",
    "Monoova is asked again by itself until it is known.",
    "Do not pay again: this payout may still go through."],
  Completed: ["It was paid.", null, "Nothing."],
  Failed: ["It was not paid. The money did not leave, or was given back.", null,
    "Put right what was wrong, then try again as a new payout."],
  Returned: ["It was paid, but the bank sent the money back.", null,
    "Ask the customer for other bank details, then try again as a new payout."],
  Cancelled: ["It was cancelled before anything was sent.", null, "Nothing, or pay anew."],
};

export function explanationOf(payout) {
  if (payout.explanation) return payout.explanation;
  const [summary, next, todo] = EXPLANATIONS[payout.submission ?? payout.status] ?? ["", null, ""];
  const review = payout.needs_review
    ? "Find out from Monoova what became of it, then settle it here." : todo;
  return { summary, next, next_at: payout.next_look_at, what_to_do: review };
}

const EVENTS = {
  Requested: "Asked for",
  Approved: "Approved",
  ApprovalDenied: "Approval refused",
  ApprovalExpired: "Nobody approved it in time",
  Claimed: "Taken from the queue to be sent",
  CancelledByAdmin: "Cancelled",
  QueueExpired: "Too old to be sent",
  DestinationGone: "The destination is gone",
  SendAccepted: "Monoova took it",
  SendRefused: "Monoova refused it",
  SendNotAuthenticated: "Monoova did not know us; back in the queue",
  SendUnclear: "Monoova did not answer clearly",
  LeaseExpired: "Sending was cut off",
  SentAgain: "Sent again under the same reference",
  GaveUp: "A person has to look at it",
  SettledComplete: "Paid",
  SettledRejected: "The bank rejected it",
  MoneyReturned: "The money came back",
  Contradicted: "Something contradicts it",
  ResolvedCompleted: "Settled by hand as paid",
  ResolvedFailed: "Settled by hand as not paid",
  ResolvedReturned: "Settled by hand as come back",
  ResolvedCancelled: "Settled by hand as cancelled",
};

export function eventName(event) {
  return EVENTS[event] ?? event.replace(/([a-z])([A-Z])/g, "$1 $2");
}

const ACTORS = {
  monoova: "Monoova",
  reconciler: "by itself",
  queue: "by itself",
  system: "by itself",
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
  OutcomeUnknown: "Monoova never said what became of it",
  AcceptedButUnknown: "Monoova took it, then did not know it",
  StillPending: "It has been on its way for too long",
  DestinationGone: "Its destination is gone while it is in doubt",
  Contradiction: "Monoova's messages contradict each other",
};

/** How a payout that needs review may be settled, by its status. */
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
  OrganisationId: "Organisation",
};

export function destinationName(destination) {
  if (destination.type === "BankAccount") return "Bank account";
  return `PayID, ${(PAY_ID_TYPES[destination.pay_id_type] ?? "").toLowerCase()}`
    .replace("abn", "ABN").replace("acn", "ACN").replace(/, $/, "");
}

export const VERIFICATIONS = {
  NotStarted: ["Not verified", "quiet"],
  Started: ["Waiting for the code", "wait"],
  Verified: ["Verified", "good"],
  Failed: ["Verification failed", "bad"],
  Locked: ["Locked for an hour", "bad"],
};

export const PURPOSES = {
  Payout: "Paying",
  Validation: "Checking before paying",
  Verification: "Verification",
  Export: "Export",
  Redaction: "Keeping details out of a reason",
};

export const BATCH_STATUSES = {
  Checking: ["Being checked", "going"],
  AwaitingConfirmation: ["Confirm the total", "wait"],
  AwaitingApproval: ["Waiting for approval", "wait"],
  Releasing: ["Being released", "going"],
  Released: ["Being paid", "going"],
  Finished: ["Finished", "good"],
  Cancelled: ["Cancelled", "quiet"],
};
