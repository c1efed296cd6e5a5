// The transcript of a followed conversation: a window on its latest turns that stays at the end while one looks there.

import { h, icon } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { noteItem, turnItems } from "../../conversations/turn_view.js";
import { speakerName } from "../../conversations/names.js";
import { arrange } from "./frames.js";
import { linesOf, partialOf } from "./transcript.js";

const SHOWN_AT_FIRST = 80;
const SHOWN_MORE = 80;
/** So close to the end counts as being there. */
const NEAR_PX = 60;

export class TranscriptView {
  constructor() {
    this._shown = SHOWN_AT_FIRST;
    this._earlier = h("button", { type: "button", class: "link earlier", hidden: true, onClick: () => this._showEarlier() });
    this._turns = h("ol", { class: "turns" });
    // What is being said changes several times a second: nobody wants that read out.
    this._partial = h("p", { class: "turn is-user is-partial", hidden: true, "aria-hidden": "true" });
    this._toNewest = h("button", { type: "button", class: "to-newest", hidden: true, onClick: () => this._goToEnd() }, icon("down"), t("live.toNewest"));
    this._empty = h("p", { class: "empty", hidden: true }, t("live.transcript.empty"));
    this._scroller = h(
      "div",
      { class: "transcript", tabindex: "0", role: "log", "aria-label": t("live.transcript"), onScroll: () => this._noteScroll() },
      this._earlier,
      this._empty,
      this._turns,
      this._partial,
    );
    this.element = h("div", { class: "transcript-frame" }, this._scroller, this._toNewest);
    this._isAtEnd = true;
    this._made = new Map();
  }

  draw(followed, { isCall }) {
    this._drawn = { followed, isCall };
    const lines = linesOf(followed.transcript);
    const shown = lines.slice(-this._shown);
    const hidden = lines.length - shown.length;
    const items = shown.flatMap((line) => this._itemsOf(line, isCall));
    arrange(this._turns, items);
    this._earlier.hidden = hidden === 0;
    this._earlier.textContent = t("live.earlier", { count: hidden });
    this._drawPartial(partialOf(followed.transcript));
    this._empty.hidden = !followed.isRead || items.length > 0 || !this._partial.hidden;
    if (this._isAtEnd) {
      this._goToEnd();
    } else {
      this._toNewest.hidden = false;
    }
  }

  /** What `arrange` wants to know of a line; made anew only if it looks different. */
  _itemsOf(line, isCall) {
    const version = line.kind === "note" ? line.note.kind : versionOf(line.message);
    const known = this._made.get(line.key);
    if (known?.version === version) {
      return known.items;
    }
    const made = line.kind === "note" ? [noteItem(line.note, line.at)] : turnItems(line.message, { isCall });
    const items = made.map((item, place) => ({
      key: place === made.length - 1 ? line.key : `${line.key}/${place}`,
      version,
      make: (before) => (before ? renew(before, item) : item),
    }));
    this._made.set(line.key, { version, items });
    return items;
  }

  _drawPartial(words) {
    this._partial.hidden = !words;
    if (words) {
      this._partial.replaceChildren(h("span", { class: "words", dir: "auto" }, words), h("span", { class: "dots" }, h("span"), h("span"), h("span")));
    }
  }

  _showEarlier() {
    const { scrollHeight, scrollTop } = this._scroller;
    this._shown += SHOWN_MORE;
    this._isAtEnd = false;
    this.draw(this._drawn.followed, this._drawn);
    this._scroller.scrollTop = scrollTop + this._scroller.scrollHeight - scrollHeight;
  }

  _goToEnd() {
    this._scroller.scrollTop = this._scroller.scrollHeight;
    this._isAtEnd = true;
    this._toNewest.hidden = true;
  }

  _noteScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this._scroller;
    this._isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    this._toNewest.hidden &&= this._isAtEnd;
    if (this._isAtEnd) {
      this._toNewest.hidden = true;
    }
  }
}

function versionOf(message) {
  return JSON.stringify([
    message.text, message.delivery_status, message.interrupted, message.agent_id, message.stages_ms, message.end_ms,
    message.unanswered_because, message.statuses?.length, message.media?.map((file) => file.state), message.citations?.length, speakerName(message),
  ]);
}

/** Change only what is different: what stays is not read out again, and what was unfolded stays so. */
function renew(before, item) {
  const wasOpen = before.querySelector("details[open]") !== null;
  const children = [...item.childNodes];
  children.forEach((child, place) => {
    const old = before.childNodes[place];
    if (!old) {
      before.append(child);
    } else if (!old.isEqualNode(child)) {
      old.replaceWith(child);
    }
  });
  [...before.childNodes].slice(children.length).forEach((child) => child.remove());
  before.className = item.className;
  if (wasOpen) {
    before.querySelector("details")?.setAttribute("open", "");
  }
  return before;
}
