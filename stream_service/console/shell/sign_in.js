// The sign-in page: name and password, the steps that an account may ask for besides, or a token.

import { SignInProblem } from "./cognito.js";
import { h, newId } from "./element.js";
import { LANGUAGES, chooseLanguage, language, t } from "./language.js";
import { isUsable } from "./session.js";

const CHALLENGES = {
  NEW_PASSWORD_REQUIRED: { words: "signIn.newPassword", input: { type: "password", autocomplete: "new-password", minlength: 14 } },
  SOFTWARE_TOKEN_MFA: { words: "signIn.code", input: { inputmode: "numeric", autocomplete: "one-time-code", pattern: "[0-9]{6}" } },
};

/** Show the page until somebody has signed in. */
export function showSignIn(place, session) {
  return new Promise((resolve) => {
    const done = (tokens) => {
      session.begin(tokens);
      resolve();
    };
    const show = () => place.replaceChildren(page(session, done, show));
    show();
    place.querySelector("input")?.focus();
    document.title = `${t("signIn.title")} · Vaani`;
  });
}

function page(session, done, again) {
  const body = h("div", { class: "steps" });
  body.replaceChildren(session.provider ? passwordStep(session, body, done) : tokenStep(done, { isOpen: true }));
  return h(
    "section",
    { class: "card sign-in" },
    h("img", { src: "mark.svg", alt: "", width: 40, height: 40 }),
    h("h1", {}, t("signIn.title")),
    h("p", { class: "lead" }, t("signIn.lead")),
    session.hasExpired && h("p", { class: "hint", role: "status" }, t("signIn.expired")),
    body,
    session.provider && tokenStep(done, { isOpen: false }),
    session.environment === "development" && h("p", { class: "hint" }, t("signIn.local")),
    languages(again),
  );
}

function passwordStep(session, body, done) {
  const user = h("input", { name: "username", autocomplete: "username", required: true, autocapitalize: "none", spellcheck: "false" });
  const password = h("input", { name: "password", type: "password", autocomplete: "current-password", required: true });
  return stepForm({
    fields: [labelled(t("signIn.user"), user), labelled(t("signIn.password"), password)],
    submit: t("signIn.go"),
    act: async () => {
      const outcome = await session.provider.signIn(user.value.trim(), password.value);
      goOn(session, body, done, outcome);
    },
  });
}

function challengeStep(session, body, done, outcome) {
  const { words, input } = CHALLENGES[outcome.challenge];
  const answered = h("input", { name: "answer", required: true, ...input });
  return stepForm({
    fields: [h("p", {}, t(`${words}.text`)), labelled(t(words === "signIn.code" ? words : `${words}.label`), answered)],
    submit: t("signIn.go"),
    act: async () => goOn(session, body, done, await session.provider.respond(outcome, answered.value)),
  });
}

function goOn(session, body, done, outcome) {
  if (outcome.tokens) {
    done(outcome.tokens);
    return;
  }
  if (!(outcome.challenge in CHALLENGES)) {
    throw new SignInProblem(outcome.challenge, t("signIn.unknownStep", { step: outcome.challenge }));
  }
  body.replaceChildren(challengeStep(session, body, done, outcome));
  body.querySelector("input").focus();
}

function tokenStep(done, { isOpen }) {
  const id = newId("hint");
  const token = h("textarea", { name: "token", rows: 3, required: true, spellcheck: "false", autocapitalize: "none", "aria-describedby": id });
  const form = stepForm({
    fields: [h("p", { class: "hint", id }, t("signIn.token.text")), labelled(t("signIn.token.label"), token)],
    submit: t("signIn.token.go"),
    act: async () => {
      const pasted = token.value.trim();
      if (!isUsable(pasted)) {
        throw new SignInProblem("token", t("signIn.token.wrong"));
      }
      done({ access: pasted, id: null, refresh: null });
    },
  });
  return h("details", { class: "by-token", open: isOpen }, h("summary", {}, t("signIn.token")), form);
}

function stepForm({ fields, submit, act }) {
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { type: "submit", class: "primary" }, submit);
  const onSubmit = async (event) => {
    event.preventDefault();
    problem.textContent = "";
    button.disabled = true;
    button.textContent = t("signIn.going");
    try {
      await act();
    } catch (error) {
      problem.textContent = explained(error);
    } finally {
      button.disabled = false;
      button.textContent = submit;
    }
  };
  return h("form", { onSubmit }, fields, problem, button);
}

function explained(error) {
  if (!(error instanceof SignInProblem)) {
    return t("shell.problem.network");
  }
  if (["NotAuthorizedException", "UserNotFoundException"].includes(error.code)) {
    return t("signIn.wrong");
  }
  return ["token"].includes(error.code) || error.code in CHALLENGES ? error.message : t("signIn.failed", { message: error.message });
}

function labelled(text, input) {
  return h("label", { class: "field" }, text, input);
}

function languages(again) {
  return h(
    "p",
    { class: "languages" },
    Object.entries(LANGUAGES).map(([tag, name]) =>
      h(
        "button",
        {
          type: "button",
          class: "link",
          lang: tag,
          "aria-pressed": String(tag === language()),
          onClick: () => {
            chooseLanguage(tag);
            again();
          },
        },
        name,
      ),
    ),
  );
}
