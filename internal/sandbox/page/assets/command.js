// A dialog that shows a command to run in a terminal.

import { h } from "./dom.js";
import { toast } from "./toast.js";

export function showCommand(title, text, command) {
  const dialog = document.getElementById("curl");
  const copy = async (event) => {
    const button = event.currentTarget;
    await navigator.clipboard.writeText(command).then(() => { button.textContent = "Copied"; }, () => toast("Select the text and copy it."));
  };
  dialog.replaceChildren(
    h("header", {}, h("h2", { id: "curl-title" }, title), h("button", { type: "button", class: "close", "aria-label": "Close", on: { click: () => dialog.close() } }, "×")),
    h("p", {}, text),
    h("pre", { testid: "curl-text", tabindex: 0 }, command),
    h("footer", {}, h("button", { type: "button", class: "copy", on: { click: copy } }, "Copy")));
  dialog.showModal();
}
