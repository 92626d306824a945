// Every request that the page makes; all of them go to the page's own origin.

async function read(response) {
  const text = await response.text();
  let body = null;
  try { body = text ? JSON.parse(text) : null; } catch { body = null; }
  if (response.ok) return body;
  const first = body?.errors?.[0];
  const why = first?.detail ? `${first.field}: ${first.detail}` : body?.detail ?? body?.error ?? body?.title;
  throw new Error(why || `${response.status} ${response.statusText}`);
}

async function get(path) {
  return read(await fetch(path, { headers: { Accept: "application/json" }, cache: "no-store" }));
}

async function post(path, body) {
  return read(await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  }));
}

const part = encodeURIComponent;

export const api = {
  state: (user) => get(`/sandbox/state?user=${part(user)}`),
  status: () => get("/sandbox/status"),
  alerts: () => get("/sandbox/alerts?limit=20"),
  alert: (id) => get(`/sandbox/alerts/${part(id)}`),
  examples: () => get("/sandbox/examples"),
  send: (example, user) => post("/sandbox/alerts", { example, user }),
  click: (user, channel, ts, actionID) => post("/sandbox/control/click", { user, channel, ts, action_id: actionID }),
  reply: (user, text, threadTS) =>
    post("/sandbox/control/reply", threadTS ? { user, text, thread_ts: threadTS } : { user, text }),
  submit: (user, values) => post("/sandbox/control/submit", { user, values }),
  close: (user) => post("/sandbox/control/close", { user }),
  push: (txid, result) => post(`/sandbox/control/pushes/${part(txid)}`, { result }),
  events: () => new EventSource("/sandbox/events"),
};
