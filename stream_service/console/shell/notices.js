// Short words about what was done or went wrong, seen in a corner and heard by screen readers.

import { element, h, icon } from "./element.js";
import { t } from "./language.js";

const SHOWN_MS = 6_000;

/** Say that something was done. */
export function notice(text) {
  const shown = h("p", { class: "notice" }, text);
  element("notices").append(shown);
  setTimeout(() => shown.remove(), SHOWN_MS);
}

let waitingLine = null;
let waitingFor = 0;

/** Say, in one line however many wait, that the page goes on by itself; returns what one who waited no longer calls. */
export function sayWaiting(text) {
  waitingLine ??= h("p", { class: "notice" });
  waitingLine.textContent = text;
  element("notices").append(waitingLine);
  waitingFor += 1;
  return () => {
    waitingFor -= 1;
    if (waitingFor === 0) {
      waitingLine.remove();
    }
  };
}

/** Say that something went wrong, until it is closed. */
export function problem(error) {
  const shown = h("div", { class: "notice is-problem" }, icon("warning"), h("p", {}, explain(error)));
  if (error.requestId) {
    shown.append(h("small", {}, t("shell.requestId", { id: error.requestId })));
  }
  const close = () => shown.remove();
  shown.append(h("button", { type: "button", class: "bare", "aria-label": t("shell.close"), onClick: close }, icon("close")));
  element("problems").replaceChildren(shown);
}

/** What an error means to a person. */
export function explain(error) {
  if (error.retryAfterSeconds) {
    return t("shell.problem.retryAfter", { message: error.message, seconds: error.retryAfterSeconds });
  }
  return error.status === 403 ? t("shell.problem.forbidden", { message: error.message }) : error.message;
}
