// One payout whose answer may not have come: what is needed to submit it again, word for word,
// is put into this tab's sessionStorage before it is sent, and stays until it is answered. A reload
// or a trip to the sign-in page then ends in the same payout, never in a second one.

import * as api from "./api.js";
import * as session from "./session.js";

const PLACE = "payment-in-doubt";
const { INVALID, REFUSED, FORBIDDEN, NOT_FOUND, TRY_AGAIN, UNAVAILABLE } = api.Kind;
const NOTHING_DONE = [INVALID, REFUSED, FORBIDDEN, NOT_FOUND, TRY_AGAIN, UNAVAILABLE];
// The gateway gives up on a request long before; what is not in the lists by then never will be.
const SETTLED_MILLISECONDS = 60_000;

/** `{key, request, by, at, mayBePaid, transactionId}`, or null. */
export function inDoubt() {
  return JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
}

/** Submits a payout, for the first time or again; what it throws may leave it in doubt. */
export async function ask({ key, request, mayBePaid = false, transactionId = null }) {
  const payment = { key, request, mayBePaid, transactionId, by: session.me().name, at: Date.now() };
  keep(payment);
  try {
    const payout = await api.post("/payouts", request, { idempotencyKey: key });
    forget();
    return payout;
  } catch (problem) {
    if (isAnswer(problem, inDoubt()?.mayBePaid ?? mayBePaid)) forget();
    else keep({ ...payment, mayBePaid: true, transactionId: problem.transactionId ?? transactionId });
    throw problem;
  }
}

/**
 * Once it may be paid, "nothing was done" is true of the last request only, not of the first: only
 * what names the payout is an answer then.
 */
function isAnswer(problem, mayBePaid) {
  return mayBePaid ? problem.kind === REFUSED && Boolean(problem.transactionId) : NOTHING_DONE.includes(problem.kind);
}

/** The payout has been seen: nothing about it is in doubt. */
export function seen(payout) {
  if (inDoubt()?.transactionId === payout.transaction_id) forget();
}

/** The key means the same payout only for the person who submitted it first. */
export const isMine = (payment) => payment.by === session.me().name;

/** Clears the payout in doubt. Refused while the request might still arrive. */
export function letGo() {
  const left = (inDoubt()?.at ?? 0) + SETTLED_MILLISECONDS - Date.now();
  if (left > 0) {
    throw new api.Problem(REFUSED, `The request may still arrive. Check again in ${Math.ceil(left / 1000)} seconds.`);
  }
  forget();
}

function keep(payment) {
  sessionStorage.setItem(PLACE, JSON.stringify(payment));
}

function forget() {
  sessionStorage.removeItem(PLACE);
  dispatchEvent(new Event("doubt-ended"));
}
