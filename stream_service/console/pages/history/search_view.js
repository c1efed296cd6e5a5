// Searching: what is wished stands in the page's address, so that it can be kept, shared and gone back to.

import { h, icon, newId } from "../../shell/element.js";
import { duration, exactTime, number, time } from "../../shell/formats.js";
import { t } from "../../shell/language.js";
import { explain } from "../../shell/notices.js";
import { agentName, channelName, endReason, knownAgents, named, readableId, userName } from "../../conversations/names.js";
import { KINDS, addressOf, countWishes, filtersOf, wishesFrom } from "./address.js";

const PAGE_LIMIT = 50;
const CHANNELS = ["voice", "whatsapp", "twilio-whatsapp"];
const STATUSES = ["open", "human", "closed"];
const BEHIND_THE_FOLD = ["channel", "agent_id", "from", "to", "status"];

export class SearchView {
  constructor({ api }) {
    this._api = api;
    this._wishes = wishesFrom(location.hash.split("?")[1] ?? "");
    this._abort = new AbortController();
    this._tabs = h("nav", { class: "tabs", "aria-label": t("history.title") });
    this._form = this._buildForm();
    this._state = h("p", { class: "hint", role: "status" });
    this._found = h("div", { class: "found" });
    this._more = h("button", { type: "button", hidden: true, onClick: () => this._readMore() }, t("history.more"));
    this.element = h(
      "div",
      { class: "search" },
      h("header", { class: "page-head" }, h("h1", {}, t("history.title"))),
      this._tabs,
      this._form,
      h("section", { class: "card results" }, this._state, this._found, h("div", { class: "pager" }, this._more)),
    );
  }

  async start() {
    this._drawTabs();
    await this._search();
  }

  end() {
    this._abort.abort();
  }

  _drawTabs() {
    this._tabs.replaceChildren(
      ...KINDS.map((kind) => {
        const address = addressOf({ ...this._wishes, kind });
        const isCurrent = kind === this._wishes.kind;
        return h("a", { href: `#/history${address && `?${address}`}`, "aria-current": isCurrent ? "page" : null }, t(`history.${kind}`));
      }),
    );
  }

  _buildForm() {
    const { _wishes: wishes } = this;
    const set = BEHIND_THE_FOLD.filter((name) => wishes[name]).length;
    const agents = newId("agents");
    return h(
      "form",
      { class: "card wishes", role: "search", onSubmit: (event) => this._submit(event) },
      h(
        "div",
        { class: "wishes-first" },
        field("q", h("input", { name: "q", type: "search", value: wishes.q, maxlength: 200, placeholder: t("history.q.placeholder") })),
        field("user", h("input", { name: "user_id", value: wishes.user_id, maxlength: 128, inputmode: "tel", placeholder: t("history.user.placeholder") })),
        h("button", { type: "submit", class: "primary" }, icon("search"), t("history.search")),
        h("a", { class: "button", href: `#/history${wishes.kind === KINDS[0] ? "" : `?kind=${wishes.kind}`}`, hidden: countWishes(wishes) === 0 }, t("history.clear")),
      ),
      h(
        "details",
        { open: set > 0 },
        h("summary", {}, set > 0 ? t("history.filters.set", { count: set }) : t("history.filters")),
        h(
          "div",
          { class: "wishes-more" },
          field("channel", options("channel", wishes.channel, CHANNELS, channelName)),
          field("agent", h("input", { name: "agent_id", value: wishes.agent_id, maxlength: 64, list: agents })),
          h("datalist", { id: agents }, knownAgents().map(([id, name]) => h("option", { value: id }, name))),
          field("from", h("input", { name: "from", type: "date", value: wishes.from })),
          field("to", h("input", { name: "to", type: "date", value: wishes.to })),
          field("status", options("status", wishes.status, STATUSES, (status) => t(`talk.state.${status}`))),
        ),
      ),
    );
  }

  /** Another address is another search: the page follows it. */
  _submit(event) {
    event.preventDefault();
    const stated = Object.fromEntries(new FormData(this._form));
    const address = addressOf(wishesFrom(String(new URLSearchParams({ ...stated, kind: this._wishes.kind }))));
    const hash = `#/history${address && `?${address}`}`;
    if (location.hash === hash) {
      this._search();
    } else {
      location.hash = hash;
    }
  }

  async _search() {
    this._cursor = null;
    this._count = 0;
    this._table = null;
    this._found.replaceChildren();
    await this._readMore();
  }

  async _readMore() {
    const { kind } = this._wishes;
    this._say(t("history.reading"), true);
    this._more.disabled = true;
    try {
      const query = { ...filtersOf(this._wishes), limit: PAGE_LIMIT, cursor: this._cursor };
      const page = await this._api.get(`/${kind}`, query, { signal: this._abort.signal });
      this._show(page);
    } catch (error) {
      if (!this._abort.signal.aborted) {
        this._say(t("history.failed", { message: explain(error) }));
      }
    } finally {
      this._more.disabled = false;
    }
  }

  _show(page) {
    const { kind } = this._wishes;
    this._count += page.items.length;
    this._cursor = page.next_cursor;
    this._more.hidden = !page.next_cursor;
    if (this._count === 0) {
      this._say("");
      const key = countWishes(this._wishes) > 0 ? "history.empty" : "history.none";
      this._found.replaceChildren(h("div", { class: "empty" }, h("h2", {}, t(key)), h("p", {}, t(`${key}.text`))));
      return;
    }
    this._say(t(page.next_cursor ? "history.found.some" : "history.found", { count: number(this._count) }));
    if (!this._table) {
      this._table = h("tbody");
      this._found.replaceChildren(tableOf(kind, this._table));
    }
    this._table.append(...page.items.map(kind === "calls" ? callRow : conversationRow));
  }

  _say(text, isBusy = false) {
    this._state.textContent = text;
    this._found.setAttribute("aria-busy", String(isBusy));
  }
}

function field(name, input) {
  return h("label", { class: "field" }, t(`history.${name}`), input);
}

function options(name, chosen, values, nameOf) {
  return h(
    "select",
    { name },
    h("option", { value: "" }, t("history.any")),
    values.map((value) => h("option", { value, selected: value === chosen }, nameOf(value))),
  );
}

const COLUMNS = {
  conversations: ["who", "channel", "agent", "state", "count", "when"],
  calls: ["who", "direction", "ended", "recording", "length", "began"],
};
const NUMBERS = new Set(["count", "length"]);

function tableOf(kind, body) {
  const heads = COLUMNS[kind].map((name) => h("th", { scope: "col", class: NUMBERS.has(name) ? "number" : null }, t(`history.${name}`)));
  return h(
    "div",
    { class: "table-frame" },
    h("table", { class: "list" }, h("caption", { class: "unseen" }, t(`history.${kind}`)), h("thead", {}, h("tr", {}, heads)), body),
  );
}

function conversationRow(conversation) {
  const name = userName({ userName: conversation.user_name, userId: conversation.user_id });
  const state = [
    conversation.needs_attention && h("span", { class: "badge is-bad" }, t("talk.state.needsPerson")),
    h("span", { class: conversation.status === "human" ? "badge is-info" : "badge" }, t(`talk.state.${conversation.status}`)),
    conversation.opted_out && h("span", { class: "badge is-warning" }, t("talk.state.optedOut")),
  ];
  return row("conversations", [
    linkTo(`conversations/${encodeURIComponent(conversation.id)}`, name, conversation.user_name && readableId(conversation.user_id)),
    channelName(conversation.channel),
    conversation.agent_id ? agentName(conversation.agent_id) : "–",
    h("span", { class: "badges" }, state),
    number(conversation.message_count),
    moment(conversation.last_message_at),
  ]);
}

function callRow(call) {
  const isOver = call.ended_at !== null;
  return row("calls", [
    linkTo(`calls/${encodeURIComponent(call.call_sid)}`, readableId(call.caller_id)),
    t(`talk.direction.${call.direction}`),
    isOver ? endReason(call.end_reason ?? call.state) : h("span", { class: "badge is-good" }, named("talk.call", call.state)),
    t(call.has_recording ? "history.recording.yes" : "history.recording.no"),
    isOver ? duration(Date.parse(call.ended_at) - Date.parse(call.answered_at ?? call.started_at)) : "–",
    moment(call.started_at),
  ]);
}

function row(kind, cells) {
  const names = COLUMNS[kind];
  return h(
    "tr",
    {},
    cells.map((cell, place) =>
      h(place === 0 ? "th" : "td", { scope: place === 0 ? "row" : null, class: NUMBERS.has(names[place]) ? "number" : null, "data-label": t(`history.${names[place]}`) }, cell),
    ),
  );
}

function linkTo(place, name, below = null) {
  return [h("a", { href: `#/history/${place}` }, name), below && h("small", {}, below)];
}

function moment(at) {
  return h("time", { datetime: at, title: exactTime(at) }, time(at));
}
