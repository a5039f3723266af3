// What is said and offered while nobody knows whether a payment was made.

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
 * The payment in doubt, with the ways out of it. `problem` is the last answer, if there was one;
 * `refused` is given the answer that ends the doubt without a payment.
 */
export function doubtPanel({ problem = null, title = "One payment is still in doubt.", refused = look } = {}) {
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
        ? h("p", {}, h("strong", {}, "Do not start another payment."), " Press “Ask again”: it is the same payment under the same key, so it is paid once however often you ask.")
        : h("p", {}, h("strong", {}, "Do not start another payment."), " Only whoever asked for it can ask again: signed in as somebody else, it would be a second payment."),
      last?.detail && h("p", { class: "note" }, last.kind === Kind.UNKNOWN ? last.detail : `The last answer: ${last.detail} That says nothing of the first.`),
      h("div", { class: "actions" },
        mayAsk && button("Ask again", again, { kind: "primary" }),
        payment.transactionId
          ? linkButton("Look at the payout", link(`/payouts/${payment.transactionId}`))
          : linkButton("Their payouts", link("/payouts", { customer_id: payment.request.customer_id })),
        button("I have looked it up", settle))));
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
  return h("p", {}, h("strong", {}, money(Number(payment.request.amount))), " to ", name, `, last asked for ${exactly(new Date(payment.at).toISOString())}.`);
}

async function settle() {
  const done = await askFirst({
    title: "Is it certain?",
    words: "Say so only if you have found this payment among the customer's payouts, or have seen that it is not there. The console then forgets it; nothing else changes.",
    yes: "It is certain",
    act: () => doubt.letGo(),
  });
  // The page is drawn anew: where there was the doubt is the form again.
  if (done) dispatchEvent(new Event("hashchange"));
}
