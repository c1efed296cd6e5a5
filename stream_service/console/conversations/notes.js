// The system's own sentences in a transcript, told apart so that they can be shown in the reader's language. No DOM.

const FIXED = {
  "A person of the team took over.": "taken_over",
  "The person gave the conversation back: the agents answer again.": "given_back",
  "The user called again.": "called_again",
  "No person took the call; the caller was promised a call back.": "nobody_took_call",
};
const HAND_OVER = /^(?<giver>[^:]+?) handed over to (?<taker>[^:.]+)(?:: (?<why>.*)|\.)$/;
const ENTRY = /^from (?<giver>[^:]+?)(?:: (?<why>.*))?$/;
const PERSON = "a person";
const RULE = "a rule";

/**
 * What each line of a system's turn says: `{kind, giver, taker, why, text}`.
 *
 * `kind` is one of the names above, `hand_over`, `person_wanted`, `rule_wants_person` or `other`, which has `text` only.
 */
export function readNotes(text) {
  return text.split("\n").map((line) => readNote(line.trim()));
}

function readNote(line) {
  if (line in FIXED) {
    return { kind: FIXED[line], text: line };
  }
  const found = HAND_OVER.exec(line)?.groups;
  if (!found) {
    return { kind: "other", text: line };
  }
  const giver = found.giver.toLowerCase();
  if (found.taker !== PERSON) {
    return { kind: "hand_over", giver, taker: found.taker, why: found.why ?? "", text: line };
  }
  return { kind: giver === RULE ? "rule_wants_person" : "person_wanted", giver, why: found.why ?? "", text: line };
}

/** The hand-overs between agents that led to a reply, from what is kept with it: `{giver, taker, why}` in order. */
export function handOversOf(message) {
  if (message.route_reason !== "handed_over" || !message.agent_id || !message.route_detail) {
    return [];
  }
  const entries = message.route_detail.split("\n").map((line) => ENTRY.exec(line)?.groups);
  const given = entries.filter(Boolean);
  if (given.length === 0 || given.at(-1).giver === message.agent_id) {
    return [];
  }
  const takers = [...given.slice(1).map((entry) => entry.giver), message.agent_id];
  return given.map((entry, place) => ({ giver: entry.giver, taker: takers[place], why: entry.why ?? "" }));
}
