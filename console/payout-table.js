// The table of payouts, as several pages show it.

import { h } from "./dom.js";
import { money, when } from "./format.js";
import { nameOf } from "./names.js";
import { payoutBadge, table } from "./parts.js";
import { link } from "./router.js";

export function payoutTable(caption, payouts, { extra = [] } = {}) {
  return table(
    caption,
    [
      { title: "Payee", cell: (each) => [payee(each), h("span", { class: "narrow-only under" }, payoutBadge(each))] },
      { title: "Status", wide: true, cell: payoutBadge },
      ...extra,
      { title: "Requested", wide: true, cell: (each) => h("time", { datetime: each.created_at }, when(each.created_at)) },
      { title: "Amount", end: true, class: "amount", cell: (each) => money(each.amount) },
    ],
    payouts,
    { href: (each) => link(`/payouts/${each.transaction_id}`), key: (each) => each.transaction_id },
  );
}

/** Who is paid, where, and for what: as much of it as is known. */
export function payee(payout) {
  const name = nameOf(payout.customer_id);
  const where = payout.destination || "erased";
  const more = [name && where, payout.lodgement_reference].filter(Boolean).join(" · ");
  return h("span", { class: "to" }, h("span", { class: "to-name" }, name ?? where), more && h("span", { class: "note" }, more));
}
