// What is going on now: conversations and their calls, folded from answers of the API and from updates. No DOM.
//
// Every fact is kept with the id of the update that told it, and gives way only to a younger one. So it does not matter
// in which order updates and answers arrive, nor how often: the state is the same. A call that ended stays ended.

import { isOlder } from "../../conversations/event_id.js";

/** How many entries are kept; those that nothing was heard of for longest are let go first. */
export const MOST_ENTRIES = 400;

const CALL_STAGES = ["ringing", "live", "over"];
const ENDED = new Set(["ended", "failed"]);

export function emptyState() {
  return { entries: new Map(), lastId: "" };
}

/** Take in one update; returns the id of the conversation that looks different now, or null. */
export function foldEvent(state, event) {
  if (isOlder(state.lastId, event.id)) {
    state.lastId = event.id;
  }
  const fold = FOLDS[event.type];
  if (!fold || !event.conversation_id) {
    return null;
  }
  const entry = entryOf(state, event.conversation_id);
  learn(entry, "channel", event.channel || entry.channel, "");
  learn(entry, "userId", event.user_id || entry.userId, "");
  entry.lastAt = Math.max(entry.lastAt, Date.parse(event.at) || 0);
  fold(entry, event);
  letOldOnesGo(state);
  return entry.id;
}

/**
 * Take in conversations as the API told them.
 *
 * `asOf` is the id of the last update before the API was asked: what younger updates say counts more.
 */
export function foldConversations(state, conversations, asOf) {
  for (const told of conversations) {
    const entry = entryOf(state, told.id);
    entry.isKnown = true;
    entry.channel = told.channel;
    entry.userId = told.user_id;
    entry.userName = told.user_name || entry.userName;
    entry.startedAt = Date.parse(told.started_at);
    entry.messageCount = told.message_count;
    entry.lastAt = Math.max(entry.lastAt, Date.parse(told.last_message_at));
    learn(entry, "agentId", told.agent_id, asOf);
    learn(entry, "status", told.status, asOf);
    learn(entry, "needsAttention", told.needs_attention, asOf);
    learn(entry, "optedOut", told.opted_out, asOf);
  }
  letOldOnesGo(state);
}

/** Take in calls as the API told them. */
export function foldCalls(state, calls) {
  for (const told of calls) {
    const entry = entryOf(state, told.conversation_id);
    entry.channel ||= "voice";
    entry.userId ||= told.caller_id;
    entry.lastAt = Math.max(entry.lastAt, Date.parse(told.ended_at ?? told.started_at));
    advanceCall(entry, {
      sid: told.call_sid,
      stage: ENDED.has(told.state) ? "over" : told.state,
      direction: told.direction,
      startedAt: Date.parse(told.answered_at ?? told.started_at),
      endedAt: told.ended_at ? Date.parse(told.ended_at) : null,
      reason: told.end_reason,
    });
  }
  letOldOnesGo(state);
}

/** The calls that the API no longer counts among the live ones have ended, though nobody heard it said. */
export function endCallsMissingFrom(state, liveSids, asOf) {
  for (const entry of state.entries.values()) {
    const { call } = entry;
    if (call && call.stage !== "over" && !liveSids.has(call.sid) && !isOlder(asOf, call.heardOf)) {
      call.stage = "over";
      call.endedAt ??= entry.lastAt;
    }
  }
}

const FOLDS = {
  "message.received": (entry, event) => {
    learn(entry, "words", wordsOf(event, event.data.speaker ?? "user"), event.id);
    learn(entry, "waitsForPerson", true, event.id);
  },
  "message.sent": (entry, event) => {
    learn(entry, "words", wordsOf(event, event.data.person ? "human" : "agent"), event.id);
    learn(entry, "waitsForPerson", false, event.id);
    learn(entry, "needsAttention", event.data.status === "failed", event.id);
    if (event.data.agent_id) {
      learn(entry, "agentId", event.data.agent_id, event.id);
    }
  },
  "message.status": (entry, event) => {
    if (event.data.status === "failed" || event.data.unanswered_because === "stale") {
      learn(entry, "needsAttention", true, event.id);
    }
  },
  "call.started": (entry, event) => {
    heardOfCall(entry, event, { stage: "live", direction: event.data.direction, startedAt: Date.parse(event.at) });
    if (event.data.agent_id) {
      learn(entry, "agentId", event.data.agent_id, event.id);
    }
  },
  "call.partial": (entry, event) => {
    heardOfCall(entry, event, { stage: "live" });
    learn(entry, "words", { ...wordsOf(event, "user"), isPartial: true }, event.id);
  },
  "call.turn": (entry, event) => {
    heardOfCall(entry, event, { stage: "live" });
    learn(entry, "words", wordsOf(event, event.data.speaker ?? "agent"), event.id);
    if (event.data.agent_id) {
      learn(entry, "agentId", event.data.agent_id, event.id);
    }
  },
  "call.ended": (entry, event) => {
    heardOfCall(entry, event, { stage: "over", endedAt: Date.parse(event.at), reason: event.data.reason });
  },
  "agent.changed": (entry, event) => {
    learn(entry, "agentId", event.data.to, event.id);
  },
  "takeover.changed": (entry, event) => {
    learn(entry, "status", event.data.status, event.id);
    learn(entry, "wanted", Boolean(event.data.wanted) && event.data.status === "human", event.id);
  },
  "consent.changed": (entry, event) => {
    learn(entry, "optedOut", event.data.opted_out, event.id);
  },
};

function entryOf(state, id) {
  let entry = state.entries.get(id);
  if (!entry) {
    entry = {
      id,
      isKnown: false,
      channel: "",
      userId: "",
      userName: null,
      agentId: null,
      status: "open",
      needsAttention: false,
      waitsForPerson: false,
      wanted: false,
      optedOut: false,
      words: null,
      call: null,
      startedAt: null,
      messageCount: 0,
      lastAt: 0,
      toldBy: {},
    };
    state.entries.set(id, entry);
  }
  return entry;
}

function learn(entry, fact, value, id) {
  if (value === undefined || isOlder(id, entry.toldBy[fact] ?? "")) {
    return;
  }
  entry[fact] = value;
  entry.toldBy[fact] = id;
}

function wordsOf(event, speaker) {
  return event.data.text ? { speaker, text: event.data.text, isPartial: false } : undefined;
}

function heardOfCall(entry, event, facts) {
  if (event.data.call_sid) {
    advanceCall(entry, { sid: event.data.call_sid, heardOf: event.id, ...facts });
  }
}

/** A call only goes forward; of two calls of one conversation the one that began later is shown. */
function advanceCall(entry, facts) {
  const known = entry.call;
  if (!known || known.sid !== facts.sid) {
    if (!known || isSucceededBy(known, facts)) {
      entry.call = { startedAt: null, endedAt: null, reason: null, direction: null, heardOf: "", ...given(facts) };
    }
    return;
  }
  const stage = Math.max(CALL_STAGES.indexOf(known.stage), CALL_STAGES.indexOf(facts.stage));
  const heardOf = isOlder(known.heardOf, facts.heardOf ?? "") ? facts.heardOf : known.heardOf;
  const startedAt = earliest(known.startedAt, facts.startedAt);
  Object.assign(known, given(facts), { stage: CALL_STAGES[stage], heardOf, startedAt });
}

function isSucceededBy(known, facts) {
  if (known.heardOf && facts.heardOf) {
    return isOlder(known.heardOf, facts.heardOf);
  }
  return (facts.startedAt ?? Infinity) > (known.startedAt ?? 0);
}

function earliest(one, other) {
  return one && other ? Math.min(one, other) : (one ?? other ?? null);
}

function given(facts) {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined && value !== null));
}

function letOldOnesGo(state) {
  if (state.entries.size <= MOST_ENTRIES) {
    return;
  }
  const oldestFirst = [...state.entries.values()].sort((one, other) => rankOf(other) - rankOf(one) || one.lastAt - other.lastAt);
  for (const entry of oldestFirst.slice(0, state.entries.size - MOST_ENTRIES)) {
    state.entries.delete(entry.id);
  }
}

/** How urgently an entry wants eyes: 0 wants a person, 1 is a call in progress, 2 is with a person, 3 is the rest. */
export function rankOf(entry) {
  if (needsPerson(entry)) {
    return 0;
  }
  if (isOnTelephone(entry)) {
    return 1;
  }
  return entry.status === "human" ? 2 : 3;
}

/** Whether somebody can be heard on the telephone right now. */
export function isOnTelephone(entry) {
  return entry.call !== null && entry.call.stage !== "over";
}

/** Something went wrong, an agent asked for a person, or the user waits for the person who took over. */
export function needsPerson(entry) {
  return entry.needsAttention || (entry.status === "human" && (entry.wanted || entry.waitsForPerson));
}

/** The entries to show, the most urgent first and then the latest; at most `most` of those that `isWanted`. */
export function listed(state, { isWanted = () => true, most = 200 } = {}) {
  return [...state.entries.values()]
    .filter(isWanted)
    .sort((one, other) => rankOf(one) - rankOf(other) || other.lastAt - one.lastAt || (one.id < other.id ? -1 : 1))
    .slice(0, most);
}

/** How many entries there are of each kind that the page counts. */
export function counts(state) {
  const all = [...state.entries.values()];
  return {
    needPerson: all.filter(needsPerson).length,
    liveCalls: all.filter(isOnTelephone).length,
    withPerson: all.filter((entry) => entry.status === "human").length,
    all: all.length,
  };
}
