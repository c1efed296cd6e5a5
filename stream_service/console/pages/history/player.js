// Plays a call's recording, draws it, and says where it is.

import { h, icon, newId } from "../../shell/element.js";
import { duration } from "../../shell/formats.js";
import { t } from "../../shell/language.js";
import { problem } from "../../shell/notices.js";
import { save } from "../../conversations/save.js";
import { isStale } from "./playback.js";
import { readWaveform } from "./wav.js";
import { Waveform } from "./waveform.js";

const SPEEDS = [1, 1.25, 1.5, 2];
const STEP_SECONDS = 5;
/** An address that fails again so soon after it was renewed will not get better. */
const RENEWED_LATELY_MS = 10_000;

export class Player {
  /** `askAddress()` resolves to a fresh `{url, expires_in_seconds}`; `onMove(ms)` hears where it plays. */
  constructor({ askAddress, lengthMs, fileName, onMove }) {
    this._askAddress = askAddress;
    this._lengthMs = lengthMs ?? 0;
    this._fileName = fileName;
    this._onMove = onMove;
    this._renewedAt = -Infinity;
    this._abort = new AbortController();
    this._waveform = new Waveform();
    this._audio = h("audio", { preload: "metadata", hidden: true });
    this._build();
    this._listen();
  }

  /** Fetch the address, and draw the recording while it is read. */
  async start() {
    if (await this._renew()) {
      await this._drawWaveform();
    }
  }

  /** Go to a moment, and play from there if it is `playing`. */
  async seek(ms, { playing = !this._audio.paused } = {}) {
    await this._renewIfStale();
    this._audio.currentTime = Math.max(0, Math.min(ms, this._lengthMs || ms)) / 1000;
    this._note();
    if (playing) {
      await this._play();
    }
  }

  /** What keys do on the whole page, unless something that takes keys itself has the focus. */
  handleKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || isTakenBy(event.target, this._slider)) {
      return;
    }
    const steps = { ArrowLeft: -STEP_SECONDS, ArrowRight: STEP_SECONDS }[event.key];
    if (event.key === " " && event.target !== this._toggle) {
      event.preventDefault();
      this._playOrPause();
    } else if (steps) {
      event.preventDefault();
      this.seek(this._audio.currentTime * 1000 + steps * 1000);
    }
  }

  end() {
    this._abort.abort();
    this._audio.pause();
    this._audio.removeAttribute("src");
    this._audio.load();
    this._waveform.end();
  }

  _build() {
    const speed = newId("speed");
    const keys = newId("keys");
    this._toggle = h("button", { type: "button", class: "primary toggle", onClick: () => this._playOrPause() });
    this._slider = h("input", { type: "range", min: 0, max: 1, step: 0.1, value: 0, "aria-label": t("history.player.position"), "aria-describedby": keys });
    this._clock = h("span", { class: "clock" });
    this._speed = h(
      "select",
      { id: speed, onChange: () => (this._audio.playbackRate = Number(this._speed.value)) },
      SPEEDS.map((each) => h("option", { value: each }, `${each}×`)),
    );
    this._download = h("button", { type: "button", onClick: () => this._save() }, icon("down"), t("history.player.download"));
    this._state = h("p", { class: "hint", role: "status" });
    this._failure = h("div", { class: "failure", hidden: true });
    this.element = h(
      "section",
      { class: "card player", "aria-label": t("history.player") },
      this._audio,
      h("div", { class: "wave-frame" }, this._waveform.element, this._slider),
      h(
        "div",
        { class: "controls" },
        this._toggle,
        this._clock,
        h("span", { class: "speed" }, h("label", { for: speed }, t("history.player.speed")), this._speed),
        this._download,
      ),
      h("p", { class: "hint", id: keys }, t("history.player.keys")),
      this._state,
      this._failure,
    );
    this._showToggle();
    this._note();
  }

  _listen() {
    const audio = this._audio;
    for (const name of ["play", "pause", "ended"]) {
      audio.addEventListener(name, () => this._showToggle());
    }
    audio.addEventListener("play", () => this._watch());
    for (const name of ["seeked", "timeupdate", "loadedmetadata"]) {
      audio.addEventListener(name, () => this._note());
    }
    audio.addEventListener("error", () => this._recover());
    this._slider.addEventListener("input", () => this.seek(Number(this._slider.value) * 1000));
    // Its own small steps would be too small for a recording.
    this._slider.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (steps) {
        event.preventDefault();
        event.stopPropagation();
        this.seek((audio.currentTime + steps * STEP_SECONDS) * 1000);
      }
    });
  }

  /** While it plays, where it is is looked at with every frame that is drawn. */
  _watch() {
    const look = () => {
      if (!this._audio.paused && !this._abort.signal.aborted) {
        this._note();
        requestAnimationFrame(look);
      }
    };
    requestAnimationFrame(look);
  }

  _note() {
    const { currentTime, duration: known } = this._audio;
    if (Number.isFinite(known)) {
      this._lengthMs = known * 1000;
    }
    const atMs = currentTime * 1000;
    const words = t("history.player.at", { at: duration(atMs), length: duration(this._lengthMs) });
    this._slider.max = this._lengthMs / 1000 || 1;
    this._slider.value = currentTime;
    if (this._clock.textContent !== words) {
      this._clock.textContent = words;
      this._slider.setAttribute("aria-valuetext", words);
    }
    this._waveform.moveTo(this._lengthMs ? atMs / this._lengthMs : 0);
    this._onMove(atMs, { isPlaying: !this._audio.paused });
  }

  _showToggle() {
    const isPlaying = !this._audio.paused && !this._audio.ended;
    this._toggle.replaceChildren(icon(isPlaying ? "pause" : "play"), t(isPlaying ? "history.player.pause" : "history.player.play"));
  }

  async _playOrPause() {
    if (!this._audio.paused) {
      this._audio.pause();
      return;
    }
    await this._renewIfStale();
    await this._play();
  }

  async _play() {
    try {
      await this._audio.play();
    } catch (error) {
      // A pause or another address came first; what is really wrong is told by the element's own error.
      if (error.name === "NotAllowedError") {
        problem(error);
      }
    }
  }

  async _renewIfStale() {
    if (this._address && isStale(this._address, Date.now())) {
      await this._renew();
    }
  }

  /** Take a fresh address and stay where one was; whether there is one. */
  async _renew() {
    const { currentTime, paused } = this._audio;
    try {
      this._address = { ...(await this._askAddress()), obtainedAt: Date.now() };
    } catch (error) {
      this._fail(error.status === 404 ? "history.player.none" : "history.player.failed");
      return false;
    }
    if (this._abort.signal.aborted) {
      return false;
    }
    this._renewedAt = performance.now();
    this._failure.hidden = true;
    this._audio.src = this._address.url;
    this._audio.playbackRate = Number(this._speed.value);
    // A new source begins at its normal speed otherwise.
    this._audio.defaultPlaybackRate = this._audio.playbackRate;
    if (currentTime > 0) {
      this._audio.currentTime = currentTime;
      if (!paused) {
        await this._play();
      }
    }
    return true;
  }

  async _recover() {
    if (this._abort.signal.aborted) {
      return;
    }
    if (performance.now() - this._renewedAt < RENEWED_LATELY_MS) {
      this._fail("history.player.failed");
    } else {
      await this._renew();
    }
  }

  async _drawWaveform() {
    this._state.textContent = t("history.player.reading");
    try {
      const response = await fetch(this._address.url, { signal: this._abort.signal });
      if (!response.ok) {
        throw new Error(String(response.status));
      }
      await readWaveform(response, (reader) => this._waveform.draw(reader));
      this._state.textContent = "";
    } catch {
      if (!this._abort.signal.aborted) {
        this._state.textContent = t("history.player.noWaveform");
        this._offerLink();
      }
    }
  }

  _fail(key) {
    this._state.textContent = "";
    const again = h("button", { type: "button", onClick: () => this.start() }, t("history.player.again"));
    this._failure.replaceChildren(h("p", { class: "problem", role: "alert" }, t(key)), h("div", { class: "actions" }, again, this._link()));
    this._failure.hidden = false;
  }

  _offerLink() {
    this._failure.replaceChildren(this._link());
    this._failure.hidden = false;
  }

  _link() {
    return this._address
      ? h("a", { href: this._address.url, target: "_blank", rel: "noopener noreferrer" }, t("history.player.openInstead"))
      : "";
  }

  /** Through the page, because the browser would play a file of another origin instead of keeping it. */
  async _save() {
    this._download.disabled = true;
    this._state.textContent = t("history.player.downloading");
    try {
      const { url } = await this._askAddress();
      const response = await fetch(url, { signal: this._abort.signal });
      if (!response.ok) {
        throw new Error(String(response.status));
      }
      save(await response.blob(), this._fileName);
    } catch {
      this._offerLink();
    } finally {
      this._state.textContent = "";
      this._download.disabled = false;
    }
  }
}

function isTakenBy(target, slider) {
  return target !== slider && target.closest?.("input, select, textarea, button, a, summary, dialog, [contenteditable]") !== null;
}
