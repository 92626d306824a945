// Slack's mrkdwn, rendered as nodes. Only what Slack renders becomes a node;
// everything else stays text.

import { h, s } from "./dom.js";
import { slackDate } from "./when.js";

const EMOJI = {
  white_check_mark: "ok", heavy_check_mark: "ok", large_green_circle: "ok", green_circle: "ok", "+1": "ok", thumbsup: "ok",
  x: "bad", no_entry: "bad", red_circle: "bad", rotating_light: "bad", bangbang: "bad", no_entry_sign: "bad", octagonal_sign: "bad",
  warning: "warn", large_orange_circle: "warn", large_yellow_circle: "warn", hourglass: "warn", hourglass_flowing_sand: "warn",
  bell: "note", speech_balloon: "note", iphone: "note", lock: "note", mag: "note", information_source: "note",
  large_blue_circle: "note", zzz: "note", link: "note", shield: "note",
};

const GLYPH = { ok: "M4.8 8.3l2.2 2.2 4.2-4.6", bad: "M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2", warn: "M8 4.4v4.4M8 11.4h.01" };

// emoji draws the few that matter as a coloured mark with its name as the label.
function emoji(name) {
  const mood = EMOJI[name];
  if (!mood) return `:${name}:`;
  return s("svg", { class: `emoji emoji-${mood}`, viewBox: "0 0 16 16", width: 13, height: 13, role: "img", "aria-label": name.replaceAll("_", " ") },
    s("circle", { cx: 8, cy: 8, r: 7 }), mood !== "note" && s("path", { d: GLYPH[mood] }));
}

const SIGNS = { "\u{1f6a8}": "rotating_light", "\u{1f534}": "red_circle", "\u{1f7e0}": "large_orange_circle", "\u{1f7e1}": "large_yellow_circle" };

// signs draws the emoji that the bot's own words begin with, as not every
// computer has a font for them.
export const signs = (text) => text.split(/(\u{1f6a8}|\u{1f534}|\u{1f7e0}|\u{1f7e1})/u).map((piece) => (SIGNS[piece] ? emoji(SIGNS[piece]) : piece));

export const decode = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

// link opens http(s) addresses in a new tab; any other scheme stays text.
export function link(url, label) {
  if (!/^https?:\/\//i.test(url)) return label || url;
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label || url);
}

function angle(body, ctx) {
  const [target, label] = body.split("|", 2).map(decode);
  if (target.startsWith("!date^")) {
    const [, seconds, format] = target.split("^");
    return slackDate(seconds, format ?? "", label ?? "", ctx.zone);
  }
  if (target.startsWith("@")) return h("span", { class: "mention" }, `@${label ?? ctx.nameOf(target.slice(1))}`);
  if (target.startsWith("#")) return h("span", { class: "mention" }, `#${label ?? target.slice(1)}`);
  if (target.startsWith("!")) return h("span", { class: "mention loud" }, `@${target.slice(1)}`);
  return link(target, label);
}

// One pass over a line: each alternative is one thing that Slack marks up. The
// styles need a boundary on both sides, as in Slack ("a*b*c" stays as it is).
const INLINE = new RegExp([
  "<([^<>]+)>", "`([^`]+)`", ":([a-z0-9_+-]+):",
  "(?<![\\w*])\\*(?! )([^*]+?)(?<! )\\*(?![\\w*])",
  "(?<![\\w_])_(?! )([^_]+?)(?<! )_(?![\\w_])",
  "(?<![\\w~])~(?! )([^~]+?)(?<! )~(?![\\w~])",
].join("|"), "g");

function inline(text, ctx) {
  const out = [];
  let at = 0;
  for (const m of text.matchAll(INLINE)) {
    out.push(decode(text.slice(at, m.index)), marked(m, ctx));
    at = m.index + m[0].length;
  }
  out.push(decode(text.slice(at)));
  return out;
}

function marked([, pointed, code, face, bold, italic, struck], ctx) {
  if (pointed !== undefined) return angle(pointed, ctx);
  if (code !== undefined) return h("code", {}, inlineCode(code, ctx));
  if (face !== undefined) return emoji(face);
  if (bold !== undefined) return h("b", {}, inline(bold, ctx));
  if (italic !== undefined) return h("i", {}, inline(italic, ctx));
  return h("s", {}, inline(struck, ctx));
}

const inlineCode = (text, ctx) => text.split(/(<[^<>]+>)/).map((t) => (/^<.+>$/.test(t) ? angle(t.slice(1, -1), ctx) : decode(t)));

function lines(text, ctx) {
  const out = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (i) out.push(h("br"));
    out.push(...inline(line, ctx));
  }
  return out;
}

// quotes groups neighbouring lines into quoted and plain runs.
function quotes(text) {
  const runs = [];
  for (const line of text.split("\n")) {
    const quoted = /^(&gt;|>) ?/.test(line);
    const last = runs.at(-1);
    const bare = quoted ? line.replace(/^(&gt;|>) ?/, "") : line;
    if (last && last.quoted === quoted) last.text += `\n${bare}`;
    else runs.push({ quoted, text: bare });
  }
  return runs;
}

// mrkdwn renders one text object's text. ctx: {zone, nameOf(id)}.
export function mrkdwn(text, ctx) {
  return String(text ?? "").split(/```/).map((piece, i) => {
    if (i % 2) return h("pre", {}, inlineCode(piece.replace(/^\n|\n$/g, ""), ctx));
    return quotes(piece).map((run) => (run.quoted ? h("blockquote", {}, lines(run.text, ctx)) : lines(run.text, ctx)));
  });
}
