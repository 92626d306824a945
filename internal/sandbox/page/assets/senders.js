// The buttons that send an alert as a detection would, the curl that does the
// same without this page, and those that send many, or one at night.

import { showCommand } from "./command.js";
import { h, show } from "./dom.js";
import { first, me, model, refresh, sendAlert } from "./live.js";
import { api } from "./api.js";
import { toast } from "./toast.js";

// about puts the person on the screen into an example's body, by the same
// kind of name that the example used.
function about(alert, person) {
  const local = person.email.split("@")[0];
  const subject = alert.subject?.username !== undefined ? { username: local } : { email: person.email };
  return { ...alert, subject };
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

// curl is the command line that sends the same alert.
export function curl(example, person) {
  const body = JSON.stringify(about(example.alert, person), null, 2);
  return [
    `curl -X POST ${location.origin}/v1/alerts \\`,
    "  -H 'Authorization: Bearer sandbox' \\",
    "  -H 'Content-Type: application/json' \\",
    `  -d ${quoted(body)}`,
  ].join("\n");
}

function openCurl(example) {
  showCommand("The same alert, from your terminal",
    "The token names the source. The answer is 202 with the alert’s id and links; the same body again within ten minutes is the same alert. Sent this way it keeps its real deadline; this page’s buttons shorten it to 90 seconds.",
    curl(example, me()));
}

async function send(example, node) {
  const person = me();
  node.disabled = true;
  try {
    const sent = await sendAlert(example.name, person.email);
    if (sent.duplicate) toast(`The same alert about ${first(person)} is already on its way.`);
  } catch (error) {
    toast(`The alert was not taken: ${error.message}`);
  }
  node.disabled = false;
}

function sender(example) {
  return h("div", { class: "sender" },
    h("button", { type: "button", class: "sender-send", testid: `send-${example.name}`, title: example.alert?.title, on: { click: (event) => send(example, event.currentTarget) } },
      h("b", {}, example.button)),
    h("span", { class: `level ${example.alert?.severity ?? ""}` }),
    h("button", { type: "button", class: "sender-curl", testid: `curl-${example.name}`, "aria-label": `See the curl for ${example.button}`, on: { click: () => openCurl(example) } }, "see the curl"));
}

const REPEATS = 3;
const STORM = 40;
const APART = 60e3; // between the repetitions, as the detection saw them

// repeat sends one detection several times, a minute apart: one question, that counts.
// It gives the last one's id.
export async function repeat(person = me()) {
  const again = (model.examples.find((e) => /sudo/.test(e.name)) ?? model.examples[0]).name;
  let sent;
  for (let ago = REPEATS - 1; ago >= 0; ago--) {
    sent = await sendAlert(again, person.email, new Date(Date.now() - ago * APART).toISOString());
  }
  return sent.id;
}

const NIGHT = "night_login";

// night sends what can wait until the person's next shift.
const night = () => sendAlert(NIGHT, me().email);

// storm sends everything about one person at once.
async function storm() {
  const person = me();
  const names = Array.from({ length: STORM }, (_, i) => model.examples[i % model.examples.length].name);
  const sent = await Promise.allSettled(names.map((name) => api.send(name, person.email)));
  const refused = sent.filter((s) => s.status === "rejected");
  model.follow = true;
  refresh();
  if (refused.length) throw new Error(`${refused.length} of ${STORM}, ${refused[0].reason.message}`);
  toast(`${STORM} alerts about ${first(person)} are in. How many questions does ${first(person)} get?`);
}

function burst(name, label, title, send) {
  return h("button", {
    type: "button", class: "burst", testid: `send-${name}`, title, on: {
      click: async (event) => {
        const node = event.currentTarget;
        node.disabled = true;
        await send().catch((error) => toast(`The alerts were not all taken: ${error.message}`));
        node.disabled = false;
      },
    },
  }, label);
}

// renderSenders draws one button per example.
export function renderSenders(root) {
  show(root, JSON.stringify([model.examples, me().email, me().name]), () => model.examples.map(sender));
}

// renderBursts draws the buttons beside the examples.
export function renderBursts(root) {
  show(root, String(model.examples.length > 0), () => model.examples.length > 0 && [
    burst("repeats", `Same alert ×${REPEATS}`, "The same detection three times: one question", () => repeat()),
    burst("night", "At night", "An alert that can wait: held until the next shift, and the channel knows", night),
    burst("storm", `Storm of ${STORM}`, `${STORM} alerts about one person at once`, storm)]);
}
