// What one agent knows: its documents, their passages, and a question to try on them.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { bytes, number, time } from "../../shell/formats.js";
import { ask } from "../../shell/dialog.js";
import { notice, problem as showProblem } from "../../shell/notices.js";
import { searchArea } from "./knowledge_search.js";
import { cellsOf, listTable } from "./parts.js";
import { showPassages } from "./passages.js";
import { agentPath } from "./places.js";
import { ACCEPTED, problemOf, typeOf, uploadArea } from "./uploads.js";

/** Fill `place` with the knowledge of an agent. */
export async function openKnowledge(place, { api }, id) {
  const base = `/agents/${encodeURIComponent(id)}`;
  const documentsPath = `${base}/documents`;
  const agent = await api.get(base);
  const { name } = agent;
  const list = h("div", {});
  const draw = async () => {
    const { items } = await api.get(documentsPath);
    list.replaceChildren(items.length ? tableOf(items, actions) : h("p", { class: "empty" }, t("agents.docs.empty")));
  };
  const sendTo = (method, path) => (file, title) =>
    api.request(method, path, { query: { title }, body: file, headers: { "content-type": typeOf(file) } });
  const redraw = () => draw().catch(showProblem);

  const actions = {
    show: (document) => showPassages({ api, path: `${documentsPath}/${document.id}`, title: document.title }),
    async replace(document, file) {
      const problem = problemOf(file);
      if (problem) {
        notice(problem);
        return;
      }
      try {
        await sendTo("PUT", `${documentsPath}/${document.id}`)(file, null);
        notice(t("agents.docs.replaced", document));
      } catch (error) {
        showProblem(error);
      }
      await redraw();
    },
    async remove(document) {
      const text = t("agents.docs.removeText", { count: number(document.passage_count) });
      const title = t("agents.docs.removeTitle", document);
      if (!(await ask({ title, text, confirm: t("agents.docs.remove"), isDangerous: true }))) {
        return;
      }
      try {
        await api.remove(`${documentsPath}/${document.id}`);
        notice(t("agents.docs.removed", document));
      } catch (error) {
        showProblem(error);
      }
      await redraw();
    },
  };

  await draw();
  place.append(
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, t("agents.docs.title", { name })),
      h("a", { class: "button", href: agentPath(id) }, t("agents.docs.back", { name })),
    ),
    h("p", { class: "muted" }, t("agents.docs.intro")),
    h("h2", {}, t("agents.docs.list")),
    list,
    h(
      "div",
      { class: "columns" },
      uploadArea({ send: sendTo("POST", documentsPath), onAdded: redraw }),
      searchArea({ api, agent }),
    ),
  );
}

function tableOf(documents, actions) {
  return listTable({
    caption: t("agents.docs.list"),
    label,
    columns: ["document", "kind", "size", "passages", "updated", "actions"],
    rows: documents.map((document) => rowOf(document, actions)),
  });
}

function label(column) {
  return t(`agents.docs.${column}`);
}

function rowOf(document, actions) {
  const cell = cellsOf(label);
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, document.title),
    cell("kind", document.media_type.replace(/^(text|application)\//, "")),
    cell("size", bytes(document.size_bytes)),
    cell("passages", number(document.passage_count)),
    cell("updated", time(document.updated_at)),
    cell("actions", buttonsOf(document, actions)),
  );
}

function buttonsOf(document, actions) {
  const { title } = document;
  const button = (name, onClick) =>
    h("button", { type: "button", "aria-label": t(`agents.docs.${name}Of`, { title }), onClick }, label(name));
  const choose = () => file.files.length && actions.replace(document, file.files[0]);
  const file = h("input", { type: "file", accept: ACCEPTED, hidden: true, onChange: choose });
  return h(
    "div",
    { class: "actions" },
    button("show", () => actions.show(document)),
    button("replace", () => file.click()),
    button("remove", () => actions.remove(document)),
    file,
  );
}
