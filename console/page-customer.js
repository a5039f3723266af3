// One customer: where they are paid, what they were paid, and what is held on them.

import * as api from "./api.js";
import { destinationFields } from "./destination-form.js";
import { ask } from "./dialog.js";
import { fill, h } from "./dom.js";
import { field } from "./form.js";
import { exactly, today, when, whenWithin } from "./format.js";
import { badge, button, card, copyable, empty, facts, head, icon, linkButton, paged, saveFile, table } from "./parts.js";
import { learn } from "./names.js";
import { payoutTable } from "./payout-table.js";
import { go, link } from "./router.js";
import * as session from "./session.js";
import { actorName, destinationName, PURPOSES, VERIFICATIONS } from "./words.js";

export async function page({ params, signal }) {
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
    head(customer.name ?? "Customer", {
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
    words: "Monoova pays one cent to this destination, with a six-digit code in the description. The account holder tells you the code, and you enter it here. A real cent is paid, and a fee is charged. Until the destination is approved, another person than who added it has to do this.",
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
