// The messages of a chat in their order, as they are known so far. No DOM.

/** What was typed but has not yet an id of its own, behind everything that has. */
const UNSENT = "sending";

export class Entries {
  #byId = new Map();

  /** Take in a message or its newer state; the page's own placeholder of it gives way. Returns the keys that went. */
  put(entry) {
    const gone = entry.reference && this.#byId.delete(entry.reference) ? [entry.reference] : [];
    this.#byId.set(entry.id, entry);
    return gone;
  }

  /** A message that is being sent, known by its reference alone. */
  putUnsent({ reference, kind, text, quotes = null }) {
    const entry = { id: reference, number: Infinity, is_mine: true, kind, text, at: new Date().toISOString(), status: UNSENT, options: [], quotes };
    this.#byId.set(reference, entry);
    return entry;
  }

  find(id) {
    return this.#byId.get(id) ?? null;
  }

  remove(id) {
    this.#byId.delete(id);
  }

  /** In the order in which they were sent. */
  list() {
    return [...this.#byId.values()].sort((one, other) => (one.number === other.number ? 0 : one.number - other.number));
  }

  /** Whether the user has answered the question with this id. */
  isAnswered(id) {
    return [...this.#byId.values()].some((entry) => entry.is_mine && entry.quotes === id);
  }

  clear() {
    this.#byId.clear();
  }
}

/** Whether two moments lie on different days, here. */
export function isOtherDay(one, other) {
  return new Date(one).toDateString() !== new Date(other).toDateString();
}
