// The HTTP tools of the business.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { toolPath } from "./places.js";

/** Fill `place` with the tools. */
export async function openToolList(place, { api }) {
  const { items } = await api.get("/tools");
  place.append(
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, t("agents.tab.tools")),
      h("a", { class: "button primary", href: "#/agents/tools/new" }, t("agents.tools.add")),
    ),
    h("p", { class: "muted" }, t("agents.tools.intro")),
    items.length ? tableOf(items) : h("p", { class: "empty" }, t("agents.tools.empty")),
  );
}

function tableOf(tools) {
  const columns = ["tool", "address", "state"];
  const rows = tools.map((tool) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, h("a", { href: toolPath(tool.id) }, tool.id), h("div", { class: "row-detail" }, tool.description)),
      h("td", { "data-label": t("agents.tools.address") }, h("code", { class: "pattern" }, `${tool.method} ${tool.url}`)),
      h(
        "td",
        { "data-label": t("agents.tools.state") },
        h("span", { class: `badge ${tool.is_enabled ? "is-good" : ""}` }, t(tool.is_enabled ? "agents.enabled" : "agents.disabled")),
      ),
    ),
  );
  return h(
    "div",
    { class: "table-frame" },
    h(
      "table",
      { class: "list stacking" },
      h("caption", { class: "unseen" }, t("agents.tools.caption")),
      h("thead", {}, h("tr", {}, ...columns.map((name) => h("th", { scope: "col" }, t(`agents.tools.${name}`))))),
      h("tbody", {}, ...rows),
    ),
  );
}
