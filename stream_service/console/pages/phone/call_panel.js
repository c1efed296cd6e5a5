// The telephone as it is seen and operated: the big button, the keys, mute, how loud it is, how long it lasts.

import { h, icon } from "../../shell/element.js";
import { duration } from "../../shell/formats.js";
import { t } from "../../shell/language.js";
import { dialPad } from "./dial_pad.js";
import { levelMeter } from "./level_meter.js";

const LONGEST_TYPED = 500;

/** `on` has `call`, `callWithoutMicrophone`, `hangUp`, `mute(isMuted)`, `press(digit)` and `say(text)`. */
export class CallPanel {
  #on;
  #timer = null;
  #connectedAt = null;
  #isMuted = false;

  constructor(on, permissionNote) {
    this.#on = on;
    this.pad = dialPad((digit) => on.press(digit));
    this.mouth = levelMeter(t("phone.meter.you"));
    this.ear = levelMeter(t("phone.meter.agent"));
    this.status = h("p", { class: "call-status", role: "status" }, t("phone.state.idle"));
    this.agent = h("p", { class: "call-agent" });
    this.time = h("p", { class: "call-time", role: "timer", "aria-label": t("phone.time") }, "0:00");
    this.callButton = h("button", { type: "button", class: "big primary", onClick: () => on.call() }, icon("phone"), t("phone.call"));
    this.hangUpButton = h("button", { type: "button", class: "big danger", onClick: () => on.hangUp() }, icon("phone"), t("phone.hangUp"));
    this.muteButton = h("button", { type: "button", class: "mute", "aria-pressed": "false", onClick: () => this.toggleMute() }, t("phone.mute"));
    this.advice = h("div", { class: "advice", role: "alert" });
    this.permissionNote = permissionNote;
    this.after = h("p", { class: "after" });
    this.typing = this.#typingForm();
    this.element = h(
      "section",
      { class: "card telephone", "aria-label": t("phone.title") },
      this.status,
      this.agent,
      this.time,
      h("div", { class: "call-buttons" }, this.callButton, this.hangUpButton, this.muteButton),
      this.permissionNote,
      this.advice,
      this.after,
      h("div", { class: "meters" }, this.mouth.element, this.ear.element),
      this.pad.element,
      this.typing,
    );
    this.show("idle");
  }

  /** Look as the telephone does in this state; `words` say it. */
  show(state, words = t(`phone.state.${state}`)) {
    const isBusy = !["idle", "ended"].includes(state);
    const hadFocus = this.element.contains(document.activeElement);
    this.element.dataset.state = state;
    this.status.textContent = words;
    this.callButton.hidden = isBusy;
    this.hangUpButton.hidden = !isBusy;
    this.muteButton.hidden = !isBusy;
    this.permissionNote.hidden = isBusy || !this.permissionNote.textContent;
    this.pad.enable(state === "talking");
    this.typing.hidden = state !== "talking";
    if (isBusy) {
      this.advice.replaceChildren();
      this.after.replaceChildren();
    } else {
      this.toggleMute(false);
      this.showAgent("");
    }
    if (hadFocus && document.activeElement === document.body) {
      (isBusy ? this.hangUpButton : this.callButton).focus();
    }
    this.#keepTime(state);
  }

  showAgent(name) {
    this.agent.textContent = name ? t("phone.agent", { name }) : "";
  }

  /** Say what to do about the microphone; the call can be made without. */
  showAdvice(reason) {
    this.advice.replaceChildren(
      h("p", {}, t(`phone.advice.${reason}`)),
      h(
        "div",
        { class: "actions" },
        h("button", { type: "button", onClick: () => this.#on.call() }, t("phone.advice.again")),
        h("button", { type: "button", onClick: () => this.#on.callWithoutMicrophone() }, t("phone.advice.without")),
      ),
    );
  }

  /** Where the call can be seen once it is over. */
  showAfter(callSid) {
    this.after.replaceChildren(h("a", { href: `#/history/calls/${encodeURIComponent(callSid)}` }, t("phone.after")));
  }

  toggleMute(isMuted = !this.#isMuted) {
    this.#isMuted = isMuted;
    this.muteButton.setAttribute("aria-pressed", String(isMuted));
    this.element.classList.toggle("is-muted", isMuted);
    this.#on.mute(isMuted);
  }

  /** Forget the last call. */
  reset() {
    this.mouth.reset();
    this.ear.reset();
    this.#connectedAt = null;
    this.time.textContent = "0:00";
  }

  close() {
    clearInterval(this.#timer);
  }

  #keepTime(state) {
    clearInterval(this.#timer);
    if (state === "talking" || state === "interrupted") {
      this.#connectedAt ??= Date.now();
      const tick = () => (this.time.textContent = duration(Date.now() - this.#connectedAt));
      tick();
      this.#timer = setInterval(tick, 500);
    }
  }

  #typingForm() {
    const input = h("input", { type: "text", maxlength: LONGEST_TYPED, autocomplete: "off", required: true });
    const say = (event) => {
      event.preventDefault();
      if (input.value.trim()) {
        this.#on.say(input.value.trim());
        input.value = "";
      }
    };
    return h(
      "form",
      { class: "typing", onSubmit: say },
      h("label", { class: "field" }, t("phone.type"), input),
      h("button", { type: "submit" }, t("phone.type.say")),
      h("p", { class: "hint" }, t("phone.type.hint")),
    );
  }
}
