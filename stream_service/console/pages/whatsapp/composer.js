// Where a message is written: text, a file, a voice note.

import { h, icon } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { problem } from "../../shell/notices.js";
import { LONGEST_SECONDS, startRecording } from "./voice_recorder.js";

const LONGEST_TEXT = 4096;
const LARGEST_BYTES = 16 * 2 ** 20;
const ACCEPTED = "image/jpeg,image/png,audio/mpeg,audio/mp4,audio/aac,audio/ogg,video/mp4,application/pdf,text/plain";
const TALLEST_PX = 160;

/** `onText(text)`, `onFile(blob, name)`, `onVoice(blob)`. */
export function composer({ onText, onFile, onVoice }) {
  let recording = null;
  let limit = null;
  const text = h("textarea", {
    rows: 1,
    maxlength: LONGEST_TEXT,
    "aria-label": t("whatsapp.write"),
    placeholder: t("whatsapp.write"),
    dir: "auto",
    enterkeyhint: "send",
    onInput: fit,
    onKeyDown: sendOnEnter,
  });
  const file = h("input", { type: "file", accept: ACCEPTED, hidden: true, onChange: attach, tabindex: -1 });
  const attachButton = h("button", { type: "button", class: "quiet round", "aria-label": t("whatsapp.attach"), title: t("whatsapp.attach"), onClick: () => file.click() }, icon("add"));
  const voiceButton = h("button", { type: "button", class: "quiet voice", onClick: toggleRecording }, t("whatsapp.voice"));
  const cancelButton = h("button", { type: "button", class: "quiet", hidden: true, onClick: cancelRecording }, t("whatsapp.voice.cancel"));
  const sendButton = h("button", { type: "submit", class: "primary" }, t("whatsapp.send"));
  const status = h("p", { class: "unseen", role: "status" });
  const element = h("form", { class: "composer", onSubmit: send }, attachButton, file, text, voiceButton, cancelButton, sendButton, status);

  function fit() {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight + 2, TALLEST_PX)}px`;
  }

  /** Enter sends, with Shift it starts a new line; while a word is being composed it belongs to that word. */
  function sendOnEnter(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      element.requestSubmit();
    }
  }

  function send(event) {
    event.preventDefault();
    const words = text.value.trim();
    if (words && onText(words)) {
      text.value = "";
      fit();
    }
    text.focus();
  }

  function attach() {
    const [chosen] = file.files;
    file.value = "";
    if (chosen && chosen.size > LARGEST_BYTES) {
      problem(new Error(t("whatsapp.file.large")));
    } else if (chosen) {
      onFile(chosen, text.value.trim());
      text.value = "";
      fit();
    }
  }

  async function toggleRecording() {
    if (recording) {
      const finished = recording;
      endRecording();
      onVoice(await finished.finish());
      return;
    }
    try {
      recording = await startRecording();
    } catch (error) {
      problem(new Error(t(`whatsapp.voice.${error.reason ?? "missing"}`)));
      return;
    }
    limit = setTimeout(toggleRecording, LONGEST_SECONDS * 1000);
    showRecording();
  }

  function cancelRecording() {
    recording?.cancel();
    endRecording();
    voiceButton.focus();
  }

  function endRecording() {
    clearTimeout(limit);
    recording = null;
    showRecording();
  }

  function showRecording() {
    element.classList.toggle("is-recording", recording !== null);
    voiceButton.textContent = t(recording ? "whatsapp.voice.send" : "whatsapp.voice");
    cancelButton.hidden = recording === null;
    status.textContent = recording ? t("whatsapp.voice.recording") : "";
  }

  return {
    element,
    focus: () => text.focus(),
    close: () => recording?.cancel(),
  };
}
