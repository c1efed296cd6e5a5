// Costs by month and service, messages as the providers count them, and what could be saved.

import { h } from "../../shell/element.js";
import { cents, number } from "../../shell/formats.js";
import { language, t } from "../../shell/language.js";
import { explain } from "../../shell/notices.js";
import { adviceSection } from "./advice.js";
import { legend, monthChart } from "./chart.js";
import { outlookDrawn, unitsDrawn } from "./outlook.js";
import { tableOf } from "./table.js";

const CHOICES = [3, 6, 12];
const SERIES = 5;

/** Sections for administrators. */
export function spendingSections({ api }) {
  const body = h("div", { class: "parts", "aria-live": "polite" });
  const units = h("div", { class: "parts" });
  const messages = h("div", { class: "parts" });
  const choice = h(
    "select",
    { id: "cost-months", onChange: load },
    CHOICES.map((count) => h("option", { value: count }, number(count))),
  );
  async function load() {
    body.replaceChildren(h("p", { class: "loading" }, t("costs.spending.loading")));
    try {
      const answer = await api.get("/costs", { months: choice.value });
      body.replaceChildren(...outlookDrawn(answer), ...monthsDrawn(answer.months));
      units.replaceChildren(...unitsDrawn(answer.unit_costs, answer.prices, monthName));
      messages.replaceChildren(...messagingDrawn(answer.messaging));
    } catch (error) {
      const again = h("button", { type: "button", onClick: load }, t("costs.retry"));
      body.replaceChildren(h("p", { class: "problem" }, explain(error)), again);
      units.replaceChildren();
      messages.replaceChildren();
    }
  }
  const advice = adviceSection({ api });
  const months = h("div", { class: "field" }, h("label", { for: choice.id }, t("costs.spending.months")), choice);
  const nodes = [
    h(
      "section",
      { class: "card wide", "aria-labelledby": "spending-title" },
      h("div", { class: "page-head" }, h("h2", { id: "spending-title" }, t("costs.spending.title")), months),
      body,
      units,
      messages,
    ),
    advice.node,
  ];
  return { nodes, load: () => Promise.all([load(), advice.load()]) };
}

function monthsDrawn(months) {
  if (!months.length) {
    return [h("p", { class: "empty" }, t("costs.spending.empty"))];
  }
  const services = servicesOf(months);
  const shown = services.slice(0, services.length > SERIES + 1 ? SERIES : SERIES + 1);
  const hasOthers = shown.length < services.length;
  const columns = [...months].reverse().map((month) => columnOf(month, shown, hasOthers));
  const { currency } = months[0];
  // Whole cents, which add up to the total below.
  const amount = (value) => cents(value, currency);
  const said = columns.map(({ label, total }) => `${label} ${amount(total)}`).join(", ");
  return [
    monthChart({ months: columns, label: t("costs.spending.chart", { months: said }), amount }),
    legend([...shown, ...(hasOthers ? [t("costs.spending.others")] : [])]),
    tableOf({
      caption: t("costs.spending.caption"),
      heads: [t("costs.spending.service"), ...months.map(headOf)],
      rows: services.map((service) => [service, ...months.map((month) => amount(centsOf(month, service)))]),
      foot: [t("costs.spending.total"), ...months.map((month) => amount(Number(month.rounded_total)))],
      numbers: months.map((_, place) => place + 1),
    }),
  ];
}

/** All services, the dearest of all months together first. */
function servicesOf(months) {
  const sums = new Map();
  for (const { service, amount } of months.flatMap((month) => month.services)) {
    sums.set(service, (sums.get(service) ?? 0) + Number(amount));
  }
  return [...sums].sort(([, one], [, other]) => other - one).map(([service]) => service);
}

function columnOf(month, shown, hasOthers) {
  const parts = shown.map((service) => amountOf(month, service));
  const total = Number(month.total);
  const others = total - parts.reduce((sum, part) => sum + part, 0);
  return { label: monthName(month.month), total, parts: hasOthers ? [...parts, others] : parts };
}

function amountOf(month, service) {
  return Number(month.services.find((entry) => entry.service === service)?.amount ?? 0);
}

function centsOf(month, service) {
  return Number(month.services.find((entry) => entry.service === service)?.rounded ?? 0);
}

function headOf(month) {
  const mark = month.is_estimated && h("span", { class: "badge is-info" }, t("costs.spending.estimated"));
  return [monthName(month.month), " ", mark];
}

function monthName(month) {
  return new Date(`${month}-15`).toLocaleDateString(`${language()}-IN`, { month: "short", year: "numeric" });
}

function messagingDrawn(months) {
  const rows = months.flatMap(({ month, messages }) =>
    messages.map(({ channel, category, billable, count }) => [
      monthName(month),
      channel,
      category ?? t("costs.messaging.unsaid"),
      t(`costs.messaging.${billable === null ? "unsaid" : billable ? "yes" : "no"}`),
      number(count),
    ]),
  );
  const table = () =>
    tableOf({
      caption: t("costs.messaging.caption"),
      heads: ["month", "channel", "category", "billable", "count"].map((column) => t(`costs.messaging.${column}`)),
      rows,
      numbers: [4],
    });
  const empty = () => h("p", { class: "muted" }, t("costs.messaging.empty"));
  return [h("h3", {}, t("costs.messaging.title")), rows.length ? table() : empty()];
}
