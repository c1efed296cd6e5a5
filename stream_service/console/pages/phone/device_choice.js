// Which microphone and which loudspeaker are used; kept for this browser.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { canChooseSpeaker, devices } from "./sound.js";

const KEPT_AS = "vaani.phone.devices";

/** Two lists, shown when there is a choice. `onMicrophone(id)` and `onSpeaker(id)` hear of changes. */
export function deviceChoice({ onMicrophone, onSpeaker }) {
  const kept = { microphone: "", speaker: "", ...read() };
  const microphone = list(t("phone.microphone"), (id) => change("microphone", id, onMicrophone));
  const speaker = list(t("phone.speaker"), (id) => change("speaker", id, onSpeaker));
  const element = h("div", { class: "devices" }, microphone.label, speaker.label);

  function change(which, id, tell) {
    kept[which] = id;
    localStorage.setItem(KEPT_AS, JSON.stringify(kept));
    tell(id);
  }

  async function refresh() {
    microphone.fill(await devices("audioinput"), kept.microphone);
    speaker.fill(canChooseSpeaker() ? await devices("audiooutput") : [], kept.speaker);
    element.hidden = microphone.label.hidden && speaker.label.hidden;
  }

  navigator.mediaDevices?.addEventListener("devicechange", refresh);
  return {
    element,
    refresh,
    /** Devices that are there now; "" is the system's choice. */
    chosen: () => ({ microphoneId: microphone.select.value, speakerId: speaker.select.value }),
    close: () => navigator.mediaDevices?.removeEventListener("devicechange", refresh),
  };
}

function list(name, choose) {
  const select = h("select", { onChange: () => choose(select.value) }, h("option", { value: "" }, ""));
  const label = h("label", { class: "field", hidden: true }, name, select);
  return {
    label,
    select,
    fill(found, chosen) {
      const others = found.filter(({ id }) => id !== "default");
      select.replaceChildren(
        h("option", { value: "" }, t("phone.device.usual")),
        ...others.map(({ id, label: text }) => h("option", { value: id, selected: id === chosen }, text)),
      );
      label.hidden = others.length < 2;
    },
  };
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEPT_AS) ?? "{}");
  } catch {
    return {};
  }
}
