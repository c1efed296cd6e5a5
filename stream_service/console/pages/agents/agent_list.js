// Who answers: all agents, with what tells them apart.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { ApiProblem } from "../../shell/api.js";
import { ask } from "../../shell/dialog.js";
import { notice, problem as showProblem } from "../../shell/notices.js";
import { ifMatch } from "./kept_thing.js";
import { cellsOf, listTable, stateBadge } from "./parts.js";
import { agentPath } from "./places.js";

/** Fill `place` with the list of agents. */
export async function openAgentList(place, { api }) {
  const list = h("div", {});
  place.append(
    h("div", { class: "page-head" }, h("h1", {}, t("agents.title")), addLink()),
    h("p", { class: "muted" }, t("agents.list.intro")),
    list,
  );
  const draw = async () => {
    const { items } = await api.get("/agents");
    list.replaceChildren(items.length ? tableOf(items, change) : h("p", { class: "empty" }, t("agents.list.empty")));
  };
  async function change(agent) {
    if (await switchAgent(api, agent)) {
      await draw();
      list.querySelector(`[data-switch="${agent.id}"]`)?.focus();
    }
  }
  await draw();
}

function addLink() {
  return h("a", { class: "button primary", href: "#/agents/new" }, t("agents.list.add"));
}

async function switchAgent(api, agent) {
  const { id, version, name, ...fields } = agent;
  const isQuestion = agent.is_enabled;
  const title = t("agents.disableTitle", { name });
  if (isQuestion && !(await ask({ title, text: t("agents.disableText"), confirm: t("agents.disable") }))) {
    return false;
  }
  try {
    const changed = { ...fields, name, is_enabled: !agent.is_enabled };
    await api.put(`/agents/${id}`, changed, { headers: ifMatch({ version }) });
    notice(t(agent.is_enabled ? "agents.wasDisabled" : "agents.wasEnabled", { name }));
  } catch (error) {
    showProblem(error);
    return error instanceof ApiProblem && [404, 409].includes(error.status);
  }
  return true;
}

function tableOf(agents, change) {
  return listTable({
    caption: t("agents.list.caption"),
    label,
    columns: ["name", "language", "voice", "models", "tools", "state", "actions"],
    rows: agents.map((agent) => rowOf(agent, change)),
  });
}

function label(column) {
  return t(`agents.list.${column}`);
}

function rowOf(agent, change) {
  const { id, name, is_enabled: isEnabled } = agent;
  const cell = cellsOf(label);
  return h(
    "tr",
    {},
    h(
      "th",
      { scope: "row" },
      h("a", { href: agentPath(id) }, name),
      h("div", { class: "row-detail" }, h("code", {}, id)),
      h("div", { class: "row-detail" }, agent.description),
    ),
    cell("language", agent.language),
    cell("voice", agent.voice),
    cell("models", agent.models.length ? agent.models.join(", ") : t("agents.list.platformModels")),
    cell("tools", agent.tools.length ? agent.tools.join(", ") : t("agents.list.noTools")),
    cell("state", stateBadge(isEnabled)),
    cell("actions", actionsOf(agent, change)),
  );
}

function actionsOf(agent, change) {
  const { id, name, is_enabled: isEnabled } = agent;
  const verb = isEnabled ? "disable" : "enable";
  const link = (href, what, whose) => h("a", { class: "button", href, "aria-label": whose }, what);
  return h(
    "div",
    { class: "actions" },
    link(agentPath(id), t("agents.edit"), t("agents.editOf", { name })),
    link(agentPath(id, "knowledge"), t("agents.knowledge"), t("agents.knowledgeOf", { name })),
    h(
      "button",
      {
        type: "button",
        "data-switch": id,
        "aria-label": t(`agents.${verb}Of`, { name }),
        onClick: () => change(agent),
      },
      t(`agents.${verb}`),
    ),
  );
}
