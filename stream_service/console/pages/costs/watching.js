// Looks again and again, but only while somebody can see it.

/** Do `look` now and `everyMs` after each look, while the page is visible; returns what ends it. */
export function lookWhileVisible(look, everyMs) {
  let timer = null;
  let isLooking = false;
  let hasEnded = false;

  async function again() {
    clearTimeout(timer);
    if (hasEnded || isLooking || document.hidden) {
      return;
    }
    isLooking = true;
    try {
      await look();
    } finally {
      isLooking = false;
      if (!hasEnded && !document.hidden) {
        timer = setTimeout(again, everyMs);
      }
    }
  }

  document.addEventListener("visibilitychange", again);
  again();
  return () => {
    hasEnded = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", again);
  };
}
