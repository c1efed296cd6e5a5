// Asks before something that is not saved would be lost.

import { ask } from "./dialog.js";
import { t } from "./language.js";

let isUnsaved = () => false;

/** Let `check` say whether something is not saved; returns what ends that. One at a time: the latest counts. */
export function guardLeaving(check) {
  isUnsaved = check;
  window.addEventListener("beforeunload", warn);
  return () => {
    if (isUnsaved === check) {
      isUnsaved = () => false;
      window.removeEventListener("beforeunload", warn);
    }
  };
}

/** Whether the page may be left: nothing is unsaved, or the person does not mind. */
export async function mayLeave() {
  return (
    !isUnsaved() ||
    (await ask({ title: t("shell.leave.title"), text: t("shell.leave.text"), confirm: t("shell.leave"), isDangerous: true }))
  );
}

function warn(event) {
  if (isUnsaved()) {
    event.preventDefault();
  }
}
