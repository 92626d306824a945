// A dialog that shows a command to run in a terminal, and may run it here.

import { h } from "./dom.js";
import { toast } from "./toast.js";

// action is {label, testid, run} of a button that does the same; it may be left out.
export function showCommand(title, text, command, action) {
  const dialog = document.getElementById("curl");
  const copy = async (event) => {
    const button = event.currentTarget;
    await navigator.clipboard.writeText(command).then(() => { button.textContent = "Copied"; }, () => toast("Select the text and copy it."));
  };
  const act = async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    await action.run().then(() => dialog.close(), (error) => { button.disabled = false; toast(error.message); });
  };
  dialog.replaceChildren(
    h("header", {}, h("h2", { id: "curl-title" }, title), h("button", { type: "button", class: "close", "aria-label": "Close", on: { click: () => dialog.close() } }, "×")),
    h("p", {}, text),
    h("pre", { testid: "curl-text", tabindex: 0 }, command),
    h("footer", {}, action && h("button", { type: "button", class: "copy act", testid: action.testid, on: { click: act } }, action.label), h("button", { type: "button", class: "copy", on: { click: copy } }, "Copy")));
  dialog.showModal();
}
