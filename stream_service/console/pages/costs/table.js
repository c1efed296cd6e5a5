// Tables of this page: the first cell of a row says what the row is about.

import { h } from "../../shell/element.js";

/** A table; `numbers` are the places of columns that hold numbers, `foot` is a last row of sums. */
export function tableOf({ caption, heads, rows, numbers = [], foot = null }) {
  const look = (place) => (numbers.includes(place) ? "number" : null);
  const row = (cells) =>
    h(
      "tr",
      {},
      cells.map((cell, place) => h(place === 0 ? "th" : "td", { class: look(place), scope: place === 0 && "row" }, cell)),
    );
  return h(
    "div",
    { class: "table-frame", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      { class: "list" },
      h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, heads.map((head, place) => h("th", { scope: "col", class: look(place) }, head)))),
      h("tbody", {}, rows.map(row)),
      foot && h("tfoot", {}, row(foot)),
    ),
  );
}
