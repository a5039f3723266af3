// Where in the console we are: the hash, which never leaves the browser. It holds ids and filters,
// nothing personal.

/** `#/payouts/1f?status=Failed` as its path and its query. */
export function place() {
  const [path, query] = location.hash.replace(/^#/, "").split("?");
  return { path: path || "/", query: new URLSearchParams(query ?? "") };
}

/** The link to a place; empty values are left out of the query. */
export function link(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value != null);
  const text = new URLSearchParams(given).toString();
  return `#${path}${text ? `?${text}` : ""}`;
}

export function go(path, query) {
  location.hash = link(path, query);
}

/** Another query at the same place, with no new entry in the browser's history. */
export function replaceQuery(query) {
  history.replaceState(null, "", link(place().path, query));
}

// What `:name` parts may be. Nothing else becomes part of an address of the API: a browser takes
// `..\payouts\x` in an address for `../payouts/x`.
const ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const PARTS = { id: ID, day: "\\d{4}-\\d{2}-\\d{2}" };

export const isId = (text) => new RegExp(`^${ID}$`).test(text ?? "");

/** The route that a path belongs to, and what its `:name` parts stand for. */
export function matching(routes, path) {
  for (const route of routes) {
    const pattern = route.path.replace(/:(\w+)/g, (_, name) => `(?<${name}>${PARTS[name]})`);
    const found = new RegExp(`^${pattern}/?$`).exec(path);
    if (found) return { route, params: { ...found.groups } };
  }
  return null;
}
