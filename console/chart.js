// Charts by day, drawn as SVG. Beside each stands the same as a table, for readers who cannot see it.

import { h, newId, svg } from "./dom.js";
import { dayName, shortDay } from "./format.js";
import { table } from "./parts.js";

const HEIGHT = 170;
const INSET = { left: 52, right: 8, top: 10, bottom: 24 };
const INNER_HEIGHT = HEIGHT - INSET.top - INSET.bottom;
const STEPS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];
const MINUTE_STEPS = [10, 30, 60, 120, 240, 360, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400];

/** In the drawing's own units, so that its letters are as large on a phone as elsewhere. */
const width = () => (matchMedia("(max-width: 760px)").matches ? 320 : 520);

/**
 * `series` are `{name, tone, of}`, where `of` takes a day's row and answers with a number or null.
 * `kind` is "bars" (stacked) or "lines". `format` makes texts of numbers, `rough` those of the axis.
 */
export function chart(title, days, series, { kind = "bars", format, rough = format, most, isTime } = {}) {
  const id = newId("chart");
  const totals = days.map((day) =>
    kind === "bars" ? sum(series.map((each) => each.of(day) ?? 0)) : Math.max(0, ...series.map((each) => each.of(day) ?? 0)));
  const top = most ?? (isTime ? niceTime : niceTop)(Math.max(0, ...totals));
  const readout = h("p", { class: "readout note", "aria-hidden": "true" }, "\u00a0");
  const drawing = svg(
    "svg",
    { class: "chart", viewBox: `0 0 ${width()} ${HEIGHT}`, "aria-hidden": "true", focusable: "false" },
    axis(top, rough),
    labels(days),
    kind === "bars" ? bars(days, series, top) : lines(days, series, top),
    days.map((day, at) => svg("rect", {
      class: "touch", x: left(days, at), y: INSET.top, width: step(days), height: INNER_HEIGHT,
      onpointerenter: () => (readout.textContent = sentence(day)),
      onpointerleave: () => (readout.textContent = "\u00a0"),
    })),
  );

  function sentence(day) {
    const parts = series.map((each) => `${series.length > 1 ? `${each.name} ` : ""}${format(each.of(day))}`);
    return `${dayName(day.day)}: ${parts.join(", ")}`;
  }

  return h(
    "section",
    { class: "card chart-card", "aria-labelledby": id },
    h("div", { class: "card-head" }, h("h3", { id }, title), series.length > 1 && legend(series)),
    drawing,
    h("div", { class: "chart-foot" }, readout, h("details", {}, h("summary", {}, "As a table"), table(title, [
      { title: "Day", cell: (day) => dayName(day.day) },
      ...series.map((each) => ({ title: each.name, end: true, cell: (day) => format(each.of(day)) })),
    ], [...days].reverse()))),
  );
}

/** Parts of a whole as one bar: which method payouts took. */
export function split(title, parts, { format }) {
  const whole = sum(parts.map((part) => part.size));
  const id = newId("split");
  let x = 0;
  const pieces = parts.filter((part) => part.size > 0).map((part) => {
    const share = (part.size / whole) * 100;
    const piece = svg("rect", { class: `fill-${part.tone}`, x: `${x}%`, y: 0, width: `${share}%`, height: 14 });
    x += share;
    return piece;
  });
  return h(
    "section",
    { class: "card chart-card", "aria-labelledby": id },
    h("div", { class: "card-head" }, h("h3", { id }, title)),
    svg("svg", { class: "split", height: 14, width: "100%", "aria-hidden": "true" }, pieces),
    h("ul", { class: "split-list" }, parts.map((part) => h("li", {},
      h("span", { class: `key key-${part.tone}` }), h("span", {}, part.name),
      h("strong", {}, whole ? `${Math.round((part.size / whole) * 100)}%` : "–"),
      h("span", { class: "note" }, format(part))))),
  );
}

function legend(series) {
  return h("ul", { class: "legend" }, series.map((each) =>
    h("li", {}, h("span", { class: `key key-${each.tone}` }), each.name)));
}

function axis(top, rough) {
  return [0, 0.5, 1].map((share) => {
    const y = INSET.top + INNER_HEIGHT * (1 - share);
    return [
      svg("line", { class: "grid", x1: INSET.left, x2: width() - INSET.right, y1: y, y2: y }),
      svg("text", { class: "tick", x: INSET.left - 8, y: y + 4, "text-anchor": "end" }, rough(top * share)),
    ];
  });
}

function labels(days) {
  const every = Math.max(1, Math.ceil(days.length / (width() / 85)));
  return days.map((day, at) => (days.length - 1 - at) % every === 0 && svg("text",
    { class: "tick", x: left(days, at) + step(days) / 2, y: HEIGHT - 6, "text-anchor": at === days.length - 1 ? "end" : "middle" },
    shortDay(day.day)));
}

function bars(days, series, top) {
  const thickness = Math.min(22, step(days) * 0.7);
  return days.map((day, at) => {
    let y = INSET.top + INNER_HEIGHT;
    return series.map((each) => {
      const height = (Math.max(0, each.of(day) ?? 0) / top) * INNER_HEIGHT;
      y -= height;
      const x = left(days, at) + (step(days) - thickness) / 2;
      return height > 0 && svg("rect", { class: `fill-${each.tone}`, x, y, width: thickness, height, rx: Math.min(2, height / 2) });
    });
  });
}

function lines(days, series, top) {
  return series.map((each) => {
    const points = days.map((day, at) => [left(days, at) + step(days) / 2, each.of(day)])
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([x, value]) => [x, INSET.top + INNER_HEIGHT * (1 - value / top)]);
    const path = points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
    return [
      svg("path", { class: `line line-${each.tone}`, d: path }),
      // One day alone makes no line: its point has to be seen.
      points.length < 32 && points.map(([cx, cy]) => svg("circle", { class: `fill-${each.tone}`, cx, cy, r: points.length === 1 ? 4 : 2.5 })),
    ];
  });
}

const step = (days) => (width() - INSET.left - INSET.right) / Math.max(1, days.length);
const left = (days, at) => INSET.left + at * step(days);
const sum = (numbers) => numbers.reduce((total, each) => total + each, 0);

/** The next round number above. */
function niceTop(most) {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return power * STEPS.find((factor) => factor * power >= most);
}

/** The next round time above, in seconds. */
function niceTime(most) {
  return MINUTE_STEPS.find((seconds) => seconds >= most) ?? most;
}
