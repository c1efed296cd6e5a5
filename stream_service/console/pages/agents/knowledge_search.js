// Which passages a question finds, measured against the threshold of the agent.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { problem as showProblem } from "../../shell/notices.js";
import { labelled } from "./parts.js";

const PASSAGES = 6;

/** A question to try on what `agent` knows. */
export function searchArea({ api, agent }) {
  const input = h("input", { id: "search-question", type: "search", maxlength: 2000, required: true });
  const button = h("button", { type: "submit" }, t("agents.search.ask"));
  const answer = h("div", { class: "found", "aria-live": "polite" });
  const form = h(
    "form",
    { class: "inline-form", role: "search" },
    labelled(t("agents.search.question"), input),
    button,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      const path = `/agents/${agent.id}/knowledge/search`;
      const { passages } = await api.post(path, { question: input.value, limit: PASSAGES });
      answer.replaceChildren(...foundIn(passages, agent.answer_threshold));
    } catch (error) {
      showProblem(error);
    } finally {
      button.disabled = false;
    }
  });
  return h(
    "section",
    { class: "card", "aria-labelledby": "search-title" },
    h("h2", { id: "search-title" }, t("agents.search.title")),
    h("p", { class: "hint" }, t("agents.search.intro")),
    form,
    answer,
  );
}

function foundIn(passages, threshold) {
  if (!passages.length) {
    return [h("p", { class: "empty" }, t("agents.search.none"))];
  }
  const items = passages.map((passage) => {
    const isEnough = passage.score >= threshold;
    const fits = t("agents.search.score", { score: passage.score.toFixed(2) });
    const verdict = isEnough ? t("agents.search.enough") : t("agents.search.tooLittle", { threshold });
    return h(
      "li",
      { class: isEnough ? "passage" : "passage is-weak" },
      h("h3", {}, passage.title),
      h(
        "p",
        { class: "score" },
        h("meter", { min: 0, max: 1, low: threshold, value: Math.max(0, passage.score), "aria-label": fits }),
        ` ${fits} · ${verdict}`,
      ),
      h("p", { class: "passage-text" }, passage.text),
    );
  });
  return [h("p", {}, t("agents.search.found", { count: passages.length })), h("ol", { class: "passages" }, ...items)];
}
