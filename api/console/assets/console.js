// What the pages can't do by themselves: local times, keys, and a live part that
// keeps out of the way. Every page works without it.
"use strict";

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "narrow" });
const clock = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
const local = new Intl.DateTimeFormat("en-GB", clock);
const localYear = new Intl.DateTimeFormat("en-GB", { ...clock, year: "numeric" });
const units = [["day", 86400], ["hour", 3600], ["minute", 60]];

function ago(at) {
  const seconds = (at - Date.now()) / 1000;
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return Math.abs(seconds) < 10 ? "just now" : relative.format(Math.trunc(seconds), "second");
}

// showTimes writes times as people where the browser is say them. The UTC text
// stays as the title.
function showTimes(within) {
  for (const each of within.querySelectorAll("time[datetime]")) {
    const at = new Date(each.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    if (!each.title) each.title = each.textContent;
    const near = Math.abs(at - Date.now()) < 180 * 86400 * 1000;
    const text = (near ? local : localYear).format(at) + " · " + ago(at);
    if (each.textContent !== text) each.textContent = text;
  }
}

// busy tells that somebody reads or writes there: then nothing is moved.
function busy(part) {
  if (part.querySelector("details.act[open]")) return true;
  const selection = document.getSelection();
  if (selection && !selection.isCollapsed && selection.containsNode(part, true)) return true;
  const active = document.activeElement;
  return part.contains(active) && active.matches("input, textarea, select, button, summary");
}

document.addEventListener("htmx:configRequest", (event) => {
  const tag = event.target.dataset.tag;
  if (tag) event.detail.headers["If-None-Match"] = tag;
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden) event.preventDefault();
});
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!event.detail.shouldSwap) return;
  const part = event.detail.target;
  if (busy(part)) {
    event.detail.shouldSwap = false;
    return;
  }
  part.unfolded = [...part.querySelectorAll("details[open][id]")].map((each) => each.id);
  part.dataset.tag = event.detail.xhr.getResponseHeader("ETag") || "";
});
document.addEventListener("htmx:afterSwap", (event) => {
  const part = event.detail.target;
  for (const id of part.unfolded || []) {
    const again = document.getElementById(id);
    if (again) again.open = true;
  }
  showTimes(part);
});

// lost says that the page is not live any more, and why.
function lost(text, path) {
  const banner = document.getElementById("lost");
  banner.replaceChildren(text + " ");
  if (path) {
    const link = document.createElement("a");
    link.href = path;
    link.textContent = "Sign in again";
    banner.append(link);
  }
  banner.hidden = false;
}
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) {
    lost("You are signed out.", "/login?next=" + encodeURIComponent(location.pathname + location.search));
  } else {
    lost("This page is not up to date: the server does not answer as it should.");
  }
});
document.addEventListener("htmx:sendError", () => lost("This page is not up to date: the server can’t be reached."));
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful || event.detail.xhr.status === 304) document.getElementById("lost").hidden = true;
});

// move goes to the next or the previous row of the first list.
function move(by) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (rows.length === 0) return;
  const now = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(rows.length - 1, Math.max(0, now < 0 ? (by > 0 ? 0 : rows.length - 1) : now + by))];
  const link = next.querySelector("a[href]");
  if (link) link.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input, textarea, select");
  if (event.key === "Escape") {
    const open = event.target.closest("details.act[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    } else if (typing) {
      event.target.blur();
    }
    return;
  }
  if (typing) return;
  switch (event.key) {
    case "/": {
      const search = document.querySelector("[data-search] input, input[type=search]");
      if (!search) return;
      const folded = search.closest("details:not([open])");
      if (folded) folded.open = true;
      search.focus();
      search.select();
      break;
    }
    case "j":
    case "ArrowDown":
      if (event.key === "ArrowDown" && !event.target.closest("[data-row]")) return;
      move(1);
      break;
    case "k":
    case "ArrowUp":
      if (event.key === "ArrowUp" && !event.target.closest("[data-row]")) return;
      move(-1);
      break;
    default:
      return;
  }
  event.preventDefault();
});

// A form is sent once; the button that sent it is named in what is sent.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Empty fields of a search, and the columns that are shown anyway, don't belong in
// its address.
document.addEventListener("formdata", (event) => {
  if (event.target.method !== "get") return;
  for (const [name, value] of [...event.formData]) {
    if (value === "") event.formData.delete(name);
  }
  if (event.formData.getAll("cols").join(",") === event.target.dataset.cols) event.formData.delete("cols");
});

// What has to be corrected comes first.
const wrong = document.querySelector("main [aria-invalid=true]");
if (wrong) wrong.focus();

// On a phone the menu is one line that can be moved.
const here = document.querySelector(".menu [aria-current]");
const menu = here && here.closest("ul");
if (menu) menu.scrollLeft = here.offsetLeft - menu.offsetLeft - (menu.clientWidth - here.offsetWidth) / 2;

showTimes(document);
setInterval(() => { if (!document.hidden) showTimes(document); }, 20000);
