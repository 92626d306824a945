// How grave a case is: what it is called, and in which colour it stands.

import { model, stolen } from "./live.js";

// gravity sorts an alert's outcome into {level, label}. Levels: grave, high,
// mid, low, good.
export function gravity(alert) {
  const serious = ["high", "critical"].includes(alert.severity);
  if (alert.escalation?.reason === "late_no") return { level: "grave", label: "A late no" };
  switch (alert.verdict) {
    case "confirmed": return { level: "good", label: "Confirmed" };
    case "denied": return { level: "grave", label: stolen(alert) ? "Looks stolen" : "It was not them" };
    case "unproven": return { level: "high", label: "Yes, not proven" };
    case "unsure": return { level: serious ? "high" : "mid", label: "Not sure" };
    case "no_response": return { level: serious ? "high" : "mid", label: "No answer" };
    case "unreachable": return { level: "low", label: "Nobody to ask" };
    case "unasked": return { level: "low", label: "Not asked" };
    default: return { level: "low", label: alert.verdict ? alert.verdict.replaceAll("_", " ") : "Open" };
  }
}

// keyOfPost splits what the bot's messages carry: "<alert id>/<purpose>".
function keyOfPost(message) {
  const [id = "", purpose = ""] = String(message.metadata?.event_payload?.key ?? "").split("/", 2);
  return { id, purpose };
}

// alertIDOf is the alert that a message of the bot belongs to, or "".
export const alertIDOf = (message) => keyOfPost(message).id;

// caseGravity is the gravity of a message in the channel. What was raised
// after the verdict, and a case older than the alerts at hand, is judged by the
// mark that its words begin with.
export function caseGravity(message) {
  const { id, purpose } = keyOfPost(message);
  const alert = model.alerts.find((a) => a.id === id);
  if (alert?.verdict && purpose === "case") return gravity(alert);
  const mark = MARKS.find(([sign]) => message.text?.startsWith(sign));
  return mark ? { level: mark[1], label: purpose.startsWith("raised") ? "Raised later" : mark[2] } : { level: "low", label: "Case" };
}

const MARKS = [["\u{1f6a8}", "grave", "Looks stolen"], ["\u{1f534}", "grave", "It was not them"], ["\u{1f7e0}", "high", "Case"], ["\u{1f7e1}", "mid", "Case"]];
