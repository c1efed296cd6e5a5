// The words of the console in the language that the person chose.

import { messages as shellMessages } from "./messages.js";

/** Languages by their own names. */
export const LANGUAGES = { en: "English", hi: "हिन्दी" };

const KEPT_AS = "vaani.language";
const known = { en: {}, hi: {} };
let chosen = kept() ?? fromBrowser();

add(shellMessages);

/** The language in use: `en` or `hi`. */
export function language() {
  return chosen;
}

/** Use another language from the next rendering on; whoever calls it renders again. */
export function chooseLanguage(tag) {
  chosen = tag in LANGUAGES ? tag : "en";
  localStorage.setItem(KEPT_AS, chosen);
  translateDocument();
}

/** Make messages known: `{en: {"live.title": "Live"}, hi: {…}}`. */
export function add(messages) {
  for (const tag of Object.keys(LANGUAGES)) {
    Object.assign(known[tag], messages[tag] ?? {});
  }
}

/**
 * The message of a key; `{name}` in it stands for a value.
 *
 * A number that the message depends on is `count`: with it, `key.one` is taken before `key` for what the language counts as one.
 */
export function t(key, values = {}) {
  const table = known[chosen];
  const isOne = "count" in values && new Intl.PluralRules(chosen).select(values.count) === "one";
  const message = (isOne ? table[`${key}.one`] : undefined) ?? table[key] ?? known.en[key] ?? key;
  return message.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Whether there is a message of this key. */
export function has(key) {
  return key in known[chosen] || key in known.en;
}

/** Let the document itself speak the language. */
export function translateDocument() {
  document.documentElement.lang = chosen;
  const skip = document.getElementById("skip");
  if (skip) {
    skip.textContent = t("shell.skip");
  }
}

function kept() {
  const tag = localStorage.getItem(KEPT_AS);
  return tag && tag in LANGUAGES ? tag : null;
}

function fromBrowser() {
  const tags = (navigator.languages ?? []).map((tag) => tag.split("-")[0]);
  return tags.find((tag) => tag in LANGUAGES) ?? "en";
}
