// The table of payouts, as several pages show it.

import { h } from "./dom.js";
import { money, when } from "./format.js";
import { payoutBadge, table } from "./parts.js";
import { link } from "./router.js";

export function payoutTable(caption, payouts, { extra = [] } = {}) {
  return table(
    caption,
    [
      { title: "To", cell: (each) => h("span", { class: "to" },
        h("span", { class: "to-name" }, each.destination || "erased"),
        each.lodgement_reference && h("span", { class: "note" }, each.lodgement_reference)) },
      { title: "Status", cell: payoutBadge },
      ...extra,
      { title: "Asked for", wide: true, cell: (each) => h("time", { datetime: each.created_at }, when(each.created_at)) },
      { title: "Amount", end: true, class: "amount", cell: (each) => money(each.amount) },
    ],
    payouts,
    { href: (each) => link(`/payouts/${each.transaction_id}`), key: (each) => each.transaction_id },
  );
}
