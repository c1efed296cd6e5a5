// Questions that must be answered before anything happens.

import { h, newId } from "./element.js";
import { t } from "./language.js";

/**
 * Ask the person; resolves to whether they agreed.
 *
 * `confirm` names what happens ("Remove the agent"); `isDangerous` colours it.
 */
export function ask({ title, text, confirm = t("shell.confirm"), isDangerous = false }) {
  const yes = h("button", { type: "submit", value: "yes", class: isDangerous ? "danger" : "primary" }, confirm);
  const no = h("button", { type: "submit", value: "no", class: "quiet", autofocus: true }, t("shell.cancel"));
  const content = h("form", { method: "dialog" }, [text].flat().map((part) => (part instanceof Node ? part : h("p", {}, part))));
  content.append(h("div", { class: "actions" }, no, yes));
  return show(title, content).then((value) => value === "yes");
}

/** Show a dialog with a form (method "dialog") and wait for the value that closes it; "" when it was dismissed. */
export function show(title, content) {
  const id = newId("title");
  const dialog = h("dialog", { "aria-labelledby": id }, h("h2", { id }, title), content);
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
    dialog.showModal();
  });
}
