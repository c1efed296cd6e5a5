// Calling the agents without a telephone: this computer is one.

import { messages as talkMessages } from "../../conversations/messages.js";
import { learnAgentNames } from "../../conversations/names.js";
import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { problem } from "../../shell/notices.js";
import { chosenPerson } from "../../simulator/people.js";
import { messages as personMessages, personChoice } from "../../simulator/person_choice.js";
import { CallPanel } from "./call_panel.js";
import { deviceChoice } from "./device_choice.js";
import { messages as phoneMessages } from "./messages.js";
import { NoMicrophone, microphonePermission } from "./sound.js";
import { spokenWords } from "./spoken_words.js";
import { Telephone } from "./telephone.js";

export const messages = {
  en: { ...talkMessages.en, ...personMessages.en, ...phoneMessages.en },
  hi: { ...talkMessages.hi, ...personMessages.hi, ...phoneMessages.hi },
};

export async function open(place, context) {
  const simulatorUrl = context.config.simulator_url;
  place.append(h("div", { class: "page-head" }, h("h1", {}, t("phone.title"))));
  if (!simulatorUrl) {
    place.append(h("section", { class: "card" }, h("p", {}, t("phone.noSimulator")), h("p", {}, t("phone.noSimulator.what"))));
    return () => {};
  }
  await learnAgentNames(context);
  const phone = new PhonePage(place, simulatorUrl, context.updates);
  await phone.prepare();
  return () => phone.close();
}

class PhonePage {
  #telephone = null;
  #onKey = (event) => this.#takeKey(event);
  #onLeave = () => this.#telephone?.hangUp();

  constructor(place, simulatorUrl, updates) {
    this.simulatorUrl = simulatorUrl;
    this.person = personChoice(() => {});
    this.devices = deviceChoice({
      onMicrophone: (id) => this.#changeDevice(() => this.#telephone?.hasMicrophone && this.#telephone.listen(id)),
      onSpeaker: (id) => this.#changeDevice(() => this.#telephone?.speakFrom(id)),
    });
    this.keys = h("input", { type: "checkbox", checked: true });
    this.permissionNote = h("p", { class: "hint" });
    this.panel = new CallPanel(
      {
        call: () => this.#call(true),
        callWithoutMicrophone: () => this.#call(false),
        hangUp: () => this.#telephone?.hangUp(),
        mute: (isMuted) => this.#telephone?.mute(isMuted),
        press: (digit) => this.#telephone?.press(digit),
        say: (text) => this.#telephone?.say(text),
      },
      this.permissionNote,
    );
    this.words = spokenWords(updates, (name) => this.panel.showAgent(name));
    place.append(h("div", { class: "phone-columns" }, this.panel.element, this.words.element, this.#settings()));
    document.addEventListener("keydown", this.#onKey);
    window.addEventListener("pagehide", this.#onLeave);
  }

  async prepare() {
    const permission = await microphonePermission();
    this.permissionNote.textContent = permission === "granted" ? "" : t(`phone.permission.${permission}`);
    this.permissionNote.hidden = !this.permissionNote.textContent;
    await this.devices.refresh();
  }

  async close() {
    document.removeEventListener("keydown", this.#onKey);
    window.removeEventListener("pagehide", this.#onLeave);
    this.words.close();
    this.devices.close();
    this.panel.close();
    await this.#telephone?.hangUp();
  }

  async #call(wantsMicrophone) {
    const telephone = new Telephone(this.simulatorUrl, {
      onState: (state, details) => this.#show(telephone, state, details),
      onEvent: (event) => this.#tell(event),
      onLevel: (which, level) => this.panel[which].show(level),
    });
    this.#telephone = telephone;
    this.panel.reset();
    this.words.begin();
    try {
      await telephone.call(chosenPerson().number, { wantsMicrophone, ...this.devices.chosen() });
      await this.devices.refresh();
    } catch (error) {
      this.panel.showAdvice(error instanceof NoMicrophone ? error.reason : "sound");
    }
  }

  #show(telephone, state, details) {
    if (telephone !== this.#telephone) {
      return;
    }
    const isOver = state === "ended";
    this.panel.show(state, isOver ? t(`phone.ended.${details.reason}`) : undefined);
    this.person.lock(!isOver);
    if (isOver) {
      this.words.end();
    }
    if (isOver && telephone.callSid) {
      this.panel.showAfter(telephone.callSid);
    }
  }

  #tell({ event, words, call_sid: callSid }) {
    if (event === "ringing") {
      this.words.follow(callSid);
    } else if (event === "announced") {
      this.words.note(t("phone.announced", { words }));
    } else if (event === "transferred") {
      this.words.note(t("phone.transferred", { number: words }));
    } else if (event === "not_spoken") {
      problem(new Error(t("phone.type.failed", { why: words })));
    }
  }

  async #changeDevice(change) {
    try {
      await change();
    } catch (error) {
      problem(new Error(t(`phone.advice.${error instanceof NoMicrophone ? error.reason : "sound"}`)));
    }
  }

  /** Keys of the keyboard, while a call is on and nothing is being typed. */
  #takeKey(event) {
    const isCalling = this.#telephone && !this.#telephone.isOver;
    const isTyping = event.target instanceof Element && event.target.closest("input, select, textarea, dialog");
    if (!isCalling || isTyping || !this.keys.checked || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (event.key === "Escape") {
      this.#telephone.hangUp();
    } else if (event.key.toLowerCase() === "m") {
      this.panel.toggleMute();
    } else if (this.panel.pad.has(event.key) && this.#telephone.state === "talking") {
      this.panel.pad.press(event.key);
    } else {
      return;
    }
    event.preventDefault();
  }

  #settings() {
    return h(
      "section",
      { class: "card phone-settings", "aria-label": t("phone.settings") },
      this.person.element,
      this.devices.element,
      h("label", { class: "field is-check" }, this.keys, t("phone.keys")),
    );
  }
}
