// The person's Slack: the DM with Securitybot, answered as that person would.

import { api } from "./api.js";
import { h, reconcile, show } from "./dom.js";
import { icon } from "./icons.js";
import { conversations, face, keyOf, nameOf, thread } from "./message.js";
import { confirmed, showModal } from "./modal.js";
import { showCommand } from "./command.js";
import { first, me, model, refresh } from "./live.js";
import { toast } from "./toast.js";

const UNLOCK_AFTER = 2500;

let frame = null;
let replyTo = null;

function build(root) {
  const list = h("div", { class: "scroll", testid: "dm", role: "log", "aria-label": "Direct message with Securitybot", tabindex: 0 });
  const head = h("header", { class: "pane-head" });
  const layer = h("div", { class: "layer", hidden: true });
  const pane = h("div", { class: "pane" }, head, list, composer());
  root.replaceChildren(rail(), pane, layer);
  return { root, head, list, layer, pane };
}

function rail() {
  const item = (name, label, on) => h("span", { class: `rail-item ${on ? "on" : ""}` }, icon(name, 17), h("span", {}, label));
  return h("div", { class: "rail", "aria-hidden": "true" },
    h("span", { class: "team-icon" }, "E"), item("home", "Home"), item("chat", "DMs", true), item("bell", "Activity"), item("dots", "More"));
}

function composer() {
  const chip = h("div", { class: "reply-chip", hidden: true });
  const field = h("input", { type: "text", name: "text", autocomplete: "off", placeholder: "Message Securitybot", "aria-label": "Message Securitybot", testid: "composer" });
  const send = h("button", { type: "submit", class: "send", "aria-label": "Send message" }, icon("send", 15));
  const form = h("form", { class: "composer", on: { submit: (event) => { event.preventDefault(); say(field); } } }, chip, field, send);
  form.aim = (message) => aim(message, chip, field);
  return form;
}

function aim(message, chip, field) {
  replyTo = message;
  chip.hidden = !message;
  if (!message) return;
  chip.replaceChildren("Replying in the thread", h("button", { type: "button", "aria-label": "Leave the thread", on: { click: () => aim(null, chip, field) } }, "×"));
  field.focus();
}

async function say(field) {
  const text = field.value.trim();
  if (!text) return;
  field.value = "";
  try {
    await api.reply(model.user, text, replyTo?.ts);
    frame.pane.querySelector(".composer").aim(null);
  } catch (error) {
    field.value = text;
    toast(`Slack did not take the message: ${error.message}`);
  }
  refresh();
}

async function press(message, element, node) {
  if (element.confirm && !(await confirmed(frame.layer, frame.pane, element.confirm))) return;
  const row = node.closest(".actions") ?? node;
  const user = me().email;
  lock(row, node, true);
  try {
    await api.click(user, message.channel, message.ts, element.action_id);
  } catch (error) {
    toast(`Slack did not take the click: ${error.message}`);
  }
  refresh();
  setTimeout(() => lock(row, node, false), UNLOCK_AFTER);
}

function lock(row, node, on) {
  node.classList.toggle("busy", on);
  for (const button of row.querySelectorAll("button")) button.disabled = on;
}

function header(person) {
  const frozen = model.distrusted.has(person.email);
  return [
    face(null, "small"), h("b", {}, "Securitybot"), h("span", { class: "app" }, "APP"),
    h("span", { class: "grow" }),
    person.deactivated && h("span", { class: "pill" }, "account deactivated"),
    frozen && h("span", { class: "pill grave" }, "not trusted any more"),
    frozen && h("button", { type: "button", class: "pill-button", testid: "trust", on: { click: () => howToTrust(person) } }, "how to clear"),
  ];
}

// howToTrust shows the command with which a responder ends the distrust.
function howToTrust(person) {
  showCommand(`${first(person)}’s chat account is not believed`,
    "Nobody clears that from Slack or from this page. A responder who has spoken to the person does, beside the running Securitybot, and the timeline keeps who and why:",
    `bin/securitybot person trust ${person.email} --reason 'spoke to ${first(person)}, new laptop, sessions ended'`);
}

function nothing(person) {
  const why = person.deactivated
    ? `${first(person)} has left: the account is deactivated, so there is nobody to ask. Send an alert and see where it goes.`
    : `Nothing here. ${first(person)} only hears from Securitybot when an alert is about ${first(person)}.`;
  return { key: "nothing", node: () => h("div", { class: "nothing" }, face(null, "big"), h("p", {}, why)) };
}

// changeOwner drops what was half done in another person's window.
function changeOwner(person) {
  if (frame.owner === person.email) return;
  frame.owner = person.email;
  frame.layer.cancel?.();
  frame.pane.querySelector(".composer").aim(null);
}

// renderSlack draws the person's DM, and the modal when one is open.
export function renderSlack(root) {
  frame ??= build(root);
  const person = me();
  changeOwner(person);
  const ctx = { zone: person.tz, nameOf, press, reply: person.deactivated ? null : (m) => frame.pane.querySelector(".composer").aim(m) };
  const tops = conversations(model.state?.dm ?? []);
  const lively = tops.findLastIndex((t) => t.message.actions?.length);
  const rows = tops.map((t, i) => ({
    key: keyOf(t.message), sig: JSON.stringify([t, i === lively, person.tz]),
    node: () => { const n = thread(t, ctx); n.classList.toggle("lively", i === lively); return n; },
  }));
  show(frame.head, JSON.stringify([person, model.distrusted.has(person.email)]), () => header(person));
  frame.pane.querySelector(".composer").hidden = person.deactivated === true;
  reconcile(frame.list, rows.length || !model.state?.dm ? rows : [nothing(person)], {
    key: (r) => `${person.email}|${r.key}`, signature: (r) => r.sig ?? JSON.stringify(person), build: (r) => r.node(),
  });
  stickToEnd(frame.list, JSON.stringify([person.email, rows.length, tops.at(-1)]));
  showModal(frame.layer, frame.pane, model.state?.modal ?? null, ctx);
}

function stickToEnd(list, signature) {
  if (list.seen === signature) return;
  list.seen = signature;
  list.scrollTop = list.scrollHeight;
}
