// The person's Slack: Securitybot's messages and its Home tab, answered as that
// person would.

import { api } from "./api.js";
import { h, reconcile, show } from "./dom.js";
import { icon } from "./icons.js";
import { conversations, face, keyOf, nameOf, thread } from "./message.js";
import { openHome, renderHome } from "./home.js";
import { showModal } from "./modal.js";
import { showCommand } from "./command.js";
import { first, me, model, refresh, responder, trustAgain } from "./live.js";
import { presser } from "./press.js";
import { toast } from "./toast.js";

const COMMAND = /^\/securitybot(?:\s+|$)/;

let frame = null;
let replyTo = null;
let tab = "messages"; // or "home"

function build(root) {
  const list = h("div", { class: "scroll", testid: "dm", role: "log", "aria-label": "Direct message with Securitybot", tabindex: 0 });
  const head = h("header", { class: "pane-head" });
  const home = h("div", { class: "scroll", testid: "home", role: "tabpanel", "aria-label": "Securitybot’s Home", tabindex: 0, hidden: true });
  const layer = h("div", { class: "layer", hidden: true });
  const pane = h("div", { class: "pane" }, head, list, home, composer());
  root.replaceChildren(rail(), pane, layer);
  return { root, head, list, home, layer, pane, press: presser(layer, pane, () => model.user) };
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
    await (text.startsWith("/") ? command(text) : api.reply(model.user, text, replyTo?.ts));
    frame.pane.querySelector(".composer").aim(null);
  } catch (error) {
    field.value = text;
    toast(`Slack did not take the message: ${error.message}`);
  }
  refresh();
}

async function command(text) {
  if (!COMMAND.test(text)) throw new Error(`${text.split(" ", 1)[0]} is not a command of this workspace`);
  const got = await api.command(model.user, text.replace(COMMAND, ""));
  if (!got.delivered) throw new Error("Securitybot did not answer the command");
}

function tabs() {
  const one = (name, label) => h("button", {
    type: "button", class: "tab", role: "tab", testid: `tab-${name}`, "aria-selected": String(tab === name), on: { click: () => turn(name) },
  }, label);
  return h("div", { class: "tabs", role: "tablist", "aria-label": "Securitybot in Slack" }, one("home", "Home"), one("messages", "Messages"));
}

function turn(name) {
  tab = name;
  renderSlack(frame.root);
  if (name === "home") openHome();
}

function header(person) {
  const frozen = model.distrusted.has(person.email);
  return [
    face(null, "small"), h("b", {}, "Securitybot"), h("span", { class: "app" }, "APP"),
    !person.deactivated && tabs(),
    h("span", { class: "grow" }),
    person.deactivated && h("span", { class: "pill" }, "account deactivated"),
    frozen && h("button", { type: "button", class: "pill grave clear", testid: "trust", on: { click: () => clearDistrust(person) } }, "Not trusted: clear it"),
  ];
}

// clearDistrust shows the command with which a responder ends the distrust, and
// runs it as whoever sits at #security.
function clearDistrust(person) {
  const by = first(responder()), reason = `Spoke to ${first(person)}: new laptop, old sessions ended`;
  showCommand(`${first(person)}’s chat account is not believed`,
    "Nobody clears that from Slack: whoever stole the account could. A responder does who has spoken to the person, and the timeline keeps who and why:",
    `bin/securitybot person trust ${person.email} --reason '${reason}'`,
    { label: `Clear it as ${by}`, testid: "trust-now", run: () => trustAgain(person.email, reason) });
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
  tab = "messages";
  frame.layer.cancel?.();
  frame.pane.querySelector(".composer").aim(null);
}

// renderSlack draws the person's messages or Home, and the modal when one is open.
export function renderSlack(root) {
  frame ??= build(root);
  const person = me();
  changeOwner(person);
  const ctx = { email: person.email, zone: person.tz, nameOf, press: frame.press, reply: person.deactivated ? null : (m) => frame.pane.querySelector(".composer").aim(m) };
  const tops = conversations(model.state?.dm ?? []);
  const lively = tops.findLastIndex((t) => t.message.actions?.length);
  const rows = tops.map((t, i) => ({
    key: keyOf(t.message), sig: JSON.stringify([t, i === lively, person.tz]),
    node: () => { const n = thread(t, ctx); n.classList.toggle("lively", i === lively); return n; },
  }));
  show(frame.head, JSON.stringify([person, tab, model.distrusted.has(person.email)]), () => header(person));
  frame.list.hidden = tab !== "messages";
  frame.home.hidden = tab !== "home";
  frame.pane.querySelector(".composer").hidden = person.deactivated === true || tab !== "messages";
  renderHome(frame.home, person, ctx);
  reconcile(frame.list, rows.length || !model.state?.dm ? rows : [nothing(person)], {
    key: (r) => `${person.email}|${r.key}`, signature: (r) => r.sig ?? JSON.stringify(person), build: (r) => r.node(),
  });
  stickToEnd(frame.list, JSON.stringify([person.email, tab, rows.length, tops.at(-1)]));
  showModal(frame.layer, frame.pane, model.state?.modal ?? null, ctx);
}

function stickToEnd(list, signature) {
  if (list.seen === signature) return;
  list.seen = signature;
  list.scrollTop = list.scrollHeight;
}
