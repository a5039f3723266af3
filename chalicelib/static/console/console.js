// Made of the modules in console/ by `python -m tools.console_script`.

// --- auth.js

const module_auth = (() => {
// Signing in through the user pool's own pages: authorization code with PKCE (RFC 7636).
//
// Tokens live in this module's memory and nowhere else. What must outlive the trip to the sign-in
// page (the verifier, the state, where to come back to) is in sessionStorage for just that trip.

const TRIP = "signing-in";
const WAS_SIGNED_IN = "was-signed-in"; // so that a reload signs in again without a click
const SCOPES = "openid email";
const MOST_REVOKING_MILLISECONDS = 3_000; // signing out must not wait longer

let settings = null;
let tokens = null;
let isLeaving = false;

class SignInError extends Error {}

function configure(config) {
  settings = config;
}

function isSignedIn() {
  return tokens !== null;
}

/** Whether this page is being left for the sign-in page, which sends people back into this tab. */
function isOnTheWay() {
  return isLeaving;
}

/** What the API takes in `Authorization`. */
function idToken() {
  return tokens?.idToken ?? null;
}

/** The claims of the ID token, for the reader's own eyes: the API checks the token itself. */
function claims() {
  if (!tokens) return {};
  const middle = tokens.idToken.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(middle), (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** Whether a reload of the page should go straight to the sign-in page, which knows us still. */
function wasSignedIn() {
  return sessionStorage.getItem(WAS_SIGNED_IN) === "yes";
}

/** Leaves for the sign-in page; comes back to the place in the console that `hash` names. */
async function begin(hash) {
  const trip = { state: random(), verifier: random(), hash };
  sessionStorage.setItem(TRIP, JSON.stringify(trip));
  const challenge = base64url(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(trip.verifier)),
  );
  isLeaving = true;
  location.assign(
    signInAddress("/oauth2/authorize", {
      response_type: "code",
      client_id: settings.userPoolClientId,
      redirect_uri: here(),
      scope: SCOPES,
      state: trip.state,
      code_challenge: challenge,
      code_challenge_method: "S256",
    }),
  );
}

/**
 * Takes up what the sign-in page sent us back with. Answers whether it sent us at all.
 * An answer to a question that this tab has not asked is refused.
 */
async function finish() {
  const query = new URLSearchParams(location.search);
  if (!query.has("code") && !query.has("error")) return false;
  const trip = JSON.parse(sessionStorage.getItem(TRIP) ?? "null");
  sessionStorage.removeItem(TRIP);
  history.replaceState(null, "", location.pathname + (trip?.hash || location.hash));
  if (!trip || query.get("state") !== trip.state) {
    throw new SignInError("This sign-in was not started in this tab, so it was not accepted.");
  }
  if (query.has("error")) {
    throw new SignInError(query.get("error_description") || "The sign-in page refused the sign-in.");
  }
  await exchange({
    grant_type: "authorization_code",
    code: query.get("code"),
    redirect_uri: here(),
    code_verifier: trip.verifier,
  });
  return true;
}

let renewing = null;

/** A new ID token for the old one. Answers whether there is one; several askers share one try. */
function renew() {
  renewing ??= renewOnce().finally(() => (renewing = null));
  return renewing;
}

async function renewOnce() {
  if (!tokens?.refreshToken) return false;
  try {
    await exchange({ grant_type: "refresh_token", refresh_token: tokens.refreshToken });
    return true;
  } catch {
    return false;
  }
}

/** Ends the session: in this tab, at the sign-in page, and for any holder of the token. */
async function signOut() {
  const refreshToken = tokens?.refreshToken;
  tokens = null;
  sessionStorage.removeItem(WAS_SIGNED_IN);
  if (refreshToken) await revoke(refreshToken);
  isLeaving = true;
  location.assign(signInAddress("/logout", { client_id: settings.userPoolClientId, logout_uri: here() }));
}

/** With it go all tokens made from it. Where that cannot be done, it ends by its age. */
async function revoke(refreshToken) {
  try {
    await fetch(signInAddress("/oauth2/revoke"), {
      method: "POST",
      body: new URLSearchParams({ token: refreshToken, client_id: settings.userPoolClientId }),
      signal: AbortSignal.timeout(MOST_REVOKING_MILLISECONDS),
    });
  } catch (error) {
    console.warn("The refresh token was not revoked.", error.name);
  }
}

async function exchange(fields) {
  let answer;
  try {
    answer = await fetch(signInAddress("/oauth2/token"), {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ client_id: settings.userPoolClientId, ...fields }),
    });
  } catch {
    throw new SignInError("The sign-in page cannot be reached.");
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok || !body.id_token) throw new SignInError("The sign-in was not completed.");
  tokens = { idToken: body.id_token, refreshToken: body.refresh_token ?? tokens?.refreshToken };
  sessionStorage.setItem(WAS_SIGNED_IN, "yes");
}

/** Where the sign-in page sends people back to: this page, as it is registered with the pool. */
function here() {
  return location.origin + location.pathname;
}

function signInAddress(path, query = {}) {
  const text = new URLSearchParams(query).toString();
  return `${settings.signInUrl.replace(/\/$/, "")}${path}${text ? `?${text}` : ""}`;
}

function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes) {
  const text = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
return { SignInError, configure, isSignedIn, isOnTheWay, idToken, claims, wasSignedIn, begin, finish, renew, signOut };
})();

// --- api.js

const module_api = (() => {
// All calls to the API. Every failure becomes a `Problem`, whose `kind` says what it means for
// the person in front of the screen; above all, whether something may have happened.

const auth = module_auth;

const MOST_MILLISECONDS = 35_000; // API Gateway gives up after 29 s
// The API's function answers five at a time; others want to be answered, too.
const MOST_AT_ONCE = 3;

/** What a failure means. */
const Kind = Object.freeze({
  INVALID: "invalid", // the request is at fault; `errors` says where
  REFUSED: "refused", // well-formed, but a rule or the state of things is against it
  FORBIDDEN: "forbidden", // another role may do this
  NOT_FOUND: "not-found",
  TRY_AGAIN: "try-again", // nothing was done
  UNKNOWN: "unknown", // it may have been done: look before asking again
  UNAVAILABLE: "unavailable", // this deployment has no such thing
  SIGNED_OUT: "signed-out",
});

class Problem extends Error {
  constructor(kind, detail, more = {}) {
    super(detail);
    this.kind = kind;
    this.detail = detail;
    this.status = more.status ?? 0;
    this.code = more.code ?? "";
    this.errors = more.errors ?? {};
    this.transactionId = more.transaction_id ?? null;
    this.requestId = more.request_id ?? null;
  }
}

let base = "";
let onSignedOut = () => {};

/** `apiBase` is absolute, or relative to the page: "." where the app serves the console itself. */
function configure(config, signedOut) {
  base = new URL(config.apiBase || ".", document.baseURI).href.replace(/\/$/, "");
  onSignedOut = signedOut;
}

const get = (path, query) => send("GET", path, { query });
const post = (path, body = {}, options = {}) => send("POST", path, { body, ...options });
const patch = (path, body) => send("PATCH", path, { body });
const remove = (path) => send("DELETE", path, {});

/** A CSV file goes as it is. */
const postCsv = (path, text) => send("POST", path, { raw: text, type: "text/csv" });

/** An answer that is a file, all of its parts one behind another. */
async function getFile(path) {
  let text = "";
  let cursor = null;
  do {
    const part = await send("GET", path, { query: { cursor }, asText: true });
    text += part.text;
    cursor = part.cursor;
  } while (cursor);
  return text;
}

/** All items of a list, or as many as fit into `mostPages` pages. */
async function getAll(path, query = {}, mostPages = 20) {
  const items = [];
  let cursor = null;
  for (let page = 0; page < mostPages; page += 1) {
    const answer = await get(path, cursor ? { ...query, cursor } : query);
    items.push(...answer.items);
    cursor = answer.next_cursor;
    if (!cursor) break;
  }
  return { items, isWhole: !cursor };
}

async function send(method, path, options) {
  const answer = await sent(method, path, options);
  if (answer.status === 401 && (await auth.renew())) {
    return read(method, await sent(method, path, options), options);
  }
  return read(method, answer, options);
}

async function sent(method, path, { query, body, raw, type, idempotencyKey }) {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== "" && value != null);
  const text = new URLSearchParams(given).toString();
  const headers = { Authorization: auth.idToken() ?? "" };
  if (method !== "GET" && method !== "DELETE") headers["Content-Type"] = type ?? "application/json";
  if (idempotencyKey) headers["Idempotency-Key"] = idempotencyKey;
  await turn();
  try {
    return await fetch(`${base}${path}${text ? `?${text}` : ""}`, {
      method,
      headers,
      body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
      signal: AbortSignal.timeout(MOST_MILLISECONDS),
      cache: "no-store",
    });
  } catch {
    throw unanswered(method, "No response was received.");
  } finally {
    turnOver();
  }
}

let underway = 0;
const queue = [];

/** Resolves when there is room for one more request. */
function turn() {
  underway += 1;
  return underway <= MOST_AT_ONCE ? Promise.resolve() : new Promise((resolve) => queue.push(resolve));
}

function turnOver() {
  underway -= 1;
  queue.shift()?.();
}

async function read(method, answer, { asText }) {
  const type = answer.headers.get("Content-Type") ?? "";
  if (answer.ok) {
    if (answer.status === 204) return null;
    try {
      if (!asText) return await answer.json();
      return { text: await answer.text(), cursor: answer.headers.get("Next-Cursor") };
    } catch {
      throw unanswered(method, "The response was incomplete.");
    }
  }
  const isOurs = type.includes("problem+json");
  const body = isOurs ? await answer.json().catch(() => ({})) : {};
  throw problemOf(method, answer.status, body, isOurs);
}

function problemOf(method, status, body, isOurs) {
  const more = { ...body, status };
  if (status === 401) {
    onSignedOut();
    return new Problem(Kind.SIGNED_OUT, "Your session has ended. Sign in again.", more);
  }
  // The gateway before the app answers so for a path that it does not know.
  if (!isOurs && (status === 403 || status === 404 || status === 405)) {
    return new Problem(Kind.UNAVAILABLE, "This is not available here.", more);
  }
  if (!isOurs && status < 500) {
    return new Problem(Kind.REFUSED, `The request was refused (${status}).`, more);
  }
  if (!isOurs) return unanswered(method, "The API did not respond in time.");
  if (body.code === "OutcomeUnknown" || (status === 500 && method !== "GET")) {
    return new Problem(Kind.UNKNOWN, body.detail, more);
  }
  const kinds = { 400: Kind.INVALID, 403: Kind.FORBIDDEN, 404: Kind.NOT_FOUND };
  const kind = kinds[status] ?? (status >= 500 ? Kind.TRY_AGAIN : Kind.REFUSED);
  return new Problem(kind, body.detail, more);
}

/** Reading changes nothing; anything else may have been done although no answer came. */
function unanswered(method, words) {
  return method === "GET"
    ? new Problem(Kind.TRY_AGAIN, `${words} Check your connection and try again.`)
    : new Problem(Kind.UNKNOWN, words);
}
return { Kind, Problem, configure, get, post, patch, remove, postCsv, getFile, getAll };
})();

// --- dom.js

const module_dom = (() => {
// The page is made of elements and texts only: nothing that comes from outside is ever parsed.

const SVG = "http://www.w3.org/2000/svg";
const AS_PROPERTIES = new Set(["value", "checked", "selected", "disabled", "required", "hidden"]);

/** An element. `onclick` and the like are listeners; null, undefined and false are left out. */
function h(tag, attributes = {}, ...children) {
  return furnished(document.createElement(tag), attributes, children);
}

/** An element of SVG, in its namespace. */
function svg(tag, attributes = {}, ...children) {
  return furnished(document.createElementNS(SVG, tag), attributes, children);
}

function furnished(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (AS_PROPERTIES.has(name) && name in element) element[name] = value ?? "";
    else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...flat(children));
  return element;
}

function flat(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}

/** Puts new children in place of the old, and the focus back on what has the same `data-key`. */
function fill(element, ...children) {
  const focused = element.contains(document.activeElement)
    ? document.activeElement.closest("[data-key]")?.dataset.key
    : undefined;
  element.replaceChildren(...flat(children));
  if (focused !== undefined) {
    element.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }
  return element;
}

/** Said by screen readers, not shown. */
function announce(words) {
  document.getElementById("announcer").textContent = words;
}

let lastNumber = 0;

/** An id that no other element has: for labels and descriptions. */
function newId(name) {
  lastNumber += 1;
  return `${name}-${lastNumber}`;
}
return { h, svg, fill, announce, newId };
})();

// --- session.js

const module_session = (() => {
// Who is signed in, and what they may do.

const api = module_api;
const auth = module_auth;

let person = { name: "", email: "", roles: [] };

/** Asks the API; where it cannot say, the groups in the token are a good guess. */
async function load() {
  const claims = auth.claims();
  let me;
  try {
    me = await api.get("/me");
  } catch (problem) {
    if (problem.kind !== api.Kind.UNAVAILABLE) throw problem;
    me = { name: claims.sub, roles: rolesOf(claims["cognito:groups"] ?? []) };
  }
  person = { name: me.name, email: claims.email ?? "", roles: me.roles };
}

function rolesOf(groups) {
  if (groups.includes("approvers")) return ["viewer", "operator", "approver"];
  const isViewer = groups.length > 0 && groups.every((group) => group === "viewers");
  return isViewer ? ["viewer"] : ["viewer", "operator"];
}

const me = () => person;
const mayOperate = () => person.roles.includes("operator") || person.roles.includes("approver");
const mayApprove = () => person.roles.includes("approver");

function roleName() {
  if (mayApprove()) return "Approver";
  return mayOperate() ? "Operator" : "Viewer";
}
return { load, me, mayOperate, mayApprove, roleName };
})();

// --- doubt.js

const module_doubt = (() => {
// One payout whose answer may not have come: what is needed to submit it again, word for word,
// is put into this tab's sessionStorage before it is sent, and stays until it is answered. A reload
// or a trip to the sign-in page then ends in the same payout, never in a second one.

const api = module_api;
const session = module_session;

const PLACE = "payment-in-doubt";
const { INVALID, REFUSED, FORBIDDEN, NOT_FOUND, TRY_AGAIN, UNAVAILABLE } = api.Kind;
const NOTHING_DONE = [INVALID, REFUSED, FORBIDDEN, NOT_FOUND, TRY_AGAIN, UNAVAILABLE];
// The gateway gives up on a request long before; what is not in the lists by then never will be.
const SETTLED_MILLISECONDS = 60_000;

/** `{key, request, by, at, mayBePaid, transactionId}`, or null. */
function inDoubt() {
  return JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
}

/** Submits a payout, for the first time or again; what it throws may leave it in doubt. */
async function ask({ key, request, mayBePaid = false, transactionId = null }) {
  const payment = { key, request, mayBePaid, transactionId, by: session.me().name, at: Date.now() };
  keep(payment);
  try {
    const payout = await api.post("/payouts", request, { idempotencyKey: key });
    forget();
    return payout;
  } catch (problem) {
    if (isAnswer(problem, inDoubt()?.mayBePaid ?? mayBePaid)) forget();
    else keep({ ...payment, mayBePaid: true, transactionId: problem.transactionId ?? transactionId });
    throw problem;
  }
}

/**
 * Once it may be paid, "nothing was done" is true of the last request only, not of the first: only
 * what names the payout is an answer then.
 */
function isAnswer(problem, mayBePaid) {
  return mayBePaid ? problem.kind === REFUSED && Boolean(problem.transactionId) : NOTHING_DONE.includes(problem.kind);
}

/** The payout has been seen: nothing about it is in doubt. */
function seen(payout) {
  if (inDoubt()?.transactionId === payout.transaction_id) forget();
}

/** The key means the same payout only for the person who submitted it first. */
const isMine = (payment) => payment.by === session.me().name;

/** Clears the payout in doubt. Refused while the request might still arrive. */
function letGo() {
  const left = (inDoubt()?.at ?? 0) + SETTLED_MILLISECONDS - Date.now();
  if (left > 0) {
    throw new api.Problem(REFUSED, `The request may still arrive. Check again in ${Math.ceil(left / 1000)} seconds.`);
  }
  forget();
}

function keep(payment) {
  sessionStorage.setItem(PLACE, JSON.stringify(payment));
}

function forget() {
  sessionStorage.removeItem(PLACE);
  dispatchEvent(new Event("doubt-ended"));
}
return { inDoubt, ask, seen, isMine, letGo };
})();

// --- words.js

const module_words = (() => {
// The product's closed vocabularies in plain words.

/** Of each status: what it is called here, and how good the news is. */
const STATUSES = {
  AwaitingApproval: ["Awaiting approval", "wait"],
  Queued: ["Queued", "quiet"],
  Pending: ["Pending", "going"],
  Completed: ["Completed", "good"],
  Failed: ["Failed", "bad"],
  Returned: ["Returned", "bad"],
  Cancelled: ["Cancelled", "quiet"],
  NotReleased: ["Not released", "bad"],
  Waiting: ["Waiting", "quiet"],
};

const PAYOUT_STATUSES = [
  "AwaitingApproval", "Queued", "Pending", "Completed", "Failed", "Returned", "Cancelled",
];

const SUBMISSIONS = {
  Sending: ["Sending", "going"],
  Accepted: ["Pending", "going"],
  Unresolved: ["Unresolved", "wait"],
};

function statusOf(payout) {
  const [label, tone] =
    SUBMISSIONS[payout.submission] ?? STATUSES[payout.status] ?? [payout.status, "quiet"];
  return { label, tone };
}

function statusName(status) {
  return STATUSES[status]?.[0] ?? status;
}

function isOpen(payout) {
  return ["AwaitingApproval", "Queued", "Pending"].includes(payout.status);
}

/** The three answers, where the API does not give an explanation of its own. */
const EXPLANATIONS = {
  AwaitingApproval: ["This payout is awaiting approval by a person other than the requester.",
    "It is cancelled automatically after 30 days without a decision.", "Ask an approver."],
  Queued: ["This payout has not been sent to Monoova yet.", "It is sent automatically.", "Nothing."],
  Sending: ["This payout is being sent to Monoova at this moment.", "Monoova's answer is shown here automatically.", "Nothing."],
  Accepted: ["Monoova has accepted this payout. The bank's outcome is not known yet.",
    "Monoova is asked again automatically until the payout is final.", "Nothing."],
  Unresolved: ["Monoova gave no clear answer: it is not known yet whether this payout was paid.",
    "Monoova is asked again automatically until the outcome is known.",
    "Do not pay again: this payout may still go through."],
  Completed: ["This payout was paid.", null, "Nothing."],
  Failed: ["This payout was not paid. The money did not leave the mAccount, or was returned to it.", null,
    "Correct the cause, then retry as a new payout."],
  Returned: ["This payout was paid, but the payee's bank returned the money.", null,
    "Ask the payee for other account details, add them to the customer, and request a new payout."],
  Cancelled: ["This payout was cancelled before anything was sent.", null, "Nothing, or retry as a new payout."],
};

function explanationOf(payout) {
  if (payout.explanation) return payout.explanation;
  const [summary, next, todo] = EXPLANATIONS[payout.submission ?? payout.status] ?? ["", null, ""];
  const review = payout.needs_review
    ? "Look the payout up at Monoova, then resolve it here." : todo;
  return { summary, next, next_at: payout.next_look_at, what_to_do: review };
}

const EVENTS = {
  Requested: "Requested",
  Approved: "Approved",
  ApprovalDenied: "Approval rejected",
  ApprovalExpired: "Approval expired",
  Claimed: "Taken from the queue for sending",
  CancelledByAdmin: "Cancelled",
  QueueExpired: "Expired in the queue",
  DestinationGone: "Destination removed",
  SendAccepted: "Accepted by Monoova",
  SendRefused: "Refused by Monoova",
  SendNotAuthenticated: "Login refused by Monoova: queued again",
  SendUnclear: "No clear answer from Monoova",
  LeaseExpired: "Sending was interrupted",
  SentAgain: "Sent again under the same reference",
  GaveUp: "Put under review",
  SettledComplete: "Completed",
  SettledRejected: "Rejected by the bank",
  MoneyReturned: "Returned",
  Contradicted: "Contradicting report received",
  ResolvedCompleted: "Resolved as completed",
  ResolvedFailed: "Resolved as failed",
  ResolvedReturned: "Resolved as returned",
  ResolvedCancelled: "Resolved as cancelled",
};

function eventName(event) {
  return EVENTS[event] ?? event.replace(/([a-z])([A-Z])/g, "$1 $2");
}

const ACTORS = {
  monoova: "Monoova",
  reconciler: "System",
  queue: "System",
  system: "System",
  webhook: "Monoova",
};

/** Who did it: "you", "Monoova", the role of a service, the beginning of a person's id. */
function actorName(by, me) {
  if (!by) return "–";
  if (by === me) return "you";
  if (ACTORS[by]) return ACTORS[by];
  const role = /assumed-role\/([^/]+)/.exec(by);
  if (role) return role[1];
  return /^[0-9a-f-]{36}$/.test(by) ? `user ${by.slice(0, 8)}` : by;
}

const REVIEW_REASONS = {
  OutcomeUnknown: "Monoova reported no outcome",
  AcceptedButUnknown: "Monoova accepted it, but no longer knows it",
  StillPending: "Pending for too long",
  DestinationGone: "Destination removed while the payout was unresolved",
  Contradiction: "Monoova's reports contradict each other",
};

/** How a payout that needs review may be resolved, by its status. */
function resolutionsOf(payout) {
  const all = {
    Queued: ["Completed", "Cancelled"],
    Pending: ["Completed", "Failed"],
    Completed: ["Completed", "Returned"],
    Failed: ["Failed"],
    Returned: ["Returned"],
    Cancelled: ["Cancelled"],
    AwaitingApproval: ["Cancelled"],
  };
  return all[payout.status] ?? [];
}

const PAY_ID_TYPES = {
  Email: "E-mail address",
  PhoneNumber: "Phone number",
  ABN: "ABN",
  ACN: "ACN",
  OrganisationId: "Organisation id",
};

function destinationName(destination) {
  if (destination.type === "BankAccount") return "Bank account";
  return `PayID, ${(PAY_ID_TYPES[destination.pay_id_type] ?? "").toLowerCase()}`
    .replace("abn", "ABN").replace("acn", "ACN").replace(/, $/, "");
}

const VERIFICATIONS = {
  NotStarted: ["Not verified", "quiet"],
  Started: ["Awaiting code", "wait"],
  Verified: ["Verified", "good"],
  Failed: ["Verification failed", "bad"],
  Locked: ["Locked for an hour", "bad"],
};

const PURPOSES = {
  Payout: "Payout",
  Validation: "Validation",
  Verification: "Verification",
  Export: "Export",
  Redaction: "Redaction of a reason",
};

const BATCH_STATUSES = {
  Checking: ["Checking", "going"],
  AwaitingConfirmation: ["Awaiting confirmation", "wait"],
  AwaitingApproval: ["Awaiting approval", "wait"],
  Releasing: ["Releasing", "going"],
  Released: ["Released", "going"],
  Finished: ["Finished", "good"],
  Cancelled: ["Cancelled", "quiet"],
};
return { PAYOUT_STATUSES, statusOf, statusName, isOpen, explanationOf, eventName, actorName, REVIEW_REASONS, resolutionsOf, PAY_ID_TYPES, destinationName, VERIFICATIONS, PURPOSES, BATCH_STATUSES };
})();

// --- parts.js

const module_parts = (() => {
// What pages are put together from.

const { Kind } = module_api;
const { fill, h, newId, svg } = module_dom;
const { statusOf } = module_words;

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

function icon(name, more = "") {
  return svg(
    "svg",
    { class: `icon ${more}`, viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: PATHS[name] }),
  );
}

/** The head of a page: its one `h1`, which takes the focus when the page is gone to. */
function head(title, { back, lead, actions = [], badge } = {}) {
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

function card(title, { actions, note, class: name = "" } = {}, ...children) {
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
function badge(label, tone) {
  return h("span", { class: `badge ${tone}` }, label);
}

function payoutBadge(payout) {
  const { label, tone } = statusOf(payout);
  return h("span", { class: "badges" }, badge(label, tone), payout.needs_review && badge("Needs review", "review"));
}

function button(label, onclick, { kind = "", icon: name, disabled, describedby } = {}) {
  return h(
    "button",
    { type: "button", class: `button ${kind}`, onclick, disabled, "aria-describedby": describedby },
    name && icon(name),
    label,
  );
}

function linkButton(label, href, { kind = "", icon: name } = {}) {
  return h("a", { class: `button ${kind}`, href }, name && icon(name), label);
}

const NOTICE_ICONS = { good: "check", bad: "cross", wait: "review", info: "info" };

/** A message that stands in the page. Bad news is read out at once. */
function notice(tone, title, ...children) {
  return h(
    "div",
    { class: `notice ${tone}`, role: tone === "bad" || tone === "wait" ? "alert" : "status" },
    h("span", { class: "notice-icon" }, icon(NOTICE_ICONS[tone])),
    h("div", {}, h("p", { class: "notice-title" }, title), children),
  );
}

function empty(title, text, action) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), text && h("p", {}, text), action);
}

/** A failure in the words of what it means for the person who reads it. */
function problemNotice(problem, { again } = {}) {
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
function loaded(load, render, { signal, lines = 3 } = {}) {
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

function skeleton(lines) {
  return h("div", { class: "skeleton" }, Array.from({ length: lines }, () => h("span", {})),
    h("span", { class: "unseen" }, "Loading"));
}

/** How often each: long names, short numbers. */
function counts(...pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined);
  return h("dl", { class: "counts" }, shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** Names and values: what a thing is. */
function facts(...pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h("dl", { class: "facts" }, shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/**
 * A table. A column is `{title, cell, end?, wide?}`: `end` for amounts, `wide` for what a phone has
 * no room for. `href` makes the first cell a link, and the whole row a place to click.
 */
function table(caption, columns, rows, { href, key } = {}) {
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

/** A list that grows by pages. `render` makes elements of all items so far. */
function paged(fetchPage, render, { signal, lines = 6 } = {}) {
  let items = [];
  let cursor = null;
  const region = loaded(async () => {
    const page = await fetchPage(null);
    items = page.items;
    cursor = page.next_cursor;
    return null;
  }, () => shown(), { signal, lines });

  function shown() {
    return [render(items), cursor && h("div", { class: "more" }, button("Show more", more))];
  }

  async function more(event) {
    event.currentTarget.disabled = true;
    try {
      const page = await fetchPage(cursor);
      items = [...items, ...page.items];
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
    if (JSON.stringify(next) === JSON.stringify(items)) return items;
    items = next;
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
function saveFile(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** An id with a button that copies it. */
function copyable(text) {
  const said = h("span", { class: "unseen", role: "status" });
  const act = async () => {
    await navigator.clipboard.writeText(text);
    said.textContent = "Copied";
  };
  return h("span", { class: "copyable" }, h("code", {}, text),
    h("button", { type: "button", class: "copy", onclick: act, "aria-label": `Copy ${text}` }, "Copy"), said);
}
return { icon, head, card, badge, payoutBadge, button, linkButton, notice, empty, problemNotice, loaded, skeleton, counts, facts, table, paged, saveFile, copyable };
})();

// --- form.js

const module_form = (() => {
// Forms: every field has a label, its own errors beside it, and nothing the browser remembers.

const { Kind } = module_api;
const { fill, h, newId } = module_dom;
const { problemNotice } = module_parts;

/** A labelled field. Returns its element, with `value()` and `complain(texts)`. */
function field(label, name, options = {}) {
  const { type = "text", hint, required, isSearch, choices, value = "", prefix, oninput, ...more } = options;
  const id = newId(name);
  const tag = choices ? "select" : type === "textarea" ? "textarea" : "input";
  const input = h(
    tag,
    {
      id,
      name,
      ...(tag === "input" ? { type } : {}),
      required,
      autocomplete: "off",
      spellcheck: "false",
      "aria-describedby": `${id}-hint ${id}-error`,
      oninput: (event) => (complain([]), oninput?.(event)),
      ...more,
    },
    choices?.map(([key, words]) => h("option", { value: key }, words)),
  );
  input.value = value || choices?.[0]?.[0] || "";
  const error = h("p", { class: "field-error", id: `${id}-error` });
  const element = h(
    "div",
    { class: "field" },
    h("label", { for: id }, label, !required && !isSearch && !choices && h("span", { class: "optional" }, "optional")),
    h("div", { class: "input" }, prefix && h("span", { class: "affix", "aria-hidden": "true" }, prefix), input),
    h("p", { class: "hint", id: `${id}-hint` }, hint),
    error,
  );

  function complain(texts) {
    error.textContent = texts.join(" ");
    element.classList.toggle("wrong", texts.length > 0);
    input.setAttribute("aria-invalid", texts.length > 0 ? "true" : "false");
  }

  return Object.assign(element, { input, fieldName: name, complain, value: () => input.value.trim() });
}

/** Choices of which one is taken: `[{value, title, text, disabled}]`. */
function radios(legend, name, choices, { value, onchange } = {}) {
  const group = h(
    "fieldset",
    { class: choices.length === 2 ? "radios two" : "radios" },
    h("legend", {}, legend),
    choices.map((choice) => {
      const id = newId(name);
      return h(
        "label",
        { class: "radio", for: id },
        h("input", { type: "radio", id, name, value: choice.value, checked: choice.value === value, disabled: choice.disabled, onchange }),
        h("span", { class: "radio-words" }, h("span", { class: "radio-title" }, choice.title),
          choice.text && h("span", { class: "radio-text" }, choice.text)),
        choice.badge,
      );
    }),
    h("p", { class: "field-error" }),
  );
  const error = group.lastElementChild;
  return Object.assign(group, {
    fieldName: name,
    input: group.querySelector("input"),
    value: () => group.querySelector("input:checked")?.value ?? "",
    complain: (texts) => {
      error.textContent = texts.join(" ");
      group.classList.toggle("wrong", texts.length > 0);
    },
  });
}

/**
 * A form. `submit` is given nothing and may throw a Problem, which is shown where it belongs:
 * beside the fields that it names, the rest above the buttons.
 */
function form(fields, { buttons, submit, class: name = "" }) {
  const trouble = h("div", { class: "trouble" });
  let isBusy = false;
  const element = h(
    "form",
    {
      class: `form ${name}`,
      novalidate: true,
      onsubmit: async (event) => {
        event.preventDefault();
        if (isBusy) return;
        if (!requireAll(fields)) return;
        isBusy = true;
        fill(trouble);
        const pressed = event.submitter ?? element.querySelector("button[type=submit]");
        setBusy(pressed, true);
        try {
          await submit(event.submitter?.value);
        } catch (problem) {
          show(problem);
        } finally {
          isBusy = false;
          setBusy(pressed, false);
        }
      },
    },
    fields,
    trouble,
    h("div", { class: "form-buttons" }, buttons),
  );

  function show(problem) {
    const left = { ...problem.errors };
    let first = null;
    for (const each of live(fields)) {
      const name = Object.keys(left).find((key) => key === each.fieldName || key.endsWith(`.${each.fieldName}`));
      if (name && problem.kind === Kind.INVALID) {
        each.complain([left[name]].flat());
        first ??= each.input;
        delete left[name];
      }
    }
    if (!first || Object.keys(left).length > 0) {
      fill(trouble, problemNotice(Object.assign(problem, { errors: left })));
    }
    first?.focus();
  }

  return Object.assign(element, { show, trouble });
}

/** Fields may be nested in plain elements, and may come and go. */
function live(fields) {
  return [fields].flat(Infinity).flatMap((each) =>
    !(each instanceof Element) ? [] : each.complain ? [each] : live([...each.children]))
    .filter((each) => each.isConnected && !each.closest("[hidden]"));
}

function requireAll(fields) {
  let first = null;
  for (const each of live(fields)) {
    if (each.input?.required && !each.value()) {
      each.complain(["This field is required."]);
      first ??= each.input;
    }
  }
  first?.focus();
  return first === null;
}

function setBusy(element, isBusy) {
  if (!element) return;
  element.classList.toggle("busy", isBusy);
  element.setAttribute("aria-busy", String(isBusy));
}

function submitButton(label, { kind = "primary", value } = {}) {
  return h("button", { type: "submit", class: `button ${kind}`, value }, label);
}
return { field, radios, form, setBusy, submitButton };
})();

// --- dialog.js

const module_dialog = (() => {
// Asking before acting: what will happen is said, and failure is shown where the question was.

const { h, newId } = module_dom;
const { form, submitButton } = module_form;
const { button } = module_parts;

/**
 * Asks for confirmation, then acts. `extra` are fields whose values the caller reads by itself. `words` say what will happen; `act` is given the fields' values and may throw a
 * Problem, which leaves the dialog open. Answers with what `act` answered, or null if it was left.
 */
function ask({ title, words = [], fields = [], extra = [], yes, kind = "primary", no = "Cancel", act }) {
  return new Promise((resolve) => {
    let outcome = null;
    const id = newId("dialog");
    const cancel = button(no, () => dialog.close());
    const content = form([fields, extra], {
      buttons: [cancel, submitButton(yes, { kind })],
      submit: async () => {
        const values = Object.fromEntries(fields.map((each) => [each.fieldName, each.value()]));
        outcome = (await act(values)) ?? true;
        dialog.close();
      },
    });
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-labelledby": id, onclose: () => (dialog.remove(), resolve(outcome)) },
      h("h2", { id }, title),
      [words].flat().map((each) => (each instanceof Node ? each : h("p", {}, each))),
      content,
    );
    document.body.append(dialog);
    dialog.showModal();
    (fields[0]?.input ?? content.querySelector("input") ?? cancel).focus();
  });
}
return { ask };
})();

// --- format.js

const module_format = (() => {
// Money, times and names as people read them. The business is in Sydney, and so are its days:
// Monoova's statement and our reports are by them, wherever the reader's own clock stands.

const LOCALE = "en-AU";
let zone = "Australia/Sydney";

function useTimeZone(name) {
  zone = name || zone;
}

function zoneName() {
  return zone.split("/").pop().replaceAll("_", " ");
}

const dollars = new Intl.NumberFormat(LOCALE, { style: "currency", currency: "AUD" });
const wholeDollars = new Intl.NumberFormat(LOCALE, {
  style: "currency",
  currency: "AUD",
  notation: "compact",
  maximumFractionDigits: 1,
});
const counts = new Intl.NumberFormat(LOCALE);

function money(amount) {
  return amount === null || amount === undefined ? "–" : dollars.format(amount);
}

/** For axes, where there is no room: $1.2K */
function roughMoney(amount) {
  return wholeDollars.format(amount);
}

function count(number, one, many = `${one}s`) {
  const text = counts.format(number ?? 0);
  return one === undefined ? text : `${text} ${number === 1 ? one : many}`;
}

function percent(share) {
  return share === null || share === undefined ? "–" : `${Math.round(share * 1000) / 10}%`;
}

function formatted(date, options) {
  return new Intl.DateTimeFormat(LOCALE, { timeZone: zone, ...options }).format(date);
}

/** "4:02 pm" of today, "Fri 27 Nov, 4:02 pm" of another day. */
function when(iso) {
  if (!iso) return "–";
  const date = new Date(iso);
  const time = formatted(date, { hour: "numeric", minute: "2-digit" });
  if (dayOf(date) === today()) return `Today, ${time}`;
  const sameYear = dayOf(date).slice(0, 4) === today().slice(0, 4);
  const day = { weekday: "short", day: "numeric", month: "short", year: sameYear ? undefined : "numeric" };
  return `${formatted(date, day).replace(",", "")}, ${time}`;
}

/** A time in the middle of a sentence. */
const whenWithin = (iso) => when(iso).replace(/^Today/, "today");

/** With seconds: the lines of a history are often close together. */
function exactly(iso) {
  const options = { day: "numeric", month: "short", hour: "numeric", minute: "2-digit", second: "2-digit" };
  return formatted(new Date(iso), options);
}

/** "in 2 min", "3 h ago" */
function fromNow(iso) {
  const seconds = Math.round((new Date(iso) - Date.now()) / 1000);
  const size = Math.abs(seconds);
  const [amount, unit] =
    size < 60 ? [size, "s"] : size < 3600 ? [Math.round(size / 60), "min"]
    : size < 86400 ? [Math.round(size / 3600), "h"] : [Math.round(size / 86400), "days"];
  if (size < 5) return "now";
  return seconds < 0 ? `${amount} ${unit} ago` : `in ${amount} ${unit}`;
}

function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 360) / 10} h`;
}

/** The business's day of a moment, as 2026-11-27. */
function dayOf(date) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" }).format(date);
}

function today() {
  return dayOf(new Date());
}

function dayBefore(day, days) {
  return new Date(Date.parse(`${day}T12:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10);
}

/** "Fri 27 Nov" of 2026-11-27. */
function dayName(day) {
  const options = { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" };
  return new Intl.DateTimeFormat(LOCALE, options).format(new Date(`${day}T12:00:00Z`)).replace(",", "");
}

function shortDay(day) {
  const options = { day: "numeric", month: "short", timeZone: "UTC" };
  return new Intl.DateTimeFormat(LOCALE, options).format(new Date(`${day}T12:00:00Z`));
}

/** The beginning of an id: enough to tell two apart on a screen. */
function short(id) {
  return id ? id.slice(0, 8) : "–";
}
return { useTimeZone, zoneName, money, roughMoney, count, percent, when, whenWithin, exactly, fromNow, duration, dayOf, today, dayBefore, dayName, shortDay, short };
})();

// --- names.js

const module_names = (() => {
// Names of customers, for lists whose rows only have their ids. They are kept in this tab's memory,
// asked for in one call for the newest hundred, and learned from whatever other pages have read.

const api = module_api;

const names = new Map();
let asking = null;

function learn(customers) {
  for (const each of customers) names.set(each.customer_id, each.name);
}

const nameOf = (customerId) => names.get(customerId);

/** Resolves when the newest customers' names are known; what is older than those stays unknown. */
function namesKnown() {
  asking ??= api.get("/customers", { limit: 100 }).then(({ items }) => learn(items), () => {});
  return asking;
}
return { learn, nameOf, namesKnown };
})();

// --- router.js

const module_router = (() => {
// Where in the console we are: the hash, which never leaves the browser. It holds ids and filters,
// nothing personal.

/** `#/payouts/1f?status=Failed` as its path and its query. */
function place() {
  const [path, query] = location.hash.replace(/^#/, "").split("?");
  return { path: path || "/", query: new URLSearchParams(query ?? "") };
}

/** The link to a place; empty values are left out of the query. */
function link(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value != null);
  const text = new URLSearchParams(given).toString();
  return `#${path}${text ? `?${text}` : ""}`;
}

function go(path, query) {
  location.hash = link(path, query);
}

/** Another query at the same place, with no new entry in the browser's history. */
function replaceQuery(query) {
  history.replaceState(null, "", link(place().path, query));
}

// What `:name` parts may be. Nothing else becomes part of an address of the API: a browser takes
// `..\payouts\x` in an address for `../payouts/x`.
const ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const PARTS = { id: ID, day: "\\d{4}-\\d{2}-\\d{2}" };

const isId = (text) => new RegExp(`^${ID}$`).test(text ?? "");

/** The route that a path belongs to, and what its `:name` parts stand for. */
function matching(routes, path) {
  for (const route of routes) {
    const pattern = route.path.replace(/:(\w+)/g, (_, name) => `(?<${name}>${PARTS[name]})`);
    const found = new RegExp(`^${pattern}/?$`).exec(path);
    if (found) return { route, params: { ...found.groups } };
  }
  return null;
}
return { place, link, go, replaceQuery, isId, matching };
})();

// --- doubt-panel.js

const module_doubt_panel = (() => {
// What is said and offered while it is not known whether a payout was made.

const { Kind } = module_api;
const { ask: askFirst } = module_dialog;
const { fill, h } = module_dom;
const doubt = module_doubt;
const { setBusy } = module_form;
const { exactly, money } = module_format;
const { namesKnown, nameOf } = module_names;
const { button, linkButton, notice } = module_parts;
const { go, link } = module_router;
const session = module_session;

/**
 * The payout in doubt, and what may be done about it. `problem` is the last answer, if there was one;
 * `refused` is given the answer that ends the doubt without a payout.
 */
function doubtPanel({ problem = null, title = "One payout is still in doubt.", refused = look } = {}) {
  const region = h("div", {});

  async function again(event) {
    const pressed = event.currentTarget;
    if (pressed.classList.contains("busy")) return;
    setBusy(pressed, true);
    try {
      paid(await doubt.ask({ ...doubt.inDoubt(), mayBePaid: true }));
    } catch (next) {
      if (!doubt.inDoubt()) return refused(next);
      show(next);
      region.querySelector("button")?.focus();
    }
  }

  function show(last) {
    const payment = doubt.inDoubt();
    const mayAsk = doubt.isMine(payment) && session.mayOperate();
    fill(region, notice("wait", title,
      what(payment),
      mayAsk
        ? h("p", {}, h("strong", {}, "Do not start another payout."), " Press “Submit again”: it is the same payout under the same idempotency key, so it is paid only once.")
        : h("p", {}, h("strong", {}, "Do not start another payout."), " Only the person who requested it can submit it again: under another sign-in it would be a second payout."),
      last?.detail && h("p", { class: "note" }, last.kind === Kind.UNKNOWN ? last.detail : `The latest response: ${last.detail} It says nothing about the first request.`),
      h("div", { class: "actions" },
        mayAsk && button("Submit again", again, { kind: "primary" }),
        payment.transactionId
          ? linkButton("View payout", link(`/payouts/${payment.transactionId}`))
          : linkButton("View the customer's payouts", link("/payouts", { customer_id: payment.request.customer_id })),
        button("Clear", settle))));
  }

  show(problem);
  return region;
}

/** To where the payout is, as soon as it is known to be there. */
function paid(payout) {
  dispatchEvent(new Event("payouts-changed"));
  go(`/payouts/${payout.transaction_id}`);
}

function look(problem) {
  go(`/payouts/${problem.transactionId}`);
}

function what(payment) {
  const name = h("a", { href: link(`/customers/${payment.request.customer_id}`) }, nameOf(payment.request.customer_id) ?? "a customer");
  namesKnown().then(() => fill(name, nameOf(payment.request.customer_id) ?? "a customer"));
  return h("p", {}, h("strong", {}, money(Number(payment.request.amount))), " to ", name, `, last submitted ${exactly(new Date(payment.at).toISOString())}.`);
}

async function settle() {
  const done = await askFirst({
    title: "Clear the payout in doubt?",
    words: "Clear it only if you have found this payout among the customer's payouts, or have seen that it is not there. The console then stops showing it; nothing else changes.",
    yes: "Clear",
    act: () => doubt.letGo(),
  });
  // The page is drawn anew: where there was the doubt is the form again.
  if (done) dispatchEvent(new Event("hashchange"));
}
return { doubtPanel, paid };
})();

// --- shell.js

const module_shell = (() => {
// The frame around every page: navigation, what needs attention, who is signed in.

const api = module_api;
const auth = module_auth;
const { fill, h } = module_dom;
const { zoneName } = module_format;
const { icon, linkButton } = module_parts;
const { link } = module_router;
const session = module_session;

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
function frame(root) {
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
function mark(path) {
  for (const each of document.querySelectorAll(".menu-link")) {
    const own = each.dataset.path;
    const isHere = own === "/" ? path === "/" : path === own || path.startsWith(`${own}/`);
    if (isHere) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
}

/** How much waits, beside the places where it is dealt with. What cannot be counted shows nothing. */
async function tally() {
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

function forgetLetters() {
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
return { frame, mark, tally, forgetLetters };
})();

// --- chart.js

const module_chart = (() => {
// Charts by day, drawn as SVG. Beside each stands the same as a table, for readers who cannot see it.

const { h, newId, svg } = module_dom;
const { dayName, shortDay } = module_format;
const { table } = module_parts;

const HEIGHT = 170;
const INSET = { left: 52, right: 8, top: 10, bottom: 24 };
const INNER_HEIGHT = HEIGHT - INSET.top - INSET.bottom;
const STEPS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];
const MINUTE_STEPS = [10, 30, 60, 120, 240, 360, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400];

/** In the drawing's own units, so that its letters are as large on a phone as elsewhere. */
const width = () => (matchMedia("(max-width: 760px)").matches ? 320 : 520);

/**
 * `series` are `{name, tone, of}`, where `of` takes a day's row and answers with a number or null.
 * `kind` is "bars" (stacked) or "lines". `format` makes texts of numbers, `rough` those of the axis.
 */
function chart(title, days, series, { kind = "bars", format, rough = format, most, isTime } = {}) {
  const id = newId("chart");
  const totals = days.map((day) =>
    kind === "bars" ? sum(series.map((each) => each.of(day) ?? 0)) : Math.max(0, ...series.map((each) => each.of(day) ?? 0)));
  const top = most ?? (isTime ? niceTime : niceTop)(Math.max(0, ...totals));
  const readout = h("p", { class: "readout note", "aria-hidden": "true" }, "\u00a0");
  const drawing = svg(
    "svg",
    { class: "chart", viewBox: `0 0 ${width()} ${HEIGHT}`, "aria-hidden": "true", focusable: "false" },
    axis(top, rough),
    labels(days),
    kind === "bars" ? bars(days, series, top) : lines(days, series, top),
    days.map((day, at) => svg("rect", {
      class: "touch", x: left(days, at), y: INSET.top, width: step(days), height: INNER_HEIGHT,
      onpointerenter: () => (readout.textContent = sentence(day)),
      onpointerleave: () => (readout.textContent = "\u00a0"),
    })),
  );

  function sentence(day) {
    const parts = series.map((each) => `${series.length > 1 ? `${each.name} ` : ""}${format(each.of(day))}`);
    return `${dayName(day.day)}: ${parts.join(", ")}`;
  }

  return h(
    "section",
    { class: "card chart-card", "aria-labelledby": id },
    h("div", { class: "card-head" }, h("h3", { id }, title), series.length > 1 && legend(series)),
    drawing,
    h("div", { class: "chart-foot" }, readout, h("details", {}, h("summary", {}, "As a table"), table(title, [
      { title: "Day", cell: (day) => dayName(day.day) },
      ...series.map((each) => ({ title: each.name, end: true, cell: (day) => format(each.of(day)) })),
    ], [...days].reverse()))),
  );
}

/** Parts of a whole as one bar: which method payouts took. */
function split(title, parts, { format }) {
  const whole = sum(parts.map((part) => part.size));
  const id = newId("split");
  let x = 0;
  const pieces = parts.filter((part) => part.size > 0).map((part) => {
    const share = (part.size / whole) * 100;
    const piece = svg("rect", { class: `fill-${part.tone}`, x: `${x}%`, y: 0, width: `${share}%`, height: 14 });
    x += share;
    return piece;
  });
  return h(
    "section",
    { class: "card chart-card", "aria-labelledby": id },
    h("div", { class: "card-head" }, h("h3", { id }, title)),
    svg("svg", { class: "split", height: 14, width: "100%", "aria-hidden": "true" }, pieces),
    h("ul", { class: "split-list" }, parts.map((part) => h("li", {},
      h("span", { class: `key key-${part.tone}` }), h("span", {}, part.name),
      h("strong", {}, whole ? `${Math.round((part.size / whole) * 100)}%` : "–"),
      h("span", { class: "note" }, format(part))))),
  );
}

function legend(series) {
  return h("ul", { class: "legend" }, series.map((each) =>
    h("li", {}, h("span", { class: `key key-${each.tone}` }), each.name)));
}

function axis(top, rough) {
  return [0, 0.5, 1].map((share) => {
    const y = INSET.top + INNER_HEIGHT * (1 - share);
    return [
      svg("line", { class: "grid", x1: INSET.left, x2: width() - INSET.right, y1: y, y2: y }),
      svg("text", { class: "tick", x: INSET.left - 8, y: y + 4, "text-anchor": "end" }, rough(top * share)),
    ];
  });
}

function labels(days) {
  const every = Math.max(1, Math.ceil(days.length / (width() / 85)));
  return days.map((day, at) => (days.length - 1 - at) % every === 0 && svg("text",
    { class: "tick", x: left(days, at) + step(days) / 2, y: HEIGHT - 6, "text-anchor": at === days.length - 1 ? "end" : "middle" },
    shortDay(day.day)));
}

function bars(days, series, top) {
  const thickness = Math.min(22, step(days) * 0.7);
  return days.map((day, at) => {
    let y = INSET.top + INNER_HEIGHT;
    return series.map((each) => {
      const height = (Math.max(0, each.of(day) ?? 0) / top) * INNER_HEIGHT;
      y -= height;
      const x = left(days, at) + (step(days) - thickness) / 2;
      return height > 0 && svg("rect", { class: `fill-${each.tone}`, x, y, width: thickness, height, rx: Math.min(2, height / 2) });
    });
  });
}

function lines(days, series, top) {
  return series.map((each) => {
    const points = days.map((day, at) => [left(days, at) + step(days) / 2, each.of(day)])
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([x, value]) => [x, INSET.top + INNER_HEIGHT * (1 - value / top)]);
    const path = points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
    return [
      svg("path", { class: `line line-${each.tone}`, d: path }),
      // One day alone makes no line: its point has to be seen.
      points.length < 32 && points.map(([cx, cy]) => svg("circle", { class: `fill-${each.tone}`, cx, cy, r: points.length === 1 ? 4 : 2.5 })),
    ];
  });
}

const step = (days) => (width() - INSET.left - INSET.right) / Math.max(1, days.length);
const left = (days, at) => INSET.left + at * step(days);
const sum = (numbers) => numbers.reduce((total, each) => total + each, 0);

/** The next round number above. */
function niceTop(most) {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return power * STEPS.find((factor) => factor * power >= most);
}

/** The next round time above, in seconds. */
function niceTime(most) {
  return MINUTE_STEPS.find((seconds) => seconds >= most) ?? most;
}
return { chart, split };
})();

// --- page-overview.js

const module_page_overview = (() => {
// The overview: what needs attention, the balance, and the activity by day.

const api = module_api;
const { chart, split } = module_chart;
const { ask } = module_dialog;
const { field } = module_form;
const { fill, h } = module_dom;
const { count, dayBefore, duration, money, percent, roughMoney, today, when, whenWithin } = module_format;
const { badge, button, card, empty, head, icon, linkButton, loaded, notice } = module_parts;
const { link, replaceQuery } = module_router;
const session = module_session;
const { tally } = module_shell;
const { actorName } = module_words;

const OPEN_REASONS = {
  TooManyFailures: "Too many calls to Monoova have failed.",
  NotAuthenticated: "Monoova has refused the API key.",
  LockedOut: "Monoova has locked the account after refused logins.",
};
const RANGES = [["7", "7 days"], ["30", "30 days"], ["90", "90 days"]];

function page({ query, signal }) {
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
  if (state.status === "Paused") {
    return notice("wait", "Sending is paused.",
      h("p", {}, `Paused by ${actorName(state.paused_by, me)}, ${whenWithin(state.paused_at)}: ${state.pause_reason}. Payouts are accepted and queued.`),
      operates && button("Resume sending", act("resume", {
        title: "Resume sending?", words: "All queued payouts are sent.", yes: "Resume",
      }), { kind: "primary small" }));
  }
  if (state.status === "CircuitOpen") {
    return notice("wait", "Sending has stopped: the circuit breaker is open.",
      h("p", {}, `${OPEN_REASONS[state.open_reason] ?? "Monoova cannot be reached reliably."} Payouts are accepted and queued. `,
        state.next_probe_at ? `Next attempt: ${whenWithin(state.next_probe_at)}.` : ""),
      operates && button("Reset circuit breaker", act("reset", {
        title: "Reset the circuit breaker?", words: "Do this once the cause is fixed. If it is not, sending stops again; nothing is paid twice.", yes: "Reset",
      }), { kind: "small" }));
  }
  return h("p", { class: "sending-line" }, badge("Sending is open", "good"),
    operates && h("button", { type: "button", class: "text-button", onclick: act("pause", {
      title: "Pause sending?",
      words: "Payouts are still accepted, but stay queued until sending is resumed. Payouts already sent are not affected.",
      fields: [field("Reason", "reason", { required: true, hint: "Shown on this page and kept in the record. No payee details.", maxlength: 200 })],
      yes: "Pause sending", kind: "danger",
    }) }, "Pause"));
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

function funds({ items }) {
  if (items.length === 0) return empty("No recent incoming funds");
  return h("ul", { class: "funds" }, items.map((each) => h("li", {},
    h("span", {}, FUNDS[each.kind] ?? each.kind),
    h("time", { class: "note", datetime: each.at }, when(each.at)),
    h("strong", { class: "amount" }, `+${money(each.amount)}`))));
}

return { page };
})();

// --- live.js

const module_live = (() => {
// What keeps a page up to date while it is on the screen.

/**
 * Looks again and again, `every()` seconds apart, until `signal` ends it or `look` answers "enough".
 * While the page is hidden nothing is asked; what was missed is made up for when it shows again.
 */
async function keepLooking(signal, { every, look }) {
  while (!signal.aborted) {
    await pause(signal, every());
    await shown(signal);
    if (signal.aborted || (await look()) === "enough") return;
  }
}

function pause(signal, seconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

function shown(signal) {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    document.addEventListener("visibilitychange", () => document.hidden || resolve(), { signal });
    signal.addEventListener("abort", resolve, { once: true });
  });
}
return { keepLooking };
})();

// --- payout-table.js

const module_payout_table = (() => {
// The table of payouts, as several pages show it.

const { h } = module_dom;
const { money, when } = module_format;
const { nameOf } = module_names;
const { payoutBadge, table } = module_parts;
const { link } = module_router;

function payoutTable(caption, payouts, { extra = [] } = {}) {
  return table(
    caption,
    [
      { title: "Payee", cell: (each) => [payee(each), h("span", { class: "narrow-only under" }, payoutBadge(each))] },
      { title: "Status", wide: true, cell: payoutBadge },
      ...extra,
      { title: "Requested", wide: true, cell: (each) => h("time", { datetime: each.created_at }, when(each.created_at)) },
      { title: "Amount", end: true, class: "amount", cell: (each) => money(each.amount) },
    ],
    payouts,
    { href: (each) => link(`/payouts/${each.transaction_id}`), key: (each) => each.transaction_id },
  );
}

/** Who is paid, where, and for what: as much of it as is known. */
function payee(payout) {
  const name = nameOf(payout.customer_id);
  const where = payout.destination || "erased";
  const more = [name && where, payout.lodgement_reference].filter(Boolean).join(" · ");
  return h("span", { class: "to" }, h("span", { class: "to-name" }, name ?? where), more && h("span", { class: "note" }, more));
}
return { payoutTable, payee };
})();

// --- page-payouts.js

const module_page_payouts = (() => {
// All payouts, newest first, kept up to date while payouts are open.

const api = module_api;
const { announce, h } = module_dom;
const { field } = module_form;
const { dayBefore, dayName, dayOf, today } = module_format;
const { keepLooking } = module_live;
const { empty, head, icon, linkButton, paged } = module_parts;
const { namesKnown } = module_names;
const { payoutTable } = module_payout_table;
const { go, isId } = module_router;
const session = module_session;
const { isOpen, PAYOUT_STATUSES, statusName, statusOf } = module_words;

const PAGE = 25;
const SECONDS_WHILE_OPEN = 3;
const SECONDS_AT_REST = 20;

function page({ query, signal }) {
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

return { page };
})();

// --- payout-actions.js

const module_payout_actions = (() => {
// What a person may do to a payout. Each asks first, and says what is going to happen.

const api = module_api;
const { h } = module_dom;
const { ask } = module_dialog;
const { field } = module_form;
const { money } = module_format;
const { button } = module_parts;
const { go } = module_router;
const session = module_session;
const { isOpen, resolutionsOf } = module_words;

const path = (payout, verb) => `/payouts/${payout.transaction_id}/${verb}`;

/** The buttons for what this person may do to this payout now. `done` is given what it became. */
function actionsOn(payout, done) {
  if (!session.mayOperate()) return [];
  const acting = (act) => async () => {
    const outcome = await act(payout);
    if (outcome) {
      dispatchEvent(new Event("payouts-changed"));
      done(outcome);
    }
  };
  const { status } = payout;
  const waits = status === "AwaitingApproval";
  const mayDecide = waits && session.mayApprove() && payout.created_by !== session.me().name;
  const ended = ["Failed", "Returned", "Cancelled"].includes(status) && !payout.needs_review;
  return [
    mayDecide && button("Approve", acting(approve), { kind: "primary" }),
    mayDecide && button("Reject", acting(reject)),
    payout.needs_review && button("Resolve", acting(resolve), { kind: "primary" }),
    status === "Pending" && button("Refresh from Monoova", acting(refresh)),
    (status === "Queued" || waits) && button("Cancel payout", acting(cancel)),
    ended && button("Retry as a new payout", acting(retry)),
  ].filter(Boolean);
}

/** Why something that one might look for is not offered. */
function whyNot(payout) {
  if (!session.mayOperate()) {
    return isOpen(payout) || payout.needs_review ? "View only. Changing a payout needs the operator role." : null;
  }
  if (payout.status !== "AwaitingApproval") return null;
  if (payout.created_by === session.me().name) return "You requested this payout, so another person has to approve it.";
  return session.mayApprove() ? null : "Approving needs the approver role.";
}

function what(payout) {
  return `${money(payout.amount)} to ${payout.destination}`;
}

function approve(payout) {
  return ask({
    title: `Approve ${money(payout.amount)}?`,
    words: `${what(payout)} is sent as soon as you approve. Your approval is recorded in the payout's history.`,
    yes: `Approve ${money(payout.amount)}`,
    act: () => api.post(path(payout, "approve")),
  });
}

function reject(payout) {
  return ask({
    title: `Reject ${money(payout.amount)}?`,
    words: `${what(payout)} will not be paid: the payout is cancelled for good.`,
    fields: [field("Reason", "reason", { required: true, hint: "Shown to the requester. No names or account numbers.", maxlength: 500 })],
    yes: "Reject payout",
    kind: "danger",
    act: ({ reason }) => api.post(path(payout, "reject"), { reason }),
  });
}

function cancel(payout) {
  return ask({
    title: "Cancel this payout?",
    words: `${what(payout)} has not been sent yet. Once cancelled, it will never be sent.`,
    yes: "Cancel payout",
    no: "Keep payout",
    kind: "danger",
    act: () => api.post(path(payout, "cancel")),
  });
}

async function refresh(payout) {
  return ask({
    title: "Refresh from Monoova?",
    words: "Monoova is asked for the status of this payout. Nothing is sent again. This also happens automatically.",
    yes: "Refresh",
    act: () => api.post(path(payout, "refresh")),
  });
}

async function retry(payout) {
  const key = crypto.randomUUID(); // one for the dialog: whatever is pressed twice pays once
  const made = await ask({
    title: `Retry ${money(payout.amount)} as a new payout?`,
    words: [
      `A new payout of ${what(payout)} is requested, under a reference of its own. The original stays as it is.`,
      "If the bank details were wrong, add a new destination to the customer and request a new payout instead.",
    ],
    yes: `Pay ${money(payout.amount)}`,
    act: () => api.post(path(payout, "retry"), {}, { idempotencyKey: key }),
  });
  if (made?.transaction_id) go(`/payouts/${made.transaction_id}`);
  return null;
}

const OUTCOMES = {
  Completed: "Completed: it was paid",
  Failed: "Failed: it was not paid",
  Returned: "Returned: it was paid and the money was returned",
  Cancelled: "Cancelled: it was never sent",
};

function resolve(payout) {
  const choices = resolutionsOf(payout).map((outcome) => [outcome, OUTCOMES[outcome]]);
  return ask({
    title: "Resolve this payout?",
    words: [
      h("p", {}, "First look it up in Monoova's portal or statement under the reference ", h("code", {}, payout.unique_reference), "."),
      "Resolving ends the review. The outcome is recorded in the payout's history with your name and your reason. It pays nothing.",
    ],
    fields: [
      field("Outcome", "outcome", { choices, required: true }),
      field("Reason", "reason", { required: true, hint: "How you know, for example: confirmed by phone with Monoova support. No names or account numbers.", maxlength: 500 }),
    ],
    yes: "Resolve payout",
    act: (values) => api.post(path(payout, "resolve"), values),
  });
}
return { actionsOn, whyNot, approve, reject, resolve };
})();

// --- page-payout.js

const module_page_payout = (() => {
// One payout: its status, the reason for it, and what to do.

const api = module_api;
const { announce, fill, h } = module_dom;
const doubt = module_doubt;
const { exactly, fromNow, money, when } = module_format;
const { keepLooking } = module_live;
const { learn, nameOf } = module_names;
const { copyable, facts, card, head, icon, notice, payoutBadge } = module_parts;
const { actionsOn, whyNot } = module_payout_actions;
const { link } = module_router;
const session = module_session;
const { actorName, eventName, explanationOf, isOpen, REVIEW_REASONS, statusOf } = module_words;

const SECONDS_WHILE_FRESH = 2;
const SECONDS_AT_REST = 10;
const FRESH_MILLISECONDS = 3 * 60_000;

async function page({ params, signal }) {
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
    ["Failure code", payout.failure_code && h("code", {}, payout.failure_code)],
    ["Batch", payout.batch_id && h("a", { href: link(`/batches/${payout.batch_id}`) }, "View batch")],
    ["Retry of", payout.retry_of && h("a", { href: link(`/payouts/${payout.retry_of}`) }, "View original payout")],
    ["Monoova transaction id", payout.monoova_transaction_id && h("code", {}, payout.monoova_transaction_id)],
    ["Transaction id", copyable(payout.transaction_id)],
  );
}
return { page };
})();

// --- customer-picker.js

const module_customer_picker = (() => {
// Choosing a customer: the newest ones, narrowed down by what is typed; never asked of the API,
// which keeps names encrypted, and never part of an address.

const api = module_api;
const { fill, h } = module_dom;
const { field } = module_form;
const { count } = module_format;
const { learn } = module_names;
const { empty, icon, linkButton, loaded } = module_parts;

const MOST_SHOWN = 8;

function customerPicker(choose, signal) {
  return loaded(() => api.getAll("/customers", { limit: 100 }, 10), ({ items, isWhole }) => {
    learn(items);
    if (items.length === 0) {
      return empty("No customers yet", null, linkButton("Register a customer", "#/customers/new", { kind: "primary", icon: "plus" }));
    }
    const results = h("ul", { class: "results" });
    const said = h("p", { class: "note", role: "status" });
    const search = field("Find a customer", "find", { type: "search", isSearch: true, placeholder: "Name, e-mail or external id", oninput: show });

    function show() {
      const wanted = search.value().toLowerCase();
      const found = items.filter((each) => !wanted || words(each).includes(wanted));
      fill(results, found.slice(0, MOST_SHOWN).map((each) => h("li", {}, customerButton(each, choose))));
      said.textContent = found.length > MOST_SHOWN ? `${count(found.length - MOST_SHOWN)} more. Type more to narrow the list`
        : found.length === 0 ? "No customers match" : isWhole ? "" : "Older customers are on the Customers page";
    }

    show();
    return [search, results, said];
  }, { signal });
}

function words(customer) {
  return [customer.name, customer.email, customer.external_id, customer.customer_id].join(" ").toLowerCase();
}

function customerButton(customer, choose) {
  const where = customer.destinations.map((each) => each.masked).join(", ");
  return h("button", { type: "button", class: "result", onclick: () => choose(customer) },
    h("span", { class: "result-words" }, h("span", { class: "result-title" }, customer.name), h("span", { class: "note" }, where || "no destination yet")),
    icon("arrow"));
}

return { customerPicker };
})();

// --- page-pay.js

const module_page_pay = (() => {
// Paying one customer. Everything is checked before the button that pays is offered, and whatever
// is pressed twice, or asked again after a lost answer, pays once.

const api = module_api;
const { fill, h } = module_dom;
const { customerPicker } = module_customer_picker;
const doubt = module_doubt;
const { doubtPanel, paid } = module_doubt_panel;
const { field, form, radios, setBusy, submitButton } = module_form;
const { money } = module_format;
const { badge, button, card, head, icon, linkButton, loaded, notice, problemNotice } = module_parts;
const { go, isId, link } = module_router;
const session = module_session;
const { destinationName, VERIFICATIONS } = module_words;

function page({ query, signal }) {
  const heading = head("New payout", { back: { href: "#/payouts", label: "Payouts" } });
  if (!session.mayOperate()) {
    return [heading, notice("info", "Paying needs the operator role.", h("p", {}, "Your role is view only."))];
  }
  if (doubt.inDoubt()) return [heading, h("div", { class: "narrow" }, doubtPanel())];
  const id = isId(query.get("customer")) ? query.get("customer") : null;
  const body = id
    ? loaded(() => api.get(`/customers/${id}`), (customer) => payForm(customer, query.get("destination")), { signal })
    : card("Payee", { class: "narrow" }, customerPicker((customer) => go("/pay", { customer: customer.customer_id }), signal));
  return [heading, body];
}

function payForm(customer, chosen) {
  const who = h("p", { class: "payee" }, h("strong", {}, customer.name), h("a", { href: "#/pay" }, "Change payee"));
  if (customer.destinations.length === 0) {
    return card("Payee", { class: "narrow" }, who, notice("info", "This customer has no destination yet.",
      linkButton("Add a destination", link(`/customers/${customer.customer_id}`))));
  }
  return new PayForm(customer, chosen, who).element;
}

class PayForm {
  constructor(customer, chosen, who) {
    this.customer = customer;
    const first = customer.destinations.some((each) => each.destination_id === chosen)
      ? chosen : customer.destinations[0].destination_id;
    const changed = () => this.forget();
    this.destination = radios("Destination", "destination_id", customer.destinations.map(destinationChoice), { value: first, onchange: changed });
    this.amount = field("Amount", "amount", {
      required: true, prefix: "$", inputmode: "decimal", placeholder: "0.00", class: "amount-input", oninput: changed,
    });
    this.reference = field("Lodgement reference", "lodgement_reference", {
      hint: "Shown on the payee's bank statement.", maxlength: 280, oninput: changed,
    });
    this.description = field("Description", "description", { hint: "Internal. Not shown to the payee.", maxlength: 500, oninput: changed });
    this.fields = [this.destination, this.amount, this.reference, this.description];
    this.outcome = h("div", { class: "outcome", "aria-live": "polite" });
    this.form = form([who, this.fields], {
      buttons: [submitButton("Check")],
      submit: () => this.check(),
      class: "pay",
    });
    this.element = card(null, { class: "narrow" }, this.form, this.outcome);
  }

  payload() {
    const text = this.amount.value().replace(/[\s,$]/g, "");
    const destination = this.customer.destinations.find((each) => each.destination_id === this.destination.value());
    return {
      customer_id: this.customer.customer_id,
      destination_id: destination.destination_id,
      amount: text,
      ...(this.reference.value() && { lodgement_reference: this.reference.value() }),
      ...(this.description.value() && { description: this.description.value() }),
    };
  }

  /** Another payout is another key: what was checked no longer stands. */
  forget() {
    fill(this.outcome);
    this.form.classList.remove("checked");
  }

  async check() {
    const payload = this.payload();
    try {
      const found = await api.post("/payouts/validate", payload);
      this.offer(payload, found.checks, found.destination);
    } catch (problem) {
      if (problem.code !== "SendingStopped") throw problem;
      this.offer(payload, [{ name: "monoova", is_ok: null, detail: `${problem.detail} The payout would be queued and sent automatically.` }]);
    }
  }

  offer(payload, checks, destination) {
    const shown = destination ?? this.customer.destinations.find((each) => each.destination_id === payload.destination_id);
    const amount = money(Number(payload.amount));
    const isRefused = checks.some((check) => check.is_ok === false);
    const isCertain = checks.every((check) => check.is_ok);
    const key = crypto.randomUUID(); // one for this payout, however often the button is pressed
    const payment = { key, request: payload };
    const pay = button(isCertain ? `Pay ${amount}` : `Pay ${amount} anyway`, () => this.pay(payment, pay), { kind: "primary large" });
    fill(
      this.outcome,
      h("h2", {}, isRefused ? "This payout would be refused" : "Confirm this payout"),
      h("p", { class: "sentence" }, h("strong", {}, amount), " goes to ", h("strong", {}, this.customer.name), " at ", h("strong", {}, shown.masked), "."),
      h("ul", { class: "checks" }, checks.map(checkLine)),
      !isRefused && h("div", { class: "form-buttons" }, pay),
    );
    this.form.classList.add("checked");
    if (!isRefused) pay.focus();
  }

  async pay(payment, pay) {
    if (pay.classList.contains("busy")) return;
    setBusy(pay, true);
    this.freeze(true);
    try {
      paid(await doubt.ask(payment));
    } catch (problem) {
      this.failed(problem, payment);
    } finally {
      setBusy(pay, false);
    }
  }

  failed(problem, payment) {
    if (doubt.inDoubt()) {
      const refused = (answer) => this.failed(answer, payment);
      fill(this.outcome, doubtPanel({ problem, refused, title: "We do not know yet whether this was paid." }));
      this.outcome.querySelector("button").focus();
      return;
    }
    this.freeze(false);
    if (problem.kind === api.Kind.TRY_AGAIN) {
      const again = button("Try again", () => this.pay(payment, again), { kind: "primary" });
      fill(this.outcome, notice("bad", "Nothing was paid.", h("p", {}, problem.detail), again));
      again.focus();
    } else if (problem.kind === api.Kind.INVALID) {
      this.forget();
      this.form.show(problem);
    } else {
      fill(this.outcome, problemNotice(problem), problem.transactionId &&
        linkButton("View payout", link(`/payouts/${problem.transactionId}`)));
    }
  }

  freeze(isFrozen) {
    for (const each of this.form.querySelectorAll("input, button")) each.disabled = isFrozen;
  }
}

function destinationChoice(destination) {
  const [label, tone] = VERIFICATIONS[destination.verification?.status] ?? [];
  return {
    value: destination.destination_id,
    title: destination.masked,
    text: destinationName(destination),
    badge: tone && destination.verification.status !== "NotStarted" ? badge(label, tone) : null,
  };
}

const CHECKS = { monoova: "Monoova", bsb: "BSB", funds: "Balance" };

function checkLine(check) {
  const [name, tone, said] = check.is_ok === null ? ["question", "wait", "not known"] : check.is_ok ? ["check", "good", "ok"] : ["cross", "bad", "refused"];
  return h("li", { class: `check-line ${tone}` }, icon(name),
    h("span", {}, h("strong", {}, CHECKS[check.name] ?? check.name), h("span", { class: "unseen" }, ` ${said}`), ` ${check.detail}`));
}
return { page };
})();

// --- page-customers.js

const module_page_customers = (() => {
// Customers, newest first; narrowed down by what is typed.

const api = module_api;
const { fill, h } = module_dom;
const { field } = module_form;
const { when } = module_format;
const { learn } = module_names;
const { empty, head, linkButton, loaded, paged, table } = module_parts;
const { link } = module_router;
const session = module_session;

const MOST_PAGES = 20;
const MOST_SHOWN = 50;

function page({ signal }) {
  const register = session.mayOperate() && linkButton("Register a customer", "#/customers/new", { kind: "primary", icon: "plus" });
  const newest = paged(
    async (cursor) => {
      const found = await api.get("/customers", { limit: 50, cursor });
      learn(found.items);
      return found;
    },
    (items) => items.length > 0 ? customers(items) : empty("No customers yet", "Register one to be able to pay them."),
    { signal },
  );
  const list = h("div", { class: "region" }, newest);
  // Names are encrypted where they are stored, so the API cannot search by name: all are read, once.
  let allCustomers = null;
  const search = field("Find a customer", "find", { type: "search", isSearch: true, placeholder: "Name, e-mail or external id", oninput: () => {
    const wanted = search.value().toLowerCase();
    if (!wanted) return fill(list, newest);
    allCustomers ??= api.getAll("/customers", { limit: 100 }, MOST_PAGES);
    fill(list, loaded(() => allCustomers, ({ items, isWhole }) => found(items, wanted, isWhole), { signal }));
  } });
  return [
    head("Customers", { actions: [register].filter(Boolean) }),
    h("div", { class: "filters find" }, search),
    list,
  ];
}

function found(items, wanted, isWhole) {
  const fitting = items.filter((each) =>
    [each.name, each.email, each.external_id, each.customer_id].join(" ").toLowerCase().includes(wanted));
  if (fitting.length === 0) return empty("No customers match", isWhole ? null : `Only the newest ${items.length} customers were searched.`);
  return [
    customers(fitting.slice(0, MOST_SHOWN)),
    fitting.length > MOST_SHOWN && h("p", { class: "note" }, `The first ${MOST_SHOWN} of ${fitting.length}. Type more to narrow the list.`),
  ];
}

function customers(items) {
  return table("Customers", [
    { title: "Name", cell: (each) => each.name },
    { title: "Destinations", cell: (each) => h("span", { class: "masked" }, each.destinations.map((one) => one.masked).join(", ") || "none yet") },
    { title: "External id", wide: true, cell: (each) => each.external_id ?? "–" },
    { title: "Registered", wide: true, cell: (each) => when(each.created_at) },
  ], items, { href: (each) => link(`/customers/${each.customer_id}`), key: (each) => each.customer_id });
}
return { page };
})();

// --- destination-form.js

const module_destination_form = (() => {
// The fields of a destination: a PayID or a bank account.

const { h } = module_dom;
const { field, radios } = module_form;
const { PAY_ID_TYPES } = module_words;

const PLACEHOLDERS = {
  Email: "name@example.com",
  PhoneNumber: "0400 000 000",
  ABN: "11 digits",
  ACN: "9 digits",
  OrganisationId: "Organisation identifier",
};

/** Answers with `fields` to show, and `value()` as the API takes it. */
function destinationFields() {
  const type = radios("Destination type", "type", [
    { value: "PayId", title: "PayID", text: "An e-mail address, phone number or ABN" },
    { value: "BankAccount", title: "Bank account", text: "BSB and account number" },
  ], { value: "PayId", onchange: arrange });
  const kind = field("PayID type", "pay_id_type", { choices: Object.entries(PAY_ID_TYPES), required: true, onchange: arrange });
  const payId = field("PayID", "pay_id", { required: true });
  const bsb = field("BSB", "bsb", { required: true, placeholder: "062-000", inputmode: "numeric", maxlength: 7 });
  const number = field("Account number", "account_number", { required: true, inputmode: "numeric", maxlength: 9 });
  const name = field("Account name", "account_name", { required: true, hint: "As registered with the bank.", maxlength: 140 });
  const asPayId = h("div", { class: "pair" }, kind, payId);
  const asAccount = h("div", { class: "pair" }, bsb, number);

  function arrange() {
    asPayId.hidden = type.value() !== "PayId";
    asAccount.hidden = !asPayId.hidden;
    payId.input.placeholder = PLACEHOLDERS[kind.value()];
  }

  function value() {
    return type.value() === "PayId"
      ? { type: "PayId", pay_id: payId.value(), pay_id_type: kind.value(), account_name: name.value() }
      : { type: "BankAccount", bsb: bsb.value(), account_number: number.value().replaceAll(" ", ""), account_name: name.value() };
  }

  arrange();
  return { fields: [type, asPayId, asAccount, name], value };
}
return { destinationFields };
})();

// --- page-customer-new.js

const module_page_customer_new = (() => {
// Registering a customer, with the first place to pay them.

const api = module_api;
const { destinationFields } = module_destination_form;
const { h } = module_dom;
const { field, form, submitButton } = module_form;
const { card, head, linkButton, notice } = module_parts;
const { go } = module_router;
const session = module_session;

function page() {
  const heading = head("Register a customer", { back: { href: "#/customers", label: "Customers" } });
  if (!session.mayOperate()) return [heading, notice("info", "Registering needs the operator role.")];
  const name = field("Name", "name", { required: true, maxlength: 140 });
  const email = field("E-mail", "email", { type: "email", maxlength: 254 });
  const external = field("External id", "external_id", { hint: "Your own id for the customer, for use in batch files. No personal data.", maxlength: 64 });
  const destination = destinationFields();
  const content = form([name, h("div", { class: "pair" }, email, external), h("hr"), destination.fields], {
    buttons: [submitButton("Register"), linkButton("Cancel", "#/customers")],
    submit: async () => {
      const customer = await api.post("/customers", {
        name: name.value(),
        ...(email.value() && { email: email.value() }),
        ...(external.value() && { external_id: external.value() }),
        destination: destination.value(),
      });
      go(`/customers/${customer.customer_id}`);
    },
  });
  return [heading, card(null, { class: "narrow" }, content)];
}
return { page };
})();

// --- page-customer.js

const module_page_customer = (() => {
// One customer: where they are paid, what they were paid, and what is held on them.

const api = module_api;
const { destinationFields } = module_destination_form;
const { ask } = module_dialog;
const { fill, h } = module_dom;
const { field } = module_form;
const { exactly, today, when, whenWithin } = module_format;
const { badge, button, card, copyable, empty, facts, head, icon, linkButton, paged, saveFile, table } = module_parts;
const { learn } = module_names;
const { payoutTable } = module_payout_table;
const { go, link } = module_router;
const session = module_session;
const { actorName, destinationName, PURPOSES, VERIFICATIONS } = module_words;

async function page({ params, signal }) {
  const address = `/customers/${encodeURIComponent(params.id)}`;
  const content = h("div", {});
  const reload = async () => show(await api.get(address));
  const payouts = paged(
    (cursor) => api.get(`${address}/payouts`, { limit: 10, cursor }),
    (items) => items.length > 0 ? payoutTable("Payouts to this customer", items) : empty("No payouts yet"),
    { signal, lines: 3 },
  );

  function show(customer) {
    learn([customer]);
    fill(content, view(customer, address, reload));
  }

  show(await api.get(address));
  return [content, card("Payouts", {}, payouts), accesses(address, signal)];
}

function view(customer, address, reload) {
  const operates = session.mayOperate();
  return [
    head(customer.name, {
      back: { href: "#/customers", label: "Customers" },
      lead: customer.email,
      actions: operates && customer.destinations.length > 0
        ? [linkButton("Pay", link("/pay", { customer: customer.customer_id }), { kind: "primary", icon: "payouts" })] : [],
    }),
    !operates && h("p", { class: "note" }, "View only. Changing a customer needs the operator role."),
    h("div", { class: "columns" },
      card("Destinations", { actions: operates && [button("Add", () => add(address, reload), { kind: "small", icon: "plus" })] },
        customer.destinations.length > 0
          ? h("ul", { class: "things" }, customer.destinations.map((each) => destinationItem(each, customer, address, reload)))
          : empty("No destinations yet")),
      card("Details", {},
        facts(
          ["Name", customer.name],
          ["E-mail", customer.email],
          ["External id", customer.external_id],
          ["Registered", when(customer.created_at)],
          ["Customer id", copyable(customer.customer_id)],
        ),
        operates && h("div", { class: "actions" },
          button("Edit", () => change(customer, address, reload), { kind: "small" }),
          button("Export", () => exportAll(customer, address), { kind: "small" }),
          button("Erase", () => erase(customer, address), { kind: "small danger" })))),
  ];
}

function destinationItem(destination, customer, address, reload) {
  const path = `${address}/destinations/${destination.destination_id}`;
  const verification = destination.verification;
  const [label, tone] = VERIFICATIONS[verification?.status] ?? [];
  const nameSaid = verification?.owner_name_matches === true ? "The account holder's name matches."
    : verification?.owner_name_matches === false ? "The account holder's name does not match." : null;
  const isStarted = verification?.status === "Started";
  const mayStart = verification && !["Verified", "Locked"].includes(verification.status);
  return h(
    "li",
    { class: "thing" },
    h("span", { class: "thing-icon" }, icon(destination.type === "BankAccount" ? "bank" : "at")),
    h("div", { class: "thing-words" },
      h("p", { class: "thing-title" }, h("span", {}, destination.masked), label && badge(label, tone)),
      h("p", { class: "note" }, `${destinationName(destination)} · added ${whenWithin(destination.created_at)}`),
      nameSaid && h("p", { class: "note" }, nameSaid)),
    session.mayOperate() && h("div", { class: "actions" },
      isStarted && button("Enter code", () => confirmVerification(destination, path, reload), { kind: "small" }),
      mayStart && button(isStarted ? "Start again" : "Verify", () => startVerification(destination, path, reload), { kind: "small" }),
      button("Remove", () => removeDestination(destination, path, reload), { kind: "small" })),
  );
}

async function add(address, reload) {
  const destination = destinationFields();
  const added = await ask({
    title: "Add a destination",
    words: "Payouts already requested keep their destination.",
    fields: [],
    extra: destination.fields,
    yes: "Add destination",
    act: () => api.post(`${address}/destinations`, destination.value()),
  });
  if (added) await reload();
}

async function removeDestination(destination, path, reload) {
  const removed = await ask({
    title: `Remove ${destination.masked}?`,
    words: "It is deleted at once. It cannot be removed while an open payout uses it.",
    yes: "Remove", kind: "danger", no: "Keep it",
    act: () => api.remove(path),
  });
  if (removed) await reload();
}

async function startVerification(destination, path, reload) {
  const started = await ask({
    title: `Verify ${destination.masked}?`,
    words: "Monoova pays one cent to this destination, with a six-digit code in the description. The account holder tells you the code, and you enter it here. A real cent is paid, and a fee is charged.",
    yes: "Send one cent",
    act: () => api.post(`${path}/verification`),
  });
  if (started) await reload();
}

async function confirmVerification(destination, path, reload) {
  const confirmed = await ask({
    title: `The code for ${destination.masked}`,
    words: "The code is in the description of the one-cent payment. After three wrong codes, verification is locked for an hour.",
    fields: [field("Code", "code", { required: true, inputmode: "numeric", maxlength: 6 })],
    yes: "Confirm",
    act: ({ code }) => api.post(`${path}/verification/confirm`, { code }),
  });
  if (confirmed) await reload();
}

async function change(customer, address, reload) {
  const changed = await ask({
    title: "Edit name or e-mail",
    fields: [
      field("Name", "name", { required: true, value: customer.name, maxlength: 140 }),
      field("E-mail", "email", { type: "email", value: customer.email ?? "", maxlength: 254 }),
    ],
    yes: "Save",
    act: ({ name, email }) => api.patch(address, { name, email: email || null }),
  });
  if (changed) await reload();
}

function exportAll(customer, address) {
  return ask({
    title: "Export all data held?",
    words: "The file holds this customer's details unmasked, to answer the customer's own request. The export is recorded under your name.",
    yes: "Export",
    act: async () => {
      const answer = await wholeExport(`${address}/export`);
      saveFile(`customer-${customer.customer_id}-${today()}.json`, "application/json", JSON.stringify(answer, null, 2));
    },
  });
}

/** The payouts come in pages; the customer with the first of them. */
async function wholeExport(address) {
  const whole = await api.get(address);
  let cursor = whole.next_cursor;
  while (cursor) {
    const more = await api.get(address, { cursor });
    whole.payouts.push(...more.payouts);
    cursor = more.next_cursor;
  }
  delete whole.next_cursor;
  return whole;
}

async function erase(customer, address) {
  const erased = await ask({
    title: `Erase ${customer.name}?`,
    words: [
      "Name, e-mail and all destinations are deleted at once and for good. The payouts are kept for seven years without these details.",
      "A customer with an open payout cannot be erased.",
    ],
    yes: "Erase for good", kind: "danger", no: "Keep",
    act: () => api.remove(address),
  });
  if (erased) go("/customers");
}

function accesses(address, signal) {
  const content = h("div", {});
  const details = h("details", { class: "card disclosure", ontoggle: () => {
    if (!details.open || content.childElementCount > 0) return;
    fill(content, paged(
      (cursor) => api.get(`${address}/accesses`, { cursor }),
      (items) => items.length > 0 ? accessTable(items) : empty("No access recorded"),
      { signal, lines: 3 },
    ));
  } }, h("summary", {}, h("h2", {}, "Access to details")), content);
  return details;
}

function accessTable(items) {
  const me = session.me().name;
  return table("Access to details", [
    { title: "When", cell: (each) => exactly(each.at) },
    { title: "Who", cell: (each) => actorName(each.by, me) },
    { title: "Purpose", cell: (each) => each.transaction_id
      ? h("a", { href: link(`/payouts/${each.transaction_id}`) }, PURPOSES[each.purpose] ?? each.purpose) : PURPOSES[each.purpose] ?? each.purpose },
  ], items);
}
return { page };
})();

// --- page-batches.js

const module_page_batches = (() => {
// Batches: many payouts from one file.

const api = module_api;
const { fill, h } = module_dom;
const { count, money, when } = module_format;
const { setBusy } = module_form;
const { badge, button, card, empty, head, icon, notice, paged, problemNotice, saveFile, table } = module_parts;
const { go, link } = module_router;
const session = module_session;
const { BATCH_STATUSES } = module_words;

const MOST_BYTES = 4_000_000;
const EXAMPLE = "customer_id,amount,reference\n00000000-0000-4000-8000-000000000000,125.50,Invoice 1001\n";

function page({ signal }) {
  const list = paged((cursor) => api.get("/batches", { cursor }),
    (items) => items.length > 0 ? batches(items) : empty("No batches yet", "A file of up to 20,000 payouts becomes one batch."), { signal });
  return [
    head("Batches", { lead: "Pay many customers from one file. Nothing is paid until you confirm the total and another person approves it." }),
    session.mayOperate() ? upload() : h("p", { class: "note" }, "View only. Uploading needs the operator role."),
    list,
  ];
}

function batches(items) {
  return table("Batches", [
    { title: "Batch", cell: (each) => count(each.row_count, "payout") },
    { title: "Status", cell: (each) => badge(...(BATCH_STATUSES[each.status] ?? [each.status, "quiet"])) },
    { title: "Uploaded", wide: true, cell: (each) => when(each.created_at) },
    { title: "Total", end: true, class: "amount", cell: (each) => money(each.total) },
  ], items, { href: (each) => link(`/batches/${each.batch_id}`), key: (each) => each.batch_id });
}

function upload() {
  const outcome = h("div", { class: "outcome" });
  const input = h("input", { type: "file", id: "batch-file", class: "unseen", accept: ".csv,text/csv", onchange: () => take(input.files[0]) });
  const choose = h("label", { class: "button primary", for: "batch-file" }, "Choose a CSV file");
  const drop = h(
    "div",
    {
      class: "drop",
      ondragover: (event) => (event.preventDefault(), drop.classList.add("over")),
      ondragleave: () => drop.classList.remove("over"),
      ondrop: (event) => {
        event.preventDefault();
        drop.classList.remove("over");
        take(event.dataTransfer.files[0]);
      },
    },
    icon("batches"),
    h("p", {}, input, choose, h("span", { class: "drop-words wide" }, " or drop it here")),
    h("p", { class: "note" }, "Columns: ", h("code", {}, "customer_id"), " or ", h("code", {}, "external_id"), ", ", h("code", {}, "amount"), ", ", h("code", {}, "reference"), ". ",
      h("button", { type: "button", class: "text-button", onclick: () => saveFile("batch-example.csv", "text/csv", EXAMPLE) }, "Download an example")),
  );

  async function take(file) {
    if (!file) return;
    input.value = ""; // so that the same file, corrected, can be chosen again
    if (file.size > MOST_BYTES) {
      fill(outcome, notice("bad", "This file is too large.", h("p", {}, "A batch has at most 20,000 rows and 4 MB.")));
      return;
    }
    setBusy(choose, true);
    fill(outcome, notice("info", `Checking ${file.name} …`));
    try {
      const batch = await api.postCsv("/batches", await file.text());
      go(`/batches/${batch.batch_id}`);
    } catch (problem) {
      fill(outcome, uploadProblem(problem, file.name, () => take(file)));
      outcome.querySelector("h2")?.focus();
    } finally {
      setBusy(choose, false);
    }
  }

  return card("New batch", {}, drop, outcome);
}

const LINE = /^line (\d+)$/;

function uploadProblem(problem, name, again) {
  if (problem.kind === api.Kind.UNKNOWN) {
    return notice("wait", "We do not know yet whether the file arrived.",
      h("p", {}, "Upload it again: the same rows are the same batch, so no payee is paid twice."), button("Upload again", again));
  }
  const lines = Object.entries(problem.errors ?? {});
  if (problem.kind !== api.Kind.INVALID || lines.length === 0) return problemNotice(problem, { again });
  const rows = lines.map(([where, texts]) => ({ where, line: LINE.exec(where)?.[1], texts: [texts].flat() }))
    .sort((one, other) => Number(one.line ?? 0) - Number(other.line ?? 0));
  return h(
    "section",
    { class: "file-errors" },
    h("h2", { tabindex: "-1" }, `${count(rows.length, "line")} of ${name} ${rows.length === 1 ? "has" : "have"} errors`),
    h("p", { class: "note" }, "Nothing was stored and nothing will be paid. Correct the file and choose it again."),
    table("Errors in the file", [
      { title: "Line", cell: (row) => row.line ?? row.where },
      { title: "Error", cell: (row) => row.texts.join(" ") },
    ], rows),
  );
}
return { page };
})();

// --- page-batch.js

const module_page_batch = (() => {
// One batch: what is in it, who has to do what next, how far it is.

const api = module_api;
const { ask } = module_dialog;
const { announce, fill, h } = module_dom;
const { field } = module_form;
const { count, exactly, money, short, when, whenWithin } = module_format;
const { keepLooking } = module_live;
const { namesKnown, nameOf } = module_names;
const { badge, button, card, copyable, empty, facts, head, icon, notice, paged, saveFile, table } = module_parts;
const { link } = module_router;
const session = module_session;
const { actorName, BATCH_STATUSES, statusName } = module_words;

const MOVING = ["Checking", "Releasing", "Released"];
const MOST_PARTS = 100; // 20,000 rows
const MOST_ROWS = 50;
const SECONDS_WHILE_MOVING = 2;
const SECONDS_AT_REST = 5;

async function page({ params, signal }) {
  const address = `/batches/${encodeURIComponent(params.id)}`;
  let batch = await api.get(address);
  const content = h("div", {});
  const rows = rowList(address, signal);

  function show(next) {
    const isNews = next.status !== batch.status;
    batch = next;
    fill(content, view(batch, address, acted));
    if (isNews) announce(`This batch is now: ${label(batch)[0]}`);
  }

  function acted(next) {
    dispatchEvent(new Event("payouts-changed"));
    show(next);
    rows.again();
  }

  show(batch);
  keepLooking(signal, {
    every: () => (MOVING.includes(batch.status) ? SECONDS_WHILE_MOVING : SECONDS_AT_REST),
    look: async () => {
      try {
        const next = await api.get(address);
        if (signal.aborted || JSON.stringify(next) === JSON.stringify(batch)) return "on";
        const isNews = next.status !== batch.status;
        show(next);
        // The counts of what needs attention have changed.
        if (isNews) dispatchEvent(new Event("payouts-changed"));
        if (isNews || MOVING.includes(next.status)) await rows.refresh();
        return "on";
      } catch (problem) {
        return problem.kind === api.Kind.SIGNED_OUT ? "enough" : "on";
      }
    },
  });
  return [content, card("Rows", { actions: [rows.choice, button("Result as CSV", () => download(address, batch), { kind: "small" })] }, rows)];
}

const UNPAID = ["Failed", "Returned", "Cancelled", "NotReleased"];

/** All rows part by part, or only the unpaid ones and those under review, out of all parts. */
function rowList(address, signal) {
  let isNarrow = false;

  /** The API answers with some hundred rows at once; a page has fewer. */
  async function part(place) {
    await namesKnown();
    if (!isNarrow) {
      const { from = 0, rows = await api.get(`${address}/rows`, { cursor: place?.cursor }) } = place ?? {};
      const to = from + MOST_ROWS;
      const isLeft = to < rows.items.length;
      const next = isLeft ? { from: to, rows } : rows.next_cursor && { cursor: rows.next_cursor };
      return { items: rows.items.slice(from, to), next_cursor: next };
    }
    const { items } = await api.getAll(`${address}/rows`, {}, MOST_PARTS);
    return { items: items.filter((row) => row.needs_review || UNPAID.includes(row.status)), next_cursor: null };
  }

  const nothing = () => empty(isNarrow ? "No unpaid rows" : "No rows");
  const list = paged(part, (items) => items.length > 0 ? rowTable(items) : nothing(), { signal });
  const choose = (narrow) => async (event) => {
    isNarrow = narrow;
    for (const each of list.choice.children) each.setAttribute("aria-pressed", String(each === event.currentTarget));
    await list.again();
  };
  list.choice = h("div", { class: "segments", role: "group", "aria-label": "Which rows" },
    h("button", { type: "button", "aria-pressed": "true", onclick: choose(false) }, "All"),
    h("button", { type: "button", "aria-pressed": "false", onclick: choose(true) }, "Unpaid"));
  return list;
}

const label = (batch) => BATCH_STATUSES[batch.status] ?? [batch.status, "quiet"];

function view(batch, address, done) {
  return [
    head(`${count(batch.row_count, "payout")}, ${money(batch.total)}`, {
      back: { href: "#/batches", label: "Batches" },
      badge: badge(...label(batch)),
    }),
    nextStep(batch, address, done),
    progress(batch),
    h("div", { class: "columns" },
      summary(batch),
      card("History", {},
        h("ol", { class: "timeline" }, (batch.history ?? []).map((entry) => h("li", { class: "moment quiet" },
          h("p", { class: "moment-title" }, eventTitle(entry.event)),
          h("p", { class: "note" }, `${exactly(entry.at)} · ${actorName(entry.by, session.me().name)}`),
          entry.detail && h("p", { class: "moment-detail" }, entry.detail)))),
        facts(["Batch id", copyable(batch.batch_id)]))),
  ];
}

const eventTitle = (event) => event.replace(/([a-z])([A-Z])/g, "$1 $2");

/** What has to be done next, and by whom; with the buttons of those who may. */
function nextStep(batch, address, done) {
  const me = session.me().name;
  const act = (verb, words) => async () => {
    const outcome = await ask({ ...words, act: (values) => api.post(`${address}/${verb}`, words.body?.(values) ?? {}) });
    if (outcome) done(outcome);
  };
  const cancel = session.mayOperate() && button("Cancel batch", act("cancel", {
    title: "Cancel this batch?",
    words: "Payouts that have not been sent will never be sent. Payouts already sent are not affected.",
    yes: "Cancel batch", no: "Keep batch", kind: "danger",
  }));
  switch (batch.status) {
    case "Checking":
      return notice("info", "The rows are being checked.", h("p", {}, "This takes a moment. The page updates automatically."), cancel);
    case "AwaitingConfirmation":
      return notice("wait", `Does ${money(batch.total)} match your own total?`,
        h("p", {}, "Check the summary below, then confirm by typing the total."),
        session.mayOperate() && h("div", { class: "actions" },
          button("Confirm the total", act("confirm", confirming(batch)), { kind: "primary" }), cancel));
    case "AwaitingApproval": {
      const isMine = [batch.created_by, batch.confirmed_by].includes(me);
      return notice("wait", "This batch is awaiting approval.",
        h("p", {}, isMine ? "You uploaded or confirmed it, so another person has to approve it."
          : session.mayApprove() ? "Once you approve it, it is paid." : "Approving needs the approver role."),
        h("div", { class: "actions" },
          !isMine && session.mayApprove() && [
            button(`Approve ${money(batch.total)}`, act("approve", {
              title: `Approve ${count(batch.row_count, "payout")}?`,
              words: `Payouts of ${money(batch.total)} in total are released at once.`,
              yes: `Approve ${money(batch.total)}`,
            }), { kind: "primary" }),
            button("Reject", act("reject", {
              title: "Reject this batch?", words: "None of its payouts will be paid.", yes: "Reject batch", kind: "danger",
              fields: [field("Reason", "reason", { required: true, maxlength: 500 })],
              body: ({ reason }) => ({ reason }),
            })),
          ],
          cancel));
    }
    case "Releasing":
    case "Released":
      return notice("info", "This batch is being paid.", h("p", {}, "The page updates automatically; you may leave it."), cancel);
    case "Finished":
      return batch.progress?.completed !== batch.row_count || batch.progress?.needs_review
        ? notice("wait", "This batch is finished. Some payouts were not paid or need review.", h("p", {}, "“Unpaid”, below, lists them with the reason."))
        : notice("good", "This batch is finished. Every payout was completed.");
    default:
      return notice("info", "This batch was cancelled.", h("p", {}, "Payouts that had not been sent will never be sent."));
  }
}

function confirming(batch) {
  const total = field("Total of your file", "total", { required: true, prefix: "$", inputmode: "decimal" });
  return {
    title: "Confirm the total",
    words: `${count(batch.row_count, "payout")}. Type the total that you expect: it must match to the cent.`,
    fields: [total],
    yes: "Confirm",
    body: (values) => ({ total: Number(values.total.replace(/[\s,$]/g, "")) }),
  };
}

const PARTS = [
  ["completed", "Completed", "good"], ["pending", "Pending", "going"], ["queued", "Queued", "quiet"],
  ["waiting", "Waiting", "rest"], ["failed", "Failed", "bad"], ["returned", "Returned", "bad"],
  ["cancelled", "Cancelled", "rest"], ["not_released", "Not released", "bad"], ["needs_review", "Needs review", "review"],
];

function progress(batch) {
  const told = batch.progress;
  if (!told || ["Checking", "AwaitingConfirmation", "AwaitingApproval"].includes(batch.status)) return null;
  const ended = ["completed", "failed", "returned", "cancelled", "not_released"].reduce((all, name) => all + (told[name] ?? 0), 0);
  const id = "batch-progress";
  return card("Progress", { note: told.as_of && `as of ${whenWithin(told.as_of)}` },
    h("p", { id }, h("strong", {}, count(ended)), ` of ${count(batch.row_count, "payout")} finished`),
    h("progress", { max: batch.row_count, value: ended, "aria-labelledby": id }),
    h("ul", { class: "tallies" }, PARTS.filter(([name]) => told[name]).map(([name, words, tone]) =>
      h("li", {}, badge(words, tone), h("strong", {}, count(told[name]))))));
}

function summary(batch) {
  const told = batch.summary;
  if (!told) return card("Summary", {}, h("p", { class: "note" }, "The summary is being prepared."));
  const duplicates = told.duplicates ?? [];
  return card("Summary", {},
    facts(
      ["Payouts", count(told.count ?? batch.row_count)],
      ["Total", money(told.total ?? batch.total)],
      ["Largest", money(typeof told.largest === "object" ? told.largest?.amount : told.largest)],
      ["First payout to", count(told.first_time_count ?? 0, "customer")],
      ["Possible duplicates", `${count(told.duplicate_count ?? 0, "row")}, within 7 days or in this file`],
      ["Also in other batches", elsewhere(told)],
      ["Uploaded by", `${actorName(batch.created_by, session.me().name)}, ${whenWithin(batch.created_at)}`],
      ["Confirmed by", batch.confirmed_by && actorName(batch.confirmed_by, session.me().name)],
      ["Approved by", batch.approved_by && actorName(batch.approved_by, session.me().name)],
    ),
    duplicates.length > 0 && h("details", {}, h("summary", {}, icon("review"), ` ${count(told.duplicate_count, "row")} may be paid twice`),
      table("Possible duplicates", [
        { title: "Line", cell: (each) => each.line },
        { title: "Duplicate of", cell: (each) => each.transaction_id
          ? h("a", { href: link(`/payouts/${each.transaction_id}`) }, when(each.created_at)) : each.same_as_line ? `line ${each.same_as_line} of this file` : "in this file" },
        { title: "Amount", end: true, cell: (each) => money(each.amount) },
      ], duplicates)));
}

/** Rows that another batch pays as well, with the way to each of these. */
function elsewhere(told) {
  if (!told.also_in_batches_count) return null;
  const others = told.also_in_batches.map((id) => [" ", h("a", { href: link(`/batches/${id}`) }, short(id))]);
  return h("span", {}, `${count(told.also_in_batches_count, "row")}:`, others);
}

function rowTable(items) {
  return table("Rows of the batch", [
    { title: "Line", cell: (each) => each.line },
    { title: "Payee", cell: (each) => h("a", { href: link(`/customers/${each.customer_id}`) }, nameOf(each.customer_id) ?? each.external_id ?? short(each.customer_id)) },
    { title: "Lodgement reference", wide: true, cell: (each) => each.reference ?? "–" },
    { title: "Status", cell: (each) => rowStatus(each) },
    { title: "Amount", end: true, class: "amount", cell: (each) => money(each.amount) },
  ], items);
}

const TONES = { Completed: "good", Failed: "bad", Returned: "bad", Pending: "going", NotReleased: "bad" };

function rowStatus(row) {
  const shown = badge(row.status ? statusName(row.status) : "Waiting", TONES[row.status] ?? "quiet");
  const isMade = row.status && !["Waiting", "NotReleased"].includes(row.status);
  return h("span", { class: "badges" },
    isMade && row.transaction_id ? h("a", { href: link(`/payouts/${row.transaction_id}`) }, shown) : shown,
    row.needs_review && badge("Needs review", "review"),
    row.failure_reason && h("span", { class: "note" }, row.failure_reason));
}

async function download(address, batch) {
  saveFile(`batch-${batch.batch_id.slice(0, 8)}.csv`, "text/csv", await api.getFile(`${address}/result`));
}
return { page };
})();

// --- page-approvals.js

const module_page_approvals = (() => {
// Payouts and batches that wait for an approver other than the requester.

const api = module_api;
const { h } = module_dom;
const { count, money, when } = module_format;
const { namesKnown } = module_names;
const { button, card, empty, head, loaded, paged, table } = module_parts;
const { payee } = module_payout_table;
const { approve } = module_payout_actions;
const { link } = module_router;
const session = module_session;
const { actorName } = module_words;

function page({ signal }) {
  const payouts = paged(
    async (cursor) => {
      await namesKnown();
      return api.get("/payouts", { status: "AwaitingApproval", limit: 25, cursor });
    },
    (items) => items.length > 0 ? waiting(items, payouts) : empty("No payouts are awaiting approval"),
    { signal },
  );
  const batches = loaded(
    async () => (await api.get("/batches")).items.filter((each) => each.status === "AwaitingApproval"),
    (items) => items.length > 0 ? waitingBatches(items) : empty("No batches are awaiting approval"),
    { signal },
  );
  return [
    head("Approvals", { lead: "Nothing here is paid until an approver other than the requester approves it." }),
    !session.mayApprove() && h("p", { class: "note" }, "View only. Approving needs the approver role."),
    card("Payouts", {}, payouts),
    card("Batches", {}, batches),
  ];
}

function waiting(items, list) {
  const me = session.me().name;
  const decide = async (payout) => {
    if (await approve(payout)) {
      dispatchEvent(new Event("payouts-changed"));
      await list.again();
    }
  };
  const cell = (each) => each.created_by === me
    ? h("span", { class: "note" }, "Your request")
    : button("Approve", () => decide(each), { kind: "small" });
  return table("Payouts awaiting approval", [
    { title: "Payee", cell: payee },
    { title: "Requested by", wide: true, cell: (each) => actorName(each.created_by, me) },
    { title: "Requested", wide: true, cell: (each) => when(each.created_at) },
    { title: "Amount", end: true, class: "amount", cell: (each) => money(each.amount) },
    ...(session.mayApprove() ? [{ title: h("span", { class: "unseen" }, "Approve"), wide: true, end: true, cell }] : []),
  ], items, { href: (each) => link(`/payouts/${each.transaction_id}`), key: (each) => each.transaction_id });
}

function waitingBatches(items) {
  return table("Batches awaiting approval", [
    { title: "Batch", cell: (each) => count(each.row_count, "payout") },
    { title: "Uploaded by", wide: true, cell: (each) => actorName(each.created_by, session.me().name) },
    { title: "Uploaded", cell: (each) => when(each.created_at) },
    { title: "Total", end: true, class: "amount", cell: (each) => money(each.total) },
  ], items, { href: (each) => link(`/batches/${each.batch_id}`), key: (each) => each.batch_id });
}
return { page };
})();

// --- page-review.js

const module_page_review = (() => {
// Payouts under review: a person has to determine the outcome.

const api = module_api;
const { h } = module_dom;
const { money, when } = module_format;
const { namesKnown } = module_names;
const { button, empty, head, paged, table } = module_parts;
const { payee } = module_payout_table;
const { resolve } = module_payout_actions;
const { link } = module_router;
const session = module_session;
const { REVIEW_REASONS, statusOf } = module_words;

function page({ signal }) {
  const list = paged(
    async (cursor) => {
      await namesKnown();
      return api.get("/payouts", { needs_review: "true", limit: 25, cursor });
    },
    (items) => items.length > 0 ? reviews(items, list) : empty("Nothing needs review", "Payouts whose outcome a person has to determine are listed here."),
    { signal },
  );
  return [
    head("Review", { lead: "Monoova has reported no outcome, or reports that contradict each other. Nothing is sent again until you resolve the payout." }),
    !session.mayOperate() && h("p", { class: "note" }, "View only. Resolving a payout needs the operator role."),
    list,
  ];
}

function reviews(items, list) {
  const resolveOne = async (payout) => {
    if (await resolve(payout)) {
      dispatchEvent(new Event("payouts-changed"));
      await list.again();
    }
  };
  return table("Payouts that need review", [
    { title: "Payee", cell: (each) => [payee(each), h("span", { class: "narrow-only under note" }, why(each))] },
    { title: "Reason", wide: true, cell: why },
    { title: "Status", wide: true, cell: (each) => statusOf(each).label },
    { title: "Updated", wide: true, cell: (each) => when(each.updated_at) },
    { title: "Amount", end: true, class: "amount", cell: (each) => money(each.amount) },
    ...(session.mayOperate()
      ? [{ title: h("span", { class: "unseen" }, "Resolve"), wide: true, end: true, cell: (each) => button("Resolve", () => resolveOne(each), { kind: "small" }) }]
      : []),
  ], items, { href: (each) => link(`/payouts/${each.transaction_id}`), key: (each) => each.transaction_id });
}

const why = (payout) => REVIEW_REASONS[payout.review_reason] ?? payout.review_reason;
return { page };
})();

// --- page-dead-letters.js

const module_page_dead_letters = (() => {
// The dead-letter queue: messages that failed five times, to be replayed or dropped.

const api = module_api;
const { ask } = module_dialog;
const { h } = module_dom;
const { money, when } = module_format;
const { button, empty, head, paged, table } = module_parts;
const { link } = module_router;
const session = module_session;
const { forgetLetters } = module_shell;

function page({ signal }) {
  const list = paged(
    () => api.get("/dead-letters").then((found) => ({ next_cursor: null, ...found })),
    (items) => items.length > 0 ? letters(items, list) : empty("No dead letters", "A message that has failed five times is moved to the dead-letter queue and listed here."),
    { signal },
  );
  return [
    head("Dead letters", { lead: "Messages in the dead-letter queue, after five failures. No payout depends on them: the outcome of each payout is also checked with Monoova." }),
    !session.mayOperate() && h("p", { class: "note" }, "View only. Replaying and dropping need the operator role."),
    list,
  ];
}

const KINDS = {
  WebhookEvent: "Webhook event",
  Payout: "Payout to send",
  Other: "Other message",
};

function letters(items, list) {
  const acting = (act) => async (letter) => {
    if (await act(letter)) {
      forgetLetters();
      dispatchEvent(new Event("payouts-changed"));
      await list.again();
    }
  };
  const replay = acting((letter) => ask({
    title: "Replay this message?",
    words: "The message is processed again. If the cause of the failure is fixed, it succeeds; if not, it returns to the dead-letter queue. Replaying a message twice does no harm.",
    yes: "Replay",
    act: () => api.post(`/dead-letters/${encodeURIComponent(letter.message_id)}/replay`),
  }));
  const drop = acting((letter) => ask({
    title: "Drop this message?",
    words: "The message is deleted for good. No payout is changed. The deletion is logged under your name.",
    yes: "Drop", kind: "danger", no: "Keep it",
    act: () => api.remove(`/dead-letters/${encodeURIComponent(letter.message_id)}`),
  }));
  return table("Dead letters", [
    { title: "Message", cell: (each) => h("span", { class: "to" },
      h("span", { class: "to-name" }, [KINDS[each.kind] ?? each.kind, each.event].filter(Boolean).join(": ")),
      each.transaction_id && h("a", { class: "note", href: link(`/payouts/${each.transaction_id}`) }, "View payout")) },
    { title: "Sent", cell: (each) => when(each.sent_at) },
    { title: "Amount", wide: true, end: true, class: "amount", cell: (each) => money(each.amount) },
    ...(session.mayOperate() ? [{
      title: h("span", { class: "unseen" }, "Actions"), end: true,
      cell: (each) => h("span", { class: "row-actions" },
        button("Replay", () => replay(each), { kind: "small" }), button("Drop", () => drop(each), { kind: "small" })),
    }] : []),
  ], items);
}
return { page };
})();

// --- page-reports.js

const module_page_reports = (() => {
// The three-way reconciliations of past days.

const api = module_api;
const { ask } = module_dialog;
const { field } = module_form;
const { count, dayBefore, dayName, today, when } = module_format;
const { badge, button, empty, head, paged, table } = module_parts;
const { go, link } = module_router;
const session = module_session;

function page({ signal }) {
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

function verdict(report) {
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
return { page, verdict };
})();

// --- page-report.js

const module_page_report = (() => {
// One day's three-way reconciliation: our book, Monoova's statement, the account's transactions.

const api = module_api;
const { h } = module_dom;
const { count, dayName, money, short, when } = module_format;
const { card, counts, empty, facts, head, notice, table } = module_parts;
const { verdict } = module_page_reports;
const { link } = module_router;

const KINDS = {
  Matched: "Matched",
  MissingHere: "Missing in our records",
  MissingThere: "Completed here, missing at Monoova",
  AmountDiffers: "Amounts differ",
  Returned: "Returned",
  GivenBack: "Returned at Monoova, completed here",
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

async function page({ params }) {
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
return { page };
})();

// --- app.js

const module_app = (() => {
// The console: signs in, draws the frame, and shows the page that the hash names.

const api = module_api;
const auth = module_auth;
const { announce, fill, h } = module_dom;
const { inDoubt } = module_doubt;
const { doubtPanel } = module_doubt_panel;
const { useTimeZone } = module_format;
const { button, head, notice, problemNotice, skeleton } = module_parts;
const { matching, place } = module_router;
const session = module_session;
const shell = module_shell;

// A title holds no names: browsers keep titles.
const ROUTES = [
  { path: "/", title: "Overview", load: () => Promise.resolve(module_page_overview) },
  { path: "/payouts", title: "Payouts", load: () => Promise.resolve(module_page_payouts) },
  { path: "/payouts/:id", title: "Payout", load: () => Promise.resolve(module_page_payout) },
  { path: "/pay", title: "New payout", load: () => Promise.resolve(module_page_pay) },
  { path: "/customers", title: "Customers", load: () => Promise.resolve(module_page_customers) },
  { path: "/customers/new", title: "Register a customer", load: () => Promise.resolve(module_page_customer_new) },
  { path: "/customers/:id", title: "Customer", load: () => Promise.resolve(module_page_customer) },
  { path: "/batches", title: "Batches", load: () => Promise.resolve(module_page_batches) },
  { path: "/batches/:id", title: "Batch", load: () => Promise.resolve(module_page_batch) },
  { path: "/approvals", title: "Approvals", load: () => Promise.resolve(module_page_approvals) },
  { path: "/review", title: "Review", load: () => Promise.resolve(module_page_review) },
  { path: "/dead-letters", title: "Dead letters", load: () => Promise.resolve(module_page_dead_letters) },
  { path: "/reports", title: "Reports", load: () => Promise.resolve(module_page_reports) },
  { path: "/reports/:day", title: "Daily report", load: () => Promise.resolve(module_page_report) },
];
const TALLY_SECONDS = 60;

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
  await show();
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
function askToSignInAgain() {
  if (!main || document.querySelector(".session-end")) return;
  main.prepend(h("div", { class: "session-end" }, notice("wait", "Your session has ended.",
    h("p", {}, "This page stays as it is, but nothing can be loaded or submitted until you sign in again. Signing in reloads the page: copy anything you have typed and still need."),
    inDoubt() && h("p", {}, "The payout in doubt is kept: you can submit it again afterwards."),
    button("Sign in again", () => auth.begin(location.hash), { kind: "primary" }))));
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
})();
