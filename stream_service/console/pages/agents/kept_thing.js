// A thing that is kept in versions (an agent, a rule, a tool) in a form: read, saved, conflicts settled, removed.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { ApiProblem } from "../../shell/api.js";
import { ask } from "../../shell/dialog.js";
import { notice, problem as showProblem } from "../../shell/notices.js";
import { settleConflict } from "./conflict.js";
import { createForm } from "./edit_form.js";

/**
 * A form for the thing at `path` + id; a new one where `kept` is null.
 *
 * `defaults` fill a new one; `words` are texts: {added, saved, removeTitle, removeText, removed}, each a function of
 * the thing; `back` is where it goes afterwards; `refused` names the field that a refusal without a field is about.
 * `onChange` is told of each version that is shown. Returns {node, close}.
 */
export function editThing({ api, path, kept, fields, groups, defaults, words, back, refused, onChange }) {
  let read = kept;
  const address = () => `${path}/${read.id}`;
  const shown = (thing) => Object.fromEntries(fields.map(({ name, normal }) => [name, normal(thing[name])]));
  const removal = h("button", { type: "button", class: "danger", onClick: remove }, t("agents.form.remove"));
  const form = createForm({ groups, save: kept ? replace : add, cancel: back, refused, more: kept ? [removal] : [] });
  form.fill(kept ?? defaults);

  async function add(values) {
    leave(words.added(await api.post(path, values)));
  }

  async function replace(values) {
    if (!form.changed().length) {
      notice(t("agents.form.nothingChanged"));
      return;
    }
    try {
      await put(values);
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.status !== 409) {
        throw error;
      }
      await settle(values);
    }
  }

  async function put(values) {
    const saved = await api.put(address(), values, { headers: ifMatch(read) });
    take(saved);
    notice(words.saved(saved));
  }

  async function settle(yours) {
    const theirs = await readAgain();
    if (theirs === null) {
      return;
    }
    const outcome = await settleConflict({ fields, base: shown(read), theirs: shown(theirs), yours });
    if (outcome === undefined) {
      return;
    }
    take(theirs);
    if (outcome === null) {
      return;
    }
    form.propose(outcome);
    await replace(form.values());
  }

  async function readAgain() {
    try {
      return await api.get(address());
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.status !== 404) {
        throw error;
      }
      leave(t("agents.gone"));
      return null;
    }
  }

  async function remove() {
    const text = words.removeText(read);
    if (!(await ask({ title: words.removeTitle(read), text, confirm: t("agents.form.remove"), isDangerous: true }))) {
      return;
    }
    try {
      await api.remove(address(), { headers: ifMatch(read) });
      leave(words.removed(read));
    } catch (error) {
      await explain(error);
    }
  }

  async function explain(error) {
    const status = error instanceof ApiProblem ? error.status : null;
    if (status === 409) {
      await settle(form.values());
    } else if (status === 404) {
      leave(t("agents.gone"));
    } else {
      showProblem(error);
    }
  }

  function take(thing) {
    read = thing;
    form.fill(thing);
    onChange?.(thing);
  }

  function leave(text) {
    form.settle();
    notice(text);
    location.hash = back;
  }

  return { node: form.node, close: form.close };
}

/** The header by which a change counts only for the version that was read. */
export function ifMatch({ version }) {
  return { "if-match": `"${version}"` };
}
