// The page's icons, drawn here because it may not ask anybody for a font.

import { s } from "./dom.js";

const SHAPES = {
  send: "M3 11.5 21 3l-6 18-3.5-7z",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zm10 3a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zm4 4h4",
  home: "M4 11 12 4l8 7v9h-5v-6H9v6H4z",
  chat: "M4 5h16v11H11l-5 4v-4H4z",
  dots: "M6 12h.01M12 12h.01M18 12h.01",
  check: "M5 12.5 10 17.5 19 7.5",
  cross: "M6 6l12 12M18 6 6 18",
  flag: "M6 21V4h11l-2 4 2 4H6",
  clock: "M12 7v5l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M5 11h14v9H5z",
  arrow: "M7 17 17 7M9 7h8v8",
  reply: "M9 7 4 12l5 5M4 12h10a6 6 0 0 1 6 6",
  terminal: "M4 6l6 6-6 6M12 18h8",
  phone: "M8 2h8a2 2 0 0 1 2 2v16a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2zm3 17h2",
  warn: "M12 4 22 20H2zm0 6v4m0 3h.01",
  stack: "M8 3h13v10M5 6h13v10M2 9h13v11H2z",
  shield: "M12 3 20 6v6c0 5-3.5 8-8 9.5C7.5 20 4 17 4 12V6z",
};

// icon draws one of SHAPES as a line drawing in the text's colour.
export function icon(name, size = 16) {
  return s("svg", {
    class: `icon icon-${name}`, viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true",
    fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linecap": "round", "stroke-linejoin": "round",
  }, s("path", { d: SHAPES[name] ?? SHAPES.dots }));
}

// mug is the drawing of the quiet security channel: a warm cup, nothing to do.
export function mug() {
  const steam = (d, n) => s("path", { d, class: `steam steam-${n}` });
  return s("svg", { class: "mug", viewBox: "0 0 160 130", width: 160, height: 130, "aria-hidden": "true" },
    s("ellipse", { cx: 74, cy: 118, rx: 58, ry: 7, class: "mug-shadow" }),
    s("path", { d: "M108 66c22-6 30 6 24 20-4 10-16 14-28 12", class: "mug-ear" }),
    s("path", { d: "M34 52h80v34c0 18-14 30-40 30S34 104 34 86z", class: "mug-body" }),
    s("ellipse", { cx: 74, cy: 52, rx: 40, ry: 9, class: "mug-rim" }),
    s("ellipse", { cx: 74, cy: 53, rx: 33, ry: 6, class: "mug-tea" }),
    s("path", { d: "M74 70l14 5v10c0 9-6 14-14 17-8-3-14-8-14-17V75z", class: "mug-badge" }),
    s("path", { d: "M67 87l5 5 9-11", class: "mug-tick" }),
    steam("M58 40c-6-8 6-12 0-22", 1), steam("M74 36c-6-8 6-14 0-26", 2), steam("M90 40c-6-8 6-12 0-22", 3));
}
