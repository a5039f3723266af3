// One day's three-way reconciliation: our book, Monoova's statement, the account's transactions.

import * as api from "./api.js";
import { h } from "./dom.js";
import { count, dayName, money, short, when } from "./format.js";
import { card, counts, empty, facts, head, notice, table } from "./parts.js";
import { verdict } from "./page-reports.js";
import { link } from "./router.js";

const KINDS = {
  Matched: "Agrees in all three",
  MissingHere: "Monoova booked it, we do not know it",
  MissingThere: "We say paid, Monoova does not have it",
  AmountDiffers: "The amounts differ",
  Returned: "Given back",
  NotFinalHere: "Not at its end here yet",
};

const INCOMPLETE = {
  TimeWasUp: "There was not enough time.",
  MonoovaUnavailable: "Monoova did not answer.",
  SendingStopped: "Monoova is not being called at the moment.",
  TooMuch: "There was more than fits into a report.",
};

export async function page({ params }) {
  const report = await api.get(`/reports/daily/${encodeURIComponent(params.day)}`);
  const differences = report.differences ?? [];
  return [
    head(dayName(report.date), { back: { href: "#/reports", label: "Reports" }, badge: verdict(report) }),
    report.is_complete === false && notice("wait", "This report does not cover the whole day.",
      h("p", {}, "The next run makes it again by itself."), report.incomplete_because && h("p", { class: "note" }, INCOMPLETE[report.incomplete_because] ?? report.incomplete_because)),
    h("div", { class: "columns" },
      card("Compared", {}, counts(...Object.entries(report.counts ?? {}).map(([kind, number]) => [KINDS[kind] ?? kind, count(number)]),
        ["Other payments from the account", report.not_ours ? count(report.not_ours) : null])),
      card("The account", {}, report.account ? account(report.account) : empty("Not known"),
        facts(["Made", when(report.made_at)],
          ["Messages that never arrived", report.missed_webhooks && count(report.missed_webhooks.found)]))),
    card("Differences", {}, differences.length > 0 ? differenceTable(differences) : empty("None", "The three books agree.")),
  ];
}

function account(day) {
  return facts(
    ["Opened with", money(day.opening_balance)],
    ["Came in", money(day.total_credits)],
    ["Went out", money(day.total_debits)],
    ["Closed with", money(day.closing_balance)],
  );
}

function differenceTable(lines) {
  return table("Differences", [
    { title: "What", cell: (each) => KINDS[each.kind] ?? each.kind },
    { title: "Payout", cell: (each) => each.transaction_id
      ? h("a", { href: link(`/payouts/${each.transaction_id}`) }, short(each.transaction_id)) : "–" },
    { title: "Monoova says", wide: true, cell: (each) => each.monoova_says ?? "–" },
    { title: "Here", end: true, class: "amount", cell: (each) => money(each.amount) },
    { title: "There", end: true, class: "amount", wide: true, cell: (each) => money(each.amount_there) },
  ], lines);
}
