// Agents: who answers, what they know, which message reaches whom.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { messages as agentMessages } from "./agent_messages.js";
import { messages as knowledgeMessages } from "./knowledge_messages.js";
import { agentIn } from "./places.js";
import { messages as ruleMessages } from "./rule_messages.js";
import { messages as toolMessages } from "./tool_messages.js";

const ALL = [agentMessages, knowledgeMessages, ruleMessages, toolMessages];
const TABS = ["agents", "rules", "test", "tools", "call-backs", "links"];
const FOR_OPERATORS = ["call-backs"];

export const messages = {
  en: Object.assign({}, ...ALL.map(({ en }) => en)),
  hi: Object.assign({}, ...ALL.map(({ hi }) => hi)),
};

/** Fill `place` with the view that the path names. */
export async function open(place, context) {
  const [first = "agents", ...rest] = context.path;
  const tab = TABS.includes(first) ? first : "agents";
  const view = h("div", { class: "view" });
  place.append(tabsFor(tab), view);
  if (!context.session.isAdmin && !FOR_OPERATORS.includes(tab)) {
    view.append(explanation());
    return () => {};
  }
  const close = await openView(view, context, first, rest);
  return close ?? (() => {});
}

/** Each view is loaded when it is first looked at. */
async function openView(view, context, first, [second, third]) {
  const id = second === undefined || second === "new" ? null : agentIn(second);
  switch (first) {
    case "agents":
      return (await import("./agent_list.js")).openAgentList(view, context);
    case "new":
      return (await import("./agent_form.js")).openAgentForm(view, context, null);
    case "rules":
      return second === undefined
        ? (await import("./rule_list.js")).openRuleList(view, context)
        : (await import("./rule_form.js")).openRuleForm(view, context, id);
    case "test":
      return (await import("./routing_test.js")).openRoutingTest(view, context);
    case "tools":
      return second === undefined
        ? (await import("./tool_list.js")).openToolList(view, context)
        : (await import("./tool_form.js")).openToolForm(view, context, id);
    case "call-backs":
      return (await import("./call_backs.js")).openCallBacks(view, context);
    case "links":
      return (await import("./links.js")).openLinks(view, context);
    default:
      return second === "knowledge" && third === undefined
        ? (await import("./knowledge.js")).openKnowledge(view, context, agentIn(first))
        : (await import("./agent_form.js")).openAgentForm(view, context, agentIn(first));
  }
}

function tabsFor(current) {
  const links = TABS.map((name) =>
    h(
      "a",
      { href: name === "agents" ? "#/agents" : `#/agents/${name}`, "aria-current": name === current && "page" },
      t(`agents.tab.${name}`),
    ),
  );
  return h("nav", { class: "tabs", "aria-label": t("agents.tabs") }, links);
}

function explanation() {
  return h(
    "section",
    { class: "card stopped" },
    h("h1", {}, t("agents.adminOnly.title")),
    h("p", {}, t("agents.adminOnly.text")),
    h("a", { class: "button", href: "#/agents/call-backs" }, t("agents.tab.call-backs")),
  );
}
