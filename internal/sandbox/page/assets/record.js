// The foot of the page: the latest alerts, and the chosen one's timeline.

import { h, reconcile, show } from "./dom.js";
import { icon } from "./icons.js";
import { gravity } from "./gravity.js";
import { become, first, model, select, subjectOf } from "./live.js";
import { link } from "./mrkdwn.js";
import { sentence } from "./sentences.js";
import { after, clock, left } from "./when.js";

const STATUS = { received: "waiting to start", held: "held", asking: "asking", proving: "proving", escalated: "with security", closed: "closed" };

let frame = null;

function build(root) {
  const recent = h("div", { class: "recent", role: "group", "aria-label": "Latest alerts" });
  const head = h("header", { class: "record-head" });
  const track = h("div", { class: "track", hidden: true });
  const list = h("ol", { class: "timeline", testid: "timeline", "aria-live": "polite", tabindex: 0, "aria-label": "Timeline" });
  root.replaceChildren(recent, h("div", { class: "detail" }, head, track, list));
  return { recent, head, track, list };
}

const chip = (alert) => {
  if (!alert.verdict) return h("span", { class: "chip open" }, alert.joined_to ? "joined" : STATUS[alert.status] ?? alert.status);
  const { level, label } = gravity(alert);
  return h("span", { class: `chip ${level}` }, label);
};

function recentRow(alert) {
  const subject = subjectOf(alert);
  const choose = () => {
    model.follow = alert.id === model.alerts[0]?.id;
    if (subject) become(subject.email);
    select(alert.id);
  };
  return h("button", { type: "button", class: "recent-row", testid: `alert-${alert.id}`, "aria-pressed": String(alert.id === model.selected), on: { click: choose } },
    h("span", { class: "recent-title" }, alert.title),
    h("span", { class: "recent-meta" }, subject ? first(subject) : alert.subject?.email ?? alert.subject?.username ?? "somebody", chip(alert)));
}

function head(alert) {
  const { temporal: url, console: page } = alert.links ?? {};
  return [
    h("h2", {}, alert.title), h("span", { class: `severity ${alert.severity}` }, alert.severity), chip(alert), h("span", { class: "grow" }),
    page && Object.assign(link(page, "In the console"), { className: "temporal console" }),
    url && ready()
      ? Object.assign(link(url, "Its Temporal workflow"), { className: "temporal" })
      : h("span", { class: "temporal off" }, "workflow link once Temporal runs"),
  ];
}

const ready = () => !model.status || model.status.phase === "ready";

function markTemporal(node) {
  const url = node.querySelector("a.temporal:not(.console)");
  if (!url) return;
  url.dataset.testid = "temporal-link";
  url.append(icon("arrow", 13));
}

function row(alert, start, subject) {
  return (entry) => {
    const { words, mood } = sentence(entry, subject, alert);
    const at = Date.parse(entry.at);
    return h("li", { class: `entry ${mood}`, "data-kind": entry.kind },
      h("time", { datetime: entry.at, title: entry.at }, after(at - start)), h("span", { class: "dot" }), h("span", {}, words));
  };
}

function empty(root) {
  const text = model.selected ? "Reading the alert…" : "No alert yet. Send one above: each step will appear here, in plain words.";
  show(root.head, text, () => h("p", { class: "muted" }, text));
  show(root.track, "", () => []);
  root.track.hidden = true;
  reconcile(root.list, [], {});
}

function drawAlert(alert) {
  const subject = subjectOf(alert);
  const entries = alert.timeline ?? [];
  const start = Date.parse(entries[0]?.at ?? alert.received_at);
  const sig = JSON.stringify([alert.id, alert.status, alert.verdict, alert.verdict_reason, alert.escalation, alert.links, ready()]);
  if (show(frame.head, sig, () => head(alert))) markTemporal(frame.head);
  const before = frame.list.childElementCount;
  reconcile(frame.list, entries.map((e, i) => [e, i]), {
    key: ([, i]) => `${alert.id}/${i}`, signature: ([e]) => JSON.stringify([e, subject?.name, alert.verdict]), build: ([e]) => row(alert, start, subject)(e),
  });
  if (frame.list.childElementCount !== before) frame.list.scrollTop = frame.list.scrollHeight;
  drawTrack(alert);
}

// drawTrack lays the wait out as a line: asked, reminders, deadline.
function drawTrack(alert) {
  const asked = (alert.timeline ?? []).find((e) => e.kind === "asked");
  const end = Date.parse(alert.deadline);
  const open = asked && !alert.answer && !alert.verdict && !Number.isNaN(end);
  frame.track.hidden = !open;
  if (!open) return show(frame.track, "", () => []);
  const start = Date.parse(asked.at);
  const marks = [...(alert.reminders ?? []).map((t) => ({ at: Date.parse(t), label: "reminder" })), { at: end, label: "deadline" }];
  frame.track.span = { start, end, marks };
  show(frame.track, JSON.stringify(frame.track.span), () => [
    h("div", { class: "rail-line" }, h("div", { class: "rail-done" }),
      marks.map((m) => place(h("div", { class: `mark ${m.label}`, title: clock(new Date(m.at)) }), (m.at - start) / (end - start)))),
    h("div", { class: "track-text", testid: "countdown" }, ""),
  ]);
  tickRecord();
}

function place(node, fraction) {
  node.style.setProperty("--at", String(Math.min(1, Math.max(0, fraction))));
  return node;
}

// nextWait says what the wait of an open question is for: {label, ms}.
export function nextWait(alert) {
  const now = Date.now();
  const marks = [...(alert?.reminders ?? []).map((t, i) => ({ at: Date.parse(t), label: `reminder ${i + 1}` })),
    { at: Date.parse(alert?.deadline), label: "deadline" }];
  const next = marks.find((m) => m.at > now);
  return next ? { label: next.label, ms: next.at - now } : null;
}

// tickRecord moves the wait's line; call it every tick.
export function tickRecord() {
  const track = frame?.track;
  if (!track || track.hidden) return;
  const { start, end } = track.span;
  place(track.querySelector(".rail-done"), (Date.now() - start) / (end - start));
  const next = nextWait(model.alert);
  const reminder = next && next.label !== "deadline" ? `${next.label} in ${left(next.ms)} · ` : "";
  track.querySelector(".track-text").textContent = `${reminder}deadline in ${left(end - Date.now())}`;
}

// renderRecord draws the whole foot of the page.
export function renderRecord(root) {
  frame ??= build(root);
  reconcile(frame.recent, model.alerts.slice(0, 12), {
    key: (a) => a.id, build: recentRow,
    signature: (a) => JSON.stringify([a.title, a.status, a.verdict, a.escalation, a.joined_to, a.id === model.selected, subjectOf(a)?.name]),
  });
  frame.recent.hidden = model.alerts.length === 0;
  if (model.alert) drawAlert(model.alert);
  else empty(frame);
}
