// A transcript as a file to keep: as text for people, as JSON for programs. No DOM.

import { duration } from "../shell/formats.js";

/**
 * The transcript as text: what it is of, then a line for each turn.
 *
 * `turns` are `{at, startMs, who, text, isInterrupted}`; `words` are in the reader's language.
 */
export function asText({ title, facts, turns, words }) {
  const head = [title, ...facts.map(([name, value]) => `${name}: ${value}`), ""];
  const lines = turns.map(({ at, startMs, who, text, isInterrupted }) => {
    const moment = startMs === null || startMs === undefined ? at : duration(startMs);
    return `[${moment}] ${who}: ${text}${isInterrupted ? ` (${words.interrupted})` : ""}`;
  });
  return `${[...head, ...lines].join("\n")}\n`;
}

/** The same as JSON, as the API told it. */
export function asJson(told) {
  return `${JSON.stringify(told, null, 2)}\n`;
}

/** A file name that every system takes. */
export function fileName(kind, id, ending) {
  return `${kind}-${String(id).replace(/[^A-Za-z0-9_-]+/g, "_")}.${ending}`;
}
