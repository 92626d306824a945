// The person's phone: dark until a push arrives, then the one place where a
// yes becomes proof.

import { api } from "./api.js";
import { h, show } from "./dom.js";
import { icon } from "./icons.js";
import { first, me, pushesOf, refresh } from "./live.js";
import { toast } from "./toast.js";
import { clock, day, left } from "./when.js";

const OUTCOMES = {
  approved: { icon: "check", title: "Approved", text: "You proved that it was you." },
  denied: { icon: "cross", title: "Denied", text: "Somebody else said yes as you. The security team knows now." },
  fraud: { icon: "flag", title: "Reported as fraud", text: "The security team knows now." },
  expired: { icon: "clock", title: "Request expired", text: "Nobody touched it: that proves nothing." },
};
const AFTERGLOW = 9000;

const lastStatus = new Map(); // txid → {status, at}: when this page saw it change

function changedAt(push) {
  const seen = lastStatus.get(push.txid);
  if (seen?.status !== push.status) lastStatus.set(push.txid, { status: push.status, at: seen ? Date.now() : 0 });
  return lastStatus.get(push.txid).at;
}

const isLive = (push) => push.status === "waiting" && Date.parse(push.expires_at) > Date.now();

// livePush is the push that the person's phone shows now, or null.
export const livePush = (person) => pushesOf(person).find(isLive) ?? null;

function request(push, more) {
  const decide = (result) => async (event) => {
    for (const b of event.currentTarget.closest(".push").querySelectorAll("button")) b.disabled = true;
    await api.push(push.txid, result).catch((error) => toast(`The phone's answer did not arrive: ${error.message}`));
    refresh();
  };
  const key = (result, label, name) => h("button", { type: "button", class: `key ${result}`, testid: `push-${result}`, on: { click: decide(result) } }, icon(name, 18), label);
  const info = push.info ?? [];
  const notice = info.find((row) => row.k === "Notice");
  const rows = info.filter((row) => row !== notice && !(push.code && row.v === push.code));
  return h("div", { class: "push" },
    h("div", { class: "push-app" }, icon("shield", 14), "Login approval", h("span", { class: "grow" }),
      h("span", { class: "push-left", "aria-hidden": "true", "data-until": push.expires_at }, "")),
    h("p", { class: "push-title" }, push.title),
    notice && h("h3", {}, notice.v),
    push.code && h("div", { class: "push-code" }, h("span", {}, "Same code", h("br"), "as in Slack?"), h("b", {}, push.code)),
    h("dl", {}, rows.map((row) => [h("dt", {}, row.k), h("dd", {}, row.v)])),
    h("div", { class: "keys" }, key("approve", "Approve", "check"), key("deny", "Deny", "cross")),
    key("fraud", "It’s fraud", "flag"),
    more > 0 && h("p", { class: "push-more" }, `and ${more} more waiting`));
}

function afterwards(push) {
  const outcome = OUTCOMES[push.status] ?? { icon: "dots", title: push.status, text: "" };
  return h("div", { class: `outcome ${push.status}` }, h("span", { class: "outcome-mark" }, icon(outcome.icon, 34)), h("h3", {}, outcome.title), h("p", {}, outcome.text));
}

function locked(person, pushes) {
  const now = new Date();
  const past = pushes.filter((p) => p.status !== "waiting").slice(0, 2);
  return h("div", { class: "lockscreen" },
    h("div", { class: "lock-time", "aria-hidden": "true" }, clock(now, person.tz)), h("div", { class: "lock-day", "aria-hidden": "true" }, day(now, person.tz)),
    h("span", { class: "grow" }),
    past.map((p) => h("div", { class: `lock-note ${p.status}` }, icon((OUTCOMES[p.status] ?? {}).icon ?? "dots", 13),
      h("span", {}, (OUTCOMES[p.status] ?? {}).title ?? p.status, h("small", {}, p.info?.find((row) => row.k === "About")?.v ?? p.title)), h("time", {}, clock(new Date(p.created_at), person.tz)))),
    h("div", { class: "lock-hint" }, icon("lock", 13), "locked, in the pocket"));
}

function absent(person) {
  return h("div", { class: "absent" }, icon("phone", 38), h("h3", {}, "No phone"),
    h("p", {}, person.deactivated
      ? `${first(person)} has left. There is nobody to ask and nothing to prove.`
      : `${first(person)} has no second factor. A yes is then only a claim, and goes to the security team.`));
}

function scene(person) {
  const pushes = pushesOf(person);
  const live = pushes.filter(isLive);
  if (live.length) return { name: "lit", sig: live[0].txid + live.length, build: () => request(live[0], live.length - 1) };
  const recent = pushes.find((p) => Date.now() - changedAt(p) < AFTERGLOW);
  if (recent) return { name: "after", sig: recent.txid + recent.status, build: () => afterwards(recent) };
  if (person.has_phone === false || person.deactivated) return { name: "none", sig: "", build: () => absent(person) };
  return { name: "dark", sig: pushes.map((p) => p.status).join(), build: () => locked(person, pushes) };
}

// tickLock moves the lock screen's clock by hand: a redraw would be read out
// to whoever listens to the page instead of looking at it.
function tickLock(root, person) {
  const time = root.querySelector(".lock-time");
  const now = clock(new Date(), person.tz);
  if (time && time.textContent !== now) time.textContent = now;
}

// renderPhone draws the phone; call it every tick, time alone changes it.
export function renderPhone(root) {
  const person = me();
  for (const push of pushesOf(person)) changedAt(push);
  const { name, sig, build } = scene(person);
  root.dataset.scene = name;
  show(root, `${person.email}|${name}|${sig}`, () => [h("div", { class: "notch" }), h("div", { class: "screen" }, build())]);
  tickLock(root, person);
  for (const node of root.querySelectorAll("[data-until]")) node.textContent = left(Date.parse(node.dataset.until) - Date.now());
}
