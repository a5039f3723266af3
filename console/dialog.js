// Asking before acting: what will happen is said, and failure is shown where the question was.

import { h, newId } from "./dom.js";
import { form, submitButton } from "./form.js";
import { button } from "./parts.js";

/**
 * Asks for confirmation, then acts. `extra` are fields whose values the caller reads by itself. `words` say what will happen; `act` is given the fields' values and may throw a
 * Problem, which leaves the dialog open. Answers with what `act` answered, or null if it was left.
 */
export function ask({ title, words = [], fields = [], extra = [], yes, kind = "primary", no = "Cancel", act }) {
  return new Promise((resolve) => {
    let outcome = null;
    const id = newId("dialog");
    const cancel = button(no, () => dialog.close());
    const content = form([fields, extra], {
      buttons: [cancel, submitButton(yes, { kind })],
      submit: async () => {
        const values = Object.fromEntries(fields.map((each) => [each.fieldName, each.value()]));
        outcome = (await act(values)) ?? true;
        dialog.close();
      },
    });
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-labelledby": id, onclose: () => (dialog.remove(), resolve(outcome)) },
      h("h2", { id }, title),
      [words].flat().map((each) => (each instanceof Node ? each : h("p", {}, each))),
      content,
    );
    document.body.append(dialog);
    dialog.showModal();
    (fields[0]?.input ?? content.querySelector("input") ?? cancel).focus();
  });
}
