// One conversation, followed: read from the API, kept current by updates, and what a person can do with it. No DOM.

import { ApiProblem } from "../../shell/api.js";
import { afterAWhile } from "./frames.js";
import { emptyTranscript, foldIntoTranscript, foldMessages } from "./transcript.js";

const PAGE_LIMIT = 100;
/** A user may ask the API a hundred times in a minute; what is said is shown from the updates at once. */
const REST_MS = 3_000;
/** Of a conversation with more messages the latest are shown; the history has them all. */
const MOST_PAGES = 30;

/** Follows the conversation until `end()`; `onChange` is told of every difference. */
export class FollowedConversation {
  constructor({ api, id, state, onChange, onConversations }) {
    this.id = id;
    this.transcript = emptyTranscript();
    this.problem = null;
    this.isRead = false;
    this.isWhole = true;
    this._api = api;
    this._state = state;
    this._onChange = onChange;
    this._onConversations = onConversations;
    this._pageCursor = null;
    this._abort = new AbortController();
    this._reading = afterAWhile(() => this.read(), { restMs: REST_MS });
  }

  /** Take in an update of any conversation. */
  hear(event) {
    if (event.conversation_id !== this.id) {
      return;
    }
    if (foldIntoTranscript(this.transcript, event)) {
      this._onChange();
    }
    if (event.type !== "call.partial") {
      this._reading.ask();
    }
  }

  /** Read what the API knows: all of it the first time, later what came since. */
  async read() {
    const asOf = this._state.lastId;
    try {
      if (this.isRead || !this._state.entries.get(this.id)?.isKnown) {
        await this._readConversation(asOf);
      }
      await this._readMessages(asOf);
      this.problem = null;
      this.isRead = true;
    } catch (error) {
      if (this._abort.signal.aborted) {
        return;
      }
      this.problem = error;
    }
    this._onChange();
  }

  /** Read soon. */
  readAgain() {
    this._reading.ask();
  }

  end() {
    this._abort.abort();
    this._reading.end();
  }

  takeOver() {
    return this._changeHands("takeover");
  }

  giveBack() {
    return this._changeHands("release");
  }

  /**
   * Write to the user; the same key never sends twice.
   *
   * Throws ApiProblem, also for a message that the provider refused: its code is the reason.
   */
  async write(text, key) {
    const options = { headers: { "idempotency-key": key } };
    const sent = await this._api.post(`${this._path()}/messages`, { text }, options);
    this.readAgain();
    if (sent.delivery_status === "failed") {
      throw new ApiProblem({ status: 200, code: sent.failure_reason ?? "refused", message: "" });
    }
  }

  async _changeHands(verb) {
    const asOf = this._state.lastId;
    const conversation = await this._api.post(`${this._path()}/${verb}`);
    this._onConversations([conversation], asOf);
    this.readAgain();
  }

  async _readConversation(asOf) {
    const conversation = await this._api.get(this._path(), {}, { signal: this._abort.signal });
    this._onConversations([conversation], asOf);
  }

  async _readMessages(asOf) {
    const found = [];
    let cursor = this._pageCursor;
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      const query = { limit: PAGE_LIMIT, cursor };
      const page = await this._api.get(`${this._path()}/messages`, query, { signal: this._abort.signal });
      this._pageCursor = cursor;
      found.push(...page.items);
      cursor = page.next_cursor;
      if (!cursor) {
        break;
      }
    }
    this.isWhole = !cursor;
    foldMessages(this.transcript, found, asOf);
  }

  _path() {
    return `/conversations/${encodeURIComponent(this.id)}`;
  }
}
