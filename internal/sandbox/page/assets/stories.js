// The four guided stories. A story keeps only who it is about and which
// alert it sent; where it stands is read off that alert every time.

import { h, show } from "./dom.js";
import { icon } from "./icons.js";
import { gravity } from "./gravity.js";
import { become, first, find, me, model, people, pushesOf, select, sendAlert, stolen, subjectOf } from "./live.js";
import { livePush } from "./phone.js";
import { nextWait } from "./record.js";
import { repeat } from "./senders.js";
import { because } from "./sentences.js";
import { toast } from "./toast.js";
import { left } from "./when.js";

const b = (text) => h("b", {}, text);
const HOUR = 3600e3;
const PUSHES_AN_HOUR = 3;

const STORIES = {
  "it-was-me": {
    title: () => "It was me", sub: "yes, then proof", icon: "check", example: /sudo/, pushes: true,
    steps: ["Alert", "Question", "Answer", "Proof", "Settled"],
    asked: (n) => [`${n} just got a question. Press `, b("Yes, it was me"), ` in ${n}’s Slack.`],
    modal: () => ["Say why in a few words and press ", b("Send"), ". They end up in the record, word for word."],
    push: (n) => [`A yes is only a claim, so ${n}’s phone lit up. Same code as in Slack? Press `, b("Approve"), "."],
    points: { asked: "yes", modal: "modal", push: "approve" },
  },
  stolen: {
    title: (n) => `You stole ${n}’s Slack`, sub: "yes in chat, Deny on phone", icon: "warn", example: /console|okta|factor|forward/, pushes: true,
    steps: ["Break-in", "Question", "Your lie", `The phone`, "Caught"],
    asked: (n) => [`You are the thief, and ${n}’s Slack is open on your laptop. It asks about what you just did. Lie: press `, b("Yes, it was me"), "."],
    modal: () => ["Invent an excuse and press ", b("Send"), ". Nobody will notice. Right?"],
    push: (n) => [`But the phone is in ${n}’s pocket. Be ${n} now: “Somebody answered YES as you”. Press `, b("Deny"), "."],
    points: { asked: "yes", modal: "modal", push: "deny" },
  },
  several: {
    title: () => "Three at once", sub: "one question", icon: "stack", example: /sudo/, pushes: false,
    steps: ["Alerts", "Question", "Answer", "A case", "Settled"],
    asked: (n) => [`Three alerts, and ${n} is asked once: the question lists them. ${n} knows only two, so press `, b("Some weren’t me"), "."],
    modal: () => ["Say which ones, or skip it: the security team has the case already."],
    points: { asked: "some_not", modal: "modal" },
  },
  nobody: {
    title: () => "Nobody answers", sub: "reminders, deadline", icon: "clock", example: /nmap|scan/, pushes: false,
    steps: ["Alert", "Question", "Reminder", "Reminder", "Escalated"],
    asked: (n) => [b("Hands off."), ` ${n} is at lunch. Silence is an outcome too: watch the clock.`],
    points: {},
  },
};
const NEXT = { "it-was-me": "stolen", stolen: "several", several: "nobody", nobody: "it-was-me" };

let story = null; // {name, email, id}

export const running = () => story;

// cast picks the story's person: the first one whose answers still count. A
// stolen account stays distrusted, and a phone takes three pushes an hour.
function cast(name) {
  const usable = people().filter((p) => p.has_phone !== false && !p.deactivated && !distrusted(p));
  const fresh = usable.filter((p) => !STORIES[name].pushes || !spent(p));
  return fresh[0] ?? usable[0] ?? me();
}

export const distrusted = (person) => model.distrusted.has(person.email);

function spent(person) {
  const recent = pushesOf(person).filter((p) => Date.now() - Date.parse(p.created_at) < HOUR);
  return recent.length >= PUSHES_AN_HOUR || recent.some((p) => ["denied", "fraud"].includes(p.status));
}

function exampleFor(name) {
  const fits = model.examples.find((e) => STORIES[name].example.test(`${e.name} ${e.alert?.detection ?? ""}`));
  return (fits ?? model.examples[0])?.name;
}

async function play(name) {
  const example = exampleFor(name);
  if (!example) return toast("The sandbox has not sent its example alerts yet.");
  const person = cast(name);
  const waiting = name === "it-was-me" ? openQuestion(person) : null;
  story = { name, email: person.email, id: waiting?.id ?? null };
  become(person.email);
  if (waiting) return select(waiting.id);
  try {
    const id = name === "several" ? await repeat(person) : (await sendAlert(example, person.email)).id;
    if (story?.name !== name) return;
    story.id = id;
    model.follow = false; // of several, the one that asks
    select(id);
  } catch (error) {
    story = null;
    toast(`The alert was not taken: ${error.message}`);
  }
}

// openQuestion is a question that waits in the person's Slack already: there is
// no need to send another.
const openQuestion = (person) => model.alerts.find((a) => ["received", "asking"].includes(a.status) && !a.joined_to && subjectOf(a)?.email === person.email);

// moment reads off where the story stands.
function moment(alert, person) {
  if (!alert) return "starting";
  if (alert.verdict) return "done";
  if (alert.status === "held") return "held";
  if (alert.joined_to) return "joined";
  if (model.user === person.email && model.state?.modal) return "modal";
  if (livePush(person)) return "push";
  if ((alert.timeline ?? []).at(-1)?.kind === "push_again_offered") return "again";
  if (alert.answer) return "answered";
  return (alert.timeline ?? []).some((e) => e.kind === "asked") ? "asked" : "starting";
}

function stepOf(name, at, alert) {
  if (at === "done") return 4;
  if (name === "nobody") return 1 + Math.min(2, (alert?.timeline ?? []).filter((e) => e.kind === "reminded").length) - (at === "starting" ? 1 : 0);
  return { starting: 0, held: 0, asked: 1, modal: 2, answered: 3, push: 3, again: 3 }[at];
}

// took says how long the proof needed, when that is worth saying.
function took(alert) {
  const at = (kind) => Date.parse((alert.timeline ?? []).find((e) => e.kind === kind)?.at);
  const seconds = Math.round((at("settled") - at("answered")) / 1000);
  return seconds > 0 && seconds < 600 ? `, ${seconds} s after the yes` : "";
}

function outcome(alert, n) {
  switch (alert.verdict) {
    case "confirmed": return [b(`Confirmed${took(alert)}.`), ` A claim, then proof, and ${n} is back to work. Security never heard of it.`];
    case "denied":
      if ((alert.timeline ?? []).some((e) => e.kind === "trusted")) return [b("Caught, and cleared since."), ` A responder spoke to ${n}: what ${n}’s Slack says counts again.`];
      if (stolen(alert)) return [b("Caught."), ` Yes in chat, no on the phone: a red case, and ${n}’s Slack is not believed until a responder clears it.`];
      if (alert.verdict_reason === "some_not_me") return [b("Some were not them."), " One case in #security for the whole question, with the words that come with it."];
      return [b("It was not them."), " The case was in #security the moment the button was pressed."];
    case "no_response":
      if (alert.escalation?.reason === "late_no") return [b("A late no."), " The case is raised again in #security, louder."];
      return [b("Silence is an outcome."), ` The case is in #security. The buttons stay: a late no raises it, a late yes closes nothing.`];
    case "unsure": return [b("Not sure"), " is a fine answer: the security team has the case, and the words that come with it."];
    case "unproven": return [b("A yes without proof."), ` It counts for nothing: ${because(alert.verdict_reason) || "no proof"}. The security team has it.`];
    case "unasked": return [b("Not asked"), `: ${because(alert.verdict_reason)}. So the security team has it, at once.`];
    case "suppressed": return [b("Covered."), ` ${n} proved the same a while ago, so nobody was asked. It names the yes that covers it.`];
    case "unreachable": return [b("Nobody to ask"), `: ${because(alert.verdict_reason)}. So the security team has it, at once.`];
    case "withdrawn": return [b("Withdrawn."), " It was taken back before there was a verdict: nothing is left to answer."];
    default: return [b(`Settled: ${String(alert.verdict).replaceAll("_", " ")}.`), " ", because(alert.verdict_reason)];
  }
}

function starting(n) {
  const phase = model.status?.phase;
  if (phase && phase !== "ready") return ["The alert is stored and safe. It starts by itself as soon as Temporal is up; have a look around meanwhile."];
  return [`The alert is in. Looking ${n} up and asking…`];
}

function line(plot, at, alert, n) {
  if (at === "done") return outcome(alert, n);
  if (at === "starting") return starting(n);
  if (at === "answered") return ["The answer is recorded. Waiting for the phone…"];
  if (at === "held") return [b("Held."), ` It can wait until ${n} works again. #security knows, and it cannot get lost meanwhile.`];
  if (at === "joined") return ["It joined the question that is open: one message that lists them all."];
  if (at === "again") return ["Nobody touched the phone, and that proves nothing. Press ", b("Send it again"), ` in ${n}’s Slack, or let the deadline decide.`];
  if (!plot) return idle(at, n);
  return (plot[at] ?? plot.asked)(n);
}

function idle(at, n) {
  if (at === "push") return [`${n}’s phone lit up: does the code match the one in Slack? `, b("Approve"), ", or ", b("Deny"), "."];
  if (at === "modal") return ["Say why in a few words, or skip it: the answer counts already."];
  return [`There is a question in ${n}’s Slack. Answer it as ${n} would, or play a story.`];
}

function subjectNow() {
  if (story) return find(story.email) ?? me();
  return subjectOf(model.alert) ?? me();
}

function tab(name, person) {
  const plot = STORIES[name];
  return h("button", { type: "button", class: "story", testid: `story-${name}`, "aria-pressed": String(story?.name === name), on: { click: () => play(name) } },
    icon(plot.icon, 18), h("span", {}, h("b", {}, plot.title(first(person))), h("small", {}, plot.sub)));
}

// renderStories draws the three buttons.
export function renderStories(root) {
  const person = story?.name === "stolen" ? find(story.email) ?? me() : cast("stolen");
  show(root, `${story?.name}|${person.email}|${person.name}`, () => Object.keys(STORIES).map((name) => tab(name, person)));
}

// followQuestion goes on with the alert that asks, when the story's own has joined
// it: of alerts sent together, any one may be the first to be admitted.
function followQuestion() {
  const asks = story?.id && model.alert?.id === story.id ? model.alert.joined_to : null;
  if (!asks) return;
  story.id = asks;
  select(asks);
}

// renderHint draws the line that follows along, and points at what to press.
export function renderHint(root) {
  followQuestion();
  const alert = !story || model.alert?.id === story.id ? model.alert : null;
  if (story?.id && model.selected !== story.id) story = null;
  const person = subjectNow(), n = first(person);
  const plot = story && STORIES[story.name];
  const at = !alert && !story ? "none" : moment(alert, person);
  const step = plot ? stepOf(story.name, at, alert) : -1;
  document.body.dataset.point = plot?.points[at] ?? "";
  document.body.dataset.thief = String(story?.name === "stolen" && at !== "done" && model.user === story.email);
  root.dataset.mood = at === "done" ? gravity(alert).level : "";
  const away = model.user !== person.email;
  const sig = JSON.stringify([story, at, step, n, away, alert?.verdict, alert?.timeline?.length, model.status?.phase]);
  show(root, sig, () => hintLine(plot, at, step, alert, person));
  tickHint(root);
}

function hintLine(plot, at, step, alert, person) {
  const n = first(person);
  const away = at !== "none" && at !== "done" && model.user !== person.email;
  const next = plot && at === "done" ? NEXT[story.name] : null;
  const text = at === "none" ? ["Pick a story, or send any alert. Everything here is live: a real Temporal, a real database, the real client libraries."] : line(plot, at, alert, n);
  return [
    plot && h("ol", { class: "steps", "aria-label": "Steps of the story" }, plot.steps.map((label, i) =>
      h("li", { class: i < step ? "done" : i === step ? "now" : "", "aria-current": i === step ? "step" : null }, label))),
    h("p", {}, text, at === "asked" && h("span", { class: "hint-clock", "aria-hidden": "true" }, "")),
    away && h("button", { type: "button", class: "next", testid: "show-person", on: { click: () => become(person.email) } }, `Show ${n}`),
    next && h("button", { type: "button", class: "next", testid: "next-story", on: { click: () => play(next) } }, `Next: ${STORIES[next].title(first(cast(next)))}`),
  ];
}

// tickHint counts down inside the hint; call it every tick.
export function tickHint(root) {
  const node = root.querySelector(".hint-clock");
  if (!node) return;
  const next = story?.name === "nobody" ? nextWait(model.alert) : null;
  node.textContent = next ? `${next.label} in ${left(next.ms)}` : "";
}
