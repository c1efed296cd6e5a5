// What lies idle, and which reservations would be cheaper.

import { h } from "../../shell/element.js";
import { money, number, time } from "../../shell/formats.js";
import { t } from "../../shell/language.js";
import { explain } from "../../shell/notices.js";

/** A section with recommendations. */
export function adviceSection({ api }) {
  const body = h("div", { class: "parts" });
  const node = h(
    "section",
    { class: "card wide", "aria-labelledby": "advice-title" },
    h("h2", { id: "advice-title" }, t("costs.advice.title")),
    body,
  );
  async function load() {
    try {
      body.replaceChildren(...drawn(await api.get("/costs/recommendations")));
    } catch (error) {
      const again = h("button", { type: "button", onClick: load }, t("costs.retry"));
      body.replaceChildren(h("p", { class: "problem" }, t("costs.advice.failed", { message: explain(error) })), again);
    }
  }
  return { node, load };
}

function drawn({ idle, reservations }) {
  if (!idle.length && !reservations.length) {
    return [h("p", { class: "muted" }, t("costs.advice.none"))];
  }
  return [
    ...(idle.length ? [h("h3", {}, t("costs.advice.idle")), h("ul", { class: "advice" }, idle.map(idleItem))] : []),
    ...(reservations.length
      ? [h("h3", {}, t("costs.advice.reservations")), h("ul", { class: "advice" }, reservations.map(reservationItem))]
      : []),
  ];
}

// What to do comes from the API in English; a screen reader is told so.
function idleItem(item) {
  const cost = item.monthly_cost === null ? null : t("costs.advice.month", { amount: money(Number(item.monthly_cost)) });
  return h(
    "li",
    {},
    h("code", {}, item.resource),
    h("p", { class: "hint" }, [t("costs.advice.since", { time: time(item.idle_since) }), cost].filter(Boolean).join(" · ")),
    h("p", { lang: "en" }, item.action),
    item.commands.map(typed),
    item.assumption && h("p", { class: "hint", lang: "en" }, item.assumption),
  );
}

function reservationItem(item) {
  const amount = (value) => money(Number(value), item.currency);
  const said = {
    count: number(item.count),
    instance: item.instance,
    service: item.service,
    years: number(item.term_years),
    saving: amount(item.monthly_saving),
    upfront: amount(item.upfront_cost),
  };
  return h(
    "li",
    {},
    h("p", {}, t("costs.advice.reserve", said)),
    h("p", { class: "hint" }, t("costs.advice.lookback", { days: number(item.lookback_days) })),
    typed(item.command),
  );
}

// To be copied into a terminal.
function typed(command) {
  return h("p", {}, h("code", { lang: "en" }, command));
}
