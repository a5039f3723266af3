// What pages are put together from.

import { Kind } from "./api.js";
import { fill, h, newId, svg } from "./dom.js";
import { count } from "./format.js";
import { statusOf } from "./words.js";

const PATHS = {
  overview: "M3 12 12 4l9 8M6 10v9h12v-9",
  payouts: "M4 7h13M13 3l4 4-4 4M20 17H7M11 13l-4 4 4 4",
  customers: "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM2.500 20c.4-3.600 3-5.500 6.500-5.500s6.100 1.900 6.500 5.500M16 4.500a3.500 3.500 0 0 1 0 6.500M18 14.800c2 .8 3.200 2.600 3.500 5.200",
  batches: "M5 4h14v5H5zM5 9v11h14V9M9 13h6M9 16.500h6",
  approvals: "M12 3l8 3v6c0 4.500-3.200 7.600-8 9-4.800-1.400-8-4.500-8-9V6zM8.500 12l2.500 2.500 4.500-5",
  review: "M12 4l9.500 16h-19zM12 10v4.500M12 17.300v.2",
  letters: "M3 6h18v12H3zM3 7l9 6.500L21 7",
  reports: "M5 20V10M12 20V4M19 20v-7",
  plus: "M12 5v14M5 12h14",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.500 10 17.500 19 7",
  cross: "M7 7l10 10M17 7 7 17",
  question: "M9 9a3 3 0 1 1 4.500 2.600c-1 .6-1.500 1.200-1.500 2.400M12 17.500v.2",
  info: "M12 11v6M12 7.300v.2",
  bank: "M4 10h16L12 4zM6 10v8M10 10v8M14 10v8M18 10v8M4 20h16",
  at: "M16 12a4 4 0 1 1-1.200-2.800M16 8v5.500c0 1.600 1 2.500 2.300 2.500 1.700 0 2.700-1.700 2.700-4a9 9 0 1 0-3.500 7.100",
  out: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
  arrow: "M9 5l7 7-7 7",
};

export function icon(name, more = "") {
  return svg(
    "svg",
    { class: `icon ${more}`, viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: PATHS[name] }),
  );
}

/** The head of a page: its one `h1`, which takes the focus when the page is gone to. */
export function head(title, { back, lead, actions = [], badge } = {}) {
  return h(
    "header",
    { class: "head" },
    back && h("a", { class: "back", href: back.href }, icon("arrow"), back.label),
    h(
      "div",
      { class: "head-row" },
      h("div", { class: "head-words" }, h("h1", { tabindex: "-1" }, title), badge),
      actions.length > 0 && h("div", { class: "actions" }, actions),
    ),
    lead && h("p", { class: "lead" }, lead),
  );
}

export function card(title, { actions, note, class: name = "" } = {}, ...children) {
  const id = newId("card");
  return h(
    "section",
    { class: `card ${name}`, "aria-labelledby": title ? id : null },
    title &&
      h(
        "div",
        { class: "card-head" },
        h("h2", { id }, title),
        note && h("span", { class: "note" }, note),
        actions && h("div", { class: "actions" }, actions),
      ),
    children,
  );
}

/** A word with a dot, whose tone is never the only way to tell. */
export function badge(label, tone) {
  return h("span", { class: `badge ${tone}` }, label);
}

export function payoutBadge(payout) {
  const { label, tone } = statusOf(payout);
  return h("span", { class: "badges" }, badge(label, tone), payout.needs_review && badge("Needs review", "review"));
}

export function button(label, onclick, { kind = "", icon: name, disabled, describedby } = {}) {
  return h(
    "button",
    { type: "button", class: `button ${kind}`, onclick, disabled, "aria-describedby": describedby },
    name && icon(name),
    label,
  );
}

export function linkButton(label, href, { kind = "", icon: name } = {}) {
  return h("a", { class: `button ${kind}`, href }, name && icon(name), label);
}

const NOTICE_ICONS = { good: "check", bad: "cross", wait: "review", info: "info" };

/** A message that stands in the page. Bad news is read out at once. */
export function notice(tone, title, ...children) {
  return h(
    "div",
    { class: `notice ${tone}`, role: tone === "bad" || tone === "wait" ? "alert" : "status" },
    h("span", { class: "notice-icon" }, icon(NOTICE_ICONS[tone])),
    h("div", {}, h("p", { class: "notice-title" }, title), children),
  );
}

export function empty(title, text, action) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), text && h("p", {}, text), action);
}

/** A failure in the words of what it means for the person who reads it. */
export function problemNotice(problem, { again } = {}) {
  const retry = again && button("Try again", again, { kind: "small" });
  const number = problem.requestId && h("p", { class: "note" }, `Request ${problem.requestId}`);
  switch (problem.kind) {
    case Kind.UNAVAILABLE:
      return empty("Not available", "This deployment does not offer it.");
    case Kind.SIGNED_OUT:
    case Kind.FORBIDDEN:
      return notice("info", problem.detail);
    case Kind.UNKNOWN:
      return notice("wait", "We do not know yet whether this was done.",
        h("p", {}, `${problem.detail ?? ""} Check the current state before you try again.`), number);
    case Kind.TRY_AGAIN:
      return notice("bad", "This did not work. Nothing was changed.", h("p", {}, problem.detail), retry, number);
    case Kind.INVALID:
      return notice("bad", problem.detail || "The request is not valid.", errorList(problem.errors));
    default:
      if (problem.kind) return notice("bad", problem.detail || "The request was refused.");
      console.error(problem);
      return notice("bad", "Something went wrong on this page.", retry);
  }
}

function errorList(errors) {
  const lines = Object.entries(errors).map(([name, texts]) =>
    h("li", {}, `${name.replaceAll("_", " ")}: ${[texts].flat().join(" ")}`));
  return lines.length > 0 && h("ul", {}, lines);
}

/**
 * A place whose content has to be asked for. `load` answers with data, `render` with elements.
 * Returns the element and a function that asks again.
 */
export function loaded(load, render, { signal, lines = 3 } = {}) {
  const region = h("div", { class: "region", "aria-busy": "true" }, skeleton(lines));
  async function again() {
    region.setAttribute("aria-busy", "true");
    try {
      const data = await load();
      if (!signal?.aborted) fill(region, render(data));
    } catch (problem) {
      if (!signal?.aborted) fill(region, problemNotice(problem, { again }));
    }
    region.setAttribute("aria-busy", "false");
  }
  region.ready = again();
  region.again = again;
  return region;
}

export function skeleton(lines) {
  return h("div", { class: "skeleton" }, Array.from({ length: lines }, () => h("span", {})),
    h("span", { class: "unseen" }, "Loading"));
}

/** How often each: long names, short numbers. */
export function counts(...pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined);
  return h("dl", { class: "counts" }, shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** Names and values: what a thing is. */
export function facts(...pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h("dl", { class: "facts" }, shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/**
 * A table. A column is `{title, cell, end?, wide?}`: `end` for amounts, `wide` for what a phone has
 * no room for. `href` makes the first cell a link, and the whole row a place to click.
 */
export function table(caption, columns, rows, { href, key } = {}) {
  const classOf = (column) =>
    [column.end && "end", column.wide && "wide", column.class].filter(Boolean).join(" ") || null;
  return h(
    "div",
    { class: "table-box" },
    h(
      "table",
      {},
      h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col", class: classOf(column) }, column.title)))),
      h("tbody", {}, rows.map((row) => h(
        "tr",
        { class: href ? "goes" : null },
        columns.map((column, at) => h("td", { class: classOf(column) },
          at === 0 && href
            ? h("a", { class: "row-link", href: href(row), "data-key": key?.(row) }, column.cell(row))
            : column.cell(row))),
      ))),
    ),
  );
}

const MOST_NAMED = 10;

/** What belongs in a list and is left out, because what is stored of it cannot be read: its ids. */
export function leftOut(names) {
  if (!names?.length) return null;
  const ids = names.slice(0, MOST_NAMED).map((each) => h("li", {}, h("code", {}, each)));
  return notice("wait", `${count(names.length, "record")} cannot be read and ${names.length === 1 ? "is" : "are"} not in this list.`,
    h("p", {}, "An operator has to mend what is stored: see “Rows are unreadable” in the runbook."),
    h("ul", {}, ids, names.length > MOST_NAMED && h("li", {}, `and ${count(names.length - MOST_NAMED)} more`)));
}

/** A list that grows by pages. `render` makes elements of all items so far. */
export function paged(fetchPage, render, { signal, lines = 6 } = {}) {
  let items = [];
  let cursor = null;
  let unreadable = { first: [], more: [] };
  const region = loaded(async () => {
    const page = await fetchPage(null);
    items = page.items;
    unreadable = { first: page.unreadable ?? [], more: [] };
    cursor = page.next_cursor;
    return null;
  }, () => shown(), { signal, lines });

  function shown() {
    return [leftOut([...unreadable.first, ...unreadable.more]), render(items), cursor && h("div", { class: "more" }, button("Show more", more))];
  }

  async function more(event) {
    event.currentTarget.disabled = true;
    try {
      const page = await fetchPage(cursor);
      items = [...items, ...page.items];
      unreadable.more.push(...page.unreadable ?? []);
      cursor = page.next_cursor;
      fill(region, shown());
    } catch (problem) {
      region.append(problemNotice(problem));
    }
  }

  /** The first page as it is now; what was added below stays. */
  region.refresh = async () => {
    const page = await fetchPage(null);
    const fresh = new Map(page.items.map((item) => [keyOf(item), item]));
    const next = [...page.items, ...items.filter((item) => !fresh.has(keyOf(item)))];
    const first = page.unreadable ?? [];
    if (JSON.stringify([next, first]) === JSON.stringify([items, unreadable.first])) return items;
    items = next;
    unreadable.first = first;
    if (!cursor) cursor = page.next_cursor;
    if (!signal?.aborted) fill(region, shown());
    return items;
  };
  region.items = () => items;
  return region;
}

// A row of a batch has a payout only once it was released; its line it has always.
const keyOf = (item) => item.line ?? item.transaction_id ?? item.batch_id ?? item.customer_id ?? JSON.stringify(item);

/** Offers a text as a file. */
export function saveFile(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** An id with a button that copies it. */
export function copyable(text) {
  const said = h("span", { class: "unseen", role: "status" });
  const act = async () => {
    await navigator.clipboard.writeText(text);
    said.textContent = "Copied";
  };
  return h("span", { class: "copyable" }, h("code", {}, text),
    h("button", { type: "button", class: "copy", onclick: act, "aria-label": `Copy ${text}` }, "Copy"), said);
}
