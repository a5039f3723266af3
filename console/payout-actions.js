// What a person may do to a payout. Each asks first, and says what is going to happen.

import * as api from "./api.js";
import { Kind } from "./api.js";
import { h } from "./dom.js";
import { ask } from "./dialog.js";
import { field } from "./form.js";
import { money } from "./format.js";
import { button } from "./parts.js";
import { revealed } from "./revealed.js";
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
  const back = status === "Completed" && Boolean(payout.returned_amount);
  const ended = (back || ["Failed", "Returned", "Cancelled"].includes(status)) && !payout.needs_review;
  return [
    mayDecide && button("Approve", acting(approve), { kind: "primary" }),
    mayDecide && button("Reject", acting(reject)),
    payout.needs_review && button("Resolve", acting(resolve), { kind: "primary" }),
    status === "Pending" && button("Refresh from Monoova", acting(refresh)),
    (status === "Queued" || waits) && button("Cancel payout", acting(cancel)),
    ended && button("Retry as a new payout", acting(retry)),
  ].filter(Boolean);
}

/** Why something that one might look for is not offered. */
export function whyNot(payout) {
  if (!session.mayOperate()) {
    return isOpen(payout) || payout.needs_review ? "View only. Changing a payout needs the operator role." : null;
  }
  if (payout.status !== "AwaitingApproval") return null;
  if (payout.created_by === session.me().name) return "You requested this payout, so another person has to approve it.";
  return session.mayApprove() ? null : "Approving needs the approver role.";
}

function what(payout) {
  return `${money(payout.amount)} to ${payout.destination}`;
}

/** Where it goes is shown in full first, and what was shown is repeated with the approval. */
export async function approve(payout) {
  const place = await revealed(payout);
  return ask({
    title: `Approve ${money(payout.amount)}?`,
    words: [
      place.words,
      `${what(payout)} is sent as soon as you approve. Your approval is recorded in the payout's history.`,
      ...(payout.approval_reasons?.includes("NewDestination")
        ? ["You approve its destination as well: further payouts there need no approval for it."]
        : []),
      ...(payout.approval_reasons?.includes("SettledByHand")
        ? ["It replaces an earlier payout that was not paid by a person's word, not by Monoova's. Find out whether it was paid before you approve."]
        : []),
    ],
    yes: `Approve ${money(payout.amount)}`,
    act: () => api.post(path(payout, "approve"), place.digest ? { digest: place.digest } : {}),
  });
}

export function reject(payout) {
  return ask({
    title: `Reject ${money(payout.amount)}?`,
    words: `${what(payout)} will not be paid: the payout is cancelled for good.`,
    fields: [field("Reason", "reason", { required: true, hint: "Shown to the requester. No names or account numbers.", maxlength: 500 })],
    yes: "Reject payout",
    kind: "danger",
    act: ({ reason }) => api.post(path(payout, "reject"), { reason }),
  });
}

function cancel(payout) {
  return ask({
    title: "Cancel this payout?",
    words: `${what(payout)} has not been sent yet. Once cancelled, it will never be sent.`,
    yes: "Cancel payout",
    no: "Keep payout",
    kind: "danger",
    act: () => api.post(path(payout, "cancel")),
  });
}

async function refresh(payout) {
  return ask({
    title: "Refresh from Monoova?",
    words: "Monoova is asked for the status of this payout. Nothing is sent again. This also happens automatically.",
    yes: "Refresh",
    act: () => api.post(path(payout, "refresh")),
  });
}

async function retry(payout) {
  const key = crypto.randomUUID(); // one for the dialog: whatever is pressed twice pays once
  const part = Boolean(payout.returned_amount) && (payout.status === "Completed" || Boolean(payout.succeeded_by));
  const made = await ask({
    title: `Retry ${part ? "the part that came back" : money(payout.amount)} as a new payout?`,
    words: [
      part
        ? "A new payout of what came back, and was not paid again yet, is requested, under a reference of its own."
        : `A new payout of ${what(payout)} is requested, under a reference of its own. The original stays as it is.`,
      "If the bank details were wrong, add a new destination to the customer and request a new payout instead.",
    ],
    yes: part ? "Pay the part" : `Pay ${money(payout.amount)}`,
    act: () => api.post(path(payout, "retry"), {}, { idempotencyKey: key }),
  });
  if (made?.transaction_id) go(`/payouts/${made.transaction_id}`);
  return null;
}

const SAYS = {
  Complete: "Monoova says now that this payout was paid.",
  Pending: "Monoova says now that this payout is pending: it can't be resolved until that has ended.",
  Rejected: "Monoova says now that this payout was rejected: it was not paid.",
  Dishonoured: "Monoova says now that this payout was dishonoured: it was not paid.",
  UnknownReference: "Monoova does not know this payout now. Only an approver who did not request it may resolve it, unless it was never sent.",
  Unclear: "Monoova does not say now what became of this payout. Only an approver who did not request it may resolve it.",
};

async function asked(payout) {
  try {
    const fresh = await api.post(path(payout, "refresh"));
    return { payout: fresh, says: SAYS[fresh.monoova_says] ?? SAYS.Unclear };
  } catch (problem) {
    if (problem.kind !== Kind.TRY_AGAIN) throw problem;
    return { payout, says: "Monoova can't be asked now. Only an approver who did not request this payout may resolve it." };
  }
}

const OUTCOMES = {
  Completed: "Completed: it was paid",
  Failed: "Failed: it was not paid",
  Returned: "Returned: it was paid and the money was returned",
  Cancelled: "Cancelled: it was never sent",
};

/** Monoova is asked first: what it says is shown before anything can be chosen, and may end the review. */
export async function resolve(shown) {
  const { payout, says } = await asked(shown);
  if (!payout.needs_review) return payout;
  const choices = [["", "Choose what is true"], ...resolutionsOf(payout).map((outcome) => [outcome, OUTCOMES[outcome]])];
  return ask({
    title: "Resolve this payout?",
    words: [
      h("p", { class: "monoova-says" }, says),
      h("p", {}, "First look it up in Monoova's portal or statement under the reference ", h("code", {}, payout.unique_reference), "."),
      "Resolving ends the review. The outcome is recorded in the payout's history with your name and your reason. It pays nothing.",
    ],
    fields: [
      field("Outcome", "outcome", { choices, required: true }),
      field("Reason", "reason", { required: true, hint: "How you know, for example: confirmed by phone with Monoova support. No names or account numbers.", maxlength: 500 }),
    ],
    yes: "Resolve payout",
    act: (values) => api.post(path(payout, "resolve"), values),
  });
}
