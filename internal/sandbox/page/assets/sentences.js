// The timeline in plain words: one sentence for each kind of entry.

import { h } from "./dom.js";
import { find, first } from "./live.js";
import { clock, day } from "./when.js";

const b = (text) => h("b", {}, text);
const said = { yes: "“Yes, it was me”", no: "“No, it wasn’t me”", unsure: "“Not sure”", some_not: "“Some weren’t me”" };

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
  some_not_me: "some of the occurrences were not them",
  no_push_device: "there is no device to push to",
  new_device: "the phone is too new to count",
  second_factor_off: "policy wants no proof",
  factor_doubted: "the alert is about the second factor itself",
  channel_doubted: "the alert is about the chat account itself",
  outside_hours: "it is outside working hours",
  away: "the person is away",
  opted_out: "the person wants no questions at the moment",
  too_many_questions: "other questions of theirs were open until it was too late",
  storm: "too many at once, so one case lists them all",
  capped: "enough questions for one day",
  not_onboarded: "the person is not onboarded yet",
  paused: "all contact is paused",
  shadow: "the rule is on trial",
  canary: "it is a test alert",
  policy: "a rule says so",
  lost_phone: "the person lost their phone",
  proven: "a proven yes covers it",
  exception: "an exception covers it",
  ignore: "the person proved it and asked to leave out repetitions",
  stale: "the question shows more by now",
  suspected: "the chat account is not trusted",
  unconfirmed: "it was not confirmed",
  no_scope: "nothing tells its repetitions from other things",
  already: "it is so already",
  too_often: "too often in an hour",
  not_responder: "only responders may",
  needs_proof: "it needs the responder’s own second factor",
  acked: "somebody has taken it",
  resolved: "somebody is done with it",
  own_case: "nobody sees to their own case",
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
  const person = find(actor) ?? find(entry.chat_id);
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
  suppressed: (e) => ["Settled: ", b("suppressed"), `${why(e.reason)}. Nobody was asked.`],
  observed: (e) => ["Settled: ", b("observed"), `${why(e.reason)}. Nobody was contacted.`],
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
  if (e.joined_to) return ["Decided: ", b("join the open question"), " about the same. One message, not two."];
  if (e.covered_by) return ["Decided: ", b("ask nobody"), ", a proven yes covers it."];
  if (e.not_before) return ["Decided: ", b("hold it"), ` until ${them(s)} works again, ${moment(e.not_before, s)}. It cannot get lost meanwhile.`];
  if (e.queued_until) return ["Decided: ", b("let it wait"), `, ${them(s)} has enough open questions.`];
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
  trusted: (e, s) => [b(clearer(e.actor)), " cleared ", b(them(s)), e.reason ? [": ", h("q", {}, e.reason)] : "", ". Chat answers count again."],
  push_again_offered: (e, s) => [`Offered ${them(s)} a button to send the push again.`],
  held: (e, s) => [`It waits on: ${them(s)} has enough open questions.`],
  occurred: (e, s) => ["Once more: the same question lists it now. An answer covers what ", b(`revision ${e.revision}`), ` shows.`],
  parted: (e, s) => [`The answer did not cover it: ${them(s)} is asked about it after all.`],
  suppresses: (e, s) => ["Repetitions are covered ", e.until ? `until ${moment(e.until, s)}` : "for a while", "."],
  revoked: (e) => ["Repetitions are not covered any more", e.reason ? [": ", h("q", {}, e.reason)] : "", "."],
  requested: (e, s) => [`${them(s)} asked for something that needs a proof first.`],
  case_acknowledged: (e, s) => [b(who(e, s)), " has taken the case."],
  case_resolved: (e, s) => [b(who(e, s)), " resolved the case", e.reason ? [": ", h("q", {}, e.reason)] : "", ". The verdict stays."],
  case_climbed: (e) => (e.rung ? ["Nobody had taken the case in time: told ", b(e.target), " too."] : ["Told ", b(e.target), "."]),
  peer_asked: (e) => ["Asked ", b(e.target ?? "a colleague"), " as well."],
  peer_answered: (e) => [e.name ?? "A colleague", " says ", b(said[e.choice] ?? e.choice), ". Their word, and no proof."],
  review_asked: () => ["Put before responders, quietly: proof shows who, not whether it was allowed."],
  reviewed: (e, s) => [b(who(e, s)), " looked at it: all fine."],
  reopened: () => ["Confirmed before, and a case again."],
  withdrawn: (e, s) => [b(who(e, s)), " withdrew it", e.reason ? [": ", h("q", {}, e.reason)] : "", ". There is nothing left to answer."],
  erased: () => ["What was personal is gone; that it happened, and when, stays."],
  listed: () => ["One more line in a case that lists several."],
  webhook_sent: () => ["Told the security team by the second target, a signed webhook."],
};

// clearer is who ended a distrust: a responder on this page, or somebody at a terminal.
const clearer = (actor) => (actor?.startsWith("responder ") ? actor.slice("responder ".length) : `The ${actor ?? "operator"}`);

const moment = (at, s) => `${day(new Date(at), s?.tz)}, ${clock(new Date(at), s?.tz)}`;

const channel = (e) => (/^[a-z0-9_-]+$/.test(e.channel_name ?? e.target ?? "") ? `#${e.channel_name ?? e.target}` : "#security");

function unknown(entry) {
  const name = entry.kind.replaceAll("_", " ");
  return [name.charAt(0).toUpperCase() + name.slice(1), entry.reason ? why(entry.reason) : "", "."];
}

const MOODS = {
  settled: (e, a) => (["confirmed", "suppressed", "observed"].includes(e.verdict ?? a.verdict) ? "good" : (e.verdict ?? a.verdict) === "denied" ? "grave" : "warn"),
  proof: (e) => ({ approved: "good", denied: "grave", fraud: "grave" }[e.result] ?? "warn"),
  answered: (e) => ({ no: "grave", some_not: "grave", unsure: "warn" }[e.choice] ?? "note"),
  case_opened: (e, a) => (a.verdict === "denied" ? "grave" : "warn"),
  distrusted: () => "grave", trusted: () => "good", press_refused: () => "warn", reminded: () => "warn", late_answer: () => "warn",
  held: () => "warn", occurred: () => "note", case_acknowledged: () => "note", case_resolved: () => "good", reopened: () => "grave", revoked: () => "warn",
  asked: () => "note", push_sent: () => "note", explained: () => "note",
};

// sentence renders one timeline entry: {mood, words}.
export function sentence(entry, subject, alert) {
  const flat = { ...entry.data, ...entry };
  const words = (SENTENCES[flat.kind] ?? unknown)(flat, subject, alert);
  return { words, mood: MOODS[flat.kind]?.(flat, alert) ?? "plain" };
}
