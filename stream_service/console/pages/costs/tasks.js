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
  const counts = { calls: number(calls), capacity: number(capacity), count: tasks.length };
  const said = t("costs.tasks.summary", counts);
  return [
    h("p", {}, said),
    h("meter", { min: 0, max: Math.max(1, capacity), high: capacity * 0.8, value: calls, "aria-label": said }),
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
      task.is_draining
        ? h("span", { class: "badge is-warning" }, t("costs.tasks.draining"))
        : h("span", { class: "badge is-good" }, t("costs.tasks.open")),
      isSlow && h("span", { class: "badge is-warning" }, t("costs.tasks.slow")),
    ],
  ];
}
