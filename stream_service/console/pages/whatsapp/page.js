// Writing to the agents on WhatsApp without WhatsApp: this page is a user's telephone.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { problem } from "../../shell/notices.js";
import { chosenPerson } from "../../simulator/people.js";
import { messages as personMessages, personChoice } from "../../simulator/person_choice.js";
import { bubble, dayLine } from "./bubble.js";
import { ChatLink } from "./chat_link.js";
import { composer } from "./composer.js";
import { Entries, isOtherDay } from "./entries.js";
import { messages as chatMessages } from "./messages.js";

/** WhatsApp shows "typing…" for so long, unless a message comes first. */
const TYPING_MS = 25_000;
const NEAR_THE_END_PX = 120;

export const messages = {
  en: { ...personMessages.en, ...chatMessages.en },
  hi: { ...personMessages.hi, ...chatMessages.hi },
};

export async function open(place, context) {
  const simulatorUrl = context.config.simulator_url;
  place.append(h("div", { class: "page-head" }, h("h1", {}, t("whatsapp.title"))));
  if (!simulatorUrl) {
    place.append(h("section", { class: "card" }, h("p", {}, t("whatsapp.noSimulator")), h("p", {}, t("whatsapp.noSimulator.what"))));
    return () => {};
  }
  const chat = new Chat(place, simulatorUrl);
  return () => chat.close();
}

class Chat {
  #entries = new Entries();
  #drawn = new Map();
  #files = new Map();
  #link = null;
  #typingTimer = null;
  #isAtEnd = true;

  constructor(place, simulatorUrl) {
    this.simulatorUrl = simulatorUrl;
    this.list = h("ol", { class: "bubbles" });
    this.typing = h("p", { class: "typing", role: "status" });
    this.connection = h("p", { class: "connection", role: "status" });
    this.empty = h("p", { class: "empty", hidden: true }, t("whatsapp.empty"));
    this.scroller = h("div", { class: "scroller", tabindex: "0", role: "log", "aria-label": t("whatsapp.chat") }, this.empty, this.list);
    this.scroller.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = this.scroller;
      this.#isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_THE_END_PX;
    });
    // Pictures and players take their room only when they are there.
    for (const arrival of ["load", "loadedmetadata"]) {
      this.list.addEventListener(arrival, () => this.#stayAtEnd(), true);
    }
    this.composer = composer({
      onText: (text) => this.#send({ event: "text", text }, { kind: "text", text }),
      onFile: (blob, caption) => this.#sendFile(blob, { filename: blob.name, caption }),
      onVoice: (blob) => this.#sendFile(blob, {}),
    });
    place.append(
      h(
        "section",
        { class: "card chat" },
        personChoice((person) => this.#become(person)).element,
        this.connection,
        this.scroller,
        this.typing,
        this.composer.element,
        h("p", { class: "hint" }, t("whatsapp.keys")),
      ),
    );
    this.#become(chosenPerson());
  }

  close() {
    this.#link.close();
    this.composer.close();
    this.#forget();
  }

  #become(person) {
    this.#link?.close();
    this.#forget();
    this.#link = new ChatLink(this.simulatorUrl, person, {
      onEvent: (event) => this.#take(event),
      onState: (isConnected) => (this.connection.textContent = isConnected ? "" : t("whatsapp.disconnected")),
    });
  }

  #forget() {
    this.#entries.clear();
    this.#drawn.clear();
    this.#files.forEach((file) => file.then(({ url }) => URL.revokeObjectURL(url), () => {}));
    this.#files.clear();
    this.list.replaceChildren();
    this.#showTyping(false);
    this.empty.hidden = true;
  }

  #take(event) {
    if (event.event === "entry") {
      const wasKnown = this.#entries.find(event.id) !== null;
      this.#entries.put(event);
      if (!event.is_mine && !wasKnown) {
        this.#showTyping(false);
      }
      this.#draw();
    } else if (event.event === "typing") {
      this.#showTyping(true);
    } else if (event.event === "problem") {
      this.#entries.remove(event.reference);
      this.#draw();
      problem(new Error(t("whatsapp.problem", { why: event.words })));
    }
    this.empty.hidden = this.#entries.list().length > 0;
  }

  /** Send; it is seen at once, with a clock until the simulator has it. Whether it could be sent. */
  #send(message, { kind, text, quotes = null }) {
    const reference = crypto.randomUUID();
    if (!this.#link.send({ ...message, reference })) {
      problem(new Error(t("whatsapp.disconnected")));
      return false;
    }
    this.#entries.putUnsent({ reference, kind, text, quotes });
    this.#draw({ isOwn: true });
    return true;
  }

  async #sendFile(blob, { filename = "", caption = "" }) {
    const link = this.#link;
    try {
      const { id, mime_type: mimeType } = await link.upload(blob);
      if (link === this.#link) {
        const kind = kindOf(mimeType);
        this.#send({ event: "file", media_id: id, kind, filename, caption }, { kind, text: caption || filename });
      }
    } catch (error) {
      problem(new Error(t("whatsapp.problem", { why: error.message })));
    }
  }

  #choose(entry, option) {
    const message = { event: "choose", message_id: entry.id, option_id: option.id };
    this.#send(message, { kind: "interactive", text: option.title, quotes: entry.id });
    this.composer.focus();
  }

  /** Bring the list up to date: only what changed is made anew, so that a screen reader hears only that. */
  #draw({ isOwn = false } = {}) {
    const items = [];
    let before = null;
    for (const entry of this.#entries.list()) {
      if (!before || isOtherDay(before.at, entry.at)) {
        const day = new Date(entry.at).toDateString();
        items.push(this.#item(day, day, () => dayLine(entry.at)));
      }
      items.push(this.#bubble(entry));
      before = entry;
    }
    const kept = new Set(items);
    for (const [key, { item }] of this.#drawn) {
      if (!kept.has(item)) {
        item.remove();
        this.#drawn.delete(key);
      }
    }
    items.forEach((item, index) => {
      if (this.list.children[index] !== item) {
        this.list.insertBefore(item, this.list.children[index] ?? null);
      }
    });
    this.#isAtEnd ||= isOwn;
    this.#stayAtEnd();
  }

  #stayAtEnd() {
    if (this.#isAtEnd) {
      this.scroller.scrollTop = this.scroller.scrollHeight;
    }
  }

  #bubble(entry) {
    const isAnswered = entry.options?.length > 0 && this.#entries.isAnswered(entry.id);
    // The same bubble is kept when a message gets its id, and when its ticks change only those are made anew.
    const looks = JSON.stringify([entry.status, entry.text, entry.media_id, isAnswered]);
    return this.#item(entry.reference || entry.id, looks, () =>
      bubble(entry, {
        quoted: entry.quotes ? this.#entries.find(entry.quotes) : null,
        isAnswered,
        onChoose: (option) => this.#choose(entry, option),
        load: (mediaId) => this.#load(mediaId),
      }),
    );
  }

  #item(key, looks, make) {
    const drawn = this.#drawn.get(key);
    if (drawn?.looks === looks) {
      return drawn.item;
    }
    const item = make();
    drawn?.item.replaceWith(item);
    this.#drawn.set(key, { looks, item });
    return item;
  }

  #load(mediaId) {
    if (!this.#files.has(mediaId)) {
      const file = this.#link.download(mediaId).then((blob) => ({ blob, url: URL.createObjectURL(blob) }));
      this.#files.set(mediaId, file);
    }
    return this.#files.get(mediaId);
  }

  #showTyping(isTyping) {
    clearTimeout(this.#typingTimer);
    this.typing.textContent = isTyping ? t("whatsapp.typing") : "";
    if (isTyping) {
      this.#typingTimer = setTimeout(() => this.#showTyping(false), TYPING_MS);
    }
  }
}

function kindOf(mimeType) {
  const type = mimeType.split("/")[0];
  return ["image", "audio", "video"].includes(type) ? type : "document";
}
