// What a person may do to a payout. Each asks first, and says what is going to happen.

import * as api from "./api.js";
import { h } from "./dom.js";
import { ask } from "./dialog.js";
import { field } from "./form.js";
import { money } from "./format.js";
import { button } from "./parts.js";
import { go } from "./router.js";
import * as session from "./session.js";
import { isOpen, resolutionsOf } from "./words.js";

const path = (payout, verb) => `/payouts/${payout.transaction_id}/${verb}`;

/** The buttons for what this person may do to this payout now. `done` is given what it became. */
export function actionsOn(payout, done) {
  if (!session.mayOperate()) return [];
  const acting = (act) => async () => {
    const outcome = await act(payout);
    if (outcome) {
      dispatchEvent(new Event("payouts-changed"));
      done(outcome);
    }
  };
  const { status } = payout;
  const waits = status === "AwaitingApproval";
  const mayDecide = waits && session.mayApprove() && payout.created_by !== session.me().name;
  const ended = ["Failed", "Returned", "Cancelled"].includes(status) && !payout.needs_review;
  return [
    mayDecide && button("Approve", acting(approve), { kind: "primary" }),
    mayDecide && button("Reject", acting(reject)),
    payout.needs_review && button("Settle by hand", acting(resolve), { kind: "primary" }),
    status === "Pending" && button("Ask Monoova now", acting(refresh)),
    (status === "Queued" || waits) && button("Cancel payout", acting(cancel)),
    ended && button("Try again as a new payout", acting(retry)),
  ].filter(Boolean);
}

/** Why something that one might look for is not offered. */
export function whyNot(payout) {
  if (!session.mayOperate()) {
    return isOpen(payout) || payout.needs_review ? "You can look. Changing a payout needs the role of an operator." : null;
  }
  if (payout.status !== "AwaitingApproval") return null;
  if (payout.created_by === session.me().name) return "You asked for this payout, so somebody else has to approve it.";
  return session.mayApprove() ? null : "Approving needs the role of an approver.";
}

function what(payout) {
  return `${money(payout.amount)} to ${payout.destination}`;
}

export function approve(payout) {
  return ask({
    title: `Approve ${money(payout.amount)}?`,
    words: `${what(payout)} is sent as soon as you approve. Your approval stands in the payout's history.`,
    yes: `Approve ${money(payout.amount)}`,
    act: () => api.post(path(payout, "approve")),
  });
}

export function reject(payout) {
  return ask({
    title: `Reject ${money(payout.amount)}?`,
    words: `${what(payout)} will not be paid: the payout is cancelled, for good.`,
    fields: [field("Reason", "reason", { required: true, hint: "For whoever asked for it. No names or account numbers.", maxlength: 500 })],
    yes: "Reject payout",
    kind: "danger",
    act: ({ reason }) => api.post(path(payout, "reject"), { reason }),
  });
}

function cancel(payout) {
  return ask({
    title: "Cancel this payout?",
    words: `${what(payout)} has not been sent yet. Once cancelled, it never is.`,
    yes: "Cancel payout",
    no: "Keep it",
    kind: "danger",
    act: () => api.post(path(payout, "cancel")),
  });
}

async function refresh(payout) {
  return ask({
    title: "Ask Monoova now?",
    words: "Monoova is asked what became of this payout. Nothing is sent again, and it is asked by itself anyway.",
    yes: "Ask now",
    act: () => api.post(path(payout, "refresh")),
  });
}

async function retry(payout) {
  const key = crypto.randomUUID(); // one for the dialog: whatever is pressed twice pays once
  const made = await ask({
    title: `Pay ${money(payout.amount)} again?`,
    words: [
      `A new payout of ${what(payout)} is made, under a reference of its own. The old one stays as it is.`,
      "If the bank details were wrong, add new ones to the customer and pay from there instead.",
    ],
    yes: `Pay ${money(payout.amount)}`,
    act: () => api.post(path(payout, "retry"), {}, { idempotencyKey: key }),
  });
  if (made?.transaction_id) go(`/payouts/${made.transaction_id}`);
  return null;
}

const OUTCOMES = {
  Completed: "It was paid",
  Failed: "It was not paid",
  Returned: "It was paid, and the money came back",
  Cancelled: "It was never sent",
};

export function resolve(payout) {
  const choices = resolutionsOf(payout).map((outcome) => [outcome, OUTCOMES[outcome]]);
  return ask({
    title: "Settle this payout by hand?",
    words: [
      h("p", {}, "Look it up at Monoova first, under the reference ", h("code", {}, payout.unique_reference), "."),
      "What you say here ends the review. It is written into the payout's history with your name and your reason. No money moves by it.",
    ],
    fields: [
      field("What became of it", "outcome", { choices, required: true }),
      field("How you know", "reason", { required: true, hint: "For example: confirmed on the phone by Monoova's support. No names or numbers.", maxlength: 500 }),
    ],
    yes: "Settle payout",
    act: (values) => api.post(path(payout, "resolve"), values),
  });
}
