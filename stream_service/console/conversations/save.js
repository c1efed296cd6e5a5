// Hands a file to the person.

import { h } from "../shell/element.js";

/** Let the browser keep a Blob under a name. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  // The browser begins to read it after this.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The same for a text. */
export function saveText(text, name, type = "text/plain") {
  save(new Blob([text], { type: `${type};charset=utf-8` }), name);
}
