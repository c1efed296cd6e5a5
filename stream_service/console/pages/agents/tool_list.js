// The HTTP tools of the business.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { cellsOf, listTable, stateBadge } from "./parts.js";
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
  return listTable({
    caption: t("agents.tools.caption"),
    label,
    columns: ["tool", "address", "state"],
    rows: tools.map(rowOf),
  });
}

function label(column) {
  return t(`agents.tools.${column}`);
}

function rowOf(tool) {
  const cell = cellsOf(label);
  const description = h("div", { class: "row-detail" }, tool.description);
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("a", { href: toolPath(tool.id) }, tool.id), description),
    cell("address", h("code", { class: "pattern" }, `${tool.method} ${tool.url}`)),
    cell("state", stateBadge(tool.is_enabled)),
  );
}
