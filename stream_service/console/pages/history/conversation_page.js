// One conversation with all that was said, what tools were used for, and what became of every message.

import { h, icon } from "../../shell/element.js";
import { exactTime, number } from "../../shell/formats.js";
import { t } from "../../shell/language.js";
import { explain } from "../../shell/notices.js";
import { agentName, channelName, readableId, speakerName, userName } from "../../conversations/names.js";
import { toolItem, turnItems } from "../../conversations/turn_view.js";
import { downloadsView, factsView, headOf, momentView, stoppedView } from "./parts.js";

const PAGE_LIMIT = 100;

export class ConversationPage {
  constructor({ api }, id) {
    this._api = api;
    this._path = `/conversations/${encodeURIComponent(id)}`;
    this._abort = new AbortController();
    this._messages = [];
    this._cursor = null;
    this.element = h("div", { class: "one" });
  }

  async start() {
    try {
      const [conversation, tools] = await Promise.all([this._get(this._path), this._readAll(`${this._path}/tool-calls`)]);
      this._conversation = conversation;
      this._tools = tools;
      this._build();
      await this._readMore();
    } catch (error) {
      if (!this._abort.signal.aborted) {
        this.element.replaceChildren(stoppedView(error, explain(error)));
      }
    }
  }

  end() {
    this._abort.abort();
  }

  _build() {
    const told = this._conversation;
    this._calls = h("p", { class: "hint calls-of", hidden: true }, `${t("history.callsOf")}: `);
    this._turns = h("ol", { class: "turns" });
    this._more = h("button", { type: "button", hidden: true, onClick: () => this._readMore() }, t("history.transcript.more"));
    this.element.replaceChildren(
      headOf(nameOf(told), h("a", { class: "button", href: `#/live/${encodeURIComponent(told.id)}` }, icon("live"), t("history.follow"))),
      factsView(this._facts()),
      h(
        "section",
        { class: "card" },
        h("div", { class: "page-head" }, h("h2", {}, t("history.transcript")), downloadsView(() => this._told())),
        this._calls,
        this._turns,
        h("div", { class: "pager" }, this._more),
      ),
    );
  }

  _facts() {
    const told = this._conversation;
    return [
      ["channel", channelName(told.channel)],
      ["user", told.user_name ? `${told.user_name} · ${readableId(told.user_id)}` : readableId(told.user_id)],
      ["agent", told.agent_id && agentName(told.agent_id)],
      ["began", momentView(told.started_at)],
      ["last", momentView(told.last_message_at)],
      ["messages", number(told.message_count)],
      ["id", h("code", {}, told.id)],
    ];
  }

  async _readMore() {
    this._more.disabled = true;
    const page = await this._get(`${this._path}/messages`, { limit: PAGE_LIMIT, cursor: this._cursor });
    this._append(page);
    this._more.disabled = false;
  }

  _append(page) {
    const isCall = this._conversation.channel === "voice";
    const until = page.next_cursor ? Date.parse(page.items.at(-1).at) : Infinity;
    const before = this._messages.length ? Date.parse(this._messages.at(-1).at) : -Infinity;
    const tools = this._tools.filter(({ begun_at: at }) => Date.parse(at) > before && Date.parse(at) <= until);
    const items = [
      ...page.items.map((message) => ({ at: Date.parse(message.at), make: () => turnItems(message, { isCall }) })),
      ...tools.map((call) => ({ at: Date.parse(call.begun_at), make: () => [toolItem(call)] })),
    ];
    items.sort((one, other) => one.at - other.at);
    this._turns.append(...items.flatMap((item) => item.make()));
    this._messages.push(...page.items);
    this._cursor = page.next_cursor;
    this._more.hidden = !this._cursor;
    if (this._messages.length === 0) {
      this._turns.replaceWith(h("p", { class: "empty" }, t("history.transcript.empty")));
    }
    this._drawCalls();
  }

  _drawCalls() {
    const sids = [...new Set(this._messages.map((message) => message.call_sid).filter(Boolean))];
    const first = (sid) => this._messages.find((message) => message.call_sid === sid);
    this._calls.hidden = sids.length === 0;
    const links = sids.map((sid) => h("a", { href: `#/history/calls/${encodeURIComponent(sid)}` }, exactTime(first(sid).at)));
    this._calls.replaceChildren(`${t("history.callsOf")}: `, ...links.flatMap((link, place) => (place ? [", ", link] : [link])));
  }

  /** All of it, also what is not shown yet. */
  async _told() {
    while (this._cursor) {
      await this._readMore();
    }
    const told = this._conversation;
    return {
      kind: "conversation",
      id: told.id,
      title: `${channelName(told.channel)}: ${nameOf(told)}`,
      facts: [
        [t("history.fact.began"), exactTime(told.started_at)],
        [t("history.fact.id"), told.id],
      ],
      turns: this._messages.map((message) => ({
        at: exactTime(message.at),
        who: message.speaker === "system" ? "–" : speakerName(message),
        text: message.text,
        isInterrupted: message.interrupted,
      })),
      answer: { conversation: told, messages: this._messages, tool_calls: this._tools },
    };
  }

  async _readAll(path) {
    const found = [];
    let cursor = null;
    do {
      const page = await this._get(path, { limit: PAGE_LIMIT, cursor });
      found.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor);
    return found;
  }

  _get(path, query = {}) {
    return this._api.get(path, query, { signal: this._abort.signal });
  }
}

function nameOf(conversation) {
  return userName({ userName: conversation.user_name, userId: conversation.user_id });
}
