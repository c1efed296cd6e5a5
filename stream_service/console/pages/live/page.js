// Live: calls and conversations now, one of them followed as it is spoken.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { explain } from "../../shell/notices.js";
import { messages as shared } from "../../conversations/messages.js";
import { learnAgentNames, userName } from "../../conversations/names.js";
import { ConversationView } from "./conversation_view.js";
import { FollowedConversation } from "./conversation.js";
import { afterAWhile, onceAFrame } from "./frames.js";
import { ListView } from "./list_view.js";
import { messages as own } from "./messages.js";
import { Overview } from "./overview.js";
import { emptyState, endCallsMissingFrom, foldCalls, foldConversations, foldEvent, needsPerson } from "./state.js";

export const messages = { en: { ...shared.en, ...own.en }, hi: { ...shared.hi, ...own.hi } };

const RECENT = 50;
const MOST_CALLS = 100;
const MOST_CONVERSATIONS = 100;
const LIVE_EVERY_MS = 10_000;
const READ_AGAIN_EVERY_MS = 60_000;
/** Between two questions about conversations that are only known from updates; all of one time are one question. */
const LEARN_REST_MS = 3_000;

/** Fill the place; returns what ends it, and `follow` for another conversation. */
export async function open(place, context) {
  const page = new LivePage(place, context);
  await page.start();
  const close = () => page.end();
  close.follow = (path) => page.choose(path[0] ?? null, { movesFocus: true });
  return close;
}

class LivePage {
  constructor(place, { api, updates, session, path }) {
    this._api = api;
    this._updates = updates;
    this._session = session;
    this._state = emptyState();
    this._live = null;
    this._followed = null;
    this._view = null;
    this._wasBroken = false;
    this._wantsPerson = new Set();
    this._drawing = onceAFrame(() => this._draw());
    this._learning = afterAWhile(() => this._learnUnknown(), { quietMs: 150, longestMs: 600, restMs: LEARN_REST_MS });
    this._endings = [];
    this._firstId = path[0] ?? null;

    this._overview = new Overview();
    this._list = new ListView({ onChoice: () => this._drawing.ask() });
    this._opened = h("div", { class: "live-opened" });
    this._announcement = h("p", { class: "unseen", role: "status" });
    this._panes = h("div", { class: "panes" }, this._list.element, this._opened);
    place.append(h("header", { class: "page-head" }, h("h1", {}, t("live.title")), this._overview.element), this._panes, this._announcement);
  }

  /** Listen first and then read: what happens meanwhile is not missed. */
  async start() {
    this._endings.push(
      this._updates.on("*", (event) => this._hear(event)),
      this._updates.watch((state) => this._noteUpdates(state)),
      every(1000, () => this._tick()),
      every(LIVE_EVERY_MS, () => document.hidden || this._readLive()),
      every(READ_AGAIN_EVERY_MS, () => document.hidden || this._read()),
    );
    learnAgentNames({ api: this._api, session: this._session }).then(() => this._drawing.ask());
    this.choose(this._firstId);
    await Promise.all([this._read(), this._readLive()]);
    // Who was waiting before is seen, not announced.
    this._wantsPerson = new Set(waiting(this._state).map((entry) => entry.id));
    this._draw();
  }

  /** Follow a conversation; null: none. */
  choose(id, { movesFocus = false } = {}) {
    if (this._followed?.id !== id) {
      this._followed?.end();
      this._followed = id && this._follow(id);
      this._view = id && new ConversationView(this._followed);
      this._opened.replaceChildren(id ? this._view.element : nothingChosen());
    }
    this._panes.classList.toggle("has-opened", Boolean(id));
    this._draw();
    if (movesFocus) {
      this._view ? this._view.focus() : this._panes.querySelector(".choice")?.focus({ preventScroll: true });
    }
  }

  end() {
    this._followed?.end();
    this._drawing.end();
    this._learning.end();
    this._endings.forEach((endIt) => endIt());
  }

  _follow(id) {
    const followed = new FollowedConversation({
      api: this._api,
      id,
      state: this._state,
      onChange: () => this._drawing.ask(),
      onConversations: (told, asOf) => foldConversations(this._state, told, asOf),
    });
    followed.read();
    return followed;
  }

  _hear(event) {
    if (event.type === "updates.gap") {
      this._readAll();
      return;
    }
    const changed = foldEvent(this._state, event);
    this._followed?.hear(event);
    if (changed === null) {
      return;
    }
    const entry = this._state.entries.get(changed);
    if (entry && !entry.isKnown) {
      this._learning.ask();
    }
    this._drawing.ask();
  }

  async _read() {
    const asOf = this._state.lastId;
    try {
      const [conversations, live, ringing] = await Promise.all([
        this._api.get("/conversations", { limit: RECENT }),
        this._api.get("/calls", { state: "live", limit: MOST_CALLS }),
        this._api.get("/calls", { state: "ringing", limit: MOST_CALLS }),
      ]);
      const calls = [...live.items, ...ringing.items].filter((call) => !call.ended_at);
      foldConversations(this._state, conversations.items, asOf);
      foldCalls(this._state, calls);
      if (!live.next_cursor) {
        endCallsMissingFrom(this._state, new Set(calls.map((call) => call.call_sid)), asOf);
      }
      this._learning.ask();
      this._overview.noteUpdates(this._updates.state);
    } catch (error) {
      this._overview.noteProblem(t("live.loadFailed", { message: explain(error) }));
    }
    this._drawing.ask();
  }

  async _readLive() {
    try {
      this._live = await this._api.get("/live");
      this._drawing.ask();
    } catch {
      // The next time tells; the figures before are near enough.
    }
  }

  _readAll() {
    this._read();
    this._readLive();
    this._followed?.readAgain();
  }

  /** Conversations that only updates told of so far: one by its name, several by the list of the latest. */
  async _learnUnknown() {
    const isUnknown = (entry) => !entry.isKnown && !entry.isUnreadable;
    const unknown = [...this._state.entries.values()].filter(isUnknown);
    const asOf = this._state.lastId;
    const [first] = unknown;
    try {
      if (unknown.length > 1) {
        const { items } = await this._api.get("/conversations", { limit: MOST_CONVERSATIONS });
        foldConversations(this._state, items, asOf);
      }
      if (first && isUnknown(first)) {
        foldConversations(this._state, [await this._api.get(`/conversations/${encodeURIComponent(first.id)}`)], asOf);
      }
    } catch {
      first.isUnreadable = true;
    }
    if (unknown.some(isUnknown)) {
      this._learning.ask();
    }
    this._drawing.ask();
  }

  _noteUpdates(state) {
    this._overview.noteUpdates(state);
    if (state === "open" && this._wasBroken) {
      // What was told meanwhile comes now, unless it was too long or nothing had been told before: reading is cheap.
      this._readAll();
    }
    this._wasBroken = state !== "open" && (this._wasBroken || state !== "connecting");
  }

  _draw() {
    this._overview.draw(this._state, this._live);
    this._list.draw(this._state, this._followed?.id);
    if (this._view) {
      const entry = this._state.entries.get(this._followed.id) ?? strangeEntry(this._followed.id);
      this._view.draw(entry);
    }
    this._announceWaiting();
  }

  /** Say, once for each, that somebody needs a person now. */
  _announceWaiting() {
    const now = waiting(this._state);
    const fresh = now.filter((entry) => !this._wantsPerson.has(entry.id) && entry.id !== this._followed?.id);
    this._wantsPerson = new Set(now.map((entry) => entry.id));
    if (fresh.length > 0) {
      this._announcement.textContent = t("live.announce.needsPerson", { name: userName(fresh[0]) });
    }
  }

  _tick() {
    this._list.tick();
    this._view?.tick();
  }
}

function waiting(state) {
  return [...state.entries.values()].filter(needsPerson);
}

/** Until the API has told what it is. */
function strangeEntry(id) {
  return { id, channel: "", userId: "", userName: "…", agentId: null, status: "closed", call: null, words: null };
}

function nothingChosen() {
  return h("div", { class: "empty" }, h("h2", {}, t("live.choose")), h("p", {}, t("live.choose.text")));
}

function every(milliseconds, work) {
  const timer = setInterval(work, milliseconds);
  return () => clearInterval(timer);
}
