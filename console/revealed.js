// Where a payout goes, in full, as an approver has to see it. Each look is recorded under their name.

import * as api from "./api.js";
import { Kind } from "./api.js";
import { h } from "./dom.js";
import { exactly, money } from "./format.js";
import { facts } from "./parts.js";
import { link } from "./router.js";
import * as session from "./session.js";
import { actorName, destinationName } from "./words.js";

/** `words` show the payout's destination; `digest` repeats what was shown, null for one that is gone. */
export async function revealed(payout) {
  const { customer_id, destination_id } = payout;
  try {
    const { items: [shown], digest } = await api.post("/destinations/reveal", { destinations: [{ customer_id, destination_id }] });
    return { digest, words: view(shown) };
  } catch (problem) {
    if (problem.kind !== Kind.NOT_FOUND) throw problem;
    return { digest: null, words: h("p", {}, "Its destination was removed, or its customer was erased: it cannot be paid. Reject it.") };
  }
}

function view({ customer_id, customer_name, destination, others, also_named_by }) {
  const me = session.me().name;
  const elsewhere = also_named_by.filter((owner) => owner.customer_id !== customer_id);
  return h("div", { class: "revealed" },
    facts(
      ["Customer", customer_name ?? "no name"],
      ["Account name", destination.account_name],
      ...(destination.pay_id
        ? [[destinationName(destination), destination.pay_id]]
        : [["BSB", destination.bsb], ["Account number", destination.account_number]]),
      ["Added by", destination.added_by ? `${actorName(destination.added_by, me)}, ${exactly(destination.added_at)}` : "not known"],
      ["Approved by", destination.approved_by
        ? `${actorName(destination.approved_by, me)}, ${exactly(destination.approved_at)}`
        : "no other person yet"],
      ...(destination.cap == null ? [] : [["Open for", `${money(destination.cap)} a day`]]),
      ...(destination.asked_cap == null ? []
        : [["To be raised to", `${money(destination.asked_cap)} a day, as ${actorName(destination.asked_cap_by, me)} asked: another person confirms it`]]),
      ["Other destinations of the customer", others.map((each) => each.masked).join(", ") || "none"],
      ["Seen before", also_named_by.length === 0 ? "in no other destination" : seen(also_named_by, elsewhere)],
    ),
    elsewhere.length > 0 && h("p", { class: "note" }, "This account stands under another customer as well. Find out why before you approve."));
}

function seen(all, elsewhere) {
  if (elsewhere.length === 0) return `in ${all.length} other of this customer's destinations`;
  const ids = [...new Set(elsewhere.map((owner) => owner.customer_id))];
  return h("span", {}, "under another customer:", ids.map((id) => [" ", h("a", { href: link(`/customers/${id}`) }, id.slice(0, 8))]));
}
