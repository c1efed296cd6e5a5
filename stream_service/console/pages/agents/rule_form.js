// One routing rule as a form; its help changes with what the rule looks at.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { createField } from "./fields.js";
import { editThing } from "./kept_thing.js";
import { CHANNELS, KIND_EXAMPLES, PERSON } from "./rule_kinds.js";

const DEFAULTS = { kind: "keyword", pattern: "", priority: 0, is_enabled: true };

/** Fill `place` with the form of a rule, of a new one where `id` is null. Returns close(). */
export async function openRuleForm(place, { api }, id) {
  const [agents, rule] = await Promise.all([
    api.get("/agents"),
    id === null ? null : api.get(`/routing-rules/${encodeURIComponent(id)}`),
  ]);
  const fields = fieldsOf(rule, agents.items);
  const find = (name) => fields.find((field) => field.name === name);
  const explanation = h("div", { class: "kind-help", id: "kind-help", "aria-live": "polite" });
  const pattern = find("pattern").node;
  pattern.append(explanation);
  const first = agents.items.find((agent) => agent.is_enabled)?.id ?? PERSON;
  const editor = editThing({
    api,
    path: "/routing-rules",
    kept: rule,
    fields,
    groups: [{ fields }],
    refused: "pattern",
    defaults: { ...DEFAULTS, agent_id: first },
    back: "#/agents/rules",
    onChange: explain,
    words: {
      added: ({ id: name }) => t("agents.rule.added", { id: name }),
      saved: ({ id: name }) => t("agents.rule.saved", { id: name }),
      removeTitle: ({ id: name }) => t("agents.rule.removeTitle", { id: name }),
      removeText: () => t("agents.rule.removeText"),
      removed: ({ id: name }) => t("agents.rule.removed", { id: name }),
    },
  });
  function explain() {
    const kind = find("kind").read();
    const example = KIND_EXAMPLES[kind];
    explanation.replaceChildren(
      h("p", { class: "hint" }, t(`agents.kindHelp.${kind}`)),
      ...(example ? [h("p", { class: "hint" }, t("agents.rule.example", { example }))] : []),
    );
    pattern.classList.toggle("is-unneeded", kind === "default");
  }
  find("kind").node.addEventListener("change", explain);
  explain();
  place.append(h("h1", {}, rule ? t("agents.rule.edit", { id: rule.id }) : t("agents.rule.new")), editor.node);
  return editor.close;
}

function fieldsOf(rule, agents) {
  const field = (name, kind, facts = {}) => createField({ words: "agents.rule.", name, kind, ...facts });
  const kinds = Object.keys(KIND_EXAMPLES).map((value) => ({ value, label: t(`agents.kind.${value}`) }));
  const targets = [
    ...agents.map(({ id, name }) => ({ value: id, label: `${name} (${id})` })),
    { value: PERSON, label: t("agents.rules.person") },
  ];
  const id = field("id", "text", {
    isRequired: true, pattern: /^[a-z0-9][a-z0-9_-]{0,62}$/, patternProblem: "agents.form.badId",
  });
  const kind = field("kind", "choice", { options: kinds });
  return [
    ...(rule ? [] : [id]),
    kind,
    field("pattern", "text", { isRequired: () => kind.read() !== "default", most: 500, suggestions: CHANNELS }),
    field("agent_id", "choice", { options: targets }),
    field("priority", "number", { least: -1000, most: 1000 }),
    field("is_enabled", "check"),
  ];
}
