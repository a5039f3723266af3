// All calls to the API. Every failure becomes a `Problem`, whose `kind` says what it means for
// the person in front of the screen; above all, whether something may have happened.

import * as auth from "./auth.js";

const MOST_MILLISECONDS = 35_000; // API Gateway gives up after 29 s
// The API's function answers five at a time; others want to be answered, too.
const MOST_AT_ONCE = 3;

/** What a failure means. */
export const Kind = Object.freeze({
  INVALID: "invalid", // the request is at fault; `errors` says where
  REFUSED: "refused", // well-formed, but a rule or the state of things is against it
  FORBIDDEN: "forbidden", // another role may do this
  NOT_FOUND: "not-found",
  TRY_AGAIN: "try-again", // nothing was done
  UNKNOWN: "unknown", // it may have been done: look before asking again
  UNAVAILABLE: "unavailable", // this deployment has no such thing
  SIGNED_OUT: "signed-out",
});

export class Problem extends Error {
  constructor(kind, detail, more = {}) {
    super(detail);
    this.kind = kind;
    this.detail = detail;
    this.status = more.status ?? 0;
    this.code = more.code ?? "";
    this.errors = more.errors ?? {};
    this.transactionId = more.transaction_id ?? null;
    this.batchId = more.batch_id ?? null;
    this.requestId = more.request_id ?? null;
  }
}

let base = "";
let onSignedOut = () => {};

/** `apiBase` is absolute, or relative to the page: "." where the app serves the console itself. */
export function configure(config, signedOut) {
  base = new URL(config.apiBase || ".", document.baseURI).href.replace(/\/$/, "");
  onSignedOut = signedOut;
}

export const get = (path, query) => send("GET", path, { query });
export const post = (path, body = {}, options = {}) => send("POST", path, { body, ...options });
export const patch = (path, body) => send("PATCH", path, { body });
export const remove = (path) => send("DELETE", path, {});

/** An answer that is a file, all of its parts one behind another. */
export async function getFile(path) {
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
export async function getAll(path, query = {}, mostPages = 20) {
  const items = [];
  const unreadable = [];
  let cursor = null;
  for (let page = 0; page < mostPages; page += 1) {
    const answer = await get(path, cursor ? { ...query, cursor } : query);
    items.push(...answer.items);
    unreadable.push(...answer.unreadable ?? []);
    cursor = answer.next_cursor;
    if (!cursor) break;
  }
  return { items, unreadable, isWhole: !cursor };
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
    // The gateway refuses a token that is over; the app one whose sign-in is too old for this.
    onSignedOut({ isAnew: isOurs });
    return new Problem(Kind.SIGNED_OUT, isOurs ? body.detail : "Your session has ended. Sign in again.", more);
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
