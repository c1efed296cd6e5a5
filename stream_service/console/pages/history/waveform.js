// The stereo waveform on a canvas: the caller above the middle line, the agent below it.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";

const BAR_PX = 2;
const GAP_PX = 1;
/** Telephone speech is rarely loud: what is shown as full is the loudest of the call, but never less than this. */
const QUIETEST_FULL = 0.1;

/** `draw(reader)` shows what was read so far, `moveTo(share)` where it plays. */
export class Waveform {
  constructor() {
    this._canvas = h("canvas", { "aria-hidden": "true" });
    this._passed = h("div", { class: "passed", "aria-hidden": "true" });
    this.element = h(
      "div",
      { class: "waveform" },
      h("span", { class: "lane is-caller" }, t("history.player.caller")),
      h("span", { class: "lane is-agent" }, t("history.player.agent")),
      this._canvas,
      this._passed,
    );
    this._reader = null;
    this._observer = new ResizeObserver(() => this._paint());
    this._observer.observe(this._canvas);
    this._theme = new MutationObserver(() => this._paint());
    this._theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    this._dark = matchMedia("(prefers-color-scheme: dark)");
    this._repaint = () => this._paint();
    this._dark.addEventListener("change", this._repaint);
  }

  draw(reader) {
    this._reader = reader;
    this._asked ??= requestAnimationFrame(() => {
      this._asked = null;
      this._paint();
    });
  }

  moveTo(share) {
    this._passed.style.setProperty("--passed", Math.max(0, Math.min(1, share)));
  }

  end() {
    cancelAnimationFrame(this._asked);
    this._observer.disconnect();
    this._theme.disconnect();
    this._dark.removeEventListener("change", this._repaint);
  }

  _paint() {
    const { clientWidth: width, clientHeight: height } = this._canvas;
    if (!this._reader?.format || width === 0) {
      return;
    }
    const scale = window.devicePixelRatio || 1;
    this._canvas.width = Math.round(width * scale);
    this._canvas.height = Math.round(height * scale);
    const pen = this._canvas.getContext("2d");
    pen.scale(scale, scale);
    const style = getComputedStyle(this._canvas);
    const [upper, lower = upper] = this._reader.peaks;
    const full = Math.max(QUIETEST_FULL, loudest(upper), loudest(lower));
    const middle = height / 2;
    const bars = Math.floor(width / (BAR_PX + GAP_PX));
    for (let bar = 0; bar < bars; bar += 1) {
      const at = bar * (BAR_PX + GAP_PX);
      const above = barHeight(upper, bar, bars, full) * (middle - 2);
      const below = barHeight(lower, bar, bars, full) * (middle - 2);
      pen.fillStyle = style.getPropertyValue("--wave-caller");
      pen.fillRect(at, middle - 1 - above, BAR_PX, above);
      pen.fillStyle = style.getPropertyValue("--wave-agent");
      pen.fillRect(at, middle + 1, BAR_PX, below);
    }
    this._canvas.dataset.drawn = String(Math.round((this._reader.framesRead / this._reader.frames) * 100));
  }
}

function barHeight(peaks, bar, bars, full) {
  const from = Math.floor((bar * peaks.length) / bars);
  const until = Math.max(from + 1, Math.floor(((bar + 1) * peaks.length) / bars));
  let highest = 0;
  for (let place = from; place < until && place < peaks.length; place += 1) {
    highest = Math.max(highest, peaks[place]);
  }
  return Math.min(1, highest / full);
}

function loudest(peaks) {
  return peaks.reduce((highest, peak) => Math.max(highest, peak), 0);
}
