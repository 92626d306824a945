// Slack's modal and its confirmation dialog, drawn inside the person's window.

import { api } from "./api.js";
import { blocks } from "./blocks.js";
import { h } from "./dom.js";
import { refresh } from "./live.js";

function open(layer, box, { dismiss }) {
  layer.replaceChildren(box);
  layer.hidden = false;
  layer.onkeydown = (event) => { if (event.key === "Escape") dismiss(); };
  (box.querySelector("input, select, textarea") ?? box.querySelector("button"))?.focus();
}

function shut(layer, pane) {
  const focused = layer.contains(document.activeElement);
  layer.hidden = true;
  layer.replaceChildren();
  layer.shown = null;
  layer.cancel = null;
  pane.inert = false;
  if (focused) pane.querySelector(".scroll").focus({ preventScroll: true });
}

// confirmed asks Slack's "are you sure?" and resolves to the answer; somebody
// who calls layer.cancel() answers no.
export function confirmed(layer, pane, ask) {
  return new Promise((resolve) => {
    const end = (answer) => { shut(layer, pane); resolve(answer); };
    const style = ask.style === "danger" ? "danger" : "primary";
    const box = h("div", { class: "sheet confirm", role: "alertdialog", "aria-labelledby": "confirm-title", testid: "confirm" },
      h("h3", { id: "confirm-title" }, ask.title?.text ?? "Are you sure?"),
      h("p", {}, ask.text?.text ?? ""),
      h("div", { class: "sheet-foot" },
        h("button", { type: "button", class: "slack-button", on: { click: () => end(false) } }, ask.deny?.text ?? "Cancel"),
        h("button", { type: "button", class: `slack-button ${style}`, testid: "confirm-yes", on: { click: () => end(true) } }, ask.confirm?.text ?? "Yes")));
    layer.shown = "confirm";
    layer.cancel = () => end(false);
    pane.inert = true;
    open(layer, box, { dismiss: () => end(false) });
  });
}

// showModal draws the view that Slack has open for the person, or takes it
// away. The same view is drawn once, so what is being typed stays. ctx is that of
// blocks, and the email of the person.
export function showModal(layer, pane, view, ctx) {
  const id = view ? `${view.id}/${view.hash ?? ""}` : null;
  if (layer.shown === "confirm" || (layer.shown ?? null) === id) return;
  shut(layer, pane);
  if (view) {
    layer.shown = id;
    open(layer, sheet(view, ctx), { dismiss: () => dismiss(ctx.email) });
  }
  pane.inert = Boolean(view);
}

async function dismiss(email) {
  await api.close(email).catch(() => {});
  refresh();
}

function sheet(view, ctx) {
  const title = `modal-title-${view.id}`;
  const cancel = () => dismiss(ctx.email);
  const form = h("form", { class: "sheet modal", role: "dialog", "aria-labelledby": title, testid: "modal" },
    h("header", {},
      h("img", { src: "/sandbox/assets/bot.svg", alt: "", class: "face small" }),
      h("h3", { id: title }, view.title?.text ?? ""),
      h("button", { type: "button", class: "close", "aria-label": "Close", on: { click: cancel } }, "×")),
    h("div", { class: "sheet-body" }, blocks(view.blocks, { ...ctx, viewID: view.id })),
    h("div", { class: "sheet-foot" },
      h("button", { type: "button", class: "slack-button", testid: "modal-close", on: { click: cancel } }, view.close?.text ?? "Cancel"),
      view.submit && h("button", { type: "submit", class: "slack-button primary", testid: "modal-submit" }, view.submit.text)));
  form.addEventListener("submit", (event) => { event.preventDefault(); submit(form, ctx.email); });
  return form;
}

async function submit(form, email) {
  const fields = [...form.querySelectorAll("[data-block][name]")];
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  try {
    const answer = await api.submit(email, Object.fromEntries(fields.map((f) => [f.name, f.value])));
    complain(form, answer?.errors ?? {});
  } catch (error) {
    complain(form, { [fields[0]?.dataset.block]: error.message });
  }
  button.disabled = false;
  refresh();
}

function complain(form, errors) {
  for (const place of form.querySelectorAll("[data-error]")) {
    place.textContent = errors[place.dataset.error] ?? "";
    place.hidden = !place.textContent;
  }
}
