// All routing rules in the order in which they are tried; they can be moved, switched and edited.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { ApiProblem } from "../../shell/api.js";
import { number } from "../../shell/formats.js";
import { notice, problem as showProblem } from "../../shell/notices.js";
import { ifMatch } from "./kept_thing.js";
import { cellsOf, labelled, listTable, stateBadge } from "./parts.js";
import { PERSON } from "./rule_kinds.js";
import { changesForMove } from "./rule_order.js";
import { rulePath } from "./places.js";
import { readAll } from "./reading.js";

/** Fill `place` with the rules. */
export async function openRuleList(place, { api }) {
  const filter = h("input", { id: "rule-filter", type: "search", onInput: () => draw() });
  const hint = h("p", { class: "hint", role: "status" });
  const list = h("div", {});
  let rules = [];
  let agents = new Map();

  async function load() {
    const [found, { items }] = await Promise.all([readAll(api, "/routing-rules"), api.get("/agents")]);
    rules = found;
    agents = new Map(items.map((agent) => [agent.id, agent]));
    draw();
  }

  function draw() {
    const wanted = filter.value.trim().toLowerCase();
    const has = (text) => text.toLowerCase().includes(wanted);
    const shown = rules.filter(({ id, pattern, agent_id: agent }) => [id, pattern, agent].some(has));
    hint.textContent = wanted ? t("agents.rules.filtered") : "";
    const none = () => h("p", { class: "empty" }, t(rules.length ? "agents.rules.noneFound" : "agents.rules.empty"));
    list.replaceChildren(shown.length ? tableOf(shown, { rules, agents, canMove: !wanted, move, toggle }) : none());
  }

  async function move(rule, step) {
    const peers = rules.filter(({ kind }) => (kind === "default") === (rule.kind === "default"));
    const from = peers.indexOf(rule);
    const changes = changesForMove(peers, from, from + step);
    if (changes === null) {
      notice(t("agents.rules.noRoom"));
      return;
    }
    const saved = await save(changes.map(({ rule: changed, priority }) => ({ ...changed, priority })));
    if (saved) {
      const place = rules.findIndex(({ id }) => id === rule.id) + 1;
      notice(t("agents.rules.moved", { id: rule.id, place: number(place), all: number(rules.length) }));
    }
    focusOn(rule.id, step < 0 ? "up" : "down");
  }

  async function toggle(rule) {
    const saved = await save([{ ...rule, is_enabled: !rule.is_enabled }]);
    if (saved) {
      notice(t(rule.is_enabled ? "agents.rules.wasDisabled" : "agents.rules.wasEnabled", { id: rule.id }));
    }
    focusOn(rule.id, "switch");
  }

  /** Keep the changed rules, one after the other; whether all of it went well. The list is read again in any case. */
  async function save(changed) {
    try {
      for (const { id, version, ...fields } of changed) {
        await api.put(`/routing-rules/${id}`, fields, { headers: ifMatch({ version }) });
      }
      return true;
    } catch (error) {
      if (error instanceof ApiProblem && [404, 409].includes(error.status)) {
        notice(t("agents.rules.changed"));
      } else {
        showProblem(error);
      }
      return false;
    } finally {
      await load().catch(showProblem);
    }
  }

  function focusOn(id, name) {
    const row = list.querySelector(`[data-rule="${id}"]`);
    const button = row?.querySelector(`[data-action="${name}"]`);
    (button?.disabled ? row.querySelector("button:not([disabled])") : button)?.focus();
  }

  await load();
  place.append(
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, t("agents.tab.rules")),
      h("a", { class: "button", href: "#/agents/test" }, t("agents.rules.test")),
      h("a", { class: "button primary", href: "#/agents/rules/new" }, t("agents.rules.add")),
    ),
    h("p", { class: "muted" }, t("agents.rules.intro")),
    h("div", { class: "inline-form" }, labelled(t("agents.rules.filter"), filter), hint),
    list,
  );
}

function tableOf(shown, facts) {
  return listTable({
    caption: t("agents.rules.caption"),
    label,
    columns: ["place", "rule", "condition", "target", "priority", "state", "actions"],
    rows: shown.map((rule) => rowOf(rule, facts)),
  });
}

function label(column) {
  return t(`agents.rules.${column}`);
}

function rowOf(rule, facts) {
  const cell = cellsOf(label);
  const pattern = rule.pattern && h("code", { class: "pattern" }, rule.pattern);
  return h(
    "tr",
    { "data-rule": rule.id, class: rule.is_enabled ? null : "is-off" },
    cell("place", number(facts.rules.indexOf(rule) + 1)),
    h("th", { scope: "row" }, h("a", { href: rulePath(rule.id) }, rule.id)),
    cell("condition", h("div", {}, t(`agents.kind.${rule.kind}`)), pattern),
    cell("target", ...targetOf(rule, facts.agents)),
    cell("priority", number(rule.priority)),
    cell("state", stateBadge(rule.is_enabled)),
    cell("actions", actionsOf(rule, facts)),
  );
}

function actionsOf(rule, { rules, canMove, move, toggle }) {
  const { id } = rule;
  const peers = rules.filter(({ kind }) => (kind === "default") === (rule.kind === "default"));
  const place = peers.indexOf(rule);
  const button = (name, whose, facts, text) =>
    h("button", { type: "button", "data-action": name, "aria-label": whose, ...facts }, text);
  const mover = (name, step, sign) =>
    button(
      name,
      t(`agents.rules.${name}Of`, { id }),
      {
        class: "mover",
        title: label(name),
        disabled: !canMove || place + step < 0 || place + step >= peers.length,
        onClick: () => move(rule, step),
      },
      sign,
    );
  const verb = rule.is_enabled ? "disable" : "enable";
  return h(
    "div",
    { class: "actions" },
    mover("up", -1, "↑"),
    mover("down", 1, "↓"),
    button("switch", t(`agents.${verb}Of`, { name: id }), { onClick: () => toggle(rule) }, t(`agents.${verb}`)),
    h("a", { class: "button", href: rulePath(id), "aria-label": t("agents.rules.editOf", { id }) }, t("agents.edit")),
  );
}

function targetOf(rule, agents) {
  if (rule.agent_id === PERSON) {
    return [t("agents.rules.person")];
  }
  const agent = agents.get(rule.agent_id);
  if (agent?.is_enabled) {
    return [agent.name];
  }
  const name = agent?.name ?? rule.agent_id;
  return [h("div", {}, name), h("span", { class: "badge is-warning" }, t("agents.rules.passedOver", { agent: name }))];
}
