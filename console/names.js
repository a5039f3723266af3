// Names of customers, for lists whose rows only have their ids. They are kept in this tab's memory,
// asked for in one call for the newest hundred, and learned from whatever other pages have read.

import * as api from "./api.js";

const names = new Map();
let asking = null;

export function learn(customers) {
  for (const each of customers) names.set(each.customer_id, each.name);
}

export const nameOf = (customerId) => names.get(customerId);

/** Resolves when the newest customers' names are known; what is older than those stays unknown. */
export function namesKnown() {
  asking ??= api.get("/customers", { limit: 100 }).then(({ items }) => learn(items), () => {});
  return asking;
}
