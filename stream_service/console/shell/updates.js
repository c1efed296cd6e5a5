// The updates socket: one for the whole console, resumed where it broke off.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const REFUSED_WAIT_MS = 30_000;
// The server pings every 25 seconds, which a page cannot see; so the page notices an end only when the browser does.
const STEADY_MS = 5_000;

/**
 * Tells listeners what happens on the platform.
 *
 * `state` is `idle`, `connecting`, `open`, `waiting` or `refused`. After an interruption nothing is missing, unless
 * a `updates.gap` event says so: then read again what is shown.
 */
export class Updates {
  #listeners = new Map();
  #watchers = new Set();
  #socket = null;
  #since = null;
  #wait = FIRST_WAIT_MS;
  #timer = null;
  #attempt = 0;

  constructor(config, api) {
    this.url = config.updates_url;
    this.api = api;
    this.state = "idle";
    window.addEventListener("online", () => this.#connectNow());
  }

  /** Hear events of some types (`"*"`: of all); returns what ends it. The first listener opens the socket. */
  on(types, handler) {
    for (const type of [types].flat()) {
      this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(handler));
    }
    if (this.state === "idle") {
      this.#connect();
    }
    return () => {
      for (const type of [types].flat()) {
        this.#listeners.get(type)?.delete(handler);
      }
    };
  }

  /** Hear of every change of `state`; returns what ends it. */
  watch(handler) {
    this.#watchers.add(handler);
    handler(this.state);
    return () => this.#watchers.delete(handler);
  }

  /** End the socket; a new listener opens it again. */
  close() {
    clearTimeout(this.#timer);
    this.#attempt += 1;
    this.#since = null;
    this.#socket?.close(1000);
    this.#socket = null;
    this.#become("idle");
  }

  async #connect() {
    const attempt = ++this.#attempt;
    this.#become("connecting");
    try {
      const { ticket } = await this.api.post("/updates-ticket");
      if (attempt === this.#attempt) {
        this.#open(ticket);
      }
    } catch (problem) {
      if (attempt === this.#attempt && this.api.session.isSignedIn) {
        this.#retry((problem.retryAfterSeconds ?? 0) * 1000);
      }
    }
  }

  #open(ticket) {
    const address = new URL(this.url, document.baseURI);
    address.protocol = address.protocol.replace("http", "ws");
    address.searchParams.set("ticket", ticket);
    if (this.#since) {
      address.searchParams.set("since", this.#since);
    }
    const socket = new WebSocket(address);
    let openedAt = null;
    this.#socket = socket;
    socket.addEventListener("open", () => {
      openedAt = performance.now();
      this.#become("open");
    });
    socket.addEventListener("message", ({ data }) => this.#tell(JSON.parse(data)));
    socket.addEventListener("close", () => {
      if (this.#socket !== socket) {
        return;
      }
      this.#socket = null;
      const wasSteady = openedAt !== null && performance.now() - openedAt > STEADY_MS;
      this.#wait = wasSteady ? FIRST_WAIT_MS : this.#wait;
      // A socket that was never opened was refused: most often because the person has three others.
      const wasRefused = openedAt === null && this.#wait >= LONGEST_WAIT_MS;
      this.#retry(wasRefused ? REFUSED_WAIT_MS : 0, wasRefused ? "refused" : "waiting");
    });
  }

  #retry(atLeastMs, state = "waiting") {
    const wait = Math.max(atLeastMs, this.#wait * (0.5 + Math.random()));
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
    this.#become(state);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  #connectNow() {
    if (this.state === "waiting" || this.state === "refused") {
      clearTimeout(this.#timer);
      this.#connect();
    }
  }

  #tell(event) {
    this.#since = event.id ?? this.#since;
    for (const handler of [...(this.#listeners.get(event.type) ?? []), ...(this.#listeners.get("*") ?? [])]) {
      try {
        handler(event);
      } catch (error) {
        // One page's fault is no reason to leave the others untold; the browser's console shows it.
        reportError(error);
      }
    }
  }

  #become(state) {
    this.state = state;
    for (const watcher of this.#watchers) {
      watcher(state);
    }
  }
}
