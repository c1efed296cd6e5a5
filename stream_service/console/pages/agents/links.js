// People who use several channels: which identities are one person's.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { time } from "../../shell/formats.js";
import { ask } from "../../shell/dialog.js";
import { notice, problem as showProblem } from "../../shell/notices.js";
import { cellsOf, labelled, listTable } from "./parts.js";
import { readAll } from "./reading.js";
import { CHANNELS } from "./rule_kinds.js";

/** Fill `place` with the links and a form for another. */
export async function openLinks(place, { api }) {
  const list = h("div", {});
  async function draw() {
    const links = await readAll(api, "/person-links");
    list.replaceChildren(links.length ? tableOf(links, part) : h("p", { class: "empty" }, t("agents.links.empty")));
  }
  async function part(link) {
    const text = t("agents.links.unlinkText", { identities: inWords(link) });
    const title = t("agents.links.unlinkTitle");
    if (!(await ask({ title, text, confirm: t("agents.links.unlink"), isDangerous: true }))) {
      return;
    }
    try {
      await api.remove(`/person-links/${link.person_id}`);
      notice(t("agents.links.parted"));
    } catch (error) {
      showProblem(error);
    }
    await draw().catch(showProblem);
  }
  await draw();
  place.append(
    h("h1", {}, t("agents.tab.links")),
    h("p", { class: "muted" }, t("agents.links.intro")),
    list,
    linkForm(api, draw),
  );
}

function linkForm(api, onLinked) {
  const identities = ["first", "second"].map((name, index) => identityFields(name, index));
  const consent = h("input", { type: "checkbox", id: "link-consent", required: true });
  const form = h(
    "form",
    { class: "card", "aria-labelledby": "link-title" },
    h("h2", { id: "link-title" }, t("agents.links.new")),
    h("div", { class: "columns" }, ...identities.map(({ node }) => node)),
    h("div", { class: "check-row" }, consent, h("label", { for: consent.id }, t("agents.links.consented"))),
    h("div", { class: "actions" }, h("button", { type: "submit", class: "primary" }, t("agents.links.link"))),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await api.put("/person-links", { identities: identities.map(({ read }) => read()), consented: consent.checked });
      notice(t("agents.links.linked"));
      form.reset();
      await onLinked();
    } catch (error) {
      showProblem(error);
    }
  });
  return form;
}

function identityFields(name, index) {
  const options = CHANNELS.map((value) => h("option", { value }, value));
  const channel = h("select", { id: `link-channel-${index}` }, options);
  const kind = { type: "text", required: true, maxlength: 128, autocomplete: "off" };
  const user = h("input", { id: `link-user-${index}`, ...kind });
  const node = h(
    "fieldset",
    {},
    h("legend", {}, t(`agents.links.${name}`)),
    labelled(t("agents.links.channel"), channel),
    labelled(t("agents.links.user"), user),
  );
  return { node, read: () => ({ channel: channel.value, user_id: user.value.trim() }) };
}

function inWords(link) {
  return link.identities.map(({ channel, user_id: user }) => `${user} (${channel})`).join(", ");
}

function tableOf(links, part) {
  return listTable({
    caption: t("agents.links.caption"),
    label,
    columns: ["identities", "noted", "actions"],
    rows: links.map((link) => rowOf(link, part)),
  });
}

function label(column) {
  return t(`agents.links.${column}`);
}

function rowOf(link, part) {
  const cell = cellsOf(label);
  const identities = inWords(link);
  const whose = t("agents.links.unlinkOf", { identities });
  const onClick = () => part(link);
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, identities),
    cell("noted", t("agents.links.by", { time: time(link.linked_at), name: link.noted_by })),
    cell("actions", h("button", { type: "button", "aria-label": whose, onClick }, t("agents.links.unlink"))),
  );
}
