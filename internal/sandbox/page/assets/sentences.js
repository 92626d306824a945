// The timeline in plain words: one sentence for each kind of entry.

import { h } from "./dom.js";
import { find, first } from "./live.js";

const b = (text) => h("b", {}, text);
const said = { yes: "“Yes, it was me”", no: "“No, it wasn’t me”", unsure: "“Not sure”" };

const REASONS = {
  contradicted: "yes in chat, but Deny on the phone: the chat account looks stolen",
  fraud: "reported as fraud on the phone",
  timed_out: "nobody touched the phone in time",
  not_enrolled: "no second factor is enrolled",
  no_factor: "no second factor is enrolled",
  locked_out: "the second factor is locked",
  bypass: "the second factor let it through without asking, which proves nothing",
  unavailable: "the second factor could not be reached",
  deactivated: "the account is deactivated",
  unknown: "no such person in the workspace",
  unknown_person: "no such person in the workspace",
  mismatch: "the email and the Slack account do not belong together",
  distrusted: "the chat account is not trusted",
  budget: "too many pushes in a short time",
  push_budget: "too many pushes in a short time",
  deadline: "the deadline passed",
};

// because turns a reason's name into words; what it does not know it shows
// as it is, without underscores.
export function because(reason) {
  if (!reason) return "";
  const bare = String(reason);
  const inner = bare.match(/\((.+)\)/)?.[1];
  return REASONS[bare] ?? REASONS[inner] ?? bare.replaceAll("_", " ");
}

const why = (reason) => (reason ? `: ${because(reason)}` : "");

// who names an entry's actor, or the person whom the alert is about.
function who(entry, subject) {
  const actor = entry.actor;
  if (!actor || /^(securitybot|system)$/i.test(actor)) return "Securitybot";
  const person = find(actor);
  return person ? first(person) : actor === "person" ? them(subject) : actor;
}

const them = (subject) => (subject ? first(subject) : "the person");

const VERDICTS = {
  confirmed: (e, s) => ["Settled: ", b("confirmed"), `. ${them(s)} said yes and the phone proved it. Nobody was interrupted.`],
  denied: (e) => ["Settled: ", b("denied"), `${why(e.reason)}. The security team takes over.`],
  unproven: (e) => ["Settled: ", b("unproven"), `, a yes without proof${why(e.reason)}. The security team takes over.`],
  unsure: () => ["Settled: ", b("not sure"), ". The security team takes over."],
  no_response: (e, s) => ["Settled: ", b("no answer"), ` from ${them(s)} in time. Silence is an outcome: the security team takes over.`],
  unreachable: (e) => ["Settled: ", b("unreachable"), `${why(e.reason)}. The security team takes over.`],
  unasked: (e) => ["Settled: ", b("not asked"), `${why(e.reason)}.`],
};

const PROOFS = {
  approved: (s) => [b("Approved"), ` on ${them(s)}’s phone.`],
  denied: (s) => [b("Denied"), ` on ${them(s)}’s phone, although the chat said yes.`],
  fraud: (s) => [b("Reported as fraud"), ` on ${them(s)}’s phone.`],
  timed_out: (s) => [`${them(s)}’s phone was not touched in time. That proves nothing.`],
  unavailable: (s, e) => [`No proof${why(e.reason)}.`],
};

function planned(e, s) {
  const by = e.ask_by ?? e.deadline;
  const action = (e.action ?? e.decision ?? "ask").replaceAll("_", " ");
  if (action !== "ask") return ["Decided: ", b(action), `${why(e.reason)}.`];
  return ["Decided: ", b(`ask ${them(s)}`), ", and let the phone prove a yes", by && /^\d+\w/.test(by) && !by.includes("T") ? ` within ${by}` : "", "."];
}

function closed(e) {
  return ["The question’s buttons are gone", e.reason ? `: ${because(e.reason)}` : "", "."];
}

const SENTENCES = {
  accepted: (e, s, a) => [b(who(e, s)), ` reported “${a.title}”. Stored: it cannot get lost now.`],
  identified: (e, s) => ["That is ", b(s?.name ?? them(s)), " in Slack."],
  planned,
  asked: (e, s) => ["Asked ", b(them(s)), " in Slack", e.code ? [", code ", b(e.code)] : "", "."],
  reminded: (e, s) => [`No answer yet. Reminded ${them(s)} in the thread`, e.number ? ` (${e.number})` : "", "."],
  snoozed: (e, s) => [`${them(s)} asked to be reminded later. The deadline stays.`],
  answered: (e, s) => [b(who(e, s) === "Securitybot" ? them(s) : who(e, s)), " answered ", b(said[e.choice] ?? e.choice ?? ""), e.choice === "yes" ? ". A claim so far; now it needs proof." : "."],
  explained: (e, s) => [them(s), " adds: ", e.explanation || e.text ? h("q", {}, e.explanation ?? e.text) : "a few words."],
  press_refused: (e, s) => ["A press by ", b(who(e, s)), ` was refused${why(e.reason)}. Nothing changed.`],
  push_sent: (e, s) => ["Sent a push to ", b(`${them(s)}’s phone`), e.code ? [", showing the code ", b(e.code)] : "", "."],
  proof: (e, s) => (PROOFS[e.result] ?? PROOFS.unavailable)(s, e),
  settled: (e, s, a) => (VERDICTS[e.verdict ?? a.verdict] ?? (() => ["Settled: ", b(e.verdict ?? a.verdict ?? "done"), why(e.reason), "."]))({ reason: e.reason ?? a.verdict_reason }, s),
  case_opened: (e) => ["Opened a case in ", b(channel(e)), "."],
  case_noted: (e) => ["Added to the case", e.text ? [": ", h("q", {}, e.text)] : "", "."],
  question_closed: closed,
  distrusted: (e, s) => [b(`${them(s)}’s chat account is no longer trusted`), ", until a responder clears it. Open questions become cases."],
  late_answer: (e, s) => [`${them(s)} answered late: `, b(said[e.choice] ?? e.choice ?? "an answer"), ". Noted; it closes nothing by itself."],
  push_again_offered: (e, s) => [`Offered ${them(s)} a button to send the push again.`],
  webhook_sent: () => ["Told the second target, a signed webhook."],
};

const channel = (e) => (/^[a-z0-9_-]+$/.test(e.channel_name ?? e.target ?? "") ? `#${e.channel_name ?? e.target}` : "#security");

function unknown(entry) {
  const name = entry.kind.replaceAll("_", " ");
  return [name.charAt(0).toUpperCase() + name.slice(1), entry.reason ? why(entry.reason) : "", "."];
}

const MOODS = {
  settled: (e, a) => ((e.verdict ?? a.verdict) === "confirmed" ? "good" : (e.verdict ?? a.verdict) === "denied" ? "grave" : "warn"),
  proof: (e) => ({ approved: "good", denied: "grave", fraud: "grave" }[e.result] ?? "warn"),
  answered: (e) => ({ no: "grave", unsure: "warn" }[e.choice] ?? "note"),
  case_opened: (e, a) => (a.verdict === "denied" ? "grave" : "warn"),
  distrusted: () => "grave", press_refused: () => "warn", reminded: () => "warn", late_answer: () => "warn",
  asked: () => "note", push_sent: () => "note", explained: () => "note",
};

// sentence renders one timeline entry: {mood, words}.
export function sentence(entry, subject, alert) {
  const flat = { ...entry.data, ...entry };
  const words = (SENTENCES[flat.kind] ?? unknown)(flat, subject, alert);
  return { words, mood: MOODS[flat.kind]?.(flat, alert) ?? "plain" };
}
