// Registering a customer, with the first place to pay them.

import * as api from "./api.js";
import { destinationFields } from "./destination-form.js";
import { h } from "./dom.js";
import { field, form, submitButton } from "./form.js";
import { card, head, linkButton, notice } from "./parts.js";
import { go } from "./router.js";
import * as session from "./session.js";

export function page() {
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
