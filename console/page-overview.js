// The overview: what needs attention, the balance, and the activity by day.

import * as api from "./api.js";
import { chart, split } from "./chart.js";
import { ask } from "./dialog.js";
import { field } from "./form.js";
import { fill, h } from "./dom.js";
import { count, dayBefore, duration, money, percent, roughMoney, today, when, whenWithin } from "./format.js";
import { badge, button, card, empty, head, icon, leftOut, linkButton, loaded, notice } from "./parts.js";
import { link, replaceQuery } from "./router.js";
import * as session from "./session.js";
import { tally } from "./shell.js";
import { actorName } from "./words.js";

const OPEN_REASONS = {
  TooManyFailures: "Too many calls to Monoova have failed.",
  NotAuthenticated: "Monoova has refused the API key.",
  LockedOut: "Monoova has locked the account after refused logins.",
};
const RANGES = [["7", "7 days"], ["30", "30 days"], ["90", "90 days"]];

export function page({ query, signal }) {
  const tile = (title, load, render) =>
    card(title, { class: "tile" }, loaded(load, render, { signal, lines: 2 }));
  const days = RANGES.some(([value]) => value === query.get("days")) ? Number(query.get("days")) : 30;
  return [
    head("Overview", {
      actions: session.mayOperate() ? [linkButton("New payout", "#/pay", { kind: "primary narrow-only", icon: "plus" })] : [],
    }),
    sendingState(signal),
    h("div", { class: "tiles" },
      tile("Needs attention", tally, needsAttention),
      tile("Available balance", () => api.get("/account"), balance),
      tile("Today", todaysPayouts, todaysNumbers)),
    figures(days, signal),
    card("Incoming funds", {}, loaded(() => api.get("/funding", { limit: 5 }), funds, { signal })),
  ];
}

// --- is anything sent

function sendingState(signal) {
  const region = h("div", { class: "sending" });
  const ended = loaded(() => api.get("/sending"), (state) => sending(state, () => ended.again()), { signal, lines: 1 });
  ended.ready.then(() => {
    // Where the deployment cannot say, nothing is missing from the page.
    if (ended.querySelector(".empty")) ended.remove();
  });
  return fill(region, ended);
}

function sending(state, again) {
  const me = session.me().name;
  const act = (verb, words) => async () => {
    const done = await ask({ ...words, act: (values) => api.post(`/sending/${verb}`, values) });
    if (done) again();
  };
  const operates = session.mayOperate();
  if (state.status === "Paused" || state.status === "CircuitOpen") {
    return [stopped(state, me, act, operates), questions(state)];
  }
  return [h("p", { class: "sending-line" }, state.status === "Slowed" ? badge("Sending is slowed", "wait") : badge("Sending is open", "good"),
    state.status === "Slowed" && ` Monoova takes only so many: ${state.per_minute} payouts a minute are sent, the others wait for their turn. `,
    operates && h("button", { type: "button", class: "text-button", onclick: act("pause", {
      title: "Pause sending?",
      words: "Payouts are still accepted, but stay queued until sending is resumed. Payouts already sent are not affected.",
      fields: [field("Reason", "reason", { required: true, hint: "Shown on this page and kept in the record. No payee details.", maxlength: 200 })],
      yes: "Pause sending", kind: "danger",
    }) }, "Pause")), questions(state)];
}

function stopped(state, me, act, operates) {
  if (state.status === "Paused") {
    return notice("wait", "Sending is paused.",
      h("p", {}, `Paused by ${actorName(state.paused_by, me)}, ${whenWithin(state.paused_at)}: ${state.pause_reason}. Payouts are accepted and queued.`),
      operates && button("Resume sending", act("resume", {
        title: "Resume sending?", words: "All queued payouts are sent.", yes: "Resume",
      }), { kind: "primary small" }));
  }
  return notice("wait", "Sending has stopped: the circuit breaker is open.",
    h("p", {}, `${OPEN_REASONS[state.open_reason] ?? "Monoova cannot be reached reliably."} Payouts are accepted and queued. `,
      state.next_probe_at ? `Next attempt: ${whenWithin(state.next_probe_at)}.` : ""),
    operates && button("Reset circuit breaker", act("reset", {
      title: "Reset the circuit breaker?", words: "Do this once the cause is fixed. If it is not, sending stops again; nothing is paid twice.", yes: "Reset",
    }), { kind: "small" }));
}

// After a refused login sending has stopped too, and says why.
function questions({ questions: asked }) {
  return asked.status === "CircuitOpen" && asked.open_reason === "TooManyFailures" && notice("wait", "Monoova is not being asked.",
    h("p", {}, "Too many questions to Monoova have failed. Payouts are not affected, but their outcome and the balance are found out later. ",
      asked.next_probe_at ? `Next attempt: ${whenWithin(asked.next_probe_at)}.` : ""));
}

// --- what needs attention

const WAITS = [
  ["/review", "review", "payout needs", "payouts need", "review"],
  ["/approvals", "approvals", "item", "items", "awaiting approval"],
  ["/dead-letters", "letters", "dead letter", "dead letters", ""],
];

function needsAttention(counted) {
  const waiting = WAITS.filter(([path]) => counted[path]?.[0] > 0);
  return waiting.length === 0
    ? h("p", { class: "all-well" }, icon("check"), "Nothing needs attention.")
    : h("ul", { class: "waits" }, waiting.map(([path, name, one, many, what]) => {
      const [number, isMore] = counted[path];
      return h("li", {}, h("a", { href: link(path) }, icon(name), h("strong", {}, `${number}${isMore ? "+" : ""}`),
        ` ${number === 1 ? one : many} ${what}`));
    }));
}

function balance(account) {
  const isAll = account.actual_balance === account.available_to_debit;
  return [
    h("p", { class: "figure" }, money(account.available_to_debit)),
    h("p", { class: "note" }, isAll ? "in the mAccount" : `of ${money(account.actual_balance)} in the mAccount`),
  ];
}

async function todaysPayouts() {
  const { items } = await api.get("/statistics", { from: today(), to: today() });
  return items[0] ?? { count: 0, value: 0, completed: 0, failed: 0, returned: 0, open: 0 };
}

function todaysNumbers(day) {
  const failed = day.failed + day.returned;
  return [
    h("p", { class: "figure" }, money(day.value)),
    h("p", { class: "note breakdown" },
      day.count === 0 ? "no payouts yet" : [
        h("span", {}, `${count(day.count)} requested`), h("span", {}, `${count(day.completed)} completed`),
        day.open > 0 && h("span", {}, `${count(day.open)} open`),
        failed > 0 && h("a", { href: link("/payouts", { status: "Failed", day: today() }) }, `${count(failed)} failed or returned`)]),
  ];
}

// --- activity

function figures(days, signal) {
  const region = h("div", {});
  const choice = h("div", { class: "segments", role: "group", "aria-label": "Period" },
    RANGES.map(([value, label]) => h("button", {
      type: "button", "aria-pressed": String(Number(value) === days),
      onclick: () => {
        replaceQuery({ days: value });
        region.replaceWith(figures(Number(value), signal));
      },
    }, label)));
  const load = () => api.get("/statistics", { from: dayBefore(today(), days - 1), to: today() });
  return fill(region, h("div", { class: "section-head" }, h("h2", {}, "Activity"), choice),
    loaded(load, charts, { signal, lines: 8 }));
}

function charts({ items }) {
  if (items.length === 0) return empty("No payouts in this period");
  const days = withoutGaps([...items].sort((one, other) => one.day.localeCompare(other.day)));
  return [
    items.some((each) => each.partial) &&
      h("p", { class: "note" }, "Some days have more payouts than can be counted at once: their figures are too low."),
    h("div", { class: "charts" }, chartsByDay(days), methods(days)),
  ];
}

function chartsByDay(days) {
  return [
    chart("Value", days, [{ name: "Value", tone: "one", of: (day) => day.value ?? null }], { format: money, rough: roughMoney }),
    chart("Payouts", days, [
      { name: "Completed", tone: "good", of: (day) => day.completed },
      { name: "Failed or returned", tone: "bad", of: (day) => (day.isUnknown ? null : day.failed + day.returned) },
      { name: "Open", tone: "two", of: (day) => day.open },
      { name: "Cancelled", tone: "rest", of: (day) => day.cancelled },
    ], {
      format: (number) => (number == null ? "–" : count(number)),
      rough: (number) => (Number.isInteger(number) ? String(number) : ""),
    }),
    chart("Success rate", days, [{ name: "Success rate", tone: "good", of: (day) => day.success_rate }],
      { kind: "lines", format: percent, most: 1 }),
    chart("Time to completion", days, [
      { name: "Median", tone: "one", of: (day) => day.median_seconds_to_complete },
      { name: "p95", tone: "two", of: (day) => day.p95_seconds_to_complete },
    ], { kind: "lines", format: duration, isTime: true }),
  ];
}

function methods(days) {
  const of = (name, figure) => days.reduce((all, day) => all + Number(day.by_method?.[name]?.[figure] ?? 0), 0);
  const part = (name, method, tone) => ({ name, tone, size: of(method, "count"), value: of(method, "value") });
  return split("Method", [part("PayID", "PayId", "one"), part("Bank account", "BankAccount", "two")],
    { format: ({ size, value }) => `${count(size, "payout")}, ${money(value)}` });
}

/** A day of which nothing is known has its place all the same. */
function withoutGaps(days) {
  const known = new Map(days.map((day) => [day.day, day]));
  const all = [];
  for (let day = days[0].day; day <= days.at(-1).day; day = dayBefore(day, -1)) {
    all.push(known.get(day) ?? { day, isUnknown: true });
  }
  return all;
}

const FUNDS = { NPP: "NPP payment", DirectCredit: "Direct credit" };

function funds({ items, unreadable }) {
  if (items.length === 0) return [leftOut(unreadable), empty("No recent incoming funds")];
  return [leftOut(unreadable), h("ul", { class: "funds" }, items.map((each) => h("li", {},
    h("span", {}, FUNDS[each.kind] ?? each.kind),
    h("time", { class: "note", datetime: each.at }, when(each.at)),
    h("strong", { class: "amount" }, `+${money(each.amount)}`))))];
}

