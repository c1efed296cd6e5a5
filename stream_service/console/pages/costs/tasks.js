// The tasks that hold calls: how full, how quick.

import { h } from "../../shell/element.js";
import { milliseconds, number } from "../../shell/formats.js";
import { t } from "../../shell/language.js";
import { explain } from "../../shell/notices.js";
import { tableOf } from "./table.js";

const SLOW_MS = 100;

/** A section with the tasks; `look` asks for them. */
export function tasksSection({ api }) {
  const body = h("div", { class: "parts" });
  const node = h(
    "section",
    { class: "card", "aria-labelledby": "tasks-title" },
    h("h2", { id: "tasks-title" }, t("costs.tasks.title")),
    body,
  );
  return {
    node,
    async look() {
      try {
        body.replaceChildren(...drawn(await api.get("/live")));
      } catch (error) {
        body.replaceChildren(h("p", { class: "problem" }, explain(error)));
      }
    },
  };
}

function drawn({ active_calls: calls, capacity, tasks }) {
  if (!tasks.length) {
    return [h("p", { class: "problem" }, t("costs.tasks.none"))];
  }
  const summary = { calls: number(calls), capacity: number(capacity), count: tasks.length };
  return [
    h("p", {}, t("costs.tasks.summary", summary)),
    h("meter", { min: 0, max: Math.max(1, capacity), high: capacity * 0.8, value: calls, "aria-label": t("costs.tasks.summary", summary) }),
    tableOf({
      caption: t("costs.tasks.caption"),
      heads: ["task", "calls", "capacity", "lag", "state"].map((column) => t(`costs.tasks.${column}`)),
      rows: tasks.map(rowOf),
      numbers: [1, 2, 3],
    }),
  ];
}

function rowOf(task) {
  const isSlow = task.loop_lag_ms > SLOW_MS;
  return [
    h("code", { title: task.task_id }, task.task_id.slice(0, 8)),
    number(task.active_calls),
    number(task.capacity),
    milliseconds(task.loop_lag_ms),
    [
      h("span", { class: `badge ${task.is_draining ? "is-warning" : "is-good"}` }, t(`costs.tasks.${task.is_draining ? "draining" : "open"}`)),
      isSlow && h("span", { class: "badge is-warning" }, t("costs.tasks.slow")),
    ],
  ];
}
