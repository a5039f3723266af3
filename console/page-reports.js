// The three-way reconciliations of past days.

import * as api from "./api.js";
import { ask } from "./dialog.js";
import { field } from "./form.js";
import { count, dayBefore, dayName, today, when } from "./format.js";
import { badge, button, empty, head, paged, table } from "./parts.js";
import { go, link } from "./router.js";
import * as session from "./session.js";

export function page({ signal }) {
  return [
    head("Reports", {
      lead: "Each morning yesterday's payouts are reconciled with Monoova's statement and the mAccount's transactions.",
      actions: session.mayOperate() ? [button("Run a report", run)] : [],
    }),
    paged((cursor) => api.get("/reports/daily", { cursor }),
      (items) => items.length > 0 ? reports(items) : empty("No reports yet", "The first report is created tomorrow morning."), { signal }),
  ];
}

function run() {
  return ask({
    title: "Run a daily report?",
    words: "The payouts of that day are reconciled with Monoova's records. Nothing is paid. A completed payout that was returned is put under review.",
    fields: [field("Day", "day", { type: "date", required: true, value: dayBefore(today(), 1), max: today() })],
    yes: "Run",
    act: async ({ day }) => {
      await api.post(`/reports/daily/${day}`);
      go(`/reports/${day}`);
    },
  });
}

export function verdict(report) {
  const differences = report.difference_count ?? 0;
  if (report.is_complete === false) return badge("Incomplete", "wait");
  return differences > 0 ? badge(count(differences, "difference"), "bad") : badge("No differences", "good");
}

function reports(items) {
  return table("Daily reports", [
    { title: "Day", cell: (each) => dayName(each.date) },
    { title: "Result", cell: verdict },
    { title: "Created", wide: true, cell: (each) => when(each.made_at) },
  ], items, { href: (each) => link(`/reports/${each.date}`), key: (each) => each.date });
}
