// The buttons that send an alert as a detection would, and the curl that does
// the same without this page.

import { showCommand } from "./command.js";
import { h, show } from "./dom.js";
import { first, me, model, sendAlert } from "./live.js";
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

// renderSenders draws one button per example.
export function renderSenders(root) {
  show(root, JSON.stringify([model.examples, me().email, me().name]), () => model.examples.map(sender));
}
