// Customers, newest first.

import * as api from "./api.js";
import { h } from "./dom.js";
import { when } from "./format.js";
import { learn } from "./names.js";
import { empty, head, linkButton, paged, table } from "./parts.js";
import { link } from "./router.js";
import * as session from "./session.js";

export function page({ signal }) {
  const register = session.mayOperate() && linkButton("Register a customer", "#/customers/new", { kind: "primary", icon: "plus" });
  return [
    head("Customers", { actions: [register].filter(Boolean) }),
    paged(
      async (cursor) => {
        const found = await api.get("/customers", { limit: 50, cursor });
        learn(found.items);
        return found;
      },
      (items) => items.length > 0 ? customers(items) : empty("No customers yet", "Register one to be able to pay them."),
      { signal },
    ),
  ];
}

function customers(items) {
  return table("Customers", [
    { title: "Name", cell: (each) => each.name },
    { title: "Paid at", cell: (each) => h("span", { class: "masked" }, each.destinations.map((one) => one.masked).join(", ") || "nowhere yet") },
    { title: "Your id", wide: true, cell: (each) => each.external_id ?? "–" },
    { title: "Registered", wide: true, cell: (each) => when(each.created_at) },
  ], items, { href: (each) => link(`/customers/${each.customer_id}`), key: (each) => each.customer_id });
}
