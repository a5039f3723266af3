// What keeps a page up to date while it is on the screen.

/**
 * Looks again and again, `every()` seconds apart, until `signal` ends it or `look` answers "enough".
 * While the page is hidden nothing is asked; what was missed is made up for when it shows again.
 */
export async function keepLooking(signal, { every, look }) {
  while (!signal.aborted) {
    await pause(signal, every());
    await shown(signal);
    if (signal.aborted || (await look()) === "enough") return;
  }
}

function pause(signal, seconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

function shown(signal) {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    document.addEventListener("visibilitychange", () => document.hidden || resolve(), { signal });
    signal.addEventListener("abort", resolve, { once: true });
  });
}
