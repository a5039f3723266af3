// The fields of a destination: a PayID or a bank account.

import { h } from "./dom.js";
import { field, radios } from "./form.js";
import { PAY_ID_TYPES } from "./words.js";

const PLACEHOLDERS = {
  Email: "name@example.com",
  PhoneNumber: "0400 000 000",
  ABN: "11 digits",
  ACN: "9 digits",
  OrganisationId: "Organisation identifier",
};

function isUnusual(number) {
  return /[a-z]/i.test(number) || number.replace(/[ -]/g, "").length > 9;
}

/** Answers with `fields` to show, and `value()` as the API takes it. */
export function destinationFields() {
  const type = radios("Destination type", "type", [
    { value: "PayId", title: "PayID", text: "An e-mail address, phone number or ABN" },
    { value: "BankAccount", title: "Bank account", text: "BSB and account number" },
  ], { value: "PayId", onchange: arrange });
  const kind = field("PayID type", "pay_id_type", { choices: Object.entries(PAY_ID_TYPES), required: true, onchange: arrange });
  const payId = field("PayID", "pay_id", { required: true });
  // No longest value: a browser would cut what is pasted, and the rest may be another account.
  const bsb = field("BSB", "bsb", { required: true, placeholder: "062-000", inputmode: "numeric" });
  const number = field("Account number", "account_number", { required: true, oninput: arrange });
  const again = field("Account number again", "account_number_confirmed", { required: true, hint: "Longer than most, or with letters: type it once more." });
  const name = field("Account name", "account_name", { required: true, hint: "As registered with the bank.", maxlength: 140 });
  const asPayId = h("div", { class: "pair" }, kind, payId);
  const asAccount = h("div", { class: "pair" }, bsb, number);

  function arrange() {
    asPayId.hidden = type.value() !== "PayId";
    asAccount.hidden = !asPayId.hidden;
    again.hidden = asAccount.hidden || !isUnusual(number.value());
    payId.input.placeholder = PLACEHOLDERS[kind.value()];
  }

  function value() {
    return type.value() === "PayId"
      ? { type: "PayId", pay_id: payId.value(), pay_id_type: kind.value(), account_name: name.value() }
      : { type: "BankAccount", bsb: bsb.value(), account_number: number.value(),
        ...(!again.hidden && { account_number_confirmed: again.value() }), account_name: name.value() };
  }

  arrange();
  return { fields: [type, asPayId, asAccount, again, name], value };
}
