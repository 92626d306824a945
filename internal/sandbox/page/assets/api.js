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
  state: (user, responder) => get(`/sandbox/state?user=${part(user)}&responder=${part(responder)}`),
  status: () => get("/sandbox/status"),
  alerts: () => get("/sandbox/alerts?limit=100"),
  alert: (id) => get(`/sandbox/alerts/${part(id)}`),
  examples: () => get("/sandbox/examples"),
  send: (example, user, occurredAt) => post("/sandbox/alerts", { example, user, occurred_at: occurredAt }),
  trust: (user, responder, reason) => post("/sandbox/trust", { user, responder, reason }),
  click: (user, { channel, ts, view }, actionID, blockID) =>
    post("/sandbox/control/click", { user, channel, ts, view, action_id: actionID, block_id: blockID }),
  reply: (user, text, threadTS) =>
    post("/sandbox/control/reply", threadTS ? { user, text, thread_ts: threadTS } : { user, text }),
  command: (user, text) => post("/sandbox/control/command", { user, text }),
  home: (user) => post("/sandbox/control/home", { user }),
  submit: (user, values) => post("/sandbox/control/submit", { user, values }),
  close: (user) => post("/sandbox/control/close", { user }),
  push: (txid, result) => post(`/sandbox/control/pushes/${part(txid)}`, { result }),
  events: () => new EventSource("/sandbox/events"),
};
