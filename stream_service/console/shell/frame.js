// The frame around the pages: where one is, who one is, and how it looks and speaks.

import { h, icon } from "./element.js";
import { LANGUAGES, chooseLanguage, language, t } from "./language.js";
import { PAGES } from "./router.js";
import { chooseTheme, theme } from "./theme.js";

let endWatching = () => {};

/** Fill the header. `onSignOut` is called when the person asks for it. */
export function showFrame(header, { session, router, updates, onSignOut }) {
  endWatching();
  const again = () => {
    showFrame(header, { session, router, updates, onSignOut });
    router.refresh();
  };
  const links = PAGES.map((page) => pageLink(page));
  const signal = h("span", { class: "signal" });
  header.replaceChildren(
    h("a", { class: "brand", href: "#/live" }, mark(), "Vaani"),
    h("nav", { "aria-label": t("shell.pages") }, h("ul", {}, links.map((link) => h("li", {}, link)))),
    h("div", { class: "person" }, signal, settings(session, again, onSignOut)),
  );
  header.hidden = false;

  const endPages = router.watch((current) => markCurrent(links, current));
  const endUpdates = updates.watch((state) => showSignal(signal, state));
  markCurrent(links, router.current);
  endWatching = () => {
    endPages();
    endUpdates();
  };
}

function pageLink(page) {
  return h("a", { href: `#/${page.name}`, "data-page": page.name }, icon(page.icon), h("span", {}, t(`shell.${page.name}`)));
}

function markCurrent(links, current) {
  for (const link of links) {
    if (link.dataset.page === current) {
      link.setAttribute("aria-current", "page");
    } else {
      link.removeAttribute("aria-current");
    }
  }
}

function showSignal(signal, state) {
  signal.dataset.state = state;
  signal.title = t(`shell.updates.${state}`);
  signal.replaceChildren(h("span", { class: "unseen" }, t(`shell.updates.${state}`)));
}

function settings(session, again, onSignOut) {
  const role = session.isAdmin ? "admin" : session.isOperator ? "operator" : "none";
  const panel = h(
    "div",
    { class: "panel" },
    h("p", { class: "who" }, t("shell.signedInAs", { name: session.name }), h("span", { class: "badge" }, t(`shell.role.${role}`))),
    choice(t("shell.language"), LANGUAGES, language(), (chosen) => {
      chooseLanguage(chosen);
      again();
    }),
    choice(
      t("shell.theme"),
      Object.fromEntries(["system", "light", "dark"].map((each) => [each, t(`shell.theme.${each}`)])),
      theme(),
      chooseTheme,
    ),
    h("button", { type: "button", class: "quiet", onClick: onSignOut }, t("shell.signOut")),
  );
  const menu = h("details", { class: "menu" }, h("summary", {}, initials(session.name)), panel);
  menu.querySelector("summary").setAttribute("aria-label", t("shell.signedInAs", { name: session.name }));
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) {
      menu.open = false;
    }
  });
  return menu;
}

function choice(label, options, chosen, choose) {
  const select = h(
    "select",
    { onChange: () => choose(select.value) },
    Object.entries(options).map(([value, name]) => h("option", { value, selected: value === chosen }, name)),
  );
  return h("label", { class: "field" }, label, select);
}

function initials(name) {
  return [...(name.trim() || "?")][0].toUpperCase();
}

function mark() {
  return h("img", { src: "mark.svg", alt: "", width: 24, height: 24 });
}
