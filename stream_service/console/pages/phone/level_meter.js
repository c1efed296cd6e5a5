// How loud it is, as a bar that fills; screen readers need not hear of it.

import { h } from "../../shell/element.js";

const QUIETEST_DB = -55;

/** A bar with a name beside it; `show(level)` takes 0 to 1. `data-loudest` is the most that was shown. */
export function levelMeter(name) {
  const bar = h("span", { class: "level" });
  const element = h("div", { class: "meter", "aria-hidden": "true" }, h("span", {}, name), bar);
  let loudest = 0;
  return {
    element,
    show(level) {
      loudest = Math.max(loudest, level);
      element.dataset.loudest = loudest.toFixed(3);
      const decibels = 20 * Math.log10(Math.max(level, 1e-6));
      bar.style.setProperty("--level", Math.max(0, 1 - decibels / QUIETEST_DB).toFixed(2));
    },
    reset() {
      loudest = 0;
      element.dataset.loudest = "0";
      bar.style.setProperty("--level", "0");
    },
  };
}
