// One conversation as it is spoken, folded from what the API keeps of it and from updates. No DOM.
//
// An update shows at once, as a line of its own. When the API is read again its messages take the place of those lines:
// it knows more about them. What it does not know yet stays, so nothing that was seen disappears.

import { compareEventIds, isOlder } from "../../conversations/event_id.js";

/** How many lines are kept; the oldest go first, for they are in the history. */
export const MOST_LINES = 600;

export function emptyTranscript() {
  return {
    messages: new Map(),
    told: new Map(),
    /** The keys that messages were known by while they were only told. */
    keys: new Map(),
    statuses: new Map(),
    partial: null,
    partialEndsAt: "",
  };
}

/** Take in one update of this conversation; returns whether anything looks different. */
export function foldIntoTranscript(transcript, event) {
  const fold = FOLDS[event.type];
  return fold ? fold(transcript, event) !== false : false;
}

/**
 * Take in messages as the API told them.
 *
 * `asOf` is the id of the last update before the API was asked. What was written down until then is among the messages.
 */
export function foldMessages(transcript, messages, asOf) {
  const unmatched = [];
  for (const message of messages) {
    if (!transcript.messages.has(message.id)) {
      unmatched.push(message);
    }
    transcript.messages.set(message.id, message);
  }
  for (const [key, line] of transcript.told) {
    if (line.kind === "note" ? line.isWritten && !isOlder(asOf, line.eventId) : isNowAmong(transcript, unmatched, line)) {
      transcript.told.delete(key);
    }
  }
  while (transcript.messages.size > MOST_LINES) {
    const [oldest] = transcript.messages.keys();
    transcript.messages.delete(oldest);
    transcript.keys.delete(oldest);
  }
}

/** The lines in order: `{key, kind: "message", message}` or `{key, kind: "note", note, at, values}`. */
export function linesOf(transcript) {
  const lines = [...transcript.messages.values()].map((message) => ({
    key: transcript.keys.get(message.id) ?? message.id,
    kind: "message",
    at: Date.parse(message.at),
    message: withLatestStatus(transcript, message),
  }));
  const place = new Map(lines.map((line, index) => [line, index]));
  const told = [...transcript.told.values()].sort((one, other) => compareEventIds(one.eventId, other.eventId));
  // The API's order counts among its own messages; what was only told comes where its time puts it.
  return [...lines, ...told].sort((one, other) => {
    const bothKnown = place.has(one) && place.has(other);
    return bothKnown ? place.get(one) - place.get(other) : one.at - other.at;
  });
}

/** The words that are being spoken and are no turn yet, or null. */
export function partialOf(transcript) {
  return transcript.partial?.text ?? null;
}

const FOLDS = {
  "message.received": (transcript, event) => tellMessage(transcript, event, event.data.speaker ?? "user"),
  "message.sent": (transcript, event) => tellMessage(transcript, event, event.data.person ? "human" : "agent"),
  "message.status": (transcript, event) => {
    const known = transcript.statuses.get(event.data.message_id);
    if (known && !isOlder(known.id, event.id)) {
      return false;
    }
    transcript.statuses.set(event.data.message_id, { id: event.id, status: event.data.status });
    return true;
  },
  "call.partial": (transcript, event) => {
    const isLate = !isOlder(transcript.partialEndsAt, event.id) || isOlder(event.id, transcript.partial?.id ?? "");
    if (isLate) {
      return false;
    }
    transcript.partial = { id: event.id, text: event.data.text };
    return true;
  },
  "call.turn": (transcript, event) => {
    if ((event.data.speaker ?? "agent") === "user") {
      endPartial(transcript, event);
    }
    return tellTurn(transcript, event, event.data.speaker ?? "agent");
  },
  "call.started": (transcript, event) => note(transcript, event, "call_started"),
  "call.ended": (transcript, event) => {
    endPartial(transcript, event);
    return note(transcript, event, "call_ended", { reason: event.data.reason });
  },
  "takeover.changed": (transcript, event) => {
    const isHuman = event.data.status === "human";
    const kind = isHuman ? (event.data.wanted ? "person_wanted" : "taken_over") : "given_back";
    return note(transcript, event, kind, { isWritten: true });
  },
  "consent.changed": (transcript, event) => note(transcript, event, event.data.opted_out ? "opted_out" : "opted_in"),
};

function endPartial(transcript, event) {
  if (isOlder(transcript.partialEndsAt, event.id)) {
    transcript.partialEndsAt = event.id;
  }
  if (transcript.partial && isOlder(transcript.partial.id, event.id)) {
    transcript.partial = null;
  }
}

/** What is said in a call comes as its turns. */
function tellMessage(transcript, event, speaker) {
  return event.channel === "voice" ? false : tellTurn(transcript, event, speaker);
}

function tellTurn(transcript, event, speaker) {
  const { data } = event;
  if (!data.text || transcript.messages.has(data.message_id)) {
    return false;
  }
  transcript.told.set(event.id, {
    key: event.id,
    kind: "message",
    at: Date.parse(event.at),
    eventId: event.id,
    messageId: data.message_id ?? null,
    message: {
      id: event.id,
      speaker: speaker === "person" ? "human" : speaker,
      kind: event.channel === "voice" ? "speech" : "text",
      text: data.text,
      at: event.at,
      agent_id: data.agent_id ?? null,
      interrupted: Boolean(data.interrupted),
      stages_ms: data.stages_ms ?? {},
      delivery_status: data.status ?? null,
      start_ms: data.start_ms ?? null,
      end_ms: data.end_ms ?? null,
    },
  });
  return true;
}

/** `isWritten`: the platform writes it into the conversation as well. */
function note(transcript, event, kind, { isWritten = false, reason = "" } = {}) {
  transcript.told.set(event.id, {
    key: event.id,
    kind: "note",
    at: Date.parse(event.at),
    eventId: event.id,
    isWritten,
    note: { kind, reason },
  });
  return true;
}

/** Whether a told line became a message, which takes over its key; each message was told once. */
function isNowAmong(transcript, unmatched, line) {
  const { text, speaker } = line.message;
  const place = unmatched.findIndex((message) =>
    line.messageId ? message.id === line.messageId : message.text === text && message.speaker === speaker,
  );
  if (place >= 0) {
    const [message] = unmatched.splice(place, 1);
    transcript.keys.set(message.id, line.key);
  }
  return place >= 0 || transcript.messages.has(line.messageId);
}

const RANK = ["pending", "sending", "sent", "failed", "delivered", "read", "played"];

function withLatestStatus(transcript, message) {
  const told = transcript.statuses.get(message.id)?.status;
  const isFurther = RANK.indexOf(told) > RANK.indexOf(message.delivery_status ?? "pending");
  return isFurther && message.speaker !== "user" ? { ...message, delivery_status: told } : message;
}
