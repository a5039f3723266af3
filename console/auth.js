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

export class SignInError extends Error {}

export function configure(config) {
  settings = config;
}

export function isSignedIn() {
  return tokens !== null;
}

/** Whether this page is being left for the sign-in page, which sends people back into this tab. */
export function isOnTheWay() {
  return isLeaving;
}

/** What the API takes in `Authorization`. */
export function idToken() {
  return tokens?.idToken ?? null;
}

/** The claims of the ID token, for the reader's own eyes: the API checks the token itself. */
export function claims() {
  if (!tokens) return {};
  const middle = tokens.idToken.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(middle), (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** Whether a reload of the page should go straight to the sign-in page, which knows us still. */
export function wasSignedIn() {
  return sessionStorage.getItem(WAS_SIGNED_IN) === "yes";
}

/**
 * Leaves for the sign-in page; comes back to the place in the console that `hash` names.
 * `isAnew`: the page asks for the password and the code even if it knows us still.
 */
export async function begin(hash, { isAnew = false } = {}) {
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
      ...(isAnew && { prompt: "login" }),
    }),
  );
}

/**
 * Takes up what the sign-in page sent us back with. Answers whether it sent us at all.
 * An answer to a question that this tab has not asked is refused.
 */
export async function finish() {
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
export function renew() {
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
export async function signOut() {
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
