// History: search in all that was said, one conversation, one call with its recording.

import { h } from "../../shell/element.js";
import { messages as shared } from "../../conversations/messages.js";
import { learnAgentNames } from "../../conversations/names.js";
import { CallPage } from "./call_page.js";
import { ConversationPage } from "./conversation_page.js";
import { messages as own } from "./messages.js";
import { rememberSearch } from "./parts.js";
import { SearchView } from "./search_view.js";

export const messages = { en: { ...shared.en, ...own.en }, hi: { ...shared.hi, ...own.hi } };

/** Fill the place with what the path names; returns what ends it. */
export async function open(place, context) {
  await learnAgentNames(context);
  const page = pageOf(context);
  const here = h("div", { class: "history" }, page.element);
  place.append(here);
  await page.start();
  return () => page.end();
}

function pageOf(context) {
  const [kind, id] = context.path;
  if (kind === "calls" && id) {
    return new CallPage(context, id);
  }
  if (kind === "conversations" && id) {
    return new ConversationPage(context, id);
  }
  rememberSearch();
  return new SearchView(context);
}
