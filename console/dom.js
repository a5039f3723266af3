// The page is made of elements and texts only: nothing that comes from outside is ever parsed.

const SVG = "http://www.w3.org/2000/svg";
const AS_PROPERTIES = new Set(["value", "checked", "selected", "disabled", "required", "hidden"]);

/** An element. `onclick` and the like are listeners; null, undefined and false are left out. */
export function h(tag, attributes = {}, ...children) {
  return furnished(document.createElement(tag), attributes, children);
}

/** An element of SVG, in its namespace. */
export function svg(tag, attributes = {}, ...children) {
  return furnished(document.createElementNS(SVG, tag), attributes, children);
}

function furnished(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (AS_PROPERTIES.has(name) && name in element) element[name] = value ?? "";
    else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...flat(children));
  return element;
}

function flat(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}

/** Puts new children in place of the old, and the focus back on what has the same `data-key`. */
export function fill(element, ...children) {
  const focused = element.contains(document.activeElement)
    ? document.activeElement.closest("[data-key]")?.dataset.key
    : undefined;
  element.replaceChildren(...flat(children));
  if (focused !== undefined) {
    element.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }
  return element;
}

/** Said by screen readers, not shown. */
export function announce(words) {
  document.getElementById("announcer").textContent = words;
}

let lastNumber = 0;

/** An id that no other element has: for labels and descriptions. */
export function newId(name) {
  lastNumber += 1;
  return `${name}-${lastNumber}`;
}
