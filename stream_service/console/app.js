// Starts the console: configuration, sign-in, then the page that the address names.

import { Api } from "./shell/api.js";
import { readConfig } from "./shell/config.js";
import { showFrame } from "./shell/frame.js";
import { t, translateDocument } from "./shell/language.js";
import { element, h } from "./shell/element.js";
import { Router } from "./shell/router.js";
import { Session } from "./shell/session.js";
import { showSignIn } from "./shell/sign_in.js";
import { applyTheme } from "./shell/theme.js";
import { Updates } from "./shell/updates.js";

async function start() {
  applyTheme();
  translateDocument();
  const config = await readConfig();
  const session = new Session(config);
  await session.restore();
  const api = new Api(config, session);
  const updates = new Updates(config, api);
  const router = new Router(element("place"), { api, updates, config, session });

  const enter = async () => {
    await session.learnRoles(api);
    if (!session.isSignedIn) {
      return; // The API refused the token: by now the sign-in page is shown, and leads here again.
    }
    showFrame(element("frame"), { session, router, updates, onSignOut: leave });
    router.start();
  };
  const leave = async () => {
    await router.stop();
    updates.close();
    await session.end();
    element("frame").hidden = true;
    await showSignIn(element("place"), session);
    await enter();
  };
  session.onExpired = leave;
  // The address names the page; a jump within it must not change it.
  element("skip").addEventListener("click", (event) => {
    event.preventDefault();
    element("place").focus();
  });
  if (!session.isSignedIn) {
    await showSignIn(element("place"), session);
  }
  await enter();
}

start().catch((error) => {
  element("place").replaceChildren(
    h("section", { class: "card stopped" }, h("h1", {}, t("shell.cannotStart")), h("p", {}, error.message)),
  );
});
