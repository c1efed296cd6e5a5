// The list of what goes on: an entry for each conversation, the most urgent first.

import { h } from "../../shell/element.js";
import { duration, time } from "../../shell/formats.js";
import { t } from "../../shell/language.js";
import { agentName, channelName, named, userName } from "../../conversations/names.js";
import { channelIcon } from "../../conversations/turn_view.js";
import { arrange } from "./frames.js";
import { listed, needsPerson } from "./state.js";

export const MOST_SHOWN = 200;

const KINDS = {
  all: () => true,
  calls: (entry) => entry.call !== null,
  messages: (entry) => entry.call === null,
  needPerson: needsPerson,
};

/** The list with its choice of kinds. `draw(state, openId)` brings it up to date. */
export class ListView {
  constructor({ onChoice }) {
    this.kind = "all";
    this._list = h("ul", { class: "entries", "aria-label": t("live.list") });
    this._empty = h("div", { class: "empty", hidden: true });
    this._more = h("p", { class: "hint", hidden: true });
    this._isHeld = false;
    this._awaited = null;
    this._list.addEventListener("pointerdown", () => this._hold());
    this._choices = Object.keys(KINDS).map((kind) => this._choice(kind, onChoice));
    this.element = h(
      "section",
      { class: "live-list card" },
      h("div", { class: "choices", role: "group", "aria-label": t("live.show") }, this._choices),
      this._list,
      this._empty,
      this._more,
    );
  }

  draw(state, openId) {
    if (this._isHeld) {
      this._awaited = [state, openId];
      return;
    }
    const entries = listed(state, { isWanted: KINDS[this.kind], most: Infinity });
    const shown = entries.slice(0, MOST_SHOWN);
    arrange(
      this._list,
      shown.map((entry) => ({ key: entry.id, version: versionOf(entry, openId), make: (before) => entryView(entry, openId, before) })),
    );
    this._list.hidden = shown.length === 0;
    this._more.hidden = entries.length <= MOST_SHOWN;
    this._more.textContent = t("live.more", { count: entries.length - shown.length });
    this._drawEmpty(shown.length === 0);
    this.tick();
  }

  /** Let the lengths of calls in progress go on. */
  tick() {
    const now = Date.now();
    for (const shown of this._list.querySelectorAll("[data-since]")) {
      shown.textContent = duration(now - Number(shown.dataset.since));
    }
  }

  /** Let nothing move under a finger: an entry that changes between press and release would not be clicked. */
  _hold() {
    const pressed = new AbortController();
    const release = () => {
      pressed.abort();
      // The click comes right after the release.
      setTimeout(() => {
        this._isHeld = false;
        const awaited = this._awaited;
        this._awaited = null;
        if (awaited) {
          this.draw(...awaited);
        }
      });
    };
    this._isHeld = true;
    window.addEventListener("pointerup", release, { signal: pressed.signal });
    window.addEventListener("pointercancel", release, { signal: pressed.signal });
  }

  _choice(kind, onChoice) {
    const choose = () => {
      this.kind = kind;
      this._choices.forEach((choice) => choice.setAttribute("aria-pressed", String(choice === button)));
      onChoice();
    };
    const pressed = String(kind === this.kind);
    const button = h("button", { type: "button", class: "choice", "aria-pressed": pressed, onClick: choose }, t(`live.show.${kind}`));
    return button;
  }

  _drawEmpty(isEmpty) {
    if (isEmpty === this._empty.hidden || this._emptyOf !== this.kind) {
      const key = this.kind === "all" ? "live.empty" : "live.empty.filtered";
      this._empty.replaceChildren(h("h2", {}, t(key)), h("p", {}, t(`${key}.text`)));
      this._emptyOf = this.kind;
    }
    this._empty.hidden = !isEmpty;
  }
}

function versionOf(entry, openId) {
  const { call } = entry;
  return JSON.stringify([
    entry.userName, entry.userId, entry.channel, entry.agentId, entry.status, needsPerson(entry), entry.optedOut,
    entry.words?.text, entry.words?.isPartial, call?.sid, call?.stage, call?.startedAt, call?.endedAt,
    call ? 0 : entry.lastAt, entry.messageCount, entry.id === openId,
  ]);
}

/** The entry's item; the one from before is filled anew, so that it keeps the focus. */
function entryView(entry, openId, before) {
  const link = before?.firstElementChild ?? h("a", { href: `#/live/${encodeURIComponent(entry.id)}` });
  link.classList.toggle("is-open", entry.id === openId);
  if (entry.id === openId) {
    link.setAttribute("aria-current", "true");
  } else {
    link.removeAttribute("aria-current");
  }
  const isWithAgent = entry.agentId && entry.status === "open" && entry.call?.stage !== "over";
  link.replaceChildren(
    h("span", { class: `entry-mark is-${entry.channel || "other"}`, title: channelName(entry.channel) }, channelIcon(entry.channel)),
    h("span", { class: "entry-name" }, h("span", { class: "unseen" }, `${channelName(entry.channel)}: `), userName(entry)),
    h("span", { class: "entry-time" }, timeOf(entry)),
    h("span", { class: "entry-words", dir: "auto" }, wordsOf(entry)),
    h("span", { class: "entry-badges" }, badgesOf(entry), isWithAgent ? agentBadge(entry) : null),
  );
  return before ?? h("li", { class: "entry" }, link);
}

function timeOf(entry) {
  const { call } = entry;
  if (call && call.stage === "live" && call.startedAt) {
    return h("span", { "data-since": call.startedAt });
  }
  return entry.lastAt ? time(entry.lastAt) : "";
}

function wordsOf(entry) {
  if (entry.words) {
    return h("span", { class: entry.words.isPartial ? "is-partial" : null }, entry.words.text);
  }
  return `${channelName(entry.channel)} · ${t("live.turns", { count: entry.messageCount })}`;
}

function agentBadge(entry) {
  return h("span", { class: "badge" }, agentName(entry.agentId));
}

/** What there is to know of an entry at a glance. */
export function badgesOf(entry) {
  const { call } = entry;
  return [
    needsPerson(entry) && h("span", { class: "badge is-bad" }, t("talk.state.needsPerson")),
    call && call.stage !== "over" && h("span", { class: "badge is-good" }, named("talk.call", call.stage)),
    call && call.stage === "over" && h("span", { class: "badge" }, t("talk.call.over")),
    entry.status === "human" && h("span", { class: "badge is-info" }, t("talk.state.human")),
    entry.status === "closed" && h("span", { class: "badge" }, t("talk.state.closed")),
    entry.optedOut && h("span", { class: "badge is-warning" }, t("talk.state.optedOut")),
  ].filter(Boolean);
}
