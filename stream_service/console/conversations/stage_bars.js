// How long an answer took, as one line of stages and as a table.

import { h } from "../shell/element.js";
import { milliseconds } from "../shell/formats.js";
import { t } from "../shell/language.js";
import { stageLine } from "./stages.js";

/** A line of this length stands for so many milliseconds, so that lines can be compared with each other. */
const FULL_LINE_MS = 2000;

/** The bars of an answer's stages with further `asides` about it, or null when nothing is known of them. */
export function stageBars(stagesMs, asides = []) {
  const line = stageLine(stagesMs);
  if (!line) {
    return null;
  }
  const words = t(line.isSpoken ? "talk.stages.spoken" : "talk.stages.written", { time: milliseconds(line.totalMs) });
  return h(
    "details",
    { class: "stages", "aria-live": "off" },
    h("summary", {}, drawLine(line), h("span", {}, words)),
    h(
      "table",
      { class: "stage-table" },
      h("caption", { class: "unseen" }, t("talk.stages.caption")),
      h(
        "thead",
        { class: "unseen" },
        h("tr", {}, ["stage", "share", "time"].map((name) => h("th", { scope: "col" }, t(`talk.stages.${name}`)))),
      ),
      h("tbody", {}, line.rows.map(stageRow), line.inside.map(insideRow)),
      h(
        "tfoot",
        {},
        h("tr", {}, h("th", { scope: "row" }, t("talk.stages.total")), h("td"), h("td", {}, milliseconds(line.totalMs))),
      ),
    ),
    asides.map((aside) => h("p", {}, aside)),
  );
}

function drawLine(line) {
  const drawn = h("span", { class: "stage-line", "aria-hidden": "true" }, line.rows.map(({ stage, share }) => {
    const part = h("span", { "data-stage": stage });
    part.style.setProperty("--share", share);
    return part;
  }));
  drawn.style.setProperty("--whole", Math.max(0.04, Math.min(1, line.totalMs / FULL_LINE_MS)));
  return drawn;
}

function stageRow({ stage, ms, startShare, share }) {
  const bar = h("span", { class: "stage-bar", "data-stage": stage, "aria-hidden": "true" });
  bar.style.setProperty("--start", startShare);
  bar.style.setProperty("--share", share);
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("span", { class: "stage-dot", "data-stage": stage, "aria-hidden": "true" }), t(`talk.stage.${stage}`)),
    h("td", { class: "stage-track" }, bar),
    h("td", {}, milliseconds(ms)),
  );
}

function insideRow({ stage, ms }) {
  const name = t("talk.stages.inside", { stage: t(`talk.stage.${stage}`) });
  return h("tr", { class: "is-inside" }, h("th", { scope: "row" }, name), h("td"), h("td", {}, milliseconds(ms)));
}
