// Who answers: all agents, with what tells them apart.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { ApiProblem } from "../../shell/api.js";
import { ask } from "../../shell/dialog.js";
import { notice, problem as showProblem } from "../../shell/notices.js";
import { ifMatch } from "./kept_thing.js";
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
  const columns = ["name", "language", "voice", "models", "tools", "state", "actions"];
  return h(
    "div",
    { class: "table-frame" },
    h(
      "table",
      { class: "list stacking" },
      h("caption", { class: "unseen" }, t("agents.list.caption")),
      h("thead", {}, h("tr", {}, ...columns.map((name) => h("th", { scope: "col" }, t(`agents.list.${name}`))))),
      h("tbody", {}, ...agents.map((agent) => rowOf(agent, change))),
    ),
  );
}

function rowOf(agent, change) {
  const { id, name, is_enabled: isEnabled } = agent;
  const cell = (column, ...content) => h("td", { "data-label": column !== "actions" && t(`agents.list.${column}`) }, ...content);
  const verb = isEnabled ? "disable" : "enable";
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
    cell("state", h("span", { class: `badge ${isEnabled ? "is-good" : ""}` }, t(isEnabled ? "agents.enabled" : "agents.disabled"))),
    cell(
      "actions",
      h(
        "div",
        { class: "actions" },
        h("a", { class: "button", href: agentPath(id), "aria-label": t("agents.editOf", { name }) }, t("agents.edit")),
        h("a", { class: "button", href: agentPath(id, "knowledge"), "aria-label": t("agents.knowledgeOf", { name }) }, t("agents.knowledge")),
        h(
          "button",
          { type: "button", "data-switch": id, "aria-label": t(`agents.${verb}Of`, { name }), onClick: () => change(agent) },
          t(`agents.${verb}`),
        ),
      ),
    ),
  );
}
