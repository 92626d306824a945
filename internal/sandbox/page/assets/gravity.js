// How grave a case is: what it is called, and in which colour it stands.

import { model, stolen } from "./live.js";

// gravity sorts an alert's outcome into {level, label}. Levels: grave, high,
// mid, low, good.
export function gravity(alert) {
  const serious = ["high", "critical"].includes(alert.severity);
  if (alert.escalation?.reason === "late_no") return { level: "grave", label: "A late no" };
  switch (alert.verdict) {
    case "confirmed": return { level: "good", label: "Confirmed" };
    case "denied": return { level: "grave", label: deniedAs(alert) };
    case "unproven": return { level: "high", label: "Yes, not proven" };
    case "unsure": return { level: serious ? "high" : "mid", label: "Not sure" };
    case "no_response": return { level: serious ? "high" : "mid", label: "No answer" };
    case "unreachable": return { level: "low", label: "Nobody to ask" };
    case "unasked": return alert.verdict_reason === "storm" ? { level: "high", label: "A storm" } : { level: "low", label: "Not asked" };
    case "suppressed": return { level: "good", label: "Covered" };
    case "observed": return { level: "good", label: "Observed" };
    default: return { level: "low", label: alert.verdict ? alert.verdict.replaceAll("_", " ") : "Open" };
  }
}

const deniedAs = (alert) => (stolen(alert) ? "Looks stolen" : alert.verdict_reason === "some_not_me" ? "Some were not them" : "It was not them");

// keyOfPost splits what the bot's messages carry: "<alert id>/<purpose>".
function keyOfPost(message) {
  const [id = "", purpose = ""] = String(message.metadata?.event_payload?.key ?? "").split("/", 2);
  return { id, purpose };
}

// alertIDOf is the alert that a message of the bot belongs to, or "": notices belong to none.
export const alertIDOf = (message) => (/^[0-9a-f]{64}$/.test(keyOfPost(message).id) ? keyOfPost(message).id : "");

// disturbs tells a case from what is only there to be looked at some time.
export const disturbs = (message) => Boolean(alertIDOf(message)) && /^(case|raised)/.test(keyOfPost(message).purpose);

// caseGravity is the gravity of a message in the channel. What was raised
// after the verdict, and a case older than the alerts at hand, is judged by the
// mark that its words begin with.
export function caseGravity(message) {
  const { id, purpose } = keyOfPost(message);
  if (purpose === "review") return { level: "good", label: "To look at" };
  const alert = model.alerts.find((a) => a.id === id);
  if (alert?.verdict && purpose === "case") return gravity(alert);
  const mark = MARKS.find(([sign]) => message.text?.startsWith(sign));
  return mark ? { level: mark[1], label: purpose.startsWith("raised") ? "Raised later" : mark[2] } : { level: "low", label: "Case" };
}

const MARKS = [["\u{1f6a8}", "grave", "Looks stolen"], ["\u{1f534}", "grave", "It was not them"], ["\u{1f7e0}", "high", "Case"], ["\u{1f7e1}", "mid", "Case"]];
