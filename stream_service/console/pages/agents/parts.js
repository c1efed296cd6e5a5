// What the views of this page are put together from.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";

/** A table that becomes a list of cards on narrow screens; `label` names a column. */
export function listTable({ caption, label, columns, rows }) {
  const heads = columns.map((name) => h("th", { scope: "col" }, label(name)));
  return h(
    "div",
    { class: "table-frame" },
    h(
      "table",
      { class: "list stacking" },
      h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, heads)),
      h("tbody", {}, rows),
    ),
  );
}

/** Makes cells that can say which column they belong to; buttons need no such word. */
export function cellsOf(label) {
  return (column, ...content) => h("td", { "data-label": column !== "actions" && label(column) }, content);
}

/** A control, which has an id, below its label. */
export function labelled(label, control) {
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control);
}

export function stateBadge(isEnabled) {
  return h(
    "span",
    { class: isEnabled ? "badge is-good" : "badge" },
    t(isEnabled ? "agents.enabled" : "agents.disabled"),
  );
}
