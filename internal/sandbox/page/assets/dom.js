// Small helpers to build the page out of nodes. Text only ever enters as text
// nodes, so nothing that an alert says can become markup.

const SVG = "http://www.w3.org/2000/svg";

function apply(node, props) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") {
      for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
    } else if (name === "testid") {
      node.setAttribute("data-testid", value);
    } else {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  return node;
}

// h builds an HTML element. Children are nodes, strings, arrays or nothing.
export function h(tag, props, ...children) {
  const node = apply(document.createElement(tag), props);
  node.append(...flat(children));
  return node;
}

// s builds an SVG element.
export function s(tag, props, ...children) {
  const node = apply(document.createElementNS(SVG, tag), props);
  node.append(...flat(children));
  return node;
}

function flat(children) {
  return children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false);
}

// reconcile keeps one child of parent per item, in the items' order, and
// rebuilds a child only when its signature changed: what somebody is looking
// at, focusing or typing into stays where it is.
export function reconcile(parent, items, { key, signature, build }) {
  const known = new Map();
  for (const child of parent.children) if (child.dataset.key) known.set(child.dataset.key, child);
  let place = null;
  for (const item of items) {
    const node = current(known, item, { key, signature, build });
    const next = place ? place.nextSibling : parent.firstChild;
    if (node !== next) parent.insertBefore(node, next);
    place = node;
  }
  for (const child of known.values()) child.remove();
}

function current(known, item, { key, signature, build }) {
  const id = String(key(item));
  const sig = signature(item);
  const old = known.get(id);
  known.delete(id);
  if (old && old.signature === sig) return old;
  const node = build(item);
  node.dataset.key = id;
  node.signature = sig;
  if (old) keepingFocus(old, node, () => old.replaceWith(node));
  return node;
}

// show replaces all children of parent, unless the signature says that they
// are the same as before.
export function show(parent, signature, build) {
  if (parent.signature === signature) return false;
  parent.signature = signature;
  keepingFocus(parent, parent, () => parent.replaceChildren(...flat([build()])));
  return true;
}

// keepingFocus swaps nodes and gives the focus back to the new node that has
// the test id of the one that held it, so that the keyboard keeps its place.
function keepingFocus(before, after, swap) {
  const held = before.contains(document.activeElement) ? document.activeElement.dataset.testid : undefined;
  swap();
  if (!held) return;
  const same = after.dataset.testid === held ? after : after.querySelector(`[data-testid="${CSS.escape(held)}"]`);
  same?.focus({ preventScroll: true });
}
