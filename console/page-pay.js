// Paying one customer. Everything is checked before the button that pays is offered, and whatever
// is pressed twice, or asked again after a lost answer, pays once.

import * as api from "./api.js";
import { fill, h } from "./dom.js";
import { customerPicker } from "./customer-picker.js";
import { ask } from "./dialog.js";
import * as doubt from "./doubt.js";
import { doubtPanel, paid } from "./doubt-panel.js";
import { field, form, radios, setBusy, submitButton } from "./form.js";
import { exactly, money } from "./format.js";
import { badge, button, card, head, icon, linkButton, loaded, notice, problemNotice } from "./parts.js";
import { go, isId, link } from "./router.js";
import * as session from "./session.js";
import { destinationName, statusName, VERIFICATIONS } from "./words.js";

const DUPLICATE = "PossibleDuplicate";

export function page({ query, signal }) {
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

  /** `accepted` is an earlier payout that paid the same, beside which this one is meant. */
  async check(accepted = null) {
    const payload = { ...this.payload(), ...(accepted && { accept_duplicate_of: accepted }) };
    try {
      const found = await api.post("/payouts/validate", payload);
      this.offer(payload, found.checks, found.destination);
    } catch (problem) {
      if (problem.code === DUPLICATE) return this.askWhetherMeant(problem.transactionId);
      if (problem.code !== "SendingStopped") throw problem;
      this.offer(payload, [{ name: "monoova", is_ok: null, detail: `${problem.detail} The payout would be queued and sent automatically.` }]);
    }
  }

  /** Shows the earlier payout; what is meant beside it is checked again, and named so. */
  async askWhetherMeant(transactionId) {
    const earlier = await api.get(`/payouts/${transactionId}`);
    const isMeant = await ask({
      title: "Was this paid already?",
      words: [
        h("p", {}, h("strong", {}, money(earlier.amount)), " to ", h("strong", {}, earlier.destination),
          `, requested ${exactly(earlier.created_at)}, is the same amount to the same account under the same reference. It is `,
          h("strong", {}, statusName(earlier.status)), ". ", h("a", { href: link(`/payouts/${transactionId}`), target: "_blank", rel: "noopener" }, "View the earlier payout")),
        "Pay it as well only if both are meant.",
      ],
      yes: "Both are meant",
      no: "Do not pay again",
      act: () => true,
    });
    if (isMeant) await this.check(transactionId);
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
    if (problem.code === DUPLICATE) {
      // Another person paid the same since it was checked.
      this.forget();
      this.askWhetherMeant(problem.transactionId).catch((next) => this.form.show(next));
    } else if (problem.kind === api.Kind.TRY_AGAIN) {
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
