// The security team's channel, who sits at it, and how often it was interrupted.

import { h, reconcile, show } from "./dom.js";
import { icon, mug } from "./icons.js";
import { conversations, face, isHuman, keyOf, nameOf, post, posts } from "./message.js";
import { alertIDOf, caseGravity, disturbs } from "./gravity.js";
import { become, first, me, model, respondAs, responder, responders, select, subjectOf } from "./live.js";
import { showModal } from "./modal.js";
import { livePush } from "./phone.js";
import { presser } from "./press.js";

let frame = null;
let counted = null;

function build(root) {
  const list = h("div", { class: "scroll", testid: "channel", role: "log", "aria-label": "The channel #security", tabindex: 0 });
  const layer = h("div", { class: "layer", hidden: true });
  const pane = h("div", { class: "pane" },
    h("header", { class: "pane-head" }, h("span", { class: "hash" }, "#"), h("b", {}, "security"), h("span", { class: "grow" }),
      h("span", { class: "muted" }, "only what needs a human")),
    list);
  root.replaceChildren(pane, layer);
  return { list, layer, pane, press: presser(layer, pane, () => model.responder) };
}

// renderResponders draws who sits at the channel, and the way to their phone: what
// is grave takes a responder's own second factor.
export function renderResponders(root) {
  const all = responders(), now = responder(), rings = Boolean(livePush(now));
  show(root, JSON.stringify([all, now.email, rings, model.user]), () => all.length > 0 && [
    h("span", { class: "as" }, "as"),
    all.map((p) => h("button", {
      type: "button", class: "choice", testid: `as-${p.email.split("@")[0]}`, "aria-pressed": String(p.email === now.email),
      title: `Press the buttons in #security as ${p.name}`, on: { click: () => respondAs(p.email) },
    }, face(p, "tiny"), h("span", {}, first(p)))),
    h("button", {
      type: "button", class: `to-phone ${rings ? "rings" : ""}`, testid: "responder-phone", "aria-pressed": String(model.user === now.email),
      title: `${first(now)}’s own Slack and phone`, on: { click: () => become(now.email) },
    }, icon("phone", 13), rings ? `${first(now)}’s phone rings` : `${first(now)}’s phone`)]);
}

function quiet() {
  return h("div", { class: "quiet" }, mug(),
    h("p", { class: "quiet-title" }, "All quiet. The tea is still warm."),
    h("p", {}, "A yes that the phone has proven never shows up here. A no, a doubt, a silence or a stolen account does, at once."));
}

// here is the context of everything in the channel; one clock on the whole screen.
const here = () => ({ nameOf, zone: me().tz, press: frame.press, email: model.responder });

// notice is what the bot says in the channel that is no case.
const notice = (entry) => h("section", { class: "notice" }, post(entry.message, here()),
  entry.replies.length > 0 && h("div", { class: "replies" }, posts(entry.replies, here())));

function caseCard(entry) {
  const { level, label } = caseGravity(entry.message);
  const id = alertIDOf(entry.message);
  const ctx = here();
  return h("section", { class: `case ${level}`, testid: "case", "data-gravity": level, "data-alert": id, "aria-label": `Case: ${label}` },
    h("div", { class: "case-tag" }, icon(level === "grave" ? "warn" : "flag", 12), label,
      h("button", { type: "button", class: "case-open", on: { click: () => reveal(id) } }, "its timeline")),
    post(entry.message, ctx),
    entry.replies.length > 0 && h("div", { class: "replies" }, posts(entry.replies, ctx)));
}

function reveal(id) {
  const person = subjectOf(model.alerts.find((a) => a.id === id));
  if (person) become(person.email);
  model.follow = false;
  select(id);
}

// bring shows what just came: the case of the alert that one looks at from its
// top, anything else at the end.
function bring(list) {
  const mine = [...list.querySelectorAll("[data-alert]")].findLast((c) => c.dataset.alert === model.selected);
  list.scrollTop = mine ? mine.offsetTop - list.offsetTop - 6 : list.scrollHeight;
}

const fromBot = () => conversations(model.state?.channel ?? []).filter((c) => !isHuman(c.message));
const isCase = (entry) => !entry.message.ephemeral && Boolean(alertIDOf(entry.message));
const cases = () => fromBot().filter((entry) => !entry.message.ephemeral && disturbs(entry.message));

// renderSecurity draws the channel.
export function renderSecurity(root) {
  frame ??= build(root);
  const rows = fromBot().map((e) => ({
    key: keyOf(e.message), sig: JSON.stringify([e, caseGravity(e.message), me().tz]), build: () => (isCase(e) ? caseCard(e) : notice(e)),
  }));
  if (!rows.length && model.state) rows.push({ key: "quiet", sig: "", build: quiet });
  reconcile(frame.list, rows, { key: (r) => r.key, signature: (r) => r.sig, build: (r) => r.build() });
  const size = JSON.stringify(rows.map((r) => r.sig.length));
  if (frame.size !== size) bring(frame.list);
  frame.size = size;
  const theirs = model.state?.responder ?? {};
  const open = theirs.email === model.responder && model.responder !== model.user; // else it is in the person's own window
  showModal(frame.layer, frame.pane, open ? theirs.modal : null, here());
}

// renderScore draws the counter of interruptions; it jumps when it grows.
export function renderScore(root) {
  if (!model.state) return;
  const count = cases().length;
  const proven = model.alerts.filter((a) => a.verdict === "confirmed" && a.source !== "securitybot").length;
  if (!show(root, `${count}/${proven}`, () => score(count, proven))) return;
  if (counted !== null && count > counted) root.querySelector("[data-testid=interrupted]").classList.add("jump");
  counted = count;
}

function score(count, proven) {
  return [
    h("div", { class: "score-part good" }, h("span", { class: "score-number", testid: "settled-without" }, String(proven)),
      h("span", { class: "score-label" }, proven === 1 ? "alert settled" : "alerts settled", h("br"), "without them")),
    h("div", { class: `score-part ${count ? "some" : "none"}` },
      h("span", { class: "score-label right" }, "security team", h("br"), "interrupted:"),
      h("span", { class: "score-number", testid: "interrupted" }, String(count))),
  ];
}
