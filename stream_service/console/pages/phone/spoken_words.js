// What is said in this call as the platform understands it, told by the updates socket.

import { agentName } from "../../conversations/names.js";
import { noteItem, turnItems } from "../../conversations/turn_view.js";
import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";

const TYPES = ["call.started", "call.partial", "call.turn", "agent.changed", "call.ended"];
const MOST_LINES = 400;

/** The log of one call at a time; `onAgent(name)` hears who speaks for the business. */
export function spokenWords(updates, onAgent) {
  const log = h("ol", { class: "turns" });
  const partial = h("p", { class: "partial", dir: "auto", "aria-hidden": "true", hidden: true });
  const empty = h("p", { class: "empty" }, t("phone.words.empty"));
  const element = h("section", { class: "card spoken" }, h("h2", {}, t("phone.words")), empty, h("div", { role: "log", "aria-label": t("phone.words") }, log), partial);
  let callSid = null;
  let conversationId = null;
  // Updates may come before the simulator has said which call it is.
  let early = [];

  const endUpdates = updates.on(TYPES, (event) => {
    if (callSid === null) {
      early = [...early.slice(1 - MOST_LINES), event];
    } else {
      take(event);
    }
  });

  function take(event) {
    const isOurs = event.data.call_sid === callSid || (!event.data.call_sid && event.conversation_id === conversationId);
    if (!isOurs) {
      return;
    }
    conversationId = event.conversation_id ?? conversationId;
    if (event.type === "call.partial") {
      showPartial(event.data.text);
    } else if (event.type === "call.turn") {
      showTurn(event);
    } else if (event.type === "agent.changed") {
      onAgent(agentName(event.data.to));
      add([noteItem({ kind: "agent_changed", taker: event.data.to }, event.at)]);
    } else if (event.data.agent_id) {
      onAgent(agentName(event.data.agent_id));
    }
  }

  function showPartial(text) {
    partial.textContent = text;
    partial.hidden = !text;
    scrollDown();
  }

  function showTurn({ id, at, data }) {
    const speaker = data.speaker === "person" ? "human" : data.speaker;
    if (speaker === "user") {
      showPartial("");
    } else if (data.agent_id) {
      onAgent(agentName(data.agent_id));
    }
    if (data.text) {
      add(turnItems({ ...data, id: data.message_id ?? id, at, speaker, kind: "speech", stages_ms: data.stages_ms ?? {} }, { isCall: true }));
    }
  }

  function add(items) {
    empty.hidden = true;
    log.append(...items);
    while (log.childElementCount > MOST_LINES) {
      log.firstElementChild.remove();
    }
    scrollDown();
  }

  function scrollDown() {
    element.scrollTop = element.scrollHeight;
  }

  return {
    element,
    /** Show the words of another call. */
    begin() {
      callSid = null;
      conversationId = null;
      early = [];
      log.replaceChildren();
      showPartial("");
      empty.hidden = false;
    },
    /** Say which call it is. */
    follow(sid) {
      callSid = sid;
      early.forEach(take);
      early = [];
    },
    /** A line that the telephone itself knows. */
    note(text) {
      add([noteItem({ kind: "other", text }, Date.now())]);
    },
    end() {
      showPartial("");
    },
    close: endUpdates,
  };
}
