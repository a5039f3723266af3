// One payout: its status, the reason for it, and what to do.

import * as api from "./api.js";
import { announce, fill, h } from "./dom.js";
import * as doubt from "./doubt.js";
import { exactly, fromNow, money, when } from "./format.js";
import { keepLooking } from "./live.js";
import { learn, nameOf } from "./names.js";
import { copyable, facts, card, head, icon, notice, payoutBadge } from "./parts.js";
import { actionsOn, whyNot } from "./payout-actions.js";
import { link } from "./router.js";
import * as session from "./session.js";
import { actorName, eventName, explanationOf, isOpen, REVIEW_REASONS, statusOf } from "./words.js";

const SECONDS_WHILE_FRESH = 2;
const SECONDS_AT_REST = 10;
const FRESH_MILLISECONDS = 3 * 60_000;

export async function page({ params, signal }) {
  const address = `/payouts/${encodeURIComponent(params.id)}`;
  let payout = await api.get(address);
  doubt.seen(payout);
  const name = await payeeName(payout);
  const content = h("div", {});
  const trouble = h("div", {});

  function show(next) {
    const isNews = statusOf(next).label !== statusOf(payout).label;
    payout = next;
    fill(content, view(payout, name, show));
    if (isNews) announce(`This payout is now: ${statusOf(payout).label}`);
  }

  show(payout);
  const isFresh = () => Date.now() - Date.parse(payout.updated_at) < FRESH_MILLISECONDS;
  keepLooking(signal, {
    every: () => (isOpen(payout) && isFresh() ? SECONDS_WHILE_FRESH : SECONDS_AT_REST),
    look: async () => {
      try {
        const next = await api.get(address);
        fill(trouble);
        if (!signal.aborted && JSON.stringify(next) !== JSON.stringify(payout)) show(next);
      } catch (problem) {
        if (problem.kind === api.Kind.SIGNED_OUT) return "enough";
        fill(trouble, notice("info", "This may be out of date.", h("p", {}, problem.detail)));
      }
      return "on";
    },
  });
  return [trouble, content];
}

/** Of a customer who has been erased there is no name. */
async function payeeName(payout) {
  if (!nameOf(payout.customer_id)) {
    await api.get(`/customers/${payout.customer_id}`).then((customer) => learn([customer]), () => {});
  }
  return nameOf(payout.customer_id);
}

function view(payout, name, show) {
  const actions = actionsOn(payout, show);
  const reason = whyNot(payout);
  return [
    head(name ? `${money(payout.amount)} to ${name}` : money(payout.amount), {
      back: { href: "#/payouts", label: "Payouts" },
      badge: payoutBadge(payout),
      lead: [payout.destination || "erased", payout.lodgement_reference].filter(Boolean).join(" · "),
    }),
    answers(payout),
    actions.length > 0 && h("div", { class: "actions bar-of-actions" }, actions),
    reason && h("p", { class: "note why-not" }, reason),
    h("div", { class: "columns" },
      card("History", { note: isOpen(payout) ? "Updates automatically" : null }, timeline(payout)),
      card("Details", {}, details(payout, name))),
  ];
}

/** The three answers, in large. */
function answers(payout) {
  const { tone } = statusOf(payout);
  const told = explanationOf(payout);
  const next = told.next && h("p", {}, told.next, told.next_at && isOpen(payout) &&
    h("span", { class: "note" }, ` (${fromNow(told.next_at)})`));
  const reason = told.summary.includes(payout.failure_reason) ? null : payout.failure_reason;
  const names = { good: "check", bad: "cross", wait: "review", going: "payouts", quiet: "info" };
  const shownTone = payout.needs_review ? "review" : tone;
  return h(
    "section",
    { class: `answers ${shownTone}`, "aria-label": "Summary" },
    h("span", { class: "answers-icon" }, icon(payout.needs_review ? "review" : names[tone])),
    h("div", {},
      h("p", { class: "answers-summary" }, told.summary),
      h("dl", {},
        reason && h("div", {}, h("dt", {}, "Reason"), h("dd", {}, reason)),
        payout.review_reason && h("div", {}, h("dt", {}, "Reason for review"), h("dd", {}, REVIEW_REASONS[payout.review_reason] ?? payout.review_reason)),
        next && h("div", {}, h("dt", {}, "What happens next"), h("dd", {}, next)),
        told.what_to_do && h("div", {}, h("dt", {}, "What to do"), h("dd", {}, told.what_to_do)))),
  );
}

function timeline(payout) {
  const me = session.me().name;
  return h("ol", { class: "timeline" }, payout.history.map((entry) => {
    const { tone } = statusOf(entry);
    return h(
      "li",
      { class: `moment ${tone}` },
      h("p", { class: "moment-title" }, eventName(entry.event)),
      h("p", { class: "note" }, h("time", { datetime: entry.at }, exactly(entry.at)), ` · ${actorName(entry.by, me)}`),
      entry.detail && h("p", { class: "moment-detail" }, entry.detail),
    );
  }));
}

function details(payout, name) {
  return facts(
    ["Customer", h("a", { href: link(`/customers/${payout.customer_id}`) }, name ?? "View customer")],
    ["Destination", payout.destination],
    ["Method", payout.payout_method === "PayId" ? "PayID" : "Bank account"],
    ["Lodgement reference", payout.lodgement_reference],
    ["Description", payout.description],
    ["Requested", `${when(payout.created_at)} by ${actorName(payout.created_by, session.me().name)}`],
    ["Completed", payout.completed_at && when(payout.completed_at)],
    ["Came back", payout.returned_amount && money(payout.returned_amount)],
    ["Return reported", payout.return_reported_at && when(payout.return_reported_at)],
    ["Return seen in the account", payout.return_seen_at && when(payout.return_seen_at)],
    ["Failure code", payout.failure_code && h("code", {}, payout.failure_code)],
    ["Batch", payout.batch_id && h("a", { href: link(`/batches/${payout.batch_id}`) }, "View batch")],
    ["Retried as", payout.succeeded_by && h("a", { href: link(`/payouts/${payout.succeeded_by}`) }, "View new payout")],
    ["Retry of", payout.retry_of && h("a", { href: link(`/payouts/${payout.retry_of}`) }, "View original payout")],
    ["Monoova transaction id", payout.monoova_transaction_id && h("code", {}, payout.monoova_transaction_id)],
    ["Transaction id", copyable(payout.transaction_id)],
  );
}
