// The passages of a document in a dialog, page by page.

import { show } from "../../shell/dialog.js";
import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { problem as showProblem } from "../../shell/notices.js";

/** Show what a document was cut into, until the person has seen enough. */
export async function showPassages({ api, path, title }) {
  const list = h("ol", { class: "passages" });
  const more = h("button", { type: "button", onClick: load, hidden: true }, t("agents.docs.more"));
  const label = t("agents.docs.passagesOf", { title });
  const content = h(
    "form",
    { method: "dialog", class: "reading" },
    h("div", { class: "tall", tabindex: "0", role: "region", "aria-label": label }, list),
    h("div", { class: "actions" }, more, h("button", { type: "submit", value: "close" }, t("shell.close"))),
  );
  let cursor = 0;

  async function load() {
    try {
      const answer = await api.get(path, { cursor });
      list.append(...answer.passages.map(itemOf));
      cursor = answer.next_cursor;
      more.hidden = cursor === null;
    } catch (error) {
      showProblem(error);
    }
  }

  await load();
  await show(label, content);
}

function itemOf({ title, text }) {
  return h("li", { class: "passage" }, h("h3", {}, title), h("p", { class: "passage-text" }, text));
}
