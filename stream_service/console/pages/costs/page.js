// Costs and health: is everything well, how quick is it, what does it cost.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { healthSection } from "./health.js";
import { latencySection } from "./latency.js";
import { messages as ownMessages } from "./messages.js";
import { messages as outlookMessages } from "./outlook_messages.js";
import { spendingSections } from "./spending.js";
import { tasksSection } from "./tasks.js";
import { lookWhileVisible } from "./watching.js";

export const messages = {
  en: { ...ownMessages.en, ...outlookMessages.en },
  hi: { ...ownMessages.hi, ...outlookMessages.hi },
};

const EVERY_MS = 10_000;

/** Fill `place`; costs are for administrators. */
export async function open(place, context) {
  const health = healthSection(context);
  const tasks = tasksSection(context);
  const latency = latencySection(context);
  const spending = context.session.isAdmin ? spendingSections(context) : null;
  place.append(
    h("div", { class: "page-head" }, h("h1", {}, t("costs.title"))),
    h("div", { class: "sections" }, health.node, tasks.node, latency.node, spending?.nodes ?? adminsOnly()),
  );
  const stop = lookWhileVisible(() => Promise.all([health.look(), tasks.look()]), EVERY_MS);
  latency.load();
  spending?.load();
  return stop;
}

function adminsOnly() {
  return h("p", { class: "muted wide" }, t("costs.spending.adminOnly"));
}
