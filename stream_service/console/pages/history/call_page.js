// One call: its recording, and what was said at each moment of it.

import { h, icon } from "../../shell/element.js";
import { duration, exactTime } from "../../shell/formats.js";
import { t } from "../../shell/language.js";
import { explain } from "../../shell/notices.js";
import { fileName } from "../../conversations/export.js";
import { endReason, named, readableId, speakerName } from "../../conversations/names.js";
import { turnItems } from "../../conversations/turn_view.js";
import { downloadsView, factsView, headOf, momentView, stoppedView } from "./parts.js";
import { turnAt } from "./playback.js";
import { Player } from "./player.js";

const PAGE_LIMIT = 100;
const MOST_PAGES = 30;

export class CallPage {
  constructor({ api }, sid) {
    this._api = api;
    this._sid = sid;
    this._path = `/calls/${encodeURIComponent(sid)}`;
    this._abort = new AbortController();
    this._current = -1;
    this._onKey = (event) => this._player?.handleKey(event);
    this.element = h("div", { class: "one" });
  }

  async start() {
    try {
      this._call = await this._get(this._path);
    } catch (error) {
      if (!this._abort.signal.aborted) {
        this.element.replaceChildren(stoppedView(error, explain(error)));
      }
      return;
    }
    this._turns = this._call.transcript.toSorted((one, other) => one.start_ms - other.start_ms);
    this._build();
    document.addEventListener("keydown", this._onKey);
    // Neither keeps the page waiting: it can be read meanwhile.
    this._player?.start();
    this._learnMore();
  }

  end() {
    this._abort.abort();
    document.removeEventListener("keydown", this._onKey);
    this._player?.end();
  }

  _build() {
    const call = this._call;
    this._player = call.has_recording ? this._buildPlayer() : null;
    this._list = h("ol", { class: "turns is-playable" }, this._turns.map((turn, place) => this._item(turn, place)));
    this._announcement = h("p", { class: "unseen", role: "status" });
    const conversation = `#/history/conversations/${encodeURIComponent(call.conversation_id)}`;
    this.element.replaceChildren(
      headOf(readableId(call.caller_id), h("a", { class: "button", href: conversation }, icon("chat"), t("history.fact.conversation"))),
      factsView(this._facts()),
      this._player?.element ?? h("p", { class: "card muted" }, t("history.player.none")),
      h(
        "section",
        { class: "card" },
        h("div", { class: "page-head" }, h("h2", {}, t("history.transcript")), downloadsView(() => this._told())),
        this._turns.length ? this._list : h("p", { class: "empty" }, t("history.transcript.empty")),
        this._announcement,
      ),
    );
  }

  _buildPlayer() {
    return new Player({
      askAddress: () => this._get(`${this._path}/recording`),
      lengthMs: this._call.recording_ms,
      fileName: fileName("call", this._sid, "wav"),
      onMove: (atMs, { isPlaying }) => this._mark(turnAt(this._turns, atMs), isPlaying),
    });
  }

  _facts() {
    const call = this._call;
    const beganAt = Date.parse(call.answered_at ?? call.started_at);
    return [
      ["direction", t(`talk.direction.${call.direction}`)],
      ["user", readableId(call.caller_id)],
      ["number", readableId(call.business_id)],
      ["began", momentView(call.started_at)],
      ["length", call.ended_at && duration(Date.parse(call.ended_at) - beganAt)],
      ["ended", call.ended_at ? endReason(call.end_reason ?? call.state) : named("talk.call", call.state)],
      ["id", h("code", {}, call.call_sid)],
    ];
  }

  _item(turn, place) {
    const onSeek = this._player ? () => this._playFrom(place) : null;
    return turnItems(asMessage(turn, place), { isCall: true, onSeek }).at(-1);
  }

  async _playFrom(place) {
    const turn = this._turns[place];
    await this._player.seek(turn.start_ms, { playing: true });
    const who = speakerName(turn, { isCall: true });
    // Only what the person asked for is said: while it plays, the recording itself is to be heard.
    this._announcement.textContent = t("history.player.playsFrom", { at: duration(turn.start_ms), who });
  }

  /** Show which turn is heard, and keep it in sight while it plays. */
  _mark(place, isPlaying) {
    if (place === this._current || !this._list) {
      return;
    }
    this._list.children[this._current]?.removeAttribute("aria-current");
    this._current = place;
    const item = this._list.children[place];
    item?.setAttribute("aria-current", "true");
    if (isPlaying && item && !isInSight(item)) {
      const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      item.scrollIntoView({ block: "center", behavior: isCalm ? "auto" : "smooth" });
    }
  }

  /** How long the answers took, and what they rest on, is known of the conversation's messages. */
  async _learnMore() {
    let cursor = null;
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      let page;
      try {
        const path = `/conversations/${encodeURIComponent(this._call.conversation_id)}/messages`;
        page = await this._get(path, { limit: PAGE_LIMIT, cursor });
      } catch {
        // The transcript is whole without it.
        return;
      }
      page.items.filter((message) => message.call_sid === this._sid).forEach((message) => this._enrich(message));
      cursor = page.next_cursor;
      if (!cursor) {
        return;
      }
    }
  }

  _enrich(message) {
    const place = this._turns.findIndex((turn) => turn.start_ms === message.start_ms && turn.speaker === message.speaker);
    const known = this._turns[place];
    if (!known || message.speaker !== "agent" || known.text !== message.text) {
      return;
    }
    this._turns[place] = { ...known, ...message };
    const item = this._item(this._turns[place], place);
    if (place === this._current) {
      item.setAttribute("aria-current", "true");
    }
    const old = this._list.children[place];
    const hadFocus = old.contains(document.activeElement);
    old.replaceWith(item);
    if (hadFocus) {
      item.querySelector("button")?.focus({ preventScroll: true });
    }
  }

  async _told() {
    const call = this._call;
    return {
      kind: "call",
      id: call.call_sid,
      title: `${t("talk.channel.voice")}: ${readableId(call.caller_id)}`,
      facts: [
        [t("history.fact.began"), exactTime(call.started_at)],
        [t("history.fact.ended"), call.ended_at ? endReason(call.end_reason ?? call.state) : ""],
        [t("history.fact.id"), call.call_sid],
      ],
      turns: this._turns.map((turn) => ({
        startMs: turn.start_ms,
        who: speakerName(turn, { isCall: true }),
        text: turn.text,
        isInterrupted: turn.interrupted,
      })),
      answer: call,
    };
  }

  _get(path, query = {}) {
    return this._api.get(path, query, { signal: this._abort.signal });
  }
}

/** A turn of the call's transcript as turns are shown everywhere. */
function asMessage(turn, place) {
  return { id: `turn-${place}`, kind: "speech", at: null, ...turn };
}

function isInSight(item) {
  const { top, bottom } = item.getBoundingClientRect();
  return top >= 0 && bottom <= window.innerHeight;
}
