// Whether each part of the platform answers.

import { h } from "../../shell/element.js";
import { milliseconds, time } from "../../shell/formats.js";
import { t } from "../../shell/language.js";
import { tableOf } from "./table.js";

const PARTS = ["stream", "voice_webhook", "message_webhook", "history_api", "admin_api", "cost_report"];
const TIMEOUT_MS = 8_000;

/** A section with the health of all parts; `look` asks them. */
export function healthSection({ config }) {
  const summary = h("p", { role: "status", class: "health-summary" });
  const table = h("div", {});
  const asked = h("p", { class: "hint" }, t("costs.health.intro"));
  const node = h(
    "section",
    { class: "card", "aria-labelledby": "health-title" },
    h("h2", { id: "health-title" }, t("costs.health.title")),
    summary,
    table,
    asked,
  );
  return {
    node,
    async look() {
      const found = await Promise.all(PARTS.map((part) => askOne(config.api_base_url, part)));
      const bad = found.filter(({ look }) => look !== "is-good").map(({ name }) => name);
      const counts = { all: PARTS.length, bad: bad.length, names: bad.join(", ") };
      const said = bad.length ? t("costs.health.someBad", counts) : t("costs.health.allWell", counts);
      // A live region speaks whenever it is written to: only news is worth that.
      if (summary.textContent !== said) {
        summary.textContent = said;
      }
      summary.className = bad.length ? "health-summary is-bad" : "health-summary";
      table.replaceChildren(drawn(found));
      asked.textContent = t("costs.health.asked", { time: time(new Date()) });
    },
  };
}

async function askOne(base, part) {
  const name = t(`costs.part.${part}`);
  const started = performance.now();
  try {
    const response = await fetch(`${base}/health/${part}`, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
    const { data } = await response.json().catch(() => ({ data: null }));
    return { name, tookMs: performance.now() - started, ...verdict(response, data) };
  } catch {
    return { name, tookMs: null, look: "is-bad", text: t("costs.health.silent") };
  }
}

function verdict(response, data) {
  const retryAfter = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  if (!response.ok) {
    const isBusy = response.status === 503 && retryAfter > 0;
    const text = isBusy
      ? t("costs.health.busy", { seconds: retryAfter })
      : t("costs.health.bad", { status: response.status });
    return { look: "is-bad", text };
  }
  return data?.draining
    ? { look: "is-warning", text: t("costs.health.draining") }
    : { look: "is-good", text: t("costs.health.good") };
}

function drawn(found) {
  const rows = found.map(({ name, look, text, tookMs }) => [
    name,
    h("span", { class: `badge ${look}` }, text),
    tookMs === null ? "–" : milliseconds(tookMs),
  ]);
  return tableOf({
    caption: t("costs.health.caption"),
    heads: ["part", "state", "took"].map((column) => t(`costs.health.${column}`)),
    rows,
    numbers: [2],
  });
}
