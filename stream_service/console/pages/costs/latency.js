// How long recent replies took, stage by stage, and what they cost.

import { h } from "../../shell/element.js";
import { milliseconds, money, number } from "../../shell/formats.js";
import { t } from "../../shell/language.js";
import { explain } from "../../shell/notices.js";
import { TEXT_STAGES, VOICE_STAGES, costsByModel, latencies, readReplies } from "./replies.js";
import { tableOf } from "./table.js";

const WIDTH = 200;
const HEIGHT = 22;

/** A section with both; it reads once, and again when it is asked to. */
export function latencySection({ api }) {
  const body = h("div", { class: "parts", "aria-live": "polite" });
  const button = h("button", { type: "button", onClick: load }, t("costs.refresh"));
  const node = h(
    "section",
    { class: "card wide", "aria-labelledby": "latency-title" },
    h("div", { class: "page-head" }, h("h2", { id: "latency-title" }, t("costs.latency.title")), button),
    body,
  );
  async function load() {
    button.disabled = true;
    try {
      body.replaceChildren(...drawn(await readReplies(api)));
    } catch (error) {
      body.replaceChildren(h("p", { class: "problem" }, explain(error)));
    } finally {
      button.disabled = false;
    }
  }
  return { node, load };
}

function drawn(replies) {
  const timed = replies.filter(({ stages_ms: stages }) => Object.keys(stages).length > 0);
  if (!timed.length) {
    return [h("p", { class: "empty" }, t("costs.latency.empty"))];
  }
  const spoken = timed.filter(({ channel }) => channel === "voice");
  const written = timed.filter(({ channel }) => channel !== "voice");
  return [
    h("p", { class: "hint" }, t("costs.latency.intro", { count: number(timed.length) })),
    ...stagesOf("voice", latencies(spoken, VOICE_STAGES)),
    ...stagesOf("text", latencies(written, TEXT_STAGES)),
    ...modelsOf(costsByModel(replies)),
  ];
}

function stagesOf(name, stages) {
  if (!stages.length) {
    return [];
  }
  const longest = Math.max(1, ...stages.map(({ slowMs }) => slowMs));
  const title = t(`costs.latency.${name}`);
  const table = tableOf({
    caption: title,
    heads: ["stage", "bars", "typical", "slow", "turns"].map((column) => t(`costs.latency.${column}`)),
    rows: stages.map(({ stage, typicalMs, slowMs, count }) => [
      t(`costs.stage.${stage}`),
      bars(typicalMs / longest, slowMs / longest),
      milliseconds(typicalMs),
      milliseconds(slowMs),
      number(count),
    ]),
    numbers: [2, 3, 4],
  });
  return [h("h3", {}, title), table];
}

/** Two bars, one under the other; what they show stands beside them in numbers. */
function bars(typical, slow) {
  const bar = (share, y, look) => h("rect", { x: 0, y, width: Math.max(1, share * WIDTH), height: 8, rx: 2, class: look });
  return h(
    "svg",
    {
      class: "stage-bars",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
      focusable: "false",
    },
    bar(typical, 2, "typical"),
    bar(slow, 12, "slow"),
  );
}

function modelsOf(models) {
  if (!models.length) {
    return [];
  }
  const rows = models.map(({ model, replies, input, output, cost }) => [
    model || t("costs.models.unnamed"),
    number(replies),
    number(input),
    number(output),
    cost === null ? t("costs.models.unknown") : money(cost),
  ]);
  const table = tableOf({
    caption: t("costs.models.caption"),
    heads: ["model", "replies", "input", "output", "cost"].map((column) => t(`costs.models.${column}`)),
    rows,
    numbers: [1, 2, 3, 4],
  });
  return [h("h3", {}, t("costs.models.title")), table];
}
