// Money, times and names as people read them. The business is in Sydney, and so are its days:
// Monoova's statement and our reports are by them, wherever the reader's own clock stands.

const LOCALE = "en-AU";
let zone = "Australia/Sydney";

export function useTimeZone(name) {
  zone = name || zone;
}

export function zoneName() {
  return zone.split("/").pop().replaceAll("_", " ");
}

const dollars = new Intl.NumberFormat(LOCALE, { style: "currency", currency: "AUD" });
const wholeDollars = new Intl.NumberFormat(LOCALE, {
  style: "currency",
  currency: "AUD",
  notation: "compact",
  maximumFractionDigits: 1,
});
const counts = new Intl.NumberFormat(LOCALE);

export function money(amount) {
  return amount === null || amount === undefined ? "–" : dollars.format(amount);
}

/** For axes, where there is no room: $1.2K */
export function roughMoney(amount) {
  return wholeDollars.format(amount);
}

export function count(number, one, many = `${one}s`) {
  const text = counts.format(number ?? 0);
  return one === undefined ? text : `${text} ${number === 1 ? one : many}`;
}

export function percent(share) {
  return share === null || share === undefined ? "–" : `${Math.round(share * 1000) / 10}%`;
}

function formatted(date, options) {
  return new Intl.DateTimeFormat(LOCALE, { timeZone: zone, ...options }).format(date);
}

/** "4:02 pm" of today, "Fri 27 Nov, 4:02 pm" of another day. */
export function when(iso) {
  if (!iso) return "–";
  const date = new Date(iso);
  const time = formatted(date, { hour: "numeric", minute: "2-digit" });
  if (dayOf(date) === today()) return `Today, ${time}`;
  const sameYear = dayOf(date).slice(0, 4) === today().slice(0, 4);
  const day = { weekday: "short", day: "numeric", month: "short", year: sameYear ? undefined : "numeric" };
  return `${formatted(date, day).replace(",", "")}, ${time}`;
}

/** A time in the middle of a sentence. */
export const whenWithin = (iso) => when(iso).replace(/^Today/, "today");

/** With seconds: the lines of a history are often close together. */
export function exactly(iso) {
  const options = { day: "numeric", month: "short", hour: "numeric", minute: "2-digit", second: "2-digit" };
  return formatted(new Date(iso), options);
}

/** "in 2 min", "3 h ago" */
export function fromNow(iso) {
  const seconds = Math.round((new Date(iso) - Date.now()) / 1000);
  const size = Math.abs(seconds);
  const [amount, unit] =
    size < 60 ? [size, "s"] : size < 3600 ? [Math.round(size / 60), "min"]
    : size < 86400 ? [Math.round(size / 3600), "h"] : [Math.round(size / 86400), "days"];
  if (size < 5) return "now";
  return seconds < 0 ? `${amount} ${unit} ago` : `in ${amount} ${unit}`;
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 360) / 10} h`;
}

/** The business's day of a moment, as 2026-11-27. */
export function dayOf(date) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" }).format(date);
}

export function today() {
  return dayOf(new Date());
}

export function dayBefore(day, days) {
  return new Date(Date.parse(`${day}T12:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10);
}

/** "Fri 27 Nov" of 2026-11-27. */
export function dayName(day) {
  const options = { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" };
  return new Intl.DateTimeFormat(LOCALE, options).format(new Date(`${day}T12:00:00Z`)).replace(",", "");
}

export function shortDay(day) {
  const options = { day: "numeric", month: "short", timeZone: "UTC" };
  return new Intl.DateTimeFormat(LOCALE, options).format(new Date(`${day}T12:00:00Z`));
}

/** The beginning of an id: enough to tell two apart on a screen. */
export function short(id) {
  return id ? id.slice(0, 8) : "–";
}
