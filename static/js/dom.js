// Making HTML elements, text only ever as text; and the tabs beside the figure.

/** A new element. `is`: properties and attributes; `on…` adds a listener. */
export function el(name, is = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(is)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "class") made.className = value;
    else if (key in made && key !== "list" && key !== "form") made[key] = value;
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((one) => one !== null && one !== undefined));
  return made;
}

let fields = 0;

/** A label above its control. */
export function field(label, control) {
  control.id ||= `mq-field-${++fields}`;
  return el("div", { class: "field" }, el("label", { htmlFor: control.id, textContent: label }), control);
}

/** Set text only where it differs, so that a screen reader is not told the same again. */
export function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

export function choice(options, value) {
  const select = el("select");
  for (const option of options) {
    const [id, words] = Array.isArray(option) ? option : [option, option];
    select.append(el("option", { value: id, textContent: words }));
  }
  if (value !== undefined) select.value = value;
  return select;
}

// A form that makes a command for the panel of acts, with its client code, and with what is wrong beside the control
// that it is about.

/** What is wrong with what stands in a control. */
export class Wrong extends Error {
  constructor(control, why) {
    super(why);
    this.control = control;
  }
}

export const input = (is = {}) => el("input", { autocomplete: "off", spellcheck: false, ...is });
export const nodesOf = (scene, ...whats) => Array.from(scene.nodes).filter(([, node]) => whats.includes(node.what)).map(([name]) => name);

/** A form whose button presses what `command()` gives; a Wrong is said beside its control. With its client code. */
export function form(panel, legend, button, command, ...parts) {
  const made = el("form", { class: "act-form", "aria-label": legend, noValidate: true }, ...parts, codeBox(panel, () => [command()]), el("button", { type: "submit", class: "press", textContent: button }));
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    panel.form = made;
    try {
      panel.press(command(), made);
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      panel.refused(error.message, error.control);
    }
  });
  return made;
}

/** What these commands look like in a client, once one opens it. */
export function codeBox(panel, commands) {
  const texts = el("div", { class: "code-texts" });
  const box = el("details", { class: "code-box" }, el("summary", { textContent: "As client code" }), texts);
  const write = () => {
    if (box.open) panel.code(texts, commands);
  };
  box.addEventListener("toggle", write);
  queueMicrotask(() => box.closest("form")?.addEventListener("input", write));
  return box;
}

// Making and changing SVG elements; text only ever as text.

const NS = "http://www.w3.org/2000/svg";

/** A new element under `parent` with attributes and, if given, text. */
export function make(parent, name, attributes = {}, text) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

/** Change an attribute only where it differs: asking is cheaper than changing. */
export function set(element, name, value) {
  const text = String(value);
  const seen = (element.mqSeen ??= {});
  if (seen[name] === text) return;
  seen[name] = text;
  element.setAttribute(name, text);
}

export function say(element, text) {
  if (element.mqText === text) return;
  element.mqText = text;
  element.textContent = text;
}

const UNUSUAL = /[^\x20-\x7e]|[A-Z@%mw]{4}/; // letters whose width one cannot reckon with

/** Say it in at most so many px: what is wider after all is squeezed. */
export function fit(element, text, px) {
  const most = Math.max(8, Math.round(px));
  if (element.mqText === text && element.mqMost === most) return;
  element.mqMost = most;
  say(element, text);
  element.removeAttribute("textLength");
  if (!UNUSUAL.test(text) || element.getComputedTextLength() <= most) return;
  element.setAttribute("textLength", most);
  element.setAttribute("lengthAdjust", "spacingAndGlyphs");
}

/** The kind of broker that a lab has (rabbitmq, sqs…); of several, the first one's. */
export function kindOf(scene) {
  return Array.from(scene.nodes.values()).find((node) => node.what === "broker")?.settings.kind ?? "rabbitmq";
}

/** The kind of the broker that a node is, or talks to, or is of. */
export function kindAt(scene, name) {
  const node = scene.nodes.get(name);
  return (node?.what === "broker" ? node : scene.nodes.get(node?.settings.broker))?.settings.kind ?? kindOf(scene);
}

let sides = 0;

/** Pages as tabs, as beside the figure: arrows go along them, and what is hidden is not drawn. Each tab has its place from the
    beginning; a page comes when it is loaded. */
export class Side {
  /** `titles`: of all pages there will be, in their order. */
  constructor(label, titles) {
    this.name = `mq-side-${++sides}`;
    this.bar = el("div", { class: "tabs", role: "tablist", "aria-label": label });
    this.root = el("aside", { class: "side", "aria-label": "Act and read" }, this.bar);
    this.pages = titles.map((title) => ({ title, root: null, tab: tabOf(title, () => this.show(title)) }));
    this.bar.append(...this.pages.map((page) => page.tab));
    this.shown = "";
    this.bar.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const here = this.pages.filter((page) => page.root);
      const at = here.findIndex((page) => page.title === this.shown);
      if (here.length) this.show(here[(at + step + here.length) % here.length].title, true);
    });
  }

  /** The page of one of the titles is here. */
  add(title, root) {
    const page = this.pages.find((one) => one.title === title);
    page.root = root;
    root.id = `${this.name}-${title.toLowerCase()}`;
    root.setAttribute("role", "tabpanel");
    root.setAttribute("aria-label", title);
    root.hidden = true;
    page.tab.setAttribute("aria-controls", root.id);
    page.tab.disabled = false;
    this.root.append(root);
    if (!this.shown) this.show(title);
  }

  /** Show a page. Returns whether there is one of this title. */
  show(title, focus = false) {
    if (!this.pages.some((page) => page.title === title && page.root)) return false;
    this.shown = title;
    for (const page of this.pages) {
      const on = page.title === title;
      if (page.root) page.root.hidden = !on;
      page.tab.setAttribute("aria-selected", String(on));
      page.tab.tabIndex = on ? 0 : -1;
      if (on && focus) page.tab.focus();
    }
    return true;
  }
}

function tabOf(title, press) {
  return el("button", { type: "button", role: "tab", tabIndex: -1, "aria-selected": "false", disabled: true, textContent: title, onclick: press });
}
