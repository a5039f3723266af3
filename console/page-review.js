// Payouts under review: a person has to determine the outcome.

import * as api from "./api.js";
import { h } from "./dom.js";
import { money, when } from "./format.js";
import { namesKnown } from "./names.js";
import { button, empty, head, paged, table } from "./parts.js";
import { payee } from "./payout-table.js";
import { resolve } from "./payout-actions.js";
import { link } from "./router.js";
import * as session from "./session.js";
import { REVIEW_REASONS, statusOf } from "./words.js";

export function page({ signal }) {
  const list = paged(
    async (cursor) => {
      await namesKnown();
      return api.get("/payouts", { needs_review: "true", limit: 25, cursor });
    },
    (items) => items.length > 0 ? reviews(items, list) : empty("Nothing needs review", "Payouts whose outcome a person has to determine are listed here."),
    { signal },
  );
  return [
    head("Review", { lead: "Monoova has reported no outcome, or reports that contradict each other. Nothing is sent again until you resolve the payout." }),
    !session.mayOperate() && h("p", { class: "note" }, "View only. Resolving a payout needs the operator role."),
    list,
  ];
}

function reviews(items, list) {
  const resolveOne = async (payout) => {
    if (await resolve(payout)) {
      dispatchEvent(new Event("payouts-changed"));
      await list.again();
    }
  };
  return table("Payouts that need review", [
    { title: "Payee", cell: (each) => [payee(each), h("span", { class: "narrow-only under note" }, why(each))] },
    { title: "Reason", wide: true, cell: why },
    { title: "Status", wide: true, cell: (each) => statusOf(each).label },
    { title: "Updated", wide: true, cell: (each) => when(each.updated_at) },
    { title: "Amount", end: true, class: "amount", cell: (each) => money(each.amount) },
    ...(session.mayOperate()
      ? [{ title: h("span", { class: "unseen" }, "Resolve"), wide: true, end: true, cell: (each) => button("Resolve", () => resolveOne(each), { kind: "small" }) }]
      : []),
  ], items, { href: (each) => link(`/payouts/${each.transaction_id}`), key: (each) => each.transaction_id });
}

const why = (payout) => REVIEW_REASONS[payout.review_reason] ?? payout.review_reason;
