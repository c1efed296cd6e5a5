// Promised calls: those that people have to make, and what became of the others.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { time } from "../../shell/formats.js";
import { ask } from "../../shell/dialog.js";
import { notice, problem as showProblem } from "../../shell/notices.js";
import { cellsOf, labelled, listTable } from "./parts.js";

const FILTERS = { forPeople: { wanted: "person", state: "due" }, due: { state: "due" }, all: {} };
const LOOKS = { due: "is-warning", ringing: "is-warning", done: "is-good", failed: "is-bad", cancelled: "" };

/** Fill `place` with promised calls. Operators may, too. */
export async function openCallBacks(place, { api }) {
  const choice = h(
    "select",
    { id: "call-backs-shown", onChange: () => load(null).catch(showProblem) },
    ...Object.keys(FILTERS).map((name) => h("option", { value: name }, t(`agents.callBacks.${name}`))),
  );
  const list = h("div", {});
  const more = h("button", { type: "button", hidden: true }, t("agents.callBacks.more"));
  let shown = [];
  let cursor = null;

  async function load(after) {
    const page = await api.get("/call-backs", { ...FILTERS[choice.value], cursor: after });
    shown = after === null ? page.items : [...shown, ...page.items];
    cursor = page.next_cursor;
    more.hidden = cursor === null;
    list.replaceChildren(shown.length ? tableOf(shown, { strike, cancel }) : emptyList());
  }

  async function change(work, text) {
    try {
      await work();
      notice(text);
    } catch (error) {
      showProblem(error);
    }
    await load(null).catch(showProblem);
    choice.focus();
  }

  function strike(callBack) {
    const text = t("agents.callBacks.noted", { number: numberOf(callBack) });
    return change(() => api.post(`/call-backs/${callBack.id}/done`), text);
  }

  async function cancel(callBack) {
    const number = numberOf(callBack);
    const title = t("agents.callBacks.cancelTitle", { number });
    const text = t("agents.callBacks.cancelText");
    if (await ask({ title, text, confirm: t("agents.callBacks.cancel"), isDangerous: true })) {
      await change(() => api.remove(`/call-backs/${callBack.id}`), t("agents.callBacks.cancelled", { number }));
    }
  }

  more.addEventListener("click", () => load(cursor).catch(showProblem));
  await load(null);
  place.append(
    h("h1", {}, t("agents.tab.call-backs")),
    h("p", { class: "muted" }, t("agents.callBacks.intro")),
    h("div", { class: "inline-form" }, labelled(t("agents.callBacks.show"), choice)),
    list,
    more,
  );
}

function emptyList() {
  return h("p", { class: "empty" }, t("agents.callBacks.empty"));
}

function tableOf(callBacks, actions) {
  return listTable({
    caption: t("agents.callBacks.caption"),
    label,
    columns: ["about", "number", "dueAt", "wanted", "state", "actions"],
    rows: callBacks.map((callBack) => rowOf(callBack, actions)),
  });
}

function label(column) {
  return t(`agents.callBacks.${column}`);
}

function numberOf(callBack) {
  return callBack.phone_number ? `+${callBack.phone_number}` : t("agents.callBacks.hidden");
}

function rowOf(callBack, { strike, cancel }) {
  const number = numberOf(callBack);
  const cell = cellsOf(label);
  const isPending = ["due", "ringing"].includes(callBack.state);
  const button = (name, onClick) =>
    h("button", { type: "button", "aria-label": t(`agents.callBacks.${name}Of`, { number }), onClick }, label(name));
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, callBack.about),
    cell("number", number),
    cell("dueAt", time(callBack.due_at)),
    cell("wanted", t(`agents.callBacks.wanted.${callBack.wanted}`)),
    cell("state", h("span", { class: `badge ${LOOKS[callBack.state]}` }, t(`agents.callBacks.state.${callBack.state}`))),
    cell(
      "actions",
      h(
        "div",
        { class: "actions" },
        h("a", { class: "button", href: `#/history/${callBack.conversation_id}` }, t("agents.callBacks.conversation")),
        isPending && button("done", () => strike(callBack)),
        isPending && button("cancel", () => cancel(callBack)),
      ),
    ),
  );
}
