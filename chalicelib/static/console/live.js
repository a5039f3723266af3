// What keeps a page up to date while somebody looks at it.

/**
 * Runs `look` now and again and again, until `signal` ends it. `look` answers with the seconds to
 * wait, or nothing to end. While the page is hidden nothing is asked.
 */
export function keepLooking(signal, look) {
  let timer = null;

  async function once() {
    if (signal.aborted) return;
    const seconds = await look();
    if (seconds && !signal.aborted) timer = setTimeout(wait, seconds * 1000);
  }

  function wait() {
    if (!document.hidden) return once();
    const shown = () => !document.hidden && (document.removeEventListener("visibilitychange", shown), once());
    document.addEventListener("visibilitychange", shown, { signal });
  }

  signal.addEventListener("abort", () => clearTimeout(timer));
  return once();
}
