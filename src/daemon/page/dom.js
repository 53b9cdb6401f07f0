// Building the document. Texts come from workers, Redis and providers: they are only ever set as
// text, never as markup, and there is no other way in here to make an element.
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function make(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function draw(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

// Only what differs is written: a screen reader hears no repetition, and a selection stays.
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setShown(node, shown) {
  if (node.hidden === shown) node.hidden = !shown;
}

// Makes the children of `parent` those of `items`, in their order. A child stays the same element
// as long as its key is there, so that what is open stays open and the focus stays where it is.
function keep(parent, items, keyOf, build, update) {
  const old = new Map();
  for (const child of [...parent.children]) old.set(child.dataset.key, child);
  let at = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let child = old.get(key);
    if (child) old.delete(key);
    else {
      child = build(item);
      child.dataset.key = key;
    }
    if (update) update(child, item);
    if (child === at) at = at.nextElementSibling;
    else parent.insertBefore(child, at);
  }
  for (const child of old.values()) child.remove();
}

// A table row or a list of facts that changes as a whole: replaced only when it reads differently.
function replaceIfNew(parent, ...children) {
  const next = make("div", null, ...children);
  if (next.innerHTML !== parent.innerHTML) parent.replaceChildren(...next.childNodes);
}

// A mark beside every coloured word: colour alone says nothing.
const MARKS = { good: "✓", warn: "▲", bad: "✕", idle: "•" };

function badge(kind, text) {
  return make("span", { class: `badge ${kind}` }, make("span", { class: "glyph", "aria-hidden": "true" }, MARKS[kind]), text);
}

function facts(pairs) {
  return pairs.filter((pair) => pair && pair[1] !== null && pair[1] !== undefined && pair[1] !== "")
    .map(([name, value]) => make("div", null, make("dt", null, name), make("dd", null, value)));
}

function command(text) {
  return make("code", { class: "command" }, text);
}
