// The frame around every page: navigation, what needs attention, who is signed in.

import * as api from "./api.js";
import * as auth from "./auth.js";
import { fill, h } from "./dom.js";
import { zoneName } from "./format.js";
import { icon, linkButton } from "./parts.js";
import { link } from "./router.js";
import * as session from "./session.js";

const PLACES = [
  ["Overview", "/", "overview"],
  ["Payouts", "/payouts", "payouts"],
  ["Batches", "/batches", "batches"],
  ["Customers", "/customers", "customers"],
];
const NEEDS_ATTENTION = [
  ["Approvals", "/approvals", "approvals"],
  ["Review", "/review", "review"],
  ["Dead letters", "/dead-letters", "letters"],
];
const RECONCILIATION = [["Reports", "/reports", "reports"]];

/** The frame; answers with the element that pages go into. */
export function frame(root) {
  const main = h("main", { id: "main" });
  const toggle = h(
    "button",
    { type: "button", class: "menu-button", "aria-expanded": "false", "aria-controls": "menu", onclick: () => open(!isOpen()) },
    icon("menu"),
    h("span", { class: "unseen" }, "Menu"),
  );
  const menu = h("nav", { id: "menu", class: "menu", "aria-label": "Console" }, h("div", { class: "menu-inside" }, navigation()));
  const isOpen = () => toggle.getAttribute("aria-expanded") === "true";

  function open(yes) {
    toggle.setAttribute("aria-expanded", String(yes));
    menu.classList.toggle("open", yes);
  }

  menu.addEventListener("click", (event) => event.target.closest("a") && open(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOpen()) (open(false), toggle.focus());
  });
  fill(
    root,
    h("a", { class: "skip", href: "#main", onclick: (event) => (event.preventDefault(), main.querySelector("h1")?.focus()) }, "Skip to the page"),
    session.isSandbox() && h("p", { class: "sandbox", role: "status" }, "Sandbox: no money moves"),
    h("header", { class: "bar" }, toggle, brand(), h("span", { class: "bar-end" })),
    h("div", { class: "frame" }, menu, main),
  );
  return main;
}

function brand() {
  return h("a", { class: "brand", href: "#/" }, h("span", { class: "mark" }, icon("payouts")), "Payouts");
}

function navigation() {
  return [
    h("div", { class: "menu-head" }, brand()),
    session.mayOperate() && linkButton("New payout", "#/pay", { kind: "primary pay", icon: "plus" }),
    group(null, PLACES),
    group("Needs attention", NEEDS_ATTENTION),
    group("Reconciliation", RECONCILIATION),
    h(
      "div",
      { class: "person" },
      h("p", { class: "person-name", title: session.me().email }, session.me().email || "Signed in"),
      h("p", { class: "note" }, `${session.roleName()} · ${zoneName()} time`),
      h("button", { type: "button", class: "text-button", onclick: () => auth.signOut() }, icon("out"), "Sign out"),
    ),
  ];
}

function group(title, places) {
  return [
    title && h("p", { class: "menu-title" }, title),
    h("ul", {}, places.map(([label, path, name]) => h(
      "li",
      {},
      h("a", { class: "menu-link", href: link(path), "data-path": path }, icon(name), h("span", {}, label), h("span", { class: "tally" })),
    ))),
  ];
}

/** Marks the place where we are. */
export function mark(path) {
  for (const each of document.querySelectorAll(".menu-link")) {
    const own = each.dataset.path;
    const isHere = own === "/" ? path === "/" : path === own || path.startsWith(`${own}/`);
    if (isHere) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
}

/** How much waits, beside the places where it is dealt with. What cannot be counted shows nothing. */
export async function tally() {
  const counted = await waiting();
  for (const [path, [number, isMore]] of Object.entries(counted)) {
    const place = document.querySelector(`.menu-link[data-path="${path}"] .tally`);
    if (place) fill(place, number > 0 && [`${number}${isMore ? "+" : ""}`, h("span", { class: "unseen" }, " waiting")]);
  }
  return counted;
}

async function waiting() {
  const counts = await Promise.allSettled([
    api.get("/payouts", { status: "AwaitingApproval", limit: 50 }).then(tallied),
    api.get("/batches").then((list) => [list.items.filter((each) => each.status === "AwaitingApproval").length, false]),
    api.get("/payouts", { needs_review: "true", limit: 50 }).then(tallied),
    deadLetters(),
  ]);
  const [payouts, batches, review, letters] = counts.map((each) =>
    each.status === "fulfilled" ? each.value : [0, false]);
  return {
    "/approvals": [payouts[0] + batches[0], payouts[1]],
    "/review": review,
    "/dead-letters": letters,
  };
}

// Frame and overview ask in the same moment; how many there are is told without looking at any.
const LETTERS_MILLISECONDS = 60_000;
let lettersKnown = null;

export function forgetLetters() {
  lettersKnown = null;
}

async function lettersTallied() {
  const found = await api.get("/dead-letters", { limit: 0 });
  return [found.approximate_count, false];
}

/** Several who want to know at the same moment share one answer. */
function deadLetters() {
  if (!lettersKnown || Date.now() - lettersKnown.at > LETTERS_MILLISECONDS) {
    lettersKnown = { at: Date.now(), tallied: lettersTallied() };
    lettersKnown.tallied.catch(forgetLetters);
  }
  return lettersKnown.tallied;
}

const tallied = (list) => [list.items.length, Boolean(list.next_cursor)];
