// A short notice at the foot of the page, for what went wrong or just happened.

let timer = 0;

export function toast(text) {
  const node = document.getElementById("toast");
  node.textContent = text;
  node.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => { node.hidden = true; }, 6000);
}
