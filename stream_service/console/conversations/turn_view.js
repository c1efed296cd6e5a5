// One turn of a conversation as it is shown: who, when, what, and what became of it.

import { h, icon } from "../shell/element.js";
import { bytes, duration, exactTime, milliseconds, number, time } from "../shell/formats.js";
import { has, t } from "../shell/language.js";
import { agentName, named, speakerName } from "./names.js";
import { handOversOf, readNotes } from "./notes.js";
import { stageBars } from "./stage_bars.js";

/**
 * The list items of a message: lines about hand-overs that led to it, then the turn itself.
 *
 * `isCall`: times are places in the recording. `onSeek(message)` makes the turn a button that plays it.
 */
export function turnItems(message, { isCall = false, onSeek = null } = {}) {
  if (message.speaker === "system") {
    return readNotes(message.text).map((note) => noteItem(note, message.at));
  }
  const handOvers = handOversOf(message).map((entry) => noteItem({ kind: "hand_over", ...entry }, message.at));
  return [...handOvers, turnItem(message, { isCall, onSeek })];
}

/** A line about what happened between the turns. */
export function noteItem(note, at) {
  return h(
    "li",
    { class: "note" },
    h("span", {}, noteText(note)),
    note.why && h("span", { class: "why", dir: "auto" }, note.why),
    at && h("time", { datetime: iso(at), title: exactTime(at) }, time(at)),
  );
}

/** What a tool was used for, and what came of it. */
export function toolItem(call) {
  const outcome = call.outcome ?? "running";
  return h(
    "li",
    { class: "tool", "data-outcome": outcome },
    h(
      "details",
      {},
      h(
        "summary",
        {},
        h("span", {}, t("talk.tool", { agent: agentName(call.agent_id), tool: call.tool })),
        h("span", { class: "badge" }, named("talk.tool", outcome)),
        call.elapsed_ms !== null && h("small", {}, milliseconds(call.elapsed_ms)),
      ),
      h(
        "dl",
        {},
        h("dt", {}, t("talk.tool.arguments")),
        h("dd", {}, h("pre", {}, JSON.stringify(call.arguments, null, 2))),
        call.answer && [h("dt", {}, t("talk.tool.answer")), h("dd", {}, h("pre", {}, call.answer))],
      ),
    ),
  );
}

function turnItem(message, { isCall, onSeek }) {
  const who = speakerName(message, { isCall });
  const asides = message.speaker === "agent" ? asidesOf(message) : [];
  const words = message.text ? h("p", { class: "words", dir: "auto" }, message.text) : null;
  const said = onSeek && words ? h("button", { type: "button", class: "said", onClick: () => onSeek(message) }, words) : words;
  return h(
    "li",
    { class: `turn is-${message.speaker}`, "data-id": message.id },
    h("div", { class: "turn-head" }, h("span", { class: "who" }, who), moment(message, isCall)),
    message.text || message.media?.length ? null : h("p", { class: "words is-bare" }, kindName(message.kind)),
    said,
    (message.media ?? []).map(mediaView),
    footOf(message),
    citationsOf(message),
    message.speaker === "agent" && (stageBars(message.stages_ms, asides) ?? asides.map((aside) => h("p", { class: "aside" }, aside))),
  );
}

/** What is worth knowing of an answer when one looks closer. */
function asidesOf(message) {
  return [
    message.route_reason && routeText(message),
    message.usage && usageText(message.usage),
    message.answers_id && message.trace_id && traceView(message.trace_id),
  ].filter(Boolean);
}

/** The name under which all that was done for an answer is found; one click marks it whole. */
function traceView(traceId) {
  return h("span", { class: "trace" }, t("talk.trace"), " ", h("code", {}, traceId));
}

function moment(message, isCall) {
  if (isCall && message.start_ms !== null && message.start_ms !== undefined) {
    return h("span", { class: "when" }, duration(message.start_ms));
  }
  return message.at && h("time", { class: "when", datetime: iso(message.at), title: exactTime(message.at) }, time(message.at));
}

function footOf(message) {
  const parts = [
    message.interrupted && h("span", { class: "badge is-cut", title: t("talk.interrupted.text") }, t("talk.interrupted")),
    isSentByUs(message) && message.delivery_status && deliveryView(message),
    message.unanswered_because && h("span", { class: "aside" }, named("talk.unanswered", message.unanswered_because)),
  ].filter(Boolean);
  return parts.length ? h("div", { class: "turn-foot", "aria-live": "off" }, parts) : null;
}

/** How far a message of ours came, as ticks that a screen reader hears as a word. */
export function deliveryView(message) {
  const status = message.delivery_status;
  const failure = (message.statuses ?? []).findLast((report) => report.status === "failed");
  const words = named("talk.delivery", status);
  return h(
    "span",
    { class: "delivery", "data-status": status, title: words },
    ticks(status),
    status === "failed"
      ? h("span", { dir: "auto" }, failure ? `${words}: ${failureText(failure)}` : words)
      : h("span", { class: "unseen" }, words),
  );
}

/** Why a message did not arrive: in our words where the provider's number is known, else in the provider's. */
function failureText({ error_code: code, error_title: title }) {
  return has(`talk.failure.${code}`) ? t(`talk.failure.${code}`) : (title ?? code ?? "–");
}

const TICKS = {
  pending: "M8 3.500v5l3 2M8 14.500a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13z",
  sent: "M4 8.500l3.500 3.500L15 4.500",
  delivered: "M1 8.500l3.500 3.500L12 4.500M8.500 12L16 4.500",
  failed: "M8 3v6.500M8 12.500v.5",
};
const DRAWN_AS = { pending: "pending", sending: "pending", sent: "sent", failed: "failed" };

function ticks(status) {
  const path = TICKS[DRAWN_AS[status] ?? "delivered"];
  return h("svg", { class: "ticks", viewBox: "0 0 17 16", "aria-hidden": "true", focusable: "false" }, h("path", { d: path }));
}

function routeText(message) {
  const detail = message.route_reason === "handed_over" ? "" : message.route_detail;
  const reason = named("talk.route", message.route_reason);
  return t("talk.why", { reason: detail ? `${reason} (${detail})` : reason });
}

function usageText({ model, input_tokens: input, output_tokens: output }) {
  return t("talk.usage", { model: model || "–", input: number(input), output: number(output) });
}

function citationsOf(message) {
  const titles = [...new Set((message.citations ?? []).map((citation) => citation.title))];
  return titles.length
    ? h("div", { class: "citations" }, h("span", {}, t("talk.citations")), h("ul", {}, titles.map((title) => h("li", { dir: "auto" }, title))))
    : null;
}

function mediaView(media) {
  const kind = kindName(media.mime_type.split("/")[0]);
  const facts = [media.filename, media.size_bytes && bytes(media.size_bytes)].filter(Boolean).join(" · ");
  return h(
    "div",
    { class: "media" },
    h("span", {}, `${kind}${facts ? ` · ${facts}` : ""}`),
    media.url
      ? h("a", { href: media.url, target: "_blank", rel: "noopener noreferrer" }, t("talk.media.open"))
      : h("span", { class: "aside" }, t(media.state === "pending" ? "talk.media.pending" : "talk.media.failed")),
    media.transcript && h("p", { class: "aside", dir: "auto" }, t("talk.media.transcript", { text: media.transcript })),
  );
}

function kindName(kind) {
  return has(`talk.kind.${kind}`) ? t(`talk.kind.${kind}`) : t("talk.kind.other");
}

function noteText(note) {
  const names = { giver: note.giver && agentName(note.giver), taker: note.taker && agentName(note.taker) };
  if (note.kind === "other") {
    return note.text;
  }
  if (note.kind === "call_ended" && note.reason) {
    return t("talk.note.call_ended_because", { reason: named("talk.end", note.reason) });
  }
  return t(`talk.note.${note.kind === "person_wanted" && !note.giver ? "someone_wanted" : note.kind}`, names);
}

function isSentByUs(message) {
  return message.speaker !== "user" && message.kind !== "speech";
}

function iso(at) {
  return typeof at === "number" ? new Date(at).toISOString() : at;
}

/** A small picture beside a word about a channel. */
export function channelIcon(channel) {
  return icon(channel === "voice" ? "phone" : "chat");
}
