// People who use several channels: which identities are one person's.

import { h } from "../../shell/element.js";
import { t } from "../../shell/language.js";
import { time } from "../../shell/formats.js";
import { ask } from "../../shell/dialog.js";
import { notice, problem as showProblem } from "../../shell/notices.js";
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
    if (!(await ask({ title: t("agents.links.unlinkTitle"), text, confirm: t("agents.links.unlink"), isDangerous: true }))) {
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
  place.append(h("h1", {}, t("agents.tab.links")), h("p", { class: "muted" }, t("agents.links.intro")), list, linkForm(api, draw));
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
  const channel = h("select", { id: `link-channel-${index}` }, ...CHANNELS.map((value) => h("option", { value }, value)));
  const user = h("input", { id: `link-user-${index}`, type: "text", required: true, maxlength: 128, autocomplete: "off" });
  const node = h(
    "fieldset",
    {},
    h("legend", {}, t(`agents.links.${name}`)),
    h("div", { class: "field" }, h("label", { for: channel.id }, t("agents.links.channel")), channel),
    h("div", { class: "field" }, h("label", { for: user.id }, t("agents.links.user")), user),
  );
  return { node, read: () => ({ channel: channel.value, user_id: user.value.trim() }) };
}

function inWords(link) {
  return link.identities.map(({ channel, user_id: user }) => `${user} (${channel})`).join(", ");
}

function tableOf(links, part) {
  const columns = ["identities", "noted", "actions"];
  const rows = links.map((link) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, inWords(link)),
      h("td", { "data-label": t("agents.links.noted") }, t("agents.links.by", { time: time(link.linked_at), name: link.noted_by })),
      h(
        "td",
        {},
        h("button", { type: "button", "aria-label": t("agents.links.unlinkOf", { identities: inWords(link) }), onClick: () => part(link) }, t("agents.links.unlink")),
      ),
    ),
  );
  return h(
    "div",
    { class: "table-frame" },
    h(
      "table",
      { class: "list stacking" },
      h("caption", { class: "unseen" }, t("agents.links.caption")),
      h("thead", {}, h("tr", {}, ...columns.map((name) => h("th", { scope: "col" }, t(`agents.links.${name}`))))),
      h("tbody", {}, ...rows),
    ),
  );
}
