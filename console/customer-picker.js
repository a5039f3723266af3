// Choosing a customer: the newest ones, narrowed down by what is typed; never asked of the API,
// which keeps names encrypted, and never part of an address.

import * as api from "./api.js";
import { fill, h } from "./dom.js";
import { field } from "./form.js";
import { count } from "./format.js";
import { learn } from "./names.js";
import { empty, icon, leftOut, linkButton, loaded } from "./parts.js";

const MOST_SHOWN = 8;

export function customerPicker(choose, signal) {
  return loaded(() => api.getAll("/customers", { limit: 100 }, 10), ({ items, unreadable, isWhole }) => {
    learn(items);
    if (items.length === 0) {
      return [leftOut(unreadable), empty("No customers yet", null, linkButton("Register a customer", "#/customers/new", { kind: "primary", icon: "plus" }))];
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
    return [leftOut(unreadable), search, results, said];
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

