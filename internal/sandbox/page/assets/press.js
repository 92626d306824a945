// A press on a button, in one of the two Slack windows.

import { api } from "./api.js";
import { refresh } from "./live.js";
import { confirmed } from "./modal.js";
import { toast } from "./toast.js";

const UNLOCK_AFTER = 2500;

// presser presses buttons in a window as whoever sits at it then. The target is
// a message, or {view: "home"}.
export function presser(layer, pane, email) {
  return async (target, element, node, blockID) => {
    const user = email();
    if (element.confirm && !(await confirmed(layer, pane, element.confirm))) return;
    const row = node.closest(".actions") ?? node;
    lock(row, node, true);
    try {
      const got = await api.click(user, target, element.action_id, blockID);
      if (!got.delivered) toast("Securitybot did not take the click: try again.");
    } catch (error) {
      toast(`Slack did not take the click: ${error.message}`);
    }
    refresh();
    setTimeout(() => lock(row, node, false), UNLOCK_AFTER);
  };
}

function lock(row, node, on) {
  node.classList.toggle("busy", on);
  for (const button of row.querySelectorAll("button")) button.disabled = on;
}
