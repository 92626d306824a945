// The page: one model, drawn again after each change; a tick for the clocks.

import { h, show } from "./dom.js";
import { face } from "./message.js";
import { become, first, me, model, people, start } from "./live.js";
import { renderPhone } from "./phone.js";
import { renderRecord, tickRecord } from "./record.js";
import { renderResponders, renderScore, renderSecurity } from "./security.js";
import { renderBursts, renderSenders } from "./senders.js";
import { renderSlack } from "./slack.js";
import { distrusted, renderHint, renderStories, tickHint } from "./stories.js";

const TICK = 250;
const at = (id) => document.getElementById(id);

function choice(person) {
  const chosen = person.email === model.user;
  const tags = [person.title, person.deactivated && "deactivated", person.has_phone === false && "no phone", distrusted(person) && "not trusted"].filter(Boolean);
  return h("button", {
    type: "button", class: `choice ${person.deactivated ? "gone" : ""} ${distrusted(person) ? "doubted" : ""}`, testid: `person-${person.email.split("@")[0]}`,
    "aria-pressed": String(chosen), title: `${person.name}: ${tags.join(", ")}`, on: { click: () => become(person.email) },
  }, face(person, "tiny"), h("span", {}, first(person)));
}

function renderLabels() {
  const name = first(me());
  const stolen = document.body.dataset.thief === "true";
  at("slack-label").textContent = stolen ? `${name}’s Slack, stolen` : `${name}’s Slack`;
  at("phone-label").textContent = stolen ? `${name}’s phone, still with ${name}` : `${name}’s phone`;
  at("send-label").textContent = `or send an alert about ${name}, as a detection would`;
  show(at("switch"), JSON.stringify([people().map((p) => [p, distrusted(p)]), model.user]), () => people().map(choice));
}

function progress({ done, total }) {
  if (!total) return [];
  return [h("progress", { max: total, value: done ?? 0, "aria-label": "Build progress" }),
    h("span", { class: "boot-count" }, `${(done ?? 0).toLocaleString("en")} of ${total.toLocaleString("en")}`)];
}

function bootText({ phase, detail }) {
  if (!model.online) return [h("b", {}, "Securitybot is not running."), " Start it again with ", h("code", {}, "make run"), ": open questions go on where they were."];
  if (phase === "failed") return [h("b", {}, "Temporal did not start."), ` ${detail ?? ""} Alerts are still taken and kept.`];
  const what = phase === "starting" ? "Temporal is starting." : "Building Temporal’s dev server, once.";
  return [h("b", {}, what), " Alerts sent now are kept and start when it is ready."];
}

function renderBoot() {
  const status = model.status ?? { phase: "ready" };
  const strip = at("boot");
  strip.hidden = model.online && status.phase === "ready";
  strip.dataset.phase = model.online ? status.phase : "offline";
  const detail = model.online && status.phase === "building" && /: (.+)$/.exec(status.detail ?? "")?.[1]; // the package at hand
  show(strip, JSON.stringify([model.online, status]), () => [
    h("span", { class: "boot-text" }, bootText(status)),
    model.online && status.phase === "building" && progress(status),
    detail && h("span", { class: "boot-detail" }, detail)]);
}

function render() {
  renderBoot();
  renderStories(at("stories"));
  renderSenders(at("senders"));
  renderBursts(at("bursts"));
  renderHint(at("hint"));
  renderLabels();
  renderSlack(at("slack"));
  renderSecurity(at("security"));
  renderResponders(at("responders"));
  renderScore(at("score"));
  renderPhone(at("phone"));
  renderRecord(at("record"));
}

let queued = false;

function renderSoon() {
  if (queued) return;
  queued = true;
  setTimeout(() => { queued = false; render(); });
}

setInterval(() => {
  renderPhone(at("phone"));
  renderResponders(at("responders"));
  renderHint(at("hint"));
  tickRecord();
  tickHint(at("hint"));
}, TICK);

start(renderSoon);
