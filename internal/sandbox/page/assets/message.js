// One Slack message with its thread, as a client draws it.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { blocks } from "./blocks.js";
import { mrkdwn } from "./mrkdwn.js";
import { clock, day, tsDate } from "./when.js";
import { find, first } from "./live.js";

const HUES = 6;

// hue gives each person one of six colours, always the same one.
export function hue(person) {
  let sum = 0;
  for (const letter of person.email ?? "") sum = (sum * 31 + letter.charCodeAt(0)) % 997;
  return sum % HUES;
}

// face is a person's avatar; without a person it is the bot's.
export function face(person, size = "") {
  if (!person) return h("img", { class: `face ${size}`, src: "/sandbox/assets/bot.svg", alt: "" });
  return h("span", { class: `face hue-${hue(person)} ${size}`, "aria-hidden": "true" }, first(person).charAt(0));
}

export const nameOf = (id) => find(id)?.name ?? (id && id.length > 4 ? "Securitybot" : id);

export const isReply = (m) => Boolean(m.thread_ts) && m.thread_ts !== m.ts;

export const isHuman = (m) => Boolean(find(m.user));

// conversations groups messages into top-level ones with their replies, oldest first.
export function conversations(messages) {
  const sorted = [...messages].sort((a, b) => Number(a.ts) - Number(b.ts));
  const tops = sorted.filter((m) => !isReply(m)).map((m) => ({ message: m, replies: [] }));
  const byTS = new Map(tops.map((t) => [t.message.ts, t]));
  for (const m of sorted.filter(isReply)) {
    const top = byTS.get(m.thread_ts);
    if (top) top.replies.push(m);
    else tops.push({ message: m, replies: [] });
  }
  return tops;
}

export const keyOf = (m) => `${m.channel}/${m.ts}${m.ephemeral ? "/e" : ""}`;

function body(message, ctx) {
  if (message.blocks?.length) return blocks(message.blocks, ctx);
  return [h("div", { class: "block" }, mrkdwn(message.text, ctx)), message.file && h("div", { class: "block block-image" }, "\u{1f4ce} picture.png")];
}

// posts draws messages in a row; one that follows its author's last needs no
// name above it, as in Slack.
export const posts = (list, ctx) => list.map((m, i) => post(m, ctx, i > 0 && list[i - 1].user === m.user && !m.ephemeral));

// post draws one message. ctx is that of blocks, and reply(message) where
// a thread can be answered.
export function post(message, ctx, follows = false) {
  const author = find(message.user);
  const sent = tsDate(message.ts);
  const mine = { ...ctx, press: ctx.press && ((element, node, blockID) => ctx.press(message, element, node, blockID)) };
  return h("article", { class: `post ${message.ephemeral ? "ephemeral" : ""} ${follows ? "follows" : ""}`, "data-ts": message.ts },
    face(author),
    h("div", { class: "post-body" },
      message.ephemeral && h("div", { class: "only-you" }, icon("eye", 12), "Only visible to you"),
      h("div", { class: "byline" },
        h("b", {}, author?.name ?? "Securitybot"), !author && h("span", { class: "app" }, "APP"),
        h("time", { datetime: sent.toISOString(), title: day(sent, ctx.zone) }, clock(sent, ctx.zone)),
        message.edited && h("span", { class: "muted" }, "(edited)")),
      body(message, mine)));
}

// thread draws a top-level message and its replies under it.
export function thread({ message, replies }, ctx) {
  return h("div", { class: "thread" },
    post(message, ctx),
    replies.length > 0 && h("div", { class: "replies", role: "group", "aria-label": `${replies.length} replies` },
      posts(replies, ctx)),
    ctx.reply && !message.ephemeral && h("button", { type: "button", class: `thread-reply ${replies.length ? "" : "shy"}`, on: { click: () => ctx.reply(message) } },
      icon("reply", 12), replies.length ? `${replies.length} ${replies.length === 1 ? "reply" : "replies"} · reply in thread` : "Reply in thread"));
}
