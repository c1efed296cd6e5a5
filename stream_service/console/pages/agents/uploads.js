// Documents on their way to an agent: files chosen or dropped, or a text that is written here, one after the other.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { ApiProblem } from "../../shell/api.js";
import { labelled } from "./parts.js";

const LARGEST_BYTES = 700_000;
const TYPES = {
  txt: "text/plain", text: "text/plain", md: "text/markdown", markdown: "text/markdown", csv: "text/csv",
  html: "text/html", htm: "text/html", pdf: "application/pdf",
};
export const ACCEPTED = Object.keys(TYPES).map((ending) => `.${ending}`).join(",");

/** The media type by a file's name, null for what no agent can read. */
export function typeOf(file) {
  return TYPES[file.name.split(".").pop().toLowerCase()] ?? null;
}

/** What the API would refuse a file for, in words; null where it may be sent. */
export function problemOf(file) {
  if (typeOf(file) === null) {
    return t("agents.upload.wrongType");
  }
  return file.size > LARGEST_BYTES ? t("agents.upload.tooLarge") : null;
}

/** An area to add documents; `send(file, title)` uploads one and answers {status, data}, `onAdded` is told at the end. */
export function uploadArea({ send, onAdded }) {
  const kind = { type: "file", multiple: true, accept: ACCEPTED };
  const input = h("input", { id: "upload-files", "aria-describedby": "upload-help", ...kind });
  const rows = h("ul", { class: "uploads", "aria-label": t("agents.upload.progress") });
  const summary = h("p", { class: "upload-summary", role: "status" });
  const area = h(
    "section",
    { class: "card drop-area", "aria-labelledby": "upload-title" },
    h("h2", { id: "upload-title" }, t("agents.upload.title")),
    labelled(t("agents.upload.choose"), input),
    h("p", { class: "hint", id: "upload-help" }, t("agents.upload.help")),
    summary,
    rows,
    pasteArea((file, title) => take([{ file, title }])),
  );
  let queue = Promise.resolve();
  let all = 0;
  let done = 0;

  function take(entries) {
    for (const entry of entries) {
      all += 1;
      const row = rowOf(entry);
      rows.append(row.node);
      queue = queue.then(() => upload(entry, row, send)).then(() => {
        done += 1;
        summary.textContent = t("agents.upload.summary", { done, all });
        return done === all ? onAdded() : null;
      });
    }
  }

  input.addEventListener("change", () => {
    take(entriesOf(input.files));
    input.value = "";
  });
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    area.classList.add("is-over");
  });
  area.addEventListener("dragleave", () => area.classList.remove("is-over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("is-over");
    take(entriesOf(event.dataTransfer.files));
  });
  return area;
}

function entriesOf(files) {
  return [...files].map((file) => ({ file, title: file.name.replace(/\.[^.]+$/, "").slice(0, 200) || file.name }));
}

function rowOf({ title }) {
  const state = h("span", { class: "upload-state" }, t("agents.upload.waiting"));
  const bar = h("progress", { max: 1, value: 0, "aria-label": title });
  return { node: h("li", {}, h("strong", {}, title), bar, state), state, bar };
}

async function upload({ file, title }, { node, state, bar }, send) {
  const problem = problemOf(file);
  if (problem) {
    return end("is-bad", problem);
  }
  state.textContent = t("agents.upload.sending");
  bar.removeAttribute("value");
  try {
    const { status, data } = await send(file, title);
    return end("is-good", status === 200 ? t("agents.upload.known") : t("agents.upload.added", { count: data.passage_count }));
  } catch (error) {
    if (!(error instanceof ApiProblem)) {
      throw error;
    }
    return end("is-bad", error.message);
  }

  function end(look, text) {
    bar.value = 1;
    node.className = look;
    state.textContent = text;
  }
}

function pasteArea(add) {
  const title = h("input", { id: "paste-title", type: "text", maxlength: 200 });
  const text = h("textarea", { id: "paste-text", rows: 6 });
  const error = h("p", { class: "problem", role: "alert", hidden: true });
  const button = h("button", { type: "button", onClick: submit }, t("agents.upload.pasteAdd"));
  function submit() {
    const isGiven = title.value.trim() !== "" && text.value.trim() !== "";
    error.hidden = isGiven;
    error.textContent = isGiven ? "" : t("agents.upload.pasteNeeded");
    if (!isGiven) {
      return;
    }
    add(new File([text.value], "text.md", { type: "text/markdown" }), title.value.trim());
    title.value = "";
    text.value = "";
  }
  return h(
    "details",
    { class: "paste" },
    h("summary", {}, t("agents.upload.paste")),
    labelled(t("agents.upload.pasteTitle"), title),
    labelled(t("agents.upload.pasteText"), text),
    error,
    button,
  );
}
