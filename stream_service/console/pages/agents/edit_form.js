// A form over fields in groups: checks, saves, shows the API's problems at their fields, knows what is not saved.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { ApiProblem } from "../../shell/api.js";
import { problem as showProblem } from "../../shell/notices.js";
import { guardLeaving } from "../../shell/leaving.js";

/**
 * `groups`: [{title, fields}]; `save(values)` keeps them and may throw; `cancel` is where the link beside it leads;
 * `more` are further buttons. Returns {node, fill, values, changed, isDirty, close}.
 */
export function createForm({ groups, save, cancel, refused = null, more = [] }) {
  const fields = groups.flatMap((group) => group.fields);
  let saved = {};
  const summary = h("div", { class: "form-problems", role: "alert", tabindex: "-1", hidden: true });
  const state = h("p", { class: "form-state", "aria-live": "polite" });
  const button = h("button", { type: "submit", class: "primary" }, t("agents.form.save"));
  const node = h(
    "form",
    { class: "edit-form", novalidate: true, autocomplete: "off" },
    summary,
    ...groups.map(groupOf),
    h("div", { class: "actions" }, button, h("a", { class: "button", href: cancel }, t("agents.form.cancel")), ...more, state),
  );

  const values = () => Object.fromEntries(fields.map((field) => [field.name, field.read()]));
  const changed = () => fields.filter((field) => !isSame(field.read(), saved[field.name])).map((field) => field.name);
  const isDirty = () => node.isConnected && changed().length > 0;
  const release = guardLeaving(isDirty);
  node.addEventListener("input", () => (state.textContent = isDirty() ? t("agents.form.unsaved") : ""));
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled || !showOwnProblems(fields, summary)) {
      return;
    }
    button.disabled = true;
    state.textContent = t("agents.form.saving");
    try {
      await save(values());
    } catch (error) {
      state.textContent = isDirty() ? t("agents.form.unsaved") : "";
      if (!(error instanceof ApiProblem) || !showAnswered(error, fields, summary, refused)) {
        showProblem(error);
      }
    } finally {
      button.disabled = false;
    }
  });

  return {
    node,
    values,
    changed,
    isDirty,
    close: release,
    /** Show these values, and take them for what is kept. */
    fill(kept) {
      for (const field of fields) {
        if (field.name in kept) {
          field.write(kept[field.name]);
        }
      }
      saved = values();
      state.textContent = "";
    },
    /** Show values that are not kept yet. */
    propose(wished) {
      for (const field of fields) {
        if (field.name in wished) {
          field.write(wished[field.name]);
        }
      }
      state.textContent = isDirty() ? t("agents.form.unsaved") : "";
    },
    /** Nothing of this has to be asked about any more. */
    settle() {
      saved = values();
    },
  };
}

export function isSame(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

function groupOf(group) {
  const nodes = group.fields.map((field) => field.node);
  const legend = group.title && h("legend", {}, group.title);
  return h(legend ? "fieldset" : "div", { class: "card field-group" }, legend, nodes);
}

function showOwnProblems(fields, summary) {
  const found = fields.map((field) => [field, field.problem()]);
  for (const [field, text] of found) {
    field.show(text);
  }
  return tell(summary, found.filter(([, text]) => text));
}

/** Whether the problems of an answer belong to fields of this form, or are about the form as a whole. */
function showAnswered(error, fields, summary, refused) {
  const problems = error.details?.problems ?? [];
  if (!problems.length && !["invalid_content", "invalid_request", "version_conflict"].includes(error.code)) {
    return false;
  }
  const found = problems.map(({ field: name, problem }) => [
    fields.find((field) => field.name === name.split(".")[0]),
    problem,
  ]);
  if (!found.length) {
    found.push([fields.find(({ name }) => name === refused && error.code === "invalid_content"), error.message]);
  }
  for (const [field, text] of found) {
    field?.show(text);
  }
  tell(summary, found);
  return true;
}

function tell(summary, found) {
  summary.hidden = !found.length;
  if (!found.length) {
    return true;
  }
  const items = found.map(([field, text]) => h("li", {}, field ? linkTo(field, text) : text));
  summary.replaceChildren(h("p", {}, t("agents.form.problems")), h("ul", {}, ...items));
  summary.focus();
  return false;
}

function linkTo(field, text) {
  return h("button", { type: "button", class: "link", onClick: () => field.focus() }, `${field.title}: ${text}`);
}
