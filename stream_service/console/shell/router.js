// From the address to a page: `#/history/calls/CA1` opens the page `history` with the path ["calls", "CA1"].

import { h } from "./element.js";
import { add, t } from "./language.js";
import { mayLeave } from "./leaving.js";

/** The pages in the order of the navigation; each says itself what only administrators may do there. */
export const PAGES = [
  { name: "live", icon: "live" },
  { name: "history", icon: "history" },
  { name: "phone", icon: "phone" },
  { name: "whatsapp", icon: "chat" },
  { name: "agents", icon: "agents" },
  { name: "costs", icon: "costs" },
];

/** Opens and closes pages in one place of the document. */
export class Router {
  #close = null;
  #opening = 0;
  #watchers = new Set();
  #styles = new Set();
  #follow = async ({ oldURL }) => {
    if (await mayLeave()) {
      await this.#show({ movesFocus: true });
    } else {
      history.replaceState(null, "", oldURL);
    }
  };

  constructor(place, context) {
    this.place = place;
    this.context = context;
    this.current = null;
  }

  /** Show what the address names, now and whenever it changes. */
  start() {
    window.addEventListener("hashchange", this.#follow);
    return this.#show({ movesFocus: false });
  }

  /** Close the page and follow the address no more. */
  async stop() {
    window.removeEventListener("hashchange", this.#follow);
    this.#opening += 1;
    await this.#closePage();
  }

  /** Show the same page again, as after a change of the language. */
  refresh() {
    return this.#show({ movesFocus: false });
  }

  /** Hear which page is open; returns what ends it. */
  watch(handler) {
    this.#watchers.add(handler);
    return () => this.#watchers.delete(handler);
  }

  async #show({ movesFocus }) {
    const opening = ++this.#opening;
    const [name, ...path] = pathOf(location.hash);
    const page = PAGES.find((each) => each.name === name);
    if (movesFocus && this.#close?.follow && this.current === name) {
      // The page goes to another of its own places without being opened anew, and moves the focus as it sees fit.
      await this.#close.follow(path.map(decodeURIComponent));
      return;
    }
    await this.#closePage();
    if (opening !== this.#opening) {
      return;
    }
    this.current = page?.name ?? null;
    this.#watchers.forEach((watcher) => watcher(this.current));
    const here = h("div", { class: `page page-${name}` }, h("p", { class: "loading" }, t("shell.loading")));
    this.place.replaceChildren(here);
    try {
      await this.#open(page, here, path, opening);
    } catch (error) {
      reportError(error);
      this.#explain(here, t("shell.pageFailed"), error.message, () => this.refresh());
    }
    if (opening === this.#opening) {
      this.#announce(here, movesFocus);
    }
  }

  async #open(page, here, path, opening) {
    if (!page) {
      this.#explain(here, t("shell.notFound"), t("shell.notFound.text"));
      return;
    }
    const [module] = await Promise.all([import(`../pages/${page.name}/page.js`), this.#addStyle(page.name)]);
    add(module.messages);
    if (opening !== this.#opening) {
      return;
    }
    here.replaceChildren();
    const close = await module.open(here, { ...this.context, path: path.map(decodeURIComponent) });
    if (opening === this.#opening) {
      this.#close = close;
    } else {
      await close?.();
    }
  }

  async #closePage() {
    const close = this.#close;
    this.#close = null;
    await close?.();
  }

  #addStyle(name) {
    if (this.#styles.has(name)) {
      return Promise.resolve();
    }
    this.#styles.add(name);
    return new Promise((resolve) => {
      const href = new URL(`../pages/${name}/page.css`, import.meta.url);
      const link = h("link", { rel: "stylesheet", href, onLoad: resolve, onError: resolve });
      document.head.append(link);
    });
  }

  #explain(here, title, text, retry = null) {
    here.replaceChildren(
      h(
        "section",
        { class: "card stopped" },
        h("h1", {}, title),
        h("p", {}, text),
        retry && h("button", { type: "button", onClick: retry }, t("shell.tryAgain")),
      ),
    );
  }

  #announce(here, movesFocus) {
    const heading = here.querySelector("h1");
    document.title = heading ? `${heading.textContent} · Vaani` : "Vaani";
    if (movesFocus && heading) {
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
  }
}

function pathOf(hash) {
  const parts = hash.replace(/^#\/?/, "").split("?")[0].split("/").filter(Boolean);
  return parts.length > 0 ? parts : ["live"];
}
