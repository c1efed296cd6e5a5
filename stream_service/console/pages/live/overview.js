// How much is going on, and whether what is shown is current.

import { h, icon } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { counts } from "./state.js";

export class Overview {
  constructor() {
    this._figures = h("ul", { class: "figures" });
    this._interruption = h("p", { class: "interruption", role: "status" });
    this.element = h("div", { class: "overview" }, this._figures, this._interruption);
  }

  draw(state, live) {
    const { liveCalls, needPerson, withPerson } = counts(state);
    const figures = [
      figure(t("live.count.calls", { count: liveCalls }), liveCalls > 0 ? "is-good" : ""),
      needPerson > 0 && figure(t("live.count.needPerson", { count: needPerson }), "is-bad"),
      withPerson > 0 && figure(t("live.count.withPerson", { count: withPerson }), "is-info"),
      live && figure(t("live.count.capacity", { free: Math.max(0, live.capacity - live.active_calls) })),
      live && figure(tasksText(live.tasks)),
    ].filter(Boolean);
    const words = figures.map((each) => each.textContent).join("\n");
    if (words !== this._words) {
      this._figures.replaceChildren(...figures);
      this._words = words;
    }
  }

  /** Say what became of the updates; nothing while they come. */
  noteUpdates(state) {
    const key = { waiting: "live.interrupted", refused: "live.refused", connecting: "live.connecting" }[state];
    this._interruption.replaceChildren(...(key ? [icon("warning"), t(key)] : []));
    this._interruption.hidden = !key;
  }

  noteProblem(text) {
    this._interruption.replaceChildren(icon("warning"), text);
    this._interruption.hidden = false;
  }
}

function figure(text, kind = "") {
  return h("li", { class: kind }, text);
}

function tasksText(tasks) {
  const draining = tasks.filter((task) => task.is_draining).length;
  const words = t("live.tasks", { count: tasks.length });
  return draining ? `${words} · ${t("live.tasks.draining", { count: draining })}` : words;
}
