// How grave a case is: what it is called, and in which colour it stands.

import { model } from "./live.js";

const STOLEN = ["contradicted", "fraud"];

// gravity sorts an alert's outcome into {level, label}. Levels: grave, high,
// mid, low, good.
export function gravity(alert) {
  const serious = ["high", "critical"].includes(alert.severity);
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

export const stolen = (alert) => alert?.verdict === "denied" && STOLEN.some((r) => (alert.verdict_reason ?? "").includes(r));

// alertOf finds the alert that a message belongs to: by its metadata, or by
// an alert's id in its links.
export function alertOf(message) {
  const named = message.metadata?.event_payload?.alert_id;
  const text = named ? "" : JSON.stringify(message.blocks ?? "");
  return model.alerts.find((a) => (named ? a.id === named : text.includes(a.id))) ?? null;
}

// caseGravity is the gravity of a case in the channel. A case that is older
// than the alerts at hand is judged by the words of its first block.
export function caseGravity(message) {
  const alert = alertOf(message);
  if (alert?.verdict) return gravity(alert);
  const head = JSON.stringify(message.blocks?.[0] ?? message.text ?? "").toLowerCase();
  if (/stolen|contradict|fraud/.test(head)) return { level: "grave", label: "Looks stolen" };
  if (/denied|was not|wasn.t|said no/.test(head)) return { level: "grave", label: "It was not them" };
  if (/no answer|not answer|silence|not sure|unsure/.test(head)) return { level: "mid", label: "No answer" };
  if (/prove|proof/.test(head)) return { level: "high", label: "Yes, not proven" };
  return { level: "low", label: "Case" };
}
