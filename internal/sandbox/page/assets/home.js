// The app's Home tab, as Slack shows it beside the messages.

import { api } from "./api.js";
import { blocks } from "./blocks.js";
import { h, show } from "./dom.js";
import { face } from "./message.js";
import { first, model, refresh } from "./live.js";
import { toast } from "./toast.js";

// openHome tells the app that the person looks at its Home tab.
export async function openHome() {
  await api.home(model.user).catch((error) => toast(`Slack did not open the tab: ${error.message}`));
  refresh();
}

// renderHome draws what the app has published for the person. ctx is that of blocks.
export function renderHome(root, person, ctx) {
  const view = model.state?.home;
  const press = (element, node, blockID) => ctx.press({ view: "home" }, element, node, blockID);
  show(root, JSON.stringify([person.email, person.tz, view?.id, view?.hash]), () => (view
    ? h("div", { class: "home-view" }, blocks(view.blocks, { ...ctx, press }))
    : h("div", { class: "nothing" }, face(null, "big"), h("p", {}, `Securitybot has put nothing on ${first(person)}’s Home yet.`))));
}
