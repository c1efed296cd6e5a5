// Where a recording is, and whether its address still leads to it. No DOM.

/** The place of the turn that is heard at a moment, or of the last one before it; -1 before the first. */
export function turnAt(turns, momentMs) {
  let low = 0;
  let high = turns.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (turns[middle].start_ms <= momentMs) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - 1;
}

/** Whether an address that is good for a while should be asked for anew before it is used. */
export function isStale(address, nowMs) {
  return nowMs > address.obtainedAt + (address.expires_in_seconds - 15) * 1000;
}
