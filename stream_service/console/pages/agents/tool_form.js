// One HTTP tool as a form, and a try of it.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { milliseconds } from "../../shell/formats.js";
import { problem as showProblem } from "../../shell/notices.js";
import { createField, readJson } from "./fields.js";
import { editThing } from "./kept_thing.js";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const DEFAULTS = {
  method: "GET",
  parameters: { type: "object", properties: {}, required: [], additionalProperties: false },
  secret_name: null,
  timeout_ms: 3000,
  is_enabled: true,
};

/** Fill `place` with the form of a tool, of a new one where `id` is null. Returns close(). */
export async function openToolForm(place, { api }, id) {
  const tool = id === null ? null : await api.get(`/tools/${encodeURIComponent(id)}`);
  const fields = fieldsOf(tool);
  const editor = editThing({
    api,
    path: "/tools",
    kept: tool,
    fields,
    groups: [{ fields }],
    defaults: DEFAULTS,
    back: "#/agents/tools",
    words: {
      added: ({ id: name }) => t("agents.toolForm.added", { id: name }),
      saved: ({ id: name }) => t("agents.toolForm.saved", { id: name }),
      removeTitle: ({ id: name }) => t("agents.toolForm.removeTitle", { id: name }),
      removeText: () => t("agents.toolForm.removeText"),
      removed: ({ id: name }) => t("agents.toolForm.removed", { id: name }),
    },
  });
  const title = tool ? t("agents.toolForm.edit", { id: tool.id }) : t("agents.toolForm.new");
  place.append(h("h1", {}, title), editor.node);
  if (tool) {
    place.append(trialOf(api, tool));
  }
  return editor.close;
}

function fieldsOf(tool) {
  const field = (name, kind, facts = {}) => createField({ words: "agents.toolForm.", name, kind, ...facts });
  const id = field("id", "text", {
    isRequired: true, pattern: /^[a-z][a-z0-9_]{0,47}$/, patternProblem: "agents.toolForm.badId",
  });
  return [
    ...(tool ? [] : [id]),
    field("description", "area", { isRequired: true, most: 1000, rows: 3 }),
    field("method", "choice", { options: METHODS.map((value) => ({ value, label: value })) }),
    field("url", "text", { isRequired: true }),
    field("parameters", "json", { rows: 10 }),
    field("secret_name", "maybe"),
    field("timeout_ms", "number", { least: 100, most: 10_000 }),
    field("is_enabled", "check"),
  ];
}

function trialOf(api, tool) {
  const given = h("textarea", { id: "tool-arguments", rows: 4, spellcheck: "false" });
  const names = Object.keys(tool.parameters.properties ?? {});
  given.value = JSON.stringify(Object.fromEntries(names.map((name) => [name, ""])), null, 1);
  const button = h("button", { type: "submit" }, t("agents.toolTrial.run"));
  const error = h("p", { class: "problem", role: "alert", hidden: true });
  const answer = h("div", { "aria-live": "polite" });
  const form = h(
    "form",
    { class: "card", "aria-labelledby": "trial-title" },
    h("h2", { id: "trial-title" }, t("agents.toolTrial.title")),
    h("p", { class: "hint" }, t("agents.toolTrial.intro")),
    h("div", { class: "field" }, h("label", { for: given.id }, t("agents.toolTrial.arguments")), given, error),
    h("div", { class: "actions" }, button),
    answer,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { value, problem } = readJson(given.value);
    error.hidden = problem === null;
    error.textContent = problem ?? "";
    if (problem !== null) {
      return;
    }
    button.disabled = true;
    try {
      const tried = await api.post(`/tools/${tool.id}/test`, { arguments: value });
      const outcome = t(`agents.toolTrial.outcome.${tried.outcome}`);
      answer.replaceChildren(
        h("p", {}, t("agents.toolTrial.elapsed", { outcome, elapsed: milliseconds(tried.elapsed_ms) })),
        h("pre", { class: "value", tabindex: "0" }, tried.answer),
      );
    } catch (failure) {
      showProblem(failure);
    } finally {
      button.disabled = false;
    }
  });
  return form;
}
