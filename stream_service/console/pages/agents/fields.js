// Form fields: label, help, control and error tied together, each able to say and take its value.

import { h, newId } from "../../shell/element.js";
import { t } from "../../shell/language.js";

/**
 * One field. `spec`: {name, words, kind, isRequired, most, least, step, rows, options, pattern, suggestions}.
 *
 * `words` begins the keys of label and help: `${words}field.${name}`. Kinds: text, area, number, check, choice, checks
 * (several of `options`), json (an object), maybe (a text or null) and lines (a list, one entry a line). `isRequired`
 * may be a function that says so at the time. `normal` gives a value the order in which it is read.
 */
export function createField(spec) {
  const id = newId("field");
  const help = h("p", { class: "hint help", id: `${id}-help` }, t(`${spec.words}help.${spec.name}`));
  const error = h("p", { class: "problem", id: `${id}-error`, hidden: true });
  const control = KINDS[spec.kind](spec, id);
  const title = t(`${spec.words}field.${spec.name}`);
  const label = spec.kind === "checks" ? h("legend", { id: `${id}-label` }, title) : labelOf(spec, id, title);
  const tag = spec.kind === "checks" ? "fieldset" : "div";
  const order = spec.kind === "check" ? [control.node, label, help, error] : [label, help, control.node, error];
  const node = h(tag, { class: `field field-${spec.kind}` }, ...order);
  control.focusable.setAttribute("aria-describedby", `${id}-help ${id}-error`);

  return {
    name: spec.name,
    title,
    node,
    read: control.read,
    write: control.write,
    normal: control.normal ?? ((value) => value),
    focus: () => control.focusable.focus(),
    problem: control.problem ?? (() => problemOf(spec, control.read())),
    show(text) {
      error.textContent = text ?? "";
      error.hidden = !text;
      control.focusable.removeAttribute("aria-invalid");
      if (text) {
        control.focusable.setAttribute("aria-invalid", "true");
      }
    },
  };
}

/** A JSON object out of a text: {value, problem}; what is none has a problem in words. */
export function readJson(text) {
  try {
    const value = JSON.parse(text || "{}");
    const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
    return { value, problem: isObject ? null : t("agents.form.badJson", { problem: text.slice(0, 20) }) };
  } catch (error) {
    return { value: text, problem: t("agents.form.badJson", { problem: error.message }) };
  }
}

/** A value for people: a list by commas, yes or no, a word for nothing. */
export function valueInWords(value) {
  if (typeof value === "boolean") {
    return t(value ? "agents.form.yes" : "agents.form.no");
  }
  if (Array.isArray(value)) {
    return value.length ? value.join(", ") : t("agents.form.empty");
  }
  if (value !== null && typeof value === "object") {
    return JSON.stringify(value, null, 1);
  }
  return value === "" || value === null || value === undefined ? t("agents.form.empty") : String(value);
}

function labelOf(spec, id, title) {
  const alwaysSaysSomething = ["check", "choice", "number", "json"].includes(spec.kind);
  const optional = spec.isRequired || alwaysSaysSomething ? null : t("agents.form.optional");
  return h("label", { for: id }, title, optional && h("span", { class: "field-optional" }, ` (${optional})`));
}

function problemOf(spec, value) {
  if (spec.kind === "number") {
    const isRight = Number.isFinite(value) && value >= spec.least && value <= spec.most;
    return isRight ? null : t("agents.form.notBetween", { least: spec.least, most: spec.most });
  }
  if (typeof value !== "string") {
    return null;
  }
  const isRequired = typeof spec.isRequired === "function" ? spec.isRequired() : spec.isRequired;
  if (isRequired && !value) {
    return t("agents.form.required");
  }
  if (spec.most && [...value].length > spec.most) {
    return t("agents.form.tooLong", { most: spec.most, length: [...value].length });
  }
  return spec.pattern && value && !spec.pattern.test(value) ? t(spec.patternProblem) : null;
}

const KINDS = {
  text: (spec, id) => {
    const list = spec.suggestions
      ? h("datalist", { id: `${id}-list` }, ...spec.suggestions.map((value) => h("option", { value })))
      : null;
    const input = h("input", {
      id, type: "text", autocomplete: "off", spellcheck: "false",
      ...(list && { list: list.id }), "aria-required": spec.isRequired === true && "true",
    });
    return { ...ofText(input), node: list ? h("div", {}, input, list) : input };
  },
  area: (spec, id) =>
    ofText(h("textarea", { id, rows: spec.rows ?? 2, "aria-required": spec.isRequired === true && "true" })),
  number: (spec, id) => {
    const input = h("input", { id, type: "number", min: spec.least, max: spec.most, step: spec.step ?? 1 });
    return {
      node: input,
      focusable: input,
      read: () => (input.value.trim() === "" ? NaN : Number(input.value)),
      write: (value) => (input.value = String(value)),
    };
  },
  check: (spec, id) => {
    const input = h("input", { id, type: "checkbox" });
    return { node: input, focusable: input, read: () => input.checked, write: (value) => (input.checked = value) };
  },
  choice: (spec, id) => {
    const options = spec.options.map(({ value, label }) => h("option", { value }, label));
    const select = h("select", { id }, ...options);
    return { node: select, focusable: select, read: () => select.value, write: (value) => chooseIn(select, value) };
  },
  checks: (spec, id) => ofChecks(spec, id),
  json: (spec, id) => {
    const area = h("textarea", { id, rows: spec.rows, spellcheck: "false", class: "code" });
    return {
      node: area,
      focusable: area,
      read: () => readJson(area.value).value,
      problem: () => readJson(area.value).problem,
      write: (value) => (area.value = JSON.stringify(value, null, 2)),
    };
  },
  maybe: (spec, id) => {
    const input = h("input", { id, type: "text", autocomplete: "off", spellcheck: "false" });
    return { ...ofText(input), read: () => input.value.trim() || null };
  },
  lines: (spec, id) => {
    const area = h("textarea", { id, rows: spec.rows ?? 2, spellcheck: "false" });
    return {
      node: area,
      focusable: area,
      read: () => area.value.split(/[\n,]/).map((line) => line.trim()).filter(Boolean),
      write: (value) => (area.value = value.join("\n")),
    };
  },
};

function ofText(input) {
  return {
    node: input,
    focusable: input,
    read: () => input.value.trim(),
    write: (value) => (input.value = value ?? ""),
  };
}

/** Something that is kept, but no longer to be had, stays chosen until somebody chooses otherwise. */
function chooseIn(select, value) {
  if (![...select.options].some((option) => option.value === value)) {
    select.append(h("option", { value }, value));
  }
  select.value = value;
}

function ofChecks(spec, id) {
  const boxes = spec.options.map(({ value, label }, index) => {
    const input = h("input", { type: "checkbox", id: `${id}-${index}`, value });
    return { input, row: h("div", { class: "check-row" }, input, h("label", { for: input.id }, label)) };
  });
  const node = h("div", { class: "checks" }, ...boxes.map(({ row }) => row));
  return {
    node,
    focusable: boxes.length ? boxes[0].input : node,
    read: () => boxes.filter(({ input }) => input.checked).map(({ input }) => input.value),
    write: (values) => boxes.forEach(({ input }) => (input.checked = values.includes(input.value))),
    normal: (values) => spec.options.map(({ value }) => value).filter((value) => values.includes(value)),
  };
}
