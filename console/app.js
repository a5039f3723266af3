// The console: signs in, draws the frame, and shows the page that the hash names.

import * as api from "./api.js";
import * as auth from "./auth.js";
import { announce, fill, h } from "./dom.js";
import { inDoubt } from "./doubt.js";
import { doubtPanel } from "./doubt-panel.js";
import { useTimeZone } from "./format.js";
import { button, head, notice, problemNotice, skeleton } from "./parts.js";
import { matching, place } from "./router.js";
import * as session from "./session.js";
import * as shell from "./shell.js";

// A title holds no names: browsers keep titles.
const ROUTES = [
  { path: "/", title: "Overview", load: () => import("./page-overview.js") },
  { path: "/payouts", title: "Payouts", load: () => import("./page-payouts.js") },
  { path: "/payouts/:id", title: "Payout", load: () => import("./page-payout.js") },
  { path: "/pay", title: "New payout", load: () => import("./page-pay.js") },
  { path: "/customers", title: "Customers", load: () => import("./page-customers.js") },
  { path: "/customers/new", title: "Register a customer", load: () => import("./page-customer-new.js") },
  { path: "/customers/:id", title: "Customer", load: () => import("./page-customer.js") },
  { path: "/batches", title: "Batches", load: () => import("./page-batches.js") },
  { path: "/batches/:id", title: "Batch", load: () => import("./page-batch.js") },
  { path: "/approvals", title: "Approvals", load: () => import("./page-approvals.js") },
  { path: "/review", title: "Review", load: () => import("./page-review.js") },
  { path: "/dead-letters", title: "Dead letters", load: () => import("./page-dead-letters.js") },
  { path: "/reports", title: "Reports", load: () => import("./page-reports.js") },
  { path: "/reports/:day", title: "Daily report", load: () => import("./page-report.js") },
];
const TALLY_SECONDS = 60;
const IDLE_LOOK_MILLISECONDS = 5_000;

const root = document.getElementById("app");
let main = null;
const standing = h("div", { class: "standing" });
let leaving = new AbortController();

async function start() {
  const config = await (await fetch(new URL("console/config.json", document.baseURI))).json();
  useTimeZone(config.timeZone);
  auth.configure(config);
  api.configure(config, askToSignInAgain);
  if (!config.signInUrl || !config.userPoolClientId) {
    return welcome(notice("info", "Sign-in is not configured.",
      h("p", {}, "Set COGNITO_DOMAIN and COGNITO_CLIENT_ID for the app: see docs/console.md.")));
  }
  try {
    const cameBack = await auth.finish();
    if (!cameBack && auth.wasSignedIn()) return auth.begin(location.hash);
    if (!cameBack) return welcome();
  } catch (error) {
    return welcome(notice("bad", "You are not signed in.", h("p", {}, error.message)));
  }
  await session.load();
  main = shell.frame(root);
  addEventListener("hashchange", show);
  addEventListener("doubt-ended", () => fill(standing));
  keepTally();
  lockWhenIdle(config.idleMinutes);
  await show();
}

/** Signs out after so many minutes without a key or a pointer; never for 0. */
function lockWhenIdle(minutes) {
  if (!minutes) return;
  let usedAt = Date.now();
  for (const kind of ["pointerdown", "keydown", "wheel"]) {
    addEventListener(kind, () => (usedAt = Date.now()), { passive: true, capture: true });
  }
  const look = () => {
    if (auth.isSignedIn() && !auth.isOnTheWay() && Date.now() - usedAt >= minutes * 60_000) auth.signOut();
  };
  setInterval(look, IDLE_LOOK_MILLISECONDS);
  // A machine that slept has run no timer.
  document.addEventListener("visibilitychange", look);
}

function welcome(message) {
  document.title = "Sign in · Payouts";
  fill(
    root,
    h(
      "main",
      { class: "welcome" },
      h("div", { class: "welcome-card" },
        h("span", { class: "mark" }, h("img", { src: new URL("console/icon.svg", document.baseURI).href, alt: "", width: "40", height: "40" })),
        h("h1", {}, "Payouts"),
        h("p", { class: "lead" }, "Pay customers and track every payout."),
        message,
        inDoubt() && notice("wait", "One payout is still in doubt.",
          h("p", {}, h("strong", {}, "Do not pay again."), " Sign in as the person who requested it: only they can submit it again as the same payout.")),
        button("Sign in", () => auth.begin(location.hash), { kind: "primary large" })),
    ),
  );
}

/**
 * The page stays as it is, with what was typed into it, until they sign in. Signing in loads it
 * anew: of all that was typed only a payout in doubt is kept (doubt.js).
 */
function askToSignInAgain({ isAnew }) {
  if (!main || document.querySelector(".session-end")) return;
  main.prepend(h("div", { class: "session-end" }, notice("wait", "Your session has ended.",
    h("p", {}, "This page stays as it is, but nothing can be loaded or submitted until you sign in again. Signing in reloads the page: copy anything you have typed and still need."),
    inDoubt() && h("p", {}, "The payout in doubt is kept: you can submit it again afterwards."),
    button("Sign in again", () => auth.begin(location.hash, { isAnew }), { kind: "primary" }))));
}

async function show() {
  const { path, query } = place();
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  shell.mark(path);
  fill(main, skeleton(6));
  const found = matching(ROUTES, path);
  let content;
  try {
    content = found
      ? await (await found.route.load()).page({ params: found.params, query, signal })
      : [head("Page not found"), h("p", {}, h("a", { href: "#/" }, "Go to the overview"))];
  } catch (problem) {
    content = [head("This page could not be loaded"), problemNotice(problem, { again: show })];
  }
  if (signal.aborted) return;
  // The page for paying shows it in place of its form.
  fill(standing, inDoubt() && path !== "/pay" && doubtPanel());
  fill(main, standing, h("div", { class: "page" }, content));
  scrollTo(0, 0);
  const heading = main.querySelector("h1");
  document.title = `${found?.route.title ?? "Console"} · Payouts`;
  heading?.focus({ preventScroll: true });
  announce(heading?.textContent ?? "");
}

function keepTally() {
  const again = () => !document.hidden && auth.isSignedIn() && shell.tally();
  again();
  setInterval(again, TALLY_SECONDS * 1000);
  addEventListener("payouts-changed", again);
}

addEventListener("beforeunload", (event) => {
  if (inDoubt() && !auth.isOnTheWay()) event.preventDefault();
});

start().catch((problem) => {
  const words = problem.detail ?? "Reload the page. If this continues, contact your administrator.";
  welcome(notice("bad", "The console could not be started.", h("p", {}, words)));
});
