// What to do when somebody else changed a thing while it was edited here.

import { h } from "../../shell/element.js";
import { show } from "../../shell/dialog.js";
import { t } from "../../shell/language.js";
import { isSame } from "./edit_form.js";
import { valueInWords } from "./fields.js";

/**
 * Show where `base` (as it was read), `theirs` (as it is kept now) and `yours` differ; `fields` give the order and
 * the titles. Resolves to the values to save, to `null` for theirs, or to `undefined` to go on editing.
 */
export async function settleConflict({ fields, base, theirs, yours }) {
  const differing = fields.filter(({ name }) => !isSame(theirs[name], yours[name]));
  const mine = fields.filter(({ name }) => !isSame(base[name], yours[name])).map(({ name }) => name);
  const isBoth = mine.some((name) => !isSame(base[name], theirs[name]) && !isSame(yours[name], theirs[name]));
  const merged = { ...theirs, ...Object.fromEntries(mine.map((name) => [name, yours[name]])) };
  const hasRest = differing.length > 0;
  const ways = [
    hasRest && !isBoth && { name: "keepBoth", look: "primary", outcome: merged },
    hasRest && { name: "overwrite", look: isBoth ? "primary" : "", outcome: yours },
    { name: "reload", look: "", outcome: null },
    { name: "back", look: "quiet", outcome: undefined },
  ].filter(Boolean);
  const buttons = ways.map(({ name, look }) =>
    h("button", { type: "submit", value: name, class: look }, t(`agents.conflict.${name}`)),
  );
  const content = h(
    "form",
    { method: "dialog", class: "conflict page-agents" },
    h("p", {}, t(hasRest ? "agents.conflict.intro" : "agents.conflict.same")),
    hasRest && differences(differing, base, theirs, yours),
    h("div", { class: "actions" }, buttons),
  );
  const chosen = await show(t("agents.conflict.title"), content);
  return ways.find(({ name }) => name === chosen)?.outcome;
}

function differences(fields, base, theirs, yours) {
  const columns = Object.entries({ before: base, theirs, yours });
  const label = (name) => t(`agents.conflict.${name}`);
  const rows = fields.map(({ name, title }) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, title),
      columns.map(([column, values]) =>
        h("td", { "data-label": label(column) }, h("div", { class: "value" }, valueInWords(values[name]))),
      ),
    ),
  );
  const heads = ["field", ...columns.map(([column]) => column)];
  return h(
    "table",
    { class: "list stacking" },
    h("thead", {}, h("tr", {}, heads.map((name) => h("th", { scope: "col" }, label(name))))),
    h("tbody", {}, rows),
  );
}
