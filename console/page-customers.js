// Customers, newest first; narrowed down by what is typed.

import * as api from "./api.js";
import { fill, h } from "./dom.js";
import { field } from "./form.js";
import { when } from "./format.js";
import { learn } from "./names.js";
import { empty, head, leftOut, linkButton, loaded, paged, table } from "./parts.js";
import { link } from "./router.js";
import * as session from "./session.js";

const MOST_PAGES = 20;
const MOST_SHOWN = 50;

export function page({ signal }) {
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
    fill(list, loaded(() => allCustomers, ({ items, unreadable, isWhole }) => [leftOut(unreadable), found(items, wanted, isWhole)], { signal }));
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
