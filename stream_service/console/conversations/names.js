// What people, agents and channels are called.

import { has, t } from "../shell/language.js";

const agentNames = new Map();
let asked = null;

/** Learn the agents' own names, if who is signed in may read them; without, their ids stand in. */
export function learnAgentNames({ api, session }) {
  if (session.isAdmin) {
    asked ??= api.get("/agents").then(keepNames, () => {
      asked = null;
    });
  }
  return asked ?? Promise.resolve();
}

/** An agent's name, or its id made readable. */
export function agentName(id) {
  if (!id) {
    return t("talk.speaker.agent");
  }
  return agentNames.get(id) ?? (id.charAt(0).toUpperCase() + id.slice(1)).replace(/[-_]+/g, " ");
}

/** The ids and names of the agents that are known. */
export function knownAgents() {
  return [...agentNames];
}

/** A user's name, or the number or id that they are known by. */
export function userName({ userName: name, userId }) {
  return name || readableId(userId);
}

/** `+91 98102 47134`; what is no telephone number stays as it is. */
export function readableId(id) {
  if (!id) {
    return t("talk.unknownUser");
  }
  const indian = /^91(\d{5})(\d{5})$/.exec(id);
  if (indian) {
    return `+91 ${indian[1]} ${indian[2]}`;
  }
  return /^\d{8,15}$/.test(id) ? `+${id}` : id;
}

export function channelName(channel) {
  return named("talk.channel", channel);
}

/** Who said a message, in a word. */
export function speakerName(message, { isCall = false } = {}) {
  if (message.speaker === "agent") {
    return agentName(message.agent_id);
  }
  if (message.speaker === "human") {
    return message.attributes?.person || t("talk.speaker.human");
  }
  return t(isCall ? "talk.speaker.caller" : "talk.speaker.user");
}

/** Why a call ended, in words. */
export function endReason(reason) {
  return named("talk.end", reason);
}

/** The message of a key that is made of a value of the API; the value itself where there is none. */
export function named(prefix, value) {
  const key = `${prefix}.${value}`;
  return has(key) ? t(key) : String(value ?? "").replace(/_/g, " ");
}

function keepNames(answer) {
  for (const agent of answer.items ?? answer) {
    agentNames.set(agent.id, agent.name);
  }
}
