// Light or dark: the system's choice, until the person makes one.

const KEPT_AS = "vaani.theme";

/** `system`, `light` or `dark`. */
export function theme() {
  return localStorage.getItem(KEPT_AS) ?? "system";
}

/** Show the page in the theme that was chosen last. */
export function applyTheme() {
  const chosen = theme();
  if (chosen === "system") {
    delete document.documentElement.dataset.theme;
  } else {
    document.documentElement.dataset.theme = chosen;
  }
}

/** Choose `system`, `light` or `dark`. */
export function chooseTheme(chosen) {
  localStorage.setItem(KEPT_AS, chosen);
  applyTheme();
}
