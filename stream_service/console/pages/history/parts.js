// What the pages of one conversation and of one call have in common.

import { h, icon } from "../../shell/element.js";
import { exactTime } from "../../shell/formats.js";
import { t } from "../../shell/language.js";
import { asJson, asText, fileName } from "../../conversations/export.js";
import { saveText } from "../../conversations/save.js";

/** The heading, the way back, and what can be done. */
export function headOf(title, ...actions) {
  return h(
    "header",
    { class: "page-head one-head" },
    // Through the browser's own history the search is as it was left.
    h("a", { class: "back", href: "#/history", onClick: goBack }, icon("back"), t("history.back")),
    h("h1", {}, title),
    h("div", { class: "actions" }, actions),
  );
}

/** Names and values in two columns; what has no value is left out. */
export function factsView(facts) {
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h("dl", { class: "card facts-list" }, known.map(([name, value]) => h("div", {}, h("dt", {}, t(`history.fact.${name}`)), h("dd", {}, value))));
}

/** Buttons that keep the transcript; `told()` gives `{kind, id, title, facts, turns, answer}`, or a promise of it. */
export function downloadsView(told) {
  const words = () => ({ interrupted: t("talk.interrupted") });
  const keepText = async () => {
    const { kind, id, ...what } = await told();
    saveText(asText({ ...what, words: words() }), fileName(kind, id, "txt"));
  };
  const keepJson = async () => {
    const { kind, id, answer } = await told();
    saveText(asJson(answer), fileName(kind, id, "json"), "application/json");
  };
  return h(
    "div",
    { class: "actions", role: "group", "aria-label": t("history.downloads") },
    h("button", { type: "button", onClick: keepText }, icon("down"), t("history.downloadText")),
    h("button", { type: "button", onClick: keepJson }, icon("down"), t("history.downloadJson")),
  );
}

/** What stands there when something cannot be shown. */
export function stoppedView(error, message) {
  const isGone = error.status === 404 || error.status === 422;
  return h(
    "section",
    { class: "card stopped" },
    h("h1", {}, t(isGone ? "history.notFound" : "history.title")),
    h("p", {}, isGone ? t("history.notFound.text") : t("history.readFailed", { message })),
    h("a", { href: "#/history" }, t("history.back")),
  );
}

/** A moment to read to the second. */
export function momentView(at) {
  return at && h("time", { datetime: at }, exactTime(at));
}

let lastSearch = null;

/** Remember where the search was, for the way back. */
export function rememberSearch() {
  lastSearch = location.hash;
}

function goBack(event) {
  if (lastSearch) {
    event.preventDefault();
    location.hash = lastSearch;
  }
}
