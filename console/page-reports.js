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
      lead: "Each morning yesterday's payouts are compared with Monoova's statement and the account's transactions.",
      actions: session.mayOperate() ? [button("Run a day", run)] : [],
    }),
    paged((cursor) => api.get("/reports/daily", { cursor }),
      (items) => items.length > 0 ? reports(items) : empty("No reports yet", "The first one is made tomorrow morning."), { signal }),
  ];
}

function run() {
  return ask({
    title: "Compare a day now?",
    words: "Monoova is asked for its books of that day. Nothing is paid, and no payout changes by it.",
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
  if (report.is_complete === false) return badge("Not complete", "wait");
  return differences > 0 ? badge(count(differences, "difference"), "bad") : badge("All agrees", "good");
}

function reports(items) {
  return table("Daily reports", [
    { title: "Day", cell: (each) => dayName(each.date) },
    { title: "Outcome", cell: verdict },
    { title: "Made", wide: true, cell: (each) => when(each.made_at) },
  ], items, { href: (each) => link(`/reports/${each.date}`), key: (each) => each.date });
}
