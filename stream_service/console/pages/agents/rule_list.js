// All routing rules in the order in which they are tried; they can be moved, switched and edited.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { ApiProblem } from "../../shell/api.js";
import { number } from "../../shell/formats.js";
import { notice, problem as showProblem } from "../../shell/notices.js";
import { ifMatch } from "./kept_thing.js";
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
    const shown = rules.filter((rule) => !wanted || [rule.id, rule.pattern, rule.agent_id].join(" ").toLowerCase().includes(wanted));
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
    h("div", { class: "inline-form" }, h("div", { class: "field" }, h("label", { for: filter.id }, t("agents.rules.filter")), filter), hint),
    list,
  );
}

function tableOf(shown, facts) {
  const columns = ["place", "rule", "condition", "target", "priority", "state", "actions"];
  return h(
    "div",
    { class: "table-frame" },
    h(
      "table",
      { class: "list stacking rules" },
      h("caption", { class: "unseen" }, t("agents.rules.caption")),
      h("thead", {}, h("tr", {}, ...columns.map((name) => h("th", { scope: "col" }, t(`agents.rules.${name}`))))),
      h("tbody", {}, ...shown.map((rule) => rowOf(rule, facts))),
    ),
  );
}

function rowOf(rule, { rules, agents, canMove, move, toggle }) {
  const { id } = rule;
  const cell = (column, ...content) => h("td", { "data-label": column !== "actions" && t(`agents.rules.${column}`) }, ...content);
  const peers = rules.filter(({ kind }) => (kind === "default") === (rule.kind === "default"));
  const place = peers.indexOf(rule);
  const mover = (name, step, sign) =>
    h(
      "button",
      {
        type: "button", class: "mover", "data-action": name, "aria-label": t(`agents.rules.${name}Of`, { id }),
        title: t(`agents.rules.${name}`), disabled: !canMove || place + step < 0 || place + step >= peers.length,
        onClick: () => move(rule, step),
      },
      sign,
    );
  return h(
    "tr",
    { "data-rule": id, class: rule.is_enabled ? "" : "is-off" },
    cell("place", number(rules.indexOf(rule) + 1)),
    h("th", { scope: "row" }, h("a", { href: rulePath(id) }, id)),
    cell("condition", h("div", {}, t(`agents.kind.${rule.kind}`)), rule.pattern && h("code", { class: "pattern" }, rule.pattern)),
    cell("target", ...targetOf(rule, agents)),
    cell("priority", number(rule.priority)),
    cell("state", h("span", { class: `badge ${rule.is_enabled ? "is-good" : ""}` }, t(rule.is_enabled ? "agents.enabled" : "agents.disabled"))),
    cell(
      "actions",
      h(
        "div",
        { class: "actions" },
        mover("up", -1, "↑"),
        mover("down", 1, "↓"),
        h(
          "button",
          { type: "button", "data-action": "switch", "aria-label": t(rule.is_enabled ? "agents.disableOf" : "agents.enableOf", { name: id }), onClick: () => toggle(rule) },
          t(rule.is_enabled ? "agents.disable" : "agents.enable"),
        ),
        h("a", { class: "button", href: rulePath(id), "aria-label": t("agents.rules.editOf", { id }) }, t("agents.edit")),
      ),
    ),
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
