// What is said and offered while it is not known whether a payout was made.

import { Kind } from "./api.js";
import { ask as askFirst } from "./dialog.js";
import { fill, h } from "./dom.js";
import * as doubt from "./doubt.js";
import { setBusy } from "./form.js";
import { exactly, money } from "./format.js";
import { namesKnown, nameOf } from "./names.js";
import { button, linkButton, notice } from "./parts.js";
import { go, link } from "./router.js";
import * as session from "./session.js";

/**
 * The payout in doubt, and what may be done about it. `problem` is the last answer, if there was one;
 * `refused` is given the answer that ends the doubt without a payout.
 */
export function doubtPanel({ problem = null, title = "One payout is still in doubt.", refused = look } = {}) {
  const region = h("div", {});

  async function again(event) {
    const pressed = event.currentTarget;
    if (pressed.classList.contains("busy")) return;
    setBusy(pressed, true);
    try {
      paid(await doubt.ask({ ...doubt.inDoubt(), mayBePaid: true }));
    } catch (next) {
      if (!doubt.inDoubt()) return refused(next);
      show(next);
      region.querySelector("button")?.focus();
    }
  }

  function show(last) {
    const payment = doubt.inDoubt();
    const mayAsk = doubt.isMine(payment) && session.mayOperate();
    fill(region, notice("wait", title,
      what(payment),
      mayAsk
        ? h("p", {}, h("strong", {}, "Do not start another payout."), " Press “Submit again”: it is the same payout under the same idempotency key, so it is paid only once.")
        : h("p", {}, h("strong", {}, "Do not start another payout."), " Only the person who requested it can submit it again: under another sign-in it would be a second payout."),
      last?.detail && h("p", { class: "note" }, last.kind === Kind.UNKNOWN ? last.detail : `The latest response: ${last.detail} It says nothing about the first request.`),
      h("div", { class: "actions" },
        mayAsk && button("Submit again", again, { kind: "primary" }),
        payment.transactionId
          ? linkButton("View payout", link(`/payouts/${payment.transactionId}`))
          : linkButton("View the customer's payouts", link("/payouts", { customer_id: payment.request.customer_id })),
        button("Clear", settle))));
  }

  show(problem);
  return region;
}

/** To where the payout is, as soon as it is known to be there. */
export function paid(payout) {
  dispatchEvent(new Event("payouts-changed"));
  go(`/payouts/${payout.transaction_id}`);
}

function look(problem) {
  go(`/payouts/${problem.transactionId}`);
}

function what(payment) {
  const name = h("a", { href: link(`/customers/${payment.request.customer_id}`) }, nameOf(payment.request.customer_id) ?? "a customer");
  namesKnown().then(() => fill(name, nameOf(payment.request.customer_id) ?? "a customer"));
  return h("p", {}, h("strong", {}, money(Number(payment.request.amount))), " to ", name, `, last submitted ${exactly(new Date(payment.at).toISOString())}.`);
}

async function settle() {
  const done = await askFirst({
    title: "Clear the payout in doubt?",
    words: "Clear it only if you have found this payout among the customer's payouts, or have seen that it is not there. The console then stops showing it; nothing else changes.",
    yes: "Clear",
    act: () => doubt.letGo(),
  });
  // The page is drawn anew: where there was the doubt is the form again.
  if (done) dispatchEvent(new Event("hashchange"));
}
