// A followed conversation as it is shown: who, the transcript, and how to step in.

import { ask } from "../../shell/dialog.js";
import { h, icon } from "../../shell/element.js";
import { duration } from "../../shell/formats.js";
import { t } from "../../shell/language.js";
import { explain, notice, problem } from "../../shell/notices.js";
import { agentName, channelName, endReason, readableId, userName } from "../../conversations/names.js";
import { badgesOf } from "./list_view.js";
import { isOnTelephone } from "./state.js";
import { ReplyBox } from "./reply_box.js";
import { TranscriptView } from "./transcript_view.js";

export class ConversationView {
  constructor(followed) {
    this._followed = followed;
    this._transcript = new TranscriptView();
    this._reply = new ReplyBox({ write: (text, key) => followed.write(text, key) });
    this._heading = h("h2", { tabindex: -1 });
    this._facts = h("p", { class: "facts" });
    this._badges = h("span", { class: "entry-badges" });
    this._hands = h("button", { type: "button", onClick: () => this._changeHands() });
    this._problem = h("p", { class: "problem", role: "alert" });
    this._history = h("a", { class: "button", href: `#/history/conversations/${encodeURIComponent(followed.id)}` }, icon("history"), t("live.openHistory"));
    this.element = h(
      "section",
      { class: "live-open card" },
      h("a", { class: "back", href: "#/live" }, icon("back"), t("live.back")),
      h("header", {}, h("div", { class: "who-is-it" }, h("div", { class: "name-line" }, this._heading, this._badges), this._facts), h("div", { class: "actions" }, this._hands, this._history)),
      this._problem,
      this._transcript.element,
      this._reply.element,
    );
  }

  draw(entry) {
    this._entry = entry;
    this._heading.textContent = userName(entry);
    this._badges.replaceChildren(...badgesOf(entry));
    this._facts.replaceChildren(...factsOf(entry));
    this._problem.textContent = this._followed.problem ? t("live.readFailed", { message: explain(this._followed.problem) }) : "";
    this._drawHands(entry);
    this._transcript.draw(this._followed, { isCall: entry.channel === "voice" });
    this._reply.draw(entry);
    this.element.setAttribute("aria-busy", String(!this._followed.isRead && !this._followed.problem));
    this.tick();
  }

  /** Let the length of a call in progress go on. */
  tick() {
    const shown = this._facts.querySelector("[data-since]");
    if (shown) {
      shown.textContent = t("live.since", { duration: duration(Date.now() - Number(shown.dataset.since)) });
    }
  }

  focus() {
    this._heading.focus({ preventScroll: true });
  }

  _drawHands(entry) {
    const isHuman = entry.status === "human";
    const isOver = entry.status === "closed" || (entry.channel === "voice" && !isOnTelephone(entry));
    this._hands.hidden = isOver && !isHuman;
    this._hands.className = isHuman ? "" : "primary";
    this._hands.textContent = t(isHuman ? "live.giveBack" : "live.takeOver");
  }

  async _changeHands() {
    const isHuman = this._entry.status === "human";
    const key = isHuman ? "live.giveBack" : "live.takeOver";
    const text = !isHuman && this._entry.channel === "voice" ? "live.takeOver.call" : `${key}.text`;
    if (!(await ask({ title: t(`${key}.title`), text: t(text), confirm: t(key) }))) {
      return;
    }
    this._hands.disabled = true;
    try {
      await (isHuman ? this._followed.giveBack() : this._followed.takeOver());
      notice(t(isHuman ? "live.givenBack" : "live.takenOver"));
      if (!isHuman && this._entry.channel !== "voice") {
        this._reply.focus();
      }
    } catch (error) {
      problem(error);
    } finally {
      this._hands.disabled = false;
    }
  }
}

function factsOf(entry) {
  const { call } = entry;
  return [
    channelName(entry.channel),
    entry.userName && readableId(entry.userId),
    entry.agentId && agentName(entry.agentId),
    call?.stage === "live" && call.startedAt && h("span", { "data-since": call.startedAt }),
    call?.stage === "over" && call.startedAt && call.endedAt && t("live.lasted", { duration: duration(call.endedAt - call.startedAt) }),
    call?.stage === "over" && call.reason && endReason(call.reason),
  ]
    .filter(Boolean)
    .map((fact) => h("span", {}, fact));
}
