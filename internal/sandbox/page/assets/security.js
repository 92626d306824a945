// The security team's channel, and how often it was interrupted.

import { h, reconcile, show } from "./dom.js";
import { icon, mug } from "./icons.js";
import { conversations, isHuman, keyOf, nameOf, post, posts } from "./message.js";
import { alertIDOf, caseGravity } from "./gravity.js";
import { become, me, model, select, subjectOf } from "./live.js";

let frame = null;
let counted = null;

function build(root) {
  const list = h("div", { class: "scroll", testid: "channel", role: "log", "aria-label": "The channel #security", tabindex: 0 });
  root.replaceChildren(h("div", { class: "pane" },
    h("header", { class: "pane-head" }, h("span", { class: "hash" }, "#"), h("b", {}, "security"), h("span", { class: "grow" }),
      h("span", { class: "muted" }, "only what needs a human")),
    list));
  return { list };
}

function quiet() {
  return h("div", { class: "quiet" }, mug(),
    h("p", { class: "quiet-title" }, "All quiet. The tea is still warm."),
    h("p", {}, "A yes that the phone has proven never shows up here. A no, a doubt, a silence or a stolen account does, at once."));
}

function caseCard(entry) {
  const { level, label } = caseGravity(entry.message);
  const id = alertIDOf(entry.message);
  const ctx = { nameOf, zone: me().tz }; // one clock on the whole screen
  return h("section", { class: `case ${level}`, testid: "case", "data-gravity": level, "data-alert": id, "aria-label": `Case: ${label}` },
    h("div", { class: "case-tag" }, icon(level === "grave" ? "warn" : "flag", 12), label,
      id && h("button", { type: "button", class: "case-open", on: { click: () => reveal(id) } }, "its timeline")),
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

const cases = () => conversations(model.state?.channel ?? []).filter((c) => !isHuman(c.message));

// renderSecurity draws the channel.
export function renderSecurity(root) {
  frame ??= build(root);
  const entries = cases();
  const rows = entries.map((e) => ({ key: keyOf(e.message), sig: JSON.stringify([e, caseGravity(e.message), me().tz]), build: () => caseCard(e) }));
  if (!rows.length && model.state) rows.push({ key: "quiet", sig: "", build: quiet });
  reconcile(frame.list, rows, { key: (r) => r.key, signature: (r) => r.sig, build: (r) => r.build() });
  const size = JSON.stringify(rows.map((r) => r.sig.length));
  if (frame.size !== size) bring(frame.list);
  frame.size = size;
}

// renderScore draws the counter of interruptions; it jumps when it grows.
export function renderScore(root) {
  if (!model.state) return;
  const count = cases().length;
  const proven = model.alerts.filter((a) => a.verdict === "confirmed").length;
  if (!show(root, `${count}/${proven}`, () => score(count, proven))) return;
  if (counted !== null && count > counted) root.querySelector(".score-number").classList.add("jump");
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
