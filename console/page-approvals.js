// Payouts and batches that wait for an approver other than the requester.

import * as api from "./api.js";
import { h } from "./dom.js";
import { count, money, when } from "./format.js";
import { namesKnown } from "./names.js";
import { button, card, empty, head, leftOut, loaded, paged, table } from "./parts.js";
import { payee } from "./payout-table.js";
import { approve } from "./payout-actions.js";
import { link } from "./router.js";
import * as session from "./session.js";
import { actorName, approvalReasons } from "./words.js";

export function page({ signal }) {
  const payouts = paged(
    async (cursor) => {
      await namesKnown();
      return api.get("/payouts", { status: "AwaitingApproval", limit: 25, cursor });
    },
    (items) => items.length > 0 ? waiting(items, payouts) : empty("No payouts are awaiting approval"),
    { signal },
  );
  const batches = loaded(
    async () => {
      const { items, unreadable } = await api.get("/batches");
      return { items: items.filter((each) => each.status === "AwaitingApproval"), unreadable };
    },
    ({ items, unreadable }) => [leftOut(unreadable), items.length > 0 ? waitingBatches(items) : empty("No batches are awaiting approval")],
    { signal },
  );
  return [
    head("Approvals", { lead: "Nothing here is paid until an approver other than the requester approves it." }),
    !session.mayApprove() && h("p", { class: "note" }, "View only. Approving needs the approver role."),
    card("Payouts", {}, payouts),
    card("Batches", {}, batches),
  ];
}

function waiting(items, list) {
  const me = session.me().name;
  const decide = async (payout) => {
    if (await approve(payout)) {
      dispatchEvent(new Event("payouts-changed"));
      await list.again();
    }
  };
  const cell = (each) => each.created_by === me
    ? h("span", { class: "note" }, "Your request")
    : button("Approve", () => decide(each), { kind: "small" });
  return table("Payouts awaiting approval", [
    { title: "Payee", cell: payee },
    { title: "Reason", wide: true, cell: (each) => approvalReasons(each) },
    { title: "Requested by", wide: true, cell: (each) => actorName(each.created_by, me) },
    { title: "Requested", wide: true, cell: (each) => when(each.created_at) },
    { title: "Amount", end: true, class: "amount", cell: (each) => money(each.amount) },
    ...(session.mayApprove() ? [{ title: h("span", { class: "unseen" }, "Approve"), wide: true, end: true, cell }] : []),
  ], items, { href: (each) => link(`/payouts/${each.transaction_id}`), key: (each) => each.transaction_id });
}

function waitingBatches(items) {
  return table("Batches awaiting approval", [
    { title: "Batch", cell: (each) => count(each.row_count, "payout") },
    { title: "Uploaded by", wide: true, cell: (each) => actorName(each.created_by, session.me().name) },
    { title: "Uploaded", cell: (each) => when(each.created_at) },
    { title: "Total", end: true, class: "amount", cell: (each) => money(each.total) },
  ], items, { href: (each) => link(`/batches/${each.batch_id}`), key: (each) => each.batch_id });
}
