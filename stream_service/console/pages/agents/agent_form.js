// One agent: all that the API knows of it, as a form.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { createField } from "./fields.js";
import { editThing } from "./kept_thing.js";
import { agentPath } from "./places.js";

const BUILT_IN_TOOLS = ["search_knowledge", "schedule_call_back", "send_on_whatsapp", "end_call"];
const LANGUAGES = [
  ...["en-IN", "hi-IN", "ta-IN", "te-IN", "kn-IN", "ml-IN", "mr-IN", "bn-IN", "gu-IN"],
  ...["id-ID", "ms-MY", "th-TH", "vi-VN"],
];
const DEFAULTS = {
  greeting_interruptible: true, language: "en-IN", voice: "default", coalesce_seconds: 0, voice_notes: "on_request",
  answer_threshold: 0.4, scope: "", tools: ["search_knowledge", "end_call"], models: [], is_enabled: true,
};

/** Fill `place` with the form of an agent, of a new one where `id` is null. Returns close(). */
export async function openAgentForm(place, { api }, id) {
  const [tools, agent] = await Promise.all([
    api.get("/tools"),
    id === null ? null : api.get(`/agents/${encodeURIComponent(id)}`),
  ]);
  const groups = groupsOf(agent, tools.items);
  const title = h("h1", {}, titleOf(agent));
  const editor = editThing({
    api,
    path: "/agents",
    kept: agent,
    fields: groups.flatMap((group) => group.fields),
    groups,
    defaults: DEFAULTS,
    back: "#/agents",
    onChange: (changed) => (title.textContent = titleOf(changed)),
    words: {
      added: ({ name }) => t("agents.form.added", { name }),
      saved: ({ name }) => t("agents.form.saved", { name }),
      removeTitle: ({ name }) => t("agents.removeTitle", { name }),
      removeText: () => t("agents.removeText"),
      removed: ({ name }) => t("agents.removed", { name }),
    },
  });
  const knowledge = agent && h("a", { class: "button", href: agentPath(agent.id, "knowledge") }, t("agents.knowledge"));
  place.append(h("div", { class: "page-head" }, title, knowledge), editor.node);
  return editor.close;
}

function titleOf(agent) {
  return agent ? t("agents.form.edit", { name: agent.name }) : t("agents.form.new");
}

function groupsOf(agent, tools) {
  const field = (name, kind, facts = {}) => createField({ words: "agents.", name, kind, ...facts });
  const id = field("id", "text", {
    isRequired: true, pattern: /^[a-z0-9][a-z0-9_-]{0,62}$/, patternProblem: "agents.form.badId",
  });
  const policies = ["never", "on_request", "mirror"].map((value) => ({ value, label: t(`agents.voiceNotes.${value}`) }));
  return [
    {
      title: t("agents.group.who"),
      fields: [
        ...(agent ? [] : [id]),
        field("name", "text", { isRequired: true, most: 100 }),
        field("description", "area", { isRequired: true, most: 500 }),
        field("instructions", "area", { isRequired: true, most: 8000, rows: 8 }),
        field("scope", "area", { most: 1000 }),
        field("is_enabled", "check"),
      ],
    },
    {
      title: t("agents.group.speech"),
      fields: [
        field("greeting", "area", { most: 500 }),
        field("greeting_interruptible", "check"),
        field("language", "text", { isRequired: true, suggestions: LANGUAGES }),
        field("voice", "text", { isRequired: true, most: 64, suggestions: ["default", "heart", "Kajal"] }),
        field("voice_notes", "choice", { options: policies }),
        field("coalesce_seconds", "number", { least: 0, most: 10 }),
      ],
    },
    {
      title: t("agents.group.reach"),
      fields: [
        field("tools", "checks", { options: toolOptions(agent?.tools ?? [], tools) }),
        field("answer_threshold", "number", { least: 0, most: 1, step: 0.05 }),
      ],
    },
    {
      title: t("agents.group.engine"),
      fields: [field("models", "lines", { suggestions: ["bedrock", "openai", "local"] })],
    },
  ];
}

function toolOptions(chosen, tools) {
  const ofBusiness = tools.map(({ id, is_enabled: isEnabled }) => ({
    value: id,
    label: t(isEnabled ? "agents.tool.ofBusiness" : "agents.tool.isDisabled", { id }),
  }));
  const known = new Set([...BUILT_IN_TOOLS, ...tools.map(({ id }) => id)]);
  const missing = chosen.filter((id) => !known.has(id)).map((id) => ({ value: id, label: t("agents.tool.missing", { id }) }));
  return [...BUILT_IN_TOOLS.map((value) => ({ value, label: t(`agents.tool.${value}`) })), ...ofBusiness, ...missing];
}
