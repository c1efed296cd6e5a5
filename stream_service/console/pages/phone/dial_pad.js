// The keys of the telephone.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { KEYS } from "./tones.js";

const LETTERS = { 2: "ABC", 3: "DEF", 4: "GHI", 5: "JKL", 6: "MNO", 7: "PQRS", 8: "TUV", 9: "WXYZ", 0: "+" };
const PRESSED_MS = 160;

/** The pad as an element, and `press(digit)` for keys of the keyboard. `onPress(digit)` hears of both. */
export function dialPad(onPress) {
  const buttons = new Map();
  const press = (digit) => {
    const button = buttons.get(digit);
    button.classList.add("is-pressed");
    setTimeout(() => button.classList.remove("is-pressed"), PRESSED_MS);
    onPress(digit);
  };
  for (const digit of KEYS.flat()) {
    const letters = h("small", { "aria-hidden": "true" }, LETTERS[digit] ?? "");
    const name = { "*": t("phone.key.star"), "#": t("phone.key.hash") }[digit];
    buttons.set(digit, h("button", { type: "button", "aria-label": name, onClick: () => press(digit) }, digit, letters));
  }
  const element = h("div", { class: "dial-pad", role: "group", "aria-label": t("phone.keypad") }, [...buttons.values()]);
  return {
    element,
    press,
    has: (key) => buttons.has(key),
    enable(isEnabled) {
      buttons.forEach((button) => (button.disabled = !isEnabled));
    },
  };
}
