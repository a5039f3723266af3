// All payouts, newest first, kept up to date while payouts are open.

import * as api from "./api.js";
import { announce, h } from "./dom.js";
import { field } from "./form.js";
import { dayBefore, dayName, dayOf, today } from "./format.js";
import { keepLooking } from "./live.js";
import { empty, head, icon, linkButton, paged } from "./parts.js";
import { namesKnown } from "./names.js";
import { payoutTable } from "./payout-table.js";
import { go, isId } from "./router.js";
import * as session from "./session.js";
import { isOpen, PAYOUT_STATUSES, statusName, statusOf } from "./words.js";

const PAGE = 25;
const SECONDS_WHILE_OPEN = 3;
const SECONDS_AT_REST = 20;

export function page({ query, signal }) {
  const filter = Object.fromEntries(["status", "day", "customer_id", "needs_review"].map((name) => [name, query.get(name) ?? ""]));
  const list = payoutList(filter, signal);
  return [
    head("Payouts", { actions: [session.mayOperate() && linkButton("New payout", "#/pay", { kind: "primary narrow-only", icon: "plus" })].filter(Boolean) }),
    filters(filter),
    list,
  ];
}

function filters(filter) {
  const change = () => {
    const next = {
      status: status.value(), day: day.value(), customer_id: filter.customer_id,
      needs_review: review.input.checked ? "true" : "",
    };
    go("/payouts", next);
  };
  const status = field("Status", "status", {
    choices: [["", "Any status"], ...PAYOUT_STATUSES.map((each) => [each, statusName(each)])],
    value: filter.status, onchange: change,
  });
  const day = field("Day", "day", {
    choices: [["", "Last 31 days"], ...Array.from({ length: 14 }, (_, at) => dayBefore(today(), at))
      .map((each, at) => [each, at === 0 ? "Today" : at === 1 ? "Yesterday" : dayName(each)])],
    value: filter.day, onchange: change,
  });
  const review = h("label", { class: "check" },
    h("input", { type: "checkbox", name: "needs_review", checked: filter.needs_review === "true", onchange: change }), "Needs review");
  review.input = review.querySelector("input");
  const find = field("Transaction id", "find", { isSearch: true, placeholder: "Paste one to open it", oninput: (event) => {
    const text = event.target.value.trim().toLowerCase();
    if (isId(text)) go(`/payouts/${text}`);
  } });
  return h("div", { class: "filters" }, status, day, find, review,
    filter.customer_id && h("a", { class: "chip", href: "#/payouts" }, "One customer", icon("close"), h("span", { class: "unseen" }, "Show all customers")));
}

function payoutList(filter, signal) {
  const fetchPage = async (cursor) => {
    await namesKnown();
    const page = await api.get("/payouts", { ...asked(filter), limit: PAGE, cursor });
    return filter.day ? { ...page, items: page.items.filter((each) => dayOf(new Date(each.created_at)) === filter.day) } : page;
  };
  const list = paged(fetchPage, (items) => items.length > 0 ? payoutTable("Payouts", items) : nothing(filter), { signal });
  list.ready.then(() => keepLooking(signal, {
    every: () => (list.items().some(isOpen) ? SECONDS_WHILE_OPEN : SECONDS_AT_REST),
    look: () => refreshed(list),
  }));
  return list;
}

async function refreshed(list) {
  const before = new Map(list.items().map((each) => [each.transaction_id, each.status]));
  try {
    const changed = (await list.refresh()).filter((each) =>
      before.has(each.transaction_id) && before.get(each.transaction_id) !== each.status);
    if (changed.length > 0) announce(changed.map((each) => `${each.destination} is now ${statusOf(each).label}`).join(". "));
    return "on";
  } catch (problem) {
    return problem.kind === api.Kind.SIGNED_OUT ? "enough" : "on";
  }
}

/** The API lists by days of UTC; one of ours touches two of them. */
function asked({ day, ...rest }) {
  return day ? { ...rest, from: dayBefore(day, 1), to: day } : rest;
}

function nothing(filter) {
  const isFiltered = Object.values(filter).some(Boolean);
  if (isFiltered) return empty("No payouts match", "Change the filters to see more.", h("a", { href: "#/payouts" }, "Show all"));
  return empty("No payouts yet", "Payouts of the last 31 days are listed here.",
    session.mayOperate() && linkButton("New payout", "#/pay", { kind: "primary", icon: "plus" }));
}

