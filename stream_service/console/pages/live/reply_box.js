// Where a person writes to the user, once the conversation is theirs; otherwise it says why nobody can.

import { h, newId } from "../../shell/element.js";
import { has, t } from "../../shell/language.js";
import { explain } from "../../shell/notices.js";
import { isOnTelephone } from "./state.js";
import { userName } from "../../conversations/names.js";

export class ReplyBox {
  /** `write(text, key)` sends; it throws when the message was not taken. */
  constructor({ write }) {
    this._write = write;
    this._key = null;
    this._isAwaited = false;
    const hint = newId("hint");
    const field = newId("reply");
    this._text = h("textarea", { id: field, rows: 2, maxlength: 4096, "aria-describedby": hint, onKeydown: (event) => this._noteKey(event) });
    this._send = h("button", { type: "submit", class: "primary" }, t("live.reply.send"));
    this._refusal = h("p", { class: "problem", role: "alert" });
    this._form = h(
      "form",
      { class: "reply", onSubmit: (event) => this._submit(event) },
      h("label", { class: "unseen", for: field }, t("live.reply")),
      h("div", { class: "reply-line" }, this._text, this._send),
      this._refusal,
      h("p", { class: "hint", id: hint }, t("live.reply.hint")),
    );
    this._closed = h("p", { class: "hint reply-closed" });
    this.element = h("div", { class: "reply-place" }, this._form, this._closed);
  }

  draw(entry) {
    const because = closedBecause(entry);
    this._form.hidden = because !== null;
    this._closed.hidden = because === null;
    this._closed.textContent = because ? t(because) : "";
    this._text.placeholder = t("live.reply.placeholder", { name: userName(entry) });
    this._takeFocus();
  }

  /** Have the focus, at once or as soon as there is where to write. */
  focus() {
    this._isAwaited = true;
    this._takeFocus();
  }

  _takeFocus() {
    if (this._isAwaited && !this._form.hidden) {
      this._isAwaited = false;
      this._text.focus();
    }
  }

  _noteKey(event) {
    // Enter also ends a word that is being composed, as in Hindi keyboards that propose words.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this._form.requestSubmit();
    }
  }

  async _submit(event) {
    event.preventDefault();
    const text = this._text.value.trim();
    if (!text || this._send.disabled) {
      return;
    }
    // The same words are sent under the same key until it is known that they were taken: trying again never sends twice.
    this._key = this._key?.text === text ? this._key : { text, key: newKey() };
    this._become({ isSending: true });
    try {
      await this._write(text, this._key.key);
      this._text.value = "";
      this._key = null;
      this._refusal.textContent = "";
    } catch (error) {
      this._noteRefusal(error);
    } finally {
      this._become({ isSending: false });
      this._text.focus();
    }
  }

  _noteRefusal(error) {
    const key = `live.refusal.${error.code}`;
    this._refusal.textContent = has(key) ? t(key) : explain(error);
    if (error.status >= 200 && error.status < 500) {
      // Decided for good: another try is another message.
      this._key = null;
    }
  }

  _become({ isSending }) {
    this._send.disabled = isSending;
    this._text.readOnly = isSending;
    this._send.textContent = t(isSending ? "live.reply.sending" : "live.reply.send");
  }
}

/** The message that says why nobody can write, or null. */
function closedBecause(entry) {
  if (entry.channel === "voice") {
    return isOnTelephone(entry) ? "live.reply.call" : "live.reply.callOver";
  }
  if (entry.status === "closed") {
    return "live.reply.closed";
  }
  if (entry.optedOut) {
    return "live.reply.optedOut";
  }
  return entry.status === "human" ? null : "live.reply.agents";
}

/** Random, and made without what only secure origins have. */
function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
