// The end of the month, what is unusual, and what a minute of a call and a message cost.

import { h } from "../../shell/element.js";
import { money, number, unitPrice } from "../../shell/formats.js";
import { language, t } from "../../shell/language.js";
import { tableOf } from "./table.js";

/** What could not be had, what the month will come to, and what stands out, as nodes. */
export function outlookDrawn({ problems, forecast, anomalies }) {
  const missing = problems.map(({ part }) => h("p", { class: "problem" }, t(`costs.missing.${part}`)));
  return [...missing, ...(forecast ? [forecastDrawn(forecast)] : []), ...(anomalies.length ? unusual(anomalies) : [])];
}

function forecastDrawn({ currency, expected, low, high, so_far: soFar }) {
  const amount = (value) => money(Number(value), currency);
  return h(
    "p",
    { class: "forecast" },
    h("strong", {}, t("costs.forecast.expected", { amount: amount(expected) })),
    " ",
    t("costs.forecast.range", { low: amount(low), high: amount(high), soFar: amount(soFar) }),
  );
}

// Where to look comes from the API in English; a screen reader is told so.
function unusual(anomalies) {
  const item = (anomaly) =>
    h(
      "li",
      {},
      h("p", {}, t("costs.unusual.item", {
        service: anomaly.service,
        excess: money(Number(anomaly.excess), anomaly.currency),
        usual: money(Number(anomaly.usual_per_day), anomaly.currency),
        days: daysOf(anomaly),
      })),
      h("p", { class: "hint", lang: "en" }, anomaly.where_to_look),
    );
  return [h("h3", {}, t("costs.unusual.title")), h("ul", { class: "advice" }, anomalies.map(item))];
}

function byUse(month, unit, monthName, amount) {
  return t("costs.unit.byUse", { month: monthName(month.month), amount: amount(month[unit].per_unit_by_use) });
}

function daysOf({ first_day: first, last_day: last }) {
  return first === last ? dayName(first) : `${dayName(first)} – ${dayName(last)}`;
}

function dayName(day) {
  return new Date(`${day}T12:00:00`).toLocaleDateString(`${language()}-IN`, { day: "numeric", month: "short" });
}

/** What one cost, in parts that add up, month by month. */
export function unitsDrawn(months, prices, monthName) {
  const nodes = ["call_minute", "message"].flatMap((unit) => unitDrawn(unit, months, monthName));
  const assumed = prices.filter((price) => price.is_assumed).length;
  const note = t("costs.unit.prices", { assumed: number(assumed), all: number(prices.length) });
  return [
    h("h3", {}, t("costs.unit.title")),
    ...(nodes.length ? nodes : [h("p", { class: "muted" }, t("costs.unit.none"))]),
    h("p", { class: "hint" }, note),
  ];
}

function unitDrawn(unit, months, monthName) {
  const used = months.filter((month) => month[unit].per_unit !== null);
  if (!used.length) {
    return [];
  }
  const amount = (value) => unitPrice(Number(value));
  const rows = used[0][unit].parts.map(({ part }) => [
    t(`costs.part.of.${part}`),
    ...used.map((month) => amount(month[unit].parts.find((one) => one.part === part).per_unit)),
  ]);
  const missing = [...new Set(used.flatMap((month) => month[unit].parts.flatMap((part) => part.missing)))];
  return [
    tableOf({
      caption: t(`costs.unit.caption.${unit}`),
      heads: [t(`costs.unit.${unit}`), ...used.map((month) => monthName(month.month))],
      rows,
      foot: [t("costs.spending.total"), ...used.map((month) => amount(month[unit].per_unit))],
      numbers: used.map((_, place) => place + 1),
    }),
    h("p", { class: "hint" }, used.map((month) => byUse(month, unit, monthName, amount)).join(" · ")),
    missing.length > 0 && h("p", { class: "hint" }, t("costs.unit.without"), " ", h("span", { lang: "en" }, missing.join(", "))),
  ].filter(Boolean);
}
