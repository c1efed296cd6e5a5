// Where a message would go: a message to try, and what every step says to it.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { problem as showProblem } from "../../shell/notices.js";
import { CHANNELS, PERSON } from "./rule_kinds.js";
import { labelled } from "./parts.js";
import { rulePath } from "./places.js";

const SIGNS = { decided: "✔", passed: "○", not_asked: "–" };

/** Fill `place` with the test. */
export async function openRoutingTest(place, { api }) {
  const { items } = await api.get("/agents");
  const agents = new Map(items.map((agent) => [agent.id, agent]));
  const fields = fieldsOf(items);
  const button = h("button", { type: "submit", class: "primary" }, t("agents.test.run"));
  const result = h("section", { class: "card result", "aria-labelledby": "result-title", hidden: true });
  const announced = h("p", { class: "unseen", role: "status" });
  const form = h(
    "form",
    { class: "card edit-form" },
    fields.text.node,
    fields.channel.node,
    h(
      "details",
      { class: "circumstances" },
      h("summary", {}, t("agents.test.circumstances")),
      ...["at", "language", "payload", "referral", "user_id", "active_agent_id"].map((name) => fields[name].node),
    ),
    h("div", { class: "actions" }, button),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      const tried = await api.post("/routing-rules/test", trialOf(fields));
      result.hidden = false;
      result.replaceChildren(...resultOf(tried, agents));
      announced.textContent = headline(tried, agents);
    } catch (error) {
      showProblem(error);
    } finally {
      button.disabled = false;
    }
  });
  place.append(
    h("h1", {}, t("agents.tab.test")),
    h("p", { class: "muted" }, t("agents.test.intro")),
    h("div", { class: "columns" }, form, result),
    announced,
  );
}

function fieldsOf(agents) {
  const made = (name, control) => {
    control.id = `trial-${name}`;
    return { control, node: labelled(t(`agents.test.${name}`), control) };
  };
  const line = (facts = {}) => h("input", { type: "text", autocomplete: "off", ...facts });
  const option = (value, label) => h("option", { value }, label);
  return {
    text: made("text", h("textarea", { rows: 3, maxlength: 4096 })),
    channel: made("channel", h("select", {}, ...CHANNELS.map((channel) => option(channel, channel)))),
    at: made("at", line({ type: "datetime-local" })),
    language: made("language", line({ placeholder: "hi", maxlength: 35 })),
    payload: made("payload", line({ placeholder: "book-visit", maxlength: 256 })),
    referral: made("referral", line({ maxlength: 500 })),
    user_id: made("user_id", line({ placeholder: "919800000001", maxlength: 256 })),
    active_agent_id: made(
      "active_agent_id",
      h("select", {}, option("", t("agents.test.nobodyBefore")), ...agents.map(({ id, name }) => option(id, name))),
    ),
  };
}

function trialOf(fields) {
  const given = Object.entries(fields).map(([name, { control }]) => [name, control.value.trim()]);
  const trial = Object.fromEntries(given.filter(([name, value]) => value || name === "text"));
  return trial.at ? { ...trial, at: new Date(trial.at).toISOString() } : trial;
}

function headline({ agent_id: id }, agents) {
  if (id === PERSON) {
    return t("agents.test.reachesPerson");
  }
  return id ? t("agents.test.reaches", { name: agents.get(id)?.name ?? id }) : t("agents.test.reachesNobody");
}

function resultOf(tried, agents) {
  const steps = tried.steps.map(({ step, outcome, why }) =>
    h(
      "li",
      { class: `step ${outcome}`, ...(outcome === "decided" && { "aria-current": "step" }) },
      h("span", { class: "step-sign", "aria-hidden": "true" }, SIGNS[outcome]),
      h(
        "div",
        {},
        h("strong", {}, t(`agents.step.${step}`)),
        ` — ${t(`agents.outcome.${outcome}`)}`,
        h("p", { class: "hint", lang: "en" }, why),
      ),
    ),
  );
  const rule = tried.reason === "rule" || tried.reason === "default" ? tried.detail : "";
  return [
    h("h2", { id: "result-title" }, headline(tried, agents)),
    h("p", { class: "hint" }, t("agents.test.because", { step: t(`agents.step.${tried.reason}`) })),
    rule ? h("p", {}, h("a", { href: rulePath(rule) }, t("agents.test.openRule", { id: rule }))) : null,
    h("h3", {}, t("agents.test.steps")),
    h("ol", { class: "steps" }, ...steps),
  ].filter(Boolean);
}
