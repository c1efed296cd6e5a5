// Whom this browser plays: a list of numbers, and a new one.

import { h } from "../shell/element.js";
import { t } from "../shell/language.js";
import { addPerson, choosePerson, people, readableNumber } from "./people.js";

export const messages = {
  en: {
    "person.label": "You are",
    "person.new": "New number",
    "person.hint": "The agents remember each number by itself.",
  },
  hi: {
    "person.label": "आप हैं",
    "person.new": "नया नंबर",
    "person.hint": "एजेंट हर नंबर की बातचीत अलग याद रखते हैं।",
  },
};

/** The choice as an element; `onChange(person)` hears of another person. */
export function personChoice(onChange) {
  const select = h("select", { onChange: () => onChange(choosePerson(select.value)) });
  const fill = () =>
    select.replaceChildren(
      ...people().map(({ name, number }) => h("option", { value: number }, `${name}, ${readableNumber(number)}`)),
    );
  const add = () => {
    const person = addPerson();
    fill();
    onChange(person);
  };
  fill();
  const choice = h(
    "div",
    { class: "person-choice" },
    h("label", { class: "field" }, t("person.label"), select),
    h("p", { class: "hint" }, t("person.hint")),
    h("button", { type: "button", class: "quiet", onClick: add }, t("person.new")),
  );
  return {
    element: choice,
    lock(isLocked) {
      choice.querySelectorAll("select, button").forEach((control) => (control.disabled = isLocked));
    },
  };
}
