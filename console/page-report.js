// One day's three-way reconciliation: our book, Monoova's statement, the account's transactions.

import * as api from "./api.js";
import { h } from "./dom.js";
import { count, dayName, money, short, when } from "./format.js";
import { card, counts, empty, facts, head, notice, table } from "./parts.js";
import { verdict } from "./page-reports.js";
import { link } from "./router.js";

const KINDS = {
  Matched: "Matched",
  MissingHere: "Missing in our records",
  MissingThere: "Completed here, missing at Monoova",
  AmountDiffers: "Amounts differ",
  Returned: "Returned",
  GivenBack: "Returned at Monoova, completed here",
  UnreadableHere: "Cannot be read here",
  PaidThere: "Paid at Monoova, not completed here",
  BookedTwice: "Booked twice at Monoova",
  NotFinalHere: "Still open here",
};

const INCOMPLETE = {
  TimeWasUp: "The run reached its time limit.",
  MonoovaUnavailable: "Monoova did not answer.",
  SendingStopped: "Calls to Monoova were stopped.",
  TooMuch: "The day has more payouts than one report can hold.",
};

export async function page({ params }) {
  const report = await api.get(`/reports/daily/${encodeURIComponent(params.day)}`);
  const differences = report.differences ?? [];
  return [
    head(dayName(report.date), { back: { href: "#/reports", label: "Reports" }, badge: verdict(report) }),
    report.is_complete === false && notice("wait", "This report does not cover the whole day.",
      h("p", {}, "The next run creates it again automatically."), report.incomplete_because && h("p", { class: "note" }, INCOMPLETE[report.incomplete_because] ?? report.incomplete_because)),
    h("div", { class: "columns" },
      card("Compared", {}, counts(...Object.entries(report.counts ?? {}).map(([kind, number]) => [KINDS[kind] ?? kind, count(number)]),
        ["Other payments from the account", report.not_ours ? count(report.not_ours) : null])),
      card("mAccount", {}, report.account ? account(report.account) : empty("Not available"),
        facts(["Created", when(report.made_at)],
          ["Webhooks that did not arrive", report.missed_webhooks && count(report.missed_webhooks.found)]))),
    card("Differences", {}, differences.length > 0 ? differenceTable(differences) : empty("No differences", "All three sources agree.")),
  ];
}

function account(day) {
  return facts(
    ["Opening balance", money(day.opening_balance)],
    ["Credits", money(day.total_credits)],
    ["Debits", money(day.total_debits)],
    ["Closing balance", money(day.closing_balance)],
  );
}

function differenceTable(lines) {
  return table("Differences", [
    { title: "Difference", cell: (each) => KINDS[each.kind] ?? each.kind },
    { title: "Payout", cell: (each) => each.transaction_id
      ? h("a", { href: link(`/payouts/${each.transaction_id}`) }, short(each.transaction_id)) : "–" },
    { title: "Monoova status", wide: true, cell: (each) => each.monoova_says ?? "–" },
    { title: "Our amount", end: true, class: "amount", cell: (each) => money(each.amount) },
    { title: "Monoova amount", end: true, class: "amount", wide: true, cell: (each) => money(each.amount_there) },
  ], lines);
}
