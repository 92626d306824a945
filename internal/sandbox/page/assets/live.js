// The page's model: what the sandbox and the app said last, kept fresh.
//
// A `change` event of the stream means "read again". The polls beside it are
// for what the stream does not cover: an alert's timeline, the boot progress,
// and a stream that is down.

import { api } from "./api.js";

const FIRST_PERSON = "alice@example.com";
const FIRST_RESPONDER = "sam@example.com";
const ALERT_POLL = 1000;
const LIST_POLL = 4000;
const STATE_POLL = 5000;
const STREAM_RETRY = 2000;
const BOOT_POLL = 1000;
const READY_POLL = 10000;

export const model = {
  user: sessionStorage.getItem("person") || FIRST_PERSON,
  responder: sessionStorage.getItem("responder") || FIRST_RESPONDER, // who sits at #security
  state: null,      // GET /sandbox/state for that person
  alerts: [],       // newest first
  alert: null,      // the selected alert, whole
  selected: linked(), // its id
  distrusted: new Set(), // emails of people whose chat account is under suspicion
  follow: !linked(), // select whatever alert is newest
  status: null,     // GET /sandbox/status
  examples: [],
  online: true,
};

// linked is the alert that the page's address names, as the links of cases do.
function linked() {
  return /^#[0-9a-f]{64}$/.test(location.hash) ? location.hash.slice(1) : null;
}

let changed = () => {};

// start reads everything once, keeps it fresh, and calls onChange after each change.
export function start(onChange) {
  changed = onChange;
  listen();
  window.addEventListener("hashchange", () => {
    if (!linked()) return;
    model.follow = false;
    select(linked());
  });
  loadExamples();
  loop(refreshStatus, () => (model.status?.phase === "ready" ? READY_POLL : BOOT_POLL));
  loop(refreshAlerts, () => LIST_POLL);
  loop(refreshAlert, () => (model.alert?.verdict ? LIST_POLL : ALERT_POLL));
  loop(refreshState, () => STATE_POLL);
}

// listen follows the stream. The browser reconnects a stream that broke, but
// gives up on one that was answered with an error.
function listen() {
  const events = api.events();
  events.addEventListener("change", refresh);
  events.addEventListener("open", () => { setOnline(true); refresh(); loadExamples(); });
  events.addEventListener("error", () => {
    setOnline(false);
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, STREAM_RETRY);
  });
}

function loop(step, delay) {
  const next = async () => {
    await step();
    setTimeout(next, delay());
  };
  next();
}

// once keeps a reader from running twice at a time; a call that comes in
// meanwhile makes it run once more at the end.
function once(read) {
  let running = null;
  let again = false;
  return () => {
    again = running !== null;
    running ??= (async () => {
      do { again = false; await read().catch(() => {}); } while (again);
      running = null;
    })();
    return running;
  };
}

export const refreshState = once(async () => {
  const { user, responder } = model;
  const state = await api.state(user, responder);
  if (user !== model.user || responder !== model.responder) return void refreshState();
  setOnline(true);
  model.state = state;
  changed();
});

const refreshAlerts = once(async () => {
  const { alerts } = await api.alerts();
  const newest = alerts[0]?.id ?? null;
  const grew = newest !== (model.alerts[0]?.id ?? null);
  model.alerts = alerts;
  if (newest && model.follow && grew) select(newest);
  changed();
  await refreshDistrust();
});

const STOLEN = ["contradicted", "fraud"];

// stolen tells whether an alert ended with the chat account under suspicion.
export const stolen = (alert) => alert?.verdict === "denied" && STOLEN.includes(alert.verdict_reason);

// refreshDistrust asks of each person with such an alert how it stands now: a
// responder may have cleared them since.
async function refreshDistrust() {
  const newest = new Map();
  for (const a of model.alerts.filter(stolen)) if (a.subject?.email && !newest.has(a.subject.email)) newest.set(a.subject.email, a.id);
  const all = await Promise.all([...newest.values()].map(api.alert));
  const now = all.filter((a) => a.person?.distrusted).map((a) => a.person.email);
  if (now.join() === [...model.distrusted].join()) return;
  model.distrusted = new Set(now);
  changed();
}

const refreshAlert = once(async () => {
  const id = model.selected;
  if (!id) return;
  const alert = await api.alert(id);
  if (id !== model.selected) return;
  model.alert = alert;
  changed();
});

const refreshStatus = once(async () => {
  model.status = await api.status();
  changed();
});

export function refresh() {
  refreshState();
  refreshAlerts();
  refreshAlert();
}

async function loadExamples() {
  if (model.examples.length) return;
  try {
    model.examples = await api.examples();
    changed();
  } catch { /* the stream's next "open" tries again */ }
}

function setOnline(online) {
  if (model.online === online) return;
  model.online = online;
  changed();
}

// select shows one alert's timeline.
export function select(id) {
  if (model.selected === id) return;
  model.selected = id;
  model.alert = null;
  refreshAlert();
}

// become switches the page to another person of the workspace.
export function become(email) {
  if (model.user === email) return;
  model.user = email;
  sessionStorage.setItem("person", email);
  if (model.state) model.state = { ...model.state, dm: null, home: null, modal: null };
  changed();
  refreshState();
}

// respondAs seats another responder at #security.
export function respondAs(email) {
  if (model.responder === email) return;
  model.responder = email;
  sessionStorage.setItem("responder", email);
  if (model.state) model.state = { ...model.state, responder: { email, modal: null, pushes: [] } };
  changed();
  refreshState();
}

// sendAlert sends one example about a person and selects the new alert. It
// returns the API's answer.
export async function sendAlert(example, email, occurredAt) {
  const sent = await api.send(example, email, occurredAt);
  model.follow = true;
  select(sent.id);
  refresh();
  return sent;
}

// trustAgain ends a person's distrust, as the responder at #security.
export async function trustAgain(email, reason) {
  await api.trust(email, model.responder, reason);
  refresh();
}

// everybody in the workspace, as the state lists them: people whom alerts are
// about, and responders.
const everybody = () => model.state?.users ?? [];
export const people = () => everybody().filter((u) => !u.responder);
export const responders = () => everybody().filter((u) => u.responder);

// find looks a person up by any of the names that the data uses for people.
export function find(name) {
  if (!name) return null;
  const wanted = String(name).toLowerCase();
  return everybody().find((u) => [u.id, u.email, u.name, u.email.split("@")[0]].some((n) => n?.toLowerCase() === wanted)) ?? null;
}

// responder is who presses what the cases offer.
export const responder = () => find(model.responder) ?? { email: model.responder, name: nameOf(model.responder), id: "" };

// me is the person whose Slack and phone are on the screen.
export const me = () => find(model.user) ?? { email: model.user, name: nameOf(model.user), id: "" };

function nameOf(email) {
  const local = email.split("@")[0];
  return local.charAt(0).toUpperCase() + local.slice(1);
}

export const first = (person) => (person.name || nameOf(person.email)).split(" ")[0];

// subjectOf finds the person that an alert is about, or null.
export const subjectOf = (alert) =>
  find(alert?.subject?.email) ?? find(alert?.subject?.slack_id) ?? find(alert?.subject?.username);

// pushesOf lists a person's pushes, newest first.
export function pushesOf(person) {
  const names = [person.id, person.email, person.email.split("@")[0]].filter(Boolean);
  const known = person.email === model.user ? model.state?.pushes : model.state?.responder.pushes;
  return (known ?? [])
    .filter((p) => names.includes(p.user))
    .sort((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at));
}
