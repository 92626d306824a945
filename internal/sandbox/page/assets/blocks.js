// Block Kit, as far as an app like this one uses it.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { link, mrkdwn, signs } from "./mrkdwn.js";
import { slackDate } from "./when.js";

// words renders a text object: mrkdwn is marked up, plain_text never is.
export function words(text, ctx) {
  if (!text) return [];
  if (typeof text === "string") return mrkdwn(text, ctx);
  if (text.type === "mrkdwn") return mrkdwn(text.text, ctx);
  return plain(text.text ?? "");
}

const plain = (text) => text.split("\n").flatMap((line, i) => (i ? [h("br"), signs(line)] : signs(line)));

function button(element, ctx) {
  const label = element.text?.text ?? element.action_id;
  const style = { primary: "primary", danger: "danger" }[element.style] ?? "";
  if (element.url) {
    const node = link(element.url, label);
    if (node.setAttribute) node.setAttribute("class", `slack-button ${style}`);
    return node;
  }
  return h("button", {
    type: "button", class: `slack-button ${style}`, "aria-label": element.accessibility_label, disabled: !ctx.press,
    "data-action": element.action_id, testid: `action-${element.action_id}`,
    on: { click: (event) => ctx.press(element, event.currentTarget, ctx.blockID) },
  }, label);
}

function element(item, ctx) {
  switch (item.type) {
    case "button": return button(item, ctx);
    case "image": return h("span", { class: "block-image" }, item.alt_text ?? "image");
    case "mrkdwn":
    case "plain_text": return h("span", {}, words(item, ctx));
    default: return h("span", { class: "muted" }, item.placeholder?.text ?? item.type);
  }
}

function section(block, ctx) {
  return h("div", { class: "block section" },
    h("div", { class: "section-body" },
      block.text && h("div", { class: "section-text" }, words(block.text, ctx)),
      block.fields && h("div", { class: "fields" }, block.fields.map((f) => h("div", { class: "field" }, words(f, ctx))))),
    block.accessory && h("div", { class: "accessory" }, element(block.accessory, ctx)));
}

function input(block, ctx) {
  const id = `input-${ctx.viewID}-${block.element?.action_id}`;
  const e = block.element ?? {};
  const props = {
    id, name: e.action_id, maxlength: e.max_length, placeholder: e.placeholder?.text, required: !block.optional,
    "aria-describedby": block.hint ? `${id}-hint` : null, testid: "modal-input", "data-block": block.block_id,
  };
  const field = e.options ? choice(e, props) : e.multiline ? h("textarea", { ...props, rows: 4 }) : h("input", { ...props, type: "text" });
  field.value = e.initial_value ?? e.initial_option?.value ?? "";
  return h("div", { class: "block input" },
    h("label", { for: id }, block.label?.text ?? "", block.optional && h("span", { class: "optional" }, " (optional)")),
    field,
    block.hint && h("div", { class: "input-hint", id: `${id}-hint` }, words(block.hint, ctx)),
    h("div", { class: "input-error", role: "alert", "data-error": block.block_id, hidden: true }));
}

const choice = (e, props) => h("select", props, h("option", { value: "" }, e.placeholder?.text ?? "Choose"),
  e.options.map((o) => h("option", { value: o.value }, o.text?.text ?? o.value)));

function richText(node, ctx) {
  const kids = () => (node.elements ?? []).map((e) => richText(e, ctx));
  switch (node.type) {
    case "rich_text": return h("div", { class: "block rich" }, kids());
    case "rich_text_section": return h("div", {}, kids());
    case "rich_text_preformatted": return h("pre", {}, kids());
    case "rich_text_quote": return h("blockquote", {}, kids());
    case "rich_text_list": return h(node.style === "ordered" ? "ol" : "ul", {}, (node.elements ?? []).map((e) => h("li", {}, richText(e, ctx))));
    case "link": return link(node.url, node.text);
    case "date": return slackDate(node.timestamp, node.format ?? "", node.fallback ?? "", ctx.zone);
    case "user": return h("span", { class: "mention" }, `@${ctx.nameOf(node.user_id)}`);
    case "emoji": return mrkdwn(`:${node.name}:`, ctx);
    case "text": return styled(node);
    default: return node.text ?? "";
  }
}

function styled(node) {
  const tags = { code: "code", bold: "b", italic: "i", strike: "s" };
  return Object.entries(tags).reduce((inner, [name, tag]) => (node.style?.[name] ? h(tag, {}, inner) : inner), plain(node.text ?? ""));
}

function block(item, outer) {
  const ctx = { ...outer, blockID: item.block_id };
  switch (item.type) {
    case "header": return h("div", { class: "block header" }, words(item.text, ctx));
    case "section": return section(item, ctx);
    case "context": return h("div", { class: "block context" }, (item.elements ?? []).map((e) => element(e, ctx)));
    case "actions": return h("div", { class: "block actions" }, (item.elements ?? []).map((e) => element(e, ctx)));
    case "divider": return h("hr", { class: "block" });
    case "input": return input(item, ctx);
    case "image": return h("div", { class: "block block-image" }, icon("eye", 14), item.alt_text ?? "image");
    case "rich_text": return richText(item, ctx);
    default: return null;
  }
}

// blocks renders a message's or a view's blocks. ctx: {zone, nameOf(id),
// press(element, node, blockID), viewID of a modal}; without press the buttons
// are dead.
export const blocks = (list, ctx) => (list ?? []).map((item) => block(item, ctx));
