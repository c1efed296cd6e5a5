// The socket to the simulated WhatsApp of one user: opened again when it breaks, nothing is lost or doubled.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

/** Tells `onEvent(event)` what the simulator tells, and `onState(isConnected)` whether it can be written to. */
export class ChatLink {
  #simulatorUrl;
  #person;
  #onEvent;
  #onState;
  #socket = null;
  #timer = null;
  #wait = FIRST_WAIT_MS;
  #isClosed = false;

  constructor(simulatorUrl, person, { onEvent, onState }) {
    this.#simulatorUrl = simulatorUrl;
    this.#person = person;
    this.#onEvent = onEvent;
    this.#onState = onState;
    this.#open();
  }

  /** Send; whether there was a connection to send it on. */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      return false;
    }
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Give a file to the simulated provider; its id and type. */
  async upload(content) {
    const response = await fetch(new URL("/whatsapp/files", this.#simulatorUrl), {
      method: "POST",
      headers: { "content-type": content.type || "application/octet-stream" },
      body: content,
    });
    if (!response.ok) {
      throw new Error(await response.text());
    }
    return response.json();
  }

  /** A file that either side sent. */
  async download(mediaId) {
    const response = await fetch(new URL(`/whatsapp/files/${encodeURIComponent(mediaId)}`, this.#simulatorUrl));
    if (!response.ok) {
      throw new Error(await response.text());
    }
    return response.blob();
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
  }

  #open() {
    const address = new URL("/whatsapp/socket", this.#simulatorUrl.replace(/^http/, "ws"));
    address.searchParams.set("user", this.#person.number.replace("+", ""));
    address.searchParams.set("name", this.#person.name);
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#wait = FIRST_WAIT_MS;
      this.#onState(true);
    });
    socket.addEventListener("message", ({ data }) => {
      if (!this.#isClosed) {
        this.#onEvent(JSON.parse(data));
      }
    });
    socket.addEventListener("close", () => this.#retry());
  }

  #retry() {
    if (this.#isClosed) {
      return;
    }
    this.#onState(false);
    this.#timer = setTimeout(() => this.#open(), this.#wait);
    this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT_MS);
  }
}
