// The timeline in plain words: one sentence for each kind of entry.

import { h } from "./dom.js";
import { find, first } from "./live.js";

const b = (text) => h("b", {}, text);
const said = { yes: "“Yes, it was me”", no: "“No, it wasn’t me”", unsure: "“Not sure”" };

const REASONS = {
  contradicted: "yes in chat, Deny on the phone",
  fraud: "yes in chat, fraud on the phone",
  timed_out: "nobody touched the phone in time",
  not_enrolled: "no second factor is enrolled",
  no_second_factor: "no second factor is set up",
  lost: "the push was lost on its way",
  push_limit: "the phone has had as many pushes as it may",
  locked_out: "the second factor is locked",
  bypass: "the second factor let it through without asking, which proves nothing",
  unavailable: "the second factor could not be reached",
  deactivated: "the account is deactivated",
  unknown_person: "no such person in the workspace",
  ambiguous_person: "more than one person matches",
  bot: "the account is a bot’s",
  foreign_team: "the account is of another team",
  undelivered: "Slack did not take the question in time",
  mismatch: "the email and the Slack account do not belong together",
  distrusted: "the chat account is not trusted any more",
  not_asked: "somebody else was asked",
  forged: "the button’s code is wrong",
  answered: "there is an answer already",
  said_no: "there is a no already",
  closed: "it is over",
  no_snoozes: "put off as often as may be",
  nothing_due: "no push is due",
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
  if (!actor || actor === "securitybot") return "Securitybot";
  if (actor === "somebody_else") return "somebody else";
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

const SENTENCES = {
  accepted: (e, s) => [b(who(e, s)), " reported it. Stored: it cannot get lost now."],
  identified: (e, s) => ["That is ", b(s?.name ?? them(s)), " in Slack."],
  planned,
  asked: (e, s) => ["Asked ", b(them(s)), " in Slack", e.code ? [", code ", b(e.code)] : "", "."],
  reminded: (e, s) => [`No answer yet. Reminded ${them(s)} in the thread`, e.reminder ? ` (${e.reminder})` : "", "."],
  snoozed: (e, s) => [`${them(s)} asked to be reminded later. The deadline stays.`],
  answered: (e, s) => [b(who(e, s) === "Securitybot" ? them(s) : who(e, s)), " answered ", b(said[e.choice] ?? e.choice ?? ""), e.choice === "yes" ? ". A claim so far; now it needs proof." : "."],
  explained: (e, s) => [them(s), " adds: ", e.explanation || e.text ? h("q", {}, e.explanation ?? e.text) : "a few words."],
  press_refused: (e, s) => ["A press by ", b(find(e.chat_id)?.name ?? who(e, s)), ` was refused${why(e.reason)}. Nothing changed.`],
  push_sent: (e, s) => ["Sent a push to ", b(`${them(s)}’s phone`), e.code ? [", showing the code ", b(e.code)] : "", "."],
  proof: (e, s) => (PROOFS[e.result] ?? PROOFS.unavailable)(s, e),
  settled: (e, s, a) => (VERDICTS[e.verdict ?? a.verdict] ?? (() => ["Settled: ", b(e.verdict ?? a.verdict ?? "done"), why(e.reason), "."]))({ reason: e.reason ?? a.verdict_reason }, s),
  case_opened: (e) => ["Opened a case in ", b(channel(e)), "."],
  case_noted: (e) => [e.about === "no" ? "Raised it again in #security." : "Added to the case."],
  distrusted: (e, s) => [b(`${them(s)}’s chat account is no longer trusted`), ", until a responder clears it. Open questions become cases."],
  late_answer: (e, s) => [`${them(s)} answered late: `, b(said[e.choice] ?? e.choice), e.choice === "no" ? ". That raises the case again." : ". Noted; it closes nothing by itself."],
  push_again_requested: (e, s) => [`${them(s)} asked for another push.`],
  trusted: (e, s) => ["A responder cleared ", b(them(s)), e.reason ? [": ", h("q", {}, e.reason)] : "", ". Chat answers count again."],
  push_again_offered: (e, s) => [`Offered ${them(s)} a button to send the push again.`],
  webhook_sent: () => ["Told the security team by the second target, a signed webhook."],
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
  distrusted: () => "grave", trusted: () => "good", press_refused: () => "warn", reminded: () => "warn", late_answer: () => "warn",
  asked: () => "note", push_sent: () => "note", explained: () => "note",
};

// sentence renders one timeline entry: {mood, words}.
export function sentence(entry, subject, alert) {
  const flat = { ...entry.data, ...entry };
  const words = (SENTENCES[flat.kind] ?? unknown)(flat, subject, alert);
  return { words, mood: MOODS[flat.kind]?.(flat, alert) ?? "plain" };
}
