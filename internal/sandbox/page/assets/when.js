// Times as people read them.

const part = (date, zone, options) => new Intl.DateTimeFormat("en-GB", { timeZone: zone || undefined, ...options }).format(date);

export const clock = (date, zone) => part(date, zone, { hour: "2-digit", minute: "2-digit" });

export const day = (date, zone) => part(date, zone, { weekday: "long", day: "numeric", month: "long" });

export const tsDate = (ts) => new Date(Number(ts) * 1000);

// left says how long a wait still takes: "0:07", "1:30", "2 h 05".
export function left(ms) {
  const total = Math.max(0, Math.ceil(ms / 1000));
  const h = Math.floor(total / 3600), m = Math.floor((total % 3600) / 60), sec = total % 60;
  if (h) return `${h} h ${String(m).padStart(2, "0")}`;
  return `${m}:${String(sec).padStart(2, "0")}`;
}

// after says how long after the start something happened: "+0.4 s", "+1:12".
export function after(ms) {
  if (ms < 0) return "0.0 s";
  if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
  return left(ms);
}

const NAMED = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
};

function named(token, date, zone) {
  if (token === "time") return clock(date, zone);
  if (token === "time_secs") return part(date, zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  if (token === "ago") return `${left(Date.now() - date)} ago`;
  const near = token.endsWith("_pretty") ? pretty(date, zone) : null;
  const options = NAMED[token.replace("_pretty", "")];
  return near ?? (options ? part(date, zone, options) : null);
}

function pretty(date, zone) {
  const dayOf = (d) => part(d, zone, NAMED.date_num);
  const near = { [dayOf(new Date())]: "today", [dayOf(Date.now() + 864e5)]: "tomorrow", [dayOf(Date.now() - 864e5)]: "yesterday" };
  return near[dayOf(date)] ?? null;
}

// slackDate renders Slack's <!date^…> for the zone of whoever looks at it; a
// token that Slack does not know makes it fall back, as Slack does.
export function slackDate(seconds, format, fallback, zone) {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return fallback;
  let known = true;
  const text = format.replace(/\{([a-z_]+)\}/g, (_, token) => {
    const value = named(token, date, zone);
    known &&= value !== null;
    return value ?? "";
  });
  return known ? text : fallback;
}
