// A message as it looks in the chat.

import { h, icon } from "../../shell/element.js";
import { exactTime } from "../../shell/formats.js";
import { has, t } from "../../shell/language.js";
import { bare, pieces } from "./markup.js";

const CLOCK = "M8 3.500v5l3 2M8 14.500a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13z";
const ONE_TICK = "M4 8.500l3.500 3.500L15 4.500";
const TWO_TICKS = "M1 8.500l3.500 3.500L12 4.500M8.500 12L16 4.500";
const EXCLAMATION = "M8 3v6.500M8 12.500v.5";
const TICKS = { sending: CLOCK, sent: ONE_TICK, delivered: TWO_TICKS, read: TWO_TICKS, failed: EXCLAMATION };

/**
 * The list item of an entry.
 *
 * `quoted` is the entry that it answers, or null; `isAnswered`: its options were chosen from; `onChoose(option)`;
 * `load(mediaId)` fetches a file.
 */
export function bubble(entry, { quoted, isAnswered, onChoose, load }) {
  return h(
    "li",
    { class: `bubble ${entry.is_mine ? "is-mine" : "is-theirs"}`, "data-id": entry.id, "data-kind": entry.kind },
    h("span", { class: "unseen" }, t(entry.is_mine ? "whatsapp.you" : "whatsapp.business")),
    quoted && h("p", { class: "quoted", dir: "auto" }, bare(quoted.text) || kindName(quoted.kind)),
    fileOf(entry, load),
    words(entry),
    h("span", { class: "meta" }, moment(entry.at), entry.is_mine && ticks(entry.status)),
    optionsOf(entry, isAnswered, onChoose),
  );
}

/** The line between two days. */
export function dayLine(at) {
  return h("li", { class: "day" }, h("span", {}, dayName(new Date(at))));
}

function words({ text, kind, media_id: mediaId, link }) {
  if (text) {
    return h("p", { class: "said", dir: "auto" }, pieces(text).map(pieceView));
  }
  return mediaId || link ? null : h("p", { class: "said muted" }, kindName(kind));
}

function pieceView({ kind, text }) {
  const name = { bold: "strong", italic: "em", strike: "s", code: "code" }[kind];
  if (kind === "link") {
    return h("a", { href: text, target: "_blank", rel: "noopener noreferrer" }, text);
  }
  return name ? h(name, {}, text) : text;
}

function moment(at) {
  const short = new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return h("time", { datetime: at, title: exactTime(at) }, short);
}

function ticks(status) {
  const drawn = h("svg", { viewBox: "0 0 17 16", "aria-hidden": "true", focusable: "false" }, h("path", { d: TICKS[status] }));
  return h("span", { class: "marks", "data-status": status }, drawn, h("span", { class: "unseen" }, t(`whatsapp.tick.${status}`)));
}

function optionsOf(entry, isAnswered, onChoose) {
  if (!entry.options?.length) {
    return null;
  }
  const buttons = entry.options.map((option) =>
    h(
      "button",
      { type: "button", disabled: isAnswered, onClick: () => onChoose(option) },
      h("span", { dir: "auto" }, option.title),
      option.description && h("small", { dir: "auto" }, option.description),
    ),
  );
  const group = h("div", { class: "options", role: "group", "aria-label": t("whatsapp.options") }, buttons);
  return entry.is_list ? h("details", { class: "choice-list", open: !isAnswered }, h("summary", {}, t("whatsapp.list")), group) : group;
}

function fileOf(entry, load) {
  if (entry.link) {
    return h("a", { class: "file", href: entry.link, target: "_blank", rel: "noopener noreferrer" }, icon("down"), kindName(entry.kind));
  }
  if (!entry.media_id) {
    return null;
  }
  const place = h("div", { class: "file" }, h("span", { class: "muted" }, kindName(entry.kind)));
  load(entry.media_id).then(
    (content) => showFile(place, entry, content),
    () => place.replaceChildren(h("span", { class: "muted" }, t("whatsapp.file.gone"))),
  );
  return place;
}

/** `content` is `{blob, url}`; the page's policy lets pictures come from data: addresses only. */
async function showFile(place, entry, { blob, url }) {
  const type = blob.type.split("/")[0];
  if (type === "image") {
    place.replaceChildren(h("img", { src: await dataUrl(blob), alt: entry.text || kindName("image") }));
  } else if (type === "audio") {
    place.replaceChildren(h("audio", { controls: true, src: url, preload: "metadata" }));
  } else if (type === "video") {
    place.replaceChildren(h("video", { controls: true, src: url, preload: "metadata" }));
  } else {
    place.replaceChildren(h("a", { href: url, download: entry.text || "document" }, icon("down"), entry.text || kindName(entry.kind)));
  }
}

function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

function dayName(day) {
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (day.toDateString() === today.toDateString()) {
    return t("whatsapp.today");
  }
  if (day.toDateString() === yesterday.toDateString()) {
    return t("whatsapp.yesterday");
  }
  return day.toLocaleDateString(document.documentElement.lang, { day: "numeric", month: "long", year: "numeric" });
}

function kindName(kind) {
  return has(`whatsapp.kind.${kind}`) ? t(`whatsapp.kind.${kind}`) : t("whatsapp.kind.other");
}
