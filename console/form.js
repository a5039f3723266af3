// Forms: every field has a label, its own errors beside it, and nothing the browser remembers.

import { Kind } from "./api.js";
import { fill, h, newId } from "./dom.js";
import { problemNotice } from "./parts.js";

/** A labelled field. Returns its element, with `value()` and `complain(texts)`. */
export function field(label, name, options = {}) {
  const { type = "text", hint, required, isSearch, choices, value = "", prefix, oninput, ...more } = options;
  const id = newId(name);
  const tag = choices ? "select" : type === "textarea" ? "textarea" : "input";
  const input = h(
    tag,
    {
      id,
      name,
      ...(tag === "input" ? { type } : {}),
      required,
      autocomplete: "off",
      spellcheck: "false",
      "aria-describedby": `${id}-hint ${id}-error`,
      oninput: (event) => (complain([]), oninput?.(event)),
      ...more,
    },
    choices?.map(([key, words]) => h("option", { value: key }, words)),
  );
  input.value = value || choices?.[0]?.[0] || "";
  const error = h("p", { class: "field-error", id: `${id}-error` });
  const element = h(
    "div",
    { class: "field" },
    h("label", { for: id }, label, !required && !isSearch && !choices && h("span", { class: "optional" }, "optional")),
    h("div", { class: "input" }, prefix && h("span", { class: "affix", "aria-hidden": "true" }, prefix), input),
    h("p", { class: "hint", id: `${id}-hint` }, hint),
    error,
  );

  function complain(texts) {
    error.textContent = texts.join(" ");
    element.classList.toggle("wrong", texts.length > 0);
    input.setAttribute("aria-invalid", texts.length > 0 ? "true" : "false");
  }

  return Object.assign(element, { input, fieldName: name, complain, value: () => input.value.trim() });
}

/** Choices of which one is taken: `[{value, title, text, disabled}]`. */
export function radios(legend, name, choices, { value, onchange } = {}) {
  const group = h(
    "fieldset",
    { class: choices.length === 2 ? "radios two" : "radios" },
    h("legend", {}, legend),
    choices.map((choice) => {
      const id = newId(name);
      return h(
        "label",
        { class: "radio", for: id },
        h("input", { type: "radio", id, name, value: choice.value, checked: choice.value === value, disabled: choice.disabled, onchange }),
        h("span", { class: "radio-words" }, h("span", { class: "radio-title" }, choice.title),
          choice.text && h("span", { class: "radio-text" }, choice.text)),
        choice.badge,
      );
    }),
    h("p", { class: "field-error" }),
  );
  const error = group.lastElementChild;
  return Object.assign(group, {
    fieldName: name,
    input: group.querySelector("input"),
    value: () => group.querySelector("input:checked")?.value ?? "",
    complain: (texts) => {
      error.textContent = texts.join(" ");
      group.classList.toggle("wrong", texts.length > 0);
    },
  });
}

/**
 * A form. `submit` is given nothing and may throw a Problem, which is shown where it belongs:
 * beside the fields that it names, the rest above the buttons.
 */
export function form(fields, { buttons, submit, class: name = "" }) {
  const trouble = h("div", { class: "trouble" });
  let isBusy = false;
  const element = h(
    "form",
    {
      class: `form ${name}`,
      novalidate: true,
      onsubmit: async (event) => {
        event.preventDefault();
        if (isBusy) return;
        if (!requireAll(fields)) return;
        isBusy = true;
        fill(trouble);
        const pressed = event.submitter ?? element.querySelector("button[type=submit]");
        setBusy(pressed, true);
        try {
          await submit(event.submitter?.value);
        } catch (problem) {
          show(problem);
        } finally {
          isBusy = false;
          setBusy(pressed, false);
        }
      },
    },
    fields,
    trouble,
    h("div", { class: "form-buttons" }, buttons),
  );

  function show(problem) {
    const left = { ...problem.errors };
    let first = null;
    for (const each of live(fields)) {
      const name = Object.keys(left).find((key) => key === each.fieldName || key.endsWith(`.${each.fieldName}`));
      if (name && problem.kind === Kind.INVALID) {
        each.complain([left[name]].flat());
        first ??= each.input;
        delete left[name];
      }
    }
    if (!first || Object.keys(left).length > 0) {
      fill(trouble, problemNotice(Object.assign(problem, { errors: left })));
    }
    first?.focus();
  }

  return Object.assign(element, { show, trouble });
}

/** Fields may be nested in plain elements, and may come and go. */
function live(fields) {
  return [fields].flat(Infinity).flatMap((each) =>
    !(each instanceof Element) ? [] : each.complain ? [each] : live([...each.children]))
    .filter((each) => each.isConnected && !each.closest("[hidden]"));
}

function requireAll(fields) {
  let first = null;
  for (const each of live(fields)) {
    if (each.input?.required && !each.value()) {
      each.complain(["This field is required."]);
      first ??= each.input;
    }
  }
  first?.focus();
  return first === null;
}

export function setBusy(element, isBusy) {
  if (!element) return;
  element.classList.toggle("busy", isBusy);
  element.setAttribute("aria-busy", String(isBusy));
}

export function submitButton(label, { kind = "primary", value } = {}) {
  return h("button", { type: "submit", class: `button ${kind}`, value }, label);
}
